// SPDX-License-Identifier: Apache-2.0
// `wingo check`: every fault of the project file in one run.
#include <limits.h>
#include <string.h>

#include "cli/core/roff.h"
#include "cli/project/graph.h"
#include "fmt/json/jsonw.h"
#include "steps/try.h"

typedef struct check_count {
  size_t n_errors, n_warnings;
} check_count;

static check_count check_counts(const wg_cfg *cfg) {
  check_count c = {0};
  size_t n = 0;
  const wg_cfg_fault *faults = wg_cfg_faults(cfg, &n);
  for (size_t i = 0; i < n; i++) {
    if (faults[i].severity == WG_FAULT_ERROR) {
      c.n_errors++;
    } else {
      c.n_warnings++;
    }
  }
  return c;
}

static void check_json_fault(wg_jsonw *w, const wg_cfg_fault *f) {
  wg_jsonw_begin_object(w);
  wg_jsonw_key_z(w, "file");
  wg_jsonw_str_z(w, f->pos.file);
  wg_jsonw_key_z(w, "line");
  wg_jsonw_u64(w, f->pos.line);
  wg_jsonw_key_z(w, "column");
  wg_jsonw_u64(w, f->pos.col);
  wg_jsonw_key_z(w, "severity");
  wg_jsonw_str_z(w, f->severity == WG_FAULT_ERROR ? "error" : "warning");
  wg_jsonw_key_z(w, "text");
  wg_jsonw_str_z(w, f->text);
  if (f->hint != NULL) {
    wg_jsonw_key_z(w, "hint");
    wg_jsonw_str_z(w, f->hint);
  }
  wg_jsonw_end_object(w);
}

static wg_code check_json(const wg_cfg *cfg, wg_buf *out, wg_error *err) {
  check_count c = check_counts(cfg);
  size_t n = 0;
  const wg_cfg_fault *faults = wg_cfg_faults(cfg, &n);
  wg_jsonw w;
  wg_jsonw_init(&w, out, 2);
  wg_jsonw_begin_object(&w);
  wg_jsonw_kv_z(&w, "file", wg_cfg_file(cfg));
  wg_jsonw_kv_z(&w, "overlay", wg_cfg_overlay(cfg));
  wg_jsonw_key_z(&w, "errors");
  wg_jsonw_u64(&w, c.n_errors);
  wg_jsonw_key_z(&w, "warnings");
  wg_jsonw_u64(&w, c.n_warnings);
  wg_jsonw_key_z(&w, "faults");
  wg_jsonw_begin_array(&w);
  for (size_t i = 0; i < n; i++) {
    check_json_fault(&w, &faults[i]);
  }
  wg_jsonw_end_array(&w);
  if (c.n_errors > 0) {
    wg_error told = WG_ERROR_INIT;
    wg_cfg_fault_count(cfg, &told);
    wg_cli_kv_error(&w, WG_E_CONFIG, wg_exit_code(WG_E_CONFIG), told.text);
  }
  wg_jsonw_end_object(&w);
  return wg_jsonw_finish(&w, err);
}

static void check_summary(const wg_cfg *cfg, check_count c, wg_buf *out) {
  const char *file = wg_cfg_file(cfg), *overlay = wg_cfg_overlay(cfg);
  wg_buf_printf(out, "%s%s%s: ", file, overlay[0] == '\0' ? "" : " with ", overlay);
  if (c.n_errors == 0 && c.n_warnings == 0) {
    wg_buf_add_z(out, "no faults\n");
    return;
  }
  if (c.n_errors == 0) {
    wg_buf_add_z(out, "no errors, ");
  } else {
    wg_buf_printf(out, "%zu error%s, ", c.n_errors, c.n_errors == 1 ? "" : "s");
  }
  wg_buf_printf(out, "%zu warning%s\n", c.n_warnings, c.n_warnings == 1 ? "" : "s");
}

static wg_code check_digest(void *ctx, const char *abs_path, wg_hex *out, wg_error *err) {
  wg_digest d;
  if (wg_store_file_digest(ctx, abs_path, NULL, &d, NULL, err) != WG_OK) {
    return err->code;
  }
  *out = wg_digest_hex(&d);
  return WG_OK;
}

// The store remembers digests of bases by what stat says of them. Without a store they are hashed.
static wg_code check_files(const wg_cli *cli, wg_cfg *cfg, wg_error *err) {
  WG_AUTO_PTR(wg_store) store = NULL;
  wg_error ignored = WG_ERROR_INIT;
  bool has_store = wg_store_open(wg_cli_value(cli, "store"), &store, &ignored) == WG_OK;
  const wg_cfg_digests digests = {check_digest, store};
  if (wg_project_check_files(cfg, has_store ? &digests : NULL, err) != WG_OK ||
      wg_project_of(cfg) == NULL) {
    return err->code;
  }
  return wg_project_try(cfg, wg_project_of(cfg), store, err);
}

static int check_run(wg_cli *cli) {
  wg_error err = WG_ERROR_INIT;
  WG_AUTO_PTR(wg_cfg) cfg = NULL;
  wg_code code = wg_cli_load_options(cli, &cfg, &err);
  check_count c = check_counts(cfg);
  if (code != WG_OK && c.n_errors == 0) { // there is no file to have faults
    return wg_cli_fail(cli, &err);
  }
  wg_error files_err = WG_ERROR_INIT;
  wg_code files_code = check_files(cli, cfg, &files_err);
  code = code != WG_OK ? code : files_code;
  if (wg_cancel_check(cli->cancel, &err) != WG_OK) { // faults may be missing
    return wg_cli_fail(cli, &err);
  }
  c = check_counts(cfg);
  WG_AUTO(wg_buf) out = {0};
  wg_buf_init(&out, wg_heap(), 0);
  if (cli->json) {
    if (check_json(cfg, &out, &err) != WG_OK) {
      return wg_cli_fail(cli, &err);
    }
  } else {
    wg_cli_format_faults(cfg, cli->color_out, true, &out);
    if (!cli->quiet) {
      check_summary(cfg, c, &out);
    }
  }
  wg_out_bytes(out.p, out.n);
  return code == WG_OK ? 0 : wg_exit_code(code);
}

static const wg_cli_opt check_opts[] = {WG_CLI_PROJECT_OPTS, WG_CLI_STORE_OPT};

const wg_cli_cmd wg_cmd_check = {
    .name = "check",
    .args = "",
    .summary = "find everything that is wrong in the project file",
    .text =
        "Reads wingo.yaml with its overlay and --set values and prints every fault with its file, "
        "line and column, and what to write instead. The files and folders it names are looked "
        "up, too, and changes of files and of the registry are tried on a base. Nothing is built.\n"
        "\n"
        "The exit code is 3 when there is an error; warnings alone give 0. --json prints the "
        "faults for editors.\n"
        "\n"
        "  wingo check\n"
        "  wingo check --env production\n"
        "  wingo check --set release=1.5.0 --json",
    .opts = check_opts,
    .n_opts = WG_ARRAY_LEN(check_opts),
    .max_args = 0,
    .run = check_run};

static int check_print(void (*make)(wg_buf *out)) {
  WG_AUTO(wg_buf) out = {0};
  wg_buf_init(&out, wg_heap(), 0);
  make(&out);
  wg_out_bytes(out.p, out.n);
  return 0;
}

static int schema_run(wg_cli *cli) {
  if (cli->n_args > 0 && strcmp(cli->args[0], "overlay") != 0) {
    return wg_cli_usage(cli, "there is no schema '%s'; 'overlay' is one", cli->args[0]);
  }
  return check_print(cli->n_args == 0 ? wg_project_write_schema : wg_project_write_overlay_schema);
}

static int reference_run(wg_cli *cli) {
  (void)cli;
  return check_print(wg_project_write_reference);
}

static int manual_run(wg_cli *cli) {
  (void)cli;
  WG_AUTO(wg_buf) page = {0};
  WG_AUTO(wg_buf) out = {0};
  wg_buf_init(&page, wg_heap(), 0);
  wg_buf_init(&out, wg_heap(), 0);
  wg_project_write_reference(&page);
  wg_buf_printf(&out, ".TH wingo.yaml 5 \"\" \"wingo %s\" \"File Formats\"\n", WINGO_VERSION);
  wg_buf_add_z(&out, ".SH NAME\nwingo.yaml \\- the project file of wingo\n.SH DESCRIPTION\n");
  wg_roff_markdown(&out, wg_buf_str(&page));
  wg_buf_add_z(&out, ".SH SEE ALSO\n.BR wingo (1)\n");
  wg_out_bytes(out.p, out.n);
  return 0;
}

const wg_cli_cmd wg_cmd_manual = {.name = "__manual",
                                  .args = "",
                                  .summary = "print the manual page of wingo.yaml",
                                  .text = "",
                                  .hidden = true,
                                  .run = manual_run};
const wg_cli_cmd wg_cmd_schema = {
    .name = "schema",
    .args = "[overlay]",
    .summary = "print the JSON Schema of wingo.yaml, for editors",
    .text =
        "With 'overlay' that of config/ENV.yaml. An editor with a YAML language server takes it "
        "from a line at the top of the file: what 'wingo init' writes begins with\n\n"
        "  # yaml-language-server: $schema=.wingo/wingo.schema.json\n\n"
        "and check, plan and build keep that file as the wingo at hand has it. The schema is "
        "also installed, as share/wingo/wingo.schema.json.\n\n"
        "Examples:\n"
        "  wingo schema > wingo.schema.json\n"
        "  wingo schema overlay > overlay.schema.json\n",
    .max_args = 1,
    .complete = "overlay",
    .run = schema_run};
// Names for scripts; docs/wingo.yaml.md is made with the second.
const wg_cli_cmd wg_cmd_schema_hidden = {.name = "__schema",
                                         .args = "[overlay]",
                                         .summary = "print the JSON Schema of wingo.yaml",
                                         .text = "",
                                         .max_args = 1,
                                         .hidden = true,
                                         .run = schema_run};
const wg_cli_cmd wg_cmd_reference = {.name = "__reference",
                                     .args = "",
                                     .summary = "print the reference page of wingo.yaml",
                                     .text = "",
                                     .hidden = true,
                                     .run = reference_run};
