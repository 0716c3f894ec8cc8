// SPDX-License-Identifier: Apache-2.0
// The calendar, without a clock.
#ifndef WG_BASE_CIVIL_H
#define WG_BASE_CIVIL_H

#include "base/attr.h"

typedef struct wg_civil { // UTC, Gregorian
  int64_t year;
  unsigned month, day; // from 1
  unsigned hour, minute, second;
} wg_civil;

// Of seconds since 1970; before that, too. |unix_s| at most 2^55.
wg_civil wg_civil_of(int64_t unix_s);
// Of a FILETIME: hundreds of nanoseconds since 1601.
wg_civil wg_civil_of_filetime(uint64_t filetime);

#endif
