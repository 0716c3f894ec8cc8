// SPDX-License-Identifier: Apache-2.0
#include "fmt/der/der.h"

#include <string.h>

#include "base/utf.h"

#define DER_LONG_LENGTH 0x80U
#define DER_MAX_LENGTH_BYTES 4U
#define DER_HIGH_TAG 0x1FU

static wg_code der_length(wg_reader *r, uint64_t at, uint64_t *out, wg_error *err) {
  uint8_t first = 0, b = 0;
  if (!wg_read_u8(r, &first)) {
    return wg_fail_at(err, WG_E_FORMAT, at, "an element cut short in its length");
  }
  if ((first & DER_LONG_LENGTH) == 0) {
    *out = first;
    return WG_OK;
  }
  unsigned n = first & ~DER_LONG_LENGTH;
  if (n == 0 || n > DER_MAX_LENGTH_BYTES) {
    return wg_fail_at(err, WG_E_FORMAT, at, "a length that is not DER (0x%02x)", (unsigned)first);
  }
  uint64_t v = 0;
  for (unsigned i = 0; i < n; i++) {
    if (!wg_read_u8(r, &b)) {
      return wg_fail_at(err, WG_E_FORMAT, at, "an element cut short in its length");
    }
    v = v << 8 | b;
  }
  if (v < DER_LONG_LENGTH || v >> (8 * (n - 1)) == 0) {
    return wg_fail_at(err, WG_E_FORMAT, at, "a length of more bytes than it needs: not DER");
  }
  *out = v;
  return WG_OK;
}

wg_code wg_der_next(wg_reader *r, wg_der *out, wg_error *err) {
  uint64_t at = wg_reader_at(r), n = 0;
  uint64_t start = r->pos;
  uint8_t tag = 0;
  wg_reader whole;
  wg_reader q = *r;
  if (!wg_read_u8(&q, &tag)) {
    return wg_fail_at(err, WG_E_FORMAT, at, "an element is missing");
  }
  if ((tag & DER_HIGH_TAG) == DER_HIGH_TAG) {
    return wg_fail_at(err, WG_E_FORMAT, at, "a tag of several bytes");
  }
  if (der_length(&q, at, &n, err) != WG_OK) {
    return err->code;
  }
  wg_der e = {.tag = tag, .off = at};
  if (!wg_reader_slice(&q, q.pos, n, &e.body) || !wg_read_skip(&q, n) ||
      !wg_reader_slice(r, start, q.pos - start, &whole)) {
    return wg_fail_at(err, WG_E_FORMAT, at, "an element of %llu bytes does not fit",
                      (unsigned long long)n);
  }
  e.whole = (wg_str){(const char *)whole.p, (size_t)whole.n_bytes};
  *r = q;
  *out = e;
  return WG_OK;
}

wg_code wg_der_want(wg_reader *r, unsigned tag, const char *what, wg_der *out, wg_error *err) {
  wg_der e = {0};
  uint64_t at = wg_reader_at(r);
  if (wg_reader_left(r) == 0) {
    return wg_fail_at(err, WG_E_FORMAT, at, "%s is missing", what);
  }
  if (wg_der_next(r, &e, err) != WG_OK) {
    return wg_wrap(err, "%s", what);
  }
  if (e.tag != tag) {
    return wg_fail_at(err, WG_E_FORMAT, at, "%s: tag 0x%02x where 0x%02x belongs", what,
                      (unsigned)e.tag, tag);
  }
  *out = e;
  return WG_OK;
}

bool wg_der_is(const wg_reader *r, unsigned tag) {
  return wg_reader_left(r) > 0 && r->p[r->pos] == tag;
}

wg_code wg_der_end(const wg_reader *r, const char *what, wg_error *err) {
  if (wg_reader_left(r) != 0) {
    return wg_fail_at(err, WG_E_FORMAT, wg_reader_at(r), "%s: something follows its last part",
                      what);
  }
  return WG_OK;
}

bool wg_oid_is(const wg_oid *o, const char *dotted) {
  return strcmp(o->s, dotted) == 0;
}

// One arc in base 128; false when it is cut, padded or too large.
static bool der_arc(wg_reader *r, uint32_t *out) {
  uint64_t v = 0;
  uint8_t b = 0;
  for (unsigned n = 0;; n++) {
    if (!wg_read_u8(r, &b) || (n == 0 && b == 0x80)) {
      return false;
    }
    v = v << 7 | (b & 0x7FU);
    if (v > UINT32_MAX) {
      return false;
    }
    if ((b & 0x80) == 0) {
      *out = (uint32_t)v;
      return true;
    }
  }
}

wg_code wg_der_oid(wg_reader *r, const char *what, wg_oid *out, wg_error *err) {
  wg_der e = {0};
  uint32_t arc = 0;
  wg_oid o = {0};
  if (wg_der_want(r, WG_DER_OID, what, &e, err) != WG_OK) {
    return err->code;
  }
  size_t n = 0;
  while (n == 0 || wg_reader_left(&e.body) > 0) {
    if (!der_arc(&e.body, &arc)) {
      return wg_fail_at(err, WG_E_FORMAT, e.off, "%s: not an object identifier", what);
    }
    if (n == 0) {
      uint32_t first = arc < 80 ? arc / 40 : 2;
      n = wg_format(o.s, sizeof(o.s), "%u.%u", (unsigned)first, (unsigned)(arc - first * 40));
    } else {
      n += wg_format(o.s + n, sizeof(o.s) - n, ".%u", (unsigned)arc);
    }
    if (n >= sizeof(o.s)) {
      return wg_fail_at(err, WG_E_FORMAT, e.off, "%s: an object identifier longer than any", what);
    }
  }
  *out = o;
  return WG_OK;
}

wg_code wg_der_algorithm(wg_reader *r, const char *what, wg_oid *out, wg_error *err) {
  wg_der seq;
  if (wg_der_want(r, WG_DER_SEQUENCE, what, &seq, err) != WG_OK) {
    return err->code;
  }
  return wg_der_oid(&seq.body, what, out, err);
}

wg_code wg_der_u32(wg_reader *r, const char *what, uint32_t *out, wg_error *err) {
  wg_der e = {0};
  if (wg_der_want(r, WG_DER_INTEGER, what, &e, err) != WG_OK) {
    return err->code;
  }
  const uint8_t *p = e.body.p;
  uint64_t n = e.body.n_bytes;
  uint64_t v = 0;
  if (n == 0 || (p[0] & 0x80) != 0 || n > 5 || (n == 5 && p[0] != 0)) {
    return wg_fail_at(err, WG_E_FORMAT, e.off, "%s: not a number of 32 bits", what);
  }
  for (uint64_t i = 0; i < n; i++) {
    v = v << 8 | p[i];
  }
  *out = (uint32_t)v;
  return WG_OK;
}

static bool der_digits(const uint8_t *p, unsigned n, unsigned *out) {
  unsigned v = 0;
  for (unsigned i = 0; i < n; i++) {
    if (p[i] < '0' || p[i] > '9') {
      return false;
    }
    v = v * 10 + (p[i] - (unsigned)'0');
  }
  *out = v;
  return true;
}

// Days since 1970 of a day in the Gregorian calendar, from year 1 on.
static int64_t der_days(int64_t year, unsigned month, unsigned day) {
  int64_t y = month <= 2 ? year - 1 : year;
  int64_t from_march = month > 2 ? (int64_t)month - 3 : (int64_t)month + 9;
  return y * 365 + y / 4 - y / 100 + y / 400 + (153 * from_march + 2) / 5 + (int64_t)day - 1 -
         719468;
}

wg_code wg_der_time(wg_reader *r, const char *what, int64_t *out, wg_error *err) {
  wg_der e = {0};
  uint64_t at = wg_reader_at(r);
  if (wg_der_next(r, &e, err) != WG_OK) {
    return wg_wrap(err, "%s", what);
  }
  bool utc = e.tag == WG_DER_UTC_TIME;
  const uint8_t *p = e.body.p;
  uint64_t n = e.body.n_bytes, y = utc ? 2 : 4;
  unsigned v[6] = {0}; // year, month, day, hour, minute, second
  bool ok = (utc || e.tag == WG_DER_GENERALIZED_TIME) && n >= y + 11 && p[n - 1] == 'Z' &&
            der_digits(p, (unsigned)y, &v[0]);
  for (unsigned i = 1; ok && i < 6; i++) {
    ok = der_digits(p + y + (uint64_t)(i - 1) * 2, 2, &v[i]);
  }
  if (ok && n > y + 11) {
    unsigned ignored = 0;
    ok = !utc && p[y + 10] == '.' && n <= y + 11 + 10 &&
         der_digits(p + y + 11, (unsigned)(n - y - 12), &ignored);
  }
  if (ok && utc) {
    v[0] += v[0] < 50 ? 2000 : 1900;
  }
  if (!ok || v[0] < 1 || v[1] < 1 || v[1] > 12 || v[2] < 1 || v[2] > 31 || v[3] > 23 || v[4] > 59 ||
      v[5] > 60) {
    return wg_fail_at(err, WG_E_FORMAT, at, "%s: not a time in UTC", what);
  }
  *out = der_days(v[0], v[1], v[2]) * 86400 + (int64_t)v[3] * 3600 + (int64_t)v[4] * 60 + v[5];
  return WG_OK;
}

wg_code wg_der_bmp(const wg_der *e, wg_buf *out, wg_error *err) {
  const uint8_t *p = e->body.p;
  uint64_t n = e->body.n_bytes;
  if (n % 2 != 0) {
    return wg_fail_at(err, WG_E_FORMAT, e->off, "a BMPString of an odd number of bytes");
  }
  for (uint64_t i = 0; i < n; i += 2) {
    uint32_t cp = wg_be16(p + i);
    if (cp >= 0xD800 && cp < 0xDC00 && i + 4 <= n && wg_be16(p + i + 2) >= 0xDC00 &&
        wg_be16(p + i + 2) < 0xE000) {
      i += 2;
      cp = 0x10000 + ((cp - 0xD800) << 10) + (wg_be16(p + i) - 0xDC00U);
    }
    wg_utf8_add(out, cp);
  }
  return wg_buf_check(out, err);
}
