// SPDX-License-Identifier: Apache-2.0
#include "goapp/env.h"

#include <string.h>

// Decide what is read or made.
static const char *const env_result[] = {"GOFLAGS", "GOEXPERIMENT", "GOFIPS140", "GO111MODULE",
                                         "GODEBUG", "GOWORK",       NULL};
// Say where things are; they change what is found, not what comes out of the same files.
static const char *const env_place[] = {"HOME",   "PATH",       "XDG_CONFIG_HOME", "XDG_CACHE_HOME",
                                        "GOPATH", "GOMODCACHE", "GOCACHE",         "GOENV",
                                        "GOROOT", NULL};
// For a C compiler; only when the project asks for cgo.
static const char *const env_cgo[] = {"CC",
                                      "CXX",
                                      "AR",
                                      "FC",
                                      "CGO_CFLAGS",
                                      "CGO_CPPFLAGS",
                                      "CGO_CXXFLAGS",
                                      "CGO_FFLAGS",
                                      "CGO_LDFLAGS",
                                      "CGO_CFLAGS_ALLOW",
                                      "CGO_LDFLAGS_ALLOW",
                                      "PKG_CONFIG",
                                      "PKG_CONFIG_PATH",
                                      "PKG_CONFIG_LIBDIR",
                                      "PKG_CONFIG_SYSROOT_DIR",
                                      "CPATH",
                                      "C_INCLUDE_PATH",
                                      "CPLUS_INCLUDE_PATH",
                                      "LIBRARY_PATH",
                                      NULL};
// How modules are fetched, credentials among them: only a fetching child sees these, and no key
// does.
static const char *const env_fetch[] = {
    "GOPROXY",       "GONOPROXY",      "GOPRIVATE",      "GOSUMDB",       "GONOSUMDB",
    "GONOSUMCHECK",  "GOAUTH",         "GOINSECURE",     "GOVCS",         "NETRC",
    "HTTP_PROXY",    "HTTPS_PROXY",    "NO_PROXY",       "ALL_PROXY",     "http_proxy",
    "https_proxy",   "no_proxy",       "all_proxy",      "SSL_CERT_FILE", "SSL_CERT_DIR",
    "SSH_AUTH_SOCK", "USER",           "LOGNAME",        "GIT_SSH",       "GIT_SSH_COMMAND",
    "GIT_ASKPASS",   "GIT_SSL_CAINFO", "GIT_SSL_CAPATH", "KRB5CCNAME",    NULL};
// Looked at by discover(): the user's own values (a project's are parameters of the step).
static const char *const env_observed[] = {
    "GOFLAGS", "GOEXPERIMENT", "GOFIPS140",  "GO111MODULE", "GODEBUG", "GOWORK",          "HOME",
    "PATH",    "GOPATH",       "GOMODCACHE", "GOENV",       "GOROOT",  "XDG_CONFIG_HOME", NULL};

static bool env_has(const char *const *list, const char *name, size_t n_name) {
  for (; *list != NULL; list++) {
    if (strlen(*list) == n_name && memcmp(*list, name, n_name) == 0) {
      return true;
    }
  }
  return false;
}

static bool env_is_fetch(const char *name, size_t n_name) {
  const char git[] = "GIT_CONFIG"; // GIT_CONFIG_GLOBAL, GIT_CONFIG_COUNT, GIT_CONFIG_KEY_0, ...
  return env_has(env_fetch, name, n_name) ||
         (n_name >= sizeof(git) - 1 && memcmp(name, git, sizeof(git) - 1) == 0);
}

static size_t env_name_bytes(const char *pair) {
  const char *eq = strchr(pair, '=');
  return eq == NULL ? 0 : (size_t)(eq - pair);
}

// Above fmt, no memory ends the program.
static void *env_must(void *p) {
  if (p == NULL) {
    wg_assert_fail("memory for an environment", __FILE__, __LINE__);
  }
  return p;
}

void wg_go_env_init(wg_go_env *e, const char *const *environ) {
  *e = (wg_go_env){0};
  wg_arena_init(&e->arena, wg_heap(), (size_t)64 << 20);
  size_t n = 0;
  while (environ[n] != NULL) {
    n++;
  }
  e->vars = env_must(wg_arena_new_array(&e->arena, const char *, n + 1));
  for (size_t i = 0; i < n; i++) {
    size_t nn = env_name_bytes(environ[i]);
    if (nn > 0 && (env_has(env_result, environ[i], nn) || env_has(env_place, environ[i], nn) ||
                   env_has(env_cgo, environ[i], nn) || env_is_fetch(environ[i], nn))) {
      e->vars[e->n_vars++] = env_must(wg_arena_strdup(&e->arena, environ[i]));
    }
  }
}

void wg_go_env_done(wg_go_env *e) {
  wg_arena_done(&e->arena);
  e->vars = NULL;
  e->n_vars = 0;
}

const char *wg_go_env_get(const wg_go_env *e, const wg_go_spec *spec, const char *name) {
  for (size_t i = spec == NULL ? 0 : spec->n_env; i-- > 0;) {
    if (strcmp(spec->env[i].name, name) == 0) {
      return spec->env[i].value;
    }
  }
  size_t n = strlen(name);
  for (size_t i = 0; i < e->n_vars; i++) {
    if (env_name_bytes(e->vars[i]) == n && memcmp(e->vars[i], name, n) == 0) {
      return e->vars[i] + n + 1;
    }
  }
  return NULL;
}

const char *const *wg_go_env_observed(void) {
  return env_observed;
}

bool wg_go_env_in_key(const char *name) {
  return !env_has(env_place, name, strlen(name)) && !env_is_fetch(name, strlen(name));
}

const char *wg_go_variant_name(const char *arch) {
  static const char *const names[][2] = {
      {"amd64", "GOAMD64"},   {"arm", "GOARM"},         {"arm64", "GOARM64"},
      {"386", "GO386"},       {"mips", "GOMIPS"},       {"mipsle", "GOMIPS"},
      {"mips64", "GOMIPS64"}, {"mips64le", "GOMIPS64"}, {"ppc64", "GOPPC64"},
      {"ppc64le", "GOPPC64"}, {"riscv64", "GORISCV64"}, {"wasm", "GOWASM"},
  };
  for (size_t i = 0; i < WG_ARRAY_LEN(names); i++) {
    if (strcmp(names[i][0], arch) == 0) {
      return names[i][1];
    }
  }
  return NULL;
}

static bool env_is_variant(const char *name) {
  static const char *const names[] = {"GOAMD64",  "GOARM",   "GOARM64",   "GO386",  "GOMIPS",
                                      "GOMIPS64", "GOPPC64", "GORISCV64", "GOWASM", NULL};
  return env_has(names, name, strlen(name));
}

wg_code wg_go_env_check(const char *name, const char *value, wg_error *err) {
  if (strcmp(name, "GOOS") == 0 || strcmp(name, "GOARCH") == 0 || env_is_variant(name)) {
    return wg_fail(err, WG_E_CONFIG, "env: %s is decided by targets: (os/arch or os/arch/variant)",
                   name);
  }
  if (strcmp(name, "GOTOOLCHAIN") == 0 && strcmp(value, "local") != 0) {
    return wg_fail(err, WG_E_CONFIG,
                   "env: GOTOOLCHAIN=%s would fetch a toolchain, which wingo never does; name the "
                   "version by go: and put that Go in PATH",
                   value);
  }
  static const char *const ours[] = {"TMPDIR", "GOTMPDIR", "LC_ALL", "PWD", "PATH", "GOROOT", NULL};
  if (env_has(ours, name, strlen(name))) {
    return wg_fail(err, WG_E_CONFIG,
                   "env: %s cannot be set here: it is taken from the surroundings", name);
  }
  if (strcmp(name, "CGO_ENABLED") == 0 && strcmp(value, "0") != 0 && strcmp(value, "1") != 0) {
    return wg_fail(err, WG_E_CONFIG, "env: CGO_ENABLED is \"0\" or \"1\", not \"%s\"", value);
  }
  return WG_OK;
}

// Flags in GOFLAGS that the command line of a build sets otherwise.
static const char *env_flag_ignored(wg_str flag) {
  if (wg_str_starts(flag, "-buildvcs") && !wg_str_eqz(flag, "-buildvcs=false")) {
    return "-buildvcs=false is set: the same sources give the same bytes in every checkout";
  }
  if (wg_str_eqz(flag, "-trimpath=false")) {
    return "-trimpath is set: no path of this machine gets into a program";
  }
  return NULL;
}

static void env_flags_ignored(const char *flags, wg_go_on_ignored on_ignored, void *ctx) {
  for (wg_str rest = wg_str_of(flags); rest.n > 0;) {
    size_t n = wg_str_find(rest, ' ');
    wg_str flag = {rest.p, n};
    const char *why = env_flag_ignored(flag);
    if (why != NULL) {
      WG_AUTO(wg_cstr) word = wg_xstrndup(flag.p, flag.n);
      on_ignored(ctx, "GOFLAGS", word, why);
    }
    n += n < rest.n;
    rest = (wg_str){rest.p + n, rest.n - n};
  }
}

void wg_go_env_ignored(const char *const *environ, wg_go_on_ignored on_ignored, void *ctx) {
  for (; *environ != NULL; environ++) {
    size_t n = env_name_bytes(*environ);
    WG_AUTO(wg_cstr) name = wg_xstrndup(*environ, n);
    const char *value = *environ + n + (n > 0);
    if (n == 0 || value[0] == '\0') {
      continue;
    }
    if (strcmp(name, "CGO_ENABLED") == 0 && strcmp(value, "0") != 0) {
      on_ignored(ctx, name, value, "an app uses cgo when its env: has CGO_ENABLED: \"1\"");
    } else if (strcmp(name, "GOOS") == 0 || strcmp(name, "GOARCH") == 0 || env_is_variant(name)) {
      on_ignored(ctx, name, value, "an app's targets: decide");
    } else if (strcmp(name, "GOTOOLCHAIN") == 0 && strcmp(value, "local") != 0 &&
               strcmp(value, "auto") != 0) {
      on_ignored(ctx, name, value, "wingo fetches no toolchain: the go in PATH is used");
    } else if (strcmp(name, "GOFLAGS") == 0) {
      env_flags_ignored(value, on_ignored, ctx);
    }
  }
}

bool wg_go_spec_cgo(const wg_go_spec *spec) {
  for (size_t i = spec == NULL ? 0 : spec->n_env; i-- > 0;) {
    if (strcmp(spec->env[i].name, "CGO_ENABLED") == 0) {
      return strcmp(spec->env[i].value, "1") == 0;
    }
  }
  return false;
}

typedef struct env_list {
  wg_arena *arena;
  const char **v;
  size_t n;
} env_list;

// The last setting of a name wins, in place.
static void env_put(env_list *l, const char *name, size_t n_name, const char *value) {
  const char *pair = env_must(wg_arena_printf(l->arena, "%.*s=%s", (int)n_name, name, value));
  for (size_t i = 0; i < l->n; i++) {
    if (strncmp(l->v[i], pair, n_name + 1) == 0) {
      l->v[i] = pair;
      return;
    }
  }
  l->v[l->n++] = pair;
}

static void env_set(env_list *l, const char *name, const char *value) {
  env_put(l, name, strlen(name), value);
}

static bool env_passes(const char *name, size_t n, wg_go_phase phase, bool cgo) {
  return env_has(env_result, name, n) || env_has(env_place, name, n) ||
         (cgo && env_has(env_cgo, name, n)) || (phase == WG_GO_FETCH && env_is_fetch(name, n));
}

const char *const *wg_go_env_compose(const wg_go_env *e, const wg_go_spec *spec, wg_go_phase phase,
                                     const char *tmp, wg_arena *arena) {
  size_t n_env = spec == NULL ? 0 : spec->n_env;
  bool cgo = wg_go_spec_cgo(spec);
  env_list l = {.arena = arena};
  l.v = env_must(wg_arena_new_array(arena, const char *, e->n_vars + n_env + 24));
  for (size_t i = 0; i < e->n_vars; i++) {
    size_t n = env_name_bytes(e->vars[i]);
    if (env_passes(e->vars[i], n, phase, cgo)) {
      env_put(&l, e->vars[i], n, e->vars[i] + n + 1);
    }
  }
  env_set(&l, "CGO_ENABLED", "0");
  for (size_t i = 0; i < n_env; i++) {
    const char *name = spec->env[i].name;
    if (phase == WG_GO_FETCH || !env_is_fetch(name, strlen(name))) {
      env_set(&l, name, spec->env[i].value);
    }
  }
  if (spec != NULL) {
    env_set(&l, "GOOS", spec->os);
    env_set(&l, "GOARCH", spec->arch);
    env_set(&l, "PWD", spec->dir);
    const char *variant = wg_go_variant_name(spec->arch);
    if (variant != NULL && spec->variant[0] != '\0') {
      env_set(&l, variant, spec->variant);
    } else if (variant != NULL && strcmp(variant, "GOAMD64") == 0) {
      env_set(&l, variant, "v1");
    }
  }
  if (phase == WG_GO_OFFLINE) {
    env_set(&l, "GOPROXY", "off");
  } else {
    env_set(&l, "GIT_TERMINAL_PROMPT", "0"); // nobody is there to answer
  }
  env_set(&l, "GOTOOLCHAIN", "local");
  env_set(&l, "LC_ALL", "C");
  env_set(&l, "TMPDIR", tmp);
  return l.v;
}
