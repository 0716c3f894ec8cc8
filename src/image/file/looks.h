// SPDX-License-Identifier: Apache-2.0
// Bases that are asked about several of their images: each file is opened and parsed once.
#ifndef WG_IMAGE_FILE_LOOKS_H
#define WG_IMAGE_FILE_LOOKS_H

#include "image/file/base.h"

typedef struct wg_image_looked wg_image_looked;

typedef struct wg_image_looks { // zero is none
  wg_image_looked **v;
  size_t n;
} wg_image_looks;

void wg_image_looks_done(wg_image_looks *l);
WG_DEFINE_AUTO(wg_image_looks, wg_image_looks_done);

// What a build wants to know of a base beforehand. A directory says nothing and has no format.
// Cheap: reads header, table and XML. *out_name (may be NULL): the image's NAME, "" when it has
// none or is a directory's; borrowed from l. Errors as wg_image_write.
wg_code wg_image_looks_at(wg_image_looks *l, const wg_image_base *base, wg_image_base_facts *out,
                          const char **out_name, wg_error *err);

#endif
