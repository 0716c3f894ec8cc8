// SPDX-License-Identifier: Apache-2.0
#include "driver/package/sigclass.h"

#include "base/attr.h"

const char *wg_sig_class_name(wg_sig_class c) {
  static const char *const names[] = {"none",        "broken",  "unknown",
                                      "self-signed", "trusted", "authenticode",
                                      "attested",    "whql",    "in-box"};
  return (size_t)c < WG_ARRAY_LEN(names) ? names[c] : "";
}

uint32_t wg_sig_score(wg_sig_class c) {
  switch (c) {
  case WG_SIG_IN_BOX:
    return 0x0D000003;
  case WG_SIG_ATTESTED:
    return 0x0D000004;
  case WG_SIG_WHQL:
    return 0x0D000005;
  case WG_SIG_UNKNOWN:
  case WG_SIG_SELF:
  case WG_SIG_TRUSTED:
  case WG_SIG_AUTHENTICODE:
    return 0x0F000000;
  case WG_SIG_NONE:
  case WG_SIG_BROKEN:
    break;
  }
  return 0x80000000;
}
