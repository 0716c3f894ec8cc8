// SPDX-License-Identifier: Apache-2.0
#include "steps/parts.h"

#include "driver/inject/inject.h"
#include "steps/secret.h"

// A new part is a line here. In the order of their numbers.
static const wg_image_part *const parts[] = {
    &wg_part_files, &wg_part_apps,    &wg_part_shortcuts,
    &wg_part_winre, &wg_part_drivers, &wg_part_registry,
};

const wg_part_table wg_image_parts = {.parts = parts, .n_parts = WG_ARRAY_LEN(parts)};

static void parts_free(void *p) {
  wg_part_plan_free(p);
}

wg_code wg_parts_plan(wg_graph *g, const wg_part_in *in, const wg_part_plan **out, wg_error *err) {
  wg_part_plan *plan = NULL;
  if (wg_part_plan_all(&wg_image_parts, in, &plan, err) != WG_OK) {
    return err->code;
  }
  wg_graph_keep(g, plan, parts_free);
  *out = plan;
  return WG_OK;
}

static void parts_input(wg_graph *g, wg_step *step, const wg_part_input *in, const char *of) {
  WG_AUTO(wg_cstr) label = wg_xprintf("%s%s", of, in->label);
  switch (in->kind) {
  case WG_PART_INPUT_FILE:
    wg_step_input_file(step, label, in->path);
    return;
  case WG_PART_INPUT_TREE:
    if (in->select != NULL) {
      wg_step_input_selected(step, label, in->path, in->select);
    } else {
      wg_step_input_tree(step, label, in->path);
    }
    return;
  case WG_PART_INPUT_STEP: {
    wg_step *dep = wg_graph_find(g, in->identity);
    wg_assert(dep != NULL);
    wg_step_input_step(step, label, dep, in->output);
    return;
  }
  }
}

void wg_parts_add_to_step(wg_graph *g, wg_step *step, const wg_part_plan *plan, const char *of) {
  for (size_t i = 0; i < wg_part_plan_n_inputs(plan); i++) {
    parts_input(g, step, wg_part_plan_input(plan, i), of);
  }
  for (size_t i = 0; i < wg_part_plan_n_versions(plan); i++) {
    const char *part = NULL;
    uint32_t version = 0;
    if (wg_part_plan_version(plan, i, &part, &version)) {
      WG_AUTO(wg_cstr) name = wg_xprintf("%spart %s", of, part);
      WG_AUTO(wg_cstr) text = wg_xprintf("%u", version);
      wg_step_param(step, name, text);
    }
  }
  for (size_t i = 0; i < wg_part_plan_n_secrets(plan); i++) {
    const wg_secret *secret = &wg_part_plan_secret_at(plan, i)->secret;
    WG_AUTO(wg_cstr) label = wg_xprintf("%s%s", of, secret->label);
    wg_step_input_secret(step, label, wg_secret_fetch_bytes, secret);
  }
  WG_AUTO(wg_buf) text = {0};
  wg_buf_init(&text, wg_heap(), 0);
  for (size_t i = 0; i < wg_part_plan_count(plan); i++) {
    const wg_part_item *item = wg_part_plan_item(plan, i);
    wg_buf_clear(&text);
    wg_part_item_write(item, false, &text);
    WG_AUTO(wg_cstr) title = wg_xprintf("%s%s", of, item->title);
    wg_step_record(step, title, wg_buf_z(&text), item->origin);
  }
}

typedef struct parts_from {
  wg_step_ctx *c;
  const char *of;
} parts_from;

static wg_code parts_path(void *ctx, const wg_part_input *in, char **out, wg_error *err) {
  const parts_from *from = ctx;
  WG_AUTO(wg_cstr) label = wg_xprintf("%s%s", from->of, in->label);
  if (in->kind == WG_PART_INPUT_STEP) {
    return wg_ctx_input_path(from->c, label, out, err);
  }
  *out = wg_xstrdup(in->path);
  return WG_OK;
}

static wg_code parts_secret(void *ctx, const wg_secret *secret, wg_buf *out, wg_error *err) {
  const parts_from *from = ctx;
  WG_AUTO(wg_cstr) label = wg_xprintf("%s%s", from->of, secret->label);
  return wg_ctx_secret(from->c, label, out, err);
}

wg_code wg_parts_job(wg_step_ctx *c, const wg_part_plan *plan, const char *of, wg_buf *out,
                     wg_error *err) {
  parts_from ctx = {c, of};
  const wg_part_source from = {.path = parts_path, .secret = parts_secret, .ctx = &ctx};
  if (wg_part_plan_job(plan, &from, out, err) != WG_OK) {
    return err->code;
  }
  return wg_buf_check(out, err);
}
