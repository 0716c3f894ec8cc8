// SPDX-License-Identifier: Apache-2.0
// Files that are changed in place, and what is not finished yet.
#include "os/inplace.h"

#include <string.h>

#include "os/proc.h"
#include "os/temp.h"
#include "support.h"

static char *dir;

static int setup(void **state) {
  (void)state;
  wg_error err = WG_ERROR_INIT;
  return wg_os_mkdtemp("/tmp", "inplace-", &dir, &err) == WG_OK ? 0 : -1;
}

static int teardown(void **state) {
  (void)state;
  wg_error err = WG_ERROR_INIT;
  (void)wg_os_rmtree(WG_CWD, dir, &err);
  wg_xfree(dir);
  return 0;
}

static char *put(const char *name, const char *text, uint32_t mode) {
  wg_error err = WG_ERROR_INIT;
  char *path = wg_path_join(dir, name);
  assert_ok(wg_os_write_file(WG_CWD, path, text, strlen(text), mode, true, &err), &err);
  assert_ok(wg_os_chmod(WG_CWD, path, mode, &err), &err);
  return path;
}

static void holds(const char *path, const char *text) {
  wg_error err = WG_ERROR_INIT;
  WG_AUTO(wg_buf) b = {0};
  wg_buf_init(&b, wg_heap(), 0);
  assert_ok(wg_os_read_file(WG_CWD, path, 100, &b, &err), &err);
  assert_string_equal(wg_buf_z(&b), text);
}

static const wg_inplace_options plain = {.force = false};

static void the_new_file_has_the_old_ones_mode(void **state) {
  (void)state;
  wg_error err = WG_ERROR_INIT;
  wg_stat st;
  WG_AUTO(wg_cstr) path = put("a", "old", 0604);
  WG_AUTO(wg_cstr) link = wg_path_join(dir, "link");
  WG_AUTO(wg_cstr) made = put("made", "new", 0600);
  assert_ok(wg_os_symlink("a", WG_CWD, link, &err), &err);
  WG_AUTO(wg_inplace) p = WG_INPLACE_INIT;
  assert_ok(wg_inplace_begin(&p, link, &plain, &err), &err);
  assert_ok(wg_inplace_commit(&p, made, &err), &err);
  holds(path, "new");
  assert_ok(wg_os_stat(WG_CWD, path, false, &st, &err), &err);
  assert_int_equal(st.mode & 0777, 0604);
  assert_ok(wg_os_stat(WG_CWD, link, false, &st, &err), &err);
  assert_int_equal(st.type, WG_FT_SYMLINK);
  assert_false(wg_os_exists(WG_CWD, made));
}

static void what_changed_meanwhile_is_not_lost(void **state) {
  (void)state;
  wg_error err = WG_ERROR_INIT;
  WG_AUTO(wg_cstr) path = put("b", "old", 0644);
  WG_AUTO(wg_cstr) made = put("made", "ours", 0600);
  WG_AUTO(wg_inplace) p = WG_INPLACE_INIT;
  assert_ok(wg_inplace_begin(&p, path, &plain, &err), &err);
  WG_AUTO(wg_cstr) theirs = put("b", "theirs, longer", 0644); // no lock asked for
  assert_int_equal(wg_inplace_commit(&p, made, &err), WG_E_CONFLICT);
  holds(theirs, "theirs, longer");
}

static void a_lock_is_waited_for_so_long(void **state) {
  (void)state;
  wg_error err = WG_ERROR_INIT;
  const wg_inplace_options soon = {.wait_limited = true, .wait_ms = 30};
  WG_AUTO(wg_cstr) path = put("c", "old", 0644);
  {
    WG_AUTO(wg_inplace) p = WG_INPLACE_INIT;
    WG_AUTO(wg_inplace) q = WG_INPLACE_INIT;
    assert_ok(wg_inplace_begin(&p, path, &plain, &err), &err);
    assert_int_equal(wg_inplace_begin(&q, path, &soon, &err), WG_E_CONFLICT);
    err = (wg_error)WG_ERROR_INIT;
  }
  WG_AUTO(wg_inplace) q = WG_INPLACE_INIT; // the lock went with its owner
  assert_ok(wg_inplace_begin(&q, path, &soon, &err), &err);
}

static void odd_files_are_refused(void **state) {
  (void)state;
  wg_error err = WG_ERROR_INIT;
  WG_AUTO(wg_cstr) none = wg_path_join(dir, "none");
  WG_AUTO(wg_inplace) p = WG_INPLACE_INIT;
  assert_int_equal(wg_inplace_begin(&p, none, &plain, &err), WG_E_NOT_FOUND);
  err = (wg_error)WG_ERROR_INIT;
  assert_int_equal(wg_inplace_begin(&p, dir, &plain, &err), WG_E_UNSUPPORTED);
}

static void what_nobody_holds_is_swept(void **state) {
  (void)state;
  wg_error err = WG_ERROR_INIT;
  WG_AUTO(wg_cstr) of = wg_path_join(dir, "file");
  WG_AUTO(wg_cstr) left = wg_os_temp_name(of);
  assert_ok(wg_os_write_file(WG_CWD, left, "x", 1, 0600, true, &err), &err);
  WG_AUTO(wg_cstr) mine = put("notes.wgtmp-draft", "not such a name", 0644);
  WG_AUTO(wg_cstr) used = NULL;
  WG_AUTO(wg_fd) held = -1;
  assert_ok(wg_os_temp_dir(dir, &used, &held, &err), &err);
  assert_int_equal(wg_os_sweep_beside(of), 1);
  assert_false(wg_os_exists(WG_CWD, left));
  assert_true(wg_os_exists(WG_CWD, mine));
  assert_true(wg_os_exists(WG_CWD, used));
  wg_fd_done(&held);
  assert_int_equal(wg_os_sweep_beside(of), 1);
  assert_false(wg_os_exists(WG_CWD, used));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_new_file_has_the_old_ones_mode),
      cmocka_unit_test(what_changed_meanwhile_is_not_lost),
      cmocka_unit_test(a_lock_is_waited_for_so_long),
      cmocka_unit_test(odd_files_are_refused),
      cmocka_unit_test(what_nobody_holds_is_swept),
  };
  return cmocka_run_group_tests(tests, setup, teardown);
}
