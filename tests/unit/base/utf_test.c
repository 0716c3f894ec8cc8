// SPDX-License-Identifier: Apache-2.0
#include "base/utf.h"

#include <string.h>

#include "os/mem.h"
#include "support.h"

static void utf16_round_trip_keeps_lone_surrogates(void **state) {
  (void)state;
  // 'a', U+1F600 (pair), a lone high, a lone low, U+FFFF
  static const uint8_t in[] = {0x61, 0,    0x3D, 0xD8, 0x00, 0xDE, 0x00,
                               0xD8, 0x61, 0,    0x00, 0xDC, 0xFF, 0xFF};
  WG_AUTO(wg_buf) text = {0};
  WG_AUTO(wg_buf) back = {0};
  wg_buf_init(&text, wg_heap(), 0);
  wg_buf_init(&back, wg_heap(), 0);
  assert_true(wg_utf16le_to_utf8(in, sizeof(in), &text));
  assert_true(wg_utf8_to_utf16le(wg_buf_str(&text), &back));
  assert_int_equal(back.n, sizeof(in));
  assert_memory_equal(back.p, in, sizeof(in));
  assert_false(wg_utf8_valid(wg_buf_str(&text))); // WTF-8 is not UTF-8
  assert_false(wg_utf16le_to_utf8(in, 3, &text));
}

static void bad_utf8_is_refused(void **state) {
  (void)state;
  static const char *const bad[] = {"\x80",
                                    "\xC0\x80",
                                    "\xC1\xBF",
                                    "\xE0\x80\x80",
                                    "\xED\xA0\x80",
                                    "\xF4\x90\x80\x80",
                                    "\xF8\x88\x80\x80\x80",
                                    "\xE2\x82",
                                    "\xFF"};
  for (size_t i = 0; i < WG_ARRAY_LEN(bad); i++) {
    assert_false(wg_utf8_valid(wg_str_of(bad[i])));
  }
  assert_true(wg_utf8_valid(WG_STR("a\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80")));
}

static void upcase_is_windows(void **state) {
  (void)state;
  static const struct {
    uint16_t in, want;
  } cases[] = {{'a', 'A'},       {'z', 'Z'},       {'[', '['},       {0xE9, 0xC9},
               {0xFF, 0x178},    {0xDF, 0xDF},     {0xB5, 0xB5},     {0x131, 0x131},
               {0x101, 0x100},   {0x3B1, 0x391},   {0x3C2, 0x3A3},   {0x44F, 0x42F},
               {0x451, 0x401},   {0x1C6, 0x1C4},   {0x1E01, 0x1E00}, {0xFF41, 0xFF21},
               {0x2170, 0x2160}, {0xD800, 0xD800}, {0x24D0, 0x24B6}};
  for (size_t i = 0; i < WG_ARRAY_LEN(cases); i++) {
    if (wg_upcase16(cases[i].in) != cases[i].want) {
      fail_msg("U+%04X gives U+%04X, want U+%04X", cases[i].in, wg_upcase16(cases[i].in),
               cases[i].want);
    }
  }
}

static void upcase_is_idempotent(void **state) {
  (void)state;
  // U+01C5-like title-case letters map on; one more application never changes anything.
  for (unsigned u = 0; u < 0x10000; u++) {
    uint16_t up = wg_upcase16((uint16_t)u);
    assert_int_equal(wg_upcase16(up), up);
  }
}

static void names_compare_without_case(void **state) {
  (void)state;
  assert_int_equal(wg_name_cmp_nocase(WG_STR("PROGRAM Files"), WG_STR("Program FILES")), 0);
  assert_int_equal(wg_name_cmp_nocase(WG_STR("\xC3\xA9"), WG_STR("\xC3\x89")), 0);
  assert_true(wg_name_cmp_nocase(WG_STR("a"), WG_STR("B")) < 0);
  assert_true(wg_name_cmp_nocase(WG_STR("ab"), WG_STR("A")) > 0);
  assert_int_equal(wg_name16_cmp_nocase((const uint8_t *)"a\0b", 4, (const uint8_t *)"A\0B", 4), 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(utf16_round_trip_keeps_lone_surrogates),
      cmocka_unit_test(bad_utf8_is_refused),
      cmocka_unit_test(upcase_is_windows),
      cmocka_unit_test(upcase_is_idempotent),
      cmocka_unit_test(names_compare_without_case),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
