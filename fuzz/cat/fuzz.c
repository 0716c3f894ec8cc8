// SPDX-License-Identifier: Apache-2.0
// No options. A catalogue: each member is found again by its digest, and its signature is judged.
#include "../fuzz.h"
#include "fmt/cat/cat.h"
#include "fmt/der/verify.h"

static void attrs(const wg_cat_attr *v, uint32_t n) {
  for (uint32_t i = 0; i < n; i++) {
    fuzz_touch_str(v[i].name);
    fuzz_touch_str(v[i].value);
  }
}

static void members(const wg_cat *c) {
  for (uint32_t i = 0; i < c->n_members; i++) {
    const wg_cat_member *m = &c->members[i];
    fuzz_touch_str(m->tag);
    fuzz_touch_str(m->guid);
    attrs(m->attrs, m->n_attrs);
    if (m->alg != WG_CAT_NO_DIGEST && !m->tag_differs) {
      const wg_cat_member *found = wg_cat_find(c, m->alg, m->digest);
      wg_assert(found != NULL && found->alg == m->alg);
    }
  }
}

static void chain(const wg_p7_chain *c) {
  for (uint32_t i = 0; i < c->n; i++) {
    fuzz_touch_str(wg_str_of(c->certs[i].subject));
    fuzz_touch_str(wg_str_of(c->certs[i].issuer_dn));
    for (uint32_t k = 0; k < c->certs[i].n_usages; k++) {
      fuzz_touch_str(wg_str_of(c->certs[i].usages[k]));
    }
  }
}

static void judge(const wg_cat *c, wg_arena *arena) {
  wg_p7_trust trust = {.now_s = 1700000000};
  wg_p7_verdict v;
  wg_error err = WG_ERROR_INIT;
  if (wg_p7_verify(&c->p7, &trust, arena, &v, &err) == WG_OK) {
    wg_assert(v.chain.anchor == NULL && v.time.chain.anchor == NULL);
    fuzz_touch_str(wg_str_of(v.why));
    chain(&v.chain);
    chain(&v.time.chain);
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  fuzz_input in;
  fuzz_begin(&in, data, size);
  wg_arena arena;
  wg_arena_init(&arena, &in.alloc, 64U << 20);
  wg_cat c;
  wg_error err = WG_ERROR_INIT;
  wg_reader head = wg_reader_of(in.p, in.n);
  (void)wg_cat_detect(&head);
  if (wg_cat_parse(in.p, in.n, &arena, &c, &err) == WG_OK) {
    members(&c);
    attrs(c.attrs, c.n_attrs);
    judge(&c, &arena);
  }
  wg_arena_done(&arena);
  fuzz_end(&in);
  return 0;
}
