// SPDX-License-Identifier: Apache-2.0
// Paths inside a Windows image: syntax only, nothing is looked up.
#ifndef WG_IMAGE_TREE_WINPATH_H
#define WG_IMAGE_TREE_WINPATH_H

#include "base/bytes.h"

#define WG_WINPATH_MAX_NAME_CHARS16 255
#define WG_WINPATH_MAX_CHARS16 32767

typedef struct wg_winpath {
  const wg_str *names; // UTF-8 components, root first; none for the root itself
  size_t n_names;
  bool ends_in_separator; // the text ended in '\' or '/', or was the root
} wg_winpath;

// Reads z (UTF-8) as a path in the image: '\' or '/', with or without "C:". The result lives in
// the arena. FORMAT, with the cause and the cure, for: another drive, a path relative to a drive's
// current folder ("C:x"), "\\server" and "\\?\", "." and "..", characters Windows refuses in names,
// a trailing dot or space, device names (CON, NUL, COM1 ..., also with an extension), a name over
// 255 or a path over 32,767 UTF-16 units, bytes that are not UTF-8. NOMEM, LIMIT from the arena.
wg_code wg_winpath_parse(const char *z, wg_arena *arena, wg_winpath *out, wg_error *err);
// One component, same rules. FORMAT when a Windows name may not be so.
wg_code wg_winpath_check_name(wg_str name, wg_error *err);
// Whether a component names a device: CON, nul.txt, COM1.
bool wg_winpath_is_device(wg_str name);
// "\a\b" (or "\") in the arena; NULL on failure.
char *wg_winpath_text(const wg_winpath *p, wg_arena *arena);

#endif
