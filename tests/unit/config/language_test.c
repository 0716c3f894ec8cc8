// SPDX-License-Identifier: Apache-2.0
// The language of the project file with tables of the test.
#include "base/near.h"
#include "config/section.h"
#include "config/units.h"
#include "config/walk.h"
#include "support.h"

static void sizes(void **state) {
  (void)state;
  uint64_t v = 0;
  assert_true(wg_cfg_parse_size("4096", &v) && v == 4096);
  assert_true(wg_cfg_parse_size("3800MiB", &v) && v == 3800ULL << 20);
  assert_true(wg_cfg_parse_size("10 GB", &v) && v == 10000000000ULL);
  assert_true(wg_cfg_parse_size("1kB", &v) && v == 1000);
  assert_false(wg_cfg_parse_size("", &v));
  assert_false(wg_cfg_parse_size("MiB", &v));
  assert_false(wg_cfg_parse_size("-1", &v));
  assert_false(wg_cfg_parse_size("1  MiB", &v));
  assert_false(wg_cfg_parse_size("1 mib", &v));
  assert_false(wg_cfg_parse_size("9999999999999999999TiB", &v));
  assert_false(wg_cfg_parse_size("9223372036854775808", &v));
}

static void durations(void **state) {
  (void)state;
  uint64_t v = 0;
  assert_true(wg_cfg_parse_duration("10m", &v) && v == 600000);
  assert_true(wg_cfg_parse_duration("1h30m", &v) && v == 5400000);
  assert_true(wg_cfg_parse_duration("250ms", &v) && v == 250);
  assert_true(wg_cfg_parse_duration("2d", &v) && v == 172800000);
  assert_false(wg_cfg_parse_duration("", &v));
  assert_false(wg_cfg_parse_duration("10", &v));
  assert_false(wg_cfg_parse_duration("m", &v));
  assert_false(wg_cfg_parse_duration("30m1h", &v));
  assert_false(wg_cfg_parse_duration("1m1m", &v));
  assert_false(wg_cfg_parse_duration("99999999999999d", &v));
}

static void times(void **state) {
  (void)state;
  int64_t t = 0;
  assert_true(wg_cfg_parse_time("1970-01-01T00:00:00Z", &t) && t == 0);
  assert_true(wg_cfg_parse_time("2000-02-29T12:34:56Z", &t) && t == 951827696);
  assert_true(wg_cfg_parse_time("2024-12-31T23:59:59.999Z", &t) && t == 1735689599);
  assert_true(wg_cfg_parse_time("2024-03-01T00:00:00-05:30", &t) && t == 1709271000);
  assert_true(wg_cfg_parse_time("2106-02-07T06:28:15Z", &t) && t == UINT32_MAX);
  assert_true(wg_cfg_parse_time("4294967295", &t) && t == UINT32_MAX);
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
    if (wg_cfg_parse_time(bad[i], &t)) {
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
  assert_null(wg_nearest("", words, 5));
}

// Size and duration are not used by a key yet: the walk takes them from a table of the test.
typedef struct measure_model {
  uint64_t size, wait;
} measure_model;

static void the_walk_takes_any_table(void **state) {
  (void)state;
  static const wg_key keys[] = {
      {.name = "size", .type = WG_KEY_SIZE, .at = WG_AT(measure_model, size), .def = "5GiB"},
      {.name = "wait", .type = WG_KEY_DURATION, .at = WG_AT(measure_model, wait)},
      {.name = NULL}};
  static const wg_key root = {.name = "", .type = WG_KEY_MAP, .sub = keys};
  WG_AUTO_PTR(wg_cfg) c = wg_cfg_new();
  static const char *source = "t.yaml";
  c->sources = &source;
  c->n_sources = 1;
  const wg_cfg_lang lang = {.root = &root};
  c->lang = &lang;
  wg_yaml_limits limits = WG_YAML_DEFAULT_LIMITS;
  wg_yaml_doc doc;
  wg_error err = WG_ERROR_INIT;
  measure_model m = {0};
  assert_ok(wg_yaml_parse(WG_STR("wait: 90s"), &limits, 0, &c->arena, &doc, &err), &err);
  wg_cfg_walk(c, &root, doc.root, &m);
  assert_true(m.size == 5ULL << 30 && m.wait == 90000);
  assert_ok(wg_yaml_parse(WG_STR("{wait: soon, size: big}"), &limits, 0, &c->arena, &doc, &err),
            &err);
  wg_cfg_walk(c, &root, doc.root, &m);
  size_t n = 0;
  const wg_cfg_fault *f = wg_cfg_faults(c, &n);
  assert_int_equal(n, 2);
  assert_string_equal(f[0].text, "wait: 'soon' is not a duration");
  assert_string_equal(f[1].text, "size: 'big' is not a size");
  assert_int_equal(f[1].pos.col, 20);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(sizes),
      cmocka_unit_test(durations),
      cmocka_unit_test(times),
      cmocka_unit_test(nearest),
      cmocka_unit_test(the_walk_takes_any_table),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
