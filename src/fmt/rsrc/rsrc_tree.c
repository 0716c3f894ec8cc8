// SPDX-License-Identifier: Apache-2.0
// The resource directory (PE 6.9): type, name and language tables, data entries, strings, data.
#include <string.h>

#include "base/utf.h"
#include "fmt/rsrc/rsrc.h"

enum {
  DIR_BYTES = 16,
  ENTRY_BYTES = 8,
  DATA_ENTRY_BYTES = 16,
  DATA_ALIGN = 8,
  MAX_NAME_CHARS16 = 1024,
};
#define HIGH_BIT 0x80000000U
#define MAX_SECTION_BYTES 0x7FFFFFFFU

// A type or name with its string as it is stored.
typedef struct key {
  wg_str upper16; // upper-case UTF-16LE; n 0: id is used
  uint16_t id;
} key;
typedef struct node {
  key type, name;
  uint16_t lang;
  const wg_rsrc_item *item;
} node;

typedef struct tree {
  wg_arena *arena;
  node *nodes; // sorted
  uint32_t n;
  uint64_t names_off, data_off; // running positions while writing
} tree;

static wg_code make_key(wg_arena *arena, const wg_rsrc_id *id, key *out, wg_error *err) {
  *out = (key){.id = id->id};
  if (id->name.n == 0) {
    return WG_OK;
  }
  WG_AUTO(wg_buf) b = {0};
  wg_buf_init(&b, arena->alloc, 0);
  if (!wg_utf8_valid(id->name) || !wg_utf8_to_utf16le(id->name, &b)) {
    return wg_fail(err, WG_E_FORMAT, "resource name '%.*s' is not UTF-8", WG_STR_ARG(id->name));
  }
  if (wg_buf_check(&b, err) != WG_OK) {
    return err->code;
  }
  if (b.n / 2 > MAX_NAME_CHARS16) {
    return wg_fail(err, WG_E_LIMIT, "a resource name of more than %d characters", MAX_NAME_CHARS16);
  }
  for (size_t i = 0; i < b.n; i += 2) {
    wg_put_le16(b.p + i, wg_upcase16(wg_le16(b.p + i)));
  }
  const char *copy = wg_arena_strndup(arena, b.p, b.n);
  if (copy == NULL) {
    return wg_arena_fail(arena, err);
  }
  out->upper16 = (wg_str){copy, b.n};
  return WG_OK;
}

// Names before numbers; names by UTF-16 unit, numbers ascending.
static int key_cmp(const key *a, const key *b) {
  if ((a->upper16.n == 0) != (b->upper16.n == 0)) {
    return a->upper16.n != 0 ? -1 : 1;
  }
  if (a->upper16.n == 0) {
    return a->id < b->id ? -1 : a->id > b->id;
  }
  size_t n = a->upper16.n < b->upper16.n ? a->upper16.n : b->upper16.n;
  for (size_t i = 0; i < n; i += 2) {
    uint16_t ca = wg_le16((const uint8_t *)a->upper16.p + i);
    uint16_t cb = wg_le16((const uint8_t *)b->upper16.p + i);
    if (ca != cb) {
      return ca < cb ? -1 : 1;
    }
  }
  return a->upper16.n < b->upper16.n ? -1 : a->upper16.n > b->upper16.n;
}

static int node_cmp(const node *a, const node *b) {
  int c = key_cmp(&a->type, &b->type);
  c = c != 0 ? c : key_cmp(&a->name, &b->name);
  return c != 0 ? c : a->lang < b->lang ? -1 : a->lang > b->lang;
}

// Bottom-up merge sort: from and to swap roles each round. Returns the sorted one.
static node *sort_nodes(node *from, node *to, uint32_t n) {
  for (uint64_t width = 1; width < n; width *= 2) {
    for (uint64_t start = 0; start < n; start += 2 * width) {
      uint64_t mid = start + width < n ? start + width : n;
      uint64_t end = mid + width < n ? mid + width : n;
      uint64_t a = start, b = mid;
      for (uint64_t k = start; k < end; k++) {
        bool take_a = a < mid && (b == end || node_cmp(&from[a], &from[b]) <= 0);
        to[k] = from[take_a ? a++ : b++];
      }
    }
    node *swap = from;
    from = to;
    to = swap;
  }
  return from;
}

static bool same_type(const node *a, const node *b) {
  return key_cmp(&a->type, &b->type) == 0;
}
static bool same_name(const node *a, const node *b) {
  return same_type(a, b) && key_cmp(&a->name, &b->name) == 0;
}
typedef bool (*same_fn)(const node *a, const node *b);

// End of the run that begins at i.
static uint32_t run_end(const tree *t, uint32_t i, same_fn same) {
  uint32_t end = i + 1;
  while (end < t->n && same(&t->nodes[i], &t->nodes[end])) {
    end++;
  }
  return end;
}

static uint32_t count_runs(const tree *t, uint32_t from, uint32_t to, same_fn same) {
  uint32_t runs = 0;
  for (uint32_t i = from; i < to; i = run_end(t, i, same)) {
    runs++;
  }
  return runs;
}

static void add_dir_header(wg_buf *out, uint32_t n_named, uint32_t n_ids) {
  wg_buf_add_zeros(out, 12); // characteristics, time stamp, version
  wg_buf_add_le16(out, (uint16_t)n_named);
  wg_buf_add_le16(out, (uint16_t)n_ids);
}

static void add_entry(tree *t, wg_buf *out, const key *k, uint64_t target) {
  if (k->upper16.n != 0) {
    wg_buf_add_le32(out, HIGH_BIT | (uint32_t)t->names_off);
    t->names_off += 2 + k->upper16.n;
  } else {
    wg_buf_add_le32(out, k->id);
  }
  wg_buf_add_le32(out, HIGH_BIT | (uint32_t)target);
}

static uint32_t count_named(const tree *t, uint32_t from, uint32_t to, same_fn same, bool types) {
  uint32_t named = 0;
  for (uint32_t i = from; i < to; i = run_end(t, i, same)) {
    named += (types ? t->nodes[i].type : t->nodes[i].name).upper16.n != 0 ? 1 : 0;
  }
  return named;
}

static void add_type_dir(tree *t, wg_buf *out, uint64_t names_dir_off) {
  uint32_t n = count_runs(t, 0, t->n, same_type), named = count_named(t, 0, t->n, same_type, true);
  add_dir_header(out, named, n - named);
  for (uint32_t i = 0, end = 0; i < t->n; i = end) {
    end = run_end(t, i, same_type);
    add_entry(t, out, &t->nodes[i].type, names_dir_off);
    names_dir_off += DIR_BYTES + (uint64_t)ENTRY_BYTES * count_runs(t, i, end, same_name);
  }
}

static void add_name_dirs(tree *t, wg_buf *out, uint64_t langs_dir_off) {
  for (uint32_t i = 0, end = 0; i < t->n; i = end) {
    end = run_end(t, i, same_type);
    uint32_t n = count_runs(t, i, end, same_name);
    uint32_t named = count_named(t, i, end, same_name, false);
    add_dir_header(out, named, n - named);
    for (uint32_t k = i, k_end = 0; k < end; k = k_end) {
      k_end = run_end(t, k, same_name);
      add_entry(t, out, &t->nodes[k].name, langs_dir_off);
      langs_dir_off += DIR_BYTES + (uint64_t)ENTRY_BYTES * (k_end - k);
    }
  }
}

static void add_lang_dirs(tree *t, wg_buf *out, uint64_t data_entries_off) {
  for (uint32_t i = 0, end = 0; i < t->n; i = end) {
    end = run_end(t, i, same_name);
    add_dir_header(out, 0, end - i);
    for (uint32_t k = i; k < end; k++) {
      wg_buf_add_le32(out, t->nodes[k].lang);
      wg_buf_add_le32(out, (uint32_t)(data_entries_off + (uint64_t)DATA_ENTRY_BYTES * k));
    }
  }
}

static void add_name_string(wg_buf *out, const key *k) {
  if (k->upper16.n != 0) {
    wg_buf_add_le16(out, (uint16_t)(k->upper16.n / 2));
    wg_buf_add_str(out, k->upper16);
  }
}

// In the order in which add_entry gave out their places.
static void add_name_strings(const tree *t, wg_buf *out) {
  for (uint32_t i = 0; i < t->n; i = run_end(t, i, same_type)) {
    add_name_string(out, &t->nodes[i].type);
  }
  for (uint32_t i = 0; i < t->n; i = run_end(t, i, same_name)) {
    add_name_string(out, &t->nodes[i].name);
  }
}

static wg_code sorted_nodes(tree *t, const wg_rsrc_item *items, wg_error *err) {
  node *a = wg_arena_new_array(t->arena, node, t->n), *b = wg_arena_new_array(t->arena, node, t->n);
  if (a == NULL || b == NULL) {
    return wg_arena_fail(t->arena, err);
  }
  for (uint32_t i = 0; i < t->n; i++) {
    a[i].item = &items[i];
    a[i].lang = items[i].lang;
    if (make_key(t->arena, &items[i].type, &a[i].type, err) != WG_OK ||
        make_key(t->arena, &items[i].name, &a[i].name, err) != WG_OK) {
      return err->code;
    }
  }
  t->nodes = sort_nodes(a, b, t->n);
  for (uint32_t i = 1; i < t->n; i++) {
    if (node_cmp(&t->nodes[i - 1], &t->nodes[i]) == 0) {
      return wg_fail(err, WG_E_CONFLICT, "two resources of the same type, name and language 0x%04x",
                     t->nodes[i].lang);
    }
  }
  return WG_OK;
}

static uint64_t align_up(uint64_t v) {
  return (v + DATA_ALIGN - 1) & ~(uint64_t)(DATA_ALIGN - 1);
}

wg_code wg_rsrc_tree_write(const wg_rsrc_item *items, uint32_t n_items, wg_arena *arena,
                           wg_buf *out, const uint32_t **out_relocs, uint32_t *out_n_relocs,
                           wg_error *err) {
  tree t = {.arena = arena, .n = n_items};
  if (n_items > UINT16_MAX) {
    return wg_fail(err, WG_E_LIMIT, "%u resources, more than 65535", n_items);
  }
  uint32_t *relocs = wg_arena_new_array(arena, uint32_t, n_items);
  if (relocs == NULL) {
    return wg_arena_fail(arena, err);
  }
  if (sorted_nodes(&t, items, err) != WG_OK) {
    return err->code;
  }
  wg_assert(t.nodes != NULL);
  uint64_t n_types = count_runs(&t, 0, t.n, same_type), n_names = count_runs(&t, 0, t.n, same_name);
  uint64_t names_dir_off = DIR_BYTES + ENTRY_BYTES * n_types;
  uint64_t langs_dir_off = names_dir_off + DIR_BYTES * n_types + ENTRY_BYTES * n_names;
  uint64_t entries_off = langs_dir_off + DIR_BYTES * n_names + (uint64_t)ENTRY_BYTES * t.n;
  t.names_off = entries_off + (uint64_t)DATA_ENTRY_BYTES * t.n;
  add_type_dir(&t, out, names_dir_off);
  add_name_dirs(&t, out, langs_dir_off);
  add_lang_dirs(&t, out, entries_off);
  t.data_off = align_up(t.names_off);
  for (uint32_t i = 0; i < t.n; i++) {
    relocs[i] = (uint32_t)(entries_off + (uint64_t)DATA_ENTRY_BYTES * i);
    wg_buf_add_le32(out, (uint32_t)t.data_off);
    wg_buf_add_le32(out, (uint32_t)t.nodes[i].item->data.n);
    wg_buf_add_le32(out, t.nodes[i].item->code_page);
    wg_buf_add_le32(out, 0);
    t.data_off = align_up(t.data_off + t.nodes[i].item->data.n);
    if (t.data_off > MAX_SECTION_BYTES) {
      return wg_fail(err, WG_E_LIMIT, "more than 2 GiB of resources");
    }
  }
  add_name_strings(&t, out);
  for (uint32_t i = 0; i < t.n; i++) {
    wg_buf_align(out, DATA_ALIGN);
    wg_buf_add_str(out, t.nodes[i].item->data);
  }
  wg_buf_align(out, DATA_ALIGN);
  *out_relocs = relocs;
  *out_n_relocs = n_items;
  return wg_buf_check(out, err);
}
