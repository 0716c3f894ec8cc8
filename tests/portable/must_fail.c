// SPDX-License-Identifier: Apache-2.0
// Each of these tests has to fail: scripts/check-portable runs them to know that a failure is seen
// on that system.
#include "support.h"

static void is_true(void **state) {
  (void)state;
  assert_true(1 == 2);
}

static void is_false(void **state) {
  (void)state;
  assert_false(1 == 1);
}

static void is_null(void **state) {
  assert_null(state);
}

static void is_not_null(void **state) {
  assert_non_null(*state);
}

static void numbers(void **state) {
  (void)state;
  assert_int_equal((uint64_t)1 << 32, 0); // by all of their bits
}

static void texts(void **state) {
  (void)state;
  assert_string_equal("a", "b");
}

static void other_texts(void **state) {
  (void)state;
  assert_string_not_equal("a", "a");
}

static void bytes(void **state) {
  (void)state;
  assert_memory_equal("ab", "ac", 2);
}

static void codes(void **state) {
  (void)state;
  wg_error err = WG_ERROR_INIT;
  assert_ok(wg_fail(&err, WG_E_IO, "as it should be"), &err);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(is_true),     cmocka_unit_test(is_false), cmocka_unit_test(is_null),
      cmocka_unit_test(is_not_null), cmocka_unit_test(numbers),  cmocka_unit_test(texts),
      cmocka_unit_test(other_texts), cmocka_unit_test(bytes),    cmocka_unit_test(codes),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
