// SPDX-License-Identifier: Apache-2.0
#include "project/values.h"
#include "world.h"

typedef struct value_case {
  wg_cfg_check_fn check;
  const char *good[16], *bad[24];
} value_case;

static const value_case cases[] = {
    {wg_cfg_check_name,
     {"a", "kiosk", "shop-floor.2", "0", "a_b"},
     {"", "A", "a b", ".a", "-a", "a.", "a/b", "..", "ä", "a\\b",
      "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"}},
    {wg_cfg_check_app_name,
     {"agent", "console", "com", "com10"},
     {"con", "nul", "com0", "lpt9", "aux"}},
    {wg_cfg_check_release,
     {"1", "v1", "V1.2", "1.4", "1.4.0", "1.2.3.4", "1.0-rc.1", "1.0+b.5", "2024.05", "0"},
     {"", "v", "vv1", "1.", ".1", "1..2", "1.2.3.4.5", "1-", "1.0 beta", "a", "1.0-a b",
      "1234567890"}},
    {wg_cfg_check_file_version,
     {"1", "1.2", "1.2.3.4", "65535.0"},
     {"", "1.", "65536", "1.2.3.4.5", "1.a", "-1", "1.2.3.4."}},
    {wg_cfg_check_go,
     {">=1.22", "1.26.8", "1.22rc1", "1", ">=1.21beta2", "1.22.0"},
     {"", ">=", "go1.22", "1.22.", "<1.2", "~1.2", "1.2.3.4", "1.22 ", ">= 1.22", "latest"}},
    {wg_cfg_check_main,
     {".", "./cmd/agent", "..", "../x", "example.com/x/cmd"},
     {"/a", "cmd", "./...", "main.go", "./a b", "a\\b", "./x@v1"}},
    {wg_cfg_check_tag, {"netgo", "go1.22", "a_b"}, {"a,b", "a b", "a-b", "!a"}},
    {wg_cfg_check_ldflag,
     {"-s", "-X main.a=b", "-extldflags=-static", "-Hx"},
     {"-H", "-H=windowsgui", "-H windowsgui", "-Hwindowsgui"}},
    {wg_cfg_check_env_name,
     {"A", "CGO_ENABLED", "_x1", "GOFLAGS"},
     {"", "1A", "A-B", "GOOS", "GOARCH", "goarm", "A B", "ä"}},
    {wg_cfg_check_var_name,
     {"main.version", "example.com/a/b.X", "a.b.c", "github.com/x/y-z.V"},
     {"", "main", "main.", ".x", "a/.x", "main.1x", "a b.c", "main.x=y", "a.b/c"}},
    {wg_cfg_check_sha256,
     {"0123456789abcdef0123456789ABCDEF0123456789abcdef0123456789abcdef",
      "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"},
     {"", "0123", "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdeg",
      "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0"}},
    {wg_cfg_check_base_image, {"1", "Windows 11 Pro", "11x", "65535"}, {"0", "-1", "65536", "00"}},
    {wg_cfg_check_windows_path,
     {"C:\\", "c:/x", "C:\\Program Files\\Kiosk", "C:\\a\\", "C:\\Kiosk.1\\x y",
      "C:\\connect\\nulls", "C:\\Grüße\\\xF0\x9F\x98\x80", "C:\\com\\lpt", "C:\\.hidden"},
     {"",          "x",           "\\x",          "/x",
      "D:\\x",     "C:",          "C:x",          "C:\\a\\\\b",
      "C:\\..",    "C:\\.",       "C:\\a.",       "C:\\a ",
      "C:\\CON",   "C:\\aux.txt", "C:\\nul \\x",  "C:\\com\xC2\xB9",
      "C:\\a:b",   "C:\\a*",      "C:\\a\tb",     "C:\\\xE2\x80\xA9rogram",
      "%TEMP%\\x", "C:\\CONIN$",  "\\\\?\\C:\\x", "C:\\a\"b"}},
};

static void every_rule_takes_good_and_refuses_bad(void **state) {
  (void)state;
  WG_AUTO(wg_arena) arena = {0};
  wg_arena_init(&arena, wg_heap(), 0);
  for (size_t i = 0; i < WG_ARRAY_LEN(cases); i++) {
    for (size_t k = 0; k < WG_ARRAY_LEN(cases[i].good) && cases[i].good[k] != NULL; k++) {
      wg_cfg_text t = {.arena = &arena, .text = cases[i].good[k], .value = cases[i].good[k]};
      if (!cases[i].check(&t)) {
        fail_msg("rule %zu refuses '%s': %s", i, t.text, t.why);
      }
    }
    for (size_t k = 0; k < WG_ARRAY_LEN(cases[i].bad) && cases[i].bad[k] != NULL; k++) {
      wg_cfg_text t = {.arena = &arena, .text = cases[i].bad[k], .value = cases[i].bad[k]};
      if (cases[i].check(&t)) {
        fail_msg("rule %zu takes '%s'", i, t.text);
      }
      assert_non_null(t.why);
    }
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_rule_takes_good_and_refuses_bad),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
