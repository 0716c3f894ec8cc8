// SPDX-License-Identifier: Apache-2.0
// `wingo diff A B`: two images, folders, hives or registry texts side by side.
#include <string.h>

#include "cli/diff/diff.h"
#include "cli/reg/reg.h"

static wg_code diff_hive_pair(diff_report *r, const char *title, wg_hive *a, wg_hive *b) {
  WG_AUTO(wg_buf) text = {0};
  wg_buf_init(&text, wg_heap(), 0);
  wg_reg_printer p = {.out = &text, .json = r->json, .indent = "  ", .a = a, .b = b};
  wg_regdiff d = {.a = a, .b = b, .times = r->times, .sink = wg_reg_print_item, .ctx = &p};
  if (r->json != NULL) {
    wg_jsonw_begin_object(r->json);
    wg_jsonw_kv_z(r->json, "hive", title);
    wg_jsonw_key_z(r->json, "differences");
    wg_jsonw_begin_array(r->json);
  }
  wg_regdiff_hives(&d);
  uint64_t n = d.n_added + d.n_removed + d.n_changed;
  if (r->json != NULL) {
    wg_jsonw_end_array(r->json);
    wg_jsonw_end_object(r->json);
  } else if (n > 0) {
    wg_buf_printf(r->out, "Registry %s\n", title);
    wg_buf_add(r->out, text.p, text.n);
    wg_buf_add_byte(r->out, '\n');
  }
  r->reg_added += d.n_added;
  r->reg_removed += d.n_removed;
  r->reg_changed += d.n_changed;
  wg_diff_drivers(r, a, b);
  wg_service_change *v = NULL;
  size_t n_v = 0;
  if (wg_services_diff(a, b, &r->arena, &v, &n_v)) {
    for (size_t i = 0; i < n_v; i++) {
      wg_vec_push(&r->services, &r->n_services, &r->cap_services) = v[i];
    }
  }
  return WG_OK;
}

// A file that differs and is a hive on both sides is compared as one. A damaged hive is a note: the
// files differ, whatever is in them.
static void diff_one_hive(diff_report *r, const wg_diff_item *item) {
  WG_AUTO(wg_buf) bytes_a = {0};
  WG_AUTO(wg_buf) bytes_b = {0};
  WG_AUTO(wg_buf) path = {0};
  WG_AUTO_PTR(wg_hive) a = NULL;
  WG_AUTO_PTR(wg_hive) b = NULL;
  wg_error err = WG_ERROR_INIT;
  wg_buf_init(&bytes_a, wg_heap(), (size_t)1 << 30);
  wg_buf_init(&bytes_b, wg_heap(), (size_t)1 << 30);
  wg_buf_init(&path, wg_heap(), 0);
  wg_diff_path(r->b, item->b, &path);
  if (wg_diff_open_hive(r->a, item->a, r->force, &bytes_a, &a, &err) != WG_OK ||
      wg_diff_open_hive(r->b, item->b, r->force, &bytes_b, &b, &err) != WG_OK) {
    wg_note(r->cli, "hive '%s' is not compared: %s", wg_buf_z(&path), err.text);
    return;
  }
  if (a != NULL && b != NULL) {
    r->n_hives++;
    (void)!diff_hive_pair(r, wg_buf_z(&path), a, b);
  }
}

static void diff_begin_list(const diff_report *r, const char *key) {
  if (r->json != NULL) {
    wg_jsonw_key_z(r->json, key);
    wg_jsonw_begin_array(r->json);
  }
}

static void diff_end_list(const diff_report *r) {
  if (r->json != NULL) {
    wg_jsonw_end_array(r->json);
  }
}

static wg_code diff_two_trees(diff_report *r, const wg_spec *a, const wg_spec *b, wg_error *err) {
  WG_AUTO_PTR(wg_diff_side) side_a = NULL;
  WG_AUTO_PTR(wg_diff_side) side_b = NULL;
  WG_AUTO(wg_diff_list) list = {0};
  wg_diff_options opt = {.times = r->times, .cancel = r->cli->cancel};
  if (wg_diff_open(a, &side_a, err) != WG_OK || wg_diff_open(b, &side_b, err) != WG_OK ||
      wg_diff_trees(side_a, side_b, &opt, &list, err) != WG_OK) {
    return err->code;
  }
  r->a = side_a;
  r->b = side_b;
  diff_begin_list(r, "files");
  wg_diff_print_files(r, &list);
  diff_end_list(r);
  diff_begin_list(r, "registry");
  for (size_t i = 0; i < list.n; i++) {
    const wg_diff_item *item = &list.v[i];
    if (item->change == WG_DIFF_CHANGED && (item->aspects & WG_DIFF_CONTENT) != 0 &&
        wg_diff_maybe_hive(side_b, item->b)) {
      diff_one_hive(r, item);
    }
  }
  diff_end_list(r);
  return WG_OK;
}

static wg_code diff_two_hives(diff_report *r, const wg_spec *a, const wg_spec *b, wg_error *err) {
  WG_AUTO(wg_hivefile) x = {0};
  WG_AUTO(wg_hivefile) y = {0};
  if (wg_hivefile_open(a->path, r->force, false, &x, err) != WG_OK ||
      wg_hivefile_open(b->path, r->force, false, &y, err) != WG_OK) {
    return err->code;
  }
  diff_begin_list(r, "registry");
  wg_code code = diff_hive_pair(r, wg_path_basename(b->path), x.hive, y.hive);
  diff_end_list(r);
  return code;
}

// Registry text as a hive: what it sets stands at its key's full path; what it deletes, below
// "(deletes)", because a deletion is something the file says and no state of a registry.
static wg_code diff_text_hive(const char *path, wg_hive **out, wg_error *err) {
  WG_AUTO(wg_arena) arena;
  WG_AUTO(wg_buf) text = {0};
  WG_AUTO_PTR(wg_hive) h = NULL;
  wg_regtext t;
  wg_arena_init(&arena, wg_heap(), 0);
  wg_buf_init(&text, wg_heap(), 0);
  wg_regtext_options opt = {0};
  if (wg_os_read_file(WG_CWD, path, (uint64_t)1 << 30, &text, err) != WG_OK) {
    return err->code;
  }
  if (wg_regtext_parse(text.p, text.n, &opt, &arena, &t, err) != WG_OK ||
      wg_hive_new(5, "ROOT", NULL, 0, 0, wg_heap(), &h, err) != WG_OK) {
    return wg_wrap(err, "'%s'", path);
  }
  for (size_t i = 0; i < t.n_ops; i++) {
    const wg_regop *op = &t.ops[i];
    bool deletes = op->kind == WG_REGOP_DELETE_KEY || op->kind == WG_REGOP_DELETE_VALUE;
    bool value = op->kind == WG_REGOP_VALUE || op->kind == WG_REGOP_DELETE_VALUE;
    wg_regkey *k = wg_hive_root(h);
    if ((deletes && wg_regkey_create(h, k, WG_STR("(deletes)"), 0, &k, NULL, err) != WG_OK) ||
        wg_regkey_create(h, k, op->key, 0, &k, NULL, err) != WG_OK ||
        (value && wg_regkey_set(h, k, op->name, op->type, deletes ? NULL : op->data,
                                deletes ? 0 : op->n_bytes, 0, err) != WG_OK)) {
      return wg_wrap(err, "'%s': line %u", path, op->line);
    }
  }
  *out = wg_take(&h);
  return WG_OK;
}

static wg_code diff_two_texts(diff_report *r, const wg_spec *a, const wg_spec *b, wg_error *err) {
  WG_AUTO_PTR(wg_hive) x = NULL;
  WG_AUTO_PTR(wg_hive) y = NULL;
  if (diff_text_hive(a->path, &x, err) != WG_OK || diff_text_hive(b->path, &y, err) != WG_OK) {
    return err->code;
  }
  diff_begin_list(r, "registry");
  wg_code code = diff_hive_pair(r, wg_path_basename(b->path), x, y);
  diff_end_list(r);
  return code;
}

static wg_code diff_any(diff_report *r, const wg_spec *a, const wg_spec *b, wg_error *err) {
  bool tree_a = a->kind == WG_SPEC_WIM || a->kind == WG_SPEC_FOLDER;
  bool tree_b = b->kind == WG_SPEC_WIM || b->kind == WG_SPEC_FOLDER;
  if (tree_a && tree_b) {
    return diff_two_trees(r, a, b, err);
  }
  if (a->kind != b->kind) {
    return wg_fail(err, WG_E_USAGE, "'%s' and '%s' are not of one kind", a->path, b->path);
  }
  return a->kind == WG_SPEC_HIVE ? diff_two_hives(r, a, b, err) : diff_two_texts(r, a, b, err);
}

static int diff_run(wg_cli *c) {
  WG_AUTO(wg_spec) a = {0};
  WG_AUTO(wg_spec) b = {0};
  WG_AUTO(wg_buf) out = {0};
  WG_AUTO(diff_report)
  r = {.cli = c,
       .out = &out,
       .times = wg_cli_has(c, "times"),
       .force = wg_cli_has(c, "force-dirty")};
  wg_jsonw j;
  wg_error err = WG_ERROR_INIT;
  wg_buf_init(&out, wg_heap(), 0);
  wg_arena_init(&r.arena, wg_heap(), 0);
  if (wg_spec_parse(c->args[0], &a, &err) != WG_OK ||
      wg_spec_parse(c->args[1], &b, &err) != WG_OK) {
    return wg_diff_fail(c, &err);
  }
  if (c->json) {
    wg_jsonw_init(&j, &out, 2);
    wg_jsonw_begin_object(&j);
    wg_jsonw_kv_z(&j, "old", c->args[0]);
    wg_jsonw_kv_z(&j, "new", c->args[1]);
    r.json = &j;
  }
  if (diff_any(&r, &a, &b, &err) != WG_OK) {
    return wg_diff_fail(c, &err);
  }
  uint64_t n = wg_diff_print_rest(&r);
  if (c->json) {
    wg_jsonw_end_object(&j);
  }
  if ((c->json ? wg_jsonw_finish(&j, &err) : wg_buf_check(&out, &err)) != WG_OK) {
    return wg_diff_fail(c, &err);
  }
  return wg_diff_end(&out, n);
}

static const wg_cli_opt diff_opts[] = {
    {.name = "times", .help = "times of files and keys count as differences, too"},
    {.name = "force-dirty", .help = "open dirty hives although no log fits them"}};

const wg_cli_cmd wg_cmd_diff = {
    .name = "diff",
    .args = "A B",
    .summary = "show what changed from one image, folder, hive or .reg file to another",
    .text =
        "A and B are image files (.wim, .esd; with several images, FILE:2 or FILE:NAME says "
        "which), folders, registry hives, or .reg files. Files are compared by content (the hashes "
        "that images hold: nothing that is equal is read), attributes, security descriptor, "
        "streams, links, short name. Hives that differ are opened, their logs replayed, and "
        "compared key by key; services and driver packages are shown by name.\n\n"
        "+ is added, - removed, ~ changed, > renamed or moved. Exit code 0: no difference, 1: "
        "some, 2 and more: trouble.\n\n"
        "Examples:\n"
        "  wingo diff base/install.wim:1 out/kiosk.wim\n"
        "  wingo diff 'a.esd:Windows 11 Pro' 'b.esd:Windows 11 Pro' --json\n"
        "  wingo diff before/SOFTWARE after/SOFTWARE\n",
    .opts = diff_opts,
    .n_opts = WG_ARRAY_LEN(diff_opts),
    .min_args = 2,
    .max_args = 2,
    .complete = "file",
    .run = diff_run};
