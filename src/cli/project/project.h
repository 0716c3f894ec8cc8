// SPDX-License-Identifier: Apache-2.0
// What commands that work on a project share: the options that choose it, and showing its faults.
#ifndef WG_CLI_PROJECT_PROJECT_H
#define WG_CLI_PROJECT_PROJECT_H

#include "cli/core/cli.h"
#include "project/load.h"

// For the table of options of a command that loads a project.
#define WG_CLI_PROJECT_OPTS                                                                        \
  {.name = "file",                                                                                 \
   .letter = 'f',                                                                                  \
   .arg = "FILE",                                                                                  \
   .help = "the project file (default: wingo.yaml here or in a folder above)"},                    \
      {.name = "env",                                                                              \
       .letter = 'E',                                                                              \
       .arg = "ENV",                                                                               \
       .help = "lay config/ENV.yaml over it",                                                      \
       .complete = "?env"},                                                                        \
  {                                                                                                \
    .name = "set", .arg = "KEY=VALUE", .help = "replace one value: apps.agent.mod=vendor",         \
    .many = true                                                                                   \
  }

// Loads the project that the options name. True when it has no errors: *out is the caller's, and
// warnings have been printed to stderr. False after everything has been printed; *out_exit is the
// exit code, *out is NULL.
bool wg_cli_load_project(const wg_cli *cli, wg_cfg **out, int *out_exit);

// wg_cfg_load with the options of cli; *out is never NULL.
wg_code wg_cli_load_options(const wg_cli *cli, wg_cfg **out, wg_error *err);

// Appends "file:line:col: error: text" and "  hint: ..." for each fault, control characters
// escaped.
void wg_cli_format_faults(const wg_cfg *cfg, bool color, bool warnings, wg_buf *out);

#endif
