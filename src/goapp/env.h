// SPDX-License-Identifier: Apache-2.0
// The environment of a go command: built from nothing, plus what is named here and in the project.
#ifndef WG_GOAPP_ENV_H
#define WG_GOAPP_ENV_H

#include "os/cancel.h"
#include "os/mem.h"

typedef struct wg_go_pair {
  const char *name, *value;
} wg_go_pair;

// One program for one platform. Strings are borrowed and outlive every use.
typedef struct wg_go_spec {
  const char *project_dir; // absolute and clean: what paths in messages are relative to
  const char *dir;         // absolute and clean: where the go command is run (in the module)
  const char *main;        // package path: "." or "./cmd/agent"
  const char *os, *arch, *variant; // Go's names; variant: GOAMD64, GOARM, ... value or ""
  const wg_go_pair *env;           // from the project file
  size_t n_env;
  const char *const *ldflags, *const *gcflags, *const *tags;
  size_t n_ldflags, n_gcflags, n_tags;
  const wg_go_pair *vars; // -X name=value
  size_t n_vars;
  const char *mod; // "", "readonly" or "vendor"
  const char *go;  // "" or ">=1.22" or "1.26.8"
  bool gui;        // Windows GUI subsystem
  bool resources;  // a .syso of ours is linked in
} wg_go_spec;

// What the user's surroundings offer. Only variables that a go command may see are kept.
typedef struct wg_go_env {
  wg_arena arena;
  const char **vars; // "NAME=value"
  size_t n_vars;
} wg_go_env;

// environ: NULL-terminated "NAME=value", copied.
void wg_go_env_init(wg_go_env *e, const char *const *environ);
void wg_go_env_done(wg_go_env *e);
WG_DEFINE_AUTO(wg_go_env, wg_go_env_done);
// Calls on_ignored for each variable of the user's that is set and decides nothing, because wingo
// sets it itself: name, value, and what decides instead. environ as above; borrowed for the call.
typedef void (*wg_go_on_ignored)(void *ctx, const char *name, const char *value, const char *why);
void wg_go_env_ignored(const char *const *environ, wg_go_on_ignored on_ignored, void *ctx);
// Value of a variable as the child will see it: the project's first, then the user's; NULL when
// unset. spec may be NULL. Borrowed.
const char *wg_go_env_get(const wg_go_env *e, const wg_go_spec *spec, const char *name);

typedef enum wg_go_phase {
  WG_GO_OFFLINE, // GOPROXY=off; proxies and credentials are not passed on
  WG_GO_FETCH,   // with the user's proxy settings and credentials
} wg_go_phase;

// The whole environment of a child, NULL-terminated, in the arena. spec may be NULL (then for the
// host). tmp: TMPDIR.
const char *const *wg_go_env_compose(const wg_go_env *e, const wg_go_spec *spec, wg_go_phase phase,
                                     const char *tmp, wg_arena *arena);
// Names of the user's variables that decide what is read or made, but not those that only say how
// modules are fetched. NULL-terminated, static.
const char *const *wg_go_env_observed(void);
// True when a variable of the project's env: changes the result, so that it belongs in the key;
// false for those that only say where modules come from and with which credentials.
bool wg_go_env_in_key(const char *name);
// CONFIG for a variable that env: may not set (GOOS: targets: decides; GOTOOLCHAIN; GOROOT).
wg_code wg_go_env_check(const char *name, const char *value, wg_error *err);
// GOAMD64, GOARM, ... for an architecture; NULL when it has none.
const char *wg_go_variant_name(const char *arch);
// True when the project asks for cgo (env: {CGO_ENABLED: "1"}).
bool wg_go_spec_cgo(const wg_go_spec *spec);

#endif
