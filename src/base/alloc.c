// SPDX-License-Identifier: Apache-2.0
#include "base/alloc.h"

#include <stdarg.h>
#include <string.h>

#include "base/bytes.h"

#define ARENA_ALIGN ((size_t)16)
#define ARENA_BLOCK_BYTES ((size_t)64 << 10)

typedef struct wg_arena_block {
  struct wg_arena_block *next;
  uint8_t *p;       // the first of them, aligned
  size_t cap, used; // bytes after this header
} wg_arena_block;

#define ARENA_HEADER ((sizeof(wg_arena_block) + ARENA_ALIGN - 1) & ~(ARENA_ALIGN - 1))
// A 64-bit malloc aligns as we need it; a 32-bit one and the firmware's pool by 8 bytes only.
#define ARENA_SLACK (__STDC_HOSTED__ && sizeof(void *) == 8 ? (size_t)0 : ARENA_ALIGN)

void wg_arena_init(wg_arena *a, const wg_alloc *alloc, size_t ceiling_bytes) {
  *a = (wg_arena){.alloc = alloc,
                  .ceiling_bytes = ceiling_bytes == 0 ? WG_ARENA_DEFAULT_CEILING : ceiling_bytes};
}

void wg_arena_done(wg_arena *a) {
  wg_arena_block *b = a->blocks;
  while (b != NULL) {
    wg_arena_block *next = b->next;
    wg_alloc_free(a->alloc, b);
    b = next;
  }
  a->blocks = NULL;
  a->used_bytes = 0;
  a->over_ceiling = false;
}

static wg_arena_block *arena_add_block(wg_arena *a, size_t cap) {
  size_t n = 0;
  if (!wg_add(cap, ARENA_HEADER + ARENA_SLACK, &n)) {
    return NULL;
  }
  wg_arena_block *b = wg_alloc_get(a->alloc, n);
  if (b == NULL) {
    return NULL;
  }
  b->p = (uint8_t *)b + ARENA_HEADER;
  b->p += (ARENA_ALIGN - (uintptr_t)b->p % ARENA_ALIGN) % ARENA_ALIGN;
  b->cap = cap;
  b->used = 0;
  // A block made for one big object goes second, so that the half-empty first stays in use.
  if (a->blocks != NULL && cap > ARENA_BLOCK_BYTES) {
    b->next = a->blocks->next;
    a->blocks->next = b;
  } else {
    b->next = a->blocks;
    a->blocks = b;
  }
  return b;
}

static void *arena_take(wg_arena *a, size_t n_bytes) {
  size_t n = n_bytes == 0 ? 1 : n_bytes;
  a->over_ceiling = false;
  if (n > a->ceiling_bytes || a->used_bytes > a->ceiling_bytes - n) {
    a->over_ceiling = true;
    return NULL;
  }
  size_t rounded = 0;
  if (!wg_add(n, ARENA_ALIGN - 1, &rounded)) {
    a->over_ceiling = true;
    return NULL;
  }
  rounded &= ~(ARENA_ALIGN - 1);
  wg_arena_block *b = a->blocks;
#ifdef WG_ARENA_MALLOC
  b = arena_add_block(a, n); // its own malloc, so that sanitizers see its end
  rounded = n;
#else
  if (b == NULL || b->cap - b->used < rounded) {
    b = arena_add_block(a, rounded > ARENA_BLOCK_BYTES / 4 ? rounded : ARENA_BLOCK_BYTES);
  }
#endif
  if (b == NULL) {
    return NULL;
  }
  uint8_t *p = b->p + b->used;
  b->used += rounded;
  a->used_bytes += n;
  return p;
}

void *wg_arena_get(wg_arena *a, size_t n_bytes) {
  void *p = arena_take(a, n_bytes);
  if (p != NULL) {
    memset(p, 0, n_bytes == 0 ? 1 : n_bytes);
  }
  return p;
}

void *wg_arena_array(wg_arena *a, size_t count, size_t size_bytes) {
  size_t n = 0;
  if (!wg_mul(count, size_bytes, &n)) {
    a->over_ceiling = true;
    return NULL;
  }
  return wg_arena_get(a, n);
}

void *wg_arena_array_raw(wg_arena *a, size_t count, size_t size_bytes) {
  size_t n = 0;
  if (!wg_mul(count, size_bytes, &n)) {
    a->over_ceiling = true;
    return NULL;
  }
  return arena_take(a, n);
}

char *wg_arena_strndup(wg_arena *a, const void *p, size_t n_bytes) {
  size_t n = 0;
  if (!wg_add(n_bytes, (size_t)1, &n)) {
    a->over_ceiling = true;
    return NULL;
  }
  char *s = wg_arena_get(a, n);
  if (s != NULL && n_bytes > 0) {
    memcpy(s, p, n_bytes);
  }
  return s;
}

char *wg_arena_strdup(wg_arena *a, const char *s) {
  return wg_arena_strndup(a, s, strlen(s));
}

char *wg_arena_printf(wg_arena *a, const char *fmt, ...) {
  va_list ap;
  va_start(ap, fmt);
  size_t n = wg_vformat(NULL, 0, fmt, ap);
  va_end(ap);
  char *s = wg_arena_get(a, n + 1);
  if (s == NULL) {
    return NULL;
  }
  va_start(ap, fmt);
  (void)wg_vformat(s, n + 1, fmt, ap);
  va_end(ap);
  return s;
}

wg_code wg_arena_fail(const wg_arena *a, wg_error *err) {
  if (a->over_ceiling) {
    return wg_fail(err, WG_E_LIMIT, "needs more than the limit of %zu bytes", a->ceiling_bytes);
  }
  return wg_fail(err, WG_E_NOMEM, "out of memory");
}
