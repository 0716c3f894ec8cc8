// SPDX-License-Identifier: Apache-2.0
// Model -> bytes: every live structure once, keys depth first, lists sorted, bins filled.
//
// The bytes depend on the model and the options alone. Cells are placed first fit into the few most
// recent bins with room, so that little is lost at their ends; big cells get a bin of their own
// size.
#include <string.h>

#include "fmt/regf/write.h"

#define WRITE_LEAF_MAX 507U // entries of an lf or lh list that fit a bin of 4,096 bytes

uint8_t *wg_regf_write_at(regf_write *w, uint32_t off) {
  if (w->touched != NULL) {
    w->touched[off >> 15] = (uint8_t)(w->touched[off >> 15] | 1U << ((off >> 12) & 7));
  }
  return w->out->p + w->bins_at + off;
}

// Marks [off, off + n) as one free cell.
static void write_free_cell(regf_write *w, uint32_t off, uint32_t n) {
  if (n > 0) {
    wg_put_le32(wg_regf_write_at(w, off), n);
  }
}

static wg_code write_new_bin(regf_write *w, uint32_t cell_bytes, uint32_t slot, wg_error *err) {
  uint64_t size = ((uint64_t)cell_bytes + REGF_BIN_HEADER + 4095) & ~(uint64_t)4095;
  uint64_t off = w->out->n - w->bins_at;
  if (off + size > 0x7FFFF000U) {
    return wg_fail(err, WG_E_LIMIT, "the hive would be larger than 2 GiB");
  }
  if (w->touched != NULL && size >= w->out->cap - w->out->n) { // the hive borrows from it
    w->no_room = true;
    return wg_fail(err, WG_E_LIMIT, "no room for more bins");
  }
  wg_buf_add_zeros(w->out, (size_t)size);
  if (wg_buf_check(w->out, err) != WG_OK) {
    return err->code;
  }
  uint8_t *p = wg_regf_write_at(w, (uint32_t)off);
  memcpy(p, "hbin", 4);
  wg_put_le32(p + 4, (uint32_t)off);
  wg_put_le32(p + 8, (uint32_t)size);
  w->open[slot] = (open_bin){.free_off = (uint32_t)off + REGF_BIN_HEADER,
                             .free_bytes = (uint32_t)size - REGF_BIN_HEADER};
  write_free_cell(w, w->open[slot].free_off, w->open[slot].free_bytes);
  return WG_OK;
}

// An allocated cell of n body bytes (zeroed); its offset relative to the bins.
wg_code wg_regf_write_cell(regf_write *w, uint64_t n, uint32_t *out_off, wg_error *err) {
  if (n > 0x7FFFE000U) {
    return wg_fail(err, WG_E_LIMIT, "a cell of %llu bytes", (unsigned long long)n);
  }
  uint32_t need = ((uint32_t)n + 4 + 7) & ~7U;
  need = need < 8 ? 8 : need;
  uint32_t slot = WRITE_OPEN_BINS;
  uint32_t smallest = 0;
  for (uint32_t i = 0; i < WRITE_OPEN_BINS; i++) {
    // Best fit among the open bins: the tightest gap.
    if (w->open[i].free_bytes >= need &&
        (slot == WRITE_OPEN_BINS || w->open[i].free_bytes < w->open[slot].free_bytes)) {
      slot = i;
    }
    smallest = w->open[i].free_bytes < w->open[smallest].free_bytes ? i : smallest;
  }
  if (slot == WRITE_OPEN_BINS) {
    slot = smallest;
    if (write_new_bin(w, need, slot, err) != WG_OK) {
      return err->code;
    }
  }
  open_bin *b = &w->open[slot];
  *out_off = b->free_off;
  b->free_off += need;
  b->free_bytes -= need;
  write_free_cell(w, b->free_off, b->free_bytes);
  uint8_t *p = wg_regf_write_at(w, *out_off);
  wg_put_le32(p, wg_regf_negative(need));
  if (w->touched != NULL) { // a free cell has what was there before
    memset(p + 4, 0, need - 4);
  }
  return WG_OK;
}

wg_code wg_regf_write_bytes(regf_write *w, const void *p, uint32_t n, uint32_t *out_off,
                            wg_error *err) {
  if (wg_regf_write_cell(w, n, out_off, err) != WG_OK) {
    return err->code;
  }
  if (n > 0) {
    memcpy(wg_regf_write_at(w, *out_off) + 4, p, n);
  }
  return WG_OK;
}

// True when each unit is below 256: then names are stored as Latin-1.
bool wg_regf_is_latin1(wg_str name16) {
  for (size_t i = 1; i < name16.n; i += 2) {
    if (name16.p[i] != 0) {
      return false;
    }
  }
  return true;
}

void wg_regf_write_name(uint8_t *at, wg_str name16, bool latin1) {
  if (!latin1) {
    memcpy(at, name16.p, name16.n);
    return;
  }
  for (size_t i = 0; i < name16.n; i += 2) {
    at[i / 2] = (uint8_t)name16.p[i];
  }
}

static wg_code write_big(regf_write *w, const wg_regvalue *v, uint32_t *out_off, wg_error *err) {
  uint32_t n = (v->n_bytes + REGF_BIG_SEGMENT - 1) / REGF_BIG_SEGMENT;
  uint32_t list = 0;
  if (n > UINT16_MAX) {
    return wg_fail(err, WG_E_LIMIT, "a value of %u bytes", v->n_bytes);
  }
  if (wg_regf_write_cell(w, 8, out_off, err) != WG_OK ||
      wg_regf_write_cell(w, (uint64_t)n * 4, &list, err) != WG_OK) {
    return err->code;
  }
  uint8_t *p = wg_regf_write_at(w, *out_off) + 4;
  memcpy(p, "db", 2);
  wg_put_le16(p + 2, (uint16_t)n);
  wg_put_le32(p + 4, list);
  for (uint32_t i = 0; i < n; i++) {
    uint32_t left = v->n_bytes - i * REGF_BIG_SEGMENT;
    uint32_t seg = 0;
    uint32_t here = left < REGF_BIG_SEGMENT ? left : REGF_BIG_SEGMENT;
    // Four bytes more than it holds, as a full segment has: hivex takes no data from the last four.
    if (wg_regf_write_cell(w, (uint64_t)here + 4, &seg, err) != WG_OK) {
      return err->code;
    }
    memcpy(wg_regf_write_at(w, seg) + 4, v->data + (size_t)i * REGF_BIG_SEGMENT, here);
    wg_put_le32(wg_regf_write_at(w, list) + 4 + (size_t)i * 4, seg);
  }
  return WG_OK;
}

wg_code wg_regf_write_value(regf_write *w, const regf_value *v, uint32_t *out_off, wg_error *err) {
  bool latin1 = wg_regf_is_latin1(v->v.name16);
  size_t name_bytes = latin1 ? v->v.name16.n / 2 : v->v.name16.n;
  if (wg_regf_write_cell(w, 20 + name_bytes, out_off, err) != WG_OK) {
    return err->code;
  }
  uint32_t data_off = 0;
  uint32_t n = v->v.n_bytes;
  if (n > REGF_BIG_SEGMENT && w->h->info.minor > 3) {
    if (write_big(w, &v->v, &data_off, err) != WG_OK) {
      return err->code;
    }
  } else if (n > 4 && wg_regf_write_bytes(w, v->v.data, n, &data_off, err) != WG_OK) {
    return err->code;
  }
  uint8_t *p = wg_regf_write_at(w, *out_off) + 4;
  memcpy(p, "vk", 2);
  wg_put_le16(p + 2, (uint16_t)name_bytes);
  if (n <= 4) {
    wg_put_le32(p + 4, n | 0x80000000U);
    if (n > 0) {
      memcpy(p + 8, v->v.data, n);
    }
  } else {
    wg_put_le32(p + 4, n);
    wg_put_le32(p + 8, data_off);
  }
  wg_put_le32(p + 12, v->v.type);
  // Windows sets the bit for the default value (empty name) neither way: it is left clear.
  uint16_t comp = latin1 && v->v.name16.n > 0 ? VK_COMP_NAME : 0;
  wg_put_le16(p + 16, (uint16_t)(v->flags | comp | (v->v.tombstone ? VK_TOMBSTONE : 0)));
  wg_regf_write_name(p + 20, v->v.name16, latin1);
  return WG_OK;
}

static wg_code write_sd(regf_write *w, uint32_t sd, uint32_t *out_off, wg_error *err) {
  if (sd == REGF_NIL) {
    *out_off = REGF_NIL;
    return WG_OK;
  }
  w->sd_refs[sd]++;
  if (w->sd_off[sd] == 0) {
    wg_str bytes = w->h->sds[sd].bytes;
    uint32_t off = 0;
    if (wg_regf_write_cell(w, 20 + (uint64_t)bytes.n, &off, err) != WG_OK) {
      return err->code;
    }
    uint8_t *p = wg_regf_write_at(w, off) + 4;
    memcpy(p, "sk", 2);
    wg_put_le32(p + 16, (uint32_t)bytes.n);
    memcpy(p + 20, bytes.p, bytes.n);
    w->sd_off[sd] = off;
    w->sd_order[w->n_sds++] = sd;
  }
  *out_off = w->sd_off[sd];
  return WG_OK;
}

// All security cells form one ring, in order of first use.
static void write_sd_ring(regf_write *w) {
  for (uint32_t i = 0; i < w->n_sds; i++) {
    uint8_t *p = wg_regf_write_at(w, w->sd_off[w->sd_order[i]]) + 4;
    wg_put_le32(p + 4, w->sd_off[w->sd_order[(i + 1) % w->n_sds]]);
    wg_put_le32(p + 8, w->sd_off[w->sd_order[(i + w->n_sds - 1) % w->n_sds]]);
    wg_put_le32(p + 12, w->sd_refs[w->sd_order[i]]);
  }
}

// An lf list's hint: the first four characters when they are Latin-1, else nothing.
static uint32_t write_name_hint(wg_str name16) {
  uint8_t hint[4] = {0};
  for (size_t i = 0; i < 4 && 2 * i < name16.n; i++) {
    if (name16.p[2 * i + 1] != 0) {
      return 0;
    }
    hint[i] = (uint8_t)name16.p[2 * i];
  }
  return wg_le32(hint);
}

static wg_code write_leaf(regf_write *w, wg_regkey *const *keys, const uint32_t *offs, uint32_t n,
                          uint32_t *out_off, wg_error *err) {
  if (wg_regf_write_cell(w, 4 + (uint64_t)n * 8, out_off, err) != WG_OK) {
    return err->code;
  }
  bool hashed = w->h->info.minor >= 5;
  uint8_t *p = wg_regf_write_at(w, *out_off) + 4;
  memcpy(p, hashed ? "lh" : "lf", 2);
  wg_put_le16(p + 2, (uint16_t)n);
  for (uint32_t i = 0; i < n; i++) {
    wg_put_le32(p + 4 + (size_t)i * 8, offs[i]);
    wg_put_le32(p + 8 + (size_t)i * 8,
                hashed ? wg_regf_name_hash(keys[i]->name16) : write_name_hint(keys[i]->name16));
  }
  return WG_OK;
}

// The list of a key's n > 0 children, whose cells are at offs.
wg_code wg_regf_write_children(regf_write *w, const wg_regkey *k, const uint32_t *offs,
                               uint32_t *out_off, wg_error *err) {
  uint32_t n = k->n_children;
  if (n <= WRITE_LEAF_MAX) {
    return write_leaf(w, k->children, offs, n, out_off, err);
  }
  uint32_t n_leaves = (n + WRITE_LEAF_MAX - 1) / WRITE_LEAF_MAX;
  if (n_leaves > UINT16_MAX) {
    return wg_fail(err, WG_E_LIMIT, "%u subkeys in one key", n);
  }
  if (wg_regf_write_cell(w, 4 + (uint64_t)n_leaves * 4, out_off, err) != WG_OK) {
    return err->code;
  }
  uint8_t *p = wg_regf_write_at(w, *out_off) + 4;
  memcpy(p, "ri", 2);
  wg_put_le16(p + 2, (uint16_t)n_leaves);
  uint32_t at = 0;
  for (uint32_t i = 0; i < n_leaves; i++) {
    uint32_t part = (n - at) / (n_leaves - i); // even leaves: no tiny last one
    uint32_t leaf = 0;
    if (write_leaf(w, k->children + at, offs + at, part, &leaf, err) != WG_OK) {
      return err->code;
    }
    wg_put_le32(wg_regf_write_at(w, *out_off) + 8 + (size_t)i * 4, leaf);
    at += part;
  }
  return WG_OK;
}

regf_maxima wg_regf_maxima(const wg_regkey *k) {
  regf_maxima m = {0};
  for (uint32_t i = 0; i < k->n_children; i++) {
    const wg_regkey *c = k->children[i];
    m.name = c->name16.n > m.name ? (uint32_t)c->name16.n : m.name;
    m.cls = c->class_bytes.n > m.cls ? (uint32_t)c->class_bytes.n : m.cls;
  }
  for (uint32_t i = 0; i < k->n_values; i++) {
    const wg_regvalue *v = &k->values[i].v;
    m.value_name = v->name16.n > m.value_name ? (uint32_t)v->name16.n : m.value_name;
    m.value_data = v->n_bytes > m.value_data ? v->n_bytes : m.value_data;
  }
  return m;
}

static wg_code write_values(regf_write *w, const wg_regkey *k, uint32_t *out_off, wg_error *err) {
  *out_off = REGF_NIL;
  if (k->n_values == 0) {
    return WG_OK;
  }
  if (!wg_regf_load_values(k)) {
    return wg_arena_fail(&w->h->arena, err);
  }
  if (wg_regf_write_cell(w, (uint64_t)k->n_values * 4, out_off, err) != WG_OK) {
    return err->code;
  }
  for (uint32_t i = 0; i < k->n_values; i++) {
    uint32_t off = 0;
    if (wg_regf_write_value(w, &k->values[i], &off, err) != WG_OK) {
      return err->code;
    }
    wg_put_le32(wg_regf_write_at(w, *out_off) + 4 + (size_t)i * 4, off);
  }
  return WG_OK;
}

// The key's own cell and all that hangs on it but its children.
static wg_code write_key(regf_write *w, const wg_regkey *k, uint32_t parent_off, uint32_t *out_off,
                         wg_error *err) {
  bool latin1 = wg_regf_is_latin1(k->name16);
  size_t name_bytes = latin1 ? k->name16.n / 2 : k->name16.n;
  uint32_t class_off = REGF_NIL, values_off = REGF_NIL, sd_off = REGF_NIL;
  if (wg_regf_write_cell(w, 76 + name_bytes, out_off, err) != WG_OK ||
      write_sd(w, k->sd, &sd_off, err) != WG_OK ||
      (k->class_bytes.n > 0 && wg_regf_write_bytes(w, k->class_bytes.p, (uint32_t)k->class_bytes.n,
                                                   &class_off, err) != WG_OK) ||
      write_values(w, k, &values_off, err) != WG_OK) {
    return err->code;
  }
  regf_maxima m = wg_regf_maxima(k);
  uint8_t *p = wg_regf_write_at(w, *out_off) + 4;
  memcpy(p, "nk", 2);
  wg_put_le16(p + 2, (uint16_t)(k->flags | (latin1 ? NK_COMP_NAME : 0)));
  wg_put_le64(p + 4, k->time);
  wg_put_le32(p + 12, k->access);
  wg_put_le32(p + 16, parent_off);
  wg_put_le32(p + 20, k->n_children);
  wg_put_le32(p + 28, REGF_NIL);
  wg_put_le32(p + 32, REGF_NIL);
  wg_put_le32(p + 36, k->n_values);
  wg_put_le32(p + 40, values_off);
  wg_put_le32(p + 44, sd_off);
  wg_put_le32(p + 48, class_off);
  wg_put_le32(p + 52, (m.name & 0xFFFF) | k->user_flags);
  wg_put_le32(p + 56, m.cls);
  wg_put_le32(p + 60, m.value_name);
  wg_put_le32(p + 64, m.value_data);
  wg_put_le16(p + 72, (uint16_t)name_bytes);
  wg_put_le16(p + 74, (uint16_t)k->class_bytes.n);
  wg_regf_write_name(p + 76, k->name16, latin1);
  return WG_OK;
}

typedef struct write_frame {
  const wg_regkey *key;
  uint32_t off;
  uint32_t next;
  uint32_t *offs; // children's cells
} write_frame;

static wg_code write_enter(regf_write *w, wg_arena *tmp, const wg_regkey *k, uint32_t parent_off,
                           write_frame *f, wg_error *err) {
  *f = (write_frame){.key = k};
  if (write_key(w, k, parent_off, &f->off, err) != WG_OK) {
    return err->code;
  }
  if (k->n_children > 0) {
    f->offs = wg_arena_new_array(tmp, uint32_t, k->n_children);
    if (f->offs == NULL) {
      return wg_arena_fail(tmp, err);
    }
  }
  return WG_OK;
}

static wg_code write_tree(regf_write *w, wg_arena *tmp, uint32_t *out_root, wg_error *err) {
  uint32_t max_depth = w->h->limits.max_depth;
  write_frame *stack = wg_arena_new_array(tmp, write_frame, (size_t)max_depth + 2);
  if (stack == NULL) {
    return wg_arena_fail(tmp, err);
  }
  if (write_enter(w, tmp, w->h->root, w->h->root_parent, &stack[0], err) != WG_OK) {
    return err->code;
  }
  *out_root = stack[0].off;
  for (uint32_t depth = 1; depth > 0;) {
    write_frame *f = &stack[depth - 1];
    if (f->next < f->key->n_children) {
      if (depth > max_depth) {
        return wg_fail(err, WG_E_LIMIT, "keys nest deeper than %u levels", max_depth);
      }
      if (write_enter(w, tmp, f->key->children[f->next], f->off, &stack[depth], err) != WG_OK) {
        return err->code;
      }
      f->offs[f->next++] = stack[depth].off;
      depth++;
      continue;
    }
    if (f->key->n_children > 0) {
      uint32_t list = 0;
      if (wg_regf_write_children(w, f->key, f->offs, &list, err) != WG_OK) {
        return err->code;
      }
      wg_put_le32(wg_regf_write_at(w, f->off) + 4 + 28, list);
    }
    depth--;
  }
  return WG_OK;
}

void wg_regf_write_base(const wg_hive *h, const wg_hive_write_options *opt, uint8_t *base,
                        uint32_t root_off, uint32_t bins_bytes) {
  memcpy(base, h->base, REGF_BASE_BYTES);
  uint32_t seq = h->info.seq1 > h->info.seq2 ? h->info.seq1 : h->info.seq2;
  seq += opt->bump_sequence ? 1 : 0;
  wg_put_le32(base + 4, seq);
  wg_put_le32(base + 8, seq);
  if (opt->filetime != 0) {
    wg_put_le64(base + 12, opt->filetime);
  }
  wg_put_le32(base + 36, root_off);
  wg_put_le32(base + 40, bins_bytes);
  wg_put_le32(base + 508, wg_regf_checksum(base));
}

wg_code wg_hive_write(const wg_hive *h, const wg_hive_write_options *opt, wg_buf *out,
                      wg_error *err) {
  WG_AUTO(wg_arena) tmp;
  wg_arena_init(&tmp, &h->alloc, 0);
  if (h->starved) {
    return wg_fail(err, WG_E_NOMEM, "out of memory");
  }
  regf_write w = {.h = h, .out = out, .bins_at = out->n + REGF_BASE_BYTES};
  size_t n_sds = (size_t)h->n_sds + 1;
  w.sd_off = wg_arena_new_array(&tmp, uint32_t, n_sds);
  w.sd_refs = wg_arena_new_array(&tmp, uint32_t, n_sds);
  w.sd_order = wg_arena_new_array(&tmp, uint32_t, n_sds);
  if (w.sd_off == NULL || w.sd_refs == NULL || w.sd_order == NULL) {
    return wg_arena_fail(&tmp, err);
  }
  size_t base_at = out->n;
  uint32_t root_off = 0;
  wg_buf_add_zeros(out, REGF_BASE_BYTES);
  if (wg_buf_check(out, err) != WG_OK || write_tree(&w, &tmp, &root_off, err) != WG_OK) {
    return err->code;
  }
  write_sd_ring(&w);
  wg_put_le64(wg_regf_write_at(&w, 0) + 20, opt->filetime != 0 ? opt->filetime : h->bin_time);
  wg_regf_write_base(h, opt, out->p + base_at, root_off, (uint32_t)(out->n - w.bins_at));
  return WG_OK;
}
