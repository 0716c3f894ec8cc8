// SPDX-License-Identifier: Apache-2.0
#include "driver/package/embedded.h"

#include <string.h>

#define EMBEDDED_NESTED "1.3.6.1.4.1.311.2.4.1"
#define EMBEDDED_MAX_NESTED 8U
#define WIN_CERT_PKCS7 2U

static wg_code code_digest(const wg_pe *pe, const wg_pe_hash_plan *plan, wg_hash_alg alg,
                           uint8_t *out, wg_error *err) {
  static const uint8_t zeros[8];
  WG_AUTO_PTR(wg_hash) h = NULL;
  if (wg_hash_new(alg, &h, err) != WG_OK) {
    return err->code;
  }
  for (uint32_t i = 0; i < plan->n_ranges; i++) {
    wg_hash_add(h, pe->bytes + plan->ranges[i].off, (size_t)plan->ranges[i].n_bytes);
  }
  wg_hash_add(h, zeros, plan->n_pad_zero_bytes);
  wg_hash_end(h, out);
  return WG_OK;
}

wg_code wg_sig_digest(const void *p, size_t n_bytes, wg_arena *arena, wg_sig_digests *out,
                      wg_error *err) {
  wg_sig_digests d = {.sha1 = wg_sha1_of(p, n_bytes), .sha256 = wg_sha256(p, n_bytes)};
  wg_error why = WG_ERROR_INIT;
  wg_pe_hash_plan plan;
  wg_code code = WG_OK;
  if (n_bytes >= 2 && memcmp(p, "MZ", 2) == 0) {
    code = wg_pe_parse_with(p, n_bytes, NULL, WG_PE_HEADERS_ONLY, arena, &d.pe, &why);
  }
  if (code == WG_E_NOMEM) {
    *err = why;
    return wg_code_of_failure(err->code);
  }
  // A program that Authenticode can't digest is digested as bytes alone.
  if (d.pe != NULL && wg_pe_hash_ranges(d.pe, &plan, &why) == WG_OK) {
    if (code_digest(d.pe, &plan, WG_SHA1, d.code_sha1.b, err) != WG_OK ||
        code_digest(d.pe, &plan, WG_SHA256, d.code_sha256.b, err) != WG_OK) {
      return err->code;
    }
    d.has_code = true;
  }
  *out = d;
  return WG_OK;
}

// That what is signed is the digest of this program.
static bool embedded_covers(const wg_p7 *p, const wg_sig_digests *d) {
  wg_p7_indirect i;
  wg_error why = WG_ERROR_INIT;
  if (!d->has_code || !p->has_content || !wg_oid_is(&p->content_type, WG_P7_INDIRECT) ||
      p->content.tag != WG_DER_SEQUENCE ||
      wg_p7_indirect_parse(p->content.body, &i, &why) != WG_OK) {
    return false;
  }
  bool sha1 = wg_oid_is(&i.digest, "1.3.14.3.2.26");
  bool sha256 = wg_oid_is(&i.digest, "2.16.840.1.101.3.4.2.1");
  const uint8_t *want = sha1 ? d->code_sha1.b : d->code_sha256.b;
  size_t n = sha1 ? sizeof(d->code_sha1.b) : sizeof(d->code_sha256.b);
  return (sha1 || sha256) && i.value.body.n_bytes == n && memcmp(i.value.body.p, want, n) == 0;
}

// One message: what it is worth, and what is nested in it.
static wg_code embedded_one(wg_reader r, const wg_sig_digests *d, const wg_p7_trust *trust,
                            wg_arena *arena, wg_p7 *out_p7, wg_sig_own *f, wg_error *err) {
  wg_p7 p = {0};
  wg_p7_verdict v;
  wg_sig_class c = WG_SIG_BROKEN;
  const char *why = NULL, *signer = NULL;
  wg_error bad = WG_ERROR_INIT;
  wg_code code = wg_p7_parse(r, arena, &p, &bad);
  if (code == WG_E_NOMEM) {
    *err = bad;
    return wg_code_of_failure(err->code);
  }
  if (code == WG_OK) {
    if (wg_p7_verify(&p, trust, arena, &v, err) != WG_OK ||
        wg_sig_class_of(&v, trust, arena, &c, &why, err) != WG_OK) {
      return err->code;
    }
    signer = v.chain.n > 0 ? v.chain.certs[0].subject : NULL;
    c = embedded_covers(&p, d) ? c : WG_SIG_BROKEN;
  }
  if (!f->is_there || c > f->cls) {
    f->cls = c;
    f->signer = signer;
  }
  f->is_there = true;
  *out_p7 = p;
  return WG_OK;
}

wg_code wg_sig_embedded(const wg_sig_digests *d, const wg_p7_trust *trust, wg_arena *arena,
                        wg_sig_own *out, wg_error *err) {
  wg_sig_own own = {0};
  wg_p7 p = {0}, nested = {0};
  for (uint32_t i = 0; d->pe != NULL && i < d->pe->n_certs; i++) {
    const wg_pe_cert *c = &d->pe->certs[i];
    if (c->type != WIN_CERT_PKCS7) {
      continue;
    }
    if (embedded_one(wg_reader_of(c->data.p, c->data.n), d, trust, arena, &p, &own, err) != WG_OK) {
      return err->code;
    }
    uint32_t n = 0;
    for (uint32_t k = 0; p.n_signers > 0 && k < p.signers[0].n_unsigned; k++) {
      const wg_p7_attr *a = &p.signers[0].unsigned_attrs[k];
      wg_reader values = a->values;
      wg_der e;
      wg_error why = WG_ERROR_INIT;
      while (wg_oid_is(&a->type, EMBEDDED_NESTED) && n++ < EMBEDDED_MAX_NESTED &&
             wg_reader_left(&values) > 0 && wg_der_next(&values, &e, &why) == WG_OK) {
        if (embedded_one(wg_reader_of(e.whole.p, e.whole.n), d, trust, arena, &nested, &own, err) !=
            WG_OK) {
          return err->code;
        }
      }
    }
  }
  *out = own;
  return WG_OK;
}
