// SPDX-License-Identifier: Apache-2.0
// Sizes, durations and times as text.
#ifndef WG_CONFIG_UNITS_H
#define WG_CONFIG_UNITS_H

#include "base/bytes.h"

// "3800MiB", "4096", "10 GB"; false when it is none or over 2^63.
bool wg_cfg_parse_size(const char *s, uint64_t *out_bytes);
// "10m", "1h30m", "250ms", "45s", "2d"; false when it is none or over 2^53.
bool wg_cfg_parse_duration(const char *s, uint64_t *out_ms);
// RFC 3339 or a count of seconds since 1970; 0..2^32-1, what PE and ZIP can hold.
bool wg_cfg_parse_time(const char *s, int64_t *out_s);

#endif
