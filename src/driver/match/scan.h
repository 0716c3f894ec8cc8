// SPDX-License-Identifier: Apache-2.0
// A tree of driver packages walked, its index made or brought up to date: a file that is as it was
// by stat is not read, one with the same content is not parsed.
#ifndef WG_DRIVER_MATCH_SCAN_H
#define WG_DRIVER_MATCH_SCAN_H

#include "driver/match/index.h"
#include "os/walk.h"

// Where indexes are kept between runs; whoever uses this gives it. What is asked for and is not
// there, or damaged, is not found: nobody depends on it.
typedef struct wg_drv_kept {
  // Into out (initialised). False: not there.
  bool (*get)(void *ctx, const char *root, wg_buf *out);
  void (*put)(void *ctx, const char *root, wg_str index);
  void *ctx;
} wg_drv_kept;

typedef struct wg_drv_scan_options {
  const wg_drv_kept *kept;    // NULL: nothing is kept
  bool as_kept;               // what is kept is taken as it is, the tree not looked at
  const wg_walk_watch *watch; // of the walk; NULL
  unsigned threads;           // that read and parse
  int64_t now_ns;             // since 1970: a file that changed just now is read again next time
} wg_drv_scan_options;

typedef struct wg_drv_scan_stats {
  uint32_t n_files, n_archives; // INF files and archives that the tree has
  uint32_t n_packages;
  uint32_t n_read;   // files that were read
  uint32_t n_parsed; // INF files of new content
  uint32_t n_gone;   // files of the last index that are not there any more
  uint32_t n_faults; // packages and files with an error
  uint64_t n_bytes;  // of the index
} wg_drv_scan_stats;

// The index of the tree at root (an absolute path): bytes (initialised) holds it, out reads it;
// what out has lives in the arena and in bytes. NOT_FOUND: no such folder. CANCELED, LIMIT, IO.
wg_code wg_drv_scan(const char *root, const wg_drv_scan_options *opt, wg_arena *arena,
                    wg_buf *bytes, wg_drv_index *out, wg_drv_scan_stats *stats, wg_error *err);

#endif
