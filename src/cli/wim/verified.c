// SPDX-License-Identifier: Apache-2.0
#include "cli/wim/verified.h"

#include "image/file/file.h"
#include "store/store.h"

// Below that, reading it again takes no longer than finding out.
#define VERIFIED_WORTH_BYTES ((uint64_t)16 << 20)

// What the fact is kept under: the digests of all files that path stands for.
static wg_code verified_key(wg_store *store, const wg_cli *c, const char *path, wg_digest *out,
                            wg_error *err) {
  WG_AUTO(wg_arena) arena = {0};
  WG_AUTO_PTR(wg_hash) h = NULL;
  const wg_image_base base = {.kind = WG_IMAGE_BASE_WIM, .path = path};
  const char *const *files = NULL;
  size_t n = 0;
  static const char label[] = "image file verified 1";
  wg_arena_init(&arena, wg_heap(), 0);
  if (wg_image_base_files(&base, &arena, &files, &n, err) != WG_OK ||
      wg_hash_new(WG_SHA256, &h, err) != WG_OK) {
    return err->code;
  }
  wg_hash_add(h, label, sizeof(label));
  for (size_t i = 0; i < n; i++) {
    WG_AUTO(wg_cstr) full = wg_path_absolute(files[i]);
    wg_digest d;
    uint64_t n_bytes = 0;
    if (wg_store_file_digest(store, full, c->cancel, &d, &n_bytes, err) != WG_OK) {
      return err->code;
    }
    wg_hash_add(h, d.b, sizeof(d.b));
  }
  wg_hash_end(h, out->b);
  return WG_OK;
}

wg_image_trust wg_cli_wim_trust(const wg_cli *c, const char *path) {
  WG_AUTO_PTR(wg_store) store = NULL;
  WG_AUTO(wg_buf) record = {0};
  wg_error ignored = WG_ERROR_INIT; // then it is read
  wg_digest key;
  wg_stat st;
  wg_buf_init(&record, wg_heap(), 0);
  if (wg_cli_has(c, "no-verify")) {
    return WG_IMAGE_UNVERIFIED;
  }
  if (wg_os_stat(WG_CWD, path, true, &st, &ignored) != WG_OK ||
      st.size_bytes < VERIFIED_WORTH_BYTES || wg_store_open(NULL, &store, &ignored) != WG_OK ||
      verified_key(store, c, path, &key, &ignored) != WG_OK ||
      wg_store_get_record(store, &key, &record, &ignored) != WG_OK) {
    return WG_IMAGE_VERIFY;
  }
  return WG_IMAGE_VERIFIED;
}

void wg_cli_wim_verified(const wg_cli *c, const char *path, uint64_t n_bytes) {
  WG_AUTO_PTR(wg_store) store = NULL;
  wg_error ignored = WG_ERROR_INIT; // then it is read again the next time
  wg_digest key;
  if (n_bytes >= VERIFIED_WORTH_BYTES && !wg_cli_has(c, "no-verify") &&
      wg_store_open(NULL, &store, &ignored) == WG_OK &&
      verified_key(store, c, path, &key, &ignored) == WG_OK) {
    (void)!wg_store_put_record(store, &key, "ok\n", 3, &ignored);
  }
}

void wg_cli_wim_say_unverified(const wg_cli *c) {
  if (wg_cli_has(c, "no-verify")) {
    wg_note(c, "not verified: what was taken over was not read, and the result has no integrity "
               "table; 'wingo wim verify' reads it");
  }
}
