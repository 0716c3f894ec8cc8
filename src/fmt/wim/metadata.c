// SPDX-License-Identifier: Apache-2.0
// An image's metadata resource: security descriptors, then folders as lists of entries.
#include <string.h>

#include "base/sort.h"
#include "fmt/wim/internal.h"

#define META_ENTRY_BYTES 102 // fixed part of an entry
#define META_STREAM_BYTES 38 // fixed part of an extra stream entry
#define META_MAX_ROOT_GAP 4096

typedef struct meta_parse {
  const uint8_t *p;
  size_t n_bytes;
  wg_wim_tree *t;
  uint8_t *seen; // a bit per 8 bytes: an entry starts here
  uint32_t max_depth;
} meta_parse;

static bool meta_align8(uint64_t n, uint64_t *out) {
  uint64_t sum = 0;
  if (!wg_add(n, (uint64_t)7, &sum)) {
    return false;
  }
  *out = sum & ~(uint64_t)7;
  return true;
}

static wg_code meta_security_sizes(const meta_parse *m, uint64_t total, wg_error *err) {
  wg_wim_tree *t = m->t;
  uint64_t at = 8 + (uint64_t)t->n_descriptors * 8;
  for (uint32_t i = 0; i < t->n_descriptors; i++) {
    uint64_t n = wg_le64(m->p + 8 + (size_t)i * 8);
    if (n > total - at) {
      return wg_fail_at(err, WG_E_FORMAT, 8 + (uint64_t)i * 8,
                        "security descriptor %u of %llu bytes does not fit", (unsigned)i,
                        (unsigned long long)n);
    }
    t->descriptors[i] = (wg_str){(const char *)m->p + at, (size_t)n};
    at += n;
  }
  t->security_tail = (wg_str){(const char *)m->p + at, (size_t)(total - at)};
  return WG_OK;
}

static wg_code meta_security(const meta_parse *m, uint64_t *out_root, wg_error *err) {
  wg_wim_tree *t = m->t;
  if (m->n_bytes < 8) {
    return wg_fail_at(err, WG_E_FORMAT, 0, "metadata of %zu bytes", m->n_bytes);
  }
  t->security_bytes = wg_le32(m->p);
  t->n_descriptors = wg_le32(m->p + 4);
  uint64_t total = 0;
  if (!meta_align8(t->security_bytes < 8 ? 8 : t->security_bytes, &total) || total > m->n_bytes) {
    return wg_fail_at(err, WG_E_FORMAT, 0, "security data of %u bytes does not fit",
                      (unsigned)t->security_bytes);
  }
  if (t->n_descriptors > (total - 8) / 8) {
    return wg_fail_at(err, WG_E_FORMAT, 4, "%u security descriptors do not fit",
                      (unsigned)t->n_descriptors);
  }
  t->descriptors = wg_arena_new_array(t->arena, wg_str, t->n_descriptors);
  if (t->descriptors == NULL) {
    return wg_arena_fail(t->arena, err);
  }
  *out_root = total;
  return meta_security_sizes(m, total, err);
}

// A name must not be able to mean another path. Backslashes can be in images captured on Linux.
static wg_code meta_check_name(wg_str name16, uint64_t off, wg_error *err) {
  const uint8_t *p = (const uint8_t *)name16.p;
  size_t n = name16.n / 2;
  for (size_t i = 0; i < n; i++) {
    uint16_t c = wg_le16(p + 2 * i);
    if (c == 0 || c == '/') {
      return wg_fail_at(err, WG_E_FORMAT, off, "a name has the character 0x%04x", (unsigned)c);
    }
  }
  if ((n == 1 && wg_le16(p) == '.') || (n == 2 && wg_le16(p) == '.' && wg_le16(p + 2) == '.')) {
    return wg_fail_at(err, WG_E_FORMAT, off, "an entry is named '%s'", n == 1 ? "." : "..");
  }
  return WG_OK;
}

static wg_code meta_stream(const meta_parse *m, uint64_t *off, wg_wim_stream *s, wg_error *err) {
  const uint8_t *p = m->p + *off;
  uint64_t left = m->n_bytes - *off, full = 0;
  if (left < META_STREAM_BYTES) {
    return wg_fail_at(err, WG_E_FORMAT, *off, "a stream entry does not fit");
  }
  s->length = wg_le64(p);
  s->reserved = wg_le64(p + 8);
  memcpy(s->hash.b, p + 16, sizeof(s->hash.b));
  uint16_t n_name = wg_le16(p + 36);
  uint64_t need = META_STREAM_BYTES + (uint64_t)n_name + (n_name > 0 ? 2 : 0);
  if (!meta_align8(s->length, &full) || full > left || full < META_STREAM_BYTES ||
      n_name % 2 != 0) {
    return wg_fail_at(err, WG_E_FORMAT, *off, "a stream entry of %llu bytes does not fit",
                      (unsigned long long)s->length);
  }
  // The NUL behind a name may be left out when the name ends at the aligned length.
  if (need > full && need - 2 > full) {
    return wg_fail_at(err, WG_E_FORMAT, *off, "a stream's name does not fit its entry");
  }
  s->name16 = (wg_str){(const char *)p + META_STREAM_BYTES, n_name};
  uint64_t used = META_STREAM_BYTES + (uint64_t)n_name;
  s->tail = (wg_str){(const char *)p + used, (size_t)(full - used)};
  if (meta_check_name(s->name16, *off, err) != WG_OK) {
    return err->code;
  }
  *off += full;
  return WG_OK;
}

static void meta_fixed(const uint8_t *p, wg_wim_entry *e) {
  e->attributes = wg_le32(p + 8);
  e->security = wg_le32(p + 12);
  e->list_off = wg_le64(p + 16);
  e->has_list = e->list_off != 0;
  e->unused1 = wg_le64(p + 24);
  e->unused2 = wg_le64(p + 32);
  e->create_time = wg_le64(p + 40);
  e->access_time = wg_le64(p + 48);
  e->write_time = wg_le64(p + 56);
  memcpy(e->hash.b, p + 64, sizeof(e->hash.b));
  e->unknown54 = wg_le32(p + 84);
  e->link_or_reparse = wg_le64(p + 88);
  e->n_streams = wg_le16(p + 96);
}

static bool meta_has_tilde(wg_str name16) {
  for (size_t i = 0; i + 1 < name16.n; i += 2) {
    if (wg_le16((const uint8_t *)name16.p + i) == '~') {
      return true;
    }
  }
  return false;
}

static wg_code meta_names(const uint8_t *p, uint64_t off, uint64_t full, wg_wim_entry *e,
                          wg_error *err) {
  uint16_t n_short = wg_le16(p + 98), n_name = wg_le16(p + 100);
  uint64_t at = META_ENTRY_BYTES;
  uint64_t need = at + n_name + (n_name > 0 ? 2 : 0) + (uint64_t)n_short + (n_short > 0 ? 2 : 0);
  if (n_short % 2 != 0 || n_name % 2 != 0 || need > full) {
    return wg_fail_at(err, WG_E_FORMAT, off, "the names of an entry do not fit in its %llu bytes",
                      (unsigned long long)e->length);
  }
  if (n_name > 0) {
    e->name16 = (wg_str){(const char *)p + at, n_name};
    at += (uint64_t)n_name + 2;
  }
  if (n_short > 0) {
    e->short16 = (wg_str){(const char *)p + at, n_short};
    at += (uint64_t)n_short + 2;
  }
  e->tail = (wg_str){(const char *)p + at, (size_t)(full - at)};
  if (meta_check_name(e->name16, off, err) != WG_OK ||
      meta_check_name(e->short16, off, err) != WG_OK) {
    return err->code;
  }
  return WG_OK;
}

static wg_code meta_check_entry(const meta_parse *m, const wg_wim_entry *e, uint64_t off,
                                wg_error *err) {
  if (e->security != WG_WIM_NO_SECURITY && e->security >= m->t->n_descriptors) {
    return wg_fail_at(err, WG_E_FORMAT, off, "security descriptor %u of %u", (unsigned)e->security,
                      (unsigned)m->t->n_descriptors);
  }
  if (e->has_list && (e->attributes & WG_WIM_ATTR_DIRECTORY) == 0) {
    return wg_fail_at(err, WG_E_FORMAT, off, "a file with children");
  }
  if (e->has_list && (e->list_off % 8 != 0 || e->list_off >= m->n_bytes)) {
    return wg_fail_at(err, WG_E_FORMAT, off, "a folder's entries at 0x%llx, outside the metadata",
                      (unsigned long long)e->list_off);
  }
  return WG_OK;
}

// Reads the entry at *off into a new element of the tree and moves behind it; *out_end on the end
// of a list.
static wg_code meta_entry(const meta_parse *m, uint64_t *off, uint32_t parent, bool *out_end,
                          wg_error *err) {
  wg_wim_tree *t = m->t;
  const uint8_t *p = m->p + *off;
  uint64_t left = m->n_bytes - *off, full = 0;
  if (left < 8) {
    return wg_fail_at(err, WG_E_FORMAT, *off, "a list of entries has no end");
  }
  uint64_t length = wg_le64(p);
  if (length <= 8) {
    *out_end = true;
    return WG_OK;
  }
  if (length < META_ENTRY_BYTES || !meta_align8(length, &full) || full > left) {
    return wg_fail_at(err, WG_E_FORMAT, *off, "an entry of %llu bytes does not fit",
                      (unsigned long long)length);
  }
  if ((m->seen[*off / 64] >> (*off / 8 % 8) & 1) != 0) {
    return wg_fail_at(err, WG_E_FORMAT, *off, "the entry at 0x%llx is in two folders",
                      (unsigned long long)*off);
  }
  m->seen[*off / 64] = (uint8_t)(m->seen[*off / 64] | 1u << (*off / 8 % 8));
  if (t->n == t->cap) {
    return wg_fail_at(err, WG_E_FORMAT, *off, "more entries than the metadata has room for");
  }
  wg_wim_entry e = {.length = length,
                    .parent = parent,
                    .first_child = WG_WIM_NO_ENTRY,
                    .last_child = WG_WIM_NO_ENTRY,
                    .next = WG_WIM_NO_ENTRY};
  meta_fixed(p, &e);
  if (meta_names(p, *off, full, &e, err) != WG_OK || meta_check_entry(m, &e, *off, err) != WG_OK) {
    return err->code;
  }
  *off += full;
  if (e.n_streams > (m->n_bytes - *off) / META_STREAM_BYTES) {
    return wg_fail_at(err, WG_E_FORMAT, *off, "%u streams do not fit", (unsigned)e.n_streams);
  }
  if (e.n_streams > 0) {
    e.streams = wg_arena_new_array(t->arena, wg_wim_stream, e.n_streams);
    if (e.streams == NULL) {
      return wg_arena_fail(t->arena, err);
    }
  }
  for (uint16_t i = 0; i < e.n_streams; i++) {
    if (meta_stream(m, off, &e.streams[i], err) != WG_OK) {
      return err->code;
    }
  }
  t->entries[t->n++] = e;
  return WG_OK;
}

static wg_code meta_list(const meta_parse *m, uint32_t dir, wg_error *err) {
  wg_wim_tree *t = m->t;
  uint64_t off = t->entries[dir].list_off;
  uint32_t depth = t->entries[dir].depth + 1, last = WG_WIM_NO_ENTRY;
  for (;;) {
    bool end = false;
    uint64_t at = off;
    if (meta_entry(m, &off, dir, &end, err) != WG_OK) {
      return err->code;
    }
    if (end) {
      break;
    }
    uint32_t i = (uint32_t)(t->n - 1);
    if (t->entries[i].name16.n == 0) {
      return wg_fail_at(err, WG_E_FORMAT, at, "an entry without a name");
    }
    if (depth > m->max_depth) {
      return wg_fail_at(err, WG_E_LIMIT, at, "folders are nested more than %u deep",
                        (unsigned)m->max_depth);
    }
    t->entries[i].depth = depth;
    t->odd_short_names = t->odd_short_names ||
                         (t->entries[i].short16.n > 0 && !meta_has_tilde(t->entries[i].short16));
    if (last == WG_WIM_NO_ENTRY) {
      t->entries[dir].first_child = i;
    } else {
      t->entries[last].next = i;
    }
    last = i;
  }
  t->entries[dir].last_child = last;
  return WG_OK;
}

// *off: where the root is; moves behind it.
static wg_code meta_root(const meta_parse *m, uint64_t *off, wg_error *err) {
  bool end = false;
  uint64_t at = *off;
  if (meta_entry(m, off, WG_WIM_NO_ENTRY, &end, err) != WG_OK) {
    return err->code;
  }
  if (end) {
    return wg_fail_at(err, WG_E_FORMAT, *off, "the metadata has no root folder");
  }
  const wg_wim_entry *root = &m->t->entries[0];
  if ((root->attributes & WG_WIM_ATTR_DIRECTORY) == 0 || root->name16.n != 0) {
    return wg_fail_at(err, WG_E_FORMAT, at, "the root is not a nameless folder");
  }
  return WG_OK;
}

// From the root's end to the first list, which is the root's own in all files but odd ones.
static uint64_t meta_root_gap(const wg_wim_tree *t, uint64_t root_end) {
  uint64_t first = UINT64_MAX;
  for (size_t i = 0; i < t->n; i++) {
    const wg_wim_entry *e = &t->entries[i];
    first = e->has_list && e->list_off >= root_end && e->list_off < first ? e->list_off : first;
  }
  return first != UINT64_MAX && first - root_end <= META_MAX_ROOT_GAP ? first - root_end : 8;
}

wg_code wg_wim_tree_parse(const uint8_t *p, size_t n_bytes, wg_arena *arena,
                          const wg_wim_limits *limits, size_t n_extra, wg_wim_tree *out,
                          wg_error *err) {
  wg_wim_tree t = {.arena = arena, .cap = n_bytes / 104 + 1 + n_extra};
  meta_parse m = {.p = p,
                  .n_bytes = n_bytes,
                  .t = &t,
                  .max_depth = limits->max_depth != 0 ? limits->max_depth
                                                      : wg_wim_limits_default().max_depth};
  if (t.cap >= WG_WIM_NO_ENTRY) {
    return wg_fail(err, WG_E_LIMIT, "metadata of %zu bytes", n_bytes);
  }
  uint64_t root = 0;
  if (meta_security(&m, &root, err) != WG_OK) {
    return err->code;
  }
  t.entries = wg_arena_raw_array(arena, wg_wim_entry, t.cap); // for the smallest entries there are
  m.seen = wg_arena_get(arena, n_bytes / 64 + 1);
  if (t.entries == NULL || m.seen == NULL) {
    return wg_arena_fail(arena, err);
  }
  if (meta_root(&m, &root, err) != WG_OK) {
    return err->code;
  }
  // Entries are appended while lists are read, so this walks the tree without a stack.
  for (uint32_t i = 0; i < t.n; i++) {
    if (t.entries[i].has_list && meta_list(&m, i, err) != WG_OK) {
      return err->code;
    }
  }
  if (wg_wim_tree_check_names(&t, err) != WG_OK) {
    return err->code;
  }
  t.root_gap_bytes = meta_root_gap(&t, root);
  *out = t;
  return WG_OK;
}

// --- Writing.

// The NULs behind names belong to an entry; what follows is its tail.
static uint64_t meta_fresh_length(const wg_wim_entry *e) {
  uint64_t n = META_ENTRY_BYTES + (uint64_t)e->name16.n + (e->name16.n > 0 ? 2 : 0) +
               (uint64_t)e->short16.n + (e->short16.n > 0 ? 2 : 0) + (uint64_t)e->tail.n;
  return (n + 7) & ~(uint64_t)7;
}

static uint64_t meta_entry_bytes(const wg_wim_entry *e) {
  uint64_t n = meta_fresh_length(e);
  for (uint16_t i = 0; i < e->n_streams; i++) {
    n += (META_STREAM_BYTES + (uint64_t)e->streams[i].name16.n + e->streams[i].tail.n + 7) &
         ~(uint64_t)7;
  }
  return n;
}

static void meta_put_name(wg_buf *b, wg_str name16) {
  if (name16.n > 0) {
    wg_buf_add_str(b, name16);
    wg_buf_add_le16(b, 0);
  }
}

static void meta_put_entry(const wg_wim_entry *e, uint64_t list_off, wg_buf *b) {
  wg_buf_add_le64(b, e->length != 0 ? e->length : meta_fresh_length(e));
  wg_buf_add_le32(b, e->attributes);
  wg_buf_add_le32(b, e->security);
  wg_buf_add_le64(b, list_off);
  wg_buf_add_le64(b, e->unused1);
  wg_buf_add_le64(b, e->unused2);
  wg_buf_add_le64(b, e->create_time);
  wg_buf_add_le64(b, e->access_time);
  wg_buf_add_le64(b, e->write_time);
  wg_buf_add(b, e->hash.b, sizeof(e->hash.b));
  wg_buf_add_le32(b, e->unknown54);
  wg_buf_add_le64(b, e->link_or_reparse);
  wg_buf_add_le16(b, e->n_streams);
  wg_buf_add_le16(b, (uint16_t)e->short16.n);
  wg_buf_add_le16(b, (uint16_t)e->name16.n);
  meta_put_name(b, e->name16);
  meta_put_name(b, e->short16);
  wg_buf_add_str(b, e->tail);
  wg_buf_align(b, 8);
  for (uint16_t i = 0; i < e->n_streams; i++) {
    const wg_wim_stream *s = &e->streams[i];
    wg_buf_add_le64(b, s->length);
    wg_buf_add_le64(b, s->reserved);
    wg_buf_add(b, s->hash.b, sizeof(s->hash.b));
    wg_buf_add_le16(b, (uint16_t)s->name16.n);
    wg_buf_add_str(b, s->name16);
    wg_buf_add_str(b, s->tail);
    wg_buf_align(b, 8);
  }
}

static void meta_put_security(const wg_wim_tree *t, wg_buf *b) {
  wg_buf_add_le32(b, t->security_bytes);
  wg_buf_add_le32(b, t->n_descriptors);
  for (uint32_t i = 0; i < t->n_descriptors; i++) {
    wg_buf_add_le64(b, t->descriptors[i].n);
  }
  for (uint32_t i = 0; i < t->n_descriptors; i++) {
    wg_buf_add_str(b, t->descriptors[i]);
  }
  wg_buf_add_str(b, t->security_tail);
  wg_buf_align(b, 8);
}

typedef struct meta_list_at { // a folder's list in the order of writing
  uint64_t old_off, new_off;
  uint32_t dir;
} meta_list_at;

static int meta_list_cmp(const void *a, const void *b, void *ctx) {
  (void)ctx;
  const meta_list_at *x = a, *y = b;
  if (x->old_off != y->old_off) {
    return x->old_off < y->old_off ? -1 : 1;
  }
  return (x->dir > y->dir) - (x->dir < y->dir);
}

// Lists keep the order they had; new ones follow. Fills new_off and, by entry, offs.
static wg_code meta_layout(wg_wim_tree *t, uint64_t at, meta_list_at **out, size_t *out_n,
                           uint64_t **out_offs, wg_error *err) {
  size_t n = 0;
  for (size_t i = 0; i < t->n; i++) {
    n += t->entries[i].has_list;
  }
  meta_list_at *lists = wg_arena_new_array(t->arena, meta_list_at, n);
  uint64_t *offs = wg_arena_new_array(t->arena, uint64_t, t->n);
  if (lists == NULL || offs == NULL) {
    return wg_arena_fail(t->arena, err);
  }
  size_t k = 0;
  for (size_t i = 0; i < t->n; i++) {
    if (t->entries[i].has_list) {
      lists[k++] = (meta_list_at){.old_off = t->entries[i].list_off, .dir = (uint32_t)i};
    }
  }
  if (n > 1) {
    wg_sort(lists, n, sizeof(lists[0]), meta_list_cmp, NULL);
  }
  for (size_t i = 0; i < n; i++) {
    lists[i].new_off = at;
    offs[lists[i].dir] = at;
    for (uint32_t c = t->entries[lists[i].dir].first_child; c != WG_WIM_NO_ENTRY;
         c = t->entries[c].next) {
      at += meta_entry_bytes(&t->entries[c]);
    }
    at += 8;
  }
  *out = lists;
  *out_n = n;
  *out_offs = offs;
  return WG_OK;
}

wg_code wg_wim_tree_write(wg_wim_tree *t, wg_buf *out, wg_error *err) {
  meta_list_at *lists = NULL;
  uint64_t *offs = NULL;
  size_t n = 0;
  wg_assert(!t->loose);
  if (wg_wim_tree_sort(t, err) != WG_OK) {
    return err->code;
  }
  meta_put_security(t, out);
  uint64_t at = out->n + meta_entry_bytes(&t->entries[0]) + t->root_gap_bytes;
  if (meta_layout(t, at, &lists, &n, &offs, err) != WG_OK) {
    return err->code;
  }
  wg_assert(offs != NULL);
  meta_put_entry(&t->entries[0], offs[0], out);
  wg_buf_add_zeros(out, (size_t)t->root_gap_bytes);
  for (size_t i = 0; i < n; i++) {
    for (uint32_t c = t->entries[lists[i].dir].first_child; c != WG_WIM_NO_ENTRY;
         c = t->entries[c].next) {
      meta_put_entry(&t->entries[c], offs[c], out);
    }
    wg_buf_add_le64(out, 0);
  }
  return wg_buf_check(out, err);
}
