// SPDX-License-Identifier: Apache-2.0
// Reader of Windows icon files (.ico): every image is looked into, so that what is accepted here
// can be put into a program's resources as it is.
//
// Byte facts: docs/formats/rsrc.md, "Icons". Images are PNG files or DIBs without a file header.
#ifndef WG_FMT_ICO_ICO_H
#define WG_FMT_ICO_ICO_H

#include "base/bytes.h"

typedef struct wg_ico_limits {
  uint32_t images;
  uint64_t image_bytes; // one image
  uint64_t all_bytes;   // all images together: several may share bytes of the file
  uint32_t side_px;     // width or height of one image
} wg_ico_limits;

extern const wg_ico_limits wg_ico_default_limits;

typedef struct wg_ico_image {
  uint32_t width_px, height_px; // as the image itself states
  uint16_t bits_per_pixel;      // likewise; 1, 4, 8, 16, 24, 32 (a PNG may have up to 64)
  uint32_t n_colors;            // of the palette, 0: none
  bool is_png;
  wg_str data;       // borrowed from the input
  uint64_t file_off; // of data
} wg_ico_image;

typedef struct wg_ico {
  const wg_ico_image *images; // in file order
  uint32_t n_images;          // >= 1
} wg_ico;

// Parses a whole file; limits NULL means the defaults. The model comes from arena, image data is
// borrowed from bytes. FORMAT with the offset of what is wrong (also when there is no image);
// UNSUPPORTED: a cursor file, or an image kind Windows does not take; LIMIT; NOMEM.
wg_code wg_ico_parse(const void *bytes, size_t n_bytes, const wg_ico_limits *limits,
                     wg_arena *arena, const wg_ico **out_ico, wg_error *err);

#endif
