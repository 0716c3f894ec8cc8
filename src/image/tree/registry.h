// SPDX-License-Identifier: Apache-2.0
// The registry of an image as the reader of an image gives it.
#ifndef WG_IMAGE_TREE_REGISTRY_H
#define WG_IMAGE_TREE_REGISTRY_H

#include "image/reg/registry.h"
#include "image/tree/read.h"

// wg_reg_run and wg_reg_open on the files of an image.
wg_code wg_image_registry(wg_image_reader *image, const wg_reg_edit *edits, size_t n_edits,
                          const wg_reg_options *opt, wg_reg_result *out, wg_error *err);
// wg_reg_try.
wg_code wg_image_registry_try(wg_image_reader *image, const wg_reg_edit *edits, size_t n_edits,
                              void (*refused)(void *ctx, const wg_reg_edit *e, const char *text),
                              void *ctx, wg_error *err);
wg_code wg_image_hive_open(wg_image_reader *image, const char *key, bool force_dirty,
                           const wg_reg_map *maps, size_t n_maps, wg_image_hive *out,
                           wg_error *err);

#endif
