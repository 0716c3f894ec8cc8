// SPDX-License-Identifier: Apache-2.0
// Where a command's output goes: a new file, or one that is there and is changed or replaced as a
// whole (os/inplace.h). What is not new without being meant to be replaced is left as it is, also
// when it appears while the output is made.
#ifndef WG_OS_DEST_H
#define WG_OS_DEST_H

#include "os/inplace.h"

typedef struct wg_dest {
  char *path;       // where the file goes, links followed; what is made lies beside it
  bool exists;      // locked in place
  wg_inplace place; // then
  uint32_t mode;    // of a new file; begin sets what the umask leaves of 0666
} wg_dest;
#define WG_DEST_INIT                                                                               \
  { .place = WG_INPLACE_INIT }
void wg_dest_done(wg_dest *d);
WG_DEFINE_AUTO(wg_dest, wg_dest_done);

typedef enum wg_dest_use {
  WG_DEST_NEW, // something there is CONFLICT, unless opt->force
  WG_DEST_EDIT // something there is what the command changes
} wg_dest_use;
// Before anything is read that the output depends on. Removes what killed runs left beside path.
// CONFLICT: it is there, or read-only. UNSUPPORTED: no regular file.
wg_code wg_dest_begin(wg_dest *d, const char *path, wg_dest_use use, const wg_inplace_options *opt,
                      wg_error *err);
// Gives the finished file, which lies beside path, its name, for good.
wg_code wg_dest_commit(wg_dest *d, const char *made, wg_error *err);
// The same of an outfile begun at d->path.
wg_code wg_dest_commit_outfile(wg_dest *d, wg_outfile *o, wg_error *err);
// These bytes as the file.
wg_code wg_dest_write(wg_dest *d, const void *p, size_t n_bytes, wg_error *err);

#endif
