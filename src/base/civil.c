// SPDX-License-Identifier: Apache-2.0
#include "base/civil.h"

#define DAY_S 86400
#define ERA_DAYS 146097 // 400 years

wg_civil wg_civil_of(int64_t unix_s) {
  int64_t days = unix_s / DAY_S, s = unix_s % DAY_S;
  if (s < 0) {
    s += DAY_S;
    days--;
  }
  // Years begin with March: then a leap day is the last of its year, and months have a formula.
  int64_t z = days + 719468; // since 1 March of the year 0
  int64_t era = (z >= 0 ? z : z - (ERA_DAYS - 1)) / ERA_DAYS;
  unsigned of_era = (unsigned)(z - era * ERA_DAYS);
  unsigned year = (of_era - of_era / 1460 + of_era / 36524 - of_era / (ERA_DAYS - 1)) / 365;
  unsigned of_year = of_era - (365 * year + year / 4 - year / 100);
  unsigned march = (5 * of_year + 2) / 153; // months since March
  return (wg_civil){.year = (int64_t)year + era * 400 + (march >= 10),
                    .month = march < 10 ? march + 3 : march - 9,
                    .day = of_year - (153 * march + 2) / 5 + 1,
                    .hour = (unsigned)(s / 3600),
                    .minute = (unsigned)(s / 60 % 60),
                    .second = (unsigned)(s % 60)};
}

wg_civil wg_civil_of_filetime(uint64_t filetime) {
  return wg_civil_of((int64_t)(filetime / 10000000) - 11644473600);
}
