// SPDX-License-Identifier: Apache-2.0
// Writing below a folder that has links in it: nothing of it happens outside.
#include "os/beneath.h"

#include <string.h>

#include "os/proc.h"
#include "support.h"

typedef struct place {
  char *dir;     // of this test
  char *outside; // dir/outside, which holds "kept"
  wg_fd root;    // dir/root: in/, up -> .., away -> the folder outside
} place;

static void place_init(place *p) {
  wg_error err = WG_ERROR_INIT;
  *p = (place){.root = -1};
  assert_ok(wg_os_mkdtemp("/tmp", "beneath-", &p->dir, &err), &err);
  p->outside = wg_path_join(p->dir, "outside");
  WG_AUTO(wg_cstr) root = wg_path_join(p->dir, "root");
  WG_AUTO(wg_cstr) kept = wg_path_join(p->outside, "kept");
  assert_ok(wg_os_mkdir(WG_CWD, p->outside, 0755, &err), &err);
  assert_ok(wg_os_write_file(WG_CWD, kept, "kept", 4, 0644, false, &err), &err);
  assert_ok(wg_os_mkdir(WG_CWD, root, 0755, &err), &err);
  assert_ok(wg_os_open_dir(WG_CWD, root, &p->root, &err), &err);
  assert_ok(wg_os_mkdir(p->root, "in", 0755, &err), &err);
  assert_ok(wg_os_symlink("..", p->root, "up", &err), &err);
  assert_ok(wg_os_symlink(p->outside, p->root, "away", &err), &err);
  assert_ok(wg_os_symlink(kept, p->root, "file", &err), &err);
}

static void place_done(place *p) {
  wg_error err = WG_ERROR_INIT;
  wg_fd_done(&p->root);
  assert_ok(wg_os_rmtree(WG_CWD, p->dir, &err), &err);
  wg_xfree(p->dir);
  wg_xfree(p->outside);
}
WG_DEFINE_AUTO(place, place_done);

static void outside_is_as_it_was(const place *p) {
  wg_error err = WG_ERROR_INIT;
  WG_AUTO(wg_arena) arena = {0};
  WG_AUTO(wg_buf) b = {0};
  wg_dirent *list = NULL;
  size_t n = 0;
  wg_arena_init(&arena, wg_heap(), 0);
  assert_ok(wg_os_list_dir(WG_CWD, p->outside, &arena, &list, &n, &err), &err);
  assert_int_equal(n, 1);
  assert_string_equal(list[0].name, "kept");
  WG_AUTO(wg_cstr) kept = wg_path_join(p->outside, "kept");
  wg_buf_init(&b, wg_heap(), 0);
  assert_ok(wg_os_read_file(WG_CWD, kept, 100, &b, &err), &err);
  assert_string_equal(wg_buf_z(&b), "kept");
}

static void no_link_is_followed(void **state) {
  (void)state;
  static const char *const names[] = {"up/x", "away/x", "away/kept", "up/outside/x", "in/../../x"};
  WG_AUTO(place) p = {0};
  place_init(&p);
  WG_AUTO(wg_beneath) b = wg_beneath_of(p.root, "root");
  for (size_t i = 0; i < WG_ARRAY_LEN(names); i++) {
    wg_stat st;
    for (int call = 0; call < 8; call++) {
      WG_AUTO(wg_fd) fd = -1;
      wg_error err = WG_ERROR_INIT;
      wg_os_time t = {0};
      wg_code code = call == 0   ? wg_beneath_create(&b, names[i], 0644, &fd, &err)
                     : call == 1 ? wg_beneath_mkdir(&b, names[i], &err)
                     : call == 2 ? wg_beneath_symlink(&b, "x", names[i], &err)
                     : call == 3 ? wg_beneath_unlink(&b, names[i], &err)
                     : call == 4 ? wg_beneath_open_read(&b, names[i], &fd, &err)
                     : call == 5 ? wg_beneath_mkdirs_above(&b, names[i], &err)
                     : call == 6 ? wg_beneath_times(&b, names[i], t, t, &err)
                                 : wg_beneath_stat(&b, names[i], &st, &err);
      if (code == WG_OK) {
        fail_msg("call %d went by '%s'", call, names[i]);
      }
    }
  }
  outside_is_as_it_was(&p);
}

static void a_link_at_the_end_is_itself(void **state) {
  (void)state;
  WG_AUTO(place) p = {0};
  place_init(&p);
  WG_AUTO(wg_beneath) b = wg_beneath_of(p.root, "root");
  wg_error err = WG_ERROR_INIT;
  wg_stat st;
  WG_AUTO(wg_fd) fd = -1;
  assert_ok(wg_beneath_stat(&b, "file", &st, &err), &err);
  assert_int_equal(st.type, WG_FT_SYMLINK);
  assert_int_equal(wg_beneath_create(&b, "file", 0644, &fd, &err), WG_E_CONFLICT);
  err = (wg_error)WG_ERROR_INIT;
  assert_int_not_equal(wg_beneath_open_read(&b, "file", &fd, &err), WG_OK);
  err = (wg_error)WG_ERROR_INIT;
  assert_ok(wg_beneath_unlink(&b, "file", &err), &err);
  assert_int_equal(wg_beneath_stat(&b, "file", &st, &err), WG_E_NOT_FOUND);
  outside_is_as_it_was(&p);
}

static void what_is_new_is_made(void **state) {
  (void)state;
  WG_AUTO(place) p = {0};
  place_init(&p);
  WG_AUTO(wg_beneath) b = wg_beneath_of(p.root, "root");
  wg_error err = WG_ERROR_INIT;
  wg_stat st;
  {
    WG_AUTO(wg_fd) fd = -1;
    assert_ok(wg_beneath_mkdirs_above(&b, "a/b/c", &err), &err);
    assert_ok(wg_beneath_mkdirs_above(&b, "a/b/c", &err), &err);
    assert_ok(wg_beneath_create(&b, "a/b/c", 0640, &fd, &err), &err);
    assert_ok(wg_os_write_all(fd, "1234", 4, &err), &err);
  }
  assert_ok(wg_beneath_link(&b, "a/b/c", &b, "in/same", &err), &err);
  assert_ok(wg_beneath_stat(&b, "in/same", &st, &err), &err);
  assert_int_equal(st.size_bytes, 4);
  assert_int_equal(wg_beneath_rename(&b, "a/b/c", &b, "in/same", WG_BENEATH_REFUSE, &err),
                   WG_E_CONFLICT);
  err = (wg_error)WG_ERROR_INIT;
  assert_ok(wg_beneath_rename(&b, "a/b/c", &b, "in/new", WG_BENEATH_REFUSE, &err), &err);
  assert_int_equal(wg_beneath_stat(&b, "a/b/c", &st, &err), WG_E_NOT_FOUND);
  err = (wg_error)WG_ERROR_INIT;
  (void)!wg_fail(&err, WG_E_IO, "why");
  assert_int_equal(wg_beneath_wrap(&b, "in/new", &err), WG_E_IO);
  assert_string_equal(err.text, "'root/in/new': why");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(no_link_is_followed),
      cmocka_unit_test(a_link_at_the_end_is_itself),
      cmocka_unit_test(what_is_new_is_made),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
