// SPDX-License-Identifier: Apache-2.0
// Edits of the registry of an image file, in place or into a new file.
#ifndef WG_IMAGE_WRITE_HIVES_H
#define WG_IMAGE_WRITE_HIVES_H

#include "image/file/spec.h"
#include "image/tree/registry.h"
#include "os/dest.h"

typedef struct wg_image_reg_job {
  const wg_spec *spec; // the image
  const wg_reg_edit *edits;
  size_t n_edits;
  const wg_reg_map *maps;
  size_t n_maps;
  const char *out_path; // NULL: in place; the old file stays until the new one is whole
  bool must_exist;      // what is deleted must be there
  int64_t time_s;
  unsigned threads;
  wg_inplace_options place;
  const wg_cancel *cancel;
} wg_image_reg_job;

// Nothing is written when nothing changes and out_path is NULL. *out: what was done. CONFLICT:
// out_path is there. UNSUPPORTED: a folder, or in place a disc or a part of a split image.
// NOT_FOUND: must_exist, and something to delete is not there. Errors as wg_image_registry and
// wg_image_write.
wg_code wg_image_edit_registry(const wg_image_reg_job *job, wg_reg_result *out, wg_error *err);

#endif
