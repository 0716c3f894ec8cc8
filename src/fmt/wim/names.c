// SPDX-License-Identifier: Apache-2.0
// What a tree may not say although each of its entries is well formed: two entries of one name, and
// entries below what leads elsewhere.
#include <string.h>

#include "base/sort.h"
#include "base/utf.h"
#include "fmt/wim/internal.h"

// Of a reparse tag (MS-FSCC 2.1.2.1): folders with this tag may have entries of their own, and the
// entry stands for another place.
#define NAMES_TAG_DIRECTORY 0x10000000u
#define NAMES_TAG_SURROGATE 0x20000000u

bool wg_wim_entry_holds(const wg_wim_entry *e) {
  uint32_t tag = (uint32_t)(e->link_or_reparse & UINT32_MAX);
  return (e->attributes & WG_WIM_ATTR_REPARSE) == 0 ||
         (tag & (NAMES_TAG_DIRECTORY | NAMES_TAG_SURROGATE)) == NAMES_TAG_DIRECTORY;
}

static int names_cmp(wg_str a, wg_str b) {
  int c = memcmp(a.p, b.p, a.n < b.n ? a.n : b.n);
  return c != 0 ? c : (a.n > b.n) - (a.n < b.n);
}

static wg_code names_fail_twice(const wg_wim_tree *t, uint32_t i, uint32_t k, wg_error *err) {
  WG_AUTO(wg_buf) path = {0};
  wg_buf_init(&path, t->arena->alloc, 0);
  wg_wim_tree_path(t, i, &path);
  return wg_fail_at(err, WG_E_FORMAT, t->entries[t->entries[i].parent].list_off,
                    "'%s' is there twice: entries %u and %u of the image have one name; no program "
                    "can tell which is meant",
                    wg_buf_z(&path), (unsigned)(i < k ? i : k), (unsigned)(i < k ? k : i));
}

static int names_sort_cmp(const void *a, const void *b, void *ctx) {
  const wg_wim_entry *entries = ctx;
  uint32_t i = *(const uint32_t *)a, k = *(const uint32_t *)b;
  int c = names_cmp(entries[i].name16, entries[k].name16);
  return c != 0 ? c : (i > k) - (i < k);
}

// A folder whose entries do not stand in Windows' order.
static wg_code names_unsorted(const wg_wim_tree *t, uint32_t dir, wg_error *err) {
  size_t n = 0;
  for (uint32_t c = t->entries[dir].first_child; c != WG_WIM_NO_ENTRY; c = t->entries[c].next) {
    n++;
  }
  uint32_t *order = wg_arena_new_array(t->arena, uint32_t, n);
  if (order == NULL) {
    return wg_arena_fail(t->arena, err);
  }
  n = 0;
  for (uint32_t c = t->entries[dir].first_child; c != WG_WIM_NO_ENTRY; c = t->entries[c].next) {
    order[n++] = c;
  }
  wg_sort(order, n, sizeof(order[0]), names_sort_cmp, t->entries);
  for (size_t i = 1; i < n; i++) {
    if (wg_str_eq(t->entries[order[i]].name16, t->entries[order[i - 1]].name16)) {
      return names_fail_twice(t, order[i - 1], order[i], err);
    }
  }
  return WG_OK;
}

static wg_code names_folder(const wg_wim_tree *t, uint32_t dir, wg_error *err) {
  uint32_t before = t->entries[dir].first_child;
  if (before == WG_WIM_NO_ENTRY) {
    return WG_OK;
  }
  for (uint32_t c = t->entries[before].next; c != WG_WIM_NO_ENTRY; c = t->entries[c].next) {
    wg_str a = t->entries[before].name16, b = t->entries[c].name16;
    if (wg_name16_cmp_nocase((const uint8_t *)a.p, a.n, (const uint8_t *)b.p, b.n) >= 0) {
      return wg_str_eq(a, b) ? names_fail_twice(t, before, c, err) : names_unsorted(t, dir, err);
    }
    before = c;
  }
  return WG_OK;
}

wg_code wg_wim_tree_check_names(const wg_wim_tree *t, wg_error *err) {
  for (uint32_t i = 0; i < t->n; i++) {
    const wg_wim_entry *e = &t->entries[i];
    if (e->first_child != WG_WIM_NO_ENTRY && !wg_wim_entry_holds(e)) {
      WG_AUTO(wg_buf) path = {0};
      wg_buf_init(&path, t->arena->alloc, 0);
      wg_wim_tree_path(t, i, &path);
      return wg_fail_at(err, WG_E_FORMAT, e->list_off,
                        "'%s' is a reparse point (tag 0x%08x) and has entries in it, which would "
                        "go to wherever it leads",
                        wg_buf_z(&path), (unsigned)(e->link_or_reparse & UINT32_MAX));
    }
    if (names_folder(t, i, err) != WG_OK) {
      return err->code;
    }
  }
  return WG_OK;
}
