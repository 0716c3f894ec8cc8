// SPDX-License-Identifier: Apache-2.0
// Files, overlay and --set values into a model: the order in which the parts of this folder work.
#include "config/load.h"

#include "config/overlay.h"
#include "config/walk.h"

// Parses one file. NULL when it can't be used; *out_empty then says that it had nothing in it.
static const wg_yaml_node *load_parse(wg_cfg *c, wg_str bytes, uint32_t source, bool *out_empty,
                                      wg_error *err) {
  wg_yaml_limits limits = WG_YAML_DEFAULT_LIMITS;
  wg_yaml_doc doc = {0};
  wg_code code = wg_yaml_parse(bytes, &limits, source, &c->arena, &doc, err);
  for (size_t i = 0; i < doc.n_faults; i++) {
    const wg_yaml_fault *f = &doc.faults[i];
    wg_cfg_add_fault(c, WG_FAULT_ERROR, (wg_pos){c->sources[source], f->line, f->col}, f->text,
                     f->hint);
  }
  if (code != WG_OK && doc.n_faults == 0) { // memory
    wg_cfg_add_fault(c, WG_FAULT_ERROR, (wg_pos){c->sources[source], 1, 1},
                     wg_cfg_printf(c, "%s", err->text), NULL);
  }
  *out_empty = code == WG_OK && (doc.root == NULL || wg_yaml_is_null(doc.root));
  if (doc.root == NULL || *out_empty) {
    return NULL;
  }
  if (doc.root->kind != WG_YAML_MAP) {
    wg_cfg_add_fault(c, WG_FAULT_ERROR, wg_cfg_pos(c, doc.root),
                     wg_cfg_printf(c, "a project file is a map of keys, and this is %s",
                                   doc.root->kind == WG_YAML_LIST ? "a list" : "a single value"),
                     "start it with 'version: 1'");
    return NULL;
  }
  return doc.root;
}

static const wg_yaml_node *load_layers(wg_cfg *c, const wg_cfg_input *in,
                                       const wg_yaml_node *root) {
  wg_error err = WG_ERROR_INIT;
  bool empty = false;
  uint32_t source = 1;
  if (in->overlay != NULL) {
    const wg_yaml_node *over = load_parse(c, in->overlay_bytes, source++, &empty, &err);
    root = over == NULL ? root : wg_cfg_merge(c, root, over, false);
  }
  for (size_t i = 0; i < in->n_sets; i++) {
    const wg_yaml_node *over = wg_cfg_parse_set(c, in->sets[i], source++);
    root = over == NULL ? root : wg_cfg_merge(c, root, over, true);
  }
  return root;
}

static void load_sources(wg_cfg *c, const wg_cfg_input *in) {
  c->sources = wg_cfg_alloc(c, 2 + in->n_sets, sizeof(*c->sources));
  c->sources[c->n_sources++] = wg_cfg_printf(c, "%s", in->file);
  if (in->overlay != NULL) {
    c->overlay = wg_cfg_printf(c, "%s", in->overlay);
    c->sources[c->n_sources++] = c->overlay;
  }
  for (size_t i = 0; i < in->n_sets; i++) {
    c->sources[c->n_sources++] = wg_cfg_printf(c, "--set"); // each its own string, see the sort
  }
}

wg_code wg_cfg_load_bytes(const wg_cfg_lang *lang, const wg_cfg_input *in, wg_cfg **out,
                          wg_error *err) {
  wg_cfg *c = wg_cfg_new();
  *out = c;
  c->world = in->world;
  c->watch = in->watch;
  c->mask = in->mask != NULL ? in->mask : &c->own_mask;
  c->lang = lang;
  c->dir = wg_cfg_printf(c, "%s", in->dir);
  load_sources(c, in);
  bool empty = false;
  const wg_yaml_node *root = load_parse(c, in->bytes, 0, &empty, err);
  if (empty) {
    wg_cfg_add_fault(c, WG_FAULT_ERROR, (wg_pos){c->sources[0], 1, 1}, "the file is empty",
                     "start it with 'version: 1', or let 'wingo init' write one");
  }
  if (root != NULL) {
    root = load_layers(c, in, root);
    c->root = root;
    c->model = wg_cfg_alloc(c, 1, lang->model_bytes);
    lang->begin(c, in, c->model);
    wg_cfg_walk(c, lang->root, root, c->model);
    wg_sections_rules(c);
    lang->across(c, c->model);
  }
  wg_cfg_sort_faults(c);
  c->world = (wg_cfg_world){0}; // borrowed for the call only
  if (c->n_errors > 0) {
    return wg_cfg_fail_faulty(c, c->sources[0], err);
  }
  c->is_good = true;
  return WG_OK;
}
