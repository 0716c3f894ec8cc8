// SPDX-License-Identifier: Apache-2.0
#include "steps/image_split.h"

#include "image/move/split.h"
#include "steps/image_base.h"

#define SPLIT_PART_BYTES ((uint64_t)3800 << 20) // a file on FAT32 is smaller than 4 GiB
#define SPLIT_MAX_PARTS 100u

typedef struct split_step {
  uint64_t part_bytes;
} split_step;

static char *split_output(uint32_t part) {
  return wg_xprintf("part-%03u", (unsigned)part);
}

static wg_code split_run(wg_step_ctx *c, wg_error *err) {
  const split_step *s = wg_ctx_user(c);
  WG_AUTO(wg_cstr) wim = NULL;
  WG_AUTO(wg_cstr) first = wg_path_join(wg_ctx_tmp(c), "part.swm");
  WG_AUTO(wg_image_split_result) parts = {0};
  const wg_image_split_options opt = {.part_bytes = s->part_bytes,
                                      .trust = WG_IMAGE_VERIFIED, // the step before read it back
                                      .threads = wg_ctx_cpus(c),
                                      .on_progress = wg_image_step_progress,
                                      .ctx = c,
                                      .cancel = wg_ctx_cancel(c)};
  if (wg_ctx_input_path(c, "image", &wim, err) != WG_OK ||
      wg_image_split(wim, first, &opt, &parts, err) != WG_OK) {
    return err->code;
  }
  if (parts.n_parts > SPLIT_MAX_PARTS) {
    return wg_fail(err, WG_E_LIMIT,
                   "%u parts of %llu bytes, more than %u: give a larger size in 'outputs'",
                   (unsigned)parts.n_parts, (unsigned long long)s->part_bytes, SPLIT_MAX_PARTS);
  }
  if (parts.n_too_large > 0) {
    wg_ctx_warn(c,
                "%u of %u parts are larger than %llu bytes (the largest has %llu): the packed "
                "content of one file can't be divided",
                (unsigned)parts.n_too_large, (unsigned)parts.n_parts,
                (unsigned long long)s->part_bytes, (unsigned long long)parts.largest_bytes);
  }
  for (uint32_t i = 0; i < parts.n_parts; i++) {
    WG_AUTO(wg_cstr) name = split_output(i + 1);
    if (wg_ctx_output_file(c, name, parts.paths[i], err) != WG_OK) {
      return err->code;
    }
  }
  return WG_OK;
}

static const wg_step_kind split_kind = {
    .name = "image.split", .version = 1, .verb = "split image", .run = split_run};

wg_code wg_image_split_step(wg_graph *g, const wg_image_plan *plan, const wg_cfg_output *output,
                            wg_step *wim, wg_step **out, wg_error *err) {
  split_step *user = wg_arena_new(plan->memory, split_step);
  if (user == NULL) {
    return wg_arena_fail(plan->memory, err);
  }
  user->part_bytes = output->part_bytes != 0 ? output->part_bytes : SPLIT_PART_BYTES;
  WG_AUTO(wg_cstr) identity = wg_xprintf("image/%s/swm", plan->image->name);
  WG_AUTO(wg_cstr)
  first = wg_xprintf("%s/%s.swm", plan->project->out_dir, plan->image->name);
  WG_AUTO(wg_cstr) size = wg_xprintf("%llu", (unsigned long long)user->part_bytes);
  wg_step *step = wg_graph_add(g, &split_kind, identity, user);
  wg_step_param(step, "part_bytes", size);
  wg_step_input_step(step, "image", wim, "image");
  for (uint32_t i = 1; i <= SPLIT_MAX_PARTS; i++) {
    WG_AUTO(wg_cstr) name = split_output(i);
    WG_AUTO(wg_cstr) path = wg_image_part_path(first, i);
    if (i == 1) {
      wg_step_publish(step, name, path, 0644, false);
    } else {
      wg_step_publish_optional(step, name, path, 0644);
    }
  }
  *out = step;
  return WG_OK;
}
