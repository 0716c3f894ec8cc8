// SPDX-License-Identifier: Apache-2.0
// Sizes, durations and times as text; words that are nearly others.
#include <string.h>

#include "base/near.h"
#include "base/units.h"
#include "support.h"

static void sizes_as_people_write_them(void **state) {
  (void)state;
  static const struct {
    const char *text;
    uint64_t bytes;
  } good[] = {
      {"0", 0},
      {"4096", 4096},
      {"5GiB", 5ULL << 30},
      {"3800MiB", 3800ULL << 20},
      {"100 MB", 100000000},
      {"1k", 1024},
      {"2 tib", 1ULL << 41},
      {"7B", 7},
      {"9223372036854775807", INT64_MAX},
      {"1kB", 1000},
      {"10 GB", 10000000000},
      {"1 mib", 1ULL << 20},
  };
  for (size_t i = 0; i < WG_ARRAY_LEN(good); i++) {
    uint64_t got = 1;
    assert_true(wg_parse_size(good[i].text, &got));
    assert_true(got == good[i].bytes);
  }
  static const char *const bad[] = {"",
                                    " ",
                                    "GiB",
                                    "-1",
                                    "5 ",
                                    "5GiB ",
                                    "5 XB",
                                    "1.5",
                                    "0x10",
                                    "5GGB",
                                    "1e3k",
                                    " 5k",
                                    "+5",
                                    "5\t",
                                    "9223372036854775808",
                                    "1  MiB",
                                    "9999999999999999999TiB",

                                    "17179869184GiB"};
  for (size_t i = 0; i < WG_ARRAY_LEN(bad); i++) {
    uint64_t got = 42;
    assert_false(wg_parse_size(bad[i], &got));
    assert_true(got == 42);
  }
}

static void nearest_word_or_none(void **state) {
  (void)state;
  static const char *const words[] = {"build", "check", "clean", "inspect", "keep-going"};
  static const struct {
    const char *typed, *meant;
  } cases[] = {
      {"biuld", "build"},    {"cehck", "check"}, {"claen", "clean"},
      {"inspct", "inspect"}, {"ins", "inspect"}, {"keepgoing", "keep-going"},
      {"deploy", NULL},      {"", NULL},         {"b", NULL},
      {"xyzzy", NULL},
  };
  for (size_t i = 0; i < WG_ARRAY_LEN(cases); i++) {
    const char *got = wg_nearest(cases[i].typed, words, WG_ARRAY_LEN(words));
    if (cases[i].meant == NULL) {
      assert_null(got);
    } else {
      assert_non_null(got);
      assert_string_equal(got, cases[i].meant);
    }
  }
  char longest[4000];
  memset(longest, 'a', sizeof(longest) - 1);
  longest[sizeof(longest) - 1] = '\0';
  assert_null(wg_nearest(longest, words, WG_ARRAY_LEN(words)));
}

static void durations(void **state) {
  (void)state;
  uint64_t v = 0;
  assert_true(wg_parse_duration("10m", &v) && v == 600000);
  assert_true(wg_parse_duration("1h30m", &v) && v == 5400000);
  assert_true(wg_parse_duration("250ms", &v) && v == 250);
  assert_true(wg_parse_duration("2d", &v) && v == 172800000);
  assert_false(wg_parse_duration("", &v));
  assert_false(wg_parse_duration("10", &v));
  assert_false(wg_parse_duration("m", &v));
  assert_false(wg_parse_duration("30m1h", &v));
  assert_false(wg_parse_duration("1m1m", &v));
  assert_false(wg_parse_duration("99999999999999d", &v));
}

static void times(void **state) {
  (void)state;
  int64_t t = 0;
  assert_true(wg_parse_time("1970-01-01T00:00:00Z", &t) && t == 0);
  assert_true(wg_parse_time("2000-02-29T12:34:56Z", &t) && t == 951827696);
  assert_true(wg_parse_time("2024-12-31T23:59:59.999Z", &t) && t == 1735689599);
  assert_true(wg_parse_time("2024-03-01T00:00:00-05:30", &t) && t == 1709271000);
  assert_true(wg_parse_time("2106-02-07T06:28:15Z", &t) && t == UINT32_MAX);
  assert_true(wg_parse_time("4294967295", &t) && t == UINT32_MAX);
  static const char *const bad[] = {"",
                                    "2106-02-07T06:28:16Z",
                                    "1969-12-31T23:59:59Z",
                                    "1970-01-01T00:00:00+01:00",
                                    "2023-02-29T00:00:00Z",
                                    "2100-02-29T00:00:00Z",
                                    "2024-13-01T00:00:00Z",
                                    "2024-01-01T24:00:00Z",
                                    "2024-01-01T00:00:00",
                                    "2024-01-01",
                                    "2024-01-01T00:00:00.Z",
                                    "4294967296",
                                    "-1",
                                    "2024-01-01T00:00:00Zx"};
  for (size_t i = 0; i < WG_ARRAY_LEN(bad); i++) {
    if (wg_parse_time(bad[i], &t)) {
      fail_msg("'%s' is taken as a time", bad[i]);
    }
  }
}

static void nearest(void **state) {
  (void)state;
  static const char *const words[] = {"targets", "tags", "images", "sha256", "main"};
  assert_string_equal(wg_nearest("target", words, 5), "targets");
  assert_string_equal(wg_nearest("mian", words, 5), "main");
  assert_string_equal(wg_nearest("IMAGES", words, 5), "images");
  assert_string_equal(wg_nearest("sha", words, 5), "sha256");
  assert_null(wg_nearest("quux", words, 5));
  static const char *const outputs[] = {"wim", "esd", "swm"};
  assert_null(wg_nearest("iso", outputs, 3)); // one letter of three is no likeness
  assert_string_equal(wg_nearest("sed", outputs, 3), "esd");
  assert_null(wg_nearest("", words, 5));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(sizes_as_people_write_them),
      cmocka_unit_test(nearest_word_or_none),
      cmocka_unit_test(durations),
      cmocka_unit_test(times),
      cmocka_unit_test(nearest),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
