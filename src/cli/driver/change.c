// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "base/human.h"
#include "cli/driver/image.h"
#include "cli/wim/verified.h"
#include "cli/wim/wim.h"
#include "image/file/file.h"
#include "image/file/spec.h"
#include "image/part/part.h"
#include "steps/parts.h"

static wg_code change_input(void *ctx, const wg_part_input *input, char **out, wg_error *err) {
  (void)ctx;
  (void)err;
  *out = wg_xstrdup(input->path);
  return WG_OK;
}

static wg_code change_plan(const wg_cfg_drivers *want, wg_buf *out, wg_error *err) {
  WG_AUTO_PTR(wg_part_plan) plan = NULL;
  WG_AUTO(wg_cstr) here = wg_os_getcwd();
  const wg_cfg_image image = {.name = "image", .drivers = *want};
  const wg_part_in in = {.image = &image, .project_dir = here, .release = ""};
  const wg_part_source from = {.path = change_input};
  if (wg_part_plan_all(&wg_image_parts, &in, &plan, err) != WG_OK ||
      wg_part_plan_job(plan, &from, out, err) != WG_OK) {
    return err->code;
  }
  return wg_buf_check(out, err);
}

// One file that can be replaced by one file; its format stays.
static wg_code change_look(const wg_spec *spec, bool in_place, wg_image_format *format,
                           wg_error *err) {
  WG_AUTO(wg_image_file) f = WG_IMAGE_FILE_INIT;
  if (spec->kind != WG_SPEC_WIM) {
    return wg_fail(err, WG_E_UNSUPPORTED,
                   "'%s' is no WIM file; 'wingo wim capture' makes one of a folder", spec->path);
  }
  if (wg_image_file_open(&f, spec->path, err) != WG_OK) {
    return err->code;
  }
  if (in_place && (f.inside != NULL || f.n_hosts != 1)) {
    return wg_fail(err, WG_E_UNSUPPORTED,
                   "'%s' is no single WIM file; --out=NEW.wim writes the result to another file",
                   spec->path);
  }
  *format = f.wim.n_solids > 0 ? WG_IMAGE_FORMAT_ESD : WG_IMAGE_FORMAT_WIM;
  return WG_OK;
}

static uint64_t change_fact(const wg_image_result *r, const char *name) {
  for (size_t i = 0; i < r->n_facts; i++) {
    if (strcmp(r->facts[i].name, name) == 0) {
      return r->facts[i].v;
    }
  }
  return 0;
}

static wg_code change_write(const wg_cli *c, const wg_spec *spec, wg_str plan, unsigned threads,
                            wg_cli_progress *p, wg_image_result *res, wg_error *err) {
  const char *out = wg_cli_value(c, "out");
  const char *target = out != NULL ? out : spec->path;
  WG_AUTO(wg_cli_tmp) tmp = WG_CLI_TMP_INIT;
  WG_AUTO(wg_dest) dest = WG_DEST_INIT;
  const wg_inplace_options place = wg_cli_place(c);
  const wg_image_base base = {.kind = WG_IMAGE_BASE_WIM, .path = spec->path, .image = spec->image};
  wg_image_options opt = {.threads = threads,
                          .trust = wg_cli_wim_trust(c, spec->path),
                          .plan = plan,
                          .on_progress = wg_cli_progress_show,
                          .ctx = p,
                          .cancel = c->cancel};
  bool set = false;
  if (wg_dest_begin(&dest, target, out != NULL ? WG_DEST_NEW : WG_DEST_EDIT, &place, err) !=
          WG_OK ||
      change_look(spec, out == NULL, &opt.format, err) != WG_OK ||
      wg_cli_epoch(&opt.time_s, &set, err) != WG_OK) {
    return err->code;
  }
  WG_AUTO(wg_cstr) dir = wg_path_dirname(dest.path);
  if (wg_cli_tmp_make(&tmp, dir, err) != WG_OK) {
    return err->code;
  }
  WG_AUTO(wg_cstr) made = wg_path_join(tmp.path, "out.wim");
  opt.out_path = made;
  opt.shown = target;
  opt.tmp_dir = tmp.path;
  opt.time_s = set ? opt.time_s : wg_os_wall_ns() / 1000000000;
  if (wg_image_write(&base, NULL, 0, &opt, res, err) != WG_OK) {
    return err->code;
  }
  if (out == NULL && change_fact(res, "drivers_added") == 0 &&
      change_fact(res, "drivers_removed") == 0) {
    return WG_OK; // the file is as it should be
  }
  if (wg_dest_commit(&dest, made, err) != WG_OK) {
    return err->code;
  }
  wg_cli_wim_verified(c, target, res->out_bytes);
  return WG_OK;
}

static const char *const change_columns[] = {"did",   "published", "inf",       "version",
                                             "class", "store",     "signature", "note"};

static const char *const change_devices[] = {"device", "id", "inf", "rank", "why"};

// Rows of a table as objects.
static void change_json_rows(const wg_image_result *r, const char *table,
                             const char *const *columns, size_t n, wg_jsonw *j) {
  wg_jsonw_key_z(j, table);
  wg_jsonw_begin_array(j);
  for (size_t i = 0; i < r->n_rows; i++) {
    const wg_image_row *row = &r->rows[i];
    if (strcmp(row->table, table) != 0) {
      continue;
    }
    wg_jsonw_begin_object(j);
    for (size_t k = 0; k < row->n_cells && k < n; k++) {
      wg_jsonw_kv_z(j, columns[k], row->cells[k]);
    }
    wg_jsonw_end_object(j);
  }
  wg_jsonw_end_array(j);
}

static int change_json(const wg_cli *c, const wg_image_result *r) {
  WG_AUTO(wg_buf) out = {0};
  wg_jsonw j;
  wg_buf_init(&out, wg_heap(), 0);
  wg_jsonw_init(&j, &out, 2);
  wg_jsonw_begin_object(&j);
  wg_jsonw_kv_u64(&j, "added", change_fact(r, "drivers_added"));
  wg_jsonw_kv_u64(&j, "present", change_fact(r, "drivers_present"));
  wg_jsonw_kv_u64(&j, "skipped", change_fact(r, "drivers_skipped"));
  wg_jsonw_kv_u64(&j, "removed", change_fact(r, "drivers_removed"));
  change_json_rows(r, "drivers", change_columns, WG_ARRAY_LEN(change_columns), &j);
  change_json_rows(r, "devices", change_devices, WG_ARRAY_LEN(change_devices), &j);
  wg_jsonw_key_z(&j, "warnings");
  wg_jsonw_begin_array(&j);
  for (size_t i = 0; i < r->n_warnings; i++) {
    wg_jsonw_str_z(&j, r->warnings[i]);
  }
  wg_jsonw_end_array(&j);
  wg_jsonw_end_object(&j);
  return wg_cli_end_json(c, &j, &out);
}

static void change_device(const wg_image_row *row, wg_buf *out) {
  wg_buf_printf(out, "%-40s %-28s %s%s%s\n", row->cells[0],
                row->cells[2][0] == '\0' ? "-" : row->cells[2], row->cells[3],
                row->cells[3][0] == '\0' ? "" : "  ", row->cells[4]);
}

static void change_row(const wg_image_row *row, wg_buf *out) {
  wg_buf_printf(out, "%-8s %-10s %-20s %-16s %-12s %-8s %s", row->cells[0],
                row->cells[1][0] == '\0' ? "-" : row->cells[1], row->cells[2], row->cells[3],
                row->cells[4], row->cells[5][0] == '\0' ? "-" : row->cells[5], row->cells[6]);
  if (row->cells[7][0] != '\0') {
    wg_buf_printf(out, "  (%s)", row->cells[7]);
  }
  while (out->n > 0 && out->p[out->n - 1] == ' ') {
    out->n--;
  }
  wg_buf_add_z(out, "\n");
}

static int change_report(const wg_cli *c, const wg_image_result *r) {
  WG_AUTO(wg_buf) out = {0};
  wg_buf_init(&out, wg_heap(), 0);
  for (size_t i = 0; i < r->n_warnings; i++) {
    wg_note(c, "warning: %s", r->warnings[i]);
  }
  if (c->json) {
    return change_json(c, r);
  }
  for (size_t i = 0; i < r->n_rows; i++) {
    const wg_image_row *row = &r->rows[i];
    if (strcmp(row->table, "drivers") == 0 && row->n_cells == WG_ARRAY_LEN(change_columns)) {
      change_row(row, &out);
    } else if (strcmp(row->table, "devices") == 0 && row->n_cells == WG_ARRAY_LEN(change_devices)) {
      change_device(row, &out);
    }
  }
  if (!wg_out_all(out.p == NULL ? (const uint8_t *)"" : out.p, out.n)) {
    return 1;
  }
  WG_AUTO(wg_buf) told = {0};
  wg_buf_init(&told, wg_heap(), 0);
  wg_text_add_count(&told, change_fact(r, "drivers_added"), "driver", "drivers");
  wg_buf_printf(&told, " added, %llu there already, %llu skipped, %llu removed; read back",
                (unsigned long long)change_fact(r, "drivers_present"),
                (unsigned long long)change_fact(r, "drivers_skipped"),
                (unsigned long long)change_fact(r, "drivers_removed"));
  wg_note(c, "%s", wg_buf_z(&told));
  wg_cli_wim_say_unverified(c);
  return 0;
}

int wg_driver_change(const wg_cli *c, const wg_cfg_drivers *want) {
  wg_error err = WG_ERROR_INIT;
  wg_cli_progress p = {.cli = c};
  WG_AUTO(wg_image_result) res = {0};
  WG_AUTO(wg_spec) spec = {0};
  WG_AUTO(wg_buf) plan = {0};
  unsigned threads = 1;
  wg_buf_init(&plan, wg_heap(), 0);
  if (!wg_cli_threads(c, &threads)) {
    return 2;
  }
  wg_code code = wg_spec_parse(c->args[0], &spec, &err);
  if (code == WG_OK) {
    code = change_plan(want, &plan, &err);
  }
  if (code == WG_OK) {
    code = change_write(c, &spec, wg_buf_str(&plan), threads, &p, &res, &err);
  }
  wg_cli_progress_end(&p);
  return code == WG_OK ? change_report(c, &res) : wg_cli_fail(c, &err);
}
