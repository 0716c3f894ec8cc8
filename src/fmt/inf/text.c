// SPDX-License-Identifier: Apache-2.0
// Bytes of an INF file to text: UTF-16 and UTF-8 by their marks, else a code page. libc's iconv
// knows the pages; 1252, which nearly all files have, is a table of 32.
#include <iconv.h>
#include <string.h>

#include "fmt/inf/int.h"

#define TEXT_CODE_PAGE_UTF8 65001U
#define TEXT_REPLACEMENT 0xFFFDU

// 0x80..0x9F of code page 1252. Windows takes the five that it does not define as controls.
static const uint16_t text_cp1252[32] = {
    0x20AC, 0x81,   0x201A, 0x192,  0x201E, 0x2026, 0x2020, 0x2021, 0x2C6,  0x2030, 0x160,
    0x2039, 0x152,  0x8D,   0x17D,  0x8F,   0x90,   0x2018, 0x2019, 0x201C, 0x201D, 0x2022,
    0x2013, 0x2014, 0x2DC,  0x2122, 0x161,  0x203A, 0x153,  0x9D,   0x17E,  0x178};

typedef struct text_ctx {
  const uint8_t *p;
  size_t n;
  wg_arena *arena;
  inf_odds *odds;
  inf_text *out;
} text_ctx;

static void text_odd(inf_odds *o, wg_inf_oddity_kind kind, size_t off) {
  if (o->n < INF_MAX_ODDITIES) {
    o->v[o->n++] = (inf_odd){kind, off};
  }
}

// Bytes that a character takes; with `to` they are written.
static size_t text_put(char *to, uint32_t cp) {
  uint8_t b[4];
  size_t n = cp < 0x80 ? 1 : cp < 0x800 ? 2 : cp < 0x10000 ? 3 : 4;
  if (to == NULL) {
    return n;
  }
  if (n == 1) {
    *to = (char)cp;
    return n;
  }
  for (size_t i = n - 1; i > 0; i--, cp >>= 6) {
    b[i] = (uint8_t)(0x80U | (cp & 0x3F));
  }
  b[0] = (uint8_t)((0xF00U >> n & 0xF0U) | cp);
  memcpy(to, b, n);
  return n;
}

// One character in its encoding at *pos, which moves past it. odd: no such character.
typedef uint32_t (*text_next)(const text_ctx *t, size_t *pos, bool *odd);

static uint32_t text_next_1252(const text_ctx *t, size_t *pos, bool *odd) {
  uint8_t c = t->p[(*pos)++];
  uint32_t cp = c >= 0x80 && c < 0xA0 ? text_cp1252[c - 0x80] : c;
  *odd = c >= 0x80 && cp == c && c < 0xA0;
  return cp;
}

static uint32_t text_unit(const text_ctx *t, size_t pos) {
  const uint8_t *u = t->p + pos;
  return t->out->encoding == WG_INF_UTF16BE ? (uint32_t)(u[0] << 8 | u[1]) : wg_le16(u);
}

static uint32_t text_next_16(const text_ctx *t, size_t *pos, bool *odd) {
  if (t->n - *pos < 2) {
    *pos = t->n;
    *odd = true;
    return TEXT_REPLACEMENT;
  }
  uint32_t u = text_unit(t, *pos);
  *pos += 2;
  if (u < 0xD800 || u > 0xDBFF || t->n - *pos < 2) {
    return u;
  }
  uint32_t low = text_unit(t, *pos);
  if (low < 0xDC00 || low > 0xDFFF) {
    return u;
  }
  *pos += 2;
  return 0x10000 + ((u - 0xD800) << 10) + (low - 0xDC00);
}

static uint32_t text_next_8(const text_ctx *t, size_t *pos, bool *odd) {
  uint32_t cp = 0;
  if (wg_utf8_next((wg_str){(const char *)t->p, t->n}, pos, &cp)) {
    return cp;
  }
  (*pos)++;
  *odd = true;
  return TEXT_REPLACEMENT;
}

// Twice: how long it is, then the text itself.
static wg_code text_take(const text_ctx *t, text_next next, wg_error *err) {
  size_t n = 0;
  for (size_t pos = 0; pos < t->n;) {
    bool odd = false;
    n += text_put(NULL, next(t, &pos, &odd));
  }
  char *to = wg_arena_raw_array(t->arena, char, n);
  if (to == NULL) {
    return wg_arena_fail(t->arena, err);
  }
  size_t at = 0;
  for (size_t pos = 0; pos < t->n;) {
    bool odd = false;
    uint32_t cp = next(t, &pos, &odd);
    if (odd || cp == 0) {
      text_odd(t->odds, odd ? WG_INF_ODD_BYTES : WG_INF_ODD_NUL, at);
    }
    at += text_put(to + at, cp == 0 ? ' ' : cp);
  }
  t->out->p = to;
  t->out->n = n;
  return WG_OK;
}

// What iconv does not know in a page becomes U+FFFD, one byte at a time.
static wg_code text_convert(const text_ctx *t, iconv_t cd, wg_buf *b, wg_error *err) {
  char chunk[1024];
  union {
    const char *in;
    char *out;
  } from = {.in = (const char *)t->p};
  size_t left = t->n;
  while (left > 0 && !b->failed) {
    char *to = chunk;
    size_t room = sizeof(chunk);
    size_t before = left;
    (void)iconv(cd, &from.out, &left, &to, &room);
    wg_buf_add(b, chunk, sizeof(chunk) - room);
    if (left == before && room == sizeof(chunk)) {
      text_odd(t->odds, WG_INF_ODD_BYTES, b->n);
      wg_utf8_add(b, TEXT_REPLACEMENT);
      from.in++;
      left--;
      (void)iconv(cd, NULL, NULL, NULL, NULL);
    }
  }
  return wg_buf_check(b, err);
}

static wg_code text_take_page(const text_ctx *t, unsigned code_page, wg_error *err) {
  char name[32];
  (void)wg_format(name, sizeof(name), "CP%u", code_page);
  iconv_t cd = iconv_open("UTF-8", name);
  if (cd == (iconv_t)-1) { // NOLINT(performance-no-int-to-ptr): iconv's own error value
    return wg_fail(err, WG_E_UNSUPPORTED, "code page %u is not known here", code_page);
  }
  WG_AUTO(wg_buf) b = {0};
  wg_buf_init(&b, t->arena->alloc, 0);
  wg_code code = text_convert(t, cd, &b, err);
  (void)iconv_close(cd);
  if (code != WG_OK) {
    return code;
  }
  t->out->p = wg_arena_raw_array(t->arena, char, b.n);
  if (t->out->p == NULL) {
    return wg_arena_fail(t->arena, err);
  }
  for (size_t i = 0; i < b.n; i++) {
    if (b.p[i] == 0) {
      text_odd(t->odds, WG_INF_ODD_NUL, i);
    }
    t->out->p[i] = (char)(b.p[i] == 0 ? ' ' : b.p[i]);
  }
  t->out->n = b.n;
  return WG_OK;
}

static wg_code text_take_plain(const text_ctx *t, wg_error *err) {
  t->out->p = wg_arena_raw_array(t->arena, char, t->n);
  if (t->out->p == NULL) {
    return wg_arena_fail(t->arena, err);
  }
  if (t->n > 0) {
    memcpy(t->out->p, t->p, t->n);
  }
  t->out->n = t->n;
  return WG_OK;
}

static bool text_is_plain(const uint8_t *p, size_t n) {
  for (size_t i = 0; i < n; i++) {
    if (p[i] == 0 || p[i] >= 0x80) {
      return false;
    }
  }
  return true;
}

static bool text_skip_mark(text_ctx *t, const char *mark, size_t n) {
  if (t->n < n || memcmp(t->p, mark, n) != 0) {
    return false;
  }
  t->p += n;
  t->n -= n;
  t->out->has_mark = true;
  return true;
}

// UTF-16 LE without its mark, as Windows guesses it: two plain characters to begin with.
static bool text_looks_16(const text_ctx *t) {
  return t->n >= 4 && t->n % 2 == 0 && t->p[0] != 0 && t->p[0] < 0x80 && t->p[1] == 0 &&
         t->p[2] != 0 && t->p[2] < 0x80 && t->p[3] == 0;
}

wg_code wg_inf_decode(const uint8_t *p, size_t n, unsigned code_page, wg_arena *arena,
                      inf_odds *odds, inf_text *out, wg_error *err) {
  text_ctx t = {.p = p, .n = n, .arena = arena, .odds = odds, .out = out};
  out->encoding = WG_INF_ANSI;
  if (text_skip_mark(&t, "\xFF\xFE", 2) || text_looks_16(&t)) {
    out->encoding = WG_INF_UTF16LE;
    return text_take(&t, text_next_16, err);
  }
  if (text_skip_mark(&t, "\xFE\xFF", 2)) {
    out->encoding = WG_INF_UTF16BE;
    return text_take(&t, text_next_16, err);
  }
  (void)text_skip_mark(&t, "\xEF\xBB\xBF", 3);
  bool plain = text_is_plain(t.p, t.n);
  wg_str all = {(const char *)t.p, t.n};
  if (out->has_mark || code_page == TEXT_CODE_PAGE_UTF8 ||
      (code_page == 0 && !plain && memchr(t.p, 0, t.n) == NULL && wg_utf8_valid(all))) {
    out->encoding = WG_INF_UTF8;
  }
  if (plain) {
    return text_take_plain(&t, err);
  }
  if (out->encoding == WG_INF_UTF8) {
    return text_take(&t, text_next_8, err);
  }
  if (code_page == 0 || code_page == 1252) {
    return text_take(&t, text_next_1252, err);
  }
  return text_take_page(&t, code_page, err);
}
