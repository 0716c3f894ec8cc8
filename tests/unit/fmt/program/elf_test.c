// SPDX-License-Identifier: Apache-2.0
#include "fmt/elf/elf.h"

#include <string.h>

#include "bad.h"

static wg_code parse_bytes(const void *p, size_t n, const char *rest, wg_error *err) {
  (void)rest;
  WG_AUTO(wg_arena) arena = {0};
  wg_arena_init(&arena, wg_heap(), 1 << 20); // hostile counts must not cost memory
  wg_reader r = wg_reader_of(p, n);
  wg_elf e = {0};
  wg_code code = wg_elf_parse(&r, &arena, &e, err);
  if (code == WG_E_FORMAT) {
    assert_true(err->off_bytes <= n);
    assert_non_null(strstr(err->text, "offset 0x"));
  }
  return code;
}

static void hostile_files(void **state) {
  (void)state;
  bad_all("elf", 30, parse_bytes);
}

static void read_bad_file(const char *name, wg_buf *out) {
  wg_error err = WG_ERROR_INIT;
  WG_AUTO(wg_cstr) path = wg_xprintf("%s/tests/bad/elf/%s", wg_os_getenv("WG_SOURCE_ROOT"), name);
  wg_buf_init(out, wg_heap(), 0);
  assert_ok(wg_os_read_file(WG_CWD, path, 1 << 20, out, &err), &err);
}

// Both classes and byte orders give the same model.
static void what_the_model_says(void **state) {
  (void)state;
  static const char *const names[] = {"whole-64.elf", "whole-32-big.elf"};
  for (size_t k = 0; k < WG_ARRAY_LEN(names); k++) {
    wg_error err = WG_ERROR_INIT;
    WG_AUTO(wg_buf) b = {0};
    WG_AUTO(wg_arena) arena = {0};
    read_bad_file(names[k], &b);
    wg_arena_init(&arena, wg_heap(), 0);
    wg_reader r = wg_reader_of(b.p, b.n), at;
    wg_elf e = {0};
    assert_ok(wg_elf_parse(&r, &arena, &e, &err), &err);
    assert_int_equal(e.is_64, k == 0);
    assert_int_equal(e.big_endian, k == 1);
    assert_int_equal(e.type, WG_ELF_DYN);
    assert_int_equal(e.machine, k == 0 ? 62 : 3);
    assert_true(e.is_pie);
    assert_int_equal(e.entry, 0x400000);
    assert_int_equal(e.n_segments, 4);
    assert_int_equal(e.n_sections, 5);
    assert_true(wg_str_eqz(e.interpreter, "/lib/ld.so"));
    assert_int_equal(e.n_needed, 1);
    assert_true(wg_str_eqz(e.needed[0], "libc.so.6"));
    assert_true(wg_str_eqz(e.soname, "libx.so"));
    assert_int_equal(e.gnu_build_id.n, 20);
    assert_int_equal(e.gnu_build_id.p[19], 19);
    assert_int_equal(e.go_build_id.n, 0);
    assert_false(e.has_symbols);
    const wg_elf_section *s = wg_elf_find_section(&e, ".interp");
    assert_non_null(s);
    assert_null(wg_elf_find_section(&e, ".text"));
    assert_true(wg_elf_read_va(&e, s->addr, &at));
    assert_memory_equal(at.p, "/lib/ld.so", 11);
    assert_int_equal(at.n_bytes, b.n - s->off);
    assert_false(wg_elf_read_va(&e, 0x400000 - 1, &at));
    assert_false(wg_elf_read_va(&e, 0x400000 + b.n, &at));
  }
}

static void this_program(void **state) {
  (void)state;
  wg_error err = WG_ERROR_INIT;
  WG_AUTO(wg_buf) b = {0};
  WG_AUTO(wg_arena) arena = {0};
  wg_buf_init(&b, wg_heap(), 0);
  wg_arena_init(&arena, wg_heap(), 0);
  assert_ok(wg_os_read_file(WG_CWD, "/proc/self/exe", 1 << 30, &b, &err), &err);
  wg_reader r = wg_reader_of(b.p, b.n), at;
  wg_elf e = {0};
  assert_ok(wg_elf_parse(&r, &arena, &e, &err), &err);
  assert_true(e.is_64 == (sizeof(void *) == 8));
  assert_true(e.interpreter.n > 0);
  bool has_libc = false;
  for (size_t i = 0; i < e.n_needed; i++) {
    has_libc |= wg_str_starts(e.needed[i], "libc.so");
  }
  assert_true(has_libc);
  // A constant of this file is found at its place in .rodata by address.
  const wg_elf_section *ro = wg_elf_find_section(&e, ".rodata");
  assert_non_null(ro);
  assert_true(wg_elf_read_va(&e, ro->addr, &at));
  assert_int_equal(at.base_off, ro->off);
  // Cut anywhere, it is refused or still a whole description; it never crashes.
  for (size_t n = 0; n < b.n; n += b.n / 97 + 1) {
    WG_AUTO(wg_cstr) cut = wg_xstrndup((const char *)b.p, n);
    assert_int_equal(parse_bytes(cut, n, "", &err), WG_E_FORMAT);
  }
}

static void names(void **state) {
  (void)state;
  assert_string_equal(wg_elf_machine_name(62), "x86-64");
  assert_null(wg_elf_machine_name(0xFFFE));
  assert_string_equal(wg_elf_segment_type_name(0x6474E551), "GNU_STACK");
  assert_null(wg_elf_section_type_name(0x12345));
  wg_elf e = {.machine = 8, .is_64 = true, .big_endian = true};
  assert_string_equal(wg_elf_goarch(&e), "mips64");
  e.is_64 = false;
  e.big_endian = false;
  assert_string_equal(wg_elf_goarch(&e), "mipsle");
  e.machine = 62;
  assert_null(wg_elf_goarch(&e)); // x32 is no port of Go
}

static void out_of_memory(void **state) {
  (void)state;
  WG_AUTO(wg_buf) b = {0};
  read_bad_file("whole-64.elf", &b);
  for (unsigned long n = 1;; n++) {
    failing_heap heap = {.fail_at = n};
    wg_alloc alloc = failing_heap_alloc(&heap);
    wg_arena arena;
    wg_arena_init(&arena, &alloc, 0);
    wg_error err = WG_ERROR_INIT;
    wg_reader r = wg_reader_of(b.p, b.n);
    wg_elf e = {0};
    wg_code code = wg_elf_parse(&r, &arena, &e, &err);
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
      cmocka_unit_test(this_program),  cmocka_unit_test(names),
      cmocka_unit_test(out_of_memory),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
