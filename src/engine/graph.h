// SPDX-License-Identifier: Apache-2.0
// The plan: a graph of steps, each a pure function of its key.
//
//   key = SHA-256(kind, kind version, parameters in canonical form, named input digests)
//
// A step makes named outputs (files by digest, in the store). Inputs are files, listings, or
// outputs of other steps. What a step reads may be known only after another ran: its kind's
// discover() names more inputs, and the observations it made (files, directory listings, absent
// paths, environment) are recorded, so that it is run again only when one of them changed.
#ifndef WG_ENGINE_GRAPH_H
#define WG_ENGINE_GRAPH_H

#include "base/select.h"
#include "engine/event.h"
#include "store/store.h"

typedef struct wg_graph wg_graph;
typedef struct wg_step wg_step;
typedef struct wg_step_ctx wg_step_ctx; // what discover() and run() see

typedef struct wg_step_kind {
  const char *name; // "go.build"
  uint32_t version; // raised whenever the same inputs would give other outputs
  const char *verb; // for people: "compile", "write image"
  // NULL when all inputs are known beforehand. Reads only; reports every file, listing, absent path
  // and environment variable it depends on by wg_ctx_observe_*, and names inputs by
  // wg_ctx_add_input.
  wg_code (*discover)(wg_step_ctx *ctx, wg_error *err);
  wg_code (*run)(wg_step_ctx *ctx, wg_error *err);
  bool network; // a fetching step; others get no network
} wg_step_kind;

wg_graph *wg_graph_new(void);
void wg_graph_free(wg_graph *g);
WG_DEFINE_AUTO_PTR(wg_graph, wg_graph_free);

// Keeps what steps need as long as the graph lives: done(p) is called when it is freed.
void wg_graph_keep(wg_graph *g, void *p, void (*done)(void *p));

// identity: what it is in the project, stable, unique: "app/agent/windows-amd64". user: handed to
// the kind's functions, borrowed, outlives the graph.
wg_step *wg_graph_add(wg_graph *g, const wg_step_kind *kind, const char *identity,
                      const void *user);
// The step with that identity, NULL when there is none. And what wg_graph_add was given for it.
wg_step *wg_graph_find(const wg_graph *g, const char *identity);
const void *wg_step_user(const wg_step *s);
const char *wg_step_identity(const wg_step *s); // as long as the graph lives
// The steps that a target of `wingo build` names, without those that they need. *out: heap.
// NOT_FOUND names the nearest.
wg_code wg_graph_match(const wg_graph *g, const char *target, wg_step ***out, size_t *out_n,
                       wg_error *err);
// Targets: names a user may give (`wingo build app/agent`) that select this step; the identity and
// each of its '/'-prefixes are targets anyway.
void wg_step_alias(wg_step *s, const char *target);
// Parameters take part in the key: name and value, in any order (sorted by name).
void wg_step_param(wg_step *s, const char *name, const char *value);
// What the step does, entry by entry, in this order: name (unique in the step, in words), text and
// who asked for it ("wingo.yaml:7:5", for people: no part of the key). Their order takes part, too.
void wg_step_record(wg_step *s, const char *name, const char *value, const char *origin);
// A file whose content is an input. path absolute; label (not the path) takes part in the key.
void wg_step_input_file(wg_step *s, const char *label, const char *path);
// All files below a folder: label + relative path + mode-free content of each (symlinks by text).
void wg_step_input_tree(wg_step *s, const char *label, const char *path);
// Of them those that are selected (copied), and folders only where all their files may be.
void wg_step_input_selected(wg_step *s, const char *label, const char *path,
                            const wg_select *select);
// The same, and what Windows has of the files in extended attributes (fmt/meta/xattr.h).
void wg_step_input_tree_attributes(wg_step *s, const char *label, const char *path);
// The output of another step.
void wg_step_input_step(wg_step *s, const char *label, wg_step *dep, const char *output);
// Only order, no data: dep must have succeeded first.
void wg_step_after(wg_step *s, wg_step *dep);
// Its outputs hold a secret (an answer file, and whatever contains it), and so do those of every
// step that takes data from it: they are put into place for their owner only (0600), and an action
// gives them to nobody who may not have them.
void wg_step_secret(wg_step *s);
// Puts a secret's bytes into out (initialised). may_ask false: nobody is asked for it; UNSUPPORTED
// when somebody would have to be.
typedef wg_code (*wg_secret_fetch)(const void *secret, bool may_ask, wg_buf *out, wg_error *err);
// A secret as an input, and wg_step_secret besides. Its label takes part in the key, and a digest
// of its bytes keyed with the store's own key; the bytes are in no record, log or text. secret is
// borrowed, outlives the graph, and tells secrets apart: each is fetched once a run.
void wg_step_input_secret(wg_step *s, const char *label, wg_secret_fetch fetch, const void *secret);
// What it will use while it runs; the executor keeps the sum under its budget.
void wg_step_need(wg_step *s, unsigned cpus, uint64_t memory_bytes);
// Where an output is put for the user, absolute path. big: lives there only, not in the store.
void wg_step_publish(wg_step *s, const char *output, const char *path, uint32_t mode, bool big);
// The same of an output that the step may or may not have (a part of a split file). Without it
// nothing is left at path: what lies there is of a run that had more.
void wg_step_publish_optional(wg_step *s, const char *output, const char *path, uint32_t mode);

// --- for discover() and run(); of actions: action.h
const void *wg_ctx_user(const wg_step_ctx *c);
const char *wg_ctx_identity(const wg_step_ctx *c);
wg_store *wg_ctx_store(const wg_step_ctx *c);
// Whether parts of what the step makes may be kept in the store for other steps to use: nothing of
// a secret, and not while it is tried whether the step makes the same again.
bool wg_ctx_may_keep(const wg_step_ctx *c);
const wg_cancel *wg_ctx_cancel(const wg_step_ctx *c);
const char *
wg_ctx_tmp(const wg_step_ctx *c);           // private temporary folder, on the store's file system
unsigned wg_ctx_cpus(const wg_step_ctx *c); // granted
uint64_t wg_ctx_memory(const wg_step_ctx *c); // granted
wg_arena *wg_ctx_arena(wg_step_ctx *c);       // for this call
// Observations of discover(): paths absolute. They fail only on I/O errors other than absence.
wg_code wg_ctx_observe_file(wg_step_ctx *c, const char *path, wg_digest *out,
                            wg_error *err); // absent: noted as absent, NOT_FOUND
wg_code wg_ctx_observe_dir(wg_step_ctx *c, const char *path, wg_error *err);
// Of a folder only the entries whose names end in one of the space-separated suffixes (".go .s"),
// names and types, sorted: what else comes and goes there (out/, editors' files) changes nothing.
// The record keeps the suffixes. An absent folder counts as one without such entries.
wg_code wg_ctx_observe_names(wg_step_ctx *c, const char *path, const char *suffixes, wg_error *err);
wg_code wg_ctx_observe_absent(wg_step_ctx *c, const char *path, wg_error *err);
void wg_ctx_observe_env(wg_step_ctx *c, const char *name);
// An input found late. label is machine-independent ("src/example.com/agent/main.go").
void wg_ctx_add_input(wg_step_ctx *c, const char *label, const wg_digest *d);
// Free text that run() wants from discover(), also when the latter came from the record. discover()
// sets it, run() gets it ("" when none).
void wg_ctx_set_note(wg_step_ctx *c, wg_str note);
wg_str wg_ctx_note(const wg_step_ctx *c);
// Inputs as run() sees them. NOT_FOUND for a label that is not there.
wg_code wg_ctx_input(const wg_step_ctx *c, const char *label, wg_digest *out, wg_error *err);
// A path holding an input's bytes (the user's file, or the store's object): read-only. Heap.
wg_code wg_ctx_input_path(const wg_step_ctx *c, const char *label, char **out, wg_error *err);
// The bytes of an input that is a secret into out (initialised). NOT_FOUND.
wg_code wg_ctx_secret(const wg_step_ctx *c, const char *label, wg_buf *out, wg_error *err);
// Outputs: a finished file in wg_ctx_tmp (taken), or bytes.
wg_code wg_ctx_output_file(wg_step_ctx *c, const char *name, const char *path, wg_error *err);
wg_code wg_ctx_output_bytes(wg_step_ctx *c, const char *name, const void *p, size_t n_bytes,
                            wg_error *err);
// For an output published as big: the temporary path beside its final place where run() must write
// it. Committed by rename after run() succeeded.
wg_code wg_ctx_output_big_path(wg_step_ctx *c, const char *name, char **out, wg_error *err);
// Progress and notes; steps never print.
void wg_ctx_progress(wg_step_ctx *c, uint64_t done, uint64_t total, const char *unit);
void wg_ctx_noted(wg_step_ctx *c, const char *fmt, ...) WG_PRINTF(2, 3);
void wg_ctx_warn(wg_step_ctx *c, const char *fmt, ...) WG_PRINTF(2, 3);
// Output of a child that explains a failure (compiler errors); shown once, whole.
void wg_ctx_details(wg_step_ctx *c, wg_str text);
// Facts for log and report: ("go", "go1.26.8"), ("bytes_added", 123). Kept with the result and told
// again when that is used.
void wg_ctx_fact(wg_step_ctx *c, const char *name, const char *value);
void wg_ctx_fact_u64(wg_step_ctx *c, const char *name, uint64_t value);
// One that is a table; copied.
void wg_ctx_table(wg_step_ctx *c, const wg_table *t);

#endif
