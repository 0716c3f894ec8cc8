// SPDX-License-Identifier: Apache-2.0
// What projects may not touch in an image.
#ifndef WG_PROJECT_PROTECT_H
#define WG_PROJECT_PROTECT_H

#include "config/cfg.h"

// Adds a fault when the Windows path `text` is one that is not changed. from: the host file that
// goes to it, NULL for none. label begins the fault.
void wg_rule_protected(wg_cfg *c, const char *label, const char *text, wg_pos pos,
                       const char *from);

#endif
