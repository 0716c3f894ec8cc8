// SPDX-License-Identifier: Apache-2.0
// One run of wg_image_write as the worker sees it, and its way through a pipe.
#ifndef WG_IMAGE_WRITE_JOB_H
#define WG_IMAGE_WRITE_JOB_H

#include "image/file/holes.h"
#include "image/write/write.h"

typedef struct wg_image_job {
  wg_image_base base;
  const wg_image_change *changes;
  size_t n_changes;
  wg_image_options opt;
  bool ntfs; // opt.out_path is an NTFS volume that the base's image is applied to
  // Windows path of what alone opt.out_path gets of the base's image, which is only looked for
  // when there is no out_path; else NULL.
  const char *take;
  bool tries; // the changes are only tried on the base's image: wg_image_try
  // Out_path gets holes where it takes something over, and this says what belongs there. Not for a
  // pipe. NULL: it gets all.
  wg_image_holes *holes;
  const wg_image_gather *gathers; // instead of all that: these images into opt.out_path
  size_t n_gathers;
} wg_image_job;

// Does the work in this process. Leaves no output on failure.
wg_code wg_image_do(const wg_image_job *job, wg_image_result *out, wg_error *err);

// try.c: of a job that tries.
wg_code wg_image_do_try(const wg_image_job *job, wg_image_result *out, wg_error *err);

// several.c: the same of opt.picks. one: does the work of a job without picks.
typedef wg_code (*wg_image_do_one)(const wg_image_job *job, wg_image_result *out, wg_error *err);
wg_code wg_image_do_several(const wg_image_job *job, wg_image_do_one one, wg_image_result *out,
                            wg_error *err);

// The job as records (fmt/plan/record.h). Appends to out.
void wg_image_job_write(const wg_image_job *job, wg_buf *out);
// Strings live in the arena. FORMAT when it is not ours.
wg_code wg_image_job_read(wg_str text, wg_arena *arena, wg_image_job *out, wg_error *err);

// record.c: what the worker tells, a record each.
void wg_image_record_progress(const char *stage, uint64_t done, uint64_t total, const char *unit,
                              wg_buf *out);
void wg_image_record_result(const wg_image_result *result, wg_buf *out); // and what it lists
void wg_image_record_error(const wg_error *e, wg_buf *out);

typedef struct wg_image_told {   // what came of all that was told
  wg_image_progress on_progress; // NULL: none
  void *ctx;
  bool has_result, has_error;
  wg_image_result result;
  wg_error error;
} wg_image_told;
// Takes records in. FORMAT when one is none of the above.
wg_code wg_image_record_read(wg_str text, wg_image_told *told, wg_error *err);

// libwim.c: a directory tree as the only image (opt.name) of a new WIM. Not thread-safe:
// process-wide state.
wg_code wg_libwim_capture(const wg_image_job *job, const char *out_path, wg_error *err);
// The base's image to the NTFS volume that is the file opt.out_path. As above.
wg_code wg_libwim_apply_ntfs(const wg_image_job *job, wg_error *err);

#endif
