// SPDX-License-Identifier: Apache-2.0
// Which packages of a job's folders its machines need.
#ifndef WG_DRIVER_INJECT_CHOOSE_H
#define WG_DRIVER_INJECT_CHOOSE_H

#include "driver/inject/inject.h"
#include "driver/match/rules.h"

typedef struct wg_inject_pick {
  const char *label; // of the input
  const char *path;  // of the INF below it, with '/'
} wg_inject_pick;

// What the devices of the job's hardware get of its folders by Windows' ranks and the job's rules
// (its excludes, parsed), each INF once; rows of the table "devices" say why, and which devices get
// none. Everything is in the arena. FORMAT: a profile that is none; UNSUPPORTED: a package that is
// needed lies in an archive.
wg_code wg_inject_choose(wg_inject *in, const wg_driver_add *job, const wg_drv_which *excludes,
                         size_t n_excludes, wg_arena *arena, const wg_inject_pick **out,
                         size_t *out_n, wg_error *err);

#endif
