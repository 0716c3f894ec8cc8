// SPDX-License-Identifier: Apache-2.0
// `wingo reg add|delete|import`: edits of a hive file or of an image.
#include <limits.h>
#include <string.h>

#include "cli/reg/reg.h"

static int reg_add_run(wg_cli *c) {
  const char *name = wg_cli_value(c, "value"), *data = wg_cli_value(c, "data");
  const char *type_name = wg_cli_value(c, "type");
  uint32_t type = WG_REG_SZ;
  if (type_name != NULL && !wg_regtype_parse(type_name, &type)) {
    return wg_cli_usage(c, "'%s' is not a type; %s", type_name, wg_regtype_hint);
  }
  wg_error err = WG_ERROR_INIT;
  WG_AUTO(wg_buf) bytes = {0};
  WG_AUTO(wg_reg_edits) edits = {0};
  wg_buf_init(&bytes, wg_heap(), 0);
  wg_reg_edits_init(&edits);
  bool number = type == WG_REG_DWORD || type == WG_REG_QWORD;
  if (wg_regdata_parse(type, data != NULL ? data : number ? "0" : "", &bytes, &err) != WG_OK) {
    return wg_cli_fail(c, &err);
  }
  if (name != NULL || data != NULL) {
    wg_reg_edits_bytes(&edits, "add", c->args[1], name != NULL ? name : "", type, bytes.p, bytes.n);
  } else {
    (void)wg_reg_edits_new(&edits, "add", WG_REG_MAKE_KEY, c->args[1], "");
  }
  return wg_reg_edit_subject(c, &edits, false);
}

static int reg_delete_run(wg_cli *c) {
  const char *name = wg_cli_value(c, "value");
  WG_AUTO(wg_reg_edits) edits = {0};
  wg_reg_edits_init(&edits);
  (void)wg_reg_edits_new(&edits, "delete", name != NULL ? WG_REG_DELETE_VALUE : WG_REG_DELETE_KEY,
                         c->args[1], name != NULL ? name : "");
  return wg_reg_edit_subject(c, &edits, true);
}

static wg_code reg_read_text(const char *path, unsigned code_page, wg_reg_edits *edits,
                             wg_error *err) {
  WG_AUTO(wg_buf) text = {0};
  wg_regtext t;
  wg_regtext_options opt = {.code_page = code_page};
  wg_buf_init(&text, wg_heap(), 0);
  if (wg_os_read_file(WG_CWD, path, (uint64_t)1 << 30, &text, err) != WG_OK) {
    return err->code;
  }
  if (wg_regtext_parse(text.p, text.n, &opt, &edits->arena, &t, err) != WG_OK) {
    return wg_wrap(err, "'%s'", path);
  }
  for (size_t i = 0; i < t.n_ops; i++) {
    if (!wg_hive_has_root(t.ops[i].key)) {
      return wg_fail(err, WG_E_USAGE, "'%s': line %u: key '%.*s' does not begin with HKEY_...",
                     path, t.ops[i].line, WG_STR_ARG(t.ops[i].key));
    }
  }
  wg_reg_edits_regtext(edits, path, &t, NULL, 0); // the target maps
  return WG_OK;
}

static int reg_import_run(wg_cli *c) {
  uint64_t code_page = 1252;
  const char *cp = wg_cli_value(c, "code-page");
  if (cp != NULL && (!wg_parse_u64(wg_str_of(cp), &code_page) || code_page > UINT16_MAX)) {
    return wg_cli_usage(c, "'%s' is not a code page", cp);
  }
  WG_AUTO(wg_reg_edits) edits = {0};
  wg_reg_edits_init(&edits);
  for (size_t i = 1; i < c->n_args; i++) {
    wg_error err = WG_ERROR_INIT;
    if (reg_read_text(c->args[i], (unsigned)code_page, &edits, &err) != WG_OK) {
      return wg_cli_fail(c, &err);
    }
  }
  return wg_reg_edit_subject(c, &edits, false);
}

#define OPT_OUT                                                                                    \
  { .name = "out", .arg = "FILE", .help = "write what is changed to FILE, not in place" }
#define OPT_VALUE                                                                                  \
  { .name = "value", .arg = "NAME", .help = "one value; \"\" is the default value" }

static const wg_cli_opt add_opts[] = {
    WG_CLI_FORCE_OPT,
    WG_CLI_WAIT_OPT,
    WG_REG_OPT_FORCE,
    WG_REG_OPT_PREFIX,
    WG_REG_OPT_MAP,
    OPT_OUT,
    OPT_VALUE,
    {.name = "type",
     .letter = 't',
     .arg = "TYPE",
     .help = "REG_SZ (default), REG_DWORD, ...",
     .complete =
         "REG_SZ REG_EXPAND_SZ REG_MULTI_SZ REG_DWORD REG_QWORD REG_BINARY REG_NONE REG_LINK"},
    {.name = "data",
     .letter = 'd',
     .arg = "DATA",
     .help = "text, number or hex digits, by type; \\0 between strings of REG_MULTI_SZ"}};
const wg_cli_cmd wg_cmd_reg_add = {
    .noun = "reg",
    .name = "add",
    .args = "HIVE|IMAGE KEY",
    .summary = "make a key, or set a value",
    .text =
        "The hive appears changed, whole or not at all; its transaction logs are emptied. So does\n"
        "an image (in place, or with --out into a new file); KEY is then a full path.\n\n"
        "Examples:\n  wingo reg add SOFTWARE 'Policies\\Kiosk' --value=Mode --data=single\n"
        "  wingo reg add SYSTEM 'ControlSet001\\Services\\X' --value=Start -t REG_DWORD -d 2\n"
        "  wingo reg add install.wim:2 'HKLM\\SYSTEM\\CurrentControlSet\\Control' --value=X -d y\n",
    .opts = add_opts,
    .n_opts = WG_ARRAY_LEN(add_opts),
    .min_args = 2,
    .max_args = 2,
    .complete = "file",
    .run = reg_add_run};
static const wg_cli_opt delete_opts[] = {WG_CLI_FORCE_OPT,  WG_CLI_WAIT_OPT, WG_REG_OPT_FORCE,
                                         WG_REG_OPT_PREFIX, WG_REG_OPT_MAP,  OPT_OUT,
                                         OPT_VALUE};
const wg_cli_cmd wg_cmd_reg_delete = {
    .noun = "reg",
    .name = "delete",
    .args = "HIVE|IMAGE KEY",
    .summary = "delete a key with everything below, or a value",
    .text = "Examples:\n  wingo reg delete SOFTWARE 'Policies\\Kiosk'\n"
            "  wingo reg delete SOFTWARE 'Policies\\Kiosk' --value=Mode\n",
    .opts = delete_opts,
    .n_opts = WG_ARRAY_LEN(delete_opts),
    .min_args = 2,
    .max_args = 2,
    .complete = "file",
    .run = reg_delete_run};
static const wg_cli_opt import_opts[] = {
    WG_CLI_FORCE_OPT,
    WG_CLI_WAIT_OPT,
    WG_REG_OPT_FORCE,
    WG_REG_OPT_PREFIX,
    WG_REG_OPT_MAP,
    OPT_OUT,
    {.name = "code-page", .arg = "N", .help = "of REGEDIT4 text (default 1252)"}};
const wg_cli_cmd wg_cmd_reg_import = {
    .noun = "reg",
    .name = "import",
    .args = "HIVE|IMAGE FILE.reg...",
    .summary = "apply registry text to a hive",
    .text =
        "Version 5 and REGEDIT4 text. All files are applied, or nothing is written. A line that\n"
        "regedit would skip is an error here.\n\n"
        "Examples:\n  wingo reg import SOFTWARE tweaks.reg\n"
        "  wingo reg import --prefix='HKEY_LOCAL_MACHINE\\SOFTWARE' x.hive tweaks.reg\n",
    .opts = import_opts,
    .n_opts = WG_ARRAY_LEN(import_opts),
    .min_args = 2,
    .max_args = UINT_MAX,
    .complete = "file",
    .run = reg_import_run};
