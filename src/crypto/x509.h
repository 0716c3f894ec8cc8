// SPDX-License-Identifier: Apache-2.0
// X.509 certificates, signatures by their keys, and chains among them, over OpenSSL. No network, no
// revocation, nothing of the machine: neither its certificates nor its configuration of OpenSSL.
#ifndef WG_CRYPTO_X509_H
#define WG_CRYPTO_X509_H

#include "crypto/digest.h"

#define WG_X509_MAX_CHAIN 16U
#define WG_X509_MAX_POOL 1024U
#define WG_DIGEST_MAX_BYTES 64U

// Certificates of one question. One thread. Heap; certificates are known by their number.
typedef struct wg_x509_pool wg_x509_pool;
wg_code wg_x509_pool_new(wg_x509_pool **out, wg_error *err); // NOMEM
void wg_x509_pool_free(wg_x509_pool *p);
WG_DEFINE_AUTO_PTR(wg_x509_pool, wg_x509_pool_free);

// Takes in a certificate (copied); the same one has one number. FORMAT: it is none.
wg_code wg_x509_add(wg_x509_pool *p, wg_str der, uint32_t *out_index, wg_error *err);
// By issuer (Name, DER) and serial number (content octets), or by subject key identifier.
WG_MUST_CHECK bool wg_x509_find(const wg_x509_pool *p, wg_str issuer, wg_str serial,
                                uint32_t *out_index);
WG_MUST_CHECK bool wg_x509_find_key_id(const wg_x509_pool *p, wg_str key_id, uint32_t *out_index);

typedef struct wg_x509_facts {
  const char *subject;    // common name, or the organisation, or the whole name
  const char *issuer;     // the same of the issuer
  const char *subject_dn; // whole, as RFC 2253 writes it
  const char *issuer_dn;
  const char *serial; // lower-case hex
  int64_t not_before_s, not_after_s;
  wg_digest sha256;          // of the certificate
  wg_sha1 sha1;              // what Windows calls the thumbprint
  wg_digest key_sha256;      // of its SubjectPublicKeyInfo
  const char *key;           // "RSA 2048", "EC P-256"
  const char *const *usages; // extended key usages, dotted; none: n_usages 0 and has_usages false
  uint32_t n_usages;
  bool has_usages;  // it says what it is for, or tries to
  bool self_issued; // subject is issuer, and its own key verifies it
} wg_x509_facts;
// Strings in the arena.
wg_code wg_x509_facts_of(const wg_x509_pool *p, uint32_t index, wg_arena *arena, wg_x509_facts *out,
                         wg_error *err);

// Digest by its object identifier, of parts one behind the other. UNSUPPORTED: not SHA-1, SHA-256,
// SHA-384 or SHA-512. out has WG_DIGEST_MAX_BYTES.
wg_code wg_x509_digest(const wg_x509_pool *p, const char *digest_oid, const wg_str *parts,
                       size_t n_parts, uint8_t *out, size_t *out_bytes, wg_error *err);
// That the key of a certificate made this signature over the parts, one behind the other. VERIFY:
// it did not. UNSUPPORTED: a digest or kind of key that is not known.
wg_code wg_x509_check(const wg_x509_pool *p, uint32_t index, const char *digest_oid,
                      const wg_str *parts, size_t n_parts, wg_str signature, wg_error *err);

// Whether this key (SubjectPublicKeyInfo, DER) signed the certificate. What is no key signed
// nothing.
wg_code wg_x509_signed_by(const wg_x509_pool *p, uint32_t index, wg_str key, bool *out,
                          wg_error *err);

// Its key is one to end a chain at.
void wg_x509_anchor(wg_x509_pool *p, uint32_t index);

typedef enum wg_x509_end {
  WG_X509_ANCHORED,   // the last of the chain is an anchor, and all was right at that time
  WG_X509_UNANCHORED, // no chain to an anchor
  WG_X509_EXPIRED,    // a chain to an anchor, not all of it valid at that time
  WG_X509_WRONG,      // a chain with a signature that is wrong, or an issuer that may not issue
} wg_x509_end;
typedef struct wg_x509_chain {
  uint32_t index[WG_X509_MAX_CHAIN]; // from the leaf as far as it goes
  uint32_t n;
  wg_x509_end end;
  const char *why; // static text of OpenSSL; "" when anchored
} wg_x509_chain;
// The chain of a certificate at a time (UTC, seconds since 1970).
wg_code wg_x509_chain_of(const wg_x509_pool *p, uint32_t leaf, int64_t time_s, wg_x509_chain *out,
                         wg_error *err);

#endif
