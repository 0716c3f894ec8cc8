// SPDX-License-Identifier: Apache-2.0
// Files of this machine that a project names, for checks.
#ifndef WG_PROJECT_HOSTFILE_H
#define WG_PROJECT_HOSTFILE_H

#include "config/cfg.h"
#include "os/proc.h"

// A path as the project gives it, from its folder; heap.
char *wg_hostfile_path(const wg_cfg *c, const char *given);
// Stats a named file or folder (want: WG_FT_FILE, WG_FT_DIR, or 0 for either). False after adding a
// fault, which label ("apps.agent.dir") begins.
bool wg_hostfile_stat(wg_cfg *c, const char *label, const char *given, wg_pos pos, int want,
                      wg_stat *out);

#endif
