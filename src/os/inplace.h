// SPDX-License-Identifier: Apache-2.0
// A file that is changed in place: read, worked on, and replaced as a whole by a new one that is
// made beside it. The file itself is locked (flock) meanwhile, so that two who change it do so one
// after the other; a lock goes with its process, so none is ever stale. Before the new file gets
// the name it is looked at again: what changed without a lock (another program) is not lost.
#ifndef WG_OS_INPLACE_H
#define WG_OS_INPLACE_H

#include "os/file.h"

typedef struct wg_inplace {
  char *path; // of the file itself, links followed
  wg_fd fd;
  wg_stat st; // as it was when it was locked
  uint32_t owner, group;
  bool force;
} wg_inplace;
#define WG_INPLACE_INIT                                                                            \
  { .fd = -1 }
void wg_inplace_done(wg_inplace *p);
WG_DEFINE_AUTO(wg_inplace, wg_inplace_done);

typedef struct wg_inplace_options {
  bool force; // a file that is read-only, or whose owner can't be kept, is replaced all the same
  bool wait_limited;
  uint64_t wait_ms; // then: no longer than that for another that has the lock
  // Another has the lock: waited_ms 0 when the wait begins, and more when it is over. May be NULL.
  void (*on_wait)(const void *ctx, const char *path, uint64_t waited_ms);
  const void *ctx;
  const wg_cancel *cancel; // NULL: none
} wg_inplace_options;

// Locks an open file or folder, called path, as long as it is open; waits for others. Where there
// are no locks it does nothing. CONFLICT: another has it longer than opt allows. CANCELED.
wg_code wg_inplace_lock(int fd, const char *path, const wg_inplace_options *opt, wg_error *err);
// Locks what path leads to; waits for others. NOT_FOUND. CONFLICT: read-only. UNSUPPORTED: no
// regular file.
wg_code wg_inplace_begin(wg_inplace *p, const char *path, const wg_inplace_options *opt,
                         wg_error *err);
// Gives the finished file `made` (in the same file system) the place of the locked one, with its
// permissions, owner and extended attributes, for good (fsync). The lock is kept. CONFLICT: the
// file has changed since begin, or its owner can't be kept.
wg_code wg_inplace_commit(wg_inplace *p, const char *made, wg_error *err);

#endif
