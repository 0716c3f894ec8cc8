// SPDX-License-Identifier: Apache-2.0
#include "fmt/regtext/regtext.h"

#include "bad.h"

static wg_code parse(const void *p, size_t n, wg_arena *arena, wg_regtext *out, wg_error *err) {
  wg_arena_init(arena, wg_heap(), 0);
  return wg_regtext_parse(p, n, NULL, arena, out, err);
}

static void every_form_of_data(void **state) {
  (void)state;
  static const char text[] = "\r\n  Windows Registry Editor Version 5.00\r\n\r\n"
                             "; comment\r\n"
                             "[HKEY_LOCAL_MACHINE\\SOFTWARE\\A ] B] ; why\r\n"
                             "@=\"default\"\r\n"
                             "\"q\\\"\\\\\"=\"v\\\\\\\"\" ; end\r\n"
                             "\"d\"=dword:0000ABcd\r\n"
                             "\"b\" = hex:\r\n"
                             "\"h\"=hex(7):61,00,\\\r\n"
                             "  00,00,\\ ; comment\r\n"
                             "; between\r\n"
                             "  00,00\r\n"
                             "\"s\"=str(2):\"%P%\"\r\n"
                             "\"t\"=hex(ffff0012):1\r\n"
                             "\"gone\"=-\r\n"
                             "\"two\"=\"a\r\nb\"\r\n"
                             "[-HKEY_CURRENT_USER\\X\\]";
  wg_error err = WG_ERROR_INIT;
  WG_AUTO(wg_arena) arena;
  wg_regtext t;
  assert_ok(parse(text, sizeof(text) - 1, &arena, &t, &err), &err);
  assert_int_equal(t.n_ops, 11);
  assert_true(wg_str_eqz(t.ops[0].key, "HKEY_LOCAL_MACHINE\\SOFTWARE\\A ] B"));
  assert_int_equal(t.ops[0].line, 5);
  assert_int_equal(t.ops[1].name.n, 0);
  assert_int_equal(t.ops[1].n_bytes, 16);
  assert_true(wg_str_eqz(t.ops[2].name, "q\"\\"));
  assert_memory_equal(t.ops[2].data, "v\0\\\0\"\0\0\0", 8);
  assert_memory_equal(t.ops[3].data, "\xCD\xAB\0\0", 4);
  assert_int_equal(t.ops[4].type, 3);
  assert_int_equal(t.ops[4].n_bytes, 0);
  assert_int_equal(t.ops[5].type, 7);
  assert_int_equal(t.ops[5].n_bytes, 6);
  assert_int_equal(t.ops[6].type, 2);
  assert_int_equal(t.ops[7].type, 0xFFFF0012);
  assert_int_equal(t.ops[8].kind, WG_REGOP_DELETE_VALUE);
  assert_int_equal(t.ops[9].n_bytes, 10);
  assert_int_equal(t.ops[10].kind, WG_REGOP_DELETE_KEY);
  assert_true(wg_str_eqz(t.ops[10].key, "HKEY_CURRENT_USER\\X"));
}

static void version4_is_in_a_code_page(void **state) {
  (void)state;
  static const char text[] =
      "REGEDIT4\n[HKEY_X\\caf\xE9]\n\"\x80\"=hex(2):80,00\n\"b\"=hex:80,00\n";
  wg_error err = WG_ERROR_INIT;
  WG_AUTO(wg_arena) arena;
  wg_regtext t;
  assert_ok(parse(text, sizeof(text) - 1, &arena, &t, &err), &err);
  assert_true(t.version4);
  assert_true(wg_str_eqz(t.ops[0].key, "HKEY_X\\caf\xC3\xA9"));
  assert_true(wg_str_eqz(t.ops[1].name, "\xE2\x82\xAC"));
  assert_int_equal(t.ops[1].n_bytes, 4);
  assert_memory_equal(t.ops[1].data, "\xAC\x20\0\0", 4);
  assert_int_equal(t.ops[2].n_bytes, 2);
  wg_regtext_options opt = {.code_page = 1251};
  assert_ok(wg_regtext_parse(text, sizeof(text) - 1, &opt, &arena, &t, &err), &err);
  assert_true(wg_str_eqz(t.ops[0].key, "HKEY_X\\caf\xD0\xB9"));
  opt.code_page = 99999;
  assert_int_equal(wg_regtext_parse(text, sizeof(text) - 1, &opt, &arena, &t, &err), WG_E_USAGE);
}

static void ctrl_z_ends_a_text(void **state) {
  (void)state;
  static const char *const good[] = {"REGEDIT4\n[HKEY_X\\Y]\n\"a\"=\"b\"\n\x1a",
                                     "REGEDIT4\r\n[HKEY_X\\Y]\r\n\"a\"=\"b\"\x1a\r\n\x1a\x1a \r\n"};
  static const char bad[] = "REGEDIT4\n[HKEY_X\\Y]\n\x1a\n\"a\"=\"b\"\n";
  wg_error err = WG_ERROR_INIT;
  WG_AUTO(wg_arena) arena;
  wg_regtext t;
  for (size_t i = 0; i < WG_ARRAY_LEN(good); i++) {
    assert_ok(parse(good[i], strlen(good[i]), &arena, &t, &err), &err);
    assert_int_equal(t.n_ops, 2);
    wg_arena_done(&arena);
  }
  assert_int_equal(parse(bad, sizeof(bad) - 1, &arena, &t, &err), WG_E_FORMAT);
  assert_non_null(strstr(err.text, "line 3"));
}

static void what_is_written_reads_back(void **state) {
  (void)state;
  WG_AUTO(wg_buf) text = {0};
  WG_AUTO(wg_buf) wide = {0};
  wg_buf_init(&text, wg_heap(), 0);
  wg_buf_init(&wide, wg_heap(), 0);
  uint8_t bytes[300];
  for (size_t i = 0; i < sizeof(bytes); i++) {
    bytes[i] = (uint8_t)i;
  }
  wg_regtext_begin(&text);
  wg_regtext_put_key(&text, WG_STR("HKEY_LOCAL_MACHINE\\X"), false);
  wg_regtext_put_value(&text, WG_STR(""), 1, "a\0\"\0\\\0\0\0", 8);
  wg_regtext_put_value(&text, WG_STR("n\\\"x"), 1, "a\0\0\0b\0", 6); // no plain string: hex(1)
  wg_regtext_put_value(&text, WG_STR("long"), 3, bytes, sizeof(bytes));
  wg_regtext_put_value(&text, WG_STR("dw"), 4, "\1\0\0\0", 4);
  wg_regtext_put_value(&text, WG_STR("odd"), 4, "\1\0\0", 3);
  wg_regtext_put_delete_value(&text, WG_STR("gone"));
  wg_error err = WG_ERROR_INIT;
  assert_ok(wg_regtext_finish(wg_buf_str(&text), &wide, &err), &err);
  for (wg_str rest = wg_buf_str(&text); rest.n > 0;) {
    size_t n = wg_str_find(rest, '\n');
    assert_true(n <= 81);
    rest = (wg_str){rest.p + n + 1, rest.n - n - 1};
  }
  WG_AUTO(wg_arena) arena;
  wg_regtext t;
  assert_ok(parse(wide.p, wide.n, &arena, &t, &err), &err);
  assert_int_equal(t.n_ops, 7);
  assert_int_equal(t.ops[1].n_bytes, 8);
  assert_memory_equal(t.ops[2].data, "a\0\0\0b\0", 6);
  assert_int_equal(t.ops[3].n_bytes, sizeof(bytes));
  assert_memory_equal(t.ops[3].data, bytes, sizeof(bytes));
  assert_int_equal(t.ops[5].n_bytes, 3);
  assert_int_equal(t.ops[5].type, 4);
}

static wg_code check_bad(const void *p, size_t n, const char *rest, wg_error *err) {
  WG_AUTO(wg_arena) arena;
  wg_regtext t;
  wg_code code = parse(p, n, &arena, &t, err);
  if (code != WG_OK && strcmp(rest, "0") != 0) {
    WG_AUTO(wg_cstr) want = wg_xprintf("line %s: ", rest);
    if (strncmp(err->text, want, strlen(want)) != 0) {
      fail_msg("'%s' does not begin with '%s'", err->text, want);
    }
  }
  return code;
}

static void bad_files_are_refused_at_their_line(void **state) {
  (void)state;
  bad_all("regtext", 16, check_bad);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_form_of_data),
      cmocka_unit_test(version4_is_in_a_code_page),
      cmocka_unit_test(ctrl_z_ends_a_text),
      cmocka_unit_test(what_is_written_reads_back),
      cmocka_unit_test(bad_files_are_refused_at_their_line),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
