// SPDX-License-Identifier: Apache-2.0
// The content-addressed store: two maps (key -> record, SHA-256 -> bytes), as in Bazel's remote
// cache.
//
// Layout under the root (default $XDG_CACHE_HOME/wingo or ~/.cache/wingo), all of it 0700:
//   v1/records/ab/<key>     records and packed contents, with key and own SHA-256 (frame.h)
//   v1/blobs/ab/<digest>    0444, the bytes themselves
//   v1/big/ab/<digest>      a big output that lives once in out/: path and stat instead of bytes
//   v1/locks/<key>          one process does a key's work
//   v1/leases/<id>          which processes have the store open, since when
//   v1/stat                 what stat said of files whose digest we know
//   v1/secret               the key for digests of secrets
//   v1/tmp/<id>-<n>         unfinished; swept when its owner is gone
// Everything is thread-safe and safe for any number of processes, killed at any moment.
//
// What is durable when: a blob above 64 KiB is synced before it has its name; smaller ones and
// records are not, but are hashed before they are believed. What is exported is synced, then
// renamed. So a power cut costs work, and nothing torn is taken for whole.
#ifndef WG_STORE_STORE_H
#define WG_STORE_STORE_H

#include "crypto/digest.h"
#include "os/file.h"

typedef struct wg_store wg_store;

// root NULL: the default place. Makes what is missing.
wg_code wg_store_open(const char *root, wg_store **out, wg_error *err);
void wg_store_close(wg_store *s); // saves the stat table
WG_DEFINE_AUTO_PTR(wg_store, wg_store_close);
const char *wg_store_root(const wg_store *s); // borrowed

// --- the two maps. NOT_FOUND when absent; a damaged object counts as absent and is removed.
wg_code wg_store_get_record(wg_store *s, const wg_digest *key, wg_buf *out, wg_error *err);
wg_code wg_store_put_record(wg_store *s, const wg_digest *key, const void *p, size_t n_bytes,
                            wg_error *err);
bool wg_store_has_blob(wg_store *s, const wg_digest *d);
wg_code wg_store_open_blob(wg_store *s, const wg_digest *d, wg_fd *out, uint64_t *out_size,
                           wg_error *err);
wg_code wg_store_put_bytes(wg_store *s, const void *p, size_t n_bytes, wg_digest *out,
                           wg_error *err);
// Takes a file from a private temporary place by rename (same file system; made 0444), else copies
// it. The file must not be open for writing any more. Hashes it.
wg_code wg_store_adopt(wg_store *s, const char *path, const wg_cancel *cancel, wg_digest *out,
                       uint64_t *out_size, wg_error *err);
// Copies a user's file in (reflink or bytes; never a hard link).
wg_code wg_store_put_file(wg_store *s, const char *path, const wg_cancel *cancel, wg_digest *out,
                          uint64_t *out_size, wg_error *err);
// Path of a blob for programs that need one (read-only use). NOT_FOUND when absent. Heap.
wg_code wg_store_blob_path(wg_store *s, const wg_digest *d, char **out, wg_error *err);
// Writes the blob to path, whole or not at all: reflink or copy, given mode. Skipped when path
// holds that content already by the stat table.
wg_code wg_store_export(wg_store *s, const wg_digest *d, const char *path, uint32_t mode,
                        const wg_cancel *cancel, wg_error *err);
// A big final file: registers that path (absolute) holds digest d, without bytes in the store. The
// caller has made it durable (wg_outfile). Waits up to some 20 ms, so that later changes show in
// its times; CONFLICT when it changes meanwhile.
wg_code wg_store_put_big(wg_store *s, const wg_digest *d, const char *path, wg_error *err);
// True when a registered path still holds d: same stat, or hashed again. *out_path heap.
wg_code wg_store_find_big(wg_store *s, const wg_digest *d, const wg_cancel *cancel, char **out_path,
                          wg_error *err);

// --- digests of user files by what stat says of them (size, mtime, ctime, inode, device). A file
// changed within the clock's grain of being read is not remembered. NOT_FOUND when absent.
wg_code wg_store_file_digest(wg_store *s, const char *abs_path, const wg_cancel *cancel,
                             wg_digest *out, uint64_t *out_size, wg_error *err);
// The digest, if the file is as it was when that was taken: it is not read. False: not known.
WG_MUST_CHECK bool wg_store_known_digest(wg_store *s, const char *abs_path, wg_digest *out);
// Digest of a directory's listing (names and types, sorted; not content), remembered the same way.
wg_code wg_store_dir_digest(wg_store *s, const char *abs_path, wg_digest *out, wg_error *err);

// --- work is not done twice: exclusive lock of a key, waits (cancel is looked at).
wg_code wg_store_lock_key(wg_store *s, const wg_digest *key, const wg_cancel *cancel, wg_fd *out,
                          wg_error *err);
// The same at once, or CONFLICT.
wg_code wg_store_try_lock_key(wg_store *s, const wg_digest *key, wg_fd *out, wg_error *err);
// A fresh temporary directory on the store's file system, removed by wg_store_tmp_done or, after a
// crash, by the next open. Heap path.
wg_code wg_store_tmp_dir(wg_store *s, char **out, wg_error *err);
void wg_store_tmp_done(wg_store *s, char *path); // removes the tree, frees path; NULL-safe

// --- upkeep
typedef struct wg_store_stats {
  uint64_t n_records, record_bytes; // what is there afterwards; registrations of big outputs count
  uint64_t n_blobs, blob_bytes;
  uint64_t n_removed, removed_bytes;
  uint64_t n_in_use, in_use_bytes; // would have gone, but a running process may use them
} wg_store_stats;
typedef struct wg_store_clean_options {
  uint64_t keep_bytes;
  bool all;     // everything, keep_bytes is not looked at: also the stat table
  bool dry_run; // only count
  const wg_cancel *cancel;
} wg_store_clean_options;
// Evicts least recently used (to within ten minutes) until at most keep_bytes remain. Never an
// object that a running process has used since it opened the store.
wg_code wg_store_clean(wg_store *s, const wg_store_clean_options *opt, wg_store_stats *out,
                       wg_error *err);
// Reads everything; *out_n_bad objects whose bytes are not what their name says (reported by
// on_bad, may be NULL; removed when fix).
wg_code wg_store_verify(wg_store *s, bool fix, void (*on_bad)(void *ctx, const char *path),
                        void *ctx, const wg_cancel *cancel, wg_store_stats *out,
                        uint64_t *out_n_bad, wg_error *err);
// Secrets take part in keys by HMAC with a key private to this store.
wg_code wg_store_secret_digest(wg_store *s, wg_str secret, wg_digest *out, wg_error *err);

#endif
