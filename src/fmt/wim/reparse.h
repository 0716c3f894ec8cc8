// SPDX-License-Identifier: Apache-2.0
// What a reparse point of an image leads to, and the symbolic link of the host that says the same.
#ifndef WG_FMT_WIM_REPARSE_H
#define WG_FMT_WIM_REPARSE_H

#include "fmt/wim/wim.h"

#define WG_REPARSE_TAG_JUNCTION 0xA0000003u
#define WG_REPARSE_TAG_SYMLINK 0xA000000Cu
#define WG_REPARSE_TAG_LX_SYMLINK 0xA000001Du // of WSL: a path of Linux
#define WG_REPARSE_MAX_BYTES 16384u

typedef enum wg_reparse_kind {
  WG_REPARSE_RELATIVE, // "..\x", from the folder the link is in
  WG_REPARSE_ABSOLUTE, // "C:\x": names below the root of a drive
  WG_REPARSE_ROOTED,   // "\x" without a drive
  WG_REPARSE_POSIX,    // as Linux has it
  WG_REPARSE_ELSEWHERE // another computer, a volume by its number, a device
} wg_reparse_kind;

typedef struct wg_reparse_link {
  wg_reparse_kind kind;
  char *text;   // UTF-8 in the arena, as Windows would show it ("C:\Users")
  char *names;  // UTF-8 in the arena, with '/', no leading one, drive and prefix left out
  bool in_tree; // absolute: meant to stay inside of wherever the image is applied
} wg_reparse_link;

// Reads the reparse data of an entry (as WIM files have it: without its 8-byte header). False when
// the entry is no link that we know. FORMAT: damaged data. NOMEM.
wg_code wg_reparse_read(const wg_wim_entry *e, bool file_fixes_links, const uint8_t *p,
                        size_t n_bytes, wg_arena *arena, bool *out_is_link, wg_reparse_link *out,
                        wg_error *err);
// The host's link text for a link that lies depth folders (0: none) below where the image's root
// is; NULL in *out when the host has no such path. In the arena.
wg_code wg_reparse_host_text(const wg_reparse_link *l, size_t depth, wg_arena *arena, char **out,
                             wg_error *err);

#endif
