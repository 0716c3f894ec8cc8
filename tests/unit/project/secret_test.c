// SPDX-License-Identifier: Apache-2.0
// Secrets, with a table of the test: which keys take one is not this file's business.
#include "config/schema.h"
#include "config/walk.h"
#include "project/secret.h"
#include "world.h"

typedef struct secret_model {
  wg_secret password;
} secret_model;

static const wg_key keys[] = {{.name = "password",
                               .type = WG_KEY_OWN,
                               .kind = &wg_key_secret,
                               .at = WG_AT(secret_model, password),
                               .doc = "A password.",
                               .example = WG_SECRET_EXAMPLE},
                              {.name = NULL}};
static const wg_key root = {.name = "", .type = WG_KEY_MAP, .sub = keys};
static const wg_cfg_lang lang = {.root = &root, .model_bytes = sizeof(secret_model)};

static wg_cfg *read_it(const char *yaml, secret_model *out) {
  static const char *source = "t.yaml";
  wg_cfg *c = wg_cfg_new();
  c->sources = &source;
  c->n_sources = 1;
  c->lang = &lang;
  c->dir = "/p";
  wg_yaml_limits limits = WG_YAML_DEFAULT_LIMITS;
  wg_yaml_doc doc;
  wg_error err = WG_ERROR_INIT;
  *out = (secret_model){0};
  assert_ok(wg_yaml_parse(wg_str_of(yaml), &limits, 0, &c->arena, &doc, &err), &err);
  wg_cfg_walk(c, &root, doc.root, out);
  return c;
}

static void four_forms_are_taken(void **state) {
  (void)state;
  static const struct {
    const char *yaml, *name;
    wg_secret_kind kind;
  } good[] = {
      {"password: {env: PASS}", "PASS", WG_SECRET_ENV},
      {"password: {file: keys/pass}", "/p/keys/pass", WG_SECRET_FILE},
      {"password: {prompt: Password of the kiosk}", "Password of the kiosk", WG_SECRET_PROMPT},
      {"password: {plain: ''}", "", WG_SECRET_PLAIN},
      {"password: {plain: '${PASS}'}", "${PASS}", WG_SECRET_PLAIN}};
  for (size_t i = 0; i < WG_ARRAY_LEN(good); i++) {
    secret_model m;
    WG_AUTO_PTR(wg_cfg) c = read_it(good[i].yaml, &m);
    world_assert_faults(c, "");
    assert_int_equal(m.password.kind, good[i].kind);
    assert_string_equal(m.password.name, good[i].name);
    assert_string_equal(m.password.label, "password");
    assert_true(wg_str_starts(wg_str_of(m.password.origin), "t.yaml:1:"));
  }
}

static void all_else_is_refused_and_not_shown(void **state) {
  (void)state;
  static const char *const bad[] = {"password: MARKED",
                                    "password: MARKED:MARKED",
                                    "password: [MARKED]",
                                    "password: {env: PASS, plain: MARKED}",
                                    "password: {text: MARKED}",
                                    "password: {}",
                                    "password: {env: ''}",
                                    "password: {env: 1-x}",
                                    "password: {file: 'C:\\keys'}",
                                    "password: {prompt: [MARKED]}"};
  for (size_t i = 0; i < WG_ARRAY_LEN(bad); i++) {
    secret_model m;
    WG_AUTO_PTR(wg_cfg) c = read_it(bad[i], &m);
    size_t n = 0;
    const wg_cfg_fault *f = wg_cfg_faults(c, &n);
    assert_int_equal(n, 1);
    assert_int_equal(m.password.kind, WG_SECRET_NONE);
    assert_null(strstr(f[0].text, "MARKED"));
    assert_true(f[0].hint == NULL || strstr(f[0].hint, "MARKED") == NULL);
  }
}

static void the_schema_knows_the_forms(void **state) {
  (void)state;
  WG_AUTO(wg_buf) b = {0};
  wg_buf_init(&b, wg_heap(), 0);
  static const wg_section_at none[] = {{NULL, NULL, 0}};
  wg_cfg_lang with = lang;
  with.sections = none;
  wg_cfg_write_schema(&with, "t", false, &b);
  assert_non_null(strstr(wg_buf_z(&b), "\"maxProperties\": 1"));
  assert_non_null(strstr(wg_buf_z(&b), "\"prompt\""));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(four_forms_are_taken),
      cmocka_unit_test(all_else_is_refused_and_not_shown),
      cmocka_unit_test(the_schema_knows_the_forms),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
