// SPDX-License-Identifier: Apache-2.0
#include "fmt/ico/ico.h"

#include "bad.h"

static void read_seed(const char *name, wg_buf *out) {
  wg_error err = WG_ERROR_INIT;
  WG_AUTO(wg_cstr)
  path = wg_xprintf("%s/fuzz/ico/corpus/%s", wg_os_getenv("WG_SOURCE_ROOT"), name);
  wg_buf_init(out, wg_heap(), 0);
  assert_ok(wg_os_read_file(WG_CWD, path, 1 << 20, out, &err), &err);
}

static wg_code check_bad(const void *p, size_t n, const char *rest, wg_error *err) {
  WG_AUTO(wg_arena) arena = {0};
  wg_arena_init(&arena, wg_heap(), 0);
  const wg_ico *ico = NULL;
  wg_code code = wg_ico_parse(p, n, NULL, &arena, &ico, err);
  uint64_t want = 0;
  if (code == WG_E_FORMAT || rest[0] != 0) {
    assert_true(wg_parse_hex64(wg_str_of(rest + 2), &want));
    if (err->off_bytes != want) {
      fail_msg("offset 0x%llx, want %s: %s", (unsigned long long)err->off_bytes, rest, err->text);
    }
  }
  return code;
}

static void bad_files_are_refused_at_their_offset(void **state) {
  (void)state;
  bad_all("ico", 25, check_bad);
}

static void all_kinds_of_images_are_read(void **state) {
  (void)state;
  static const uint16_t bits[] = {1, 4, 8, 16, 24, 32, 32};
  WG_AUTO(wg_buf) b = {0};
  WG_AUTO(wg_arena) arena = {0};
  wg_error err = WG_ERROR_INIT;
  const wg_ico *ico = NULL;
  read_seed("bits", &b);
  wg_arena_init(&arena, wg_heap(), 0);
  assert_ok(wg_ico_parse(b.p, b.n, NULL, &arena, &ico, &err), &err);
  assert_int_equal(ico->n_images, WG_ARRAY_LEN(bits));
  for (size_t i = 0; i < WG_ARRAY_LEN(bits); i++) {
    assert_int_equal(ico->images[i].bits_per_pixel, bits[i]);
    assert_int_equal(ico->images[i].width_px, 8);
    assert_int_equal(ico->images[i].height_px, 8);
    assert_int_equal(ico->images[i].n_colors, bits[i] <= 8 ? 1U << bits[i] : 0);
    assert_false(ico->images[i].is_png);
  }
  WG_AUTO(wg_buf) p = {0};
  read_seed("png-palette", &p);
  assert_ok(wg_ico_parse(p.p, p.n, NULL, &arena, &ico, &err), &err);
  assert_true(ico->images[0].is_png);
  assert_int_equal(ico->images[0].bits_per_pixel, 8);
  assert_int_equal(ico->images[0].n_colors, 256);
}

static void every_truncation_is_refused(void **state) {
  (void)state;
  WG_AUTO(wg_buf) b = {0};
  read_seed("mixed", &b);
  for (size_t n = 0; n < b.n; n++) {
    WG_AUTO(wg_arena) arena = {0};
    wg_arena_init(&arena, wg_heap(), 0);
    wg_error err = WG_ERROR_INIT;
    const wg_ico *ico = NULL;
    WG_AUTO(wg_cstr) exact = wg_xstrndup((const char *)b.p, n);
    assert_int_equal(wg_ico_parse(exact, n, NULL, &arena, &ico, &err), WG_E_FORMAT);
    assert_true(err.off_bytes <= b.n);
  }
}

static void images_that_share_bytes_are_bounded(void **state) {
  (void)state;
  WG_AUTO(wg_buf) b = {0};
  WG_AUTO(wg_arena) arena = {0};
  wg_error err = WG_ERROR_INIT;
  const wg_ico *ico = NULL;
  read_seed("mixed", &b);
  wg_arena_init(&arena, wg_heap(), 0);
  wg_ico_limits lim = wg_ico_default_limits;
  lim.all_bytes = 200;
  assert_int_equal(wg_ico_parse(b.p, b.n, &lim, &arena, &ico, &err), WG_E_LIMIT);
  lim = wg_ico_default_limits;
  lim.side_px = 15;
  assert_int_equal(wg_ico_parse(b.p, b.n, &lim, &arena, &ico, &err), WG_E_LIMIT);
}

static void out_of_memory_is_returned(void **state) {
  (void)state;
  WG_AUTO(wg_buf) b = {0};
  read_seed("mixed", &b);
  failing_heap h = {.fail_at = 1};
  wg_alloc alloc = failing_heap_alloc(&h);
  WG_AUTO(wg_arena) arena = {0};
  wg_arena_init(&arena, &alloc, 0);
  wg_error err = WG_ERROR_INIT;
  const wg_ico *ico = NULL;
  assert_int_equal(wg_ico_parse(b.p, b.n, NULL, &arena, &ico, &err), WG_E_NOMEM);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(all_kinds_of_images_are_read),
      cmocka_unit_test(bad_files_are_refused_at_their_offset),
      cmocka_unit_test(every_truncation_is_refused),
      cmocka_unit_test(images_that_share_bytes_are_bounded),
      cmocka_unit_test(out_of_memory_is_returned),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
