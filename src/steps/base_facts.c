// SPDX-License-Identifier: Apache-2.0
#include "steps/base_facts.h"

#include <string.h>

#include "image/file/file.h"

#define FACTS_VERSION 1U
#define FACTS_BYTES 20U // version, image, images, format bits, number of the architecture

static const char *const facts_archs[] = {"", "386", "arm", "amd64", "arm64"};

// The record of a base that is one file whose digest is known. False: there is none, or it is
// another kind of base.
static bool facts_key(wg_store *store, const wg_image_base *base, wg_digest *out) {
  WG_AUTO(wg_arena) arena = {0};
  WG_AUTO(wg_buf) b = {0};
  const char *const *files = NULL;
  size_t n = 0;
  wg_digest file;
  wg_error ignored = WG_ERROR_INIT;
  wg_arena_init(&arena, wg_heap(), 0);
  wg_buf_init(&b, wg_heap(), 0);
  // All parts of a split base would have to be asked for.
  if (store == NULL || base->kind != WG_IMAGE_BASE_WIM ||
      !wg_store_known_digest(store, base->path, &file) ||
      wg_image_base_files(base, &arena, &files, &n, &ignored) != WG_OK || n != 1) {
    return false;
  }
  wg_buf_add_z(&b, "wingo base facts");
  wg_buf_add_le32(&b, FACTS_VERSION);
  wg_buf_add_le32(&b, (uint32_t)base->wim);
  wg_buf_add(&b, file.b, sizeof(file.b));
  wg_buf_add_z(&b, base->image != NULL ? base->image : "\xFF"); // no name has that byte
  *out = wg_sha256(b.p, b.n);
  return !b.failed;
}

static bool facts_read(wg_store *store, const wg_digest *key, wg_image_base_facts *out) {
  WG_AUTO(wg_buf) b = {0};
  wg_error ignored = WG_ERROR_INIT;
  wg_buf_init(&b, wg_heap(), 0);
  if (wg_store_get_record(store, key, &b, &ignored) != WG_OK || b.n != FACTS_BYTES ||
      wg_le32(b.p) != FACTS_VERSION || wg_le32(b.p + 16) >= WG_ARRAY_LEN(facts_archs)) {
    return false;
  }
  uint32_t formats = wg_le32(b.p + 12);
  *out = (wg_image_base_facts){.arch = facts_archs[wg_le32(b.p + 16)],
                               .image = wg_le32(b.p + 4),
                               .n_images = wg_le32(b.p + 8),
                               .has_format = {(formats & 1) != 0, (formats & 2) != 0}};
  return true;
}

static void facts_write(wg_store *store, const wg_digest *key, const wg_image_base_facts *f) {
  uint8_t b[FACTS_BYTES];
  uint32_t arch = 0;
  wg_error ignored = WG_ERROR_INIT;
  while (strcmp(facts_archs[arch], f->arch) != 0) {
    if (++arch == WG_ARRAY_LEN(facts_archs)) {
      return;
    }
  }
  wg_put_le32(b, FACTS_VERSION);
  wg_put_le32(b + 4, f->image);
  wg_put_le32(b + 8, f->n_images);
  wg_put_le32(b + 12, (f->has_format[0] ? 1U : 0U) | (f->has_format[1] ? 2U : 0U));
  wg_put_le32(b + 16, arch);
  (void)!wg_store_put_record(store, key, b, sizeof(b), &ignored);
}

wg_code wg_base_facts(wg_store *store, wg_image_looks *looks, const wg_image_base *base,
                      wg_image_base_facts *out, wg_error *err) {
  wg_digest key;
  bool known = facts_key(store, base, &key);
  if (known && facts_read(store, &key, out)) {
    return WG_OK;
  }
  if (wg_image_looks_at(looks, base, out, NULL, err) != WG_OK) {
    return err->code;
  }
  if (known) {
    facts_write(store, &key, out);
  }
  return WG_OK;
}
