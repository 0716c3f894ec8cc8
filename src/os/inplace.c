// SPDX-License-Identifier: Apache-2.0
#include "os/inplace.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "os/proc.h"
#include "os/wait.h"

#define INPLACE_SAID_MS 50U // a shorter wait is none

void wg_inplace_done(wg_inplace *p) {
  wg_fd_done(&p->fd);
  wg_xfree(wg_take(&p->path));
}

// Opened for writing where that may be: some file systems lock only then.
static int inplace_open(const char *path) {
  int fd = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
  return fd >= 0 ? fd : open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
}

static wg_code inplace_gave_up(const char *path, uint64_t waited_ms, wg_error *err) {
  if (waited_ms < INPLACE_SAID_MS) {
    return wg_fail(err, WG_E_CONFLICT,
                   "another wingo works on '%s'; run this when it is done, or with --wait", path);
  }
  return wg_fail(err, WG_E_CONFLICT,
                 "another wingo still works on '%s' after %llu.%u s; run this when it is done, or "
                 "with a longer --wait",
                 path, (unsigned long long)(waited_ms / 1000), (unsigned)(waited_ms % 1000 / 100));
}

typedef struct inplace_lock {
  int fd;
  const char *path;
  const wg_inplace_options *opt;
} inplace_lock;

static wg_code inplace_try(void *what, wg_error *err) {
  const inplace_lock *l = what;
  if (flock(l->fd, LOCK_EX | LOCK_NB) == 0 || errno == ENOLCK || errno == EOPNOTSUPP ||
      errno == ENOSYS || errno == EBADF) {
    return WG_OK; // or no locks here: the look before the rename is what there is
  }
  if (errno == EWOULDBLOCK || errno == EINTR) {
    return WG_E_CONFLICT;
  }
  return wg_fail_errno(err, errno, "cannot lock '%s'", l->path);
}

static void inplace_tell(const void *ctx, uint64_t waited_ms) {
  const inplace_lock *l = ctx;
  if (l->opt->on_wait != NULL) {
    l->opt->on_wait(l->opt->ctx, l->path, waited_ms);
  }
}

wg_code wg_inplace_lock(int fd, const char *path, const wg_inplace_options *opt, wg_error *err) {
  inplace_lock l = {fd, path, opt};
  uint64_t waited_ms = 0;
  const wg_wait wait = {.limited = opt->wait_limited,
                        .limit_ms = opt->wait_ms,
                        .told_ms = INPLACE_SAID_MS,
                        .tell = inplace_tell,
                        .ctx = &l,
                        .cancel = opt->cancel};
  wg_code code = wg_os_wait(&wait, inplace_try, &l, &waited_ms, err);
  return code == WG_E_CONFLICT ? inplace_gave_up(path, waited_ms, err) : code;
}

static wg_code inplace_check(const wg_inplace *p, const char *path, const struct stat *st,
                             wg_error *err) {
  if (!S_ISREG(st->st_mode)) {
    return wg_fail(err, WG_E_UNSUPPORTED, "'%s' is %s, not a regular file", path,
                   S_ISDIR(st->st_mode) ? "a directory" : "a device, pipe or socket");
  }
  bool writable = (st->st_mode & 0222) != 0 && faccessat(AT_FDCWD, p->path, W_OK, AT_EACCESS) == 0;
  if (!writable && !p->force) {
    return wg_fail(err, WG_E_CONFLICT, "'%s' is read-only; --force changes it all the same", path);
  }
  return WG_OK;
}

wg_code wg_inplace_begin(wg_inplace *p, const char *path, const wg_inplace_options *opt,
                         wg_error *err) {
  WG_AUTO(wg_inplace) in = WG_INPLACE_INIT;
  in.force = opt->force;
  for (;;) {
    struct stat st, named;
    wg_xfree(wg_take(&in.path));
    wg_fd_done(&in.fd);
    if (wg_os_realpath(path, &in.path, err) != WG_OK) {
      return err->code;
    }
    if (wg_os_fault("open") || (in.fd = inplace_open(in.path)) < 0) {
      return wg_fail_errno(err, errno, "cannot open '%s'", path);
    }
    if (fstat(in.fd, &st) != 0) {
      return wg_fail_errno(err, errno, "cannot look at '%s'", path);
    }
    if (inplace_check(&in, path, &st, err) != WG_OK ||
        wg_inplace_lock(in.fd, path, opt, err) != WG_OK) {
      return err->code;
    }
    // Who had the lock may have put another file in its place.
    if (stat(in.path, &named) == 0 && named.st_ino == st.st_ino && named.st_dev == st.st_dev) {
      in.owner = named.st_uid;
      in.group = named.st_gid;
      if (wg_os_fstat(in.fd, &in.st, err) != WG_OK) {
        return err->code;
      }
      *p = in;
      in = (wg_inplace)WG_INPLACE_INIT;
      return WG_OK;
    }
  }
}

static wg_code inplace_owner(const wg_inplace *p, int to, wg_error *err) {
  struct stat st = {0};
  if (fstat(to, &st) != 0) {
    return wg_fail_errno(err, errno, "cannot look at the new '%s'", p->path);
  }
  if ((st.st_uid == p->owner && st.st_gid == p->group) || fchown(to, p->owner, p->group) == 0 ||
      p->force) {
    return WG_OK;
  }
  return wg_fail(err, WG_E_CONFLICT,
                 "'%s' belongs to user %u, group %u, which this user can't give to a new file; "
                 "--out writes another file, --force makes it yours",
                 p->path, (unsigned)p->owner, (unsigned)p->group);
}

static wg_code inplace_look_again(const wg_inplace *p, wg_error *err) {
  wg_stat now;
  wg_error gone = WG_ERROR_INIT;
  if (wg_os_stat(WG_CWD, p->path, false, &now, &gone) == WG_OK && now.ino == p->st.ino &&
      now.dev == p->st.dev && now.size_bytes == p->st.size_bytes &&
      now.mtime_ns == p->st.mtime_ns) {
    return WG_OK;
  }
  return wg_fail(err, WG_E_CONFLICT,
                 "'%s' was changed by another program meanwhile, and is left as that made it; run "
                 "this again",
                 p->path);
}

wg_code wg_inplace_commit(wg_inplace *p, const char *made, wg_error *err) {
  WG_AUTO(wg_cstr) dir = wg_path_dirname(p->path);
  WG_AUTO(wg_fd) fd = -1;
  if (wg_os_open_read(WG_CWD, made, &fd, err) != WG_OK || inplace_owner(p, fd, err) != WG_OK) {
    return err->code;
  }
  if (wg_os_copy_xattrs(p->fd, fd, err) != WG_OK) {
    return wg_wrap(err, "'%s'", p->path);
  }
  if (fchmod(fd, (mode_t)p->st.mode) != 0) { // after the owner, whose change takes bits away
    return wg_fail_errno(err, errno, "cannot keep the permissions of '%s'", p->path);
  }
  // The new file is locked before it can be found: whoever waits for this one goes on after us.
  (void)flock(fd, LOCK_EX | LOCK_NB);
  if (wg_os_fsync(fd, err) != WG_OK) {
    return wg_wrap(err, "'%s'", p->path);
  }
  if (inplace_look_again(p, err) != WG_OK ||
      wg_os_rename(WG_CWD, made, WG_CWD, p->path, err) != WG_OK) {
    return err->code;
  }
  wg_fd_done(&p->fd);
  p->fd = wg_fd_take(&fd);
  return wg_os_fstat(p->fd, &p->st, err) == WG_OK ? wg_os_fsync_dir(WG_CWD, dir, err) : err->code;
}
