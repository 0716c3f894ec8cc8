// SPDX-License-Identifier: Apache-2.0
#include "crypto/digest.h"

#include <string.h>

#include "support.h"

static void known_answers(void **state) {
  (void)state;
  // FIPS 180-2 and RFC 4231 vectors.
  wg_digest d = wg_sha256("abc", 3);
  assert_string_equal(wg_digest_hex(&d).s,
                      "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  wg_digest m = wg_hmac_sha256("Jefe", 4, "what do ya want for nothing?", 28);
  assert_string_equal(wg_digest_hex(&m).s,
                      "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  wg_sha1 s = wg_sha1_of("abc", 3);
  assert_int_equal(s.b[0], 0xa9);
  assert_int_equal(s.b[19], 0x9d);
}

static void running_equals_whole(void **state) {
  (void)state;
  wg_error err = WG_ERROR_INIT;
  WG_AUTO_PTR(wg_hash) h = NULL;
  assert_ok(wg_hash_new(WG_SHA256, &h, &err), &err);
  wg_hash_add(h, "a", 1);
  wg_hash_add(h, "", 0);
  wg_hash_add(h, "bc", 2);
  wg_digest d, want = wg_sha256("abc", 3), back;
  wg_hash_end(h, d.b);
  assert_true(wg_digest_eq(&d, &want));
  assert_true(wg_digest_parse(wg_str_of(wg_digest_hex(&d).s), &back));
  assert_true(wg_digest_eq(&d, &back));
  assert_false(wg_digest_parse(WG_STR("00"), &back));
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(known_answers),
                                     cmocka_unit_test(running_equals_whole)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
