// SPDX-License-Identifier: Apache-2.0
#include "base/sort.h"

#include <string.h>

#include "support.h"

WG_WRAPS static uint32_t next_random(uint32_t seed) {
  return seed * 1664525u + 1013904223u;
}

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
        seed = next_random(seed);
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

// An order that makes a median of three choose badly every time (Musser, 1997).
static void is_never_slow(void **state) {
  (void)state;
  enum {
    N = 20000
  };
  uint32_t *v = test_malloc(N * sizeof(*v));
  for (uint32_t i = 0; i < N / 2; i++) {
    v[2 * i] = i % 2 == 0 ? i + 1 : N / 2 + i;
    v[2 * i + 1] = i % 2 == 0 ? N / 2 + i : i + 1;
  }
  size_t n_calls = 0;
  wg_sort(v, N, sizeof(v[0]), cmp_u32, &n_calls);
  for (size_t i = 1; i < N; i++) {
    assert_true(v[i - 1] <= v[i]);
  }
  assert_true(n_calls < (size_t)N * 15 * 6);
  test_free(v);
}

typedef struct wide {
  char pad[70];
  uint32_t v;
  char more[67];
} wide;

static int cmp_wide(const void *a, const void *b, void *ctx) {
  (void)ctx;
  const wide *x = a, *y = b;
  return (x->v > y->v) - (x->v < y->v);
}

static void moves_elements_whole(void **state) {
  (void)state;
  static wide v[1000];
  for (uint32_t i = 0; i < 1000; i++) {
    v[i].v = i * 7919 % 1000;
    memset(v[i].pad, (int)(v[i].v & 0xFF), sizeof(v[i].pad));
    memset(v[i].more, (int)(v[i].v & 0x7F), sizeof(v[i].more));
  }
  wg_sort(v, 1000, sizeof(v[0]), cmp_wide, NULL);
  for (uint32_t i = 0; i < 1000; i++) {
    assert_int_equal(v[i].v, i);
    assert_int_equal((uint8_t)v[i].pad[69], i & 0xFF);
    assert_int_equal((uint8_t)v[i].more[66], i & 0x7F);
  }
}

static void strings_by_their_bytes(void **state) {
  (void)state;
  const char *v[] = {"b", "a\xff", "", "ab", "a"};
  static const char *const want[] = {"", "a", "ab", "a\xff", "b"};
  wg_sort((void *)v, WG_ARRAY_LEN(v), sizeof(v[0]), wg_sort_cmp_z, NULL);
  for (size_t i = 0; i < WG_ARRAY_LEN(v); i++) {
    assert_string_equal(v[i], want[i]);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(strings_by_their_bytes), cmocka_unit_test(sorts_all_lengths_and_orders),
      cmocka_unit_test(is_never_slow), cmocka_unit_test(moves_elements_whole)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
