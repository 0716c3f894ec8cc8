// SPDX-License-Identifier: Apache-2.0
// The public keys that Windows trusts for drivers, and what a signature is by them.
#ifndef WG_DRIVER_PACKAGE_TRUST_H
#define WG_DRIVER_PACKAGE_TRUST_H

#include "driver/package/sigclass.h"
#include "fmt/der/verify.h"

typedef enum wg_sig_owner { // wg_p7_key.kind
  WG_SIG_MICROSOFT,         // Microsoft's own: usages of the certificate say what it vouches for
  WG_SIG_PUBLIC,            // an authority that sells certificates for signing code or stamps times
  WG_SIG_CALLER,
} wg_sig_owner;

// The table, as docs/drivers.md shows it.
extern const wg_p7_key wg_sig_keys[];
extern const uint32_t wg_sig_n_keys;

// The keys themselves of some of the table, by their names there.
typedef struct wg_sig_root {
  const char *name;
  wg_str key;
} wg_sig_root;
extern const wg_sig_root wg_sig_roots[];
extern const uint32_t wg_sig_n_roots;

// The caller's keys, then the table. Of the arena.
wg_code wg_sig_trust(const wg_digest *extra, uint32_t n_extra, int64_t now_s, wg_arena *arena,
                     wg_p7_trust *out, wg_error *err);

// What a signature is. *out_why: a sentence in the arena (or static), NULL when there is nothing to
// say.
wg_code wg_sig_class_of(const wg_p7_verdict *v, const wg_p7_trust *trust, wg_arena *arena,
                        wg_sig_class *out, const char **out_why, wg_error *err);

#endif
