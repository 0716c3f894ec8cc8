// SPDX-License-Identifier: Apache-2.0
// `wingo inf check`: whether INF files are any good.
#include <limits.h>
#include <string.h>

#include "cli/inf/catalogue.h"
#include "cli/inf/files.h"
#include "cli/inf/inf.h"
#include "driver/lint/lint.h"
#include "driver/package/package.h"

static const char *const check_levels[] = {"none", "warning", "error"};
static const char *const check_modes[] = {"basic", "universal", "windows"};

typedef struct check_run {
  wg_cli *c;
  wg_inf_options read;
  wg_lint_options lint;
  bool no_files;
  wg_inf_target target; // that of --for and --arch, or the default
  int64_t now_s;
  wg_jsonw *json; // NULL: text
  uint64_t n_files, n_errors, n_warnings;
  int rc; // of files that could not be looked at
} check_run;

static void check_tell(const check_run *r, const char *path, const wg_lint_finding *f) {
  if (r->json == NULL) {
    wg_out("%s:%u:%u: %s %u: %.*s\n", path, f->line, f->column, check_levels[f->level], f->code,
           WG_STR_ARG(f->text));
    return;
  }
  wg_jsonw_begin_object(r->json);
  wg_jsonw_kv_u64(r->json, "code", f->code);
  wg_jsonw_kv_z(r->json, "level", check_levels[f->level]);
  wg_jsonw_kv_u64(r->json, "line", f->line);
  wg_jsonw_kv_u64(r->json, "column", f->column);
  wg_jsonw_kv_str(r->json, "text", f->text);
  wg_jsonw_end_object(r->json);
}

static void check_report(check_run *r, const char *path, const wg_lint_result *found) {
  if (r->json != NULL) {
    wg_jsonw_begin_object(r->json);
    wg_jsonw_kv_z(r->json, "file", path);
    wg_jsonw_kv_u64(r->json, "errors", found->n_errors);
    wg_jsonw_kv_u64(r->json, "warnings", found->n_warnings);
    wg_jsonw_key_z(r->json, "findings");
    wg_jsonw_begin_array(r->json);
  }
  for (uint32_t i = 0; i < found->n_findings; i++) {
    check_tell(r, path, &found->findings[i]);
  }
  if (r->json != NULL) {
    wg_jsonw_end_array(r->json);
    wg_jsonw_end_object(r->json);
  }
  r->n_errors += found->n_errors;
  r->n_warnings += found->n_warnings;
}

// A file that is not there, or is no INF, is a finding; what else keeps it from being looked at is
// told.
static void check_refused(check_run *r, const char *path, const wg_error *err, wg_arena *arena) {
  wg_lint_finding f = {.code = 1000,
                       .level = WG_LINT_ERROR,
                       .line = 1,
                       .column = 1,
                       .text = WG_STR("there is no such file")};
  wg_error own = *err;
  const char *inner = strstr(own.text, ": line ");
  if (inner != NULL) { // what the reader said, without the path
    memmove(own.text, inner + 2, strlen(inner + 2) + 1);
  }
  if (err->code == WG_E_NOT_FOUND || wg_lint_of_refusal(&own, r->lint.mode, arena, &f)) {
    const wg_lint_result one = {.findings = &f, .n_findings = 1, .n_errors = 1};
    check_report(r, path, &one);
  } else {
    r->rc = r->rc == 0 ? wg_exit_code(err->code) : r->rc;
    wg_cli_tell(r->c, err);
  }
}

static void check_file(check_run *r, const char *path) {
  WG_AUTO(wg_arena) arena = {0};
  WG_AUTO(wg_cstr) folder = wg_path_dirname(path);
  wg_error err = WG_ERROR_INIT;
  wg_inf inf;
  wg_lint_result found;
  wg_lint_options opt = r->lint;
  wg_arena_init(&arena, wg_heap(), 0);
  wg_inf_files files = {.folder = folder, .arena = &arena};
  if (!r->no_files) {
    opt.has_file = wg_inf_files_has;
    opt.ctx = &files;
  }
  r->n_files++;
  if (wg_inf_cli_read(path, &r->read, &arena, &inf, &err) != WG_OK) {
    check_refused(r, path, &err, &arena);
  } else if (wg_lint_inf(&inf, &opt, &arena, &found, &err) != WG_OK) {
    (void)!wg_wrap(&err, "%s", path);
    check_refused(r, path, &err, &arena);
  } else {
    const wg_inf_catalogue k = {.inf = &inf,
                                .folder = folder,
                                .name = wg_path_basename(path),
                                .target = &r->target,
                                .mode = r->lint.mode,
                                .now_s = r->now_s,
                                .cancel = r->c->cancel};
    if (!r->no_files) {
      wg_inf_check_catalogue(&k, &arena, &found);
    }
    check_report(r, path, &found);
  }
}

static void check_folder(check_run *r, const char *path) {
  WG_AUTO(wg_arena) arena = {0};
  wg_error err = WG_ERROR_INIT;
  const char *const *names = NULL;
  size_t n = 0;
  wg_arena_init(&arena, wg_heap(), 0);
  if (wg_driver_find_infs(path, true, r->c->cancel, &arena, &names, &n, &err) != WG_OK) {
    r->rc = r->rc == 0 ? wg_exit_code(err.code) : r->rc;
    wg_cli_tell(r->c, &err);
    return;
  }
  if (n == 0) {
    wg_note(r->c, "%s: no INF file is in that folder", path);
  }
  for (size_t i = 0; i < n; i++) {
    WG_AUTO(wg_cstr) full = wg_path_join(path, names[i]);
    check_file(r, full);
  }
}

static int check_end_json(check_run *r, int rc, wg_buf *out) {
  wg_error err = WG_ERROR_INIT;
  wg_jsonw_end_array(r->json);
  wg_jsonw_kv_u64(r->json, "errors", r->n_errors);
  wg_jsonw_kv_u64(r->json, "warnings", r->n_warnings);
  if (r->rc != 0) {
    wg_cli_kv_error(r->json, WG_E_IO, rc, "a file could not be read");
  } else if (rc != 0) {
    WG_AUTO(wg_cstr)
    text = wg_xprintf("%llu %s in the files", (unsigned long long)r->n_errors,
                      r->n_errors == 1 ? "error" : "errors");
    wg_cli_kv_error(r->json, WG_E_FORMAT, rc, text);
  }
  wg_jsonw_end_object(r->json);
  if (wg_jsonw_finish(r->json, &err) != WG_OK) {
    return wg_cli_fail(r->c, &err);
  }
  return wg_out_all(out->p, out->n) ? rc : 1;
}

static int check_end(check_run *r, wg_buf *out) {
  int rc = r->rc != 0 ? r->rc : r->n_errors > 0 ? wg_exit_code(WG_E_FORMAT) : 0;
  if (r->json != NULL) {
    return check_end_json(r, rc, out);
  }
  wg_note(r->c, "%llu %s: %llu %s, %llu %s", (unsigned long long)r->n_files,
          r->n_files == 1 ? "file" : "files", (unsigned long long)r->n_errors,
          r->n_errors == 1 ? "error" : "errors", (unsigned long long)r->n_warnings,
          r->n_warnings == 1 ? "warning" : "warnings");
  return rc;
}

static int check_mode(const wg_cli *c, wg_lint_mode *out) {
  const char *mode = wg_cli_value(c, "mode");
  *out = WG_LINT_BASIC;
  for (unsigned i = 0; mode != NULL && i < WG_LINT_MODES; i++) {
    if (strcmp(mode, check_modes[i]) == 0) {
      *out = (wg_lint_mode)i;
      return 0;
    }
  }
  return mode == NULL ? 0
                      : wg_cli_usage(c, "--mode '%s' is none of basic, universal, windows", mode);
}

static void check_begin_json(check_run *r, wg_jsonw *j, wg_buf *out) {
  wg_jsonw_init(j, out, 2);
  r->json = j;
  wg_jsonw_begin_object(j);
  wg_jsonw_kv_z(j, "mode", check_modes[r->lint.mode]);
  wg_jsonw_key_z(j, "files");
  wg_jsonw_begin_array(j);
}

static int check_run_all(wg_cli *c) {
  WG_AUTO(wg_inf_folder) folder = {0};
  WG_AUTO(wg_buf) out = {0};
  wg_error err = WG_ERROR_INIT;
  wg_jsonw j;
  check_run r = {.c = c, .no_files = wg_cli_has(c, "no-files")};
  if (wg_inf_cli_options(c, &r.read) != 0 || check_mode(c, &r.lint.mode) != 0 ||
      wg_inf_cli_target(c, &r.target) != 0) {
    return wg_exit_code(WG_E_USAGE);
  }
  r.lint.target = wg_cli_has(c, "for") || wg_cli_has(c, "arch") ? &r.target : NULL;
  r.now_s = wg_os_wall_ns() / 1000000000;
  bool set = false;
  if (wg_cli_epoch(&r.now_s, &set, &err) != WG_OK) {
    return wg_cli_fail(c, &err);
  }
  wg_buf_init(&out, wg_heap(), 0);
  if (wg_inf_cli_folder(c, &r.read, &folder, &r.lint.library, &err) != WG_OK) {
    return wg_cli_fail(c, &err);
  }
  if (c->json) {
    check_begin_json(&r, &j, &out);
  }
  for (size_t i = 0; i < c->n_args; i++) {
    wg_stat st;
    wg_error ignored = WG_ERROR_INIT;
    bool is_folder =
        wg_os_stat(WG_CWD, c->args[i], true, &st, &ignored) == WG_OK && st.type == WG_FT_DIR;
    if (is_folder) {
      check_folder(&r, c->args[i]);
    } else {
      check_file(&r, c->args[i]);
    }
  }
  return check_end(&r, &out);
}

static const wg_cli_opt check_opts[] = {
    {.name = "mode",
     .arg = "MODE",
     .help = "basic (default), universal or windows: InfVerif's /k, /u, /w",
     .complete = "basic universal windows"},
    WG_INF_OPT_FOR,
    WG_INF_OPT_ARCH,
    WG_INF_OPT_INCLUDE,
    {.name = "no-files", .help = "do not look for the files that the INF names"},
    WG_INF_OPT_CODE_PAGE,
    WG_INF_OPT_LANGUAGE};

const wg_cli_cmd wg_cmd_inf_check = {
    .noun = "inf",
    .name = "check",
    .args = "FILE|DIR...",
    .summary = "say what is wrong with INF files",
    .text =
        "Prints what is wrong as FILE:LINE:COLUMN: LEVEL CODE: TEXT, with the numbers and levels "
        "of "
        "Microsoft's InfVerif ('wingo inf codes' lists them) and, from 9001 on, what it does not "
        "look for: files that are not there or not covered by the catalogue, no models for the "
        "Windows of --for and --arch, text "
        "that Windows reads otherwise than it looks. A folder is searched for *.inf. Exit code 4 "
        "when there are errors.\n\n"
        "Examples:\n  wingo inf check net.inf\n"
        "  wingo inf check --mode=windows drivers\n"
        "  wingo inf check --for 10.0.26100 --arch arm64 drivers --json\n",
    .opts = check_opts,
    .n_opts = WG_ARRAY_LEN(check_opts),
    .min_args = 1,
    .max_args = UINT_MAX,
    .complete = "file",
    .run = check_run_all};
