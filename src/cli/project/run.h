// SPDX-License-Identifier: Apache-2.0
// What the commands that run a graph share: `wingo build`, `wingo publish`.
#ifndef WG_CLI_PROJECT_RUN_H
#define WG_CLI_PROJECT_RUN_H

#include "cli/project/graph.h"

// For the table of options of such a command.
#define WG_CLI_RUN_OPTS                                                                            \
  {.name = "jobs", .letter = 'j', .arg = "N", .help = "processors to use (default: all)"},         \
      {.name = "memory",                                                                           \
       .arg = "SIZE",                                                                              \
       .help = "memory to use, as 4GiB (default: three quarters)"},                                \
  {                                                                                                \
    .name = "keep-going", .letter = 'k', .help = "after a failure, build what does not need it"    \
  }

// What a run begins with: -j and --memory into opt, the project's graph into p, its folder into
// opt. The exit code; 0 to go on.
int wg_cli_run_load(const wg_cli *c, wg_cli_graph *p, wg_exec_options *opt);
// Runs the graph with terminal, log and report, and prints the results: paths of outputs, or of
// what actions put into place. The exit code.
int wg_cli_run(const wg_cli *c, wg_cli_graph *p, wg_exec_options *opt);

#endif
