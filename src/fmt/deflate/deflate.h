// SPDX-License-Identifier: Apache-2.0
// DEFLATE (RFC 1951) and gzip (RFC 1952) over zlib, writing only. Same bytes in, same bytes out
// with one version of zlib.
#ifndef WG_FMT_DEFLATE_H
#define WG_FMT_DEFLATE_H

#include "base/bytes.h"

// Appends the raw stream. NOMEM, LIMIT (out's ceiling, or 2 GiB of input).
wg_code wg_deflate_raw(const void *p, size_t n_bytes, wg_buf *out, wg_error *err);
// Appends a gzip file: no name, no time in its head. Errors as above.
wg_code wg_gzip(const void *p, size_t n_bytes, wg_buf *out, wg_error *err);
// CRC-32 as ZIP and gzip have it.
uint32_t wg_crc32(const void *p, size_t n_bytes);

#endif
