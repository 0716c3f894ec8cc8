// SPDX-License-Identifier: Apache-2.0
// `wingo clean`: upkeep of the store.
#include "base/units.h"
#include "cli/core/internal.h"
#include "cli/project/leftovers.h"
#include "cli/project/outputs.h"
#include "config/find.h"
#include "fmt/json/jsonw.h"
#include "store/store.h"

typedef struct clean_run {
  wg_cli *c;
  bool dry_run, removes; // removes: --keep or --all was given
  char **damaged;        // paths, heap
  size_t n_damaged, cap_damaged;
  wg_store_stats verified, cleaned;
  wg_cli_outputs *outputs; // NULL: not asked for
  bool in_project;
  wg_cli_leftovers left; // in a project
} clean_run;

static void clean_run_done(clean_run *r) {
  for (size_t i = 0; i < r->n_damaged; i++) {
    wg_xfree(r->damaged[i]);
  }
  wg_xfree(r->damaged);
  wg_cli_outputs_free(r->outputs);
  wg_cli_leftovers_done(&r->left);
}
WG_DEFINE_AUTO(clean_run, clean_run_done);

static void clean_on_bad(void *ctx, const char *path) {
  clean_run *r = ctx;
  wg_vec_push(&r->damaged, &r->n_damaged, &r->cap_damaged) = wg_xstrdup(path);
  if (!r->c->json) {
    wg_out("%s %s\n", r->dry_run ? "damaged:" : "damaged, removed:", path);
  }
}

// "3.2 GiB", "812 bytes".
typedef struct clean_text {
  char s[32];
} clean_text;
static clean_text clean_size(uint64_t n_bytes) {
  static const char *const units[] = {"KiB", "MiB", "GiB", "TiB"};
  clean_text t;
  if (n_bytes < 1024) {
    (void)wg_format(t.s, sizeof(t.s), "%u bytes", (unsigned)n_bytes);
    return t;
  }
  size_t u = 0;
  uint64_t tenths = n_bytes > UINT64_MAX / 10 ? UINT64_MAX / 1024 : n_bytes * 10 / 1024;
  while (tenths >= 10240 && u + 1 < WG_ARRAY_LEN(units)) {
    tenths /= 1024;
    u++;
  }
  (void)wg_format(t.s, sizeof(t.s), "%llu.%u %s", (unsigned long long)(tenths / 10),
                  (unsigned)(tenths % 10), units[u]);
  return t;
}

static const char *clean_plural(uint64_t n) {
  return n == 1 ? "" : "s";
}

static void clean_print(const clean_run *r, const char *root) {
  const wg_store_stats *s = r->removes ? &r->cleaned : &r->verified;
  uint64_t n_left = s->n_records + s->n_blobs;
  if (r->removes) {
    wg_out("%s %llu object%s, %s\n", r->dry_run ? "would remove" : "removed",
           (unsigned long long)s->n_removed, clean_plural(s->n_removed),
           clean_size(s->removed_bytes).s);
    if (s->n_in_use > 0) {
      wg_out("kept %llu object%s, %s, that a running wingo may use\n",
             (unsigned long long)s->n_in_use, clean_plural(s->n_in_use),
             clean_size(s->in_use_bytes).s);
    }
  } else {
    uint64_t n_read = n_left + (r->dry_run ? 0 : r->n_damaged);
    wg_out("read %llu object%s, %s damaged\n", (unsigned long long)n_read, clean_plural(n_read),
           r->n_damaged == 0 ? "none" : (r->dry_run ? "some" : "some were"));
  }
  wg_out("%llu object%s, %s, %s in %s\n", (unsigned long long)n_left, clean_plural(n_left),
         clean_size(s->record_bytes + s->blob_bytes).s, r->dry_run ? "would remain" : "remain",
         root);
}

static void clean_json_project(const clean_run *r, wg_jsonw *w) {
  if (r->in_project) {
    wg_jsonw_key_z(w, "leftovers");
    wg_cli_leftovers_json(&r->left, w);
  }
  if (r->outputs != NULL) {
    wg_jsonw_key_z(w, "outputs");
    wg_cli_outputs_json(r->outputs, w);
  }
}

static int clean_print_json(const clean_run *r, const char *root) {
  const wg_store_stats *s = r->removes ? &r->cleaned : &r->verified;
  WG_AUTO(wg_buf) b;
  wg_buf_init(&b, wg_heap(), 0);
  wg_jsonw w;
  wg_jsonw_init(&w, &b, 2);
  wg_jsonw_begin_object(&w);
  wg_jsonw_kv_z(&w, "store", root);
  wg_jsonw_kv_bool(&w, "dry_run", r->dry_run);
  clean_json_project(r, &w);
  wg_jsonw_key_z(&w, "damaged");
  wg_jsonw_begin_array(&w);
  for (size_t i = 0; i < r->n_damaged; i++) {
    wg_jsonw_str_z(&w, r->damaged[i]);
  }
  wg_jsonw_end_array(&w);
  wg_jsonw_kv_u64(&w, "removed_objects", r->cleaned.n_removed + r->verified.n_removed);
  wg_jsonw_kv_u64(&w, "removed_bytes", r->cleaned.removed_bytes + r->verified.removed_bytes);
  wg_jsonw_kv_u64(&w, "in_use_objects", s->n_in_use);
  wg_jsonw_kv_u64(&w, "in_use_bytes", s->in_use_bytes);
  wg_jsonw_kv_u64(&w, "records", s->n_records);
  wg_jsonw_kv_u64(&w, "record_bytes", s->record_bytes);
  wg_jsonw_kv_u64(&w, "blobs", s->n_blobs);
  wg_jsonw_kv_u64(&w, "blob_bytes", s->blob_bytes);
  if (r->dry_run && r->n_damaged > 0) { // found and left
    wg_cli_kv_error(&w, WG_E_VERIFY, wg_exit_code(WG_E_VERIFY), "objects of the store are damaged");
  }
  wg_jsonw_end_object(&w);
  return wg_cli_end_json(r->c, &w, &b);
}

static wg_code clean_work(clean_run *r, wg_store *s, const wg_store_clean_options *opt,
                          wg_error *err) {
  uint64_t n_bad = 0;
  if (wg_cli_has(r->c, "verify") && wg_store_verify(s, !r->dry_run, clean_on_bad, r, r->c->cancel,
                                                    &r->verified, &n_bad, err) != WG_OK) {
    return err->code;
  }
  return r->removes ? wg_store_clean(s, opt, &r->cleaned, err) : WG_OK;
}

// Outputs that are no longer made: removed with --outputs, else listed.
static wg_code clean_outputs(clean_run *r, wg_error *err) {
  bool removes = wg_cli_has(r->c, "outputs") && !r->dry_run;
  if (wg_cli_outputs_find(r->c, &r->outputs, err) != WG_OK ||
      (removes && wg_cli_outputs_remove(r->c, r->outputs, err) != WG_OK)) {
    return err->code;
  }
  if (!r->c->json) {
    wg_cli_outputs_print(r->outputs, wg_cli_has(r->c, "outputs"), r->dry_run);
  }
  return WG_OK;
}

// What nobody has any more, whatever is asked for.
static void clean_left(clean_run *r) {
  WG_AUTO(wg_cstr) found = wg_cfg_find_file();
  const char *file = wg_cli_value(r->c, "file");
  file = file == NULL ? found : file;
  r->in_project = file != NULL && wg_os_exists(WG_CWD, file);
  if (r->in_project) {
    wg_cli_leftovers_sweep(file, r->dry_run, &r->left);
  }
  if (!r->c->json) {
    wg_cli_leftovers_print(&r->left);
  }
}

// Nothing of the store is asked for.
static int clean_only_outputs(clean_run *r) {
  wg_error err = WG_ERROR_INIT;
  if (clean_outputs(r, &err) != WG_OK) {
    return wg_cli_fail(r->c, &err);
  }
  if (!r->c->json) {
    return 0;
  }
  WG_AUTO(wg_buf) b;
  wg_buf_init(&b, wg_heap(), 0);
  wg_jsonw w;
  wg_jsonw_init(&w, &b, 2);
  wg_jsonw_begin_object(&w);
  wg_jsonw_kv_bool(&w, "dry_run", r->dry_run);
  clean_json_project(r, &w);
  wg_jsonw_end_object(&w);
  return wg_cli_end_json(r->c, &w, &b);
}

static int clean_main(wg_cli *c) {
  WG_AUTO(clean_run) r = {.c = c, .dry_run = wg_cli_has(c, "dry-run")};
  wg_store_clean_options opt = {
      .all = wg_cli_has(c, "all"), .dry_run = r.dry_run, .cancel = c->cancel};
  const char *keep = wg_cli_value(c, "keep");
  if (keep != NULL && !wg_parse_size(keep, &opt.keep_bytes)) {
    return wg_cli_usage(c, "--keep takes a size like 5GiB, not '%s'", keep);
  }
  if (keep != NULL && opt.all) {
    return wg_cli_usage(c, "--keep and --all exclude each other");
  }
  r.removes = keep != NULL || opt.all;
  bool of_store = r.removes || wg_cli_has(c, "verify");
  bool of_outputs = wg_cli_has(c, "outputs");
  if (!of_store && !of_outputs && !wg_cli_outputs_any_project(c)) {
    return wg_cli_usage(c,
                        "say what to do: --keep SIZE, --all or --verify, in a project --outputs");
  }
  clean_left(&r);
  if (!of_store) {
    return clean_only_outputs(&r);
  }
  wg_error err = WG_ERROR_INIT;
  WG_AUTO_PTR(wg_store) s = NULL;
  if ((of_outputs && clean_outputs(&r, &err) != WG_OK) ||
      wg_store_open(wg_cli_value(c, "store"), &s, &err) != WG_OK ||
      clean_work(&r, s, &opt, &err) != WG_OK) {
    return wg_cli_fail(c, &err);
  }
  int code = 0;
  if (c->json) {
    code = clean_print_json(&r, wg_store_root(s));
  } else {
    clean_print(&r, wg_store_root(s));
  }
  if (code == 0 && r.dry_run && r.n_damaged > 0) {
    return wg_exit_code(WG_E_VERIFY); // found and left
  }
  return code;
}

static const wg_cli_opt clean_opts[] = {
    {.name = "keep",
     .arg = "SIZE",
     .help = "remove what was not used for longest until SIZE remains"},
    {.name = "all", .help = "remove everything, also the memory of file digests"},
    {.name = "verify", .help = "read every object and remove damaged ones"},
    {.name = "outputs", .help = "remove outputs that the project no longer makes"},
    {.name = "file",
     .letter = 'f',
     .arg = "FILE",
     .help = "the project file (default: wingo.yaml here or in a folder above)"},
    {.name = "dry-run", .letter = 'n', .help = "say what would be removed, remove nothing"},
    {.name = "store", .arg = "DIR", .help = "the store (default: $XDG_CACHE_HOME/wingo)"},
};

const wg_cli_cmd wg_cmd_clean = {
    .name = "clean",
    .args = "",
    .summary = "remove outputs no longer made; make the store smaller, or check it",
    .text =
        "The store keeps results of all projects, in $XDG_CACHE_HOME/wingo or ~/.cache/wingo.\n"
        "What is removed is made again when it is needed. What a running wingo has used stays.\n\n"
        "In a project, 'wingo clean' alone lists the files below out/ that the project no longer\n"
        "makes, in whatever environment, and --outputs removes them. Only files that wingo noted\n"
        "as made, and that still hold what it wrote, are removed; others are named and kept.\n"
        "Unfinished files that a killed command left in the project's folder and below out/ are\n"
        "removed by every clean there.\n\n"
        "With --verify and --dry-run together, the exit code is 5 when something is damaged.\n\n"
        "Examples:\n"
        "  wingo clean\n"
        "  wingo clean --outputs --dry-run\n"
        "  wingo clean --keep 5GiB\n"
        "  wingo clean --all --dry-run\n"
        "  wingo clean --verify --json\n",
    .opts = clean_opts,
    .n_opts = WG_ARRAY_LEN(clean_opts),
    .run = clean_main,
};
