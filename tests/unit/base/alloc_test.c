// SPDX-License-Identifier: Apache-2.0
#include "base/alloc.h"

#include <string.h>

#include "support.h"

static void arena_frees_everything_whatever_fails(void **state) {
  (void)state;
  for (unsigned long fail_at = 0; fail_at < 40; fail_at++) {
    failing_heap h = {.fail_at = fail_at};
    wg_alloc alloc = failing_heap_alloc(&h);
    wg_arena a;
    wg_arena_init(&a, &alloc, 0);
    for (size_t i = 0; i < 30; i++) {
      char *p = wg_arena_get(&a, i * 3000);
      if (p == NULL) {
        wg_error err = WG_ERROR_INIT;
        assert_int_equal(wg_arena_fail(&a, &err), WG_E_NOMEM);
        break;
      }
      assert_int_equal((uintptr_t)p % 16, 0);
      memset(p, 0xAA, i * 3000);
    }
    wg_arena_done(&a);
    assert_int_equal(h.n_live, 0);
  }
}

static void arena_keeps_to_its_ceiling(void **state) {
  (void)state;
  failing_heap h = {0};
  wg_alloc alloc = failing_heap_alloc(&h);
  WG_AUTO(wg_arena) a;
  wg_arena_init(&a, &alloc, 1000);
  assert_non_null(wg_arena_get(&a, 999));
  assert_null(wg_arena_get(&a, 2));
  wg_error err = WG_ERROR_INIT;
  assert_int_equal(wg_arena_fail(&a, &err), WG_E_LIMIT);
  assert_null(wg_arena_array(&a, SIZE_MAX / 2, 4));
  assert_null(wg_arena_array_raw(&a, 2, 1));
  assert_null(wg_arena_array_raw(&a, SIZE_MAX / 2, 4));
  assert_int_equal(wg_arena_fail(&a, &err), WG_E_LIMIT);
}

static void arena_memory_is_zeroed_and_separate(void **state) {
  (void)state;
  failing_heap h = {0};
  wg_alloc alloc = failing_heap_alloc(&h);
  WG_AUTO(wg_arena) a;
  wg_arena_init(&a, &alloc, 0);
  char *blocks[200];
  for (size_t i = 0; i < 200; i++) {
    blocks[i] = wg_arena_get(&a, 700);
    for (size_t k = 0; k < 700; k++) {
      assert_int_equal(blocks[i][k], 0);
    }
    memset(blocks[i], (int)i, 700);
  }
  for (size_t i = 0; i < 200; i++) {
    assert_int_equal((unsigned char)blocks[i][699], i);
  }
  assert_string_equal(wg_arena_printf(&a, "%s-%d", "x", 5), "x-5");
  assert_string_equal(wg_arena_strndup(&a, "abcdef", 3), "abc");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(arena_frees_everything_whatever_fails),
      cmocka_unit_test(arena_keeps_to_its_ceiling),
      cmocka_unit_test(arena_memory_is_zeroed_and_separate),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
