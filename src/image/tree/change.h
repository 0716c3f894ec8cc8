// SPDX-License-Identifier: Apache-2.0
// Changes to the files of an image, by Windows path.
#ifndef WG_IMAGE_TREE_CHANGE_H
#define WG_IMAGE_TREE_CHANGE_H

#include "base/select.h"
#include "os/file.h"
#include "os/walk.h"

typedef enum wg_image_op {
  WG_IMAGE_PUT_FILE, // from's content becomes the file `to`; an existing file is replaced
  WG_IMAGE_PUT_DIR,  // the folder `to` exists afterwards; `from` is not used
  WG_IMAGE_DELETE,   // `to` goes, a folder with everything below; of a hard link only that name
  WG_IMAGE_RENAME,   // what the Windows path `from` names becomes `to`; parents of `to` are made
  WG_IMAGE_SET       // attributes and descriptor of what is at `to`
} wg_image_op;

enum {                              // wg_image_change.flags
  WG_IMAGE_IF_PRESENT = 1U << 0,    // DELETE, RENAME, SET: nothing there is no error
  WG_IMAGE_REPLACE = 1U << 1,       // RENAME: a file at `to` goes
  WG_IMAGE_ATTRIBUTES = 1U << 2,    // `attributes` says which of the three it has afterwards
  WG_IMAGE_PROTECTED_TOO = 1U << 3, // may touch what projects may not (image/tree/protect.h)
  WG_IMAGE_ALL_BELOW = 1U << 4,     // SET of a folder: of everything below it, too
};
// The three of WG_WIM_ATTR_* that a change can give and take.
#define WG_IMAGE_ATTRIBUTE_MASK 0x7U // read-only 1, hidden 2, system 4
// Those that stay when a file gets another content: they say what it is for, not how it is stored.
#define WG_IMAGE_ATTRIBUTES_KEPT (WG_IMAGE_ATTRIBUTE_MASK | 0x2000U) // and: not to be indexed

// One change. Zero means nothing special; op and to are needed, and from where op says so.
typedef struct wg_image_change {
  wg_image_op op;
  const char *to;   // Windows path; missing parent folders are made by PUT and RENAME
  const char *from; // PUT_FILE: host path of a regular file (links are followed); RENAME: see there
  unsigned flags;   // WG_IMAGE_IF_PRESENT ...
  uint32_t attributes; // with WG_IMAGE_ATTRIBUTES
  // Descriptor of what is at `to` (not DELETE, RENAME). Left out: what is there keeps its own, and
  // something new gets what Windows would compute by inheritance.
  const char *owner; // account or SID (wg_image_account_sid), NULL: as it is
  const char *sddl;  // the parts that it names replace those parts, as written; NULL: none
} wg_image_change;

// A growing list of changes; strings are copied.
typedef struct wg_image_changes {
  wg_image_change *v;
  size_t n, cap;
} wg_image_changes;
void wg_image_changes_add(wg_image_changes *c, wg_image_op op, const char *to, const char *from);
// The whole change; its strings are copied.
void wg_image_changes_push(wg_image_changes *c, const wg_image_change *change);
// Everything below the host folder `from` that is selected (NULL: all) goes below the Windows
// folder `to`, in bytewise order of names; the first change added is the folder `to`. UNSUPPORTED
// for what is neither file nor folder (symbolic links included), FORMAT for a name that Windows
// refuses, NOT_FOUND, IO; with watch (NULL: none) LIMIT and CANCELED.
wg_code wg_image_changes_add_tree(wg_image_changes *c, const char *from, const char *to,
                                  const wg_select *select, const wg_walk_watch *watch,
                                  wg_error *err);
// All that wg_image_changes_add_tree would refuse below the host folder, each once; a folder with a
// name that is refused is not looked into.
void wg_image_tree_faults(const char *folder, const wg_select *select, const wg_walk_watch *watch,
                          void (*fault)(void *ctx, const char *text), void *ctx);
// Changes that cannot both be done, whatever the base holds: a path put twice, what an earlier
// change made deleted, a file where another change needs a folder. For each: what is wrong with
// v[later], and which change before it is meant. Errors of paths are not said again here.
void wg_image_changes_conflicts(const wg_image_change *v, size_t n,
                                void (*found)(void *ctx, size_t earlier, size_t later,
                                              const char *text),
                                void *ctx);
void wg_image_changes_done(wg_image_changes *c);
WG_DEFINE_AUTO(wg_image_changes, wg_image_changes_done);

// The SID text of an account: a SID itself, two SDDL letters, a well-known English name with or
// without its authority ("SYSTEM", "BUILTIN\\Users", "NT SERVICE\\TrustedInstaller"). out is
// initialised. USAGE when there is none: an account of the machine does not exist yet.
wg_code wg_image_account_sid(const char *account, wg_buf *out, wg_error *err);

#endif
