// SPDX-License-Identifier: Apache-2.0
// Where the 32-bit view of a key is (WOW64): what Windows redirects and what both views share.
#ifndef WG_IMAGE_REG_WOW64_H
#define WG_IMAGE_REG_WOW64_H

#include "image/reg/hives.h"

// path: below the hive's root. Appends the path that a 32-bit program reaches by it: through
// WOW6432Node where Windows redirects, else the same path.
void wg_reg_wow64(wg_hive_id hive, wg_str path, wg_buf *out);

#endif
