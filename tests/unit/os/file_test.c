// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "os/file.h"
#include "os/proc.h"
#include "support.h"

static int setup(void **state) {
  wg_error err = WG_ERROR_INIT;
  char *dir = NULL;
  const char *base = wg_os_getenv("TMPDIR");
  assert_ok(wg_os_mkdtemp(base != NULL ? base : "/tmp", "wingo-test-", &dir, &err), &err);
  *state = dir;
  return 0;
}

static int teardown(void **state) {
  wg_error err = WG_ERROR_INIT;
  assert_ok(wg_os_rmtree(WG_CWD, *state, &err), &err);
  assert_false(wg_os_exists(WG_CWD, *state));
  wg_xfree(*state);
  return 0;
}

static void an_outfile_appears_whole_or_not(void **state) {
  wg_error err = WG_ERROR_INIT;
  WG_AUTO(wg_cstr) path = wg_path_join(*state, "out");
  {
    WG_AUTO(wg_outfile) o = WG_OUTFILE_INIT;
    assert_ok(wg_outfile_begin(&o, WG_CWD, path, 0644, true, &err), &err);
    assert_ok(wg_os_write_all(o.fd, "half", 4, &err), &err);
    assert_false(wg_os_exists(WG_CWD, path));
  }
  assert_false(wg_os_exists(WG_CWD, path));
  assert_ok(wg_os_write_file(WG_CWD, path, "whole", 5, 0640, true, &err), &err);
  WG_AUTO(wg_buf) b = {0};
  wg_buf_init(&b, wg_heap(), 0);
  assert_ok(wg_os_read_file(WG_CWD, path, 100, &b, &err), &err);
  assert_string_equal(wg_buf_z(&b), "whole");
  wg_arena arena;
  wg_arena_init(&arena, wg_heap(), 0);
  wg_dirent *list = NULL;
  size_t n = 0;
  assert_ok(wg_os_list_dir(WG_CWD, *state, &arena, &list, &n, &err), &err);
  assert_int_equal(n, 1); // no temporary file is left
  wg_arena_done(&arena);
}

static void reading_has_a_limit(void **state) {
  wg_error err = WG_ERROR_INIT;
  WG_AUTO(wg_cstr) path = wg_path_join(*state, "big");
  WG_AUTO(wg_cstr) big = wg_xalloc(10001);
  memset(big, 'x', 10000);
  assert_ok(wg_os_write_file(WG_CWD, path, big, 10000, 0644, false, &err), &err);
  WG_AUTO(wg_buf) b = {0};
  wg_buf_init(&b, wg_heap(), 0);
  assert_int_equal(wg_os_read_file(WG_CWD, path, 9999, &b, &err), WG_E_LIMIT);
  wg_buf_clear(&b);
  assert_ok(wg_os_read_file(WG_CWD, path, 10000, &b, &err), &err);
  assert_int_equal(b.n, 10000);
  assert_int_equal(wg_os_read_file(WG_CWD, *state, 10000, &b, &err), WG_E_UNSUPPORTED);
  assert_int_equal(wg_os_read_file(WG_CWD, "/nonexistent/x", 1, &b, &err), WG_E_NOT_FOUND);
  uint8_t two[2];
  WG_AUTO(wg_fd) fd = -1;
  assert_ok(wg_os_open_read(WG_CWD, path, &fd, &err), &err);
  assert_int_equal(wg_os_pread_exact(fd, two, 2, 9999, &err), WG_E_FORMAT);
  assert_true(err.off_bytes == 10000);
}

static void copies_are_equal(void **state) {
  wg_error err = WG_ERROR_INIT;
  WG_AUTO(wg_cstr) a = wg_path_join(*state, "a");
  WG_AUTO(wg_cstr) b = wg_path_join(*state, "b");
  const size_t n = 3000001;
  WG_AUTO(wg_cstr) data = wg_xalloc(n);
  wg_os_random(data, n);
  assert_ok(wg_os_write_file(WG_CWD, a, data, n, 0644, false, &err), &err);
  WG_AUTO(wg_fd) in = -1;
  WG_AUTO(wg_fd) out = -1;
  assert_ok(wg_os_open_read(WG_CWD, a, &in, &err), &err);
  assert_ok(wg_os_create_new(WG_CWD, b, 0644, &out, &err), &err);
  uint64_t copied = 0;
  assert_ok(wg_os_copy_fd(in, out, NULL, &copied, &err), &err);
  assert_int_equal(copied, n);
  WG_AUTO(wg_buf) back = {0};
  wg_buf_init(&back, wg_heap(), 0);
  assert_ok(wg_os_read_file(WG_CWD, b, n, &back, &err), &err);
  assert_memory_equal(back.p, data, n);
}

static void ranges_go_where_they_should(void **state) {
  wg_error err = WG_ERROR_INIT;
  WG_AUTO(wg_cstr) a = wg_path_join(*state, "range-a");
  WG_AUTO(wg_cstr) b = wg_path_join(*state, "range-b");
  const size_t n = 300001;
  WG_AUTO(wg_cstr) data = wg_xalloc(n);
  wg_os_random(data, n);
  assert_ok(wg_os_write_file(WG_CWD, a, data, n, 0644, false, &err), &err);
  WG_AUTO(wg_fd) in = -1;
  WG_AUTO(wg_fd) out = -1;
  assert_ok(wg_os_open_read(WG_CWD, a, &in, &err), &err);
  assert_ok(wg_os_create_new(WG_CWD, b, 0644, &out, &err), &err);
  assert_ok(wg_os_copy_range(in, 208, out, 8192 + 208, 100000, &err), &err); // alike in a block
  assert_ok(wg_os_copy_range(in, 5, out, 150000, n - 5, &err), &err);
  assert_ok(wg_os_copy_range(in, n, out, 0, 0, &err), &err);
  assert_int_equal(wg_os_copy_range(in, n - 10, out, 0, 11, &err), WG_E_FORMAT);
  WG_AUTO(wg_buf) back = {0};
  wg_buf_init(&back, wg_heap(), 0);
  assert_ok(wg_os_read_file(WG_CWD, b, n * 2, &back, &err), &err);
  assert_int_equal(back.n, 150000 + n - 5);
  assert_memory_equal(back.p + 8192 + 208, data + 208, 100000);
  assert_memory_equal(back.p + 150000, data + 5, n - 5);
}

static void trees_go_whole_and_links_are_not_followed(void **state) {
  wg_error err = WG_ERROR_INIT;
  WG_AUTO(wg_cstr) keep = wg_path_join(*state, "keep");
  WG_AUTO(wg_cstr) kept = wg_path_join(*state, "keep/file");
  WG_AUTO(wg_cstr) tree = wg_path_join(*state, "tree");
  WG_AUTO(wg_cstr) deep = wg_path_join(*state, "tree/a/b/c/d");
  WG_AUTO(wg_cstr) ro = wg_path_join(*state, "tree/a/b");
  WG_AUTO(wg_cstr) link = wg_path_join(*state, "tree/a/link");
  assert_ok(wg_os_mkdirs(WG_CWD, keep, 0755, &err), &err);
  assert_ok(wg_os_write_file(WG_CWD, kept, "x", 1, 0644, false, &err), &err);
  assert_ok(wg_os_mkdirs(WG_CWD, deep, 0755, &err), &err);
  assert_ok(wg_os_symlink(keep, WG_CWD, link, &err), &err);
  assert_ok(wg_os_chmod(WG_CWD, ro, 0555, &err), &err);
  assert_ok(wg_os_rmtree(WG_CWD, tree, &err), &err);
  assert_false(wg_os_exists(WG_CWD, tree));
  assert_true(wg_os_exists(WG_CWD, kept));
  assert_ok(wg_os_rmtree(WG_CWD, tree, &err), &err); // absent is fine
  assert_int_equal(wg_os_mkdirs(WG_CWD, kept, 0755, &err), WG_E_CONFLICT);
}

static void locks_exclude(void **state) {
  wg_error err = WG_ERROR_INIT;
  WG_AUTO(wg_cstr) path = wg_path_join(*state, "lock");
  WG_AUTO(wg_fd) a = -1;
  WG_AUTO(wg_fd) b = -1;
  assert_ok(wg_os_lock(WG_CWD, path, true, false, NULL, &a, &err), &err);
  assert_int_equal(wg_os_lock(WG_CWD, path, false, true, NULL, &b, &err), WG_E_CONFLICT);
  wg_cancel c;
  assert_ok(wg_cancel_init(&c, &err), &err);
  wg_cancel_set(&c, 1);
  assert_int_equal(wg_os_lock(WG_CWD, path, false, false, &c, &b, &err), WG_E_CANCELED);
  wg_cancel_done(&c);
  wg_fd_done(&a);
  assert_ok(wg_os_lock(WG_CWD, path, false, false, NULL, &b, &err), &err);
}

static void times_and_stat(void **state) {
  wg_error err = WG_ERROR_INIT;
  WG_AUTO(wg_cstr) path = wg_path_join(*state, "f");
  assert_ok(wg_os_write_file(WG_CWD, path, "abc", 3, 0600, false, &err), &err);
  assert_ok(wg_os_set_mtime(WG_CWD, path, -1500000000, &err), &err);
  wg_stat st;
  assert_ok(wg_os_stat(WG_CWD, path, true, &st, &err), &err);
  assert_true(st.mtime_ns == -1500000000);
  assert_int_equal(st.size_bytes, 3);
  assert_int_equal(st.mode, 0600);
  assert_int_equal(st.type, WG_FT_FILE);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(an_outfile_appears_whole_or_not, setup, teardown),
      cmocka_unit_test_setup_teardown(reading_has_a_limit, setup, teardown),
      cmocka_unit_test_setup_teardown(copies_are_equal, setup, teardown),
      cmocka_unit_test_setup_teardown(ranges_go_where_they_should, setup, teardown),
      cmocka_unit_test_setup_teardown(trees_go_whole_and_links_are_not_followed, setup, teardown),
      cmocka_unit_test_setup_teardown(locks_exclude, setup, teardown),
      cmocka_unit_test_setup_teardown(times_and_stat, setup, teardown),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
