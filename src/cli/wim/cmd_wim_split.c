// SPDX-License-Identifier: Apache-2.0
// `wingo wim split|join|verify`.
#include <limits.h>

#include "base/human.h"
#include "base/units.h"
#include "cli/wim/verified.h"
#include "cli/wim/wim.h"
#include "fmt/json/jsonw.h"
#include "image/move/split.h"

static int split_print(const wg_cli *c, const wg_image_split_result *r) {
  WG_AUTO(wg_buf) out = {0};
  wg_jsonw j;
  wg_buf_init(&out, wg_heap(), 0);
  if (!c->json) {
    for (uint32_t i = 0; i < r->n_parts; i++) {
      wg_out("%s\n", r->paths[i]);
    }
    wg_cli_wim_say_unverified(c);
    return 0;
  }
  wg_jsonw_init(&j, &out, 2);
  wg_jsonw_begin_object(&j);
  wg_jsonw_key_z(&j, "parts");
  wg_jsonw_begin_array(&j);
  for (uint32_t i = 0; i < r->n_parts; i++) {
    wg_jsonw_str_z(&j, r->paths[i]);
  }
  wg_jsonw_end_array(&j);
  wg_jsonw_kv_u64(&j, "total_bytes", r->total_bytes);
  wg_jsonw_kv_u64(&j, "largest_bytes", r->largest_bytes);
  wg_jsonw_kv_u64(&j, "too_large", r->n_too_large);
  wg_jsonw_kv_bool(&j, "verified", !wg_cli_has(c, "no-verify"));
  wg_jsonw_end_object(&j);
  return wg_cli_end_json(c, &j, &out);
}

static int split_run(wg_cli *c) {
  wg_error err = WG_ERROR_INIT;
  WG_AUTO(wg_image_split_result) res = {0};
  wg_cli_progress p = {.cli = c};
  wg_image_split_options opt = {.trust = wg_cli_wim_trust(c, c->args[0]),
                                .place = wg_cli_place(c),
                                .on_progress = wg_cli_progress_show,
                                .ctx = &p,
                                .cancel = c->cancel};
  uint64_t plain = 0;
  if (!wg_parse_size(c->args[2], &opt.part_bytes)) {
    return wg_cli_usage(c, "'%s' is not a size, such as 3800MiB", c->args[2]);
  }
  if (wg_parse_u64(wg_str_of(c->args[2]), &plain) && plain < 65536) {
    return wg_cli_usage(c, "a size of %s bytes is too small: give a unit, such as %sMiB",
                        c->args[2], c->args[2]);
  }
  if (!wg_cli_threads(c, &opt.threads)) {
    return 2;
  }
  wg_code code = wg_image_split(c->args[0], c->args[1], &opt, &res, &err);
  wg_cli_progress_end(&p);
  if (code != WG_OK) {
    return wg_cli_fail(c, &err);
  }
  if (res.n_too_large > 0) {
    WG_AUTO(wg_buf) b = {0};
    wg_buf_init(&b, wg_heap(), 0);
    wg_text_add_size(&b, res.largest_bytes);
    wg_note(c,
            "warning: %u part%s larger than asked for, the largest %s: one file alone takes that",
            (unsigned)res.n_too_large, res.n_too_large == 1 ? " is" : "s are", wg_buf_z(&b));
  }
  if (opt.trust == WG_IMAGE_VERIFY) {
    wg_cli_wim_verified(c, c->args[0], res.total_bytes);
  }
  return split_print(c, &res);
}

static int join_run(wg_cli *c) {
  wg_error err = WG_ERROR_INIT;
  wg_cli_progress p = {.cli = c};
  wg_image_join_options opt = {.trust = wg_cli_has(c, "no-verify") ? WG_IMAGE_UNVERIFIED
                                                                   : WG_IMAGE_VERIFY,
                               .place = wg_cli_place(c),
                               .on_progress = wg_cli_progress_show,
                               .ctx = &p,
                               .cancel = c->cancel};
  uint64_t n_bytes = 0;
  if (!wg_cli_threads(c, &opt.threads)) {
    return 2;
  }
  wg_code code = wg_image_join(c->args[0], c->args + 1, c->n_args - 1, &opt, &n_bytes, &err);
  wg_cli_progress_end(&p);
  if (code != WG_OK) {
    return wg_cli_fail(c, &err);
  }
  wg_cli_wim_verified(c, c->args[0], n_bytes);
  wg_cli_wim_say_unverified(c);
  return wg_cli_end_made(c, c->args[0]);
}

static int verify_run(wg_cli *c) {
  WG_AUTO(wg_image_file) f = WG_IMAGE_FILE_INIT;
  wg_error err = WG_ERROR_INIT;
  wg_cli_progress p = {.cli = c};
  wg_image_verified v = {0};
  unsigned threads = 1;
  if (!wg_cli_threads(c, &threads)) {
    return 2;
  }
  if (wg_image_file_open(&f, c->args[0], &err) != WG_OK) {
    return wg_cli_fail(c, &err);
  }
  wg_code code = wg_image_file_verify(&f, threads, wg_cli_progress_show, &p, c->cancel, &v, &err);
  wg_cli_progress_end(&p);
  if (code != WG_OK) {
    return wg_cli_fail(c, &err);
  }
  wg_cli_wim_verified(c, c->args[0], f.wim.src.size_bytes);
  WG_AUTO(wg_buf) out = {0};
  wg_buf_init(&out, wg_heap(), 0);
  if (!c->json) {
    wg_text_add_size(&out, v.n_bytes);
    wg_out("%s: %u image%s, %llu entries, %llu contents of %s: all as they should be%s\n",
           c->args[0], (unsigned)v.n_images, v.n_images == 1 ? "" : "s",
           (unsigned long long)v.n_entries, (unsigned long long)v.n_blobs, wg_buf_z(&out),
           v.has_integrity ? ", integrity table too" : "; it has no integrity table");
    return 0;
  }
  wg_jsonw j;
  wg_jsonw_init(&j, &out, 2);
  wg_jsonw_begin_object(&j);
  wg_jsonw_kv_z(&j, "file", c->args[0]);
  wg_jsonw_kv_bool(&j, "ok", true);
  wg_jsonw_kv_u64(&j, "images", v.n_images);
  wg_jsonw_kv_u64(&j, "entries", v.n_entries);
  wg_jsonw_kv_u64(&j, "contents", v.n_blobs);
  wg_jsonw_kv_u64(&j, "bytes", v.n_bytes);
  wg_jsonw_kv_u64(&j, "integrity_chunks", v.n_integrity_chunks);
  wg_jsonw_kv_bool(&j, "integrity_table", v.has_integrity);
  wg_jsonw_end_object(&j);
  return wg_cli_end_json(c, &j, &out);
}

static const wg_cli_opt split_opts[] = {WG_CLI_NO_VERIFY_OPT, WG_CLI_FORCE_OPT, WG_CLI_WAIT_OPT,
                                        WG_CLI_THREADS_OPT};
static const wg_cli_opt verify_opts[] = {WG_CLI_THREADS_OPT};
const wg_cli_cmd wg_cmd_wim_split = {
    .noun = "wim",
    .name = "split",
    .args = "FILE FIRST.swm SIZE",
    .summary = "split a WIM into parts, for media that take no large files",
    .text = "Parts are FIRST.swm, FIRST2.swm, FIRST3.swm and so on; their paths are printed. No "
            "part is larger than SIZE (3800MiB, 4GB), unless one file of the image alone is. All "
            "parts appear, or none. A solid ESD is exported first: wingo wim export.\n\n"
            "Example:\n  wingo wim split install.wim usb/sources/install.swm 3800MiB\n",
    .opts = split_opts,
    .n_opts = WG_ARRAY_LEN(split_opts),
    .min_args = 3,
    .max_args = 3,
    .complete = "file",
    .run = split_run};
const wg_cli_cmd wg_cmd_wim_join = {
    .noun = "wim",
    .name = "join",
    .args = "OUT.wim PART...",
    .summary = "make one WIM out of the parts of a split one",
    .text = "All parts, in any order; or the first one alone, when the others are beside it.\n\n"
            "Examples:\n  wingo wim join install.wim sources/install*.swm\n"
            "  wingo wim join install.wim sources/install.swm\n",
    .opts = split_opts,
    .n_opts = WG_ARRAY_LEN(split_opts),
    .min_args = 2,
    .max_args = UINT_MAX,
    .complete = "file",
    .run = join_run};
const wg_cli_cmd wg_cmd_wim_verify = {
    .noun = "wim",
    .name = "verify",
    .args = "FILE",
    .summary = "read all of a file and compare it with its digests",
    .text = "Integrity table, every content and every image's metadata with their SHA-1, every "
            "entry of every image, and that nothing an image needs is missing. Exit code 5 when a "
            "digest differs, 4 when the format is broken.\n\n"
            "Example:\n  wingo wim verify install.wim\n",
    .opts = verify_opts,
    .n_opts = WG_ARRAY_LEN(verify_opts),
    .min_args = 1,
    .max_args = 1,
    .complete = "file",
    .run = verify_run};
