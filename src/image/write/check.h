// Parts of the read-back.
#ifndef WG_IMAGE_WRITE_CHECK_H
#define WG_IMAGE_WRITE_CHECK_H

#include "image/write/run.h"

// Compares the directory that is the base with the tree captured of it. VERIFY, IO.
wg_code wg_image_check_dir(const wg_image_run *r, wg_wim_tree *tree, wg_arena *arena,
                           wg_error *err);
// Compares the tree that was read back with what was meant, entry by entry, and that with the
// base's tree: what no change names is as it was, what is gone was deleted, and each change shows
// at its path. VERIFY.
wg_code wg_image_check_tree(const wg_image_run *r, wg_wim_tree *was, wg_wim_tree *now,
                            wg_arena *arena, wg_error *err);

#endif
