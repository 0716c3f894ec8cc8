// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "goapp/list.h"

static wg_code parse(const char *text, size_t piece, wg_arena *arena,
                     const wg_go_package *const **out, size_t *out_n, wg_error *err) {
  WG_AUTO_PTR(wg_go_list) l = wg_go_list_new(arena);
  size_t n = strlen(text);
  for (size_t i = 0; i < n; i += piece) {
    if (wg_go_list_feed(l, text + i, piece < n - i ? piece : n - i, err) != WG_OK) {
      return err->code;
    }
  }
  return wg_go_list_end(l, out, out_n, err);
}

static const char two[] =
    "{\n\t\"ImportPath\": \"unsafe\",\n\t\"Standard\": true,\n\t\"GoFiles\": [\"unsafe.go\"]\n}\n"
    "{\"Dir\":\"/x{y}\",\"ImportPath\":\"e.com/a\",\"Name\":\"main\",\"Module\":{\"Path\":\"e.com/"
    "a\",\"Main\":true,"
    "\"GoMod\":\"/x/go.mod\",\"Replace\":{\"Path\":\"../"
    "b\"}},\"GoFiles\":[\"a\\\"}.go\"],\"SysoFiles\":[\"r.syso\"],"
    "\"CgoFiles\":[\"c.go\"],\"EmbedPatterns\":[\"*\"],\"Error\":{\"Pos\":\"a.go:1\",\"Err\":"
    "\"bad\"}}";

static void pieces_of_any_size_give_the_same(void **state) {
  (void)state;
  for (size_t piece = 1; piece <= sizeof(two); piece++) {
    WG_AUTO(wg_arena) arena = {0};
    wg_arena_init(&arena, wg_heap(), 0);
    wg_error err = WG_ERROR_INIT;
    const wg_go_package *const *p;
    size_t n;
    if (parse(two, piece, &arena, &p, &n, &err) != WG_OK) {
      fail_msg("%s", err.text);
    }
    assert_int_equal(n, 2);
    assert_true(p[0]->standard);
    assert_int_equal(p[0]->src.n, 0); // not kept for the standard library
    assert_null(p[0]->module);
    assert_string_equal(p[1]->dir, "/x{y}");
    assert_int_equal(p[1]->src.n, 3);
    assert_string_equal(p[1]->src.v[0], "a\"}.go");
    assert_string_equal(p[1]->src.v[1], "c.go");
    assert_string_equal(p[1]->syso.v[0], "r.syso");
    assert_true(p[1]->cgo);
    assert_string_equal(p[1]->module->new_path, "../b");
    assert_true(p[1]->module->replaced);
    assert_string_equal(p[1]->error, "bad");
    assert_string_equal(p[1]->error_pos, "a.go:1");
  }
}

static void expect(const char *text, wg_code code, const char *message) {
  WG_AUTO(wg_arena) arena = {0};
  wg_arena_init(&arena, wg_heap(), 0);
  wg_error err = WG_ERROR_INIT;
  const wg_go_package *const *p;
  size_t n;
  wg_code c = parse(text, 3, &arena, &p, &n, &err);
  if (c != code || (message != NULL && strstr(err.text, message) == NULL)) {
    fail_msg("%s: %s: %s", text, wg_code_name(c), err.text);
  }
}

static void wrong_output_is_refused(void **state) {
  (void)state;
  expect("", WG_OK, NULL);
  expect("  \n", WG_OK, NULL);
  expect("{}", WG_OK, NULL);
  expect("go: oops", WG_E_FORMAT, "between packages");
  expect("{} x", WG_E_FORMAT, "between packages");
  expect("[{}]", WG_E_FORMAT, "between packages");
  expect("{", WG_E_FORMAT, "ends inside");
  expect("{\"a\": \"}", WG_E_FORMAT, "ends inside");
  expect("{\"a\":}", WG_E_FORMAT, "go list: ");
  expect("{\"ImportPath\":1}", WG_E_FORMAT, "ImportPath");
  expect("{\"GoFiles\":[1]}", WG_E_FORMAT, "GoFiles");
  expect("{\"GoFiles\":{}}", WG_OK, NULL);
  expect("{\"Module\":{\"Path\":[]}}", WG_E_FORMAT, "Path");
  expect("{\"Error\":{\"Err\":2}}", WG_E_FORMAT, "Err");
}

static void an_object_without_end_is_bounded(void **state) {
  (void)state;
  WG_AUTO(wg_arena) arena = {0};
  wg_arena_init(&arena, wg_heap(), 0);
  WG_AUTO_PTR(wg_go_list) l = wg_go_list_new(&arena);
  wg_error err = WG_ERROR_INIT;
  const size_t n = (size_t)1 << 20;
  WG_AUTO(wg_cstr) piece = wg_xalloc(n);
  memset(piece, 'x', n);
  assert_int_equal(wg_go_list_feed(l, "{\"", 2, &err), WG_OK);
  wg_code c = WG_OK;
  size_t fed = 0;
  while (c == WG_OK && fed < 64 * n) {
    c = wg_go_list_feed(l, piece, n, &err);
    fed += n;
  }
  assert_int_equal(c, WG_E_LIMIT);
  assert_true(fed <= 33 * n);
}

static void memory_for_packages_is_bounded(void **state) {
  (void)state;
  WG_AUTO(wg_arena) arena = {0};
  wg_arena_init(&arena, wg_heap(), 65536);
  WG_AUTO_PTR(wg_go_list) l = wg_go_list_new(&arena);
  wg_error err = WG_ERROR_INIT;
  wg_code c = WG_OK;
  for (int i = 0; i < 10000 && c == WG_OK; i++) {
    c = wg_go_list_feed(l, two, sizeof(two) - 1, &err);
  }
  assert_int_equal(c, WG_E_LIMIT);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(pieces_of_any_size_give_the_same),
      cmocka_unit_test(wrong_output_is_refused),
      cmocka_unit_test(an_object_without_end_is_bounded),
      cmocka_unit_test(memory_for_packages_is_bounded),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
