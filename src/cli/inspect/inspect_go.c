// SPDX-License-Identifier: Apache-2.0
// Go build info, for every program format.
#include "cli/inspect/inspect.h"

static void go_modules(wg_ins *i, const wg_gobuildinfo *info) {
  static const wg_ins_col cols[] = {{"path", "Module", WG_COL_STR},
                                    {"version", "Version", WG_COL_STR},
                                    {"sum", "Sum", WG_COL_STR},
                                    {"replaced_by", "Replaced by", WG_COL_STR},
                                    {"replaced_by_version", "Version", WG_COL_STR},
                                    {"replaced_by_sum", "Sum", WG_COL_STR}};
  wg_ins_cell *rows = wg_xarray(info->n_deps, sizeof(*rows) * WG_ARRAY_LEN(cols));
  size_t n_cols = 3; // the last three only when something is replaced, in text
  for (size_t k = 0; k < info->n_deps; k++) {
    n_cols = info->deps[k].replace != NULL || i->json != NULL ? WG_ARRAY_LEN(cols) : n_cols;
  }
  for (size_t k = 0; k < info->n_deps; k++) {
    const wg_go_module *m = &info->deps[k];
    wg_ins_cell *row = rows + k * n_cols;
    row[0].s = m->path;
    row[1].s = m->version;
    row[2].s = m->sum;
    if (m->replace != NULL) {
      row[3].s = m->replace->path;
      row[4].s = m->replace->version;
      row[5].s = m->replace->sum;
    }
  }
  wg_ins_table(i, "deps", "Modules", cols, n_cols, rows, info->n_deps);
  wg_xfree(rows);
}

static void go_settings(wg_ins *i, const wg_gobuildinfo *info) {
  static const wg_ins_col cols[] = {{"key", "Setting", WG_COL_STR}, {"value", "Value", WG_COL_STR}};
  wg_ins_cell *rows = wg_xarray(info->n_settings, sizeof(*rows) * WG_ARRAY_LEN(cols));
  for (size_t k = 0; k < info->n_settings; k++) {
    rows[2 * k].s = info->settings[k].key;
    rows[2 * k + 1].s = info->settings[k].value;
  }
  wg_ins_table(i, "settings", "Settings", cols, WG_ARRAY_LEN(cols), rows, info->n_settings);
  wg_xfree(rows);
}

static void go_main(wg_ins *i, const wg_gobuildinfo *info) {
  if (!info->has_main) {
    return;
  }
  const wg_go_module *m = &info->main;
  if (i->json == NULL) {
    wg_ins_printf(i, "main", "Main module", "%.*s %.*s", WG_STR_ARG(m->path),
                  WG_STR_ARG(m->version));
    return;
  }
  wg_ins_begin(i, "main", "");
  wg_ins_str(i, "path", "", m->path);
  wg_ins_str(i, "version", "", m->version);
  wg_ins_str(i, "sum", "", m->sum);
  wg_ins_end(i);
}

wg_code wg_inspect_go(wg_ins *i, const wg_go_image *image, wg_error *err) {
  wg_gobuildinfo info = {0};
  wg_code code = wg_gobuildinfo_read(image, i->arena, &info, err);
  if (code != WG_OK) {
    return code == WG_E_NOT_FOUND ? WG_OK : code;
  }
  wg_ins_begin(i, "go", "Go");
  wg_ins_str(i, "version", "Go version", info.go_version);
  if (info.path.n != 0) {
    wg_ins_str(i, "path", "Package", info.path);
  }
  go_main(i, &info);
  go_modules(i, &info);
  go_settings(i, &info);
  wg_ins_end(i);
  return WG_OK;
}
