// SPDX-License-Identifier: Apache-2.0
// The installed toolchain, and how a go command is run.
#ifndef WG_GOAPP_TOOL_H
#define WG_GOAPP_TOOL_H

#include "crypto/digest.h"
#include "goapp/env.h"
#include "os/proc.h"

// What discover() reports; see src/engine/graph.h for what each means. All are called on the
// caller's thread.
typedef struct wg_go_observer {
  void *ctx;
  wg_code (*file)(void *ctx, const char *path, wg_digest *out,
                  wg_error *err); // NOT_FOUND: noted as absent
  wg_code (*names)(void *ctx, const char *path, const char *suffixes, wg_error *err);
  wg_code (*dir)(void *ctx, const char *path, wg_error *err);
  wg_code (*absent)(void *ctx, const char *path, wg_error *err);
  void (*env)(void *ctx, const char *name);
  void (*input)(void *ctx, const char *label, const wg_digest *d);
  void (*note)(void *ctx, const char *text);
  void (*warn)(void *ctx, const char *text);
} wg_go_observer;

typedef struct wg_go_tool {
  const char *path;    // the go command as found in PATH
  const char *version; // "go1.26.8"
  const char *goroot, *tooldir, *gomod, *gowork, *modcache, *envfile, *goflags; // "" when unset
  const wg_go_pair *vars; // all of `go env -json`
  size_t n_vars;
} wg_go_tool;

// Looks for `go` in the environment's PATH; obs (may be NULL) hears of the folders it is not in.
// NOT_FOUND with the cure.
wg_code wg_go_find(const wg_go_env *env, const wg_go_observer *obs, wg_arena *arena,
                   const char **out, wg_error *err);
// Runs `go env -json` for spec (NULL: the host, in the folder tmp). Strings in the arena.
// UNSUPPORTED for a Go before 1.19.
wg_code wg_go_tool_load(const wg_go_env *env, const wg_go_spec *spec, const char *go,
                        const char *tmp, const wg_cancel *cancel, wg_arena *arena, wg_go_tool *out,
                        wg_error *err);
// A variable of `go env`; "" when this Go does not know it.
const char *wg_go_tool_var(const wg_go_tool *t, const char *name);

typedef struct wg_go_call {
  const wg_go_env *env;
  const wg_go_spec *spec; // NULL: the host
  const char *go, *tmp;
  wg_go_phase phase;
  const wg_cancel *cancel;
  const char *const *args; // after "go", NULL-terminated
  wg_proc_sink on_stdout;  // NULL: dropped
  void *ctx;
} wg_go_call;
// Runs it in the spec's folder (tmp without one), offline calls without a network. Its stderr is
// appended to out_stderr (its first 4 MiB). WG_OK whatever the exit code.
wg_code wg_go_run(const wg_go_call *call, wg_buf *out_stderr, int *out_exit, wg_error *err);

#endif
