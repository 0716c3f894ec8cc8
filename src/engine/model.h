// SPDX-License-Identifier: Apache-2.0
// A run as the events tell it: what the terminal draws and the report shows. Private to src/engine.
#ifndef WG_ENGINE_MODEL_H
#define WG_ENGINE_MODEL_H

#include "engine/event.h"
#include "os/mem.h"

typedef enum model_state {
  MODEL_WAITING,
  MODEL_CHECKING,
  MODEL_RUNNING,
  MODEL_CACHED,
  MODEL_DONE,
  MODEL_FAILED,
  MODEL_SKIPPED,
  MODEL_CANCELED,
} model_state;

typedef struct model_output {
  const char *name, *path; // path "" when it is not published
  uint64_t size_bytes;
  wg_digest digest;
} model_output;

typedef struct model_text { // a warning, a note, a fact
  uint64_t time_ns;
  const char *name, *text; // name "" but for facts
} model_text;

typedef struct model_change { // of an action; before, after "" where there is nothing
  const char *object, *before, *after;
} model_change;

typedef struct model_step {
  bool known; // an event named it
  model_state state;
  bool is_action;
  const char *identity, *verb;
  const char *reason;                  // why it ran, ""
  const char *text, *details;          // of the failure; why skipped
  uint64_t check_ns, start_ns, end_ns; // since the run began; check 0: was not told
  bool has_check, has_start, has_end;
  uint64_t expected_ns;          // how long it took last time, 0 not known
  uint64_t done, total;          // progress, total 0 not known
  uint64_t first_done, first_ns; // where progress was first seen
  bool has_progress;
  const char *unit;
  model_output *outputs;
  size_t n_outputs, cap_outputs;
  model_text *warnings, *notes, *facts;
  wg_table *tables;
  size_t n_tables, cap_tables;
  size_t n_warnings, cap_warnings, n_notes, cap_notes, n_facts, cap_facts;
  model_change *changes;
  size_t n_changes, cap_changes;
  wg_digest key;
  bool has_key;
  wg_code code;
} model_step;

typedef struct run_model {
  wg_arena arena;
  model_step *steps; // by step number
  size_t n_steps, cap_steps;
  uint32_t n_total, n_running, n_done, n_cached, n_failed, n_skipped, n_warnings;
  int64_t start_wall_ns;
  uint64_t end_ns;
  bool ended;
  wg_code code;
  const char *text; // of the whole run's failure, ""
} run_model;

void wg_model_init(run_model *m);
void wg_model_done(run_model *m);
// Takes in one event. Returns its step, NULL for events of the run.
model_step *wg_model_apply(run_model *m, const wg_event *ev);

#endif
