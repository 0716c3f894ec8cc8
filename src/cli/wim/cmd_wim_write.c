// SPDX-License-Identifier: Apache-2.0
// `wingo wim export|capture`.
#include <string.h>

#include "base/human.h"
#include "base/utf.h"
#include "cli/wim/verified.h"
#include "cli/wim/wim.h"
#include "fmt/json/jsonw.h"
#include "image/move/export.h"
#include "image/tree/winpath.h"

static int export_report(const wg_cli *c, const wg_image_export_result *r) {
  WG_AUTO(wg_buf) out = {0};
  wg_jsonw j;
  wg_buf_init(&out, wg_heap(), 0);
  if (!c->json) {
    wg_buf_printf(&out, "%u image%s, ", (unsigned)r->n_images, r->n_images == 1 ? "" : "s");
    wg_text_add_size(&out, r->out_bytes);
    wg_buf_add_z(&out, ": taken over ");
    wg_text_add_size(&out, r->kept_bytes);
    wg_buf_add_z(&out, " of packed data, packed anew ");
    wg_text_add_size(&out, r->repacked_bytes);
    wg_buf_printf(&out, ", %llu contents shared", (unsigned long long)r->n_shared);
    wg_note(c, "%s", wg_buf_z(&out));
    wg_cli_wim_say_unverified(c);
    return 0;
  }
  wg_jsonw_init(&j, &out, 2);
  wg_jsonw_begin_object(&j);
  wg_jsonw_kv_u64(&j, "images", r->n_images);
  wg_jsonw_kv_u64(&j, "exported", r->n_exported);
  wg_jsonw_kv_u64(&j, "bytes", r->out_bytes);
  wg_jsonw_kv_u64(&j, "contents", r->n_contents);
  wg_jsonw_kv_u64(&j, "shared_contents", r->n_shared);
  wg_jsonw_kv_u64(&j, "shared_bytes", r->shared_bytes);
  wg_jsonw_kv_u64(&j, "kept_bytes", r->kept_bytes);
  wg_jsonw_kv_u64(&j, "repacked_bytes", r->repacked_bytes);
  wg_jsonw_kv_bool(&j, "verified", !wg_cli_has(c, "no-verify"));
  wg_jsonw_end_object(&j);
  return wg_cli_end_json(c, &j, &out);
}

static int export_run(wg_cli *c) {
  wg_error err = WG_ERROR_INIT;
  wg_cli_progress p = {.cli = c};
  wg_image_export_result res = {0};
  bool esd = wg_cli_wants_esd(c, c->args[2]);
  wg_image_export_options opt = {.image = c->args[1],
                                 .trust = wg_cli_wim_trust(c, c->args[0]),
                                 .trust_to = wg_cli_wim_trust(c, c->args[2]),
                                 .name = wg_cli_value(c, "name"),
                                 .format = esd ? WG_IMAGE_FORMAT_ESD : WG_IMAGE_FORMAT_WIM,
                                 .same_format = !wg_cli_has(c, "esd") && !wg_cli_has(c, "solid") &&
                                                !wg_cli_has(c, "lzx"),
                                 .compact = wg_cli_has(c, "compact"),
                                 .boot = wg_cli_has(c, "boot"),
                                 .place = wg_cli_place(c),
                                 .on_progress = wg_cli_progress_show,
                                 .ctx = &p,
                                 .cancel = c->cancel};
  if (!wg_cli_threads(c, &opt.threads)) {
    return 2;
  }
  wg_code code = wg_image_export(c->args[0], c->args[2], &opt, &res, &err);
  wg_cli_progress_end(&p);
  if (code != WG_OK) {
    return wg_cli_fail(c, &err);
  }
  wg_cli_wim_verified(c, c->args[2], res.out_bytes);
  return export_report(c, &res);
}

// A directory as an image of a new file in tmp.
static wg_code capture_pack(const wg_cli *c, const char *name, unsigned threads, const char *tmp,
                            const char *out_path, wg_cli_progress *p, wg_error *err) {
  wg_image_base base = {.kind = wg_cli_has(c, "ntfs") ? WG_IMAGE_BASE_NTFS : WG_IMAGE_BASE_DIR,
                        .path = c->args[0]};
  wg_image_options opt = {.out_path = out_path,
                          .shown = c->args[1],
                          .format = wg_cli_wants_esd(c, c->args[1]) ? WG_IMAGE_FORMAT_ESD
                                                                    : WG_IMAGE_FORMAT_WIM,
                          .tmp_dir = tmp,
                          .name = name,
                          .own_name = c->n_args < 3,
                          .threads = threads,
                          .on_progress = wg_cli_progress_show,
                          .ctx = p,
                          .cancel = c->cancel};
  bool set = false;
  WG_AUTO(wg_image_result) res = {0};
  if (wg_cli_epoch(&opt.time_s, &set, err) != WG_OK) {
    return err->code;
  }
  opt.keep_times = !set;
  opt.time_s = set ? opt.time_s : wg_os_wall_ns() / 1000000000;
  if (wg_image_write(&base, NULL, 0, &opt, &res, err) != WG_OK) {
    return err->code;
  }
  wg_cli_progress_end(p);
  for (size_t i = 0; i < res.n_warnings; i++) {
    wg_note(c, "warning: %s", res.warnings[i]);
  }
  return WG_OK;
}

static wg_code capture_append(const wg_cli *c, const char *made, unsigned threads,
                              wg_cli_progress *p, wg_error *err) {
  wg_image_export_options opt = {.image = "1",
                                 .trust = WG_IMAGE_VERIFIED, // just made, and read back
                                 .trust_to = wg_cli_wim_trust(c, c->args[1]),
                                 .how_named = "a NAME behind the file",
                                 .same_format = true,
                                 .place = wg_cli_place(c),
                                 .threads = threads,
                                 .on_progress = wg_cli_progress_show,
                                 .ctx = p,
                                 .cancel = c->cancel};
  wg_image_export_result res;
  return wg_image_export(made, c->args[1], &opt, &res, err);
}

// Linux has names that Windows will not open: said, not refused, since not only Windows reads WIMs.
static wg_code capture_names(const wg_cli *c, const char *made, wg_error *err) {
  WG_AUTO(wg_cli_image) im = {.file = WG_IMAGE_FILE_INIT};
  WG_AUTO(wg_buf) name = {0};
  WG_AUTO(wg_buf) first = {0};
  uint64_t n = 0;
  wg_buf_init(&name, wg_heap(), 0);
  wg_buf_init(&first, wg_heap(), 0);
  if (wg_cli_image_open(&im, made, NULL, err) != WG_OK) {
    return err->code;
  }
  for (uint32_t i = 1; i < im.tree.n; i++) {
    wg_error why = WG_ERROR_INIT;
    wg_str name16 = im.tree.entries[i].name16;
    wg_buf_clear(&name);
    if (wg_utf16le_to_utf8((const uint8_t *)name16.p, name16.n, &name) &&
        wg_winpath_check_name(wg_buf_str(&name), &why) == WG_OK) {
      continue;
    }
    if (n++ == 0) {
      wg_buf_add_z(&first, why.text);
    }
  }
  if (n > 0) {
    wg_note(c, "warning: %llu name%s that Windows does not take; the first: %s",
            (unsigned long long)n, n == 1 ? "" : "s", wg_buf_z(&first));
  }
  return WG_OK;
}

static wg_code capture_all(const wg_cli *c, unsigned threads, wg_cli_progress *p, wg_error *err) {
  const char *out = c->args[1];
  WG_AUTO(wg_cli_tmp) tmp = WG_CLI_TMP_INIT;
  WG_AUTO(wg_dest) dest = WG_DEST_INIT;
  const wg_inplace_options place = wg_cli_place(c);
  WG_AUTO(wg_cstr) clean = wg_path_absolute(c->args[0]);
  const char *name = c->n_args > 2 ? c->args[2] : wg_path_basename(clean);
  wg_stat st;
  if (!wg_cli_has(c, "force") && !wg_cli_has(c, "append") && wg_os_exists(WG_CWD, out)) {
    return wg_fail(err, WG_E_CONFLICT,
                   "'%s' exists already; --append adds an image to it, --force replaces it", out);
  }
  if (wg_os_stat(WG_CWD, c->args[0], true, &st, err) != WG_OK) {
    return err->code;
  }
  bool ntfs = wg_cli_has(c, "ntfs");
  if (st.type != (ntfs ? WG_FT_FILE : WG_FT_DIR)) {
    return wg_fail(err, WG_E_CONFLICT, "'%s' is no %s", c->args[0],
                   ntfs                    ? "file with an NTFS volume"
                   : st.type == WG_FT_FILE ? "folder; --ntfs takes a file with an NTFS volume"
                                           : "folder");
  }
  WG_AUTO(wg_cstr) full = wg_path_absolute(out);
  if (wg_path_is_below(full, clean)) {
    return wg_fail(err, WG_E_CONFLICT,
                   "'%s' would be in the folder that is captured; put it elsewhere", out);
  }
  bool append = wg_cli_has(c, "append") && wg_os_exists(WG_CWD, out);
  if (!append && wg_dest_begin(&dest, out, WG_DEST_NEW, &place, err) != WG_OK) {
    return err->code;
  }
  WG_AUTO(wg_cstr) dir = wg_path_dirname(append ? out : dest.path);
  if (wg_cli_tmp_make(&tmp, dir, err) != WG_OK) {
    return err->code;
  }
  WG_AUTO(wg_cstr) made = wg_path_join(tmp.path, "out.wim");
  if (capture_pack(c, name, threads, tmp.path, made, p, err) != WG_OK ||
      capture_names(c, made, err) != WG_OK) {
    return err->code;
  }
  return append ? capture_append(c, made, threads, p, err) : wg_dest_commit(&dest, made, err);
}

static int capture_run(wg_cli *c) {
  wg_error err = WG_ERROR_INIT;
  wg_cli_progress p = {.cli = c};
  unsigned threads = 1;
  if (!wg_cli_threads(c, &threads)) {
    return 2;
  }
  wg_code code = capture_all(c, threads, &p, &err);
  wg_cli_progress_end(&p);
  return code == WG_OK ? wg_cli_end_made(c, c->args[1]) : wg_cli_fail(c, &err);
}

#define OPT_ESD                                                                                    \
  { .name = "esd", .help = "solid LZMS: smallest, slowest; Windows 8 and later" }
#define OPT_SOLID                                                                                  \
  { .name = "solid", .help = "the same as --esd" }
#define OPT_LZX                                                                                    \
  { .name = "lzx", .help = "LZX, which all software reads, whatever the name ends in" }

static const wg_cli_opt export_opts[] = {
    OPT_ESD,
    OPT_SOLID,
    OPT_LZX,
    {.name = "name", .arg = "NAME", .help = "another name for the image"},
    {.name = "boot", .help = "the image is the one that boots"},
    {.name = "compact", .help = "take no packed data over: pack everything anew"},
    WG_CLI_NO_VERIFY_OPT,
    WG_CLI_FORCE_OPT,
    WG_CLI_WAIT_OPT,
    WG_CLI_THREADS_OPT};
const wg_cli_cmd wg_cmd_wim_export = {
    .noun = "wim",
    .name = "export",
    .args = "SRC IMAGE|all DEST",
    .summary = "copy images into a new or an existing file",
    .text =
        "DEST is made; a WIM or ESD that is there gets the images added, and is replaced as a "
        "whole "
        "when all is done. Equal contents are stored once, packed data is taken over where the "
        "format allows. A new DEST is solid when its name ends in .esd; one that is there keeps "
        "its format.\n\n"
        "Examples:\n  wingo wim export install.esd all install.wim\n"
        "  wingo wim export install.wim 'Windows 11 Pro' pro.esd\n"
        "  wingo wim export winpe.wim 1 boot.wim --name='Windows PE' --boot\n",
    .opts = export_opts,
    .n_opts = WG_ARRAY_LEN(export_opts),
    .min_args = 3,
    .max_args = 3,
    .complete = "file",
    .run = export_run};

static const wg_cli_opt capture_opts[] = {
    {.name = "append", .help = "add the image to FILE when that is there"},
    {.name = "ntfs", .help = "DIR is a file with an NTFS volume: all of it"},
    OPT_ESD,
    OPT_SOLID,
    OPT_LZX,
    WG_CLI_FORCE_OPT,
    WG_CLI_WAIT_OPT,
    WG_CLI_THREADS_OPT};
const wg_cli_cmd wg_cmd_wim_capture = {
    .noun = "wim",
    .name = "capture",
    .args = "DIR FILE [NAME]",
    .summary = "make an image of a folder",
    .text =
        "NAME is the image's; when it is left out, what .wingo-meta says, or the folder's own "
        "name. Times, hard links and "
        "symbolic links are kept; with SOURCE_DATE_EPOCH in the environment every time is that "
        "one, "
        "and the same tree gives the same bytes. A name ending in .esd makes a solid file.\n\n"
        "A folder of Linux has no security descriptors, attributes, short names or streams. They "
        "come from the file .wingo-meta in it, which 'wingo wim apply --meta' wrote, and from what "
        "Samba and NTFS drivers keep in extended attributes; what neither knows is not in the "
        "image, which is said. With --ntfs, DIR is a file that holds an NTFS "
        "volume, such as 'wingo wim apply --ntfs' fills: everything is kept both ways.\n\n"
        "Examples:\n  wingo wim capture tree data.wim 'Data'\n"
        "  wingo wim capture tree2 data.wim 'More data' --append\n",
    .opts = capture_opts,
    .n_opts = WG_ARRAY_LEN(capture_opts),
    .min_args = 2,
    .max_args = 3,
    .complete = "file",
    .run = capture_run};
