// SPDX-License-Identifier: Apache-2.0
// Sizes as people write them.
#include <string.h>

#include "cli/core/cli.h"

static bool size_unit(wg_str unit, uint64_t *out) {
  static const struct {
    const char *name;
    uint64_t factor;
  } units[] = {
      {"", 1},
      {"b", 1},
      {"kib", 1ULL << 10},
      {"mib", 1ULL << 20},
      {"gib", 1ULL << 30},
      {"tib", 1ULL << 40},
      {"k", 1ULL << 10},
      {"m", 1ULL << 20},
      {"g", 1ULL << 30},
      {"t", 1ULL << 40},
      {"kb", 1000},
      {"mb", 1000000},
      {"gb", 1000000000},
      {"tb", 1000000000000},
  };
  for (size_t i = 0; i < WG_ARRAY_LEN(units); i++) {
    if (wg_str_eq_nocase(unit, units[i].name)) {
      *out = units[i].factor;
      return true;
    }
  }
  return false;
}

bool wg_parse_size(wg_str s, uint64_t *out) {
  size_t n_digits = 0;
  while (n_digits < s.n && s.p[n_digits] >= '0' && s.p[n_digits] <= '9') {
    n_digits++;
  }
  size_t unit_at = n_digits;
  while (unit_at < s.n && s.p[unit_at] == ' ') {
    unit_at++;
  }
  if (unit_at > n_digits && unit_at == s.n) {
    return false; // "5 "
  }
  uint64_t number = 0;
  uint64_t factor = 1;
  if (!wg_parse_u64((wg_str){s.p, n_digits}, &number) ||
      !size_unit((wg_str){s.n > unit_at ? s.p + unit_at : "", s.n - unit_at}, &factor)) {
    return false;
  }
  return wg_mul(number, factor, out);
}
