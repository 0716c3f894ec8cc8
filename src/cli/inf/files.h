// SPDX-License-Identifier: Apache-2.0
#ifndef WG_CLI_INF_FILES_H
#define WG_CLI_INF_FILES_H

#include "os/mem.h"

typedef struct wg_inf_files {
  const char *folder; // of the INF; borrowed
  wg_arena *arena;
  struct inf_listing *listings;
} wg_inf_files;
// For wg_lint_options: ctx is a wg_inf_files.
bool wg_inf_files_has(void *ctx, wg_str path);

#endif
