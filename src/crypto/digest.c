// SPDX-License-Identifier: Apache-2.0
#include "crypto/digest.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/sha.h>
#include <string.h>

#include "os/file.h"

struct wg_hash {
  EVP_MD_CTX *ctx;
};

// The algorithm, fetched once: a fetch per hash costs more than hashing a small file.
static const EVP_MD *digest_md(wg_hash_alg alg) {
  return alg == WG_SHA256 ? EVP_sha256() : EVP_sha1();
}

wg_code wg_hash_new(wg_hash_alg alg, wg_hash **out, wg_error *err) {
  wg_hash *h = OPENSSL_zalloc(sizeof(*h));
  if (h == NULL) {
    return wg_fail(err, WG_E_NOMEM, "out of memory");
  }
  h->ctx = EVP_MD_CTX_new();
  if (h->ctx == NULL || EVP_DigestInit_ex(h->ctx, digest_md(alg), NULL) != 1) {
    wg_hash_free(h);
    return wg_fail(err, WG_E_NOMEM, "out of memory for a digest");
  }
  *out = h;
  return WG_OK;
}

void wg_hash_free(wg_hash *h) {
  if (h != NULL) {
    EVP_MD_CTX_free(h->ctx);
    OPENSSL_free(h);
  }
}

void wg_hash_add(wg_hash *h, const void *p, size_t n_bytes) {
  wg_assert(EVP_DigestUpdate(h->ctx, p, n_bytes) == 1);
}

void wg_hash_end(wg_hash *h, uint8_t *out) {
  wg_assert(EVP_DigestFinal_ex(h->ctx, out, NULL) == 1);
}

wg_digest wg_sha256(const void *p, size_t n_bytes) {
  wg_digest d;
  (void)SHA256(p, n_bytes, d.b);
  return d;
}

wg_sha1 wg_sha1_of(const void *p, size_t n_bytes) {
  wg_sha1 d;
  (void)SHA1(p, n_bytes, d.b);
  return d;
}

wg_digest wg_hmac_sha256(const void *key, size_t key_bytes, const void *p, size_t n_bytes) {
  wg_digest d = {0};
  unsigned n = sizeof(d.b);
  wg_assert(HMAC(EVP_sha256(), key, (int)key_bytes, p, n_bytes, d.b, &n) != NULL);
  return d;
}

static wg_code digest_fd(wg_hash_alg alg, int fd, const wg_cancel *cancel, uint8_t *out,
                         uint64_t *out_n, wg_error *err) {
  WG_AUTO_PTR(wg_hash) h = NULL;
  if (wg_hash_new(alg, &h, err) != WG_OK) {
    return err->code;
  }
  const size_t cap = (size_t)256 << 10;
  WG_AUTO(wg_cstr) chunk = wg_xrealloc(NULL, cap, 1);
  uint64_t total = 0;
  for (;;) {
    size_t n = 0;
    if (wg_cancel_check(cancel, err) != WG_OK || wg_os_read(fd, chunk, cap, &n, err) != WG_OK) {
      return err->code;
    }
    if (n == 0) {
      break;
    }
    wg_hash_add(h, chunk, n);
    total += n;
  }
  wg_hash_end(h, out);
  if (out_n != NULL) {
    *out_n = total;
  }
  return WG_OK;
}

wg_code wg_sha256_fd(int fd, const wg_cancel *cancel, wg_digest *out, uint64_t *out_n,
                     wg_error *err) {
  return digest_fd(WG_SHA256, fd, cancel, out->b, out_n, err);
}

wg_code wg_sha1_fd(int fd, const wg_cancel *cancel, wg_sha1 *out, uint64_t *out_n, wg_error *err) {
  return digest_fd(WG_SHA1, fd, cancel, out->b, out_n, err);
}

bool wg_digest_eq(const wg_digest *a, const wg_digest *b) {
  return memcmp(a->b, b->b, sizeof(a->b)) == 0;
}

wg_hex wg_digest_hex(const wg_digest *d) {
  static const char digits[] = "0123456789abcdef";
  wg_hex h;
  for (size_t i = 0; i < sizeof(d->b); i++) {
    h.s[2 * i] = digits[d->b[i] >> 4];
    h.s[2 * i + 1] = digits[d->b[i] & 15];
  }
  h.s[64] = '\0';
  return h;
}

bool wg_digest_parse(wg_str hex, wg_digest *out) {
  return wg_parse_hex(hex, out->b, sizeof(out->b));
}
