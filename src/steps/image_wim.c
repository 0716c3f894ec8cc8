// SPDX-License-Identifier: Apache-2.0
#include "steps/image_wim.h"
#include "steps/image_changes.h"

#include <string.h>

#include "image/synthetic/synthetic.h"
#include "image/write/write.h"
#include "os/proc.h"
#include "steps/image_base.h"
#include "steps/image_split.h"
#include "steps/image_synthetic.h"
#include "steps/image_winre.h"
#include "steps/parts.h"

// What run() needs of the plan; lives in the project's memory.
typedef struct image_part { // of one image of the base
  const wg_cfg_image *image;
  const wg_part_plan *parts; // the graph keeps it
  const char *base_image;    // which one, as the base knows it; NULL: it has just one
  const char *of;            // "index 2: ", "" without indexes
} image_part;
typedef struct image_step {
  const wg_project *project;
  const wg_cfg_image *image;
  image_part *ones;
  size_t n_ones;
  wg_image_format format;
  bool packed; // the base is a step's output, in this format already (a synthetic one: a WIM)
  bool big;    // the file lives in out/ only; else (an image to be split) in the store
} image_step;

// Where the base is read: what the base step packed, or the user's own.
static wg_code image_open_base(wg_step_ctx *c, const image_step *s, char **out_path,
                               wg_image_base *out, wg_error *err) {
  const wg_cfg_base *base = &s->image->base;
  if (!s->packed) {
    if (wg_image_check_pin(c, base, err) != WG_OK) {
      return err->code;
    }
    *out_path = wg_image_host_path(s->project, base->path);
  } else if (wg_ctx_input_path(c, "base", out_path, err) != WG_OK) {
    return err->code;
  }
  *out = wg_image_base_of(base, *out_path);
  if (s->packed && base->kind == WG_BASE_DIR) {
    *out = (wg_image_base){.kind = WG_IMAGE_BASE_WIM, .path = *out_path};
  }
  if (s->packed && base->kind == WG_BASE_FILE) {
    out->wim = WG_IMAGE_DISC_ANY; // what was chosen of the ISO is all of it
  }
  if (base->kind != WG_BASE_DIR) {
    out->image = s->image->n_indexes > 0 ? NULL : s->ones[0].base_image;
  }
  return WG_OK;
}

// Which images there are in the file, and which of them are as they were.
static void image_images_fact(wg_step_ctx *c, const image_step *s, const wg_image_result *r) {
  size_t kept = r->n_images > s->n_ones ? r->n_images - s->n_ones : 0;
  if (s->image->n_indexes == 0) {
    return;
  }
  wg_ctx_fact_u64(c, "images_serviced", s->n_ones);
  wg_ctx_fact_u64(c, "images_kept", kept);
  if (kept > 0) {
    wg_ctx_noted(c,
                 "images of the base that 'indexes' does not name are kept as they were: %zu of %u",
                 kept, (unsigned)r->n_images);
  }
}

typedef struct image_plans { // texts for the worker, one for each image
  wg_buf *v;
  size_t n;
} image_plans;
static void image_plans_done(image_plans *p) {
  for (size_t i = 0; i < p->n; i++) {
    wg_buf_done(&p->v[i]);
  }
  wg_xfree(p->v);
}
WG_DEFINE_AUTO(image_plans, image_plans_done);

static wg_image_names image_names(const wg_cfg_names *n) {
  return (wg_image_names){n->name.text, n->description.text, n->display_name.text,
                          n->display_description.text};
}

// Fills in what is done to which image.
static wg_code image_picks(wg_step_ctx *c, const image_step *s, image_plans *plans,
                           wg_image_options *opt, wg_error *err) {
  wg_image_pick *picks = wg_arena_new_array(wg_ctx_arena(c), wg_image_pick, s->n_ones);
  wg_assert(picks != NULL);
  plans->v = wg_xarray(s->n_ones, sizeof(*plans->v));
  for (size_t i = 0; i < s->n_ones; i++) {
    const image_part *one = &s->ones[i];
    wg_buf *text = &plans->v[plans->n++];
    wg_buf_init(text, wg_heap(), 0);
    if (wg_parts_job(c, one->parts, one->of, text, err) != WG_OK) {
      return err->code;
    }
    picks[i] = (wg_image_pick){one->base_image, wg_buf_str(text), image_names(&one->image->names)};
  }
  if (s->image->n_indexes > 0) {
    opt->picks = picks;
    opt->n_picks = s->n_ones;
  } else {
    opt->plan = picks[0].plan;
    opt->names = picks[0].names;
  }
  return WG_OK;
}

static void image_changes(wg_step_ctx *c, const image_step *s) {
  wg_image_told_plan *told = wg_arena_new_array(wg_ctx_arena(c), wg_image_told_plan, s->n_ones);
  wg_assert(told != NULL);
  for (size_t i = 0; i < s->n_ones; i++) {
    told[i] = (wg_image_told_plan){s->ones[i].parts, s->ones[i].of};
  }
  wg_image_tell_changes(c, told, s->n_ones);
}

static wg_code image_write(wg_step_ctx *c, const image_step *s, const wg_image_base *base,
                           wg_error *err) {
  WG_AUTO(wg_cstr) out_path = NULL;
  WG_AUTO(image_plans) plans = {0};
  if (!s->big) {
    out_path = wg_path_join(wg_ctx_tmp(c), "image");
  } else if (wg_ctx_output_big_path(c, "image", &out_path, err) != WG_OK) {
    return err->code;
  }
  wg_image_options opt = {.out_path = out_path,
                          .format = s->format,
                          .trust =
                              WG_IMAGE_VERIFIED, // by the base's step, unless all is packed anew
                          .compact = s->image->compact,
                          .retime = s->packed && s->image->base.kind == WG_BASE_DIR,
                          .tmp_dir = wg_ctx_tmp(c),
                          .packed_at = wg_ctx_may_keep(c) ? wg_store_root(wg_ctx_store(c)) : NULL,
                          .name = s->image->name,
                          .threads = wg_ctx_cpus(c),
                          .time_s = s->project->time_s,
                          .arch = s->image->arch,
                          .on_progress = wg_image_step_progress,
                          .ctx = c,
                          .cancel = wg_ctx_cancel(c)};
  WG_AUTO(wg_image_result) result = {0};
  if (image_picks(c, s, &plans, &opt, err) != WG_OK ||
      wg_image_write(base, NULL, 0, &opt, &result, err) != WG_OK) {
    return err->code;
  }
  wg_image_tell_result(c, &result);
  wg_image_base_tell(c, &s->image->base, !s->packed);
  image_images_fact(c, s, &result);
  image_changes(c, s);
  return s->big ? WG_OK : wg_ctx_output_file(c, "image", out_path, err);
}

static wg_code image_run(wg_step_ctx *c, wg_error *err) {
  const image_step *s = wg_ctx_user(c);
  WG_AUTO(wg_cstr) base_path = NULL;
  wg_image_base base;
  if (image_open_base(c, s, &base_path, &base, err) != WG_OK ||
      image_write(c, s, &base, err) != WG_OK) {
    return wg_wrap(err, "image '%s'", s->image->name);
  }
  return WG_OK;
}

static const wg_step_kind image_kind = {
    .name = "image.write", .version = 5, .verb = "write image", .run = image_run};

// The step that makes the base; none: it is the host's.
typedef struct image_from {
  wg_step *step;
  const char *output;
} image_from;

// Of an image of the project: the file that its outputs are made of in the end, in the format that
// they all have or else as a WIM.
static wg_code image_from_image(wg_graph *g, const wg_image_plan *plan, image_from *out,
                                wg_error *err) {
  const wg_cfg_base *base = &plan->image->base;
  bool esd = base->of_kind < 0 || base->of_kind == WG_OUTPUT_ESD;
  for (size_t i = 0; base->of_kind < 0 && i < plan->image->n_outputs; i++) {
    esd = esd && plan->image->outputs[i].kind == WG_OUTPUT_ESD;
  }
  WG_AUTO(wg_cstr) wanted = wg_xprintf("image/%s/%s", base->of, esd ? "esd" : "wim");
  WG_AUTO(wg_cstr) other = wg_xprintf("image/%s/%s", base->of, esd ? "wim" : "esd");
  out->step = wg_graph_find(g, wanted);
  out->step = out->step != NULL ? out->step : wg_graph_find(g, other);
  out->output = "image";
  return out->step != NULL ? WG_OK : wg_fail(err, WG_E_BUG, "nothing makes image '%s'", base->of);
}

static wg_code image_from_step(wg_graph *g, const wg_image_plan *plan, image_from *out,
                               wg_error *err) {
  const wg_cfg_base *base = &plan->image->base;
  out->output = "base";
  switch (base->kind) {
  case WG_BASE_SYNTHETIC:
    return wg_image_synthetic_step(g, base->path, plan->ones[0].arch, base->state, plan->memory,
                                   &out->step, err);
  case WG_BASE_IMAGE:
    return image_from_image(g, plan, out, err);
  case WG_BASE_FILE:
  case WG_BASE_DIR:
    break;
  }
  return WG_OK;
}

static const char *const format_names[] = {"wim", "esd"};

static wg_code image_add_base(wg_graph *g, wg_step *step, image_step *user,
                              const wg_image_plan *plan, const image_from *from, wg_error *err) {
  static const char *const kinds[] = {[WG_BASE_FILE] = "file",
                                      [WG_BASE_DIR] = "dir",
                                      [WG_BASE_SYNTHETIC] = "synthetic",
                                      [WG_BASE_IMAGE] = "image"};
  const wg_cfg_base *base = &user->image->base;
  bool has_format = plan->ones[0].base.has_format[user->format];
  wg_step *before = NULL;
  wg_step_param(step, "base/kind", kinds[base->kind]);
  wg_step_param(step, "base/wim", base->wim == WG_IMAGE_DISC_BOOT ? "boot" : "");
  if (from->step != NULL) { // a file of ours, taken as it is whatever the output is
    user->packed = true;
    wg_step_input_step(step, "base", from->step, from->output);
    return WG_OK;
  }
  // What is packed anew is checked as it is read.
  if (!user->image->compact &&
      wg_image_base_step(g, user->project, user->image, user->format, has_format, plan->memory,
                         &before, err) != WG_OK) {
    return err->code;
  }
  user->packed = before != NULL && !has_format;
  if (user->packed) {
    wg_step_input_step(step, "base", before, "base");
    return WG_OK;
  }
  if (before != NULL) {
    wg_step_input_step(step, "base-verified", before, "verified");
  }
  wg_step_param(step, "base/sha256", base->sha256 != NULL ? base->sha256 : "");
  return wg_image_base_input(step, user->project, base, err);
}

// What is done to one image, as parameters and records of the step.
static void image_add_one(wg_graph *g, wg_step *step, const image_part *one, const char *arch) {
  const wg_cfg_names *n = &one->image->names;
  const struct {
    const char *name, *value;
  } params[] = {{"base/image", one->base_image != NULL ? one->base_image : ""},
                {"arch", arch},
                {"name/NAME", n->name.text},
                {"name/DESCRIPTION", n->description.text},
                {"name/DISPLAYNAME", n->display_name.text},
                {"name/DISPLAYDESCRIPTION", n->display_description.text}};
  for (size_t i = 0; i < WG_ARRAY_LEN(params); i++) {
    if (params[i].value != NULL) {
      WG_AUTO(wg_cstr) name = wg_xprintf("%s%s", one->of, params[i].name);
      wg_step_param(step, name, params[i].value);
    }
  }
  wg_parts_add_to_step(g, step, one->parts, one->of);
}

static wg_code image_add(wg_graph *g, const wg_image_plan *plan, const image_part *ones,
                         const image_from *from, wg_output_kind kind, wg_step **out,
                         wg_error *err) {
  image_step *user = wg_arena_new(plan->memory, image_step);
  image_part *copy = wg_arena_new_array(plan->memory, image_part, plan->n_ones);
  if (user == NULL || copy == NULL) {
    return wg_arena_fail(plan->memory, err);
  }
  const wg_cfg_image *image = plan->image;
  for (size_t i = 0; i < plan->n_ones; i++) {
    copy[i] = ones[i];
  }
  *user = (image_step){.project = plan->project,
                       .image = image,
                       .ones = copy,
                       .n_ones = plan->n_ones,
                       .format = kind == WG_OUTPUT_ESD ? WG_IMAGE_FORMAT_ESD : WG_IMAGE_FORMAT_WIM};
  const char *name = format_names[user->format];
  WG_AUTO(wg_cstr) identity = wg_xprintf("image/%s/%s", image->name, name);
  WG_AUTO(wg_cstr) out_path = wg_xprintf("%s/%s.%s", plan->project->out_dir, image->name, name);
  WG_AUTO(wg_cstr) time = wg_xprintf("%lld", (long long)plan->project->time_s);
  wg_step *step = wg_graph_add(g, &image_kind, identity, user);
  wg_step_param(step, "name", image->name);
  wg_step_param(step, "time", time);
  wg_step_param(step, "format", name);
  wg_step_param(step, "compact", image->compact ? "yes" : "no");
  if (image_add_base(g, step, user, plan, from, err) != WG_OK) {
    return err->code;
  }
  for (size_t i = 0; i < user->n_ones; i++) {
    image_add_one(g, step, &user->ones[i], plan->ones[i].arch);
  }
  wg_image_step_need(step, user->format);
  for (size_t i = 0; i < image->n_outputs; i++) {
    user->big = user->big || image->outputs[i].kind == kind;
  }
  if (user->big) {
    wg_step_publish(step, "image", out_path, 0644, true);
  }
  *out = step;
  return WG_OK;
}

// What the parts plan for an image of the base, once for all outputs; the graph keeps it.
static wg_code image_plan_parts(wg_graph *g, const wg_image_plan *plan, const wg_image_one *one,
                                const image_from *from, image_part *out, wg_error *err) {
  const wg_part_plan *parts = NULL;
  wg_step *winre = NULL;
  const wg_image_winre_plan inner = {.project = plan->project,
                                     .image = one->image,
                                     .base_image = one->base_image,
                                     .arch = one->arch,
                                     .base_step = from->step,
                                     .base_output = from->output,
                                     .memory = plan->memory};
  if (one->image->winre.present && wg_image_winre_step(g, &inner, &winre, err) != WG_OK) {
    return err->code;
  }
  const wg_part_in in = {.image = one->image,
                         .arch = one->arch,
                         .project_dir = plan->project->dir,
                         .release = plan->project->release,
                         .app_steps = one->app_steps,
                         .winre_step = winre != NULL ? wg_step_identity(winre) : NULL,
                         .watch = plan->project->watch};
  if (wg_parts_plan(g, &in, &parts, err) != WG_OK) {
    return err->code;
  }
  const char *index = one->image->index;
  const char *of = index == NULL ? "" : wg_arena_printf(plan->memory, "index %s: ", index);
  if (of == NULL) {
    return wg_arena_fail(plan->memory, err);
  }
  *out = (image_part){.image = one->image, .parts = parts, .base_image = one->base_image, .of = of};
  return WG_OK;
}

// made: by format, the WIM and the ESD that outputs share.
static wg_code image_add_output(wg_graph *g, const wg_image_plan *plan, image_part *ones,
                                const image_from *from, const wg_cfg_output *o, wg_step *made[2],
                                wg_error *err) {
  wg_output_kind kind = o->kind == WG_OUTPUT_SWM ? WG_OUTPUT_WIM : o->kind;
  wg_step **step = &made[kind == WG_OUTPUT_ESD ? 1 : 0];
  if (*step == NULL && image_add(g, plan, ones, from, kind, step, err) != WG_OK) {
    return err->code;
  }
  wg_step *last = *step;
  if (o->kind == WG_OUTPUT_SWM && wg_image_split_step(g, plan, o, *step, &last, err) != WG_OK) {
    return err->code;
  }
  if (plan->alias) {
    wg_step_alias(last, plan->image->name);
  }
  return WG_OK;
}

wg_code wg_image_add_steps(wg_graph *g, const wg_image_plan *plan, wg_error *err) {
  wg_step *made[2] = {NULL, NULL};
  image_from from = {.step = NULL};
  image_part *ones = wg_arena_new_array(plan->memory, image_part, plan->n_ones);
  if (ones == NULL) {
    return wg_arena_fail(plan->memory, err);
  }
  if (image_from_step(g, plan, &from, err) != WG_OK) {
    return err->code;
  }
  for (size_t i = 0; i < plan->n_ones; i++) {
    if (image_plan_parts(g, plan, &plan->ones[i], &from, &ones[i], err) != WG_OK) {
      return err->code;
    }
  }
  if (plan->image->into != NULL) { // its own file is on the way only: image_into.h
    wg_output_kind kind =
        wg_str_ends(wg_str_of(plan->image->into), ".esd") ? WG_OUTPUT_ESD : WG_OUTPUT_WIM;
    return image_add(g, plan, ones, &from, kind, &made[0], err);
  }
  for (size_t i = 0; i < plan->image->n_outputs; i++) {
    if (image_add_output(g, plan, ones, &from, &plan->image->outputs[i], made, err) != WG_OK) {
      return err->code;
    }
  }
  return WG_OK;
}
