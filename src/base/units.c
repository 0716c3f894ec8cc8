// SPDX-License-Identifier: Apache-2.0
#include "base/units.h"

#include <string.h>

static size_t units_digits(const char *s) {
  size_t n = 0;
  while (s[n] >= '0' && s[n] <= '9') {
    n++;
  }
  return n;
}

bool wg_parse_size(const char *s, uint64_t *out_bytes) {
  static const struct {
    const char *name;
    uint64_t bytes;
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
  size_t n = units_digits(s);
  uint64_t v = 0;
  if (!wg_parse_u64((wg_str){s, n}, &v)) {
    return false;
  }
  bool spaced = s[n] == ' ';
  wg_str unit = wg_str_of(s + n + (spaced ? 1 : 0));
  for (size_t i = spaced ? 1 : 0; i < WG_ARRAY_LEN(units); i++) { // "5 " has no unit
    uint64_t bytes = 0;
    if (wg_str_eq_nocase(unit, units[i].name)) {
      if (!wg_mul(v, units[i].bytes, &bytes) || bytes > INT64_MAX) {
        return false;
      }
      *out_bytes = bytes;
      return true;
    }
  }
  return false;
}

bool wg_parse_duration(const char *s, uint64_t *out_ms) {
  static const struct {
    const char *name;
    uint64_t ms;
  } units[] = {{"d", 86400000}, {"h", 3600000}, {"m", 60000}, {"s", 1000}, {"ms", 1}};
  uint64_t sum = 0;
  size_t next = 0; // units come in order, each once
  while (*s != '\0') {
    size_t n = units_digits(s);
    uint64_t v = 0;
    if (!wg_parse_u64((wg_str){s, n}, &v)) {
      return false;
    }
    s += n;
    size_t len = 0;
    while (s[len] >= 'a' && s[len] <= 'z') {
      len++;
    }
    size_t i = next;
    while (i < WG_ARRAY_LEN(units) && !wg_str_eqz((wg_str){s, len}, units[i].name)) {
      i++;
    }
    if (i == WG_ARRAY_LEN(units) || !wg_mul(v, units[i].ms, &v) || !wg_add(sum, v, &sum) ||
        sum > ((uint64_t)1 << 53)) {
      return false;
    }
    next = i + 1;
    s += len;
  }
  if (next == 0) {
    return false;
  }
  *out_ms = sum;
  return true;
}

// Exactly n digits.
static bool units_fixed(const char *s, size_t n, int64_t *out) {
  uint64_t v = 0;
  for (size_t i = 0; i < n; i++) {
    if (s[i] < '0' || s[i] > '9') {
      return false;
    }
    v = v * 10 + (uint64_t)(s[i] - '0');
  }
  *out = (int64_t)v;
  return true;
}

static bool units_leap(int64_t y) {
  return (y % 4 == 0 && y % 100 != 0) || y % 400 == 0;
}

// Days from 1970-01-01 to a date of the Gregorian calendar, y >= 1970.
static bool units_days(int64_t y, int64_t m, int64_t d, int64_t *out) {
  static const int64_t before[] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365};
  if (y < 1970 || m < 1 || m > 12 || d < 1) {
    return false;
  }
  int64_t leap_day = m == 2 && units_leap(y) ? 1 : 0;
  if (d > before[m] - before[m - 1] + leap_day) {
    return false;
  }
  int64_t past = y - 1;
  int64_t leaps = (past / 4 - past / 100 + past / 400) - (1969 / 4 - 1969 / 100 + 1969 / 400);
  *out = (y - 1970) * 365 + leaps + before[m - 1] + (m > 2 && units_leap(y) ? 1 : 0) + d - 1;
  return true;
}

// Z or +hh:mm, to the end of s.
static bool units_zone(const char *s, int64_t *out_s) {
  int64_t h = 0, m = 0;
  if ((s[0] == 'Z' || s[0] == 'z') && s[1] == '\0') {
    *out_s = 0;
    return true;
  }
  if ((s[0] != '+' && s[0] != '-') || !units_fixed(s + 1, 2, &h) || s[3] != ':' ||
      !units_fixed(s + 4, 2, &m) || s[6] != '\0' || h > 23 || m > 59) {
    return false;
  }
  *out_s = (s[0] == '-' ? -1 : 1) * (h * 3600 + m * 60);
  return true;
}

// RFC 3339, section 5.6; the second's fraction is dropped. A leap second counts as the second
// after.
static bool units_rfc3339(const char *s, int64_t *out_s) {
  int64_t y = 0, mo = 0, d = 0, h = 0, mi = 0, sec = 0, days = 0, zone = 0;
  if (!units_fixed(s, 4, &y) || s[4] != '-' || !units_fixed(s + 5, 2, &mo) || s[7] != '-' ||
      !units_fixed(s + 8, 2, &d) || (s[10] != 'T' && s[10] != 't' && s[10] != ' ') ||
      !units_fixed(s + 11, 2, &h) || s[13] != ':' || !units_fixed(s + 14, 2, &mi) || s[16] != ':' ||
      !units_fixed(s + 17, 2, &sec)) {
    return false;
  }
  const char *rest = s + 19;
  if (*rest == '.') {
    size_t n = units_digits(rest + 1);
    if (n == 0) {
      return false;
    }
    rest += 1 + n;
  }
  if (!units_days(y, mo, d, &days) || h > 23 || mi > 59 || sec > 60 || !units_zone(rest, &zone)) {
    return false;
  }
  *out_s = days * 86400 + h * 3600 + mi * 60 + sec - zone;
  return true;
}

bool wg_parse_time(const char *s, int64_t *out_s) {
  uint64_t v = 0;
  int64_t t = 0;
  if (wg_parse_u64(wg_str_of(s), &v)) {
    t = v > UINT32_MAX ? -1 : (int64_t)v;
  } else if (!units_rfc3339(s, &t)) {
    return false;
  }
  if (t < 0 || t > (int64_t)UINT32_MAX) {
    return false;
  }
  *out_s = t;
  return true;
}
