// SPDX-License-Identifier: Apache-2.0
#include "project/gosource.h"

#include <string.h>

#include "goapp/flags.h"
#include "goapp/precheck.h"
#include "os/proc.h"

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

static void gosource_targets(wg_cfg *c, const wg_cfg_app *app) {
  WG_AUTO(wg_cstr) goroot = gosource_goroot();
  for (size_t i = 0; goroot != NULL && i < app->n_targets; i++) {
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
  gosource_targets(c, app);
}
