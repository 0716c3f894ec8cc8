// SPDX-License-Identifier: Apache-2.0
#include "fmt/der/der.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "bad.h"
#include "fmt/der/pkcs7.h"

#define BYTES(...) ((const uint8_t[]){__VA_ARGS__}), sizeof((const uint8_t[]){__VA_ARGS__})

static wg_code oid(const uint8_t *p, size_t n, wg_oid *out, wg_error *err) {
  wg_reader r = wg_reader_of(p, n);
  return wg_der_oid(&r, "it", out, err);
}

static void object_identifiers(void **state) {
  (void)state;
  wg_oid o;
  wg_error err = WG_ERROR_INIT;
  assert_ok(oid(BYTES(6, 3, 0x2A, 0x86, 0x48), &o, &err), &err);
  assert_string_equal(o.s, "1.2.840");
  assert_true(wg_oid_is(&o, "1.2.840") && !wg_oid_is(&o, "1.2.84"));
  assert_ok(oid(BYTES(6, 1, 0x00), &o, &err), &err);
  assert_string_equal(o.s, "0.0");
  assert_ok(oid(BYTES(6, 2, 0x88, 0x37), &o, &err), &err);
  assert_string_equal(o.s, "2.999");
  assert_ok(oid(BYTES(6, 6, 0x2A, 0x8F, 0xFF, 0xFF, 0xFF, 0x7F), &o, &err), &err);
  assert_string_equal(o.s, "1.2.4294967295");
  assert_int_equal(oid(BYTES(6, 0), &o, &err), WG_E_FORMAT);
  assert_int_equal(oid(BYTES(6, 2, 0x80, 0x01), &o, &err), WG_E_FORMAT); // a padded arc
  assert_int_equal(oid(BYTES(6, 6, 0x2A, 0x90, 0x80, 0x80, 0x80, 0x00), &o, &err), WG_E_FORMAT);
  assert_int_equal(oid(BYTES(4, 1, 0x2A), &o, &err), WG_E_FORMAT);
  uint8_t longer[2 + 96];
  memset(longer, 1, sizeof(longer));
  longer[0] = 6;
  longer[1] = 96;
  assert_int_equal(oid(longer, sizeof(longer), &o, &err), WG_E_FORMAT);
}

static void check_number(const uint8_t *p, size_t n, wg_code code, uint32_t want) {
  wg_error err = WG_ERROR_INIT;
  wg_reader r = wg_reader_of(p, n);
  uint32_t v = 7;
  assert_int_equal(wg_der_u32(&r, "it", &v, &err), code);
  assert_int_equal(v, code == WG_OK ? want : 7);
  assert_int_equal(r.pos, code == WG_OK ? n : r.pos);
}

static void numbers(void **state) {
  (void)state;
  check_number(BYTES(2, 1, 0), WG_OK, 0);
  check_number(BYTES(2, 2, 0, 0x80), WG_OK, 128);
  check_number(BYTES(2, 5, 0, 0xFF, 0xFF, 0xFF, 0xFF), WG_OK, UINT32_MAX);
  check_number(BYTES(2, 0), WG_E_FORMAT, 0);
  check_number(BYTES(2, 1, 0x80), WG_E_FORMAT, 0); // -128
  check_number(BYTES(2, 5, 1, 0, 0, 0, 0), WG_E_FORMAT, 0);
}

static void check_time(unsigned tag, const char *text, wg_code code, int64_t want) {
  uint8_t b[64] = {(uint8_t)tag, (uint8_t)strlen(text)};
  memcpy(b + 2, text, strlen(text));
  wg_reader r = wg_reader_of(b, 2 + strlen(text));
  wg_error err = WG_ERROR_INIT;
  int64_t t = 7;
  assert_int_equal(wg_der_time(&r, "it", &t, &err), code);
  if (t != (code == WG_OK ? want : 7)) {
    fail_msg("%s: %" PRId64, text, t);
  }
}

static void times(void **state) {
  (void)state;
  check_time(WG_DER_UTC_TIME, "700101000000Z", WG_OK, 0);
  check_time(WG_DER_UTC_TIME, "991231235959Z", WG_OK, 946684799);
  check_time(WG_DER_UTC_TIME, "491231235959Z", WG_OK, 2524607999);
  check_time(WG_DER_UTC_TIME, "500101000000Z", WG_OK, -631152000);
  check_time(WG_DER_UTC_TIME, "240229120000Z", WG_OK, 1709208000);
  check_time(WG_DER_GENERALIZED_TIME, "20231114221320Z", WG_OK, 1700000000);
  check_time(WG_DER_GENERALIZED_TIME, "20231114221320.25Z", WG_OK, 1700000000);
  check_time(WG_DER_GENERALIZED_TIME, "20231114221320.Z", WG_OK, 1700000000);
  check_time(WG_DER_UTC_TIME, "231114221320", WG_E_FORMAT, 0);
  check_time(WG_DER_UTC_TIME, "2311142213Z", WG_E_FORMAT, 0);
  check_time(WG_DER_UTC_TIME, "231314221320Z", WG_E_FORMAT, 0);
  check_time(WG_DER_UTC_TIME, "23111422132aZ", WG_E_FORMAT, 0);
  check_time(WG_DER_UTC_TIME, "231114221320+0100", WG_E_FORMAT, 0);
  check_time(WG_DER_GENERALIZED_TIME, "00001114221320Z", WG_E_FORMAT, 0);
  check_time(WG_DER_GENERALIZED_TIME, "20231114221320.1234567890123Z", WG_E_FORMAT, 0);
  check_time(WG_DER_OCTET_STRING, "231114221320Z", WG_E_FORMAT, 0);
}

static wg_code check_bad(const void *p, size_t n, const char *rest, wg_error *err) {
  wg_p7 out = {.n_certs = 77};
  WG_AUTO(wg_arena) arena = {0};
  wg_arena_init(&arena, wg_heap(), 0);
  wg_code code = wg_p7_parse(wg_reader_of(p, n), &arena, &out, err);
  assert_int_equal(out.n_certs, 77);
  if (rest[0] != '\0' && err->off_bytes != strtoull(rest, NULL, 0)) {
    fail_msg("offset 0x%" PRIx64 ", not %s: %s", err->off_bytes, rest, err->text);
  }
  return code;
}

static void hostile_messages(void **state) {
  (void)state;
  bad_all("der", 15, check_bad);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(object_identifiers),
      cmocka_unit_test(numbers),
      cmocka_unit_test(times),
      cmocka_unit_test(hostile_messages),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
