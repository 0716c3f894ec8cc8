// SPDX-License-Identifier: Apache-2.0
// Where the project file is, and what lies beside it.
#ifndef WG_CONFIG_FIND_H
#define WG_CONFIG_FIND_H

#include "config/cfg.h"

// wingo.yaml here or in the nearest parent, as "../../wingo.yaml"; heap, NULL when there is none.
char *wg_cfg_find_file(void);
// The environments of a project file, by the overlays in config/ beside it: "production". In arena.
const char **wg_cfg_find_envs(const char *file, wg_arena *arena, size_t *out_n);

#endif
