// SPDX-License-Identifier: Apache-2.0
// Digests of files by what stat said of them, in memory: a hash map in shards, each under its own
// mutex. Rows know nothing of files; store/remember.c decides what may be put in.
#ifndef WG_STORE_STATTAB_H
#define WG_STORE_STATTAB_H

#include "os/proc.h"
#include "store/frame.h"

#define WG_STATTAB_SHARDS 32

typedef struct wg_stattab_shard {
  wg_mutex m;                 // protects the rest
  struct wg_stat_slot *slots; // open addressing, cap is a power of two
  size_t cap, n;
} wg_stattab_shard;

typedef struct wg_stattab {
  wg_stattab_shard shards[WG_STATTAB_SHARDS];
  uint32_t today;    // day number used for "last used"
  atomic_bool dirty; // something is to be saved
} wg_stattab;

void wg_stattab_init(wg_stattab *t, uint32_t today);
void wg_stattab_done(wg_stattab *t);

// True when path was remembered with exactly this id. Thread-safe.
bool wg_stattab_find(wg_stattab *t, wg_stat_kind kind, wg_str path, const wg_stat_id *id,
                     wg_digest *out);
// Remembers; the path is copied. Thread-safe. A path longer than WG_STAT_PATH_MAX is not
// remembered.
void wg_stattab_put(wg_stattab *t, wg_stat_kind kind, wg_str path, const wg_stat_id *id,
                    const wg_digest *digest);
// Adds the rows of a table's payload; a row that this process put itself stays. The payload is
// borrowed until wg_stattab_done. Rows from the first malformed one on are ignored. Thread-safe.
void wg_stattab_merge(wg_stattab *t, wg_str payload);
// Appends all rows used within max_age_days, at most max_rows (the longest unused are dropped).
void wg_stattab_write(wg_stattab *t, uint32_t max_age_days, size_t max_rows, wg_buf *out);
size_t wg_stattab_count(wg_stattab *t);

#endif
