// SPDX-License-Identifier: Apache-2.0
// Changing the model.
#include <string.h>

#include "fmt/regf/int.h"

#define EDIT_INDEX_FROM 24U // values in a key from which on they are indexed by hash

WG_WRAPS static uint32_t edit_sd_hash(wg_str s) {
  uint32_t h = 2166136261U; // FNV-1a
  for (size_t i = 0; i < s.n; i++) {
    h = (h ^ (uint8_t)s.p[i]) * 16777619U;
  }
  return h;
}

static bool edit_sd_index_grow(wg_hive *h) {
  uint32_t cap = h->sd_index_cap == 0 ? 64 : h->sd_index_cap * 2;
  uint32_t *index = wg_arena_new_array(&h->arena, uint32_t, cap);
  if (index == NULL) {
    return false;
  }
  for (uint32_t i = 0; i < h->n_sds; i++) {
    uint32_t at = h->sds[i].hash & (cap - 1);
    while (index[at] != 0) {
      at = (at + 1) & (cap - 1);
    }
    index[at] = i + 1;
  }
  h->sd_index = index;
  h->sd_index_cap = cap;
  return true;
}

// Room for one more element in an arena-backed array: the old one stays behind in the arena.
static bool edit_grow(wg_arena *a, void **p, uint32_t n, uint32_t *cap, size_t size) {
  if (n < *cap) {
    return true;
  }
  uint32_t bigger = *cap == 0 ? 4 : *cap * 2;
  void *q = bigger <= *cap ? NULL : wg_arena_array(a, bigger, size);
  if (q == NULL) {
    return false;
  }
  if (n > 0) {
    memcpy(q, *p, n * size);
  }
  *p = q;
  *cap = bigger;
  return true;
}

// Notes what of a key is not as its cells have it any more; without memory for it the hive is not
// patched but written whole.
static void edit_touch(wg_hive *h, wg_regkey *k, unsigned dirty) {
  if (h->source == NULL) {
    return;
  }
  void *p = h->touched;
  if (k->dirty == 0) {
    if (!edit_grow(&h->arena, &p, h->n_touched, &h->cap_touched,
                   sizeof(k))) { // NOLINT(bugprone-sizeof-expression): of pointers
      h->is_spotless = false;
      return;
    }
    h->touched = p;
    h->touched[h->n_touched++] = k;
  }
  k->dirty = (uint8_t)(k->dirty | dirty);
}

static void edit_value_gone(wg_hive *h, const regf_value *v) {
  void *p = h->gone_values;
  if (h->source == NULL || v->off == REGF_NIL) {
    return;
  }
  if (!edit_grow(&h->arena, &p, h->n_gone_values, &h->cap_gone_values, sizeof(v->off))) {
    h->is_spotless = false;
    return;
  }
  h->gone_values = p;
  h->gone_values[h->n_gone_values++] = v->off;
}

static void edit_key_gone(wg_hive *h, wg_regkey *k) {
  void *p = h->gone;
  if (h->source == NULL) {
    return;
  }
  if (!edit_grow(&h->arena, &p, h->n_gone, &h->cap_gone,
                 sizeof(k))) { // NOLINT(bugprone-sizeof-expression): of pointers
    h->is_spotless = false;
    return;
  }
  h->gone = p;
  h->gone[h->n_gone++] = k;
}

uint32_t wg_regf_sd_intern(wg_hive *h, wg_str bytes, bool copy, wg_error *err) {
  uint32_t hash = edit_sd_hash(bytes);
  if (h->n_sds * 2 >= h->sd_index_cap && !edit_sd_index_grow(h)) {
    (void)!wg_arena_fail(&h->arena, err);
    return REGF_NIL;
  }
  uint32_t mask = h->sd_index_cap - 1;
  uint32_t at = hash & mask;
  for (; h->sd_index[at] != 0; at = (at + 1) & mask) {
    const regf_sd *s = &h->sds[h->sd_index[at] - 1];
    if (s->hash == hash && wg_str_eq(s->bytes, bytes)) {
      return h->sd_index[at] - 1;
    }
  }
  void *sds = h->sds;
  bool grown = edit_grow(&h->arena, &sds, h->n_sds, &h->cap_sds, sizeof(*h->sds));
  h->sds = sds;
  const char *p = !grown ? NULL : copy ? wg_arena_strndup(&h->arena, bytes.p, bytes.n) : bytes.p;
  if (!grown || (p == NULL && bytes.n > 0)) {
    (void)!wg_arena_fail(&h->arena, err);
    return REGF_NIL;
  }
  h->sds[h->n_sds] = (regf_sd){.bytes = {p, bytes.n}, .hash = hash};
  h->sd_index[at] = ++h->n_sds;
  return h->n_sds - 1;
}

wg_code wg_regf_push_child(wg_hive *h, wg_regkey *parent, wg_regkey *child, uint32_t at,
                           wg_error *err) {
  void *p = parent->children;
  if (!edit_grow(&h->arena, &p, parent->n_children, &parent->cap_children,
                 sizeof(wg_regkey *))) { // NOLINT(bugprone-sizeof-expression): of pointers
    return wg_arena_fail(&h->arena, err);
  }
  parent->children = p;
  for (uint32_t i = parent->n_children; i > at; i--) {
    parent->children[i] = parent->children[i - 1];
  }
  parent->children[at] = child;
  parent->n_children++;
  child->parent = parent;
  return WG_OK;
}

// One key name: 1 to 255 units, no backslash (the path was split there) and no NUL.
static wg_code edit_check_key_name(wg_str part, wg_error *err) {
  if (part.n > 0 && memchr(part.p, 0, part.n) != NULL) {
    return wg_fail(err, WG_E_FORMAT, "a key name cannot have a NUL character");
  }
  return WG_OK;
}

static uint32_t edit_depth(const wg_regkey *k) {
  uint32_t n = 0;
  for (; k->parent != NULL; k = k->parent) {
    n++;
  }
  return n;
}

// Descriptor of a new key below parent.
static wg_code edit_inherit(wg_hive *h, const wg_regkey *parent, uint32_t *out, wg_error *err) {
  *out = parent->sd;
  if (h->inherit == NULL || parent->sd == REGF_NIL) {
    return WG_OK;
  }
  if (h->sds[parent->sd].child == 0) {
    WG_AUTO(wg_buf) made = {0};
    wg_buf_init(&made, &h->alloc, UINT16_MAX);
    if (h->inherit(h->sds[parent->sd].bytes, &made, err) != WG_OK ||
        wg_buf_check(&made, err) != WG_OK) {
      return err->code;
    }
    uint32_t i = wg_regf_sd_intern(h, wg_buf_str(&made), true, err);
    if (i == REGF_NIL) {
      return err->code;
    }
    h->sds[parent->sd].child = i + 1;
  }
  *out = h->sds[parent->sd].child - 1;
  return WG_OK;
}

static wg_code edit_make_child(wg_hive *h, wg_regkey *parent, wg_str part, uint64_t filetime,
                               wg_regkey **out, wg_error *err) {
  uint8_t buf[510];
  wg_str name16;
  uint32_t at = 0;
  if (edit_check_key_name(part, err) != WG_OK) {
    return err->code;
  }
  if (!wg_regf_name_to16(part, buf, sizeof(buf), &name16)) {
    return wg_fail(err, WG_E_FORMAT, "key name '%.*s' is longer than 255 characters or not text",
                   WG_STR_ARG(part));
  }
  if (edit_depth(parent) >= h->limits.max_depth) {
    return wg_fail(err, WG_E_LIMIT, "keys nest deeper than %u levels", h->limits.max_depth);
  }
  (void)wg_regf_child16(parent, name16, &at);
  wg_regkey *k = wg_arena_new(&h->arena, wg_regkey);
  const char *own = wg_arena_strndup(&h->arena, name16.p, name16.n);
  if (k == NULL || own == NULL) {
    return wg_arena_fail(&h->arena, err);
  }
  *k = (wg_regkey){
      .name16 = {own, name16.n}, .time = filetime, .off = REGF_NIL, .list_off = REGF_NIL};
  if (edit_inherit(h, parent, &k->sd, err) != WG_OK ||
      wg_regf_push_child(h, parent, k, at, err) != WG_OK) {
    return err->code;
  }
  parent->time = filetime;
  edit_touch(h, parent, DIRTY_KEY | DIRTY_CHILDREN);
  edit_touch(h, k, DIRTY_ALL);
  h->info.n_keys++;
  *out = k;
  return WG_OK;
}

wg_code wg_regkey_create(wg_hive *h, wg_regkey *at, wg_str path, uint64_t filetime, wg_regkey **out,
                         bool *out_made, wg_error *err) {
  wg_regkey *k = at;
  bool made = false;
  wg_str rest = path, part;
  while (wg_regf_path_next(&rest, &part)) {
    wg_regkey *child = wg_regkey_child(k, part);
    if (child == NULL) {
      if (edit_make_child(h, k, part, filetime, &child, err) != WG_OK) {
        return err->code;
      }
      made = true;
    }
    wg_assert(child != NULL);
    k = child;
  }
  *out = k;
  if (out_made != NULL) {
    *out_made = made;
  }
  return WG_OK;
}

wg_code wg_regkey_delete(wg_hive *h, wg_regkey *k, uint64_t filetime, wg_error *err) {
  wg_regkey *p = k->parent;
  if (p == NULL) {
    return wg_fail(err, WG_E_USAGE, "the root key cannot be deleted");
  }
  for (uint32_t i = 0; i < p->n_children; i++) {
    if (p->children[i] == k) {
      for (p->n_children--; i < p->n_children; i++) {
        p->children[i] = p->children[i + 1];
      }
      p->time = filetime;
      k->parent = NULL;
      edit_touch(h, p, DIRTY_KEY | DIRTY_CHILDREN);
      edit_key_gone(h, k);
      return WG_OK;
    }
  }
  return wg_fail(err, WG_E_BUG, "a key is not among its parent's subkeys");
}

WG_WRAPS static void edit_index_add(wg_regkey *k, uint32_t i) {
  uint32_t mask = k->index_cap - 1;
  uint32_t at = wg_regf_name_hash(k->values[i].v.name16) * 2654435761U & mask;
  while (k->index[at] != 0) {
    at = (at + 1) & mask;
  }
  k->index[at] = i + 1;
}

// Makes the index hold all values; without memory for it the key is searched from end to end.
static void edit_reindex(wg_hive *h, wg_regkey *k) {
  size_t cap = 64;
  while (cap / 4 < k->n_values) {
    cap *= 2;
  }
  if (k->index == NULL || k->index_cap < cap) {
    k->index = wg_arena_new_array(&h->arena, uint32_t, cap);
    k->index_cap = (uint32_t)cap;
  } else {
    memset(k->index, 0, (size_t)k->index_cap * sizeof(*k->index));
  }
  for (uint32_t i = 0; k->index != NULL && i < k->n_values; i++) {
    edit_index_add(k, i);
  }
}

#define EDIT_MAX_VALUE_NAME_BYTES ((size_t)32766) // 16,383 units

static wg_code edit_add_value(wg_hive *h, wg_regkey *k, wg_str name, wg_buf *name16, uint32_t *out,
                              wg_error *err) {
  if (name16->n > EDIT_MAX_VALUE_NAME_BYTES ||
      (name16->n > 0 && wg_buf_check(name16, err) != WG_OK)) {
    return wg_fail(err, WG_E_FORMAT, "value name '%.*s' is longer than 16,383 characters",
                   WG_STR_ARG(name));
  }
  void *p = k->values;
  const char *own = wg_arena_strndup(&h->arena, name16->p, name16->n);
  if (own == NULL || !edit_grow(&h->arena, &p, k->n_values, &k->cap_values, sizeof(*k->values))) {
    return wg_arena_fail(&h->arena, err);
  }
  k->values = p;
  k->values[k->n_values] = (regf_value){.v = {.name16 = {own, name16->n}}, .off = REGF_NIL};
  *out = k->n_values++;
  h->info.n_values++;
  if (k->n_values > EDIT_INDEX_FROM) {
    if (k->index == NULL || k->n_values * 2 > k->index_cap) {
      edit_reindex(h, k);
    } else {
      edit_index_add(k, k->n_values - 1);
    }
  }
  return WG_OK;
}

wg_code wg_regkey_set(wg_hive *h, wg_regkey *k, wg_str name, uint32_t type, const void *data,
                      uint32_t n_bytes, uint64_t filetime, wg_error *err) {
  WG_AUTO(wg_buf) name16 = {0};
  wg_buf_init(&name16, &h->alloc, 65536);
  if (!wg_utf8_to_utf16le(name, &name16)) {
    return wg_fail(err, WG_E_FORMAT, "value name is not UTF-8");
  }
  if (wg_buf_check(&name16, err) != WG_OK) {
    return wg_wrap(err, "value name");
  }
  if (n_bytes > h->limits.max_value_bytes) {
    return wg_fail(err, WG_E_LIMIT, "value of %u bytes; the limit is %u", n_bytes,
                   h->limits.max_value_bytes);
  }
  char *own = wg_arena_strndup(&h->arena, data, n_bytes);
  if (own == NULL || !wg_regf_load_values(k)) {
    return wg_arena_fail(&h->arena, err);
  }
  uint32_t i = wg_regf_value_at(k, wg_buf_str(&name16));
  if (i == REGF_NIL && edit_add_value(h, k, name, &name16, &i, err) != WG_OK) {
    return err->code;
  }
  regf_value *v = &k->values[i];
  v->v.type = type;
  v->v.data = (const uint8_t *)own;
  v->v.n_bytes = n_bytes;
  v->v.tombstone = false;
  edit_value_gone(h, v);
  v->off = REGF_NIL;
  k->time = filetime;
  edit_touch(h, k, DIRTY_KEY | DIRTY_VALUES);
  return WG_OK;
}

wg_code wg_regkey_unset(wg_hive *h, wg_regkey *k, wg_str name, uint64_t filetime, wg_error *err) {
  const wg_regvalue *v = wg_regkey_value(k, name);
  if (v == NULL) {
    return wg_fail(err, WG_E_NOT_FOUND, "there is no value '%.*s'", WG_STR_ARG(name));
  }
  uint32_t i = 0;
  while (&k->values[i].v != v) {
    i++;
  }
  edit_value_gone(h, &k->values[i]);
  memmove(k->values + i, k->values + i + 1, (k->n_values - i - 1) * sizeof(*k->values));
  k->n_values--;
  k->time = filetime;
  edit_touch(h, k, DIRTY_KEY | DIRTY_VALUES);
  h->info.n_values--;
  if (k->index != NULL) {
    edit_reindex(h, k);
  }
  return WG_OK;
}

wg_code wg_regkey_set_sd(wg_hive *h, wg_regkey *k, const void *sd, size_t n_bytes,
                         uint64_t filetime, wg_error *err) {
  uint32_t i = wg_regf_sd_intern(h, (wg_str){sd, n_bytes}, true, err);
  if (i == REGF_NIL) {
    return err->code;
  }
  k->sd = i;
  k->time = filetime;
  edit_touch(h, k, DIRTY_KEY | DIRTY_SD);
  return WG_OK;
}

wg_code wg_regkey_set_class(wg_hive *h, wg_regkey *k, const void *p, size_t n_bytes,
                            wg_error *err) {
  if (n_bytes > UINT16_MAX) {
    return wg_fail(err, WG_E_LIMIT, "class name of %zu bytes; the limit is 65535", n_bytes);
  }
  const char *own = wg_arena_strndup(&h->arena, p, n_bytes);
  if (own == NULL) {
    return wg_arena_fail(&h->arena, err);
  }
  k->class_bytes = (wg_str){own, n_bytes};
  edit_touch(h, k, DIRTY_KEY | DIRTY_CLASS);
  if (k->parent != NULL) {
    edit_touch(h, k->parent, DIRTY_CHILDREN); // which says how long the longest one is
  }
  return WG_OK;
}

void wg_regkey_set_link(wg_hive *h, wg_regkey *k, bool link) {
  edit_touch(h, k, DIRTY_KEY);
  k->flags = (uint16_t)(link ? k->flags | NK_LINK : k->flags & ~NK_LINK);
}

wg_code wg_hive_new(uint32_t minor, const char *root_name, const void *sd, size_t sd_bytes,
                    uint64_t filetime, const wg_alloc *alloc, wg_hive **out, wg_error *err) {
  if (minor < 3 || minor > 6) {
    return wg_fail(err, WG_E_USAGE, "hive version 1.%u; 1.3 to 1.6 can be made", minor);
  }
  WG_AUTO_PTR(wg_hive) h = wg_regf_hive_alloc(alloc, NULL);
  if (h == NULL) {
    return wg_fail(err, WG_E_NOMEM, "out of memory");
  }
  uint8_t buf[510];
  wg_str name16;
  if (!wg_regf_name_to16(wg_str_of(root_name), buf, sizeof(buf), &name16) || name16.n == 0) {
    return wg_fail(err, WG_E_USAGE, "'%s' cannot be the name of a root key", root_name);
  }
  h->root = wg_arena_new(&h->arena, wg_regkey);
  const char *own = wg_arena_strndup(&h->arena, name16.p, name16.n);
  if (h->root == NULL || own == NULL) {
    return wg_arena_fail(&h->arena, err);
  }
  *h->root = (wg_regkey){.name16 = {own, name16.n},
                         .time = filetime,
                         .off = REGF_NIL,
                         .list_off = REGF_NIL,
                         .flags = NK_ENTRY | NK_NO_DELETE,
                         .sd = REGF_NIL};
  if (sd_bytes > 0) {
    h->root->sd = wg_regf_sd_intern(h, (wg_str){sd, sd_bytes}, true, err);
    if (h->root->sd == REGF_NIL) {
      return err->code;
    }
  }
  h->root_parent = REGF_NIL;
  h->bin_time = filetime;
  h->info = (wg_regf_info){
      .seq1 = 1, .seq2 = 1, .last_written = filetime, .major = 1, .minor = minor, .n_keys = 1};
  memcpy(h->base, "regf", 4);
  wg_put_le64(h->base + 12, filetime);
  wg_put_le32(h->base + 20, 1);
  wg_put_le32(h->base + 24, minor);
  wg_put_le32(h->base + 32, 1);
  wg_put_le32(h->base + 44, 1);
  *out = wg_take(&h);
  return WG_OK;
}
