// SPDX-License-Identifier: Apache-2.0
// Digests of files, and the signatures that programs carry in themselves.
#ifndef WG_DRIVER_PACKAGE_EMBEDDED_H
#define WG_DRIVER_PACKAGE_EMBEDDED_H

#include "crypto/digest.h"
#include "driver/package/trust.h"
#include "fmt/pe/pe.h"

typedef struct wg_sig_digests {
  wg_sha1 sha1;
  wg_digest sha256;
  const wg_pe *pe; // NULL: not a program, or a broken one
  bool has_code;   // the two below are Authenticode's
  wg_sha1 code_sha1;
  wg_digest code_sha256;
} wg_sig_digests;
// pe lives in the arena and borrows the bytes.
wg_code wg_sig_digest(const void *p, size_t n_bytes, wg_arena *arena, wg_sig_digests *out,
                      wg_error *err);
typedef struct wg_sig_own { // the signature that a program carries in itself
  bool is_there;
  wg_sig_class cls;
  const char *signer; // NULL: none
} wg_sig_own;
// The one that is worth most: of its certificates, and of those nested in them.
wg_code wg_sig_embedded(const wg_sig_digests *d, const wg_p7_trust *trust, wg_arena *arena,
                        wg_sig_own *out, wg_error *err);

#endif
