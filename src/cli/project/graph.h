// SPDX-License-Identifier: Apache-2.0
// What the commands that build or plan share: the loaded project, the open store, the graph.
#ifndef WG_CLI_PROJECT_GRAPH_H
#define WG_CLI_PROJECT_GRAPH_H

#include "actions/publish.h"
#include "cli/project/project.h"
#include "engine/exec.h"
#include "steps/project.h"

#define WG_CLI_STORE_OPT                                                                           \
  { .name = "store", .arg = "DIR", .help = "the store (default: $XDG_CACHE_HOME/wingo)" }

typedef struct wg_cli_graph {
  wg_cfg *cfg;
  const wg_project *project;
  wg_store *store;
  wg_go_env go_env;
  bool has_go_env;
  wg_graph *graph;
} wg_cli_graph;
void wg_cli_graph_done(wg_cli_graph *g);
WG_DEFINE_AUTO(wg_cli_graph, wg_cli_graph_done);

// Loads and checks the project (faults go to stderr), opens the store, makes the graph. An exit
// code: 0 when all of it is there.
int wg_cli_graph_load(const wg_cli *c, wg_cli_graph *out);

#endif
