// SPDX-License-Identifier: Apache-2.0
// Single files: open, read, write, stat, small directory operations.
#include "os/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "os/sys.h"
#include "os/wait.h"

_Static_assert(WG_CWD == AT_FDCWD, "WG_CWD is AT_FDCWD");

void wg_fd_done(wg_fd *fd) {
  if (*fd >= 0) {
    int saved = errno;
    (void)close(*fd);
    errno = saved;
  }
  *fd = -1;
}

static int64_t file_ns(struct timespec t) {
  return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static void file_stat_from(const struct stat *st, wg_stat *out) {
  *out = (wg_stat){
      .size_bytes = st->st_size < 0 ? 0 : (uint64_t)st->st_size,
      .mtime_ns = file_ns(st->st_mtim),
      .ctime_ns = file_ns(st->st_ctim),
      .atime_ns = file_ns(st->st_atim),
      .ino = st->st_ino,
      .dev = st->st_dev,
      .mode = st->st_mode & 07777,
      .n_links = (uint32_t)st->st_nlink,
      .uid = st->st_uid,
      .type = S_ISREG(st->st_mode)   ? WG_FT_FILE
              : S_ISDIR(st->st_mode) ? WG_FT_DIR
              : S_ISLNK(st->st_mode) ? WG_FT_SYMLINK
                                     : WG_FT_OTHER,
  };
}

wg_code wg_os_stat(int dirfd, const char *path, bool follow, wg_stat *out, wg_error *err) {
  struct stat st = {0};
  if (wg_os_fault("stat")) {
    return wg_fail_errno(err, EIO, "cannot look at '%s'", path);
  }
  if (fstatat(dirfd, path, &st, follow ? 0 : AT_SYMLINK_NOFOLLOW) != 0) {
    return wg_fail_errno(err, errno, "cannot look at '%s'", path);
  }
  file_stat_from(&st, out);
  return WG_OK;
}

wg_code wg_os_fstat(int fd, wg_stat *out, wg_error *err) {
  struct stat st = {0};
  if (wg_os_fault("fstat")) {
    return wg_fail_errno(err, EIO, "cannot look at an open file");
  }
  if (fstat(fd, &st) != 0) {
    return wg_fail_errno(err, errno, "cannot look at an open file");
  }
  file_stat_from(&st, out);
  return WG_OK;
}

bool wg_os_exists(int dirfd, const char *path) {
  struct stat st = {0};
  return fstatat(dirfd, path, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

// openat, retried on EINTR; -1 with errno on failure.
static int file_open(int dirfd, const char *path, int flags, uint32_t mode) {
  if (wg_os_fault("open")) {
    errno = EIO;
    return -1;
  }
  int fd = -1;
  do {
    fd = openat(dirfd, path, flags | O_CLOEXEC, (mode_t)mode);
  } while (fd < 0 && errno == EINTR);
  return fd;
}

wg_code wg_os_open_read(int dirfd, const char *path, wg_fd *out, wg_error *err) {
  WG_AUTO(wg_fd) fd = file_open(dirfd, path, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0);
  if (fd < 0) {
    return wg_fail_errno(err, errno, "cannot open '%s'", path);
  }
  struct stat st = {0};
  if (fstat(fd, &st) != 0) {
    return wg_fail_errno(err, errno, "cannot look at '%s'", path);
  }
  if (!S_ISREG(st.st_mode)) {
    return wg_fail(err, WG_E_UNSUPPORTED, "'%s' is %s, not a regular file", path,
                   S_ISDIR(st.st_mode) ? "a directory" : "a device, pipe or socket");
  }
  *out = wg_fd_take(&fd);
  return WG_OK;
}

wg_code wg_os_open_dir(int dirfd, const char *path, wg_fd *out, wg_error *err) {
  int fd = file_open(dirfd, path, O_RDONLY | O_DIRECTORY, 0);
  if (fd < 0) {
    return wg_fail_errno(err, errno, "cannot open directory '%s'", path);
  }
  *out = fd;
  return WG_OK;
}

wg_code wg_os_open_append(int dirfd, const char *path, uint32_t mode, wg_fd *out, wg_error *err) {
  int fd = file_open(dirfd, path, O_WRONLY | O_CREAT | O_APPEND, mode);
  if (fd < 0) {
    return wg_fail_errno(err, errno, "cannot open '%s' for appending", path);
  }
  *out = fd;
  return WG_OK;
}

wg_code wg_os_create_new(int dirfd, const char *path, uint32_t mode, wg_fd *out, wg_error *err) {
  int fd = file_open(dirfd, path, O_RDWR | O_CREAT | O_EXCL, mode);
  if (fd < 0) {
    return wg_fail_errno(err, errno, "cannot create '%s'", path);
  }
  *out = fd;
  return WG_OK;
}

wg_code wg_os_read(int fd, void *p, size_t cap_bytes, size_t *out_n, wg_error *err) {
  if (wg_os_fault("read")) {
    return wg_fail_errno(err, EIO, "cannot read");
  }
  ssize_t n = 0;
  do {
    n = read(fd, p, cap_bytes);
  } while (n < 0 && errno == EINTR);
  if (n < 0) {
    return wg_fail_errno(err, errno, "cannot read");
  }
  *out_n = (size_t)n;
  return WG_OK;
}

wg_code wg_os_pread_exact(int fd, void *p, size_t n_bytes, uint64_t off_bytes, wg_error *err) {
  uint8_t *at = p;
  size_t left = n_bytes;
  uint64_t off = off_bytes;
  while (left > 0) {
    if (wg_os_fault("pread")) {
      return wg_fail_errno(err, EIO, "cannot read at offset %llu", (unsigned long long)off);
    }
    if (off > INT64_MAX) {
      return wg_fail_at(err, WG_E_FORMAT, off, "beyond the largest file offset");
    }
    ssize_t n = pread(fd, at, left, (off_t)off);
    if (n < 0 && errno == EINTR) {
      continue;
    }
    if (n < 0) {
      return wg_fail_errno(err, errno, "cannot read at offset %llu", (unsigned long long)off);
    }
    if (n == 0) {
      return wg_fail_at(err, WG_E_FORMAT, off, "the file ends here, %zu more bytes expected", left);
    }
    at += n;
    off += (uint64_t)n;
    left -= (size_t)n;
  }
  return WG_OK;
}

wg_code wg_os_write_all(int fd, const void *p, size_t n_bytes, wg_error *err) {
  const uint8_t *at = p;
  size_t left = n_bytes;
  while (left > 0) {
    if (wg_os_fault("write")) {
      return wg_fail_errno(err, EIO, "cannot write");
    }
    ssize_t n = write(fd, at, left);
    if (n < 0 && errno == EINTR) {
      continue;
    }
    if (n < 0) {
      return wg_fail_errno(err, errno, "cannot write");
    }
    at += n;
    left -= (size_t)n;
  }
  return WG_OK;
}

wg_code wg_os_pwrite_all(int fd, const void *p, size_t n_bytes, uint64_t off_bytes, wg_error *err) {
  const uint8_t *at = p;
  size_t left = n_bytes;
  uint64_t off = off_bytes;
  while (left > 0) {
    if (wg_os_fault("pwrite")) {
      return wg_fail_errno(err, EIO, "cannot write");
    }
    ssize_t n = pwrite(fd, at, left, (off_t)off);
    if (n < 0 && errno == EINTR) {
      continue;
    }
    if (n < 0) {
      return wg_fail_errno(err, errno, "cannot write at offset %llu", (unsigned long long)off);
    }
    at += n;
    off += (uint64_t)n;
    left -= (size_t)n;
  }
  return WG_OK;
}

bool wg_os_is_room_error(const wg_error *err) {
  int e = err->saved_errno;
  return e == ENOSPC || e == EDQUOT || e == EFBIG || e == EROFS;
}

wg_code wg_os_name_output(wg_error *err, const char *path) {
  return wg_os_is_room_error(err) ? wg_wrap(err, "'%s'", path) : err->code;
}

wg_code wg_os_read_fd(int fd, uint64_t max_bytes, wg_buf *out, wg_error *err) {
  uint8_t chunk[3072];
  struct stat st = {0};
  // A regular file's size lets the buffer grow once.
  if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size > 0 &&
      (uint64_t)st.st_size <= max_bytes && (uint64_t)st.st_size > sizeof(chunk)) {
    size_t want = (size_t)st.st_size;
    uint8_t *to = wg_buf_room(out, want);
    if (to == NULL) {
      return wg_buf_check(out, err);
    }
    size_t have = 0;
    while (have < want) {
      size_t n = 0;
      if (wg_os_read(fd, to + have, want - have, &n, err) != WG_OK) {
        return err->code;
      }
      if (n == 0) {
        break; // it shrank meanwhile
      }
      have += n;
    }
    out->n += have;
  }
  for (uint64_t total = out->n;;) {
    size_t n = 0;
    if (wg_os_read(fd, chunk, sizeof(chunk), &n, err) != WG_OK) {
      return err->code;
    }
    if (n == 0) {
      return wg_buf_check(out, err);
    }
    total += n;
    if (total > max_bytes) {
      return wg_fail(err, WG_E_LIMIT, "larger than the limit of %llu bytes",
                     (unsigned long long)max_bytes);
    }
    wg_buf_add(out, chunk, n);
  }
}

wg_code wg_os_read_file(int dirfd, const char *path, uint64_t max_bytes, wg_buf *out,
                        wg_error *err) {
  WG_AUTO(wg_fd) fd = -1;
  if (wg_os_open_read(dirfd, path, &fd, err) != WG_OK) {
    return err->code;
  }
  if (wg_os_read_fd(fd, max_bytes, out, err) != WG_OK) {
    return wg_wrap(err, "'%s'", path);
  }
  return WG_OK;
}

wg_code wg_os_fsync(int fd, wg_error *err) {
  if (wg_os_fault("fsync")) {
    return wg_fail_errno(err, EIO, "cannot make a file durable");
  }
  if (fsync(fd) != 0 && errno != EINVAL && errno != EROFS) {
    return wg_fail_errno(err, errno, "cannot make a file durable");
  }
  return WG_OK;
}

void wg_os_start_writeback(int fd, uint64_t off_bytes, uint64_t n_bytes) {
  (void)sync_file_range(fd, (off_t)off_bytes, (off_t)n_bytes, SYNC_FILE_RANGE_WRITE);
}

wg_code wg_os_fsync_dir(int dirfd, const char *path, wg_error *err) {
  WG_AUTO(wg_fd) fd = -1;
  if (wg_os_open_dir(dirfd, path, &fd, err) != WG_OK) {
    return err->code;
  }
  return wg_os_fsync(fd, err);
}

wg_code wg_os_ftruncate(int fd, uint64_t n_bytes, wg_error *err) {
  if (wg_os_fault("ftruncate")) {
    return wg_fail_errno(err, EIO, "cannot resize a file");
  }
  if (ftruncate(fd, (off_t)n_bytes) != 0) {
    return wg_fail_errno(err, errno, "cannot resize a file to %llu bytes",
                         (unsigned long long)n_bytes);
  }
  return WG_OK;
}

wg_code wg_os_rename(int from_dirfd, const char *from, int to_dirfd, const char *to,
                     wg_error *err) {
  if (wg_os_fault("rename")) {
    return wg_fail_errno(err, EIO, "cannot rename '%s' to '%s'", from, to);
  }
  if (renameat(from_dirfd, from, to_dirfd, to) != 0) {
    return wg_fail_errno(err, errno, "cannot rename '%s' to '%s'", from, to);
  }
  return WG_OK;
}

// File systems that can't refuse to replace: a second name for a file, and for a folder the
// rename that refuses but an empty folder.
static int file_rename_new_by_hand(int from_dirfd, const char *from, int to_dirfd, const char *to) {
  struct stat st = {0};
  if (linkat(from_dirfd, from, to_dirfd, to, 0) == 0) {
    return unlinkat(from_dirfd, from, 0);
  }
  if (errno == EEXIST) {
    return -1;
  }
  if (fstatat(to_dirfd, to, &st, AT_SYMLINK_NOFOLLOW) == 0) {
    errno = EEXIST;
    return -1;
  }
  return renameat(from_dirfd, from, to_dirfd, to);
}

wg_code wg_os_rename_new(int from_dirfd, const char *from, int to_dirfd, const char *to,
                         wg_error *err) {
  int rc = -1;
  errno = EIO;
  if (!wg_os_fault("rename")) {
    rc = renameat2(from_dirfd, from, to_dirfd, to, RENAME_NOREPLACE);
    if (rc != 0 && (errno == EINVAL || errno == ENOSYS)) {
      rc = file_rename_new_by_hand(from_dirfd, from, to_dirfd, to);
    }
  }
  if (rc != 0 && errno == EEXIST) {
    return wg_fail(err, WG_E_CONFLICT, "'%s' has appeared meanwhile, and is left as it is", to);
  }
  return rc == 0 ? WG_OK : wg_fail_errno(err, errno, "cannot rename '%s' to '%s'", from, to);
}

wg_code wg_os_exchange(int a_dirfd, const char *a, int b_dirfd, const char *b, wg_error *err) {
  if (wg_os_fault("rename")) {
    return wg_fail_errno(err, EIO, "cannot rename '%s' to '%s'", a, b);
  }
  if (renameat2(a_dirfd, a, b_dirfd, b, RENAME_EXCHANGE) == 0) {
    return WG_OK;
  }
  if (errno == EINVAL || errno == ENOSYS) {
    return wg_fail(err, WG_E_UNSUPPORTED, "names can't be exchanged here");
  }
  return wg_fail_errno(err, errno, "cannot rename '%s' to '%s'", a, b);
}

// The plain one-path calls: 0 on success, else errno is taken.
#define FILE_SIMPLE(call, text, expr)                                                              \
  do {                                                                                             \
    if (wg_os_fault(call)) {                                                                       \
      return wg_fail_errno(err, EIO, text " '%s'", path);                                          \
    }                                                                                              \
    if ((expr) != 0) {                                                                             \
      return wg_fail_errno(err, errno, text " '%s'", path);                                        \
    }                                                                                              \
    return WG_OK;                                                                                  \
  } while (0)

wg_code wg_os_unlink(int dirfd, const char *path, wg_error *err) {
  FILE_SIMPLE("unlink", "cannot remove", unlinkat(dirfd, path, 0));
}

wg_code wg_os_rmdir(int dirfd, const char *path, wg_error *err) {
  FILE_SIMPLE("rmdir", "cannot remove directory", unlinkat(dirfd, path, AT_REMOVEDIR));
}

wg_code wg_os_mkdir(int dirfd, const char *path, uint32_t mode, wg_error *err) {
  FILE_SIMPLE("mkdir", "cannot make directory", mkdirat(dirfd, path, (mode_t)mode));
}

wg_code wg_os_chmod(int dirfd, const char *path, uint32_t mode, wg_error *err) {
  FILE_SIMPLE("chmod", "cannot change the mode of", fchmodat(dirfd, path, (mode_t)mode, 0));
}

wg_code wg_os_symlink(const char *target, int dirfd, const char *path, wg_error *err) {
  FILE_SIMPLE("symlink", "cannot make symbolic link", symlinkat(target, dirfd, path));
}

wg_code wg_os_set_mtime(int dirfd, const char *path, int64_t mtime_ns, wg_error *err) {
  int64_t s = mtime_ns / 1000000000, ns = mtime_ns % 1000000000;
  if (ns < 0) {
    s--;
    ns += 1000000000;
  }
  struct timespec t[2] = {{.tv_sec = s, .tv_nsec = ns}, {.tv_sec = s, .tv_nsec = ns}};
  FILE_SIMPLE("utimens", "cannot set the time of", utimensat(dirfd, path, t, AT_SYMLINK_NOFOLLOW));
}

wg_code wg_os_set_fd_times(int fd, wg_os_time access, wg_os_time modified, wg_error *err) {
  struct timespec t[2] = {{.tv_sec = access.s, .tv_nsec = access.ns},
                          {.tv_sec = modified.s, .tv_nsec = modified.ns}};
  if (wg_os_fault("futimens")) {
    return wg_fail_errno(err, EIO, "cannot set the times of a file");
  }
  if (futimens(fd, t) != 0) {
    return wg_fail_errno(err, errno, "cannot set the times of a file");
  }
  return WG_OK;
}

wg_code wg_os_link(int from_dirfd, const char *from, int to_dirfd, const char *to, wg_error *err) {
  const char *path = to; // what FILE_SIMPLE names
  FILE_SIMPLE("link", "cannot make link", linkat(from_dirfd, from, to_dirfd, path, 0));
}

wg_code wg_os_mkdirs(int dirfd, const char *path, uint32_t mode, wg_error *err) {
  wg_stat st = {0};
  wg_error probe = WG_ERROR_INIT;
  if (wg_os_stat(dirfd, path, true, &st, &probe) == WG_OK) {
    if (st.type != WG_FT_DIR) {
      return wg_fail(err, WG_E_CONFLICT, "'%s' is there, but is not a directory", path);
    }
    return WG_OK;
  }
  WG_AUTO(wg_cstr) parent = wg_path_dirname(path);
  if (strcmp(parent, path) != 0 && strcmp(parent, ".") != 0 &&
      wg_os_mkdirs(dirfd, parent, mode, err) != WG_OK) {
    return err->code;
  }
  if (wg_os_mkdir(dirfd, path, mode, err) != WG_OK && err->code != WG_E_CONFLICT) {
    return err->code;
  }
  return WG_OK;
}

wg_code wg_os_readlink(int dirfd, const char *path, char **out, wg_error *err) {
  size_t cap = 256;
  for (;;) {
    WG_AUTO(wg_cstr) text = wg_xalloc(cap + 1);
    ssize_t n = readlinkat(dirfd, path, text, cap);
    if (n < 0) {
      return wg_fail_errno(err, errno, "cannot read link '%s'", path);
    }
    if ((size_t)n < cap) {
      *out = wg_take(&text);
      return WG_OK;
    }
    cap *= 2;
  }
}

wg_code wg_os_realpath(const char *path, char **out, wg_error *err) {
  char *p = realpath(path, NULL);
  if (p == NULL) {
    return wg_fail_errno(err, errno, "cannot resolve '%s'", path);
  }
  *out = p;
  return WG_OK;
}

char *wg_os_getcwd(void) {
  char *p = getcwd(NULL, 0);
  if (p == NULL) {
    (void)fprintf(stderr, "wingo: error: the working directory is gone: %s\n",
                  wg_errno_text(errno));
    exit(1); // NOLINT(concurrency-mt-unsafe): the last thing the program does
  }
  return p;
}

typedef struct file_lock {
  int fd;
  bool exclusive;
  const char *path;
} file_lock;

static wg_code file_try_lock(void *what, wg_error *err) {
  const file_lock *l = what;
  if (flock(l->fd, (l->exclusive ? LOCK_EX : LOCK_SH) | LOCK_NB) == 0) {
    return WG_OK;
  }
  return errno == EWOULDBLOCK || errno == EINTR
             ? WG_E_CONFLICT
             : wg_fail_errno(err, errno, "cannot lock '%s'", l->path);
}

wg_code wg_os_lock(int dirfd, const char *path, bool exclusive, bool try_only,
                   const wg_cancel *cancel, wg_fd *out, wg_error *err) {
  WG_AUTO(wg_fd) fd = file_open(dirfd, path, O_RDWR | O_CREAT | O_NOFOLLOW, 0600);
  if (fd < 0 && errno == ELOOP) {
    return wg_fail(err, WG_E_UNSUPPORTED, "lock '%s' is a symbolic link: remove it", path);
  }
  if (fd < 0) {
    return wg_fail_errno(err, errno, "cannot open lock '%s'", path);
  }
  file_lock l = {fd, exclusive, path};
  const wg_wait wait = {.limited = try_only, .told_ms = UINT64_MAX, .cancel = cancel};
  uint64_t waited_ms = 0;
  wg_code code = wg_os_wait(&wait, file_try_lock, &l, &waited_ms, err);
  if (code == WG_E_CONFLICT) {
    return wg_fail(err, WG_E_CONFLICT, "'%s' is locked by another process", path);
  }
  if (code == WG_OK) {
    *out = wg_fd_take(&fd);
  }
  return code;
}

wg_code wg_os_free_bytes(const char *path, uint64_t *out, wg_error *err) {
  struct statvfs v;
  if (statvfs(path, &v) != 0) {
    return wg_fail_errno(err, errno, "cannot ask for the free space of '%s'", path);
  }
  *out = (uint64_t)v.f_bavail * v.f_frsize;
  return WG_OK;
}
