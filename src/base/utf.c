// SPDX-License-Identifier: Apache-2.0
#include "base/utf.h"

// Shared decoder; surrogates (U+D800..DFFF, as WTF-8 writes them) only when allowed.
static bool utf8_decode(wg_str s, size_t *pos, bool surrogates, uint32_t *out_cp) {
  size_t left = s.n - *pos;
  if (*pos >= s.n) {
    return false;
  }
  const uint8_t *p = (const uint8_t *)s.p + *pos;
  if (p[0] < 0x80) {
    *out_cp = p[0];
    *pos += 1;
    return true;
  }
  static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
  size_t n = p[0] >= 0xF0 ? 4 : p[0] >= 0xE0 ? 3 : 2;
  if (p[0] < 0xC2 || p[0] > 0xF4 || n > left) {
    return false;
  }
  uint32_t cp = p[0] & (0x7FU >> n);
  for (size_t i = 1; i < n; i++) {
    if ((p[i] & 0xC0) != 0x80) {
      return false;
    }
    cp = cp << 6 | (p[i] & 0x3FU);
  }
  bool surrogate = cp >= 0xD800 && cp <= 0xDFFF;
  if (cp < least[n] || cp > 0x10FFFF || (surrogate && !surrogates)) {
    return false;
  }
  *out_cp = cp;
  *pos += n;
  return true;
}

bool wg_utf8_next(wg_str s, size_t *pos, uint32_t *out_cp) {
  return utf8_decode(s, pos, false, out_cp);
}

bool wg_utf8_valid(wg_str s) {
  size_t pos = 0;
  uint32_t cp = 0;
  while (pos < s.n) {
    if (!wg_utf8_next(s, &pos, &cp)) {
      return false;
    }
  }
  return true;
}

void wg_utf8_add(wg_buf *b, uint32_t cp) {
  if (cp < 0x80) {
    wg_buf_add_byte(b, (uint8_t)cp);
  } else if (cp < 0x800) {
    wg_buf_add_byte(b, (uint8_t)(0xC0 | cp >> 6));
    wg_buf_add_byte(b, (uint8_t)(0x80 | (cp & 0x3F)));
  } else if (cp < 0x10000) {
    wg_buf_add_byte(b, (uint8_t)(0xE0 | cp >> 12));
    wg_buf_add_byte(b, (uint8_t)(0x80 | (cp >> 6 & 0x3F)));
    wg_buf_add_byte(b, (uint8_t)(0x80 | (cp & 0x3F)));
  } else {
    wg_buf_add_byte(b, (uint8_t)(0xF0 | (cp >> 18 & 7)));
    wg_buf_add_byte(b, (uint8_t)(0x80 | (cp >> 12 & 0x3F)));
    wg_buf_add_byte(b, (uint8_t)(0x80 | (cp >> 6 & 0x3F)));
    wg_buf_add_byte(b, (uint8_t)(0x80 | (cp & 0x3F)));
  }
}

bool wg_utf8_to_utf16le(wg_str s, wg_buf *out) {
  size_t pos = 0;
  uint32_t cp = 0;
  while (pos < s.n) {
    if (!utf8_decode(s, &pos, true, &cp)) {
      return false;
    }
    if (cp >= 0x10000) {
      wg_buf_add_le16(out, (uint16_t)(0xD800 + ((cp - 0x10000) >> 10)));
      wg_buf_add_le16(out, (uint16_t)(0xDC00 + ((cp - 0x10000) & 0x3FF)));
    } else {
      wg_buf_add_le16(out, (uint16_t)cp);
    }
  }
  return true;
}

// One scalar value (or lone surrogate) at *pos of n UTF-16LE bytes.
static uint32_t utf16_decode(const uint8_t *p, size_t n, size_t *pos) {
  uint32_t u = wg_le16(p + *pos);
  *pos += 2;
  if (u >= 0xD800 && u < 0xDC00 && n - *pos >= 2) {
    uint32_t low = wg_le16(p + *pos);
    if (low >= 0xDC00 && low < 0xE000) {
      *pos += 2;
      return 0x10000 + ((u - 0xD800) << 10) + (low - 0xDC00);
    }
  }
  return u;
}

bool wg_utf16le_to_utf8(const uint8_t *p, size_t n_bytes, wg_buf *out) {
  if (n_bytes % 2 != 0) {
    return false;
  }
  for (size_t pos = 0; pos < n_bytes;) {
    wg_utf8_add(out, utf16_decode(p, n_bytes, &pos));
  }
  return true;
}

// Iterates a name as upper-cased UTF-16 units; undecodable bytes stand for themselves.
typedef struct name_units {
  wg_str s;
  size_t pos;
  uint16_t pending;
} name_units;

static bool name_next(name_units *u, uint16_t *out) {
  if (u->pending != 0) {
    *out = u->pending;
    u->pending = 0;
    return true;
  }
  if (u->pos >= u->s.n) {
    return false;
  }
  uint32_t cp = 0;
  if (!utf8_decode(u->s, &u->pos, true, &cp)) {
    cp = 0xDC00U | (uint8_t)u->s.p[u->pos++];
  }
  if (cp >= 0x10000) {
    *out = (uint16_t)(0xD800 + ((cp - 0x10000) >> 10));
    u->pending = (uint16_t)(0xDC00 + ((cp - 0x10000) & 0x3FF));
  } else {
    *out = wg_upcase16((uint16_t)cp);
  }
  return true;
}

int wg_name_cmp_nocase(wg_str a, wg_str b) {
  name_units ua = {.s = a}, ub = {.s = b};
  for (;;) {
    uint16_t ca = 0, cb = 0;
    bool has_a = name_next(&ua, &ca), has_b = name_next(&ub, &cb);
    if (!has_a || !has_b) {
      return has_a ? 1 : has_b ? -1 : 0;
    }
    if (ca != cb) {
      return ca < cb ? -1 : 1;
    }
  }
}

int wg_name16_cmp_nocase(const uint8_t *a, size_t a_bytes, const uint8_t *b, size_t b_bytes) {
  size_t n = (a_bytes < b_bytes ? a_bytes : b_bytes) / 2;
  for (size_t i = 0; i < n; i++) {
    uint16_t ca = wg_upcase16(wg_le16(a + 2 * i)), cb = wg_upcase16(wg_le16(b + 2 * i));
    if (ca != cb) {
      return ca < cb ? -1 : 1;
    }
  }
  return a_bytes / 2 < b_bytes / 2 ? -1 : a_bytes / 2 > b_bytes / 2;
}
