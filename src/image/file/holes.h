// SPDX-License-Identifier: Apache-2.0
// A WIM on its way: what is taken over from other files stays in them, and in the file itself are
// holes in its place. Such a file is read by the process that made it, and by nobody else.
#ifndef WG_IMAGE_FILE_HOLES_H
#define WG_IMAGE_FILE_HOLES_H

#include "base/bytes.h"

typedef struct wg_image_hole {
  uint64_t off_bytes, n_bytes; // of the file
  size_t path;                 // of wg_image_holes.paths: where these bytes are
  uint64_t from_bytes;         // and from where on
} wg_image_hole;

typedef struct wg_image_holes {
  char **paths; // heap
  size_t n_paths, cap_paths;
  wg_image_hole *v; // by off_bytes
  size_t n, cap;
  wg_buf sums; // SHA-1s of the first whole 10 MiB behind the header, as far as they are known
} wg_image_holes;
void wg_image_holes_init(wg_image_holes *h);
void wg_image_holes_done(wg_image_holes *h); // init'ed or zero
// Notes that [off, off + n), behind all holes before, lies in the file path from `from` on.
void wg_image_holes_add(wg_image_holes *h, uint64_t off_bytes, uint64_t n_bytes, const char *path,
                        uint64_t from_bytes);

#endif
