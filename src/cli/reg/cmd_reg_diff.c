// SPDX-License-Identifier: Apache-2.0
// `wingo reg diff`: two hives side by side.
#include "cli/reg/reg.h"

static int reg_diff_run(wg_cli *c) {
  WG_AUTO(wg_reg_subject) a = {0};
  WG_AUTO(wg_reg_subject) b = {0};
  const char *key = c->n_args > 2 ? c->args[2] : NULL;
  WG_AUTO(wg_buf) out = {0};
  wg_error err = WG_ERROR_INIT;
  WG_AUTO(wg_reg_maps) maps = {0};
  if (wg_reg_maps_of(c, &maps) != 0) {
    return wg_exit_code(WG_E_USAGE);
  }
  if (wg_reg_subject_open(c, c->args[0], key, &maps, &a, &err) != WG_OK ||
      wg_reg_subject_open(c, c->args[1], key, &maps, &b, &err) != WG_OK) {
    return wg_diff_fail(c, &err);
  }
  const wg_regkey *ka = wg_hive_find(a.hive, wg_str_of(a.key));
  const wg_regkey *kb = wg_hive_find(b.hive, wg_str_of(b.key));
  if (ka == NULL || kb == NULL) {
    (void)!wg_reg_subject_absent(ka == NULL ? &a : &b, NULL, NULL, &err);
    return wg_diff_fail(c, &err);
  }
  wg_buf_init(&out, wg_heap(), 0);
  wg_jsonw j;
  wg_reg_printer p = {.out = &out, .indent = "", .a = a.hive, .b = b.hive};
  wg_regdiff d = {.a = a.hive,
                  .b = b.hive,
                  .times = wg_cli_has(c, "times"),
                  .sink = wg_reg_print_item,
                  .ctx = &p};
  if (c->json) {
    wg_jsonw_init(&j, &out, 2);
    wg_jsonw_begin_object(&j);
    wg_jsonw_kv_z(&j, "old", c->args[0]);
    wg_jsonw_kv_z(&j, "new", c->args[1]);
    wg_jsonw_key_z(&j, "registry");
    wg_jsonw_begin_array(&j);
    p.json = &j;
  }
  wg_regdiff_keys(&d, ka, kb);
  if (c->json) {
    wg_jsonw_end_array(&j);
    wg_jsonw_key_z(&j, "summary");
    wg_jsonw_begin_object(&j);
    wg_jsonw_kv_u64(&j, "added", d.n_added);
    wg_jsonw_kv_u64(&j, "removed", d.n_removed);
    wg_jsonw_kv_u64(&j, "changed", d.n_changed);
    wg_jsonw_end_object(&j);
    wg_jsonw_end_object(&j);
  }
  if ((c->json ? wg_jsonw_finish(&j, &err) : wg_buf_check(&out, &err)) != WG_OK) {
    return wg_diff_fail(c, &err);
  }
  int rc = wg_diff_end(&out, d.n_added + d.n_removed + d.n_changed);
  if (!c->json) {
    wg_note(c, "%llu added, %llu removed, %llu changed", (unsigned long long)d.n_added,
            (unsigned long long)d.n_removed, (unsigned long long)d.n_changed);
  }
  return rc;
}

static const wg_cli_opt diff_opts[] = {
    {.name = "times", .help = "last-written times count as differences, too"},
    WG_REG_OPT_FORCE,
    WG_REG_OPT_PREFIX,
    WG_REG_OPT_MAP};

const wg_cli_cmd wg_cmd_reg_diff = {
    .noun = "reg",
    .name = "diff",
    .args = "OLD NEW [KEY]",
    .summary = "show what changed from one hive to another",
    .text =
        "Keys and values that were added (+), removed (-) or changed, security descriptors and\n"
        "class names. A key that is new or gone stands for all below it. Exit code 0: no\n"
        "difference, 1: some, 2 and more: trouble. With KEY, only that key and what is below. Of\n"
        "images, KEY is a full path and says which hive; wingo diff compares all of them.\n\n"
        "Examples:\n"
        "  wingo reg diff before/SOFTWARE after/SOFTWARE\n"
        "  wingo reg diff a.hive b.hive --json\n"
        "  wingo reg diff a.wim:1 b.wim:1 'HKLM\\SOFTWARE\\Policies'\n",
    .opts = diff_opts,
    .n_opts = WG_ARRAY_LEN(diff_opts),
    .min_args = 2,
    .max_args = 3,
    .complete = "file",
    .run = reg_diff_run};
