// SPDX-License-Identifier: Apache-2.0
#include "actions/publish.h"

#include <string.h>

#include "actions/folder.h"
#include "os/file.h"

typedef struct publish {
  const wg_project *project;
  const wg_cfg_publish *cfg;
  const char *target; // absolute
} publish;

typedef struct publish_state { // from look to undo
  wg_folder_spec spec;
  wg_folder_write write;
} publish_state;

static const char *publish_fmt(wg_step_ctx *c, const char *fmt, ...) WG_PRINTF(2, 3);
static const char *publish_fmt(wg_step_ctx *c, const char *fmt, ...) {
  WG_AUTO(wg_buf) b = {0};
  wg_buf_init(&b, wg_heap(), 0);
  va_list ap;
  va_start(ap, fmt);
  wg_buf_vprintf(&b, fmt, ap);
  va_end(ap);
  const char *s = wg_arena_strdup(wg_ctx_arena(c), wg_buf_z(&b));
  wg_assert(s != NULL);
  return s;
}

// Below the project's folder of outputs; its name alone when it lies elsewhere.
static const char *publish_rel(const wg_project *p, const char *path) {
  const char *rel = wg_path_below(path, p->out_dir);
  return rel != NULL ? rel : wg_path_basename(path);
}

static wg_code publish_files(wg_step_ctx *c, wg_folder_spec *spec, wg_error *err) {
  const publish *p = wg_ctx_user(c);
  size_t n = 0;
  const wg_action_input *in = wg_ctx_action_inputs(c, &n);
  spec->files = wg_arena_array(wg_ctx_arena(c), n + 1, sizeof(*spec->files));
  wg_assert(spec->files != NULL);
  for (size_t i = 0; i < n; i++) {
    if (in[i].secret && !p->cfg->allow_secrets) {
      return wg_fail(err, WG_E_CONFIG,
                     "%s:%u:%u: output '%s' of %s holds a secret: write 'allow_secrets: true' if "
                     "everyone who can read '%s' may have it",
                     p->cfg->pos.file, p->cfg->pos.line, p->cfg->pos.col, in[i].output, in[i].step,
                     p->target);
    }
    WG_AUTO(wg_cstr) from = NULL;
    if (wg_ctx_action_input_path(c, &in[i], &from, err) != WG_OK) {
      return err->code;
    }
    spec->files[spec->n_files++] = (wg_folder_file){.rel = publish_rel(p->project, in[i].path),
                                                    .from = publish_fmt(c, "%s", from),
                                                    .step = in[i].step,
                                                    .output = in[i].output,
                                                    .digest = in[i].digest,
                                                    .size_bytes = in[i].size_bytes,
                                                    .mode = in[i].mode};
  }
  return WG_OK;
}

// The folder as it is told: by name where a variable gave it.
static const char *publish_told_target(const publish *p) {
  const char *shown = wg_mask_whole(p->project->mask, p->cfg->to);
  return shown == p->cfg->to ? p->target : shown;
}

static void publish_tell(wg_step_ctx *c, const wg_folder_spec *spec, const wg_folder_found *f) {
  const char *target = publish_told_target(wg_ctx_user(c));
  wg_digest sums = wg_sha256(f->sums.p, f->sums.n);
  if (!f->is_same) {
    wg_ctx_differs(c, publish_fmt(c, "release %s", f->name), f->before,
                   publish_fmt(c, "%zu file%s, sha256 %.12s", spec->n_files,
                               spec->n_files == 1 ? "" : "s", wg_digest_hex(&sums).s));
  }
  if (!f->pointer_is_same) {
    wg_ctx_differs(c, WG_FOLDER_CURRENT, f->current, f->name);
  }
  for (size_t i = 0; i < f->n_old; i++) {
    wg_ctx_differs(c, publish_fmt(c, "release %s", f->old[i]), "older than 'keep'", NULL);
  }
  for (size_t i = 0; i < f->n_stale; i++) {
    wg_ctx_differs(c, f->stale[i], "left by a run that was killed", NULL);
  }
  for (size_t i = 0; i < spec->n_files; i++) {
    const wg_folder_file *file = &spec->files[i];
    wg_ctx_result(c, file->rel, publish_fmt(c, "%s/%s/%s", target, f->name, file->rel),
                  &file->digest, file->size_bytes);
  }
}

static wg_code publish_ready(wg_step_ctx *c, wg_error *err) {
  const publish *p = wg_ctx_user(c);
  const wg_folder_spec spec = {.target = p->target, .project = p->project->name};
  return wg_folder_ready(&spec, wg_ctx_arena(c), err);
}

static wg_code publish_look(wg_step_ctx *c, wg_error *err) {
  static const wg_folder_pointer pointers[] = {[WG_PUBLISH_LINK] = WG_FOLDER_LINK,
                                               [WG_PUBLISH_FILE] = WG_FOLDER_FILE,
                                               [WG_PUBLISH_NONE] = WG_FOLDER_NONE};
  const publish *p = wg_ctx_user(c);
  publish_state *st = wg_arena_array(wg_ctx_arena(c), 1, sizeof(*st));
  wg_assert(st != NULL);
  st->spec = (wg_folder_spec){.target = p->target,
                              .project = p->project->name,
                              .release = p->project->release == NULL ? "" : p->project->release,
                              .keep = p->cfg->keep,
                              .replace = p->cfg->replace,
                              .pointer = pointers[p->cfg->pointer],
                              .store = wg_ctx_store(c),
                              .cancel = wg_ctx_cancel(c)};
  wg_folder_found found;
  if (publish_files(c, &st->spec, err) != WG_OK ||
      wg_folder_look(&st->spec, wg_ctx_arena(c), &found, err) != WG_OK) {
    return err->code;
  }
  publish_tell(c, &st->spec, &found);
  wg_ctx_keep(c, st);
  return WG_OK;
}

static void publish_progress(void *ctx, uint64_t done, uint64_t total) {
  wg_ctx_progress(ctx, done, total, "bytes");
}
static void publish_warn(void *ctx, const char *text) {
  wg_ctx_warn(ctx, "%s", text);
}
static void publish_undone(void *ctx, const char *text) {
  wg_ctx_undone(ctx, "%s", text);
}

static wg_code publish_apply(wg_step_ctx *c, wg_error *err) {
  publish_state *st = wg_ctx_kept(c);
  st->write = (wg_folder_write){.spec = &st->spec,
                                .arena = wg_ctx_arena(c),
                                .progress = publish_progress,
                                .warn = publish_warn,
                                .ctx = c};
  if (wg_folder_run(&st->write, err) != WG_OK) {
    return err->code;
  }
  wg_folder_write_done(&st->write);
  return WG_OK;
}

static wg_code publish_undo(wg_step_ctx *c, wg_error *err) {
  publish_state *st = wg_ctx_kept(c);
  return wg_folder_take_back(&st->write, publish_undone, err);
}

static const wg_action_kind publish_kind = {.name = "publish.folder",
                                            .verb = "publish",
                                            .look_is_local = true,
                                            .ready = publish_ready,
                                            .look = publish_look,
                                            .apply = publish_apply,
                                            .undo = publish_undo};

// --- construction

static wg_code publish_add_inputs(wg_graph *g, wg_step *action, const char *target, wg_error *err) {
  wg_step **steps = NULL;
  size_t n = 0;
  if (wg_graph_match(g, target, &steps, &n, err) != WG_OK) {
    return err->code;
  }
  for (size_t i = 0; i < n; i++) {
    wg_step_input_outputs(action, steps[i]);
  }
  wg_xfree(steps);
  return WG_OK;
}

static wg_code publish_add(wg_graph *g, const wg_project *project, const wg_cfg_publish *cfg,
                           wg_arena *arena, wg_error *err) {
  WG_AUTO(wg_cstr) joined = wg_path_join(project->dir, cfg->to);
  WG_AUTO(wg_cstr) clean = wg_path_clean(joined);
  WG_AUTO(wg_cstr) identity = wg_xprintf("publish/%s", cfg->name);
  publish *p = wg_arena_array(arena, 1, sizeof(*p));
  char *target = wg_arena_strdup(arena, clean);
  wg_assert(p != NULL && target != NULL);
  *p = (publish){.project = project, .cfg = cfg, .target = target};
  wg_step *action = wg_graph_add_action(g, &publish_kind, identity, p);
  wg_step_alias(action, cfg->name);
  static const char *const everything[] = {"app", "image"};
  for (size_t i = 0; cfg->n_outputs == 0 && i < WG_ARRAY_LEN(everything); i++) {
    bool any = i == 0 ? project->n_apps > 0 : project->n_images > 0;
    if (any && publish_add_inputs(g, action, everything[i], err) != WG_OK) {
      return err->code;
    }
  }
  for (size_t i = 0; i < cfg->n_outputs; i++) {
    const wg_cfg_str *o = &cfg->outputs[i];
    if (publish_add_inputs(g, action, o->s, err) != WG_OK) {
      (void)wg_fail(err, WG_E_CONFIG,
                    "%s:%u:%u: publish '%s': nothing makes '%s'; 'wingo plan' lists "
                    "what is made",
                    o->pos.file, o->pos.line, o->pos.col, cfg->name, o->s);
      return err->code;
    }
  }
  return WG_OK;
}

wg_code wg_publish_add_actions(wg_graph *g, const wg_project *project, wg_arena *arena,
                               wg_error *err) {
  for (size_t i = 0; i < project->n_publish; i++) {
    if (publish_add(g, project, &project->publish[i], arena, err) != WG_OK) {
      return err->code;
    }
  }
  return WG_OK;
}
