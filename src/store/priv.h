// SPDX-License-Identifier: Apache-2.0
// Inside of the store: shared by its own files, included by nothing else.
//
// Who may touch what, when (all between processes, by flock):
// - v1/gc          shared while an object is looked for and stamped, or renamed into place;
// exclusive
//                  while objects are removed. Held for microseconds, or for one batch of removals.
// - v1/leases/<id> exclusive for the life of an open store. Its mtime is when the store was opened.
// - v1/locks/<key> a key's work; v1/stat.lock: the stat table's rewrite.
//
// Access stamps: an object's mtime says when it was last used, to within STORE_STAMP_NS: a use
// renews an older stamp, so a build that uses the same objects all day costs nothing. Whatever a
// running process has used since it opened the store has a stamp of at least its lease's time less
// STORE_STAMP_NS; the cleaner removes nothing as young as that for the oldest living lease.
#ifndef WG_STORE_PRIV_H
#define WG_STORE_PRIV_H

#include "os/proc.h"
#include "store/backend.h"
#include "store/frame.h"
#include "store/stattab.h"
#include "store/store.h"

// Blobs up to this size are not synced when put but hashed before they are believed; larger ones
// are on the disk before they have their name.
#define STORE_SMALL_BYTES ((uint64_t)64 << 10)
// Blobs up to this size are hashed when a process first opens them, but those from
// STORE_RECALL_BYTES on only when stat says something else of them than when they were hashed last.
#define STORE_REHASH_MAX_BYTES ((uint64_t)1 << 30)
#define STORE_RECALL_BYTES ((uint64_t)4 << 20)
#define STORE_STAMP_NS ((int64_t)600 * 1000000000)
// A change within this time of being read may leave no trace in the file's times: kernels stamp by
// their tick, 10 ms at the slowest.
#define STORE_GRAIN_NS ((int64_t)20 * 1000000)
// The same where the file system keeps whole (FAT: even) seconds.
#define STORE_COARSE_GRAIN_NS ((int64_t)2100 * 1000000)
#define STORE_RECORD_MAX_BYTES ((uint64_t)256 << 20)

// Digests of blobs that this process has hashed or put: open addressing, its own mutex.
typedef struct wg_store_seen {
  wg_mutex m;
  wg_digest *slots;
  bool *used;
  size_t cap, n;
} wg_store_seen;

struct wg_store {
  char *root, *v1; // absolute
  wg_fd v1_fd;
  wg_fd lease_fd;
  char lease[17];   // 16 hex digits: name in v1/leases, prefix of what we make in v1/tmp
  int64_t stamp_ns; // STORE_STAMP_NS; tests shorten it, the same in every process
  atomic_ulong tmp_seq;
  atomic_bool used_any; // some object was used through this handle: its own lease counts too
  wg_store_seen seen;
  wg_stattab stat;
  wg_mutex stat_load; // protects stat_loaded's change, the two below
  atomic_bool stat_loaded;
  wg_buf *stat_bufs; // payloads that rows borrow from
  size_t n_stat_bufs, cap_stat_bufs;
  wg_stat stat_file; // v1/stat as it was loaded
  bool has_behind;
  wg_backend behind;
};

// --- object.c: names, use, placing, removing
// "blobs/ab/<hex>": relative to v1_fd.
typedef struct wg_store_path {
  char s[96];
} wg_store_path;
wg_store_path wg_store_path_of(const char *map, const wg_digest *d);
// "tmp/<lease>-<seq>": a fresh name for a temporary file or directory.
wg_store_path wg_store_tmp_name(wg_store *s);
// Finds an object and renews its stamp. NOT_FOUND when it is not there.
wg_code wg_store_use(wg_store *s, const char *path, wg_stat *out, wg_error *err);
// Stamps a finished temporary file and renames it to path.
wg_code wg_store_place(wg_store *s, int from_dirfd, const char *from, const char *path,
                       wg_error *err);
// Removes the object if it still is the very file `which`.
void wg_store_remove_bad(wg_store *s, const char *path, const wg_stat *which);
// Writes a small object: frame and all, whole or not at all.
wg_code wg_store_put_frame(wg_store *s, const char *path, wg_frame_kind kind, const wg_digest *key,
                           const void *p, size_t n_bytes, wg_error *err);
// Reads one back into raw; *out borrows from raw. NOT_FOUND when absent or damaged (then removed).
wg_code wg_store_get_frame(wg_store *s, const char *path, wg_frame_kind kind, const wg_digest *key,
                           wg_buf *raw, wg_str *out, wg_error *err);
// When err is a full disk: says which, how much is free and how much was needed. Yields err->code.
wg_code wg_store_explain(const wg_store *s, uint64_t need_bytes, wg_error *err);

// --- blob.c
// Opens a local blob whose content has been found right.
wg_code wg_store_open_local(wg_store *s, const wg_digest *d, wg_fd *out, wg_stat *out_stat,
                            wg_error *err);
// Hashes n_bytes of fd without moving its offset.
wg_code wg_store_hash_fd(int fd, uint64_t n_bytes, const wg_cancel *cancel, wg_digest *out,
                         wg_error *err);
// Takes v1-relative temporary file tmp, known to hold d, into blobs/.
wg_code wg_store_take_tmp(wg_store *s, const char *tmp, const wg_digest *d, uint64_t n_bytes,
                          wg_error *err);

// --- remember.c
wg_stat_id wg_store_stat_id(const wg_stat *st);
// True when times of st leave no doubt at now_ns about a later change.
bool wg_store_settled(const wg_stat *st, int64_t now_ns);
// What the table knows of path under st. abs path.
bool wg_store_recall(wg_store *s, wg_stat_kind kind, const char *path, const wg_stat *st,
                     wg_digest *out);
void wg_store_remember(wg_store *s, wg_stat_kind kind, const char *path, const wg_stat *st,
                       const wg_digest *d);
// Writes the stat table when something changed, merged with what others wrote meanwhile.
wg_code wg_store_save_stat(wg_store *s, wg_error *err);

// --- lease.c
wg_code wg_store_lease(wg_store *s, wg_error *err);
void wg_store_unlease(wg_store *s);
// With v1/gc held exclusively: the oldest stamp that must be kept because somebody may use it;
// INT64_MAX when nobody else runs.
wg_code wg_store_protected_since(wg_store *s, int64_t *out_ns, wg_error *err);
// Removes what dead processes left in tmp/. Never fails.
void wg_store_sweep(wg_store *s);

#endif
