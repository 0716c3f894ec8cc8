// SPDX-License-Identifier: Apache-2.0
#include "fmt/sbom/sbom.h"

#include <string.h>

#include "fmt/json/json.h"
#include "os/mem.h"
#include "support.h"

// WG_STR for a static initialiser.
#define TEXT(lit)                                                                                  \
  { (lit), sizeof(lit) - 1 }

static const wg_go_module fork = {
    .path = TEXT("github.com/me/Fork"), .version = TEXT("v2.0.1"), .sum = TEXT("h1:FF=")};
static const wg_go_module folder = {.path = TEXT("../x"), .version = TEXT("(devel)")};
static wg_go_module deps[] = {
    {.path = TEXT("a.b/plain"), .version = TEXT("v1.0.0+incompatible"), .sum = TEXT("h1:AA=")},
    {.path = TEXT("a.b/replaced"), .version = TEXT("v1.0.0"), .replace = &fork},
    {.path = TEXT("a.b/x"), .version = TEXT("v0.1.0"), .replace = &folder},
};
static wg_go_setting settings[] = {{TEXT("GOOS"), TEXT("windows")},
                                   {TEXT("-ldflags"), TEXT("-s \"x\"")},
                                   {TEXT("vcs.revision"), TEXT("abc")}};

static wg_gobuildinfo sample_info(void) {
  return (wg_gobuildinfo){
      .go_version = WG_STR("go1.26.8 X:loop"),
      .path = WG_STR("example.com/m/cmd/Tool"),
      .has_main = true,
      .main = {.path = WG_STR("example.com/m"), .version = WG_STR("(devel)")},
      .deps = deps,
      .n_deps = WG_ARRAY_LEN(deps),
      .settings = settings,
      .n_settings = WG_ARRAY_LEN(settings),
  };
}

static json_t *write_and_parse(const wg_sbom_in *in, wg_buf *out) {
  wg_error err = WG_ERROR_INIT;
  json_t *root = NULL;
  wg_buf_init(out, wg_heap(), 0);
  assert_ok(wg_sbom_write(in, out, &err), &err);
  assert_ok(wg_json_parse(wg_buf_str(out), NULL, &root, &err), &err);
  return root;
}

// The string at a path such as "metadata/component/name" or "components/0/purl"; NULL: absent.
static const char *text_at(const json_t *v, const char *path) {
  char step[64];
  while (*path != '\0' && v != NULL) {
    size_t n = strcspn(path, "/");
    memcpy(step, path, n);
    step[n] = '\0';
    path += n + (path[n] == '/' ? 1 : 0);
    v = json_is_array(v) ? json_array_get(v, (size_t)(step[0] - '0')) : json_object_get(v, step);
  }
  return json_string_value(v);
}

static const char *property(const json_t *component, const char *name) {
  const json_t *list = json_object_get(component, "properties");
  for (size_t i = 0; i < json_array_size(list); i++) {
    const json_t *p = json_array_get(list, i);
    if (strcmp(json_string_value(json_object_get(p, "name")), name) == 0) {
      return json_string_value(json_object_get(p, "value"));
    }
  }
  return NULL;
}

static void main_component(void **state) {
  (void)state;
  wg_gobuildinfo info = sample_info();
  wg_digest digest = wg_sha256("x", 1);
  wg_sbom_in in = {.info = &info,
                   .file_name = WG_STR("tool.exe"),
                   .sha256 = &digest,
                   .version = WG_STR("3.1.0"),
                   .revision = WG_STR("r1"),
                   .tool_version = WG_STR("0.1"),
                   .has_time = true,
                   .time_s = 951827696};
  WG_AUTO(wg_buf) out = {0};
  WG_AUTO_PTR(json_t) root = write_and_parse(&in, &out);
  const json_t *c = json_object_get(json_object_get(root, "metadata"), "component");
  assert_string_equal(text_at(root, "bomFormat"), "CycloneDX");
  assert_string_equal(text_at(root, "specVersion"), "1.5");
  assert_string_equal(text_at(root, "metadata/timestamp"), "2000-02-29T12:34:56Z");
  assert_string_equal(text_at(root, "metadata/tools/components/0/name"), "wingo");
  assert_string_equal(text_at(c, "name"), "Tool");
  assert_string_equal(text_at(c, "version"), "3.1.0");
  assert_string_equal(text_at(c, "purl"), "pkg:golang/example.com/m");
  assert_string_equal(text_at(c, "hashes/0/alg"), "SHA-256");
  assert_string_equal(text_at(c, "hashes/0/content"), wg_digest_hex(&digest).s);
  assert_string_equal(property(c, "cdx:gomod:build:env:GOOS"), "windows");
  assert_string_equal(property(c, "wingo:go:build:-ldflags"), "-s \"x\"");
  assert_string_equal(property(c, "cdx:gomod:build:vcs:revision"), "abc");
  assert_string_equal(property(c, "wingo:revision"), "r1");
}

static void modules(void **state) {
  (void)state;
  wg_gobuildinfo info = sample_info();
  wg_sbom_in in = {.info = &info, .tool_version = WG_STR("0.1")};
  WG_AUTO(wg_buf) out = {0};
  WG_AUTO_PTR(json_t) root = write_and_parse(&in, &out);
  assert_null(text_at(root, "metadata/timestamp"));
  const json_t *list = json_object_get(root, "components");
  assert_int_equal(json_array_size(list), 4);
  const json_t *plain = json_array_get(list, 0), *replaced = json_array_get(list, 1),
               *local = json_array_get(list, 2), *std = json_array_get(list, 3);
  assert_string_equal(text_at(plain, "version"), "v1.0.0+incompatible");
  assert_string_equal(text_at(plain, "purl"), "pkg:golang/a.b/plain@v1.0.0%2Bincompatible");
  assert_string_equal(property(plain, "wingo:go:sum"), "h1:AA=");
  assert_null(json_object_get(plain, "hashes")); // an h1 is no hash of a file
  assert_string_equal(text_at(replaced, "name"), "github.com/me/Fork");
  assert_string_equal(text_at(replaced, "version"), "v2.0.1");
  assert_string_equal(text_at(replaced, "purl"), "pkg:golang/github.com/me/fork@v2.0.1");
  assert_string_equal(text_at(replaced, "pedigree/ancestors/0/purl"),
                      "pkg:golang/a.b/replaced@v1.0.0");
  assert_string_equal(property(replaced, "wingo:go:sum"), "h1:FF=");
  assert_string_equal(text_at(local, "name"), "a.b/x");
  assert_null(json_object_get(local, "version"));
  assert_null(json_object_get(local, "purl"));
  assert_string_equal(property(local, "wingo:go:replaced_by"), "../x");
  assert_string_equal(text_at(std, "name"), "std");
  assert_string_equal(text_at(std, "purl"), "pkg:golang/std@1.26.8");
  const json_t *on =
      json_object_get(json_array_get(json_object_get(root, "dependencies"), 0), "dependsOn");
  assert_int_equal(json_array_size(on), 4);
  for (size_t i = 0; i < 4; i++) {
    assert_string_equal(json_string_value(json_array_get(on, i)),
                        text_at(json_array_get(list, i), "bom-ref"));
  }
}

static void references_differ(void **state) {
  (void)state;
  wg_go_module twice[] = {{.path = WG_STR("b"), .version = WG_STR("v1")},
                          {.path = WG_STR("a"), .version = WG_STR("v1")},
                          {.path = WG_STR("b"), .version = WG_STR("v1")},
                          {.path = WG_STR("c"), .version = WG_STR("v1")},
                          {.path = WG_STR("c"), .version = WG_STR("v1")}};
  wg_gobuildinfo info = {.go_version = WG_STR("devel"), .deps = twice, .n_deps = 5};
  wg_sbom_in in = {.info = &info, .tool_version = WG_STR("0.1")};
  WG_AUTO(wg_buf) out = {0};
  WG_AUTO_PTR(json_t) root = write_and_parse(&in, &out);
  const json_t *list = json_object_get(root, "components");
  assert_int_equal(json_array_size(list), 6);
  for (size_t i = 0; i < 6; i++) {
    for (size_t k = 0; k < i; k++) {
      assert_string_not_equal(text_at(json_array_get(list, i), "bom-ref"),
                              text_at(json_array_get(list, k), "bom-ref"));
    }
  }
  assert_string_equal(text_at(root, "metadata/component/name"), "program");
  assert_string_equal(text_at(list, "5/purl"), "pkg:golang/std");
}

static void same_input_same_bytes(void **state) {
  (void)state;
  wg_gobuildinfo info = sample_info();
  wg_sbom_in in = {.info = &info, .tool_version = WG_STR("0.1")};
  WG_AUTO(wg_buf) a = {0};
  WG_AUTO(wg_buf) b = {0};
  WG_AUTO(wg_buf) c = {0};
  WG_AUTO_PTR(json_t) ra = write_and_parse(&in, &a);
  WG_AUTO_PTR(json_t) rb = write_and_parse(&in, &b);
  assert_non_null(rb);
  in.revision = WG_STR("other");
  WG_AUTO_PTR(json_t) rc = write_and_parse(&in, &c);
  assert_true(wg_str_eq(wg_buf_str(&a), wg_buf_str(&b)));
  const char *serial = text_at(ra, "serialNumber");
  assert_string_not_equal(serial, text_at(rc, "serialNumber"));
  assert_int_equal(strlen(serial), 45);
  assert_int_equal(strncmp(serial, "urn:uuid:", 9), 0);
  assert_int_equal(serial[23], '8');
  assert_non_null(strchr("89ab", serial[28]));
}

static void times(void **state) {
  (void)state;
  static const struct {
    int64_t time_s;
    const char *text;
  } cases[] = {{0, "1970-01-01T00:00:00Z"},          {86399, "1970-01-01T23:59:59Z"},
               {68169600, "1972-02-29T00:00:00Z"},   {1709251199, "2024-02-29T23:59:59Z"},
               {4107542400, "2100-03-01T00:00:00Z"}, {253402300799, "9999-12-31T23:59:59Z"}};
  wg_gobuildinfo info = sample_info();
  for (size_t k = 0; k < WG_ARRAY_LEN(cases); k++) {
    wg_sbom_in in = {
        .info = &info, .tool_version = WG_STR("0.1"), .has_time = true, .time_s = cases[k].time_s};
    WG_AUTO(wg_buf) out = {0};
    WG_AUTO_PTR(json_t) root = write_and_parse(&in, &out);
    assert_string_equal(text_at(root, "metadata/timestamp"), cases[k].text);
  }
  wg_error err = WG_ERROR_INIT;
  WG_AUTO(wg_buf) out = {0};
  wg_buf_init(&out, wg_heap(), 0);
  wg_sbom_in in = {.info = &info, .has_time = true, .time_s = 253402300800};
  assert_int_equal(wg_sbom_write(&in, &out, &err), WG_E_USAGE);
  in.time_s = -1;
  assert_int_equal(wg_sbom_write(&in, &out, &err), WG_E_USAGE);
}

static void out_of_memory(void **state) {
  (void)state;
  wg_gobuildinfo info = sample_info();
  wg_sbom_in in = {.info = &info, .tool_version = WG_STR("0.1")};
  for (unsigned long n = 1;; n++) {
    failing_heap heap = {.fail_at = n};
    wg_alloc alloc = failing_heap_alloc(&heap);
    wg_error err = WG_ERROR_INIT;
    wg_buf out;
    wg_buf_init(&out, &alloc, 0);
    wg_code code = wg_sbom_write(&in, &out, &err);
    wg_buf_done(&out);
    assert_int_equal(heap.n_live, 0);
    if (code == WG_OK) {
      assert_true(n > 2);
      break;
    }
    assert_int_equal(code, WG_E_NOMEM);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(main_component),
      cmocka_unit_test(modules),
      cmocka_unit_test(references_differ),
      cmocka_unit_test(same_input_same_bytes),
      cmocka_unit_test(times),
      cmocka_unit_test(out_of_memory),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
