// SPDX-License-Identifier: Apache-2.0
// What a signature of a driver is worth to Windows. docs/drivers.md, "Signatures".
#ifndef WG_DRIVER_PACKAGE_SIGCLASS_H
#define WG_DRIVER_PACKAGE_SIGCLASS_H

#include <stdint.h>

typedef enum wg_sig_class {
  WG_SIG_NONE,         // the INF names no catalogue, it is not there, or it has no signer
  WG_SIG_BROKEN,       // there is a signature, and it is not that of these bytes
  WG_SIG_UNKNOWN,      // signed, but its chain ends at no key of the table, or it had expired
  WG_SIG_SELF,         // the signer made its certificate itself
  WG_SIG_TRUSTED,      // ends at a key that the caller trusts (wg_sig_want.trust)
  WG_SIG_AUTHENTICODE, // a publisher's certificate of a public authority
  WG_SIG_ATTESTED,     // signed by Microsoft for the maker, untested
  WG_SIG_WHQL,         // signed by Microsoft after its tests
  WG_SIG_IN_BOX,       // Windows' own
} wg_sig_class;
// "none", "broken", "unknown", "self-signed", "trusted", "authenticode", "attested", "whql",
// "in-box".
const char *wg_sig_class_name(wg_sig_class c);
// What SignerScore in DriverPackages says of it: 0x80000000 unsigned or broken, 0x0D000003 in-box,
// 0x0D000004 attested, 0x0D000005 WHQL, 0x0F000000 what else is signed.
uint32_t wg_sig_score(wg_sig_class c);

#endif
