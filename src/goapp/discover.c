// SPDX-License-Identifier: Apache-2.0
#include "goapp/discover.h"

#include <string.h>

#include "goapp/gomod.h"
#include "goapp/text.h"
#include "goapp/version.h"

// A setting's name without dashes and value: "-mod=mod" -> "mod", "mod".
static void flags_split(wg_str flag, wg_str *name, wg_str *value) {
  while (flag.n > 0 && flag.p[0] == '-') {
    flag = (wg_str){flag.p + 1, flag.n - 1};
  }
  size_t eq = wg_str_find(flag, '=');
  *name = (wg_str){flag.p, eq};
  *value = eq < flag.n ? (wg_str){flag.p + eq + 1, flag.n - eq - 1} : (wg_str){"", 0};
}

static wg_code flags_one(wg_str flag, bool *out_mod_mod, wg_error *err) {
  static const char *const refused[] = {"overlay", "modfile", "toolexec", "C",     "o",
                                        "n",       "json",    "pkgdir",   "exec_", "compiled"};
  wg_str name, value;
  flags_split(flag, &name, &value);
  for (size_t i = 0; i < WG_ARRAY_LEN(refused); i++) {
    if (wg_str_eqz(name, refused[i])) {
      return wg_fail(
          err, WG_E_UNSUPPORTED,
          "GOFLAGS holds -%s, which wingo does not follow (it would read or write files behind the "
          "key's "
          "back): remove it (go env -u GOFLAGS), or set env: {GOFLAGS: \"\"} for this app",
          refused[i]);
    }
  }
  if (wg_str_eqz(name, "compiler") && !wg_str_eqz(value, "gc")) {
    return wg_fail(err, WG_E_UNSUPPORTED,
                   "GOFLAGS asks for the compiler %.*s; wingo builds with gc only",
                   WG_STR_ARG(value));
  }
  if (wg_str_eqz(name, "pgo") && value.n > 0 && !wg_str_eqz(value, "auto") &&
      !wg_str_eqz(value, "off")) {
    return wg_fail(err, WG_E_UNSUPPORTED,
                   "GOFLAGS names a profile (-pgo=%.*s): put it beside the main package as "
                   "default.pgo instead",
                   WG_STR_ARG(value));
  }
  *out_mod_mod |= wg_str_eqz(name, "mod") && wg_str_eqz(value, "mod");
  return WG_OK;
}

wg_code wg_go_flags_check(const char *goflags, bool *out_mod_mod, wg_error *err) {
  *out_mod_mod = false;
  wg_str s = wg_str_of(goflags);
  size_t i = 0;
  while (i < s.n) {
    char c = s.p[i];
    if (c == ' ' || c == '\t' || c == '\n' || c == '\r') {
      i++;
      continue;
    }
    bool quoted = c == '\'' || c == '"'; // a whole setting may stand in quotes
    size_t from = quoted ? i + 1 : i, to = from;
    while (to < s.n &&
           (quoted ? s.p[to] != c : s.p[to] != ' ' && s.p[to] != '\t' && s.p[to] != '\n')) {
      to++;
    }
    if (flags_one((wg_str){s.p + from, to - from}, out_mod_mod, err) != WG_OK) {
      return err->code;
    }
    i = quoted && to < s.n ? to + 1 : to;
  }
  return WG_OK;
}

wg_code wg_go_tags_flag(const wg_go_spec *spec, wg_arena *arena, const char **out, wg_error *err) {
  *out = NULL;
  for (size_t i = 0; i < spec->n_tags; i++) {
    *out = *out == NULL ? wg_arena_printf(arena, "-tags=%s", spec->tags[i])
                        : wg_arena_printf(arena, "%s,%s", *out, spec->tags[i]);
    if (*out == NULL) {
      return wg_arena_fail(arena, err);
    }
  }
  return WG_OK;
}

typedef struct list_sink {
  wg_go_list *list;
  wg_code code;
  wg_error *err;
} list_sink;

static void list_on_stdout(void *ctx, const char *p, size_t n) {
  list_sink *s = ctx;
  if (s->code == WG_OK) {
    s->code = wg_go_list_feed(s->list, p, n, s->err);
  }
}

// Runs `go list -deps -e` for spec. Complaints of the command itself (no packages) go to complaint.
// For tests too.
static wg_code go_list_run(const wg_go_env *env, const wg_go_spec *spec, const wg_go_found *found,
                           wg_go_phase phase, const char *tmp, const wg_cancel *cancel,
                           wg_arena *arena, const wg_go_package *const **out, size_t *out_n,
                           wg_buf *complaint, int *out_exit, wg_error *err) {
  const char *args[8] = {"list", "-e", "-deps", "-json=" WG_GO_LIST_FIELDS};
  size_t n = 4;
  if (found->mod_flag[0] != '\0') {
    args[n++] = found->mod_flag;
  }
  if (wg_go_tags_flag(spec, arena, &args[n], err) != WG_OK) {
    return err->code;
  }
  n += args[n] != NULL;
  args[n++] = "--";
  args[n] = spec->main;
  WG_AUTO_PTR(wg_go_list) list = wg_go_list_new(arena);
  wg_error feed_err = WG_ERROR_INIT;
  list_sink sink = {list, WG_OK, &feed_err};
  wg_go_call call = {.env = env,
                     .spec = spec,
                     .go = found->tool.path,
                     .tmp = tmp,
                     .phase = phase,
                     .cancel = cancel,
                     .args = args,
                     .on_stdout = list_on_stdout,
                     .ctx = &sink};
  if (wg_go_run(&call, complaint, out_exit, err) != WG_OK) {
    return err->code;
  }
  if (sink.code != WG_OK) {
    *err = feed_err;
    return sink.code;
  }
  return wg_go_list_end(list, out, out_n, err);
}

typedef struct discovery {
  const wg_go_env *env;
  const wg_go_spec *spec;
  const wg_go_observer *obs;
  const char *tmp;
  const wg_cancel *cancel;
  wg_arena *arena;
  wg_go_found *found;
  wg_buf *details;
  const wg_go_package *const *packages;
  size_t n_packages;
} discovery;

static bool discover_says(const char *text, const char *what) {
  return strstr(text, what) != NULL;
}

// A package whose module is not there: newer toolchains do not say which module that is.
static void discover_name_module(const discovery *d, const wg_go_package *p, wg_buf *out) {
  WG_AUTO(wg_buf) text = {0};
  wg_buf_init(&text, wg_heap(), 0);
  wg_error ignored = WG_ERROR_INIT;
  wg_str module = {"", 0}, version = {"", 0};
  if (wg_os_read_file(WG_CWD, d->found->tool.gomod, WG_GO_MAX_GOMOD, &text, &ignored) == WG_OK) {
    wg_go_mod_requires(wg_buf_str(&text), p->import_path, &module, &version);
  }
  if (module.n > 0 && !discover_says(p->error, "@v")) {
    wg_buf_printf(out, "%.*s@%.*s: ", WG_STR_ARG(module), WG_STR_ARG(version));
  } else if (!discover_says(p->error, p->import_path)) {
    wg_buf_printf(out, "package %s: ", p->import_path);
  }
}

// Complaints of one listing, as the go command words them.
static void discover_complaints(const discovery *d, const wg_buf *own, int exit_code, wg_buf *out) {
  for (size_t i = 0; i < d->n_packages; i++) {
    const wg_go_package *p = d->packages[i];
    if (p->error == NULL || p->error[0] == '\0') {
      continue;
    }
    if (p->error_pos[0] != '\0' && !wg_str_starts(wg_str_of(p->error), p->error_pos)) {
      wg_buf_printf(out, "%s: ", p->error_pos);
    }
    if (discover_says(p->error, "module lookup disabled")) {
      discover_name_module(d, p, out);
    }
    wg_buf_add_z(out, p->error);
    wg_buf_add_byte(out, '\n');
  }
  if (exit_code != 0 && out->n == 0) {
    wg_go_text_complaints(out, wg_buf_str(own));
  }
}

static wg_code discover_fail(const discovery *d, wg_str complaints, wg_error *err) {
  const wg_go_spec *spec = d->spec;
  wg_go_text_add(d->details, complaints, spec->dir, spec->project_dir);
  WG_AUTO(wg_buf) cure = {0}, target = {0};
  wg_buf_init(&cure, wg_heap(), 0);
  wg_buf_init(&target, wg_heap(), 0);
  wg_buf_printf(&target, "%s/%s", spec->os, spec->arch);
  const char *dir = spec->dir;
  size_t n = strlen(spec->project_dir);
  if (wg_path_is_below(dir, spec->project_dir)) {
    dir = dir[n] == '/' ? dir + n + 1 : ".";
  }
  wg_go_text_cure(&cure, complaints, dir, wg_buf_z(&target));
  wg_str first = wg_go_text_first(wg_buf_str(d->details));
  wg_code code = wg_go_text_code(complaints);
  wg_error_set(err, code, 0, WG_NO_OFFSET, "%.*s%s%s", (int)(first.n > 600 ? 600 : first.n),
               first.p, cure.n > 0 ? "; " : "", wg_buf_z(&cure));
  return code;
}

static wg_code discover_list(discovery *d, wg_error *err) {
  for (wg_go_phase phase = WG_GO_OFFLINE;; phase = WG_GO_FETCH) {
    WG_AUTO(wg_buf) own = {0}, complaints = {0};
    wg_buf_init(&own, wg_heap(), 0);
    wg_buf_init(&complaints, wg_heap(), 0);
    int exit_code = -1;
    if (go_list_run(d->env, d->spec, d->found, phase, d->tmp, d->cancel, d->arena, &d->packages,
                    &d->n_packages, &own, &exit_code, err) != WG_OK) {
      return err->code;
    }
    discover_complaints(d, &own, exit_code, &complaints);
    if (complaints.n == 0 && exit_code == 0) {
      return WG_OK;
    }
    if (phase == WG_GO_OFFLINE && wg_go_text_wants_fetch(wg_buf_str(&complaints))) {
      d->obs->note(d->obs->ctx, "fetching modules");
      continue;
    }
    return discover_fail(d, wg_buf_str(&complaints), err);
  }
}

// The one package that main: names must be a program.
static wg_code discover_main(discovery *d, wg_error *err) {
  const wg_go_package *main = NULL;
  for (size_t i = 0; i < d->n_packages; i++) {
    if (d->packages[i]->dep_only) {
      continue;
    }
    if (main != NULL) {
      return wg_fail(err, WG_E_CONFIG, "main: %s names several packages (%s, %s); name one",
                     d->spec->main, main->import_path, d->packages[i]->import_path);
    }
    main = d->packages[i];
  }
  if (main == NULL) {
    return wg_fail(err, WG_E_CONFIG, "main: %s names no package in %s", d->spec->main,
                   d->spec->dir);
  }
  if (strcmp(main->name, "main") != 0) {
    return wg_fail(err, WG_E_CONFIG, "main: %s is package %s, not a program (package main)",
                   d->spec->main, main->name);
  }
  if (main->module == NULL) {
    return wg_fail(err, WG_E_UNSUPPORTED, "main: %s belongs to no module", d->spec->main);
  }
  if (d->spec->resources && main->syso.n > 0) {
    return wg_fail(
        err, WG_E_CONFLICT,
        "%s has resources of its own (%s), and windows: asks for others; remove one of them",
        d->spec->main, main->syso.v[0]);
  }
  d->found->import_path = main->import_path;
  d->found->module = main->module->path;
  d->found->n_packages = d->n_packages;
  return WG_OK;
}

// go.mod's own demand; old toolchains ignore it, new ones would fetch another toolchain.
static wg_code discover_gomod(const discovery *d, wg_error *err) {
  const wg_go_tool *t = &d->found->tool;
  if (t->gomod[0] == '\0' || strcmp(t->gomod, "/dev/null") == 0) {
    if (t->gowork[0] != '\0') {
      return WG_OK; // main: is looked up in the workspace
    }
    const char *mode = wg_go_tool_var(t, "GO111MODULE");
    if (strcmp(mode, "off") == 0) {
      return wg_fail(err, WG_E_UNSUPPORTED, "GO111MODULE=off: wingo builds modules only; unset it");
    }
    return wg_fail(err, WG_E_NOT_FOUND,
                   "there is no go.mod in %s or above: run `go mod init example.com/name` there",
                   d->spec->dir);
  }
  WG_AUTO(wg_buf) text = {0};
  wg_buf_init(&text, wg_heap(), 0);
  if (wg_os_read_file(WG_CWD, t->gomod, WG_GO_MAX_GOMOD, &text, err) != WG_OK) {
    return err->code;
  }
  wg_str go, toolchain;
  wg_go_mod_scan(wg_buf_str(&text), &go, &toolchain);
  const char *shown = t->gomod;
  size_t n = strlen(d->spec->project_dir);
  if (wg_path_is_below(shown, d->spec->project_dir) && shown[n] == '/') {
    shown += n + 1;
  }
  if (wg_go_mod_require(go, shown, t->version, t->path, err) != WG_OK) {
    return err->code;
  }
  wg_error newer = WG_ERROR_INIT;
  if (wg_go_mod_require(toolchain, shown, t->version, t->path, &newer) != WG_OK) {
    WG_AUTO(wg_cstr)
    w = wg_xprintf("%s suggests toolchain %.*s; building with the installed %s", shown,
                   WG_STR_ARG(toolchain), t->version);
    d->obs->warn(d->obs->ctx, w);
  }
  return WG_OK;
}

static wg_code discover_tool(discovery *d, wg_error *err) {
  const char *go = "";
  if (wg_go_find(d->env, d->obs, d->arena, &go, err) != WG_OK) {
    return err->code;
  }
  wg_go_tool *t = &d->found->tool;
  if (wg_go_tool_load(d->env, d->spec, go, d->tmp, d->cancel, d->arena, t, err) != WG_OK ||
      wg_go_version_require(d->spec->go, t->version, t->path, err) != WG_OK) {
    return err->code;
  }
  bool mod_mod = false;
  if (wg_go_flags_check(t->goflags, &mod_mod, err) != WG_OK) {
    return err->code;
  }
  d->found->mod_flag = strcmp(d->spec->mod, "vendor") == 0 ? "-mod=vendor"
                       : mod_mod || d->spec->mod[0] != '\0'
                           ? "-mod=readonly" // nothing writes go.mod
                           : "";
  return WG_OK;
}

wg_code wg_go_discover(const wg_go_env *env, const wg_go_spec *spec, const wg_go_observer *obs,
                       const char *tmp, const wg_cancel *cancel, wg_arena *arena, wg_go_found *out,
                       wg_buf *details, wg_error *err) {
  wg_go_found found = {.tool = {.gomod = "", .gowork = "", .version = ""},
                       .mod_flag = "",
                       .import_path = "",
                       .module = ""};
  discovery d = {.env = env,
                 .spec = spec,
                 .obs = obs,
                 .tmp = tmp,
                 .cancel = cancel,
                 .arena = arena,
                 .found = &found,
                 .details = details};
  wg_stat st;
  if (wg_os_stat(WG_CWD, spec->dir, true, &st, err) != WG_OK) {
    return err->code;
  }
  if (wg_str_ends(wg_str_of(spec->main), ".go")) {
    return wg_fail(err, WG_E_CONFIG, "main: %s is a file; name the folder of the package",
                   spec->main);
  }
  if (discover_tool(&d, err) != WG_OK || discover_gomod(&d, err) != WG_OK ||
      discover_list(&d, err) != WG_OK || discover_main(&d, err) != WG_OK) {
    return err->code;
  }
  wg_go_observe_job job = {.spec = spec,
                           .env = env,
                           .found = &found,
                           .obs = obs,
                           .arena = arena,
                           .packages = d.packages,
                           .n_packages = d.n_packages};
  if (wg_go_observe(&job, err) != WG_OK) {
    return err->code;
  }
  *out = found;
  return WG_OK;
}
