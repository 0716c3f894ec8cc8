// SPDX-License-Identifier: Apache-2.0
// `wingo driver index` and `wingo driver list`: what a tree of packages holds.
#include <string.h>

#include "cli/core/ins.h"
#include "cli/driver/image.h"
#include "cli/driver/repo.h"
#include "image/file/spec.h"

// --- index

static void index_json(const wg_driver_trees *t, wg_jsonw *j) {
  wg_jsonw_begin_object(j);
  wg_jsonw_key_z(j, "folders");
  wg_jsonw_begin_array(j);
  for (size_t i = 0; i < t->n; i++) {
    const wg_drv_scan_stats *s = &t->v[i].stats;
    wg_jsonw_begin_object(j);
    wg_jsonw_kv_z(j, "folder", t->v[i].root);
    wg_jsonw_kv_u64(j, "inf_files", s->n_files);
    wg_jsonw_kv_u64(j, "archives", s->n_archives);
    wg_jsonw_kv_u64(j, "packages", s->n_packages);
    wg_jsonw_kv_u64(j, "ids", t->v[i].index.n_postings);
    wg_jsonw_kv_u64(j, "files_read", s->n_read);
    wg_jsonw_kv_u64(j, "inf_files_parsed", s->n_parsed);
    wg_jsonw_kv_u64(j, "files_gone", s->n_gone);
    wg_jsonw_kv_u64(j, "index_bytes", s->n_bytes);
    wg_jsonw_key_z(j, "faults");
    wg_jsonw_begin_array(j);
    const wg_drv_index *x = &t->v[i].index;
    for (uint32_t k = 0; k < x->n_sources; k++) {
      if (x->sources[k].error.n > 0) {
        wg_jsonw_begin_object(j);
        wg_jsonw_kv_str(j, "path", x->sources[k].path);
        wg_jsonw_kv_str(j, "text", x->sources[k].error);
        wg_jsonw_end_object(j);
      }
    }
    for (uint32_t k = 0; k < x->n_packages; k++) {
      if (x->packages[k].error.n > 0) {
        wg_jsonw_begin_object(j);
        wg_jsonw_kv_str(j, "path", x->sources[x->packages[k].source].path);
        if (x->packages[k].inner.n > 0) {
          wg_jsonw_kv_str(j, "inside", x->packages[k].inner);
        }
        wg_jsonw_kv_str(j, "text", x->packages[k].error);
        wg_jsonw_end_object(j);
      }
    }
    wg_jsonw_end_array(j);
    wg_jsonw_end_object(j);
  }
  wg_jsonw_end_array(j);
  wg_jsonw_end_object(j);
}

static void index_text(const wg_driver_tree *x, const wg_drv_repo *repo, wg_buf *out) {
  const wg_drv_scan_stats *s = &x->stats;
  const wg_drv_index *ix = &x->index;
  for (uint32_t k = 0; k < ix->n_sources; k++) {
    if (ix->sources[k].error.n > 0) {
      wg_buf_printf(out, "%s/", x->root);
      wg_ins_add_plain(out, ix->sources[k].path);
      wg_buf_add_z(out, ": ");
      wg_ins_add_plain(out, ix->sources[k].error);
      wg_buf_add_byte(out, '\n');
    }
  }
  for (uint32_t k = 0; k < ix->n_packages; k++) {
    if (ix->packages[k].error.n > 0) {
      wg_driver_add_path(repo, &ix->packages[k], out);
      wg_buf_add_z(out, ": ");
      wg_ins_add_plain(out, ix->packages[k].error);
      wg_buf_add_byte(out, '\n');
    }
  }
  wg_buf_printf(out,
                "%s: %u packages (%u INF files, %u archives), %u ids; %u files read, %u parsed, "
                "%u gone; %u faults\n",
                x->root, s->n_packages, s->n_files, s->n_archives, ix->n_postings, s->n_read,
                s->n_parsed, s->n_gone, s->n_faults);
}

static int index_run(wg_cli *c) {
  WG_AUTO(wg_driver_trees) t = {0};
  WG_AUTO(wg_buf) out = {0};
  wg_error err = WG_ERROR_INIT;
  wg_buf_init(&out, wg_heap(), 0);
  if (wg_driver_trees_open(c, c->args, c->n_args, &t, &err) != WG_OK) {
    return wg_cli_fail(c, &err);
  }
  if (c->json) {
    wg_jsonw j;
    wg_jsonw_init(&j, &out, 2);
    index_json(&t, &j);
    return wg_cli_end_json(c, &j, &out);
  }
  for (size_t i = 0; i < t.n; i++) {
    index_text(&t.v[i], &t.repos[i], &out);
  }
  wg_out_bytes(out.p, out.n);
  return 0;
}

static const wg_cli_opt index_opts[] = {WG_DRIVER_NO_CACHE_OPT};

const wg_cli_cmd wg_cmd_driver_index = {
    .noun = "driver",
    .name = "index",
    .args = "DIR...",
    .summary = "index trees of driver packages",
    .text = "Reads every INF file below DIR, also those in zip, cab and 7z files and in "
            "self-extracting programs, and keeps in the store what each says: models with their "
            "ids for each Windows, class, provider, date, version, catalogue. Later only what "
            "changed is read; 'driver list', 'match' and 'explain' do the same by themselves. "
            "INF files of which no package can be made are named with the line.\n\n"
            "Example:\n  wingo driver index drivers/\n",
    .opts = index_opts,
    .n_opts = WG_ARRAY_LEN(index_opts),
    .min_args = 1,
    .max_args = UINT32_MAX,
    .complete = "dir",
    .run = index_run};

// --- list

// "amd64, x86 6.1": the decorations of the models sections.
static void list_decorations(const wg_drv_info *i, wg_buf *out, wg_jsonw *j) {
  bool any = false;
  for (uint32_t k = 0; k < i->n_groups; k++) {
    bool seen = i->groups[k].n_models == 0;
    for (uint32_t m = 0; m < k && !seen; m++) {
      seen =
          i->groups[m].n_models > 0 && wg_str_eq(i->groups[m].decoration, i->groups[k].decoration);
    }
    if (seen) {
      continue;
    }
    if (j != NULL) {
      wg_jsonw_str(j, i->groups[k].decoration);
      continue;
    }
    wg_buf_add_z(out, any ? "," : "");
    wg_ins_add_plain(out,
                     i->groups[k].decoration.n > 0 ? i->groups[k].decoration : WG_STR("NTx86"));
    any = true;
  }
}

static void list_json(const wg_drv_repo *repo, const wg_drv_package *p, const wg_drv_info *i,
                      wg_jsonw *j) {
  WG_AUTO(wg_buf) text = {0};
  wg_buf_init(&text, wg_heap(), 0);
  wg_driver_add_path(repo, p, &text);
  wg_jsonw_begin_object(j);
  wg_jsonw_kv_str(j, "path", wg_buf_str(&text));
  wg_jsonw_kv_hex(j, "sha256", p->sha256.b, 32);
  wg_jsonw_kv_str(j, "class", i->class_name);
  wg_jsonw_kv_z(j, "class_guid", i->guid_text);
  wg_jsonw_kv_str(j, "provider", i->provider);
  wg_driver_json_release(j, i);
  wg_jsonw_key_z(j, "catalogs");
  wg_jsonw_begin_array(j);
  for (uint32_t k = 0; k < i->n_catalogs; k++) {
    wg_jsonw_begin_object(j);
    wg_jsonw_kv_str(j, "file", i->catalogs[k].name);
    wg_jsonw_kv_str(j, "for", i->catalogs[k].suffix);
    wg_jsonw_kv_bool(j, "present", k < 32 && (p->catalogs >> k & 1) != 0);
    wg_jsonw_end_object(j);
  }
  wg_jsonw_end_array(j);
  wg_jsonw_key_z(j, "decorations");
  wg_jsonw_begin_array(j);
  list_decorations(i, NULL, j);
  wg_jsonw_end_array(j);
  wg_jsonw_kv_u64(j, "models", i->n_models);
  wg_jsonw_kv_u64(j, "ids", i->n_ids);
  wg_jsonw_end_object(j);
}

static void list_text(const wg_drv_repo *repo, const wg_drv_package *p, const wg_drv_info *i,
                      wg_buf *out) {
  wg_driver_add_path(repo, p, out);
  wg_buf_add_z(out, "\n    ");
  wg_ins_add_plain(out, i->class_name.n > 0 ? i->class_name : WG_STR("(no class)"));
  wg_buf_add_z(out, ", ");
  wg_ins_add_plain(out, i->provider.n > 0 ? i->provider : WG_STR("(no provider)"));
  wg_buf_add_z(out, ", ");
  wg_driver_add_version(i, out);
  wg_buf_printf(out, ", %u models, ", i->n_models);
  list_decorations(i, out, NULL);
  for (uint32_t k = 0; k < i->n_catalogs; k++) {
    wg_buf_add_z(out, ", ");
    wg_ins_add_plain(out, i->catalogs[k].name);
    wg_buf_add_z(out, k < 32 && (p->catalogs >> k & 1) != 0 ? "" : " (missing)");
  }
  wg_buf_add_z(out, i->n_catalogs == 0 ? ", no catalogue\n" : "\n");
}

static wg_code list_tree(const wg_drv_repo *repo, wg_buf *out, wg_jsonw *j, wg_error *err) {
  for (uint32_t k = 0; k < repo->index->n_packages; k++) {
    const wg_drv_package *p = &repo->index->packages[k];
    WG_AUTO(wg_arena) arena = {0};
    wg_drv_info info = {0};
    wg_arena_init(&arena, wg_heap(), 0);
    if (p->error.n > 0) {
      continue;
    }
    if (wg_drv_unpack(p->packed, p->n_packed, false, &arena, &info, err) != WG_OK) {
      return err->code;
    }
    if (j != NULL) {
      list_json(repo, p, &info, j);
    } else {
      list_text(repo, p, &info, out);
    }
  }
  return WG_OK;
}

// One argument that is an image: its own database of drivers is read.
static bool list_is_image(const wg_cli *c) {
  WG_AUTO(wg_spec) spec = {0};
  wg_error err = WG_ERROR_INIT;
  if (c->n_args != 1 || wg_spec_parse(c->args[0], &spec, &err) != WG_OK) {
    return false;
  }
  WG_AUTO(wg_cstr) system = wg_path_join(spec.path, "Windows/System32/config/SYSTEM");
  wg_stat st;
  return spec.kind == WG_SPEC_WIM || spec.kind == WG_SPEC_HIVE ||
         (spec.kind == WG_SPEC_FOLDER && wg_os_stat(WG_CWD, system, true, &st, &err) == WG_OK);
}

static int list_run(wg_cli *c) {
  if (list_is_image(c)) {
    return wg_driver_list_image(c, c->args[0]);
  }
  WG_AUTO(wg_driver_trees) t = {0};
  WG_AUTO(wg_buf) out = {0};
  wg_error err = WG_ERROR_INIT;
  wg_jsonw j;
  wg_buf_init(&out, wg_heap(), 0);
  if (wg_driver_trees_open(c, c->args, c->n_args, &t, &err) != WG_OK) {
    return wg_cli_fail(c, &err);
  }
  wg_jsonw_init(&j, &out, 2);
  if (c->json) {
    wg_jsonw_begin_object(&j);
    wg_jsonw_key_z(&j, "packages");
    wg_jsonw_begin_array(&j);
  }
  for (size_t i = 0; i < t.n; i++) {
    if (list_tree(&t.repos[i], &out, c->json ? &j : NULL, &err) != WG_OK) {
      return wg_cli_fail(c, &err);
    }
  }
  if (c->json) {
    wg_jsonw_end_array(&j);
    wg_jsonw_end_object(&j);
    return wg_cli_end_json(c, &j, &out);
  }
  wg_out_bytes(out.p, out.n);
  return 0;
}

static const wg_cli_opt list_opts[] = {
    {.name = "all", .letter = 'a', .help = "of an image: drivers of Windows itself, too"},
    {.name = "ids", .help = "of an image: the devices that lead to each"},
    {.name = "force-dirty", .help = "open a dirty hive although no log fits it"},
    WG_DRIVER_NO_CACHE_OPT};

const wg_cli_cmd wg_cmd_driver_list = {
    .noun = "driver",
    .name = "list",
    .args = "FILE[:IMAGE]|SYSTEM|DIR...",
    .summary = "list the driver packages of an image or a tree",
    .text =
        "Of an image, or a SYSTEM hive alone, what its own database says, whoever put them there, "
        "with what is broken of "
        "each: a package, INF or catalogue that is missing, a service whose program is not "
        "there. Of trees of packages one entry each: class, provider, date and version, models, "
        "the Windows that they are for (as the INF decorates them), catalogues.\n\n"
        "Examples:\n  wingo driver list install.wim:1\n"
        "  wingo driver list install.wim:1 --all --json\n"
        "  wingo driver list drivers/\n",
    .opts = list_opts,
    .n_opts = WG_ARRAY_LEN(list_opts),
    .min_args = 1,
    .max_args = UINT32_MAX,
    .complete = "file",
    .run = list_run};
