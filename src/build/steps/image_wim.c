#include "build/steps/image_wim.h"

#include <string.h>

#include "build/steps/image_registry.h"
#include "image/image.h"
#include "os/proc.h"

#define IMAGE_MEMORY_BYTES ((uint64_t)768 << 20)

// What run() needs of the plan; lives in the project's memory.
typedef struct image_step {
  const wg_project *project;
  const wg_cfg_image *image;
} image_step;

static char *image_host_path(const wg_project *p, const char *given) {
  WG_AUTO(wg_cstr) joined = wg_path_join(p->dir, given);
  return wg_path_clean(joined);
}

static bool image_ends_in_slash(const char *to) {
  size_t n = strlen(to);
  return n > 0 && (to[n - 1] == '\\' || to[n - 1] == '/');
}

// A file goes to its path, or under its own name into a folder named with a slash at the end.
static char *image_file_to(const wg_cfg_image_file *f) {
  return image_ends_in_slash(f->to) ? wg_xprintf("%s%s", f->to, wg_path_basename(f->from))
                                    : wg_xstrdup(f->to);
}

static wg_image_base image_base(const wg_cfg_base *b, const char *path) {
  return (wg_image_base){.kind = b->kind == WG_BASE_DIR ? WG_IMAGE_BASE_DIR : WG_IMAGE_BASE_WIM,
                         .path = path,
                         .image = b->image};
}

static wg_code image_add_apps(wg_step_ctx *c, const wg_cfg_image *image, wg_image_changes *changes,
                              wg_error *err) {
  for (size_t i = 0; i < image->n_apps; i++) {
    WG_AUTO(wg_cstr) label = wg_xprintf("app/%zu", i);
    WG_AUTO(wg_cstr) from = NULL;
    WG_AUTO(wg_cstr) to = wg_image_app_program(&image->apps[i]);
    if (wg_ctx_input_path(c, label, &from, err) != WG_OK) {
      return err->code;
    }
    wg_image_changes_add(changes, WG_IMAGE_PUT_FILE, to, from);
  }
  return WG_OK;
}

static wg_code image_add_files(const image_step *s, wg_image_changes *changes, wg_error *err) {
  for (size_t i = 0; i < s->image->n_files; i++) {
    const wg_cfg_image_file *f = &s->image->files[i];
    WG_AUTO(wg_cstr) from = image_host_path(s->project, f->from);
    wg_stat st;
    if (wg_os_stat(WG_CWD, from, true, &st, err) != WG_OK) {
      return err->code;
    }
    if (st.type == WG_FT_DIR) {
      if (wg_image_changes_add_tree(changes, from, f->to, err) != WG_OK) {
        return err->code;
      }
      continue;
    }
    WG_AUTO(wg_cstr) to = image_file_to(f);
    wg_image_changes_add(changes, WG_IMAGE_PUT_FILE, to, from);
  }
  return WG_OK;
}

static void image_progress(void *ctx, const char *stage, uint64_t done, uint64_t total,
                           const char *unit) {
  (void)stage;
  wg_ctx_progress(ctx, done, total, unit);
}

static void image_fact(wg_step_ctx *c, const char *name, uint64_t v) {
  char text[32];
  (void)wg_format(text, sizeof(text), "%llu", (unsigned long long)v);
  wg_ctx_fact(c, name, text);
}

static void image_facts(wg_step_ctx *c, const wg_image_result *r) {
  image_fact(c, "base_bytes", r->base_bytes);
  image_fact(c, "out_bytes", r->out_bytes);
  image_fact(c, "files_put", r->n_files);
  image_fact(c, "files_replaced", r->n_replaced);
  image_fact(c, "bytes_added", r->added_bytes);
  image_fact(c, "bytes_stored", r->stored_bytes);
  image_fact(c, "files_deduplicated", r->n_dedup);
}

// The pin of the project file.
static wg_code image_check_pin(wg_step_ctx *c, const wg_cfg_base *base, wg_error *err) {
  wg_digest have, want;
  if (base->sha256 == NULL || base->kind == WG_BASE_DIR) {
    return WG_OK;
  }
  if (wg_ctx_input(c, "base", &have, err) != WG_OK) {
    return err->code;
  }
  if (!wg_digest_parse(wg_str_of(base->sha256), &want) || !wg_digest_eq(&have, &want)) {
    return wg_fail(err, WG_E_VERIFY, "%s:%u:%u: '%s' is not the file that 'sha256' pins; it has %s",
                   base->sha256_pos.file, base->sha256_pos.line, base->sha256_pos.col, base->path,
                   wg_digest_hex(&have).s);
  }
  return WG_OK;
}

// Edits the image's hives: the new ones become changes. result keeps the staged files' names.
static wg_code image_add_registry(wg_step_ctx *c, const image_step *s, const wg_image_base *base,
                                  wg_image_changes *changes, wg_reg_result *result, wg_error *err) {
  WG_AUTO(wg_reg_edits) edits = {0};
  WG_AUTO_PTR(wg_image_reader) reader = NULL;
  wg_reg_edits_init(&edits);
  if (wg_image_registry_edits(s->project, s->image, &edits, err) != WG_OK) {
    return err->code;
  }
  if (edits.n == 0) {
    return WG_OK;
  }
  wg_reg_options opt = {.tmp_dir = wg_ctx_tmp(c), .time_s = s->project->time_s};
  if (wg_image_reader_open(base, &reader, err) != WG_OK ||
      wg_image_registry(reader, edits.v, edits.n, &opt, result, err) != WG_OK) {
    return err->code;
  }
  for (size_t i = 0; i < result->n_files; i++) {
    wg_image_changes_add(changes, WG_IMAGE_PUT_FILE, result->files[i].to, result->files[i].staged);
  }
  for (size_t i = 0; i < result->n_warnings; i++) {
    wg_ctx_warn(c, "%s", result->warnings[i]);
  }
  image_fact(c, "registry_values_set", result->n_set);
  image_fact(c, "registry_deleted", result->n_deleted);
  image_fact(c, "registry_absent", result->n_absent);
  return WG_OK;
}

static wg_code image_run(wg_step_ctx *c, wg_error *err) {
  const image_step *s = wg_ctx_user(c);
  if (image_check_pin(c, &s->image->base, err) != WG_OK) {
    return err->code;
  }
  WG_AUTO(wg_cstr) base_path = image_host_path(s->project, s->image->base.path);
  WG_AUTO(wg_cstr) out_path = NULL;
  WG_AUTO(wg_image_changes) changes = {0};
  WG_AUTO(wg_reg_result) registry = {0};
  wg_image_base base = image_base(&s->image->base, base_path);
  if (image_add_apps(c, s->image, &changes, err) != WG_OK ||
      image_add_files(s, &changes, err) != WG_OK ||
      image_add_registry(c, s, &base, &changes, &registry, err) != WG_OK ||
      wg_ctx_output_big_path(c, "wim", &out_path, err) != WG_OK) {
    return wg_wrap(err, "image '%s'", s->image->name);
  }
  wg_image_options opt = {.out_path = out_path,
                          .tmp_dir = wg_ctx_tmp(c),
                          .name = s->image->name,
                          .threads = wg_ctx_cpus(c),
                          .memory_bytes = 0,
                          .time_s = s->project->time_s,
                          .arch = s->image->arch,
                          .on_progress = image_progress,
                          .ctx = c,
                          .cancel = wg_ctx_cancel(c)};
  wg_image_result result;
  if (wg_image_write(&base, changes.v, changes.n, &opt, &result, err) != WG_OK) {
    return wg_wrap(err, "image '%s'", s->image->name);
  }
  image_facts(c, &result);
  return WG_OK;
}

static const wg_step_kind image_kind = {
    .name = "image.wim", .version = 2, .verb = "write image", .run = image_run};

static void image_param(wg_step *s, const char *name, size_t i, const char *what,
                        const char *value) {
  WG_AUTO(wg_cstr) full = wg_xprintf("%s/%zu/%s", name, i, what);
  wg_step_param(s, full, value);
}

static wg_code image_add_inputs(wg_step *step, const wg_project *project, const wg_cfg_image *image,
                                wg_step *const *app_steps, wg_error *err) {
  for (size_t i = 0; i < image->n_apps; i++) {
    WG_AUTO(wg_cstr) label = wg_xprintf("app/%zu", i);
    WG_AUTO(wg_cstr) to = wg_image_app_program(&image->apps[i]);
    wg_step_input_step(step, label, app_steps[i], "bin");
    image_param(step, "app", i, "to", to);
  }
  for (size_t i = 0; i < image->n_files; i++) {
    const wg_cfg_image_file *f = &image->files[i];
    WG_AUTO(wg_cstr) label = wg_xprintf("file/%zu", i);
    WG_AUTO(wg_cstr) path = image_host_path(project, f->from);
    WG_AUTO(wg_cstr) to = NULL;
    wg_stat st;
    if (wg_os_stat(WG_CWD, path, true, &st, err) != WG_OK) {
      return wg_wrap(err, "%s:%u:%u: files", f->from_pos.file, f->from_pos.line, f->from_pos.col);
    }
    if (st.type == WG_FT_DIR) {
      wg_step_input_tree(step, label, path);
      to = wg_xstrdup(f->to);
    } else {
      wg_step_input_file(step, label, path);
      to = image_file_to(f);
    }
    image_param(step, "file", i, "to", to);
  }
  return WG_OK;
}

wg_code wg_image_add_step(wg_graph *g, const wg_project *project, const wg_cfg_image *image,
                          wg_step *const *app_steps, const char *arch, wg_arena *memory,
                          wg_step **out, wg_error *err) {
  image_step *user = wg_arena_new(memory, image_step);
  if (user == NULL) {
    return wg_arena_fail(memory, err);
  }
  *user = (image_step){.project = project, .image = image};
  WG_AUTO(wg_cstr) identity = wg_xprintf("image/%s", image->name);
  WG_AUTO(wg_cstr) base_path = image_host_path(project, image->base.path);
  WG_AUTO(wg_cstr) out_path = wg_xprintf("%s/out/%s.wim", project->dir, image->name);
  WG_AUTO(wg_cstr) time = wg_xprintf("%lld", (long long)project->time_s);
  wg_step *step = wg_graph_add(g, &image_kind, identity, user);
  wg_step_param(step, "name", image->name);
  wg_step_param(step, "base/image", image->base.image != NULL ? image->base.image : "");
  wg_step_param(step, "base/sha256", image->base.sha256 != NULL ? image->base.sha256 : "");
  wg_step_param(step, "arch", arch);
  wg_step_param(step, "time", time);
  wg_step_param(step, "format", "wim/lzx");
  if (image->base.kind == WG_BASE_DIR) {
    wg_step_input_tree(step, "base", base_path);
  } else {
    wg_step_input_file(step, "base", base_path);
  }
  if (image_add_inputs(step, project, image, app_steps, err) != WG_OK ||
      wg_image_registry_inputs(step, project, image, err) != WG_OK) {
    return err->code;
  }
  wg_step_need(step, wg_os_cpu_count(), IMAGE_MEMORY_BYTES);
  wg_step_publish(step, "wim", out_path, 0644, true);
  *out = step;
  return WG_OK;
}
