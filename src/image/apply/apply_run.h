// SPDX-License-Identifier: Apache-2.0
// Parts of wg_image_apply.
#ifndef WG_IMAGE_APPLY_APPLY_RUN_H
#define WG_IMAGE_APPLY_APPLY_RUN_H

#include "image/apply/apply.h"
#include "os/beneath.h"
#include "os/temp.h"

typedef enum wg_apply_kind {
  WG_APPLY_DIR,
  WG_APPLY_FILE,
  WG_APPLY_HARD_LINK, // to the file `same`
  WG_APPLY_SYMLINK
} wg_apply_kind;

typedef struct wg_apply_node { // something to be made
  uint32_t entry;
  wg_apply_kind kind;
  uint32_t blob;      // FILE, SYMLINK: content; WG_WIM_NO_ENTRY: empty
  uint32_t same;      // HARD_LINK: node
  uint32_t depth;     // folders between the target and it
  const char *path;   // below the target, in the arena
  const char *target; // SYMLINK, once made: the host's text; NULL: something else stands for it
} wg_apply_node;

typedef struct wg_apply_run {
  wg_image_file *f;
  wg_wim_tree *tree;
  int dirfd;
  wg_beneath at; // of the caller's thread
  const wg_image_apply_options *opt;
  wg_arena arena;
  wg_apply_node *nodes; // folders before what is in them
  size_t n_nodes;
  uint32_t *files; // FILE nodes with content, by the place of their content
  size_t n_files;
  wg_image_apply_result res;
} wg_apply_run;

// apply_plan.c: fills nodes and files, and the notes of res.
wg_code wg_apply_plan(wg_apply_run *r, const wg_image_apply_item *items, size_t n_items,
                      wg_error *err);
// apply_meta.c: writes the sidecar; what one has of other files in the target stays in it.
wg_code wg_apply_meta(wg_apply_run *r, wg_error *err);
// apply_files.c: makes the files that have content.
wg_code wg_apply_files(wg_apply_run *r, wg_error *err);

// Something new for a node. Where things may be there already (overlay) it is made under another
// name beside, and takes the node's name when it is whole.
typedef struct wg_apply_new {
  wg_beneath *at;   // borrowed
  const char *path; // the node's, borrowed
  char *made;       // where it is made; NULL: at path
} wg_apply_new;
void wg_apply_new_done(wg_apply_new *n); // what did not get its name is removed
WG_DEFINE_AUTO(wg_apply_new, wg_apply_new_done);
wg_apply_new wg_apply_new_at(const wg_apply_run *r, wg_beneath *at, const char *path);
// The file itself, claimed where it has another name.
wg_code wg_apply_new_create(const wg_apply_new *n, wg_fd *out, wg_error *err);
wg_code wg_apply_new_commit(wg_apply_new *n, wg_error *err);

// Times of the entry for the open file.
wg_code wg_apply_fd_times(const wg_apply_run *r, const wg_apply_node *n, int fd, wg_error *err);

#endif
