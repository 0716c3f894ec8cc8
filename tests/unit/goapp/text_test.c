// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "goapp/discover.h"
#include "goapp/gomod.h"
#include "goapp/text.h"

static void expect_text(const char *in, const char *want) {
  WG_AUTO(wg_buf) b = {0};
  wg_buf_init(&b, wg_heap(), 0);
  wg_go_text_add(&b, wg_str_of(in), "/p/sub/mod", "/p");
  assert_string_equal(wg_buf_z(&b), want);
}

static void paths_are_as_the_user_opens_them(void **state) {
  (void)state;
  expect_text("# example.com/x\n./a.go:1:2: no\ncmd/b.go:3: x\n",
              "# example.com/x\nsub/mod/a.go:1:2: no\nsub/mod/cmd/b.go:3: x\n");
  expect_text("../lib/l.go:1:2: no", "sub/lib/l.go:1:2: no\n");
  expect_text("../../../else/l.go:1:2: no", "/else/l.go:1:2: no\n");
  expect_text("/p/q.go:1: no", "q.go:1: no\n");
  expect_text("/pq/q.go:1: no", "/pq/q.go:1: no\n");
  expect_text("\t./b.go:3:1: other declaration of x",
              "\tsub/mod/b.go:3:1: other declaration of x\n");
  expect_text("127.0.0.1:80: no\nhttps://h.go:80/x", "127.0.0.1:80: no\nhttps://h.go:80/x\n");
  expect_text("go: example.com/x@v1: Get \"https://a:b@h/x\": dial tcp: no",
              "go: example.com/x@v1: Get \"https://***@h/x\": dial tcp: no\n");
  expect_text("my dir/a.go:7:1: spaces", "sub/mod/my dir/a.go:7:1: spaces\n");
}

static void expect_redacted(const char *in, const char *want) {
  WG_AUTO(wg_buf) b = {0};
  wg_buf_init(&b, wg_heap(), 0);
  wg_go_text_redact(&b, wg_str_of(in));
  assert_string_equal(wg_buf_z(&b), want);
}

static void credentials_are_never_shown(void **state) {
  (void)state;
  expect_redacted("https://u:p@h/a,https://x@h2|direct", "https://***@h/a,https://***@h2|direct");
  expect_redacted("https://u:p@ss@h/", "https://***@h/");
  expect_redacted("https://h/a@v1", "https://h/a@v1");
  expect_redacted("://", "://");
  expect_redacted("x://@", "x://***@");
  expect_redacted("", "");
}

static void expect_cure(const char *in, wg_code code, const char *cure) {
  WG_AUTO(wg_buf) b = {0};
  wg_buf_init(&b, wg_heap(), 0);
  wg_go_text_cure(&b, wg_str_of(in), "agent", "windows/amd64");
  if (wg_go_text_code(wg_str_of(in)) != code || strstr(wg_buf_z(&b), cure) == NULL) {
    fail_msg("%s: %s: %s", in, wg_code_name(wg_go_text_code(wg_str_of(in))), wg_buf_z(&b));
  }
}

static void cures_name_the_command(void **state) {
  (void)state;
  expect_cure("a.go:3:8: no required module provides package x.org/y; to add it:\n\tgo get x.org/y",
              WG_E_NOT_FOUND, "run `go get x.org/y` in agent");
  expect_cure("missing go.sum entry for module providing package x; to add:\n\tgo mod download x",
              WG_E_NOT_FOUND, "run `go mod download x` in agent");
  expect_cure("go: updates to go.mod needed", WG_E_NOT_FOUND, "run `go mod tidy` (in agent)");
  expect_cure("go: inconsistent vendoring in /x:\n\ta@v1: is explicitly required in go.mod",
              WG_E_NOT_FOUND, "run `go mod vendor` (in agent)");
  expect_cure("verifying x@v1: checksum mismatch\nSECURITY ERROR", WG_E_VERIFY, "do not use it");
  expect_cure("x@v1: Get \"https://h\": dial tcp: lookup h: no such host", WG_E_IO,
              "check GOPROXY");
  expect_cure("x@v1: reading https://h/x: 404 Not Found", WG_E_IO, "GOPRIVATE");
  expect_cure("package x: build constraints exclude all Go files in /x", WG_E_FAILED,
              "no file for windows/amd64");
  expect_cure("x@v1: module lookup disabled by GOPROXY=off", WG_E_NOT_FOUND, "forbids fetching");
}

static void the_first_complaint_is_found(void **state) {
  (void)state;
  wg_str s =
      wg_go_text_first(WG_STR("go: downloading a v1\n# pkg\n\na.go:1:1: bad\nb.go:2:2: worse\n"));
  assert_true(wg_str_eqz(s, "a.go:1:1: bad"));
  s = wg_go_text_first(WG_STR("go: errors parsing go.mod:\n/x/go.mod:3: unknown directive: y\n"));
  assert_true(wg_str_eqz(s, "/x/go.mod:3: unknown directive: y"));
  s = wg_go_text_first(WG_STR("go: inconsistent vendoring in /x:\n\ta@v1\n"));
  assert_true(wg_str_eqz(s, "inconsistent vendoring in /x"));
  s = wg_go_text_first(WG_STR("x; to add it:\n\tgo get y"));
  assert_true(wg_str_eqz(s, "x"));
  assert_int_equal(wg_go_text_first(WG_STR("# only\n")).n, 0);
  assert_int_equal(wg_go_text_count(WG_STR("# p\na.go:1:1: x\nb.go:2: y\n\tc.go:1\n")), 2);
}

static void expect_paths(const char *text, const char *want) {
  WG_AUTO(wg_arena) arena = {0};
  wg_arena_init(&arena, wg_heap(), 0);
  WG_AUTO(wg_buf) b = {0};
  wg_buf_init(&b, wg_heap(), 0);
  wg_error err = WG_ERROR_INIT;
  wg_go_strs paths;
  assert_int_equal(wg_go_mod_local_paths(wg_str_of(text), &arena, &paths, &err), WG_OK);
  for (size_t i = 0; i < paths.n; i++) {
    wg_buf_printf(&b, "%s|", paths.v[i]);
  }
  assert_string_equal(wg_buf_z(&b), want);
}

static void local_paths_of_gomod_and_gowork(void **state) {
  (void)state;
  expect_paths("module x\nreplace a/b => ../c // why\nreplace a/d v1.2.3 => e.com/f v1.0.0\n",
               "../c|");
  expect_paths("replace (\n\ta => ./x\r\n\tb v1 => \"./with space\" // \n\tc => /abs\n)\nrequire d "
               "v1 // => ./no\n",
               "./x|./with space|/abs|");
  expect_paths("go 1.22\nuse ./a\nuse (\n  b\n  ./c // x\n)\nreplace q => ../q\n",
               "./a|b|./c|../q|");
  expect_paths("// replace a => ./b\nretract (\n v1 => ./x\n)\n", "");
  expect_paths("replace", "");
  expect_paths("replace (", "");
  expect_paths("replace a =>", "");
  expect_paths("replace a => \"./unended", "./unended|");
}

static void expect_required(const char *import_path, const char *module, const char *version) {
  wg_str m, v;
  wg_go_mod_requires(WG_STR("module x\nrequire a.b/c v1.0.0 // indirect\nrequire (\n\ta.b/c/d "
                            "v2.0.0\n\t\"q\" v3\n)\nreplace a.b/c/d/e "
                            "=> ./x\n"),
                     import_path, &m, &v);
  if (!wg_str_eqz(m, module) || !wg_str_eqz(v, version)) {
    fail_msg("%s: %.*s %.*s", import_path, WG_STR_ARG(m), WG_STR_ARG(v));
  }
}

static void the_module_of_an_import_is_found(void **state) {
  (void)state;
  expect_required("a.b/c", "a.b/c", "v1.0.0");
  expect_required("a.b/c/x", "a.b/c", "v1.0.0");
  expect_required("a.b/c/d/e", "a.b/c/d", "v2.0.0");
  expect_required("q/z", "q", "v3");
  expect_required("a.b/cc", "", "");
}

static void settings_that_go_behind_our_back_are_refused(void **state) {
  (void)state;
  static const struct {
    const char *flags;
    wg_code code;
    bool mod_mod;
  } cases[] = {{"", WG_OK, false},
               {"-buildvcs=false -tags=a,b", WG_OK, false},
               {" -mod=mod", WG_OK, true},
               {"--mod=mod -x", WG_OK, true},
               {"'-mod=mod'", WG_OK, true},
               {"-mod=vendor", WG_OK, false},
               {"-overlay=/x", WG_E_UNSUPPORTED, false},
               {"-v \"-modfile=a b\"", WG_E_UNSUPPORTED, false},
               {"-toolexec=x", WG_E_UNSUPPORTED, false},
               {"-compiler=gccgo", WG_E_UNSUPPORTED, false},
               {"-compiler=gc -pgo=auto", WG_OK, false},
               {"-pgo=/x", WG_E_UNSUPPORTED, false},
               {"-json", WG_E_UNSUPPORTED, false}};
  for (size_t i = 0; i < WG_ARRAY_LEN(cases); i++) {
    wg_error err = WG_ERROR_INIT;
    bool mod_mod;
    if (wg_go_flags_check(cases[i].flags, &mod_mod, &err) != cases[i].code ||
        (cases[i].code == WG_OK && mod_mod != cases[i].mod_mod)) {
      fail_msg("%s: %s", cases[i].flags, err.text);
    }
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(paths_are_as_the_user_opens_them),
      cmocka_unit_test(credentials_are_never_shown),
      cmocka_unit_test(cures_name_the_command),
      cmocka_unit_test(the_first_complaint_is_found),
      cmocka_unit_test(local_paths_of_gomod_and_gowork),
      cmocka_unit_test(the_module_of_an_import_is_found),
      cmocka_unit_test(settings_that_go_behind_our_back_are_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
