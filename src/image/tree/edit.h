// SPDX-License-Identifier: Apache-2.0
// Changes applied to an image's tree: Windows path semantics against what is there.
#ifndef WG_IMAGE_TREE_EDIT_H
#define WG_IMAGE_TREE_EDIT_H

#include "image/tree/resolve.h"

// Upper bound of entries that the changes can add. Parses every path: errors as wg_winpath_parse.
// *out is an array of n_changes paths in the arena.
wg_code wg_image_edit_paths(const wg_image_change *changes, size_t n_changes, wg_arena *arena,
                            wg_winpath **out, size_t *out_n_entries, wg_error *err);
// Applies all changes, in order, to the tree (which has room). Hashes in entries are not set yet.
// Errors as wg_image_write has for changes.
wg_code wg_image_edit_apply(wg_image_edit *e, const wg_winpath *paths, wg_error *err);

// security.c: gives the entry the descriptor that Windows would compute by inheritance when SYSTEM
// makes it below its parent: owner Administrators, group SYSTEM. Nothing when no folder above it
// has one: then there is nothing to inherit from. FORMAT for a damaged descriptor of the base.
wg_code wg_image_edit_inherit(wg_image_edit *e, uint32_t entry, wg_error *err);

// The change's owner and sddl laid over the entry's descriptor. FORMAT, USAGE: not an owner or
// SDDL.
wg_code wg_image_edit_describe(wg_image_edit *e, uint32_t entry, const wg_image_change *c,
                               wg_error *err);

// --- Shared by edit.c and edit_ops.c.
// The folder in which the last name of the path stands, made if need be, and that name as UTF-16.
wg_code wg_image_edit_parent(wg_image_edit *e, size_t change, const wg_winpath *path,
                             uint32_t *out_parent, wg_str *out_name16, wg_error *err);
// Attributes and descriptor that the change asks for, of an entry that is there.
wg_code wg_image_edit_set(wg_image_edit *e, size_t change, uint32_t entry, wg_error *err);
// edit_ops.c: DELETE, RENAME, SET.
wg_code wg_image_edit_op(wg_image_edit *e, size_t change, const wg_winpath *path, wg_error *err);
// A warning of the run, once. Takes what wg_xprintf gives.
void wg_image_edit_warn(wg_image_edit *e, char *text);

#endif
