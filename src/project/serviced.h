// SPDX-License-Identifier: Apache-2.0
// What is done to each image of a base: what holds for all of them, and what one has beside it.
#ifndef WG_PROJECT_SERVICED_H
#define WG_PROJECT_SERVICED_H

#include "config/section.h"
#include "image/part/want.h"

// Fills img->serviced, when its apps and those of its indexes are bound, and tells what the two
// places of an index contradict each other in.
void wg_serviced_fill(wg_cfg *c, wg_cfg_image *img);
// The same of what takes a look at files.
void wg_serviced_files(wg_cfg *c, const wg_cfg_image *img);

#endif
