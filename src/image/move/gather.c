// SPDX-License-Identifier: Apache-2.0
#include "image/move/gather.h"

#include "image/move/export.h"

wg_code wg_image_gather_here(const wg_image_gather *v, size_t n, const wg_image_options *opt,
                             wg_image_result *out, wg_error *err) {
  wg_image_result sum = {0};
  for (size_t i = 0; i < n; i++) {
    wg_image_export_result one = {0};
    const wg_image_export_options how = {.image = v[i].image,
                                         .format = opt->format,
                                         .threads = opt->threads,
                                         .trust = opt->trust,
                                         .trust_to = WG_IMAGE_VERIFIED, // it was read back
                                         .memory_bytes = opt->memory_bytes,
                                         .on_progress = opt->on_progress,
                                         .ctx = opt->ctx,
                                         .cancel = opt->cancel};
    if (wg_image_export(v[i].from, opt->out_path, &how, &one, err) != WG_OK) {
      if (err->code == WG_E_CONFLICT) {
        return wg_fail(err, WG_E_CONFLICT, "%s", v[i].clash);
      }
      return wg_wrap(err, "%s", v[i].name);
    }
    sum.n_images = one.n_images;
    sum.out_bytes = one.out_bytes;
    sum.n_dedup += one.n_shared;
    sum.dedup_bytes += one.shared_bytes;
  }
  *out = sum;
  return WG_OK;
}
