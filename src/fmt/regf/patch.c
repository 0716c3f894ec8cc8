// SPDX-License-Identifier: Apache-2.0
// Changes of a model made in the bytes it was parsed from. Cells of what is not changed stay where
// they are; new ones go into free cells or new bins; cells that nothing names any more become free
// at the end and are not used again by the same patch, so that whatever is still read of the old
// bytes is as it was. Free cells side by side in a bin that was written to become one, as Windows
// keeps them.
#include <string.h>

#include "fmt/regf/cells.h"
#include "fmt/regf/write.h"

enum {
  DIRTY_NEW = 64, // its cell was made by this patch
};

typedef struct patch {
  wg_hive *h;
  regf_write w;
  wg_arena tmp;
  uint32_t *unrefs; // security cells that a key names no more
  uint32_t n_unrefs, cap_unrefs;
} patch;

static void patch_done(patch *p) {
  wg_arena_done(&p->tmp);
}
WG_DEFINE_AUTO(patch, patch_done);

// Whether the key was deleted, or something above it.
static bool patch_is_gone(const wg_hive *h, const wg_regkey *k) {
  while (k->parent != NULL) {
    k = k->parent;
  }
  return k != h->root;
}

// The body of a cell of the bytes as they were; false when it is free already.
static bool patch_cell(patch *p, uint32_t off, wg_reader *out) {
  regf_parse *c = p->h->source;
  wg_error none = WG_ERROR_INIT;
  return off < c->cells.n_bytes && wg_le32(p->w.out->p + p->w.bins_at + off) >> 31 != 0 &&
         wg_regf_cell_body(&c->cells, off, false, "cell", out, &none) == WG_OK;
}

static void patch_free(patch *p, uint32_t off) {
  wg_reader r;
  if (patch_cell(p, off, &r)) {
    wg_put_le32(wg_regf_write_at(&p->w, off), (uint32_t)r.n_bytes + 4);
  }
}

// The cells that a list of offsets names, from the byte at `from` of its cell on, n of them.
static void patch_free_all(patch *p, uint32_t list_off, uint32_t from, uint32_t n) {
  wg_reader r;
  uint32_t off = 0;
  if (patch_cell(p, list_off, &r) && wg_read_skip(&r, from)) {
    for (; n > 0 && wg_read_le32(&r, &off); n--) {
      patch_free(p, off);
    }
  }
  patch_free(p, list_off);
}

static void patch_free_value(patch *p, uint32_t off) {
  wg_reader vk, data;
  if (!patch_cell(p, off, &vk) || vk.n_bytes < 20) {
    return;
  }
  uint32_t size = wg_le32(vk.p + 4), data_off = wg_le32(vk.p + 8);
  patch_free(p, off);
  if (size == 0 || size >> 31 != 0 || !patch_cell(p, data_off, &data)) {
    return;
  }
  bool big = p->h->info.minor > 3 && size > REGF_BIG_SEGMENT && size > data.n_bytes &&
             data.n_bytes >= 8 && memcmp(data.p, "db", 2) == 0;
  if (big) {
    patch_free_all(p, wg_le32(data.p + 4), 0, wg_le16(data.p + 2));
  }
  patch_free(p, data_off);
}

static void patch_free_values(patch *p, uint32_t n, uint32_t list_off) {
  wg_reader r;
  uint32_t off = 0;
  if (n == 0 || !patch_cell(p, list_off, &r)) {
    return;
  }
  for (; n > 0 && wg_read_le32(&r, &off); n--) {
    patch_free_value(p, off);
  }
  patch_free(p, list_off);
}

static void patch_free_children(patch *p, uint32_t n, uint32_t list_off) {
  wg_reader r;
  if (n == 0 || !patch_cell(p, list_off, &r) || r.n_bytes < 4) {
    return;
  }
  if (memcmp(r.p, "ri", 2) == 0) {
    patch_free_all(p, list_off, 4, wg_le16(r.p + 2));
  }
  patch_free(p, list_off);
}

// --- security

// The ring's fields of a security cell.
static uint8_t *patch_sk(patch *p, uint32_t off) {
  return wg_regf_write_at(&p->w, off) + 4;
}

// A security cell that is in the ring, 0: there is none.
static uint32_t patch_any_sk(const patch *p) {
  for (uint32_t i = 0; i < p->h->n_sds; i++) {
    if (p->h->sds[i].off != 0) {
      return p->h->sds[i].off;
    }
  }
  return 0;
}

static wg_code patch_ref(patch *p, uint32_t sd, uint32_t *out_off, wg_error *err) {
  *out_off = REGF_NIL;
  if (sd == REGF_NIL) {
    return WG_OK;
  }
  regf_sd *s = &p->h->sds[sd];
  if (s->off == 0) {
    uint32_t off = 0, before = patch_any_sk(p);
    if (wg_regf_write_cell(&p->w, 20 + (uint64_t)s->bytes.n, &off, err) != WG_OK) {
      return err->code;
    }
    uint8_t *sk = patch_sk(p, off);
    uint32_t after = before == 0 ? off : wg_le32(patch_sk(p, before) + 4);
    memcpy(sk, "sk", 2);
    wg_put_le32(sk + 16, (uint32_t)s->bytes.n);
    memcpy(sk + 20, s->bytes.p, s->bytes.n);
    wg_put_le32(sk + 4, after);
    wg_put_le32(sk + 8, before == 0 ? off : before);
    wg_put_le32(patch_sk(p, before == 0 ? off : before) + 4, off);
    wg_put_le32(patch_sk(p, after) + 8, off);
    s->off = off;
  }
  uint8_t *refs = patch_sk(p, s->off) + 12;
  wg_put_le32(refs, wg_le32(refs) + 1);
  *out_off = s->off;
  return WG_OK;
}

static wg_code patch_unref_later(patch *p, uint32_t off, wg_error *err) {
  if (off == REGF_NIL) {
    return WG_OK;
  }
  if (p->n_unrefs == p->cap_unrefs) {
    uint32_t cap = p->cap_unrefs == 0 ? 64 : p->cap_unrefs * 2;
    uint32_t *more = wg_arena_new_array(&p->tmp, uint32_t, cap);
    if (more == NULL) {
      return wg_arena_fail(&p->tmp, err);
    }
    if (p->n_unrefs > 0) {
      memcpy(more, p->unrefs, p->n_unrefs * sizeof(*more));
    }
    p->unrefs = more;
    p->cap_unrefs = cap;
  }
  p->unrefs[p->n_unrefs++] = off;
  return WG_OK;
}

static void patch_unref(patch *p, uint32_t off) {
  uint8_t *sk = patch_sk(p, off);
  uint32_t refs = wg_le32(sk + 12), next = wg_le32(sk + 4), prev = wg_le32(sk + 8);
  if (refs > 1) {
    wg_put_le32(sk + 12, refs - 1);
    return;
  }
  wg_put_le32(patch_sk(p, next) + 8, prev);
  wg_put_le32(patch_sk(p, prev) + 4, next);
  patch_free(p, off);
}

// --- keys

static wg_code patch_new_key(patch *p, wg_regkey *k, wg_error *err) {
  bool latin1 = wg_regf_is_latin1(k->name16);
  size_t name_bytes = latin1 ? k->name16.n / 2 : k->name16.n;
  if (wg_regf_write_cell(&p->w, 76 + name_bytes, &k->off, err) != WG_OK) {
    return err->code;
  }
  uint8_t *nk = wg_regf_write_at(&p->w, k->off) + 4;
  memcpy(nk, "nk", 2);
  wg_put_le16(nk + 2, latin1 ? NK_COMP_NAME : 0);
  for (uint32_t at = 28; at <= 48; at += 4) { // lists, security, class; 36 is a count
    wg_put_le32(nk + at, at == 36 ? 0 : REGF_NIL);
  }
  wg_put_le16(nk + 72, (uint16_t)name_bytes);
  wg_regf_write_name(nk + 76, k->name16, latin1);
  k->dirty = (uint8_t)(k->dirty | DIRTY_NEW);
  return WG_OK;
}

static wg_code patch_sd(patch *p, const wg_regkey *k, uint8_t *nk, wg_error *err) {
  uint32_t off = 0;
  if (patch_unref_later(p, wg_le32(nk + 44), err) != WG_OK ||
      patch_ref(p, k->sd, &off, err) != WG_OK) {
    return err->code;
  }
  wg_put_le32(nk + 44, off);
  return WG_OK;
}

static wg_code patch_class(patch *p, const wg_regkey *k, uint8_t *nk, wg_error *err) {
  uint32_t off = REGF_NIL, n = (uint32_t)k->class_bytes.n;
  if (n > 0 && wg_regf_write_bytes(&p->w, k->class_bytes.p, n, &off, err) != WG_OK) {
    return err->code;
  }
  if (wg_le16(nk + 74) > 0) {
    patch_free(p, wg_le32(nk + 48));
  }
  wg_put_le32(nk + 48, off);
  wg_put_le16(nk + 74, (uint16_t)n);
  return WG_OK;
}

static wg_code patch_values(patch *p, wg_regkey *k, uint8_t *nk, wg_error *err) {
  uint32_t n_was = wg_le32(nk + 36), list = REGF_NIL;
  wg_reader was;
  bool fits = n_was > 0 && patch_cell(p, wg_le32(nk + 40), &was) &&
              was.n_bytes / 4 >= k->n_values && k->n_values > 0;
  for (uint32_t i = 0; i < k->n_values; i++) {
    regf_value *v = &k->values[i];
    if (v->off == REGF_NIL && wg_regf_write_value(&p->w, v, &v->off, err) != WG_OK) {
      return err->code;
    }
  }
  if (fits) {
    list = wg_le32(nk + 40);
  } else if (k->n_values > 0 &&
             wg_regf_write_cell(&p->w, (uint64_t)k->n_values * 4, &list, err) != WG_OK) {
    return err->code;
  }
  for (uint32_t i = 0; i < k->n_values; i++) {
    wg_put_le32(wg_regf_write_at(&p->w, list) + 4 + (size_t)i * 4, k->values[i].off);
  }
  if (n_was > 0 && !fits) {
    patch_free(p, wg_le32(nk + 40));
  }
  regf_maxima m = wg_regf_maxima(k);
  wg_put_le32(nk + 36, k->n_values);
  wg_put_le32(nk + 40, list);
  wg_put_le32(nk + 60, m.value_name);
  wg_put_le32(nk + 64, m.value_data);
  return WG_OK;
}

static wg_code patch_children(patch *p, const wg_regkey *k, uint8_t *nk, wg_error *err) {
  uint32_t list = REGF_NIL, longest_name = 0, longest_class = 0;
  uint32_t *offs = wg_arena_new_array(&p->tmp, uint32_t, k->n_children);
  if (offs == NULL) {
    return wg_arena_fail(&p->tmp, err);
  }
  for (uint32_t i = 0; i < k->n_children; i++) {
    const wg_regkey *c = k->children[i];
    offs[i] = c->off;
    longest_name = c->name16.n > longest_name ? (uint32_t)c->name16.n : longest_name;
    longest_class = c->class_bytes.n > longest_class ? (uint32_t)c->class_bytes.n : longest_class;
  }
  if (k->n_children > 0 && wg_regf_write_children(&p->w, k, offs, &list, err) != WG_OK) {
    return err->code;
  }
  patch_free_children(p, wg_le32(nk + 20), wg_le32(nk + 28));
  wg_put_le32(nk + 20, k->n_children);
  wg_put_le32(nk + 28, list);
  wg_put_le32(nk + 52, (longest_name & 0xFFFF) | k->user_flags);
  wg_put_le32(nk + 56, longest_class);
  return WG_OK;
}

static wg_code patch_key(patch *p, wg_regkey *k, wg_error *err) {
  uint8_t *nk = wg_regf_write_at(&p->w, k->off) + 4;
  if (((k->dirty & DIRTY_SD) != 0 && patch_sd(p, k, nk, err) != WG_OK) ||
      ((k->dirty & DIRTY_CLASS) != 0 && patch_class(p, k, nk, err) != WG_OK) ||
      ((k->dirty & DIRTY_VALUES) != 0 && patch_values(p, k, nk, err) != WG_OK) ||
      ((k->dirty & DIRTY_CHILDREN) != 0 && patch_children(p, k, nk, err) != WG_OK)) {
    return err->code;
  }
  wg_put_le16(nk + 2, (uint16_t)(k->flags | (wg_le16(nk + 2) & NK_COMP_NAME)));
  wg_put_le64(nk + 4, k->time);
  if ((k->dirty & DIRTY_NEW) != 0) {
    wg_put_le32(nk + 12, k->access);
    wg_put_le32(nk + 16, k->parent->off);
  }
  return WG_OK;
}

static wg_code patch_touched(patch *p, wg_error *err) {
  wg_hive *h = p->h;
  // Cells of new keys first: their parents and children name them.
  for (uint32_t i = 0; i < h->n_touched; i++) {
    wg_regkey *k = h->touched[i];
    if (k->off == REGF_NIL && !patch_is_gone(h, k) && patch_new_key(p, k, err) != WG_OK) {
      return err->code;
    }
  }
  for (uint32_t i = 0; i < h->n_touched; i++) {
    wg_regkey *k = h->touched[i];
    if (!patch_is_gone(h, k) && patch_key(p, k, err) != WG_OK) {
      return err->code;
    }
  }
  return WG_OK;
}

// What a deleted key has in the bytes, without the keys below it.
static wg_code patch_drop_key(patch *p, const wg_regkey *k, wg_error *err) {
  wg_reader r;
  if (k->off == REGF_NIL || !patch_cell(p, k->off, &r) || r.n_bytes < 76) {
    return WG_OK;
  }
  if (wg_le16(r.p + 74) > 0) {
    patch_free(p, wg_le32(r.p + 48));
  }
  patch_free_values(p, wg_le32(r.p + 36), wg_le32(r.p + 40));
  patch_free_children(p, wg_le32(r.p + 20), wg_le32(r.p + 28));
  patch_free(p, k->off);
  return patch_unref_later(p, wg_le32(r.p + 44), err);
}

static wg_code patch_drop(patch *p, const wg_regkey *top, wg_error *err) {
  uint32_t depth = 0, max_depth = p->h->limits.max_depth;
  uint32_t *next = wg_arena_new_array(&p->tmp, uint32_t, (size_t)max_depth + 2);
  if (next == NULL) {
    return wg_arena_fail(&p->tmp, err);
  }
  for (const wg_regkey *k = top;;) {
    if (next[depth] < k->n_children && depth <= max_depth) {
      k = k->children[next[depth]++];
      next[++depth] = 0;
      continue;
    }
    if (patch_drop_key(p, k, err) != WG_OK) {
      return err->code;
    }
    if (depth == 0) {
      return WG_OK;
    }
    depth--;
    k = k->parent;
  }
}

static wg_code patch_drops(patch *p, wg_error *err) {
  wg_hive *h = p->h;
  for (uint32_t i = 0; i < h->n_gone_values; i++) {
    patch_free_value(p, h->gone_values[i]);
  }
  for (uint32_t i = 0; i < h->n_gone; i++) {
    if (patch_drop(p, h->gone[i], err) != WG_OK) {
      return err->code;
    }
  }
  for (uint32_t i = 0; i < p->n_unrefs; i++) {
    patch_unref(p, p->unrefs[i]);
  }
  return WG_OK;
}

// --- free cells

static regf_cells patch_bins(const patch *p) {
  return (regf_cells){.bins = p->w.out->p + p->w.bins_at,
                      .n_bytes = (uint32_t)(p->w.out->n - p->w.bins_at)};
}

// Whether something was written to the bin of size bytes at off.
static bool patch_touched_bin(const patch *p, uint32_t off, uint32_t size) {
  bool touched = off >= p->h->source->cells.n_bytes;
  for (uint32_t at = off; !touched && at < off + size; at += 4096) {
    touched = (p->w.touched[at >> 15] >> ((at >> 12) & 7) & 1) != 0;
  }
  return touched;
}

static void patch_merge_bin(patch *p, uint32_t off, uint32_t bin_bytes) {
  uint32_t size = 0, run = 0, n_run = 0; // where free cells side by side start, how many
  for (uint32_t at = off + REGF_BIN_HEADER; at < off + bin_bytes; at += size) {
    uint32_t raw = wg_le32(p->w.out->p + p->w.bins_at + at);
    bool taken = raw >> 31 != 0;
    size = taken ? wg_regf_negative(raw) : raw;
    wg_assert(size >= 8 && size <= off + bin_bytes - at); // read like that, and written so
    run = n_run == 0 ? at : run;
    n_run = taken ? 0 : n_run + 1;
    if (n_run > 1) {
      wg_put_le32(wg_regf_write_at(&p->w, run), at + size - run);
    }
  }
}

static wg_code patch_merge(patch *p, wg_error *err) {
  const regf_cells now = patch_bins(p);
  for (uint32_t off = 0, size = 0; off < now.n_bytes; off += size) {
    if (wg_regf_bin_size(&now, off, &size, err) != WG_OK) {
      return err->code;
    }
    if (patch_touched_bin(p, off, size)) {
      patch_merge_bin(p, off, size);
    }
  }
  return WG_OK;
}

// --- read back

// Cells as they are now: bins that were written to are walked again, of the others it is known.
static wg_code check_map(const patch *p, regf_cells *out, wg_arena *arena, wg_error *err) {
  const regf_cells *was = &p->h->source->cells;
  regf_cells now = patch_bins(p);
  now.starts = wg_arena_get(arena, now.n_bytes / 64 + 1);
  now.claimed = wg_arena_get(arena, now.n_bytes / 64 + 1);
  if (now.starts == NULL || now.claimed == NULL) {
    return wg_arena_fail(arena, err);
  }
  memcpy(now.starts, was->starts, was->n_bytes / 64);
  for (uint32_t off = 0, size = 0; off < now.n_bytes; off += size) {
    if (wg_regf_bin_size(&now, off, &size, err) != WG_OK) {
      return err->code;
    }
    if (patch_touched_bin(p, off, size)) {
      memset(now.starts + off / 64, 0, size / 64);
      if (wg_regf_cells_bin(&now, off, size, err) != WG_OK) {
        return err->code;
      }
    }
  }
  *out = now;
  return WG_OK;
}

static bool check_same_values(const wg_regkey *want, const wg_regkey *got) {
  if (want->n_values != got->n_values) {
    return false;
  }
  for (uint32_t i = 0; i < want->n_values && want->values != NULL; i++) {
    const regf_value *a = &want->values[i], *b = &got->values[i];
    if (!wg_str_eq(a->v.name16, b->v.name16) || a->v.type != b->v.type || a->flags != b->flags ||
        a->v.tombstone != b->v.tombstone || a->v.n_bytes != b->v.n_bytes ||
        (a->v.n_bytes > 0 && memcmp(a->v.data, b->v.data, a->v.n_bytes) != 0)) {
      return false;
    }
  }
  return true;
}

static bool check_same_key(const wg_hive *h, const wg_regkey *want, const wg_hive *h2,
                           const wg_regkey *got) {
  return wg_str_eq(want->name16, got->name16) && want->time == got->time &&
         want->flags == got->flags && want->access == got->access &&
         want->user_flags == got->user_flags && wg_str_eq(want->class_bytes, got->class_bytes) &&
         wg_str_eq(wg_regkey_sd(h, want), wg_regkey_sd(h2, got)) && check_same_values(want, got);
}

// A changed key, from its cell: what the model says, and below it the keys that the model has.
static wg_code check_key(const wg_hive *h, const wg_regkey *want, regf_parse *c, wg_error *err) {
  wg_regkey got = {0};
  regf_nk nk = {0};
  regf_children children = {0};
  if (wg_regf_parse_key(c, want->off, &got, &nk, err) != WG_OK ||
      (nk.n_subkeys > 0 &&
       wg_regf_parse_children(c, nk.subkeys_off, nk.n_subkeys, &children, err) != WG_OK)) {
    return err->code;
  }
  bool same = check_same_key(h, want, c->h, &got) && nk.n_subkeys == want->n_children &&
              nk.parent_off == (want->parent != NULL ? want->parent->off : h->root_parent);
  for (uint32_t i = 0; same && i < want->n_children; i++) {
    same = children.offs[i] == want->children[i]->off;
  }
  if (!same) {
    return wg_fail_at(err, WG_E_VERIFY, (uint64_t)REGF_BASE_BYTES + want->off,
                      "a key reads back otherwise than it was written");
  }
  return WG_OK;
}

static wg_code check_all(const patch *p, wg_error *err) {
  const wg_hive *h = p->h;
  WG_AUTO_PTR(wg_hive) h2 = wg_regf_hive_alloc(&h->alloc, &h->limits);
  wg_regf_info info = {0};
  if (h2 == NULL) {
    return wg_fail(err, WG_E_NOMEM, "out of memory");
  }
  regf_parse c = {.h = h2};
  if (wg_regf_peek(p->w.out->p, p->w.out->n, &info, err) != WG_OK ||
      check_map(p, &c.cells, &h2->arena, err) != WG_OK) {
    return err->code;
  }
  h2->info.minor = info.minor;
  for (uint32_t i = 0; i < h->n_touched; i++) {
    if (!patch_is_gone(h, h->touched[i]) && check_key(h, h->touched[i], &c, err) != WG_OK) {
      return err->code;
    }
  }
  return WG_OK;
}

// --- the whole

// Compact is better when more than a quarter of the bins would say nothing, and no slower when many
// keys are changed.
static bool patch_is_worth_it(const wg_hive *h, const wg_buf *bytes) {
  const regf_parse *c = h->source;
  return c != NULL && h->is_spotless && bytes->p + REGF_BASE_BYTES == c->cells.bins &&
         h->info.live_bytes >= c->cells.n_bytes / 4 * (uint64_t)3 &&
         h->n_touched + h->n_gone <= h->info.n_keys / 8 + 16;
}

wg_code wg_hive_patch(wg_hive *h, const wg_hive_write_options *opt, wg_buf *bytes, bool *out_done,
                      wg_error *err) {
  if (h->starved) {
    return wg_fail(err, WG_E_NOMEM, "out of memory");
  }
  *out_done = false;
  if (!patch_is_worth_it(h, bytes)) {
    return WG_OK;
  }
  const regf_cells *cells = &h->source->cells;
  WG_AUTO(patch) p = {.h = h, .w = {.h = h, .out = bytes, .bins_at = REGF_BASE_BYTES}};
  wg_arena_init(&p.tmp, &h->alloc, 0);
  p.w.touched = wg_arena_get(&p.tmp, (bytes->cap >> 15) + 1);
  if (p.w.touched == NULL) {
    return wg_arena_fail(&p.tmp, err);
  }
  for (uint32_t i = 0; i < WRITE_OPEN_BINS; i++) {
    p.w.open[i] = (open_bin){cells->free[i].off, cells->free[i].n_bytes};
  }
  bytes->n = REGF_BASE_BYTES + (size_t)cells->n_bytes; // what stands behind says nothing
  if (patch_touched(&p, err) != WG_OK || patch_drops(&p, err) != WG_OK) {
    if (!p.w.no_room) {
      return err->code;
    }
    *err = (wg_error)WG_ERROR_INIT;
    return WG_OK;
  }
  wg_put_le64(wg_regf_write_at(&p.w, 0) + 20, opt->filetime != 0 ? opt->filetime : h->bin_time);
  wg_regf_write_base(h, opt, bytes->p, wg_le32(h->base + 36),
                     (uint32_t)(bytes->n - REGF_BASE_BYTES));
  if (patch_merge(&p, err) != WG_OK || check_all(&p, err) != WG_OK) {
    return wg_wrap(err, "reading the changed hive back");
  }
  *out_done = true;
  return WG_OK;
}
