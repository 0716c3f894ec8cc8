// SPDX-License-Identifier: Apache-2.0
// Images of several files put into one.
#ifndef WG_IMAGE_MOVE_GATHER_H
#define WG_IMAGE_MOVE_GATHER_H

#include "image/write/write.h"

// A wg_image_gatherer. opt->out_path must not exist; what is unfinished is the caller's to remove.
wg_code wg_image_gather_here(const wg_image_gather *v, size_t n, const wg_image_options *opt,
                             wg_image_result *out, wg_error *err);

#endif
