// SPDX-License-Identifier: Apache-2.0
// `wingo plan`: the steps, what is cached, what would run and why.
#include <limits.h>

#include "cli/project/graph.h"
#include "cli/project/planned.h"

static int plan_run(wg_cli *c) {
  WG_AUTO(wg_cli_graph) p = {0};
  int rc = wg_cli_graph_load(c, &p);
  if (rc != 0) {
    return rc;
  }
  WG_AUTO(wg_plan) plan = {0};
  wg_error err = WG_ERROR_INIT;
  wg_exec_options opt = {.scope = WG_SCOPE_ALL,
                         .targets = c->args,
                         .n_targets = c->n_args,
                         .project_dir = p.project->dir,
                         .env_name = p.project->env_name,
                         .mask = c->mask,
                         .cancel = c->cancel};
  if (wg_exec_plan(p.graph, p.store, &opt, &plan, &err) != WG_OK) {
    return wg_cli_fail(c, &err);
  }
  return wg_cli_print_plan(c, &plan);
}

static const wg_cli_opt plan_opts[] = {WG_CLI_PROJECT_OPTS, WG_CLI_STORE_OPT};

const wg_cli_cmd wg_cmd_plan = {
    .name = "plan",
    .args = "[TARGET...]",
    .summary = "show the steps, what is cached, and why the rest would run",
    .text =
        "Nothing is built and nothing is written. For each step that would run, the inputs that\n"
        "changed since its last run are named. What a step gives is not known before it ran:\n"
        "steps that need it say so.\n\n"
        "Examples:\n"
        "  wingo plan\n"
        "  wingo plan image/kiosk\n"
        "  wingo plan --json | jq '.steps[] | select(.state == \"run\").step'\n",
    .opts = plan_opts,
    .n_opts = WG_ARRAY_LEN(plan_opts),
    .max_args = UINT_MAX,
    .complete = "?target",
    .run = plan_run,
};
