// SPDX-License-Identifier: Apache-2.0
// `wingo __complete target`: hidden; what the completion scripts ask. Reads wingo.yaml, nothing
// else.
#include <string.h>

#include "cli/core/internal.h"
#include "project/load.h"

static int complete_run(wg_cli *c) {
  if (strcmp(c->args[0], "target") != 0) {
    return wg_cli_usage(c, "nothing completes '%s'", c->args[0]);
  }
  WG_AUTO_PTR(wg_cfg) cfg = NULL;
  wg_error err = WG_ERROR_INIT;
  wg_cfg_options opt = {0};
  if (wg_project_load(&opt, &cfg, &err) != WG_OK) {
    return 1; // a shell that completes has no use for messages
  }
  const wg_project *p = wg_project_of(cfg);
  for (size_t i = 0; i < p->n_apps; i++) {
    wg_out("app/%s\n", p->apps[i].name);
    for (size_t t = 0; t < p->apps[i].n_targets; t++) {
      wg_out("app/%s/%s\n", p->apps[i].name, p->apps[i].targets[t].slug);
    }
  }
  for (size_t i = 0; i < p->n_images; i++) {
    wg_out("image/%s\n", p->images[i].name);
  }
  return 0;
}

extern const wg_cli_cmd wg_cmd_complete;
const wg_cli_cmd wg_cmd_complete = {
    .name = "__complete",
    .args = "target",
    .summary = "print what completes an argument",
    .min_args = 1,
    .max_args = 1,
    .hidden = true,
    .run = complete_run,
};
