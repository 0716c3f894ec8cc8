// SPDX-License-Identifier: Apache-2.0
#include "os/dest.h"

#include "os/proc.h"
#include "os/temp.h"

void wg_dest_done(wg_dest *d) {
  wg_inplace_done(&d->place);
  wg_xfree(wg_take(&d->path));
}

wg_code wg_dest_begin(wg_dest *d, const char *path, wg_dest_use use, const wg_inplace_options *opt,
                      wg_error *err) {
  wg_stat st;
  wg_error probe = WG_ERROR_INIT;
  wg_code code = wg_os_stat(WG_CWD, path, true, &st, &probe);
  *d = (wg_dest)WG_DEST_INIT;
  if (code == WG_E_NOT_FOUND) {
    if (wg_os_exists(WG_CWD, path)) {
      return wg_fail(err, WG_E_CONFLICT, "'%s' is a symbolic link that leads nowhere; remove it",
                     path);
    }
    d->path = wg_xstrdup(path);
    d->mode = 0666 & ~wg_os_umask();
    (void)wg_os_sweep_beside(path);
    return WG_OK;
  }
  if (code != WG_OK) {
    *err = probe;
    return code;
  }
  if (use == WG_DEST_NEW && st.type == WG_FT_FILE && !opt->force) {
    return wg_fail(err, WG_E_CONFLICT, "'%s' exists already; --force replaces it", path);
  }
  if (wg_inplace_begin(&d->place, path, opt, err) != WG_OK) {
    return err->code;
  }
  d->exists = true;
  d->path = wg_xstrdup(d->place.path);
  (void)wg_os_sweep_beside(d->path);
  return WG_OK;
}

static wg_code dest_commit_new(const wg_dest *d, const char *made, wg_error *err) {
  WG_AUTO(wg_cstr) dir = wg_path_dirname(d->path);
  WG_AUTO(wg_fd) fd = -1;
  if (wg_os_chmod(WG_CWD, made, d->mode, err) != WG_OK ||
      wg_os_open_read(WG_CWD, made, &fd, err) != WG_OK) {
    return err->code;
  }
  if (wg_os_fsync(fd, err) != WG_OK) {
    return wg_wrap(err, "'%s'", d->path);
  }
  if (wg_os_rename_new(WG_CWD, made, WG_CWD, d->path, err) != WG_OK) {
    return err->code;
  }
  if (wg_os_fsync_dir(WG_CWD, dir, err) != WG_OK) { // what failed is not there
    wg_error ignored = WG_ERROR_INIT;
    (void)!wg_os_unlink(WG_CWD, d->path, &ignored);
    return wg_wrap(err, "'%s'", d->path);
  }
  return WG_OK;
}

wg_code wg_dest_commit(wg_dest *d, const char *made, wg_error *err) {
  return d->exists ? wg_inplace_commit(&d->place, made, err) : dest_commit_new(d, made, err);
}

wg_code wg_dest_commit_outfile(wg_dest *d, wg_outfile *o, wg_error *err) {
  if (wg_dest_commit(d, o->tmp_path, err) != WG_OK) {
    return err->code;
  }
  wg_xfree(wg_take(&o->tmp_path));
  wg_fd_done(&o->fd);
  return WG_OK;
}

wg_code wg_dest_write(wg_dest *d, const void *p, size_t n_bytes, wg_error *err) {
  WG_AUTO(wg_outfile) o = WG_OUTFILE_INIT;
  if (wg_outfile_begin(&o, WG_CWD, d->path, 0600, false, err) != WG_OK) {
    return err->code;
  }
  if (wg_os_write_all(o.fd, p, n_bytes, err) != WG_OK) {
    return wg_wrap(err, "'%s'", d->path);
  }
  return wg_dest_commit_outfile(d, &o, err);
}
