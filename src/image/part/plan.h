// SPDX-License-Identifier: Apache-2.0
// What the parts of an image plan: inputs, changes of files, edits of the registry, tasks of the
// first boot, settings of the answer file, secrets. Its canonical text is the key of the step that
// makes the image and the job of the process that does it, so that nothing is worked out twice.
#ifndef WG_IMAGE_PART_PLAN_H
#define WG_IMAGE_PART_PLAN_H

#include "fmt/plan/answer.h"
#include "fmt/plan/task.h"
#include "image/part/secret.h"
#include "image/reg/edits.h"
#include "image/tree/change.h"

typedef struct wg_part_plan wg_part_plan;
wg_part_plan *wg_part_plan_new(void);
void wg_part_plan_free(wg_part_plan *p);
WG_DEFINE_AUTO_PTR(wg_part_plan, wg_part_plan_free);

// Where a file's bytes come from. A host path never takes part: an input has a label.
typedef enum wg_src_kind {
  WG_SRC_NONE,
  WG_SRC_INPUT,  // the file that label names; with a folder (PUT_DIR): all of that input's tree
  WG_SRC_BYTES,  // bytes
  WG_SRC_SECRET, // the bytes of the secret that label names
} wg_src_kind;
typedef struct wg_src {
  wg_src_kind kind;
  const char *label;
  const char *below; // of an input that is a tree: path below it with '/'; NULL: the input itself
  wg_select select;  // of a tree with PUT_DIR: what is put of it
  wg_str bytes;
} wg_src;

// What an entry is called, and who asked for it.
typedef struct wg_part_who {
  const char *title;  // in words, "registry[0] ApiKey"; made unique by the plan
  const char *origin; // for messages only, never part of a key: "wingo.yaml:7:5"
} wg_part_who;

// --- planning. All strings and bytes are copied. A label that is there already is the same input.
void wg_part_plan_input_file(wg_part_plan *p, const char *label, const char *host_path);
void wg_part_plan_input_tree(wg_part_plan *p, const char *label, const char *host_path);
// Of the tree what is selected; the change that puts it says the same in its source.
void wg_part_plan_input_selected(wg_part_plan *p, const char *label, const char *host_path,
                                 const wg_select *select);
void wg_part_plan_input_step(wg_part_plan *p, const char *label, const char *identity,
                             const char *output);
// A secret that the image will hold: its output is 0600.
void wg_part_plan_secret(wg_part_plan *p, const wg_secret *secret);
// `from` of a PUT_FILE is given by src; of a RENAME it is part of the change.
void wg_part_plan_change(wg_part_plan *p, wg_part_who who, const wg_image_change *c, wg_src src);
void wg_part_plan_reg(wg_part_plan *p, wg_part_who who, const wg_reg_edit *e); // origin: of who
// A SET whose data are the bytes of a secret that was declared: text of REG_SZ and REG_EXPAND_SZ,
// else as they are.
void wg_part_plan_reg_secret(wg_part_plan *p, wg_part_who who, const wg_reg_edit *e,
                             const char *label);
// Registry text: what the input says. shown: the file's name for messages.
// maps: n pairs, one side after the other, of names its keys have and what they are here.
void wg_part_plan_reg_file(wg_part_plan *p, wg_part_who who, const char *label, const char *shown,
                           const char *const *maps, size_t n_maps);
// FORMAT: wg_task_check. CONFLICT: a task of that identity is there.
wg_code wg_part_plan_task(wg_part_plan *p, wg_part_who who, const wg_task *t, wg_error *err);
// FORMAT: wg_answer_check. CONFLICT: another value is wanted there, naming both origins. The same
// value again is one setting.
wg_code wg_part_plan_answer(wg_part_plan *p, wg_part_who who, const wg_answer_setting *s,
                            wg_error *err);

// What only the part itself makes something of, in its fill: text, a record of its own.
void wg_part_plan_own(wg_part_plan *p, wg_part_who who, const char *text);

// --- looking. Items in the order in which they are done: by part, then as they were planned.
typedef enum wg_part_item_kind {
  WG_PART_CHANGE,
  WG_PART_REG,      // src: of a secret, its data
  WG_PART_REG_FILE, // src.label; shown; reg.items are its maps
  WG_PART_TASK,
  WG_PART_ANSWER,
  WG_PART_OWN, // own
} wg_part_item_kind;
typedef struct wg_part_item {
  wg_part_item_kind kind;
  const char *part; // name of the part that planned it
  const char *title, *origin;
  const char *shown;
  wg_image_change change;
  wg_src src;
  wg_reg_edit reg;
  wg_task task;
  wg_answer_setting answer;
  const char *own;
} wg_part_item;
size_t wg_part_plan_count(const wg_part_plan *p);
const wg_part_item *wg_part_plan_item(const wg_part_plan *p, size_t i);

// The parts that had their turn; false: it planned nothing, and its version decides nothing.
size_t wg_part_plan_n_versions(const wg_part_plan *p);
bool wg_part_plan_version(const wg_part_plan *p, size_t i, const char **out_part,
                          uint32_t *out_version);

typedef enum wg_part_input_kind {
  WG_PART_INPUT_FILE,
  WG_PART_INPUT_TREE,
  WG_PART_INPUT_STEP,
} wg_part_input_kind;
typedef struct wg_part_input {
  wg_part_input_kind kind;
  const char *label;
  const char *path;              // FILE, TREE; in the worker of every input
  const wg_select *select;       // TREE; NULL: all of it
  const char *identity, *output; // STEP
} wg_part_input;
size_t wg_part_plan_n_inputs(const wg_part_plan *p);
const wg_part_input *wg_part_plan_input(const wg_part_plan *p, size_t i);

typedef struct wg_part_secret {
  wg_secret secret; // in the worker only its label
  wg_str bytes;     // in the worker
} wg_part_secret;
size_t wg_part_plan_n_secrets(const wg_part_plan *p);
const wg_part_secret *wg_part_plan_secret_at(const wg_part_plan *p, size_t i);

// --- text
// Appends the record of one item, or of all of them in order. origin: for the worker, whose
// messages name it; never in a key.
void wg_part_item_write(const wg_part_item *i, bool origin, wg_buf *out);
void wg_part_plan_write(const wg_part_plan *p, bool origin, wg_buf *out);
// For the worker: the records of the inputs as `path` gives them (heap), of the secrets as `secret`
// gives them, and of the items with their origins. The worker reads it with wg_part_plan_parse.
typedef struct wg_part_source {
  wg_code (*path)(void *ctx, const wg_part_input *input, char **out, wg_error *err);
  wg_code (*secret)(void *ctx, const wg_secret *secret, wg_buf *out, wg_error *err);
  void *ctx;
} wg_part_source;
wg_code wg_part_plan_job(const wg_part_plan *p, const wg_part_source *from, wg_buf *out,
                         wg_error *err);
// parse(write(p)) is p. FORMAT, LIMIT.
wg_code wg_part_plan_parse(wg_str text, wg_part_plan **out, wg_error *err);

// --- for part.c and run.c
// Whose items are added from now on, and where its items stand among those of others.
void wg_part_plan_turn(wg_part_plan *p, const char *part, int order, uint32_t version);

#endif
