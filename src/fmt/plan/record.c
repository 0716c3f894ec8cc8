// SPDX-License-Identifier: Apache-2.0
#include "fmt/plan/record.h"

#include <string.h>

static void record_value(wg_buf *b, wg_str v) {
  wg_buf_printf(b, " %zu:", v.n);
  wg_buf_add_str(b, v);
  wg_buf_add_byte(b, '\n');
}

void wg_record_begin(wg_buf *b, const char *kind, wg_str title) {
  wg_buf_add_z(b, kind);
  record_value(b, title);
}

void wg_record_str(wg_buf *b, const char *field, wg_str v) {
  wg_buf_add_byte(b, ' ');
  wg_buf_add_z(b, field);
  record_value(b, v);
}

void wg_record_z(wg_buf *b, const char *field, const char *v) {
  if (v != NULL) {
    wg_record_str(b, field, wg_str_of(v));
  }
}

void wg_record_list(wg_buf *b, const char *field, const char *const *v, size_t n) {
  for (size_t i = 0; i < n; i++) {
    wg_record_z(b, field, v[i]);
  }
}

void wg_record_u64(wg_buf *b, const char *field, uint64_t v) {
  char text[24];
  if (v != 0) {
    size_t n = wg_format(text, sizeof(text), "%llu", (unsigned long long)v);
    wg_record_str(b, field, (wg_str){text, n});
  }
}

void wg_record_i64(wg_buf *b, const char *field, int64_t v) {
  char text[24];
  if (v != 0) {
    size_t n = wg_format(text, sizeof(text), "%lld", (long long)v);
    wg_record_str(b, field, (wg_str){text, n});
  }
}

void wg_record_flag(wg_buf *b, const char *field, bool v) {
  wg_record_u64(b, field, v ? 1 : 0);
}

void wg_record_hex(wg_buf *b, const char *field, const void *p, size_t n_bytes) {
  if (n_bytes == 0) {
    return;
  }
  wg_buf_printf(b, " %s %zu:", field, 2 * n_bytes);
  wg_buf_add_hex(b, p, n_bytes);
  wg_buf_add_byte(b, '\n');
}

void wg_record_end(wg_buf *b) {
  wg_buf_add_byte(b, '\n');
}

// --- reading

static bool record_byte(wg_reader *r, uint8_t want) {
  uint8_t got = 0;
  wg_reader at = *r;
  if (!wg_read_u8(&at, &got) || got != want) {
    return false;
  }
  *r = at;
  return true;
}

// A kind or a field's name.
static bool record_word(wg_reader *r, wg_str *out) {
  wg_reader at = *r;
  const uint8_t *p = r->p + r->pos;
  uint8_t c = 0;
  size_t n = 0;
  while (wg_read_u8(&at, &c) &&
         ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || (c == '-' && n > 0)) &&
         n < WG_RECORD_MAX_WORD_BYTES) {
    n++;
  }
  *out = (wg_str){(const char *)p, n};
  return n > 0 && wg_read_skip(r, n);
}

// " <length>:<bytes>\n"; the length as the writer has it.
static bool record_read_value(wg_reader *r, wg_str *out) {
  uint8_t c = 0;
  uint64_t n = 0;
  size_t digits = 0;
  const uint8_t *p = NULL;
  if (!record_byte(r, ' ')) {
    return false;
  }
  for (;; digits++) {
    if (!wg_read_u8(r, &c) || (c != ':' && (c < '0' || c > '9')) || digits > 18) {
      return false;
    }
    if (c == ':') {
      break;
    }
    if (digits > 0 && n == 0) {
      return false; // a zero in front
    }
    n = n * 10 + (uint64_t)(c - '0');
  }
  if (digits == 0 || !wg_read_bytes(r, n, &p) || !record_byte(r, '\n')) {
    return false;
  }
  *out = (wg_str){(const char *)p, (size_t)n};
  return true;
}

wg_code wg_record_next(wg_reader *r, wg_arena *arena, wg_record *out, bool *out_any,
                       wg_error *err) {
  wg_record rec = {.arena = arena};
  wg_reader at = *r;
  wg_str field, value;
  if (wg_reader_left(r) == 0) {
    *out_any = false;
    return WG_OK;
  }
  bool good = record_word(&at, &rec.kind) && record_read_value(&at, &rec.title);
  uint64_t first = at.pos;
  while (good && record_byte(&at, ' ')) {
    good = record_word(&at, &field) && record_read_value(&at, &value);
  }
  uint64_t n_fields = at.pos - first;
  if (!good || !record_byte(&at, '\n') || !wg_reader_slice(r, first, n_fields, &rec.rest)) {
    return wg_fail_at(err, WG_E_FORMAT, wg_reader_at(&at), "not a record");
  }
  rec.text = (wg_str){(const char *)r->p + r->pos, (size_t)(at.pos - r->pos)};
  *r = at;
  *out = rec;
  *out_any = true;
  return WG_OK;
}

static void record_fault(wg_record *r, wg_code code, const char *field) {
  if (r->code == WG_OK) {
    r->code = code;
    r->what = field;
    r->off_bytes = wg_reader_at(&r->rest);
  }
}

void wg_record_no_memory(wg_record *r) {
  record_fault(r, WG_E_NOMEM, "");
}

bool wg_record_take(wg_record *r, const char *field, wg_str *out) {
  wg_reader at = r->rest;
  wg_str name, value;
  if (r->code != WG_OK || !record_byte(&at, ' ') || !record_word(&at, &name) ||
      !wg_str_eqz(name, field) || !record_read_value(&at, &value)) {
    return false;
  }
  r->rest = at;
  *out = value;
  return true;
}

static const char *record_copy(wg_record *r, const char *field, wg_str v) {
  const char *z = NULL;
  if (v.n > 0 && memchr(v.p, 0, v.n) != NULL) {
    record_fault(r, WG_E_FORMAT, field);
    return NULL;
  }
  z = wg_arena_strndup(r->arena, v.n == 0 ? "" : v.p, v.n);
  if (z == NULL) {
    wg_record_no_memory(r);
  }
  return z;
}

void wg_record_get_z(wg_record *r, const char *field, const char **out) {
  wg_str v;
  if (wg_record_take(r, field, &v)) {
    *out = record_copy(r, field, v);
  }
}

void wg_record_get_list(wg_record *r, const char *field, const char *const **out, size_t *out_n) {
  wg_record count = *r;
  wg_str v;
  size_t n = 0;
  while (wg_record_take(&count, field, &v)) {
    n++;
  }
  if (n == 0) {
    return;
  }
  const char **list = (const char **)wg_arena_new_array(r->arena, const char *, n);
  if (list == NULL) {
    wg_record_no_memory(r);
    return;
  }
  for (size_t i = 0; i < n && wg_record_take(r, field, &v); i++) {
    list[i] = record_copy(r, field, v);
  }
  if (r->code == WG_OK) {
    *out = list;
    *out_n = n;
  }
}

void wg_record_get_u64(wg_record *r, const char *field, uint64_t max, uint64_t *out) {
  wg_str v;
  uint64_t n = 0;
  if (!wg_record_take(r, field, &v)) {
    return;
  }
  if (!wg_parse_u64(v, &n) || n == 0 || n > max || v.p[0] == '0') {
    record_fault(r, WG_E_FORMAT, field);
    return;
  }
  *out = n;
}

void wg_record_get_u32(wg_record *r, const char *field, uint32_t *out) {
  uint64_t v = *out;
  wg_record_get_u64(r, field, UINT32_MAX, &v);
  *out = (uint32_t)v;
}

void wg_record_get_i64(wg_record *r, const char *field, int64_t *out) {
  wg_str v;
  uint64_t n = 0;
  if (!wg_record_take(r, field, &v)) {
    return;
  }
  bool minus = v.n > 0 && v.p[0] == '-';
  wg_str digits = {v.p + minus, v.n - minus};
  uint64_t max = (uint64_t)INT64_MAX + (minus ? 1 : 0);
  if (!wg_parse_u64(digits, &n) || n == 0 || n > max || digits.p[0] == '0') {
    record_fault(r, WG_E_FORMAT, field);
    return;
  }
  *out = minus ? -1 - (int64_t)(n - 1) : (int64_t)n;
}

void wg_record_get_flag(wg_record *r, const char *field, bool *out) {
  uint64_t v = 0;
  wg_record_get_u64(r, field, 1, &v);
  *out = *out || v == 1;
}

void wg_record_get_hex(wg_record *r, const char *field, const uint8_t **out, size_t *out_n) {
  wg_str v;
  if (!wg_record_take(r, field, &v)) {
    return;
  }
  size_t n = v.n / 2;
  uint8_t *bytes = wg_arena_get(r->arena, n + 1);
  if (bytes == NULL) {
    wg_record_no_memory(r);
    return;
  }
  for (size_t i = 0; i < v.n; i++) {
    if (v.p[i] >= 'A' && v.p[i] <= 'F') { // ours are in lower case
      record_fault(r, WG_E_FORMAT, field);
      return;
    }
  }
  if (n == 0 || !wg_parse_hex(v, bytes, n)) {
    record_fault(r, WG_E_FORMAT, field);
    return;
  }
  *out = bytes;
  *out_n = n;
}

void wg_record_get_word(wg_record *r, const char *field, const char *const *words, size_t n_words,
                        unsigned *out) {
  wg_str v = {NULL, 0};
  bool there = wg_record_take(r, field, &v);
  for (size_t i = 0; there && i < n_words; i++) {
    if (words[i] != NULL && wg_str_eqz(v, words[i])) {
      *out = (unsigned)i;
      return;
    }
  }
  record_fault(r, WG_E_FORMAT, field);
}

void wg_record_need(wg_record *r, const char *field, bool there) {
  if (!there) {
    record_fault(r, WG_E_FORMAT, field);
  }
}

wg_code wg_record_done(const wg_record *r, wg_error *err) {
  if (r->code == WG_E_NOMEM) { // or over the arena's limit
    return wg_arena_fail(r->arena, err);
  }
  if (r->code != WG_OK) {
    return wg_fail_at(err, WG_E_FORMAT, r->off_bytes, "record '%.*s': '%s' is not as it should be",
                      WG_STR_ARG(r->kind), r->what);
  }
  if (wg_reader_left(&r->rest) != 0) {
    return wg_fail_at(err, WG_E_FORMAT, wg_reader_at(&r->rest),
                      "record '%.*s': a field that does not belong here", WG_STR_ARG(r->kind));
  }
  return WG_OK;
}
