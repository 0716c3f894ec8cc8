// SPDX-License-Identifier: Apache-2.0
// Files of a package, by the names that Windows knows them by.
#ifndef WG_DRIVER_PACKAGE_TREE_H
#define WG_DRIVER_PACKAGE_TREE_H

#include "os/file.h"

// Files below a folder, whatever the case of the letters. The folder listed last is kept.
typedef struct wg_sig_tree {
  int dir;
  char *listed; // its path below dir; NULL: none
  wg_dirent *entries;
  size_t n_entries;
  wg_arena arena; // of the listing
} wg_sig_tree;
void wg_sig_tree_done(wg_sig_tree *t);
WG_DEFINE_AUTO(wg_sig_tree, wg_sig_tree_done);
// The path as it is written on the disk; '\' and '/' both part names. NOT_FOUND: no such file, or a
// name that is "..". Heap.
wg_code wg_sig_tree_find(wg_sig_tree *t, wg_str path, char **out, wg_error *err);

#endif
