// SPDX-License-Identifier: Apache-2.0
// What the loader works on: its memory, its sources, its faults. The files of this folder and the
// sections of the project share it.
#ifndef WG_CONFIG_CFG_H
#define WG_CONFIG_CFG_H

#include "config/config.h"
#include "crypto/digest.h"
#include "fmt/yaml/yaml.h"

// More are counted, not kept.
#define WG_CFG_MAX_FAULTS 1000

// All that the loader takes from outside; wg_cfg_load fills it from files.
typedef struct wg_cfg_world {
  const char *(*getenv)(void *ctx, const char *name); // NULL when unset
  // A fact of the repository that the project is in, appended to out: wg_git_fact (git.h).
  wg_code (*git)(void *ctx, const char *what, wg_buf *out, wg_error *err);
  void *ctx;
} wg_cfg_world;

// SHA-256 of a file, as 64 digits, from whoever remembers it by what stat says.
typedef struct wg_cfg_digests {
  wg_code (*of_file)(void *ctx, const char *abs_path, wg_hex *out, wg_error *err);
  void *ctx;
} wg_cfg_digests;

typedef struct wg_cfg_lang wg_cfg_lang; // section.h

// What git said in this load.
typedef struct wg_cfg_fact wg_cfg_fact;
struct wg_cfg_fact {
  const wg_cfg_fact *next;
  const char *what;
  const char *value; // NULL: it can't be had, and why
  const char *why;
};

struct wg_cfg {
  wg_arena arena;
  const char **sources; // file names by wg_yaml_node.source, in order of faults
  size_t n_sources;
  const char *overlay; // its file name, NULL for none
  const char *dir;     // absolute folder of the file, from which its paths are
  wg_cfg_fault *faults;
  size_t n_faults, cap_faults;
  size_t n_errors;
  uint64_t expanded_bytes; // by ${} so far
  wg_mask *mask;           // what variables of the environment gave, and how it is shown
  wg_mask own_mask;
  bool expand_shown;     // what they give now is no secret: it becomes a name of what is made
  bool expand_noted;     // the text at hand has something that is not shown
  unsigned expand_depth; // variables inside of variables
  const wg_cfg_fact *facts;
  wg_cfg_world world;
  const wg_walk_watch *watch;    // may be NULL
  const wg_cfg_digests *digests; // for file checks; NULL: each file is read
  const wg_cfg_lang *lang;
  const wg_yaml_node *root; // all of it merged; NULL: nothing could be read
  void *model; // the struct of the file, as far as it could be filled; NULL: nothing was understood
  bool is_good; // loaded without errors
};

// An empty wg_cfg. Its arena ends the program when there is no memory.
wg_cfg *wg_cfg_new(void);
// Arena memory that is never NULL.
void *wg_cfg_alloc(wg_cfg *c, size_t count, size_t size_bytes);
char *wg_cfg_printf(wg_cfg *c, const char *fmt, ...) WG_PRINTF(2, 3);
wg_pos wg_cfg_pos(const wg_cfg *c, const wg_yaml_node *n);
// text and hint (NULL allowed) are borrowed for the life of c.
void wg_cfg_add_fault(wg_cfg *c, wg_severity severity, wg_pos pos, const char *text,
                      const char *hint);
void wg_cfg_error(wg_cfg *c, wg_pos pos, const char *text, const char *hint);
// In file order, without repetitions.
void wg_cfg_sort_faults(wg_cfg *c);
// Sets *err to what a load says of a faulty file: "wingo.yaml: 3 faults, the first: ...".
wg_code wg_cfg_fail_faulty(const wg_cfg *c, const char *file, wg_error *err);

#endif
