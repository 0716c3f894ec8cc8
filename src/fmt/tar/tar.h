// SPDX-License-Identifier: Apache-2.0
// tar archives (POSIX ustar), writing only. Source: POSIX.1-2017, pax, "ustar Interchange Format".
#ifndef WG_FMT_TAR_H
#define WG_FMT_TAR_H

#include "base/bytes.h"

// Appends one regular file: owner 0:0 without names, times in seconds since 1970 (0..2^33-1).
// FORMAT: a name that is longer than 100 bytes, absolute, or has "..". LIMIT: 8 GiB.
wg_code wg_tar_add_file(wg_buf *out, const char *name, uint32_t mode, int64_t time_s,
                        const void *data, size_t n_bytes, wg_error *err);
// The two empty blocks at the end.
wg_code wg_tar_end(wg_buf *out, wg_error *err);

#endif
