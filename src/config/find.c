// SPDX-License-Identifier: Apache-2.0
// Where the project file is, and reading it with what belongs to it.
#include <string.h>

#include "base/near.h"
#include "config/find.h"
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

static const char *find_getenv(void *ctx, const char *name) {
  (void)ctx;
  return wg_os_getenv(name);
}

typedef struct find_world {
  const char *dir;
} find_world;

static void find_collect(void *ctx, const char *p, size_t n_bytes) {
  wg_buf_add(ctx, p, n_bytes);
}

typedef struct find_output {
  wg_buf out, errors;
} find_output;

static void find_stdout(void *ctx, const char *p, size_t n_bytes) {
  find_collect(&((find_output *)ctx)->out, p, n_bytes);
}

static void find_stderr(void *ctx, const char *p, size_t n_bytes) {
  find_collect(&((find_output *)ctx)->errors, p, n_bytes);
}

static wg_str find_first_line(const wg_buf *b) {
  wg_str s = wg_buf_str(b);
  s.n = s.n == 0 ? 0 : wg_str_find(s, '\n');
  return s;
}

static wg_code find_run_git(const char *dir, find_output *o, int64_t *out_s, wg_error *err) {
  const char *const argv[] = {"git", "log", "-1", "--format=%ct", "HEAD", NULL};
  wg_proc_result res = {0};
  const wg_proc spec = {.argv = argv,
                        .envp = wg_os_environ(),
                        .cwd = dir,
                        .on_stdout = find_stdout,
                        .on_stderr = find_stderr,
                        .ctx = o,
                        .timeout_ms = 10000};
  if (wg_os_run(&spec, &res, err) != WG_OK) {
    return wg_wrap(err, "git");
  }
  uint64_t v = 0;
  wg_str first = find_first_line(&o->out);
  if (res.exit_code != 0 || !wg_parse_u64(first, &v) || v > UINT32_MAX) {
    wg_str why = find_first_line(&o->errors);
    return wg_fail(err, WG_E_FAILED, "git log: %.*s", WG_STR_ARG(why));
  }
  *out_s = (int64_t)v;
  return WG_OK;
}

static wg_code find_commit_time(void *ctx, int64_t *out_s, wg_error *err) {
  const find_world *w = ctx;
  find_output o = {0};
  wg_buf_init(&o.out, wg_heap(), 65536);
  wg_buf_init(&o.errors, wg_heap(), 65536);
  wg_code code = find_run_git(w->dir, &o, out_s, err);
  wg_buf_done(&o.out);
  wg_buf_done(&o.errors);
  return code;
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
                           .world = {find_getenv, find_commit_time, &world}};
  return wg_cfg_load_bytes(lang, &in, out, err);
}

wg_code wg_cfg_load(const wg_cfg_lang *lang, const wg_cfg_options *opt, wg_cfg **out,
                    wg_error *err) {
  WG_AUTO(wg_cstr) found = NULL;
  if (opt->file == NULL) {
    found = wg_cfg_find_file();
    if (found == NULL) {
      return find_nothing(out, wg_fail(err, WG_E_CONFIG,
                                       "there is no wingo.yaml in this folder or above it; 'wingo "
                                       "init' writes one"));
    }
  }
  return find_load(lang, opt, opt->file != NULL ? opt->file : found, out, err);
}
