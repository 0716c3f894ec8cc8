// SPDX-License-Identifier: Apache-2.0
// What a place that keeps results must offer. The local store is one; a shared remote cache can
// stand behind it as another. Two maps, as in Bazel's remote cache: key -> record, SHA-256 ->
// bytes.
//
// Every function may be called by any number of threads at once. NOT_FOUND when absent. The caller
// believes nothing: records carry their own checksum and bytes are hashed when they arrive.
#ifndef WG_STORE_BACKEND_H
#define WG_STORE_BACKEND_H

#include "store/store.h"

typedef struct wg_backend {
  void *ctx; // handed to every function; borrowed, outlives every store that uses it
  // Appends the record's framed bytes, as put_record got them, to out (initialised).
  wg_code (*get_record)(void *ctx, const wg_digest *key, wg_buf *out, wg_error *err);
  wg_code (*put_record)(void *ctx, const wg_digest *key, const void *p, size_t n_bytes,
                        wg_error *err);
  wg_code (*has_blob)(void *ctx, const wg_digest *d, uint64_t *out_size, wg_error *err);
  // Writes the whole content to out_fd, from its offset 0.
  wg_code (*get_blob)(void *ctx, const wg_digest *d, int out_fd, const wg_cancel *cancel,
                      wg_error *err);
  // Reads n_bytes from in_fd, from offset 0.
  wg_code (*put_blob)(void *ctx, const wg_digest *d, int in_fd, uint64_t n_bytes,
                      const wg_cancel *cancel, wg_error *err);
} wg_backend;

// The store's own objects as a backend: what the store works on, and what a test puts behind
// another store. Borrows s.
wg_backend wg_backend_local(wg_store *s);
// Puts a backend behind s: asked when s does not have an object, told of every new one. Its
// failures never fail the caller: they count as absent. Not while other threads use s. *b is
// copied.
void wg_store_set_behind(wg_store *s, const wg_backend *b);

#endif
