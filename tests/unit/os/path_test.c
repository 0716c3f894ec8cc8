// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "os/file.h"
#include "support.h"

static void clean_is_lexical(void **state) {
  (void)state;
  static const char *const cases[][2] = {
      {"", "."},
      {".", "."},
      {"/", "/"},
      {"//", "/"},
      {"a/b", "a/b"},
      {"a//b/", "a/b"},
      {"./a/./b", "a/b"},
      {"a/..", "."},
      {"a/../b", "b"},
      {"..", ".."},
      {"../..", "../.."},
      {"../a/..", ".."},
      {"/..", "/"},
      {"/../a", "/a"},
      {"/a/b/../../c", "/c"},
      {"a/b/../../..", ".."},
      {"...", "..."},
      {"a/...b", "a/...b"},
      {"..a", "..a"},
      {"a/..b/..", "a"},
  };
  for (size_t i = 0; i < WG_ARRAY_LEN(cases); i++) {
    WG_AUTO(wg_cstr) got = wg_path_clean(cases[i][0]);
    assert_string_equal(got, cases[i][1]);
  }
}

static void parts(void **state) {
  (void)state;
  WG_AUTO(wg_cstr) a = wg_path_dirname("/a/b");
  WG_AUTO(wg_cstr) b = wg_path_dirname("/a");
  WG_AUTO(wg_cstr) c = wg_path_dirname("a");
  assert_string_equal(a, "/a");
  assert_string_equal(b, "/");
  assert_string_equal(c, ".");
  assert_string_equal(wg_path_basename("/a/b"), "b");
  WG_AUTO(wg_cstr) d = wg_path_join("/a/", "b");
  WG_AUTO(wg_cstr) e = wg_path_join("a", "/b");
  assert_string_equal(d, "/a/b");
  assert_string_equal(e, "/b");
  assert_true(wg_path_is_below("/a/b", "/a"));
  assert_true(wg_path_is_below("/a", "/a"));
  assert_false(wg_path_is_below("/ab", "/a"));
  assert_true(wg_path_is_below("/x", "/"));
  assert_string_equal(wg_path_below("/a/b/c", "/a"), "b/c");
  assert_null(wg_path_below("/a", "/a"));
  assert_null(wg_path_below("/ab", "/a"));
  assert_null(wg_path_below("/a", NULL));
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(clean_is_lexical), cmocka_unit_test(parts)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
