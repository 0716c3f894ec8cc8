// SPDX-License-Identifier: Apache-2.0
// Certificates of the fuzzer's corpus, which scripts/gen-bad-cat.py makes: a root, who it vouches
// for, and a clock. Chains and signatures are tests/unit/fmt/cat_test.c's and
// tests/cli/test_catalogue.py's.
#include "crypto/x509.h"

#include <string.h>

#include "fmt/cat/cat.h"
#include "os/file.h"
#include "os/proc.h"
#include "support.h"

static wg_buf bytes;
static wg_arena arena;
static wg_cat cat;

static int load(void **state) {
  (void)state;
  wg_error err = WG_ERROR_INIT;
  WG_AUTO(wg_cstr)
  path = wg_xprintf("%s/fuzz/cat/corpus/v2-stamped.cat", wg_os_getenv("WG_SOURCE_ROOT"));
  wg_buf_init(&bytes, wg_heap(), 0);
  wg_arena_init(&arena, wg_heap(), 0);
  assert_ok(wg_os_read_file(WG_CWD, path, 1 << 20, &bytes, &err), &err);
  assert_ok(wg_cat_parse(bytes.p, bytes.n, &arena, &cat, &err), &err);
  assert_int_equal(cat.p7.n_certs, 2);
  return 0;
}

static int unload(void **state) {
  (void)state;
  wg_arena_done(&arena);
  wg_buf_done(&bytes);
  return 0;
}

static void certificates_are_known_once(void **state) {
  (void)state;
  wg_error err = WG_ERROR_INIT;
  WG_AUTO_PTR(wg_x509_pool) p = NULL;
  uint32_t a = 9, b = 9, again = 9;
  assert_ok(wg_x509_pool_new(&p, &err), &err);
  assert_ok(wg_x509_add(p, cat.p7.certs[0], &a, &err), &err);
  assert_ok(wg_x509_add(p, cat.p7.certs[1], &b, &err), &err);
  assert_ok(wg_x509_add(p, cat.p7.certs[0], &again, &err), &err);
  assert_true(a == 0 && b == 1 && again == 0);
  wg_str cut = {cat.p7.certs[0].p, cat.p7.certs[0].n - 1};
  assert_int_equal(wg_x509_add(p, cut, &again, &err), WG_E_FORMAT);
  assert_int_equal(wg_x509_add(p, WG_STR("text"), &again, &err), WG_E_FORMAT);
  assert_int_equal(wg_x509_add(p, (wg_str){NULL, 0}, &again, &err), WG_E_FORMAT);
  const wg_p7_signer *s = &cat.p7.signers[0];
  assert_true(wg_x509_find(p, s->issuer, s->serial, &again) && again == a);
  wg_str other = {s->serial.p, s->serial.n - 1};
  assert_false(wg_x509_find(p, s->issuer, other, &again));
  assert_false(wg_x509_find(p, other, s->serial, &again));
  assert_false(wg_x509_find_key_id(p, (wg_str){NULL, 0}, &again));
}

static void facts_are_those_of_the_certificate(void **state) {
  (void)state;
  wg_error err = WG_ERROR_INIT;
  WG_AUTO_PTR(wg_x509_pool) p = NULL;
  uint32_t leaf = 0, root = 0;
  wg_x509_facts f, r;
  assert_ok(wg_x509_pool_new(&p, &err), &err);
  assert_ok(wg_x509_add(p, cat.p7.certs[0], &leaf, &err), &err);
  assert_ok(wg_x509_add(p, cat.p7.certs[1], &root, &err), &err);
  assert_ok(wg_x509_facts_of(p, leaf, &arena, &f, &err), &err);
  assert_ok(wg_x509_facts_of(p, root, &arena, &r, &err), &err);
  assert_string_equal(f.subject, "Maker");
  assert_string_equal(f.issuer, "Root");
  assert_string_equal(f.subject_dn, "CN=Maker,O=Test");
  assert_string_equal(f.key, "EC prime256v1");
  assert_true(f.has_usages && f.n_usages == 1);
  assert_string_equal(f.usages[0], "1.3.6.1.5.5.7.3.3");
  assert_true(!f.self_issued && r.self_issued && !r.has_usages);
  assert_true(f.not_before_s > 1700000000 && f.not_after_s - f.not_before_s == 36500LL * 86400);
  wg_digest d = wg_sha256(cat.p7.certs[0].p, cat.p7.certs[0].n);
  assert_true(wg_digest_eq(&d, &f.sha256));
}

static void digests_and_what_is_none(void **state) {
  (void)state;
  wg_error err = WG_ERROR_INIT;
  WG_AUTO_PTR(wg_x509_pool) p = NULL;
  uint8_t out[WG_DIGEST_MAX_BYTES];
  size_t n = 0;
  const wg_str parts[] = {WG_STR("a"), WG_STR("bc")};
  assert_ok(wg_x509_pool_new(&p, &err), &err);
  assert_ok(wg_x509_digest(p, "2.16.840.1.101.3.4.2.1", parts, 2, out, &n, &err), &err);
  wg_digest d = wg_sha256("abc", 3);
  assert_int_equal(n, 32);
  assert_memory_equal(out, d.b, 32);
  assert_ok(wg_x509_digest(p, "2.16.840.1.101.3.4.2.3", parts, 2, out, &n, &err), &err);
  assert_int_equal(n, 64);
  assert_int_equal(wg_x509_digest(p, "1.2.840.113549.2.5", parts, 2, out, &n, &err),
                   WG_E_UNSUPPORTED);
  uint32_t leaf = 0;
  assert_ok(wg_x509_add(p, cat.p7.certs[0], &leaf, &err), &err);
  assert_int_equal(wg_x509_check(p, leaf, "1.3.14.3.2.26", parts, 2, WG_STR("signature"), &err),
                   WG_E_VERIFY);
  assert_int_equal(wg_x509_check(p, leaf, "1.2.3", parts, 2, WG_STR("signature"), &err),
                   WG_E_UNSUPPORTED);
  bool right = true;
  assert_ok(wg_x509_signed_by(p, leaf, WG_STR("key"), &right, &err), &err);
  assert_false(right);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(certificates_are_known_once),
      cmocka_unit_test(facts_are_those_of_the_certificate),
      cmocka_unit_test(digests_and_what_is_none),
  };
  return cmocka_run_group_tests(tests, load, unload);
}
