// Shared by the files of this folder, its tests and fuzzers.
#ifndef WG_CONFIG_INTERNAL_H
#define WG_CONFIG_INTERNAL_H

#include "config/key.h"
#include "fmt/yaml/yaml.h"

// More are counted, not kept.
#define WG_CFG_MAX_FAULTS 1000

// All that the loader takes from outside; wg_cfg_load fills it from files.
typedef struct wg_cfg_world {
  const char *(*getenv)(void *ctx, const char *name); // NULL when unset
  // Commit time of the project's HEAD, for `time: commit`.
  wg_code (*commit_time)(void *ctx, int64_t *out_s, wg_error *err);
  void *ctx;
} wg_cfg_world;

typedef struct wg_cfg_input {
  const char *file; // name for messages
  wg_str bytes;
  const char *overlay; // name for messages, NULL for none
  wg_str overlay_bytes;
  const char *const *sets;
  size_t n_sets;
  const char *dir;      // wg_project.dir
  const char *env_name; // wg_project.env_name
  wg_cfg_world world;
} wg_cfg_input;

struct wg_cfg {
  wg_arena arena;
  const char **sources; // file names by wg_yaml_node.source, in order of faults
  size_t n_sources;
  wg_cfg_fault *faults;
  size_t n_faults, cap_faults;
  size_t n_errors;
  uint64_t expanded_bytes; // by ${} so far
  wg_cfg_world world;
  const wg_key *root_key;
  wg_project *model;         // as far as it could be filled
  const wg_project *project; // NULL while there are errors
};

// As wg_cfg_load, from memory. Borrows nothing after the call.
wg_code wg_cfg_load_bytes(const wg_cfg_input *in, wg_cfg **out, wg_error *err);

// An empty wg_cfg. Its arena ends the program when there is no memory.
wg_cfg *wg_cfg_new(void);
// Arena memory that is never NULL.
void *wg_cfg_alloc(wg_cfg *c, size_t count, size_t size_bytes);
char *wg_cfg_printf(wg_cfg *c, const char *fmt, ...) WG_PRINTF(2, 3);
wg_pos wg_cfg_pos(const wg_cfg *c, const wg_yaml_node *n);
// text and hint (NULL allowed) are borrowed for the life of c.
void wg_cfg_add_fault(wg_cfg *c, wg_severity severity, wg_pos pos, const char *text,
                      const char *hint);
// In file order, without repetitions.
void wg_cfg_sort_faults(wg_cfg *c);
// Sets *err to what wg_cfg_load says of a faulty file: "wingo.yaml: 3 faults, the first: ...".
wg_code wg_cfg_fail_faulty(const wg_cfg *c, const char *file, wg_error *err);

// overlay.c: over laid on base; null in over deletes. base may be NULL.
const wg_yaml_node *wg_cfg_merge(wg_cfg *c, const wg_yaml_node *base, const wg_yaml_node *over,
                                 bool is_set);
// The tree that "a.b.c=value" stands for; NULL after adding a fault.
const wg_yaml_node *wg_cfg_parse_set(wg_cfg *c, const char *set, uint32_t source);

// expand.c: fills in ${NAME}; false after setting *why and *hint.
bool wg_cfg_expand(wg_cfg *c, const char *text, const char **out, const char **why,
                   const char **hint);

// walk.c: checks root against the row (a MAP) and fills the struct at out.
void wg_cfg_walk(wg_cfg *c, const wg_key *row, const wg_yaml_node *root, void *out);

// rules.c: what one key alone can't tell.
void wg_cfg_rules(wg_cfg *c);
// The names of values: or expect: at `path` (for messages) into *out and *out_n; faults are added.
void wg_cfg_walk_regvalues(wg_cfg *c, const char *path, const wg_yaml_node *map,
                           const wg_cfg_regvalue **out, size_t *out_n);

// Entries of an image's files: keys that don't belong together, what projects may not touch.
void wg_cfg_rules_files(wg_cfg *c, const wg_cfg_image *img);

#endif
