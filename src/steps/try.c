// SPDX-License-Identifier: Apache-2.0
#include "steps/try.h"

#include <string.h>

#include "config/cfg.h"
#include "image/write/write.h"
#include "steps/image_base.h"
#include "steps/parts.h"

static wg_code try_path(void *ctx, const wg_part_input *in, char **out, wg_error *err) {
  (void)ctx;
  (void)err;
  *out = wg_xstrdup(in->kind == WG_PART_INPUT_STEP ? "" : in->path); // of a step: nothing reads it
  return WG_OK;
}

static wg_code try_secret(void *ctx, const wg_secret *secret, wg_buf *out, wg_error *err) {
  (void)ctx;
  (void)secret;
  (void)out;
  (void)err;
  return WG_OK; // nobody is asked
}

// "wingo.yaml:7:5" as a place. False when it is none.
static bool try_pos(wg_cfg *c, const char *origin, wg_pos *out) {
  uint64_t line = 0, col = 0;
  size_t n = strlen(origin), colon[2] = {0};
  for (size_t i = 0; i < WG_ARRAY_LEN(colon); i++) {
    while (n > 0 && origin[n - 1] != ':') {
      n--;
    }
    if (n == 0) {
      return false;
    }
    colon[i] = --n;
  }
  if (!wg_parse_u64((wg_str){origin + colon[1] + 1, colon[0] - colon[1] - 1}, &line) ||
      !wg_parse_u64(wg_str_of(origin + colon[0] + 1), &col) || line > UINT32_MAX ||
      col > UINT32_MAX) {
    return false;
  }
  *out = (wg_pos){wg_cfg_printf(c, "%.*s", (int)colon[1], origin), (uint32_t)line, (uint32_t)col};
  return true;
}

// What holds for all indexes is refused by each of them, and told once.
static bool try_is_told(const wg_cfg *c, wg_pos pos, const char *text) {
  size_t n = 0;
  const wg_cfg_fault *faults = wg_cfg_faults(c, &n);
  for (size_t i = 0; i < n; i++) {
    if (faults[i].pos.line == pos.line && faults[i].pos.col == pos.col &&
        strcmp(faults[i].text, text) == 0) {
      return true;
    }
  }
  return false;
}

static void try_tell(wg_cfg *c, const wg_cfg_image *image, const wg_image_result *result) {
  for (size_t i = 0; i < result->n_refused; i++) {
    const wg_image_refused *r = &result->refused[i];
    const char *origin = r->origin == NULL ? "" : r->origin;
    wg_pos pos = image->pos;
    bool placed = try_pos(c, origin, &pos);
    const char *text = wg_cfg_printf(c, "images.%s: %s%s%s", image->name, placed ? "" : origin,
                                     placed || origin[0] == '\0' ? "" : ": ", r->text);
    if (!try_is_told(c, pos, text)) {
      wg_cfg_error(c, pos, text, NULL);
    }
  }
}

static wg_code try_plan(const wg_project *p, const wg_cfg_image *one, wg_buf *out, wg_error *err) {
  WG_AUTO_PTR(wg_part_plan) plan = NULL;
  const wg_part_source from = {.path = try_path, .secret = try_secret};
  // NOLINTNEXTLINE(bugprone-sizeof-expression): of pointers
  const char **app_steps = wg_xarray(one->n_apps + 1, sizeof(*app_steps));
  for (size_t i = 0; i < one->n_apps; i++) {
    app_steps[i] = one->apps[i].app;
  }
  const wg_part_in in = {.image = one,
                         .arch = one->arch != NULL ? one->arch : one->arch_found,
                         .project_dir = p->dir,
                         .release = p->release,
                         .app_steps = app_steps,
                         .watch = p->watch};
  wg_code code = wg_part_plan_all(&wg_image_parts, &in, &plan, err);
  wg_xfree(app_steps);
  return code == WG_OK ? wg_part_plan_job(plan, &from, out, err) : code;
}

static void try_one(wg_cfg *c, const wg_project *p, const wg_cfg_image *image,
                    const wg_cfg_image *one, wg_store *store) {
  bool found = one->base.kind == WG_BASE_FILE && one->base_image != NULL;
  if ((!found && one->base.kind != WG_BASE_DIR) || one->base.path == NULL) {
    return;
  }
  WG_AUTO(wg_cstr) path = wg_image_host_path(p, one->base.path);
  WG_AUTO(wg_buf) text = {0};
  WG_AUTO(wg_image_result) result = {0};
  wg_error ignored = WG_ERROR_INIT;
  wg_image_base base = wg_image_base_of(&one->base, path);
  base.image = found ? one->base_image : NULL;
  wg_buf_init(&text, wg_heap(), 0);
  if (try_plan(p, one, &text, &ignored) == WG_OK && wg_buf_check(&text, &ignored) == WG_OK &&
      wg_image_try_plan(&base, wg_buf_str(&text), store == NULL ? NULL : wg_store_root(store),
                        p->watch == NULL ? NULL : p->watch->cancel, &result, &ignored) == WG_OK) {
    try_tell(c, image, &result);
  }
}

wg_code wg_project_try(wg_cfg *c, const wg_project *p, wg_store *store, wg_error *err) {
  size_t before = c->n_errors;
  for (size_t i = 0; i < p->n_images; i++) {
    const wg_cfg_image *image = &p->images[i];
    for (size_t k = 0; k < image->n_serviced; k++) {
      try_one(c, p, image, &image->serviced[k], store);
    }
  }
  wg_cfg_sort_faults(c);
  return c->n_errors == before ? WG_OK : wg_cfg_fail_faulty(c, c->sources[0], err);
}
