// SPDX-License-Identifier: Apache-2.0
// The signature of a driver package: who signed its catalogue, what Windows makes of that, and
// which files the catalogue covers. Nothing is asked of a network: no revocation, and the time that
// counts is that of the time stamp.
//
// Facts and the table of keys: docs/drivers.md, "Signatures".
#ifndef WG_DRIVER_PACKAGE_SIGNATURE_H
#define WG_DRIVER_PACKAGE_SIGNATURE_H

#include "base/bytes.h"
#include "crypto/digest.h"
#include "driver/package/sigclass.h"

typedef enum wg_sig_cover {
  WG_SIG_NOT_COVERED,
  WG_SIG_COVERED,
  WG_SIG_COVERED_CRLF, // only after each LF is made CRLF again: the package went through git
  WG_SIG_ABSENT,       // the file is not there
} wg_sig_cover;

typedef struct wg_sig_file {
  wg_str name; // as wg_sig_want.files has it
  wg_sig_cover cover;
  bool is_pe;
  // A PE file's own signature; it may be there without covering the bytes: then it is broken.
  bool has_embedded;
  wg_sig_class embedded;
  const char *embedded_signer; // NULL: none
} wg_sig_file;

typedef struct wg_driver_signature {
  const char *catalog_path; // below the folder, as it is written there; NULL: there is none
  wg_digest catalog_sha256;
  uint64_t catalog_bytes;
  wg_sig_class cls;
  uint32_t score;
  const char *signer; // common name of the signer's certificate, as SignerName has it; NULL: none
  const char *issuer; // who issued it
  const char *anchor; // what the chain ends at, as the table calls it; NULL: at no key of the table
  const char *why;    // one sentence on why the class is none, broken or unknown; NULL otherwise
  bool has_time;      // there is a time stamp that is right
  int64_t time_s;     // UTC, seconds since 1970
  const char *time_signer;    // who says so
  const char *os;             // OSAttr of the catalogue: "2:6.1,2:10.0"; NULL
  const char *submission_ids; // value 0009 of the package's properties: "1_2_3"; NULL: none known
  const wg_sig_file *files;   // one for each of wg_sig_want.files
  uint32_t n_files;
  uint32_t n_not_covered; // of them not covered, CRLF ones among them; without a catalogue: all
  uint32_t n_crlf;
} wg_driver_signature;

typedef struct wg_sig_want {
  int dir;           // folder of the INF
  const char *shown; // what messages call it
  const wg_str
      *files;       // paths below it, '\' or '/' between names, case-blind: INF and all it names.
  uint32_t n_files; // The catalogue itself may be among them and counts as covered
  wg_str catalog;   // CatalogFile; "": the INF names none
  int64_t now_s;    // expiry of what has no time stamp; the project's time
  const wg_digest
      *trust; // SHA-256 of public keys (SubjectPublicKeyInfo) that count as roots; may be 0
  uint32_t n_trust;
} wg_sig_want;

// NOT_FOUND, FORMAT and so on only for what can't be judged: the folder can't be read, a catalogue
// is not one (with the offset). A missing catalogue, file or signature is a result. out is of the
// arena.
wg_code wg_driver_signature_of(const wg_sig_want *want, const wg_cancel *cancel, wg_arena *arena,
                               wg_driver_signature *out, wg_error *err);
// The sentence for a file that is not covered, with the cure: "viostor.inf: not what the catalogue
// signed (covered after LF is made CRLF again: the package went through git)". NULL: it is covered.
const char *wg_sig_file_problem(const wg_driver_signature *s, const wg_sig_file *f,
                                wg_arena *arena);

#endif
