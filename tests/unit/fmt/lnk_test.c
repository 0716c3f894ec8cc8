// SPDX-License-Identifier: Apache-2.0
#include "fmt/lnk/lnk.h"

#include <string.h>

#include "os/file.h"
#include "os/proc.h"
#include "support.h"

static const wg_lnk full = {.path = "C:\\Program Files\\Kiosk \xC3\xA9\\agent.exe",
                            .file_attributes = 0x20,
                            .create_time = 132223104000000000,
                            .access_time = 132223104000000001,
                            .write_time = 132223104000000002,
                            .file_bytes = 4096,
                            .icon_index = -12,
                            .show = 3,
                            .hotkey = 0x642,
                            .drive_type = 3,
                            .drive_serial = 0x12345678,
                            .volume_label = "System",
                            .name = "What it is \xE6\x97\xA5",
                            .relative = "..\\agent.exe",
                            .working_dir = "%USERPROFILE%",
                            .args = "--a \"b c\" \xF0\x9F\x98\x80",
                            .icon = "%SystemRoot%\\x.dll",
                            .env_path = "%ProgramFiles%\\Kiosk\\agent.exe",
                            .env_icon = "%SystemRoot%\\x.dll"};

static void same(const char *a, const char *b) {
  assert_true((a == NULL) == (b == NULL));
  if (a != NULL) {
    assert_string_equal(a, b);
  }
}

static void check_same(const wg_lnk *a, const wg_lnk *b) {
  same(a->path, b->path);
  same(a->path, b->id_path);
  same(a->name, b->name);
  same(a->relative, b->relative);
  same(a->working_dir, b->working_dir);
  same(a->args, b->args);
  same(a->icon, b->icon);
  same(a->env_path, b->env_path);
  same(a->env_icon, b->env_icon);
  same(a->volume_label, b->volume_label);
  assert_true(a->create_time == b->create_time && a->access_time == b->access_time &&
              a->write_time == b->write_time && a->file_bytes == b->file_bytes);
  assert_true(a->icon_index == b->icon_index && a->show == b->show && a->hotkey == b->hotkey &&
              a->drive_type == b->drive_type && a->drive_serial == b->drive_serial &&
              a->file_attributes == b->file_attributes);
}

static void round_trip(const wg_lnk *l) {
  wg_error err = WG_ERROR_INIT;
  WG_AUTO(wg_arena) arena = {0};
  WG_AUTO(wg_buf) a = {0};
  WG_AUTO(wg_buf) b = {0};
  wg_lnk back;
  wg_arena_init(&arena, wg_heap(), 0);
  wg_buf_init(&a, wg_heap(), 0);
  wg_buf_init(&b, wg_heap(), 0);
  assert_ok(wg_lnk_write(l, &a, &err), &err);
  assert_ok(wg_lnk_parse(a.p, a.n, &arena, &back, &err), &err);
  check_same(l, &back);
  assert_int_equal(back.n_trailing, 0);
  assert_ok(wg_lnk_write(&back, &b, &err), &err);
  assert_int_equal(a.n, b.n);
  assert_memory_equal(a.p, b.p, a.n);
}

static void what_is_written_is_read(void **state) {
  (void)state;
  round_trip(&full);
  wg_lnk l = {.path = "C:\\", .file_attributes = 0x10, .drive_type = 3, .volume_label = ""};
  round_trip(&l);
  l.path = "Z:\\a\\b";
  round_trip(&l);
  l.args = "";
  round_trip(&l);
}

// The bytes that Windows' own writer has in the same places (MS-SHLLINK 2.1, 2.2, 2.3).
static void the_layout_is_the_specifications(void **state) {
  (void)state;
  wg_error err = WG_ERROR_INIT;
  WG_AUTO(wg_buf) b = {0};
  wg_buf_init(&b, wg_heap(), 0);
  const wg_lnk l = {.path = "C:\\a.exe", .file_attributes = 0x20, .drive_type = 3, .show = 1};
  assert_ok(wg_lnk_write(&l, &b, &err), &err);
  static const uint8_t head[] = {0x4C, 0, 0, 0, 0x01, 0x14, 0x02, 0,    0,    0, 0, 0,
                                 0xC0, 0, 0, 0, 0,    0,    0,    0x46, 0x83, 0, 0, 0};
  assert_memory_equal(b.p, head, sizeof(head));
  size_t list = 0x4C;
  size_t n_list = wg_le16(b.p + list);
  assert_int_equal(wg_le16(b.p + list + 2), 20);  // My Computer
  assert_int_equal(wg_le16(b.p + list + 22), 25); // the drive
  assert_memory_equal(b.p + list + 25, "C:\\", 4);
  assert_int_equal(b.p[list + 47 + 2], 0x32); // a file
  assert_int_equal(wg_le16(b.p + list + n_list), 0);
  size_t info = list + 2 + n_list;
  assert_int_equal(wg_le32(b.p + info + 4), 0x1C);
  assert_int_equal(wg_le32(b.p + info + 8), 1);
  assert_string_equal(b.p + info + wg_le32(b.p + info + 16), "C:\\a.exe");
  assert_int_equal(info + wg_le32(b.p + info) + 4, b.n); // no texts, the end mark
}

static void what_no_shortcut_can_be_is_refused(void **state) {
  (void)state;
  char longer[300];
  (void)memset(longer, 'a', sizeof(longer));
  longer[0] = 'C';
  longer[1] = ':';
  longer[2] = '\\';
  longer[299] = '\0';
  static const char *const paths[] = {"",        "C:",         "C:a",  "\\\\server\\x",
                                      "C:\\a\\", "C:\\a\\\\b", "C:/a", "1:\\a"};
  for (size_t i = 0; i < WG_ARRAY_LEN(paths) + 2; i++) {
    wg_error err = WG_ERROR_INIT;
    WG_AUTO(wg_buf) b = {0};
    wg_buf_init(&b, wg_heap(), 0);
    bool is_long = i == WG_ARRAY_LEN(paths), bad8 = i > WG_ARRAY_LEN(paths);
    const wg_lnk l = {.path = is_long ? longer : bad8 ? "C:\\\xFF" : paths[i]};
    assert_int_equal(wg_lnk_write(&l, &b, &err), is_long ? WG_E_LIMIT : WG_E_FORMAT);
  }
}

static void cut_anywhere_is_an_error_or_the_end(void **state) {
  (void)state;
  wg_error err = WG_ERROR_INIT;
  WG_AUTO(wg_buf) b = {0};
  wg_buf_init(&b, wg_heap(), 0);
  assert_ok(wg_lnk_write(&full, &b, &err), &err);
  size_t n_good = 0;
  for (size_t n = 0; n < b.n; n++) {
    WG_AUTO(wg_arena) arena = {0};
    wg_lnk l;
    wg_arena_init(&arena, wg_heap(), 0);
    char *copy = malloc(n == 0 ? 1 : n);
    memcpy(copy, b.p, n);
    wg_code code = wg_lnk_parse(copy, n, &arena, &l, &err);
    assert_true(code == WG_OK || code == WG_E_FORMAT);
    n_good += code == WG_OK;
    free(copy);
  }
  assert_int_equal(n_good, 3); // in front of each extra block, and of the end mark
}

static void out_of_memory_anywhere_is_reported(void **state) {
  (void)state;
  for (unsigned long at = 1;; at++) {
    failing_heap heap = {.fail_at = at};
    wg_alloc alloc = failing_heap_alloc(&heap);
    wg_error err = WG_ERROR_INIT;
    wg_arena arena;
    wg_buf b;
    wg_lnk back;
    wg_arena_init(&arena, &alloc, 0);
    wg_buf_init(&b, &alloc, 0);
    wg_code code = wg_lnk_write(&full, &b, &err);
    if (code == WG_OK) {
      code = wg_lnk_parse(b.p, b.n, &arena, &back, &err);
    }
    wg_buf_done(&b);
    wg_arena_done(&arena);
    assert_int_equal(heap.n_live, 0);
    if (code == WG_OK) {
      assert_true(at > 10);
      return;
    }
    assert_int_equal(code, WG_E_NOMEM);
  }
}

// tests/bad/lnk/README.md: "- file: what is wrong -> FORMAT 0xoffset".
static void every_bad_file_gives_its_offset(void **state) {
  (void)state;
  wg_error err = WG_ERROR_INIT;
  WG_AUTO(wg_buf) list = {0};
  wg_buf_init(&list, wg_heap(), 0);
  WG_AUTO(wg_cstr) folder = wg_xprintf("%s/tests/bad/lnk", wg_os_getenv("WG_SOURCE_ROOT"));
  WG_AUTO(wg_cstr) readme = wg_path_join(folder, "README.md");
  assert_ok(wg_os_read_file(WG_CWD, readme, 1 << 20, &list, &err), &err);
  char *next = NULL;
  unsigned n = 0;
  wg_buf_z(&list);
  for (char *line = strtok_r((char *)list.p, "\n", &next); line != NULL;
       line = strtok_r(NULL, "\n", &next)) {
    char *colon = strchr(line, ':');
    const char *at = strstr(line, "-> FORMAT 0x");
    if (strncmp(line, "- ", 2) != 0 || colon == NULL || at == NULL) {
      continue;
    }
    *colon = '\0';
    WG_AUTO(wg_buf) file = {0};
    WG_AUTO(wg_arena) arena = {0};
    WG_AUTO(wg_cstr) path = wg_path_join(folder, line + 2);
    wg_lnk l;
    wg_buf_init(&file, wg_heap(), 0);
    wg_arena_init(&arena, wg_heap(), 0);
    assert_ok(wg_os_read_file(WG_CWD, path, 1 << 20, &file, &err), &err);
    wg_error got = WG_ERROR_INIT;
    assert_int_equal(wg_lnk_parse(file.p, file.n, &arena, &l, &got), WG_E_FORMAT);
    if (got.off_bytes != strtoull(at + 12, NULL, 16)) {
      fail_msg("%s: offset 0x%llx", line + 2, (unsigned long long)got.off_bytes);
    }
    n++;
  }
  assert_int_equal(n, 24);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(what_is_written_is_read),
      cmocka_unit_test(the_layout_is_the_specifications),
      cmocka_unit_test(what_no_shortcut_can_be_is_refused),
      cmocka_unit_test(cut_anywhere_is_an_error_or_the_end),
      cmocka_unit_test(every_bad_file_gives_its_offset),
      cmocka_unit_test(out_of_memory_anywhere_is_reported),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
