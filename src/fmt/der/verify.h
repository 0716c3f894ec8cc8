// SPDX-License-Identifier: Apache-2.0
// Whether a signed message is true: who signed it, by which chain of certificates, when.
//
// The mathematics is OpenSSL's (crypto/x509.h). Certificates are those in the message and in its
// time stamps; a chain ends at a public key that the caller names, wherever in the chain it is.
// Nothing is fetched and nothing revoked. What has a time stamp is judged at that time.
#ifndef WG_FMT_DER_VERIFY_H
#define WG_FMT_DER_VERIFY_H

#include "crypto/x509.h"
#include "fmt/der/pkcs7.h"

typedef struct wg_p7_key {
  wg_digest sha256; // of the SubjectPublicKeyInfo
  const char *name;
  unsigned kind; // the caller's
  wg_str key; // the SubjectPublicKeyInfo itself, DER: then what is issued under this name (a common
              // name) and signed by it counts, though the issuer's certificate is not there; or ""
} wg_p7_key;

typedef struct wg_p7_trust {
  const wg_p7_key *keys;
  uint32_t n_keys;
  int64_t now_s; // UTC, seconds since 1970
} wg_p7_trust;

typedef struct wg_p7_chain {
  const wg_x509_facts *certs; // [0] is the signer's
  uint32_t n;                 // 0: the signer's certificate is not there
  wg_x509_end end;
  const wg_p7_key *anchor; // NULL: none
  const char *why;         // what is wrong with it; ""
} wg_p7_chain;

typedef struct wg_p7_time {
  bool is_there; // the signature has a time stamp
  bool right;    // and it is one of this signature
  bool legacy;   // a countersignature, not RFC 3161
  int64_t time_s;
  wg_p7_chain chain; // judged at that time
  const char *why;   // what is wrong with it; ""
} wg_p7_time;

typedef struct wg_p7_verdict {
  bool right;         // the signature is one of these bytes by the certificate's key
  bool unsupported;   // nobody here can tell: a digest or key of a kind that is not known
  const char *why;    // why it is not; ""
  wg_p7_chain chain;  // judged at at_s
  int64_t at_s;       // time_s of a right time stamp, else now_s
  wg_p7_time time;    // a right one, if there is any
  const char *digest; // of the signature: "SHA-256"
} wg_p7_verdict;

// Judges the first signer (nobody signs a catalogue twice) of a message that has one. What is wrong
// is in the verdict; an error is NOMEM or LIMIT.
wg_code wg_p7_verify(const wg_p7 *p, const wg_p7_trust *trust, wg_arena *arena, wg_p7_verdict *out,
                     wg_error *err);

// Whether the signer's certificate has that extended key usage, and no issuer of the chain forbids
// it.
bool wg_p7_may(const wg_p7_chain *c, const char *usage);

#endif
