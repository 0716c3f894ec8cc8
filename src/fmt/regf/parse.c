// SPDX-License-Identifier: Apache-2.0
// Bytes -> model. Nothing is trusted: every offset must be the start of an allocated cell, every
// cell is taken once (security cells, shared by design, excepted), the walk uses an explicit stack.
#include <string.h>

#include "base/sort.h"
#include "fmt/regf/cells.h"

static const wg_regf_limits regf_default_limits = {
    .max_memory_bytes = (uint64_t)2 << 30,
    .max_depth = 512,
    .max_keys = 16U << 20,
    .max_values = 64U << 20,
    .max_value_bytes = 256U << 20,
};

uint32_t wg_regf_checksum(const uint8_t *base) {
  uint32_t sum = 0;
  for (size_t i = 0; i < 508; i += 4) {
    sum ^= wg_le32(base + i);
  }
  return sum == 0 ? 1 : sum == 0xFFFFFFFFU ? 0xFFFFFFFEU : sum;
}

#define REGF_LOG_ENTRIES 512U // where they start

bool wg_regf_is_log(const void *p, size_t n_bytes) {
  const uint8_t *b = p;
  if (n_bytes < REGF_LOG_ENTRIES || memcmp(b, "regf", 4) != 0) {
    return false;
  }
  uint32_t type = wg_le32(b + 28);
  bool entries = n_bytes >= REGF_LOG_ENTRIES + 4 && (memcmp(b + REGF_LOG_ENTRIES, "DIRT", 4) == 0 ||
                                                     memcmp(b + REGF_LOG_ENTRIES, "HvLE", 4) == 0);
  return entries ||
         ((type == 1 || type == 2 || type == 6) && wg_le32(b + 508) == wg_regf_checksum(b));
}

wg_code wg_regf_peek(const void *p, size_t n_bytes, wg_regf_info *out, wg_error *err) {
  const uint8_t *b = p;
  static const char lfs[] = "version https://git-lfs.";
  if (n_bytes >= sizeof(lfs) && memcmp(b, lfs, sizeof(lfs) - 1) == 0) {
    return wg_fail_at(err, WG_E_FORMAT, 0,
                      "this is a Git LFS pointer, not the file: fetch it with 'git lfs pull'");
  }
  if (n_bytes < 4 || memcmp(b, "regf", 4) != 0) {
    return wg_fail_at(err, WG_E_FORMAT, 0, "not a registry hive: %s",
                      n_bytes == 0 ? "it is empty" : "no 'regf' signature");
  }
  if (wg_regf_is_log(p, n_bytes)) {
    return wg_fail_at(err, WG_E_FORMAT, 28, REGF_SAYS_LOG);
  }
  if (n_bytes < REGF_BASE_BYTES) {
    return wg_fail_at(err, WG_E_FORMAT, n_bytes,
                      "a hive has at least %u bytes: this one is cut off", REGF_BASE_BYTES);
  }
  *out = (wg_regf_info){.seq1 = wg_le32(b + 4),
                        .seq2 = wg_le32(b + 8),
                        .last_written = wg_le64(b + 12),
                        .major = wg_le32(b + 20),
                        .minor = wg_le32(b + 24)};
  uint32_t sum = wg_regf_checksum(b);
  if (wg_le32(b + 508) != sum) {
    return wg_fail_at(err, WG_E_FORMAT, 508, "base block checksum is 0x%08x, must be 0x%08x",
                      wg_le32(b + 508), sum);
  }
  return WG_OK;
}

static wg_code parse_base(const uint8_t *b, size_t n_bytes, bool force_dirty, wg_hive *h,
                          uint32_t *out_bins_bytes, uint32_t *out_root, wg_error *err) {
  if (wg_regf_peek(b, n_bytes, &h->info, err) != WG_OK) {
    return err->code;
  }
  if (h->info.major != 1 || h->info.minor < 2 || h->info.minor > 6) {
    return wg_fail_at(err, WG_E_UNSUPPORTED, 20, "hive version %u.%u; known are 1.2 to 1.6",
                      h->info.major, h->info.minor);
  }
  uint32_t type = wg_le32(b + 28), format = wg_le32(b + 32);
  if (type != 0 || format != 1) {
    return wg_fail_at(err, WG_E_FORMAT, 28, "file type %u, format %u: not a primary hive file",
                      type, format);
  }
  if (h->info.seq1 != h->info.seq2 && !force_dirty) {
    return wg_fail_at(
        err, WG_E_UNSUPPORTED, 4,
        "the hive is dirty (sequence numbers %u and %u): its transaction logs must be "
        "replayed first",
        h->info.seq1, h->info.seq2);
  }
  uint32_t bins = wg_le32(b + 40);
  if (bins == 0 || bins % 4096 != 0 || bins > 0x7FFFF000U || bins > n_bytes - REGF_BASE_BYTES) {
    return wg_fail_at(err, WG_E_FORMAT, 40, "bins of 0x%x bytes in a file of 0x%zx bytes", bins,
                      n_bytes);
  }
  memcpy(h->base, b, REGF_BASE_BYTES);
  *out_bins_bytes = bins;
  *out_root = wg_le32(b + 36);
  return WG_OK;
}

// Latin-1 (compressed) or UTF-16LE name of n stored bytes.
wg_code wg_regf_parse_name(regf_parse *c, wg_reader *r, uint32_t n, bool compressed, wg_str *out,
                           wg_error *err) {
  const uint8_t *p = NULL;
  uint64_t at = wg_reader_at(r);
  if (!wg_read_bytes(r, n, &p)) {
    return wg_fail_at(err, WG_E_FORMAT, at, "name of %u bytes does not fit its cell", n);
  }
  if (!compressed) {
    if (n % 2 != 0) {
      return wg_fail_at(err, WG_E_FORMAT, at, "UTF-16 name of odd length %u", n);
    }
    *out = (wg_str){(const char *)p, n};
    return WG_OK;
  }
  if (c->check_only) {
    *out = (wg_str){NULL, (size_t)n * 2};
    return WG_OK;
  }
  char *wide = wg_arena_get(&c->h->arena, (size_t)n * 2);
  if (wide == NULL) {
    return wg_arena_fail(&c->h->arena, err);
  }
  for (uint32_t i = 0; i < n; i++) {
    wide[(size_t)2 * i] = (char)p[i];
  }
  *out = (wg_str){wide, (size_t)n * 2};
  return WG_OK;
}

static uint32_t *parse_sd_slot(uint32_t *map, size_t cap, uint32_t off) {
  size_t i = (size_t)(off >> 3) * 2654435761U & (cap - 1);
  while (map[3 * i + 1] != 0 && map[3 * i] != off) {
    i = (i + 1) & (cap - 1);
  }
  return &map[3 * i];
}

static wg_code parse_sd_grow(regf_parse *c, wg_error *err) {
  size_t cap = c->sd_at_cap == 0 ? 256 : c->sd_at_cap * 2;
  uint32_t *map = wg_arena_new_array(&c->h->arena, uint32_t, cap * 3);
  if (map == NULL) {
    return wg_arena_fail(&c->h->arena, err);
  }
  for (size_t i = 0; i < c->sd_at_cap; i++) {
    if (c->sd_at[3 * i + 1] != 0) {
      memcpy(parse_sd_slot(map, cap, c->sd_at[3 * i]), &c->sd_at[3 * i], 3 * sizeof(*map));
    }
  }
  c->sd_at = map;
  c->sd_at_cap = cap;
  return WG_OK;
}

// sk: 0 "sk", 4 next, 8 previous, 12 references, 16 size, 20 self-relative descriptor.
wg_code wg_regf_parse_sd(regf_parse *c, uint32_t off, uint32_t *out, wg_error *err) {
  if (off == REGF_NIL) {
    *out = REGF_NIL;
    return WG_OK;
  }
  if (c->n_sd_at * 2 >= c->sd_at_cap && parse_sd_grow(c, err) != WG_OK) {
    return err->code;
  }
  uint32_t *slot = parse_sd_slot(c->sd_at, c->sd_at_cap, off);
  if (slot[1] != 0) {
    slot[2]++;
    *out = slot[1] - 1;
    return WG_OK;
  }
  wg_reader r;
  const uint8_t *p = NULL;
  uint32_t size = 0;
  if (wg_regf_cell_body(&c->cells, off, true, "security", &r, err) != WG_OK) {
    return err->code;
  }
  if (!wg_read_bytes(&r, 16, &p) || memcmp(p, "sk", 2) != 0 || !wg_read_le32(&r, &size) ||
      !wg_read_bytes(&r, size, &p)) {
    return wg_fail_at(err, WG_E_FORMAT, r.base_off, "not a whole security cell");
  }
  uint32_t i = wg_regf_sd_intern(c->h, (wg_str){(const char *)p, size}, false, err);
  if (i == REGF_NIL) {
    return err->code;
  }
  c->h->sds[i].off = c->h->sds[i].off == 0 ? off : c->h->sds[i].off;
  slot[0] = off;
  slot[1] = i + 1;
  slot[2] = 1;
  c->n_sd_at++;
  *out = i;
  return WG_OK;
}

// db: 0 "db", 2 segments, 4 offset of their list. Every segment but the last holds 16,344 bytes.
static wg_code parse_big(regf_parse *c, wg_reader *cell, uint32_t n_bytes, const uint8_t **out,
                         wg_error *err) {
  uint16_t n_segments = 0;
  uint32_t list_off = 0;
  wg_reader list;
  if (!wg_read_skip(cell, 2) || !wg_read_le16(cell, &n_segments) ||
      !wg_read_le32(cell, &list_off)) {
    return wg_fail_at(err, WG_E_FORMAT, cell->base_off, "big value: cell is cut short");
  }
  uint32_t want = (n_bytes + REGF_BIG_SEGMENT - 1) / REGF_BIG_SEGMENT;
  if (n_segments != want) {
    return wg_fail_at(err, WG_E_FORMAT, cell->base_off + 2,
                      "big value of %u bytes has %u segments, must have %u", n_bytes, n_segments,
                      want);
  }
  if (wg_regf_cell_body(&c->cells, list_off, true, "big value's list", &list, err) != WG_OK) {
    return err->code;
  }
  uint8_t *data = c->check_only ? NULL : wg_arena_get(&c->h->arena, n_bytes);
  if (data == NULL && !c->check_only) {
    return wg_arena_fail(&c->h->arena, err);
  }
  for (uint32_t i = 0; i < n_segments; i++) {
    uint32_t off = 0;
    uint32_t left = n_bytes - i * REGF_BIG_SEGMENT;
    uint32_t n = left < REGF_BIG_SEGMENT ? left : REGF_BIG_SEGMENT;
    wg_reader seg;
    const uint8_t *p = NULL;
    if (!wg_read_le32(&list, &off)) {
      return wg_fail_at(err, WG_E_FORMAT, wg_reader_at(&list), "big value: list is cut short");
    }
    if (wg_regf_cell_body(&c->cells, off, true, "big value's segment", &seg, err) != WG_OK) {
      return err->code;
    }
    if (!wg_read_bytes(&seg, n, &p)) {
      return wg_fail_at(err, WG_E_FORMAT, seg.base_off, "segment of %u bytes does not fit", n);
    }
    if (data != NULL) {
      memcpy(data + (size_t)i * REGF_BIG_SEGMENT, p, n);
    }
  }
  *out = data;
  return WG_OK;
}

// Data of a value: in the offset field itself (top bit of the size), in one cell, or as db.
static wg_code parse_data(regf_parse *c, uint32_t size, uint32_t off, const uint8_t *field,
                          wg_regvalue *v, wg_error *err) {
  if (size >> 31 != 0) {
    v->n_bytes = size & 0x7FFFFFFFU;
    if (v->n_bytes > 4) {
      return wg_fail(err, WG_E_FORMAT, "resident data of %u bytes", v->n_bytes);
    }
    v->data = field;
    return WG_OK;
  }
  v->n_bytes = size;
  v->data = field; // any valid pointer while empty
  if (size == 0) {
    return WG_OK; // an offset that is left behind says nothing
  }
  if (size > c->h->limits.max_value_bytes) {
    return wg_fail(err, WG_E_LIMIT, "value of %u bytes; the limit is %u", size,
                   c->h->limits.max_value_bytes);
  }
  wg_reader r;
  if (wg_regf_cell_body(&c->cells, off, true, "value data", &r, err) != WG_OK) {
    return err->code;
  }
  bool may_be_big = c->h->info.minor > 3 && size > REGF_BIG_SEGMENT;
  if (may_be_big && r.n_bytes >= 8 && memcmp(r.p, "db", 2) == 0 && size > r.n_bytes) {
    return parse_big(c, &r, size, &v->data, err);
  }
  if (!wg_read_bytes(&r, size, &v->data)) {
    return wg_fail_at(err, WG_E_FORMAT, r.base_off, "value data of %u bytes does not fit its cell",
                      size);
  }
  return WG_OK;
}

// vk: 0 "vk", 2 name length, 4 data size, 8 data or its offset, 12 type, 16 flags, 18 spare, 20
// name.
wg_code wg_regf_parse_value(regf_parse *c, uint32_t off, regf_value *out, wg_error *err) {
  wg_reader r;
  if (wg_regf_cell_body(&c->cells, off, true, "value", &r, err) != WG_OK) {
    return err->code;
  }
  const uint8_t *p = NULL;
  if (!wg_read_bytes(&r, 20, &p) || memcmp(p, "vk", 2) != 0) {
    return wg_fail_at(err, WG_E_FORMAT, r.base_off, "not a value cell");
  }
  uint16_t flags = wg_le16(p + 16);
  *out = (regf_value){.flags = (uint16_t)(flags & ~(VK_COMP_NAME | VK_TOMBSTONE)), .off = off};
  out->v.type = wg_le32(p + 12);
  out->v.tombstone = (flags & VK_TOMBSTONE) != 0;
  if (wg_regf_parse_name(c, &r, wg_le16(p + 2), (flags & VK_COMP_NAME) != 0, &out->v.name16, err) !=
          WG_OK ||
      parse_data(c, wg_le32(p + 4), wg_le32(p + 8), p + 8, &out->v, err) != WG_OK) {
    return wg_wrap(err, "value at 0x%llx", (unsigned long long)r.base_off);
  }
  return WG_OK;
}

// n values of the list, into k's array; when only checked, to nowhere.
static wg_code parse_value_list(regf_parse *c, wg_regkey *k, uint32_t n, wg_reader *list,
                                wg_error *err) {
  regf_value unkept;
  for (uint32_t i = 0; i < n; i++) {
    uint32_t off = 0;
    if (!wg_read_le32(list, &off) ||
        wg_regf_parse_value(c, off, c->check_only ? &unkept : &k->values[i], err) != WG_OK) {
      return err->code;
    }
    k->n_values = i + 1;
  }
  return WG_OK;
}

static wg_code parse_values(regf_parse *c, wg_regkey *k, uint32_t n, uint32_t list_off,
                            wg_error *err) {
  k->list_off = REGF_NIL;
  if (n == 0) {
    return WG_OK;
  }
  wg_reader list;
  if (wg_regf_cell_body(&c->cells, list_off, true, "value list", &list, err) != WG_OK) {
    return err->code;
  }
  if (n > list.n_bytes / 4) {
    return wg_fail_at(err, WG_E_FORMAT, list.base_off, "%u values do not fit their list", n);
  }
  c->h->info.n_values += n;
  if (c->h->info.n_values > c->h->limits.max_values) {
    return wg_fail(err, WG_E_LIMIT, "more than %u values", c->h->limits.max_values);
  }
  if (c->lazy) {
    c->check_only = true;
    wg_code code = parse_value_list(c, k, n, &list, err);
    c->check_only = false;
    k->list_off = list_off;
    k->hive = c->h;
    return code;
  }
  k->values = wg_arena_new_array(&c->h->arena, regf_value, n);
  if (k->values == NULL) {
    return wg_arena_fail(&c->h->arena, err);
  }
  k->cap_values = n;
  return parse_value_list(c, k, n, &list, err);
}

// The cells were looked at when the hive was parsed, and are looked at again: nothing is trusted.
bool wg_regf_load_values(const wg_regkey *k) {
  if (k->hive == NULL || k->values != NULL || k->n_values == 0) {
    return true;
  }
  wg_regkey *own = (wg_regkey *)(uintptr_t)k;
  regf_parse *c = k->hive->source;
  wg_error err = WG_ERROR_INIT;
  wg_reader list;
  uint32_t n = k->n_values;
  own->values = wg_arena_new_array(&k->hive->arena, regf_value, n);
  own->cap_values = n;
  c->lazy = false;
  if (own->values == NULL ||
      wg_regf_cell_body(&c->cells, k->list_off, false, "value list", &list, &err) != WG_OK ||
      parse_value_list(c, own, n, &list, &err) != WG_OK) {
    own->values = NULL;
    own->n_values = own->cap_values = 0;
    k->hive->starved = true;
    return false;
  }
  return true;
}

// Offsets of child keys from an lf, lh or li list. *at counts over all leaves of one key.
static wg_code parse_leaf(wg_reader *r, const uint8_t *head, regf_children *out, uint32_t n_max,
                          uint32_t *at, wg_error *err) {
  uint32_t n = wg_le16(head + 2);
  uint32_t entry = head[1] == 'i' ? 4 : 8; // "li" has offsets only
  if (n > wg_reader_left(r) / entry || n > n_max - *at) {
    return wg_fail_at(err, WG_E_FORMAT, r->base_off, "list of %u keys; %u are expected", n,
                      n_max - *at);
  }
  for (uint32_t i = 0; i < n; i++) {
    uint32_t hash = 0;
    if (!wg_read_le32(r, &out->offs[*at]) || (entry > 4 && !wg_read_le32(r, &hash))) {
      return wg_fail_at(err, WG_E_FORMAT, wg_reader_at(r), "key list is cut short");
    }
    if (out->hashes != NULL) {
      out->hashes[*at] = (uint64_t)hash << 1 | (head[1] == 'h' ? 1 : 0);
    }
    (*at)++;
  }
  return WG_OK;
}

static bool parse_is_leaf(const uint8_t *p) {
  return p[0] == 'l' && (p[1] == 'f' || p[1] == 'h' || p[1] == 'i');
}

// The leaves that a list of lists names, one after the other.
static wg_code parse_leaves(regf_parse *c, wg_reader *list, uint32_t n_leaves, regf_children *out,
                            uint32_t n, uint32_t *at, wg_error *err) {
  for (uint32_t i = 0; i < n_leaves; i++) {
    uint32_t leaf_off = 0;
    wg_reader leaf;
    const uint8_t *head = NULL;
    if (!wg_read_le32(list, &leaf_off)) {
      return wg_fail_at(err, WG_E_FORMAT, wg_reader_at(list), "list of lists is cut short");
    }
    if (wg_regf_cell_body(&c->cells, leaf_off, true, "subkey list", &leaf, err) != WG_OK) {
      return err->code;
    }
    if (!wg_read_bytes(&leaf, 4, &head) || !parse_is_leaf(head)) {
      return wg_fail_at(err, WG_E_FORMAT, leaf.base_off, "not a list of subkeys");
    }
    if (parse_leaf(&leaf, head, out, n, at, err) != WG_OK) {
      return err->code;
    }
  }
  return WG_OK;
}

wg_code wg_regf_parse_children(regf_parse *c, uint32_t list_off, uint32_t n, regf_children *out,
                               wg_error *err) {
  wg_reader r;
  const uint8_t *head = NULL;
  uint32_t at = 0;
  if (wg_regf_cell_body(&c->cells, list_off, true, "subkey list", &r, err) != WG_OK) {
    return err->code;
  }
  // Every key has a cell of at least 80 bytes of its own: n cannot exceed what the bins hold.
  if (!wg_read_bytes(&r, 4, &head) || n > c->cells.n_bytes / 80) {
    return wg_fail_at(err, WG_E_FORMAT, r.base_off, "%u subkeys cannot be listed here", n);
  }
  regf_children list = {.offs = wg_arena_new_array(&c->h->arena, uint32_t, n)};
  if (c->lint != NULL) {
    list.hashes = wg_arena_new_array(&c->h->arena, uint64_t, n);
  }
  if (list.offs == NULL || (c->lint != NULL && list.hashes == NULL)) {
    return wg_arena_fail(&c->h->arena, err);
  }
  bool is_leaf = parse_is_leaf(head);
  if (!is_leaf && memcmp(head, "ri", 2) != 0) {
    return wg_fail_at(err, WG_E_UNSUPPORTED, r.base_off,
                      "subkey list of an unknown kind (0x%02x 0x%02x)", head[0], head[1]);
  }
  wg_code code = is_leaf ? parse_leaf(&r, head, &list, n, &at, err)
                         : parse_leaves(c, &r, wg_le16(head + 2), &list, n, &at, err);
  if (code != WG_OK) {
    return code;
  }
  if (at != n) {
    return wg_fail_at(err, WG_E_FORMAT, r.base_off, "%u subkeys are listed, the key says %u", at,
                      n);
  }
  *out = list;
  return WG_OK;
}

// nk: 0 "nk", 2 flags, 4 time, 12 access bits and layer, 16 parent, 20 subkeys, 24 volatile
// subkeys, 28 and 32 their lists, 36 values, 40 their list, 44 security, 48 class, 52 longest
// subkey name (low 16 bits) and user flags, 56 longest class, 60 longest value name, 64 longest
// value, 68 work, 72 name length, 74 class length, 76 name.
wg_code wg_regf_parse_key(regf_parse *c, uint32_t off, wg_regkey *k, regf_nk *nk, wg_error *err) {
  wg_reader r;
  const uint8_t *p = NULL;
  if (wg_regf_cell_body(&c->cells, off, true, "key", &r, err) != WG_OK) {
    return err->code;
  }
  if (!wg_read_bytes(&r, 76, &p) || memcmp(p, "nk", 2) != 0) {
    return wg_fail_at(err, WG_E_FORMAT, r.base_off, "not a key cell");
  }
  if (++c->h->info.n_keys > c->h->limits.max_keys) {
    return wg_fail(err, WG_E_LIMIT, "more than %u keys", c->h->limits.max_keys);
  }
  uint16_t flags = wg_le16(p + 2);
  k->flags = (uint16_t)(flags & ~NK_COMP_NAME);
  k->time = wg_le64(p + 4);
  k->access = wg_le32(p + 12);
  k->layer = wg_regf_layer(k->access, c->h->info.minor);
  k->user_flags = wg_le32(p + 52) & 0xFFFF0000U;
  k->off = off;
  *nk = (regf_nk){.n_subkeys = wg_le32(p + 20),
                  .subkeys_off = wg_le32(p + 28),
                  .n_values = wg_le32(p + 36),
                  .values_off = wg_le32(p + 40),
                  .parent_off = wg_le32(p + 16)};
  c->h->info.n_volatile += wg_le32(p + 24) != 0 ? 1 : 0;
  if (wg_regf_parse_name(c, &r, wg_le16(p + 72), (flags & NK_COMP_NAME) != 0, &k->name16, err) !=
          WG_OK ||
      wg_regf_parse_sd(c, wg_le32(p + 44), &k->sd, err) != WG_OK) {
    return err->code;
  }
  uint16_t n_class = wg_le16(p + 74);
  if (n_class > 0) {
    wg_reader cls;
    const uint8_t *bytes = NULL;
    if (wg_regf_cell_body(&c->cells, wg_le32(p + 48), true, "class name", &cls, err) != WG_OK) {
      return err->code;
    }
    if (!wg_read_bytes(&cls, n_class, &bytes)) {
      return wg_fail_at(err, WG_E_FORMAT, cls.base_off, "class name of %u bytes does not fit",
                        n_class);
    }
    k->class_bytes = (wg_str){(const char *)bytes, n_class};
  }
  return parse_values(c, k, nk->n_values, nk->values_off, err);
}

typedef struct parse_frame {
  wg_regkey *key;
  uint32_t off; // of the key's cell
  regf_children children;
  uint32_t n, next;
  bool misordered;
} parse_frame;

static wg_code parse_enter(regf_parse *c, uint32_t off, wg_regkey *k, parse_frame *f,
                           uint32_t *out_parent_off, wg_error *err) {
  regf_nk nk = {0};
  if (wg_regf_parse_key(c, off, k, &nk, err) != WG_OK) {
    return err->code;
  }
  *f = (parse_frame){.key = k, .off = off, .n = nk.n_subkeys};
  *out_parent_off = nk.parent_off;
  if (nk.n_subkeys == 0) {
    return WG_OK;
  }
  if (wg_regf_parse_children(c, nk.subkeys_off, nk.n_subkeys, &f->children, err) != WG_OK) {
    return err->code;
  }
  k->children = wg_arena_new_array(&c->h->arena, wg_regkey *, nk.n_subkeys);
  if (k->children == NULL) {
    return wg_arena_fail(&c->h->arena, err);
  }
  k->cap_children = nk.n_subkeys;
  return WG_OK;
}

// Names the key an error belongs to.
static wg_code parse_fail_in(const wg_regkey *k, const wg_alloc *alloc, wg_error *err) {
  WG_AUTO(wg_buf) path = {0};
  wg_buf_init(&path, alloc, 4096);
  wg_regkey_show_path(k, &path);
  return wg_wrap(err, "key '%s'", path.failed ? "..." : wg_buf_z(&path));
}

static void parse_lint_add(wg_regf_lint_item *item, uint32_t off) {
  if (item->n++ == 0) {
    item->first_off = (uint64_t)REGF_BASE_BYTES + off;
  }
}

// Whether our order may say something else than Windows': where two names part, one of the letters
// is none of ASCII, and tables of letter case differ in a few of those.
static bool parse_order_is_doubtful(wg_str a, wg_str b) {
  const uint8_t *x = (const uint8_t *)a.p, *y = (const uint8_t *)b.p;
  for (size_t i = 0; i + 1 < a.n && i + 1 < b.n; i += 2) {
    uint16_t u = wg_upcase16(wg_le16(x + i)), v = wg_upcase16(wg_le16(y + i));
    if (u != v) {
      return u >= 0x80 || v >= 0x80;
    }
  }
  return false;
}

// Two keys of one name are an error. A wrong order is mended: Windows bisects, and would not find
// some. Where it is only perhaps wrong it is kept, and the key is searched from end to end.
static wg_code parse_check_order(regf_parse *c, parse_frame *f, const wg_regkey *child,
                                 uint32_t off, wg_error *err) {
  wg_regkey *k = f->key;
  if (k->n_children == 0) {
    return WG_OK;
  }
  wg_str before = k->children[k->n_children - 1]->name16;
  int cmp = wg_name16_cmp_nocase((const uint8_t *)before.p, before.n,
                                 (const uint8_t *)child->name16.p, child->name16.n);
  if (cmp == 0) {
    return wg_fail_at(err, WG_E_FORMAT, (uint64_t)REGF_BASE_BYTES + off,
                      "two subkeys have the same name");
  }
  if (cmp > 0 && !parse_order_is_doubtful(before, child->name16)) {
    f->misordered = true;
    if (c->lint != NULL) {
      parse_lint_add(&c->lint->order, off);
    }
  }
  k->odd_order = k->odd_order || cmp > 0;
  return WG_OK;
}

static int parse_cmp(const void *a, const void *b, void *ctx) {
  const wg_regkey *const *x = a, *const *y = b;
  (void)ctx;
  return wg_name16_cmp_nocase((const uint8_t *)(*x)->name16.p, (*x)->name16.n,
                              (const uint8_t *)(*y)->name16.p, (*y)->name16.n);
}

static wg_code parse_sort(parse_frame *f, wg_error *err) {
  wg_regkey *k = f->key;
  wg_sort(k->children, k->n_children, sizeof(wg_regkey *), // NOLINT(bugprone-sizeof-expression)
          parse_cmp, NULL);
  for (uint32_t i = 1; i < k->n_children; i++) {
    if (parse_cmp(&k->children[i - 1], &k->children[i], NULL) == 0) {
      return wg_fail(err, WG_E_FORMAT, "two subkeys have the same name");
    }
  }
  k->odd_order = false;
  return WG_OK;
}

static void parse_lint_child(regf_parse *c, const parse_frame *f, const wg_regkey *child,
                             uint32_t off, uint32_t parent_off) {
  if (c->lint == NULL) {
    return;
  }
  uint64_t hash = f->children.hashes[f->next - 1];
  if ((hash & 1) != 0 && hash >> 1 != wg_regf_name_hash(child->name16)) {
    parse_lint_add(&c->lint->hash, off);
  }
  if (parent_off != f->off) {
    parse_lint_add(&c->lint->parent, off);
  }
}

// The sk cell at off, NULL when there is none.
static const uint8_t *parse_sk_at(regf_parse *c, uint32_t off) {
  wg_reader r;
  wg_error none = WG_ERROR_INIT;
  bool ok = wg_regf_cell_body(&c->cells, off, false, "security", &r, &none) == WG_OK &&
            r.n_bytes >= 20 && memcmp(r.p, "sk", 2) == 0;
  return ok ? r.p : NULL;
}

static void parse_lint_security(regf_parse *c) {
  regf_cells kept = c->cells; // looking claims nothing
  for (size_t i = 0; i < c->sd_at_cap; i++) {
    const uint32_t *slot = &c->sd_at[3 * i];
    const uint8_t *sk = slot[1] == 0 ? NULL : parse_sk_at(c, slot[0]);
    if (sk == NULL) {
      continue;
    }
    const uint8_t *next = parse_sk_at(c, wg_le32(sk + 4)), *prev = parse_sk_at(c, wg_le32(sk + 8));
    if (next == NULL || prev == NULL || wg_le32(next + 8) != slot[0] ||
        wg_le32(prev + 4) != slot[0]) {
      parse_lint_add(&c->lint->ring, slot[0]);
    }
    if (wg_le32(sk + 12) != slot[2]) {
      parse_lint_add(&c->lint->refs, slot[0]);
    }
  }
  c->cells = kept;
}

static wg_code parse_tree(regf_parse *c, uint32_t root_off, wg_error *err) {
  uint32_t max_depth = c->h->limits.max_depth;
  parse_frame *stack = wg_arena_new_array(&c->h->arena, parse_frame, (size_t)max_depth + 1);
  c->h->root = wg_arena_new(&c->h->arena, wg_regkey);
  if (stack == NULL || c->h->root == NULL) {
    return wg_arena_fail(&c->h->arena, err);
  }
  if (parse_enter(c, root_off, c->h->root, &stack[0], &c->h->root_parent, err) != WG_OK) {
    return wg_wrap(err, "root key");
  }
  for (uint32_t depth = 1; depth > 0;) {
    parse_frame *f = &stack[depth - 1];
    if (f->next == f->n || f->children.offs == NULL) {
      if (f->misordered && parse_sort(f, err) != WG_OK) {
        return parse_fail_in(f->key, &c->h->alloc, err);
      }
      depth--;
      continue;
    }
    if (depth > max_depth) {
      (void)!wg_fail(err, WG_E_LIMIT, "deeper than %u levels", max_depth);
      return parse_fail_in(f->key, &c->h->alloc, err);
    }
    wg_regkey *child = wg_arena_new(&c->h->arena, wg_regkey);
    if (child == NULL) {
      return wg_arena_fail(&c->h->arena, err);
    }
    child->parent = f->key;
    uint32_t parent_off = 0, off = f->children.offs[f->next++];
    if (parse_enter(c, off, child, &stack[depth], &parent_off, err) != WG_OK ||
        parse_check_order(c, f, child, off, err) != WG_OK) {
      return parse_fail_in(f->key, &c->h->alloc, err);
    }
    parse_lint_child(c, f, child, off, parent_off);
    f->key->children[f->key->n_children++] = child;
    depth++;
  }
  return WG_OK;
}

wg_hive *wg_regf_hive_alloc(const wg_alloc *alloc, const wg_regf_limits *limits) {
  wg_hive *h = wg_alloc_get(alloc, sizeof(*h));
  if (h != NULL) {
    memset(h, 0, sizeof(*h));
    h->alloc = *alloc;
    h->limits = limits != NULL ? *limits : regf_default_limits;
    wg_arena_init(&h->arena, &h->alloc, (size_t)h->limits.max_memory_bytes);
  }
  return h;
}

void wg_hive_free(wg_hive *h) {
  if (h != NULL) {
    wg_alloc alloc = h->alloc;
    wg_arena_done(&h->arena);
    wg_alloc_free(&alloc, h);
  }
}

static wg_code parse_all(regf_parse *c, const void *p, size_t n_bytes, bool force_dirty,
                         wg_error *err) {
  wg_hive *h = c->h;
  uint32_t bins_bytes = 0, root_off = 0;
  if (parse_base(p, n_bytes, force_dirty, h, &bins_bytes, &root_off, err) != WG_OK) {
    return err->code;
  }
  const uint8_t *bins = (const uint8_t *)p + REGF_BASE_BYTES;
  if (wg_regf_cells_map(&h->arena, bins, bins_bytes, &c->cells, err) != WG_OK) {
    return err->code;
  }
  h->bin_time = wg_le64(bins + 20);
  if (parse_tree(c, root_off, err) != WG_OK) {
    return err->code;
  }
  h->info.live_bytes = c->cells.claimed_bytes;
  h->info.n_lost_cells = c->cells.n_cells - c->cells.claimed_cells;
  h->info.lost_bytes = c->cells.allocated_bytes - c->cells.claimed_bytes;
  if (c->lint != NULL) {
    parse_lint_security(c);
  }
  return WG_OK;
}

wg_code wg_hive_parse(const void *p, size_t n_bytes, const wg_regf_limits *limits, bool force_dirty,
                      const wg_alloc *alloc, wg_hive **out, wg_error *err) {
  return wg_hive_parse_lint(p, n_bytes, limits, force_dirty, alloc, out, NULL, err);
}

wg_code wg_hive_parse_lint(const void *p, size_t n_bytes, const wg_regf_limits *limits,
                           bool force_dirty, const wg_alloc *alloc, wg_hive **out,
                           wg_regf_lint *lint, wg_error *err) {
  WG_AUTO_PTR(wg_hive) h = wg_regf_hive_alloc(alloc, limits);
  if (h == NULL) {
    return wg_fail(err, WG_E_NOMEM, "out of memory");
  }
  wg_regf_lint found = {0};
  regf_parse c = {.h = h, .lint = lint == NULL ? NULL : &found};
  if (parse_all(&c, p, n_bytes, force_dirty, err) != WG_OK) {
    return err->code;
  }
  if (lint != NULL) {
    *lint = found;
  }
  *out = wg_take(&h);
  return WG_OK;
}

static bool parse_is_spotless(const wg_regf_lint *l) {
  return l->order.n + l->hash.n + l->parent.n + l->refs.n + l->ring.n == 0;
}

wg_code wg_hive_parse_edit(const void *p, size_t n_bytes, const wg_regf_limits *limits,
                           bool force_dirty, const wg_alloc *alloc, wg_hive **out, wg_error *err) {
  WG_AUTO_PTR(wg_hive) h = wg_regf_hive_alloc(alloc, limits);
  if (h == NULL) {
    return wg_fail(err, WG_E_NOMEM, "out of memory");
  }
  wg_regf_lint lint = {0};
  h->source = wg_arena_new(&h->arena, regf_parse);
  if (h->source == NULL) {
    return wg_arena_fail(&h->arena, err);
  }
  *h->source = (regf_parse){.h = h, .lint = &lint, .lazy = true};
  if (parse_all(h->source, p, n_bytes, force_dirty, err) != WG_OK) {
    return err->code;
  }
  h->source->lint = NULL;
  h->source->cells.again = true;
  h->is_spotless = parse_is_spotless(&lint);
  *out = wg_take(&h);
  return WG_OK;
}
