// SPDX-License-Identifier: Apache-2.0
// No options. A signed message; what it says is looked at, whatever is signed.
#include "../fuzz.h"
#include "fmt/der/pkcs7.h"

static void signers(const wg_p7_signer *s) {
  fuzz_touch_str(s->issuer);
  fuzz_touch_str(s->serial);
  fuzz_touch_str(s->key_id);
  fuzz_touch_str(s->signed_attrs);
  fuzz_touch_str(s->signature);
  for (uint32_t i = 0; i < s->n_attrs; i++) {
    fuzz_touch(s->attrs[i].values.p, (size_t)s->attrs[i].values.n_bytes);
  }
  for (uint32_t i = 0; i < s->n_unsigned; i++) {
    fuzz_touch(s->unsigned_attrs[i].values.p, (size_t)s->unsigned_attrs[i].values.n_bytes);
  }
}

// Every kind of element that can be read, at each element of r.
static void elements(wg_reader r, wg_arena *arena, const wg_alloc *alloc) {
  wg_der e;
  wg_oid oid;
  uint32_t n = 0;
  int64_t t = 0;
  wg_error err = WG_ERROR_INIT;
  wg_p7_indirect indirect;
  wg_p7_signer signer;
  for (wg_reader q = r; wg_reader_left(&q) > 0;) {
    wg_reader a = q, b = q, c = q, d = q;
    (void)!wg_der_oid(&a, "x", &oid, &err);
    (void)!wg_der_u32(&b, "x", &n, &err);
    (void)!wg_der_time(&c, "x", &t, &err);
    (void)!wg_p7_signer_next(&d, arena, &signer, &err);
    if (wg_der_next(&q, &e, &err) != WG_OK) {
      break;
    }
    (void)!wg_p7_indirect_parse(e.body, &indirect, &err);
    wg_buf text;
    wg_buf_init(&text, alloc, 0);
    (void)!wg_der_bmp(&e, &text, &err);
    wg_buf_done(&text);
    fuzz_touch_str(e.whole);
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  fuzz_input in;
  fuzz_begin(&in, data, size);
  wg_arena arena;
  wg_arena_init(&arena, &in.alloc, 16U << 20);
  wg_p7 p;
  wg_error err = WG_ERROR_INIT;
  elements(wg_reader_of(in.p, in.n), &arena, &in.alloc);
  if (wg_p7_parse(wg_reader_of(in.p, in.n), &arena, &p, &err) == WG_OK) {
    for (uint32_t i = 0; i < p.n_certs; i++) {
      fuzz_touch_str(p.certs[i]);
    }
    for (uint32_t i = 0; i < p.n_signers; i++) {
      signers(&p.signers[i]);
    }
    if (p.has_content) {
      elements(p.content.body, &arena, &in.alloc);
    }
  }
  wg_arena_done(&arena);
  fuzz_end(&in);
  return 0;
}
