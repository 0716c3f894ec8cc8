// SPDX-License-Identifier: Apache-2.0
#include "fmt/gobuildinfo/gobuildinfo.h"

#include <string.h>

#include "bad.h"
#include "fmt/gobuildinfo/go_quote.h"

static wg_code read_bytes(const void *p, size_t n, const char *rest, wg_error *err) {
  (void)rest;
  WG_AUTO(wg_arena) arena = {0};
  wg_arena_init(&arena, wg_heap(), 1 << 20);
  wg_reader r = wg_reader_of(p, n);
  wg_gobuildinfo info = {0};
  wg_code code = wg_gobuildinfo_of_file(&r, &arena, &info, err);
  if (code == WG_E_FORMAT) {
    assert_true(err->off_bytes <= n);
    assert_non_null(strstr(err->text, "offset 0x"));
  }
  if (code == WG_OK) {
    assert_true(wg_str_starts(info.go_version, "go1."));
  }
  return code;
}

static void hostile_files(void **state) {
  (void)state;
  bad_all("gobuildinfo", 30, read_bytes);
}

static const char sample[] =
    "path\texample.com/p\nmod\texample.com/p\t(devel)\t\ndep\ta.b/c\tv1.0.0\th1:AAAA=\n"
    "dep\ta.b/d\tv1.0.0\n=>\t../d\t(devel)\t\nbuild\tGOOS=linux\nbuild\t-ldflags=\"-X 'a=b c'\"\n";

static void check_sample(const wg_gobuildinfo *i) {
  assert_true(wg_str_eqz(i->path, "example.com/p"));
  assert_true(i->has_main);
  assert_true(wg_str_eqz(i->main.path, "example.com/p"));
  assert_true(wg_str_eqz(i->main.version, "(devel)"));
  assert_int_equal(i->main.sum.n, 0);
  assert_int_equal(i->n_deps, 2);
  assert_true(wg_str_eqz(i->deps[0].sum, "h1:AAAA="));
  assert_null(i->deps[0].replace);
  assert_true(wg_str_eqz(i->deps[1].path, "a.b/d"));
  assert_non_null(i->deps[1].replace);
  assert_true(wg_str_eqz(i->deps[1].replace->path, "../d"));
  assert_int_equal(i->n_settings, 2);
  assert_true(wg_str_eqz(wg_gobuildinfo_setting(i, "GOOS"), "linux"));
  assert_true(wg_str_eqz(wg_gobuildinfo_setting(i, "-ldflags"), "-X 'a=b c'"));
  assert_int_equal(wg_gobuildinfo_setting(i, "GOARCH").n, 0);
}

// Inline and pointer layouts, 32 and 64 bits, both byte orders: one model.
static void all_layouts(void **state) {
  (void)state;
  static const char *const names[] = {
      "inline.elf",      "no-section.elf",      "pointers-32.elf",     "pointers-32-big.elf",
      "pointers-64.elf", "pointers-64-big.elf", "misaligned-first.elf"};
  for (size_t k = 0; k < WG_ARRAY_LEN(names); k++) {
    wg_error err = WG_ERROR_INIT;
    WG_AUTO(wg_buf) b = {0};
    WG_AUTO(wg_arena) arena = {0};
    WG_AUTO(wg_cstr)
    path = wg_xprintf("%s/tests/bad/gobuildinfo/%s", wg_os_getenv("WG_SOURCE_ROOT"), names[k]);
    wg_buf_init(&b, wg_heap(), 0);
    wg_arena_init(&arena, wg_heap(), 0);
    assert_ok(wg_os_read_file(WG_CWD, path, 1 << 20, &b, &err), &err);
    wg_reader r = wg_reader_of(b.p, b.n);
    wg_gobuildinfo info = {0};
    assert_ok(wg_gobuildinfo_of_file(&r, &arena, &info, &err), &err);
    bool is_inline = strncmp(names[k], "pointers", 8) != 0;
    assert_int_equal(info.is_inline, is_inline);
    assert_true(wg_str_eqz(info.go_version, is_inline ? "go1.26.8" : "go1.17.13"));
    assert_true(wg_str_eqz(info.text, sample));
    check_sample(&info);
  }
}

static void other_files(void **state) {
  (void)state;
  wg_error err = WG_ERROR_INIT;
  assert_int_equal(read_bytes("hello, world, this is text", 26, "", &err), WG_E_UNSUPPORTED);
  assert_int_equal(read_bytes("", 0, "", &err), WG_E_UNSUPPORTED);
  assert_int_equal(read_bytes("MZ", 2, "", &err), WG_E_FORMAT);
}

// Answers of strconv.Unquote.
static void unquotes_as_go_does(void **state) {
  (void)state;
  static const struct {
    const char *in, *out; // out NULL: an error
  } cases[] = {
      {"\"\"", ""},
      {"\"abc\"", "abc"},
      {"\"a\\n\\t\\\\\\\"\"", "a\n\t\\\""},
      {"\"\\a\\b\\f\\r\\v\"", "\a\b\f\r\v"},
      {"\"\\x41\\101\\u0041\\U00000041\"", "AAAA"},
      {"\"\\u00e9\\U0001F600\"", "\xc3\xa9\xf0\x9f\x98\x80"},
      {"\"\\xe9\"", "\xe9"},
      {"\"\xff\"", "\xef\xbf\xbd"},
      {"`raw \\n \"x\"`", "raw \\n \"x\""},
      {"`a\r\nb`", "a\nb"},
      {"``", ""},
      {"\"'\"", "'"},
      {"\"\\'\"", NULL},
      {"\"a", NULL},
      {"\"", NULL},
      {"`a", NULL},
      {"\"a\nb\"", NULL},
      {"\"a\"b\"", NULL},
      {"`a`b`", NULL},
      {"\"\\\"", NULL},
      {"\"\\8\"", NULL},
      {"\"\\12\"", NULL},
      {"\"\\400\"", NULL},
      {"\"\\xg0\"", NULL},
      {"\"\\u12\"", NULL},
      {"\"\\ud800\"", NULL},
      {"\"\\U00110000\"", NULL},
      {"'a'", NULL},
      {"abc", NULL},
  };
  WG_AUTO(wg_arena) arena = {0};
  wg_arena_init(&arena, wg_heap(), 0);
  for (size_t k = 0; k < WG_ARRAY_LEN(cases); k++) {
    wg_str out = {0};
    bool no_memory = true;
    bool ok = wg_go_unquote(wg_str_of(cases[k].in), &arena, &out, &no_memory);
    assert_false(no_memory);
    if (ok != (cases[k].out != NULL) || (ok && !wg_str_eqz(out, cases[k].out))) {
      fail_msg("%s: %s '%.*s'", cases[k].in, ok ? "gave" : "refused", WG_STR_ARG(out));
    }
  }
}

static void prints_what_go_prints(void **state) {
  (void)state;
  wg_error err = WG_ERROR_INIT;
  WG_AUTO(wg_arena) arena = {0};
  WG_AUTO(wg_buf) out = {0};
  wg_arena_init(&arena, wg_heap(), 0);
  wg_buf_init(&out, wg_heap(), 0);
  wg_gobuildinfo info = {0};
  assert_ok(wg_gobuildinfo_parse_text(wg_str_of(sample), 0, &arena, &info, &err), &err);
  wg_gobuildinfo_print(&info, &out);
  assert_string_equal(
      wg_buf_z(&out),
      "path\texample.com/p\nmod\texample.com/p\t(devel)\t\ndep\ta.b/c\tv1.0.0\th1:AAAA=\n"
      "dep\ta.b/d\tv1.0.0\n=>\t../d\t(devel)\t\n\nbuild\tGOOS=linux\nbuild\t-ldflags=\"-X 'a=b "
      "c'\"\n");
}

static void unknown_lines_and_an_open_end(void **state) {
  (void)state;
  wg_error err = WG_ERROR_INIT;
  WG_AUTO(wg_arena) arena = {0};
  wg_arena_init(&arena, wg_heap(), 0);
  wg_gobuildinfo info = {0};
  wg_str text = WG_STR("future\tx\npath\tp\n\nbuild\t\"a b\"=c\nbuild\t`k`=\ndep\ta\tb");
  assert_ok(wg_gobuildinfo_parse_text(text, 0, &arena, &info, &err), &err);
  assert_true(wg_str_eqz(info.path, "p"));
  assert_false(info.has_main);
  assert_int_equal(info.n_deps, 0); // the last line does not end
  assert_int_equal(info.n_settings, 2);
  assert_true(wg_str_eqz(wg_gobuildinfo_setting(&info, "a b"), "c"));
  assert_int_equal(wg_gobuildinfo_parse_text(WG_STR("path\tp\nmod\tx\n"), 100, &arena, &info, &err),
                   WG_E_FORMAT);
  assert_int_equal(err.off_bytes, 107);
}

static void out_of_memory(void **state) {
  (void)state;
  for (unsigned long n = 1;; n++) {
    failing_heap heap = {.fail_at = n};
    wg_alloc alloc = failing_heap_alloc(&heap);
    wg_arena arena;
    wg_arena_init(&arena, &alloc, 0);
    wg_error err = WG_ERROR_INIT;
    wg_gobuildinfo info = {0};
    wg_code code = wg_gobuildinfo_parse_text(wg_str_of(sample), 0, &arena, &info, &err);
    wg_arena_done(&arena);
    assert_int_equal(heap.n_live, 0);
    if (code == WG_OK) {
      assert_true(n > 1);
      break;
    }
    assert_int_equal(code, WG_E_NOMEM);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(hostile_files),         cmocka_unit_test(all_layouts),
      cmocka_unit_test(other_files),           cmocka_unit_test(unquotes_as_go_does),
      cmocka_unit_test(prints_what_go_prints), cmocka_unit_test(unknown_lines_and_an_open_end),
      cmocka_unit_test(out_of_memory),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
