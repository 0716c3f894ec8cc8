// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "fmt/json/jsonw.h"
#include "fmt/sbom/sbom.h"
#include "goapp/compile.h"
#include "goapp/discover.h"
#include "goapp/readback.h"
#include "steps/go_steps.h"

#define GO_BUILD_MEMORY ((uint64_t)768 << 20) // a linker of a big program; the compilers take less

#define GO_MAX_PROGRAM ((uint64_t)1 << 30)

typedef struct go_target {
  const wg_go_env *env;
  wg_go_spec spec;
  const char *name, *file_name, *release,
      *revision; // for the bill of materials; "" where there is none
  bool has_sbom;
} go_target;

// --- discover

static wg_code go_obs_file(void *c, const char *path, wg_digest *out, wg_error *err) {
  return wg_ctx_observe_file(c, path, out, err);
}
static wg_code go_obs_names(void *c, const char *path, const char *suffixes, wg_error *err) {
  return wg_ctx_observe_names(c, path, suffixes, err);
}
static wg_code go_obs_dir(void *c, const char *path, wg_error *err) {
  return wg_ctx_observe_dir(c, path, err);
}
static wg_code go_obs_absent(void *c, const char *path, wg_error *err) {
  return wg_ctx_observe_absent(c, path, err);
}
static void go_obs_env(void *c, const char *name) {
  wg_ctx_observe_env(c, name);
}
static void go_obs_input(void *c, const char *label, const wg_digest *d) {
  wg_ctx_add_input(c, label, d);
}
static void go_obs_note(void *c, const char *text) {
  wg_ctx_noted(c, "%s", text);
}
static void go_obs_warn(void *c, const char *text) {
  wg_ctx_warn(c, "%s", text);
}

static wg_code go_build_discover(wg_step_ctx *c, wg_error *err) {
  const go_target *t = wg_ctx_user(c);
  const wg_go_observer obs = {c,          go_obs_file,  go_obs_names, go_obs_dir, go_obs_absent,
                              go_obs_env, go_obs_input, go_obs_note,  go_obs_warn};
  WG_AUTO(wg_buf) details = {0}, note = {0};
  wg_buf_init(&details, wg_heap(), 0);
  wg_buf_init(&note, wg_heap(), 0);
  wg_go_found found;
  if (wg_go_discover(t->env, &t->spec, &obs, wg_ctx_tmp(c), wg_ctx_cancel(c), wg_ctx_arena(c),
                     &found, &details, err) != WG_OK) {
    wg_ctx_details(c, wg_buf_str(&details));
    return err->code;
  }
  // What run() needs of this, in a record that survives.
  wg_buf_printf(&note, "%s\n%s\n%s\n%s\n%s\n", found.tool.path, found.mod_flag, found.tool.version,
                found.import_path, found.module);
  if (wg_buf_check(&note, err) != WG_OK) {
    return err->code;
  }
  wg_ctx_set_note(c, wg_buf_str(&note));
  return WG_OK;
}

// --- run

static char *go_note_line(wg_str *note) {
  size_t n = wg_str_find(*note, '\n');
  char *line = wg_xstrndup(note->p, n);
  size_t step = n < note->n ? n + 1 : n;
  *note = (wg_str){note->p + step, note->n - step};
  return line;
}

typedef struct go_note {
  wg_cstr go, mod_flag, version, import_path, module;
} go_note;
static void go_note_done(go_note *n) {
  wg_cstr *all[] = {&n->go, &n->mod_flag, &n->version, &n->import_path, &n->module};
  for (size_t i = 0; i < WG_ARRAY_LEN(all); i++) {
    wg_xfree(*all[i]);
  }
}
WG_DEFINE_AUTO(go_note, go_note_done);

static go_note go_note_parse(wg_str text) {
  go_note n;
  n.go = go_note_line(&text);
  n.mod_flag = go_note_line(&text);
  n.version = go_note_line(&text);
  n.import_path = go_note_line(&text);
  n.module = go_note_line(&text);
  return n;
}

static wg_code go_build_sbom(wg_step_ctx *c, const wg_gobuildinfo *info, const wg_buf *bytes,
                             wg_error *err) {
  const go_target *t = wg_ctx_user(c);
  const wg_digest digest = wg_sha256(bytes->p, bytes->n);
  const wg_sbom_in in = {.info = info,
                         .name = wg_str_of(t->name),
                         .version = wg_str_of(t->release),
                         .revision = wg_str_of(t->revision),
                         .file_name = wg_str_of(t->file_name),
                         .sha256 = &digest}; // no version of wingo: another one compiles nothing
  WG_AUTO(wg_buf) out = {0};
  wg_buf_init(&out, wg_heap(), 0);
  if (wg_sbom_write(&in, &out, err) != WG_OK || wg_buf_check(&out, err) != WG_OK) {
    return wg_wrap(err, "bill of materials");
  }
  return wg_ctx_output_bytes(c, "sbom", out.p, out.n, err);
}

// The finished program is what was asked for, or the step fails. What it says of itself becomes its
// bill of materials.
static wg_code go_build_check(wg_step_ctx *c, const go_note *note, const char *path,
                              wg_error *err) {
  const go_target *t = wg_ctx_user(c);
  const wg_go_spec *spec = &t->spec;
  if (!t->has_sbom) {
    wg_ctx_warn(c, "programs for %s are not read back", spec->os);
    return WG_OK;
  }
  WG_AUTO(wg_buf) bytes = {0};
  wg_buf_init(&bytes, wg_heap(), 0);
  if (wg_os_read_file(WG_CWD, path, GO_MAX_PROGRAM, &bytes, err) != WG_OK) {
    return err->code;
  }
  const wg_go_expect expect = {.os = spec->os,
                               .arch = spec->arch,
                               .gui = spec->gui,
                               .cgo = wg_go_spec_cgo(spec),
                               .resources = spec->resources,
                               .go_version = note->version,
                               .import_path = note->import_path,
                               .module = note->module};
  const wg_reader file = wg_reader_of(bytes.p, bytes.n);
  wg_go_readback back;
  if (wg_go_read_back(&file, &expect, wg_ctx_arena(c), &back, err) != WG_OK) {
    return wg_wrap(err, "read back");
  }
  return go_build_sbom(c, &back.info, &bytes, err);
}

// The linker says only that some device is full: say which, and what helps.
static wg_code go_explain_full_disk(const wg_step_ctx *c, wg_str details, wg_error *err) {
  static const char sign[] = "no space left on device";
  if (details.n > 0 && memmem(details.p, details.n, sign, sizeof(sign) - 1) != NULL) {
    return wg_wrap(err,
                   "no room left: compiling needs it in '%s' and in Go's build cache; make room or "
                   "run 'wingo clean --keep SIZE' and 'go clean -cache'",
                   wg_ctx_tmp(c));
  }
  return err->code;
}

static wg_code go_build_run(wg_step_ctx *c, wg_error *err) {
  const go_target *t = wg_ctx_user(c);
  WG_AUTO(go_note) note = go_note_parse(wg_ctx_note(c));
  WG_AUTO(wg_cstr) out = wg_path_join(wg_ctx_tmp(c), "program");
  WG_AUTO(wg_cstr) syso = NULL;
  if (t->spec.resources && wg_ctx_input_path(c, "resources", &syso, err) != WG_OK) {
    return err->code;
  }
  WG_AUTO(wg_buf) details = {0};
  wg_buf_init(&details, wg_heap(), 0);
  wg_go_compile_job job = {.env = t->env,
                           .spec = &t->spec,
                           .go = note.go,
                           .mod_flag = note.mod_flag,
                           .cpus = wg_ctx_cpus(c),
                           .syso = syso,
                           .tmp = wg_ctx_tmp(c),
                           .out = out,
                           .cancel = wg_ctx_cancel(c)};
  if (wg_go_compile(&job, &details, err) != WG_OK) {
    wg_ctx_details(c, wg_buf_str(&details));
    return go_explain_full_disk(c, wg_buf_str(&details), err);
  }
  if (go_build_check(c, &note, out, err) != WG_OK) {
    return err->code;
  }
  wg_ctx_fact(c, "go", note.version);
  return wg_ctx_output_file(c, "bin", out, err);
}

static const wg_step_kind go_build_kind = {
    .name = "go.build",
    .version = 3,
    .verb = "compile",
    .discover = go_build_discover,
    .run = go_build_run,
};

// --- construction

void *wg_go_steps_alloc(wg_go_env *env, size_t count, size_t size) {
  void *p = wg_arena_array(&env->arena, count, size);
  wg_assert(p != NULL); // as every allocation above fmt
  return p;
}

const char *wg_go_steps_keep(wg_go_env *env, const char *s) {
  const char *p = wg_arena_strdup(&env->arena, s);
  wg_assert(p != NULL);
  return p;
}

const char *wg_go_program_name(const wg_cfg_app *app, const wg_cfg_target *target, wg_go_env *env) {
  WG_AUTO(wg_cstr)
  name = wg_xprintf("%s%s", app->name, strcmp(target->os, "windows") == 0 ? ".exe" : "");
  return wg_go_steps_keep(env, name);
}

static const char *const *go_strings(wg_go_env *env, const wg_cfg_str *v, size_t n) {
  const char **out = wg_go_steps_alloc(env, n, sizeof(*out));
  for (size_t i = 0; i < n; i++) {
    out[i] = v[i].s;
  }
  return out;
}

static const wg_go_pair *go_pairs(wg_go_env *env, const wg_cfg_pair *v, size_t n) {
  wg_go_pair *out = wg_go_steps_alloc(env, n, sizeof(*out));
  for (size_t i = 0; i < n; i++) {
    out[i] = (wg_go_pair){v[i].name, v[i].value};
  }
  return out;
}

static const char *go_or_empty(const char *s) {
  return s == NULL ? "" : s;
}

static void go_spec(wg_go_env *env, const wg_project *project, const wg_cfg_app *app,
                    wg_go_spec *s) {
  WG_AUTO(wg_cstr) joined = wg_path_join(project->dir, app->dir);
  WG_AUTO(wg_cstr) clean = wg_path_clean(joined);
  const char *dir = wg_go_steps_keep(env, clean);
  *s = (wg_go_spec){
      .project_dir = project->dir,
      .dir = dir,
      .main = app->main,
      .env = go_pairs(env, app->env, app->n_env),
      .n_env = app->n_env,
      .ldflags = go_strings(env, app->ldflags, app->n_ldflags),
      .n_ldflags = app->n_ldflags,
      .gcflags = go_strings(env, app->gcflags, app->n_gcflags),
      .n_gcflags = app->n_gcflags,
      .tags = go_strings(env, app->tags, app->n_tags),
      .n_tags = app->n_tags,
      .vars = go_pairs(env, app->vars, app->n_vars),
      .n_vars = app->n_vars,
      .mod = go_or_empty(app->mod),
      .go = go_or_empty(app->go),
      .gui = app->windows.present && app->windows.subsystem == WG_SUBSYS_GUI,
  };
}

static void go_param_list(wg_step *s, const char *name, const char *const *v, size_t n) {
  WG_AUTO(wg_buf) b = {0};
  wg_buf_init(&b, wg_heap(), 0);
  for (size_t i = 0; i < n; i++) {
    wg_buf_add_z(&b, i == 0 ? "" : " ");
    wg_json_quote(&b, wg_str_of(v[i])); // so that no two lists are one text
  }
  wg_step_param(s, name, wg_buf_z(&b));
}

static void go_params(wg_step *s, const wg_go_spec *spec) {
  wg_step_param(s, "os", spec->os);
  wg_step_param(s, "arch", spec->arch);
  wg_step_param(s, "variant", spec->variant);
  wg_step_param(s, "main", spec->main);
  wg_step_param(s, "mod", spec->mod);
  wg_step_param(s, "go", spec->go);
  if (strcmp(spec->os, "windows") == 0) {
    wg_step_param(s, "subsystem", spec->gui ? "gui" : "console");
  }
  go_param_list(s, "ldflags", spec->ldflags, spec->n_ldflags);
  go_param_list(s, "gcflags", spec->gcflags, spec->n_gcflags);
  go_param_list(s, "tags", spec->tags, spec->n_tags);
  for (size_t i = 0; i < spec->n_vars; i++) {
    WG_AUTO(wg_cstr) name = wg_xprintf("vars.%s", spec->vars[i].name);
    wg_step_param(s, name, spec->vars[i].value);
  }
  for (size_t i = 0; i < spec->n_env; i++) {
    if (wg_go_env_in_key(spec->env[i].name)) {
      WG_AUTO(wg_cstr) name = wg_xprintf("env.%s", spec->env[i].name);
      wg_step_param(s, name, spec->env[i].value);
    }
  }
}

// Processors for one target, so that all targets of a project together fill the machine.
static unsigned go_cpus(const wg_project *project) {
  size_t n = 0;
  for (size_t i = 0; i < project->n_apps; i++) {
    n += project->apps[i].n_targets;
  }
  unsigned cpus = wg_os_cpu_count();
  unsigned each = n == 0 ? cpus : cpus / (unsigned)(n > cpus ? cpus : n);
  return each == 0 ? 1 : each;
}

// The target's env: laid over the app's: a later setting of a name wins.
static void go_target_env(wg_go_env *env, const wg_cfg_app *app, const wg_cfg_target *target,
                          wg_go_spec *spec) {
  wg_cfg_pair *all = wg_go_steps_alloc(env, app->n_env + target->n_env, sizeof(*all));
  size_t n = 0;
  for (size_t i = 0; i < app->n_env; i++) {
    bool over = false;
    for (size_t k = 0; k < target->n_env; k++) {
      over = over || strcmp(app->env[i].name, target->env[k].name) == 0;
    }
    if (!over) {
      all[n++] = app->env[i];
    }
  }
  for (size_t k = 0; k < target->n_env; k++) {
    all[n++] = target->env[k];
  }
  spec->env = go_pairs(env, all, n);
  spec->n_env = n;
}

static go_target *go_make_target(const wg_project *project, const wg_cfg_app *app,
                                 const wg_cfg_target *target, wg_go_env *env,
                                 const wg_go_spec *common) {
  go_target *t = wg_go_steps_alloc(env, 1, sizeof(*t));
  bool windows = strcmp(target->os, "windows") == 0;
  t->env = env;
  t->spec = *common;
  t->spec.os = target->os;
  t->spec.arch = target->arch;
  t->spec.variant = go_or_empty(target->variant);
  if (target->n_env > 0) {
    go_target_env(env, app, target, &t->spec);
  }
  t->spec.gui = t->spec.gui && windows;
  t->name = app->name;
  t->release = go_or_empty(project->release);
  t->revision = go_or_empty(app->revision);
  t->has_sbom = wg_go_can_read_back(target->os);
  t->file_name = wg_go_program_name(app, target, env);
  return t;
}

// What the bill of materials says beyond what is in the program.
static void go_add_sbom(wg_step *s, const go_target *t, const char *program) {
  WG_AUTO(wg_cstr) path = wg_xprintf("%s.cdx.json", program);
  wg_step_param(s, "name", t->name);
  wg_step_param(s, "release", t->release);
  wg_step_param(s, "revision", t->revision);
  wg_step_publish(s, "sbom", path, 0644, false);
}

static wg_step *go_add_target(wg_graph *g, const wg_project *project, const wg_cfg_app *app,
                              const wg_cfg_target *target, wg_go_env *env, const wg_go_spec *common,
                              wg_step *resources) {
  go_target *t = go_make_target(project, app, target, env, common);
  t->spec.resources = resources != NULL;
  WG_AUTO(wg_cstr) identity = wg_xprintf("app/%s/%s", app->name, target->slug);
  WG_AUTO(wg_cstr)
  path = wg_xprintf("%s/%s/%s/%s", project->out_dir, app->name, target->slug, t->file_name);
  wg_step *s = wg_graph_add(g, &go_build_kind, identity, t);
  go_params(s, &t->spec);
  if (resources != NULL) {
    wg_step_input_step(s, "resources", resources, "syso");
  }
  wg_step_need(s, go_cpus(project), GO_BUILD_MEMORY);
  wg_step_publish(s, "bin", path, 0755, false);
  if (t->has_sbom) {
    go_add_sbom(s, t, path);
  }
  return s;
}

// The resources step of a target, NULL for none; targets of one architecture share it. made[i]
// keeps target i's.
static wg_step *go_resources_for(wg_graph *g, const wg_project *project, const wg_cfg_app *app,
                                 size_t i, wg_go_env *env, wg_step **made) {
  const wg_cfg_target *t = &app->targets[i];
  if (strcmp(t->os, "windows") != 0) {
    return NULL;
  }
  for (size_t k = 0; k < i; k++) {
    if (made[k] != NULL && strcmp(app->targets[k].arch, t->arch) == 0) {
      made[i] = made[k];
      return made[i];
    }
  }
  made[i] = wg_go_add_resources(g, project, app, t->arch, &env->arena);
  return made[i];
}

static wg_code go_check_env(const wg_project *project, const wg_cfg_app *app,
                            const wg_cfg_pair *env, size_t n_env, wg_error *err) {
  for (size_t i = 0; i < n_env; i++) {
    if (wg_go_env_check(env[i].name, env[i].value, err) != WG_OK) {
      const wg_pos *pos = &env[i].pos;
      return wg_wrap(err, "%s:%u:%u: app '%s'", pos->file == NULL ? project->file : pos->file,
                     pos->line, pos->col, app->name);
    }
  }
  return WG_OK;
}

wg_code wg_go_add_steps(wg_graph *g, const wg_project *project, const wg_cfg_app *app,
                        wg_go_env *env, wg_step **out_build_steps, wg_error *err) {
  if (go_check_env(project, app, app->env, app->n_env, err) != WG_OK) {
    return err->code;
  }
  wg_go_spec common;
  go_spec(env, project, app, &common);
  wg_step **made = wg_go_steps_alloc(env, app->n_targets, sizeof(void *));
  for (size_t i = 0; i < app->n_targets; i++) {
    if (go_check_env(project, app, app->targets[i].env, app->targets[i].n_env, err) != WG_OK) {
      return err->code;
    }
    wg_step *resources = go_resources_for(g, project, app, i, env, made);
    out_build_steps[i] = go_add_target(g, project, app, &app->targets[i], env, &common, resources);
  }
  return wg_go_add_archives(g, project, app, env, out_build_steps, err);
}
