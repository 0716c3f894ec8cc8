// SPDX-License-Identifier: Apache-2.0
#include "image/tree/registry.h"

static wg_code registry_read(void *ctx, const char *file, uint64_t max_bytes, wg_buf *out,
                             wg_error *err) {
  return wg_image_reader_file(ctx, file, max_bytes, out, err);
}

wg_code wg_image_registry(wg_image_reader *image, const wg_reg_edit *edits, size_t n_edits,
                          const wg_reg_options *opt, wg_reg_result *out, wg_error *err) {
  return wg_reg_run((wg_reg_source){registry_read, image}, edits, n_edits, opt, out, err);
}

wg_code wg_image_registry_try(wg_image_reader *image, const wg_reg_edit *edits, size_t n_edits,
                              void (*refused)(void *ctx, const wg_reg_edit *e, const char *text),
                              void *ctx, wg_error *err) {
  return wg_reg_try((wg_reg_source){registry_read, image}, edits, n_edits, refused, ctx, err);
}

wg_code wg_image_hive_open(wg_image_reader *image, const char *key, bool force_dirty,
                           const wg_reg_map *maps, size_t n_maps, wg_image_hive *out,
                           wg_error *err) {
  return wg_reg_open((wg_reg_source){registry_read, image}, key, force_dirty, maps, n_maps, out,
                     err);
}
