// SPDX-License-Identifier: Apache-2.0
#include "os/temp.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "os/proc.h"

#define TEMP_MARK ".wgtmp-"
#define TEMP_OLD_MARK ".wingo-reg-" // of wingo 0.1
#define TEMP_HEX 12u
#define TEMP_BUILD_HEX 8u

char *wg_os_temp_name(const char *of) {
  uint8_t r[TEMP_HEX / 2];
  wg_os_random(r, sizeof(r));
  return wg_xprintf("%s" TEMP_MARK "%02x%02x%02x%02x%02x%02x", of, r[0], r[1], r[2], r[3], r[4],
                    r[5]);
}

bool wg_os_temp_claim(int fd) {
  struct stat st = {0};
  if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
    return errno != EWOULDBLOCK;
  }
  return fstat(fd, &st) == 0 && st.st_nlink > 0;
}

wg_code wg_os_temp_dir(const char *dir, char **out, wg_fd *out_fd, wg_error *err) {
  for (unsigned tries = 0;; tries++) {
    WG_AUTO(wg_cstr) name = wg_os_temp_name("");
    WG_AUTO(wg_cstr) path = wg_path_join(dir, name);
    WG_AUTO(wg_fd) fd = -1;
    wg_code code = wg_os_mkdir(WG_CWD, path, 0700, err);
    if (code == WG_OK && wg_os_open_dir(WG_CWD, path, &fd, err) == WG_OK && wg_os_temp_claim(fd)) {
      *out = wg_take(&path);
      *out_fd = wg_fd_take(&fd);
      return WG_OK;
    }
    if (code != WG_OK && (code != WG_E_CONFLICT || tries > 16)) {
      return code;
    }
    if (tries > 16) {
      return wg_fail(err, WG_E_CONFLICT, "'%s' is removed again and again by another process",
                     path);
    }
    *err = (wg_error)WG_ERROR_INIT;
  }
}

static bool temp_is_name(const char *name, size_t n_hex) {
  size_t n = strlen(name), mark = strlen(TEMP_MARK), old = strlen(TEMP_OLD_MARK);
  if (n < n_hex) {
    return false;
  }
  const char *hex = name + n - n_hex;
  size_t before = n - n_hex;
  return strspn(hex, "0123456789abcdef") == n_hex &&
         ((before >= mark && memcmp(hex - mark, TEMP_MARK, mark) == 0) ||
          (n_hex == TEMP_HEX && before == old && memcmp(name, TEMP_OLD_MARK, old) == 0));
}

size_t wg_os_find_left(int dirfd, wg_arena *arena, wg_os_left **out) {
  wg_error ignored = WG_ERROR_INIT;
  wg_dirent *list = NULL;
  size_t n = 0, n_found = 0;
  if (wg_os_list_dir(dirfd, ".", arena, &list, &n, &ignored) != WG_OK) {
    return 0;
  }
  wg_os_left *found = wg_arena_new_array(arena, wg_os_left, n + 1);
  for (size_t i = 0; i < n && found != NULL; i++) {
    bool of_build = temp_is_name(list[i].name, TEMP_BUILD_HEX);
    if (of_build || temp_is_name(list[i].name, TEMP_HEX)) {
      found[n_found++] = (wg_os_left){.name = list[i].name, .of_build = of_build};
    }
  }
  *out = found;
  return n_found;
}

bool wg_os_take_left(int dirfd, wg_os_left *left, bool links, bool dry) {
  struct stat st = {0};
  const char *name = left->name;
  wg_error ignored = WG_ERROR_INIT;
  if (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) != 0 || st.st_uid != geteuid()) {
    return false;
  }
  if (S_ISLNK(st.st_mode)) {
    return links && (dry || unlinkat(dirfd, name, 0) == 0);
  }
  if (!S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode)) {
    return false;
  }
  WG_AUTO(wg_fd)
  fd = openat(dirfd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
  struct stat opened;
  if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB) != 0 || fstat(fd, &opened) != 0 ||
      opened.st_ino != st.st_ino || opened.st_dev != st.st_dev) {
    return false;
  }
  left->is_dir = S_ISDIR(st.st_mode);
  left->n_bytes = left->is_dir ? 0 : (uint64_t)st.st_size;
  return dry || wg_os_rmtree(dirfd, name, &ignored) == WG_OK;
}

size_t wg_os_sweep(int dirfd, bool links) {
  WG_AUTO(wg_arena) arena = {0};
  wg_os_left *left = NULL;
  size_t n_removed = 0;
  wg_arena_init(&arena, wg_heap(), 0);
  size_t n = wg_os_find_left(dirfd, &arena, &left);
  for (size_t i = 0; i < n; i++) {
    n_removed += !left[i].of_build && wg_os_take_left(dirfd, &left[i], links, false) ? 1u : 0u;
  }
  return n_removed;
}

size_t wg_os_sweep_beside(const char *path) {
  WG_AUTO(wg_cstr) dir = wg_path_dirname(path);
  WG_AUTO(wg_fd) fd = -1;
  wg_error ignored = WG_ERROR_INIT;
  return wg_os_open_dir(WG_CWD, dir, &fd, &ignored) == WG_OK ? wg_os_sweep(fd, false) : 0;
}
