// SPDX-License-Identifier: Apache-2.0
// Private to src/fmt/sd.
#ifndef WG_FMT_SD_INT_H
#define WG_FMT_SD_INT_H

#include "fmt/sd/sd.h"

// The entry's body is an access mask and a SID (and perhaps more).
bool wg_sd_ace_is_simple(uint8_t type);
WG_MUST_CHECK bool wg_sd_ace_sid(const wg_ace *a, wg_str *out);

#endif
