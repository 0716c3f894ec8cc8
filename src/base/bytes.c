// SPDX-License-Identifier: Apache-2.0
#include "base/bytes.h"

#include <string.h>

wg_str wg_str_of(const char *nul_terminated) {
  return nul_terminated == NULL ? (wg_str){0} : (wg_str){nul_terminated, strlen(nul_terminated)};
}

bool wg_str_eq(wg_str a, wg_str b) {
  return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

bool wg_str_eqz(wg_str a, const char *z) {
  return wg_str_eq(a, wg_str_of(z));
}

int wg_str_cmp(wg_str a, wg_str b) {
  size_t n = a.n < b.n ? a.n : b.n;
  int c = n == 0 ? 0 : memcmp(a.p, b.p, n);
  if (c != 0) {
    return c;
  }
  return a.n < b.n ? -1 : a.n > b.n;
}

bool wg_str_starts(wg_str s, const char *prefix) {
  size_t n = strlen(prefix);
  return s.n >= n && (n == 0 || memcmp(s.p, prefix, n) == 0);
}

bool wg_str_ends(wg_str s, const char *suffix) {
  size_t n = strlen(suffix);
  return s.n >= n && (n == 0 || memcmp(s.p + s.n - n, suffix, n) == 0);
}

size_t wg_str_find(wg_str s, char c) {
  const char *p = s.n == 0 ? NULL : memchr(s.p, c, s.n);
  return p == NULL ? s.n : (size_t)(p - s.p);
}

static unsigned char bytes_ascii_lower(char c) {
  return (unsigned char)(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
}

bool wg_str_eq_nocase(wg_str a, const char *z) {
  wg_str b = wg_str_of(z);
  if (a.n != b.n) {
    return false;
  }
  for (size_t i = 0; i < a.n; i++) {
    if (bytes_ascii_lower(a.p[i]) != bytes_ascii_lower(b.p[i])) {
      return false;
    }
  }
  return true;
}

void wg_buf_init(wg_buf *b, const wg_alloc *alloc, size_t ceiling_bytes) {
  *b = (wg_buf){.alloc = alloc,
                .ceiling_bytes = ceiling_bytes == 0 ? WG_BUF_DEFAULT_CEILING : ceiling_bytes};
}

void wg_buf_done(wg_buf *b) {
  if (b->alloc != NULL) {
    wg_alloc_free(b->alloc, b->p);
  }
  b->p = NULL;
  b->n = b->cap = 0;
  b->failed = b->over_ceiling = false;
}

void wg_buf_clear(wg_buf *b) {
  b->n = 0;
  b->failed = b->over_ceiling = false;
}

// Room for n more bytes and a NUL.
static bool buf_room(wg_buf *b, size_t n) {
  if (b->failed) {
    return false;
  }
  if (n > b->ceiling_bytes || b->n > b->ceiling_bytes - n) {
    b->failed = b->over_ceiling = true;
    return false;
  }
  size_t want = b->n + n + 1;
  if (want <= b->cap) {
    return true;
  }
  size_t cap = b->cap < 128 ? 128 : b->cap;
  while (cap < want) {
    cap = cap > SIZE_MAX / 2 ? want : cap * 2;
  }
  void *p = b->alloc->fn(b->alloc->ctx, b->p, cap);
  if (p == NULL) {
    b->failed = true;
    return false;
  }
  b->p = p;
  b->cap = cap;
  return true;
}

void wg_buf_add(wg_buf *b, const void *p, size_t n_bytes) {
  if (n_bytes > 0 && buf_room(b, n_bytes)) {
    memcpy(b->p + b->n, p, n_bytes);
    b->n += n_bytes;
  }
}

void wg_buf_add_str(wg_buf *b, wg_str s) {
  wg_buf_add(b, s.p, s.n);
}

void wg_buf_add_z(wg_buf *b, const char *z) {
  wg_buf_add(b, z, strlen(z));
}

void wg_buf_add_byte(wg_buf *b, uint8_t v) {
  wg_buf_add(b, &v, 1);
}

void wg_buf_add_zeros(wg_buf *b, size_t n_bytes) {
  if (n_bytes > 0 && buf_room(b, n_bytes)) {
    memset(b->p + b->n, 0, n_bytes);
    b->n += n_bytes;
  }
}

uint8_t *wg_buf_room(wg_buf *b, size_t n_bytes) {
  return buf_room(b, n_bytes) ? b->p + b->n : NULL;
}

void wg_buf_align(wg_buf *b, size_t power_of_two) {
  wg_buf_add_zeros(b, (power_of_two - b->n % power_of_two) % power_of_two);
}

void wg_buf_add_le16(wg_buf *b, uint16_t v) {
  uint8_t t[2];
  wg_put_le16(t, v);
  wg_buf_add(b, t, sizeof(t));
}

void wg_buf_add_le32(wg_buf *b, uint32_t v) {
  uint8_t t[4];
  wg_put_le32(t, v);
  wg_buf_add(b, t, sizeof(t));
}

void wg_buf_add_le64(wg_buf *b, uint64_t v) {
  uint8_t t[8];
  wg_put_le64(t, v);
  wg_buf_add(b, t, sizeof(t));
}

void wg_buf_vprintf(wg_buf *b, const char *fmt, va_list ap) {
  va_list again;
  va_copy(again, ap);
  size_t n = wg_vformat(NULL, 0, fmt, again);
  va_end(again);
  if (buf_room(b, n)) {
    (void)wg_vformat((char *)b->p + b->n, n + 1, fmt, ap);
    b->n += n;
  }
}

void wg_buf_printf(wg_buf *b, const char *fmt, ...) {
  va_list ap;
  va_start(ap, fmt);
  wg_buf_vprintf(b, fmt, ap);
  va_end(ap);
}

void wg_buf_add_hex(wg_buf *b, const void *p, size_t n_bytes) {
  static const char digits[] = "0123456789abcdef";
  const uint8_t *in = p;
  for (size_t i = 0; i < n_bytes; i++) {
    wg_buf_add_byte(b, (uint8_t)digits[in[i] >> 4]);
    wg_buf_add_byte(b, (uint8_t)digits[in[i] & 15]);
  }
}

void wg_buf_set_le32(wg_buf *b, size_t off, uint32_t v) {
  if (b->failed) {
    return;
  }
  wg_assert(b->n >= 4 && off <= b->n - 4);
  wg_put_le32(b->p + off, v);
}

const char *wg_buf_z(wg_buf *b) {
  if (!buf_room(b, 0)) {
    return "";
  }
  b->p[b->n] = '\0';
  return (const char *)b->p;
}

wg_code wg_buf_check(const wg_buf *b, wg_error *err) {
  if (!b->failed) {
    return WG_OK;
  }
  if (b->over_ceiling) {
    return wg_fail(err, WG_E_LIMIT, "larger than the limit of %zu bytes", b->ceiling_bytes);
  }
  return wg_fail(err, WG_E_NOMEM, "out of memory");
}

bool wg_parse_u64(wg_str s, uint64_t *out) {
  uint64_t v = 0;
  for (size_t i = 0; i < s.n; i++) {
    if (s.p[i] < '0' || s.p[i] > '9' || !wg_mul(v, (uint64_t)10, &v) ||
        !wg_add(v, (uint64_t)(s.p[i] - '0'), &v)) {
      return false;
    }
  }
  if (s.n == 0) {
    return false;
  }
  *out = v;
  return true;
}

bool wg_parse_epoch(const char *text, int64_t *out_s) {
  uint64_t v = 0;
  if (!wg_parse_u64(wg_str_of(text), &v) || v > UINT32_MAX) {
    return false;
  }
  *out_s = (int64_t)v;
  return true;
}

static int bytes_hex_digit(char c) {
  if (c >= '0' && c <= '9') {
    return c - '0';
  }
  unsigned char l = bytes_ascii_lower(c);
  return l >= 'a' && l <= 'f' ? l - 'a' + 10 : -1;
}

bool wg_parse_hex64(wg_str s, uint64_t *out) {
  uint64_t v = 0;
  for (size_t i = 0; i < s.n; i++) {
    int d = bytes_hex_digit(s.p[i]);
    if (d < 0 || v >> 60 != 0) {
      return false;
    }
    v = v << 4 | (uint64_t)d;
  }
  if (s.n == 0) {
    return false;
  }
  *out = v;
  return true;
}

bool wg_parse_hex(wg_str s, uint8_t *out, size_t n_bytes) {
  if (s.n / 2 != n_bytes || s.n % 2 != 0) {
    return false;
  }
  for (size_t i = 0; i < s.n; i++) {
    if (bytes_hex_digit(s.p[i]) < 0) {
      return false;
    }
  }
  for (size_t i = 0; i < n_bytes; i++) {
    out[i] = (uint8_t)((unsigned)bytes_hex_digit(s.p[2 * i]) << 4 |
                       (unsigned)bytes_hex_digit(s.p[2 * i + 1]));
  }
  return true;
}
