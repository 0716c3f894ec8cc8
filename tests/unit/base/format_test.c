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
  SAME("%zu %ld %lu %jd", (size_t)7, -9L, 9UL, (intmax_t)-3);
  SAME("%hhu %hu %hhx", (unsigned char)200, (unsigned short)60000, (unsigned char)0xab);
  SAME("%c%c%3c", 'a', 'b', 'c');
  SAME("%" PRIu64 " %" PRIx32, (uint64_t)1 << 40, (uint32_t)0xABCD);
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
      cmocka_unit_test(never_writes_past_the_end),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
