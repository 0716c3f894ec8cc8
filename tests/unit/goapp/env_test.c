// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "goapp/compile.h"

static const char *find(const char *const *envp, const char *name) {
  size_t n = strlen(name);
  const char *found = NULL;
  for (; *envp != NULL; envp++) {
    if (strncmp(*envp, name, n) == 0 && (*envp)[n] == '=') {
      assert_null(found); // once only
      found = *envp + n + 1;
    }
  }
  return found;
}

static const char *const user[] = {"HOME=/h",       "PATH=/bin",
                                   "SECRET=x",      "GOPROXY=https://u:p@h",
                                   "GOFLAGS=-x",    "GOTOOLCHAIN=go1.99",
                                   "GOOS=plan9",    "GOAMD64=v4",
                                   "CGO_ENABLED=1", "CC=evil",
                                   "GOAUTH=netrc",  "GIT_CONFIG_COUNT=1",
                                   "LC_ALL=de_DE",  "TMPDIR=/else",
                                   "nonsense",      "GOPRIVATE=e.com",
                                   "LD_PRELOAD=x",  NULL};

static void offline_children_see_what_is_named_and_no_more(void **state) {
  (void)state;
  WG_AUTO(wg_go_env) env = {0};
  WG_AUTO(wg_arena) arena = {0};
  wg_arena_init(&arena, wg_heap(), 0);
  wg_go_env_init(&env, user);
  const wg_go_pair own[] = {{"GOFLAGS", "-v"}, {"GOEXPERIMENT", "x"}, {"GOPROXY", "https://k@h"}};
  wg_go_spec spec = {
      .dir = "/d", .os = "windows", .arch = "amd64", .variant = "", .env = own, .n_env = 3};
  const char *const *e = wg_go_env_compose(&env, &spec, WG_GO_OFFLINE, "/t", &arena);
  assert_string_equal(find(e, "HOME"), "/h");
  assert_string_equal(find(e, "GOFLAGS"), "-v"); // the project's wins
  assert_string_equal(find(e, "GOEXPERIMENT"), "x");
  assert_string_equal(find(e, "GOPROXY"), "off");
  assert_string_equal(find(e, "GOTOOLCHAIN"), "local");
  assert_string_equal(find(e, "GOOS"), "windows");
  assert_string_equal(find(e, "GOAMD64"), "v1");
  assert_string_equal(find(e, "CGO_ENABLED"), "0"); // the project asks for it, or nobody
  assert_string_equal(find(e, "LC_ALL"), "C");
  assert_string_equal(find(e, "TMPDIR"), "/t");
  assert_string_equal(find(e, "PWD"), "/d");
  const char *const hidden[] = {"SECRET",           "CC",         "GOAUTH",
                                "GIT_CONFIG_COUNT", "LD_PRELOAD", "GOPRIVATE"};
  for (size_t i = 0; i < WG_ARRAY_LEN(hidden); i++) {
    assert_null(find(e, hidden[i]));
  }
}

static void fetching_children_see_proxies_and_credentials(void **state) {
  (void)state;
  WG_AUTO(wg_go_env) env = {0};
  WG_AUTO(wg_arena) arena = {0};
  wg_arena_init(&arena, wg_heap(), 0);
  wg_go_env_init(&env, user);
  wg_go_spec spec = {.dir = "/d", .os = "linux", .arch = "arm", .variant = "7"};
  const char *const *e = wg_go_env_compose(&env, &spec, WG_GO_FETCH, "/t", &arena);
  assert_string_equal(find(e, "GOPROXY"), "https://u:p@h");
  assert_string_equal(find(e, "GOAUTH"), "netrc");
  assert_string_equal(find(e, "GIT_CONFIG_COUNT"), "1");
  assert_string_equal(find(e, "GIT_TERMINAL_PROMPT"), "0");
  assert_string_equal(find(e, "GOTOOLCHAIN"), "local");
  assert_string_equal(find(e, "GOARM"), "7");
  assert_null(find(e, "SECRET"));
  assert_null(find(e, "GOAMD64"));
}

static void cgo_when_the_project_asks(void **state) {
  (void)state;
  WG_AUTO(wg_go_env) env = {0};
  WG_AUTO(wg_arena) arena = {0};
  wg_arena_init(&arena, wg_heap(), 0);
  wg_go_env_init(&env, user);
  const wg_go_pair own[] = {{"CGO_ENABLED", "1"}};
  wg_go_spec spec = {
      .dir = "/d", .os = "linux", .arch = "amd64", .variant = "v3", .env = own, .n_env = 1};
  const char *const *e = wg_go_env_compose(&env, &spec, WG_GO_OFFLINE, "/t", &arena);
  assert_string_equal(find(e, "CGO_ENABLED"), "1");
  assert_string_equal(find(e, "CC"), "evil");
  assert_string_equal(find(e, "GOAMD64"), "v3");
}

static void what_env_may_not_set(void **state) {
  (void)state;
  wg_error err = WG_ERROR_INIT;
  assert_int_equal(wg_go_env_check("GOOS", "linux", &err), WG_E_CONFIG);
  assert_int_equal(wg_go_env_check("GOAMD64", "v3", &err), WG_E_CONFIG);
  assert_int_equal(wg_go_env_check("GOTOOLCHAIN", "auto", &err), WG_E_CONFIG);
  assert_int_equal(wg_go_env_check("GOTOOLCHAIN", "local", &err), WG_OK);
  assert_int_equal(wg_go_env_check("CGO_ENABLED", "yes", &err), WG_E_CONFIG);
  assert_int_equal(wg_go_env_check("CGO_ENABLED", "0", &err), WG_OK);
  assert_int_equal(wg_go_env_check("GOPRIVATE", "x", &err), WG_OK);
  assert_true(wg_go_env_in_key("GOFLAGS"));
  assert_true(wg_go_env_in_key("ANYTHING"));
  assert_false(wg_go_env_in_key("GOPROXY"));
  assert_false(wg_go_env_in_key("GOAUTH"));
  assert_false(wg_go_env_in_key("GOMODCACHE"));
}

static void linker_flags_are_quoted(void **state) {
  (void)state;
  WG_AUTO(wg_arena) arena = {0};
  wg_arena_init(&arena, wg_heap(), 0);
  wg_error err = WG_ERROR_INIT;
  const char *flags[] = {"-s", "-w"};
  wg_go_pair vars[] = {{"main.a", "x y"}, {"main.b", "it's"}};
  wg_go_spec spec = {
      .os = "windows", .ldflags = flags, .n_ldflags = 2, .vars = vars, .n_vars = 2, .gui = true};
  const char *out;
  assert_int_equal(wg_go_ldflags(&spec, &arena, &out, &err), WG_OK);
  assert_string_equal(out, "-s -w -X 'main.a=x y' -X \"main.b=it's\" -H windowsgui");
  vars[1].value = "it's \"both\"";
  assert_int_equal(wg_go_ldflags(&spec, &arena, &out, &err), WG_E_CONFIG);
  wg_go_spec none = {.os = "linux", .gui = true};
  assert_int_equal(wg_go_ldflags(&none, &arena, &out, &err), WG_OK);
  assert_string_equal(out, "");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(offline_children_see_what_is_named_and_no_more),
      cmocka_unit_test(fetching_children_see_proxies_and_credentials),
      cmocka_unit_test(cgo_when_the_project_asks),
      cmocka_unit_test(what_env_may_not_set),
      cmocka_unit_test(linker_flags_are_quoted),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
