// SPDX-License-Identifier: Apache-2.0
// Extended attributes in which file systems and servers of Linux keep what Windows has of a file.
// docs/formats/meta.md.
#ifndef WG_FMT_META_XATTR_H
#define WG_FMT_META_XATTR_H

#include "fmt/meta/meta.h"

#define WG_META_XATTR_NTFS "system.ntfs_attrib" // NTFS drivers have it of every file
// Those that a driver does not list, beside the above; NULL ends them.
extern const char *const wg_meta_xattr_unlisted[];

// Puts what one attribute says into e, whose descriptor goes into *descriptor; ntfs: the file
// system is NTFS, where each user.* is a stream. *out_known false: it is none of Windows'. What is
// in e stays. FORMAT: its bytes are damaged. NOMEM. Borrows no bytes of value.
wg_code wg_meta_take_xattr(wg_meta_entry *e, wg_str *descriptor, bool ntfs, const char *name,
                           wg_str value, wg_arena *arena, bool *out_known, wg_error *err);

#endif
