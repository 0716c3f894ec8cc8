// SPDX-License-Identifier: Apache-2.0
#include "image/reg/path.h"

void wg_path_edits(wg_reg_edits *e, const char *folder, const char *origin) {
  wg_reg_edit *n = wg_reg_edits_new(
      e, origin, WG_REG_APPEND,
      "HKLM\\SYSTEM\\CurrentControlSet\\Control\\Session Manager\\Environment", "Path");
  n->type = WG_REG_EXPAND_SZ;
  wg_reg_edits_items(e, n, &folder, 1);
}
