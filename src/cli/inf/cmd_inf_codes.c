// SPDX-License-Identifier: Apache-2.0
// `wingo inf codes`: what the numbers of `wingo inf check` mean.
#include "cli/inf/inf.h"
#include "driver/lint/lint.h"

static const char *const codes_levels[] = {"-", "warning", "error"};

static void codes_json(const wg_lint_code *k, wg_jsonw *j) {
  static const char *const levels[] = {"none", "warning", "error"};
  wg_jsonw_begin_object(j);
  wg_jsonw_kv_u64(j, "code", k->code);
  wg_jsonw_kv_z(j, "basic", levels[k->levels[WG_LINT_BASIC]]);
  wg_jsonw_kv_z(j, "universal", levels[k->levels[WG_LINT_UNIVERSAL]]);
  wg_jsonw_kv_z(j, "windows", levels[k->levels[WG_LINT_WINDOWS]]);
  wg_jsonw_kv_bool(j, "checked", k->checked);
  wg_jsonw_kv_z(j, "text", k->words);
  wg_jsonw_end_object(j);
}

static void codes_text(const wg_lint_code *k, bool markdown, wg_buf *out) {
  const char *l[WG_LINT_MODES];
  for (size_t i = 0; i < WG_LINT_MODES; i++) {
    l[i] = codes_levels[k->levels[i]];
  }
  if (markdown) {
    wg_buf_printf(out, "| %u | %s | %s | %s | %s | %s |\n", k->code, k->checked ? "yes" : "", l[0],
                  l[1], l[2], k->words);
  } else {
    wg_buf_printf(out, "%u  %-7s  %-7s  %-7s  %s%s\n", k->code, l[0], l[1], l[2], k->words,
                  k->checked ? "" : " (not checked)");
  }
}

// The codes that were asked for; all when none was.
static int codes_pick(const wg_cli *c, const wg_lint_code **out, size_t *out_n) {
  size_t n = 0;
  const wg_lint_code *all = wg_lint_codes(&n);
  *out_n = 0;
  for (size_t i = 0; c->n_args == 0 && i < n; i++) {
    out[(*out_n)++] = &all[i];
  }
  for (size_t i = 0; i < c->n_args; i++) {
    uint64_t v = 0;
    const wg_lint_code *k = wg_parse_u64(wg_str_of(c->args[i]), &v) && v <= UINT16_MAX
                                ? wg_lint_code_of((unsigned)v)
                                : NULL;
    if (k == NULL) {
      return wg_cli_usage(c, "'%s' is no code of 'wingo inf check'", c->args[i]);
    }
    if (*out_n < n) {
      out[(*out_n)++] = k;
    }
  }
  return 0;
}

static int codes_run(wg_cli *c) {
  WG_AUTO(wg_buf) out = {0};
  const wg_lint_code *picked[256];
  size_t n = 0;
  bool markdown = wg_cli_has(c, "markdown");
  wg_assert((wg_lint_codes(&n), n <= WG_ARRAY_LEN(picked)));
  int rc = codes_pick(c, picked, &n);
  if (rc != 0) {
    return rc;
  }
  wg_buf_init(&out, wg_heap(), 0);
  if (c->json) {
    wg_jsonw j;
    wg_jsonw_init(&j, &out, 2);
    wg_jsonw_begin_object(&j);
    wg_jsonw_key_z(&j, "codes");
    wg_jsonw_begin_array(&j);
    for (size_t i = 0; i < n; i++) {
      codes_json(picked[i], &j);
    }
    wg_jsonw_end_array(&j);
    wg_jsonw_end_object(&j);
    return wg_cli_end_json(c, &j, &out);
  }
  wg_buf_add_z(&out, markdown ? "| code | checked | basic | universal | windows | what it says |\n"
                                "| --- | --- | --- | --- | --- | --- |\n"
                              : "CODE  BASIC    UNIVERS  WINDOWS\n");
  for (size_t i = 0; i < n; i++) {
    codes_text(picked[i], markdown, &out);
  }
  wg_out_bytes(out.p, out.n);
  return 0;
}

static const wg_cli_opt codes_opts[] = {
    {.name = "markdown", .help = "as a table of Markdown, as docs/inf-codes.md has it"}};

const wg_cli_cmd wg_cmd_inf_codes = {
    .noun = "inf",
    .name = "codes",
    .args = "[CODE...]",
    .summary = "list the codes of 'wingo inf check'",
    .text =
        "Prints each code with its level in the modes basic, universal and windows, and what it "
        "says. Numbers and levels are those of Microsoft's InfVerif; from 9001 on they are "
        "wingo's own.\n\n"
        "Examples:\n  wingo inf codes\n  wingo inf codes 1230 2084\n",
    .opts = codes_opts,
    .n_opts = WG_ARRAY_LEN(codes_opts),
    .max_args = 64,
    .run = codes_run};
