// SPDX-License-Identifier: Apache-2.0
#include "base/civil.h"

#include "support.h"

static void is_the_calendar(void **state) {
  (void)state;
  static const struct {
    int64_t s;
    wg_civil want;
  } rows[] = {{0, {1970, 1, 1, 0, 0, 0}},
              {-1, {1969, 12, 31, 23, 59, 59}},
              {951782399, {2000, 2, 28, 23, 59, 59}},
              {951782400, {2000, 2, 29, 0, 0, 0}},
              {951868800, {2000, 3, 1, 0, 0, 0}},
              {4107542400, {2100, 3, 1, 0, 0, 0}},
              {1725580800, {2024, 9, 6, 0, 0, 0}},
              {253402300799, {9999, 12, 31, 23, 59, 59}},
              {-11644473600, {1601, 1, 1, 0, 0, 0}},
              {-62167219200, {0, 1, 1, 0, 0, 0}},
              {-62167219201, {-1, 12, 31, 23, 59, 59}}};
  for (size_t i = 0; i < WG_ARRAY_LEN(rows); i++) {
    wg_civil got = wg_civil_of(rows[i].s), want = rows[i].want;
    assert_true(got.year == want.year);
    assert_int_equal(got.month, want.month);
    assert_int_equal(got.day, want.day);
    assert_int_equal(got.hour, want.hour);
    assert_int_equal(got.minute, want.minute);
    assert_int_equal(got.second, want.second);
  }
}

static void is_of_a_filetime(void **state) {
  (void)state;
  wg_civil t = wg_civil_of_filetime(0), u = wg_civil_of_filetime(UINT64_MAX);
  assert_true(t.year == 1601 && t.month == 1 && t.day == 1 && t.second == 0);
  assert_true(u.year == 60056 && u.month == 5 && u.day == 28 && u.hour == 5 && u.minute == 36 &&
              u.second == 10);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(is_the_calendar),
                                     cmocka_unit_test(is_of_a_filetime)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
