// SPDX-License-Identifier: Apache-2.0
// Variables in values.
#ifndef WG_CONFIG_EXPAND_H
#define WG_CONFIG_EXPAND_H

#include "config/cfg.h"

// A fact of git (git.h), asked once a load; NULL after setting *why.
const char *wg_cfg_git(wg_cfg *c, const char *what, const char **why);
// Fills in ${NAME}, of the environment, of git and of the project itself; false after setting *why
// and *hint.
bool wg_cfg_expand(wg_cfg *c, const char *text, const char **out, const char **why,
                   const char **hint);

#endif
