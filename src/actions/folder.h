// SPDX-License-Identifier: Apache-2.0
// A folder of releases, one sub-folder each, and a pointer to the one that was published last:
//
//   TARGET/.wingo-publish.json    whose it is: {"wingo_publish": 1, "project": "kiosk"}
//   TARGET/.wingo-publish.lock    one writer at a time
//   TARGET/1.4.0/...              the files, by their paths below out/
//   TARGET/1.4.0/SHA256SUMS       of all of them, for `sha256sum -c`
//   TARGET/1.4.0/manifest.json    of what project, release and steps they are, and since when
//   TARGET/current -> 1.4.0       a symbolic link, or a file with the name in it
//   TARGET/.wgtmp-XXXXXXXX        unfinished: of a writer that lives, or swept by the next one
//
// A release appears by rename when all of it is synced. Nothing that has no manifest of the same
// project is ever removed.
#ifndef WG_ACTIONS_FOLDER_H
#define WG_ACTIONS_FOLDER_H

#include "store/store.h"

typedef enum wg_folder_pointer {
  WG_FOLDER_LINK,
  WG_FOLDER_FILE, // where links can't be had: FAT, many SMB shares
  WG_FOLDER_NONE
} wg_folder_pointer;

typedef struct wg_folder_file {
  const char *rel;  // below the release's folder; clean, with '/'
  const char *from; // path of the bytes, which may change: compared with the digest
  const char *step, *output;
  wg_digest digest;
  uint64_t size_bytes;
  uint32_t mode; // the umask is taken off it
} wg_folder_file;

typedef struct wg_folder_spec {
  const char *target;  // absolute
  const char *project; // name
  const char *release; // "": named by content, "sha256-0123456789ab"
  wg_folder_file *files;
  size_t n_files;
  unsigned keep; // how many releases stay, 0: all
  bool replace;  // a release that is there with other content is replaced
  wg_folder_pointer pointer;
  bool is_locked;  // the caller holds the folder's lock
  wg_store *store; // remembers digests
  const wg_cancel *cancel;
} wg_folder_spec;

typedef struct wg_folder_found { // strings in the arena given to look
  const char *name;              // of the release
  wg_str sums;                   // its SHA256SUMS
  bool has_target, has_mark;
  bool has_release, is_same;
  const char *before;  // digest of the SHA256SUMS that is there, NULL
  const char *current; // what the pointer says, NULL
  bool pointer_is_same;
  const char **old; // releases that are more than keep, oldest first
  size_t n_old;
  const char **stale; // left by a killed writer, when none is at work
  size_t n_stale;
} wg_folder_found;

// Whether the folder can take this project's releases at all: target and project of spec suffice.
// As wg_folder_look, but for what it says of releases.
wg_code wg_folder_ready(const wg_folder_spec *spec, wg_arena *arena, wg_error *err);
// Reads only. Sorts spec's files. CONFLICT: the folder is not this project's; the release is there
// with other content and may not be replaced. NOT_FOUND: the folder in which target lies is not
// there. FORMAT: a mark that is none. Other code: what can't be read.
wg_code wg_folder_look(wg_folder_spec *spec, wg_arena *arena, wg_folder_found *out, wg_error *err);

// What a write has done by now, so that it can be taken back.
typedef struct wg_folder_write {
  const wg_folder_spec *spec;
  wg_arena *arena;
  wg_folder_found found; // under the lock
  wg_fd lock;
  const char *tmp; // the unfinished release, NULL when there is none
  bool made_target, made_mark, made_release, swapped, moved_pointer;
  void (*progress)(void *ctx, uint64_t done, uint64_t total);
  void (*warn)(void *ctx, const char *text);
  void *ctx;
  uint64_t done, total;
} wg_folder_write;
// Takes the lock, looks again, writes the release unless it is there, moves the pointer, removes
// what is more than keep. After a failure the caller calls wg_folder_take_back, after success
// wg_folder_write_done.
wg_code wg_folder_run(wg_folder_write *w, wg_error *err);
// Leaves the folder as it was found; says each thing by undone.
wg_code wg_folder_take_back(wg_folder_write *w, void (*undone)(void *ctx, const char *text),
                            wg_error *err);
void wg_folder_write_done(wg_folder_write *w);

#define WG_FOLDER_MARK ".wingo-publish.json"
#define WG_FOLDER_LOCK ".wingo-publish.lock"
#define WG_FOLDER_TMP ".wgtmp-"
#define WG_FOLDER_SUMS "SHA256SUMS"
#define WG_FOLDER_MANIFEST "manifest.json"
#define WG_FOLDER_CURRENT "current"

#endif
