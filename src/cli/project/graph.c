// SPDX-License-Identifier: Apache-2.0
#include "cli/project/graph.h"

void wg_cli_graph_done(wg_cli_graph *g) {
  wg_graph_free(g->graph);
  if (g->has_go_env) {
    wg_go_env_done(&g->go_env);
  }
  wg_store_close(g->store);
  wg_cfg_free(g->cfg);
  *g = (wg_cli_graph){0};
}

static void graph_ignored(void *ctx, const char *name, const char *value, const char *why) {
  wg_note(ctx, "%s=%.200s in the environment has no effect: %s", name, value, why);
}

int wg_cli_graph_load(const wg_cli *c, wg_cli_graph *out) {
  int rc = 0;
  if (!wg_cli_load_project(c, &out->cfg, &rc)) {
    return rc;
  }
  wg_error err = WG_ERROR_INIT;
  out->project = wg_project_of(out->cfg);
  wg_go_env_init(&out->go_env, wg_os_environ());
  out->has_go_env = true;
  if (out->project->n_apps > 0) {
    wg_go_env_ignored(wg_os_environ(), graph_ignored, (void *)(uintptr_t)c);
  }
  out->graph = wg_graph_new();
  if (wg_store_open(wg_cli_value(c, "store"), &out->store, &err) != WG_OK ||
      wg_project_add_steps(out->graph, out->store, out->project, &out->go_env, &err) != WG_OK ||
      wg_publish_add_actions(out->graph, out->project, &out->go_env.arena, &err) != WG_OK) {
    return wg_cli_fail(c, &err);
  }
  return 0;
}
