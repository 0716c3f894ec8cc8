// SPDX-License-Identifier: Apache-2.0
// Checked arithmetic and byte-order access.
#ifndef WG_BASE_NUM_H
#define WG_BASE_NUM_H

#include "base/attr.h"

// *out = a + b (a * b); false on overflow, then *out is untouched. For uint64_t, uint32_t, size_t.
#define WG_CHECKED_(op, a, b, out)                                                                 \
  __extension__({                                                                                  \
    __typeof__(*(out)) r_;                                                                         \
    bool ok_ = !__builtin_##op##_overflow((a), (b), &r_);                                          \
    if (ok_) {                                                                                     \
      *(out) = r_;                                                                                 \
    }                                                                                              \
    ok_;                                                                                           \
  })
#define wg_add(a, b, out) WG_CHECKED_(add, a, b, out)
#define wg_sub(a, b, out) WG_CHECKED_(sub, a, b, out)
#define wg_mul(a, b, out) WG_CHECKED_(mul, a, b, out)

static inline uint16_t wg_le16(const uint8_t *p) {
  return (uint16_t)((unsigned)p[0] | (unsigned)p[1] << 8);
}
static inline uint32_t wg_le32(const uint8_t *p) {
  return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}
static inline uint64_t wg_le64(const uint8_t *p) {
  return (uint64_t)wg_le32(p) | (uint64_t)wg_le32(p + 4) << 32;
}
static inline uint16_t wg_be16(const uint8_t *p) {
  return (uint16_t)((unsigned)p[1] | (unsigned)p[0] << 8);
}
static inline uint32_t wg_be32(const uint8_t *p) {
  return (uint32_t)p[3] | (uint32_t)p[2] << 8 | (uint32_t)p[1] << 16 | (uint32_t)p[0] << 24;
}
static inline uint64_t wg_be64(const uint8_t *p) {
  return (uint64_t)wg_be32(p + 4) | (uint64_t)wg_be32(p) << 32;
}
static inline void wg_put_le16(uint8_t *p, uint16_t v) {
  p[0] = (uint8_t)(v & 0xFF);
  p[1] = (uint8_t)(v >> 8);
}
static inline void wg_put_le32(uint8_t *p, uint32_t v) {
  wg_put_le16(p, (uint16_t)(v & 0xFFFF));
  wg_put_le16(p + 2, (uint16_t)(v >> 16));
}
static inline void wg_put_le64(uint8_t *p, uint64_t v) {
  wg_put_le32(p, (uint32_t)(v & 0xFFFFFFFF));
  wg_put_le32(p + 4, (uint32_t)(v >> 32));
}

#endif
