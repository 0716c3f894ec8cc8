// SPDX-License-Identifier: Apache-2.0
// Parts of wg_image_export.
#ifndef WG_IMAGE_MOVE_EXPORT_RUN_H
#define WG_IMAGE_MOVE_EXPORT_RUN_H

#include "image/file/file.h"
#include "image/move/export.h"
#include "image/pack/watch.h"
#include "image/pack/wimout.h"

typedef struct wg_export_source {
  wg_image_file file;
  uint32_t *refs;         // by blob: uses by the images taken
  const char **names;     // by blob: what it is sorted by in a solid resource
  uint64_t *solid_needed; // by solid resource: bytes of it that are used
  wg_wim_decoder *nested; // for a content read while another is being read
  unsigned depth;
} wg_export_source;

typedef struct wg_export_image {
  wg_export_source *source;
  uint32_t image; // there, 0-based
  wg_wimout_place metadata;
} wg_export_image;

typedef struct wg_export_blob {
  wg_export_source *source;
  uint32_t blob;
  uint32_t refcount;
  bool packed;   // anew
  uint32_t rank; // order of reading
  wg_wimout_place place;
} wg_export_blob;

typedef struct wg_export_run {
  const wg_image_export_options *opt;
  wg_image_format format;
  wg_arena arena;
  wg_image_watch watch;
  wg_export_source sources[2]; // [0] what the output has already, [1] what is added
  wg_dest dest;
  bool has_old;
  wg_export_image *images; // of the output
  uint32_t n_images, n_old;
  wg_export_blob *blobs; // of the output, kept ones first
  size_t n_blobs;
  wg_image_export_result res;
} wg_export_run;

// export_plan.c: images and blobs.
wg_code wg_export_plan(wg_export_run *r, wg_error *err);
static inline const wg_wim_blob *wg_export_blob_of(const wg_export_blob *b) {
  return &b->source->file.wim.blobs[b->blob];
}
// export_xml.c: the document of the output, TOTALBYTES as given.
wg_code wg_export_xml(const wg_export_run *r, uint64_t total_bytes, wg_buf *out, wg_error *err);

#endif
