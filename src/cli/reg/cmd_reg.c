// SPDX-License-Identifier: Apache-2.0
// `wingo reg query|export|create`: a hive read, written as text, made.
#include <string.h>

#include "cli/core/ins.h"
#include "cli/reg/reg.h"
#include "fmt/json/jsonw.h"
#include "fmt/sd/sd.h"

// k NULL: the key is missing, else its value `name`.
static int reg_absent(const wg_cli *c, const wg_reg_subject *t, const wg_regkey *k,
                      const char *name) {
  wg_error err = WG_ERROR_INIT;
  (void)!wg_reg_subject_absent(t, k, name, &err);
  return wg_cli_fail(c, &err);
}

static void reg_print_value(const wg_regvalue *v, wg_jsonw *j) {
  char type[WG_REGTYPE_NAME_BYTES];
  WG_AUTO(wg_buf) name = {0};
  WG_AUTO(wg_buf) data = {0};
  WG_AUTO(wg_buf) line = {0};
  wg_buf_init(&name, wg_heap(), 0);
  wg_buf_init(&data, wg_heap(), 0);
  wg_buf_init(&line, wg_heap(), 0);
  if (j != NULL) {
    wg_regvalue_add_name(v, &name);
    wg_jsonw_begin_object(j);
    wg_reg_json_text(j, "name", wg_buf_str(&name));
    wg_reg_json_value(j, v);
    wg_jsonw_end_object(j);
    return;
  }
  wg_reg_value_name(v, &name);
  wg_regvalue_text(v, &data);
  wg_buf_add_z(&line, "    ");
  wg_ins_add_plain(&line, wg_buf_str(&name));
  wg_buf_printf(&line, "    %s    ", wg_regtype_name(v->type, type));
  wg_ins_add_plain(&line, wg_buf_str(&data));
  wg_buf_printf(&line, "%s\n", v->tombstone ? "    (deletes the value of the layer below)" : "");
  wg_out_bytes(line.p, line.n);
}

// How a key of a delta hive lies over the layer below; NULL: it is one like any other.
static const char *reg_layer(const wg_regkey *k) {
  static const char *const words[] = {NULL, "tombstone", "supersede", "supersede-tree"};
  uint8_t layer = wg_regkey_layer(k);
  return (layer & 3) != 0 ? words[layer & 3] : layer != 0 ? "inherit-class" : NULL;
}

static void reg_print_path(const wg_regkey *k) {
  const char *layer = reg_layer(k);
  WG_AUTO(wg_buf) path = {0};
  WG_AUTO(wg_buf) line = {0};
  wg_buf_init(&path, wg_heap(), 0);
  wg_buf_init(&line, wg_heap(), 0);
  wg_regkey_add_path(k, &path);
  wg_ins_add_plain(&line, path.n == 0 ? WG_STR("\\") : wg_buf_str(&path));
  if (layer != NULL) {
    wg_buf_printf(&line, "    (over the layer below: %s)", layer);
  }
  wg_buf_add_byte(&line, '\n');
  wg_out_bytes(line.p, line.n);
}

static void reg_print_key(const wg_regkey *k, const char *only, wg_jsonw *j) {
  WG_AUTO(wg_buf) path = {0};
  wg_buf_init(&path, wg_heap(), 0);
  if (j == NULL) {
    reg_print_path(k);
  } else {
    wg_regkey_add_path(k, &path);
    wg_jsonw_begin_object(j);
    wg_reg_json_text(j, "key", wg_buf_str(&path));
    wg_jsonw_kv_u64(j, "time", wg_regkey_time(k));
    if (reg_layer(k) != NULL) {
      wg_jsonw_kv_z(j, "layer", reg_layer(k));
    }
    wg_jsonw_key_z(j, "values");
    wg_jsonw_begin_array(j);
  }
  for (size_t i = 0; i < wg_regkey_n_values(k); i++) {
    const wg_regvalue *v = wg_regkey_value_at(k, i);
    if (only == NULL || v == wg_regkey_value(k, wg_str_of(only))) {
      reg_print_value(v, j);
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
  struct {
    const wg_regkey *key;
  } *stack = NULL;
  size_t n = 0, cap = 0;
  wg_vec_push(&stack, &n, &cap).key = k;
  while (n > 0) {
    const wg_regkey *at = stack[--n].key;
    reg_print_key(at, only, j);
    for (size_t i = wg_regkey_n_children(at); recursive && i > 0; i--) {
      wg_vec_push(&stack, &n, &cap).key = wg_regkey_child_at(at, i - 1);
    }
  }
  wg_xfree(stack);
}

static void reg_print_children(const wg_regkey *k) {
  for (size_t i = 0; i < wg_regkey_n_children(k); i++) {
    reg_print_path(wg_regkey_child_at(k, i));
  }
}

static int reg_query_run(wg_cli *c) {
  WG_AUTO(wg_reg_subject) t = {0};
  int rc = wg_reg_subject_of(c, c->args[0], c->n_args > 1 ? c->args[1] : NULL, &t);
  if (rc != 0) {
    return rc;
  }
  const char *only = wg_cli_value(c, "value");
  const wg_regkey *k = wg_hive_find(t.hive, wg_str_of(t.key));
  if (k == NULL) {
    return reg_absent(c, &t, NULL, NULL);
  }
  if (only != NULL && !wg_cli_has(c, "recursive") && wg_regkey_value(k, wg_str_of(only)) == NULL) {
    return reg_absent(c, &t, k, only);
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
  wg_jsonw_begin_object(&j);
  wg_jsonw_key_z(&j, "keys");
  wg_jsonw_begin_array(&j);
  reg_print_tree(k, only, wg_cli_has(c, "recursive"), &j);
  wg_jsonw_end_array(&j);
  wg_jsonw_end_object(&j);
  return wg_cli_end_json(c, &j, &out);
}

// Full control for SYSTEM and Administrators, reading for everyone: what Windows gives a hive's
// root.
static const char reg_root_sddl[] =
    "O:BAG:SYD:P(A;CI;KA;;;SY)(A;CI;KA;;;BA)(A;CI;KR;;;WD)(A;CI;KR;;;RC)";

static int reg_create_run(wg_cli *c) {
  wg_error err = WG_ERROR_INIT;
  WG_AUTO(wg_arena) arena = {0};
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
  WG_AUTO(wg_dest) dest = WG_DEST_INIT;
  const wg_inplace_options place = wg_cli_place(c);
  if (wg_dest_begin(&dest, c->args[0], WG_DEST_NEW, &place, &err) != WG_OK) {
    return wg_cli_fail(c, &err);
  }
  if (wg_sddl_parse(wg_str_of(reg_root_sddl), &arena, &sd, &err) != WG_OK) {
    return wg_cli_fail(c, &err);
  }
  wg_sd_write(&sd, &sd_bytes);
  wg_hive_write_options opt = {0};
  uint64_t now = 0;
  if (wg_reg_now(&now, &err) != WG_OK ||
      wg_hive_new((uint32_t)minor, "ROOT", sd_bytes.p, sd_bytes.n, now, wg_heap(), &h, &err) !=
          WG_OK ||
      wg_hive_write(h, &opt, &out, &err) != WG_OK ||
      wg_dest_write(&dest, out.p, out.n, &err) != WG_OK) {
    return wg_cli_fail(c, &err);
  }
  return wg_cli_end_made(c, c->args[0]);
}

static int reg_export_run(wg_cli *c) {
  WG_AUTO(wg_reg_subject) t = {0};
  int rc = wg_reg_subject_of(c, c->args[0], c->n_args > 1 ? c->args[1] : NULL, &t);
  if (rc != 0) {
    return rc;
  }
  const char *prefix = t.prefix;
  const wg_regkey *k = wg_hive_find(t.hive, wg_str_of(t.key));
  if (k == NULL) {
    return reg_absent(c, &t, NULL, NULL);
  }
  wg_error err = WG_ERROR_INIT;
  WG_AUTO(wg_buf) text = {0};
  WG_AUTO(wg_buf) wide = {0};
  wg_buf_init(&text, wg_heap(), 0);
  wg_buf_init(&wide, wg_heap(), 0);
  wg_regtext_begin(&text);
  if (wg_hive_export_regtext(k, prefix != NULL ? prefix : "HKEY_LOCAL_MACHINE\\HIVE", &text,
                             &err) != WG_OK ||
      wg_regtext_finish(wg_buf_str(&text), &wide, &err) != WG_OK) {
    return wg_cli_fail(c, &err);
  }
  const char *to = wg_cli_value(c, "output");
  if (to == NULL) {
    return wg_cli_end_text(c, &text); // a terminal and a pipe get UTF-8
  }
  WG_AUTO(wg_dest) dest = WG_DEST_INIT;
  const wg_inplace_options place = wg_cli_place(c);
  return wg_dest_begin(&dest, to, WG_DEST_NEW, &place, &err) == WG_OK &&
                 wg_dest_write(&dest, wide.p, wide.n, &err) == WG_OK
             ? wg_cli_end_made(c, to)
             : wg_cli_fail(c, &err);
}

static const wg_cli_opt query_opts[] = {
    WG_REG_OPT_FORCE,
    WG_REG_OPT_PREFIX,
    WG_REG_OPT_MAP,
    {.name = "value", .arg = "NAME", .help = "one value; \"\" is the default value"},
    {.name = "recursive", .letter = 'r', .help = "everything below, too"}};
static const wg_cli_opt export_opts[] = {WG_CLI_FORCE_OPT,
                                         WG_CLI_WAIT_OPT,
                                         WG_REG_OPT_FORCE,
                                         WG_REG_OPT_PREFIX,
                                         WG_REG_OPT_MAP,
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
        "that is one) KEY is a full path, which also says which hive it is in.\n"
        "CurrentControlSet is the control set that starts next. Control characters are shown as\n"
        "\\xNN. With --json a name that is no text has its bytes beside it, as name_utf16le.\n\n"
        "Examples:\n  wingo reg query config/SOFTWARE 'Microsoft\\Windows NT\\CurrentVersion'\n"
        "  wingo reg query SYSTEM Select --value=Default --json\n"
        "  wingo reg query install.wim:2 'HKLM\\SOFTWARE\\Acme'\n",
    .opts = query_opts,
    .n_opts = WG_ARRAY_LEN(query_opts),
    .min_args = 1,
    .max_args = 2,
    .complete = "file",
    .run = reg_query_run};
const wg_cli_cmd wg_cmd_reg_export = {
    .noun = "reg",
    .name = "export",
    .args = "HIVE|IMAGE [KEY]",
    .summary = "write a key as registry text",
    .text =
        "Text that its own import takes back to equal keys and values; what it cannot say (names\n"
        "with NUL or line ends, layers of delta hives) is an error.\n\n"
        "Examples:\n  wingo reg export SOFTWARE 'Policies' -o policies.reg\n"
        "  wingo reg export NTUSER.DAT | less\n",
    .opts = export_opts,
    .n_opts = WG_ARRAY_LEN(export_opts),
    .min_args = 1,
    .max_args = 2,
    .complete = "file",
    .run = reg_export_run};
static const wg_cli_opt create_opts[] = {
    WG_CLI_FORCE_OPT,
    WG_CLI_WAIT_OPT,
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
