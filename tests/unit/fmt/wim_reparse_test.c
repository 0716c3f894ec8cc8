// SPDX-License-Identifier: Apache-2.0
#include "fmt/wim/reparse.h"

#include <string.h>

#include "base/utf.h"
#include "os/mem.h"
#include "support.h"

// Reparse data as a WIM has it: target at `off` of the text part.
static void make(uint32_t tag, const char *target, bool relative, wg_wim_entry *e, wg_buf *out) {
  WG_AUTO(wg_buf) text = {0};
  wg_buf_init(&text, wg_heap(), 0);
  assert_true(wg_utf8_to_utf16le(wg_str_of(target), &text));
  wg_buf_init(out, wg_heap(), 0);
  wg_buf_add_le16(out, 4); // behind the name to show, which comes first here
  wg_buf_add_le16(out, (uint16_t)text.n);
  wg_buf_add_le16(out, 0);
  wg_buf_add_le16(out, 4);
  if (tag == WG_REPARSE_TAG_SYMLINK) {
    wg_buf_add_le32(out, relative ? 1 : 0);
  }
  wg_buf_add(out, "a\0b", 4);
  wg_buf_add(out, text.p, text.n);
  *e = (wg_wim_entry){.attributes = WG_WIM_ATTR_REPARSE, .link_or_reparse = tag};
}

static void expect(uint32_t tag, const char *target, bool relative, bool fixes, size_t depth,
                   const char *want) {
  WG_AUTO(wg_arena) arena;
  WG_AUTO(wg_buf) data = {0};
  wg_wim_entry e;
  wg_reparse_link link;
  wg_error err = WG_ERROR_INIT;
  bool is_link = false;
  char *text = NULL;
  wg_arena_init(&arena, wg_heap(), 0);
  make(tag, target, relative, &e, &data);
  assert_ok(wg_reparse_read(&e, fixes, data.p, data.n, &arena, &is_link, &link, &err), &err);
  assert_true(is_link);
  assert_ok(wg_reparse_host_text(&link, depth, &arena, &text, &err), &err);
  if (want == NULL) {
    assert_null(text);
  } else {
    assert_non_null(text);
    assert_string_equal(text, want);
  }
  for (size_t n = 0; n < data.n; n++) { // cut anywhere: refused, never read over
    uint8_t *cut = wg_xalloc(n + 1);
    memcpy(cut, data.p, n);
    assert_int_equal(wg_reparse_read(&e, fixes, cut, n, &arena, &is_link, &link, &err),
                     WG_E_FORMAT);
    wg_xfree(cut);
  }
}

static void links_lead_where_windows_leads_them(void **state) {
  (void)state;
  const uint32_t sym = WG_REPARSE_TAG_SYMLINK, junction = WG_REPARSE_TAG_JUNCTION;
  expect(sym, "..\\x\\y", true, true, 2, "../x/y");
  expect(sym, "\\x\\y", true, true, 2, "../../x/y");
  expect(sym, "\\??\\C:\\Users", false, true, 1, "../Users");
  expect(sym, "\\??\\C:\\Users", false, true, 0, "Users");
  expect(sym, "\\??\\C:\\Users", false, false, 3, "/Users");
  expect(junction, "\\??\\C:\\ProgramData\\", false, true, 2, "../../ProgramData");
  expect(junction, "\\??\\C:\\", false, true, 2, "../..");
  expect(junction, "\\??\\C:\\", false, true, 0, ".");
  expect(junction, "\\??\\Volume{01234567-0000-0000-0000-000000000000}\\", false, true, 1, NULL);
  expect(sym, "\\??\\UNC\\server\\share", false, true, 1, NULL);
  expect(sym, "\\\\?\\D:\\x", false, true, 1, "../x");
}

static void flag_of_the_entry_counts(void **state) {
  (void)state;
  WG_AUTO(wg_arena) arena;
  WG_AUTO(wg_buf) data = {0};
  wg_wim_entry e;
  wg_reparse_link link;
  wg_error err = WG_ERROR_INIT;
  bool is_link = false;
  wg_arena_init(&arena, wg_heap(), 0);
  make(WG_REPARSE_TAG_SYMLINK, "\\??\\C:\\usr", false, &e, &data);
  e.link_or_reparse |= (uint64_t)1 << 48;
  assert_ok(wg_reparse_read(&e, true, data.p, data.n, &arena, &is_link, &link, &err), &err);
  assert_false(link.in_tree);
  e.link_or_reparse = 0x80000017u; // WOF: no link
  assert_ok(wg_reparse_read(&e, true, data.p, data.n, &arena, &is_link, &link, &err), &err);
  assert_false(is_link);
}

static void links_of_linux(void **state) {
  (void)state;
  WG_AUTO(wg_arena) arena;
  wg_wim_entry e = {.link_or_reparse = WG_REPARSE_TAG_LX_SYMLINK};
  wg_reparse_link link;
  wg_error err = WG_ERROR_INIT;
  bool is_link = false;
  char *text = NULL;
  wg_arena_init(&arena, wg_heap(), 0);
  assert_ok(
      wg_reparse_read(&e, true, (const uint8_t *)"\2\0\0\0a/b", 7, &arena, &is_link, &link, &err),
      &err);
  assert_ok(wg_reparse_host_text(&link, 3, &arena, &text, &err), &err);
  assert_string_equal(text, "a/b");
  assert_int_equal(
      wg_reparse_read(&e, true, (const uint8_t *)"\2\0\0\0a\0b", 7, &arena, &is_link, &link, &err),
      WG_E_FORMAT);
  assert_int_equal(
      wg_reparse_read(&e, true, (const uint8_t *)"\2\0\0\0", 4, &arena, &is_link, &link, &err),
      WG_E_FORMAT);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(links_lead_where_windows_leads_them),
      cmocka_unit_test(flag_of_the_entry_counts),
      cmocka_unit_test(links_of_linux),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
