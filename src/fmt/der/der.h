// SPDX-License-Identifier: Apache-2.0
// DER (ITU-T X.690), read element by element: what catalogues and signatures are written in.
// Strict: a length without end, a length longer than it needs to be and a tag of several bytes are
// refused.
//
// Nothing is copied: what comes out points into the input. Errors are FORMAT with the offset.
#ifndef WG_FMT_DER_DER_H
#define WG_FMT_DER_DER_H

#include "base/bytes.h"

enum { // identifier octets: class, constructed, number
  WG_DER_BOOLEAN = 0x01,
  WG_DER_INTEGER = 0x02,
  WG_DER_BIT_STRING = 0x03,
  WG_DER_OCTET_STRING = 0x04,
  WG_DER_NULL = 0x05,
  WG_DER_OID = 0x06,
  WG_DER_UTC_TIME = 0x17,
  WG_DER_GENERALIZED_TIME = 0x18,
  WG_DER_BMP_STRING = 0x1E,
  WG_DER_SEQUENCE = 0x30,
  WG_DER_SET = 0x31,
  WG_DER_CONTEXT = 0x80, // | number, | WG_DER_CONSTRUCTED
  WG_DER_CONSTRUCTED = 0x20,
};

typedef struct wg_der {
  uint8_t tag;
  uint64_t off;   // of its identifier octet in the whole input
  wg_str whole;   // with its header
  wg_reader body; // its content octets
} wg_der;

// The next element; moves behind it.
wg_code wg_der_next(wg_reader *r, wg_der *out, wg_error *err);
// The same, which must have that tag; what: its name in messages.
wg_code wg_der_want(wg_reader *r, unsigned tag, const char *what, wg_der *out, wg_error *err);
// Whether something is left and begins with that tag.
bool wg_der_is(const wg_reader *r, unsigned tag);
// That nothing is left.
wg_code wg_der_end(const wg_reader *r, const char *what, wg_error *err);

static inline wg_str wg_der_content(const wg_der *e) {
  return (wg_str){(const char *)e->body.p, (size_t)e->body.n_bytes};
}

typedef struct wg_oid {
  char s[96]; // "1.3.6.1.4.1.311.10.1"
} wg_oid;
bool wg_oid_is(const wg_oid *o, const char *dotted);
// Next element as an object identifier; FORMAT also when its text is longer than 95 characters or
// an arc does not fit into 32 bits.
wg_code wg_der_oid(wg_reader *r, const char *what, wg_oid *out, wg_error *err);
// An AlgorithmIdentifier: its object identifier; the parameters are skipped.
wg_code wg_der_algorithm(wg_reader *r, const char *what, wg_oid *out, wg_error *err);
// Next element as an INTEGER that is not negative and fits.
wg_code wg_der_u32(wg_reader *r, const char *what, uint32_t *out, wg_error *err);
// Next element as UTCTime or GeneralizedTime in UTC ("Z"): seconds since 1970; a fraction is cut
// off.
wg_code wg_der_time(wg_reader *r, const char *what, int64_t *out, wg_error *err);
// Content of a BMPString (UTF-16, big-endian) as UTF-8, appended.
wg_code wg_der_bmp(const wg_der *e, wg_buf *out, wg_error *err);

#endif
