// SPDX-License-Identifier: Apache-2.0
// Where memory comes from (style.md 8): handed in, never a global malloc in base, crypto and fmt.
#ifndef WG_BASE_ALLOC_H
#define WG_BASE_ALLOC_H

#include "base/error.h"

// fn(ctx, NULL, n) allocates, fn(ctx, p, n) resizes, fn(ctx, p, 0) frees and returns NULL.
// A failing resize leaves p valid. Contents beyond the old size are undefined.
typedef struct wg_alloc {
  void *(*fn)(void *ctx, void *p, size_t n_bytes);
  void *ctx;
} wg_alloc;

// n_bytes > 0. NULL when there is no memory.
static inline void *wg_alloc_get(const wg_alloc *a, size_t n_bytes) {
  return a->fn(a->ctx, NULL, n_bytes);
}
static inline void wg_alloc_free(const wg_alloc *a, void *p) {
  if (p != NULL) {
    (void)a->fn(a->ctx, p, 0);
  }
}

// All that one parse, request or step makes; freed whole. A byte ceiling: over it is LIMIT.
// Not thread-safe.
typedef struct wg_arena {
  const wg_alloc *alloc; // borrowed, outlives the arena
  struct wg_arena_block *blocks;
  size_t used_bytes, ceiling_bytes;
  bool over_ceiling; // the last failure was the ceiling, not memory
} wg_arena;

#define WG_ARENA_DEFAULT_CEILING ((size_t)1 << 30)

// ceiling_bytes 0 means WG_ARENA_DEFAULT_CEILING. Cannot fail: blocks are made on demand.
void wg_arena_init(wg_arena *a, const wg_alloc *alloc, size_t ceiling_bytes);
// Frees everything; the arena may be used again as after init. NULL-safe, zero-safe.
void wg_arena_done(wg_arena *a);
WG_DEFINE_AUTO(wg_arena, wg_arena_done);
// n bytes, zeroed, aligned to 16; n 0 gives a unique valid pointer. NULL on failure: then
// return wg_arena_fail(a, err).
void *wg_arena_get(wg_arena *a, size_t n_bytes);
// count * size with overflow check.
void *wg_arena_array(wg_arena *a, size_t count, size_t size_bytes);
#define wg_arena_new(a, T) ((T *)wg_arena_get((a), sizeof(T)))
#define wg_arena_new_array(a, T, n) ((T *)wg_arena_array((a), (n), sizeof(T)))
// The same, not zeroed: memory that is not used then is never touched.
void *wg_arena_array_raw(wg_arena *a, size_t count, size_t size_bytes);
#define wg_arena_raw_array(a, T, n) ((T *)wg_arena_array_raw((a), (n), sizeof(T)))
// Copies n bytes and a terminating NUL.
char *wg_arena_strndup(wg_arena *a, const void *p, size_t n_bytes);
char *wg_arena_strdup(wg_arena *a, const char *s);
// printf into the arena; NULL on failure.
char *wg_arena_printf(wg_arena *a, const char *fmt, ...) WG_PRINTF(2, 3);
// Sets NOMEM or LIMIT after a NULL from this arena, and returns it.
wg_code wg_arena_fail(const wg_arena *a, wg_error *err);

#endif
