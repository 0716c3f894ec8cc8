// SPDX-License-Identifier: Apache-2.0
// registry: edits of keys and values, and registry text.
#include <string.h>

#include "image/part/part.h"

static void registry_expect(wg_reg_edit *e, const wg_cfg_registry *r, const char *name) {
  for (size_t i = 0; i < r->n_expect; i++) {
    const wg_cfg_regvalue *x = &r->expect[i];
    if (wg_name_cmp_nocase(wg_str_of(x->name), wg_str_of(name)) == 0) {
      e->has_expect = true;
      e->expect_absent = x->kind == WG_REGVALUE_DELETE;
      e->expect_type = x->type;
      e->expect = x->data;
      e->n_expect = x->n_bytes;
    }
  }
}

static char *registry_title(size_t i, const char *what, const char *name) {
  return wg_xprintf("registry[%zu] %s%s", i, what, name[0] == '\0' ? "(default)" : name);
}

static void registry_add(wg_part_plan *plan, size_t i, const char *what, const char *name,
                         wg_pos pos, const wg_reg_edit *e) {
  WG_AUTO(wg_cstr) origin = wg_part_origin(pos);
  WG_AUTO(wg_cstr) title = registry_title(i, what, name);
  wg_part_plan_reg(plan, (wg_part_who){.title = title, .origin = origin}, e);
}

// A value that is a secret: known by its place in the project.
static void registry_secret(wg_part_plan *plan, size_t i, const wg_cfg_regvalue *v,
                            const wg_reg_edit *e) {
  WG_AUTO(wg_cstr) origin = wg_part_origin(v->pos);
  WG_AUTO(wg_cstr) title = registry_title(i, "", v->name);
  wg_secret secret = v->secret;
  secret.label = title;
  wg_part_plan_secret(plan, &secret);
  wg_part_plan_reg_secret(plan, (wg_part_who){.title = title, .origin = origin}, e, title);
}

// 32-bit Windows has one view, and no WOW6432Node.
static bool registry_view32(const wg_part_in *in, const wg_cfg_registry *r) {
  return r->view == 32 && strcmp(in->arch, "386") != 0 && strcmp(in->arch, "arm") != 0;
}

static void registry_value(wg_part_plan *plan, size_t i, const wg_cfg_registry *r,
                           const wg_cfg_regvalue *v, bool view32) {
  static const wg_reg_edit_op ops[] = {[WG_REGVALUE_SET] = WG_REG_SET,
                                       [WG_REGVALUE_DELETE] = WG_REG_DELETE_VALUE,
                                       [WG_REGVALUE_APPEND] = WG_REG_APPEND,
                                       [WG_REGVALUE_REMOVE] = WG_REG_REMOVE};
  wg_reg_edit e = {.op = ops[v->kind],
                   .key = r->key,
                   .name = v->name,
                   .view32 = view32,
                   .keep_type = !v->typed,
                   .type = v->type,
                   .data = v->data,
                   .n_bytes = v->n_bytes,
                   .items = v->items,
                   .n_items = v->n_items};
  registry_expect(&e, r, v->name);
  if (v->secret.kind != WG_SECRET_NONE) {
    registry_secret(plan, i, v, &e);
    return;
  }
  registry_add(plan, i, "", v->name, v->pos, &e);
}

// expect: of a name that values: does not change stands for itself.
static void registry_bare_expects(wg_part_plan *plan, size_t i, const wg_cfg_registry *r,
                                  bool view32) {
  for (size_t n = 0; n < r->n_expect; n++) {
    const wg_cfg_regvalue *x = &r->expect[n];
    bool changed = false;
    for (size_t k = 0; k < r->n_values; k++) {
      changed =
          changed || wg_name_cmp_nocase(wg_str_of(r->values[k].name), wg_str_of(x->name)) == 0;
    }
    if (!changed) {
      wg_reg_edit e = {.op = WG_REG_EXPECT, .key = r->key, .name = x->name, .view32 = view32};
      registry_expect(&e, r, x->name);
      registry_add(plan, i, "expect ", x->name, x->pos, &e);
    }
  }
}

// The text is read in the worker; here it is an input.
static void registry_file(const wg_part_in *in, size_t i, const wg_cfg_registry *r,
                          wg_part_plan *plan) {
  WG_AUTO(wg_cstr) label = wg_xprintf("registry/%zu", i);
  WG_AUTO(wg_cstr) path = wg_part_host_path(in, r->file);
  WG_AUTO(wg_cstr) origin = wg_part_origin(r->file_pos);
  WG_AUTO(wg_cstr) title = wg_xprintf("registry[%zu] file", i);
  wg_part_plan_input_file(plan, label, path);
  const char **maps = (const char **)wg_xarray(2 * r->n_map + 1, sizeof(*maps));
  for (size_t k = 0; k < r->n_map; k++) {
    maps[2 * k] = r->map[k].name;
    maps[2 * k + 1] = r->map[k].value;
  }
  wg_part_plan_reg_file(plan, (wg_part_who){.title = title, .origin = origin}, label, r->file, maps,
                        r->n_map);
  wg_xfree(maps);
}

static void registry_entry(const wg_part_in *in, size_t i, wg_part_plan *plan) {
  const wg_cfg_registry *r = &in->image->registry[i];
  if (r->file != NULL) {
    registry_file(in, i, r, plan);
    return;
  }
  if (r->delete_key != NULL) {
    const wg_reg_edit e = {.op = WG_REG_DELETE_KEY, .key = r->delete_key, .name = ""};
    registry_add(plan, i, "delete ", r->delete_key, r->pos, &e);
    return;
  }
  bool view32 = registry_view32(in, r);
  registry_bare_expects(plan, i, r, view32);
  if (r->n_values == 0 && r->n_expect == 0) {
    const wg_reg_edit e = {.op = WG_REG_MAKE_KEY, .key = r->key, .name = "", .view32 = view32};
    registry_add(plan, i, "make ", r->key, r->pos, &e);
  }
  for (size_t k = 0; k < r->n_values; k++) {
    registry_value(plan, i, r, &r->values[k], view32);
  }
}

static wg_code registry_plan(const wg_part_in *in, wg_part_plan *plan, wg_error *err) {
  (void)err;
  for (size_t i = 0; i < in->image->n_registry; i++) {
    registry_entry(in, i, plan);
  }
  return WG_OK;
}

const wg_image_part wg_part_registry = {
    .name = "registry", .version = 1, .order = 90, .plan = registry_plan};
