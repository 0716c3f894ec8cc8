// SPDX-License-Identifier: Apache-2.0
#include "project/gosource.h"

#include <string.h>

#include "goapp/flags.h"
#include "goapp/precheck.h"
#include "goapp/version.h"
#include "os/proc.h"

#define GOSOURCE_MAX_TEXT ((uint64_t)1 << 20)

void wg_gosource_rules(wg_cfg *c, const wg_cfg_app *app) {
  for (size_t i = 0; i < app->n_vars; i++) {
    wg_error err = WG_ERROR_INIT;
    const wg_cfg_pair *v = &app->vars[i];
    if (v->name != NULL && v->value != NULL && wg_go_var_check(v->name, v->value, &err) != WG_OK) {
      wg_cfg_error(c, v->pos,
                   wg_cfg_printf(c,
                                 "apps.%s.vars.%s: a value with both kinds of quotes, or with a "
                                 "line break, cannot be handed to Go's linker",
                                 app->name, v->name),
                   "shorten it, or embed a file with //go:embed");
    }
  }
}

typedef struct gosource {
  wg_cfg *c;
  const wg_cfg_app *app;
} gosource;

static void gosource_on_finding(void *ctx, const wg_go_finding *f) {
  gosource *g = ctx;
  const wg_cfg_app *app = g->app;
  if (f->mistake == WG_GO_NOT_MAIN) {
    wg_pos pos = app->main_pos.line != 0 ? app->main_pos : app->pos;
    wg_cfg_error(g->c, pos,
                 wg_cfg_printf(g->c, "apps.%s.main: '%s' is package %s, which makes no program",
                               app->name, app->main, f->detail),
                 "name the package that holds func main: 'package main'");
    return;
  }
  const wg_cfg_pair *v = &app->vars[f->var];
  if (f->mistake == WG_GO_NO_VARIABLE) {
    const char *dot = strrchr(v->name, '.');
    const char *hint = f->detail != NULL ? wg_cfg_printf(g->c, "did you mean '%.*s.%s'?",
                                                         (int)(dot - v->name), v->name, f->detail)
                                         : "declare it in that package: var NAME string";
    wg_cfg_error(g->c, v->pos,
                 wg_cfg_printf(g->c,
                               "apps.%s.vars: there is no variable '%s'; the linker would leave it "
                               "out without a word",
                               app->name, v->name),
                 hint);
    return;
  }
  wg_cfg_error(g->c, v->pos,
               wg_cfg_printf(g->c,
                             "apps.%s.vars: '%s' is no text, or computed at the start: the linker "
                             "cannot set it",
                             app->name, v->name),
               "declare it as 'var NAME string', without a value or with a plain text");
}

// The Go in PATH: the folder above the one its program is in.
static char *gosource_goroot(void) {
  WG_AUTO(wg_cstr) found = wg_os_which("go", NULL);
  WG_AUTO(wg_cstr) real = NULL;
  wg_error ignored = WG_ERROR_INIT;
  if (found == NULL || wg_os_realpath(found, &real, &ignored) != WG_OK) {
    return NULL;
  }
  WG_AUTO(wg_cstr) bin = wg_path_dirname(real);
  return wg_path_dirname(bin);
}

// What that Go calls itself ("go1.26.8"), heap; NULL when it does not say.
static char *gosource_installed(const char *goroot) {
  WG_AUTO(wg_cstr) path = wg_path_join(goroot, "VERSION");
  WG_AUTO(wg_buf) text = {0};
  wg_error ignored = WG_ERROR_INIT;
  wg_go_version v;
  wg_buf_init(&text, wg_heap(), 0);
  if (wg_os_read_file(WG_CWD, path, GOSOURCE_MAX_TEXT, &text, &ignored) != WG_OK) {
    return NULL;
  }
  wg_str line = wg_buf_str(&text);
  line.n = wg_str_find(line, '\n');
  return wg_go_version_installed(line, &v) ? wg_xstrndup(line.p, line.n) : NULL;
}

// What the project and go.mod demand of the Go in PATH.
static void gosource_version(wg_cfg *c, const wg_cfg_app *app, const char *folder,
                             const char *goroot) {
  WG_AUTO(wg_cstr) installed = gosource_installed(goroot);
  WG_AUTO(wg_cstr) go = wg_path_join(goroot, "bin/go");
  WG_AUTO(wg_cstr) module = wg_go_module_dir(folder);
  WG_AUTO(wg_buf) text = {0};
  wg_error err = WG_ERROR_INIT;
  wg_buf_init(&text, wg_heap(), 0);
  if (installed == NULL) {
    return;
  }
  if (app->go != NULL && wg_go_version_require(app->go, installed, go, &err) != WG_OK) {
    wg_cfg_error(c, app->go_pos, wg_cfg_printf(c, "apps.%s.go: %s", app->name, err.text), NULL);
    return;
  }
  WG_AUTO(wg_cstr) gomod = module == NULL ? NULL : wg_path_join(module, "go.mod");
  wg_str go_line, toolchain;
  if (gomod == NULL || wg_os_read_file(WG_CWD, gomod, GOSOURCE_MAX_TEXT, &text, &err) != WG_OK) {
    return;
  }
  const char *shown = wg_path_below(gomod, c->dir);
  if (wg_go_mod_module(wg_buf_str(&text)).n == 0) {
    wg_cfg_error(c, app->pos,
                 wg_cfg_printf(c, "apps.%s: %s has no line 'module PATH'", app->name,
                               shown != NULL ? shown : gomod),
                 "correct it: 'go mod init PATH' writes one");
    return;
  }
  wg_go_mod_scan(wg_buf_str(&text), &go_line, &toolchain);
  if (wg_go_mod_require(go_line, shown != NULL ? shown : gomod, installed, go, &err) != WG_OK) {
    wg_cfg_error(c, app->pos, wg_cfg_printf(c, "apps.%s: %s", app->name, err.text), NULL);
  }
}

static void gosource_targets(wg_cfg *c, const wg_cfg_app *app, const char *goroot) {
  for (size_t i = 0; i < app->n_targets; i++) {
    const wg_cfg_target *t = &app->targets[i];
    if (t->os != NULL && !wg_go_knows_platform(goroot, t->os, t->arch)) {
      wg_cfg_error(c, t->pos,
                   wg_cfg_printf(c, "apps.%s.targets: the Go in PATH (%s) does not know %s/%s",
                                 app->name, goroot, t->os, t->arch),
                   "drop the target, or put a Go that has it first in PATH");
    }
  }
}

void wg_gosource_files(wg_cfg *c, const wg_cfg_app *app, const char *folder) {
  gosource g = {.c = c, .app = app};
  const char **names = wg_cfg_alloc(c, app->n_vars, sizeof(*names));
  for (size_t i = 0; i < app->n_vars; i++) {
    names[i] = app->vars[i].name != NULL ? app->vars[i].name : "";
  }
  if (app->main != NULL) {
    wg_go_precheck(folder, app->main, names, app->n_vars, gosource_on_finding, &g);
  }
  WG_AUTO(wg_cstr) goroot = gosource_goroot();
  if (goroot != NULL) {
    gosource_version(c, app, folder, goroot);
    gosource_targets(c, app, goroot);
  }
}
