// SPDX-License-Identifier: Apache-2.0
// Shared by fuzzers: what of an input is not content, a heap whose N-th allocation fails, a sink
// that touches bytes.
//
// An input may end with eight bytes: "wgfz", which allocation fails (little-endian, 0: none), and
// two bytes of options that the fuzzer's first comment names. Where they are missing nothing fails
// and the options are 0, so that any file of the format is an input as it is. replay.c runs each of
// those with early allocations failing, too.
#ifndef WG_FUZZ_FUZZ_H
#define WG_FUZZ_FUZZ_H

#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define FUZZ_TAIL "wgfz"
#define FUZZ_TAIL_BYTES 8

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

typedef struct fuzz_input {
  uint8_t *p; // the content: a block of exactly its size, so that a sanitizer sees one byte too far
  size_t n;
  unsigned options; // 16 bits
  fuzz_heap heap;
  wg_alloc alloc; // of that heap
} fuzz_input;

// in stays where it is until fuzz_end: its allocator points into it.
static inline void fuzz_begin(fuzz_input *in, const uint8_t *data, size_t size) {
  *in = (fuzz_input){.n = size, .alloc = {.fn = fuzz_heap_fn, .ctx = &in->heap}};
  if (size >= FUZZ_TAIL_BYTES && memcmp(data + size - FUZZ_TAIL_BYTES, FUZZ_TAIL, 4) == 0) {
    in->n -= FUZZ_TAIL_BYTES;
    in->heap.fail_at = wg_le16(data + in->n + 4);
    in->options = wg_le16(data + in->n + 6);
  }
  in->p = malloc(in->n == 0 ? 1 : in->n);
  if (in->p == NULL) {
    abort();
  }
  if (in->n > 0) {
    memcpy(in->p, data, in->n);
  }
}

static inline void fuzz_end(fuzz_input *in) {
  free(in->p);
}

// A fuzzer that needs no more than the content and the heap.
typedef void (*fuzz_body)(const uint8_t *data, size_t size, const wg_alloc *alloc);
static inline int fuzz_run(const uint8_t *data, size_t size, fuzz_body body) {
  fuzz_input in;
  fuzz_begin(&in, data, size);
  body(in.p, in.n, &in.alloc);
  fuzz_end(&in);
  return 0;
}

static volatile uint64_t fuzz_sum; // so that the reads are not dropped
WG_WRAPS static inline void fuzz_touch(const void *p, size_t n_bytes) {
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
