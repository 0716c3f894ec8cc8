// SPDX-License-Identifier: Apache-2.0
// `wingo wim apply`: a whole image on the host.
#include <string.h>

#include "base/human.h"
#include "cli/wim/apply.h"
#include "fmt/json/jsonw.h"
#include "fmt/meta/meta.h"
#include "image/write/side.h"
#include "image/write/write.h"

static void apply_note(const wg_cli *c, const wg_image_apply_note *n, const char *what) {
  if (n->n > 0) {
    wg_note(c, "warning: %llu %s%s; the first: %s", (unsigned long long)n->n, what,
            n->n == 1 ? "" : "s", n->first);
  }
}

// "3 folders"; nothing for none, but for the first.
static void apply_count(wg_buf *b, const char *before, uint64_t n, const char *what) {
  if (n > 0 || before[0] == '\0') {
    wg_buf_printf(b, "%s%llu %s%s", before, (unsigned long long)n, what, n == 1 ? "" : "s");
  }
}

int wg_cli_apply_report(const wg_cli *c, const wg_image_apply_result *r, const char *refused) {
  apply_note(c, &r->streams, "named stream left out, which this host has no form for, file");
  apply_note(c, &r->reparse, "reparse point left out that is no link of this host, entry");
  apply_note(c, &r->encrypted, "encrypted (EFS) file left out, entry");
  apply_note(c, &r->same_but_case, "name differing from another by letter case only, entry");
  if (r->n_descriptors + r->n_attributes + r->n_short_names > 0) {
    WG_AUTO(wg_buf) what = {0};
    wg_buf_init(&what, wg_heap(), 0);
    apply_count(&what, ", ", r->n_descriptors, "security descriptor");
    apply_count(&what, ", ", r->n_attributes, "attribute");
    apply_count(&what, ", ", r->n_short_names, "short name");
    bool whole = strcmp(c->cmd->name, "apply") == 0;
    wg_note(c, "left out, which %s--meta keeps in a file beside, and --ntfs on a volume: %s",
            whole ? "" : "'wingo wim apply' with ", wg_buf_z(&what) + 2); // without the first ", "
  }
  if (refused != NULL) {
    wg_note(c, "warning: 'wingo wim capture' and 'base: {dir: ...}' will refuse the folder: %s",
            refused);
  }
  WG_AUTO(wg_buf) out = {0};
  wg_jsonw j;
  wg_buf_init(&out, wg_heap(), 0);
  if (!c->json) {
    apply_count(&out, "", r->n_files, "file");
    apply_count(&out, ", ", r->n_hard_links, "more hard link");
    apply_count(&out, ", ", r->n_dirs, "folder");
    apply_count(&out, ", ", r->n_symlinks, "symbolic link");
    if (r->n_meta > 0) {
      wg_buf_printf(&out, ", the rest of them in " WG_META_FILE);
    }
    wg_buf_add_z(&out, ", ");
    wg_text_add_size(&out, r->n_bytes);
    wg_note(c, "%s", wg_buf_z(&out));
    return 0;
  }
  wg_jsonw_init(&j, &out, 2);
  wg_jsonw_begin_object(&j);
  wg_jsonw_kv_u64(&j, "files", r->n_files);
  wg_jsonw_kv_u64(&j, "hard_links", r->n_hard_links);
  wg_jsonw_kv_u64(&j, "folders", r->n_dirs);
  wg_jsonw_kv_u64(&j, "symbolic_links", r->n_symlinks);
  wg_jsonw_kv_u64(&j, "bytes", r->n_bytes);
  wg_jsonw_kv_u64(&j, "left_out_streams", r->streams.n);
  wg_jsonw_kv_u64(&j, "left_out_reparse_points", r->reparse.n);
  wg_jsonw_kv_u64(&j, "left_out_encrypted", r->encrypted.n);
  wg_jsonw_kv_u64(&j, "left_out_descriptors", r->n_descriptors);
  wg_jsonw_kv_u64(&j, "left_out_attributes", r->n_attributes);
  wg_jsonw_kv_u64(&j, "left_out_short_names", r->n_short_names);
  wg_jsonw_kv_u64(&j, "same_but_case", r->same_but_case.n);
  wg_jsonw_kv_u64(&j, "meta_entries", r->n_meta);
  if (refused != NULL) {
    wg_jsonw_kv_z(&j, "capture_refuses", refused);
  }
  wg_jsonw_end_object(&j);
  return wg_cli_end_json(c, &j, &out);
}

static int apply_ntfs(const wg_cli *c, unsigned threads) {
  wg_error err = WG_ERROR_INIT;
  wg_cli_progress p = {.cli = c};
  wg_image_base base = {
      .kind = WG_IMAGE_BASE_WIM, .path = c->args[0], .image = c->n_args > 2 ? c->args[1] : NULL};
  wg_image_options opt = {.out_path = c->args[c->n_args - 1],
                          .threads = threads,
                          .on_progress = wg_cli_progress_show,
                          .ctx = &p,
                          .cancel = c->cancel};
  wg_code code = wg_image_apply_ntfs(&base, &opt, &err);
  wg_cli_progress_end(&p);
  return code == WG_OK ? 0 : wg_cli_fail(c, &err);
}

static int apply_run(wg_cli *c) {
  WG_AUTO(wg_cli_image) im = {.file = WG_IMAGE_FILE_INIT};
  wg_error err = WG_ERROR_INIT;
  wg_cli_progress p = {.cli = c};
  wg_image_apply_result res = {0};
  wg_image_apply_options opt = {
      .on_progress = wg_cli_progress_show, .ctx = &p, .cancel = c->cancel};
  const char *which = c->n_args > 2 ? c->args[1] : NULL;
  if (!wg_cli_threads(c, &opt.threads)) {
    return 2;
  }
  opt.meta = wg_cli_has(c, "meta");
  if (opt.meta && wg_cli_has(c, "ntfs")) {
    return wg_cli_usage(c, "--meta is for a folder: an NTFS volume keeps everything by itself");
  }
  if (wg_cli_has(c, "ntfs")) {
    return apply_ntfs(c, opt.threads);
  }
  if (wg_cli_image_open(&im, c->args[0], which, &err) != WG_OK) {
    return wg_cli_fail(c, &err);
  }
  opt.image = im.image;
  wg_code code = wg_cli_apply_to(c, &im, c->args[c->n_args - 1], &opt, &res, &err);
  wg_cli_progress_end(&p);
  if (code != WG_OK) {
    return wg_cli_fail(c, &err);
  }
  // An image may hold what no file of Windows can have: with its line in the sidecar, at once.
  bool comes_back = !opt.meta || wg_image_side_check(c->args[c->n_args - 1], NULL, &err) == WG_OK;
  return wg_cli_apply_report(c, &res, comes_back ? NULL : err.text);
}

static const wg_cli_opt apply_opts[] = {
    {.name = "meta", .help = "what Linux has no form for goes into DIR/" WG_META_FILE},
    {.name = "ntfs", .help = "DIR is a file with an NTFS volume: apply to that"},
    WG_CLI_FORCE_OPT,
    WG_CLI_WAIT_OPT,
    WG_CLI_THREADS_OPT};
const wg_cli_cmd wg_cmd_wim_apply = {
    .noun = "wim",
    .name = "apply",
    .args = "FILE [IMAGE] DIR",
    .summary = "write a whole image to a folder or an NTFS volume",
    .text =
        "DIR is made, or must be empty. Times, letter case, hard links and symbolic links are "
        "kept; a link or junction into the image becomes a relative symbolic link. What a Linux "
        "file system has no form for (named streams, other reparse points, encrypted files, "
        "security "
        "descriptors, attributes, short names) is left out and counted; with --meta it goes into "
        "the file " WG_META_FILE " in DIR, which 'wingo wim capture' and 'base: {dir: ...}' of a "
        "project read, and an empty file or folder stands for each entry that Linux has no kind "
        "for.\n\n"
        "Unlike wimlib-imagex apply, links into the image lead to where they are applied, an image "
        "that would write elsewhere is refused, and DIR gets all of it or nothing.\n\n"
        "With --ntfs, DIR is a file that holds an NTFS volume and nothing before it; the image "
        "goes "
        "to its root with security descriptors, streams, short names and all. No mount, no root. "
        "When that fails, make the volume anew.\n\n"
        "Examples:\n  wingo wim apply install.wim 1 tree\n"
        "  wingo wim apply install.wim 1 tree --meta\n"
        "  wingo wim apply install.swm 'Windows 11 Pro' tree\n"
        "  truncate -s 20G c.img && mkntfs -F -Q c.img && wingo wim apply install.wim 1 c.img "
        "--ntfs\n",
    .opts = apply_opts,
    .n_opts = WG_ARRAY_LEN(apply_opts),
    .min_args = 2,
    .max_args = 3,
    .complete = "file",
    .run = apply_run};
