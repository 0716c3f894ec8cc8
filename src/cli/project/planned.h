// SPDX-License-Identifier: Apache-2.0
// A plan, printed: for `wingo plan` and --dry-run.
#ifndef WG_CLI_PROJECT_PLANNED_H
#define WG_CLI_PROJECT_PLANNED_H

#include "cli/core/cli.h"
#include "engine/exec.h"

// To stdout, as text or JSON. The exit code.
int wg_cli_print_plan(const wg_cli *c, const wg_plan *p);

#endif
