// SPDX-License-Identifier: Apache-2.0
// A Windows image changed: (base, changes, options) -> one WIM file. The one place where images
// are written.
#ifndef WG_IMAGE_WRITE_WRITE_H
#define WG_IMAGE_WRITE_WRITE_H

#include "image/file/base.h"
#include "image/file/kept.h"
#include "image/tree/change.h"
#include "image/tree/result.h"

// Makes changes out of the text of a plan (image/part), beside the base's content, and looks at
// what came of them. Called in the worker; state goes from one call to the next.
typedef struct wg_image_options wg_image_options;
typedef struct wg_image_planner {
  const void *ctx;
  // Appends changes; adds facts and warnings to result. *out_state is for the other two.
  wg_code (*fill)(const void *ctx, const wg_image_base *base, const wg_image_options *opt,
                  wg_image_changes *changes, wg_image_result *result, void **out_state,
                  wg_error *err);
  wg_code (*check)(void *state, const wg_image_base *out, wg_error *err);
  // What the base's registry has against opt->plan goes to result->refused; no content is needed.
  wg_code (*refuses)(const void *ctx, const wg_image_base *base, const wg_image_options *opt,
                     wg_image_result *result, wg_error *err);
  void (*done)(void *state); // NULL-safe
} wg_image_planner;

typedef struct wg_image_names { // what the XML calls an image; NULL: as it was
  const char *name, *description, *display_name, *display_description;
} wg_image_names;

typedef struct wg_image_pick { // one of several images of the base that change
  const char *image;           // as wg_image_base.image
  wg_str plan;
  wg_image_names names;
} wg_image_pick;

typedef struct wg_image_gather { // an image that goes into a file with others
  const char *from, *image;      // file, and as wg_image_base.image there
  const char *name;              // for errors
  const char *clash;             // the error when an image there has its NAME
} wg_image_gather;

// Puts n images into opt->out_path, one behind the other, in this process: image/move/gather.h.
typedef wg_code (*wg_image_gatherer)(const wg_image_gather *v, size_t n,
                                     const wg_image_options *opt, wg_image_result *out,
                                     wg_error *err);

struct wg_image_options {
  const char *out_path; // made by us, must not exist; the caller renames it
  const char *shown;    // what messages call it; NULL: out_path
  wg_image_format format;
  wg_image_trust trust; // in the packed data of the base
  bool compact;         // nothing of the base is taken over in packed form: all is packed anew
  bool keep_times;      // what is packed of a directory keeps the times the host has
  bool retime; // all entries of the image get time_s (a packed directory has none of its own)
  const char *tmp_dir;        // for staging; removed content is ours
  const char *name;           // NAME of the image a directory becomes
  bool own_name;              // but the NAME that its sidecar says, if there is one, comes first
  unsigned threads;           // at least 1
  uint64_t memory_bytes;      // ceiling for the worker, 0: what the machine has
  int64_t time_s;             // of everything added, since 1970
  const char *arch;           // Go's name ("amd64", "arm64", "386", "arm"), NULL: not stated
  wg_str plan;                // text for the planner, whose changes follow those given
  wg_image_names names;       // of the image that changes
  const wg_image_pick *picks; // instead of base->image, plan, names and changes: each of these
  size_t n_picks;
  const wg_image_planner *planner; // with in_process; the worker has its own
  const char *packed_at;           // where packed contents are kept between runs; NULL: nowhere
  const wg_image_packed *packed;   // with in_process, who keeps them there; NULL: nobody
  wg_image_gatherer gatherer;      // with in_process, for wg_image_gather_all
  bool in_process;                 // no child (tests, or when we are the child)
  wg_image_progress on_progress;   // NULL: none; called on the caller's thread
  void *ctx;
  const wg_cancel *cancel; // NULL: none
};

// Makes out_path from the base with the changes, applied in their order, or fails and leaves
// nothing there. The base is only read; all its images are kept in order and only the chosen one
// (or those of opt->picks, one after the other) is changed; every XML element is kept. Same inputs,
// same bytes, whatever the paths, threads or the clock. The result is read back and compared before
// this returns. NOT_FOUND: base, image, a file, or what is to be deleted or renamed is not there.
// CONFLICT: two changes to one path, a change that undoes an earlier one, a file where a folder is
// needed or the other way round, an arch that disagrees, out_path exists, a name that another image
// of the file has, two picks of one image. USAGE: a path that belongs to Windows servicing, or an
// owner that is none. *out is to be freed (wg_image_result_done). FORMAT: the base is damaged, or a
// Windows path is not one. UNSUPPORTED: a base we cannot change. VERIFY: the read-back differs. IO,
// LIMIT, CANCELED, FAILED (the worker died).
wg_code wg_image_write(const wg_image_base *base, const wg_image_change *changes, size_t n_changes,
                       const wg_image_options *opt, wg_image_result *out, wg_error *err);

// Applies an image of a WIM base to the file opt->out_path, which holds an NTFS volume (mkntfs -F),
// with everything Windows has: descriptors, streams, short names, reparse points. Of opt only
// threads, memory_bytes, on_progress, ctx, cancel count besides. Done by libwim in a child. After
// an error the volume is not to be used. CONFLICT: no NTFS volume. UNSUPPORTED: an image in an ISO.
wg_code wg_image_apply_ntfs(const wg_image_base *base, const wg_image_options *opt, wg_error *err);

// The content of one file of the base's image into opt->out_path, in a child, hash checked. Of opt
// only out_path, memory_bytes, in_process, cancel count besides. NOT_FOUND: it is not there; else
// errors as wg_image_reader_save.
wg_code wg_image_take(const wg_image_base *base, const char *windows_path,
                      const wg_image_options *opt, wg_error *err);

// Which of the changes an image of a WIM base would refuse, each alone, those before it done: in a
// child (in_process: here, for programs that have no worker), from its metadata; no content is read
// and nothing is written. out->refused. Errors as wg_image_reader_open; FORMAT, CONFLICT for a path
// that is none.
wg_code wg_image_try(const wg_image_base *base, const wg_image_change *changes, size_t n_changes,
                     bool in_process, const wg_cancel *cancel, wg_image_result *out, wg_error *err);

// What the base's registry has against a plan (its text for the worker), each edit alone, those
// before it done: in a child. packed_at: as wg_image_options. out->refused. Errors as
// wg_image_reader_open.
wg_code wg_image_try_plan(const wg_image_base *base, wg_str plan, const char *packed_at,
                          const wg_cancel *cancel, wg_image_result *out, wg_error *err);

// Whether anything is at the path in the base's image: looked at in a child. Errors as
// wg_image_reader_open, but for a base that was looked at before.
wg_code wg_image_has(const wg_image_base *base, const char *windows_path, bool *out, wg_error *err);

// Makes opt->out_path of n > 0 images, in a child, contents they share once. Of opt only format,
// trust, threads, memory_bytes, in_process, gatherer, on_progress, ctx, cancel count besides. *out
// has n_images, out_bytes, n_dedup, dedup_bytes. Errors as wg_image_export; nothing is left then.
wg_code wg_image_gather_all(const wg_image_gather *v, size_t n, const wg_image_options *opt,
                            wg_image_result *out, wg_error *err);

// What the worker has of the folders above this one; NULL: none.
typedef struct wg_image_worker {
  const wg_image_planner *planner;
  const wg_image_packed *packed;
  wg_image_gatherer gatherer;
} wg_image_worker;
// Entry point of `wingo __wim-worker`: the job as records on stdin, what it tells as records, each
// message behind its length, on stdout. Exit code.
int wg_image_worker_main(const wg_image_worker *worker);

#endif
