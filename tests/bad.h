// SPDX-License-Identifier: Apache-2.0
// Runs a check over tests/bad/<fmt>: every file named in its README.md, "- file: what -> CODE
// rest".
#ifndef WG_TESTS_BAD_H
#define WG_TESTS_BAD_H

#include <string.h>

#include "os/file.h"
#include "os/proc.h"
#include "support.h"

// check gets the file's bytes (an exact-size block) and fills err; rest is what follows the code in
// the README.
typedef wg_code (*bad_check)(const void *p, size_t n, const char *rest, wg_error *err);

static inline void bad_one(const char *dir, wg_str line, bad_check check) {
  const char *colon = memchr(line.p, ':', line.n);
  const char *arrow = memmem(line.p, line.n, " -> ", 4);
  if (colon == NULL || arrow == NULL) {
    fail_msg("%s/README.md: malformed line '%.*s'", dir, (int)line.n, line.p);
    return;
  }
  WG_AUTO(wg_cstr) name = wg_xstrndup(line.p, (size_t)(colon - line.p));
  WG_AUTO(wg_cstr) want = wg_xstrndup(arrow + 4, line.n - (size_t)(arrow + 4 - line.p));
  WG_AUTO(wg_cstr) path = wg_path_join(dir, name);
  size_t code_n = strcspn(want, " ");
  WG_AUTO(wg_buf) b = {0};
  wg_buf_init(&b, wg_heap(), 0);
  wg_error err = WG_ERROR_INIT;
  assert_ok(wg_os_read_file(WG_CWD, path, (uint64_t)1 << 30, &b, &err), &err);
  WG_AUTO(wg_cstr) exact = wg_xstrndup((const char *)b.p, b.n);
  wg_code got = check(exact, b.n, want + code_n + (want[code_n] == ' ' ? 1 : 0), &err);
  if (strlen(wg_code_name(got)) != code_n || strncmp(wg_code_name(got), want, code_n) != 0) {
    fail_msg("%s: got %s (%s), want %s", path, wg_code_name(got), got == WG_OK ? "" : err.text,
             want);
  }
}

static inline void bad_all(const char *fmt, size_t at_least, bad_check check) {
  WG_AUTO(wg_cstr) dir = wg_xprintf("%s/tests/bad/%s", wg_os_getenv("WG_SOURCE_ROOT"), fmt);
  WG_AUTO(wg_cstr) readme = wg_path_join(dir, "README.md");
  WG_AUTO(wg_buf) b = {0};
  wg_buf_init(&b, wg_heap(), 0);
  wg_error err = WG_ERROR_INIT;
  assert_ok(wg_os_read_file(WG_CWD, readme, 1 << 20, &b, &err), &err);
  size_t n = 0;
  for (wg_str rest = wg_buf_str(&b); rest.n > 0;) {
    size_t eol = wg_str_find(rest, '\n');
    if (eol > 2 && rest.p[0] == '-' && rest.p[1] == ' ') {
      bad_one(dir, (wg_str){rest.p + 2, eol - 2}, check);
      n++;
    }
    size_t skip = eol < rest.n ? eol + 1 : eol;
    rest = (wg_str){rest.p + skip, rest.n - skip};
  }
  assert_true(n >= at_least);
}

#endif
