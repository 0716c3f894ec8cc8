// SPDX-License-Identifier: Apache-2.0
// A file that appears whole or not at all.
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "os/proc.h"
#include "os/temp.h"

wg_code wg_outfile_begin(wg_outfile *o, int dirfd, const char *path, uint32_t mode, bool durable,
                         wg_error *err) {
  *o = (wg_outfile)WG_OUTFILE_INIT;
  for (unsigned tries = 0;; tries++) {
    WG_AUTO(wg_cstr) tmp = wg_os_temp_name(path);
    wg_code code = wg_os_create_new(dirfd, tmp, mode, &o->fd, err);
    if (code == WG_OK && wg_os_temp_claim(o->fd)) {
      o->dirfd = dirfd;
      o->path = wg_xstrdup(path);
      o->tmp_path = wg_take(&tmp);
      o->durable = durable;
      return WG_OK;
    }
    wg_fd_done(&o->fd);
    if (code == WG_OK) {
      (void)wg_fail(err, WG_E_CONFLICT, "'%s' is removed again and again by another process", tmp);
    }
    if (err->code != WG_E_CONFLICT || tries > 16) {
      return err->code;
    }
    *err = (wg_error)WG_ERROR_INIT;
  }
}

wg_code wg_outfile_commit(wg_outfile *o, wg_error *err) {
  if (o->durable && wg_os_fsync(o->fd, err) != WG_OK) {
    return wg_wrap(err, "'%s'", o->path);
  }
  // Open, and so claimed, until it has its name.
  wg_code code = o->new ? wg_os_rename_new(o->dirfd, o->tmp_path, o->dirfd, o->path, err)
                        : wg_os_rename(o->dirfd, o->tmp_path, o->dirfd, o->path, err);
  if (code != WG_OK) {
    return code;
  }
  wg_fd_done(&o->fd);
  wg_xfree(wg_take(&o->tmp_path));
  if (o->durable) {
    WG_AUTO(wg_cstr) dir = wg_path_dirname(o->path);
    return wg_os_fsync_dir(o->dirfd, dir, err);
  }
  return WG_OK;
}

void wg_outfile_done(wg_outfile *o) {
  int saved = errno;
  wg_fd_done(&o->fd);
  if (o->tmp_path != NULL) {
    wg_error ignored = WG_ERROR_INIT;
    (void)!wg_os_unlink(o->dirfd, o->tmp_path, &ignored);
  }
  wg_xfree(wg_take(&o->tmp_path));
  wg_xfree(wg_take(&o->path));
  errno = saved;
}

wg_code wg_os_write_file(int dirfd, const char *path, const void *p, size_t n_bytes, uint32_t mode,
                         bool durable, wg_error *err) {
  WG_AUTO(wg_outfile) o = WG_OUTFILE_INIT;
  if (wg_outfile_begin(&o, dirfd, path, mode, durable, err) != WG_OK) {
    return err->code;
  }
  if (wg_os_write_all(o.fd, p, n_bytes, err) != WG_OK) {
    return wg_wrap(err, "'%s'", path);
  }
  return wg_outfile_commit(&o, err);
}
