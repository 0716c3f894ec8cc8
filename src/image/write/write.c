// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "base/sort.h"
#include "image/tree/read.h"
#include "image/write/check.h"
#include "image/write/run.h"
#include "image/write/worker.h"

static void run_done(wg_image_run *r) {
  if (r->kept != NULL) {
    r->job->opt.packed->close(r->kept);
  }
  wg_image_result_done(&r->result);
  wg_buf_done(&r->metadata_was);
  wg_wimout_done(&r->out);
  wg_image_file_done(&r->base);
  wg_arena_done(&r->arena);
}
#define wg_image_run_done run_done
WG_DEFINE_AUTO(wg_image_run, wg_image_run_done);

void wg_image_run_progress(wg_image_run *r, const char *stage, uint64_t total_bytes) {
  r->stage = stage;
  r->done_bytes = 0;
  r->total_bytes = total_bytes;
  if (total_bytes > 0) {
    wg_image_run_more(r, 0); // so that nobody goes on showing the stage before
  }
}

void wg_image_run_more(void *run, uint64_t n_bytes) {
  wg_image_run *r = run;
  r->done_bytes += n_bytes;
  if (r->job->opt.on_progress != NULL) {
    uint64_t done = r->done_bytes < r->total_bytes ? r->done_bytes : r->total_bytes;
    r->job->opt.on_progress(r->job->opt.ctx, r->stage, done, r->total_bytes,
                            strcmp(r->stage, "write") == 0 ? "bytes" : "files");
  }
}

static wg_code run_check_arch(const wg_image_run *r, wg_error *err) {
  const char *want = r->job->opt.arch;
  const char *have = wg_image_arch_name(&r->base.wim.facts[r->image]);
  if (want != NULL && have[0] != '\0' && strcmp(want, have) != 0) {
    return wg_fail(err, WG_E_CONFLICT, "image %u of '%s' is for %s, and 'arch: %s' was asked for",
                   (unsigned)r->image + 1, r->job->base.path, have, want);
  }
  return WG_OK;
}

// By its NAME an image is chosen, so no two have the same.
static wg_code run_check_name(const wg_image_run *r, wg_error *err) {
  const char *want = r->job->opt.names.name;
  for (uint32_t i = 0; want != NULL && i < r->base.wim.n_images; i++) {
    if (i != r->image && strcmp(r->base.wim.facts[i].name, want) == 0) {
      return wg_fail(err, WG_E_CONFLICT,
                     "image %u cannot be called '%s': image %u is; choose another name",
                     (unsigned)r->image + 1, want, (unsigned)i + 1);
    }
  }
  return WG_OK;
}

// Which elements of the sidecar count, and whether its NAME is among them: a name that was asked
// for comes first, and fixed times do.
static bool run_side_pick(wg_image_run *r, wg_str *out, size_t *out_n) {
  const wg_meta *m = &r->side->file;
  bool has_name = false;
  for (size_t i = 0; i < m->n_image; i++) {
    wg_wim_xml_element e = {.name = {NULL, 0}};
    wg_error ignored = WG_ERROR_INIT; // the reader of the sidecar has looked
    if (wg_wim_xml_element_of(m->image[i], &e, &ignored) != WG_OK) {
      continue;
    }
    bool is_name = wg_str_eqz(e.name, "NAME"), is_time = wg_str_eqz(e.name, "CREATIONTIME");
    if ((!is_name || r->job->opt.own_name) && (!is_time || r->job->opt.keep_times)) {
      out[(*out_n)++] = m->image[i];
      has_name = has_name || is_name;
      r->has_created = r->has_created || is_time;
    }
  }
  return has_name;
}

// What the sidecar knows of the image, in place of what libwim found.
static wg_code run_side_facts(wg_image_run *r, wg_error *err) {
  wg_wim *w = &r->base.wim;
  wg_str *v = wg_arena_new_array(&r->arena, wg_str, r->side->file.n_image);
  WG_AUTO(wg_buf) xml = {0};
  WG_AUTO(wg_buf) named = {0};
  size_t n = 0;
  bool encrypted = false;
  if (v == NULL) {
    return wg_arena_fail(&r->arena, err);
  }
  wg_buf_init(&xml, wg_heap(), 0);
  wg_buf_init(&named, wg_heap(), 0);
  bool has_name = run_side_pick(r, v, &n);
  const char *name = r->job->opt.name != NULL ? r->job->opt.name : "";
  if (wg_wim_xml_set_elements(w->xml, r->image + 1, v, n, &xml, err) != WG_OK ||
      (!has_name &&
       wg_wim_xml_put(wg_buf_str(&xml), r->image + 1, "NAME", name, &named, err) != WG_OK)) {
    return wg_wrap(err, "XML");
  }
  const wg_buf *made = has_name ? &xml : &named;
  w->xml = (wg_str){wg_arena_strndup(&r->arena, made->p, made->n), made->n};
  return w->xml.p == NULL
             ? wg_arena_fail(&r->arena, err)
             : wg_wim_xml_facts(w->xml, &r->arena, w->facts, w->n_images, &encrypted, err);
}

static wg_code run_open(wg_image_run *r, const char *path, wg_error *err) {
  wg_image_base base = r->job->base;
  if (r->captured) {
    base = (wg_image_base){.kind = WG_IMAGE_BASE_WIM, .path = path};
  }
  if (wg_image_file_open_base(&r->base, &base, err) != WG_OK) {
    return err->code;
  }
  const char *which = r->captured ? NULL : r->job->base.image;
  if (wg_image_file_find(&r->base, which, &r->image, err) != WG_OK ||
      wg_image_file_check(&r->base, r->image, err) != WG_OK) {
    return wg_wrap(err, "'%s'", r->job->base.path);
  }
  if (r->side != NULL && r->side->file.n_image > 0 && run_side_facts(r, err) != WG_OK) {
    return wg_wrap(err, "'%s'", r->side->name);
  }
  r->result.image_index = r->image + 1;
  r->result.n_images = r->base.wim.n_images;
  r->result.base_bytes = r->captured ? 0 : r->base.wim.src.size_bytes;
  return run_check_name(r, err) == WG_OK ? run_check_arch(r, err) : err->code;
}

typedef struct run_link {
  uint64_t id;
  uint32_t entry;
} run_link;

static int run_link_cmp(const void *a, const void *b, void *ctx) {
  (void)ctx;
  const run_link *x = a, *y = b;
  if (x->id != y->id) {
    return x->id < y->id ? -1 : 1;
  }
  return (x->entry > y->entry) - (x->entry < y->entry);
}

static int run_link_first(const void *a, const void *b, void *ctx) {
  (void)ctx;
  const run_link *x = a, *y = b;
  return (x->entry > y->entry) - (x->entry < y->entry);
}

// libwim 1.13 gives a folder with streams an empty unnamed one, and keeps a folder's reparse data
// in an extra entry: forms that Windows' own software rejects (docs/formats/wim.md).
static void run_fix_folder(wg_wim_entry *e) {
  wg_wim_roles roles = wg_wim_entry_roles(e);
  uint16_t n = 0;
  for (uint32_t i = 1; i <= e->n_streams; i++) {
    if (i != roles.data) {
      e->streams[n++] = e->streams[i - 1];
    }
  }
  e->n_streams = n;
  if (n == 1 && e->streams[0].name16.n == 0) {
    e->hash = e->streams[0].hash;
    e->n_streams = 0;
  }
}

// A captured tree: times are the project's, and hard-link groups are numbered in the order of the
// tree, because what the capture saw depends on the file system.
static wg_code run_normalize(wg_image_run *r, wg_error *err) {
  wg_wim_tree *t = &r->tree;
  uint64_t time = wg_wim_time(r->job->opt.time_s);
  run_link *links = wg_arena_new_array(&r->arena, run_link, t->n);
  if (links == NULL) {
    return wg_arena_fail(&r->arena, err);
  }
  size_t n = 0;
  for (uint32_t i = 0; i < t->n; i++) {
    wg_wim_entry *e = &t->entries[i];
    if (!r->job->opt.keep_times) {
      e->create_time = e->access_time = e->write_time = time;
    }
    if ((e->attributes & WG_WIM_ATTR_DIRECTORY) != 0 && e->n_streams > 0) {
      run_fix_folder(e);
    }
    if (e->link_or_reparse != 0 && (e->attributes & WG_WIM_ATTR_REPARSE) == 0) {
      links[n++] = (run_link){e->link_or_reparse, i};
    }
  }
  if (n < 2) {
    return WG_OK;
  }
  wg_sort(links, n, sizeof(links[0]), run_link_cmp, NULL);
  uint32_t first = links[0].entry;
  uint64_t id = links[0].id;
  for (size_t i = 0; i < n; i++) { // the group's first entry stands for it
    if (links[i].id != id) {
      id = links[i].id;
      first = links[i].entry;
    }
    t->entries[links[i].entry].link_or_reparse = first;
    links[i].id = first;
  }
  wg_sort(links, n, sizeof(links[0]), run_link_first, NULL);
  return WG_OK;
}

static const wg_sha1 *run_side_hash(void *ctx, uint32_t i) {
  const wg_image_side *s = ctx;
  return &s->contents[i].hash;
}

typedef struct run_side { // contents by hash, each once
  const wg_image_side *s;
  uint32_t *order;
  uint64_t *heads; // of the hashes, in that order
  bool *used;      // by place in order
  size_t n;
} run_side;

static const wg_sha1 *run_side_hash_at(void *ctx, size_t i) {
  const run_side *c = ctx;
  return &c->s->contents[c->order[i]].hash;
}

static wg_code run_side_order(wg_image_run *r, run_side *c, wg_error *err) {
  c->order = wg_arena_new_array(&r->arena, uint32_t, c->s->n_contents);
  c->heads = wg_arena_new_array(&r->arena, uint64_t, c->s->n_contents);
  c->used = wg_arena_new_array(&r->arena, bool, c->s->n_contents);
  if (c->order == NULL || c->heads == NULL || c->used == NULL) {
    return wg_arena_fail(&r->arena, err);
  }
  for (size_t i = 0; i < c->s->n_contents; i++) {
    c->order[i] = (uint32_t)i;
  }
  if (wg_wim_sort_by_hash(c->order, c->heads, c->s->n_contents, run_side_hash, r->side, wg_heap(),
                          err) != WG_OK) {
    return err->code;
  }
  for (size_t i = 0; i < c->s->n_contents; i++) {
    const wg_sha1 *h = &c->s->contents[c->order[i]].hash;
    if (c->n == 0 || memcmp(h, run_side_hash_at(c, c->n - 1), sizeof(*h)) != 0) {
      c->heads[c->n] = c->heads[i];
      c->order[c->n++] = c->order[i];
    }
  }
  for (size_t i = 0; i < r->tree.n; i++) {
    const wg_wim_entry *e = &r->tree.entries[i];
    for (size_t k = 0; k <= e->n_streams; k++) {
      const wg_sha1 *h = wg_wim_entry_hash(e, k);
      size_t at = wg_wim_hash_bound(c->heads, c->n, h, run_side_hash_at, c);
      bool is = at < c->n && memcmp(run_side_hash_at(c, at), h, sizeof(*h)) == 0;
      if (is) {
        c->used[at] = true;
      }
    }
  }
  return WG_OK;
}

// Contents of streams that the sidecar has, as files to be packed.
static wg_code run_side_contents(wg_image_run *r, wg_error *err) {
  run_side c = {.s = r->side};
  if (c.s->n_contents == 0) {
    return WG_OK;
  }
  wg_image_put *puts =
      wg_arena_new_array(&r->arena, wg_image_put, r->edit.n_puts + c.s->n_contents);
  if (puts == NULL || run_side_order(r, &c, err) != WG_OK) {
    return puts == NULL ? wg_arena_fail(&r->arena, err) : err->code;
  }
  for (size_t i = 0; i < r->edit.n_puts; i++) {
    puts[i] = r->edit.puts[i];
  }
  for (size_t i = 0; i < c.n; i++) {
    const wg_image_side_content *content = &c.s->contents[c.order[i]];
    const char *path = wg_arena_printf(&r->arena, "%s/stream-%zu", c.s->tmp, i);
    uint32_t known = 0;
    if (path == NULL) {
      return wg_arena_fail(&r->arena, err);
    }
    if (!c.used[i] || wg_wim_find_blob(&r->base.wim, &content->hash, &known)) {
      continue;
    }
    if (wg_os_write_file(WG_CWD, path, content->data.p, content->data.n, 0600, false, err) !=
        WG_OK) {
      return err->code;
    }
    puts[r->edit.n_puts++] = (wg_image_put){
        .entry = WG_WIM_NO_ENTRY, .from = path, .n_bytes = content->data.n, .hash = content->hash};
  }
  r->edit.puts = puts;
  return WG_OK;
}

static wg_code run_edit(wg_image_run *r, wg_error *err) {
  size_t n_extra = 0;
  if (wg_image_edit_paths(r->job->changes, r->job->n_changes, &r->arena, &r->paths, &n_extra,
                          err) != WG_OK ||
      wg_image_file_tree(&r->base, r->image, &r->arena, n_extra, &r->metadata_was, &r->tree, err) !=
          WG_OK ||
      (r->captured && run_normalize(r, err) != WG_OK) ||
      (r->side != NULL &&
       wg_image_side_lay(r->side, &r->tree, r->job->opt.keep_times, err) != WG_OK)) {
    return err->code;
  }
  for (size_t i = 0; r->job->opt.retime && i < r->tree.n; i++) {
    wg_wim_entry *e = &r->tree.entries[i];
    e->create_time = e->access_time = e->write_time = wg_wim_time(r->job->opt.time_s);
  }
  r->edit = (wg_image_edit){.tree = &r->tree,
                            .arena = &r->arena,
                            .changes = r->job->changes,
                            .n_changes = r->job->n_changes,
                            .time_s = r->job->opt.time_s,
                            .result = &r->result};
  wg_code code = wg_image_edit_apply(&r->edit, r->paths, err);
  return code == WG_OK && r->side != NULL ? run_side_contents(r, err) : code;
}

// A Windows that comes from a folder of this host has lost what that had no form for.
static void run_say_loss(wg_image_run *r) {
  uint64_t n_bare = r->side->n_bare, n_xattrs = r->side->n_xattrs;
  WG_AUTO(wg_buf) b = {0};
  wg_buf_init(&b, wg_heap(), 0);
  bool is_windows = r->base.wim.facts[r->image].major[0] != '\0';
  if (n_bare > 0 && r->side->has_file) {
    wg_buf_printf(&b,
                  "'%s': %llu file%s no entry in " WG_META_FILE ", and so no security descriptor, "
                  "attributes, short names or streams: new since it was written",
                  r->job->base.path, (unsigned long long)n_bare,
                  n_bare == 1 ? " or folder has" : "s and folders have");
  } else if (n_bare > 0 && is_windows) {
    wg_buf_printf(
        &b,
        "'%s': %llu files and folders of a Windows have no security descriptor, attributes, "
        "short names or streams: a folder of this host holds none; 'wingo wim apply --meta' keeps "
        "them in a file, '--ntfs' of apply and capture on a volume",
        r->job->base.path, (unsigned long long)n_bare);
  }
  if (n_xattrs > 0) {
    wg_buf_printf(&b, "%s'%s': extended attributes of %llu files and folders are left out",
                  b.n > 0 ? "; " : "", r->job->base.path, (unsigned long long)n_xattrs);
  }
  if (b.n > 0) {
    wg_image_result_warn(&r->result, wg_buf_z(&b));
  }
}

// *out has what the planner put there.
static wg_code run_all(const wg_image_job *job, const char *path, wg_image_side *side,
                       wg_image_result *out, wg_error *err) {
  WG_AUTO(wg_image_run)
  r = {.job = job, .base = WG_IMAGE_FILE_INIT, .out = WG_WIMOUT_INIT, .side = side, .result = *out};
  *out = (wg_image_result){0};
  r.captured = job->base.kind != WG_IMAGE_BASE_WIM;
  if (job->opt.packed != NULL && job->opt.packed_at != NULL) {
    r.kept = job->opt.packed->open(job->opt.packed_at);
  }
  wg_arena_init(&r.arena, wg_heap(), (size_t)8 << 30);
  wg_buf_init(&r.metadata_was, wg_heap(), 0);
  if (run_open(&r, path, err) != WG_OK || run_edit(&r, err) != WG_OK ||
      wg_image_content(&r, err) != WG_OK || wg_image_output(&r, err) != WG_OK ||
      wg_image_check(&r, err) != WG_OK || wg_image_folders(&r, err) != WG_OK) {
    return err->code;
  }
  wg_image_packed_keep(&r);
  if (side != NULL) {
    run_say_loss(&r);
  }
  *out = r.result;
  r.result = (wg_image_result){0};
  return WG_OK;
}

// Whether the base is a WIM or a folder, which libwim captures first.
static wg_code do_base(const wg_image_job *job, wg_image_result *out, wg_error *err) {
  if (job->base.kind == WG_IMAGE_BASE_WIM) {
    return run_all(job, job->base.path, NULL, out, err);
  }
  WG_AUTO(wg_cstr) dir = NULL;
  wg_stat st;
  if (wg_os_stat(WG_CWD, job->base.path, true, &st, err) != WG_OK) {
    return err->code;
  }
  bool ntfs = job->base.kind == WG_IMAGE_BASE_NTFS;
  if (st.type != (ntfs ? WG_FT_FILE : WG_FT_DIR)) {
    return wg_fail(err, WG_E_CONFLICT, "'%s' is not a %s", job->base.path,
                   ntfs ? "file with an NTFS volume" : "directory");
  }
  WG_AUTO(wg_image_side) side = {0};
  if (!ntfs &&
      (wg_image_side_begin(&side, job->base.path, err) != WG_OK ||
       (job->opt.arch != NULL && wg_image_side_arch_is(&side, job->opt.arch, err) != WG_OK) ||
       wg_image_scan_dir(job->base.path, job->opt.cancel, &side, err) != WG_OK)) {
    return err->code;
  }
  if (wg_os_mkdtemp(job->opt.tmp_dir, "capture-", &dir, err) != WG_OK) {
    return err->code;
  }
  WG_AUTO(wg_cstr) wim = wg_path_join(dir, "tree.wim");
  wg_code code = wg_libwim_capture(job, wim, err);
  side.tmp = dir;
  if (code == WG_OK) {
    code = run_all(job, wim, ntfs ? NULL : &side, out, err);
  }
  wg_error ignored = WG_ERROR_INIT;
  (void)wg_os_rmtree(WG_CWD, dir, &ignored);
  return code;
}

// The plan's changes behind those given; then the image is written, and looked at.
static wg_code do_plan(const wg_image_job *job, wg_image_changes *changes, void **state,
                       wg_image_result *out, wg_error *err) {
  const wg_image_planner *planner = job->opt.planner;
  for (size_t i = 0; i < job->n_changes; i++) {
    wg_image_changes_push(changes, &job->changes[i]);
  }
  if (planner->fill(planner->ctx, &job->base, &job->opt, changes, out, state, err) != WG_OK) {
    return err->code;
  }
  wg_image_job all = *job;
  all.changes = changes->v;
  all.n_changes = changes->n;
  if (do_base(&all, out, err) != WG_OK) {
    return err->code;
  }
  char which[16];
  (void)wg_format(which, sizeof(which), "%u", (unsigned)out->image_index);
  const wg_image_base written = {
      .kind = WG_IMAGE_BASE_WIM, .path = job->opt.out_path, .image = which, .holes = job->holes};
  return planner->check(*state, &written, err);
}

static wg_code do_one(const wg_image_job *job, wg_image_result *out, wg_error *err) {
  WG_AUTO(wg_image_result) result = {0};
  if (job->opt.plan.n == 0) {
    if (do_base(job, &result, err) != WG_OK) {
      return err->code;
    }
  } else {
    WG_AUTO(wg_image_changes) changes = {0};
    void *state = NULL;
    if (job->opt.planner == NULL) {
      return wg_fail(err, WG_E_BUG, "a plan, and nobody to carry it out");
    }
    wg_code code = do_plan(job, &changes, &state, &result, err);
    job->opt.planner->done(state);
    if (code != WG_OK) {
      return code;
    }
  }
  *out = result;
  result = (wg_image_result){0};
  return WG_OK;
}

static wg_code do_take(const wg_image_job *job, wg_error *err) {
  WG_AUTO_PTR(wg_image_reader) reader = NULL;
  bool there = false;
  if (wg_image_reader_open(&job->base, &reader, err) != WG_OK) {
    return err->code;
  }
  if (job->opt.out_path != NULL) {
    return wg_image_reader_save(reader, job->take, job->opt.out_path, job->opt.cancel, err);
  }
  if (wg_image_reader_exists(reader, job->take, &there, err) != WG_OK) {
    return err->code;
  }
  return there ? WG_OK : wg_fail(err, WG_E_NOT_FOUND, "no '%s'", job->take);
}

static wg_code do_gather(const wg_image_job *job, wg_image_result *out, wg_error *err) {
  if (job->opt.gatherer == NULL) {
    return wg_fail(err, WG_E_BUG, "images for a file, and nobody to put them there");
  }
  return job->opt.gatherer(job->gathers, job->n_gathers, &job->opt, out, err);
}

wg_code wg_image_do(const wg_image_job *job, wg_image_result *out, wg_error *err) {
  if (job->n_gathers > 0) {
    return do_gather(job, out, err);
  }
  if (job->ntfs) {
    return wg_libwim_apply_ntfs(job, err);
  }
  if (job->take != NULL) {
    return do_take(job, err);
  }
  if (job->tries) {
    return wg_image_do_try(job, out, err);
  }
  return job->opt.n_picks > 0 ? wg_image_do_several(job, do_one, out, err) : do_one(job, out, err);
}

wg_code wg_image_apply_ntfs(const wg_image_base *base, const wg_image_options *opt, wg_error *err) {
  wg_image_job job = {.base = *base, .opt = *opt, .ntfs = true};
  wg_image_result res = {0};
  return wg_image_worker_call(&job, &res, err);
}

wg_code wg_image_take(const wg_image_base *base, const char *windows_path,
                      const wg_image_options *opt, wg_error *err) {
  const wg_image_job job = {.base = *base, .opt = *opt, .take = windows_path};
  wg_image_result res = {0};
  wg_code code =
      opt->in_process ? wg_image_do(&job, &res, err) : wg_image_worker_call(&job, &res, err);
  wg_image_result_done(&res);
  return code;
}

wg_code wg_image_has(const wg_image_base *base, const char *windows_path, bool *out,
                     wg_error *err) {
  const wg_image_options opt = {.threads = 1};
  wg_error fault = WG_ERROR_INIT;
  wg_code code = wg_image_take(base, windows_path, &opt, &fault);
  if (code != WG_OK && code != WG_E_NOT_FOUND) {
    *err = fault;
    return code;
  }
  *out = code == WG_OK;
  return WG_OK;
}

// A job that makes a new file.
static wg_code write_new(const wg_image_job *job, wg_image_result *out, wg_error *err) {
  const wg_image_options *opt = &job->opt;
  if (wg_os_exists(WG_CWD, opt->out_path)) {
    return wg_fail(err, WG_E_CONFLICT, "'%s' exists already", opt->out_path);
  }
  wg_image_result res = {0};
  wg_code code =
      opt->in_process ? wg_image_do(job, &res, err) : wg_image_worker_call(job, &res, err);
  if (code != WG_OK) {
    wg_error ignored = WG_ERROR_INIT;
    (void)wg_os_unlink(WG_CWD, opt->out_path, &ignored);
    return wg_os_name_output(err, opt->shown != NULL ? opt->shown : opt->out_path);
  }
  *out = res;
  return WG_OK;
}

wg_code wg_image_write(const wg_image_base *base, const wg_image_change *changes, size_t n_changes,
                       const wg_image_options *opt, wg_image_result *out, wg_error *err) {
  const wg_image_job job = {.base = *base, .changes = changes, .n_changes = n_changes, .opt = *opt};
  return write_new(&job, out, err);
}

wg_code wg_image_gather_all(const wg_image_gather *v, size_t n, const wg_image_options *opt,
                            wg_image_result *out, wg_error *err) {
  wg_assert(n > 0);
  const wg_image_job job = {.base = {.kind = WG_IMAGE_BASE_WIM, .path = v[0].from},
                            .opt = *opt,
                            .gathers = v,
                            .n_gathers = n};
  return write_new(&job, out, err);
}
