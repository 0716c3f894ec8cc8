// SPDX-License-Identifier: Apache-2.0
// What the unit tests of base use of cmocka, for systems that it is not packaged for
// (scripts/check-portable): the first assertion that does not hold ends its test, and the program
// ends with the number of tests that failed.
#ifndef WG_TESTS_PORTABLE_CMOCKA_H
#define WG_TESTS_PORTABLE_CMOCKA_H

#include <setjmp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct CMUnitTest {
  const char *name;
  void (*run)(void **state);
};

static jmp_buf portable_end;

static inline void portable_failed(const char *file, int line, const char *what) {
  (void)printf("# %s:%d: %s\n", file, line, what);
  longjmp(portable_end, 1);
}

#define PORTABLE_HOLDS(e, what) ((e) ? (void)0 : portable_failed(__FILE__, __LINE__, what))
#define assert_true(e) PORTABLE_HOLDS((e), "does not hold: " #e)
#define assert_false(e) PORTABLE_HOLDS(!(e), "holds: " #e)
#define assert_null(p) PORTABLE_HOLDS((p) == NULL, "is not NULL: " #p)
#define assert_non_null(p) PORTABLE_HOLDS((p) != NULL, "is NULL: " #p)
// By value in 64 bits, as cmocka compares.
#define assert_int_equal(a, b)                                                                     \
  PORTABLE_HOLDS((unsigned long long)(a) == (unsigned long long)(b), "differ: " #a " and " #b)
#define assert_int_not_equal(a, b)                                                                 \
  PORTABLE_HOLDS((unsigned long long)(a) != (unsigned long long)(b), "are equal: " #a " and " #b)
#define assert_string_equal(a, b) PORTABLE_HOLDS(strcmp((a), (b)) == 0, "differ: " #a " and " #b)
#define assert_string_not_equal(a, b)                                                              \
  PORTABLE_HOLDS(strcmp((a), (b)) != 0, "are equal: " #a " and " #b)
#define assert_memory_equal(a, b, n)                                                               \
  PORTABLE_HOLDS(memcmp((a), (b), (n)) == 0, "differ: " #a " and " #b)
#define fail_msg(...)                                                                              \
  ((void)printf("# " __VA_ARGS__), portable_failed(__FILE__, __LINE__, "failed"))

// cmocka looks for leaks in these; here they are the heap.
#define test_malloc malloc
#define test_free free

#define cmocka_unit_test(f)                                                                        \
  { #f, f }

static inline bool portable_one(const struct CMUnitTest *test) {
  void *state = NULL;
  if (setjmp(portable_end) != 0) {
    return false;
  }
  test->run(&state);
  return true;
}

static inline int portable_run(const struct CMUnitTest *tests, size_t n) {
  int n_failed = 0;
  for (size_t i = 0; i < n; i++) {
    bool ok = portable_one(&tests[i]);
    (void)printf("%s %u - %s\n", ok ? "ok" : "not ok", (unsigned)i + 1, tests[i].name);
    n_failed += ok ? 0 : 1;
  }
  (void)printf("1..%u\n", (unsigned)n);
  return n_failed;
}
#define cmocka_run_group_tests(tests, setup, teardown)                                             \
  portable_run((tests), sizeof(tests) / sizeof((tests)[0]))

#endif
