#include "base/sort.h"

#include <string.h>

#include "support.h"

static int cmp_u32(const void *a, const void *b, void *ctx) {
  uint32_t x = 0, y = 0;
  memcpy(&x, a, sizeof(x));
  memcpy(&y, b, sizeof(y));
  *(size_t *)ctx += 1;
  return (x > y) - (x < y);
}

static void sorts_all_lengths_and_orders(void **state) {
  (void)state;
  uint32_t v[200], seed = 1;
  for (size_t n = 0; n <= 200; n++) {
    for (int kind = 0; kind < 4; kind++) { // random, rising, falling, equal
      uint64_t sum = 0, after = 0;
      for (size_t i = 0; i < n; i++) {
        seed = seed * 1664525u + 1013904223u;
        v[i] = kind == 0 ? seed >> 24 : kind == 1 ? (uint32_t)i : kind == 2 ? (uint32_t)(n - i) : 7;
        sum += v[i];
      }
      size_t n_calls = 0;
      wg_sort(v, n, sizeof(v[0]), cmp_u32, &n_calls);
      for (size_t i = 0; i < n; i++) {
        after += v[i];
        assert_true(i == 0 || v[i - 1] <= v[i]);
      }
      assert_true(sum == after);
      assert_true(n_calls <= 4 * n * 8);
    }
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(sorts_all_lengths_and_orders)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
