// SPDX-License-Identifier: Apache-2.0
#include "project/app.h"

#include <string.h>

#include "goapp/env.h"
#include "goapp/flags.h"
#include "goapp/observe.h"
#include "goapp/precheck.h"
#include "project/gosource.h"
#include "project/hostfile.h"
#include "project/ports.h"
#include "project/values.h"

static const char env_name_pattern[] =
    "^(?!(GOOS|GOARCH|GOARM|GOARM64|GOAMD64|GO386|GOMIPS|GOMIPS64|GOPPC64|GORISCV64)$)"
    "[A-Za-z_][A-Za-z0-9_]*$";

static const wg_choice mods[] = {{"readonly", 0, false}, {"vendor", 0, false}, {NULL, 0, false}};

static const wg_key target_keys[] = {
    {.name = "target",
     .type = WG_KEY_OWN,
     .flags = WG_KF_REQUIRED,
     .kind = &wg_key_target,
     .at = WG_WHOLE,
     .doc = "os/arch or os/arch/variant.",
     .since = "0.2",
     .example = "linux/arm64"},
    {.name = "env",
     .type = WG_KEY_PAIRS,
     .flags = WG_KF_VAR | WG_KF_EMPTY | WG_KF_LINES,
     .at = WG_AT(wg_cfg_target, env),
     .count_at = WG_AT(wg_cfg_target, n_env),
     .check_name = wg_cfg_check_env_name,
     .name_pattern = env_name_pattern,
     .doc = "Environment of the go command for this target, laid over the app's `env`: a cross "
            "compiler, say.",
     .since = "0.2",
     .example = "{CGO_ENABLED: \"1\", CC: aarch64-linux-gnu-gcc}"},
    {.name = NULL}};
static const wg_key target_map = {.name = "",
                                  .type = WG_KEY_MAP,
                                  .sub = target_keys,
                                  .at = WG_WHOLE,
                                  .example =
                                      "{target: linux/arm64, env: {CC: aarch64-linux-gnu-gcc}}"};
static const wg_key target_item[] = {{.name = "",
                                      .type = WG_KEY_OWN,
                                      .kind = &wg_key_target,
                                      .map_form = &target_map,
                                      .at = WG_WHOLE,
                                      .pos_at = WG_AT(wg_cfg_target, pos),
                                      .doc = "os/arch or os/arch/variant."}};
static const wg_key ldflag_item[] = {{.name = "",
                                      .type = WG_KEY_STRING,
                                      .flags = WG_KF_VAR,
                                      .check = wg_cfg_check_ldflag,
                                      .at = WG_AT(wg_cfg_str, s),
                                      .pos_at = WG_AT(wg_cfg_str, pos)}};
static const wg_key gcflag_item[] = {{.name = "",
                                      .type = WG_KEY_STRING,
                                      .flags = WG_KF_VAR,
                                      .at = WG_AT(wg_cfg_str, s),
                                      .pos_at = WG_AT(wg_cfg_str, pos)}};
static const wg_key tag_item[] = {{.name = "",
                                   .type = WG_KEY_STRING,
                                   .check = wg_cfg_check_tag,
                                   .pattern = "^[^\\s,/:;-]+$",
                                   .at = WG_AT(wg_cfg_str, s),
                                   .pos_at = WG_AT(wg_cfg_str, pos)}};

#define APP(field) WG_AT(wg_cfg_app, field)
static const wg_key app_keys[] = {
    {.name = "dir",
     .type = WG_KEY_PATH,
     .flags = WG_KF_VAR,
     .def = ".",
     .at = APP(dir),
     .pos_at = APP(dir_pos),
     .check = wg_cfg_check_host_path,
     .doc = "The folder of the Go module, relative to wingo.yaml.",
     .example = "agent"},
    {.name = "main",
     .type = WG_KEY_STRING,
     .def = ".",
     .at = APP(main),
     .pos_at = APP(main_pos),
     .check = wg_cfg_check_main,
     .doc = "The package with func main, as `go build` takes it, relative to `dir`.",
     .example = "./cmd/agent"},
    {.name = "targets",
     .type = WG_KEY_LIST,
     .flags = WG_KF_REQUIRED | WG_KF_UNIQUE,
     .sub = target_item,
     .at = APP(targets),
     .count_at = APP(n_targets),
     .size = sizeof(wg_cfg_target),
     .doc = "The platforms to build for, with Go's names: os/arch, or os/arch/variant where the "
            "variant is a value of GOAMD64, GOARM and the like. Each is built in parallel.",
     .example = "[windows/amd64, linux/arm64, linux/arm/7]"},
    {.name = "env",
     .type = WG_KEY_PAIRS,
     .flags = WG_KF_VAR | WG_KF_EMPTY | WG_KF_LINES,
     .at = APP(env),
     .count_at = APP(n_env),
     .check_name = wg_cfg_check_env_name,
     .name_pattern = env_name_pattern,
     .doc = "Environment of the go command: CGO_ENABLED, GOPROXY, GOPRIVATE, GOFLAGS. "
            "GOOS and GOARCH are targets, not "
            "environment.",
     .example = "{CGO_ENABLED: \"0\"}"},
    {.name = "ldflags",
     .type = WG_KEY_LIST,
     .sub = ldflag_item,
     .at = APP(ldflags),
     .count_at = APP(n_ldflags),
     .size = sizeof(wg_cfg_str),
     .doc = "Flags for Go's linker. Values of variables belong into `vars`.",
     .example = "[-s, -w]"},
    {.name = "gcflags",
     .type = WG_KEY_LIST,
     .sub = gcflag_item,
     .at = APP(gcflags),
     .count_at = APP(n_gcflags),
     .size = sizeof(wg_cfg_str),
     .doc = "Flags for Go's compiler.",
     .example = "[-l]"},
    {.name = "tags",
     .type = WG_KEY_LIST,
     .flags = WG_KF_UNIQUE,
     .sub = tag_item,
     .at = APP(tags),
     .count_at = APP(n_tags),
     .size = sizeof(wg_cfg_str),
     .doc = "Build tags.",
     .example = "[netgo, osusergo]"},
    {.name = "vars",
     .type = WG_KEY_PAIRS,
     .flags = WG_KF_VAR | WG_KF_EMPTY,
     .at = APP(vars),
     .count_at = APP(n_vars),
     .check_name = wg_cfg_check_var_name,
     .name_pattern = "^[^\\s/]([^\\s]*[^\\s/])?\\.[A-Za-z_][^\\s./-]*$",
     .doc = "String variables set at link time (`-X`): package path, a dot and the variable's "
            "name.",
     .example = "{main.version: 1.4.0}"},
    {.name = "mod",
     .type = WG_KEY_ENUM,
     .flags = WG_KF_STORE_NAME,
     .choices = mods,
     .def = "",
     .at = APP(mod),
     .doc = "How modules are found (`-mod`). Left out, Go decides: `vendor` where there is a "
            "vendor folder.",
     .example = "vendor"},
    {.name = "go",
     .type = WG_KEY_STRING,
     .def = "",
     .at = APP(go),
     .pos_at = APP(go_pos),
     .check = wg_cfg_check_go,
     .pattern = "^(>=)?[0-9]{1,6}(\\.[0-9]{1,6}){0,2}((rc|beta)[0-9]+)?$",
     .doc = "The Go version the build demands: `>=1.22` at least that, `1.26.8` that one exactly. "
            "wingo fetches no toolchain; one that doesn't fit is an error.",
     .example = "\">=1.22\""},
    {.name = "revision",
     .type = WG_KEY_STRING,
     .flags = WG_KF_VAR,
     .def = "",
     .at = APP(revision),
     .doc = "What the source is, such as a commit's name. It goes into the SBOM and the version "
            "information.",
     .example = "${GIT_COMMIT:-unknown}"},
    {.name = NULL}};

static const wg_key app_item[] = {{.name = "",
                                   .type = WG_KEY_MAP,
                                   .sub = app_keys,
                                   .under = "apps.*",
                                   .pos_at = APP(pos),
                                   .flags = WG_KF_POSITION_OF_KEY,
                                   .example = "{dir: agent, targets: [windows/amd64]}"}};

static const wg_key rows[] = {{.name = "apps",
                               .type = WG_KEY_NAMED,
                               .group = -1,
                               .sub = app_item,
                               .at = WG_AT(wg_cfg_list, items),
                               .count_at = WG_AT(wg_cfg_list, n),
                               .size = sizeof(wg_cfg_app),
                               .name_at = APP(name),
                               .check_name = wg_cfg_check_app_name,
                               .name_pattern = wg_cfg_name_pattern,
                               .doc = "The Go programs, by name.",
                               .example = "{agent: {dir: agent, targets: [windows/amd64]}}"},
                              {.name = NULL}};

// The variable that a linker flag sets with -X, NULL when it sets none. *prev is the flag before.
static const char *app_x_variable(const char *prev, const char *flag) {
  if (prev != NULL && (strcmp(prev, "-X") == 0 || strcmp(prev, "--X") == 0)) {
    return flag;
  }
  const char *x = strstr(flag, "-X");
  if (x == NULL || (x != flag && x[-1] != ' ' && x[-1] != '-') || (x[2] != ' ' && x[2] != '=')) {
    return NULL;
  }
  return x + 3 + strspn(x + 3, " '\"");
}

static void app_ldflags(wg_cfg *c, const wg_cfg_app *app) {
  for (size_t i = 0; i < app->n_ldflags; i++) {
    const char *flag = app->ldflags[i].s;
    const char *x =
        flag == NULL ? NULL : app_x_variable(i == 0 ? NULL : app->ldflags[i - 1].s, flag);
    for (size_t k = 0; x != NULL && k < app->n_vars; k++) {
      size_t n = strlen(app->vars[k].name);
      if (strncmp(x, app->vars[k].name, n) == 0 && x[n] == '=') {
        wg_cfg_error(c, app->ldflags[i].pos,
                     wg_cfg_printf(c, "apps.%s.ldflags: -X sets '%s', and 'vars' sets it too",
                                   app->name, app->vars[k].name),
                     "keep it in 'vars' only");
      }
    }
  }
}

static void app_windows(wg_cfg *c, const wg_cfg_app *app) {
  bool any = app->n_targets == 0;
  for (size_t i = 0; i < app->n_targets; i++) {
    const char *os = app->targets[i].os;
    any = any || os == NULL || strcmp(os, "windows") == 0;
  }
  if (app->windows.present && !any) {
    wg_cfg_add_fault(
        c, WG_FAULT_WARNING, app->pos,
        wg_cfg_printf(c, "apps.%s: 'windows' is given, and no target is Windows", app->name),
        "add a target such as windows/amd64, or remove 'windows'");
  }
}

// What Go's tools would refuse, or what wingo sets itself.
static void app_flags(wg_cfg *c, const wg_cfg_app *app) {
  WG_AUTO(wg_buf) b = {0};
  wg_buf_init(&b, wg_heap(), 0);
  wg_error err = WG_ERROR_INIT;
  for (size_t i = 0; i < app->n_ldflags + app->n_gcflags; i++) {
    bool ld = i < app->n_ldflags;
    const wg_cfg_str *flag = ld ? &app->ldflags[i] : &app->gcflags[i - app->n_ldflags];
    if (flag->s != NULL && wg_go_flags_add(&b, flag->s, &err) != WG_OK) {
      wg_cfg_error(
          c, flag->pos,
          wg_cfg_printf(c, "apps.%s.%s: %s", app->name, ld ? "ldflags" : "gcflags", err.text),
          NULL);
    }
  }
  for (size_t i = 0; i < app->n_env; i++) {
    if (wg_go_env_check(app->env[i].name, app->env[i].value, &err) != WG_OK) {
      wg_cfg_error(c, app->env[i].pos, wg_cfg_printf(c, "apps.%s.env: %s", app->name, err.text),
                   NULL);
    }
  }
}

// Each target's archive has a name of its own, whatever the release.
static void app_archives(wg_cfg *c, const wg_cfg_app *app) {
  const wg_cfg_archive *a = &app->archive;
  for (size_t i = 0; i < app->n_targets && a->format != WG_ARCHIVE_NONE; i++) {
    const wg_cfg_target *t = &app->targets[i];
    for (size_t k = 0; k < i && t->os != NULL; k++) {
      const wg_cfg_target *u = &app->targets[k];
      if (u->os == NULL) {
        continue;
      }
      const wg_archive_names mine = {app->name, "", t->os, t->arch, t->variant};
      const wg_archive_names other = {app->name, "", u->os, u->arch, u->variant};
      WG_AUTO(wg_cstr) x = wg_archive_file(a, &mine);
      WG_AUTO(wg_cstr) y = wg_archive_file(a, &other);
      if (strcmp(x, y) == 0) {
        wg_cfg_error(c, a->name_pos.line != 0 ? a->name_pos : a->pos,
                     wg_cfg_printf(c, "apps.%s.archive: %s and %s would both be '%s'", app->name,
                                   u->name, t->name, x),
                     "tell them apart with {os} and {arch}");
        return;
      }
    }
  }
}

static void apps_rules(wg_cfg *c, const wg_place *at) {
  const wg_cfg_app *apps = at->self;
  for (size_t i = 0; i < at->n; i++) {
    app_ldflags(c, &apps[i]);
    app_windows(c, &apps[i]);
    app_flags(c, &apps[i]);
    app_archives(c, &apps[i]);
    wg_gosource_rules(c, &apps[i]);
  }
}

static bool app_has_go_source(wg_cfg *c, const char *folder) {
  wg_dirent *e = NULL;
  size_t n = 0;
  wg_error err = WG_ERROR_INIT;
  if (wg_os_list_dir(WG_CWD, folder, &c->arena, &e, &n, &err) != WG_OK) {
    return true; // said elsewhere
  }
  for (size_t i = 0; i < n; i++) {
    if (wg_str_ends(wg_str_of(e[i].name), ".go")) {
      return true;
    }
  }
  return false;
}

static void app_main(wg_cfg *c, const wg_cfg_app *app, const char *folder) {
  const char *label = wg_cfg_printf(c, "apps.%s.main", app->name);
  if (app->main == NULL || app->main[0] != '.') { // an import path: only go knows where it is
    return;
  }
  const char *given = wg_cfg_printf(c, "%s/%s", app->dir, app->main);
  WG_AUTO(wg_cstr) clean = wg_path_clean(given);
  wg_pos pos = app->main_pos.line != 0 ? app->main_pos : app->pos;
  wg_stat st;
  if (!wg_hostfile_stat(c, label, clean, pos, WG_FT_DIR, &st)) {
    return;
  }
  WG_AUTO(wg_cstr) path = wg_path_join(folder, app->main);
  if (!app_has_go_source(c, path)) {
    wg_cfg_error(c, pos, wg_cfg_printf(c, "%s: '%s' has no Go source", label, clean),
                 "name the package that holds func main");
  }
}

// A .syso in the package's folder is resources of its own: wingo's would be the second ones.
static void app_syso(wg_cfg *c, const wg_cfg_app *app, const char *folder) {
  const wg_cfg_windows *w = &app->windows;
  wg_dirent *e = NULL;
  size_t n = 0;
  wg_error err = WG_ERROR_INIT;
  if ((w->icon == NULL && !w->version_info.present && !w->manifest.present) ||
      app->main[0] != '.') {
    return;
  }
  WG_AUTO(wg_cstr) path = wg_path_join(folder, app->main);
  if (wg_os_list_dir(WG_CWD, path, &c->arena, &e, &n, &err) != WG_OK) {
    return; // said elsewhere
  }
  for (size_t i = 0; i < n; i++) {
    bool taken = false;
    for (size_t k = 0; wg_str_ends(wg_str_of(e[i].name), ".syso") && k < app->n_targets; k++) {
      const wg_cfg_target *t = &app->targets[k];
      taken = taken || (t->os != NULL && strcmp(t->os, "windows") == 0 &&
                        !wg_go_name_excluded(e[i].name, t->os, t->arch));
    }
    if (taken) {
      wg_cfg_error(c, app->pos,
                   wg_cfg_printf(c, "apps.%s.windows: '%s' has resources of its own (%s)",
                                 app->name, app->main, e[i].name),
                   "remove that file, or what 'windows' asks for");
    }
  }
}

static void app_app(wg_cfg *c, const wg_cfg_app *app) {
  wg_stat st;
  wg_pos pos = app->dir_pos.line != 0 ? app->dir_pos : app->pos;
  const char *label = wg_cfg_printf(c, "apps.%s.dir", app->name);
  if (app->dir != NULL && wg_hostfile_stat(c, label, app->dir, pos, WG_FT_DIR, &st)) {
    WG_AUTO(wg_cstr) folder = wg_hostfile_path(c, app->dir);
    WG_AUTO(wg_cstr) module = wg_go_module_dir(folder); // go.work alone makes no module
    if (module == NULL) {
      wg_cfg_error(
          c, pos,
          wg_cfg_printf(c, "%s: '%s' is not in a Go module: there is no go.mod", label, app->dir),
          "run 'go mod init' there");
    } else {
      app_main(c, app, folder);
      wg_gosource_files(c, app, folder);
      if (app->main != NULL) {
        app_syso(c, app, folder);
      }
    }
  }
}

static void apps_files(wg_cfg *c, const wg_place *at) {
  const wg_cfg_app *apps = at->self;
  for (size_t i = 0; i < at->n; i++) {
    app_app(c, &apps[i]);
  }
}

const wg_section wg_section_apps = {.rows = rows, .rules = apps_rules, .files = apps_files};
