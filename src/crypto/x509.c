// SPDX-License-Identifier: Apache-2.0
#include "crypto/x509.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/objects.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>
#include <string.h>

#define X509_MAX_POOL WG_X509_MAX_POOL

struct wg_x509_pool {
  OSSL_LIB_CTX *lib; // of its own: the machine's configuration may forbid SHA-1, or name providers
  STACK_OF(X509) * certs;
  bool anchor[X509_MAX_POOL];
};

static wg_code x509_nomem(wg_error *err) {
  ERR_clear_error();
  return wg_fail(err, WG_E_NOMEM, "out of memory for certificates");
}

// Whether what just failed in OpenSSL failed for want of memory. Its errors are forgotten.
static bool x509_starved(void) {
  bool starved = false;
  for (unsigned long e = ERR_get_error(); e != 0; e = ERR_get_error()) {
    starved = starved || ERR_GET_REASON(e) == ERR_R_MALLOC_FAILURE;
  }
  return starved;
}

wg_code wg_x509_pool_new(wg_x509_pool **out, wg_error *err) {
  wg_x509_pool *p = OPENSSL_zalloc(sizeof(*p));
  if (p == NULL) {
    return x509_nomem(err);
  }
  p->lib = OSSL_LIB_CTX_new();
  p->certs = sk_X509_new_null();
  if (p->lib == NULL || p->certs == NULL) {
    wg_x509_pool_free(p);
    return x509_nomem(err);
  }
  *out = p;
  return WG_OK;
}

void wg_x509_pool_free(wg_x509_pool *p) {
  if (p != NULL) {
    sk_X509_pop_free(p->certs, X509_free);
    OSSL_LIB_CTX_free(p->lib);
    OPENSSL_free(p);
  }
}

static uint32_t x509_count(const wg_x509_pool *p) {
  return (uint32_t)sk_X509_num(p->certs);
}

static X509 *x509_at(const wg_x509_pool *p, uint32_t index) {
  X509 *x = sk_X509_value(p->certs, (int)index);
  wg_assert(x != NULL);
  return x;
}

wg_code wg_x509_add(wg_x509_pool *p, wg_str der, uint32_t *out_index, wg_error *err) {
  uint32_t n = x509_count(p);
  if (n == X509_MAX_POOL || der.n > INT32_MAX) {
    return wg_fail(err, WG_E_LIMIT, "more than %u certificates, or one too large", X509_MAX_POOL);
  }
  X509 *x = X509_new_ex(p->lib, NULL);
  if (x == NULL) {
    return x509_nomem(err);
  }
  const unsigned char *at = (const unsigned char *)der.p;
  // A failing d2i frees what it was given.
  if (d2i_X509(&x, &at, (long)der.n) == NULL || at != (const unsigned char *)der.p + der.n) {
    X509_free(x);
    if (x509_starved()) {
      return x509_nomem(err);
    }
    return wg_fail(err, WG_E_FORMAT, "a certificate that is none");
  }
  for (uint32_t i = 0; i < n; i++) {
    if (X509_cmp(x509_at(p, i), x) == 0) {
      X509_free(x);
      *out_index = i;
      return WG_OK;
    }
  }
  if (sk_X509_push(p->certs, x) <= 0) {
    X509_free(x);
    return x509_nomem(err);
  }
  *out_index = n;
  return WG_OK;
}

// Whether the name is the one that these bytes are.
static bool x509_name_is(const X509_NAME *name, wg_str der) {
  const unsigned char *p = NULL;
  size_t n = 0;
  return X509_NAME_get0_der(name, &p, &n) == 1 && n == der.n && memcmp(p, der.p, n) == 0;
}

static bool x509_serial_is(const X509 *x, wg_str serial) {
  unsigned char der[130];
  unsigned char *at = der;
  const ASN1_INTEGER *s = X509_get0_serialNumber(x);
  int n = i2d_ASN1_INTEGER(s, NULL);
  // A serial number is short: its header is two bytes.
  if (n <= 2 || n > (int)sizeof(der) - 1 || i2d_ASN1_INTEGER(s, &at) != n) {
    return false;
  }
  return (size_t)n - 2 == serial.n && memcmp(der + 2, serial.p, serial.n) == 0;
}

bool wg_x509_find(const wg_x509_pool *p, wg_str issuer, wg_str serial, uint32_t *out_index) {
  for (uint32_t i = 0; i < x509_count(p); i++) {
    X509 *x = x509_at(p, i);
    if (x509_serial_is(x, serial) && x509_name_is(X509_get_issuer_name(x), issuer)) {
      *out_index = i;
      return true;
    }
  }
  return false;
}

bool wg_x509_find_key_id(const wg_x509_pool *p, wg_str key_id, uint32_t *out_index) {
  for (uint32_t i = 0; i < x509_count(p); i++) {
    const ASN1_OCTET_STRING *id = X509_get0_subject_key_id(x509_at(p, i));
    if (id != NULL && key_id.n > 0 && (size_t)ASN1_STRING_length(id) == key_id.n &&
        memcmp(ASN1_STRING_get0_data(id), key_id.p, key_id.n) == 0) {
      *out_index = i;
      return true;
    }
  }
  return false;
}

// A part of the name as UTF-8 in the arena; NULL when it has none (or no memory: that comes later).
static const char *x509_name_part(X509_NAME *name, int nid, wg_arena *arena) {
  int at = X509_NAME_get_index_by_NID(name, nid, -1);
  if (at < 0) {
    return NULL;
  }
  unsigned char *utf8 = NULL;
  int n = ASN1_STRING_to_UTF8(&utf8, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at)));
  char *text =
      n > 0 && memchr(utf8, 0, (size_t)n) == NULL ? wg_arena_strndup(arena, utf8, (size_t)n) : NULL;
  OPENSSL_free(utf8);
  return text;
}

static const char *x509_dn(const X509_NAME *name, wg_arena *arena) {
  BIO *b = BIO_new(BIO_s_mem());
  char *p = NULL;
  const char *text = NULL;
  // Without ESC_MSB: UTF-8 stays as it is.
  if (b != NULL && X509_NAME_print_ex(
                       b, name, 0, (XN_FLAG_RFC2253 & ~(unsigned long)ASN1_STRFLGS_ESC_MSB)) >= 0) {
    long n = BIO_get_mem_data(b, &p);
    text = wg_arena_strndup(arena, p == NULL ? "" : p, n > 0 ? (size_t)n : 0);
  }
  BIO_free(b);
  return text;
}

static const char *x509_short(X509_NAME *name, const char *dn, wg_arena *arena) {
  const char *cn = x509_name_part(name, NID_commonName, arena);
  cn = cn == NULL ? x509_name_part(name, NID_organizationName, arena) : cn;
  return cn == NULL ? dn : cn;
}

static int64_t x509_time(const ASN1_TIME *t) {
  ASN1_TIME *epoch = ASN1_TIME_set(NULL, 0);
  int days = 0, seconds = 0;
  int64_t out = 0;
  if (epoch != NULL && ASN1_TIME_diff(&days, &seconds, epoch, t) == 1) {
    out = (int64_t)days * 86400 + seconds;
  }
  ASN1_STRING_free(epoch);
  return out;
}

static wg_code x509_usages(X509 *x, wg_arena *arena, wg_x509_facts *f, wg_error *err) {
  int critical = -1;
  EXTENDED_KEY_USAGE *eku = X509_get_ext_d2i(x, NID_ext_key_usage, &critical, NULL);
  if (eku == NULL) {
    f->has_usages = critical != -1; // there, but no list, or twice: it allows nothing
    return x509_starved() ? x509_nomem(err) : WG_OK;
  }
  int n = sk_ASN1_OBJECT_num(eku);
  const char **v = wg_arena_new_array(arena, const char *, (size_t)(n < 0 ? 0 : n));
  bool ok = v != NULL;
  for (int i = 0; ok && i < n; i++) {
    char text[128];
    int len = OBJ_obj2txt(text, sizeof(text), sk_ASN1_OBJECT_value(eku, i), 1);
    v[i] = wg_arena_strdup(arena, len < 0 || len >= (int)sizeof(text) ? "" : text);
    ok = v[i] != NULL;
  }
  sk_ASN1_OBJECT_pop_free(eku, ASN1_OBJECT_free);
  if (!ok) {
    return wg_arena_fail(arena, err);
  }
  f->usages = v;
  f->n_usages = (uint32_t)n;
  f->has_usages = true;
  return WG_OK;
}

static wg_code x509_digests(X509 *x, wg_x509_facts *f, wg_error *err) {
  unsigned char *der = NULL;
  int n = i2d_X509(x, &der);
  if (n < 0) {
    return x509_nomem(err);
  }
  f->sha256 = wg_sha256(der, (size_t)n);
  f->sha1 = wg_sha1_of(der, (size_t)n);
  OPENSSL_free(der);
  der = NULL;
  n = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(x), &der);
  if (n < 0) {
    return x509_nomem(err);
  }
  f->key_sha256 = wg_sha256(der, (size_t)n);
  OPENSSL_free(der);
  return WG_OK;
}

static const char *x509_key_text(X509 *x, wg_arena *arena) {
  EVP_PKEY *k = X509_get0_pubkey(x);
  char group[40] = "";
  size_t n = 0;
  if (k == NULL) {
    return "unknown";
  }
  if (EVP_PKEY_get_base_id(k) == EVP_PKEY_EC) {
    (void)EVP_PKEY_get_group_name(k, group, sizeof(group), &n);
    return wg_arena_printf(arena, "EC %s", group);
  }
  const char *name = EVP_PKEY_get0_type_name(k);
  return wg_arena_printf(arena, "%s %d", name == NULL ? "?" : name, EVP_PKEY_get_bits(k));
}

static const char *x509_serial_text(const X509 *x, wg_arena *arena) {
  const ASN1_INTEGER *s = X509_get0_serialNumber(x);
  WG_AUTO(wg_buf) b = {0};
  wg_buf_init(&b, arena->alloc, 0);
  wg_buf_add_hex(&b, ASN1_STRING_get0_data(s), (size_t)ASN1_STRING_length(s));
  return b.failed ? NULL : wg_arena_strndup(arena, b.p, b.n);
}

wg_code wg_x509_facts_of(const wg_x509_pool *p, uint32_t index, wg_arena *arena, wg_x509_facts *out,
                         wg_error *err) {
  X509 *x = x509_at(p, index);
  wg_x509_facts f = {.not_before_s = x509_time(X509_get0_notBefore(x)),
                     .not_after_s = x509_time(X509_get0_notAfter(x))};
  X509_NAME *subject = X509_get_subject_name(x), *issuer = X509_get_issuer_name(x);
  f.subject_dn = x509_dn(subject, arena);
  f.issuer_dn = x509_dn(issuer, arena);
  f.subject = x509_short(subject, f.subject_dn, arena);
  f.issuer = x509_short(issuer, f.issuer_dn, arena);
  f.serial = x509_serial_text(x, arena);
  f.key = x509_key_text(x, arena);
  f.self_issued = X509_NAME_cmp(subject, issuer) == 0 && X509_get0_pubkey(x) != NULL &&
                  X509_verify(x, X509_get0_pubkey(x)) == 1;
  if (x509_starved()) {
    return x509_nomem(err);
  }
  if (f.subject_dn == NULL || f.issuer_dn == NULL || f.serial == NULL || f.key == NULL) {
    return wg_arena_fail(arena, err);
  }
  if (x509_digests(x, &f, err) != WG_OK || x509_usages(x, arena, &f, err) != WG_OK) {
    return err->code;
  }
  ERR_clear_error();
  *out = f;
  return WG_OK;
}

static const char *x509_digest_name(const char *oid, wg_error *err) {
  static const struct {
    const char *oid, *name;
  } names[] = {{"1.3.14.3.2.26", "SHA1"},
               {"2.16.840.1.101.3.4.2.1", "SHA256"},
               {"2.16.840.1.101.3.4.2.2", "SHA384"},
               {"2.16.840.1.101.3.4.2.3", "SHA512"}};
  for (size_t i = 0; i < WG_ARRAY_LEN(names); i++) {
    if (strcmp(oid, names[i].oid) == 0) {
      return names[i].name;
    }
  }
  wg_error_set(err, WG_E_UNSUPPORTED, 0, WG_NO_OFFSET, "digest %s is not one of SHA-1 and SHA-2",
               oid);
  return NULL;
}

wg_code wg_x509_digest(const wg_x509_pool *p, const char *digest_oid, const wg_str *parts,
                       size_t n_parts, uint8_t *out, size_t *out_bytes, wg_error *err) {
  const char *name = x509_digest_name(digest_oid, err);
  if (name == NULL) {
    return err->code;
  }
  EVP_MD *md = EVP_MD_fetch(p->lib, name, NULL);
  EVP_MD_CTX *c = EVP_MD_CTX_new();
  unsigned n = 0;
  bool ok = md != NULL && c != NULL && EVP_DigestInit_ex(c, md, NULL) == 1;
  for (size_t i = 0; ok && i < n_parts; i++) {
    ok = EVP_DigestUpdate(c, parts[i].p, parts[i].n) == 1;
  }
  ok = ok && EVP_DigestFinal_ex(c, out, &n) == 1;
  EVP_MD_CTX_free(c);
  EVP_MD_free(md);
  if (!ok) {
    return x509_nomem(err);
  }
  *out_bytes = n;
  return WG_OK;
}

wg_code wg_x509_check(const wg_x509_pool *p, uint32_t index, const char *digest_oid,
                      const wg_str *parts, size_t n_parts, wg_str signature, wg_error *err) {
  const char *name = x509_digest_name(digest_oid, err);
  if (name == NULL) {
    return err->code;
  }
  EVP_PKEY *key = X509_get0_pubkey(x509_at(p, index));
  int kind = key == NULL ? 0 : EVP_PKEY_get_base_id(key);
  if (kind != EVP_PKEY_RSA && kind != EVP_PKEY_EC) {
    if (x509_starved()) {
      return x509_nomem(err);
    }
    return wg_fail(err, WG_E_UNSUPPORTED, "a signer's key that is neither RSA nor EC");
  }
  EVP_MD_CTX *c = EVP_MD_CTX_new();
  bool ok = c != NULL && EVP_DigestVerifyInit_ex(c, NULL, name, p->lib, NULL, key, NULL) == 1;
  for (size_t i = 0; ok && i < n_parts; i++) {
    ok = EVP_DigestVerifyUpdate(c, parts[i].p, parts[i].n) == 1;
  }
  int right = ok ? EVP_DigestVerifyFinal(c, (const unsigned char *)signature.p, signature.n) : 0;
  EVP_MD_CTX_free(c);
  if (right != 1 && x509_starved()) {
    return x509_nomem(err);
  }
  ERR_clear_error();
  if (!ok) {
    return wg_fail(err, WG_E_UNSUPPORTED, "a signer's key that OpenSSL can't use");
  }
  return right == 1 ? WG_OK : wg_fail(err, WG_E_VERIFY, "the signature is not of these bytes");
}

wg_code wg_x509_signed_by(const wg_x509_pool *p, uint32_t index, wg_str key, bool *out,
                          wg_error *err) {
  const unsigned char *at = (const unsigned char *)key.p;
  EVP_PKEY *k = key.n > INT32_MAX ? NULL : d2i_PUBKEY_ex(NULL, &at, (long)key.n, p->lib, NULL);
  bool right = k != NULL && X509_verify(x509_at(p, index), k) == 1;
  EVP_PKEY_free(k);
  if (!right && x509_starved()) {
    return x509_nomem(err);
  }
  ERR_clear_error();
  *out = right;
  return WG_OK;
}

void wg_x509_anchor(wg_x509_pool *p, uint32_t index) {
  wg_assert(index < x509_count(p));
  p->anchor[index] = true;
}

static wg_x509_end x509_end(int ok, int why) {
  if (ok == 1) {
    return WG_X509_ANCHORED;
  }
  switch (why) {
  case X509_V_ERR_CERT_NOT_YET_VALID:
  case X509_V_ERR_CERT_HAS_EXPIRED:
    return WG_X509_EXPIRED;
  case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
  case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
  case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
  case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
  case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
  case X509_V_ERR_CERT_UNTRUSTED:
    return WG_X509_UNANCHORED;
  default:
    return WG_X509_WRONG;
  }
}

// Where in the pool a certificate of a chain is.
static uint32_t x509_index(const wg_x509_pool *p, const X509 *x) {
  uint32_t i = 0;
  while (i < x509_count(p) && X509_cmp(x509_at(p, i), x) != 0) {
    i++;
  }
  return i;
}

static bool x509_chain_setup(const wg_x509_pool *p, uint32_t leaf, int64_t time_s,
                             X509_STORE *store, X509_STORE_CTX *ctx) {
  for (uint32_t i = 0; i < x509_count(p); i++) {
    if (p->anchor[i] && X509_STORE_add_cert(store, x509_at(p, i)) != 1) {
      return false;
    }
  }
  if (X509_STORE_CTX_init(ctx, store, x509_at(p, leaf), p->certs) != 1) {
    return false;
  }
  X509_VERIFY_PARAM *param = X509_STORE_CTX_get0_param(ctx);
  // An anchor may be an intermediate: Microsoft's catalogues seldom hold the root.
  X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_PARTIAL_CHAIN | X509_V_FLAG_TRUSTED_FIRST);
  X509_VERIFY_PARAM_set_depth(param, (int)WG_X509_MAX_CHAIN - 2);
  X509_VERIFY_PARAM_set_time(param, (time_t)time_s);
  X509_VERIFY_PARAM_set_auth_level(param, 0);
  return true;
}

wg_code wg_x509_chain_of(const wg_x509_pool *p, uint32_t leaf, int64_t time_s, wg_x509_chain *out,
                         wg_error *err) {
  X509_STORE *store = X509_STORE_new();
  X509_STORE_CTX *ctx = X509_STORE_CTX_new_ex(p->lib, NULL);
  bool ok = store != NULL && ctx != NULL && x509_chain_setup(p, leaf, time_s, store, ctx);
  wg_x509_chain c = {0};
  if (ok) {
    int right = X509_verify_cert(ctx);
    int why = X509_STORE_CTX_get_error(ctx);
    c.end = x509_end(right, why);
    c.why = c.end == WG_X509_ANCHORED ? "" : X509_verify_cert_error_string(why);
    ok = why != X509_V_ERR_OUT_OF_MEM && (right == 1 || !x509_starved());
    const STACK_OF(X509) *chain = X509_STORE_CTX_get0_chain(ctx);
    for (int i = 0; i < sk_X509_num(chain) && c.n < WG_X509_MAX_CHAIN; i++) {
      uint32_t at = x509_index(p, sk_X509_value(chain, i));
      wg_assert(at < x509_count(p)); // a chain is of the pool's
      c.index[c.n++] = at;
    }
    if (c.n == 0) {
      c.index[c.n++] = leaf;
    }
  }
  X509_STORE_CTX_free(ctx);
  X509_STORE_free(store);
  ERR_clear_error();
  if (!ok) {
    return x509_nomem(err);
  }
  *out = c;
  return WG_OK;
}
