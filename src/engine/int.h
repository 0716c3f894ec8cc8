// SPDX-License-Identifier: Apache-2.0
// Inside of the engine. Private to src/engine.
#ifndef WG_ENGINE_INT_H
#define WG_ENGINE_INT_H

#include "engine/action.h"
#include "engine/exec.h"
#include "os/proc.h"

// --- graph.c

typedef struct graph_param {
  const char *name, *value;
  const char *origin; // of a record
} graph_param;

typedef struct graph_kept {
  void *p;
  void (*done)(void *p);
} graph_kept;

typedef enum input_kind {
  INPUT_FILE,
  INPUT_TREE,
  INPUT_ENTRY, // of a tree: named so that a change can be told, not part of the key by itself
  INPUT_STEP,
  INPUT_OUTPUTS, // of an action: all that a step puts into place
  INPUT_LATE,    // found by discover()
  INPUT_SECRET,
} input_kind;

typedef struct graph_input {
  input_kind kind;
  const char *label;
  const char *path;        // file, tree
  const wg_select *select; // tree; NULL: all of it
  bool attributes;         // tree: extended ones count
  wg_secret_fetch fetch;   // secret
  const void *secret;
  const wg_step *dep; // step
  const char *output;
} graph_input;

typedef struct graph_publish {
  const char *output, *path;
  uint32_t mode;
  bool big, optional;
} graph_publish;

struct wg_step {
  wg_graph *g;
  uint32_t index;               // in the graph
  const wg_step_kind *kind;     // NULL: an action
  const wg_action_kind *action; // NULL: a step
  const char *identity;
  const void *user;
  unsigned cpus;
  uint64_t memory_bytes;
  bool secret;
  const char **aliases;
  size_t n_aliases, cap_aliases;
  graph_param *params;
  size_t n_params, cap_params;
  graph_param *records; // in order
  size_t n_records, cap_records;
  graph_input *inputs;
  size_t n_inputs, cap_inputs;
  const wg_step **after;
  size_t n_after, cap_after;
  graph_publish *publish;
  size_t n_publish, cap_publish;
};

struct wg_graph {
  wg_arena arena;
  wg_step **steps;
  size_t n_steps, cap_steps;
  graph_kept *kept;
  size_t n_kept, cap_kept;
};

// Arena copies above fmt: no memory ends the program.
// A copy of what may be told of s.
char *wg_build_masked(const wg_mask *m, wg_arena *a, const char *s);
char *wg_build_strdup(wg_arena *a, const char *s);
char *wg_build_strndup(wg_arena *a, const char *p, size_t n);
char *wg_build_printf(wg_arena *a, const char *fmt, ...) WG_PRINTF(2, 3);
void *wg_build_get(wg_arena *a, size_t count, size_t size);

// Of steps and actions alike.
const char *wg_build_kind_name(const wg_step *s);
const char *wg_build_verb(const wg_step *s);
// The i-th of step_n_deps dependencies, NULL when that input is no node.
size_t wg_build_n_deps(const wg_step *s);
const wg_step *wg_build_dep(const wg_step *s, size_t i);

// BUG for what the makers of a graph got wrong: two steps of one identity, an input label or output
// path twice, a cycle, an action that a step needs. *out_order (heap): indices, dependencies first,
// else in order of insertion.
wg_code wg_build_graph_order(const wg_graph *g, uint32_t **out_order, wg_error *err);
// Marks in selected[n_steps] what opt's scope and targets need; no targets: all of the scope. Of
// actions that the user named exactly, named[] is set. NOT_FOUND names the nearest.
wg_code wg_build_graph_select(const wg_graph *g, const wg_exec_options *opt, bool *selected,
                              bool *named, wg_error *err);
const graph_publish *wg_build_find_publish(const wg_step *s, const char *output);

// --- memo.c: what a run has seen of files, so that many steps look once.

typedef struct build_memo build_memo;
typedef enum memo_kind {
  MEMO_FILE = 'f',  // content
  MEMO_DIR = 'd',   // listing
  MEMO_NAMES = 'n', // listing of some suffixes
  MEMO_THERE = 'x', // whether anything is there
  MEMO_ENV = 'e',   // value of a variable, keyed with the store's secret
} memo_kind;
typedef struct memo_value {
  bool absent;
  wg_digest digest; // zero when absent
} memo_value;

build_memo *wg_build_memo_new(wg_store *s);
void wg_build_memo_free(build_memo *m);
WG_DEFINE_AUTO_PTR(build_memo, wg_build_memo_free);
// extra: suffixes of MEMO_NAMES, else "". fresh: look again. Thread-safe; two threads that ask for
// one thing at a time read it once.
wg_code wg_build_memo_get(build_memo *m, memo_kind kind, const char *path, const char *extra,
                          bool fresh, const wg_cancel *cancel, memo_value *out, wg_error *err);

// --- record.c: what is written down. Strings point into the bytes they were parsed from.

typedef struct rec_pair {
  const char *name, *value;
} rec_pair;
typedef struct rec_output {
  const char *name;
  wg_digest digest;
  uint64_t size_bytes;
  bool is_exec, is_big;
} rec_output;
typedef struct rec_input {
  const char *label;
  wg_digest digest;
} rec_input;
typedef struct rec_obs {
  memo_kind kind;
  const char *path, *extra;
  memo_value seen;
} rec_obs;

typedef struct rec_fact {
  const char *name, *text; // text NULL: a number
  uint64_t number;
} rec_fact;

typedef struct rec_result {
  uint64_t duration_ns;
  rec_output *outputs;
  size_t n_outputs;
  rec_fact *facts;
  size_t n_facts;
  wg_table *tables;
  size_t n_tables;
  const char **warnings;
  size_t n_warnings;
} rec_result;

typedef struct rec_discovery {
  wg_str note;
  rec_obs *obs;
  size_t n_obs;
  rec_input *late;
  size_t n_late;
  const char **warnings;
  size_t n_warnings;
} rec_discovery;

typedef struct rec_state { // of a step's last run, by identity
  wg_digest key;
  uint64_t duration_ns;
  const char *kind;
  uint32_t kind_version;
  rec_pair *params;
  size_t n_params;
  rec_input *inputs; // sorted by label
  size_t n_inputs;
} rec_state;

#define REC_STATE_HEAD_BYTES                                                                       \
  48U // magic, key, duration: enough to see whether the rest is of interest

void wg_build_put_result(wg_buf *b, const rec_result *r);
void wg_build_put_discovery(wg_buf *b, const rec_discovery *r);
void wg_build_put_state(wg_buf *b, const rec_state *r); // framed with its own digest
// FORMAT for anything but what the writers make. p is NUL-free to share: the strings stay inside
// it.
wg_code wg_build_parse_result(const void *p, size_t n, wg_arena *arena, rec_result *out,
                              wg_error *err);
wg_code wg_build_parse_discovery(const void *p, size_t n, wg_arena *arena, rec_discovery *out,
                                 wg_error *err);
wg_code wg_build_parse_state(const void *p, size_t n, wg_arena *arena, rec_state *out,
                             wg_error *err);
// The first REC_STATE_HEAD_BYTES bytes.
WG_MUST_CHECK bool wg_build_parse_state_head(const void *p, size_t n, wg_digest *out_key,
                                             uint64_t *out_duration_ns);

// --- release.c: what a run's actions did, as a file that is whole at any moment.

typedef struct release_record release_record;
typedef struct action_run action_run;
release_record *wg_build_release_new(const char *project_dir, const wg_run_info *info,
                                     const wg_mask *mask);
void wg_build_release_free(release_record *r); // NULL-safe
typedef enum release_state {
  RELEASE_STARTED, // and nothing further, should the process die
  RELEASE_DONE,
  RELEASE_FAILED,
  RELEASE_CANCELED,
} release_state;
// Writes down what act is about to do, or how it ended, and syncs it. What can't be written must
// not be done.
wg_code wg_build_release_put(release_record *r, const action_run *act, release_state state,
                             const wg_error *failure, wg_error *err);

// --- one step in one run

typedef struct step_input { // as the key and run() see it
  input_kind kind;
  const char *label, *path; // path NULL: only the digest is known
  wg_digest digest;
} step_input;

typedef struct known_secret { // fetched in this run
  const void *secret;
  wg_buf bytes;
} known_secret;

typedef struct build_env { // one run or plan; shared by all workers
  wg_graph *g;
  wg_store *store;
  build_memo *memo;
  wg_bus *bus; // may be NULL
  const wg_cancel *cancel;
  const char *project_dir; // may be NULL
  const char *project_file, *env_name;
  const wg_mask *mask; // may be NULL
  bool recheck, wait_limited;
  uint64_t wait_ms;        // for another run, where that is limited
  uint32_t umask;          // taken before there are threads
  const wg_run_info *info; // may be NULL
  struct step_run *runs;   // by graph index
  bool *selected, *named;  // by graph index
  uint32_t *order;         // graph indices, dependencies first
  uint32_t n_selected;
  release_record *release; // locks itself
  bool is_plan;            // nobody is asked for anything
  wg_mutex secret_lock;    // of the next
  known_secret *secrets;
  size_t n_secrets, cap_secrets;
  wg_mutex lock;     // what follows
  char **clean_dirs; // without leftovers of killed processes
  size_t n_clean, cap_clean;
} build_env;

// Of a file of .wingo: only its owner's when a variable was used.
static inline uint32_t wg_build_file_mode(const build_env *e) {
  return wg_mask_any(e->mask) ? 0600 : 0644;
}

typedef struct step_run {
  build_env *env;
  const wg_step *s;
  uint32_t number; // of the step in events
  bool secret;     // its outputs hold a secret
  wg_digest identity_digest;
  wg_arena arena;
  wg_buf discovery_bytes, result_bytes, state_bytes; // what the parsed strings below point into
  step_input *inputs; // static ones, then late ones; sorted by label once complete
  size_t n_inputs, cap_inputs;
  rec_discovery discovery;
  bool has_discovery;
  bool discovery_fresh; // made in this run
  wg_digest key;
  bool has_key;
  rec_result result; // when cached, or after it ran
  bool has_result;
  const char **out_paths; // where the output of the same index can be read; NULL: the store's blob
  const char *miss;       // why a record with this key did not do; NULL: there is none
  const char **reasons;
  size_t n_reasons;
  uint64_t expected_ns; // how long it took last time, 0 not known
  bool has_state;
  rec_state state; // of the last run
  action_run *act; // of an action that looked; owned
} step_run;

typedef enum ctx_phase {
  CTX_DISCOVER,
  CTX_RUN,
  CTX_LOOK, // of an action, and the next two
  CTX_APPLY,
  CTX_UNDO,
} ctx_phase;

typedef struct ctx_big {
  const char *name, *tmp_path;
  const graph_publish *publish;
} ctx_big;

struct wg_step_ctx {
  step_run *r;
  ctx_phase phase;
  bool silent; // a repetition: warnings and notes were told before
  char *tmp;   // owned
  unsigned cpus;
  uint64_t memory_bytes;
  wg_arena arena; // lent to the step, on its thread
  wg_mutex lock;  // everything below: a step may tell things from several threads
  wg_arena own;
  wg_buf details;
  wg_buf note;
  rec_obs *obs;
  size_t n_obs, cap_obs;
  rec_input *late;
  size_t n_late, cap_late;
  rec_output *outputs;
  size_t n_outputs, cap_outputs;
  ctx_big *big;
  size_t n_big, cap_big;
  rec_fact *facts;
  size_t n_facts, cap_facts;
  wg_table *tables;
  size_t n_tables, cap_tables;
  const char **warnings;
  size_t n_warnings, cap_warnings;
  const char **undone;
  size_t n_undone, cap_undone;
  wg_fd publish_lock; // held while there are temporary files beside final places
  wg_error sticky;    // of calls that return nothing
};

// action.c
typedef struct action_change {
  const char *object, *before, *after;
} action_change;
typedef struct action_result {
  const char *name, *path;
  wg_digest digest;
  uint64_t size_bytes;
} action_result;
struct action_run { // one action in one run, from look to its end
  wg_step_ctx ctx;
  wg_action_input *inputs;
  size_t n_inputs, cap_inputs;
  action_change *changes;
  size_t n_changes, cap_changes;
  action_result *results;
  size_t n_results, cap_results;
  void *kept;
  int64_t start_wall_ns, end_wall_ns; // of apply
};
void wg_build_action_free(action_run *a); // NULL-safe
// Calls the kind's ready, if it has one.
wg_code wg_build_action_ready(step_run *r, wg_buf *details, wg_error *err);
// Reads the far side into r->act. The steps it needs have results.
wg_code wg_build_action_look(step_run *r, wg_buf *details, wg_error *err);
// After a look that found changes: apply, undo when it fails, the record.
wg_code wg_build_action_apply(step_run *r, unsigned cpus, uint64_t memory_bytes, wg_buf *details,
                              wg_error *err);
void wg_build_action_tell_results(const step_run *r);

// ctx.c
wg_code wg_ctx_init(wg_step_ctx *c, step_run *r, ctx_phase phase, wg_error *err);
void wg_ctx_done(wg_step_ctx *c); // removes what was not taken
WG_DEFINE_AUTO(wg_step_ctx, wg_ctx_done);

// Ends a call of discover() or run(): errors of calls that return nothing; late inputs and
// observations sorted, each once.
wg_code wg_ctx_settle(wg_step_ctx *c, wg_error *err);

// secret.c
// The bytes of a secret, fetched once a run; they stay as long as env.
wg_code wg_build_secret(build_env *e, const graph_input *in, wg_str *out, wg_error *err);
void wg_build_secrets_done(build_env *e); // wiped

// table.c: everything is copied into the arena.
wg_table wg_build_table_copy(const wg_table *t, const wg_mask *m, wg_arena *a);

// key.c
void wg_build_sort_inputs(step_run *r);
wg_digest wg_build_step_key(const step_run *r);
wg_digest wg_build_discovery_key(const step_run *r); // after the static inputs are known

// inputs.c: static inputs and discovery, up to the key.
typedef enum check_mode {
  CHECK_USE,   // records serve
  CHECK_FRESH, // look at everything again (inputs moved while the step ran)
} check_mode;
wg_code wg_build_resolve(step_run *r, check_mode mode, wg_str *details, wg_error *err);
// False when something that the key stands for is no longer what it was; *out_what (arena) names
// it.
WG_MUST_CHECK bool wg_build_inputs_still(step_run *r, const char **out_what);

// result.c: finding, running, keeping, putting in place.
// WG_OK and *out_hit: r->result is filled and every output is there.
wg_code wg_build_lookup(step_run *r, bool *out_hit, wg_error *err);
wg_code wg_build_publish(step_run *r, wg_error *err);
typedef struct run_outcome {
  bool was_cached; // another process had done it meanwhile
  uint64_t duration_ns;
} run_outcome;
// Runs the step under its key's lock. details: heap, from the step's child.
wg_code wg_build_run_step(step_run *r, unsigned cpus, uint64_t memory_bytes, run_outcome *out,
                          wg_buf *details, wg_error *err);
// Runs a cached step again and compares: VERIFY.
wg_code wg_build_recheck_step(step_run *r, unsigned cpus, uint64_t memory_bytes, run_outcome *out,
                              wg_buf *details, wg_error *err);

// made.c
// That an output was put at path; o NULL: that nothing is there.
void wg_build_note_made(const step_run *r, const char *path, const rec_output *o);

// publish.c
uint32_t wg_build_publish_mode(const step_run *r, const graph_publish *p, bool is_exec);
// locks.c: one at a time makes what has that key, or puts outputs of the step in their places.
// Waits.
wg_code wg_build_lock_key(const step_run *r, const wg_digest *key, wg_fd *out, wg_error *err);
wg_code wg_build_publish_lock(const step_run *r, wg_fd *out, wg_error *err);
// Removes what a killed process left beside path. The identity's publish lock must be held.
void wg_build_sweep_beside(build_env *e, const char *path);

// state.c
void wg_build_state_load(step_run *r); // head and body into r; absent or damaged: has_state false
void wg_build_state_save(step_run *r, uint64_t duration_ns); // duration 0: keep the known one
void wg_build_reasons(step_run *r); // fills r->reasons from r->state and now

// events
void wg_build_emit(const step_run *r, wg_event ev);

// env.c: checks the graph, selects.
wg_code wg_build_env_init(build_env *e, wg_graph *g, wg_store *s, const wg_exec_options *opt,
                          wg_error *err);
// .wingo in the project's folder, with a .gitignore of its own: none of it is source. A plan makes
// nothing there.
wg_code wg_build_env_make_dir(const build_env *e, wg_error *err);
void wg_build_env_done(build_env *e);
WG_DEFINE_AUTO(build_env, wg_build_env_done);

#endif
