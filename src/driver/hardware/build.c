// SPDX-License-Identifier: Apache-2.0
#include "driver/hardware/build.h"

#include <string.h>

#include "base/near.h"
#include "base/utf.h"

wg_str wg_hw_after(wg_str s, size_t n) {
  return n >= s.n ? (wg_str){0} : (wg_str){s.p + n, s.n - n};
}

wg_str wg_hw_trim(wg_str s) {
  while (s.n > 0 && (unsigned char)s.p[0] <= ' ') {
    s = wg_hw_after(s, 1);
  }
  while (s.n > 0 && (unsigned char)s.p[s.n - 1] <= ' ') {
    s.n--;
  }
  return s;
}

bool wg_hw_line(wg_str *rest, wg_str *out) {
  if (rest->n == 0) {
    return false;
  }
  size_t n = wg_str_find(*rest, '\n');
  *out = (wg_str){rest->p, n};
  if (out->n > 0 && out->p[out->n - 1] == '\r') {
    out->n--;
  }
  *rest = wg_hw_after(*rest, n + 1);
  return true;
}

size_t wg_hw_find(wg_str s, const char *needle) {
  size_t n = strlen(needle);
  for (size_t i = 0; i + n <= s.n; i++) {
    if (wg_ascii_lower(s.p[i]) == wg_ascii_lower(needle[0]) &&
        wg_str_eq_nocase((wg_str){s.p + i, n}, needle)) {
      return i;
    }
  }
  return s.n;
}

bool wg_hw_hex(wg_str s, size_t max, uint32_t *out, size_t *out_n) {
  size_t n = 0;
  uint64_t v = 0, whole = 0;
  while (n < s.n && n < max && n < 8 && wg_parse_hex64((wg_str){s.p, n + 1}, &v)) {
    whole = v;
    n++;
  }
  if (n == 0) {
    return false;
  }
  *out = (uint32_t)whole;
  *out_n = n;
  return true;
}

static bool is_visible(uint32_t cp) {
  return cp >= ' ' && cp != 0x7F && (cp < 0x80 || cp >= 0xA0) && cp != 0x2028 && cp != 0x2029 &&
         cp != 0xFEFF && cp != 0xFFFE && cp != 0xFFFF;
}

void wg_hw_add_visible(wg_buf *out, wg_str s) {
  for (size_t at = 0; at < s.n;) {
    size_t from = at;
    uint32_t cp = 0;
    if (!wg_utf8_next(s, &at, &cp)) {
      at = from + 1;
      cp = 0xFFFD;
    }
    wg_utf8_add(out, is_visible(cp) ? cp : ' ');
  }
}

wg_str wg_hw_text(wg_hw_build *b, wg_str s) {
  WG_AUTO(wg_buf) text = {0};
  wg_buf_init(&text, b->arena->alloc, 0);
  wg_hw_add_visible(&text, s);
  s = wg_hw_trim(wg_buf_str(&text));
  char *p = s.n == 0 ? NULL : wg_arena_strndup(b->arena, s.p, s.n);
  b->starved = b->starved || text.failed || (s.n > 0 && p == NULL);
  return p == NULL ? (wg_str){0} : (wg_str){p, s.n};
}

wg_hw_device *wg_hw_add(wg_hw_build *b) {
  if (b->n >= WG_HW_MAX_DEVICES) {
    b->full = true;
    return NULL;
  }
  if (b->n == b->cap) {
    uint32_t cap = b->cap == 0 ? 32 : b->cap * 2;
    wg_hw_device *v = wg_arena_new_array(b->arena, wg_hw_device, cap);
    if (v == NULL) {
      b->starved = true;
      return NULL;
    }
    if (b->n > 0) {
      memcpy(v, b->v, b->n * sizeof(*v));
    }
    b->v = v;
    b->cap = cap;
  }
  b->hardware = b->compatible = NULL;
  b->cap_hardware = b->cap_compatible = 0;
  b->v[b->n] = (wg_hw_device){0};
  return &b->v[b->n++];
}

// What Windows forbids in an id is a comma and what is no visible ASCII; ids of software devices
// have letters of any language.
static bool id_may_be(wg_str id) {
  if (id.n == 0 || id.n > WG_HW_MAX_ID_BYTES) {
    return false;
  }
  for (size_t at = 0; at < id.n;) {
    uint32_t cp = 0;
    if (!wg_utf8_next(id, &at, &cp) || cp == ',' || !is_visible(cp)) {
      return false;
    }
  }
  return true;
}

void wg_hw_add_id(wg_hw_build *b, bool compatible, wg_str id) {
  id = wg_hw_trim(id);
  if (b->n == 0 || !id_may_be(id)) {
    return;
  }
  wg_hw_device *d = &b->v[b->n - 1];
  wg_str **list = compatible ? &b->compatible : &b->hardware;
  uint32_t *n = compatible ? &d->n_compatible : &d->n_hardware;
  uint32_t *cap = compatible ? &b->cap_compatible : &b->cap_hardware;
  if (*n >= WG_HW_MAX_IDS) {
    return;
  }
  for (uint32_t i = 0; i < *n; i++) {
    if ((*list)[i].n == id.n && wg_name_cmp_nocase((*list)[i], id) == 0) {
      return;
    }
  }
  if (*n == *cap) {
    uint32_t to = *cap == 0 ? 8 : *cap * 2;
    wg_str *v = wg_arena_new_array(b->arena, wg_str, to);
    if (v == NULL) {
      b->starved = true;
      return;
    }
    if (*n > 0) {
      memcpy(v, *list, *n * sizeof(*v));
    }
    *list = v;
    *cap = to;
  }
  char *copy = wg_arena_strndup(b->arena, id.p, id.n);
  if (copy == NULL) {
    b->starved = true;
    return;
  }
  (*list)[(*n)++] = (wg_str){copy, id.n};
  d->hardware_ids = b->hardware;
  d->compatible_ids = b->compatible;
}

void wg_hw_printf_id(wg_hw_build *b, bool compatible, const char *fmt, ...) {
  char text[WG_HW_MAX_ID_BYTES + 1];
  va_list ap;
  va_start(ap, fmt);
  size_t n = wg_vformat(text, sizeof(text), fmt, ap);
  va_end(ap);
  if (n < sizeof(text)) {
    wg_hw_add_id(b, compatible, (wg_str){text, n});
  }
}

void wg_hw_note(wg_hw_build *b, const char *text) {
  enum {
    MAX_NOTES = 8
  };
  for (uint32_t i = 0; i < b->n_notes; i++) {
    if (wg_str_eqz(b->notes[i], text)) {
      return;
    }
  }
  if (b->notes == NULL) {
    b->notes = wg_arena_new_array(b->arena, wg_str, MAX_NOTES);
    b->starved = b->starved || b->notes == NULL;
  }
  if (b->notes != NULL && b->n_notes < MAX_NOTES) {
    b->notes[b->n_notes++] = wg_str_of(text);
  }
}

wg_code wg_hw_full(const wg_hw_build *b, wg_error *err) {
  if (b->full) {
    return wg_fail(err, WG_E_LIMIT, "more than %u devices", WG_HW_MAX_DEVICES);
  }
  return wg_arena_fail(b->arena, err);
}

wg_code wg_hw_finish(wg_hw_build *b, wg_hw_kind kind, wg_hw_profile *out, wg_error *err) {
  if (b->starved || b->full) {
    return wg_hw_full(b, err);
  }
  uint32_t n = 0;
  for (uint32_t i = 0; i < b->n; i++) {
    if (b->v[i].n_hardware + b->v[i].n_compatible > 0) {
      b->v[n++] = b->v[i];
    }
  }
  if (n == 0) {
    return wg_fail(err, WG_E_NOT_FOUND, "no device with ids is in it (read as %s)%s",
                   wg_hw_kind_name(kind),
                   kind == WG_HW_LINUX  ? ": 'lspci -vnn' and 'lsusb -v' print them"
                   : kind == WG_HW_HIVE ? ": Windows writes its devices down when it starts"
                                        : "");
  }
  *out = (wg_hw_profile){.kind = kind,
                         .vendor = b->vendor,
                         .model = b->model,
                         .devices = b->v,
                         .n_devices = n,
                         .notes = b->notes,
                         .n_notes = b->n_notes};
  return WG_OK;
}

wg_str wg_hw_label(const wg_hw_device *d) {
  return d->name.n > 0         ? d->name
         : d->where.n > 0      ? d->where
         : d->instance.n > 0   ? d->instance
         : d->n_hardware > 0   ? d->hardware_ids[0]
         : d->n_compatible > 0 ? d->compatible_ids[0]
                               : (wg_str){0};
}
