// SPDX-License-Identifier: Apache-2.0
// Images of the project that are made of other images of the project.
#ifndef WG_PROJECT_BASES_H
#define WG_PROJECT_BASES_H

#include "config/cfg.h"
#include "project/project.h"

// Finds out which bases are what an image of the project makes, said by its name or by the path of
// its file, and tells those that cannot be: no such image, a file that is not among its outputs, a
// circle. images: all of the project's.
void wg_bases_bind(wg_cfg *c, const wg_project *p, wg_cfg_image *images, size_t n);
// The image of that name; NULL: there is none.
const wg_cfg_image *wg_bases_find(const wg_cfg_image *images, size_t n, const char *name);

#endif
