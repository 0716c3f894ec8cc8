// SPDX-License-Identifier: Apache-2.0
// Planning and running a graph.
#ifndef WG_ENGINE_EXEC_H
#define WG_ENGINE_EXEC_H

#include "base/mask.h"
#include "engine/graph.h"

// Who runs what, for the release record and the report; NULL or "" where it is not known.
typedef struct wg_run_info {
  const char *run_name; // names what this run leaves
  const char *project, *release, *env_name, *commit, *command, *version;
} wg_run_info;

typedef enum wg_exec_scope {
  WG_SCOPE_STEPS,   // nothing of the world is touched
  WG_SCOPE_ACTIONS, // the actions of `command`, and the steps that they need
  WG_SCOPE_ALL,     // both
} wg_exec_scope;

typedef struct wg_exec_options {
  unsigned cpus;         // -j; 0: all
  uint64_t memory_bytes; // 0: three quarters of what there is
  bool keep_going;
  bool recheck; // run cached steps again and compare digests
  bool wait_limited;
  uint64_t wait_ms; // then: no longer for another run that makes the same
  wg_exec_scope scope;
  const char *command;        // WG_SCOPE_ACTIONS: "publish" for the actions "publish/..."
  const char *const *targets; // empty: everything
  size_t n_targets;
  bool look_everywhere;     // plan: ask far sides, too
  const wg_run_info *info;  // may be NULL
  const char *project_dir;  // for .wingo/
  const char *project_file; // its name there
  const char *env_name;     // "" or NULL: none. What is remembered of steps is kept for each
  const wg_cancel *cancel;
  wg_bus *bus;
  const wg_mask *mask; // what is told and kept by name only; NULL: nothing
} wg_exec_options;

typedef struct wg_exec_failure {
  const char *identity, *text, *details;
  wg_code code;
} wg_exec_failure;

typedef struct wg_exec_result {
  uint32_t n_steps, n_ran, n_cached, n_failed, n_skipped; // steps and actions
  wg_exec_failure *failures;                              // all of them, in the order they happened
  size_t n_failures;
} wg_exec_result;
void wg_exec_result_done(wg_exec_result *r);
WG_DEFINE_AUTO(wg_exec_result, wg_exec_result_done);

// Runs. WG_OK when every selected step is done; the code of the first failure otherwise (CANCELED
// when the user stopped it; NOT_FOUND for an unknown target, with those that exist). *out is filled
// in every case.
wg_code wg_exec_run(wg_graph *g, wg_store *s, const wg_exec_options *opt, wg_exec_result *out,
                    wg_error *err);

typedef enum wg_plan_state {
  WG_PLAN_CACHED,
  WG_PLAN_RUN,     // will run: reasons say which inputs changed since its last run
  WG_PLAN_UNKNOWN, // depends on the output of a step that will run
  WG_PLAN_SAME,    // an action: the far side is as it should be
  WG_PLAN_CHANGE,  // an action: changes say what it would do
  WG_PLAN_UNASKED, // an action: plan does not ask its far side
  WG_PLAN_REFUSED, // an action: would fail now, reasons say why
} wg_plan_state;
typedef struct wg_plan_change { // see wg_ctx_differs
  const char *object, *before, *after;
} wg_plan_change;
typedef struct wg_plan_step {
  const char *identity, *kind, *verb;
  wg_plan_state state;
  wg_digest key; // when known
  bool has_key;
  const char *const
      *reasons; // "first run", "changed: src/main.go", "new input: ...", "parameter ldflags"
  size_t n_reasons;
  bool is_action;
  const wg_plan_change *changes;
  size_t n_changes;
  const uint32_t *deps; // indices in the plan
  size_t n_deps;
} wg_plan_step;
typedef struct wg_plan {
  wg_arena arena;
  wg_plan_step *steps; // dependencies first
  size_t n_steps;
  const wg_mask *mask; // of the options
} wg_plan;
void wg_plan_done(wg_plan *p);
WG_DEFINE_AUTO(wg_plan, wg_plan_done);
wg_code wg_exec_plan(wg_graph *g, wg_store *s, const wg_exec_options *opt, wg_plan *out,
                     wg_error *err);

#endif
