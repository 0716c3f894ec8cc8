// SPDX-License-Identifier: Apache-2.0
// One stream of events; the terminal, the log, the report are listeners.
#ifndef WG_ENGINE_EVENT_H
#define WG_ENGINE_EVENT_H

#include "base/bytes.h"
#include "base/mask.h"
#include "crypto/digest.h"

typedef enum wg_event_type {
  WG_EV_RUN_STARTED,   // n_total steps
  WG_EV_STEP_CHECKING, // its inputs are being found out (may start programs)
  WG_EV_STEP_STARTED,  // key, text = why it runs, total = how many ns it took last time (0: not
                       // known)
  WG_EV_STEP_PROGRESS, // done, total, unit
  WG_EV_STEP_NOTE,     // text
  WG_EV_STEP_WARNING,  // text
  WG_EV_STEP_FACT,     // name; text, or when that is NULL done: a number
  WG_EV_STEP_TABLE,    // table
  WG_EV_STEP_OUTPUT,   // name, digest, size_bytes, path (may be NULL)
  WG_EV_STEP_CACHED,   // key; of an action: the far side is as it should be
  WG_EV_STEP_DONE,     // key
  WG_EV_STEP_FAILED,   // text = the error chain; details = child output
  WG_EV_STEP_SKIPPED,  // a step it needs failed, or the run was stopped
  WG_EV_STEP_CANCELED,
  WG_EV_STEP_CHANGE, // of an action, when it starts: name = what; text = as it is, details = as it
                     // will be, NULL where there is nothing
  WG_EV_STEP_UNDONE, // of an action that failed: text = what is again as it was
  WG_EV_RUN_ENDED,   // n_done, n_cached, n_failed, n_skipped; code
} wg_event_type;

// A fact that is a table: in each row texts, then numbers.
typedef struct wg_table {
  const char *name;
  const char *const *columns; // n_texts + n_numbers
  size_t n_texts, n_numbers, n_rows;
  const char *const *texts; // n_rows * n_texts
  const uint64_t *numbers;  // n_rows * n_numbers
} wg_table;

typedef struct wg_event {
  wg_event_type type;
  uint64_t time_ns; // monotonic since the run began
  int64_t wall_ns;
  uint32_t step;        // index of the step, UINT32_MAX for the run
  const char *identity; // of the step, NULL for the run
  const char *verb;
  bool is_action;
  // NULL where not used; borrowed for the call. name of RUN_STARTED: the environment.
  const char *name, *text, *details, *unit, *path;
  const wg_table *table;
  uint64_t done, total; // progress
  uint64_t size_bytes;
  const wg_digest *digest, *key; // NULL where not used
  uint32_t n_total, n_done, n_cached, n_failed, n_skipped;
  wg_code code;
} wg_event;

// Called with the bus's lock held, from any thread, in order; must not block for long.
typedef void (*wg_listener_fn)(void *ctx, const wg_event *ev);

typedef struct wg_bus wg_bus;
wg_bus *wg_bus_new(void);
void wg_bus_free(wg_bus *b);
WG_DEFINE_AUTO_PTR(wg_bus, wg_bus_free);
void wg_bus_listen(wg_bus *b, wg_listener_fn fn, void *ctx); // before the run starts
// What is not told but by its name, in texts and tables; borrowed as long as events are emitted.
// Paths are told as they are given: those of steps are below the project's folder of outputs.
void wg_bus_mask(wg_bus *b, const wg_mask *mask);
// Fills in the times. Progress of one step is throttled (10 a second), state changes never dropped.
void wg_bus_emit(wg_bus *b, wg_event *ev);

#endif
