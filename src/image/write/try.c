// SPDX-License-Identifier: Apache-2.0
// Changes tried on a base's image: what a build would refuse, known without one.
#include "image/file/file.h"
#include "image/tree/edit.h"
#include "image/write/job.h"
#include "image/write/worker.h"

wg_code wg_image_do_try(const wg_image_job *job, wg_image_result *out, wg_error *err) {
  const wg_image_planner *planner = job->opt.planner;
  if (job->opt.plan.n > 0) {
    if (planner == NULL) {
      return wg_fail(err, WG_E_USAGE, "a plan, and nobody who can read it");
    }
    return planner->refuses(planner->ctx, &job->base, &job->opt, out, err);
  }
  WG_AUTO(wg_arena) arena = {0};
  WG_AUTO(wg_buf) bytes = {0};
  WG_AUTO(wg_image_file) file = WG_IMAGE_FILE_INIT;
  wg_winpath *paths = NULL;
  wg_wim_tree tree;
  uint32_t image = 0;
  size_t n_extra = 0;
  wg_arena_init(&arena, wg_heap(), (size_t)8 << 30);
  wg_buf_init(&bytes, wg_heap(), (size_t)1 << 31);
  if (wg_image_edit_paths(job->changes, job->n_changes, &arena, &paths, &n_extra, err) != WG_OK ||
      wg_image_file_open_base(&file, &job->base, err) != WG_OK ||
      wg_image_file_find(&file, job->base.image, &image, err) != WG_OK ||
      wg_image_file_check(&file, image, err) != WG_OK ||
      wg_image_file_tree(&file, image, &arena, n_extra, &bytes, &tree, err) != WG_OK) {
    return err->code;
  }
  wg_image_edit edit = {.tree = &tree,
                        .arena = &arena,
                        .changes = job->changes,
                        .n_changes = job->n_changes,
                        .result = out,
                        .tries = true};
  return wg_image_edit_apply(&edit, paths, err);
}

wg_code wg_image_try(const wg_image_base *base, const wg_image_change *changes, size_t n_changes,
                     bool in_process, const wg_cancel *cancel, wg_image_result *out,
                     wg_error *err) {
  const wg_image_job job = {.base = *base,
                            .changes = changes,
                            .n_changes = n_changes,
                            .opt = {.threads = 1, .cancel = cancel},
                            .tries = true};
  WG_AUTO(wg_image_result) result = {0};
  wg_code code =
      in_process ? wg_image_do_try(&job, &result, err) : wg_image_worker_call(&job, &result, err);
  if (code != WG_OK) {
    return code;
  }
  *out = result;
  result = (wg_image_result){0};
  return WG_OK;
}

wg_code wg_image_try_plan(const wg_image_base *base, wg_str plan, const char *packed_at,
                          const wg_cancel *cancel, wg_image_result *out, wg_error *err) {
  const wg_image_job job = {
      .base = *base,
      .opt = {.threads = 1, .plan = plan, .packed_at = packed_at, .cancel = cancel},
      .tries = true};
  return wg_image_worker_call(&job, out, err);
}
