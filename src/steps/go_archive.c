// SPDX-License-Identifier: Apache-2.0
// Steps that pack programs for download: one archive a target, one list of checksums an app.
#include <string.h>

#include "fmt/deflate/deflate.h"
#include "fmt/tar/tar.h"
#include "fmt/zip/zip.h"
#include "project/filesource.h"
#include "steps/go_steps.h"

#define ARCHIVE_MAX_FILE ((uint64_t)1 << 30)
#define ARCHIVE_MEMORY ((uint64_t)256 << 20)

typedef struct archive_step {
  bool zip;
  int64_t time_s;
  const char *program;      // its name in the archive
  const char *const *files; // names of the others
  size_t n_files;
} archive_step;

typedef struct archive_contents {
  wg_zip_entry *v;
  wg_buf *bytes;
  size_t n;
} archive_contents;

static void archive_contents_done(archive_contents *a) {
  for (size_t i = 0; i < a->n; i++) {
    wg_buf_done(&a->bytes[i]);
  }
  wg_xfree(a->bytes);
  wg_xfree(a->v);
}
WG_DEFINE_AUTO(archive_contents, archive_contents_done);

static wg_code archive_read(wg_step_ctx *c, const char *label, const char *name, uint32_t mode,
                            archive_contents *a, wg_error *err) {
  WG_AUTO(wg_cstr) path = NULL;
  wg_buf *b = &a->bytes[a->n];
  wg_buf_init(b, wg_heap(), 0);
  if (wg_ctx_input_path(c, label, &path, err) != WG_OK ||
      wg_os_read_file(WG_CWD, path, ARCHIVE_MAX_FILE, b, err) != WG_OK) {
    wg_buf_done(b);
    return err->code;
  }
  a->v[a->n++] = (wg_zip_entry){.name = name, .data = b->p, .n_bytes = b->n, .mode = mode};
  return WG_OK;
}

static wg_code archive_tar(const archive_contents *a, int64_t time_s, wg_buf *out, wg_error *err) {
  WG_AUTO(wg_buf) tar = {0};
  wg_buf_init(&tar, wg_heap(), 0);
  for (size_t i = 0; i < a->n; i++) {
    const wg_zip_entry *e = &a->v[i];
    if (wg_tar_add_file(&tar, e->name, e->mode, time_s, e->data, e->n_bytes, err) != WG_OK) {
      return err->code;
    }
  }
  return wg_tar_end(&tar, err) != WG_OK ? err->code : wg_gzip(tar.p, tar.n, out, err);
}

static wg_code archive_run(wg_step_ctx *c, wg_error *err) {
  const archive_step *s = wg_ctx_user(c);
  WG_AUTO(archive_contents)
  a = {.v = wg_xarray(s->n_files + 1, sizeof(*a.v)),
       .bytes = wg_xarray(s->n_files + 1, sizeof(*a.bytes))};
  WG_AUTO(wg_buf) out = {0};
  wg_buf_init(&out, wg_heap(), 0);
  if (archive_read(c, "bin", s->program, 0755, &a, err) != WG_OK) {
    return err->code;
  }
  for (size_t i = 0; i < s->n_files; i++) {
    WG_AUTO(wg_cstr) label = wg_xprintf("file/%zu", i);
    if (archive_read(c, label, s->files[i], 0644, &a, err) != WG_OK) {
      return err->code;
    }
  }
  wg_code code =
      s->zip ? wg_zip_write(a.v, a.n, s->time_s, &out, err) : archive_tar(&a, s->time_s, &out, err);
  return code != WG_OK ? code : wg_ctx_output_bytes(c, "archive", out.p, out.n, err);
}

static const wg_step_kind archive_kind = {
    .name = "go.archive", .version = 1, .verb = "pack archive", .run = archive_run};

typedef struct checksums_step {
  const char **names; // of the archives, in the order of targets
  size_t n;
} checksums_step;

static wg_code checksums_run(wg_step_ctx *c, wg_error *err) {
  const checksums_step *s = wg_ctx_user(c);
  WG_AUTO(wg_buf) out = {0};
  wg_buf_init(&out, wg_heap(), 0);
  for (size_t i = 0; i < s->n; i++) {
    WG_AUTO(wg_cstr) label = wg_xprintf("archive/%zu", i);
    wg_digest d;
    if (wg_ctx_input(c, label, &d, err) != WG_OK) {
      return err->code;
    }
    wg_buf_printf(&out, "%s  %s\n", wg_digest_hex(&d).s, s->names[i]);
  }
  return wg_ctx_output_bytes(c, "checksums", out.p, out.n, err);
}

static const wg_step_kind checksums_kind = {
    .name = "go.checksums", .version = 1, .verb = "sum archives", .run = checksums_run};

// --- construction

// "agent_1.4.0_windows_amd64.zip", in the environment's memory.
static const char *archive_file_name(const wg_project *project, const wg_cfg_app *app,
                                     const wg_cfg_target *t, wg_go_env *env) {
  const wg_archive_names n = {.app = app->name,
                              .release = project->release,
                              .os = t->os,
                              .arch = t->arch,
                              .variant = t->variant};
  WG_AUTO(wg_cstr) file = wg_archive_file(&app->archive, &n);
  return wg_go_steps_keep(env, file);
}

static wg_code archive_files(const wg_project *project, const wg_cfg_app *app,
                             wg_filesource_list *out, wg_error *err) {
  for (size_t i = 0; i < app->archive.n_files; i++) {
    const wg_cfg_str *f = &app->archive.files[i];
    if (wg_filesource_expand(project->dir, f->s, project->watch, out, err) != WG_OK) {
      return wg_wrap(err, "%s:%u:%u: apps.%s.archive", f->pos.file, f->pos.line, f->pos.col,
                     app->name);
    }
  }
  return WG_OK;
}

static void archive_inputs(wg_step *step, archive_step *s, const wg_project *project,
                           const wg_filesource_list *files, wg_go_env *env) {
  const char **names = wg_go_steps_alloc(env, files->n, sizeof(*names));
  for (size_t i = 0; i < files->n; i++) {
    WG_AUTO(wg_cstr) label = wg_xprintf("file/%zu", i);
    WG_AUTO(wg_cstr) joined = wg_path_join(project->dir, files->v[i]);
    WG_AUTO(wg_cstr) path = wg_path_clean(joined);
    names[i] = wg_go_steps_keep(env, wg_path_basename(path));
    wg_step_param(step, label, names[i]);
    wg_step_input_file(step, label, path);
  }
  s->files = names;
  s->n_files = files->n;
}

static wg_step *archive_target(wg_graph *g, const wg_project *project, const wg_cfg_app *app,
                               const wg_cfg_target *t, wg_step *build, bool zip, const char *name,
                               const wg_filesource_list *files, wg_go_env *env) {
  archive_step *s = wg_go_steps_alloc(env, 1, sizeof(*s));
  WG_AUTO(wg_cstr) identity = wg_xprintf("archive/%s/%s", app->name, t->slug);
  WG_AUTO(wg_cstr) out = wg_xprintf("%s/%s/%s", project->out_dir, app->name, name);
  WG_AUTO(wg_cstr) time = wg_xprintf("%lld", (long long)project->time_s);
  *s = (archive_step){
      .zip = zip, .time_s = project->time_s, .program = wg_go_program_name(app, t, env)};
  wg_step *step = wg_graph_add(g, &archive_kind, identity, s);
  wg_step_param(step, "format", zip ? "zip" : "tar.gz");
  wg_step_param(step, "time", time);
  wg_step_param(step, "program", s->program);
  wg_step_input_step(step, "bin", build, "bin");
  archive_inputs(step, s, project, files, env);
  wg_step_need(step, 1, ARCHIVE_MEMORY);
  wg_step_publish(step, "archive", out, 0644, false);
  return step;
}

wg_code wg_go_add_archives(wg_graph *g, const wg_project *project, const wg_cfg_app *app,
                           wg_go_env *env, wg_step *const *build_steps, wg_error *err) {
  const wg_cfg_archive *a = &app->archive;
  if (a->format == WG_ARCHIVE_NONE) {
    return WG_OK;
  }
  WG_AUTO(wg_filesource_list) files = {0};
  if (archive_files(project, app, &files, err) != WG_OK) {
    return err->code;
  }
  checksums_step *sums = wg_go_steps_alloc(env, 1, sizeof(*sums));
  WG_AUTO(wg_cstr) identity = wg_xprintf("archive/%s/checksums", app->name);
  WG_AUTO(wg_cstr) out = wg_xprintf("%s/%s/checksums.txt", project->out_dir, app->name);
  sums->names = wg_go_steps_alloc(env, app->n_targets, sizeof(*sums->names));
  wg_step *sum = wg_graph_add(g, &checksums_kind, identity, sums);
  for (size_t i = 0; i < app->n_targets; i++) {
    const wg_cfg_target *t = &app->targets[i];
    bool zip = wg_archive_is_zip(a, t->os);
    const char *name = archive_file_name(project, app, t, env); // the load told two of one name
    WG_AUTO(wg_cstr) label = wg_xprintf("archive/%zu", i);
    wg_step *step = archive_target(g, project, app, t, build_steps[i], zip, name, &files, env);
    sums->names[sums->n++] = name;
    wg_step_param(sum, label, name);
    wg_step_input_step(sum, label, step, "archive");
  }
  wg_step_publish(sum, "checksums", out, 0644, false);
  return WG_OK;
}
