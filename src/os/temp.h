// SPDX-License-Identifier: Apache-2.0
// What is not finished yet has a name with ".wgtmp-" and twelve hex digits at its end, and is
// locked (flock) by the process that makes it, as long as that lives. What has such a name and no
// lock was left by a killed process: whoever next works in that folder removes it.
#ifndef WG_OS_TEMP_H
#define WG_OS_TEMP_H

#include "os/file.h"

// "<of>.wgtmp-xxxxxxxxxxxx", heap.
char *wg_os_temp_name(const char *of);
// Locks what was just made under such a name. False when a sweep was faster: to be made again under
// another name. Where locks can't be had it counts as locked, and nobody can sweep it.
WG_MUST_CHECK bool wg_os_temp_claim(int fd);
// A new folder "<dir>/.wgtmp-xxxxxxxxxxxx", mode 0700, opened and claimed: it is in use while
// *out_fd is open. *out is its path, heap.
wg_code wg_os_temp_dir(const char *dir, char **out, wg_fd *out_fd, wg_error *err);
typedef struct wg_os_left { // something that may have been left
  const char *name;         // in its folder
  bool of_build;    // the big output of a build, whose name ends with eight digits: a lock of the
                    // project protects it, none of its own
  bool is_dir;      // this and the next when it was taken
  uint64_t n_bytes; // of a file
} wg_os_left;
// What has such a name in the folder (open for reading), in the arena. How many; none when the
// folder can't be read.
size_t wg_os_find_left(int dirfd, wg_arena *arena, wg_os_left **out);
// Removes it when it is this user's and nobody has it; dry: only tells whether it would. Never one
// of a build that runs: the caller has seen to that after it was found.
bool wg_os_take_left(int dirfd, wg_os_left *left, bool links, bool dry);

// Removes what killed processes of this user left in the folder (open for reading). links: symbolic
// links with such names too, which no lock protects; for who is alone in the folder. Never fails:
// what can't be removed is in nobody's way. How many.
size_t wg_os_sweep(int dirfd, bool links);
// The same for the folder that path is in.
size_t wg_os_sweep_beside(const char *path);

#endif
