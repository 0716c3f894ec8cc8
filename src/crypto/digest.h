// SPDX-License-Identifier: Apache-2.0
// Digests over OpenSSL.
#ifndef WG_CRYPTO_DIGEST_H
#define WG_CRYPTO_DIGEST_H

#include "base/bytes.h"
#include "os/cancel.h"

typedef struct wg_digest { // SHA-256
  uint8_t b[32];
} wg_digest;
typedef struct wg_sha1 {
  uint8_t b[20];
} wg_sha1;

typedef struct wg_hash wg_hash; // a running SHA-256 or SHA-1
typedef enum wg_hash_alg {
  WG_SHA256,
  WG_SHA1
} wg_hash_alg;
// NOMEM. Heap; free with wg_hash_free.
wg_code wg_hash_new(wg_hash_alg alg, wg_hash **out, wg_error *err);
void wg_hash_free(wg_hash *h);
WG_DEFINE_AUTO_PTR(wg_hash, wg_hash_free);
void wg_hash_add(wg_hash *h, const void *p, size_t n_bytes);
// Writes 32 or 20 bytes; h must not be used again but freed.
void wg_hash_end(wg_hash *h, uint8_t *out);

wg_digest wg_sha256(const void *p, size_t n_bytes);
wg_sha1 wg_sha1_of(const void *p, size_t n_bytes);
// HMAC-SHA-256.
wg_digest wg_hmac_sha256(const void *key, size_t key_bytes, const void *p, size_t n_bytes);
// Whole file from offset 0; out_n (may be NULL) gets its size. CANCELED when canceled.
wg_code wg_sha256_fd(int fd, const wg_cancel *cancel, wg_digest *out, uint64_t *out_n,
                     wg_error *err);
wg_code wg_sha1_fd(int fd, const wg_cancel *cancel, wg_sha1 *out, uint64_t *out_n, wg_error *err);

bool wg_digest_eq(const wg_digest *a, const wg_digest *b);
typedef struct wg_hex {
  char s[65];
} wg_hex;
wg_hex wg_digest_hex(const wg_digest *d); // 64 digits
WG_MUST_CHECK bool wg_digest_parse(wg_str hex, wg_digest *out);

#endif
