// SPDX-License-Identifier: Apache-2.0
// Every file of tests/bad/config gives exactly the faults that its README lists.
#include <stdio.h>

#include "os/file.h"
#include "os/proc.h"
#include "world.h"

static const char *bad_env[] = {"WINGO_TEST_EMPTY=", "WINGO_TEST_WORD=word", NULL};

static wg_str bad_line(wg_str *rest) {
  size_t n = wg_str_find(*rest, '\n');
  wg_str line = {rest->p, n};
  size_t skip = n < rest->n ? n + 1 : n;
  *rest = (wg_str){rest->p + skip, rest->n - skip};
  return line;
}

static void bad_one(const char *dir, const char *name, const char *want) {
  WG_AUTO(wg_cstr) path = wg_path_join(dir, name);
  WG_AUTO(wg_buf) b = {0};
  wg_buf_init(&b, wg_heap(), 0);
  wg_error err = WG_ERROR_INIT;
  assert_ok(wg_os_read_file(WG_CWD, path, 1 << 20, &b, &err), &err);
  char *exact = b.n == 0 ? NULL : wg_xstrndup((const char *)b.p, b.n);
  const wg_cfg_input in = {.file = name,
                           .bytes = {exact, b.n},
                           .dir = "/p",
                           .world = {world_getenv, world_git, bad_env}};
  WG_AUTO_PTR(wg_cfg) c = NULL;
  assert_int_equal(wg_cfg_load_bytes(&wg_project_lang, &in, &c, &err), WG_E_CONFIG);
  wg_xfree(exact);
  assert_null(wg_project_of(c));
  WG_AUTO(wg_buf) got = {0};
  wg_buf_init(&got, wg_heap(), 0);
  world_faults(c, &got);
  if (strcmp(wg_buf_z(&got), want) != 0) {
    // fail_msg cuts what is longer than 1,024 bytes.
    (void)fprintf(stderr, "%s\n--- got\n%s--- want\n%s", name, wg_buf_z(&got), want);
    fail_msg("%s has other faults", name);
  }
}

static void every_bad_file_gives_its_faults(void **state) {
  (void)state;
  WG_AUTO(wg_cstr) dir = wg_xprintf("%s/tests/bad/config", wg_os_getenv("WG_SOURCE_ROOT"));
  WG_AUTO(wg_cstr) readme = wg_path_join(dir, "README.md");
  WG_AUTO(wg_buf) b = {0};
  wg_buf_init(&b, wg_heap(), 0);
  wg_error err = WG_ERROR_INIT;
  assert_ok(wg_os_read_file(WG_CWD, readme, 1 << 20, &b, &err), &err);
  size_t n = 0;
  for (wg_str rest = wg_buf_str(&b); rest.n > 0;) {
    wg_str line = bad_line(&rest);
    if (!wg_str_starts(line, "- ")) {
      continue;
    }
    assert_true(wg_str_ends(line, " -> CONFIG"));
    WG_AUTO(wg_cstr) name = wg_xstrndup(line.p + 2, wg_str_find(line, ':') - 2);
    WG_AUTO(wg_buf) want = {0};
    wg_buf_init(&want, wg_heap(), 0);
    while (wg_str_starts(rest, "  - ")) {
      wg_str fault = bad_line(&rest);
      wg_buf_printf(&want, "%s:%.*s\n", name, (int)(fault.n - 4), fault.p + 4);
    }
    bad_one(dir, name, wg_buf_z(&want));
    n++;
  }
  assert_true(n >= 140);
}

// A file that nobody wrote a line for would not be tested.
static void every_file_is_listed(void **state) {
  (void)state;
  WG_AUTO(wg_cstr) dir = wg_xprintf("%s/tests/bad/config", wg_os_getenv("WG_SOURCE_ROOT"));
  WG_AUTO(wg_cstr) readme = wg_path_join(dir, "README.md");
  WG_AUTO(wg_buf) b = {0};
  wg_buf_init(&b, wg_heap(), 0);
  WG_AUTO(wg_arena) arena = {0};
  wg_arena_init(&arena, wg_heap(), 0);
  wg_error err = WG_ERROR_INIT;
  assert_ok(wg_os_read_file(WG_CWD, readme, 1 << 20, &b, &err), &err);
  wg_dirent *e = NULL;
  size_t n = 0;
  assert_ok(wg_os_list_dir(WG_CWD, dir, &arena, &e, &n, &err), &err);
  for (size_t i = 0; i < n; i++) {
    WG_AUTO(wg_cstr) entry = wg_xprintf("- %s: ", e[i].name);
    if (strcmp(e[i].name, "README.md") != 0 && strstr(wg_buf_z(&b), entry) == NULL) {
      fail_msg("%s is not in the README", e[i].name);
    }
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_bad_file_gives_its_faults),
      cmocka_unit_test(every_file_is_listed),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
