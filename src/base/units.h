// SPDX-License-Identifier: Apache-2.0
// Sizes, durations and times as text.
#ifndef WG_BASE_UNITS_H
#define WG_BASE_UNITS_H

#include "base/bytes.h"

// "3800MiB", "4096", "10 GB", "5g" (of 1,024 as "5GiB"), case ignored; false, and nothing written,
// when it is none or 2^63 and over.
WG_MUST_CHECK bool wg_parse_size(const char *s, uint64_t *out_bytes);
// "10m", "1h30m", "250ms", "45s", "2d"; false when it is none or over 2^53.
WG_MUST_CHECK bool wg_parse_duration(const char *s, uint64_t *out_ms);
// RFC 3339 or a count of seconds since 1970; 0..2^32-1, what PE and ZIP can hold.
WG_MUST_CHECK bool wg_parse_time(const char *s, int64_t *out_s);

#endif
