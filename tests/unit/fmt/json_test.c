// SPDX-License-Identifier: Apache-2.0
#include "fmt/json/json.h"

#include <string.h>

#include "fmt/json/jsonw.h"
#include "os/mem.h"
#include "support.h"

// Writes one document that uses every call.
static void write_sample(wg_jsonw *w) {
  wg_jsonw_begin_object(w);
  wg_jsonw_kv_z(w, "name", "a\"b\\c\n\x01\x7f/\xc3\xa9");
  wg_jsonw_kv_u64(w, "u", UINT64_MAX);
  wg_jsonw_kv_i64(w, "i", INT64_MIN);
  wg_jsonw_kv_bool(w, "yes", true);
  wg_jsonw_kv_hex(w, "hex", "\x00\xff", 2);
  wg_jsonw_key_z(w, "none");
  wg_jsonw_null(w);
  wg_jsonw_key_z(w, "empty");
  wg_jsonw_begin_array(w);
  wg_jsonw_end_array(w);
  wg_jsonw_key_z(w, "list");
  wg_jsonw_begin_array(w);
  wg_jsonw_u64(w, 1);
  wg_jsonw_begin_object(w);
  wg_jsonw_end_object(w);
  wg_jsonw_begin_object(w);
  wg_jsonw_key_z(w, "k");
  wg_jsonw_printf(w, "%s-%u", "x", 7u);
  wg_jsonw_end_object(w);
  wg_jsonw_bool(w, false);
  wg_jsonw_end_array(w);
  wg_jsonw_end_object(w);
}

static const char compact_sample[] =
    "{\"name\":\"a\\\"b\\\\c\\n\\u0001\\u007f/\xc3\xa9\",\"u\":18446744073709551615,"
    "\"i\":-9223372036854775808,\"yes\":true,\"hex\":\"00ff\",\"none\":null,\"empty\":[],"
    "\"list\":[1,{},{\"k\":\"x-7\"},false]}";

static const char pretty_sample[] =
    "{\n  \"name\": \"a\\\"b\\\\c\\n\\u0001\\u007f/\xc3\xa9\",\n  \"u\": 18446744073709551615,\n"
    "  \"i\": -9223372036854775808,\n  \"yes\": true,\n  \"hex\": \"00ff\",\n  \"none\": null,\n"
    "  \"empty\": [],\n  \"list\": [\n    1,\n    {},\n    {\n      \"k\": \"x-7\"\n    },\n"
    "    false\n  ]\n}\n";

static void writer_bytes(void **state) {
  (void)state;
  wg_error err = WG_ERROR_INIT;
  WG_AUTO(wg_buf) b = {0};
  wg_buf_init(&b, wg_heap(), 0);
  wg_jsonw w;
  wg_jsonw_init(&w, &b, 0);
  write_sample(&w);
  assert_ok(wg_jsonw_finish(&w, &err), &err);
  assert_string_equal(wg_buf_z(&b), compact_sample);
  wg_buf_clear(&b);
  wg_jsonw_init(&w, &b, 2);
  write_sample(&w);
  assert_ok(wg_jsonw_finish(&w, &err), &err);
  assert_string_equal(wg_buf_z(&b), pretty_sample);
}

static void quote_is(const char *in, size_t n, const char *want) {
  WG_AUTO(wg_buf) b = {0};
  wg_buf_init(&b, wg_heap(), 0);
  wg_json_quote(&b, (wg_str){in, n});
  assert_string_equal(wg_buf_z(&b), want);
}

static void bad_utf8_is_replaced(void **state) {
  (void)state;
  quote_is("a\xff"
           "b",
           3,
           "\"a\xef\xbf\xbd"
           "b\"");
  quote_is("\xe2\x82", 2, "\"\xef\xbf\xbd\xef\xbf\xbd\"");                 // cut short
  quote_is("\xc0\x80", 2, "\"\xef\xbf\xbd\xef\xbf\xbd\"");                 // overlong
  quote_is("\xed\xa0\x80", 3, "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\""); // a surrogate
  quote_is("\xf0\x9f\x98\x80", 4, "\"\xf0\x9f\x98\x80\"");
  quote_is("\0\b\t\n\v\f\r", 7, "\"\\u0000\\b\\t\\n\\u000b\\f\\r\"");
  quote_is("", 0, "\"\"");
}

static void html_safe_text(void **state) {
  (void)state;
  wg_error err = WG_ERROR_INIT;
  WG_AUTO(wg_buf) b = {0};
  wg_buf_init(&b, wg_heap(), 0);
  wg_jsonw w;
  wg_jsonw_init(&w, &b, 0);
  w.html_safe = true;
  wg_jsonw_str_z(&w, "</script>&\xe2\x80\xa8");
  assert_ok(wg_jsonw_finish(&w, &err), &err);
  assert_string_equal(wg_buf_z(&b), "\"\\u003c/script\\u003e\\u0026\\u2028\"");
}

static void writer_reports_a_full_buffer(void **state) {
  (void)state;
  wg_error err = WG_ERROR_INIT;
  WG_AUTO(wg_buf) b = {0};
  wg_buf_init(&b, wg_heap(), 20);
  wg_jsonw w;
  wg_jsonw_init(&w, &b, 0);
  write_sample(&w);
  assert_int_equal(wg_jsonw_finish(&w, &err), WG_E_LIMIT);
}

static void reads_members(void **state) {
  (void)state;
  wg_error err = WG_ERROR_INIT;
  WG_AUTO_PTR(json_t) root = NULL;
  wg_str text = WG_STR("{\"s\": \"x\\u00e9\", \"n\": 42, \"neg\": -1, \"b\": true, \"o\": {}, "
                       "\"a\": [1], \"z\": null}");
  assert_ok(wg_json_parse(text, NULL, &root, &err), &err);
  wg_str s = WG_STR("default");
  uint64_t n = 5;
  bool b = false;
  const json_t *o = NULL, *a = NULL;
  assert_ok(wg_json_get_str(root, "s", &s, &err), &err);
  assert_true(wg_str_eqz(s, "x\xc3\xa9"));
  assert_ok(wg_json_get_u64(root, "n", &n, &err), &err);
  assert_int_equal(n, 42);
  assert_ok(wg_json_get_u64(root, "absent", &n, &err), &err);
  assert_ok(wg_json_get_u64(root, "z", &n, &err), &err);
  assert_int_equal(n, 42);
  assert_ok(wg_json_get_bool(root, "b", &b, &err), &err);
  assert_true(b);
  assert_ok(wg_json_get_object(root, "o", &o, &err), &err);
  assert_non_null(o);
  assert_ok(wg_json_get_array(root, "a", &a, &err), &err);
  assert_int_equal(json_array_size(a), 1);
  assert_int_equal(wg_json_get_u64(root, "neg", &n, &err), WG_E_FORMAT);
  assert_int_equal(wg_json_get_str(root, "n", &s, &err), WG_E_FORMAT);
  assert_string_equal(err.text, "'n' must be a string, it is a number");
  assert_int_equal(wg_json_get_bool(root, "n", &b, &err), WG_E_FORMAT);
  assert_int_equal(wg_json_get_object(root, "a", &o, &err), WG_E_FORMAT);
  assert_int_equal(wg_json_get_array(root, "o", &a, &err), WG_E_FORMAT);
  assert_int_equal(wg_json_get_str(a, "k", &s, &err), WG_E_FORMAT); // from a list
  assert_int_equal(wg_json_get_str(NULL, "k", &s, &err), WG_E_FORMAT);
}

static void refuses_what_is_not_json(void **state) {
  (void)state;
  static const char *const bad[] = {
      "",        "{",   "{\"a\":1,}", "[1 2]",    "{\"a\":1,\"a\":2}",    "\"\\u0000\"", "\"\xff\"",
      "[1] [2]", "nul", "'a'",        "[\"\n\"]", "99999999999999999999", "\"\\ud800\"", "[1e999]"};
  for (size_t i = 0; i < WG_ARRAY_LEN(bad); i++) {
    wg_error err = WG_ERROR_INIT;
    json_t *root = NULL;
    if (wg_json_parse(wg_str_of(bad[i]), NULL, &root, &err) != WG_E_FORMAT) {
      fail_msg("accepted: %s", bad[i]);
    }
    assert_null(root);
    if (strncmp(err.text, "line ", 5) != 0) {
      fail_msg("%s: %s", bad[i], err.text);
    }
    assert_true(err.off_bytes <= strlen(bad[i]));
  }
  wg_error err = WG_ERROR_INIT;
  json_t *root = NULL;
  assert_int_equal(wg_json_parse(WG_STR("{\n  \"a\": x\n}"), NULL, &root, &err), WG_E_FORMAT);
  assert_true(strncmp(err.text, "line 2, column 8: ", 18) == 0);
  assert_int_equal(err.off_bytes, 10);
}

static void keeps_to_limits(void **state) {
  (void)state;
  wg_error err = WG_ERROR_INIT;
  json_t *root = NULL;
  wg_json_limits lim = {.max_bytes = 100, .max_nodes = 4, .max_depth = 3};
  assert_ok(wg_json_parse(WG_STR("[[[\"{[,\\\"[\"]]]"), &lim, &root, &err), &err);
  json_decref(root);
  root = NULL;
  assert_int_equal(wg_json_parse(WG_STR("[[[[]]]]"), &lim, &root, &err), WG_E_LIMIT);
  assert_int_equal(err.off_bytes, 3);
  assert_int_equal(wg_json_parse(WG_STR("[1,2,3,4,5]"), &lim, &root, &err), WG_E_LIMIT);
  lim.max_bytes = 5;
  assert_int_equal(wg_json_parse(WG_STR("\"12345\""), &lim, &root, &err), WG_E_LIMIT);
  assert_int_equal(wg_json_parse(WG_STR("[     "), &lim, &root, &err), WG_E_LIMIT);
  assert_null(root);
}

static void reads_a_stream(void **state) {
  (void)state;
  wg_error err = WG_ERROR_INIT;
  static const char text[] = " {\"a\":\"}{\"}\n{\"a\":[{}]}\n\n[3]";
  wg_reader r = wg_reader_of(text, sizeof(text) - 1);
  for (int i = 0; i < 3; i++) {
    WG_AUTO_PTR(json_t) root = NULL;
    assert_ok(wg_json_parse_next(&r, NULL, &root, &err), &err);
    assert_non_null(root);
    assert_int_equal(json_is_array(root), i == 2);
  }
  json_t *root = NULL;
  assert_ok(wg_json_parse_next(&r, NULL, &root, &err), &err);
  assert_null(root);
  static const char cut[] = "{} {\"a\":";
  r = wg_reader_of(cut, sizeof(cut) - 1);
  assert_ok(wg_json_parse_next(&r, NULL, &root, &err), &err);
  json_decref(root);
  assert_int_equal(wg_json_parse_next(&r, NULL, &root, &err), WG_E_FORMAT);
  assert_int_equal(err.off_bytes, 8);
  r = wg_reader_of("go: no", 6);
  assert_int_equal(wg_json_parse_next(&r, NULL, &root, &err), WG_E_FORMAT);
}

static void what_is_written_reads_back(void **state) {
  (void)state;
  // Every byte value twice, next to every other: whatever it becomes must be JSON for jansson.
  wg_error err = WG_ERROR_INIT;
  for (unsigned a = 0; a < 256; a++) {
    char raw[512];
    for (unsigned b = 0; b < 256; b++) {
      raw[2 * b] = (char)a;
      raw[2 * b + 1] = (char)b;
    }
    WG_AUTO(wg_buf) out = {0};
    wg_buf_init(&out, wg_heap(), 0);
    wg_jsonw w;
    wg_jsonw_init(&w, &out, 0);
    w.html_safe = (a & 1) != 0;
    wg_jsonw_begin_array(&w);
    wg_jsonw_str(&w, (wg_str){raw, sizeof(raw)});
    wg_jsonw_end_array(&w);
    assert_ok(wg_jsonw_finish(&w, &err), &err);
    json_error_t e;
    json_t *root =
        json_loadb((const char *)out.p, out.n, JSON_ALLOW_NUL | JSON_REJECT_DUPLICATES, &e);
    assert_non_null(root);
    json_decref(root);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(writer_bytes),
      cmocka_unit_test(bad_utf8_is_replaced),
      cmocka_unit_test(html_safe_text),
      cmocka_unit_test(writer_reports_a_full_buffer),
      cmocka_unit_test(reads_members),
      cmocka_unit_test(refuses_what_is_not_json),
      cmocka_unit_test(keeps_to_limits),
      cmocka_unit_test(reads_a_stream),
      cmocka_unit_test(what_is_written_reads_back),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
