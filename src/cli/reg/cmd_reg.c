// `wingo reg query|add|delete|import|export|check`: a hive file edited offline.
#include <limits.h>
#include <string.h>

#include "cli/reg/reg.h"
#include "fmt/json/jsonw.h"
#include "fmt/sd/sd.h"

// Opens what the first argument and the key name; an exit code, 0 when it is open.
static int reg_open(const wg_cli *c, const char *key, wg_reg_target *t) {
  return wg_reg_target_of(c, c->args[0], key, t);
}

static int reg_save(const wg_cli *c, const wg_reg_target *t) {
  wg_error err = WG_ERROR_INIT;
  const char *out = wg_cli_value(c, "out");
  wg_hivefile f = t->file; // borrowed
  WG_AUTO(wg_cstr) path = wg_xstrdup(out != NULL ? out : f.path);
  f.path = path;
  if (out != NULL && wg_os_exists(WG_CWD, out)) {
    (void)!wg_fail(&err, WG_E_CONFLICT, "'%s' is there already", out);
    return wg_cli_fail(c, &err);
  }
  return wg_hivefile_save(&f, wg_reg_now(), &err) == WG_OK ? 0 : wg_cli_fail(c, &err);
}

static int reg_no_key(const wg_cli *c, const wg_reg_target *t) {
  wg_error err = WG_ERROR_INIT;
  (void)!wg_fail(&err, WG_E_NOT_FOUND, "'%s' has no key '%s'", t->label, t->key);
  return wg_cli_fail(c, &err);
}

static int reg_edit_image(const wg_cli *c, const wg_reg_edits *edits) {
  wg_error err = WG_ERROR_INIT;
  WG_AUTO(wg_reg_result) done = {0};
  if (wg_reg_edit_image(c, c->args[0], edits, wg_cli_value(c, "out"), &done, &err) != WG_OK) {
    return wg_cli_fail(c, &err);
  }
  wg_note(c, "%llu values set, %llu keys made, %llu values or keys deleted",
          (unsigned long long)done.n_set, (unsigned long long)done.n_keys_made,
          (unsigned long long)done.n_deleted);
  return 0;
}

static void reg_print_value(const wg_regvalue *v, wg_jsonw *j, wg_buf *tmp) {
  char type[16];
  WG_AUTO(wg_buf) name = {0};
  wg_buf_init(&name, wg_heap(), 0);
  wg_buf_clear(tmp);
  wg_regvalue_text(v, tmp);
  if (!wg_utf16le_to_utf8((const uint8_t *)v->name16.p, v->name16.n, &name)) {
    return;
  }
  if (j == NULL) {
    wg_out("    %s    %s    %s\n", name.n == 0 ? "(Default)" : wg_buf_z(&name),
           wg_reg_type_name(v->type, type), wg_buf_z(tmp));
    return;
  }
  wg_jsonw_begin_object(j);
  wg_jsonw_kv_str(j, "name", wg_buf_str(&name));
  wg_jsonw_kv_z(j, "type", wg_reg_type_name(v->type, type));
  wg_jsonw_kv_str(j, "data", wg_buf_str(tmp));
  wg_jsonw_kv_hex(j, "bytes", v->data, v->n_bytes);
  wg_jsonw_end_object(j);
}

static void reg_print_key(const wg_regkey *k, const char *only, wg_jsonw *j, wg_buf *tmp) {
  WG_AUTO(wg_buf) path = {0};
  wg_buf_init(&path, wg_heap(), 0);
  wg_regkey_add_path(k, &path);
  if (j == NULL) {
    wg_out("%s\n", path.n == 0 ? "\\" : wg_buf_z(&path));
  } else {
    wg_jsonw_begin_object(j);
    wg_jsonw_kv_str(j, "key", wg_buf_str(&path));
    wg_jsonw_kv_u64(j, "time", wg_regkey_time(k));
    wg_jsonw_key_z(j, "values");
    wg_jsonw_begin_array(j);
  }
  for (size_t i = 0; i < wg_regkey_n_values(k); i++) {
    const wg_regvalue *v = wg_regkey_value_at(k, i);
    if (only == NULL || v == wg_regkey_value(k, wg_str_of(only))) {
      reg_print_value(v, j, tmp);
    }
  }
  if (j != NULL) {
    wg_jsonw_end_array(j);
    wg_jsonw_end_object(j);
  } else {
    wg_out("\n");
  }
}

// Prints k, its children, or everything below, without recursion.
static void reg_print_tree(const wg_regkey *k, const char *only, bool recursive, wg_jsonw *j) {
  WG_AUTO(wg_buf) tmp = {0};
  wg_buf_init(&tmp, wg_heap(), 0);
  struct {
    const wg_regkey *key;
  } *stack = NULL;
  size_t n = 0, cap = 0;
  wg_vec_push(&stack, &n, &cap).key = k;
  while (n > 0) {
    const wg_regkey *at = stack[--n].key;
    reg_print_key(at, only, j, &tmp);
    for (size_t i = wg_regkey_n_children(at); recursive && i > 0; i--) {
      wg_vec_push(&stack, &n, &cap).key = wg_regkey_child_at(at, i - 1);
    }
  }
  wg_xfree(stack);
}

static void reg_print_children(const wg_regkey *k) {
  WG_AUTO(wg_buf) path = {0};
  wg_buf_init(&path, wg_heap(), 0);
  for (size_t i = 0; i < wg_regkey_n_children(k); i++) {
    wg_buf_clear(&path);
    wg_regkey_add_path(wg_regkey_child_at(k, i), &path);
    wg_out("%s\n", wg_buf_z(&path));
  }
}

static int reg_query_run(wg_cli *c) {
  WG_AUTO(wg_reg_target) t = {0};
  int rc = reg_open(c, c->n_args > 1 ? c->args[1] : NULL, &t);
  if (rc != 0) {
    return rc;
  }
  const char *only = wg_cli_value(c, "value");
  const wg_regkey *k = wg_hive_find(t.hive, wg_str_of(t.key));
  if (k == NULL) {
    return reg_no_key(c, &t);
  }
  if (only != NULL && !wg_cli_has(c, "recursive") && wg_regkey_value(k, wg_str_of(only)) == NULL) {
    wg_error err = WG_ERROR_INIT;
    (void)!wg_fail(&err, WG_E_NOT_FOUND, "key '%s' has no value '%s'", t.key, only);
    return wg_cli_fail(c, &err);
  }
  if (!c->json) {
    reg_print_tree(k, only, wg_cli_has(c, "recursive"), NULL);
    if (!wg_cli_has(c, "recursive") && only == NULL) {
      reg_print_children(k);
    }
    return 0;
  }
  WG_AUTO(wg_buf) out = {0};
  wg_buf_init(&out, wg_heap(), 0);
  wg_jsonw j;
  wg_jsonw_init(&j, &out, 2);
  wg_jsonw_begin_array(&j);
  reg_print_tree(k, only, wg_cli_has(c, "recursive"), &j);
  wg_jsonw_end_array(&j);
  return wg_cli_end_json(c, &j, &out);
}

// Full control for SYSTEM and Administrators, reading for everyone: what Windows gives a hive's
// root.
static const char reg_root_sddl[] =
    "O:BAG:SYD:P(A;CI;KA;;;SY)(A;CI;KA;;;BA)(A;CI;KR;;;WD)(A;CI;KR;;;RC)";

static int reg_create_run(wg_cli *c) {
  wg_error err = WG_ERROR_INIT;
  WG_AUTO(wg_arena) arena;
  WG_AUTO(wg_buf) sd_bytes = {0};
  WG_AUTO(wg_buf) out = {0};
  WG_AUTO_PTR(wg_hive) h = NULL;
  wg_sd sd;
  uint64_t minor = 5;
  const char *version = wg_cli_value(c, "minor");
  if (version != NULL && (!wg_parse_u64(wg_str_of(version), &minor) || minor < 3 || minor > 6)) {
    return wg_cli_usage(c, "--minor takes 3, 4, 5 or 6, not '%s'", version);
  }
  wg_arena_init(&arena, wg_heap(), 0);
  wg_buf_init(&sd_bytes, wg_heap(), 0);
  wg_buf_init(&out, wg_heap(), 0);
  if (wg_os_exists(WG_CWD, c->args[0])) {
    (void)!wg_fail(&err, WG_E_CONFLICT, "'%s' is there already", c->args[0]);
    return wg_cli_fail(c, &err);
  }
  if (wg_sddl_parse(wg_str_of(reg_root_sddl), &arena, &sd, &err) != WG_OK) {
    return wg_cli_fail(c, &err);
  }
  wg_sd_write(&sd, &sd_bytes);
  wg_hive_write_options opt = {0};
  if (wg_hive_new((uint32_t)minor, "ROOT", sd_bytes.p, sd_bytes.n, wg_reg_now(), wg_heap(), &h,
                  &err) != WG_OK ||
      wg_hive_write(h, &opt, &out, &err) != WG_OK ||
      wg_os_write_file(WG_CWD, c->args[0], out.p, out.n, 0644, true, &err) != WG_OK) {
    return wg_cli_fail(c, &err);
  }
  return 0;
}

static int reg_add_run(wg_cli *c) {
  const char *name = wg_cli_value(c, "value"), *data = wg_cli_value(c, "data");
  const char *type_name = wg_cli_value(c, "type");
  uint32_t type = WG_REG_SZ;
  if (type_name != NULL && !wg_reg_type_parse(type_name, &type)) {
    return wg_cli_usage(c,
                        "'%s' is not a type; types are REG_SZ, REG_EXPAND_SZ, REG_MULTI_SZ, "
                        "REG_DWORD, REG_QWORD, REG_BINARY, REG_NONE, or a number",
                        type_name);
  }
  wg_error err = WG_ERROR_INIT;
  WG_AUTO(wg_buf) bytes = {0};
  wg_buf_init(&bytes, wg_heap(), 0);
  if (wg_reg_parse_data(type,
                        data != NULL           ? data
                        : type == WG_REG_DWORD ? "0"
                                               : "",
                        &bytes, &err) != WG_OK) {
    return wg_cli_fail(c, &err);
  }
  bool has_value = name != NULL || data != NULL;
  if (wg_reg_in_image(c->args[0])) {
    WG_AUTO(wg_reg_edits) edits = {0};
    wg_reg_edits_init(&edits);
    if (has_value) {
      wg_reg_edits_bytes(&edits, "add", c->args[1], name != NULL ? name : "", type, bytes.p,
                         bytes.n);
    } else {
      wg_reg_edits_new(&edits, "add", WG_REG_MAKE_KEY, c->args[1], "");
    }
    return reg_edit_image(c, &edits);
  }
  WG_AUTO(wg_reg_target) t = {0};
  int rc = reg_open(c, c->args[1], &t);
  if (rc != 0) {
    return rc;
  }
  wg_regkey *k = NULL;
  uint64_t now = wg_reg_now();
  if (wg_regkey_create(t.hive, wg_hive_root(t.hive), wg_str_of(t.key), now, &k, NULL, &err) !=
          WG_OK ||
      (has_value && wg_regkey_set(t.hive, k, wg_str_of(name), type, bytes.p, (uint32_t)bytes.n, now,
                                  &err) != WG_OK)) {
    return wg_cli_fail(c, &err);
  }
  return reg_save(c, &t);
}

static int reg_delete_run(wg_cli *c) {
  WG_AUTO(wg_reg_target) t = {0};
  int rc = reg_open(c, c->args[1], &t);
  if (rc != 0) {
    return rc;
  }
  wg_error err = WG_ERROR_INIT;
  wg_regkey *k = wg_hive_find(t.hive, wg_str_of(t.key));
  if (k == NULL) {
    return reg_no_key(c, &t);
  }
  const char *name = wg_cli_value(c, "value");
  if (t.in_image && name != NULL && wg_regkey_value(k, wg_str_of(name)) == NULL) {
    (void)!wg_fail(&err, WG_E_NOT_FOUND, "there is no value '%s'", name);
    return wg_cli_fail(c, &err);
  }
  if (t.in_image) {
    WG_AUTO(wg_reg_edits) edits = {0};
    wg_reg_edits_init(&edits);
    wg_reg_edits_new(&edits, "delete", name != NULL ? WG_REG_DELETE_VALUE : WG_REG_DELETE_KEY,
                     c->args[1], name != NULL ? name : "");
    return reg_edit_image(c, &edits);
  }
  wg_code code = name != NULL ? wg_regkey_unset(t.hive, k, wg_str_of(name), wg_reg_now(), &err)
                              : wg_regkey_delete(t.hive, k, wg_reg_now(), &err);
  return code == WG_OK ? reg_save(c, &t) : wg_cli_fail(c, &err);
}

static wg_code reg_read_text(const char *path, unsigned code_page, wg_arena *arena, wg_regtext *out,
                             wg_error *err) {
  WG_AUTO(wg_buf) text = {0};
  wg_buf_init(&text, wg_heap(), 0);
  wg_regtext_options opt = {.code_page = code_page};
  if (wg_os_read_file(WG_CWD, path, (uint64_t)1 << 30, &text, err) != WG_OK) {
    return err->code;
  }
  return wg_regtext_parse(text.p, text.n, &opt, arena, out, err) == WG_OK
             ? WG_OK
             : wg_wrap(err, "'%s'", path);
}

static int reg_import_image(const wg_cli *c, unsigned code_page) {
  WG_AUTO(wg_reg_edits) edits = {0};
  wg_reg_edits_init(&edits);
  for (size_t i = 1; i < c->n_args; i++) {
    WG_AUTO(wg_arena) arena;
    wg_error err = WG_ERROR_INIT;
    wg_regtext t;
    wg_arena_init(&arena, wg_heap(), 0);
    if (reg_read_text(c->args[i], code_page, &arena, &t, &err) != WG_OK) {
      return wg_cli_fail(c, &err);
    }
    wg_reg_edits_regtext(&edits, c->args[i], &t);
  }
  return reg_edit_image(c, &edits);
}

static int reg_import_hive(const wg_cli *c, const char *prefix, unsigned code_page) {
  WG_AUTO(wg_reg_target) f = {0};
  int rc = reg_open(c, NULL, &f);
  wg_reg_apply_stats total = {0};
  for (size_t i = 1; rc == 0 && i < c->n_args; i++) {
    WG_AUTO(wg_arena) arena;
    wg_error err = WG_ERROR_INIT;
    wg_regtext t;
    wg_reg_apply_stats st;
    wg_arena_init(&arena, wg_heap(), 0);
    if (reg_read_text(c->args[i], code_page, &arena, &t, &err) != WG_OK) {
      return wg_cli_fail(c, &err);
    }
    if (wg_hive_apply_regtext(f.hive, &t, prefix, wg_reg_now(), &st, &err) != WG_OK) {
      (void)!wg_wrap(&err, "'%s'", c->args[i]);
      return wg_cli_fail(c, &err);
    }
    total.n_keys_made += st.n_keys_made;
    total.n_keys_deleted += st.n_keys_deleted;
    total.n_values_set += st.n_values_set;
    total.n_values_deleted += st.n_values_deleted;
  }
  rc = rc != 0 ? rc : reg_save(c, &f);
  if (rc == 0) {
    wg_note(c, "%llu values set, %llu keys made, %llu values and %llu keys deleted",
            (unsigned long long)total.n_values_set, (unsigned long long)total.n_keys_made,
            (unsigned long long)total.n_values_deleted, (unsigned long long)total.n_keys_deleted);
  }
  return rc;
}

static int reg_import_run(wg_cli *c) {
  uint64_t code_page = 1252;
  const char *cp = wg_cli_value(c, "code-page");
  if (cp != NULL && (!wg_parse_u64(wg_str_of(cp), &code_page) || code_page > UINT16_MAX)) {
    return wg_cli_usage(c, "'%s' is not a code page", cp);
  }
  if (wg_reg_in_image(c->args[0])) {
    return reg_import_image(c, (unsigned)code_page);
  }
  const char *prefix = wg_cli_value(c, "prefix");
  prefix = prefix != NULL ? prefix : wg_hive_prefix_of(c->args[0]);
  if (prefix == NULL) {
    return wg_cli_usage(c,
                        "the name '%s' does not say which keys it holds: give --prefix, such as "
                        "--prefix='HKEY_LOCAL_MACHINE\\SOFTWARE'",
                        c->args[0]);
  }
  return reg_import_hive(c, prefix, (unsigned)code_page);
}

static int reg_export_run(wg_cli *c) {
  WG_AUTO(wg_reg_target) t = {0};
  int rc = reg_open(c, c->n_args > 1 ? c->args[1] : NULL, &t);
  if (rc != 0) {
    return rc;
  }
  const char *given = wg_cli_value(c, "prefix"), *prefix = given != NULL ? given : t.prefix;
  const wg_regkey *k = wg_hive_find(t.hive, wg_str_of(t.key));
  if (k == NULL) {
    return reg_no_key(c, &t);
  }
  wg_error err = WG_ERROR_INIT;
  WG_AUTO(wg_buf) text = {0};
  WG_AUTO(wg_buf) wide = {0};
  wg_buf_init(&text, wg_heap(), 0);
  wg_buf_init(&wide, wg_heap(), 0);
  wg_regtext_begin(&text);
  wg_hive_export_regtext(k, prefix != NULL ? prefix : "HKEY_LOCAL_MACHINE\\HIVE", &text);
  if (wg_buf_check(&text, &err) != WG_OK ||
      wg_regtext_finish(wg_buf_str(&text), &wide, &err) != WG_OK) {
    return wg_cli_fail(c, &err);
  }
  const char *to = wg_cli_value(c, "output");
  if (to == NULL) {
    wg_out_bytes(text.p, text.n); // a terminal and a pipe get UTF-8
    return 0;
  }
  return wg_os_write_file(WG_CWD, to, wide.p, wide.n, 0644, true, &err) == WG_OK
             ? 0
             : wg_cli_fail(c, &err);
}

#define OPT_FORCE                                                                                  \
  { .name = "force-dirty", .help = "open a dirty hive although no log fits it" }
#define OPT_OUT                                                                                    \
  { .name = "out", .arg = "FILE", .help = "write what is changed to FILE, not in place" }
#define OPT_PREFIX                                                                                 \
  {                                                                                                \
    .name = "prefix", .arg = "KEY",                                                                \
    .help = "what the hive's keys are below (default: by file name)"                               \
  }
#define OPT_VALUE                                                                                  \
  { .name = "value", .arg = "NAME", .help = "one value; \"\" is the default value" }

static const wg_cli_opt query_opts[] = {
    OPT_FORCE, OPT_VALUE, {.name = "recursive", .letter = 'r', .help = "everything below, too"}};
static const wg_cli_opt add_opts[] = {
    OPT_FORCE,
    OPT_OUT,
    OPT_VALUE,
    {.name = "type", .letter = 't', .arg = "TYPE", .help = "REG_SZ (default), REG_DWORD, ..."},
    {.name = "data",
     .letter = 'd',
     .arg = "DATA",
     .help = "text, number or hex digits, by type; \\0 between strings of REG_MULTI_SZ"}};
static const wg_cli_opt delete_opts[] = {OPT_FORCE, OPT_OUT, OPT_VALUE};
static const wg_cli_opt import_opts[] = {
    OPT_FORCE,
    OPT_OUT,
    OPT_PREFIX,
    {.name = "code-page", .arg = "N", .help = "of REGEDIT4 text (default 1252)"}};
static const wg_cli_opt export_opts[] = {OPT_FORCE,
                                         OPT_PREFIX,
                                         {.name = "output",
                                          .letter = 'o',
                                          .arg = "FILE",
                                          .help = "write UTF-16 to FILE, as regedit does"}};

const wg_cli_cmd wg_cmd_reg_query = {
    .noun = "reg",
    .name = "query",
    .args = "HIVE|IMAGE [KEY]",
    .summary = "show a key, its values and subkeys",
    .text =
        "KEY is relative to the hive's root; a full path such as HKLM\\SOFTWARE\\Acme is\n"
        "understood when the file's name says which hive it is. A dirty hive's transaction logs\n"
        "(.LOG1, .LOG2 beside it) are replayed in memory. Of an image (install.wim:2, or a folder\n"
        "that is one) KEY is a full path, which also says which hive it is in.\n\n"
        "Examples:\n  wingo reg query config/SOFTWARE 'Microsoft\\Windows NT\\CurrentVersion'\n"
        "  wingo reg query SYSTEM Select --value=Default --json\n"
        "  wingo reg query install.wim:2 'HKLM\\SOFTWARE\\Acme'\n",
    .opts = query_opts,
    .n_opts = WG_ARRAY_LEN(query_opts),
    .min_args = 1,
    .max_args = 2,
    .complete = "file",
    .run = reg_query_run};
const wg_cli_cmd wg_cmd_reg_add = {
    .noun = "reg",
    .name = "add",
    .args = "HIVE|IMAGE KEY",
    .summary = "make a key, or set a value",
    .text =
        "The hive is written anew, whole or not at all; its transaction logs are emptied. So is\n"
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
const wg_cli_cmd wg_cmd_reg_export = {
    .noun = "reg",
    .name = "export",
    .args = "HIVE|IMAGE [KEY]",
    .summary = "write a key as registry text",
    .text = "Examples:\n  wingo reg export SOFTWARE 'Policies' -o policies.reg\n"
            "  wingo reg export NTUSER.DAT | less\n",
    .opts = export_opts,
    .n_opts = WG_ARRAY_LEN(export_opts),
    .min_args = 1,
    .max_args = 2,
    .complete = "file",
    .run = reg_export_run};
static const wg_cli_opt create_opts[] = {
    {.name = "minor", .arg = "N", .help = "version 1.N: 3 to 6 (default: 5)"}};
const wg_cli_cmd wg_cmd_reg_create = {
    .noun = "reg",
    .name = "create",
    .args = "HIVE",
    .summary = "make an empty hive",
    .text =
        "Its root key gives SYSTEM and Administrators full control and everyone else reading.\n\n"
        "Example:\n  wingo reg create SOFTWARE\n",
    .opts = create_opts,
    .n_opts = WG_ARRAY_LEN(create_opts),
    .min_args = 1,
    .max_args = 1,
    .complete = "file",
    .run = reg_create_run};
