// SPDX-License-Identifier: Apache-2.0
// A tree that is being changed, and what a Windows path means in it.
#ifndef WG_IMAGE_TREE_RESOLVE_H
#define WG_IMAGE_TREE_RESOLVE_H

#include "fmt/wim/wim.h"
#include "image/tree/change.h"
#include "image/tree/result.h"
#include "image/tree/winpath.h"

typedef struct wg_image_put { // a file's new content
  uint32_t entry;             // of the tree; WG_WIM_NO_ENTRY: of a stream, which has the hash
  const char *from;           // host path, borrowed
  uint64_t n_bytes;
  wg_sha1 hash; // all zero when empty
} wg_image_put;

enum { // what changes asked for of an entry
  WG_EDIT_NEW = 1U << 0,
  WG_EDIT_CONTENT = 1U << 1, // a file was put over it: content, attributes, times, links
  WG_EDIT_NAME = 1U << 2,    // renamed: name, parent, short name
  WG_EDIT_ATTRIBUTES = 1U << 3,
  WG_EDIT_SECURITY = 1U << 4,
};

typedef struct wg_image_edit {
  wg_wim_tree *tree;
  wg_arena *arena;
  const wg_image_change *changes;
  size_t n_changes;
  int64_t time_s;          // of what is added
  wg_image_result *result; // counts and warnings
  bool tries;        // what a change is refused for goes to the result, and the next one is tried
  uint32_t *touched; // by entry: 1 + number of the change that asked for it last, 0: none
  uint8_t *what;     // by entry: WG_EDIT_*
  wg_image_put *puts;
  size_t n_puts;
  uint32_t *inherited; // by 2 * descriptor + is_dir: 1 + what is inherited from it, 0: not made yet
  size_t n_inherited;
  uint64_t *store_links; // hard-link groups with a name in the component store, sorted
  size_t n_store_links;
  bool store_known;
  size_t n_base;    // entries of the base, which were numbers 0..n_base-1
  uint32_t *now_of; // by number in the base: its number now; WG_WIM_NO_ENTRY: deleted
} wg_image_edit;

// The entry a path names, WG_WIM_NO_ENTRY in *out when it is not there.
wg_code wg_image_edit_find(wg_wim_tree *t, const wg_winpath *path, wg_arena *arena, uint32_t *out,
                           wg_error *err);
// Number of the entry at the path; WG_WIM_NO_ENTRY when it is not there. CONFLICT: a link on the
// way.
wg_code wg_image_edit_resolve(wg_image_edit *e, const wg_winpath *path, uint32_t *out,
                              wg_error *err);
// The child of that name or short name.
wg_code wg_image_edit_child(wg_wim_tree *t, uint32_t parent, wg_str name16, uint32_t *out,
                            wg_error *err);
// CONFLICT: "'C:\\x' in the image is <what>".
wg_code wg_image_edit_fail_at(const wg_image_edit *e, uint32_t entry, const char *what,
                              wg_error *err);
// A name of the image as UTF-16, in the arena. FORMAT: not UTF-8.
wg_code wg_image_edit_name16(wg_arena *arena, wg_str name, wg_str *out, wg_error *err);
// Whether the entry stands for another path: a junction or symbolic link.
bool wg_image_edit_is_link(const wg_wim_entry *e);

#endif
