// SPDX-License-Identifier: Apache-2.0
#include "steps/image_base.h"

#include <string.h>

#include "image/file/file.h"
#include "image/write/write.h"
#include "os/proc.h"

#define BASE_WIM_MEMORY_BYTES ((uint64_t)768 << 20)
// A compressor of solid data with its buffers, for each processor.
#define BASE_ESD_MEMORY_BYTES ((uint64_t)1 << 30)

typedef struct base_step {
  const wg_project *project;
  const wg_cfg_image *image; // the first that needs it
  wg_image_format format;
} base_step;

char *wg_image_host_path(const wg_project *p, const char *given) {
  WG_AUTO(wg_cstr) joined = wg_path_join(p->dir, given);
  return wg_path_clean(joined);
}

wg_image_base wg_image_base_of(const wg_cfg_base *b, const char *path) {
  return (wg_image_base){.kind = b->kind == WG_BASE_DIR ? WG_IMAGE_BASE_DIR : WG_IMAGE_BASE_WIM,
                         .wim = (wg_image_disc_wim)b->wim,
                         .path = path,
                         .image = b->image};
}

wg_code wg_image_base_input(wg_step *step, const wg_project *project, const wg_cfg_base *base,
                            wg_error *err) {
  WG_AUTO(wg_arena) arena = {0};
  WG_AUTO(wg_cstr) path = wg_image_host_path(project, base->path);
  const char *const *files = NULL;
  size_t n = 0;
  if (base->kind == WG_BASE_DIR) {
    wg_step_input_tree_attributes(step, "base", path);
    return WG_OK;
  }
  wg_arena_init(&arena, wg_heap(), 0);
  wg_image_base from = wg_image_base_of(base, path);
  if (wg_image_base_files(&from, &arena, &files, &n, err) != WG_OK) {
    return err->code;
  }
  for (size_t i = 0; i < n; i++) {
    WG_AUTO(wg_cstr) label = i == 0 ? wg_xstrdup("base") : wg_xprintf("base/%zu", i + 1);
    wg_step_input_file(step, label, files[i]);
  }
  return WG_OK;
}

wg_code wg_image_check_pin(wg_step_ctx *c, const wg_cfg_base *base, wg_error *err) {
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

void wg_image_base_tell(wg_step_ctx *c, const wg_cfg_base *base, bool is_input) {
  static const char *const kinds[] = {[WG_BASE_FILE] = "file",
                                      [WG_BASE_DIR] = "folder",
                                      [WG_BASE_SYNTHETIC] = "synthetic",
                                      [WG_BASE_IMAGE] = "what image"};
  WG_AUTO(wg_buf) text = {0};
  wg_digest d;
  wg_error ignored = WG_ERROR_INIT;
  wg_buf_init(&text, wg_heap(), 0);
  wg_buf_printf(&text, "%s %s", base->kind < WG_ARRAY_LEN(kinds) ? kinds[base->kind] : "base",
                base->path);
  if (base->image != NULL) {
    wg_buf_printf(&text, ", image %s", base->image);
  }
  if (is_input && base->kind == WG_BASE_FILE && wg_ctx_input(c, "base", &d, &ignored) == WG_OK) {
    wg_buf_printf(&text, ", SHA-256 %s", wg_digest_hex(&d).s);
  }
  wg_ctx_fact(c, "base", wg_buf_z(&text));
}

void wg_image_step_need(wg_step *step, wg_image_format format) {
  unsigned cpus = wg_os_cpu_count();
  wg_step_need(step, cpus,
               format == WG_IMAGE_FORMAT_ESD ? cpus * BASE_ESD_MEMORY_BYTES
                                             : BASE_WIM_MEMORY_BYTES);
}

void wg_image_step_progress(void *ctx, const char *stage, uint64_t done, uint64_t total,
                            const char *unit) {
  (void)stage;
  wg_ctx_progress(ctx, done, total, unit);
}

// Times of a tree are the project's, and are set when the image is made of this.
static wg_code base_run(wg_step_ctx *c, wg_error *err) {
  const base_step *s = wg_ctx_user(c);
  const wg_cfg_base *base = &s->image->base;
  WG_AUTO(wg_cstr) path = wg_image_host_path(s->project, base->path);
  WG_AUTO(wg_cstr) out_path = wg_path_join(wg_ctx_tmp(c), "base");
  wg_image_base from = wg_image_base_of(base, path);
  from.image = base->kind == WG_BASE_DIR ? NULL : "1"; // all are packed, none is changed
  wg_image_options opt = {.out_path = out_path,
                          .format = s->format,
                          .tmp_dir = wg_ctx_tmp(c),
                          .name = s->image->name,
                          .arch = base->kind == WG_BASE_DIR ? s->image->arch : NULL,
                          .threads = wg_ctx_cpus(c),
                          .on_progress = wg_image_step_progress,
                          .ctx = c,
                          .cancel = wg_ctx_cancel(c)};
  WG_AUTO(wg_image_result) result = {0};
  if (wg_image_check_pin(c, base, err) != WG_OK ||
      wg_image_write(&from, NULL, 0, &opt, &result, err) != WG_OK) {
    return wg_wrap(err, "base of image '%s'", s->image->name);
  }
  for (size_t i = 0; i < result.n_warnings; i++) {
    wg_ctx_warn(c, "%s", result.warnings[i]);
  }
  wg_ctx_fact_u64(c, "out_bytes", result.out_bytes);
  wg_image_base_tell(c, base, true);
  return wg_ctx_output_file(c, "base", out_path, err);
}

static const wg_step_kind base_kind = {
    .name = "image.base", .version = 4, .verb = "pack base", .run = base_run};

// A base that is taken as it is: all of it is read once, so that an image is never made of damaged
// data.
static wg_code verify_run(wg_step_ctx *c, wg_error *err) {
  const base_step *s = wg_ctx_user(c);
  WG_AUTO(wg_cstr) path = wg_image_host_path(s->project, s->image->base.path);
  WG_AUTO(wg_image_file) f = WG_IMAGE_FILE_INIT;
  const wg_image_base from = wg_image_base_of(&s->image->base, path);
  wg_image_verified v;
  if (wg_image_check_pin(c, &s->image->base, err) != WG_OK ||
      wg_image_file_open_base(&f, &from, err) != WG_OK ||
      wg_image_file_verify(&f, wg_ctx_cpus(c), wg_image_step_progress, c, wg_ctx_cancel(c), &v,
                           err) != WG_OK) {
    return wg_wrap(err, "base of image '%s'", s->image->name);
  }
  char text[96];
  size_t n = wg_format(text, sizeof(text), "%llu contents, %llu bytes\n",
                       (unsigned long long)v.n_blobs, (unsigned long long)v.n_bytes);
  return wg_ctx_output_bytes(c, "verified", text, n, err);
}

static const wg_step_kind verify_kind = {
    .name = "image.verify", .version = 1, .verb = "verify base", .run = verify_run};

static wg_code base_step_add(wg_graph *g, const base_step *want, const wg_step_kind *kind,
                             const char *identity, const char *what, wg_arena *memory,
                             wg_step **out, wg_error *err) {
  const wg_cfg_base *base = &want->image->base;
  bool dir = base->kind == WG_BASE_DIR;
  base_step *user = wg_arena_new(memory, base_step);
  if (user == NULL) {
    return wg_arena_fail(memory, err);
  }
  *user = *want;
  *out = wg_graph_add(g, kind, identity, user);
  wg_step_param(*out, "format", what);
  wg_step_param(*out, "name", dir ? want->image->name : "");
  wg_step_param(*out, "wim", base->wim == WG_IMAGE_DISC_BOOT ? "boot" : "");
  wg_step_param(*out, "arch", dir && want->image->arch != NULL ? want->image->arch : "");
  wg_step_param(*out, "sha256", base->sha256 != NULL ? base->sha256 : "");
  wg_image_step_need(*out, want->format);
  return wg_image_base_input(*out, want->project, base, err);
}

// Both are the same WIM of the same file.
static bool base_step_same(const base_step *a, const base_step *b) {
  const wg_cfg_base *x = &a->image->base, *y = &b->image->base;
  WG_AUTO(wg_cstr) mine = wg_image_host_path(a->project, x->path);
  WG_AUTO(wg_cstr) other = wg_image_host_path(a->project, y->path);
  return x->kind == WG_BASE_FILE && y->kind == WG_BASE_FILE &&
         (x->wim == WG_IMAGE_DISC_BOOT) == (y->wim == WG_IMAGE_DISC_BOOT) &&
         strcmp(other, mine) == 0;
}

// Adds the step, or finds the one that another image has already. The identity says which file it
// is by name; files of one name from several folders are numbered.
static wg_code base_step_get(wg_graph *g, const base_step *want, const wg_step_kind *kind,
                             const char *of, const char *what, wg_arena *memory, wg_step **out,
                             wg_error *err) {
  for (size_t i = 1;; i++) {
    WG_AUTO(wg_cstr)
    identity =
        i == 1 ? wg_xprintf("base/%s/%s", of, what) : wg_xprintf("base/%s-%zu/%s", of, i, what);
    wg_step *known = wg_graph_find(g, identity);
    if (known == NULL) {
      return base_step_add(g, want, kind, identity, what, memory, out, err);
    }
    if (base_step_same(want, wg_step_user(known))) {
      *out = known;
      return WG_OK;
    }
  }
}

wg_code wg_image_base_step(wg_graph *g, const wg_project *project, const wg_cfg_image *image,
                           wg_image_format format, bool has_format, wg_arena *memory, wg_step **out,
                           wg_error *err) {
  const base_step want = {.project = project, .image = image, .format = format};
  // A tree's image has the name of ours; what is packed of a file has nothing of ours in it.
  const char *of = image->base.kind == WG_BASE_DIR
                       ? image->name
                       : wg_path_basename(wg_mask_whole(project->mask, image->base.path));
  const char *what = has_format ? "verify" : format == WG_IMAGE_FORMAT_ESD ? "esd" : "wim";
  return base_step_get(g, &want, has_format ? &verify_kind : &base_kind, of, what, memory, out,
                       err);
}
