// SPDX-License-Identifier: Apache-2.0
// The machine's PATH.
#ifndef WG_IMAGE_REG_PATH_H
#define WG_IMAGE_REG_PATH_H

#include "image/reg/edits.h"

// The machine's PATH gets the folder, once, however it is written there.
void wg_path_edits(wg_reg_edits *e, const char *folder, const char *origin);

// Whether two folders are one on PATH: quotes, slashes, a '\' at the end, letter case and variables
// of every Windows do not count.
WG_MUST_CHECK bool wg_reg_same_folder(const char *a, const char *b);
// Whether item can be one of a list in a value: MULTI_SZ (multi), or text that ';' separates.
WG_MUST_CHECK bool wg_reg_list_item_ok(const char *item, bool multi);

#endif
