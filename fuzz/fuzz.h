// SPDX-License-Identifier: Apache-2.0
// Shared by fuzzers: a heap whose N-th allocation fails, and a sink that touches bytes.
#ifndef WG_FUZZ_FUZZ_H
#define WG_FUZZ_FUZZ_H

#include <stdlib.h>

#include "base/bytes.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef struct fuzz_heap {
  unsigned n_calls, fail_at; // fail_at 0: none
} fuzz_heap;

static inline void *fuzz_heap_fn(void *ctx, void *p, size_t n_bytes) {
  fuzz_heap *h = ctx;
  if (n_bytes == 0) {
    free(p);
    return NULL;
  }
  h->n_calls++;
  return h->fail_at != 0 && h->n_calls >= h->fail_at ? NULL : realloc(p, n_bytes);
}

// Runs body twice: with a heap that works, and with one that fails where the last byte says.
typedef void (*fuzz_body)(const uint8_t *data, size_t size, const wg_alloc *alloc);
static inline void fuzz_twice(const uint8_t *data, size_t size, fuzz_body body) {
  fuzz_heap heap = {0};
  wg_alloc alloc = {.fn = fuzz_heap_fn, .ctx = &heap};
  body(data, size, &alloc);
  if (size > 0) {
    heap = (fuzz_heap){.fail_at = 1 + data[size - 1] % 32u};
    body(data, size, &alloc);
  }
}

static volatile uint64_t fuzz_sum; // so that the reads are not dropped
static inline void fuzz_touch(const void *p, size_t n_bytes) {
  uint64_t sum = 0;
  for (size_t i = 0; i < n_bytes; i++) {
    sum = sum * 31 + ((const uint8_t *)p)[i];
  }
  fuzz_sum = fuzz_sum + sum;
}
static inline void fuzz_touch_str(wg_str s) {
  fuzz_touch(s.p, s.n);
}

#endif
