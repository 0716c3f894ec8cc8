// SPDX-License-Identifier: Apache-2.0
// INF files inside of zip, cab and 7z archives and of self-extracting ones, through libarchive.
#ifndef WG_DRIVER_MATCH_ARCHIVE_H
#define WG_DRIVER_MATCH_ARCHIVE_H

#include "os/file.h"

typedef struct wg_drv_archived {
  // An INF, with '/' between names; bytes live during the call.
  wg_code (*inf)(void *ctx, const char *inner, wg_str bytes, wg_error *err);
  void (*catalog)(void *ctx, const char *inner); // a .cat file
  void *ctx;
} wg_drv_archived;

// Whether a name is one of such a file: .zip, .cab, .7z, .exe.
bool wg_drv_is_archive(const char *name);
// Walks through the archive. An .exe that is none has nothing in it. FORMAT, LIMIT, IO, CANCELED.
wg_code wg_drv_archive_walk(const char *path, const wg_drv_archived *to, const wg_cancel *cancel,
                            wg_error *err);

#endif
