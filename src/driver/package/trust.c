// SPDX-License-Identifier: Apache-2.0
#include "driver/package/trust.h"

#include <string.h>

#include "base/civil.h"

#define USAGE_CODE "1.3.6.1.5.5.7.3.3"
#define USAGE_WHQL "1.3.6.1.4.1.311.10.3.5"
#define USAGE_ATTESTED "1.3.6.1.4.1.311.10.3.5.1"
#define USAGE_WINDOWS "1.3.6.1.4.1.311.10.3.6"

// The key of a root of the table, or "".
static wg_str trust_root(const wg_p7_key *k) {
  for (uint32_t i = 0; i < wg_sig_n_roots; i++) {
    const wg_sig_root *r = &wg_sig_roots[i];
    if (strcmp(r->name, k->name) == 0) {
      wg_digest d = wg_sha256(r->key.p, r->key.n);
      return wg_digest_eq(&d, &k->sha256) ? r->key : (wg_str){NULL, 0};
    }
  }
  return (wg_str){NULL, 0};
}

wg_code wg_sig_trust(const wg_digest *extra, uint32_t n_extra, int64_t now_s, wg_arena *arena,
                     wg_p7_trust *out, wg_error *err) {
  wg_p7_key *v = wg_arena_new_array(arena, wg_p7_key, (size_t)n_extra + wg_sig_n_keys);
  if (v == NULL) {
    return wg_arena_fail(arena, err);
  }
  for (uint32_t i = 0; i < n_extra; i++) {
    v[i] = (wg_p7_key){.sha256 = extra[i], .name = "a key that you trust", .kind = WG_SIG_CALLER};
  }
  for (uint32_t i = 0; i < wg_sig_n_keys; i++) {
    v[n_extra + i] = wg_sig_keys[i];
    v[n_extra + i].key = trust_root(&wg_sig_keys[i]);
  }
  *out = (wg_p7_trust){.keys = v, .n_keys = n_extra + wg_sig_n_keys, .now_s = now_s};
  return WG_OK;
}

static const char *trust_day(int64_t unix_s, wg_arena *arena) {
  wg_civil c = wg_civil_of(unix_s);
  return wg_arena_printf(arena, "%04lld-%02u-%02u", (long long)c.year, c.month, c.day);
}

static wg_sig_class trust_class(const wg_p7_chain *c, const char **why) {
  if (c->anchor->kind == WG_SIG_CALLER) {
    return WG_SIG_TRUSTED;
  }
  if (c->anchor->kind == WG_SIG_MICROSOFT) {
    if (wg_p7_may(c, USAGE_ATTESTED)) {
      return WG_SIG_ATTESTED;
    }
    if (wg_p7_may(c, USAGE_WHQL)) {
      return WG_SIG_WHQL;
    }
    if (wg_p7_may(c, USAGE_WINDOWS)) {
      return WG_SIG_IN_BOX;
    }
  }
  if (!wg_p7_may(c, USAGE_CODE)) {
    *why = "the signer's certificate is not one for signing code";
    return WG_SIG_UNKNOWN;
  }
  return WG_SIG_AUTHENTICODE;
}

// Where the chain does not end at a key.
static wg_code trust_unanchored(const wg_p7_verdict *v, wg_arena *arena, wg_sig_class *out,
                                const char **why, wg_error *err) {
  const wg_p7_chain *c = &v->chain;
  *out = WG_SIG_UNKNOWN;
  if (c->end == WG_X509_UNANCHORED && c->n == 1 && c->certs[0].self_issued) {
    *out = WG_SIG_SELF;
    *why = NULL;
    return WG_OK;
  }
  const char *day = trust_day(v->at_s, arena);
  if (day == NULL) {
    return wg_arena_fail(arena, err);
  }
  if (c->end == WG_X509_EXPIRED) {
    *why = wg_arena_printf(arena, "a certificate of its chain was not valid on %s, %s", day,
                           v->time.right ? "the day of its time stamp"
                                         : "and it has no time stamp that is right");
  } else if (c->end == WG_X509_WRONG) {
    *why = wg_arena_printf(arena, "its chain is wrong: %s", c->why);
  } else {
    const wg_x509_facts *last = &c->certs[c->n - 1];
    *why = wg_arena_printf(arena, "its chain ends at '%s', which is no key that is known",
                           last->self_issued ? last->subject : last->issuer);
  }
  return *why == NULL ? wg_arena_fail(arena, err) : WG_OK;
}

wg_code wg_sig_class_of(const wg_p7_verdict *v, const wg_p7_trust *trust, wg_arena *arena,
                        wg_sig_class *out, const char **out_why, wg_error *err) {
  const char *why = NULL;
  wg_sig_class c = WG_SIG_BROKEN;
  if (!v->right) {
    c = v->unsupported || v->chain.n == 0 ? WG_SIG_UNKNOWN : WG_SIG_BROKEN;
    why = v->why;
  } else if (v->chain.end != WG_X509_ANCHORED) {
    if (trust_unanchored(v, arena, &c, &why, err) != WG_OK) {
      return err->code;
    }
  } else {
    c = trust_class(&v->chain, &why);
    // Only who is known can say that it was signed while the certificate lived.
    if (v->time.right && v->time.chain.anchor == NULL &&
        v->chain.certs[0].not_after_s < trust->now_s) {
      c = WG_SIG_UNKNOWN;
      why = "its certificate has ended, and who stamped the time is not known";
    }
  }
  *out = c;
  *out_why = why;
  return WG_OK;
}
