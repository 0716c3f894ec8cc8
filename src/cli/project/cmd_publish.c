// SPDX-License-Identifier: Apache-2.0
// `wingo publish`: the actions publish/..., and the steps that they need.
#include <limits.h>

#include "cli/project/planned.h"
#include "cli/project/run.h"

static int publish_dry_run(const wg_cli *c, wg_cli_graph *p, wg_exec_options *opt) {
  WG_AUTO(wg_plan) plan = {0};
  wg_error err = WG_ERROR_INIT;
  opt->look_everywhere = true;
  if (wg_exec_plan(p->graph, p->store, opt, &plan, &err) != WG_OK) {
    return wg_cli_fail(c, &err);
  }
  return wg_cli_print_plan(c, &plan);
}

static int publish_run(wg_cli *c) {
  WG_AUTO(wg_cli_graph) p = {0};
  wg_exec_options opt = {.scope = WG_SCOPE_ACTIONS,
                         .command = "publish",
                         .keep_going = wg_cli_has(c, "keep-going"),
                         .targets = c->args,
                         .n_targets = c->n_args,
                         .cancel = c->cancel};
  int rc = wg_cli_run_load(c, &p, &opt);
  if (rc != 0) {
    return rc;
  }
  if (p.project->n_publish == 0) {
    wg_error err = WG_ERROR_INIT;
    (void)!wg_fail(&err, WG_E_CONFIG,
                   "%s has no 'publish:': write 'publish: {share: {to: "
                   "/srv/share/%s}}'",
                   p.project->file, p.project->name);
    return wg_cli_fail(c, &err);
  }
  return wg_cli_has(c, "dry-run") ? publish_dry_run(c, &p, &opt) : wg_cli_run(c, &p, &opt);
}

static const wg_cli_opt publish_opts[] = {
    WG_CLI_PROJECT_OPTS,
    WG_CLI_RUN_OPTS,
    {.name = "dry-run", .letter = 'n', .help = "say what would be built and changed, and stop"},
    WG_CLI_STORE_OPT,
};

const wg_cli_cmd wg_cmd_publish = {
    .name = "publish",
    .args = "[NAME...]",
    .summary = "build, and copy the outputs to the folders of 'publish:'",
    .text =
        "Builds what is not in the store yet, then brings the folders that wingo.yaml names under\n"
        "'publish:' up to date: the release appears there as a whole or not at all, with\n"
        "SHA256SUMS and a manifest, and 'current' points to it. What is there already is not\n"
        "copied again. Nothing is published before everything is built, and when something goes\n"
        "wrong, what was done is taken back. What was done is written down in .wingo/releases.\n\n"
        "NAME is one of 'publish:'; without it all of them are done. The paths of what is\n"
        "published are printed on standard output.\n\n"
        "Examples:\n"
        "  wingo publish\n"
        "  wingo publish share --dry-run\n"
        "  wingo publish --env=production\n",
    .opts = publish_opts,
    .n_opts = WG_ARRAY_LEN(publish_opts),
    .max_args = UINT_MAX,
    .complete = "?publish",
    .run = publish_run,
};
