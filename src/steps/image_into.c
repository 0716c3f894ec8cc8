// SPDX-License-Identifier: Apache-2.0
#include "steps/image_into.h"

#include <string.h>

#include "image/part/part.h"
#include "image/write/write.h"
#include "steps/image_base.h"

typedef struct into_one { // an image of the file
  const char *label;      // of the input that has it
  const char *image;      // which one there
  const wg_cfg_image *of; // for messages
} into_one;

typedef struct into_step {
  const char *file;
  wg_image_format format;
  into_one *ones; // in the order of the project file
  size_t n_ones;
} into_step;

const char *wg_image_in_output(const wg_image_one *one, wg_arena *memory) {
  if (one->image->names.name.text != NULL) {
    return one->image->names.name.text;
  }
  if (one->base.image > 0) {
    return wg_arena_printf(memory, "%u", (unsigned)one->base.image);
  }
  return one->base_image != NULL ? one->base_image : "1";
}

// Fills in the at-th image; memory is that of the run.
static wg_code into_add(wg_step_ctx *c, const into_step *s, size_t at, wg_image_gather *out,
                        wg_error *err) {
  const into_one *one = &s->ones[at];
  const wg_pos *pos = &one->of->into_pos;
  WG_AUTO(wg_cstr) from = NULL;
  if (wg_ctx_input_path(c, one->label, &from, err) != WG_OK) {
    return err->code;
  }
  wg_arena *m = wg_ctx_arena(c);
  *out = (wg_image_gather){
      .from = wg_arena_strdup(m, from),
      .image = one->image,
      .name = wg_arena_printf(m, "image '%s' into %s", one->of->name, s->file),
      .clash = wg_arena_printf(m,
                               "%s:%u:%u: image '%s' would have the name of another image in %s: "
                               "give it a 'name' of its own",
                               pos->file, pos->line, pos->col, one->of->name, s->file)};
  return out->from == NULL || out->name == NULL || out->clash == NULL ? wg_arena_fail(m, err)
                                                                      : WG_OK;
}

static wg_code into_run(wg_step_ctx *c, wg_error *err) {
  const into_step *s = wg_ctx_user(c);
  WG_AUTO(wg_cstr) out_path = NULL;
  WG_AUTO(wg_image_result) result = {0};
  wg_image_gather *v = wg_arena_new_array(wg_ctx_arena(c), wg_image_gather, s->n_ones);
  wg_assert(v != NULL);
  if (wg_ctx_output_big_path(c, "image", &out_path, err) != WG_OK) {
    return err->code;
  }
  for (size_t i = 0; i < s->n_ones; i++) {
    if (into_add(c, s, i, &v[i], err) != WG_OK) {
      return err->code;
    }
  }
  const wg_image_options opt = {.out_path = out_path,
                                .format = s->format,
                                .trust = WG_IMAGE_VERIFIED, // all were read back
                                .threads = wg_ctx_cpus(c),
                                .on_progress = wg_image_step_progress,
                                .ctx = c,
                                .cancel = wg_ctx_cancel(c)};
  if (wg_image_gather_all(v, s->n_ones, &opt, &result, err) != WG_OK) {
    return err->code;
  }
  wg_ctx_fact_u64(c, "images", result.n_images);
  wg_ctx_fact_u64(c, "out_bytes", result.out_bytes);
  wg_ctx_fact_u64(c, "files_deduplicated", result.n_dedup);
  wg_ctx_fact_u64(c, "bytes_deduplicated", result.dedup_bytes);
  return WG_OK;
}

static const wg_step_kind into_kind = {
    .name = "image.into", .version = 1, .verb = "join images", .run = into_run};

static const char *into_format(const char *file) {
  return wg_str_ends(wg_str_of(file), ".esd") ? "esd" : "wim";
}

// The images that img, the at-th of the project, changes, as those of the step.
static wg_code into_image(wg_graph *g, wg_step *step, into_step *user, const wg_cfg_image *img,
                          size_t at, const wg_image_one *ones, wg_arena *memory, wg_error *err) {
  WG_AUTO(wg_cstr) identity = wg_xprintf("image/%s/%s", img->name, into_format(img->into));
  WG_AUTO(wg_cstr) origin = wg_part_origin(img->into_pos);
  const char *label = wg_arena_printf(memory, "image %zu", at);
  wg_step *dep = wg_graph_find(g, identity);
  wg_assert(dep != NULL);
  if (label == NULL) {
    return wg_arena_fail(memory, err);
  }
  wg_step_input_step(step, label, dep, "image");
  for (size_t i = 0; i < img->n_serviced; i++) {
    const char *image = wg_image_in_output(&ones[i], memory);
    if (image == NULL) {
      return wg_arena_fail(memory, err);
    }
    WG_AUTO(wg_cstr) name = wg_xprintf("%zu", user->n_ones + 1);
    WG_AUTO(wg_cstr) value = wg_xprintf("%s of %s", image, label);
    wg_step_record(step, name, value, origin);
    user->ones[user->n_ones++] = (into_one){label, image, img};
  }
  return WG_OK;
}

// The step of the file that the first-th image of the project is the first of.
static wg_code into_file(wg_graph *g, const wg_project *p, size_t first,
                         const wg_image_one *const *ones, const bool *alias, wg_arena *memory,
                         wg_error *err) {
  const char *file = p->images[first].into;
  size_t n = 0;
  for (size_t i = first; i < p->n_images; i++) {
    n += p->images[i].n_serviced;
  }
  into_step *user = wg_arena_new(memory, into_step);
  into_one *list = wg_arena_new_array(memory, into_one, n);
  if (user == NULL || list == NULL) {
    return wg_arena_fail(memory, err);
  }
  bool esd = strcmp(into_format(file), "esd") == 0;
  *user = (into_step){
      .file = file, .format = esd ? WG_IMAGE_FORMAT_ESD : WG_IMAGE_FORMAT_WIM, .ones = list};
  WG_AUTO(wg_cstr) identity = wg_xprintf("image/%s", file);
  WG_AUTO(wg_cstr) out_path = wg_xprintf("%s/%s", p->out_dir, file);
  wg_step *step = wg_graph_add(g, &into_kind, identity, user);
  wg_step_param(step, "format", into_format(file));
  for (size_t i = first, at = 1; i < p->n_images; i++) {
    const wg_cfg_image *img = &p->images[i];
    if (img->into == NULL || strcmp(img->into, file) != 0) {
      continue;
    }
    if (into_image(g, step, user, img, at++, ones[i], memory, err) != WG_OK) {
      return err->code;
    }
    WG_AUTO(wg_cstr) target = wg_xprintf("image/%s", img->name);
    wg_step_alias(step, target);
    if (alias[i]) {
      wg_step_alias(step, img->name);
    }
  }
  wg_image_step_need(step, user->format);
  wg_step_publish(step, "image", out_path, 0644, true);
  return WG_OK;
}

wg_code wg_image_into_steps(wg_graph *g, const wg_project *project, const wg_image_one *const *ones,
                            const bool *alias, wg_arena *memory, wg_error *err) {
  for (size_t i = 0; i < project->n_images; i++) {
    const char *file = project->images[i].into;
    bool known = file == NULL;
    for (size_t k = 0; k < i && !known; k++) {
      known = project->images[k].into != NULL && strcmp(project->images[k].into, file) == 0;
    }
    if (!known && into_file(g, project, i, ones, alias, memory, err) != WG_OK) {
      return err->code;
    }
  }
  return WG_OK;
}
