// SPDX-License-Identifier: Apache-2.0
// The order of contents in a solid resource: by file name extension, then by name, so that what is
// alike comes within reach of one chunk. wimlib sorts alike.
#include <string.h>

#include "base/sort.h"
#include "image/write/run.h"

static void order_add_unit(wg_buf *b, uint16_t c) {
  if (c < 0x80) {
    wg_buf_add_byte(b, (uint8_t)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c));
  } else {
    wg_buf_printf(b, "~%04x", (unsigned)c);
  }
}

const char *wg_image_order_key(wg_arena *arena, wg_str name16) {
  WG_AUTO(wg_buf) b = {0};
  wg_buf_init(&b, wg_heap(), 0);
  size_t n = name16.n / 2, dot = n;
  const uint8_t *p = (const uint8_t *)name16.p;
  for (size_t i = 1; i < n; i++) {
    dot = wg_le16(p + 2 * i) == '.' ? i : dot;
  }
  for (size_t i = dot + 1; i < n; i++) {
    order_add_unit(&b, wg_le16(p + 2 * i));
  }
  wg_buf_add_byte(&b, 1);
  for (size_t i = 0; i < n; i++) {
    order_add_unit(&b, wg_le16(p + 2 * i));
  }
  return wg_arena_strdup(arena, wg_buf_z(&b));
}

// The contents of the base by the names that this tree has for them.
static wg_code order_base_names(wg_image_run *r, const wg_wim_tree *t, wg_error *err) {
  for (size_t i = 0; i < t->n; i++) {
    const wg_wim_entry *e = &t->entries[i];
    for (size_t k = 0; k <= e->n_streams; k++) {
      const wg_sha1 *h = wg_wim_entry_hash(e, k);
      uint32_t blob = 0;
      if (wg_sha1_is_zero(h) || !wg_wim_find_blob(&r->base.wim, h, &blob) ||
          r->names[blob] != NULL) {
        continue;
      }
      r->names[blob] = wg_image_order_key(&r->arena, e->name16);
      if (r->names[blob] == NULL) {
        return wg_arena_fail(&r->arena, err);
      }
    }
  }
  return WG_OK;
}

// What is written, the new contents among it.
static wg_code order_blob_names(wg_image_run *r, const wg_wim_tree *t, wg_error *err) {
  for (size_t i = 0; i < r->n_blobs; i++) {
    wg_image_blob *b = &r->blobs[i];
    if (b->base != WG_IMAGE_NEW) {
      b->name = r->names[b->base];
      continue;
    }
    uint32_t entry = r->edit.puts[b->put].entry;
    b->name = wg_image_order_key(&r->arena,
                                 entry == WG_WIM_NO_ENTRY ? WG_STR("") : t->entries[entry].name16);
    if (b->name == NULL) {
      return wg_arena_fail(&r->arena, err);
    }
  }
  return WG_OK;
}

wg_code wg_image_order_names(wg_image_run *r, const wg_wim_tree *t, wg_error *err) {
  if (r->names == NULL) {
    return WG_OK;
  }
  if (order_base_names(r, t, err) != WG_OK) {
    return err->code;
  }
  return t == &r->tree ? order_blob_names(r, t, err) : WG_OK;
}

// What is kept goes first, as it lies in the base. So does what comes out of a solid resource: it
// was put in a good order once, and is read in no other without unpacking it over and over.
static unsigned order_class(const wg_image_run *r, const wg_image_blob *b) {
  if (!b->packed) {
    return 0;
  }
  return b->base != WG_IMAGE_NEW && r->base.wim.blobs[b->base].solid != WG_WIM_NO_SOLID ? 1 : 2;
}

static int order_cmp(const void *a, const void *b, void *ctx) {
  const wg_image_run *r = ctx;
  const wg_image_blob *x = a, *y = b;
  unsigned xc = order_class(r, x), yc = order_class(r, y);
  if (xc != yc) {
    return xc < yc ? -1 : 1;
  }
  if (xc < 2) {
    return (x->rank > y->rank) - (x->rank < y->rank);
  }
  int c = strcmp(x->name == NULL ? "" : x->name, y->name == NULL ? "" : y->name);
  return c != 0 ? c : memcmp(&x->hash, &y->hash, sizeof(x->hash));
}

void wg_image_order(wg_image_run *r) {
  if (r->names == NULL || r->n_blobs < 2) {
    return;
  }
  for (size_t i = 0; i < r->n_blobs; i++) {
    r->blobs[i].rank = (uint32_t)i;
  }
  wg_sort(r->blobs, r->n_blobs, sizeof(r->blobs[0]), order_cmp, r);
}
