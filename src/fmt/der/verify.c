// SPDX-License-Identifier: Apache-2.0
#include "fmt/der/verify.h"

#include <string.h>

#define P7_CONTENT_TYPE "1.2.840.113549.1.9.3"
#define P7_MESSAGE_DIGEST "1.2.840.113549.1.9.4"
#define P7_SIGNING_TIME "1.2.840.113549.1.9.5"
#define P7_COUNTERSIGNATURE "1.2.840.113549.1.9.6"
#define P7_TIMESTAMP "1.2.840.113549.1.9.16.2.14"
#define P7_TIMESTAMP_MS "1.3.6.1.4.1.311.3.3.1"
#define P7_RSA_PSS "1.2.840.113549.1.1.10"
#define P7_DATA "1.2.840.113549.1.7.1"
#define P7_TST_INFO "1.2.840.113549.1.9.16.1.4"
#define P7_USAGE_TIME "1.3.6.1.5.5.7.3.8"
#define P7_USAGE_ANY "2.5.29.37.0"
#define P7_USAGE_LIFETIME "1.3.6.1.4.1.311.10.3.13"

typedef struct p7_judge {
  wg_x509_pool *pool;
  const wg_p7_trust *trust;
  wg_arena *arena;
  uint32_t n_seen; // certificates of the pool that were compared with the keys
  const wg_p7_key *anchors[WG_X509_MAX_POOL]; // by number of the certificate; NULL: none
} p7_judge;

#define P7_MAX_STAMPS 8U // that are tried; more are no time stamps but work

// What an error of the input means here: a sentence in the arena. NOMEM stays an error.
static wg_code p7_reason(const p7_judge *j, wg_error *why, const char **out, wg_error *err) {
  if (why->code == WG_E_NOMEM) {
    *err = *why;
    return wg_code_of_failure(err->code);
  }
  const char *text = wg_arena_strdup(j->arena, why->text);
  if (text == NULL) {
    return wg_arena_fail(j->arena, err);
  }
  *out = text;
  return WG_OK;
}

// The key that a certificate has, or that signed it where the issuer's certificate need not be
// there.
static wg_code p7_key_of(const p7_judge *j, uint32_t at, const wg_x509_facts *f,
                         const wg_p7_key **out, wg_error *err) {
  const wg_p7_key *by = NULL, *keys = j->trust->keys;
  for (uint32_t i = 0; keys != NULL && i < j->trust->n_keys; i++) {
    const wg_p7_key *k = &keys[i];
    bool right = false;
    if (wg_digest_eq(&k->sha256, &f->key_sha256)) {
      by = k;
      break;
    }
    if (by == NULL && k->key.n > 0 && strcmp(f->issuer, k->name) == 0 &&
        wg_x509_signed_by(j->pool, at, k->key, &right, err) != WG_OK) {
      return err->code;
    }
    by = right ? k : by;
  }
  *out = by;
  return WG_OK;
}

// Certificates of a message. One that is none is passed over: it can then sign nothing.
static wg_code p7_take_in(p7_judge *j, const wg_p7 *p, wg_error *err) {
  for (uint32_t i = 0; i < p->n_certs; i++) {
    uint32_t at = 0;
    wg_error why = WG_ERROR_INIT;
    wg_x509_facts f;
    wg_code code = wg_x509_add(j->pool, p->certs[i], &at, &why);
    if (code == WG_E_FORMAT) {
      continue;
    }
    if (code != WG_OK) {
      *err = why;
      return wg_code_of_failure(err->code);
    }
    if (at < j->n_seen) {
      continue;
    }
    j->n_seen = at + 1;
    if (wg_x509_facts_of(j->pool, at, j->arena, &f, err) != WG_OK) {
      return err->code;
    }
    if (p7_key_of(j, at, &f, &j->anchors[at], err) != WG_OK) {
      return err->code;
    }
    if (j->anchors[at] != NULL) {
      wg_x509_anchor(j->pool, at);
    }
  }
  return WG_OK;
}

static wg_code p7_chain(const p7_judge *j, uint32_t leaf, int64_t time_s, wg_p7_chain *out,
                        wg_error *err) {
  wg_x509_chain c;
  wg_p7_chain r = {0};
  if (wg_x509_chain_of(j->pool, leaf, time_s, &c, err) != WG_OK) {
    return err->code;
  }
  wg_x509_facts *f = wg_arena_new_array(j->arena, wg_x509_facts, c.n);
  if (f == NULL) {
    return wg_arena_fail(j->arena, err);
  }
  for (uint32_t i = 0; i < c.n; i++) {
    if (wg_x509_facts_of(j->pool, c.index[i], j->arena, &f[i], err) != WG_OK) {
      return err->code;
    }
  }
  r = (wg_p7_chain){.certs = f, .n = c.n, .end = c.end, .why = c.why};
  r.anchor = c.end == WG_X509_ANCHORED ? j->anchors[c.index[c.n - 1]] : NULL;
  *out = r;
  return WG_OK;
}

// The one value of an attribute that has to be there once.
static wg_code p7_attr_value(const wg_p7_signer *s, const char *type, unsigned tag,
                             const char *what, wg_der *out, wg_error *err) {
  unsigned n = 0;
  for (uint32_t i = 0; i < s->n_attrs; i++) {
    n += wg_oid_is(&s->attrs[i].type, type) ? 1U : 0U;
  }
  const wg_p7_attr *a = wg_p7_attr_find(s->attrs, s->n_attrs, type);
  if (a == NULL || n != 1) {
    return wg_fail_at(err, WG_E_FORMAT, s->off, "%s is signed %s", what,
                      n == 0 ? "nowhere" : "more than once");
  }
  wg_reader r = a->values;
  if (wg_der_want(&r, tag, what, out, err) != WG_OK || wg_der_end(&r, what, err) != WG_OK) {
    return err->code;
  }
  return WG_OK;
}

static wg_code p7_content_type_is(const wg_p7_signer *s, const char *type, wg_error *err) {
  wg_der e;
  wg_oid o;
  if (p7_attr_value(s, P7_CONTENT_TYPE, WG_DER_OID, "the type of what is signed", &e, err) !=
      WG_OK) {
    return err->code;
  }
  wg_reader r = wg_reader_of(e.whole.p, e.whole.n);
  if (wg_der_oid(&r, "the type of what is signed", &o, err) != WG_OK) {
    return err->code;
  }
  return wg_oid_is(&o, type) ? WG_OK
                             : wg_fail(err, WG_E_VERIFY, "signed as %s, but it is %s", o.s, type);
}

// That s is a signature over these bytes by the certificate. VERIFY, FORMAT, UNSUPPORTED: it is
// not.
static wg_code p7_signature(const p7_judge *j, const wg_p7_signer *s, uint32_t cert, wg_str content,
                            const char *type, wg_error *err) {
  uint8_t digest[WG_DIGEST_MAX_BYTES];
  size_t n = 0;
  wg_der said;
  if (wg_oid_is(&s->algorithm, P7_RSA_PSS)) {
    return wg_fail_at(err, WG_E_UNSUPPORTED, s->off, "a signature by RSA-PSS, which is not read");
  }
  if (!s->has_signed_attrs) {
    // Only bare data may go without (RFC 5652, 5.3): else signed attributes could pass as content.
    if (strcmp(type, P7_DATA) != 0) {
      return wg_fail_at(err, WG_E_FORMAT, s->off, "a signature without signed attributes");
    }
    return wg_x509_check(j->pool, cert, s->digest.s, &content, 1, s->signature, err);
  }
  if (p7_content_type_is(s, type, err) != WG_OK ||
      p7_attr_value(s, P7_MESSAGE_DIGEST, WG_DER_OCTET_STRING, "the digest of what is signed",
                    &said, err) != WG_OK ||
      wg_x509_digest(j->pool, s->digest.s, &content, 1, digest, &n, err) != WG_OK) {
    return err->code;
  }
  if (said.body.n_bytes != n || memcmp(said.body.p, digest, n) != 0) {
    return wg_fail(err, WG_E_VERIFY, "the bytes are not those that were signed");
  }
  static const char set[] = {WG_DER_SET};
  const wg_str parts[] = {{set, 1}, {s->signed_attrs.p + 1, s->signed_attrs.n - 1}};
  return wg_x509_check(j->pool, cert, s->digest.s, parts, 2, s->signature, err);
}

static bool p7_find_cert(const p7_judge *j, const wg_p7_signer *s, uint32_t *out) {
  return s->issuer.n > 0 ? wg_x509_find(j->pool, s->issuer, s->serial, out)
                         : wg_x509_find_key_id(j->pool, s->key_id, out);
}

// A stamp's signer: its certificate, that it signed these bytes, that it may.
static wg_code p7_stamped(const p7_judge *j, const wg_p7_signer *s, wg_str content,
                          const char *type, wg_p7_time *t, wg_error *err) {
  uint32_t cert = 0;
  if (!p7_find_cert(j, s, &cert)) {
    return wg_fail_at(err, WG_E_VERIFY, s->off, "the certificate of its signer is not there");
  }
  if (p7_signature(j, s, cert, content, type, err) != WG_OK ||
      p7_chain(j, cert, t->time_s, &t->chain, err) != WG_OK) {
    return err->code;
  }
  if (!wg_p7_may(&t->chain, P7_USAGE_TIME)) {
    return wg_fail_at(err, WG_E_VERIFY, s->off,
                      "its signer's certificate is not one for time stamps");
  }
  if (t->chain.end == WG_X509_EXPIRED || t->chain.end == WG_X509_WRONG) {
    return wg_fail_at(err, WG_E_VERIFY, s->off, "the chain of its signer: %s", t->chain.why);
  }
  return WG_OK;
}

// A countersignature of PKCS #9: a SignerInfo over the signature.
static wg_code p7_stamp_legacy(const p7_judge *j, wg_reader r, const wg_p7_signer *of,
                               wg_p7_time *t, wg_error *err) {
  wg_p7_signer s;
  wg_der e;
  if (wg_p7_signer_next(&r, j->arena, &s, err) != WG_OK) {
    return err->code;
  }
  const wg_p7_attr *time = wg_p7_attr_find(s.attrs, s.n_attrs, P7_SIGNING_TIME);
  if (time == NULL) {
    return wg_fail_at(err, WG_E_FORMAT, s.off, "it says no time");
  }
  wg_reader values = time->values;
  if (wg_der_next(&values, &e, err) != WG_OK) {
    return err->code;
  }
  wg_reader whole = wg_reader_of(e.whole.p, e.whole.n);
  if (wg_der_time(&whole, "the time", &t->time_s, err) != WG_OK) {
    return err->code;
  }
  t->legacy = true;
  return p7_stamped(j, &s, of->signature, P7_DATA, t, err);
}

// That the imprint is the digest of the signature.
static wg_code p7_imprint(const p7_judge *j, wg_reader *tst, wg_str signature, wg_error *err) {
  wg_der imprint, hash;
  wg_oid digest;
  uint8_t is[WG_DIGEST_MAX_BYTES];
  size_t n = 0;
  if (wg_der_want(tst, WG_DER_SEQUENCE, "what is stamped", &imprint, err) != WG_OK ||
      wg_der_algorithm(&imprint.body, "the digest of what is stamped", &digest, err) != WG_OK ||
      wg_der_want(&imprint.body, WG_DER_OCTET_STRING, "what is stamped", &hash, err) != WG_OK ||
      wg_x509_digest(j->pool, digest.s, &signature, 1, is, &n, err) != WG_OK) {
    return err->code;
  }
  if (hash.body.n_bytes != n || memcmp(hash.body.p, is, n) != 0) {
    return wg_fail_at(err, WG_E_VERIFY, imprint.off, "it is the stamp of another signature");
  }
  return WG_OK;
}

// A token of RFC 3161: a signed TSTInfo with the digest of the signature.
static wg_code p7_stamp_token(p7_judge *j, wg_reader r, const wg_p7_signer *of, wg_p7_time *t,
                              wg_error *err) {
  wg_p7 token;
  wg_der info, e;
  wg_oid policy;
  uint32_t version = 0;
  if (wg_p7_parse(r, j->arena, &token, err) != WG_OK) {
    return err->code;
  }
  if (!wg_oid_is(&token.content_type, P7_TST_INFO) || !token.has_content ||
      token.content.tag != WG_DER_OCTET_STRING || token.n_signers != 1) {
    return wg_fail_at(err, WG_E_FORMAT, wg_reader_at(&r), "a time stamp of another form");
  }
  if (p7_take_in(j, &token, err) != WG_OK) {
    return err->code;
  }
  wg_reader c = token.content.body;
  if (wg_der_want(&c, WG_DER_SEQUENCE, "a time stamp", &info, err) != WG_OK ||
      wg_der_u32(&info.body, "its version", &version, err) != WG_OK ||
      wg_der_oid(&info.body, "its policy", &policy, err) != WG_OK ||
      p7_imprint(j, &info.body, of->signature, err) != WG_OK ||
      wg_der_want(&info.body, WG_DER_INTEGER, "its number", &e, err) != WG_OK ||
      wg_der_time(&info.body, "its time", &t->time_s, err) != WG_OK) {
    return err->code;
  }
  return p7_stamped(j, &token.signers[0], wg_der_content(&token.content), P7_TST_INFO, t, err);
}

// The first right time stamp; when there is none, the last wrong one.
static wg_code p7_time(p7_judge *j, const wg_p7_signer *s, wg_p7_time *out, wg_error *err) {
  uint32_t n_tried = 0;
  for (uint32_t i = 0; i < s->n_unsigned && !out->right && n_tried < P7_MAX_STAMPS; i++) {
    const wg_p7_attr *a = &s->unsigned_attrs[i];
    bool token = wg_oid_is(&a->type, P7_TIMESTAMP_MS) || wg_oid_is(&a->type, P7_TIMESTAMP);
    if (!token && !wg_oid_is(&a->type, P7_COUNTERSIGNATURE)) {
      continue;
    }
    n_tried++;
    wg_p7_time t = {.is_there = true, .why = ""};
    wg_error why = WG_ERROR_INIT;
    wg_code code = token ? p7_stamp_token(j, a->values, s, &t, &why)
                         : p7_stamp_legacy(j, a->values, s, &t, &why);
    t.right = code == WG_OK;
    if (!t.right && p7_reason(j, &why, &t.why, err) != WG_OK) {
      return err->code;
    }
    *out = t;
  }
  return WG_OK;
}

static const char *p7_digest_name(const wg_oid *o) {
  return wg_oid_is(o, "1.3.14.3.2.26")            ? "SHA-1"
         : wg_oid_is(o, "2.16.840.1.101.3.4.2.1") ? "SHA-256"
         : wg_oid_is(o, "2.16.840.1.101.3.4.2.2") ? "SHA-384"
         : wg_oid_is(o, "2.16.840.1.101.3.4.2.3") ? "SHA-512"
         : wg_oid_is(o, "1.2.840.113549.2.5")     ? "MD5"
                                                  : "unknown";
}

static wg_code p7_judge_signer(p7_judge *j, const wg_p7 *p, wg_p7_verdict *v, wg_error *err) {
  const wg_p7_signer *s = &p->signers[0];
  uint32_t cert = 0;
  wg_error why = WG_ERROR_INIT;
  v->digest = p7_digest_name(&s->digest);
  if (!p7_find_cert(j, s, &cert)) {
    v->why = "the certificate of the signer is not in the file";
    return WG_OK;
  }
  wg_code code = p7_signature(j, s, cert, wg_der_content(&p->content), p->content_type.s, &why);
  v->right = code == WG_OK;
  v->unsupported = code == WG_E_UNSUPPORTED;
  if (!v->right && p7_reason(j, &why, &v->why, err) != WG_OK) {
    return err->code;
  }
  if (p7_time(j, s, &v->time, err) != WG_OK) {
    return err->code;
  }
  v->at_s = v->time.right ? v->time.time_s : j->trust->now_s;
  if (p7_chain(j, cert, v->at_s, &v->chain, err) != WG_OK) {
    return err->code;
  }
  // A certificate that says so is good for no longer than it lives, whatever the stamp.
  if (v->time.right && wg_p7_may(&v->chain, P7_USAGE_LIFETIME)) {
    v->at_s = j->trust->now_s;
    return p7_chain(j, cert, v->at_s, &v->chain, err);
  }
  return WG_OK;
}

wg_code wg_p7_verify(const wg_p7 *p, const wg_p7_trust *trust, wg_arena *arena, wg_p7_verdict *out,
                     wg_error *err) {
  wg_p7_verdict v = {.why = "",
                     .at_s = trust->now_s,
                     .digest = "",
                     .chain = {.why = "", .end = WG_X509_UNANCHORED},
                     .time = {.why = "", .chain = {.why = "", .end = WG_X509_UNANCHORED}}};
  if (p->n_signers == 0 || !p->has_content) {
    v.why = p->n_signers == 0 ? "nobody signed it" : "what is signed is not there";
    *out = v;
    return WG_OK;
  }
  WG_AUTO_PTR(wg_x509_pool) pool = NULL;
  if (wg_x509_pool_new(&pool, err) != WG_OK) {
    return err->code;
  }
  p7_judge *j = wg_arena_new(arena, p7_judge);
  if (j == NULL) {
    return wg_arena_fail(arena, err);
  }
  j->pool = pool;
  j->trust = trust;
  j->arena = arena;
  if (p7_take_in(j, p, err) != WG_OK || p7_judge_signer(j, p, &v, err) != WG_OK) {
    return err->code;
  }
  *out = v;
  return WG_OK;
}

static bool p7_has_usage(const wg_x509_facts *f, const char *usage) {
  for (uint32_t i = 0; i < f->n_usages; i++) {
    if (strcmp(f->usages[i], usage) == 0) {
      return true;
    }
  }
  return false;
}

bool wg_p7_may(const wg_p7_chain *c, const char *usage) {
  if (c->n == 0 || !p7_has_usage(&c->certs[0], usage)) {
    return false;
  }
  for (uint32_t i = 1; i < c->n; i++) {
    if (c->certs[i].has_usages && !p7_has_usage(&c->certs[i], usage) &&
        !p7_has_usage(&c->certs[i], P7_USAGE_ANY)) {
      return false;
    }
  }
  return true;
}
