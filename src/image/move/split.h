// SPDX-License-Identifier: Apache-2.0
// A WIM file as a set of parts (.swm) and back.
#ifndef WG_IMAGE_MOVE_SPLIT_H
#define WG_IMAGE_MOVE_SPLIT_H

#include "image/file/base.h"
#include "os/inplace.h"

typedef struct wg_image_split_options {
  uint64_t part_bytes;           // no part is larger, unless one resource alone is; at least 64 KiB
  unsigned threads;              // at least 1
  wg_image_trust trust;          // in the packed data of the WIM
  wg_inplace_options place;      // for others in the folder; force: replace parts that are there
  wg_image_progress on_progress; // NULL: none
  void *ctx;
  const wg_cancel *cancel; // NULL: none
} wg_image_split_options;

typedef struct wg_image_split_result {
  char **paths; // heap, as the first part was named: "install.swm", "install2.swm", ...
  uint32_t n_parts;
  uint64_t total_bytes;   // of all parts
  uint64_t largest_bytes; // of the largest part
  uint32_t n_too_large;   // parts over part_bytes: one resource is larger, or the metadata
} wg_image_split_result;
void wg_image_split_result_done(wg_image_split_result *r);
WG_DEFINE_AUTO(wg_image_split_result, wg_image_split_result_done);

// Path of the n-th part (1-based): first for 1, else its number before the last extension. Heap.
char *wg_image_part_path(const char *first, uint32_t n);

// Splits wim into parts beside each other, first_part the first. Resources go over as they are.
// Part 1 holds all metadata; each part has its own blob table, the whole XML and an integrity
// table. All parts appear, or none. UNSUPPORTED: a solid file (export it to LZX first). CONFLICT: a
// part exists. USAGE: part_bytes too small. Errors as wg_image_file_open.
wg_code wg_image_split(const char *wim, const char *first_part, const wg_image_split_options *opt,
                       wg_image_split_result *out, wg_error *err);

typedef struct wg_image_join_options {
  unsigned threads;
  wg_image_trust trust;     // in the packed data of the parts
  wg_inplace_options place; // of out
  wg_image_progress on_progress;
  void *ctx;
  const wg_cancel *cancel;
} wg_image_join_options;

// Makes one WIM out of the parts of a set, given in any order; out_bytes gets its size. CONFLICT:
// out exists, a part is missing, given twice or of another set.
wg_code wg_image_join(const char *out, const char *const *parts, size_t n_parts,
                      const wg_image_join_options *opt, uint64_t *out_bytes, wg_error *err);

#endif
