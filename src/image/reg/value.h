// SPDX-License-Identifier: Apache-2.0
// Values of the registry as text: types and data.
#ifndef WG_IMAGE_REG_VALUE_H
#define WG_IMAGE_REG_VALUE_H

#include "fmt/regf/regf.h"

#define WG_REGTYPE_NAME_BYTES 48

// "REG_SZ", "REG_DWORD", or "0x12" for unknown types (in buf).
const char *wg_regtype_name(uint32_t type, char buf[WG_REGTYPE_NAME_BYTES]);
// Name (any case, with or without "REG_") or number, decimal or 0x hex; false when it is none.
WG_MUST_CHECK bool wg_regtype_parse(const char *s, uint32_t *out);
extern const char *const wg_regtype_hint; // what types there are

// A whole number of n_bytes (4 or 8), decimal or 0x hex; a negative one as its two's complement.
WG_MUST_CHECK bool wg_regnumber_parse(const char *s, unsigned n_bytes, uint64_t *out);
// Hex digits, spaces and commas between bytes; appends. False: not a whole number of bytes.
WG_MUST_CHECK bool wg_reghex_parse(const char *s, wg_buf *out);
// Text of a value to bytes by its type, appended: a list is "a\0b", and empty items stay. USAGE
// when it does not fit the type.
wg_code wg_regdata_parse(uint32_t type, const char *text, wg_buf *out, wg_error *err);

// Data as a person reads it, without escapes: text, number, hex. NULs between texts are "\0".
void wg_regvalue_text(const wg_regvalue *v, wg_buf *out);

#endif
