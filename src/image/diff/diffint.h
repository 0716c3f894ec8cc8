// SPDX-License-Identifier: Apache-2.0
// What the parts of the comparison of trees share.
#ifndef WG_IMAGE_DIFF_DIFFINT_H
#define WG_IMAGE_DIFF_DIFFINT_H

#include "image/diff/diff.h"
#include "image/file/file.h"

typedef struct diff_node {
  wg_str name16;
  uint32_t parent, first, n; // children: a run of order
  uint32_t seq;              // pair number of the walk, for sets of links
  bool folder, link;
  wg_stat st; // of a folder of this machine; unused in images
} diff_node;

struct wg_diff_side {
  bool is_wim;
  char *path;
  wg_arena arena;
  wg_image_file file; // image
  wg_buf bytes;       // its metadata, which tree borrows from
  wg_wim_tree tree;   // entries have the numbers of nodes
  diff_node *nodes;
  size_t n, cap;
  uint32_t *order; // children of each node, by name
  size_t n_order;
  struct link_group *links; // by link group, sorted by id
  size_t n_links;
};

typedef struct link_group {
  uint64_t id;
  uint32_t n;
  uint64_t sum; // of what its members' pair numbers hash to
} link_group;

// side.c: the link group of a node, NULL when its content has one name.
link_group *wg_diff_links(const wg_diff_side *s, uint32_t node);
// SHA-1 of the content; all zero when empty. Reads files of this machine.
wg_code wg_diff_hash(const wg_diff_side *s, uint32_t node, const wg_cancel *cancel, wg_sha1 *out,
                     wg_error *err);
// Host path, heap.
char *wg_diff_host_path(const wg_diff_side *s, uint32_t node);

#endif
