// SPDX-License-Identifier: Apache-2.0
// What a record of an index is written with.
#ifndef WG_DRIVER_MATCH_PUT_H
#define WG_DRIVER_MATCH_PUT_H

#include "base/bytes.h"

void wg_drv_put_num(wg_buf *out, uint64_t v); // LEB128
void wg_drv_put_str(wg_buf *out, wg_str s);   // its length and its bytes
// The part that an id has in common with the one before is not written again.
void wg_drv_put_id(wg_buf *out, wg_str *before, wg_str id);

#endif
