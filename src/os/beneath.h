// SPDX-License-Identifier: Apache-2.0
// Writing below a folder whatever is in it: the names of what is written come from outside, and
// so may links that are there. Each path is relative, without "." and "..", and no symbolic link of
// it is followed: the folder the last name is in is opened beneath the root (openat2), or, where
// the system has no openat2, name by name with O_NOFOLLOW; what is done is then done to the last
// name alone. A link in the way is CONFLICT.
#ifndef WG_OS_BENEATH_H
#define WG_OS_BENEATH_H

#include "os/file.h"

typedef struct wg_beneath {
  int root;          // borrowed
  const char *shown; // borrowed: what messages call the root, "": nothing
  char *dir;         // the folder opened last, NULL: none
  wg_fd fd;
} wg_beneath;
// One thread each. root and shown outlive it.
static inline wg_beneath wg_beneath_of(int root, const char *shown) {
  return (wg_beneath){.root = root, .shown = shown, .fd = -1};
}
void wg_beneath_done(wg_beneath *b);
WG_DEFINE_AUTO(wg_beneath, wg_beneath_done);

// What is there, links not followed. NOT_FOUND.
wg_code wg_beneath_stat(wg_beneath *b, const char *path, wg_stat *out, wg_error *err);
wg_code wg_beneath_open_read(wg_beneath *b, const char *path, wg_fd *out, wg_error *err);
wg_code wg_beneath_open_dir(wg_beneath *b, const char *path, wg_fd *out, wg_error *err);
// These make something new: CONFLICT when the name is taken.
wg_code wg_beneath_create(wg_beneath *b, const char *path, uint32_t mode, wg_fd *out,
                          wg_error *err);
wg_code wg_beneath_mkdir(wg_beneath *b, const char *path, wg_error *err);
wg_code wg_beneath_symlink(wg_beneath *b, const char *target, const char *path, wg_error *err);
wg_code wg_beneath_link(wg_beneath *from, const char *from_path, wg_beneath *b, const char *path,
                        wg_error *err);
// The folders above path's last name; fine if there.
wg_code wg_beneath_mkdirs_above(wg_beneath *b, const char *path, wg_error *err);
wg_code wg_beneath_unlink(wg_beneath *b, const char *path, wg_error *err);
// Both below their roots, which are in one file system. What is at the new name: CONFLICT, or is
// replaced by the system's rename, or has the old name afterwards (removed, where the system
// can't).
typedef enum wg_beneath_there {
  WG_BENEATH_REFUSE,
  WG_BENEATH_REPLACE,
  WG_BENEATH_EXCHANGE
} wg_beneath_there;
wg_code wg_beneath_rename(wg_beneath *from, const char *from_path, wg_beneath *b, const char *path,
                          wg_beneath_there there, wg_error *err);
wg_code wg_beneath_times(wg_beneath *b, const char *path, wg_os_time access, wg_os_time modified,
                         wg_error *err);
// Puts the path, below what the root is called, before the error.
wg_code wg_beneath_wrap(const wg_beneath *b, const char *path, wg_error *err);

#endif
