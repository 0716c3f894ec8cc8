// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "goapp/observe.h"
#include "goapp/version.h"

static int cmp(const char *a, const char *b) {
  wg_go_version va, vb;
  assert_true(wg_go_version_parse(wg_str_of(a), &va));
  assert_true(wg_go_version_parse(wg_str_of(b), &vb));
  int c = wg_go_version_cmp(&va, &vb);
  return c < 0 ? -1 : c > 0;
}

static void versions_are_ordered_as_go_orders_them(void **state) {
  (void)state;
  // The order in "Go Toolchains", section "Go versions".
  const char *order[] = {"1.9",    "1.19",   "1.19.8",  "1.20", "1.21beta1", "1.21rc1", "1.21rc2",
                         "1.21.0", "1.21.1", "1.21.10", "1.22", "1.26.8",    "2.0"};
  for (size_t i = 0; i < WG_ARRAY_LEN(order); i++) {
    for (size_t k = 0; k < WG_ARRAY_LEN(order); k++) {
      assert_int_equal(cmp(order[i], order[k]), i < k ? -1 : i > k);
    }
  }
  assert_int_equal(cmp("go1.26.8", "1.26.8"), 0);
  assert_int_equal(cmp("go1.22.5 X:nocoverageredesign", "1.22.5"), 0);
  assert_int_equal(cmp("go1.24.3-fips", "1.24.3"), 0);
  wg_go_version v;
  assert_false(wg_go_version_parse(WG_STR("x1.2"), &v));
  assert_false(wg_go_version_parse(WG_STR(""), &v));
  assert_false(wg_go_version_parse(WG_STR("go99999999999.1"), &v));
}

static wg_code require(const char *wanted, const char *installed, char *text) {
  wg_error err = WG_ERROR_INIT;
  wg_code c = wg_go_version_require(wanted, installed, "/x/go", &err);
  (void)wg_format(text, WG_ERROR_TEXT_BYTES, "%s", err.text);
  return c;
}

static void demands_are_met_or_explained(void **state) {
  (void)state;
  char text[WG_ERROR_TEXT_BYTES];
  assert_int_equal(require("", "go1.19.8", text), WG_OK);
  assert_int_equal(require(">=1.19", "go1.19.8", text), WG_OK);
  assert_int_equal(require(">=1.19.8", "go1.19.8", text), WG_OK);
  assert_int_equal(require(">= 1.19", "go1.19", text), WG_OK);
  assert_int_equal(require("1.26.8", "go1.26.8", text), WG_OK);
  assert_int_equal(require("1.26", "go1.26.8", text), WG_OK);
  assert_int_equal(require("1.26.8", "go1.26.9", text), WG_E_UNSUPPORTED);
  assert_non_null(strstr(text, "installed is go1.26.9 (/x/go)"));
  assert_non_null(strstr(text, "GOTOOLCHAIN=go1.26.8"));
  assert_int_equal(require(">=1.22", "go1.19.8", text), WG_E_UNSUPPORTED);
  assert_non_null(strstr(text, "does not know GOTOOLCHAIN"));
  assert_int_equal(require(">=1.27", "go1.26.8", text), WG_E_UNSUPPORTED);
  assert_non_null(strstr(text, "GOTOOLCHAIN=go1.27.0"));
  assert_int_equal(require("1.2", "go1.26.8", text), WG_E_UNSUPPORTED);
  assert_int_equal(require("newest", "go1.26.8", text), WG_E_CONFIG);
  assert_int_equal(require("~1.2", "go1.26.8", text), WG_E_CONFIG);
}

static void gomod_lines_are_found(void **state) {
  (void)state;
  wg_str go, tc;
  wg_go_mod_scan(WG_STR("module x\n// go 1.2\nrequire (\n go 1.99\n)\n\tgo 1.22.1 // "
                        "why\r\ntoolchain go1.23.4\n"),
                 &go, &tc);
  assert_true(wg_str_eqz(go, "1.22.1"));
  assert_true(wg_str_eqz(tc, "go1.23.4"));
  wg_go_mod_scan(WG_STR("module x"), &go, &tc);
  assert_int_equal(go.n, 0);
  wg_error err = WG_ERROR_INIT;
  assert_int_equal(wg_go_mod_require(WG_STR("1.30"), "go.mod", "go1.26.8", "/x/go", &err),
                   WG_E_UNSUPPORTED);
  assert_non_null(strstr(err.text, "go.mod asks for Go 1.30"));
  assert_int_equal(wg_go_mod_require(WG_STR("1.26"), "go.mod", "go1.26.8", "/x/go", &err), WG_OK);
}

static void names_decide_as_in_go_build(void **state) {
  (void)state;
  static const struct {
    const char *name;
    bool out; // of a linux/amd64 build
  } cases[] = {{"a.go", false},
               {"a_linux.go", false},
               {"a_windows.go", true},
               {"a_amd64.go", false},
               {"a_arm64.go", true},
               {"a_linux_amd64.go", false},
               {"a_windows_amd64.go", true},
               {"a_linux_arm64.s", true},
               {"windows.go", false},
               {"amd64.go", false},
               {"_a.go", true},
               {".a.go", true},
               {"a_test.go", true},
               {"a_test.s", false},
               {"a_unix.go", false},
               {"a_foo_linux.go", false},
               {"a_linux_foo.go", false},
               {"a_windows_test.go", true}};
  for (size_t i = 0; i < WG_ARRAY_LEN(cases); i++) {
    if (wg_go_name_excluded(cases[i].name, "linux", "amd64") != cases[i].out) {
      fail_msg("%s", cases[i].name);
    }
  }
  assert_false(wg_go_name_excluded("a_linux.go", "android", "arm64"));
  assert_false(wg_go_name_excluded("a_darwin.go", "ios", "arm64"));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(versions_are_ordered_as_go_orders_them),
      cmocka_unit_test(demands_are_met_or_explained),
      cmocka_unit_test(gomod_lines_are_found),
      cmocka_unit_test(names_decide_as_in_go_build),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
