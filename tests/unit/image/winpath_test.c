// SPDX-License-Identifier: Apache-2.0
#include "image/tree/winpath.h"

#include <string.h>

#include "os/mem.h"
#include "support.h"

static void expect_path(const char *in, const char *text, bool sep) {
  wg_arena arena;
  wg_arena_init(&arena, wg_heap(), 0);
  wg_winpath p;
  wg_error err = WG_ERROR_INIT;
  assert_ok(wg_winpath_parse(in, &arena, &p, &err), &err);
  assert_string_equal(wg_winpath_text(&p, &arena), text);
  assert_int_equal(p.ends_in_separator, sep);
  wg_arena_done(&arena);
}

static void takes_what_windows_takes(void **state) {
  (void)state;
  expect_path("C:\\Program Files\\Kiosk", "\\Program Files\\Kiosk", false);
  expect_path("c:/a/b/", "\\a\\b", true);
  expect_path("C:", "\\", true);
  expect_path("C:\\", "\\", true);
  expect_path("/", "\\", true);
  expect_path("a\\\\b", "\\a\\b", false);
  expect_path(" leading", "\\ leading", false);
  expect_path("a.b.c", "\\a.b.c", false);
  expect_path("console\\com\\com10\\lpt10.x\\nulls", "\\console\\com\\com10\\lpt10.x\\nulls",
              false);
  expect_path("\xC3\xA9\xF0\x9F\x98\x80", "\\\xC3\xA9\xF0\x9F\x98\x80", false);
}

static void expect_refused(const char *in, const char *why) {
  wg_arena arena;
  wg_arena_init(&arena, wg_heap(), 0);
  wg_winpath p;
  wg_error err = WG_ERROR_INIT;
  assert_int_equal(wg_winpath_parse(in, &arena, &p, &err), WG_E_FORMAT);
  if (strstr(err.text, why) == NULL) {
    fail_msg("'%s': '%s' has no '%s'", in, err.text, why);
  }
  wg_arena_done(&arena);
}

static void refuses_the_rest(void **state) {
  (void)state;
  expect_refused("", "empty");
  expect_refused("D:\\x", "drive 'D:'");
  expect_refused("C:x", "no separator");
  expect_refused("\\\\server\\share", "network");
  expect_refused("\\\\?\\C:\\x", "network");
  expect_refused("a\\..\\b", "'..'");
  expect_refused("a\\.\\b", "'.'");
  expect_refused("a\\con", "reserved");
  expect_refused("NUL.txt", "reserved");
  expect_refused("nul .txt", "reserved");
  expect_refused("a/Com1.tar.gz/b", "reserved");
  expect_refused("LPT\xC2\xB2", "reserved");
  expect_refused("conin$", "reserved");
  expect_refused("a\\COM0", "reserved");
  expect_refused("lpt0.txt", "reserved");
  expect_refused("a.", "dot");
  expect_refused("a \\b", "space");
  expect_refused("a*b", "'*'");
  expect_refused("x\\a:b", "':'");
  expect_refused("a\x1F", "0x1f");
  expect_refused("a\xFFz", "UTF-8");
  char longer[400];
  memset(longer, 'x', sizeof(longer));
  longer[256] = '\0';
  expect_refused(longer, "256");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(takes_what_windows_takes),
      cmocka_unit_test(refuses_the_rest),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
