// One run of wg_image_write as the worker sees it, and its way through a pipe as JSON.
#ifndef WG_IMAGE_WRITE_JOB_H
#define WG_IMAGE_WRITE_JOB_H

#include "image/write/write.h"

typedef struct wg_image_job {
  wg_image_base base;
  const wg_image_change *changes;
  size_t n_changes;
  wg_image_options opt;
  bool ntfs; // opt.out_path is an NTFS volume that the base's image is applied to
} wg_image_job;

// Does the work in this process. Leaves no output on failure.
wg_code wg_image_do(const wg_image_job *job, wg_image_result *out, wg_error *err);

// Job and result as JSON. Host paths go as hex: they may be any bytes. Heap string.
wg_code wg_image_job_write(const wg_image_job *job, char **out, wg_error *err);
// Strings live in the arena. FORMAT when it is not ours.
wg_code wg_image_job_read(wg_str text, wg_arena *arena, wg_image_job *out, wg_error *err);

// Records of the worker, one line each without the newline; heap strings.
char *wg_image_record_progress(const char *stage, uint64_t done, uint64_t total, const char *unit);
char *wg_image_record_result(const wg_image_result *result);
char *wg_image_record_error(const wg_error *e);
char *wg_image_record_warning(const char *text);
char *wg_image_record_folder(wg_str line); // a line of wg_image_result.folders

typedef enum wg_image_record_type {
  WG_IMAGE_RECORD_PROGRESS,
  WG_IMAGE_RECORD_RESULT,
  WG_IMAGE_RECORD_ERROR,
  WG_IMAGE_RECORD_WARNING,
  WG_IMAGE_RECORD_FOLDER // its text in warning
} wg_image_record_type;
#define WG_IMAGE_MAX_WARNING_BYTES 1024
typedef struct wg_image_record {
  wg_image_record_type type;
  char stage[32], unit[16];
  uint64_t done, total;
  wg_image_result result; // without warnings: they have records of their own
  wg_error error;
  char warning[WG_IMAGE_MAX_WARNING_BYTES];
} wg_image_record;
// FORMAT when the line is none of the above.
wg_code wg_image_record_read(wg_str line, wg_image_record *out, wg_error *err);

// libwim.c: a directory tree as the only image (opt.name) of a new WIM. Not thread-safe:
// process-wide state.
wg_code wg_libwim_capture(const wg_image_job *job, const char *out_path, wg_error *err);
// The base's image to the NTFS volume that is the file opt.out_path. As above.
wg_code wg_libwim_apply_ntfs(const wg_image_job *job, wg_error *err);

#endif
