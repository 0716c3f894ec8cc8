// SPDX-License-Identifier: Apache-2.0
#include "os/mem.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#ifdef __linux__
#include <sys/mman.h>
#endif

#define MEM_BIG_BYTES ((size_t)8 << 20)

// Large blocks are best had in large pages: a tenth of the time of first touching them. Elsewhere
// than on Linux, and where that is switched off, nothing comes of it.
static void mem_big_pages(void *p, size_t n_bytes) {
#ifdef MADV_HUGEPAGE
  if (n_bytes >= MEM_BIG_BYTES) {
    uintptr_t at = (uintptr_t)p, skip = (0 - at) & 4095U;
    (void)madvise((uint8_t *)p + skip, (n_bytes - skip) & ~(size_t)4095, MADV_HUGEPAGE);
  }
#else
  (void)p;
  (void)n_bytes;
#endif
}

static void *heap_fn(void *ctx, void *p, size_t n_bytes) {
  (void)ctx;
  if (n_bytes == 0) {
    free(p);
    return NULL;
  }
  void *q = realloc(p, n_bytes);
  if (q != NULL) {
    mem_big_pages(q, n_bytes);
  }
  return q;
}

const wg_alloc *wg_heap(void) {
  static const wg_alloc heap = {.fn = heap_fn};
  return &heap;
}

WG_NORETURN static void mem_die(size_t n_bytes) {
  (void)fprintf(stderr, "wingo: error: out of memory (%zu bytes asked)\n", n_bytes);
  exit(1); // NOLINT(concurrency-mt-unsafe): the last thing the program does
}

void *wg_xarray(size_t count, size_t size_bytes) {
  void *p = calloc(count == 0 ? 1 : count, size_bytes == 0 ? 1 : size_bytes);
  if (p == NULL) {
    mem_die(count);
  }
  return p;
}

void *wg_xalloc(size_t n_bytes) {
  return wg_xarray(1, n_bytes);
}

void *wg_xrealloc(void *p, size_t count, size_t size_bytes) {
  size_t n = 0;
  if (!wg_mul(count, size_bytes, &n)) {
    mem_die(SIZE_MAX);
  }
  void *q = realloc(p, n == 0 ? 1 : n);
  if (q == NULL) {
    mem_die(n);
  }
  return q;
}

char *wg_xstrndup(const char *s, size_t n_bytes) {
  char *p = wg_xalloc(n_bytes + 1);
  if (n_bytes > 0) {
    memcpy(p, s, n_bytes);
  }
  return p;
}

char *wg_xstrdup(const char *s) {
  return wg_xstrndup(s, strlen(s));
}

char *wg_xprintf(const char *fmt, ...) {
  va_list ap;
  va_start(ap, fmt);
  size_t n = wg_vformat(NULL, 0, fmt, ap);
  va_end(ap);
  char *s = wg_xalloc(n + 1);
  va_start(ap, fmt);
  (void)wg_vformat(s, n + 1, fmt, ap);
  va_end(ap);
  return s;
}

void wg_xfree(void *p) {
  free(p);
}

void wg_wipe(void *p, size_t n_bytes) {
  volatile unsigned char *at =
      p; // what is written through it stays written: no C library's call, base has this on Windows
  while (n_bytes-- > 0) {
    *at++ = 0;
  }
}
