// SPDX-License-Identifier: Apache-2.0
#include "base/bytes.h"

#include <string.h>

#include "os/mem.h"
#include "support.h"

static void reads_advance_only_on_success(void **state) {
  (void)state;
  const uint8_t in[] = {1, 2, 3, 4, 5, 6, 7, 8, 9};
  wg_reader r = wg_reader_of(in, sizeof(in));
  uint64_t v64 = 0;
  uint32_t v32 = 0;
  uint16_t v16 = 0;
  uint8_t v8 = 0;
  assert_true(wg_read_le16(&r, &v16));
  assert_int_equal(v16, 0x0201);
  assert_true(wg_read_be16(&r, &v16));
  assert_int_equal(v16, 0x0304);
  assert_true(wg_read_le32(&r, &v32));
  assert_int_equal(v32, 0x08070605);
  assert_false(wg_read_le16(&r, &v16));
  assert_int_equal(v16, 0x0304);
  assert_int_equal(r.pos, 8);
  assert_false(wg_read_le64(&r, &v64));
  assert_true(wg_read_u8(&r, &v8));
  assert_int_equal(v8, 9);
  assert_false(wg_read_u8(&r, &v8));
  assert_false(wg_read_seek(&r, 10));
  assert_true(wg_read_seek(&r, 1));
  assert_true(wg_read_be64(&r, &v64));
  assert_true(v64 == 0x0203040506070809ULL);
}

static void slices_cannot_leave_their_parent(void **state) {
  (void)state;
  const uint8_t in[16] = {0};
  wg_reader r = wg_reader_of(in, sizeof(in)), s;
  assert_true(wg_reader_slice(&r, 4, 12, &s));
  assert_int_equal(s.base_off, 4);
  assert_false(wg_reader_slice(&s, 0, 13, &s));
  assert_false(wg_reader_slice(&r, 17, 0, &s));
  assert_false(wg_reader_slice(&r, UINT64_MAX, 2, &s));
  assert_false(wg_reader_slice(&r, 2, UINT64_MAX, &s));
  assert_true(wg_reader_slice(&r, 16, 0, &s));
}

static void uvarints(void **state) {
  (void)state;
  static const struct {
    const char *in;
    size_t n;
    bool ok;
    uint64_t v;
  } cases[] = {
      {"\x00", 1, true, 0},
      {"\xac\x02", 2, true, 300},
      {"\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 10, true, UINT64_MAX},
      {"\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02", 10, false, 0},
      {"\x80", 1, false, 0},
      {"", 0, false, 0},
  };
  for (size_t i = 0; i < WG_ARRAY_LEN(cases); i++) {
    wg_reader r = wg_reader_of(cases[i].in, cases[i].n);
    uint64_t v = 0;
    assert_int_equal(wg_read_uvarint(&r, &v), cases[i].ok);
    assert_true(v == cases[i].v);
    assert_int_equal(r.pos, cases[i].ok ? cases[i].n : 0);
  }
}

static void buffer_keeps_to_its_ceiling(void **state) {
  (void)state;
  WG_AUTO(wg_buf) b = {0};
  wg_error err = WG_ERROR_INIT;
  wg_buf_init(&b, wg_heap(), 10);
  wg_buf_add(&b, "0123456789", 10);
  assert_int_equal(wg_buf_check(&b, &err), WG_OK);
  wg_buf_add_byte(&b, 'x');
  wg_buf_add_byte(&b, 'y'); // ignored: failure is sticky
  assert_int_equal(wg_buf_check(&b, &err), WG_E_LIMIT);
  assert_int_equal(b.n, 10);
  wg_buf_clear(&b);
  wg_buf_printf(&b, "%s=%d", "a", -7);
  assert_string_equal(wg_buf_z(&b), "a=-7");
}

static void numbers_parse_whole_or_not(void **state) {
  (void)state;
  uint64_t v = 0;
  assert_true(wg_parse_u64(WG_STR("18446744073709551615"), &v));
  assert_true(v == UINT64_MAX);
  assert_false(wg_parse_u64(WG_STR("18446744073709551616"), &v));
  assert_false(wg_parse_u64(WG_STR(""), &v));
  assert_false(wg_parse_u64(WG_STR("-1"), &v));
  assert_false(wg_parse_u64(WG_STR("1 "), &v));
  assert_true(wg_parse_hex64(WG_STR("fFfFffffffffffff"), &v));
  assert_false(wg_parse_hex64(WG_STR("1ffffffffffffffff"), &v));
  uint8_t two[2] = {0};
  assert_true(wg_parse_hex(WG_STR("A0fe"), two, 2));
  assert_int_equal(two[0], 0xA0);
  assert_false(wg_parse_hex(WG_STR("A0f"), two, 2));
  assert_false(wg_parse_hex(WG_STR("A0fg"), two, 2));
}

static void strings(void **state) {
  (void)state;
  assert_true(wg_str_starts(WG_STR("abc"), "ab"));
  assert_false(wg_str_starts(WG_STR("a"), "ab"));
  assert_true(wg_str_ends(WG_STR("abc"), "bc"));
  assert_true(wg_str_eq_nocase(WG_STR("aBc"), "AbC"));
  assert_int_equal(wg_str_find(WG_STR("abc"), 'c'), 2);
  assert_int_equal(wg_str_find(WG_STR("abc"), 'x'), 3);
  assert_true(wg_str_cmp(WG_STR("a"), WG_STR("ab")) < 0);
  assert_true(wg_str_eq((wg_str){0}, WG_STR("")));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(reads_advance_only_on_success),
      cmocka_unit_test(slices_cannot_leave_their_parent),
      cmocka_unit_test(uvarints),
      cmocka_unit_test(buffer_keeps_to_its_ceiling),
      cmocka_unit_test(numbers_parse_whole_or_not),
      cmocka_unit_test(strings),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
