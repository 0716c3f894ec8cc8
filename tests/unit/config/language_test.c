// SPDX-License-Identifier: Apache-2.0
// The language of the project file with tables of the test.
#include "config/section.h"
#include "config/walk.h"
#include "support.h"

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
      cmocka_unit_test(the_walk_takes_any_table),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
