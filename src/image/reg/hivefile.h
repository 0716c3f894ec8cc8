// A registry hive as a file with its transaction logs beside it: opened (logs replayed), changed,
// saved whole or not at all. And registry text applied to a hive, or made from one.
#ifndef WG_IMAGE_REG_HIVEFILE_H
#define WG_IMAGE_REG_HIVEFILE_H

#include "fmt/regf/regf.h"
#include "fmt/regtext/regtext.h"
#include "os/file.h"

typedef struct wg_hivefile {
  char *path;
  wg_buf bytes; // what hive points into
  wg_hive *hive;
  uint32_t n_replayed; // log entries applied
  uint32_t mode;       // permissions of the file
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
// fits is opened as it stands. Errors as wg_regf_recover and wg_hive_parse; not wrapped.
wg_code wg_hive_open_bytes(wg_buf *bytes, wg_hive_read_log read_log, void *ctx, bool force_dirty,
                           wg_hive **out, uint32_t *out_n_replayed, wg_error *err);
// Reads path, replays <path>.LOG1/.LOG2/.LOG (any case) when it is dirty. Without logs that fit: an
// error that says so, unless force_dirty. Errors name the file.
wg_code wg_hivefile_open(const char *path, bool force_dirty, wg_hivefile *out, wg_error *err);
// Opens a damaged hive as far as it holds (wg_hive_salvage); logs that fit are replayed first,
// those that don't are left out. Errors name the file.
wg_code wg_hivefile_salvage(const char *path, wg_hivefile *out, wg_regf_salvage *out_report,
                            wg_error *err);
// Replaces the file by the model (write, fsync, rename), then empties the logs beside it: a clean
// hive does not look at them. filetime: of the base block.
wg_code wg_hivefile_save(const wg_hivefile *f, uint64_t filetime, wg_error *err);
// FILETIME of a time in seconds since 1970.
uint64_t wg_filetime_of(int64_t unix_s);

// What a hive's keys are below, by the file's name: "HKEY_LOCAL_MACHINE\SOFTWARE" for SOFTWARE,
// "HKEY_CURRENT_USER" for NTUSER.DAT, ...; NULL when the name says nothing. Static.
const char *wg_hive_prefix_of(const char *path);
// The part of a full key path below prefix: HKLM and the like are understood, case does not count.
// False when the key is not below it.
WG_MUST_CHECK bool wg_hive_strip_prefix(wg_str key, const char *prefix, wg_str *out);

typedef struct wg_reg_apply_stats {
  uint64_t n_keys_made, n_keys_deleted, n_values_set, n_values_deleted, n_absent;
} wg_reg_apply_stats;
// Applies registry text to a hive. Every key must be below prefix (USAGE names the first that is
// not, with its line). Deleting what is not there is counted, not an error (as regedit does).
wg_code wg_hive_apply_regtext(wg_hive *h, const wg_regtext *t, const char *prefix,
                              uint64_t filetime, wg_reg_apply_stats *out, wg_error *err);
// Appends key k and all below as registry text (wg_regtext_begin has been called).
void wg_hive_export_regtext(const wg_regkey *k, const char *prefix, wg_buf *out);

#endif
