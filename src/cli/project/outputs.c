// SPDX-License-Identifier: Apache-2.0
#include "cli/project/outputs.h"

#include <string.h>

#include "base/human.h"
#include "cli/core/internal.h"
#include "config/find.h"
#include "engine/made.h"

typedef enum output_state {
  OUTPUT_MADE,    // still made, or nobody can tell
  OUTPUT_STALE,   // not made any more
  OUTPUT_CHANGED, // nor is it what wingo wrote
  OUTPUT_GONE,    // nor is it there
  OUTPUT_REMOVED
} output_state;

struct wg_cli_outputs {
  wg_arena arena;
  char *dir;       // of the project, absolute
  const char *way; // to it, as the user named it: "", or "../"
  wg_made *made;
  output_state *states;
  size_t n;
};

void wg_cli_outputs_free(wg_cli_outputs *o) {
  if (o != NULL) {
    wg_xfree(o->dir);
    wg_xfree(o->states);
    wg_arena_done(&o->arena);
    wg_xfree(o);
  }
}
WG_DEFINE_AUTO_PTR(wg_cli_outputs, wg_cli_outputs_free);

bool wg_cli_outputs_any_project(const wg_cli *c) {
  WG_AUTO(wg_cstr) found = wg_cfg_find_file();
  return wg_cli_value(c, "file") != NULL || found != NULL;
}

// --- what is made now

static wg_code outputs_graph(const wg_cli *c, const char *file, const char *env_name,
                             wg_cli_graph *out, wg_error *err) {
  const wg_cfg_options opt = {.file = file,
                              .env_name = env_name[0] == '\0' ? NULL : env_name,
                              .mask = c->mask,
                              .watch = &c->walks};
  if (wg_project_load(&opt, &out->cfg, err) != WG_OK) {
    return err->code;
  }
  out->project = wg_project_of(out->cfg);
  wg_go_env_init(&out->go_env, wg_os_environ());
  out->has_go_env = true;
  out->graph = wg_graph_new();
  return wg_project_add_steps(out->graph, NULL, out->project, &out->go_env, err);
}

// The notes of one project file and one environment, from the first of them.
static void outputs_judge(const wg_cli *c, wg_cli_outputs *o, size_t first) {
  const wg_made *m = &o->made[first];
  WG_AUTO(wg_cstr) file = wg_xprintf("%s%s", o->way, m->file);
  WG_AUTO(wg_cstr) overlay = wg_xprintf("%sconfig/%s.yaml", o->way, m->env_name);
  bool is_gone =
      !wg_os_exists(WG_CWD, file) || (m->env_name[0] != '\0' && !wg_os_exists(WG_CWD, overlay));
  WG_AUTO(wg_cli_graph) g = {0};
  wg_error err = WG_ERROR_INIT;
  bool known = is_gone || outputs_graph(c, file, m->env_name, &g, &err) == WG_OK;
  if (!known) {
    wg_note(c, "warning: outputs of %s%s%s are kept, what it makes is not known: %s", m->file,
            m->env_name[0] == '\0' ? "" : " --env ", m->env_name, err.text);
  }
  for (size_t i = first; i < o->n; i++) {
    const wg_made *k = &o->made[i];
    if (strcmp(k->file, m->file) != 0 || strcmp(k->env_name, m->env_name) != 0) {
      continue;
    }
    WG_AUTO(wg_cstr) path = wg_path_join(o->dir, k->path);
    bool stale = known && (is_gone || !wg_graph_makes(g.graph, path));
    o->states[i] = stale ? OUTPUT_STALE : OUTPUT_MADE;
  }
}

static bool outputs_is_first(const wg_cli_outputs *o, size_t at) {
  for (size_t i = 0; i < at; i++) {
    if (strcmp(o->made[i].file, o->made[at].file) == 0 &&
        strcmp(o->made[i].env_name, o->made[at].env_name) == 0) {
      return false;
    }
  }
  return true;
}

static wg_code outputs_look(const wg_cli *c, wg_cli_outputs *o, wg_error *err) {
  for (size_t i = 0; i < o->n; i++) {
    bool same = false;
    if (o->states[i] != OUTPUT_STALE) {
      continue;
    }
    wg_code code = wg_made_look(o->dir, &o->made[i], c->cancel, &same, err);
    if (code == WG_E_NOT_FOUND) {
      o->states[i] = OUTPUT_GONE;
    } else if (code != WG_OK) {
      return code;
    } else if (!same) {
      o->states[i] = OUTPUT_CHANGED;
    }
  }
  return WG_OK;
}

wg_code wg_cli_outputs_find(const wg_cli *c, wg_cli_outputs **out, wg_error *err) {
  WG_AUTO(wg_cstr) found = wg_cfg_find_file();
  const char *file = wg_cli_value(c, "file");
  file = file == NULL ? found : file;
  if (file == NULL || !wg_os_exists(WG_CWD, file)) {
    return wg_fail(err, WG_E_CONFIG, "there is no project file '%s' to compare outputs with",
                   file == NULL ? "wingo.yaml" : file);
  }
  WG_AUTO_PTR(wg_cli_outputs) o = wg_xalloc(sizeof(*o));
  wg_arena_init(&o->arena, wg_heap(), 0);
  WG_AUTO(wg_cstr) folder = wg_path_dirname(file);
  WG_AUTO(wg_cstr) way = wg_xprintf("%s/", folder);
  o->dir = wg_path_absolute(folder);
  o->way = strcmp(folder, ".") == 0 ? "" : wg_arena_strdup(&o->arena, way);
  if (o->way == NULL) {
    return wg_arena_fail(&o->arena, err);
  }
  if (wg_made_list(o->dir, &o->arena, &o->made, &o->n, err) != WG_OK) {
    return err->code;
  }
  o->states = wg_xarray(o->n + 1, sizeof(*o->states));
  for (size_t i = 0; i < o->n; i++) {
    if (outputs_is_first(o, i)) {
      outputs_judge(c, o, i);
    }
  }
  if (outputs_look(c, o, err) != WG_OK) {
    return err->code;
  }
  *out = wg_take(&o);
  return WG_OK;
}

wg_code wg_cli_outputs_remove(const wg_cli *c, wg_cli_outputs *o, wg_error *err) {
  for (size_t i = 0; i < o->n; i++) {
    if (o->states[i] != OUTPUT_STALE && o->states[i] != OUTPUT_GONE) {
      continue;
    }
    wg_code code = wg_made_remove(o->dir, &o->made[i], c->cancel, err);
    if (code == WG_E_CONFLICT) { // changed just now
      o->states[i] = OUTPUT_CHANGED;
    } else if (code != WG_OK) {
      return code;
    } else if (o->states[i] == OUTPUT_STALE) {
      o->states[i] = OUTPUT_REMOVED;
    }
  }
  return WG_OK;
}

// --- telling

static const char *outputs_word(output_state s, bool removes) {
  return s == OUTPUT_REMOVED   ? "removed"
         : s == OUTPUT_CHANGED ? "kept, changed since wingo made it"
         : removes             ? "would remove"
                               : "no longer made";
}

void wg_cli_outputs_print(const wg_cli_outputs *o, bool removes, bool dry_run) {
  size_t n = 0, n_kept = 0;
  uint64_t bytes = 0;
  for (size_t i = 0; i < o->n; i++) {
    const wg_made *m = &o->made[i];
    output_state s = o->states[i];
    if (s == OUTPUT_MADE || s == OUTPUT_GONE) {
      continue;
    }
    wg_out("%s: %s%s (%s%s%s)\n", outputs_word(s, removes), o->way, m->path, m->step,
           m->env_name[0] == '\0' ? "" : " --env ", m->env_name);
    bool kept = s == OUTPUT_CHANGED;
    n += kept ? 0 : 1;
    n_kept += kept ? 1 : 0;
    bytes += kept ? 0 : m->size_bytes;
  }
  if (n + n_kept == 0) {
    wg_out("every output that wingo made here is still made\n");
    return;
  }
  WG_AUTO(wg_buf) size = {0};
  wg_buf_init(&size, wg_heap(), 0);
  wg_text_add_size(&size, bytes);
  wg_out("%zu output%s, %s%s\n", n, n == 1 ? "" : "s", wg_buf_z(&size),
         !removes && !dry_run && n > 0 ? "; 'wingo clean --outputs' removes them" : "");
}

void wg_cli_outputs_json(const wg_cli_outputs *o, wg_jsonw *w) {
  static const char *const names[] = {[OUTPUT_MADE] = "made",
                                      [OUTPUT_STALE] = "stale",
                                      [OUTPUT_CHANGED] = "changed",
                                      [OUTPUT_GONE] = "gone",
                                      [OUTPUT_REMOVED] = "removed"};
  wg_jsonw_begin_array(w);
  for (size_t i = 0; i < o->n; i++) {
    const wg_made *m = &o->made[i];
    if (o->states[i] == OUTPUT_MADE || o->states[i] == OUTPUT_GONE) {
      continue;
    }
    WG_AUTO(wg_cstr) path = wg_path_join(o->dir, m->path);
    wg_jsonw_begin_object(w);
    wg_jsonw_kv_z(w, "path", path);
    wg_jsonw_kv_z(w, "state", names[o->states[i]]);
    wg_jsonw_kv_z(w, "step", m->step);
    wg_jsonw_kv_z(w, "environment", m->env_name);
    wg_jsonw_kv_u64(w, "bytes", m->size_bytes);
    wg_jsonw_end_object(w);
  }
  wg_jsonw_end_array(w);
}
