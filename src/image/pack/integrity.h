// SPDX-License-Identifier: Apache-2.0
// The integrity table of a WIM file that is being written: SHA-1 of every 10 MiB between the header
// and the end of the blob table. What is final already is hashed while the rest is written.
#ifndef WG_IMAGE_PACK_INTEGRITY_H
#define WG_IMAGE_PACK_INTEGRITY_H

#include "fmt/wim/wim.h"
#include "os/file.h"

typedef struct wg_integrity wg_integrity;
// fd and cancel (NULL: none) are borrowed.
wg_integrity *wg_integrity_new(int fd, const wg_cancel *cancel);
void wg_integrity_free(wg_integrity *t);
WG_DEFINE_AUTO_PTR(wg_integrity, wg_integrity_free);
// All bytes before off_bytes stay as they are from here on.
void wg_integrity_final(wg_integrity *t, uint64_t off_bytes);
// SHA-1s of the first chunks that are known otherwise, one after the other.
void wg_integrity_known(wg_integrity *t, wg_str sums);
// Appends the table to out (initialised). end_off_bytes: the end of the blob table, at least
// WG_WIM_HEADER_BYTES. threads at least 1. Once. CANCELED, NOMEM; IO when it can't be read.
wg_code wg_integrity_end(wg_integrity *t, uint64_t end_off_bytes, unsigned threads, wg_buf *out,
                         wg_error *err);
// The size of that table.
uint64_t wg_integrity_bytes(uint64_t end_off_bytes);

#endif
