// SPDX-License-Identifier: Apache-2.0
// `wingo build`: runs what is not cached.
#include <limits.h>

#include "cli/project/run.h"

static int build_run(wg_cli *c) {
  WG_AUTO(wg_cli_graph) p = {0};
  wg_exec_options opt = {.keep_going = wg_cli_has(c, "keep-going"),
                         .recheck = wg_cli_has(c, "recheck"),
                         .targets = c->args,
                         .n_targets = c->n_args,
                         .cancel = c->cancel};
  const wg_inplace_options place = wg_cli_place(c);
  opt.wait_limited = place.wait_limited;
  opt.wait_ms = place.wait_ms;
  int rc = wg_cli_run_load(c, &p, &opt);
  if (rc != 0) {
    return rc;
  }
  return wg_cli_run(c, &p, &opt);
}

static const wg_cli_opt build_opts[] = {
    WG_CLI_PROJECT_OPTS,
    WG_CLI_RUN_OPTS,
    {.name = "recheck", .help = "run cached steps again and compare what they give"},
    WG_CLI_WAIT_OPT,
    WG_CLI_STORE_OPT,
};

const wg_cli_cmd wg_cmd_build = {
    .name = "build",
    .args = "[TARGET...]",
    .summary = "build everything, or the targets named",
    .text =
        "Builds what is not in the store yet and puts the results below out/, with --env below\n"
        "out/ENV/. Their paths are printed on standard output, everything else on standard error. "
        "Each run leaves a log in\n"
        ".wingo/log and a report in .wingo/report.\n\n"
        "Targets are names from the project file: app/agent, app/agent/windows-amd64,\n"
        "image/kiosk; or agent and kiosk where that is clear.\n\n"
        "Examples:\n"
        "  wingo build\n"
        "  wingo build image/kiosk -j 4\n"
        "  wingo build --env=production --set release=1.4.1\n",
    .opts = build_opts,
    .n_opts = WG_ARRAY_LEN(build_opts),
    .max_args = UINT_MAX,
    .complete = "?target",
    .run = build_run,
};
