// SPDX-License-Identifier: Apache-2.0
#include "os/beneath.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "os/proc.h"

void wg_beneath_done(wg_beneath *b) {
  wg_fd_done(&b->fd);
  wg_xfree(wg_take(&b->dir));
}

wg_code wg_beneath_wrap(const wg_beneath *b, const char *path, wg_error *err) {
  const char *sep = b->shown[0] == '\0' || b->shown[strlen(b->shown) - 1] == '/' ? "" : "/";
  return wg_wrap(err, "'%s%s%s'", b->shown, sep, path);
}

// Whether the kernel has openat2 and lets us use it. WINGO_NO_OPENAT2 says no, for tests.
static bool beneath_has_openat2(void) {
  static atomic_int known; // 0: not looked yet, 1: yes, 2: no
  int k = atomic_load(&known);
  if (k == 0) {
    struct open_how how = {.flags = O_PATH | O_DIRECTORY | O_CLOEXEC, .resolve = RESOLVE_BENEATH};
    long fd = wg_os_getenv("WINGO_NO_OPENAT2") != NULL
                  ? -1
                  : syscall(SYS_openat2, AT_FDCWD, ".", &how, sizeof(how));
    k = fd >= 0 ? 1 : 2;
    if (fd >= 0) {
      (void)close((int)fd);
    }
    atomic_store(&known, k);
  }
  return k == 1;
}

static bool beneath_is_plain(const char *name, size_t n) {
  return n > 0 && !(n == 1 && name[0] == '.') && !(n == 2 && name[0] == '.' && name[1] == '.');
}

// Name by name: -1 with errno on failure.
static int beneath_walk(int root, const char *path, int flags) {
  WG_AUTO(wg_fd) at = -1;
  WG_AUTO(wg_cstr) names = wg_xstrdup(path);
  int from = root;
  for (char *name = names;;) {
    size_t n = strcspn(name, "/");
    bool last = name[n] == '\0';
    if (!beneath_is_plain(name, n)) {
      errno = EXDEV;
      return -1;
    }
    name[n] = '\0';
    int fd = openat(from, name,
                    (last ? flags : O_PATH | O_DIRECTORY) | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY, 0);
    if (fd < 0 || last) {
      return fd;
    }
    wg_fd_done(&at);
    at = fd;
    from = at;
    name += n + 1;
  }
}

static int beneath_open(int root, const char *path, int flags) {
  if (wg_os_fault("open")) {
    errno = EIO;
    return -1;
  }
  if (!beneath_has_openat2()) {
    return beneath_walk(root, path, flags);
  }
  struct open_how how = {.flags = (unsigned)flags | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY,
                         .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS};
  long fd = -1;
  do {
    fd = syscall(SYS_openat2, root, path, &how, sizeof(how));
  } while (fd < 0 && (errno == EINTR || errno == EAGAIN));
  return (int)fd;
}

// The first part of the path that is a symbolic link, as its length; 0 when none is.
static size_t beneath_link_in(int root, const char *path) {
  for (size_t n = strcspn(path, "/");; n += 1 + strcspn(path + n + 1, "/")) {
    WG_AUTO(wg_cstr) head = wg_xstrndup(path, n);
    struct stat st;
    if (fstatat(root, head, &st, AT_SYMLINK_NOFOLLOW) != 0) {
      return 0;
    }
    if (S_ISLNK(st.st_mode)) {
      return n;
    }
    if (path[n] == '\0') {
      return 0;
    }
  }
}

static wg_code beneath_fail(const wg_beneath *b, const char *path, int e, const char *what,
                            wg_error *err) {
  size_t n = e == ELOOP || e == ENOTDIR ? beneath_link_in(b->root, path) : 0;
  if (n > 0) {
    const char *sep = b->shown[0] == '\0' ? "" : "/";
    return wg_fail(err, WG_E_CONFLICT,
                   "'%s%s%.*s' is a symbolic link, and nothing is written or removed through one; "
                   "remove it, or choose another folder",
                   b->shown, sep, (int)n, path);
  }
  (void)wg_fail_errno(err, e, "%s", what);
  return wg_beneath_wrap(b, path, err);
}

// The folder that the path's last name is in: *out_fd is borrowed until the next call with b.
static wg_code beneath_parent(wg_beneath *b, const char *path, int *out_fd, const char **out_name,
                              wg_error *err) {
  const char *slash = strrchr(path, '/');
  const char *name = slash == NULL ? path : slash + 1;
  if (!beneath_is_plain(name, strlen(name))) {
    return wg_fail(err, WG_E_FORMAT, "'%s': a path that leads elsewhere", path);
  }
  *out_name = name;
  if (slash == NULL) {
    *out_fd = b->root;
    return WG_OK;
  }
  size_t n = (size_t)(slash - path);
  if (b->dir == NULL || strlen(b->dir) != n || memcmp(b->dir, path, n) != 0) {
    WG_AUTO(wg_cstr) dir = wg_xstrndup(path, n);
    int fd = beneath_open(b->root, dir, O_RDONLY | O_DIRECTORY);
    if (fd < 0) {
      return beneath_fail(b, dir, errno, "cannot open the folder", err);
    }
    wg_beneath_done(b);
    b->fd = fd;
    b->dir = wg_take(&dir);
  }
  *out_fd = b->fd;
  return WG_OK;
}

wg_code wg_beneath_stat(wg_beneath *b, const char *path, wg_stat *out, wg_error *err) {
  int fd = -1;
  const char *name = NULL;
  return beneath_parent(b, path, &fd, &name, err) == WG_OK ? wg_os_stat(fd, name, false, out, err)
                                                           : err->code;
}

wg_code wg_beneath_open_read(wg_beneath *b, const char *path, wg_fd *out, wg_error *err) {
  WG_AUTO(wg_fd) fd = beneath_open(b->root, path, O_RDONLY | O_NONBLOCK);
  struct stat st = {0};
  if (fd < 0) {
    return beneath_fail(b, path, errno, "cannot open", err);
  }
  if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
    (void)wg_fail(err, WG_E_UNSUPPORTED, "not a regular file");
    return wg_beneath_wrap(b, path, err);
  }
  *out = wg_fd_take(&fd);
  return WG_OK;
}

wg_code wg_beneath_open_dir(wg_beneath *b, const char *path, wg_fd *out, wg_error *err) {
  int fd = beneath_open(b->root, path, O_RDONLY | O_DIRECTORY);
  if (fd < 0) {
    return beneath_fail(b, path, errno, "cannot open the folder", err);
  }
  *out = fd;
  return WG_OK;
}

// One call on the last name of a path, which is an expression over fd and name.
#define BENEATH_DO(call, what, expr)                                                               \
  do {                                                                                             \
    int fd = -1;                                                                                   \
    const char *name = NULL;                                                                       \
    if (beneath_parent(b, path, &fd, &name, err) != WG_OK) {                                       \
      return err->code;                                                                            \
    }                                                                                              \
    if (wg_os_fault(call)) {                                                                       \
      return beneath_fail(b, path, EIO, what, err);                                                \
    }                                                                                              \
    if ((expr) < 0) {                                                                              \
      return beneath_fail(b, path, errno, what, err);                                              \
    }                                                                                              \
    return WG_OK;                                                                                  \
  } while (0)

wg_code wg_beneath_create(wg_beneath *b, const char *path, uint32_t mode, wg_fd *out,
                          wg_error *err) {
  BENEATH_DO("open", "cannot create",
             *out = openat(fd, name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY,
                           (mode_t)mode));
}

wg_code wg_beneath_mkdir(wg_beneath *b, const char *path, wg_error *err) {
  BENEATH_DO("mkdir", "cannot make the folder", mkdirat(fd, name, 0777));
}

wg_code wg_beneath_symlink(wg_beneath *b, const char *target, const char *path, wg_error *err) {
  BENEATH_DO("symlink", "cannot make the symbolic link", symlinkat(target, fd, name));
}

wg_code wg_beneath_unlink(wg_beneath *b, const char *path, wg_error *err) {
  BENEATH_DO("unlink", "cannot remove", unlinkat(fd, name, 0));
}

wg_code wg_beneath_times(wg_beneath *b, const char *path, wg_os_time access, wg_os_time modified,
                         wg_error *err) {
  struct timespec t[2] = {{.tv_sec = access.s, .tv_nsec = access.ns},
                          {.tv_sec = modified.s, .tv_nsec = modified.ns}};
  BENEATH_DO("utimens", "cannot set the times", utimensat(fd, name, t, AT_SYMLINK_NOFOLLOW));
}

// The folder of a second path is opened beside that of the first: for one and the same root, by
// another.
static wg_beneath *beneath_second(wg_beneath *from, const char *from_path, const wg_beneath *b,
                                  const char *path, wg_beneath *spare) {
  const char *x = strrchr(from_path, '/'), *y = strrchr(path, '/');
  size_t n = x == NULL ? 0 : (size_t)(x - from_path), m = y == NULL ? 0 : (size_t)(y - path);
  if (from != b || (n == m && strncmp(from_path, path, n) == 0)) {
    return from;
  }
  *spare = wg_beneath_of(b->root, b->shown);
  return spare;
}

wg_code wg_beneath_link(wg_beneath *from, const char *from_path, wg_beneath *b, const char *path,
                        wg_error *err) {
  WG_AUTO(wg_beneath) spare = {.fd = -1};
  int from_fd = -1;
  const char *from_name = NULL;
  from = beneath_second(from, from_path, b, path, &spare);
  if (beneath_parent(from, from_path, &from_fd, &from_name, err) != WG_OK) {
    return err->code;
  }
  BENEATH_DO("link", "cannot make the hard link", linkat(from_fd, from_name, fd, name, 0));
}

static wg_code beneath_rename(int from, const char *from_name, int to, const char *name,
                              wg_beneath_there there, wg_error *err) {
  if (there == WG_BENEATH_REFUSE) {
    return wg_os_rename_new(from, from_name, to, name, err);
  }
  if (there == WG_BENEATH_REPLACE) {
    return wg_os_rename(from, from_name, to, name, err);
  }
  if (wg_os_exchange(from, from_name, to, name, err) != WG_E_UNSUPPORTED) {
    return err->code;
  }
  *err = (wg_error)WG_ERROR_INIT;
  return wg_os_rmtree(to, name, err) == WG_OK ? wg_os_rename(from, from_name, to, name, err)
                                              : err->code;
}

wg_code wg_beneath_rename(wg_beneath *from, const char *from_path, wg_beneath *b, const char *path,
                          wg_beneath_there there, wg_error *err) {
  WG_AUTO(wg_beneath) spare = {.fd = -1};
  int from_fd = -1, fd = -1;
  const char *from_name = NULL, *name = NULL;
  from = beneath_second(from, from_path, b, path, &spare);
  if (beneath_parent(from, from_path, &from_fd, &from_name, err) != WG_OK ||
      beneath_parent(b, path, &fd, &name, err) != WG_OK) {
    return err->code;
  }
  return beneath_rename(from_fd, from_name, fd, name, there, err) == WG_OK
             ? WG_OK
             : wg_beneath_wrap(b, path, err);
}

wg_code wg_beneath_mkdirs_above(wg_beneath *b, const char *path, wg_error *err) {
  for (const char *slash = strchr(path, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
    WG_AUTO(wg_cstr) dir = wg_xstrndup(path, (size_t)(slash - path));
    wg_error made = WG_ERROR_INIT;
    if (wg_beneath_mkdir(b, dir, &made) != WG_OK && made.code != WG_E_CONFLICT) {
      *err = made;
      return err->code;
    }
  }
  int fd = -1;
  const char *name = NULL;
  return beneath_parent(b, path, &fd, &name, err); // none of them is a link
}
