// SPDX-License-Identifier: Apache-2.0
#include "fmt/json/jsonw.h"

#include "base/utf.h"

void wg_jsonw_init(wg_jsonw *w, wg_buf *buf, unsigned indent) {
  *w = (wg_jsonw){.buf = buf, .indent = indent};
}

static bool jsonw_in_object(const wg_jsonw *w) {
  return w->depth > 0 && (w->is_object >> (w->depth - 1) & 1) != 0;
}

static void jsonw_newline(wg_jsonw *w) {
  if (w->indent == 0) {
    return;
  }
  wg_buf_add_byte(w->buf, '\n');
  for (unsigned i = 0; i < w->depth * w->indent; i++) {
    wg_buf_add_byte(w->buf, ' ');
  }
}

// The comma, line break and indentation before an item of the open container.
static void jsonw_separate(wg_jsonw *w) {
  if (w->has_items) {
    wg_buf_add_byte(w->buf, ',');
  }
  w->has_items = true;
  jsonw_newline(w);
}

// What comes before every value.
static void jsonw_before_value(wg_jsonw *w) {
  if (w->depth == 0) {
    wg_assert(!w->is_done);
    w->is_done = true;
  } else if (jsonw_in_object(w)) {
    wg_assert(w->has_key);
    w->has_key = false;
  } else {
    jsonw_separate(w);
  }
}

static void jsonw_begin(wg_jsonw *w, bool object) {
  jsonw_before_value(w);
  wg_assert(w->depth < WG_JSONW_MAX_DEPTH);
  uint64_t bit = (uint64_t)1 << w->depth;
  w->is_object = object ? w->is_object | bit : w->is_object & ~bit;
  w->depth++;
  w->has_items = false;
  wg_buf_add_byte(w->buf, object ? '{' : '[');
}

static void jsonw_end(wg_jsonw *w, bool object) {
  wg_assert(w->depth > 0 && jsonw_in_object(w) == object && !w->has_key);
  w->depth--;
  if (w->has_items) {
    jsonw_newline(w);
  }
  wg_buf_add_byte(w->buf, object ? '}' : ']');
  w->has_items = true; // the parent holds at least what just closed
}

void wg_jsonw_begin_object(wg_jsonw *w) {
  jsonw_begin(w, true);
}

void wg_jsonw_end_object(wg_jsonw *w) {
  jsonw_end(w, true);
}

void wg_jsonw_begin_array(wg_jsonw *w) {
  jsonw_begin(w, false);
}

void wg_jsonw_end_array(wg_jsonw *w) {
  jsonw_end(w, false);
}

static void json_add_escape(wg_buf *b, uint32_t cp) {
  static const char short_names[] = "btn?fr"; // U+0008..U+000D
  if (cp == '"' || cp == '\\') {
    wg_buf_add_byte(b, '\\');
    wg_buf_add_byte(b, (uint8_t)cp);
  } else if (cp >= 8 && cp <= 13 && cp != 11) {
    wg_buf_add_byte(b, '\\');
    wg_buf_add_byte(b, (uint8_t)short_names[cp - 8]);
  } else {
    wg_buf_printf(b, "\\u%04x", cp);
  }
}

static bool json_needs_escape(uint32_t cp, bool html_safe) {
  if (cp < 0x20 || cp == 0x7F || cp == '"' || cp == '\\') {
    return true;
  }
  return html_safe && (cp == '<' || cp == '>' || cp == '&' || cp == 0x2028 || cp == 0x2029);
}

static void json_add_string(wg_buf *b, wg_str s, bool html_safe) {
  wg_buf_add_byte(b, '"');
  size_t pos = 0, run = 0; // [run, pos) is copied as it is
  while (pos < s.n) {
    size_t at = pos;
    uint32_t cp = 0xFFFD;
    bool valid = wg_utf8_next(s, &pos, &cp);
    if (valid && !json_needs_escape(cp, html_safe)) {
      continue;
    }
    wg_buf_add(b, s.p + run, at - run);
    if (valid) {
      json_add_escape(b, cp);
    } else {
      wg_utf8_add(b, 0xFFFD);
      pos = at + 1;
    }
    run = pos;
  }
  if (run < s.n) {
    wg_buf_add(b, s.p + run, s.n - run);
  }
  wg_buf_add_byte(b, '"');
}

void wg_json_quote(wg_buf *b, wg_str s) {
  json_add_string(b, s, false);
}

void wg_jsonw_key(wg_jsonw *w, wg_str key) {
  wg_assert(jsonw_in_object(w) && !w->has_key);
  jsonw_separate(w);
  json_add_string(w->buf, key, w->html_safe);
  wg_buf_add_byte(w->buf, ':');
  if (w->indent != 0) {
    wg_buf_add_byte(w->buf, ' ');
  }
  w->has_key = true;
}

void wg_jsonw_key_z(wg_jsonw *w, const char *key) {
  wg_jsonw_key(w, wg_str_of(key));
}

void wg_jsonw_str(wg_jsonw *w, wg_str s) {
  jsonw_before_value(w);
  json_add_string(w->buf, s, w->html_safe);
}

void wg_jsonw_str_z(wg_jsonw *w, const char *z) {
  wg_jsonw_str(w, wg_str_of(z));
}

void wg_jsonw_u64(wg_jsonw *w, uint64_t v) {
  jsonw_before_value(w);
  wg_buf_printf(w->buf, "%llu", (unsigned long long)v);
}

void wg_jsonw_i64(wg_jsonw *w, int64_t v) {
  jsonw_before_value(w);
  wg_buf_printf(w->buf, "%lld", (long long)v);
}

void wg_jsonw_bool(wg_jsonw *w, bool v) {
  jsonw_before_value(w);
  wg_buf_add_z(w->buf, v ? "true" : "false");
}

void wg_jsonw_null(wg_jsonw *w) {
  jsonw_before_value(w);
  wg_buf_add_z(w->buf, "null");
}

static void jsonw_hex(wg_jsonw *w, const void *p, size_t n_bytes) {
  jsonw_before_value(w);
  wg_buf_add_byte(w->buf, '"');
  wg_buf_add_hex(w->buf, p, n_bytes);
  wg_buf_add_byte(w->buf, '"');
}

void wg_jsonw_printf(wg_jsonw *w, const char *fmt, ...) {
  char text[1024];
  va_list ap;
  va_start(ap, fmt);
  size_t n = wg_vformat(text, sizeof(text), fmt, ap);
  va_end(ap);
  wg_jsonw_str(w, (wg_str){text, n < sizeof(text) ? n : sizeof(text) - 1});
}

void wg_jsonw_kv_str(wg_jsonw *w, const char *key, wg_str v) {
  wg_jsonw_key_z(w, key);
  wg_jsonw_str(w, v);
}

void wg_jsonw_kv_z(wg_jsonw *w, const char *key, const char *v) {
  wg_jsonw_kv_str(w, key, wg_str_of(v));
}

void wg_jsonw_kv_u64(wg_jsonw *w, const char *key, uint64_t v) {
  wg_jsonw_key_z(w, key);
  wg_jsonw_u64(w, v);
}

void wg_jsonw_kv_i64(wg_jsonw *w, const char *key, int64_t v) {
  wg_jsonw_key_z(w, key);
  wg_jsonw_i64(w, v);
}

void wg_jsonw_kv_bool(wg_jsonw *w, const char *key, bool v) {
  wg_jsonw_key_z(w, key);
  wg_jsonw_bool(w, v);
}

void wg_jsonw_kv_hex(wg_jsonw *w, const char *key, const void *p, size_t n_bytes) {
  wg_jsonw_key_z(w, key);
  jsonw_hex(w, p, n_bytes);
}

wg_code wg_jsonw_finish(wg_jsonw *w, wg_error *err) {
  wg_assert(w->depth == 0 && w->is_done);
  if (w->indent != 0) {
    wg_buf_add_byte(w->buf, '\n');
  }
  return wg_buf_check(w->buf, err);
}
