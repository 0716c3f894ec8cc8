// SPDX-License-Identifier: Apache-2.0
// Looking things up in the model.
#include <string.h>

#include "fmt/regf/int.h"

WG_WRAPS uint32_t wg_regf_name_hash(wg_str name16) {
  uint32_t h = 0;
  for (size_t i = 0; i + 1 < name16.n; i += 2) {
    h = h * 37 + wg_upcase16(wg_le16((const uint8_t *)name16.p + i));
  }
  return h;
}

static int model_cmp(wg_str a, wg_str b) {
  return wg_name16_cmp_nocase((const uint8_t *)a.p, a.n, (const uint8_t *)b.p, b.n);
}

wg_regf_info wg_hive_info(const wg_hive *h) {
  return h->info;
}

void wg_hive_add_file_name(const wg_hive *h, wg_buf *out) {
  size_t n = 0;
  while (n < 64 && wg_le16(h->base + 48 + n) != 0) {
    n += 2;
  }
  if (!wg_utf16le_to_utf8(h->base + 48, n, out)) {
    out->failed = true; // cannot be: n is even
  }
}

wg_regkey *wg_hive_root(const wg_hive *h) {
  return h->root;
}

// Position of name among the children: where it is (*found), or where it belongs.
static uint32_t model_child_at(const wg_regkey *k, wg_str name16, bool *found) {
  *found = false;
  if (k->odd_order) {
    uint32_t at = k->n_children;
    for (uint32_t left = k->n_children; left > 0; left--) {
      uint32_t i = left - 1;
      int cmp = model_cmp(k->children[i]->name16, name16);
      if (cmp == 0) {
        *found = true;
        return i;
      }
      at = cmp > 0 ? i : at;
    }
    return at;
  }
  uint32_t lo = 0, hi = k->n_children;
  while (lo < hi) {
    uint32_t mid = lo + (hi - lo) / 2;
    int cmp = model_cmp(k->children[mid]->name16, name16);
    if (cmp == 0) {
      *found = true;
      return mid;
    }
    if (cmp < 0) {
      lo = mid + 1;
    } else {
      hi = mid;
    }
  }
  return lo;
}

wg_regkey *wg_regf_child16(const wg_regkey *k, wg_str name16, uint32_t *out_at) {
  bool found = false;
  uint32_t at = model_child_at(k, name16, &found);
  if (out_at != NULL) {
    *out_at = at;
  }
  return found ? k->children[at] : NULL;
}

// UTF-8 name to UTF-16LE in a small buffer of the caller; false when it is no text or too long.
bool wg_regf_name_to16(wg_str name, uint8_t *buf, size_t cap_bytes, wg_str *out) {
  size_t n = 0;
  size_t pos = 0;
  // Decoded by hand into the fixed buffer: names are looked up often, and short.
  while (pos < name.n) {
    uint32_t cp = (uint8_t)name.p[pos];
    if (cp < 0x80) {
      pos++;
    } else if (!wg_utf8_next(name, &pos, &cp)) {
      // WTF-8: a lone surrogate.
      const uint8_t *p = (const uint8_t *)name.p + pos;
      if (name.n - pos < 3 || p[0] != 0xED || (p[1] & 0xE0) != 0xA0 || (p[2] & 0xC0) != 0x80) {
        return false;
      }
      cp = 0xD000U | (p[1] & 0x3FU) << 6 | (p[2] & 0x3FU);
      pos += 3;
    }
    size_t need = cp >= 0x10000 ? 4 : 2;
    if (n + need > cap_bytes) {
      return false;
    }
    if (need == 4) {
      wg_put_le16(buf + n, (uint16_t)(0xD800 + ((cp - 0x10000) >> 10)));
      wg_put_le16(buf + n + 2, (uint16_t)(0xDC00 + ((cp - 0x10000) & 0x3FF)));
    } else {
      wg_put_le16(buf + n, (uint16_t)cp);
    }
    n += need;
  }
  *out = (wg_str){(const char *)buf, n};
  return true;
}

wg_regkey *wg_regkey_child(const wg_regkey *k, wg_str name) {
  uint8_t buf[1024];
  wg_str name16;
  if (!wg_regf_name_to16(name, buf, sizeof(buf), &name16)) {
    return NULL;
  }
  return wg_regf_child16(k, name16, NULL);
}

// The next component of a path; empty ones are skipped. False at the end.
bool wg_regf_path_next(wg_str *path, wg_str *out) {
  while (path->n > 0 && path->p[0] == '\\') {
    path->p++;
    path->n--;
  }
  if (path->n == 0) {
    return false;
  }
  size_t n = wg_str_find(*path, '\\');
  *out = (wg_str){path->p, n};
  path->p += n;
  path->n -= n;
  return true;
}

wg_regkey *wg_hive_find(const wg_hive *h, wg_str path) {
  wg_regkey *k = h->root;
  wg_str part;
  while (k != NULL && wg_regf_path_next(&path, &part)) {
    k = wg_regkey_child(k, part);
  }
  return k;
}

wg_regkey *wg_regkey_parent(const wg_regkey *k) {
  return k->parent;
}

size_t wg_regkey_n_children(const wg_regkey *k) {
  return k->n_children;
}

wg_regkey *wg_regkey_child_at(const wg_regkey *k, size_t i) {
  return k->children[i];
}

wg_str wg_regkey_name16(const wg_regkey *k) {
  return k->name16;
}

void wg_regkey_add_name(const wg_regkey *k, wg_buf *out) {
  if (!wg_utf16le_to_utf8((const uint8_t *)k->name16.p, k->name16.n, out)) {
    wg_assert(k->name16.n % 2 != 0); // cannot be: the parser refuses odd lengths
  }
}

void wg_regname_show(wg_str name16, wg_buf *out) {
  const uint8_t *p = (const uint8_t *)name16.p;
  for (size_t i = 0; i + 1 < name16.n; i += 2) {
    uint16_t u = wg_le16(p + i);
    bool pair = u >= 0xD800 && u < 0xDC00 && i + 3 < name16.n && wg_le16(p + i + 2) >= 0xDC00 &&
                wg_le16(p + i + 2) < 0xE000;
    size_t n = pair ? 4 : 2;
    bool plain = pair || (u >= 0x20 && (u < 0x7F || u >= 0xA0) && (u < 0xD800 || u >= 0xE000));
    if (!plain || !wg_utf16le_to_utf8(p + i, n, out)) {
      wg_buf_printf(out, "\\u%04x", u);
    }
    i += n - 2;
  }
}

void wg_hive_set_inherit(wg_hive *h, wg_regkey_inherit inherit) {
  h->inherit = inherit;
}

void wg_regvalue_add_name(const wg_regvalue *v, wg_buf *out) {
  if (!wg_utf16le_to_utf8((const uint8_t *)v->name16.p, v->name16.n, out)) {
    wg_assert(v->name16.n % 2 != 0); // cannot be: the parser refuses odd lengths
  }
}

static void model_add_path(const wg_regkey *k, bool show, wg_buf *out) {
  size_t depth = 0;
  for (const wg_regkey *up = k; up->parent != NULL; up = up->parent) {
    depth++;
  }
  // Paths are short and this is for messages and listings: walking up once a level will do.
  for (size_t level = 1; level <= depth; level++) {
    const wg_regkey *at = k;
    for (size_t i = level; i < depth; i++) {
      at = at->parent;
    }
    if (level > 1) {
      wg_buf_add_byte(out, '\\');
    }
    if (show) {
      wg_regname_show(at->name16, out);
    } else {
      wg_regkey_add_name(at, out);
    }
  }
}

void wg_regkey_add_path(const wg_regkey *k, wg_buf *out) {
  model_add_path(k, false, out);
}

void wg_regkey_show_path(const wg_regkey *k, wg_buf *out) {
  model_add_path(k, true, out);
}

uint64_t wg_regkey_time(const wg_regkey *k) {
  return k->time;
}

wg_str wg_regkey_class(const wg_regkey *k) {
  return k->class_bytes;
}

wg_str wg_regkey_sd(const wg_hive *h, const wg_regkey *k) {
  return k->sd == REGF_NIL ? (wg_str){0} : h->sds[k->sd].bytes;
}

uint16_t wg_regkey_flags(const wg_regkey *k) {
  return k->flags;
}

uint8_t wg_regf_layer(uint32_t access, uint32_t minor) {
  return minor >= 6 ? (access >> 8) & 0x83 : 0;
}

uint8_t wg_regkey_layer(const wg_regkey *k) {
  return k->layer;
}

bool wg_regkey_is_link(const wg_regkey *k) {
  return (k->flags & NK_LINK) != 0;
}

size_t wg_regkey_n_values(const wg_regkey *k) {
  return k->n_values;
}

const wg_regvalue *wg_regkey_value_at(const wg_regkey *k, size_t i) {
  static const wg_regvalue nothing;
  return wg_regf_load_values(k) ? &k->values[i].v : &nothing;
}

bool wg_hive_starved(const wg_hive *h) {
  return h->starved;
}

WG_WRAPS uint32_t wg_regf_value_at(const wg_regkey *k, wg_str name16) {
  if (!wg_regf_load_values(k)) {
    return REGF_NIL;
  }
  if (k->index != NULL) {
    uint32_t mask = k->index_cap - 1;
    for (uint32_t i = wg_regf_name_hash(name16) * 2654435761U & mask; k->index[i] != 0;
         i = (i + 1) & mask) {
      if (model_cmp(k->values[k->index[i] - 1].v.name16, name16) == 0) {
        return k->index[i] - 1;
      }
    }
    return REGF_NIL;
  }
  for (uint32_t i = 0; i < k->n_values; i++) {
    if (model_cmp(k->values[i].v.name16, name16) == 0) {
      return i;
    }
  }
  return REGF_NIL;
}

// Without case.
static bool model_name_is(wg_str name16, wg_str name) {
  size_t at = 0;
  size_t pos = 0;
  while (pos < name.n) {
    uint8_t pair[4];
    wg_str one;
    size_t len = ((uint8_t)name.p[pos] & 0x80) == 0      ? 1
                 : ((uint8_t)name.p[pos] & 0xE0) == 0xC0 ? 2
                 : ((uint8_t)name.p[pos] & 0xF0) == 0xE0 ? 3
                                                         : 4;
    if (len > name.n - pos ||
        !wg_regf_name_to16((wg_str){name.p + pos, len}, pair, sizeof(pair), &one) ||
        one.n > name16.n - at || model_cmp(one, (wg_str){name16.p + at, one.n}) != 0) {
      return false;
    }
    at += one.n;
    pos += len;
  }
  return at == name16.n;
}

const wg_regvalue *wg_regkey_value(const wg_regkey *k, wg_str name) {
  uint8_t stack_buf[1024];
  wg_str name16;
  if (!wg_regf_name_to16(name, stack_buf, sizeof(stack_buf), &name16)) {
    // Longer than the buffer (value names have up to 16,383 units) or no text: compare one by one.
    for (uint32_t i = 0; wg_regf_load_values(k) && i < k->n_values; i++) {
      if (model_name_is(k->values[i].v.name16, name)) {
        return &k->values[i].v;
      }
    }
    return NULL;
  }
  uint32_t i = wg_regf_value_at(k, name16);
  return i == REGF_NIL ? NULL : &k->values[i].v;
}
