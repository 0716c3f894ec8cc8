// SPDX-License-Identifier: Apache-2.0
// Our formatter against libc's.
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "support.h"

#define SAME(...)                                                                                  \
  do {                                                                                             \
    char ours[256], theirs[256];                                                                   \
    size_t n = wg_format(ours, sizeof(ours), __VA_ARGS__);                                         \
    int m = snprintf(theirs, sizeof(theirs), __VA_ARGS__);                                         \
    assert_string_equal(ours, theirs);                                                             \
    assert_int_equal(n, m);                                                                        \
  } while (0)

static void agrees_with_libc(void **state) {
  (void)state;
  SAME("plain %% text");
  SAME("%s|%10s|%-10s|%.2s|%.*s", "abc", "abc", "abc", "abc", 1, "abc");
  SAME("%d %i %5d %-5d| %05d %d", 0, -1, 42, 42, -42, INT32_MIN);
  SAME("%u %x %X %08x %4x|%-4x|", 0U, 255U, 255U, 0xBEEFU, 1U, 1U);
  SAME("%lld %llu %llx", (long long)INT64_MIN, (unsigned long long)UINT64_MAX, 0xFEEDFACECAFEULL);
  SAME("%ld %lu %zu %jd %td", -9L, 9UL, (size_t)7, (intmax_t)-3, (ptrdiff_t)-4);
  SAME("%hhu %hu %hhx", (unsigned char)200, (unsigned short)60000, (unsigned char)0xab);
  SAME("%c%c%3c", 'a', 'b', 'c');
  SAME("%" PRIu64 " %" PRIx32, (uint64_t)1 << 40, (uint32_t)0xABCD);
}

// Texts of our own: libc of Windows has ways of its own, and long has 32 bits there.
static void types_have_their_size(void **state) {
  (void)state;
  char text[256];
#define IS(want, ...)                                                                              \
  do {                                                                                             \
    assert_int_equal(wg_format(text, sizeof(text), __VA_ARGS__), strlen(want));                    \
    assert_string_equal(text, want);                                                               \
  } while (0)
  IS("-9 -8 7", "%ld %lld %d", -9L, -8LL, 7);
  IS("2147483647 -2147483648 5", "%ld %ld %d", (long)INT32_MAX, (long)INT32_MIN, 5);
  IS("1 18446744073709551615 2", "%lu %llu %u", 1UL, (unsigned long long)UINT64_MAX, 2U);
  IS("1 4 -5 x", "%zu %jd %td %c", (size_t)1, (intmax_t)4, (ptrdiff_t)-5, 'x');
  IS("ffffffff 1 abcdefabcdef 2", "%lx %d %llx %d", 0xFFFFFFFFUL, 1, 0xABCDEFABCDEFULL, 2);
  IS("-1 -2 255", "%hhd %hd %hhu", (signed char)-1, (short)-2, (unsigned char)255);
#undef IS
}

static void never_writes_past_the_end(void **state) {
  (void)state;
  char small[4] = {'x', 'x', 'x', 'x'};
  assert_int_equal(wg_format(small, 3, "%d", 123456), 6);
  assert_string_equal(small, "12");
  assert_int_equal(small[3], 'x');
  assert_int_equal(wg_format(NULL, 0, "%s", "hello"), 5);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(agrees_with_libc),
      cmocka_unit_test(types_have_their_size),
      cmocka_unit_test(never_writes_past_the_end),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
