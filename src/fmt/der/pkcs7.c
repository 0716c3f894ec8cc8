// SPDX-License-Identifier: Apache-2.0
#include "fmt/der/pkcs7.h"

#define P7_SIGNED_DATA "1.2.840.113549.1.7.2"
#define P7_PE_IMAGE "1.3.6.1.4.1.311.2.1.15"
#define P7_CONTEXT(n) (WG_DER_CONTEXT | WG_DER_CONSTRUCTED | (n))

const wg_p7_attr *wg_p7_attr_find(const wg_p7_attr *v, uint32_t n, const char *dotted) {
  for (uint32_t i = 0; i < n; i++) {
    if (wg_oid_is(&v[i].type, dotted)) {
      return &v[i];
    }
  }
  return NULL;
}

// How many elements r has; LIMIT over max.
static wg_code p7_count(wg_reader r, uint32_t max, const char *what, uint32_t *out, wg_error *err) {
  wg_der e;
  uint32_t n = 0;
  for (; wg_reader_left(&r) > 0; n++) {
    if (n == max) {
      return wg_fail_at(err, WG_E_LIMIT, wg_reader_at(&r), "more than %u %s", (unsigned)max, what);
    }
    if (wg_der_next(&r, &e, err) != WG_OK) {
      return wg_wrap(err, "%s", what);
    }
  }
  *out = n;
  return WG_OK;
}

static wg_code p7_attrs(wg_reader r, wg_arena *arena, const wg_p7_attr **out, uint32_t *out_n,
                        wg_error *err) {
  uint32_t n = 0;
  if (p7_count(r, WG_P7_MAX_ATTRS, "attributes", &n, err) != WG_OK) {
    return err->code;
  }
  wg_p7_attr *v = wg_arena_new_array(arena, wg_p7_attr, n);
  if (v == NULL) {
    return wg_arena_fail(arena, err);
  }
  for (uint32_t i = 0; i < n; i++) {
    wg_der seq, set;
    if (wg_der_want(&r, WG_DER_SEQUENCE, "an attribute", &seq, err) != WG_OK ||
        wg_der_oid(&seq.body, "an attribute's type", &v[i].type, err) != WG_OK ||
        wg_der_want(&seq.body, WG_DER_SET, "an attribute's values", &set, err) != WG_OK ||
        wg_der_end(&seq.body, "an attribute", err) != WG_OK) {
      return err->code;
    }
    v[i].values = set.body;
  }
  *out = v;
  *out_n = n;
  return WG_OK;
}

static wg_code p7_signer_id(wg_reader *r, wg_p7_signer *s, wg_error *err) {
  wg_der id, name, serial;
  if (wg_der_is(r, WG_DER_CONTEXT)) {
    if (wg_der_next(r, &id, err) != WG_OK) {
      return err->code;
    }
    s->key_id = wg_der_content(&id);
    return WG_OK;
  }
  if (wg_der_want(r, WG_DER_SEQUENCE, "who signed", &id, err) != WG_OK ||
      wg_der_want(&id.body, WG_DER_SEQUENCE, "the issuer of the signer's certificate", &name,
                  err) != WG_OK ||
      wg_der_want(&id.body, WG_DER_INTEGER, "the number of the signer's certificate", &serial,
                  err) != WG_OK) {
    return err->code;
  }
  s->issuer = name.whole;
  s->serial = wg_der_content(&serial);
  return wg_der_end(&id.body, "who signed", err);
}

wg_code wg_p7_signer_next(wg_reader *r, wg_arena *arena, wg_p7_signer *out, wg_error *err) {
  wg_p7_signer s = {0};
  wg_der seq, e;
  uint32_t version = 0;
  if (wg_der_want(r, WG_DER_SEQUENCE, "a signer", &seq, err) != WG_OK ||
      wg_der_u32(&seq.body, "a signer's version", &version, err) != WG_OK ||
      p7_signer_id(&seq.body, &s, err) != WG_OK ||
      wg_der_algorithm(&seq.body, "a signer's digest", &s.digest, err) != WG_OK) {
    return err->code;
  }
  s.off = seq.off;
  if (wg_der_is(&seq.body, P7_CONTEXT(0))) {
    if (wg_der_next(&seq.body, &e, err) != WG_OK ||
        p7_attrs(e.body, arena, &s.attrs, &s.n_attrs, err) != WG_OK) {
      return err->code;
    }
    s.has_signed_attrs = true;
    s.signed_attrs = e.whole;
  }
  if (wg_der_algorithm(&seq.body, "a signer's algorithm", &s.algorithm, err) != WG_OK ||
      wg_der_want(&seq.body, WG_DER_OCTET_STRING, "a signature", &e, err) != WG_OK) {
    return err->code;
  }
  s.signature = wg_der_content(&e);
  if (wg_der_is(&seq.body, P7_CONTEXT(1))) {
    if (wg_der_next(&seq.body, &e, err) != WG_OK ||
        p7_attrs(e.body, arena, &s.unsigned_attrs, &s.n_unsigned, err) != WG_OK) {
      return err->code;
    }
  }
  if (wg_der_end(&seq.body, "a signer", err) != WG_OK) {
    return err->code;
  }
  *out = s;
  return WG_OK;
}

static wg_code p7_content(wg_reader *r, wg_p7 *p, wg_error *err) {
  wg_der info, box;
  if (wg_der_want(r, WG_DER_SEQUENCE, "what is signed", &info, err) != WG_OK ||
      wg_der_oid(&info.body, "the type of what is signed", &p->content_type, err) != WG_OK) {
    return err->code;
  }
  if (wg_reader_left(&info.body) > 0) {
    if (wg_der_want(&info.body, P7_CONTEXT(0), "what is signed", &box, err) != WG_OK ||
        wg_der_next(&box.body, &p->content, err) != WG_OK ||
        wg_der_end(&box.body, "what is signed", err) != WG_OK) {
      return err->code;
    }
    p->has_content = true;
  }
  return wg_der_end(&info.body, "what is signed", err);
}

static wg_code p7_certs(wg_reader *r, wg_arena *arena, wg_p7 *p, wg_error *err) {
  wg_der set, e;
  uint32_t n = 0;
  if (!wg_der_is(r, P7_CONTEXT(0))) {
    return WG_OK;
  }
  if (wg_der_next(r, &set, err) != WG_OK ||
      p7_count(set.body, WG_P7_MAX_CERTS, "certificates", &n, err) != WG_OK) {
    return err->code;
  }
  wg_str *v = wg_arena_new_array(arena, wg_str, n);
  if (v == NULL) {
    return wg_arena_fail(arena, err);
  }
  // Attribute certificates and other kinds ([0] to [3]) are passed over.
  for (wg_reader q = set.body; wg_reader_left(&q) > 0;) {
    if (wg_der_next(&q, &e, err) != WG_OK) {
      return err->code;
    }
    if (e.tag == WG_DER_SEQUENCE) {
      v[p->n_certs++] = e.whole;
    }
  }
  p->certs = v;
  return WG_OK;
}

static wg_code p7_signers(wg_reader *r, wg_arena *arena, wg_p7 *p, wg_error *err) {
  wg_der set;
  uint32_t n = 0;
  if (wg_der_want(r, WG_DER_SET, "the signers", &set, err) != WG_OK ||
      p7_count(set.body, WG_P7_MAX_SIGNERS, "signers", &n, err) != WG_OK) {
    return err->code;
  }
  wg_p7_signer *v = wg_arena_new_array(arena, wg_p7_signer, n);
  if (v == NULL) {
    return wg_arena_fail(arena, err);
  }
  for (uint32_t i = 0; i < n; i++) {
    if (wg_p7_signer_next(&set.body, arena, &v[i], err) != WG_OK) {
      return err->code;
    }
  }
  p->signers = v;
  p->n_signers = n;
  return WG_OK;
}

wg_code wg_p7_parse(wg_reader r, wg_arena *arena, wg_p7 *out, wg_error *err) {
  wg_der outer, box, data, e;
  wg_oid type;
  wg_p7 p = {0};
  uint64_t at = wg_reader_at(&r);
  uint32_t version = 0;
  if (wg_der_want(&r, WG_DER_SEQUENCE, "a signed message", &outer, err) != WG_OK ||
      wg_der_oid(&outer.body, "the type of the message", &type, err) != WG_OK) {
    return err->code;
  }
  if (!wg_oid_is(&type, P7_SIGNED_DATA)) {
    return wg_fail_at(err, WG_E_FORMAT, at, "a message of type %s, not a signed one", type.s);
  }
  if (wg_der_want(&outer.body, P7_CONTEXT(0), "the signed message", &box, err) != WG_OK ||
      wg_der_end(&outer.body, "the message", err) != WG_OK ||
      wg_der_want(&box.body, WG_DER_SEQUENCE, "the signed message", &data, err) != WG_OK ||
      wg_der_end(&box.body, "the signed message", err) != WG_OK ||
      wg_der_u32(&data.body, "the version", &version, err) != WG_OK ||
      wg_der_want(&data.body, WG_DER_SET, "the digests", &e, err) != WG_OK ||
      p7_content(&data.body, &p, err) != WG_OK || p7_certs(&data.body, arena, &p, err) != WG_OK) {
    return err->code;
  }
  if (wg_der_is(&data.body, P7_CONTEXT(1)) && wg_der_next(&data.body, &e, err) != WG_OK) {
    return err->code; // revocation lists: none is looked at
  }
  if (p7_signers(&data.body, arena, &p, err) != WG_OK ||
      wg_der_end(&data.body, "the signed message", err) != WG_OK) {
    return err->code;
  }
  p.n_trailing = wg_reader_left(&r);
  *out = p;
  return WG_OK;
}

wg_code wg_p7_indirect_parse(wg_reader r, wg_p7_indirect *out, wg_error *err) {
  wg_der data, info;
  wg_oid type;
  wg_p7_indirect d;
  if (wg_der_want(&r, WG_DER_SEQUENCE, "the kind of what is digested", &data, err) != WG_OK ||
      wg_der_oid(&data.body, "the kind of what is digested", &type, err) != WG_OK ||
      wg_der_want(&r, WG_DER_SEQUENCE, "a digest", &info, err) != WG_OK ||
      wg_der_end(&r, "a digest", err) != WG_OK ||
      wg_der_algorithm(&info.body, "the algorithm of a digest", &d.digest, err) != WG_OK ||
      wg_der_want(&info.body, WG_DER_OCTET_STRING, "a digest", &d.value, err) != WG_OK ||
      wg_der_end(&info.body, "a digest", err) != WG_OK) {
    return err->code;
  }
  d.is_program = wg_oid_is(&type, P7_PE_IMAGE);
  *out = d;
  return WG_OK;
}
