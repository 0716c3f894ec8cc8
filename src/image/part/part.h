// SPDX-License-Identifier: Apache-2.0
// A part of an image: one kind of thing that a project puts into it. Each plans at graph time what
// it will do; the plan's text is the key of the step. What it can only know from the base's content
// it adds when the image is made, in a process with a limit, from declared inputs alone.
#ifndef WG_IMAGE_PART_PART_H
#define WG_IMAGE_PART_PART_H

#include "image/part/plan.h"
#include "image/part/want.h"
#include "image/tree/read.h"
#include "image/write/write.h"

typedef struct wg_part_in { // at graph time; all of it outlives the call
  const wg_cfg_image *image;
  const char *arch;        // Go's name
  const char *project_dir; // what paths of the project file are relative to
  const char *release;     // "" when the project has none
  // Identity of the step whose output "bin" is the program of image->apps[i].
  const char *const *app_steps;
  // Identity of the step whose output "image" is the image's Winre.wim as it is to be; NULL: it
  // stays.
  const char *winre_step;
  const wg_walk_watch *watch; // of walks through host folders; may be NULL
} wg_part_in;

typedef struct wg_part_run { // when the image is made, in the worker
  const char *tmp_dir;       // of this step; removed with all in it
  int64_t time_s;            // of what is added
  const char *arch;
  const wg_part_plan *plan;
  wg_image_result *result; // facts and warnings go here
} wg_part_run;

typedef struct wg_image_part {
  const char *name;
  uint32_t version; // raised whenever the same plan would give another image
  int order; // files 10, apps 20, shortcuts 30, winre 40, drivers 60, registry 90, answer 110,
             // firstboot 120
  // Adds to the plan. It sees what parts before it planned. Looks at no content of the base.
  // CONFIG with the place for what the project file may not say.
  wg_code (*plan)(const wg_part_in *in, wg_part_plan *plan, wg_error *err);
  // Adds what the content of the base decides; NULL: nothing. In the worker, where the part planned
  // something.
  wg_code (*fill)(const wg_part_run *run, wg_image_reader *base, wg_part_plan *plan, wg_error *err);
  // Reads back from the image that was written; NULL: the read-back of changes is enough. As fill.
  // VERIFY.
  wg_code (*check)(const wg_part_run *run, wg_image_reader *out, const wg_part_plan *plan,
                   wg_error *err);
} wg_image_part;

typedef struct wg_part_table {
  const wg_image_part *const *parts; // in their order
  size_t n_parts;
} wg_part_table;
// Plans all parts, in their order. Errors as their plans have.
wg_code wg_part_plan_all(const wg_part_table *table, const wg_part_in *in, wg_part_plan **out,
                         wg_error *err);
// Paths of the project file, absolute. Heap.
char *wg_part_host_path(const wg_part_in *in, const char *given);
// "wingo.yaml:7:5". Heap.
char *wg_part_origin(wg_pos pos);

// --- for fill and check
// Host path of what src names: an input, or a file below one that is a tree. Heap. NOT_FOUND: it
// was not declared.
wg_code wg_part_run_path(const wg_part_run *r, const wg_src *src, char **out, wg_error *err);

// What the worker does with the text of wg_part_plan_job: the parts fill it, the registry's edits
// are gathered and each hive is written once, the files become changes. The table outlives it.
wg_image_planner wg_part_planner(const wg_part_table *table);

// Windows paths; heap. Where a file that is put at `to` goes (into a folder when `to` ends in a
// backslash or slash), where an app's program goes and in which folder that is, where its shortcut.
char *wg_part_file_to(const char *to, const char *from);

// What an entry's `from` names on this machine: a file, or what is selected of a folder.
typedef struct wg_part_from {
  char *path; // of the file or folder; heap
  bool is_folder;
  wg_select select;     // of the folder; borrows from the entry. Zero: all of it
  const char **exclude; // of select; heap
} wg_part_from;
void wg_part_from_done(wg_part_from *f);
WG_DEFINE_AUTO(wg_part_from, wg_part_from_done);
// *out is zeroed by the caller. NOT_FOUND, IO.
wg_code wg_part_from_of(const wg_cfg_image_file *file, const char *project_dir, wg_part_from *out,
                        wg_error *err);
// Whether wildcards and `exclude` leave nothing. A tree that can't be put or read as it is leaves
// something. watch may be NULL. LIMIT, CANCELED.
wg_code wg_part_from_is_empty(const wg_part_from *f, const wg_walk_watch *watch, bool *out,
                              wg_error *err);
char *wg_part_app_program(const wg_cfg_image_app *a);
char *wg_part_app_folder(const wg_cfg_image_app *a);
char *wg_part_shortcut_to(const wg_cfg_image_app *a);

// Where an image keeps the recovery environment.
#define WG_PART_WINRE_PATH "C:\\Windows\\System32\\Recovery\\Winre.wim"
// What is wanted of it, as of an image of its own; its label in messages is images.<name>.winre.
wg_cfg_image wg_part_winre_image(const wg_cfg_image *image);
// What is told where an image of a base (NULL: the only one) has none, and the cure. Heap.
char *wg_part_winre_absent(const char *base_image);
#define WG_PART_WINRE_CURE                                                                         \
  "remove 'winre', or choose a base with a recovery environment, as install.wim of a client "      \
  "Windows has"

// The parts of this folder.
extern const wg_image_part wg_part_files, wg_part_apps, wg_part_shortcuts, wg_part_winre,
    wg_part_registry;

#endif
