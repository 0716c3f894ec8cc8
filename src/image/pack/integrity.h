// SPDX-License-Identifier: Apache-2.0
// The integrity table of a WIM file that was just written: SHA-1 of every 10 MiB between the header
// and the end of the blob table.
#ifndef WG_IMAGE_PACK_INTEGRITY_H
#define WG_IMAGE_PACK_INTEGRITY_H

#include "fmt/wim/wim.h"
#include "os/file.h"

// Appends the table to out (initialised). end_off_bytes: the end of the blob table, at least
// WG_WIM_HEADER_BYTES. threads at least 1. CANCELED, NOMEM; IO when it can't be read.
wg_code wg_integrity_write(int fd, uint64_t end_off_bytes, unsigned threads,
                           const wg_cancel *cancel, wg_buf *out, wg_error *err);
// The size of that table.
uint64_t wg_integrity_bytes(uint64_t end_off_bytes);

#endif
