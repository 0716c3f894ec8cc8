// SPDX-License-Identifier: Apache-2.0
// Shared by unit tests and fuzzers: cmocka's includes, an allocator that fails at the N-th call.
#ifndef WG_TESTS_SUPPORT_H
#define WG_TESTS_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/bytes.h"

typedef struct failing_heap {
  unsigned long n_calls; // allocations and resizes so far
  unsigned long fail_at; // this call (1-based) and every later one fails; 0: none
  long n_live;           // blocks not freed
} failing_heap;

static inline void *failing_heap_fn(void *ctx, void *p, size_t n_bytes) {
  failing_heap *h = ctx;
  if (n_bytes == 0) {
    h->n_live--;
    free(p);
    return NULL;
  }
  h->n_calls++;
  if (h->fail_at != 0 && h->n_calls >= h->fail_at) {
    return NULL;
  }
  h->n_live += p == NULL ? 1 : 0;
  return realloc(p, n_bytes);
}

static inline wg_alloc failing_heap_alloc(failing_heap *h) {
  return (wg_alloc){.fn = failing_heap_fn, .ctx = h};
}

// Asserts WG_OK and shows the error's text otherwise.
#define assert_ok(expr, err)                                                                       \
  do {                                                                                             \
    if ((expr) != WG_OK) {                                                                         \
      fail_msg("%s: %s: %s", #expr, wg_code_name((err)->code), (err)->text);                       \
    }                                                                                              \
  } while (0)

#endif
