// SPDX-License-Identifier: Apache-2.0
// Outputs that the project no longer makes, for `wingo clean`.
#ifndef WG_CLI_PROJECT_OUTPUTS_H
#define WG_CLI_PROJECT_OUTPUTS_H

#include "cli/project/graph.h"
#include "fmt/json/jsonw.h"

typedef struct wg_cli_outputs wg_cli_outputs;
void wg_cli_outputs_free(wg_cli_outputs *o);

// True where there is a project file to look at.
bool wg_cli_outputs_any_project(const wg_cli *c);
// What was noted as made and is not made any more, by the project file that made it in the
// environment it was made in. Notes of a project that can't be read now are kept, with a warning.
// CONFIG: there is no project file. *out: wg_cli_outputs_free.
wg_code wg_cli_outputs_find(const wg_cli *c, wg_cli_outputs **out, wg_error *err);
// Removes those that hold what wingo wrote.
wg_code wg_cli_outputs_remove(const wg_cli *c, wg_cli_outputs *o, wg_error *err);
// A line each. removes: --outputs was given.
void wg_cli_outputs_print(const wg_cli_outputs *o, bool removes, bool dry_run);
void wg_cli_outputs_json(const wg_cli_outputs *o, wg_jsonw *w); // a list

#endif
