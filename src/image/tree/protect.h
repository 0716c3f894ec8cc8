// SPDX-License-Identifier: Apache-2.0
// What of a Windows image belongs to Windows servicing, or to the registry's own way of change, and
// is therefore no business of plain file changes.
#ifndef WG_IMAGE_TREE_PROTECT_H
#define WG_IMAGE_TREE_PROTECT_H

#include "image/tree/resolve.h"

// Why the path may not be changed, and what to do instead, as one text; NULL when it may. at: the
// path itself or something below it.
const char *wg_image_protected(const wg_winpath *path);
// The same of an entry of the tree, by its real names. below: whether something that is there below
// the entry is meant as well (a folder that is deleted or renamed). USAGE.
wg_code wg_image_edit_protect(wg_image_edit *e, size_t change, uint32_t entry, bool below,
                              wg_error *err);
// USAGE when a new name in that folder would be protected.
wg_code wg_image_edit_protect_new(wg_image_edit *e, size_t change, uint32_t parent, wg_str name16,
                                  wg_error *err);
// Whether one of the file's hard links is a name in the component store. NOMEM.
wg_code wg_image_edit_in_store(wg_image_edit *e, uint32_t entry, bool *out, wg_error *err);

#endif
