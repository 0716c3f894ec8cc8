// SPDX-License-Identifier: Apache-2.0
// Actions: the nodes of a graph that touch the world, where a step only makes outputs.
//
// An action is never cached. Its kind reads the far side first (look) and says what differs from
// what should be; when nothing differs, it is done. Else apply changes what differs, and nothing
// more, so that running it again, also after a kill at any moment, comes to the same end. When
// apply fails or is stopped, undo takes back what apply did where the kind can.
//
// An action's identity begins with the command that runs it: "publish/share" is run by `wingo
// publish`. The executor holds every action back until all steps of the run are done, and calls
// every look that it can before the first apply: what a look refuses is found before anything is
// touched. Each change is told as an event and kept in the release record (docs/release-record.md).
#ifndef WG_ENGINE_ACTION_H
#define WG_ENGINE_ACTION_H

#include "engine/graph.h"

typedef struct wg_action_kind {
  const char *name; // "publish.folder"
  const char *verb; // for people: "publish"
  // What apply overwrites can't be had back (a disk): done only when the user names the action.
  bool destructive;
  // look asks nobody but this machine, needs no secret and takes no time worth naming: `wingo plan`
  // calls it. Else only a run and --dry-run do.
  bool look_is_local;
  // NULL, or what can be refused before there are outputs: a far side that is not there, or not
  // ours. Called before the first step of a run. Reads only.
  wg_code (*ready)(wg_step_ctx *ctx, wg_error *err);
  // Reads only. Calls wg_ctx_differs for each thing that apply will change; refuses what apply
  // would have to refuse.
  wg_code (*look)(wg_step_ctx *ctx, wg_error *err);
  wg_code (*apply)(wg_step_ctx *ctx, wg_error *err);
  // NULL: there is no way back. Is not canceled; says each thing it took back by wg_ctx_undone.
  wg_code (*undo)(wg_step_ctx *ctx, wg_error *err);
} wg_action_kind;

// As wg_graph_add. The node takes wg_step_alias, _input_step, _input_outputs, _after and _need; it
// has no key, so no parameters, and publishes nothing.
wg_step *wg_graph_add_action(wg_graph *g, const wg_action_kind *kind, const char *identity,
                             const void *user);
// All outputs that dep puts into their places, as many as there turn out to be.
void wg_step_input_outputs(wg_step *action, wg_step *dep);

// --- for look(), apply() and undo(), which share one context: its arena lives through all three.
// Beside these they may use of graph.h: user, identity, store, cancel, tmp, cpus, memory, arena,
// progress, noted, warn, details, fact.

typedef struct wg_action_input {
  const char *step, *output; // where it comes from
  const char *path;          // its place in the project, "" when it has none
  wg_digest digest;
  uint64_t size_bytes;
  uint32_t mode;
  bool secret; // holds a secret: goes only to who may have it
} wg_action_input;
// In the order of step and output. Borrowed from the context.
const wg_action_input *wg_ctx_action_inputs(const wg_step_ctx *c, size_t *out_n);
// A path holding the input's bytes, read-only. Heap. What is read there must be compared with the
// digest: the user's own file may change at any time.
wg_code wg_ctx_action_input_path(const wg_step_ctx *c, const wg_action_input *in, char **out,
                                 wg_error *err);

// look: one thing that is not as it should be. before: what it is, NULL when absent; after: what it
// will be, NULL when it goes. Short texts for people and the record: a digest, a version, a size.
void wg_ctx_differs(wg_step_ctx *c, const char *object, const char *before, const char *after);
// look: what will be there when all is done, for lists of results. path: a path or an address, as
// it is told (what a variable gave by its name).
void wg_ctx_result(wg_step_ctx *c, const char *name, const char *path, const wg_digest *d,
                   uint64_t size_bytes);
// "1.4.0: new (3 files)", "current: 1.3.0 -> 1.4.0", "1.2.0: goes". Heap; before, after NULL or "":
// there is nothing.
char *wg_action_change_text(const char *object, const char *before, const char *after);
// undo: one thing that is again as it was.
void wg_ctx_undone(wg_step_ctx *c, const char *fmt, ...) WG_PRINTF(2, 3);
// What look found out and apply needs, in the context's arena.
void wg_ctx_keep(wg_step_ctx *c, void *state);
void *wg_ctx_kept(const wg_step_ctx *c);

#endif
