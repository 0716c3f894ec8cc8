// SPDX-License-Identifier: Apache-2.0
// A loader without files: bytes, and an environment made of a list.
#ifndef WG_TESTS_PROJECT_WORLD_H
#define WG_TESTS_PROJECT_WORLD_H

#include <string.h>

#include "os/mem.h"
#include "project/load.h"
#include "project/sections.h"
#include "support.h"

#define WORLD_COMMIT_TIME 1700000000

// ctx: "NAME=value" strings, NULL-terminated.
static inline const char *world_getenv(void *ctx, const char *name) {
  size_t n = strlen(name);
  for (const char *const *e = ctx; e != NULL && *e != NULL; e++) {
    if (strncmp(*e, name, n) == 0 && (*e)[n] == '=') {
      return *e + n + 1;
    }
  }
  return NULL;
}

static inline wg_code world_git(void *ctx, const char *what, wg_buf *out, wg_error *err) {
  if (world_getenv(ctx, "NO_GIT") != NULL) {
    return wg_fail(err, WG_E_FAILED, "fatal: not a git repository");
  }
  if (strcmp(what, "time") == 0) {
    wg_buf_printf(out, "%d", WORLD_COMMIT_TIME);
  } else if (strcmp(what, "tag") == 0) {
    wg_buf_add_z(out, "v1.2.3");
  } else {
    wg_buf_printf(out, "git's %s", what);
  }
  return WG_OK;
}

typedef struct world_given {
  const char *yaml, *overlay;
  const char *const *sets;
  size_t n_sets;
  const char **env; // NULL-terminated, may be NULL
} world_given;

static inline wg_code world_load(world_given g, wg_cfg **out, wg_error *err) {
  const wg_cfg_input in = {.file = "wingo.yaml",
                           .bytes = wg_str_of(g.yaml),
                           .overlay = g.overlay == NULL ? NULL : "config/x.yaml",
                           .overlay_bytes = wg_str_of(g.overlay),
                           .sets = g.sets,
                           .n_sets = g.n_sets,
                           .dir = "/p",
                           .env_name = g.overlay == NULL ? NULL : "x",
                           .world = {world_getenv, world_git, g.env}};
  return wg_cfg_load_bytes(&wg_project_lang, &in, out, err);
}

// Every fault as "file:line:col severity: text\n".
static inline void world_faults(const wg_cfg *c, wg_buf *out) {
  size_t n = 0;
  const wg_cfg_fault *f = wg_cfg_faults(c, &n);
  for (size_t i = 0; i < n; i++) {
    wg_buf_printf(out, "%s:%u:%u %s: %s\n", f[i].pos.file, (unsigned)f[i].pos.line,
                  (unsigned)f[i].pos.col, f[i].severity == WG_FAULT_ERROR ? "error" : "warning",
                  f[i].text);
  }
}

static inline void world_assert_faults(const wg_cfg *c, const char *want) {
  WG_AUTO(wg_buf) b = {0};
  wg_buf_init(&b, wg_heap(), 0);
  world_faults(c, &b);
  assert_string_equal(wg_buf_z(&b), want);
}

// Loads what must be right, without so much as a warning.
static inline wg_cfg *world_good(world_given g) {
  wg_error err = WG_ERROR_INIT;
  wg_cfg *c = NULL;
  wg_code code = world_load(g, &c, &err);
  world_assert_faults(c, "");
  assert_ok(code, &err);
  assert_non_null(wg_project_of(c));
  return c;
}

// Loads what must be wrong: exactly these faults.
static inline void world_bad(world_given g, const char *want) {
  wg_error err = WG_ERROR_INIT;
  WG_AUTO_PTR(wg_cfg) c = NULL;
  wg_code code = world_load(g, &c, &err);
  world_assert_faults(c, want);
  assert_int_equal(code, WG_E_CONFIG);
  assert_null(wg_project_of(c));
}

#endif
