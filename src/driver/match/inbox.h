// SPDX-License-Identifier: Apache-2.0
// The packages that an image has already, as an index: out of its driver database.
#ifndef WG_DRIVER_MATCH_INBOX_H
#define WG_DRIVER_MATCH_INBOX_H

#include "driver/db/db.h"
#include "driver/match/index.h"

// Ids, places, feature scores, dates and versions are those that Windows recorded; each published
// INF is a package below Windows/INF. bytes (initialised) holds the index, as wg_drv_scan. NOMEM,
// LIMIT.
wg_code wg_drv_of_db(const wg_driver_db *db, wg_inf_arch arch, wg_arena *arena, wg_buf *bytes,
                     wg_drv_index *out, wg_error *err);

#endif
