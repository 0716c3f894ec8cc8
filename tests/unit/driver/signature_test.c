// SPDX-License-Identifier: Apache-2.0
// What a signature is worth, by the end of its chain and what its certificates are for. Whole
// packages are tests/cli/test_catalogue.py's.
#include "driver/package/signature.h"

#include <string.h>

#include "driver/package/trust.h"
#include "os/file.h"
#include "os/proc.h"
#include "support.h"

#define NOW 1800000000

typedef struct chain_in {
  wg_sig_owner owner;
  const char *usages[3];
  const char *ca_usage; // of the issuer; NULL: it has none
} chain_in;

static wg_p7_key key;
static wg_x509_facts facts[2];

// A right signature with a chain of two that ends at a key of that owner.
static wg_p7_verdict verdict(const chain_in *in) {
  static const char *ca[1];
  key = (wg_p7_key){.name = "key", .kind = in->owner};
  uint32_t n = 0;
  while (n < 3 && in->usages[n] != NULL) {
    n++;
  }
  facts[0] = (wg_x509_facts){.subject = "leaf",
                             .issuer = "ca",
                             .usages = in->usages,
                             .n_usages = n,
                             .has_usages = n > 0,
                             .not_after_s = NOW + 1};
  ca[0] = in->ca_usage;
  facts[1] = (wg_x509_facts){.subject = "ca",
                             .issuer = "root",
                             .usages = ca,
                             .n_usages = in->ca_usage == NULL ? 0 : 1,
                             .has_usages = in->ca_usage != NULL};
  return (wg_p7_verdict){
      .right = true,
      .why = "",
      .at_s = NOW,
      .chain = {.certs = facts, .n = 2, .end = WG_X509_ANCHORED, .anchor = &key, .why = ""},
      .time = {.why = ""}};
}

static void check(const wg_p7_verdict *v, wg_sig_class want, bool has_why) {
  WG_AUTO(wg_arena) arena = {0};
  wg_error err = WG_ERROR_INIT;
  wg_p7_trust trust = {.now_s = NOW};
  wg_sig_class got = WG_SIG_NONE;
  const char *why = "unset";
  wg_arena_init(&arena, wg_heap(), 0);
  assert_ok(wg_sig_class_of(v, &trust, &arena, &got, &why, &err), &err);
  assert_string_equal(wg_sig_class_name(got), wg_sig_class_name(want));
  assert_true((why != NULL) == has_why);
}

#define CODE "1.3.6.1.5.5.7.3.3"
#define WHQL "1.3.6.1.4.1.311.10.3.5"
#define ATTESTED "1.3.6.1.4.1.311.10.3.5.1"
#define WINDOWS "1.3.6.1.4.1.311.10.3.6"

static void usages_say_what_microsoft_vouches_for(void **state) {
  (void)state;
  const struct {
    chain_in in;
    wg_sig_class want;
  } cases[] = {
      {{WG_SIG_MICROSOFT, {WHQL, CODE}, NULL}, WG_SIG_WHQL},
      {{WG_SIG_MICROSOFT, {WHQL, CODE, "1.3.6.1.4.1.311.10.3.39"}, NULL}, WG_SIG_WHQL},
      {{WG_SIG_MICROSOFT, {WHQL, ATTESTED, CODE}, NULL}, WG_SIG_ATTESTED},
      {{WG_SIG_MICROSOFT, {ATTESTED, CODE}, NULL}, WG_SIG_ATTESTED},
      {{WG_SIG_MICROSOFT, {WINDOWS, CODE}, NULL}, WG_SIG_IN_BOX},
      {{WG_SIG_MICROSOFT, {CODE}, NULL}, WG_SIG_AUTHENTICODE},
      {{WG_SIG_MICROSOFT, {"1.3.6.1.5.5.7.3.8"}, NULL}, WG_SIG_UNKNOWN},
      {{WG_SIG_MICROSOFT, {NULL}, NULL}, WG_SIG_UNKNOWN},
      // The issuer may not vouch for that.
      {{WG_SIG_MICROSOFT, {WHQL, CODE}, CODE}, WG_SIG_AUTHENTICODE},
      {{WG_SIG_MICROSOFT, {WHQL, CODE}, "2.5.29.37.0"}, WG_SIG_WHQL},
      // Nor can anybody else.
      {{WG_SIG_PUBLIC, {WHQL, CODE}, NULL}, WG_SIG_AUTHENTICODE},
      {{WG_SIG_PUBLIC, {WHQL}, NULL}, WG_SIG_UNKNOWN},
      {{WG_SIG_PUBLIC, {CODE}, "1.3.6.1.5.5.7.3.1"}, WG_SIG_UNKNOWN},
      {{WG_SIG_CALLER, {WHQL, CODE}, NULL}, WG_SIG_TRUSTED},
      {{WG_SIG_CALLER, {NULL}, NULL}, WG_SIG_TRUSTED},
  };
  for (size_t i = 0; i < WG_ARRAY_LEN(cases); i++) {
    wg_p7_verdict v = verdict(&cases[i].in);
    check(&v, cases[i].want, cases[i].want == WG_SIG_UNKNOWN);
  }
}

static void what_is_wrong_is_said(void **state) {
  (void)state;
  const chain_in in = {WG_SIG_MICROSOFT, {WHQL, CODE}, NULL};
  wg_p7_verdict v = verdict(&in);
  v.right = false;
  v.why = "the bytes are others";
  check(&v, WG_SIG_BROKEN, true);
  v.unsupported = true;
  check(&v, WG_SIG_UNKNOWN, true);
  v = verdict(&in);
  v.chain.anchor = NULL;
  v.chain.end = WG_X509_UNANCHORED;
  check(&v, WG_SIG_UNKNOWN, true);
  v.chain.end = WG_X509_EXPIRED;
  check(&v, WG_SIG_UNKNOWN, true);
  v.chain.end = WG_X509_WRONG;
  check(&v, WG_SIG_UNKNOWN, true);
  v.chain.end = WG_X509_UNANCHORED;
  v.chain.n = 1;
  facts[0].self_issued = true;
  check(&v, WG_SIG_SELF, false);
}

static void an_unknown_clock_can_not_save_an_ended_certificate(void **state) {
  (void)state;
  const chain_in in = {WG_SIG_MICROSOFT, {WHQL, CODE}, NULL};
  wg_p7_verdict v = verdict(&in);
  v.time = (wg_p7_time){.is_there = true, .right = true, .time_s = NOW - 1000, .why = ""};
  check(&v, WG_SIG_WHQL, false); // the certificate still lives
  facts[0].not_after_s = NOW - 1;
  check(&v, WG_SIG_UNKNOWN, true);
  v.time.chain.anchor = &key;
  check(&v, WG_SIG_WHQL, false);
}

static void scores_are_those_of_setupapi(void **state) {
  (void)state;
  assert_true(wg_sig_score(WG_SIG_IN_BOX) == 0x0D000003);
  assert_true(wg_sig_score(WG_SIG_ATTESTED) == 0x0D000004);
  assert_true(wg_sig_score(WG_SIG_WHQL) == 0x0D000005);
  assert_true(wg_sig_score(WG_SIG_AUTHENTICODE) == 0x0F000000);
  assert_true(wg_sig_score(WG_SIG_TRUSTED) == 0x0F000000);
  assert_true(wg_sig_score(WG_SIG_SELF) == 0x0F000000);
  assert_true(wg_sig_score(WG_SIG_UNKNOWN) == 0x0F000000);
  assert_true(wg_sig_score(WG_SIG_BROKEN) == 0x80000000);
  assert_true(wg_sig_score(WG_SIG_NONE) == 0x80000000);
}

// No key stands twice, and docs/drivers.md has each.
static void the_table_is_that_of_the_docs(void **state) {
  (void)state;
  wg_error err = WG_ERROR_INIT;
  WG_AUTO(wg_buf) docs = {0};
  WG_AUTO(wg_cstr) path = wg_xprintf("%s/docs/drivers.md", wg_os_getenv("WG_SOURCE_ROOT"));
  wg_buf_init(&docs, wg_heap(), 0);
  assert_ok(wg_os_read_file(WG_CWD, path, 16 << 20, &docs, &err), &err);
  const char *text = wg_buf_z(&docs);
  assert_true(wg_sig_n_keys > 50);
  for (uint32_t i = 0; i < wg_sig_n_keys; i++) {
    wg_hex hex = wg_digest_hex(&wg_sig_keys[i].sha256);
    const char *row = strstr(text, hex.s);
    if (row == NULL) {
      fail_msg("docs/drivers.md does not have %s (%s)", hex.s, wg_sig_keys[i].name);
      return;
    }
    while (row > text && row[-1] != '\n') {
      row--;
    }
    wg_str line = {row, strcspn(row, "\n")};
    WG_AUTO(wg_cstr) copy = wg_xstrndup(line.p, line.n);
    if (strstr(copy, wg_sig_keys[i].name) == NULL) {
      fail_msg("docs/drivers.md calls %s another name than %s", hex.s, wg_sig_keys[i].name);
    }
    for (uint32_t k = 0; k < i; k++) {
      assert_false(wg_digest_eq(&wg_sig_keys[k].sha256, &wg_sig_keys[i].sha256));
    }
  }
}

// Each root's key is the one that the table has under its name.
static void the_keys_of_roots_are_the_tables(void **state) {
  (void)state;
  assert_true(wg_sig_n_roots >= 8);
  for (uint32_t i = 0; i < wg_sig_n_roots; i++) {
    wg_digest d = wg_sha256(wg_sig_roots[i].key.p, wg_sig_roots[i].key.n);
    uint32_t k = 0;
    while (k < wg_sig_n_keys && !wg_digest_eq(&wg_sig_keys[k].sha256, &d)) {
      k++;
    }
    assert_true(k < wg_sig_n_keys);
    assert_string_equal(wg_sig_keys[k].name, wg_sig_roots[i].name);
  }
  wg_p7_trust trust;
  wg_error err = WG_ERROR_INIT;
  WG_AUTO(wg_arena) arena = {0};
  wg_arena_init(&arena, wg_heap(), 0);
  assert_ok(wg_sig_trust(NULL, 0, NOW, &arena, &trust, &err), &err);
  uint32_t n = 0;
  for (uint32_t i = 0; i < trust.n_keys; i++) {
    n += trust.keys[i].key.n > 0 ? 1 : 0;
  }
  assert_int_equal(n, wg_sig_n_roots);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(usages_say_what_microsoft_vouches_for),
      cmocka_unit_test(what_is_wrong_is_said),
      cmocka_unit_test(an_unknown_clock_can_not_save_an_ended_certificate),
      cmocka_unit_test(scores_are_those_of_setupapi),
      cmocka_unit_test(the_table_is_that_of_the_docs),
      cmocka_unit_test(the_keys_of_roots_are_the_tables),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
