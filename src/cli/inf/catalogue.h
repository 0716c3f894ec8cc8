// SPDX-License-Identifier: Apache-2.0
#ifndef WG_CLI_INF_CATALOGUE_H
#define WG_CLI_INF_CATALOGUE_H

#include "driver/lint/lint.h"
#include "os/file.h"

typedef struct wg_inf_catalogue {
  const wg_inf *inf;
  const char *folder, *name; // of the INF
  const wg_inf_target *target;
  wg_lint_mode mode;
  int64_t now_s;
  const wg_cancel *cancel;
} wg_inf_catalogue;
// Adds findings to what the linter has found: files that the catalogue does not cover, a catalogue
// that is none. One that is missing the linter tells. Everything lives in the arena.
void wg_inf_check_catalogue(const wg_inf_catalogue *k, wg_arena *arena, wg_lint_result *found);

#endif
