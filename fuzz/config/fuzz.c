// SPDX-License-Identifier: Apache-2.0
// Bytes -> project, without files. The text is cut at NUL bytes: project, overlay, --set values.
#include <string.h>

#include "../libfyaml.h"
#include "config/print.h"
#include "os/mem.h"
#include "project/load.h"
#include "project/sections.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *fuzz_getenv(void *ctx, const char *name) {
  (void)ctx;
  return strcmp(name, "A") == 0 ? "1.2" : strcmp(name, "B") == 0 ? "x\n${A}" : NULL;
}

static wg_code fuzz_git(void *ctx, const char *what, wg_buf *out, wg_error *err) {
  (void)ctx;
  if (strcmp(what, "branch") == 0) {
    return wg_fail(err, WG_E_FAILED, "a commit is checked out, and no branch");
  }
  wg_buf_add_z(out, strcmp(what, "tag") == 0 ? "v1.2" : "1");
  return WG_OK;
}

// Reads every string of the model, and what other code relies on.
static size_t fuzz_touch(const wg_project *p) {
  size_t n = strlen(p->name) + strlen(p->release) + strlen(p->dir) + strlen(p->env_name);
  wg_assert(p->n_apps + p->n_images > 0);
  wg_assert(p->time_s >= 0 && p->time_s <= (int64_t)UINT32_MAX);
  for (size_t i = 0; i < p->n_apps; i++) {
    const wg_cfg_app *a = &p->apps[i];
    wg_assert(a->n_targets > 0);
    n += strlen(a->name) + strlen(a->dir) + strlen(a->main) + strlen(a->mod) + strlen(a->go) +
         strlen(a->revision);
    for (size_t k = 0; k < a->n_targets; k++) {
      n += strlen(a->targets[k].os) + strlen(a->targets[k].arch) + strlen(a->targets[k].variant);
      wg_assert(strchr(a->targets[k].slug, '/') == NULL && a->targets[k].name[0] != '\0');
    }
    for (size_t k = 0; k < a->n_env; k++) {
      wg_assert(strchr(a->env[k].name, '=') == NULL);
      n += strlen(a->env[k].value);
    }
    for (size_t k = 0; k < a->n_vars; k++) {
      n += strlen(a->vars[k].name) + strlen(a->vars[k].value);
    }
    for (size_t k = 0; k < a->n_ldflags; k++) {
      n += strlen(a->ldflags[k].s);
    }
  }
  for (size_t i = 0; i < p->n_images; i++) {
    const wg_cfg_image *m = &p->images[i];
    wg_assert(m->base.path[0] != '\0' && m->n_outputs > 0);
    wg_assert(m->base.sha256 == NULL || strlen(m->base.sha256) == 64);
    for (size_t k = 0; k < m->n_apps; k++) {
      wg_assert(m->apps[k].app_index < p->n_apps);
      wg_assert(strcmp(p->apps[m->apps[k].app_index].name, m->apps[k].app) == 0);
      wg_assert(m->apps[k].to[1] == ':');
    }
    for (size_t k = 0; k < m->n_files; k++) {
      n += strlen(m->files[k].from) + strlen(m->files[k].to);
    }
  }
  return n;
}

static bool fuzz_same_tree(const wg_yaml_node *a, const wg_yaml_node *b) {
  bool av = false, bv = false;
  if (a->kind != b->kind || a->n != b->n || wg_yaml_is_null(a) != wg_yaml_is_null(b) ||
      wg_yaml_is_bool(a, &av) != wg_yaml_is_bool(b, &bv) ||
      wg_yaml_is_number(a) != wg_yaml_is_number(b)) {
    return false;
  }
  if (a->kind == WG_YAML_SCALAR) {
    return wg_yaml_is_null(a) || strcmp(a->text, b->text) == 0;
  }
  for (size_t i = 0; i < a->n; i++) {
    if (a->kind == WG_YAML_LIST ? !fuzz_same_tree(a->items[i], b->items[i])
                                : strcmp(a->pairs[i].key->text, b->pairs[i].key->text) != 0 ||
                                      !fuzz_same_tree(a->pairs[i].value, b->pairs[i].value)) {
      return false;
    }
  }
  return true;
}

// What `wingo config` prints reads back as the same tree.
static void fuzz_print(const wg_cfg *c) {
  WG_AUTO(wg_buf) text = {0};
  wg_buf_init(&text, wg_heap(), 0);
  wg_cfg_write_yaml(c, &text);
  const wg_cfg_input in = {.file = "merged.yaml",
                           .bytes = wg_buf_str(&text),
                           .dir = "/p",
                           .world = {fuzz_getenv, fuzz_git, NULL}};
  WG_AUTO_PTR(wg_cfg) back = NULL;
  wg_error err = WG_ERROR_INIT;
  wg_code code = wg_cfg_load_bytes(&wg_project_lang, &in, &back, &err);
  wg_assert(code == WG_OK || text.n > 1U << 20); // aliases written out may be more than it reads
  wg_assert(code != WG_OK || fuzz_same_tree(c->root, back->root));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  char *text = wg_xstrndup((const char *)data, size); // ends in a NUL of its own
  const char *parts[6];
  size_t n = 0;
  for (size_t at = 0; at <= size && n < WG_ARRAY_LEN(parts); at += strlen(text + at) + 1) {
    parts[n++] = text + at;
  }
  const wg_cfg_input in = {.file = "wingo.yaml",
                           .bytes = wg_str_of(parts[0]),
                           .overlay = n > 1 ? "config/x.yaml" : NULL,
                           .overlay_bytes = wg_str_of(n > 1 ? parts[1] : ""),
                           .sets = parts + 2,
                           .n_sets = n > 2 ? n - 2 : 0,
                           .dir = "/p",
                           .world = {fuzz_getenv, fuzz_git, NULL}};
  WG_AUTO_PTR(wg_cfg) c = NULL;
  wg_error err = WG_ERROR_INIT;
  wg_code code = wg_cfg_load_bytes(&wg_project_lang, &in, &c, &err);
  size_t n_faults = 0, n_errors = 0;
  const wg_cfg_fault *f = wg_cfg_faults(c, &n_faults);
  for (size_t i = 0; i < n_faults; i++) {
    wg_assert(f[i].pos.line >= 1 && f[i].pos.col >= 1 && f[i].text[0] != '\0');
    n_errors += f[i].severity == WG_FAULT_ERROR ? 1 : 0;
  }
  wg_assert((code == WG_OK) == (n_errors == 0));
  wg_assert((wg_project_of(c) != NULL) == (code == WG_OK));
  wg_assert(code == WG_OK || code == WG_E_CONFIG);
  if (code == WG_OK) {
    (void)fuzz_touch(wg_project_of(c));
    fuzz_print(c);
  }
  wg_xfree(text);
  return 0;
}
