// SPDX-License-Identifier: Apache-2.0
// UTF-8 and UTF-16LE, and Windows' idea of letter case.
#ifndef WG_BASE_UTF_H
#define WG_BASE_UTF_H

#include "base/bytes.h"

// Decodes one scalar value at *pos and moves past it; false (no move) at the end or on bytes that
// are not UTF-8 (overlong, surrogate, > U+10FFFF).
WG_MUST_CHECK bool wg_utf8_next(wg_str s, size_t *pos, uint32_t *out_cp);
bool wg_utf8_valid(wg_str s);
void wg_utf8_add(wg_buf *b, uint32_t cp); // appends cp as UTF-8; a lone surrogate as WTF-8
// UTF-8 (WTF-8 accepted: lone surrogates survive) to UTF-16LE; false when not decodable.
WG_MUST_CHECK bool wg_utf8_to_utf16le(wg_str s, wg_buf *out);
// n_bytes must be even. Lone surrogates become WTF-8, so that the way back is exact.
WG_MUST_CHECK bool wg_utf16le_to_utf8(const uint8_t *p, size_t n_bytes, wg_buf *out);
// Windows' simple upper-case mapping of one UTF-16 unit (Unicode simple mapping, BMP, as $UpCase).
uint16_t wg_upcase16(uint16_t unit);
// Compares two UTF-8 (WTF-8) names as Windows does: by upper-cased UTF-16 units.
int wg_name_cmp_nocase(wg_str a, wg_str b);
// Same for UTF-16LE byte strings.
int wg_name16_cmp_nocase(const uint8_t *a, size_t a_bytes, const uint8_t *b, size_t b_bytes);

#endif
