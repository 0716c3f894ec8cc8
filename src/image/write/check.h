// SPDX-License-Identifier: Apache-2.0
// Parts of the read-back.
#ifndef WG_IMAGE_WRITE_CHECK_H
#define WG_IMAGE_WRITE_CHECK_H

#include "image/write/run.h"

// Looks a folder through that is to be packed. UNSUPPORTED: a name that is not UTF-8, a device,
// pipe or socket. CONFLICT: names that differ by letter case only. The first is named, and how
// many. side, which has begun, learns what is known of the files, and ends.
wg_code wg_image_scan_dir(const char *path, const wg_cancel *cancel, wg_image_side *side,
                          wg_error *err);
// Compares the directory that is the base with the tree captured of it. VERIFY, IO.
wg_code wg_image_check_dir(const wg_image_run *r, wg_wim_tree *tree, wg_arena *arena,
                           wg_error *err);
// Compares the tree that was read back with what was meant, entry by entry, and that with the
// base's tree: what no change names is as it was, what is gone was deleted, and each change shows
// at its path. VERIFY.
wg_code wg_image_check_tree(const wg_image_run *r, wg_wim_tree *was, wg_wim_tree *now,
                            wg_arena *arena, wg_error *err);

#endif
