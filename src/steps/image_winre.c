// SPDX-License-Identifier: Apache-2.0
#include "steps/image_winre.h"

#include "image/write/write.h"
#include "steps/image_base.h"
#include "steps/image_changes.h"
#include "steps/parts.h"

#define WINRE_OF "winre: "

typedef struct winre_step {
  wg_image_winre_plan plan;
  const wg_part_plan *parts; // the graph keeps it
} winre_step;

static wg_image_options winre_options(wg_step_ctx *c, const char *out_path) {
  return (wg_image_options){.out_path = out_path,
                            .format = WG_IMAGE_FORMAT_WIM,
                            .tmp_dir = wg_ctx_tmp(c),
                            .threads = wg_ctx_cpus(c),
                            .on_progress = wg_image_step_progress,
                            .ctx = c,
                            .cancel = wg_ctx_cancel(c)};
}

// --- taken out

static wg_code take_absent(const wg_image_winre_plan *plan, wg_error *err) {
  const wg_pos *pos = &plan->image->winre.pos;
  WG_AUTO(wg_cstr) text = wg_part_winre_absent(plan->base_image);
  return wg_fail(err, WG_E_NOT_FOUND, "%s:%u:%u: images.%s.winre: %s: " WG_PART_WINRE_CURE,
                 pos->file, pos->line, pos->col, plan->image->name, text);
}

static wg_code take_run(wg_step_ctx *c, wg_error *err) {
  const winre_step *s = wg_ctx_user(c);
  const wg_cfg_base *base = &s->plan.image->base;
  WG_AUTO(wg_cstr) path = NULL;
  WG_AUTO(wg_cstr) out_path = wg_path_join(wg_ctx_tmp(c), "base");
  if (s->plan.base_step == NULL) {
    if (wg_image_check_pin(c, base, err) != WG_OK) {
      return err->code;
    }
    path = wg_image_host_path(s->plan.project, base->path);
  } else if (wg_ctx_input_path(c, "base", &path, err) != WG_OK) {
    return err->code;
  }
  wg_image_base from = wg_image_base_of(base, path);
  from.image = s->plan.base_image;
  const wg_image_options opt = winre_options(c, out_path);
  if (wg_image_take(&from, WG_PART_WINRE_PATH, &opt, err) != WG_OK) {
    return err->code == WG_E_NOT_FOUND ? take_absent(&s->plan, err)
                                       : wg_wrap(err, "image '%s'", s->plan.image->name);
  }
  return wg_ctx_output_file(c, "base", out_path, err);
}

static const wg_step_kind take_kind = {
    .name = "image.take", .version = 1, .verb = "take WinRE", .run = take_run};

// --- changed

static wg_code winre_run(wg_step_ctx *c, wg_error *err) {
  const winre_step *s = wg_ctx_user(c);
  WG_AUTO(wg_cstr) path = NULL;
  WG_AUTO(wg_cstr) out_path = wg_path_join(wg_ctx_tmp(c), "image");
  WG_AUTO(wg_buf) plan = {0};
  WG_AUTO(wg_image_result) result = {0};
  wg_buf_init(&plan, wg_heap(), 0);
  if (wg_ctx_input_path(c, "base", &path, err) != WG_OK ||
      wg_parts_job(c, s->parts, WINRE_OF, &plan, err) != WG_OK) {
    return err->code;
  }
  wg_image_options opt = winre_options(c, out_path);
  opt.trust = WG_IMAGE_VERIFY; // nobody read what is packed in it yet
  opt.plan = wg_buf_str(&plan);
  opt.time_s = s->plan.project->time_s;
  const wg_image_base base = {.kind = WG_IMAGE_BASE_WIM, .path = path};
  if (wg_image_write(&base, NULL, 0, &opt, &result, err) != WG_OK) {
    return wg_wrap(err, "Winre.wim of image '%s'", s->plan.image->name);
  }
  wg_image_tell_result(c, &result);
  wg_image_tell_changes(c, &(wg_image_told_plan){s->parts, WINRE_OF}, 1);
  return wg_ctx_output_file(c, "image", out_path, err);
}

static const wg_step_kind winre_kind = {
    .name = "image.winre", .version = 2, .verb = "write WinRE", .run = winre_run};

static wg_code winre_plan_parts(wg_graph *g, const wg_image_winre_plan *plan,
                                const wg_part_plan **out, wg_error *err) {
  const wg_cfg_image inner = wg_part_winre_image(plan->image);
  const wg_part_in in = {.image = &inner,
                         .arch = plan->arch,
                         .project_dir = plan->project->dir,
                         .release = plan->project->release,
                         .watch = plan->project->watch};
  return wg_parts_plan(g, &in, out, err);
}

static wg_code winre_take(wg_graph *g, const winre_step *user, const char *identity, wg_step **out,
                          wg_error *err) {
  const wg_image_winre_plan *plan = &user->plan;
  const wg_cfg_base *base = &plan->image->base;
  WG_AUTO(wg_cstr) of = wg_xprintf("%s/base", identity);
  wg_step *step = wg_graph_add(g, &take_kind, of, user);
  wg_step_param(step, "base/image", plan->base_image != NULL ? plan->base_image : "");
  wg_step_param(step, "base/wim", base->wim == WG_IMAGE_DISC_BOOT ? "boot" : "");
  wg_step_param(step, "path", WG_PART_WINRE_PATH);
  wg_image_step_need(step, WG_IMAGE_FORMAT_WIM);
  *out = step;
  if (plan->base_step != NULL) {
    wg_step_input_step(step, "base", plan->base_step, plan->base_output);
    return WG_OK;
  }
  wg_step_param(step, "base/sha256", base->sha256 != NULL ? base->sha256 : "");
  return wg_image_base_input(step, plan->project, base, err);
}

wg_code wg_image_winre_step(wg_graph *g, const wg_image_winre_plan *plan, wg_step **out,
                            wg_error *err) {
  const char *index = plan->image->index;
  WG_AUTO(wg_cstr)
  identity = wg_xprintf("image/%s/winre%s%s", plan->image->name, index != NULL ? "/" : "",
                        index != NULL ? index : "");
  WG_AUTO(wg_cstr) time = wg_xprintf("%lld", (long long)plan->project->time_s);
  wg_step *take = NULL;
  winre_step *user = wg_arena_new(plan->memory, winre_step);
  if (user == NULL) {
    return wg_arena_fail(plan->memory, err);
  }
  user->plan = *plan;
  if (winre_plan_parts(g, plan, &user->parts, err) != WG_OK ||
      winre_take(g, user, identity, &take, err) != WG_OK) {
    return err->code;
  }
  *out = wg_graph_add(g, &winre_kind, identity, user);
  wg_step_param(*out, "time", time);
  wg_step_input_step(*out, "base", take, "base");
  wg_parts_add_to_step(g, *out, user->parts, WINRE_OF);
  wg_image_step_need(*out, WG_IMAGE_FORMAT_WIM);
  return WG_OK;
}
