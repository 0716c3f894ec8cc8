// SPDX-License-Identifier: Apache-2.0
// ZIP archives, writing only. Source: PKWARE's APPNOTE 6.3.10, sections 4.3 and 4.4.
#ifndef WG_FMT_ZIP_H
#define WG_FMT_ZIP_H

#include "base/bytes.h"

typedef struct wg_zip_entry {
  const char *name; // UTF-8, '/' between folders, neither absolute nor with ".."
  const void *data;
  size_t n_bytes;
  uint32_t mode; // permissions: 0755, 0644
} wg_zip_entry;

// Appends the whole archive: entries in the order given, deflated where that is smaller, all with
// one time (seconds since 1970, cut to 1980..2107 and to even seconds, in UTC). LIMIT: an entry or
// the archive over 4 GiB, more than 65,535 entries. FORMAT: a name that is none, or stands twice.
wg_code wg_zip_write(const wg_zip_entry *entries, size_t n_entries, int64_t time_s, wg_buf *out,
                     wg_error *err);

#endif
