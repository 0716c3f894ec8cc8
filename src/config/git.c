// SPDX-License-Identifier: Apache-2.0
#include "config/git.h"

#include <string.h>

#include "os/proc.h"

#define GIT_TIMEOUT_MS 20000U
#define GIT_MAX_BYTES ((size_t)4 << 20)
#define GIT_MAX_ENV 4096U
#define GIT_SHORT_DIGITS 12U

const char *const wg_git_facts[] = {"commit",   "short", "branch", "tag",
                                    "describe", "dirty", "time",   NULL};

// Settings that go before the repository's own.
static const char *const git_settings[][2] = {
    {"core.fsmonitor", "false"}, {"core.hooksPath", "/dev/null"}, {"log.showSignature", "false"}};

typedef struct git_env {
  char **v; // "NAME=value", heap
  size_t n, cap;
  size_t n_settings;
} git_env;

static void git_env_done(git_env *e) {
  for (size_t i = 0; i < e->n; i++) {
    wg_xfree(e->v[i]);
  }
  wg_xfree(e->v);
}
WG_DEFINE_AUTO(git_env, git_env_done);

static void git_env_add(git_env *e, const char *name, const char *value) {
  wg_vec_push(&e->v, &e->n, &e->cap) = wg_xprintf("%s=%s", name, value);
}

static void git_env_set(git_env *e, const char *key, const char *value) {
  WG_AUTO(wg_cstr) k = wg_xprintf("GIT_CONFIG_KEY_%zu", e->n_settings);
  WG_AUTO(wg_cstr) v = wg_xprintf("GIT_CONFIG_VALUE_%zu", e->n_settings);
  git_env_add(e, k, key);
  git_env_add(e, v, value);
  e->n_settings++;
}

// What git and the user's filters need of our environment: nothing else goes there, since what else
// is in it may be a secret of the project.
static const char *const git_env_passed[] = {
    "GIT_*", "PATH", "HOME", "XDG_CONFIG_HOME", "USER", "LOGNAME", "SUDO_UID", "TMPDIR", NULL};
static const char *const git_env_ours[] = {"GIT_CONFIG_COUNT",   "GIT_OPTIONAL_LOCKS",
                                           "GIT_ALLOW_PROTOCOL", "GIT_TERMINAL_PROMPT",
                                           "GIT_NO_LAZY_FETCH",  NULL};

// Behind what the user set that way our settings, and no way out of the machine.
static void git_env_begin(git_env *e) {
  const char *count = wg_os_getenv("GIT_CONFIG_COUNT");
  uint64_t n = 0;
  e->n_settings = count != NULL && wg_parse_u64(wg_str_of(count), &n) && n < GIT_MAX_ENV ? n : 0;
  for (const char *const *p = wg_os_environ(); *p != NULL; p++) {
    if (wg_os_environ_is(*p, git_env_passed) && !wg_os_environ_is(*p, git_env_ours)) {
      wg_vec_push(&e->v, &e->n, &e->cap) = wg_xstrdup(*p);
    }
  }
  git_env_add(e, "LC_ALL", "C.UTF-8");
  git_env_add(e, "GIT_OPTIONAL_LOCKS", "0");
  git_env_add(e, "GIT_TERMINAL_PROMPT", "0");
  git_env_add(e, "GIT_NO_LAZY_FETCH", "1");
  git_env_add(e, "GIT_ALLOW_PROTOCOL", "none");
  for (size_t i = 0; i < WG_ARRAY_LEN(git_settings); i++) {
    git_env_set(e, git_settings[i][0], git_settings[i][1]);
  }
}

typedef struct git_output {
  wg_buf out, errors;
} git_output;

static void git_output_done(git_output *o) {
  wg_buf_done(&o->out);
  wg_buf_done(&o->errors);
}
WG_DEFINE_AUTO(git_output, git_output_done);

static void git_stdout(void *ctx, const char *p, size_t n_bytes) {
  wg_buf_add(&((git_output *)ctx)->out, p, n_bytes);
}

static void git_stderr(void *ctx, const char *p, size_t n_bytes) {
  wg_buf_add(&((git_output *)ctx)->errors, p, n_bytes);
}

static wg_str git_first_line(const wg_buf *b) {
  wg_str s = wg_buf_str(b);
  s.n = s.n == 0 ? 0 : wg_str_find(s, '\n');
  return s;
}

// What git's first line of errors means, where its own words don't say.
static wg_str git_why(wg_str line) {
  static const char *const words[][2] = {
      {"fatal: Needed a single revision", "there is no commit yet"},
      {"fatal: ambiguous argument 'HEAD'", "there is no commit yet"},
      {"fatal: Not a valid object name HEAD", "there is no commit yet"},
      {"fatal: No names found",
       "no tag is at HEAD or before it (git tag v1.0.0; in a shallow clone: git fetch --unshallow "
       "--tags)"},
      {"fatal: No tags can describe",
       "no tag is at HEAD or before it (git tag v1.0.0; in a shallow clone: git fetch --unshallow "
       "--tags)"}};
  for (size_t i = 0; i < WG_ARRAY_LEN(words); i++) {
    size_t n = strlen(words[i][0]);
    if (line.n >= n && memcmp(line.p, words[i][0], n) == 0) {
      return wg_str_of(words[i][1]);
    }
  }
  return line;
}

// Runs git; FAILED when it ends with another code than 0.
static wg_code git_run(const char *dir, const git_env *e, const char *const *argv, git_output *o,
                       wg_error *err) {
  WG_AUTO(wg_cstr) count = wg_xprintf("GIT_CONFIG_COUNT=%zu", e->n_settings);
  char **envp = wg_xarray(e->n + 2, sizeof(*envp)); // borrows
  memcpy(envp, e->v, e->n * sizeof(*envp));
  envp[e->n] = count;
  wg_buf_init(&o->out, wg_heap(), GIT_MAX_BYTES);
  wg_buf_init(&o->errors, wg_heap(), GIT_MAX_BYTES);
  wg_proc_result res = {0};
  const wg_proc spec = {.argv = argv,
                        .envp = (const char *const *)envp,
                        .cwd = dir,
                        .on_stdout = git_stdout,
                        .on_stderr = git_stderr,
                        .ctx = o,
                        .timeout_ms = GIT_TIMEOUT_MS};
  wg_code code = wg_os_run(&spec, &res, err);
  wg_xfree(envp);
  if (code != WG_OK) {
    return wg_wrap(err, "git");
  }
  if (wg_buf_check(&o->out, err) != WG_OK) {
    return wg_wrap(err, "git %s", argv[1]);
  }
  if (res.exit_code != 0) {
    wg_str why = git_why(git_first_line(&o->errors));
    return wg_fail(err, WG_E_FAILED, "%.*s", WG_STR_ARG(why));
  }
  return WG_OK;
}

static wg_code git_line(const char *dir, const git_env *e, const char *const *argv, wg_buf *out,
                        wg_error *err) {
  WG_AUTO(git_output) o = {0};
  if (git_run(dir, e, argv, &o, err) != WG_OK) {
    return err->code;
  }
  wg_buf_add_str(out, git_first_line(&o.out));
  return WG_OK;
}

// --- is anything changed

// Filters that the repository itself configures are programs of its choice, and comparing contents
// runs them: each is set to none. The user's own (git-lfs) stay.
static wg_code git_drop_filters(const char *dir, git_env *e, wg_error *err) {
  static const char *const argv[] = {"git",          "config",     "-z", "--show-scope",
                                     "--get-regexp", "^filter\\.", NULL};
  static const char *const parts[] = {"clean", "smudge", "process"};
  WG_AUTO(git_output) o = {0};
  wg_code code = git_run(dir, e, argv, &o, err);
  if (code != WG_OK) {
    return code == WG_E_FAILED ? WG_OK : code; // there are none
  }
  const char *p = wg_buf_z(&o.out), *end = p + o.out.n;
  while (p < end) { // scope NUL key LF value NUL
    const char *scope = p, *key = p + strlen(p) + 1;
    if (key >= end) {
      break;
    }
    p = key + strlen(key) + 1;
    bool users = strcmp(scope, "system") == 0 || strcmp(scope, "global") == 0;
    WG_AUTO(wg_cstr) name = wg_xstrndup(key, wg_str_find(wg_str_of(key), '\n'));
    char *dot = strrchr(name, '.');
    if (users || dot == NULL || dot == strchr(name, '.')) {
      continue;
    }
    if (e->n_settings >= GIT_MAX_ENV) { // what is left would run
      return wg_fail(err, WG_E_LIMIT, "the repository's own settings name too many filters");
    }
    *dot = '\0';
    for (size_t i = 0; i < WG_ARRAY_LEN(parts); i++) {
      WG_AUTO(wg_cstr) part = wg_xprintf("%s.%s", name, parts[i]);
      git_env_set(e, part, "");
    }
    WG_AUTO(wg_cstr) required = wg_xprintf("%s.required", name);
    git_env_set(e, required, "false");
  }
  return WG_OK;
}

static wg_code git_is_dirty(const char *dir, git_env *e, bool *out, wg_error *err) {
  static const char *const argv[] = {
      "git", "status", "--porcelain", "--untracked-files=no", "--ignore-submodules=all", NULL};
  WG_AUTO(wg_buf) line = {0};
  wg_buf_init(&line, wg_heap(), 0);
  if (git_drop_filters(dir, e, err) != WG_OK || git_line(dir, e, argv, &line, err) != WG_OK) {
    return err->code;
  }
  *out = line.n > 0;
  return WG_OK;
}

// --- the facts

static wg_code git_commit(const char *dir, const git_env *e, size_t n_digits, wg_buf *out,
                          wg_error *err) {
  static const char *const argv[] = {"git",           "rev-parse", "--verify", "--end-of-options",
                                     "HEAD^{commit}", NULL};
  WG_AUTO(wg_buf) line = {0};
  wg_buf_init(&line, wg_heap(), 0);
  if (git_line(dir, e, argv, &line, err) != WG_OK) {
    return err->code;
  }
  wg_buf_add(out, line.p, line.n < n_digits ? line.n : n_digits);
  return WG_OK;
}

static wg_code git_branch(const char *dir, const git_env *e, wg_buf *out, wg_error *err) {
  static const char *const argv[] = {"git", "symbolic-ref", "--quiet", "--short", "HEAD", NULL};
  WG_AUTO(wg_buf) commit = {0};
  wg_buf_init(&commit, wg_heap(), 0);
  if (git_commit(dir, e, SIZE_MAX, &commit, err) != WG_OK) {
    return err->code; // no repository, or nothing in it
  }
  return git_line(dir, e, argv, out, err) == WG_OK
             ? WG_OK
             : wg_fail(err, WG_E_FAILED, "a commit is checked out, and no branch");
}

static wg_code git_describe(const char *dir, git_env *e, wg_buf *out, wg_error *err) {
  static const char *const argv[] = {"git",         "describe", "--tags", "--always",
                                     "--abbrev=12", "HEAD",     NULL};
  bool dirty = false;
  if (git_line(dir, e, argv, out, err) != WG_OK || git_is_dirty(dir, e, &dirty, err) != WG_OK) {
    return err->code;
  }
  wg_buf_add_z(out, dirty ? "-dirty" : "");
  return WG_OK;
}

static wg_code git_time(const char *dir, const git_env *e, wg_buf *out, wg_error *err) {
  static const char *const argv[] = {"git",         "rev-list", "--max-count=1",
                                     "--timestamp", "HEAD",     NULL};
  WG_AUTO(wg_buf) line = {0};
  wg_buf_init(&line, wg_heap(), 0);
  if (git_line(dir, e, argv, &line, err) != WG_OK) {
    return err->code;
  }
  wg_str s = wg_buf_str(&line);
  wg_buf_add(out, s.p, wg_str_find(s, ' '));
  return WG_OK;
}

wg_code wg_git_fact(const char *dir, const char *what, wg_buf *out, wg_error *err) {
  static const char *const tag[] = {"git", "describe", "--tags", "--abbrev=0", "HEAD", NULL};
  WG_AUTO(git_env) e = {0};
  git_env_begin(&e);
  if (strcmp(what, "commit") == 0) {
    return git_commit(dir, &e, SIZE_MAX, out, err);
  }
  if (strcmp(what, "short") == 0) {
    return git_commit(dir, &e, GIT_SHORT_DIGITS, out, err);
  }
  if (strcmp(what, "branch") == 0) {
    return git_branch(dir, &e, out, err);
  }
  if (strcmp(what, "tag") == 0) {
    return git_line(dir, &e, tag, out, err);
  }
  if (strcmp(what, "describe") == 0) {
    return git_describe(dir, &e, out, err);
  }
  if (strcmp(what, "time") == 0) {
    return git_time(dir, &e, out, err);
  }
  bool dirty = false;
  if (strcmp(what, "dirty") != 0) {
    return wg_fail(err, WG_E_USAGE, "there is no git.%s", what);
  }
  if (git_is_dirty(dir, &e, &dirty, err) != WG_OK) {
    return err->code;
  }
  wg_buf_add_z(out, dirty ? "true" : "false");
  return WG_OK;
}
