// SPDX-License-Identifier: Apache-2.0
#include "base/select.h"

#include "support.h"

static void wildcards_match_names(void **state) {
  (void)state;
  static const struct {
    const char *pattern, *path;
    bool fits;
  } rows[] = {
      {"*.dll", "a.dll", true},
      {"*.dll", "A.DLL", true},
      {"*.dll", ".dll", true},
      {"*.dll", "a.dllx", false},
      {"*.dll", "x/a.dll", false},
      {"**/*.dll", "a.dll", true},
      {"**/*.dll", "x/y/a.dll", true},
      {"x/**", "x", false},
      {"x/**", "x/y", true},
      {"x/**", "x/y/z", true},
      {"x/**/z", "x/z", true},
      {"x/**/z", "x/a/b/z", true},
      {"x/**/z", "x/a/b/c", false},
      {"**/a/**/b", "a/x/a/y/b", true},
      {"**/a/b", "a/x/a/b", true},
      {"**", "a", true},
      {"*", "a/b", false},
      {"a?c", "abc", true},
      {"a?c",
       "a\xC3\xA4"
       "c",
       true},
      {"a?c", "ac", false},
      {"\xC3\x84*", "\xC3\xA4x", true},
      {"a*b*c", "aXbYbZc", true},
      {"a*b*c", "aXbYbZ", false},
      {"a[1].png", "a[1].png", true},
      {"a[1].png", "a1.png", false},
      {"a**b", "aXb", true},
      {"\xFF*", "\xFFx", true},
      {"?", "\xFF", true},
      {"a/b", "a", false},
      {"a", "a/b", false},
      {"", "a", false},
  };
  for (size_t i = 0; i < WG_ARRAY_LEN(rows); i++) {
    if (wg_glob_match(rows[i].pattern, rows[i].path) != rows[i].fits) {
      fail_msg("'%s' and '%s'", rows[i].pattern, rows[i].path);
    }
  }
}

// What would take years if each `*` were tried for itself.
static void many_stars_end(void **state) {
  (void)state;
  char path[402] = {0};
  for (size_t i = 0; i < 400; i++) {
    path[i] = i % 2 == 0 ? 'a' : '/';
  }
  path[400] = 'b';
  assert_false(wg_glob_match("**/a/**/a/**/a/**/a/**/a/**/a/**/a/**/a/**/a/**/a/**/c", path));
  for (size_t i = 0; i < 400; i++) {
    path[i] = 'a';
  }
  assert_false(wg_glob_match("*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*c", path));
}

static void the_fixed_part_ends_before_the_first_wildcard(void **state) {
  (void)state;
  assert_int_equal(wg_glob_fixed("dist/x/*.dll"), 7);
  assert_int_equal(wg_glob_fixed("dist/x*y/z"), 5);
  assert_int_equal(wg_glob_fixed("*.dll"), 0);
  assert_int_equal(wg_glob_fixed("/**"), 1);
  assert_true(wg_glob_is("a?"));
  assert_false(wg_glob_is("a[1]{b}"));
}

static void exclude_is_as_in_gitignore(void **state) {
  (void)state;
  const char *const rules[] = {"*.pdb", "/obj", "docs/*.txt", "tmp/", "!keep.pdb", "x/**/y"};
  const wg_select s = {.exclude = rules, .n_exclude = WG_ARRAY_LEN(rules)};
  static const struct {
    const char *path;
    bool is_folder, in;
  } rows[] = {
      {"a.pdb", false, false},       {"x/A.PDB", false, false},     {"x/keep.pdb", false, true},
      {"obj", true, false},          {"x/obj", true, true},         {"docs/a.txt", false, false},
      {"x/docs/a.txt", false, true}, {"docs/x/a.txt", false, true}, {"tmp", true, false},
      {"x/tmp", true, false},        {"x/tmp", false, true},        {"x/y", false, false},
      {"x/a/b/y", true, false},      {"a.dll", false, true},
  };
  for (size_t i = 0; i < WG_ARRAY_LEN(rows); i++) {
    bool in =
        rows[i].is_folder ? wg_select_folder(&s, rows[i].path) : wg_select_file(&s, rows[i].path);
    if (in != rows[i].in) {
      fail_msg("'%s'", rows[i].path);
    }
  }
  assert_true(wg_select_file(NULL, "a.pdb"));
  assert_true(wg_select_folder(NULL, "obj"));
}

static void folders_without_a_match_are_not_entered(void **state) {
  (void)state;
  const wg_select flat = {.only = "*.dll"}, deep = {.only = "bin/*/lib/**"};
  assert_false(wg_select_folder(&flat, "node_modules"));
  assert_true(wg_select_file(&flat, "a.dll"));
  assert_true(wg_select_folder(&deep, "bin"));
  assert_true(wg_select_folder(&deep, "bin/x/lib/deep/er"));
  assert_false(wg_select_folder(&deep, "bin/x/other"));
  assert_false(wg_select_folder(&deep, "src"));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(wildcards_match_names), cmocka_unit_test(many_stars_end),
      cmocka_unit_test(the_fixed_part_ends_before_the_first_wildcard),
      cmocka_unit_test(exclude_is_as_in_gitignore),
      cmocka_unit_test(folders_without_a_match_are_not_entered)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
