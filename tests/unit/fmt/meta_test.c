// SPDX-License-Identifier: Apache-2.0
#include "bad.h"
#include "fmt/meta/xattr.h"

static const char full[] = "wingo-meta 2\n"
                           "image <NAME>50%25 of it &amp; more</NAME>\n"
                           "image <WINDOWS><X A=\"b c\">1</X>%0A<Y/></WINDOWS>\n"
                           "descriptor 0100048000000000000000000000000000000000\n"
                           "descriptor \n"
                           "entry . attributes=0x10 descriptor=1 created=1 accessed=2 written=3\n"
                           "entry a/b%20c%25 attributes=0x2022 short=BC~1 links=7 items=0001\n"
                           "stream Zone.Identifier =5b5a5d\n"
                           "stream %0A =\n"
                           "entry e efs=00ff\n"
                           "entry j reparse=0xa000000c reparse-data="
                           "0000020000000200010000007800 target=../x%20y\n"
                           "entry %ED%A0%80 attributes=0x20\n"
                           "end\n";

static void a_text_comes_back(void **state) {
  (void)state;
  WG_AUTO(wg_arena) arena = {0};
  WG_AUTO(wg_buf) b = {0};
  wg_error err = WG_ERROR_INIT;
  wg_meta m;
  wg_arena_init(&arena, wg_heap(), 0);
  wg_buf_init(&b, wg_heap(), 0);
  assert_ok(wg_meta_parse(WG_STR(full), "f", &arena, &m, &err), &err);
  assert_int_equal(m.n, 5);
  assert_int_equal(m.n_image, 2);
  assert_true(wg_str_eqz(m.image[0], "<NAME>50% of it &amp; more</NAME>"));
  assert_int_equal(m.n_descriptors, 2);
  const wg_meta_entry *e = wg_meta_find(&m, "a/b c%");
  assert_non_null(e);
  assert_int_equal(e->attributes, 0x2022);
  assert_int_equal(e->links, 7);
  assert_memory_equal(e->short16.p, "B\0C\0~\0001\0", 8);
  assert_int_equal(e->n_streams, 2);
  assert_true(wg_str_eqz(e->streams[0].data, "[Z]"));
  assert_int_equal(e->streams[1].data.n, 0);
  assert_int_equal(wg_meta_find(&m, "")->descriptor, 1);
  assert_true(wg_str_eqz(wg_meta_find(&m, "j")->target, "../x y"));
  assert_null(wg_meta_find(&m, "a"));
  wg_meta_write(&m, &b);
  assert_string_equal(wg_buf_z(&b), full);
}

static wg_code take(wg_meta_entry *e, wg_str *sd, bool ntfs, const char *name, const void *p,
                    size_t n, wg_arena *arena, bool *known, wg_error *err) {
  return wg_meta_take_xattr(e, sd, ntfs, name, (wg_str){p, n}, arena, known, err);
}

static void what_comes_first_counts(void **state) {
  (void)state;
  WG_AUTO(wg_arena) arena = {0};
  wg_error err = WG_ERROR_INIT;
  wg_meta_entry e = {.path = "f"};
  wg_str sd = {NULL, 0};
  bool known = false;
  wg_arena_init(&arena, wg_heap(), 0);
  assert_ok(take(&e, &sd, true, WG_META_XATTR_NTFS, "\x22\0\0\0", 4, &arena, &known, &err), &err);
  assert_ok(take(&e, &sd, true, "user.DOSATTRIB", "0x1\0", 4, &arena, &known, &err), &err);
  assert_int_equal(e.attributes, 0x22);
  assert_ok(take(&e, &sd, true, "system.ntfs_acl", "\1\2\3", 3, &arena, &known, &err), &err);
  assert_ok(take(&e, &sd, true, "system.ntfs_security", "\4", 1, &arena, &known, &err), &err);
  assert_int_equal(sd.n, 3);
  assert_ok(take(&e, &sd, true, "user.s", "x", 1, &arena, &known, &err), &err);
  assert_true(known && e.n_streams == 1);
  assert_ok(take(&e, &sd, false, "user.s", "x", 1, &arena, &known, &err), &err);
  assert_true(!known && e.n_streams == 1);
  assert_ok(take(&e, &sd, true, "system.ntfs_dos_name", "A~1", 3, &arena, &known, &err), &err);
  assert_memory_equal(e.short16.p, "A\0~\0001\0", 6);
}

static void damaged_attributes_are_refused(void **state) {
  (void)state;
  static const struct {
    const char *name, *p;
    size_t n;
  } bad[] = {{"user.DOSATTRIB", "", 0},
             {"user.DOSATTRIB", "0xZZ", 4},
             {"user.DOSATTRIB", "\0\0\4\0\5\0\0\0", 8},
             {"user.DOSATTRIB", "\0\0\4\0\4\0\0\0\x11\0\0", 11},
             {"user.DOSATTRIB", "\0\0\7\0\7\0\0\0\x11\0\0\0", 12},
             {"user.DosStream.:$DATA", "a", 2},
             {WG_META_XATTR_NTFS, "\1\2\3", 3},
             {"system.ntfs_times", "12345678", 8},
             {"system.ntfs_reparse_data", "\1\2\3\4\5\0\0\0abcd", 12},
             {"system.ntfs_dos_name", "\xff", 1}};
  for (size_t i = 0; i < WG_ARRAY_LEN(bad); i++) {
    WG_AUTO(wg_arena) arena = {0};
    wg_error err = WG_ERROR_INIT;
    wg_meta_entry e = {.path = "f"};
    wg_str sd = {NULL, 0};
    bool known = false;
    WG_AUTO(wg_cstr) exact = wg_xstrndup(bad[i].p, bad[i].n);
    wg_arena_init(&arena, wg_heap(), 0);
    assert_int_equal(take(&e, &sd, false, bad[i].name, exact, bad[i].n, &arena, &known, &err),
                     WG_E_FORMAT);
  }
}

static wg_code check_bad(const void *p, size_t n, const char *rest, wg_error *err) {
  WG_AUTO(wg_arena) arena = {0};
  wg_meta m;
  wg_arena_init(&arena, wg_heap(), 0);
  wg_code code = wg_meta_parse((wg_str){p, n}, "f", &arena, &m, err);
  WG_AUTO(wg_cstr) want = wg_xprintf("f:%s: ", rest);
  if (code != WG_OK && strncmp(err->text, want, strlen(want)) != 0) {
    fail_msg("'%s' does not begin with '%s'", err->text, want);
  }
  return code;
}

static void bad_files_are_refused_at_their_line(void **state) {
  (void)state;
  bad_all("meta", 71, check_bad);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_text_comes_back),
      cmocka_unit_test(what_comes_first_counts),
      cmocka_unit_test(damaged_attributes_are_refused),
      cmocka_unit_test(bad_files_are_refused_at_their_line),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
