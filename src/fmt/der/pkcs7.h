// SPDX-License-Identifier: Apache-2.0
// PKCS #7 SignedData (RFC 2315, and RFC 5652 where that is the same): the envelope of catalogues,
// of signatures in programs and of time stamps. Reads what it says; whether it is true is verify.h.
//
// Everything is of the arena or points into the input, which must outlive it.
#ifndef WG_FMT_DER_PKCS7_H
#define WG_FMT_DER_PKCS7_H

#include "fmt/der/der.h"

typedef struct wg_p7_attr {
  wg_oid type;
  wg_reader values; // content of the SET
} wg_p7_attr;

typedef struct wg_p7_signer {
  uint64_t off;
  wg_str issuer; // Name, DER; empty: the signer is named by key_id
  wg_str serial; // content octets of the INTEGER
  wg_str key_id; // SubjectKeyIdentifier
  wg_oid digest, algorithm;
  bool has_signed_attrs;
  wg_str signed_attrs; // the whole element; it is signed with the tag of a SET
  const wg_p7_attr *attrs;
  uint32_t n_attrs;
  wg_str signature;
  const wg_p7_attr *unsigned_attrs;
  uint32_t n_unsigned;
} wg_p7_signer;

typedef struct wg_p7 {
  wg_oid content_type;
  bool has_content;
  wg_der content;      // the element inside of [0]; its body is what is signed
  const wg_str *certs; // X.509, DER, each whole
  uint32_t n_certs;
  const wg_p7_signer *signers;
  uint32_t n_signers;
  uint64_t n_trailing; // bytes behind the end
} wg_p7;

#define WG_P7_MAX_CERTS 128U
#define WG_P7_MAX_SIGNERS 16U
#define WG_P7_MAX_ATTRS 128U

// FORMAT with the offset; LIMIT: more certificates, signers or attributes than the numbers above.
wg_code wg_p7_parse(wg_reader r, wg_arena *arena, wg_p7 *out, wg_error *err);
// One SignerInfo, the next of r: what a legacy countersignature is.
wg_code wg_p7_signer_next(wg_reader *r, wg_arena *arena, wg_p7_signer *out, wg_error *err);
// The first attribute of that type, or NULL.
const wg_p7_attr *wg_p7_attr_find(const wg_p7_attr *v, uint32_t n, const char *dotted);

// SpcIndirectDataContent: what a signature of a program signs, and what a catalogue says of a
// member.
typedef struct wg_p7_indirect {
  bool is_program; // SpcPeImageData: the digest is Authenticode's
  wg_oid digest;
  wg_der value;
} wg_p7_indirect;
#define WG_P7_INDIRECT "1.3.6.1.4.1.311.2.1.4"
// Of its content octets: those inside of the SEQUENCE.
wg_code wg_p7_indirect_parse(wg_reader r, wg_p7_indirect *out, wg_error *err);

#endif
