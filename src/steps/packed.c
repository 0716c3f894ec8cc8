// SPDX-License-Identifier: Apache-2.0
#include "steps/packed.h"

#include <string.h>

#include <wimlib.h>

#include "store/store.h"

// Another version of the packer may pack otherwise, and an image's bytes must not depend on when
// its contents were packed.
static wg_digest packed_key(const wg_sha1 *hash, uint64_t n_bytes) {
  static const char label[] = "wingo packed 1 lzx";
  uint8_t b[sizeof(label) + 4 + 8 + sizeof(hash->b)];
  memcpy(b, label, sizeof(label));
  wg_put_le32(b + sizeof(label), wimlib_get_version());
  wg_put_le64(b + sizeof(label) + 4, n_bytes);
  memcpy(b + sizeof(label) + 12, hash->b, sizeof(hash->b));
  return wg_sha256(b, sizeof(b));
}

static void *packed_open(const char *at) {
  wg_store *s = NULL;
  wg_error ignored = WG_ERROR_INIT;
  return wg_store_open(at, &s, &ignored) == WG_OK ? s : NULL;
}

static void packed_close(void *kept) {
  wg_store_close(kept);
}

static bool packed_get(void *kept, const wg_sha1 *hash, uint64_t n_bytes, wg_buf *out) {
  wg_digest key = packed_key(hash, n_bytes);
  wg_error ignored = WG_ERROR_INIT;
  return wg_store_get_record(kept, &key, out, &ignored) == WG_OK;
}

// What does not fit the disk is not kept.
static void packed_put(void *kept, const wg_sha1 *hash, uint64_t n_bytes, wg_str packed) {
  wg_digest key = packed_key(hash, n_bytes);
  wg_error ignored = WG_ERROR_INIT;
  (void)!wg_store_put_record(kept, &key, packed.p, packed.n, &ignored);
}

const wg_image_packed wg_packed_in_store = {
    .open = packed_open, .close = packed_close, .get = packed_get, .put = packed_put};
