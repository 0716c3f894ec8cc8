// SPDX-License-Identifier: Apache-2.0
#include "image/file/holes.h"

#include <string.h>

#include "os/mem.h"

void wg_image_holes_init(wg_image_holes *h) {
  *h = (wg_image_holes){0};
  wg_buf_init(&h->sums, wg_heap(), 0);
}

void wg_image_holes_done(wg_image_holes *h) {
  for (size_t i = 0; i < h->n_paths; i++) {
    wg_xfree(h->paths[i]);
  }
  wg_xfree(h->paths);
  wg_xfree(h->v);
  wg_buf_done(&h->sums);
  *h = (wg_image_holes){0};
}

static size_t holes_path(wg_image_holes *h, const char *path) {
  for (size_t i = 0; i < h->n_paths; i++) {
    if (strcmp(h->paths[i], path) == 0) {
      return i;
    }
  }
  wg_vec_push(&h->paths, &h->n_paths, &h->cap_paths) = wg_xstrdup(path);
  return h->n_paths - 1;
}

void wg_image_holes_add(wg_image_holes *h, uint64_t off_bytes, uint64_t n_bytes, const char *path,
                        uint64_t from_bytes) {
  size_t at = holes_path(h, path);
  wg_image_hole *last = h->n > 0 ? &h->v[h->n - 1] : NULL;
  if (last != NULL && last->path == at && last->off_bytes + last->n_bytes == off_bytes &&
      last->from_bytes + last->n_bytes == from_bytes) {
    last->n_bytes += n_bytes;
    return;
  }
  wg_vec_push(&h->v, &h->n, &h->cap) = (wg_image_hole){off_bytes, n_bytes, at, from_bytes};
}
