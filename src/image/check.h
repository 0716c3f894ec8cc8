// Parts of the read-back.
#ifndef WG_IMAGE_CHECK_H
#define WG_IMAGE_CHECK_H

#include "image/run.h"

// Compares the directory that is the base with the tree captured of it. VERIFY, IO.
wg_code wg_image_check_dir(const wg_image_run *r, wg_wim_tree *tree, wg_arena *arena,
                           wg_error *err);

#endif
