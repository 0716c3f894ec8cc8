// SPDX-License-Identifier: Apache-2.0
// Damaged hives: everything that holds by itself is taken, everything else is counted. The strict
// parser stands beside this, unchanged; only structures of one cell are read by the same functions.
#include <string.h>

#include "fmt/regf/cells.h"

#define SALVAGE_KEY "Salvaged keys"

typedef struct salvage_place { // a recovered key by the offset of its cell
  uint32_t off;
  wg_regkey *key; // NULL: free slot
  bool list_damaged;
} salvage_place;

typedef struct salvage_todo {
  uint32_t off, depth;
  wg_regkey *parent;
} salvage_todo;

typedef struct salvage {
  regf_parse c;
  wg_regf_salvage *report;
  uint32_t n_nk;       // key cells that were seen
  uint8_t *queued;     // bit per 8 bytes: on the stack, or done
  salvage_todo *stack; // room for every key cell
  size_t n_stack;
  salvage_place *places; // open-addressed
  size_t n_places_cap;
} salvage;

static bool bit_get(const uint8_t *bits, uint32_t off) {
  return (bits[off >> 6] >> ((off >> 3) & 7) & 1) != 0;
}

static void bit_set(uint8_t *bits, uint32_t off) {
  bits[off >> 6] = (uint8_t)(bits[off >> 6] | 1U << ((off >> 3) & 7));
}

static void salvage_fault(salvage *s, uint64_t off, const char *text) {
  if (s->report->n_faults < WG_REGF_MAX_FAULTS) {
    wg_regf_fault *f = &s->report->faults[s->report->n_faults];
    f->off_bytes = off;
    (void)wg_format(f->text, sizeof(f->text), "%s", text);
  }
  s->report->n_faults++;
}

// A cell's structure does not hold: a fault, unless memory is what is missing. True: go on.
static bool salvage_goes_on(salvage *s, uint32_t cell, wg_error *err) {
  if (err->code == WG_E_NOMEM || s->c.h->arena.over_ceiling) {
    return false;
  }
  uint64_t off = err->off_bytes != WG_NO_OFFSET ? err->off_bytes : (uint64_t)REGF_BASE_BYTES + cell;
  salvage_fault(s, off, err->text);
  *err = (wg_error)WG_ERROR_INIT;
  return true;
}

// --- cells

// Size of the cell at `at` when it can be one: end is where its bin ends. 0: it cannot.
static uint32_t cell_size(const uint8_t *bins, uint32_t at, uint32_t end) {
  uint32_t raw = wg_le32(bins + at);
  uint32_t size = raw >> 31 != 0 ? wg_regf_negative(raw) : raw;
  return size < 8 || size % 8 != 0 || size > end - at ? 0 : size;
}

static bool has_signature(const uint8_t *p) {
  static const char known[][3] = {"nk", "vk", "sk", "lf", "lh", "li", "ri", "db"};
  for (size_t i = 0; i < WG_ARRAY_LEN(known); i++) {
    if (memcmp(p, known[i], 2) == 0) {
      return true;
    }
  }
  return false;
}

static void map_cell(salvage *s, uint32_t at, uint32_t size) {
  regf_cells *c = &s->c.cells;
  if (wg_le32(c->bins + at) >> 31 != 0) {
    bit_set(c->starts, at);
    c->n_cells++;
    c->allocated_bytes += size;
    s->n_nk += size >= 80 && memcmp(c->bins + at + 4, "nk", 2) == 0 ? 1 : 0;
  }
}

// Cells from at to end. Where none can start, the next one with a known signature is looked for.
static void map_cells(salvage *s, uint32_t at, uint32_t end) {
  while (at < end) {
    uint32_t size = cell_size(s->c.cells.bins, at, end);
    if (size > 0) {
      map_cell(s, at, size);
      at += size;
      continue;
    }
    uint32_t from = at;
    salvage_fault(s, (uint64_t)REGF_BASE_BYTES + at, "no cell can start here");
    do {
      at += 8;
    } while (at < end && (cell_size(s->c.cells.bins, at, end) == 0 ||
                          wg_le32(s->c.cells.bins + at) >> 31 == 0 ||
                          !has_signature(s->c.cells.bins + at + 4)));
    s->report->n_skipped_bytes += at - from;
  }
}

// Bytes of the bin at off: what its header says when that can be, else up to the next header.
static uint32_t bin_bytes(salvage *s, uint32_t off) {
  const regf_cells *c = &s->c.cells;
  const uint8_t *p = c->bins + off;
  uint32_t size = wg_le32(p + 8), left = c->n_bytes - off;
  bool whole = memcmp(p, "hbin", 4) == 0 && wg_le32(p + 4) == off;
  if (whole && size > 0 && size % 4096 == 0 && size <= left) {
    return size;
  }
  salvage_fault(s, (uint64_t)REGF_BASE_BYTES + off, "no sound hive bin here");
  size = 4096;
  while (size < left && (left - size < 4096 || memcmp(p + size, "hbin", 4) != 0)) {
    size += left - size < 4096 ? left - size : 4096;
  }
  return size < left ? size : left;
}

static wg_code salvage_map(salvage *s, const uint8_t *bins, size_t n, wg_error *err) {
  regf_cells *c = &s->c.cells;
  wg_arena *a = &s->c.h->arena;
  *c = (regf_cells){.bins = bins, .n_bytes = (uint32_t)(n & ~(size_t)7)};
  c->starts = wg_arena_get(a, c->n_bytes / 64 + 1);
  c->claimed = wg_arena_get(a, c->n_bytes / 64 + 1);
  s->queued = wg_arena_get(a, c->n_bytes / 64 + 1);
  if (c->starts == NULL || c->claimed == NULL || s->queued == NULL) {
    return wg_arena_fail(a, err);
  }
  for (uint32_t off = 0; off < c->n_bytes && c->n_bytes - off > REGF_BIN_HEADER;) {
    uint32_t size = bin_bytes(s, off);
    if (size > REGF_BIN_HEADER) {
      map_cells(s, off + REGF_BIN_HEADER, off + size);
    }
    off += size;
  }
  s->n_places_cap = 16;
  while (s->n_places_cap < (size_t)s->n_nk * 2) {
    s->n_places_cap *= 2;
  }
  s->stack = wg_arena_new_array(a, salvage_todo, (size_t)s->n_nk + 1);
  s->places = wg_arena_new_array(a, salvage_place, s->n_places_cap);
  return s->stack == NULL || s->places == NULL ? wg_arena_fail(a, err) : WG_OK;
}

static bool is_key_cell(const salvage *s, uint32_t off) {
  const regf_cells *c = &s->c.cells;
  return off % 8 == 0 && off < c->n_bytes && bit_get(c->starts, off) &&
         wg_regf_negative(wg_le32(c->bins + off)) >= 80 && memcmp(c->bins + off + 4, "nk", 2) == 0;
}

static salvage_place *place_of(const salvage *s, uint32_t off) {
  size_t i = (size_t)(off >> 3) * 2654435761U & (s->n_places_cap - 1);
  while (s->places[i].key != NULL && s->places[i].off != off) {
    i = (i + 1) & (s->n_places_cap - 1);
  }
  return &s->places[i];
}

// --- one key

static wg_code salvage_values(salvage *s, wg_regkey *k, uint32_t n, uint32_t list_off,
                              wg_error *err) {
  wg_reader list;
  wg_hive *h = s->c.h;
  if (n == 0) {
    return WG_OK;
  }
  if (wg_regf_cell_body(&s->c.cells, list_off, true, "value list", &list, err) != WG_OK) {
    s->report->n_lost_values += n;
    return salvage_goes_on(s, list_off, err) ? WG_OK : err->code;
  }
  uint32_t there = n < list.n_bytes / 4 ? n : (uint32_t)(list.n_bytes / 4);
  if (there < n) {
    salvage_fault(s, list.base_off, "the value list is shorter than the key says");
    s->report->n_lost_values += n - there;
  }
  k->values = wg_arena_new_array(&h->arena, regf_value, there);
  if (k->values == NULL) {
    return wg_arena_fail(&h->arena, err);
  }
  for (uint32_t i = 0; i < there; i++) {
    uint32_t off = wg_le32(list.p + (size_t)i * 4);
    regf_value v;
    if (wg_regf_parse_value(&s->c, off, &v, err) != WG_OK) {
      s->report->n_lost_values++;
      if (!salvage_goes_on(s, off, err)) {
        return err->code;
      }
    } else {
      k->values[k->n_values++] = v;
    }
  }
  h->info.n_values += k->n_values;
  return WG_OK;
}

static bool salvage_push(salvage *s, uint32_t off, wg_regkey *parent, uint32_t depth) {
  if (!is_key_cell(s, off) || bit_get(s->queued, off) || depth > s->c.h->limits.max_depth) {
    return false;
  }
  bit_set(s->queued, off);
  s->stack[s->n_stack++] = (salvage_todo){.off = off, .depth = depth, .parent = parent};
  return true;
}

// Keys named by one leaf; how many were sound.
static uint32_t salvage_leaf(salvage *s, const wg_reader *leaf, uint32_t n_max, wg_regkey *k,
                             uint32_t depth) {
  uint32_t step = leaf->p[1] == 'i' ? 4 : 8, n = wg_le16(leaf->p + 2), good = 0;
  uint32_t there = (uint32_t)((leaf->n_bytes - 4) / step);
  n = n < there ? n : there;
  for (uint32_t left = n; left > 0 && good < n_max; left--) { // the first one on top
    uint32_t i = left - 1;
    uint32_t off = wg_le32(leaf->p + 4 + (size_t)i * step);
    if (salvage_push(s, off, k, depth)) {
      good++;
    } else {
      salvage_fault(s, leaf->base_off + 4 + (uint64_t)i * step, "this entry names no key");
    }
  }
  return good;
}

static bool is_leaf(const wg_reader *r) {
  return r->n_bytes >= 4 && r->p[0] == 'l' && (r->p[1] == 'f' || r->p[1] == 'h' || r->p[1] == 'i');
}

static wg_code salvage_leaves(salvage *s, const wg_reader *list, uint32_t n_max, wg_regkey *k,
                              uint32_t depth, uint32_t *good, wg_error *err) {
  uint32_t n = wg_le16(list->p + 2), there = (uint32_t)((list->n_bytes - 4) / 4);
  for (uint32_t left = n < there ? n : there; left > 0; left--) { // the first one on top
    uint32_t i = left - 1;
    wg_reader leaf;
    uint32_t off = wg_le32(list->p + 4 + (size_t)i * 4);
    if (wg_regf_cell_body(&s->c.cells, off, true, "subkey list", &leaf, err) != WG_OK) {
      if (!salvage_goes_on(s, off, err)) {
        return err->code;
      }
    } else if (!is_leaf(&leaf)) {
      salvage_fault(s, leaf.base_off, "not a list of subkeys");
    } else {
      *good += salvage_leaf(s, &leaf, n_max - *good, k, depth);
    }
  }
  return WG_OK;
}

// Puts the subkeys on the stack; *out_damaged when some that the key counts are not listed.
static wg_code salvage_children(salvage *s, wg_regkey *k, uint32_t n, uint32_t list_off,
                                uint32_t depth, bool *out_damaged, wg_error *err) {
  wg_reader r;
  uint32_t good = 0;
  if (n == 0) {
    return WG_OK;
  }
  if (wg_regf_cell_body(&s->c.cells, list_off, true, "subkey list", &r, err) != WG_OK) {
    if (!salvage_goes_on(s, list_off, err)) {
      return err->code;
    }
  } else if (is_leaf(&r)) {
    good = salvage_leaf(s, &r, n, k, depth);
  } else if (r.n_bytes >= 4 && memcmp(r.p, "ri", 2) == 0) {
    if (salvage_leaves(s, &r, n, k, depth, &good, err) != WG_OK) {
      return err->code;
    }
  } else {
    salvage_fault(s, r.base_off, "not a list of subkeys");
  }
  *out_damaged = good < n;
  s->report->n_lost_keys += n - good; // those found later by their parent field are taken off
  return WG_OK;
}

// A name for a key whose own cannot be had or is taken.
static wg_code salvage_name(salvage *s, const wg_regkey *parent, uint32_t off, wg_regkey *k,
                            bool always, wg_error *err) {
  char tail[24];
  uint8_t wide[48];
  wg_str tail16;
  bool taken = parent != NULL && wg_regf_child16(parent, k->name16, NULL) != NULL;
  if (!taken && !always && k->name16.n > 0) {
    return WG_OK;
  }
  (void)wg_format(tail, sizeof(tail), "%s(0x%x)", k->name16.n > 0 ? " " : "", off);
  if (!wg_regf_name_to16(wg_str_of(tail), wide, sizeof(wide), &tail16)) {
    return wg_fail(err, WG_E_BUG, "a name of our own is no text");
  }
  size_t keep = k->name16.n > 510 - tail16.n ? 510 - tail16.n : k->name16.n;
  char *own = wg_arena_get(&s->c.h->arena, keep + tail16.n);
  if (own == NULL) {
    return wg_arena_fail(&s->c.h->arena, err);
  }
  if (keep > 0) {
    memcpy(own, k->name16.p, keep);
  }
  memcpy(own + keep, tail16.p, tail16.n);
  k->name16 = (wg_str){own, keep + tail16.n};
  return WG_OK;
}

// What is in the key's own cell and what it names, values excepted.
static wg_code salvage_facts(salvage *s, wg_reader *r, const uint8_t *p, uint32_t off, wg_regkey *k,
                             wg_error *err) {
  uint16_t flags = wg_le16(p + 2), n_class = wg_le16(p + 74);
  wg_reader cls;
  k->flags = (uint16_t)(flags & ~NK_COMP_NAME);
  k->time = wg_le64(p + 4);
  k->access = wg_le32(p + 12);
  k->layer = wg_regf_layer(k->access, s->c.h->info.minor);
  k->user_flags = wg_le32(p + 52) & 0xFFFF0000U;
  if (k->parent != NULL) {
    k->flags = (uint16_t)(k->flags & ~(NK_ENTRY | NK_NO_DELETE));
  }
  k->sd = REGF_NIL;
  if (wg_regf_parse_name(&s->c, r, wg_le16(p + 72), (flags & NK_COMP_NAME) != 0, &k->name16, err) !=
          WG_OK &&
      !salvage_goes_on(s, off, err)) {
    return err->code;
  }
  if (k->name16.n > 510) {
    salvage_fault(s, r->base_off, "a key name of more than 255 characters");
    k->name16.n = 510;
  }
  if (wg_regf_parse_sd(&s->c, wg_le32(p + 44), &k->sd, err) != WG_OK) {
    if (!salvage_goes_on(s, off, err)) {
      return err->code;
    }
    k->sd = k->parent != NULL ? k->parent->sd : REGF_NIL;
  }
  if (n_class > 0) {
    if (wg_regf_cell_body(&s->c.cells, wg_le32(p + 48), true, "class name", &cls, err) != WG_OK) {
      return salvage_goes_on(s, off, err) ? WG_OK : err->code;
    }
    if (n_class > cls.n_bytes) {
      salvage_fault(s, cls.base_off, "the class name does not fit its cell");
    } else {
      k->class_bytes = (wg_str){(const char *)cls.p, n_class};
    }
  }
  return WG_OK;
}

static bool salvage_name_is_sound(wg_str name16) {
  for (size_t i = 0; i + 1 < name16.n; i += 2) {
    uint16_t u = wg_le16((const uint8_t *)name16.p + i);
    if (u == '\\') { // NUL is sound: the native calls make such names
      return false;
    }
  }
  return true;
}

static wg_code salvage_key(salvage *s, const salvage_todo *t, bool orphan, wg_regkey **out,
                           wg_error *err) {
  wg_reader r;
  const uint8_t *p = NULL;
  wg_hive *h = s->c.h;
  uint32_t at = 0;
  bool damaged = false;
  *out = NULL;
  if (++h->info.n_keys > h->limits.max_keys) {
    return wg_fail(err, WG_E_LIMIT, "more than %u keys", h->limits.max_keys);
  }
  if (wg_regf_cell_body(&s->c.cells, t->off, true, "key", &r, err) != WG_OK ||
      !wg_read_bytes(&r, 76, &p)) { // taken already, as something else
    h->info.n_keys--;
    s->report->n_lost_keys++;
    return err->code == WG_OK || salvage_goes_on(s, t->off, err) ? WG_OK : err->code;
  }
  wg_regkey *k = wg_arena_new(&h->arena, wg_regkey);
  if (k == NULL) {
    return wg_arena_fail(&h->arena, err);
  }
  k->parent = t->parent;
  if (salvage_facts(s, &r, p, t->off, k, err) != WG_OK) {
    return err->code;
  }
  if (!salvage_name_is_sound(k->name16)) {
    salvage_fault(s, (uint64_t)REGF_BASE_BYTES + t->off, "a key name that cannot be");
    k->name16.n = 0;
  }
  if (salvage_name(s, t->parent, t->off, k, orphan, err) != WG_OK ||
      salvage_values(s, k, wg_le32(p + 36), wg_le32(p + 40), err) != WG_OK ||
      salvage_children(s, k, wg_le32(p + 20), wg_le32(p + 28), t->depth + 1, &damaged, err) !=
          WG_OK) {
    return err->code;
  }
  if (t->parent != NULL) {
    (void)wg_regf_child16(t->parent, k->name16, &at);
    if (wg_regf_push_child(h, t->parent, k, at, err) != WG_OK) {
      return err->code;
    }
  }
  *place_of(s, t->off) = (salvage_place){.off = t->off, .key = k, .list_damaged = damaged};
  *out = k;
  return WG_OK;
}

// Everything on the stack and what that leads to.
static wg_code salvage_run(salvage *s, wg_error *err) {
  wg_regkey *k = NULL;
  while (s->n_stack > 0) {
    salvage_todo t = s->stack[--s->n_stack];
    if (salvage_key(s, &t, false, &k, err) != WG_OK) {
      return err->code;
    }
  }
  return WG_OK;
}

// --- the root, and keys that nothing refers to

static wg_code salvage_make_root(salvage *s, wg_error *err) {
  static const char name[] = "R\0O\0O\0T";
  wg_hive *h = s->c.h;
  h->root = wg_arena_new(&h->arena, wg_regkey);
  if (h->root == NULL) {
    return wg_arena_fail(&h->arena, err);
  }
  *h->root =
      (wg_regkey){.name16 = {name, sizeof(name)}, .flags = NK_ENTRY | NK_NO_DELETE, .sd = REGF_NIL};
  h->info.n_keys++;
  return WG_OK;
}

// Where the base block says, else the first key cell that says it is a root.
static wg_code salvage_root(salvage *s, uint32_t root_off, wg_error *err) {
  const regf_cells *c = &s->c.cells;
  if (!is_key_cell(s, root_off)) {
    salvage_fault(s, 36, "the base block names no root key");
    for (root_off = 0; root_off < c->n_bytes; root_off += 8) {
      if (is_key_cell(s, root_off) && (wg_le16(c->bins + root_off + 6) & NK_ENTRY) != 0) {
        break;
      }
    }
  }
  if (!is_key_cell(s, root_off)) {
    salvage_fault(s, WG_NO_OFFSET, "no root key is there: a new one is made");
    return salvage_make_root(s, err);
  }
  salvage_todo t = {.off = root_off};
  bit_set(s->queued, root_off);
  s->c.h->root_parent = wg_le32(c->bins + root_off + 4 + 16);
  if (salvage_key(s, &t, false, &s->c.h->root, err) != WG_OK) {
    return err->code;
  }
  return s->c.h->root == NULL ? salvage_make_root(s, err) : salvage_run(s, err);
}

static uint32_t key_depth(const wg_regkey *k) {
  uint32_t n = 0;
  for (; k->parent != NULL; k = k->parent) {
    n++;
  }
  return n;
}

// Back below the parent that the key names, when that one's list was damaged.
static wg_code salvage_reattach(salvage *s, uint32_t off, bool *out_done, wg_error *err) {
  uint32_t parent_off = wg_le32(s->c.cells.bins + off + 4 + 16);
  const salvage_place *p = parent_off % 8 == 0 ? place_of(s, parent_off) : NULL;
  *out_done = false;
  if (p == NULL || p->key == NULL || !p->list_damaged ||
      !salvage_push(s, off, p->key, key_depth(p->key) + 1)) {
    return WG_OK;
  }
  *out_done = true;
  s->report->n_reattached++;
  s->report->n_lost_keys -= s->report->n_lost_keys > 0 ? 1 : 0;
  return salvage_run(s, err);
}

static wg_code salvage_orphan(salvage *s, uint32_t off, wg_regkey **folder, wg_error *err) {
  wg_hive *h = s->c.h;
  wg_regkey *k = NULL;
  if (*folder == NULL && wg_regkey_create(h, h->root, WG_STR(SALVAGE_KEY), h->root->time, folder,
                                          NULL, err) != WG_OK) {
    return err->code;
  }
  salvage_todo t = {.off = off, .depth = 2, .parent = *folder};
  bit_set(s->queued, off);
  if (salvage_key(s, &t, true, &k, err) != WG_OK) {
    return err->code;
  }
  s->report->n_orphans += k != NULL ? 1 : 0;
  return salvage_run(s, err);
}

// Three rounds over all key cells: those whose parent is known, then those whose parent is no key
// (tops of lost trees; what they list comes with them), then what is left (circles).
static wg_code salvage_orphans(salvage *s, wg_error *err) {
  const regf_cells *c = &s->c.cells;
  wg_regkey *folder = NULL;
  for (unsigned round = 0; round < 3; round++) {
    for (uint32_t off = 0; off < c->n_bytes; off += 8) {
      bool done = false;
      if (!is_key_cell(s, off) || bit_get(s->queued, off) || bit_get(c->claimed, off)) {
        continue;
      }
      if (salvage_reattach(s, off, &done, err) != WG_OK) {
        return err->code;
      }
      uint32_t parent_off = wg_le32(c->bins + off + 4 + 16);
      bool waits = round == 0 ||
                   (round == 1 && is_key_cell(s, parent_off) && !bit_get(s->queued, parent_off));
      if (!done && !waits && salvage_orphan(s, off, &folder, err) != WG_OK) {
        return err->code;
      }
    }
  }
  return WG_OK;
}

// The base block as far as it can be believed; the writer makes it whole.
static void salvage_base(salvage *s, const uint8_t *b) {
  wg_hive *h = s->c.h;
  uint32_t minor = wg_le32(b + 24);
  bool known = memcmp(b, "regf", 4) == 0 && wg_le32(b + 20) == 1 && minor >= 2 && minor <= 6;
  if (known && wg_le32(b + 508) == wg_regf_checksum(b)) {
    memcpy(h->base, b, REGF_BASE_BYTES);
    wg_put_le32(h->base + 28, 0); // a log has another type
    wg_put_le32(h->base + 32, 1);
    h->info = (wg_regf_info){.seq1 = wg_le32(b + 4),
                             .seq2 = wg_le32(b + 8),
                             .last_written = wg_le64(b + 12),
                             .major = 1,
                             .minor = minor};
    return;
  }
  salvage_fault(s, 0, "the base block is damaged: a new one is made");
  h->info = (wg_regf_info){.seq1 = 1, .seq2 = 1, .major = 1, .minor = known ? minor : 5};
  memcpy(h->base, "regf", 4);
  wg_put_le32(h->base + 20, 1);
  wg_put_le32(h->base + 24, h->info.minor);
  wg_put_le32(h->base + 32, 1);
  wg_put_le32(h->base + 44, 1);
}

static bool salvage_base_is_sound(const uint8_t *b) {
  return memcmp(b, "regf", 4) == 0 && wg_le32(b + 508) == wg_regf_checksum(b);
}

// Bytes of the bins. A sound base block counts them: what lies behind is of an earlier time. Of
// another one the number counts where only zeros follow.
static size_t salvage_bins_bytes(const uint8_t *b, size_t n_bytes) {
  size_t says = wg_le32(b + 40), n = n_bytes - REGF_BASE_BYTES;
  bool known = memcmp(b, "regf", 4) == 0 && says >= 4096 && says % 4096 == 0 && says < n;
  for (size_t i = says; known && !salvage_base_is_sound(b) && i < n; i++) {
    known = b[REGF_BASE_BYTES + i] == 0;
  }
  return known ? says : n;
}

wg_code wg_hive_salvage(const void *p, size_t n_bytes, const wg_regf_limits *limits,
                        const wg_alloc *alloc, wg_hive **out, wg_regf_salvage *out_report,
                        wg_error *err) {
  WG_AUTO_PTR(wg_hive) h = wg_regf_hive_alloc(alloc, limits);
  if (h == NULL) {
    return wg_fail(err, WG_E_NOMEM, "out of memory");
  }
  *out_report = (wg_regf_salvage){0};
  salvage s = {.c = {.h = h}, .report = out_report};
  const uint8_t *b = p;
  if (wg_regf_is_log(b, n_bytes)) { // its pages look like those of a hive, and are none
    return wg_fail_at(err, WG_E_FORMAT, 28, REGF_SAYS_LOG);
  }
  if (n_bytes < REGF_BASE_BYTES + REGF_BIN_HEADER + 8 || n_bytes - REGF_BASE_BYTES > 0x7FFFF000U) {
    if (wg_regf_peek(p, n_bytes, &h->info, err) != WG_OK) {
      return err->code;
    }
    return wg_fail_at(err, WG_E_FORMAT, n_bytes, "a file of %zu bytes cannot be a hive", n_bytes);
  }
  salvage_base(&s, b);
  h->root_parent = REGF_NIL;
  if (salvage_map(&s, b + REGF_BASE_BYTES, salvage_bins_bytes(b, n_bytes), err) != WG_OK) {
    return err->code;
  }
  if (s.n_nk == 0) {
    return wg_fail(err, WG_E_FORMAT, "no key is in it");
  }
  if (salvage_root(&s, wg_le32(b + 36), err) != WG_OK || salvage_orphans(&s, err) != WG_OK) {
    return err->code;
  }
  out_report->n_keys = h->info.n_keys;
  out_report->n_values = h->info.n_values;
  *out = wg_take(&h);
  return WG_OK;
}
