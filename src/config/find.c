// SPDX-License-Identifier: Apache-2.0
// Where the project file is, and reading it with what belongs to it.
#include <string.h>

#include "base/near.h"
#include "base/utf.h"
#include "config/find.h"
#include "config/git.h"
#include "config/load.h"
#include "os/proc.h"

#define FIND_MAX_BYTES ((uint64_t)4 << 20) // the parser's own limit is lower and names the place

char *wg_cfg_find_file(void) {
  WG_AUTO(wg_cstr) cwd = wg_os_getcwd();
  char *name = wg_xstrdup("wingo.yaml");
  for (size_t n = strlen(cwd); n > 0;) {
    if (wg_os_exists(WG_CWD, name)) {
      return name;
    }
    while (n > 0 && cwd[n - 1] != '/') { // one folder up
      n--;
    }
    n -= n > 0 ? 1 : 0;
    char *up = wg_xprintf("../%s", name);
    wg_xfree(name);
    name = up;
  }
  wg_xfree(name);
  return NULL;
}

// A file of nearly that name in this folder: wingo.yml, Wingo.yaml. NULL: there is none.
static char *find_nearly(void) {
  WG_AUTO(wg_arena) arena = {0};
  wg_dirent *entries = NULL;
  size_t n = 0;
  wg_error ignored = WG_ERROR_INIT;
  wg_arena_init(&arena, wg_heap(), 0);
  if (wg_os_list_dir(WG_CWD, ".", &arena, &entries, &n, &ignored) != WG_OK) {
    return NULL;
  }
  for (size_t i = 0; i < n; i++) {
    wg_str name = wg_str_of(entries[i].name);
    if (wg_name_cmp_nocase(name, WG_STR("wingo.yml")) == 0 ||
        wg_name_cmp_nocase(name, WG_STR("wingo.yaml")) == 0) {
      return wg_xstrdup(entries[i].name);
    }
  }
  return NULL;
}

static const char *find_getenv(void *ctx, const char *name) {
  (void)ctx;
  return wg_os_getenv(name);
}

typedef struct find_world {
  const char *dir;
} find_world;

static wg_code find_git(void *ctx, const char *what, wg_buf *out, wg_error *err) {
  const find_world *w = ctx;
  return wg_git_fact(w->dir, what, out, err);
}

static bool find_env_name_ok(const char *env) {
  bool ok = env[0] != '\0' && env[0] != '.' && env[0] != '-';
  for (const char *p = env; *p != '\0'; p++) {
    ok = ok && ((*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') || (*p >= '0' && *p <= '9') ||
                *p == '.' || *p == '_' || *p == '-');
  }
  return ok;
}

static char *find_overlay(const char *file, const char *env) {
  WG_AUTO(wg_cstr) folder = wg_path_dirname(file);
  bool here = strcmp(folder, ".") == 0;
  return wg_xprintf("%s%sconfig/%s%s", here ? "" : folder, here ? "" : "/", env,
                    env[0] == '\0' ? "" : ".yaml");
}

const char **wg_cfg_find_envs(const char *file, wg_arena *arena, size_t *out_n) {
  wg_dirent *entries = NULL;
  size_t n = 0, n_names = 0;
  wg_error err = WG_ERROR_INIT;
  WG_AUTO(wg_cstr) folder = find_overlay(file, "");
  if (wg_os_list_dir(WG_CWD, folder, arena, &entries, &n, &err) != WG_OK) {
    n = 0;
  }
  const char **names = (const char **)wg_arena_array(arena, n + 1, sizeof(*names));
  for (size_t i = 0; names != NULL && i < n; i++) {
    size_t len = strlen(entries[i].name);
    bool overlay = len > 5 && wg_str_ends(wg_str_of(entries[i].name), ".yaml");
    char *name = overlay ? wg_arena_strndup(arena, entries[i].name, len - 5) : NULL;
    if (name != NULL && find_env_name_ok(name)) {
      names[n_names++] = name;
    }
  }
  *out_n = n_names;
  return names;
}

static wg_code find_no_overlay(wg_cfg *c, const char *file, const char *path, const char *env,
                               wg_error *err) {
  size_t n = 0;
  const char **names = wg_cfg_find_envs(file, &c->arena, &n);
  const char *near = wg_nearest(env, names, n);
  const char *list = "";
  for (size_t i = 0; i < n; i++) {
    list = wg_cfg_printf(c, "%s%s%s", list, i == 0 ? "" : ", ", names[i]);
  }
  if (near != NULL) {
    return wg_fail(err, WG_E_CONFIG, "there is no '%s' for --env %s; did you mean '%s'?", path, env,
                   near);
  }
  if (list[0] != '\0') {
    return wg_fail(err, WG_E_CONFIG, "there is no '%s' for --env %s; there are: %s", path, env,
                   list);
  }
  return wg_fail(err, WG_E_CONFIG, "there is no '%s' for --env %s: write it, or leave --env out",
                 path, env);
}

static wg_code find_read(const char *path, wg_buf *out, wg_error *err) {
  wg_code code = wg_os_read_file(WG_CWD, path, FIND_MAX_BYTES, out, err);
  if (code == WG_E_NOT_FOUND) {
    return wg_fail(err, WG_E_CONFIG, "there is no '%s'; 'wingo init' writes one", path);
  }
  if (code == WG_E_LIMIT || code == WG_E_UNSUPPORTED) { // not a file that could be a project file
    return wg_fail(err, WG_E_CONFIG, "'%s' is not a project file: it is %s", path,
                   code == WG_E_LIMIT ? "larger than 4 MiB" : "not a regular file");
  }
  return code == WG_OK ? WG_OK : wg_wrap(err, "'%s'", path);
}

// A load that ended before there was anything to check: a wg_cfg without faults.
static wg_code find_nothing(wg_cfg **out, wg_code code) {
  *out = wg_cfg_new();
  return code;
}

static wg_code find_load(const wg_cfg_lang *lang, const wg_cfg_options *opt, const char *file,
                         wg_cfg **out, wg_error *err) {
  WG_AUTO(wg_buf) main_bytes = {0};
  WG_AUTO(wg_buf) over_bytes = {0};
  wg_buf_init(&main_bytes, wg_heap(), 0);
  wg_buf_init(&over_bytes, wg_heap(), 0);
  if (find_read(file, &main_bytes, err) != WG_OK) {
    return find_nothing(out, err->code);
  }
  WG_AUTO(wg_cstr) folder = wg_path_dirname(file);
  WG_AUTO(wg_cstr) absolute = wg_path_absolute(folder);
  WG_AUTO(wg_cstr) overlay = NULL;
  if (opt->env_name != NULL) {
    if (!find_env_name_ok(opt->env_name)) {
      return find_nothing(out, wg_fail(err, WG_E_USAGE,
                                       "--env '%s' is not a safe name; letters, "
                                       "digits, '.', '_' and '-' only",
                                       opt->env_name));
    }
    overlay = find_overlay(file, opt->env_name);
    if (!wg_os_exists(WG_CWD, overlay)) {
      (void)find_nothing(out, WG_OK);
      return find_no_overlay(*out, file, overlay, opt->env_name, err);
    }
    if (find_read(overlay, &over_bytes, err) != WG_OK) {
      return find_nothing(out, err->code);
    }
  }
  find_world world = {absolute};
  const wg_cfg_input in = {.file = file,
                           .bytes = wg_buf_str(&main_bytes),
                           .overlay = overlay,
                           .overlay_bytes = wg_buf_str(&over_bytes),
                           .sets = opt->sets,
                           .n_sets = opt->n_sets,
                           .dir = absolute,
                           .env_name = opt->env_name,
                           .mask = opt->mask,
                           .watch = opt->watch,
                           .world = {find_getenv, find_git, &world}};
  return wg_cfg_load_bytes(lang, &in, out, err);
}

wg_code wg_cfg_load(const wg_cfg_lang *lang, const wg_cfg_options *opt, wg_cfg **out,
                    wg_error *err) {
  WG_AUTO(wg_cstr) found = NULL;
  if (opt->file == NULL) {
    found = wg_cfg_find_file();
    WG_AUTO(wg_cstr) nearly = found == NULL ? find_nearly() : NULL;
    if (nearly != NULL) {
      return find_nothing(out, wg_fail(err, WG_E_CONFIG,
                                       "there is no wingo.yaml in this folder or above it; rename "
                                       "'%s' to wingo.yaml",
                                       nearly));
    }
    if (found == NULL) {
      return find_nothing(out, wg_fail(err, WG_E_CONFIG,
                                       "there is no wingo.yaml in this folder or above it; 'wingo "
                                       "init' writes one"));
    }
  }
  return find_load(lang, opt, opt->file != NULL ? opt->file : found, out, err);
}
