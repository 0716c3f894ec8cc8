// SPDX-License-Identifier: Apache-2.0
// Any bytes as an icon file. The last four bytes are options: two pick the allocation that fails.
#include <stdlib.h>

#include "fmt/ico/ico.h"
#include "os/mem.h"

typedef struct fuzz_heap {
  unsigned long n_calls, fail_at;
} fuzz_heap;

static void *fuzz_alloc(void *ctx, void *p, size_t n_bytes) {
  fuzz_heap *h = ctx;
  if (n_bytes == 0) {
    free(p);
    return NULL;
  }
  h->n_calls++;
  return h->fail_at != 0 && h->n_calls >= h->fail_at ? NULL : realloc(p, n_bytes);
}

static volatile unsigned sink;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size < 4) {
    return 0;
  }
  size_t n = size - 4;
  uint8_t *exact = malloc(n == 0 ? 1 : n);
  for (size_t i = 0; i < n; i++) {
    exact[i] = data[i];
  }
  fuzz_heap heap = {.fail_at = wg_le16(data + n)};
  wg_alloc alloc = {.fn = fuzz_alloc, .ctx = &heap};
  wg_arena arena = {0};
  wg_arena_init(&arena, &alloc, 1U << 20);
  wg_error err = WG_ERROR_INIT;
  const wg_ico *ico = NULL;
  wg_code code = wg_ico_parse(exact, n, NULL, &arena, &ico, &err);
  if (code == WG_OK) {
    if (ico->n_images == 0) {
      abort();
    }
    for (uint32_t i = 0; i < ico->n_images; i++) {
      const wg_ico_image *m = &ico->images[i];
      if (m->width_px == 0 || m->height_px == 0 || m->width_px > 1024 || m->height_px > 1024) {
        abort();
      }
      for (size_t k = 0; k < m->data.n; k++) {
        sink += (uint8_t)m->data.p[k];
      }
    }
  } else if (code == WG_E_BUG || (code == WG_E_FORMAT && err.off_bytes == WG_NO_OFFSET)) {
    abort();
  }
  wg_arena_done(&arena);
  free(exact);
  return 0;
}
