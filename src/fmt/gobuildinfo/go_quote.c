// SPDX-License-Identifier: Apache-2.0
#include "fmt/gobuildinfo/go_quote.h"

#include "base/utf.h"

// The text of one escape behind the backslash.
typedef struct go_escape {
  uint32_t value;
  size_t n_bytes; // after the backslash
  bool is_byte;   // \x and octal give a byte, not a character
} go_escape;

static bool go_digits(wg_str s, size_t at, size_t n_digits, unsigned base, uint32_t *out) {
  uint32_t v = 0;
  if (s.n - at < n_digits) {
    return false;
  }
  for (size_t i = 0; i < n_digits; i++) {
    char c = s.p[at + i];
    unsigned d = 99;
    if (c >= '0' && c <= '9') {
      d = (unsigned)(c - '0');
    } else if (c >= 'a' && c <= 'f') {
      d = (unsigned)(c - 'a') + 10;
    } else if (c >= 'A' && c <= 'F') {
      d = (unsigned)(c - 'A') + 10;
    }
    if (d >= base) {
      return false;
    }
    v = v * base + d;
  }
  *out = v;
  return true;
}

static bool go_numeric_escape(wg_str s, size_t at, go_escape *e) {
  char c = s.p[at];
  size_t n = c == 'x' ? 2 : c == 'u' ? 4 : c == 'U' ? 8 : 3;
  bool octal = c >= '0' && c <= '7';
  if (!octal && c != 'x' && c != 'u' && c != 'U') {
    return false;
  }
  if (!go_digits(s, octal ? at : at + 1, n, octal ? 8 : 16, &e->value)) {
    return false;
  }
  e->n_bytes = octal ? 3 : n + 1;
  e->is_byte = octal || c == 'x';
  if (e->is_byte) {
    return e->value <= 0xFF;
  }
  return e->value <= 0x10FFFF && (e->value < 0xD800 || e->value > 0xDFFF);
}

// The escape whose letter is at s.p[at]; in "..." a quote may be escaped, an apostrophe may not.
static bool go_escape_at(wg_str s, size_t at, go_escape *e) {
  static const char letters[] = "abfnrtv\\\"", values[] = "\a\b\f\n\r\t\v\\\"";
  if (at >= s.n) {
    return false;
  }
  for (size_t i = 0; i < sizeof(letters) - 1; i++) {
    if (s.p[at] == letters[i]) {
      *e = (go_escape){.value = (uint8_t)values[i], .n_bytes = 1};
      return true;
    }
  }
  return go_numeric_escape(s, at, e);
}

size_t wg_go_quoted_prefix(wg_str s) {
  if (s.n < 2) {
    return 0;
  }
  if (s.p[0] == '`') {
    size_t end = wg_str_find((wg_str){s.p + 1, s.n - 1}, '`');
    return end == s.n - 1 ? 0 : end + 2;
  }
  if (s.p[0] != '"') {
    return 0;
  }
  for (size_t i = 1; i < s.n;) {
    go_escape e;
    if (s.p[i] == '"') {
      return i + 1;
    }
    if (s.p[i] == '\n') {
      return 0;
    }
    if (s.p[i] != '\\') {
      i++;
    } else if (go_escape_at(s, i + 1, &e)) {
      i += 1 + e.n_bytes;
    } else {
      return 0;
    }
  }
  return 0;
}

// Appends a character as UTF-8 to p, which has room; returns the bytes written.
static size_t go_put_char(char *p, uint32_t cp) {
  if (cp < 0x80) {
    p[0] = (char)cp;
    return 1;
  }
  if (cp < 0x800) {
    p[0] = (char)(0xC0 | cp >> 6);
    p[1] = (char)(0x80 | (cp & 0x3F));
    return 2;
  }
  if (cp < 0x10000) {
    p[0] = (char)(0xE0 | cp >> 12);
    p[1] = (char)(0x80 | (cp >> 6 & 0x3F));
    p[2] = (char)(0x80 | (cp & 0x3F));
    return 3;
  }
  p[0] = (char)(0xF0 | cp >> 18);
  p[1] = (char)(0x80 | (cp >> 12 & 0x3F));
  p[2] = (char)(0x80 | (cp >> 6 & 0x3F));
  p[3] = (char)(0x80 | (cp & 0x3F));
  return 4;
}

// One step of the value of s from *pos; writes to p at most 3 times the bytes it takes.
static size_t go_decode_one(wg_str s, size_t *pos, char *p) {
  go_escape e;
  uint32_t cp = 0;
  if (s.p[*pos] == '\\') {
    bool ok = go_escape_at(s, *pos + 1, &e);
    wg_assert(ok); // wg_go_quoted_prefix has walked the literal
    *pos += 1 + e.n_bytes;
    if (e.is_byte) {
      p[0] = (char)e.value;
      return 1;
    }
    return go_put_char(p, e.value);
  }
  if (wg_utf8_next(s, pos, &cp)) {
    return go_put_char(p, cp);
  }
  (*pos)++;
  return go_put_char(p, 0xFFFD); // as strconv.Unquote does with what is not UTF-8
}

bool wg_go_unquote(wg_str s, wg_arena *arena, wg_str *out, bool *out_no_memory) {
  *out_no_memory = false;
  if (s.n < 2 || wg_go_quoted_prefix(s) != s.n) {
    return false;
  }
  wg_str body = {s.p + 1, s.n - 2};
  char *p = wg_arena_array(arena, body.n, 3);
  if (p == NULL) {
    *out_no_memory = true;
    return false;
  }
  size_t n = 0;
  for (size_t i = 0; i < body.n;) {
    if (s.p[0] == '`') {
      if (body.p[i] != '\r') {
        p[n++] = body.p[i];
      }
      i++;
    } else {
      n += go_decode_one(body, &i, p + n);
    }
  }
  *out = (wg_str){p, n};
  return true;
}

void wg_go_quote(wg_buf *out, wg_str s) {
  static const char letters[] = "abtnvfr"; // \a is 7
  wg_buf_add_byte(out, '"');
  for (size_t i = 0; i < s.n;) {
    size_t at = i;
    uint32_t cp = 0;
    if (!wg_utf8_next(s, &i, &cp)) {
      wg_buf_printf(out, "\\x%02x", (unsigned)(uint8_t)s.p[at]);
      i = at + 1;
    } else if (cp == '"' || cp == '\\') {
      wg_buf_printf(out, "\\%c", (char)cp);
    } else if (cp >= 7 && cp <= 13) {
      wg_buf_printf(out, "\\%c", letters[cp - 7]);
    } else if (cp < 0x20 || cp == 0x7F) {
      wg_buf_printf(out, "\\x%02x", cp);
    } else {
      wg_buf_add(out, s.p + at, i - at);
    }
  }
  wg_buf_add_byte(out, '"');
}
