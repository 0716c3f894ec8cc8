// SPDX-License-Identifier: Apache-2.0
// Variables in values.
#ifndef WG_CONFIG_EXPAND_H
#define WG_CONFIG_EXPAND_H

#include "config/cfg.h"

// Fills in ${NAME}; false after setting *why and *hint.
bool wg_cfg_expand(wg_cfg *c, const char *text, const char **out, const char **why,
                   const char **hint);

#endif
