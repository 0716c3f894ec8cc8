// SPDX-License-Identifier: Apache-2.0
#include "base/bytes.h"

wg_reader wg_reader_of(const void *p, size_t n_bytes) {
  return (wg_reader){.p = p, .n_bytes = n_bytes};
}

bool wg_read_bytes(wg_reader *r, uint64_t n_bytes, const uint8_t **out) {
  if (n_bytes > wg_reader_left(r)) {
    return false;
  }
  *out = r->p + r->pos;
  r->pos += n_bytes;
  return true;
}

bool wg_read_skip(wg_reader *r, uint64_t n_bytes) {
  const uint8_t *p = NULL;
  return wg_read_bytes(r, n_bytes, &p);
}

bool wg_read_seek(wg_reader *r, uint64_t pos) {
  if (pos > r->n_bytes) {
    return false;
  }
  r->pos = pos;
  return true;
}

bool wg_read_u8(wg_reader *r, uint8_t *out) {
  const uint8_t *p = NULL;
  if (!wg_read_bytes(r, 1, &p)) {
    return false;
  }
  *out = *p;
  return true;
}

// T is a type, which takes no parentheses.
#define READER_FIXED(name, T, n, get)                                                              \
  bool name(wg_reader *r, T *out) { /* NOLINT(bugprone-macro-parentheses) */                       \
    const uint8_t *p = NULL;                                                                       \
    if (!wg_read_bytes(r, (n), &p)) {                                                              \
      return false;                                                                                \
    }                                                                                              \
    *out = get(p);                                                                                 \
    return true;                                                                                   \
  }

READER_FIXED(wg_read_le16, uint16_t, 2, wg_le16)
READER_FIXED(wg_read_le32, uint32_t, 4, wg_le32)
READER_FIXED(wg_read_le64, uint64_t, 8, wg_le64)
READER_FIXED(wg_read_be16, uint16_t, 2, wg_be16)
READER_FIXED(wg_read_be32, uint32_t, 4, wg_be32)
READER_FIXED(wg_read_be64, uint64_t, 8, wg_be64)

bool wg_read_uvarint(wg_reader *r, uint64_t *out) {
  uint64_t v = 0;
  for (unsigned i = 0; i < 10 && i < wg_reader_left(r); i++) {
    uint8_t b = r->p[r->pos + i];
    if (i == 9 && b > 1) {
      return false; // more than 64 bits
    }
    v |= (uint64_t)(b & 0x7F) << (7 * i);
    if (b < 0x80) {
      r->pos += i + 1;
      *out = v;
      return true;
    }
  }
  return false;
}

bool wg_reader_slice(const wg_reader *r, uint64_t off, uint64_t n_bytes, wg_reader *out) {
  if (off > r->n_bytes || n_bytes > r->n_bytes - off) {
    return false;
  }
  *out = (wg_reader){
      .p = r->p == NULL ? NULL : r->p + off, .n_bytes = n_bytes, .base_off = r->base_off + off};
  return true;
}
