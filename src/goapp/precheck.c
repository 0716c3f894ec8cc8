// SPDX-License-Identifier: Apache-2.0
#include "goapp/precheck.h"

#include <string.h>

#include "base/near.h"
#include "goapp/scan.h"
#include "goapp/version.h"
#include "os/file.h"

#define PRECHECK_MAX_FILE ((uint64_t)8 << 20)
#define PRECHECK_MAX_VARS 4096

// The package in a folder, as far as its files say without their build constraints.
typedef struct precheck_package {
  wg_arena arena;
  const char **vars;
  bool *settable;
  size_t n_vars;
  const char *name; // of the first file that is in some build
  bool has_main, generates;
  size_t n_files;
} precheck_package;

static void precheck_package_done(precheck_package *p) {
  wg_arena_done(&p->arena);
}
WG_DEFINE_AUTO(precheck_package, precheck_package_done);

static void precheck_on_var(void *ctx, wg_str name, bool settable) {
  precheck_package *p = ctx;
  if (p->n_vars < PRECHECK_MAX_VARS) {
    p->settable[p->n_vars] = settable;
    p->vars[p->n_vars] = wg_arena_printf(&p->arena, "%.*s", WG_STR_ARG(name));
    wg_assert(p->vars[p->n_vars] != NULL);
    p->n_vars++;
  }
}

static void precheck_file(precheck_package *p, const char *path) {
  WG_AUTO(wg_buf) text = {0};
  wg_error ignored = WG_ERROR_INIT;
  wg_go_scan scan;
  wg_buf_init(&text, wg_heap(), 0);
  if (wg_os_read_file(WG_CWD, path, PRECHECK_MAX_FILE, &text, &ignored) != WG_OK) {
    return;
  }
  size_t n_before = p->n_vars;
  wg_go_scan_file(wg_buf_str(&text), precheck_on_var, p, &scan);
  p->generates = p->generates || scan.generates;
  if (scan.ignored || scan.package.n == 0) {
    p->n_vars = n_before;
    return;
  }
  p->n_files++;
  p->has_main = p->has_main || wg_str_eqz(scan.package, "main");
  if (p->name == NULL) {
    p->name = wg_arena_printf(&p->arena, "%.*s", WG_STR_ARG(scan.package));
  }
}

static void precheck_read(precheck_package *p, const char *folder) {
  wg_dirent *e = NULL;
  size_t n = 0;
  wg_error ignored = WG_ERROR_INIT;
  wg_arena_init(&p->arena, wg_heap(), (size_t)64 << 20);
  p->vars = (const char **)wg_arena_new_array(&p->arena, const char *, PRECHECK_MAX_VARS);
  p->settable = wg_arena_new_array(&p->arena, bool, PRECHECK_MAX_VARS);
  if (p->vars == NULL || p->settable == NULL ||
      wg_os_list_dir(WG_CWD, folder, &p->arena, &e, &n, &ignored) != WG_OK) {
    return;
  }
  for (size_t i = 0; i < n; i++) {
    wg_str name = wg_str_of(e[i].name);
    bool counts = wg_str_ends(name, ".go") && !wg_str_ends(name, "_test.go") && name.p[0] != '_' &&
                  name.p[0] != '.';
    if (counts) {
      WG_AUTO(wg_cstr) path = wg_path_join(folder, e[i].name);
      precheck_file(p, path);
    }
  }
}

char *wg_go_module_dir(const char *dir) {
  WG_AUTO(wg_cstr) at = wg_path_absolute(dir);
  for (;;) {
    WG_AUTO(wg_cstr) gomod = wg_path_join(at, "go.mod");
    if (wg_os_exists(WG_CWD, gomod)) {
      return wg_take(&at);
    }
    char *up = wg_path_dirname(at);
    bool top = strcmp(up, at) == 0;
    wg_xfree(at);
    at = up;
    if (top) {
      return NULL;
    }
  }
}

char *wg_go_module_path(const char *folder) {
  WG_AUTO(wg_cstr) gomod = wg_path_join(folder, "go.mod");
  WG_AUTO(wg_buf) text = {0};
  wg_error ignored = WG_ERROR_INIT;
  wg_buf_init(&text, wg_heap(), 0);
  if (wg_os_read_file(WG_CWD, gomod, PRECHECK_MAX_FILE, &text, &ignored) != WG_OK) {
    return wg_xstrdup("");
  }
  wg_str module = wg_go_mod_module(wg_buf_str(&text));
  return wg_xstrndup(module.p, module.n);
}

// The folder of a package of dir's own module, heap; NULL when it is none.
static char *precheck_folder(const char *dir, const char *package, size_t n_package) {
  WG_AUTO(wg_cstr) module = wg_go_module_dir(dir);
  WG_AUTO(wg_cstr) path = module == NULL ? NULL : wg_go_module_path(module);
  size_t n = module == NULL ? 0 : strlen(path);
  if (module == NULL || n == 0 || n_package < n || memcmp(package, path, n) != 0 ||
      (n_package > n && package[n] != '/')) {
    return NULL;
  }
  WG_AUTO(wg_cstr) below = wg_xstrndup(package + n, n_package - n);
  return wg_xprintf("%s%s", module, below);
}

// Looks for a variable in the package.
static void precheck_look(const precheck_package *p, const char *name, size_t number,
                          wg_go_on_finding on_finding, void *ctx) {
  bool found = false, settable = false;
  for (size_t i = 0; i < p->n_vars; i++) {
    if (strcmp(p->vars[i], name) == 0) {
      found = true;
      settable = settable || p->settable[i];
    }
  }
  wg_go_finding f = {.mistake = found ? WG_GO_NOT_SETTABLE : WG_GO_NO_VARIABLE, .var = number};
  if (!found) {
    f.detail = wg_nearest(name, p->vars, p->n_vars);
  }
  if (p->n_files > 0 && (!found || !settable)) {
    on_finding(ctx, &f);
  }
}

static void precheck_var(const char *dir, const precheck_package *main, const char *var,
                         size_t number, wg_go_on_finding on_finding, void *ctx) {
  const char *dot = strrchr(var, '.');
  const char *slash = strrchr(var, '/');
  if (dot == NULL || (slash != NULL && dot < slash)) {
    return; // no name of a variable: said elsewhere
  }
  if (strncmp(var, "main.", 5) == 0 && dot == var + 4) {
    precheck_look(main, dot + 1, number, on_finding, ctx);
    return;
  }
  WG_AUTO(wg_cstr) folder = precheck_folder(dir, var, (size_t)(dot - var));
  WG_AUTO(precheck_package) p = {.n_files = 0};
  if (folder != NULL) {
    precheck_read(&p, folder);
    precheck_look(&p, dot + 1, number, on_finding, ctx);
  }
}

void wg_go_precheck(const char *dir, const char *main, const char *const *vars, size_t n_vars,
                    wg_go_on_finding on_finding, void *ctx) {
  if (main[0] != '.') {
    return; // an import path: only go knows where it is
  }
  WG_AUTO(wg_cstr) folder = wg_path_join(dir, main);
  WG_AUTO(precheck_package) p = {.n_files = 0};
  precheck_read(&p, folder);
  if (p.n_files > 0 && !p.has_main) {
    const wg_go_finding f = {.mistake = WG_GO_NOT_MAIN, .detail = p.name};
    on_finding(ctx, &f);
    return;
  }
  for (size_t i = 0; i < n_vars; i++) {
    precheck_var(dir, &p, vars[i], i, on_finding, ctx);
  }
}

bool wg_go_has_main(const char *folder) {
  WG_AUTO(precheck_package) p = {.n_files = 0};
  precheck_read(&p, folder);
  return p.has_main;
}

bool wg_go_has_generate(const char *folder) {
  WG_AUTO(precheck_package) p = {.n_files = 0};
  precheck_read(&p, folder);
  return p.generates;
}

bool wg_go_knows_platform(const char *goroot, const char *os, const char *arch) {
  WG_AUTO(wg_cstr) path = wg_path_join(goroot, "src/internal/platform/zosarch.go");
  WG_AUTO(wg_cstr) pair = wg_xprintf("{\"%s\", \"%s\"}", os, arch);
  WG_AUTO(wg_buf) text = {0};
  wg_error ignored = WG_ERROR_INIT;
  wg_buf_init(&text, wg_heap(), 0);
  if (wg_os_read_file(WG_CWD, path, PRECHECK_MAX_FILE, &text, &ignored) != WG_OK || text.n == 0) {
    return true;
  }
  return memmem(text.p, text.n, pair, strlen(pair)) != NULL;
}
