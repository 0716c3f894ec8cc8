// SPDX-License-Identifier: Apache-2.0
#include "cli/project/project.h"

#include <stdio.h>

#include "cli/core/ins.h"
#include "cli/project/schema_file.h"

static void project_format_fault(const wg_cfg_fault *f, bool color, wg_buf *out) {
  bool error = f->severity == WG_FAULT_ERROR;
  wg_ins_add_plain(out, wg_str_of(f->pos.file));
  wg_buf_printf(out, ":%u:%u: %s%s:%s ", (unsigned)f->pos.line, (unsigned)f->pos.col,
                color ? (error ? "\033[1;31m" : "\033[1;33m") : "", error ? "error" : "warning",
                color ? "\033[0m" : "");
  wg_ins_add_plain(out, wg_str_of(f->text));
  if (f->hint != NULL) {
    wg_buf_add_z(out, "\n  hint: ");
    wg_ins_add_plain(out, wg_str_of(f->hint));
  }
  wg_buf_add_byte(out, '\n');
}

void wg_cli_format_faults(const wg_cfg *cfg, bool color, bool warnings, wg_buf *out) {
  size_t n = 0;
  const wg_cfg_fault *faults = wg_cfg_faults(cfg, &n);
  for (size_t i = 0; i < n; i++) {
    if (warnings || faults[i].severity == WG_FAULT_ERROR) {
      project_format_fault(&faults[i], color, out);
    }
  }
}

wg_code wg_cli_load_options(const wg_cli *cli, wg_cfg **out, wg_error *err) {
  size_t n = 0;
  const char **sets = wg_cli_values(cli, "set", &n);
  const wg_cfg_options opt = {.file = wg_cli_value(cli, "file"),
                              .env_name = wg_cli_value(cli, "env"),
                              .sets = sets,
                              .n_sets = n,
                              .mask = cli->mask,
                              .watch = &cli->walks};
  wg_code code = wg_project_load(&opt, out, err);
  wg_xfree(sets);
  wg_schema_file_refresh(wg_cfg_file(*out));
  return code;
}

bool wg_cli_load_project(const wg_cli *cli, wg_cfg **out, int *out_exit) {
  wg_error err = WG_ERROR_INIT;
  WG_AUTO_PTR(wg_cfg) cfg = NULL;
  wg_code code = wg_cli_load_options(cli, &cfg, &err);
  WG_AUTO(wg_buf) text = {0};
  wg_buf_init(&text, wg_heap(), 0);
  wg_cli_format_faults(cfg, cli->color_err, !cli->quiet, &text);
  (void)fputs(wg_buf_z(&text), stderr);
  *out = NULL;
  if (code != WG_OK) {
    size_t n = 0;
    (void)wg_cfg_faults(cfg, &n);
    if (n > 0) { // they were told: no need to tell the first one again
      wg_cfg_fault_count(cfg, &err);
    }
    *out_exit = wg_cli_fail(cli, &err);
    return false;
  }
  *out_exit = 0;
  *out = wg_take(&cfg);
  return true;
}
