// Changes applied to an image's tree: Windows path semantics against what is there.
#ifndef WG_IMAGE_EDIT_H
#define WG_IMAGE_EDIT_H

#include "fmt/wim/wim.h"
#include "image/job.h"
#include "image/winpath.h"

typedef struct wg_image_put { // a file's new content
  uint32_t entry;             // of the tree
  const char *from;           // host path, borrowed
  uint64_t n_bytes;
  wg_sha1 hash; // all zero when empty
} wg_image_put;

typedef struct wg_image_edit {
  wg_wim_tree *tree;
  wg_arena *arena;
  const wg_image_job *job;
  uint32_t *touched; // by entry: 1 + number of the change that put it, 0: none
  wg_image_put *puts;
  size_t n_puts;
  uint64_t n_new_files, n_new_dirs, n_replaced;
  uint32_t *inherited; // by 2 * descriptor + is_dir: 1 + what is inherited from it, 0: not made yet
  size_t n_inherited;
} wg_image_edit;

// Upper bound of entries that the changes can add. Parses every path: errors as wg_winpath_parse.
// *out is an array of job->n_changes paths in the arena.
wg_code wg_image_edit_paths(const wg_image_job *job, wg_arena *arena, wg_winpath **out,
                            size_t *out_n_entries, wg_error *err);
// Applies all changes to the tree (which has room). Hashes in entries are not set yet.
// CONFLICT: two changes for one path, file against folder, a path through a link.
wg_code wg_image_edit_apply(wg_image_edit *e, const wg_winpath *paths, wg_error *err);

// security.c: gives the entry the descriptor that Windows would compute by inheritance when SYSTEM
// makes it below its parent: owner Administrators, group SYSTEM. Nothing when no folder above it
// has one: then there is nothing to inherit from. FORMAT for a damaged descriptor of the base.
wg_code wg_image_edit_inherit(wg_image_edit *e, uint32_t entry, wg_error *err);

// The entry a path names, WG_WIM_NO_ENTRY in *out when it is not there.
wg_code wg_image_edit_find(wg_wim_tree *t, const wg_winpath *path, wg_arena *arena, uint32_t *out,
                           wg_error *err);

#endif
