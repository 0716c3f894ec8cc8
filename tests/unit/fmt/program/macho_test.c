// SPDX-License-Identifier: Apache-2.0
#include "fmt/macho/macho.h"

#include <string.h>

#include "bad.h"

static wg_code parse_bytes(const void *p, size_t n, const char *rest, wg_error *err) {
  (void)rest;
  WG_AUTO(wg_arena) arena = {0};
  wg_arena_init(&arena, wg_heap(), 1 << 20);
  wg_reader r = wg_reader_of(p, n);
  wg_macho_file f = {0};
  wg_code code = wg_macho_parse(&r, &arena, &f, err);
  if (code == WG_E_FORMAT) {
    assert_true(err->off_bytes <= n);
    assert_non_null(strstr(err->text, "offset 0x"));
  }
  return code;
}

static void hostile_files(void **state) {
  (void)state;
  bad_all("macho", 30, parse_bytes);
}

static void read_bad_file(const char *name, wg_buf *out) {
  wg_error err = WG_ERROR_INIT;
  WG_AUTO(wg_cstr) path = wg_xprintf("%s/tests/bad/macho/%s", wg_os_getenv("WG_SOURCE_ROOT"), name);
  wg_buf_init(out, wg_heap(), 0);
  assert_ok(wg_os_read_file(WG_CWD, path, 1 << 20, out, &err), &err);
}

static void check_model(const wg_macho *m) {
  char text[16];
  wg_reader at;
  assert_true(m->is_64);
  assert_false(m->big_endian);
  assert_int_equal(m->type, WG_MACHO_EXECUTE);
  assert_int_equal(m->n_commands, 5);
  assert_int_equal(m->n_segments, 1);
  assert_true(wg_str_eqz(m->segments[0].name, "__TEXT"));
  assert_int_equal(m->segments[0].n_sections, 1);
  assert_int_equal(m->n_sections, 1);
  assert_true(wg_str_eqz(m->sections[0].name, "__text"));
  assert_int_equal(m->n_dylibs, 1);
  assert_true(wg_str_eqz(m->dylibs[0].name, "/usr/lib/libSystem.B.dylib"));
  assert_string_equal(wg_macho_version_text(m->dylibs[0].current, text), "1319.0");
  assert_true(m->has_min_os);
  assert_string_equal(wg_macho_platform_name(m->platform), "macOS");
  assert_string_equal(wg_macho_version_text(m->min_os, text), "12.0");
  assert_string_equal(wg_macho_version_text(m->sdk, text), "13.1");
  assert_true(m->has_uuid);
  assert_int_equal(m->uuid[15], 15);
  assert_true(m->has_entry);
  assert_int_equal(m->entry_off, m->sections[0].off);
  assert_false(m->has_signature);
  assert_true(wg_macho_read_va(m, m->segments[0].vaddr + m->sections[0].off, &at));
  assert_int_equal(at.n_bytes, 8);
  assert_int_equal(at.p[0], 0x90);
  assert_false(wg_macho_read_va(m, m->segments[0].vaddr - 1, &at));
  assert_non_null(wg_macho_find_section(m, "__text"));
  assert_null(wg_macho_find_section(m, "__data"));
}

static void what_the_model_says(void **state) {
  (void)state;
  static const char *const names[] = {"whole.macho", "whole-fat.macho"};
  for (size_t k = 0; k < WG_ARRAY_LEN(names); k++) {
    wg_error err = WG_ERROR_INIT;
    WG_AUTO(wg_buf) b = {0};
    WG_AUTO(wg_arena) arena = {0};
    read_bad_file(names[k], &b);
    wg_arena_init(&arena, wg_heap(), 0);
    wg_reader r = wg_reader_of(b.p, b.n);
    wg_macho_file f = {0};
    assert_ok(wg_macho_parse(&r, &arena, &f, &err), &err);
    assert_int_equal(f.is_fat, k == 1);
    assert_int_equal(f.n_images, k + 1);
    for (size_t i = 0; i < f.n_images; i++) {
      check_model(&f.images[i]);
      assert_string_equal(wg_macho_goarch(&f.images[i]), i == 0 ? "amd64" : "arm64");
    }
  }
}

// A Java class starts as a fat file does.
static void detects(void **state) {
  (void)state;
  static const uint8_t java[] = {0xCA, 0xFE, 0xBA, 0xBE, 0, 0, 0, 52, 0, 0};
  static const uint8_t fat[] = {0xCA, 0xFE, 0xBA, 0xBE, 0, 0, 0, 2};
  static const uint8_t big[] = {0xFE, 0xED, 0xFA, 0xCE, 0, 0, 0, 18};
  static const uint8_t small[] = {0xCF, 0xFA, 0xED, 0xFE, 7, 0, 0, 1};
  wg_reader r = wg_reader_of(java, sizeof(java));
  assert_false(wg_macho_detect(&r));
  r = wg_reader_of(fat, sizeof(fat));
  assert_true(wg_macho_detect(&r));
  r = wg_reader_of(big, sizeof(big));
  assert_true(wg_macho_detect(&r));
  r = wg_reader_of(small, sizeof(small));
  assert_true(wg_macho_detect(&r));
  r = wg_reader_of(small, 3);
  assert_false(wg_macho_detect(&r));
}

static void cut_anywhere(void **state) {
  (void)state;
  static const char *const names[] = {"whole.macho", "whole-fat.macho"};
  for (size_t k = 0; k < WG_ARRAY_LEN(names); k++) {
    WG_AUTO(wg_buf) b = {0};
    read_bad_file(names[k], &b);
    for (size_t n = 0; n < b.n; n++) {
      wg_error err = WG_ERROR_INIT;
      WG_AUTO(wg_cstr) cut = wg_xstrndup((const char *)b.p, n);
      assert_int_equal(parse_bytes(cut, n, "", &err), WG_E_FORMAT);
    }
  }
}

static void names(void **state) {
  (void)state;
  char text[16];
  assert_string_equal(wg_macho_cpu_name(WG_MACHO_CPU_ARM64, 0x80000002), "arm64e");
  assert_string_equal(wg_macho_cpu_name(WG_MACHO_CPU_X86_64, 8), "x86_64h");
  assert_null(wg_macho_cpu_name(99, 0));
  assert_null(wg_macho_type_name(0));
  assert_null(wg_macho_type_name(99));
  assert_null(wg_macho_platform_name(1000));
  assert_string_equal(wg_macho_version_text(0xFFFFFFFF, text), "65535.255.255");
}

static void out_of_memory(void **state) {
  (void)state;
  WG_AUTO(wg_buf) b = {0};
  read_bad_file("whole-fat.macho", &b);
  for (unsigned long n = 1;; n++) {
    failing_heap heap = {.fail_at = n};
    wg_alloc alloc = failing_heap_alloc(&heap);
    wg_arena arena;
    wg_arena_init(&arena, &alloc, 0);
    wg_error err = WG_ERROR_INIT;
    wg_reader r = wg_reader_of(b.p, b.n);
    wg_macho_file f = {0};
    wg_code code = wg_macho_parse(&r, &arena, &f, &err);
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
      cmocka_unit_test(hostile_files), cmocka_unit_test(what_the_model_says),
      cmocka_unit_test(detects),       cmocka_unit_test(cut_anywhere),
      cmocka_unit_test(names),         cmocka_unit_test(out_of_memory),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
