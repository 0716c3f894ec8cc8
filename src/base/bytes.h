// SPDX-License-Identifier: Apache-2.0
// Strings, the bounded reader, and the growable buffer.
#ifndef WG_BASE_BYTES_H
#define WG_BASE_BYTES_H

#include <stdarg.h>

#include "base/alloc.h"
#include "base/num.h"

// A borrowed run of bytes, not NUL-terminated. p may be NULL only when n is 0.
typedef struct wg_str {
  const char *p;
  size_t n;
} wg_str;

#define WG_STR(lit) ((wg_str){(lit), sizeof(lit) - 1})
// For printf's "%.*s".
#define WG_STR_ARG(s) (int)((s).n > 4096 ? 4096 : (s).n), ((s).p ? (s).p : "")

wg_str wg_str_of(const char *nul_terminated); // NULL gives the empty string
bool wg_str_eq(wg_str a, wg_str b);
bool wg_str_eqz(wg_str a, const char *z);
int wg_str_cmp(wg_str a, wg_str b); // bytewise, shorter first
bool wg_str_starts(wg_str s, const char *prefix);
bool wg_str_ends(wg_str s, const char *suffix);
// Position of byte c, or s.n.
size_t wg_str_find(wg_str s, char c);
// ASCII case-insensitive equality.
bool wg_str_eq_nocase(wg_str a, const char *z);

// Bounded reader over untrusted bytes (style.md 9). Every read returns false, and does not move,
// when the bytes are not there.
typedef struct wg_reader {
  const uint8_t *p;
  uint64_t n_bytes;
  uint64_t pos;      // 0..n_bytes
  uint64_t base_off; // what offset 0 of this reader is in the whole input, for messages
} wg_reader;

wg_reader wg_reader_of(const void *p, size_t n_bytes);
WG_MUST_CHECK bool wg_read_u8(wg_reader *r, uint8_t *out);
WG_MUST_CHECK bool wg_read_le16(wg_reader *r, uint16_t *out);
WG_MUST_CHECK bool wg_read_le32(wg_reader *r, uint32_t *out);
WG_MUST_CHECK bool wg_read_le64(wg_reader *r, uint64_t *out);
WG_MUST_CHECK bool wg_read_be16(wg_reader *r, uint16_t *out);
WG_MUST_CHECK bool wg_read_be32(wg_reader *r, uint32_t *out);
WG_MUST_CHECK bool wg_read_be64(wg_reader *r, uint64_t *out);
WG_MUST_CHECK bool wg_read_bytes(wg_reader *r, uint64_t n_bytes, const uint8_t **out); // borrowed
WG_MUST_CHECK bool wg_read_skip(wg_reader *r, uint64_t n_bytes);
WG_MUST_CHECK bool wg_read_seek(wg_reader *r, uint64_t pos);
// Unsigned LEB128 as Go writes it; at most 10 bytes.
WG_MUST_CHECK bool wg_read_uvarint(wg_reader *r, uint64_t *out);
// A child reader over [off, off + n) of r, independent of r's position. The only way to follow an
// offset found in input.
WG_MUST_CHECK bool wg_reader_slice(const wg_reader *r, uint64_t off, uint64_t n_bytes,
                                   wg_reader *out);
static inline uint64_t wg_reader_left(const wg_reader *r) {
  return r->n_bytes - r->pos;
}
// Offset of the read position in the whole input.
static inline uint64_t wg_reader_at(const wg_reader *r) {
  return r->base_off + r->pos;
}

// Growable bytes with a ceiling. Failure is sticky: after one failed append every later one is
// ignored, and wg_buf_check reports it. Free with wg_buf_done (keeps the settings).
typedef struct wg_buf {
  uint8_t *p;
  size_t n, cap, ceiling_bytes;
  const wg_alloc *alloc; // borrowed
  bool failed, over_ceiling;
} wg_buf;

#define WG_BUF_DEFAULT_CEILING ((size_t)1 << 30)

// ceiling_bytes 0 means WG_BUF_DEFAULT_CEILING.
void wg_buf_init(wg_buf *b, const wg_alloc *alloc, size_t ceiling_bytes);
void wg_buf_done(wg_buf *b); // zero-safe
WG_DEFINE_AUTO(wg_buf, wg_buf_done);
void wg_buf_clear(wg_buf *b); // n = 0, failure forgotten, memory kept
void wg_buf_add(wg_buf *b, const void *p, size_t n_bytes);
void wg_buf_add_str(wg_buf *b, wg_str s);
void wg_buf_add_z(wg_buf *b, const char *z);
void wg_buf_add_byte(wg_buf *b, uint8_t v);
void wg_buf_add_zeros(wg_buf *b, size_t n_bytes);
// Where the next n bytes go, of whatever content: who has written them there adds them to b->n.
// NULL when there is no room. What is added later moves nothing while it fits into that room.
WG_MUST_CHECK uint8_t *wg_buf_room(wg_buf *b, size_t n_bytes);
void wg_buf_align(wg_buf *b, size_t power_of_two); // zero bytes up to a multiple
void wg_buf_add_le16(wg_buf *b, uint16_t v);
void wg_buf_add_le32(wg_buf *b, uint32_t v);
void wg_buf_add_le64(wg_buf *b, uint64_t v);
void wg_buf_printf(wg_buf *b, const char *fmt, ...) WG_PRINTF(2, 3);
void wg_buf_vprintf(wg_buf *b, const char *fmt, va_list ap) WG_PRINTF(2, 0);
// Lower-case hex of n bytes.
void wg_buf_add_hex(wg_buf *b, const void *p, size_t n_bytes);
// Overwrites already-written bytes at off; off + 4 <= n must hold.
void wg_buf_set_le32(wg_buf *b, size_t off, uint32_t v);
// The content as a NUL-terminated string (the NUL is not counted). "" after failure. Borrowed.
const char *wg_buf_z(wg_buf *b);
static inline wg_str wg_buf_str(const wg_buf *b) {
  return (wg_str){(const char *)b->p, b->n};
}
// WG_OK, or NOMEM/LIMIT set in *err when any append failed.
WG_MUST_CHECK wg_code wg_buf_check(const wg_buf *b, wg_error *err);

// Our own formatter, for firmware: %s %.*s %c %d %i %u %x %X %p %%, flags - and 0, width and
// precision (also *), lengths hh h l ll z j t. Returns the length it would have written.
size_t wg_vformat(char *out, size_t cap_bytes, const char *fmt, va_list ap) WG_PRINTF(3, 0);
size_t wg_format(char *out, size_t cap_bytes, const char *fmt, ...) WG_PRINTF(3, 4);

// Whole string as a number, no sign, no space; false when empty, not a digit or too large.
WG_MUST_CHECK bool wg_parse_u64(wg_str s, uint64_t *out);
// What SOURCE_DATE_EPOCH may be: seconds since 1970, at most what PE and ZIP can hold (2106).
WG_MUST_CHECK bool wg_parse_epoch(const char *text, int64_t *out_s);
WG_MUST_CHECK bool wg_parse_hex64(wg_str s, uint64_t *out); // no 0x prefix
// 2 * n hex digits to n bytes; false on any other length or digit.
WG_MUST_CHECK bool wg_parse_hex(wg_str s, uint8_t *out, size_t n_bytes);

#endif
