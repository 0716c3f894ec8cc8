// SPDX-License-Identifier: Apache-2.0
// A walk through folders of the user may meet far more than was meant: who may stop it, who hears
// how far it is, and where it ends.
#ifndef WG_OS_WALK_H
#define WG_OS_WALK_H

#include <stdint.h>

#include "os/cancel.h"

typedef struct wg_walk_watch {
  const wg_cancel *cancel; // may be NULL
  uint64_t max_entries;    // 0: no limit
  uint64_t slow_ms;        // told after that time, and whenever it has passed again
  // Where the walk is, and how many files and folders it has met; NULL: nobody hears. On the
  // walk's thread.
  void (*tell)(void *ctx, const char *folder, uint64_t n_entries);
  void *ctx;
} wg_walk_watch;

typedef struct wg_os_walk {
  const wg_walk_watch *watch;
  uint64_t n_entries, told_ms;
} wg_os_walk;

wg_os_walk
wg_os_walk_begin(const wg_walk_watch *watch); // NULL: nobody watches; else outlives the walk
// That a folder with n_entries was listed. CANCELED; LIMIT, naming the folder.
wg_code wg_os_walk_met(wg_os_walk *w, const char *folder, uint64_t n_entries, wg_error *err);

#endif
