// SPDX-License-Identifier: Apache-2.0
// A registry hive as a file with its transaction logs beside it: opened (logs replayed), changed,
// saved whole or not at all. And registry text made from one.
#ifndef WG_IMAGE_REG_HIVEFILE_H
#define WG_IMAGE_REG_HIVEFILE_H

#include "fmt/regf/regf.h"
#include "fmt/regtext/regtext.h"
#include "image/reg/hives.h"
#include "os/dest.h"

typedef struct wg_hive_replay {
  uint32_t n;      // log entries applied
  char fault[124]; // force_dirty: why the logs were left out; "" when they were not
} wg_hive_replay;

typedef struct wg_hivefile {
  char *path;
  wg_buf bytes; // what hive points into
  wg_hive *hive;
  wg_hive_replay replay;
  uint32_t mode; // permissions of the file
} wg_hivefile;
void wg_hivefile_done(wg_hivefile *f);
WG_DEFINE_AUTO(wg_hivefile, wg_hivefile_done);

// Endings of the names of the transaction logs beside a hive.
#define WG_HIVE_N_LOG_ENDS 3
extern const char *const wg_hive_log_ends[WG_HIVE_N_LOG_ENDS];
// Reads the log with that ending beside the hive into out (initialised); leaves it empty when there
// is none.
typedef wg_code (*wg_hive_read_log)(void *ctx, const char *end, wg_buf *out, wg_error *err);
// Parses a hive whose bytes are read already; a dirty or torn one gets its logs replayed first:
// bytes is then what came of it. The hive borrows from bytes. force_dirty: a dirty hive that no log
// fits, or whose log is damaged, is opened as it stands. edit: as wg_hive_parse_edit does, and
// bytes has room for a patch. Errors as wg_regf_recover and wg_hive_parse; not wrapped.
wg_code wg_hive_open_bytes(wg_buf *bytes, wg_hive_read_log read_log, void *ctx, bool force_dirty,
                           bool edit, wg_hive **out, wg_hive_replay *out_replay, wg_error *err);
// Reads path, replays <path>.LOG1/.LOG2/.LOG (any case, but not those of another file) when it is
// dirty. Without logs that fit: an
// error that says so, unless force_dirty. edit: see wg_hive_open_bytes. Errors name the file.
wg_code wg_hivefile_open(const char *path, bool force_dirty, bool edit, wg_hivefile *out,
                         wg_error *err);
// Opens a damaged hive as far as it holds (wg_hive_salvage); logs that fit are replayed first,
// those that don't are left out. Errors name the file.
wg_code wg_hivefile_salvage(const char *path, wg_hivefile *out, wg_regf_salvage *out_report,
                            wg_error *err);
// Writes these bytes of a hive to dest, then empties the logs beside that: a clean hive does not
// look at them. Of a new file they are those of exactly its name.
wg_code wg_hivefile_save(wg_dest *dest, const void *p, size_t n_bytes, wg_error *err);
// FILETIME of a time in seconds since 1970.
uint64_t wg_filetime_of(int64_t unix_s);

// Appends key k and all below as registry text (wg_regtext_begin has been called). UNSUPPORTED:
// something that such text cannot say, so that an import would give other keys or values: names
// with NUL, line ends or lone surrogates, and what a layered hive says of the layer below.
wg_code wg_hive_export_regtext(const wg_regkey *k, const char *prefix, wg_buf *out, wg_error *err);

#endif
