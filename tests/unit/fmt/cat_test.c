// SPDX-License-Identifier: Apache-2.0
#include "fmt/cat/cat.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "bad.h"
#include "fmt/der/verify.h"

// A catalogue of the fuzzer's corpus, which scripts/gen-bad-cat.py makes.
static void load(const char *name, wg_buf *out) {
  wg_error err = WG_ERROR_INIT;
  WG_AUTO(wg_cstr)
  path = wg_xprintf("%s/fuzz/cat/corpus/%s", wg_os_getenv("WG_SOURCE_ROOT"), name);
  wg_buf_init(out, wg_heap(), 0);
  assert_ok(wg_os_read_file(WG_CWD, path, 1 << 20, out, &err), &err);
}

static void version_2(void **state) {
  (void)state;
  wg_error err = WG_ERROR_INIT;
  WG_AUTO(wg_buf) b = {0};
  WG_AUTO(wg_arena) arena = {0};
  wg_cat c;
  load("v2-stamped.cat", &b);
  wg_arena_init(&arena, wg_heap(), 0);
  wg_reader head = wg_reader_of(b.p, b.n);
  assert_true(wg_cat_detect(&head));
  assert_ok(wg_cat_parse(b.p, b.n, &arena, &c, &err), &err);
  assert_int_equal(c.version, 2);
  assert_true(c.time_s == 1700000000);
  assert_int_equal(c.list_id.n, 16);
  assert_int_equal(c.n_members, 2);
  assert_int_equal(c.p7.n_certs, 2);
  assert_int_equal(c.p7.n_signers, 1);
  const wg_cat_member *m = &c.members[0];
  assert_true(m->is_program && m->alg == WG_CAT_SHA256 && m->has_info && !m->tag_differs);
  assert_true(wg_str_eqz(m->guid, "{C689AAB8-8E78-11D0-8C47-00C04FC295EE}"));
  assert_int_equal(m->cert_version, 0x200);
  assert_int_equal(m->tag.n, 64);
  assert_true(wg_str_eqz(wg_cat_attr_find(m->attrs, m->n_attrs, "File")->value, "x.sys"));
  assert_true(wg_str_eqz(wg_cat_attr_find(m->attrs, m->n_attrs, "OSAttr")->value, "2:10.0"));
  assert_ptr_equal(wg_cat_find(&c, WG_CAT_SHA256, m->digest), m);
  assert_null(wg_cat_find(&c, WG_CAT_SHA1, m->digest));
  m = &c.members[1];
  assert_true(!m->is_program && m->alg == WG_CAT_SHA1);
  assert_ptr_equal(wg_cat_find(&c, WG_CAT_SHA1, m->digest), m);
  assert_true(wg_str_eqz(wg_cat_attr_find(c.attrs, c.n_attrs, "OS")->value, "_v100_X64"));
  assert_null(wg_cat_attr_find(c.attrs, c.n_attrs, "os"));
}

static void version_1(void **state) {
  (void)state;
  wg_error err = WG_ERROR_INIT;
  WG_AUTO(wg_buf) b = {0};
  WG_AUTO(wg_arena) arena = {0};
  wg_cat c;
  load("v1-counter.cat", &b);
  wg_arena_init(&arena, wg_heap(), 0);
  assert_ok(wg_cat_parse(b.p, b.n, &arena, &c, &err), &err);
  assert_int_equal(c.version, 1);
  assert_int_equal(c.n_members, 3);
  for (uint32_t i = 0; i < 2; i++) {
    assert_int_equal(c.members[i].tag.n, 40);
    assert_ptr_equal(wg_cat_find(&c, WG_CAT_SHA1, c.members[i].digest), &c.members[i]);
  }
  assert_true(wg_str_eqz(c.members[2].tag, "x.i"));
  assert_non_null(wg_cat_find(&c, WG_CAT_SHA256, c.members[2].digest));
}

// The lengths of a catalogue of 20 MB take more bytes than those of a small one.
static void large_ones_are_known_too(void **state) {
  (void)state;
  static const uint8_t head[] = {0x30, 0x84, 0x01, 0x3D, 0x5A, 0x56, 0x06, 0x09, 0x2A, 0x86, 0x48,
                                 0x86, 0xF7, 0x0D, 0x01, 0x07, 0x02, 0xA0, 0x84, 0x01, 0x3D, 0x5A,
                                 0x45, 0x30, 0x84, 0x01, 0x3D, 0x5A, 0x3F, 0x02, 0x01, 0x01, 0x31,
                                 0x00, 0x30, 0x84, 0x01, 0x3D, 0x5A, 0x32, 0x06, 0x09, 0x2B, 0x06,
                                 0x01, 0x04, 0x01, 0x82, 0x37, 0x0A, 0x01, 0xA0, 0x84};
  for (size_t n = 0; n <= sizeof(head); n++) {
    wg_reader r = wg_reader_of(head, n);
    assert_int_equal(wg_cat_detect(&r), n >= 51);
  }
}

// Flips one byte of what is signed, or of the signature.
static void judged(const char *name, const wg_p7_trust *trust, size_t flip, wg_p7_verdict *out,
                   wg_arena *arena) {
  wg_error err = WG_ERROR_INIT;
  WG_AUTO(wg_buf) b = {0};
  wg_cat c;
  load(name, &b);
  if (flip != 0) {
    b.p[flip < b.n ? flip : b.n - 1] ^= 1;
  }
  assert_ok(wg_cat_parse(b.p, b.n, arena, &c, &err), &err);
  assert_ok(wg_p7_verify(&c.p7, trust, arena, out, &err), &err);
}

static void signatures_are_judged(void **state) {
  (void)state;
  WG_AUTO(wg_arena) arena = {0};
  wg_p7_verdict v;
  wg_p7_trust trust = {.now_s = 1795000000};
  wg_arena_init(&arena, wg_heap(), 0);
  judged("v2-stamped.cat", &trust, 0, &v, &arena);
  assert_true(v.right && v.time.right && !v.time.legacy && v.time.time_s == 1790000000);
  assert_true(v.chain.anchor == NULL && v.chain.n >= 1);
  assert_string_equal(v.chain.certs[0].subject, "Maker");
  assert_string_equal(v.digest, "SHA-256");
  judged("v1-counter.cat", &trust, 0, &v, &arena);
  assert_true(v.right && v.time.right && v.time.legacy);
  judged("v1-rsa-sha1.cat", &trust, 0, &v, &arena);
  assert_true(v.right && !v.time.is_there && v.chain.n == 1 && v.chain.certs[0].self_issued);
  wg_p7_key own = {.sha256 = v.chain.certs[0].key_sha256, .name = "own"};
  wg_p7_trust trusts = {.now_s = 1800000000, .keys = &own, .n_keys = 1};
  judged("v1-rsa-sha1.cat", &trusts, 0, &v, &arena);
  assert_true(v.right && v.chain.end == WG_X509_ANCHORED && v.chain.anchor == &own);
  trusts.now_s = 1000000000; // before it was made
  judged("v1-rsa-sha1.cat", &trusts, 0, &v, &arena);
  assert_true(v.right && v.chain.end == WG_X509_EXPIRED && v.chain.anchor == NULL);
  judged("v1-rsa-sha1.cat", &trusts, SIZE_MAX, &v, &arena); // the last byte of the signature
  assert_false(v.right);
  judged("unsigned.cat", &trust, 0, &v, &arena);
  assert_true(!v.right && v.chain.n == 0 && v.why[0] != '\0');
}

static const wg_p7_signer *without_stamp(const wg_p7_signer *s, wg_arena *arena) {
  wg_p7_signer *copy = wg_arena_new(arena, wg_p7_signer);
  assert_non_null(copy);
  *copy = *s;
  copy->n_unsigned = 0;
  return copy;
}

// The key of a certificate: the seventh field of what is signed of it.
static wg_str key_of(wg_str cert) {
  wg_error err = WG_ERROR_INIT;
  wg_reader r = wg_reader_of(cert.p, cert.n);
  wg_der e;
  assert_ok(wg_der_next(&r, &e, &err), &err);
  r = e.body;
  assert_ok(wg_der_next(&r, &e, &err), &err);
  r = e.body;
  for (unsigned i = 0; i < 7; i++) {
    assert_ok(wg_der_next(&r, &e, &err), &err);
  }
  return e.whole;
}

// A root that is not in the file: its key alone, under its name, is enough; another key is not.
static void a_root_may_be_its_key_alone(void **state) {
  (void)state;
  WG_AUTO(wg_arena) arena = {0};
  WG_AUTO(wg_buf) b = {0};
  wg_error err = WG_ERROR_INIT;
  wg_cat c;
  wg_p7_verdict v;
  wg_arena_init(&arena, wg_heap(), 0);
  load("v2-stamped.cat", &b);
  assert_ok(wg_cat_parse(b.p, b.n, &arena, &c, &err), &err);
  assert_int_equal(c.p7.n_certs, 2);
  wg_str key = key_of(c.p7.certs[1]);
  wg_str maker = key_of(c.p7.certs[0]);
  c.p7.n_certs = 1; // the maker's alone
  struct {
    const char *name;
    wg_str key;
    bool good;
  } cases[] = {{"Root", key, true},
               {"Other", key, false},
               {"Root", maker, false},
               {"Root", {key.p, key.n - 1}, false},
               {"Root", {NULL, 0}, false}};
  for (size_t i = 0; i < WG_ARRAY_LEN(cases); i++) {
    wg_p7_key k = {.sha256 = wg_sha256(key.p, key.n), .name = cases[i].name, .key = cases[i].key};
    // Judged in a year that all certificates live in; the stamp's own chain has the root in it.
    wg_p7_trust trust = {.now_s = 1850000000, .keys = &k, .n_keys = 1};
    c.p7.signers = without_stamp(&c.p7.signers[0], &arena);
    assert_ok(wg_p7_verify(&c.p7, &trust, &arena, &v, &err), &err);
    assert_true(v.right);
    assert_int_equal(v.chain.end == WG_X509_ANCHORED, cases[i].good);
    assert_ptr_equal(v.chain.anchor, cases[i].good ? &k : NULL);
    assert_int_equal(v.chain.n, 1);
  }
}

static void memory_runs_out(void **state) {
  (void)state;
  WG_AUTO(wg_buf) b = {0};
  load("v2-stamped.cat", &b);
  bool done = false;
  unsigned long n = 1;
  for (; !done; n++) {
    failing_heap heap = {.fail_at = n};
    wg_alloc alloc = failing_heap_alloc(&heap);
    wg_error err = WG_ERROR_INIT;
    wg_arena arena;
    wg_cat c;
    wg_p7_verdict v;
    wg_p7_trust trust = {.now_s = 1795000000};
    wg_arena_init(&arena, &alloc, 0);
    wg_code code = wg_cat_parse(b.p, b.n, &arena, &c, &err);
    code = code == WG_OK ? wg_p7_verify(&c.p7, &trust, &arena, &v, &err) : code;
    assert_true(code == WG_OK || code == WG_E_NOMEM);
    done = code == WG_OK && (heap.n_calls < n);
    wg_arena_done(&arena);
    assert_int_equal(heap.n_live, 0);
  }
  assert_true(n > 5);
}

static wg_code check_bad(const void *p, size_t n, const char *rest, wg_error *err) {
  wg_cat out = {.n_members = 77};
  WG_AUTO(wg_arena) arena = {0};
  wg_arena_init(&arena, wg_heap(), 0);
  wg_code code = wg_cat_parse(p, n, &arena, &out, err);
  assert_int_equal(out.n_members, 77);
  if (rest[0] != '\0' && err->off_bytes != strtoull(rest, NULL, 0)) {
    fail_msg("offset 0x%" PRIx64 ", not %s: %s", err->off_bytes, rest, err->text);
  }
  return code;
}

static void hostile_catalogues(void **state) {
  (void)state;
  bad_all("cat", 15, check_bad);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(version_2),
      cmocka_unit_test(version_1),
      cmocka_unit_test(large_ones_are_known_too),
      cmocka_unit_test(signatures_are_judged),
      cmocka_unit_test(a_root_may_be_its_key_alone),
      cmocka_unit_test(memory_runs_out),
      cmocka_unit_test(hostile_catalogues),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
