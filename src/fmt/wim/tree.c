// SPDX-License-Identifier: Apache-2.0
// Looking up and adding entries of an image's tree, and what its streams are.
#include <string.h>

#include "base/sort.h"
#include "base/utf.h"
#include "fmt/wim/internal.h"

WG_WRAPS static uint32_t tree_hash(uint32_t parent, wg_str name16) {
  uint32_t h = 2166136261u ^ parent * 2654435761u;
  const uint8_t *p = (const uint8_t *)name16.p;
  for (size_t i = 0; i + 1 < name16.n; i += 2) {
    h = (h ^ wg_upcase16(wg_le16(p + i))) * 16777619u;
  }
  return h ^ h >> 15;
}

#define INDEX_TAKEN UINT32_MAX // a slot whose entry was removed or moved

static void index_put(wg_wim_tree *t, uint32_t entry) {
  size_t mask = t->n_index - 1;
  size_t at = tree_hash(t->entries[entry].parent, t->entries[entry].name16) & mask;
  while (t->index[at] != 0 && t->index[at] != INDEX_TAKEN) {
    at = (at + 1) & mask;
  }
  t->index[at] = entry; // the root, 0, is never in it
}

static wg_code index_make(wg_wim_tree *t, wg_error *err) {
  size_t n = 16;
  while (n < t->cap * 2) {
    n *= 2;
  }
  t->index = wg_arena_new_array(t->arena, uint32_t, n);
  if (t->index == NULL) {
    return wg_arena_fail(t->arena, err);
  }
  t->n_index = n;
  for (uint32_t i = 1; i < t->n; i++) {
    if (!t->entries[i].gone) {
      index_put(t, i);
    }
  }
  return WG_OK;
}

static void index_take(wg_wim_tree *t, uint32_t entry) {
  size_t mask = t->n_index - 1;
  size_t at = tree_hash(t->entries[entry].parent, t->entries[entry].name16) & mask;
  while (t->index[at] != entry) {
    wg_assert(t->index[at] != 0);
    at = (at + 1) & mask;
  }
  t->index[at] = INDEX_TAKEN;
}

static wg_code find_fail_ambiguous(const wg_wim_tree *t, uint32_t a, uint32_t b, wg_error *err) {
  WG_AUTO(wg_buf) x = {0};
  WG_AUTO(wg_buf) y = {0};
  wg_buf_init(&x, t->arena->alloc, 0);
  wg_buf_init(&y, t->arena->alloc, 0);
  wg_wim_tree_path(t, a < b ? a : b, &x);
  wg_wim_tree_path(t, a < b ? b : a, &y);
  return wg_fail(err, WG_E_CONFLICT,
                 "'%s' and '%s' differ in letter case only: give the name exactly as it is",
                 wg_buf_z(&x), wg_buf_z(&y));
}

wg_code wg_wim_tree_find(wg_wim_tree *t, uint32_t parent, wg_str name16, uint32_t *out,
                         wg_error *err) {
  if (t->index == NULL && index_make(t, err) != WG_OK) {
    return err->code;
  }
  size_t mask = t->n_index - 1;
  uint32_t found = WG_WIM_NO_ENTRY, other = WG_WIM_NO_ENTRY;
  for (size_t at = tree_hash(parent, name16) & mask; t->index[at] != 0; at = (at + 1) & mask) {
    if (t->index[at] == INDEX_TAKEN) {
      continue;
    }
    const wg_wim_entry *e = &t->entries[t->index[at]];
    if (e->parent != parent || e->name16.n != name16.n) {
      continue;
    }
    if (wg_str_eq(e->name16, name16)) {
      *out = t->index[at];
      return WG_OK;
    }
    if (wg_name16_cmp_nocase((const uint8_t *)e->name16.p, e->name16.n, (const uint8_t *)name16.p,
                             name16.n) == 0) {
      other = found;
      found = t->index[at];
    }
  }
  if (other != WG_WIM_NO_ENTRY) {
    return find_fail_ambiguous(t, found, other, err);
  }
  *out = found;
  return WG_OK;
}

uint32_t wg_wim_tree_find_short(const wg_wim_tree *t, uint32_t parent, wg_str name16) {
  for (uint32_t c = t->entries[parent].first_child; c != WG_WIM_NO_ENTRY; c = t->entries[c].next) {
    wg_str s = t->entries[c].short16;
    if (s.n == name16.n && s.n > 0 &&
        wg_name16_cmp_nocase((const uint8_t *)s.p, s.n, (const uint8_t *)name16.p, name16.n) == 0) {
      return c;
    }
  }
  return WG_WIM_NO_ENTRY;
}

static void tree_link(wg_wim_tree *t, uint32_t parent, uint32_t i) {
  wg_wim_entry *dir = &t->entries[parent];
  if (dir->last_child == WG_WIM_NO_ENTRY) {
    dir->first_child = i;
  } else {
    t->entries[dir->last_child].next = i;
    dir->unsorted = true;
  }
  dir->last_child = i;
  if (!dir->has_list) {
    dir->has_list = true;
    dir->list_off = UINT64_MAX;
  }
}

static void tree_unlink(wg_wim_tree *t, uint32_t i) {
  wg_wim_entry *dir = &t->entries[t->entries[i].parent];
  uint32_t before = WG_WIM_NO_ENTRY;
  for (uint32_t c = dir->first_child; c != i; c = t->entries[c].next) {
    before = c;
  }
  if (before == WG_WIM_NO_ENTRY) {
    dir->first_child = t->entries[i].next;
  } else {
    t->entries[before].next = t->entries[i].next;
  }
  if (dir->last_child == i) {
    dir->last_child = before;
  }
  t->entries[i].next = WG_WIM_NO_ENTRY;
}

wg_code wg_wim_tree_add(wg_wim_tree *t, uint32_t parent, wg_str name16, uint64_t time,
                        uint32_t *out, wg_error *err) {
  if (t->n == t->cap) {
    return wg_fail(err, WG_E_BUG, "no room for another entry");
  }
  if (t->index == NULL && index_make(t, err) != WG_OK) {
    return err->code;
  }
  uint32_t i = (uint32_t)t->n++;
  t->entries[i] = (wg_wim_entry){.name16 = name16,
                                 .create_time = time,
                                 .access_time = time,
                                 .write_time = time,
                                 .list_off = UINT64_MAX,
                                 .security = WG_WIM_NO_SECURITY,
                                 .parent = parent,
                                 .first_child = WG_WIM_NO_ENTRY,
                                 .last_child = WG_WIM_NO_ENTRY,
                                 .next = WG_WIM_NO_ENTRY,
                                 .depth = t->entries[parent].depth + 1};
  tree_link(t, parent, i);
  index_put(t, i);
  *out = i;
  return WG_OK;
}

uint32_t wg_wim_tree_walk(const wg_wim_tree *t, uint32_t top, uint32_t i) {
  if (t->entries[i].first_child != WG_WIM_NO_ENTRY) {
    return t->entries[i].first_child;
  }
  while (i != top && t->entries[i].next == WG_WIM_NO_ENTRY) {
    i = t->entries[i].parent;
  }
  return i == top ? WG_WIM_NO_ENTRY : t->entries[i].next;
}

wg_code wg_wim_tree_remove(wg_wim_tree *t, uint32_t entry, wg_error *err) {
  if (t->index == NULL && index_make(t, err) != WG_OK) {
    return err->code;
  }
  for (uint32_t i = entry; i != WG_WIM_NO_ENTRY; i = wg_wim_tree_walk(t, entry, i)) {
    t->entries[i].gone = true;
    index_take(t, i);
  }
  tree_unlink(t, entry);
  t->loose = true;
  return WG_OK;
}

wg_code wg_wim_tree_move(wg_wim_tree *t, uint32_t entry, uint32_t parent, wg_str name16,
                         wg_error *err) {
  if (t->index == NULL && index_make(t, err) != WG_OK) {
    return err->code;
  }
  wg_wim_entry *e = &t->entries[entry];
  index_take(t, entry);
  tree_unlink(t, entry);
  e->parent = parent;
  e->name16 = name16;
  e->length = 0;
  for (uint32_t i = entry; i != WG_WIM_NO_ENTRY; i = wg_wim_tree_walk(t, entry, i)) {
    t->entries[i].depth = t->entries[t->entries[i].parent].depth + 1;
  }
  tree_link(t, parent, entry);
  index_put(t, entry);
  t->loose = true;
  return WG_OK;
}

static uint32_t compact_number(const uint32_t *new_of, uint32_t i) {
  return i == WG_WIM_NO_ENTRY ? i : new_of[i];
}

wg_code wg_wim_tree_compact(wg_wim_tree *t, uint32_t **out_new_of, wg_error *err) {
  uint32_t *new_of = wg_arena_new_array(t->arena, uint32_t, t->n);
  uint32_t *order = wg_arena_new_array(t->arena, uint32_t, t->n);
  wg_wim_entry *entries = wg_arena_raw_array(t->arena, wg_wim_entry, t->n);
  if (new_of == NULL || order == NULL || entries == NULL) {
    return wg_arena_fail(t->arena, err);
  }
  size_t n = 1; // order[0] is the root
  for (size_t i = 0; i < t->n; i++) {
    new_of[i] = WG_WIM_NO_ENTRY;
  }
  new_of[0] = 0;
  for (size_t i = 0; i < n; i++) {
    for (uint32_t c = t->entries[order[i]].first_child; c != WG_WIM_NO_ENTRY;
         c = t->entries[c].next) {
      new_of[c] = (uint32_t)n;
      order[n++] = c;
    }
  }
  for (size_t i = 0; i < n; i++) {
    wg_wim_entry *e = &entries[i];
    *e = t->entries[order[i]];
    e->parent = compact_number(new_of, e->parent);
    e->first_child = compact_number(new_of, e->first_child);
    e->last_child = compact_number(new_of, e->last_child);
    e->next = compact_number(new_of, e->next);
  }
  t->entries = entries;
  t->n = t->cap = n;
  t->index = NULL;
  t->n_index = 0;
  t->loose = false;
  *out_new_of = new_of;
  return WG_OK;
}

static int sort_cmp(const void *a, const void *b, void *ctx) {
  const wg_wim_entry *entries = ctx;
  uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
  wg_str m = entries[x].name16, n = entries[y].name16;
  int c = wg_name16_cmp_nocase((const uint8_t *)m.p, m.n, (const uint8_t *)n.p, n.n);
  return c != 0 ? c : (x > y) - (x < y);
}

static wg_code sort_children(wg_wim_tree *t, wg_wim_entry *dir, wg_error *err) {
  size_t n = 0;
  for (uint32_t c = dir->first_child; c != WG_WIM_NO_ENTRY; c = t->entries[c].next) {
    n++;
  }
  uint32_t *order = wg_arena_new_array(t->arena, uint32_t, n);
  if (order == NULL) {
    return wg_arena_fail(t->arena, err);
  }
  n = 0;
  for (uint32_t c = dir->first_child; c != WG_WIM_NO_ENTRY; c = t->entries[c].next) {
    order[n++] = c;
  }
  wg_sort(order, n, sizeof(order[0]), sort_cmp, t->entries);
  dir->first_child = order[0];
  dir->last_child = order[n - 1];
  for (size_t i = 0; i < n; i++) {
    t->entries[order[i]].next = i + 1 < n ? order[i + 1] : WG_WIM_NO_ENTRY;
  }
  return WG_OK;
}

wg_code wg_wim_tree_sort(wg_wim_tree *t, wg_error *err) {
  for (size_t i = 0; i < t->n; i++) {
    if (t->entries[i].unsorted && t->entries[i].first_child != WG_WIM_NO_ENTRY) {
      if (sort_children(t, &t->entries[i], err) != WG_OK) {
        return err->code;
      }
      t->entries[i].unsorted = false;
    }
  }
  return WG_OK;
}

static wg_code descriptor_room(wg_wim_tree *t, wg_error *err) {
  if (t->n_descriptors < t->cap_descriptors) {
    return WG_OK;
  }
  uint32_t cap = t->n_descriptors + t->n_descriptors / 2 + 16;
  wg_str *v = wg_arena_new_array(t->arena, wg_str, cap);
  if (v == NULL) {
    return wg_arena_fail(t->arena, err);
  }
  for (uint32_t i = 0; i < t->n_descriptors; i++) {
    v[i] = t->descriptors[i];
  }
  t->descriptors = v;
  t->cap_descriptors = cap;
  return WG_OK;
}

wg_code wg_wim_tree_descriptor(wg_wim_tree *t, wg_str bytes, uint32_t *out, wg_error *err) {
  uint64_t total = 8;
  for (uint32_t i = 0; i < t->n_descriptors; i++) {
    if (wg_str_eq(t->descriptors[i], bytes)) {
      *out = i;
      return WG_OK;
    }
    total += 8 + (uint64_t)t->descriptors[i].n;
  }
  total += 8 + (uint64_t)bytes.n;
  if (total > INT32_MAX || t->n_descriptors >= INT32_MAX / 8) {
    return wg_fail(err, WG_E_LIMIT, "more security descriptors than the format can hold");
  }
  if (descriptor_room(t, err) != WG_OK) {
    return err->code;
  }
  t->descriptors[t->n_descriptors] = bytes;
  *out = t->n_descriptors++;
  t->security_bytes = (uint32_t)((total + 7) & ~(uint64_t)7);
  t->security_tail = (wg_str){NULL, 0};
  return WG_OK;
}

void wg_wim_tree_path(const wg_wim_tree *t, uint32_t entry, wg_buf *out) {
  uint32_t n = t->entries[entry].depth;
  if (n == 0) {
    wg_buf_add_byte(out, '\\');
    return;
  }
  for (uint32_t k = 1; k <= n; k++) {
    uint32_t at = entry;
    for (uint32_t up = k; up < n; up++) {
      at = t->entries[at].parent;
    }
    wg_buf_add_byte(out, '\\');
    wg_str name = t->entries[at].name16;
    (void)!wg_utf16le_to_utf8((const uint8_t *)name.p, name.n, out);
  }
}

const wg_sha1 *wg_wim_entry_hash(const wg_wim_entry *e, size_t i) {
  return i == 0 ? &e->hash : &e->streams[i - 1].hash;
}

// Unnamed streams stand, in this order, for the reparse data and the file's data. The stream in
// the entry itself, when its hash is zero, stands for what is then left.
// NOLINTNEXTLINE(readability-function-cognitive-complexity): one rule after the other
wg_wim_roles wg_wim_entry_roles(const wg_wim_entry *e) {
  wg_wim_roles r = {WG_WIM_NO_STREAM, WG_WIM_NO_STREAM, WG_WIM_NO_STREAM};
  bool encrypted = (e->attributes & WG_WIM_ATTR_ENCRYPTED) != 0;
  bool reparse = !encrypted && (e->attributes & WG_WIM_ATTR_REPARSE) != 0;
  for (uint32_t k = 0; k <= e->n_streams; k++) {
    if (k > 0 && e->streams[k - 1].name16.n > 0) {
      continue;
    }
    bool zero = wg_sha1_is_zero(wg_wim_entry_hash(e, k));
    if (encrypted) {
      if (!zero && r.efs == WG_WIM_NO_STREAM) {
        r.efs = k;
      }
    } else if (k == 0 && zero) {
      continue;
    } else if (reparse && r.reparse == WG_WIM_NO_STREAM) {
      r.reparse = k;
    } else if (r.data == WG_WIM_NO_STREAM) {
      r.data = k;
    }
  }
  if (!encrypted && wg_sha1_is_zero(&e->hash)) {
    if (reparse && r.reparse == WG_WIM_NO_STREAM) {
      r.reparse = 0;
    } else if (r.data == WG_WIM_NO_STREAM) {
      r.data = 0;
    }
  }
  return r;
}

wg_sha1 wg_wim_entry_data(const wg_wim_entry *e) {
  wg_wim_roles r = wg_wim_entry_roles(e);
  return r.data == WG_WIM_NO_STREAM ? (wg_sha1){{0}} : *wg_wim_entry_hash(e, r.data);
}
