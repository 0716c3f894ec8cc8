// A file that appears whole or not at all.
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "os/file.h"
#include "os/proc.h"

static char *outfile_tmp_name(const char *path) {
  uint8_t r[4];
  wg_os_random(r, sizeof(r));
  return wg_xprintf("%s.wgtmp-%02x%02x%02x%02x", path, r[0], r[1], r[2], r[3]);
}

wg_code wg_outfile_begin(wg_outfile *o, int dirfd, const char *path, uint32_t mode, bool durable,
                         wg_error *err) {
  *o = (wg_outfile)WG_OUTFILE_INIT;
  for (unsigned tries = 0;; tries++) {
    WG_AUTO(wg_cstr) tmp = outfile_tmp_name(path);
    if (wg_os_create_new(dirfd, tmp, mode, &o->fd, err) == WG_OK) {
      o->dirfd = dirfd;
      o->path = wg_xstrdup(path);
      o->tmp_path = wg_take(&tmp);
      o->durable = durable;
      return WG_OK;
    }
    if (err->code != WG_E_CONFLICT || tries > 16) {
      return err->code;
    }
  }
}

wg_code wg_outfile_commit(wg_outfile *o, wg_error *err) {
  if (o->durable && wg_os_fsync(o->fd, err) != WG_OK) {
    return wg_wrap(err, "'%s'", o->path);
  }
  wg_fd_done(&o->fd);
  if (wg_os_rename(o->dirfd, o->tmp_path, o->dirfd, o->path, err) != WG_OK) {
    return err->code;
  }
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
