// SPDX-License-Identifier: Apache-2.0
// `wingo inf show`: what a driver package is for one Windows.
#include "cli/inf/inf.h"

static void show_print(const wg_cli *c, const wg_inf_package *p, const wg_inf_target *t,
                       wg_buf *out) {
  if (c->json) {
    wg_jsonw j;
    wg_jsonw_init(&j, out, 2);
    wg_jsonw_begin_object(&j);
    wg_jsonw_kv_z(&j, "file", c->args[0]);
    wg_jsonw_key_z(&j, "for");
    wg_jsonw_printf(&j, "%u.%u.%u", t->major, t->minor, t->build);
    wg_jsonw_kv_z(&j, "arch", wg_inf_arch_name(t->arch));
    wg_inf_show_json(p, &j);
    wg_jsonw_end_object(&j);
    (void)wg_cli_end_json(c, &j, out);
    return;
  }
  wg_inf_show_text(p, c->args[0], out);
  wg_out_bytes(out->p, out->n);
  if (p->n_models == 0) {
    wg_note(c, "nothing in it is for Windows %u.%u.%u on %s%s%.*s", t->major, t->minor, t->build,
            wg_inf_arch_name(t->arch), p->has_models_elsewhere ? "; it is for " : "",
            WG_STR_ARG(p->elsewhere));
  }
}

static int show_run(wg_cli *c) {
  WG_AUTO(wg_arena) arena = {0};
  WG_AUTO(wg_inf_folder) folder = {0};
  WG_AUTO(wg_buf) out = {0};
  wg_error err = WG_ERROR_INIT;
  wg_inf_options opt;
  wg_inf_target target = {0};
  const wg_inf_library *library = NULL;
  wg_inf inf;
  wg_inf_package p;
  if (wg_inf_cli_options(c, &opt) != 0 || wg_inf_cli_target(c, &target) != 0) {
    return wg_exit_code(WG_E_USAGE);
  }
  wg_arena_init(&arena, wg_heap(), 0);
  wg_buf_init(&out, wg_heap(), 0);
  if (wg_inf_cli_folder(c, &opt, &folder, &library, &err) != WG_OK ||
      wg_inf_cli_read(c->args[0], &opt, &arena, &inf, &err) != WG_OK) {
    return wg_cli_fail(c, &err);
  }
  if (wg_inf_compile(&inf, &target, library, &arena, &p, &err) != WG_OK) {
    (void)!wg_wrap(&err, "%s", c->args[0]);
    return wg_cli_fail(c, &err);
  }
  show_print(c, &p, &target, &out);
  return 0;
}

static const wg_cli_opt show_opts[] = {WG_INF_OPT_FOR, WG_INF_OPT_ARCH, WG_INF_OPT_INCLUDE,
                                       WG_INF_OPT_CODE_PAGE, WG_INF_OPT_LANGUAGE};

const wg_cli_cmd wg_cmd_inf_show = {
    .noun = "inf",
    .name = "show",
    .args = "FILE",
    .summary = "show what a driver package does on one Windows",
    .text =
        "Prints the devices of an INF file and what its install sections do, as the Windows of "
        "--for and --arch takes them (10.0.26100 and amd64 unless told otherwise): files and where "
        "they go, services, registry, interfaces, filters, software. Decorations are chosen, "
        "strings and folders put in. What the INF takes from those of Windows (Include, Needs) is "
        "looked up in the folder of --include; without it, it is listed as not read.\n\n"
        "Examples:\n  wingo inf show viostor.inf\n"
        "  wingo inf show net.inf --for 10.0.17763 --arch arm64\n"
        "  wingo inf show usbvideo.inf --include image/Windows/INF --json\n",
    .opts = show_opts,
    .n_opts = WG_ARRAY_LEN(show_opts),
    .min_args = 1,
    .max_args = 1,
    .complete = "file",
    .run = show_run};
