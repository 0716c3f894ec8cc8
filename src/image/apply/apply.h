// SPDX-License-Identifier: Apache-2.0
// Entries of an image written to a folder of the host. Contents are read in the order of the file,
// so that solid ones are decompressed once; others by several threads.
#ifndef WG_IMAGE_APPLY_APPLY_H
#define WG_IMAGE_APPLY_APPLY_H

#include "image/file/file.h"

typedef struct wg_image_apply_item {
  uint32_t entry; // of the tree
  const char *as; // relative path below the target; its folders exist. "": the target itself, for
                  // what is in a folder
} wg_image_apply_item;

typedef struct wg_image_apply_options {
  bool overlay; // files that are there are replaced, each when its new content is whole; else the
                // target is new and nothing is in it
  bool meta; // what the host has no form for goes into the sidecar (fmt/meta), with empty files and
             // folders that stand for what it has no kind for
  uint32_t image;                // with meta: whose facts (0-based)
  const char *shown;             // what messages call the target; borrowed
  unsigned threads;              // at least 1
  wg_image_progress on_progress; // NULL: none; on the caller's thread
  void *ctx;
  const wg_cancel *cancel; // NULL: none
} wg_image_apply_options;

// Something that a host has no form for, or another one: how many, and the first of them.
typedef struct wg_image_apply_note {
  uint64_t n;
  char *first; // "\path" in the arena of the tree
} wg_image_apply_note;

typedef struct wg_image_apply_result {
  uint64_t n_files, n_dirs, n_hard_links, n_symlinks;
  uint64_t n_bytes;                  // written
  wg_image_apply_note streams;       // named streams left out
  wg_image_apply_note reparse;       // reparse points that are no links of this host: left out
  wg_image_apply_note encrypted;     // EFS: left out
  wg_image_apply_note same_but_case; // names Windows takes for one, each written
  uint64_t n_descriptors, n_attributes, n_short_names; // entries whose these were left out
  uint64_t n_meta;                                     // entries of the sidecar
} wg_image_apply_result;

// Writes the items below dirfd. Times are set; letter case, hard links and symbolic links are as in
// the image (a link into the image becomes a relative one); long runs of zeros become holes.
// Nothing is written through links, made by us or there before (os/beneath.h).
// LIMIT: a name the host has no room for, found before anything is written. UNSUPPORTED: content
// that is not in the file. VERIFY, FORMAT: damaged content. CONFLICT: something is in the way:
// found before anything is written. What was written before an error stays: the caller removes it.
wg_code wg_image_apply(wg_image_file *f, wg_wim_tree *tree, const wg_image_apply_item *items,
                       size_t n_items, int dirfd, const wg_image_apply_options *opt,
                       wg_image_apply_result *out, wg_error *err);

// The entry after `at` in the walk that begins with root and gives each folder before what is in
// it; WG_WIM_NO_ENTRY at its end.
uint32_t wg_image_walk(const wg_wim_tree *t, uint32_t root, uint32_t at);

#endif
