// SPDX-License-Identifier: Apache-2.0
// `wingo config`: the merged project file, and where each value comes from.
#include "cli/project/project.h"
#include "config/print.h"

static int config_json(const wg_cli *cli, const wg_cfg *cfg) {
  const wg_project *p = wg_project_of(cfg);
  WG_AUTO(wg_buf) out = {0};
  wg_buf_init(&out, wg_heap(), 0);
  wg_jsonw w;
  wg_jsonw_init(&w, &out, 2);
  wg_jsonw_begin_object(&w);
  wg_jsonw_kv_z(&w, "file", p->file);
  wg_jsonw_kv_z(&w, "environment", p->env_name);
  wg_jsonw_kv_z(&w, "out", p->out_dir);
  wg_cfg_write_json(cfg, &w);
  wg_jsonw_end_object(&w);
  return wg_cli_end_json(cli, &w, &out);
}

static int config_run(wg_cli *cli) {
  WG_AUTO_PTR(wg_cfg) cfg = NULL;
  int rc = 0;
  if (!wg_cli_load_project(cli, &cfg, &rc)) {
    return rc;
  }
  if (cli->json) {
    return config_json(cli, cfg);
  }
  WG_AUTO(wg_buf) out = {0};
  wg_buf_init(&out, wg_heap(), 0);
  wg_cfg_write_yaml(cfg, &out);
  wg_out_bytes(out.p, out.n);
  return 0;
}

static const wg_cli_opt config_opts[] = {WG_CLI_PROJECT_OPTS};

const wg_cli_cmd wg_cmd_config = {
    .name = "config",
    .args = "",
    .summary = "print the project file with its overlay laid over it",
    .text =
        "Prints what the project file says with its overlay and --set values laid over it, as\n"
        "YAML that wingo takes as a project file: put beside wingo.yaml it plans the same steps.\n"
        "A comment behind each value names the file and the line that it comes from. Variables\n"
        "(${NAME}) stand as they are written, and so do aliases' values, written out.\n\n"
        "Examples:\n"
        "  wingo config --env production\n"
        "  wingo config --env production --set release=1.5.0 --json\n"
        "  diff <(wingo config -E staging) <(wingo config -E production)\n",
    .opts = config_opts,
    .n_opts = WG_ARRAY_LEN(config_opts),
    .max_args = 0,
    .run = config_run,
};
