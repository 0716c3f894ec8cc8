// SPDX-License-Identifier: Apache-2.0
// What killed commands left in a project's folder and below its folder of outputs, for `wingo
// clean`.
#ifndef WG_CLI_PROJECT_LEFTOVERS_H
#define WG_CLI_PROJECT_LEFTOVERS_H

#include "cli/core/cli.h"
#include "fmt/json/jsonw.h"

typedef struct wg_cli_left {
  char *path; // as the user gets there, heap
  char *full; // absolute, heap
  bool is_dir;
  uint64_t n_bytes; // of a file
} wg_cli_left;

typedef struct wg_cli_leftovers {
  wg_cli_left *v;
  size_t n, cap;
  bool dry_run;
} wg_cli_leftovers;
void wg_cli_leftovers_done(wg_cli_leftovers *l);

// Removes what no living process has, or with dry_run only finds it. project_file: the path of
// wingo.yaml. What can't be removed is in nobody's way and is passed over.
void wg_cli_leftovers_sweep(const char *project_file, bool dry_run, wg_cli_leftovers *out);
// A line each; nothing when there are none.
void wg_cli_leftovers_print(const wg_cli_leftovers *l);
void wg_cli_leftovers_json(const wg_cli_leftovers *l, wg_jsonw *w); // a list

#endif
