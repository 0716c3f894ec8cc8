// SPDX-License-Identifier: Apache-2.0
// What a Go file says at its top level; flags on their way to the linker.
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "goapp/flags.h"
#include "goapp/scan.h"
#include "os/mem.h"

typedef struct seen {
  char text[512];
} seen;

static void on_var(void *ctx, wg_str name, bool settable) {
  seen *s = ctx;
  size_t n = strlen(s->text);
  (void)wg_format(s->text + n, sizeof(s->text) - n, "%s%.*s%s", n > 0 ? " " : "", WG_STR_ARG(name),
                  settable ? "" : "!");
}

static void check_vars(const char *text, const char *want) {
  seen s = {{0}};
  wg_go_scan out;
  wg_go_scan_file(wg_str_of(text), on_var, &s, &out);
  assert_string_equal(s.text, want);
}

static void variables_of_the_package(void **state) {
  (void)state;
  check_vars("package main\nvar version string\n", "version");
  check_vars("package main\nvar version = \"x\"\nfunc main() { var local string; _ = local }\n",
             "version");
  check_vars("package main\nvar a, b = \"x\", \"y\" // and c\nvar (\n\tc string\n\td = f()\n\te, f "
             "int\n)\n",
             "a b c d! e f");
  check_vars("package main; var v = `raw \" text`; var w = \"a\" + \"b\"", "v w");
  check_vars("package main\nvar v = os.Getenv(\"X\")\nvar w = T{\n\tA: 1,\n}\nvar z string",
             "v! w! z");
  check_vars("package main\n/* var no string */\n// var no string\nconst s = `\nvar no "
             "string\n`\nvar yes string\n",
             "yes");
  check_vars("package main\nvar f = func() string {\n\tvar inner string\n\treturn inner\n}\nvar g "
             "string\n",
             "f! g");
  check_vars("package main\nvar m map[string]string\nvar n [2]int\nvar c = 'x'\n", "m n c");
  check_vars("package main\nvar (", "");
  check_vars("var", "");
  check_vars("package main\nvar a,\n\tb string\n", "a b");
}

static void the_package_clause(void **state) {
  (void)state;
  wg_go_scan out;
  wg_go_scan_file(WG_STR("// Command x.\n\n//go:build windows\n\npackage main // yes\n"), NULL,
                  NULL, &out);
  assert_true(wg_str_eqz(out.package, "main"));
  assert_false(out.ignored);
  wg_go_scan_file(WG_STR("//go:build ignore\n\npackage main\n//go:generate stringer\n"), NULL, NULL,
                  &out);
  assert_true(out.ignored && out.generates);
  wg_go_scan_file(WG_STR("/*\npackage wrong\n*/ package\tright;import \"x\""), NULL, NULL, &out);
  assert_true(wg_str_eqz(out.package, "right"));
  wg_go_scan_file(WG_STR(""), NULL, NULL, &out);
  assert_int_equal(out.package.n, 0);
}

static void check_flag(const char *item, const char *want) {
  WG_AUTO(wg_buf) b = {0};
  wg_error err = WG_ERROR_INIT;
  wg_buf_init(&b, wg_heap(), 0);
  assert_int_equal(wg_go_flags_add(&b, item, &err), WG_OK);
  assert_string_equal(wg_buf_z(&b), want);
}

static void items_reach_the_tool_whole(void **state) {
  (void)state;
  check_flag("-s", "-s");
  check_flag("-s -w", "-s -w");
  check_flag("-X main.motto=to be or not", "-X 'main.motto=to be or not'");
  check_flag("-X main.a=1 -X main.b=two words -s", "-X main.a=1 -X 'main.b=two words' -s");
  check_flag("-extldflags=-static -Wl,-z,now", "'-extldflags=-static -Wl,-z,now'");
  check_flag("-extldflags -static -pthread", "-extldflags '-static -pthread'");
  check_flag("-H windowsgui", "-H windowsgui");
  check_flag("-X 'main.a=b c'", "-X 'main.a=b c'");
  check_flag("all=-N -l", "all=-N -l");
  check_flag("-d=a b", "'-d=a b'");
  check_flag("  ", "");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(variables_of_the_package),
      cmocka_unit_test(the_package_clause),
      cmocka_unit_test(items_reach_the_tool_whole),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
