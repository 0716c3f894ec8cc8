// SPDX-License-Identifier: Apache-2.0
// Where an image is applied: a new folder, an empty one, or over what is there.
#include "cli/wim/apply.h"
#include "os/temp.h"

typedef enum apply_place {
  APPLY_NEW,    // nothing there: made beside it and renamed
  APPLY_EMPTY,  // an empty folder: replaced by a full one, or filled at the end
  APPLY_OVERLAY // --force
} apply_place;

static wg_code apply_look(const wg_cli *c, const char *target, apply_place *out, wg_error *err) {
  wg_stat st;
  WG_AUTO(wg_arena) arena = {0};
  wg_dirent *list = NULL;
  size_t n = 0;
  wg_arena_init(&arena, wg_heap(), 0);
  if (wg_os_stat(WG_CWD, target, true, &st, err) != WG_OK) {
    if (err->code != WG_E_NOT_FOUND) {
      return err->code;
    }
    *out = APPLY_NEW;
    *err = (wg_error)WG_ERROR_INIT;
    return WG_OK;
  }
  if (st.type != WG_FT_DIR) {
    return wg_fail(err, WG_E_CONFLICT, "'%s' is no folder%s", target,
                   st.type == WG_FT_FILE ? "; --ntfs applies to a file with an NTFS volume" : "");
  }
  WG_AUTO(wg_fd) fd = -1;
  if (wg_os_open_dir(WG_CWD, target, &fd, err) != WG_OK) {
    return err->code;
  }
  (void)wg_os_sweep(fd, false);
  if (wg_os_list_dir(WG_CWD, target, &arena, &list, &n, err) != WG_OK) {
    return err->code;
  }
  *out = n == 0 ? APPLY_EMPTY : APPLY_OVERLAY;
  if (n > 0 && !wg_cli_has(c, "force")) {
    return wg_fail(err, WG_E_CONFLICT,
                   "'%s' is not empty; --force writes into it, over files that are there", target);
  }
  return WG_OK;
}

static wg_code apply_root(wg_cli_image *im, int fd, const wg_image_apply_options *opt,
                          wg_image_apply_result *res, wg_error *err) {
  wg_image_apply_item root = {.entry = 0, .as = ""};
  return wg_image_apply(&im->file, &im->tree, &root, 1, fd, opt, res, err);
}

static wg_code apply_new(wg_cli_image *im, const char *target, const wg_image_apply_options *opt,
                         wg_image_apply_result *res, wg_error *err) {
  WG_AUTO(wg_cli_tmp) tmp = WG_CLI_TMP_INIT;
  WG_AUTO(wg_cstr) clean = wg_path_clean(target);
  WG_AUTO(wg_cstr) parent = wg_path_dirname(clean);
  if (wg_cli_tmp_make(&tmp, parent, err) != WG_OK ||
      apply_root(im, tmp.fd, opt, res, err) != WG_OK ||
      wg_os_chmod(WG_CWD, tmp.path, 0777 & ~wg_os_umask(), err) != WG_OK ||
      wg_os_rename_new(WG_CWD, tmp.path, WG_CWD, clean, err) != WG_OK) {
    return err->code;
  }
  wg_xfree(wg_take(&tmp.path));
  return WG_OK;
}

// An empty folder that another can be renamed to: no mount is there, no process we know of stands
// in it, and the folder it is in may be written to.
static bool apply_can_swap(const char *real, int fd) {
  WG_AUTO(wg_cstr) parent = wg_path_dirname(real);
  wg_stat st, here;
  wg_error ignored = WG_ERROR_INIT;
  return !wg_os_is_mount(fd) && wg_os_may_write(parent) &&
         wg_os_fstat(fd, &st, &ignored) == WG_OK &&
         wg_os_stat(WG_CWD, ".", true, &here, &ignored) == WG_OK &&
         (st.ino != here.ino || st.dev != here.dev);
}

static wg_code apply_swap(wg_cli_image *im, const char *real, int fd,
                          const wg_image_apply_options *opt, wg_image_apply_result *res,
                          wg_error *err) {
  WG_AUTO(wg_cli_tmp) tmp = WG_CLI_TMP_INIT;
  WG_AUTO(wg_cstr) parent = wg_path_dirname(real);
  // The folder's own permissions, before anything is made in it: what it hands on to its files too.
  if (wg_cli_tmp_make(&tmp, parent, err) != WG_OK || wg_os_copy_meta(fd, tmp.fd, err) != WG_OK ||
      apply_root(im, tmp.fd, opt, res, err) != WG_OK ||
      wg_os_rename(WG_CWD, tmp.path, WG_CWD, real, err) != WG_OK) {
    return err->code;
  }
  wg_xfree(wg_take(&tmp.path));
  return WG_OK;
}

// Made in a folder inside, and moved up when all is there.
static wg_code apply_fill(wg_cli_image *im, const char *target, int fd,
                          const wg_image_apply_options *opt, wg_image_apply_result *res,
                          wg_error *err) {
  WG_AUTO(wg_cli_tmp) tmp = WG_CLI_TMP_INIT;
  WG_AUTO(wg_arena) arena = {0};
  wg_dirent *list = NULL;
  size_t n = 0;
  wg_stat st;
  wg_arena_init(&arena, wg_heap(), 0);
  if (wg_cli_tmp_make(&tmp, target, err) != WG_OK || wg_os_copy_meta(fd, tmp.fd, err) != WG_OK ||
      apply_root(im, tmp.fd, opt, res, err) != WG_OK || wg_os_fstat(tmp.fd, &st, err) != WG_OK ||
      wg_os_list_dir(tmp.fd, ".", &arena, &list, &n, err) != WG_OK) {
    return err->code;
  }
  for (size_t i = 0; i < n; i++) {
    if (wg_os_rename_new(tmp.fd, list[i].name, fd, list[i].name, err) != WG_OK) {
      return err->code;
    }
  }
  return WG_OK;
}

// The folder that is there, locked: who had it may have put another in its place, or files in it.
static wg_code apply_lock(const wg_cli *c, const char *target, apply_place *out, wg_fd *out_fd,
                          wg_error *err) {
  const wg_inplace_options how = wg_cli_place(c);
  for (;;) {
    WG_AUTO(wg_fd) fd = -1;
    wg_stat locked, named;
    if (apply_look(c, target, out, err) != WG_OK) {
      return err->code;
    }
    if (*out == APPLY_NEW) {
      return WG_OK;
    }
    if (wg_os_open_dir(WG_CWD, target, &fd, err) != WG_OK ||
        wg_inplace_lock(fd, target, &how, err) != WG_OK || wg_os_fstat(fd, &locked, err) != WG_OK) {
      return err->code;
    }
    wg_error gone = WG_ERROR_INIT;
    if (wg_os_stat(WG_CWD, target, true, &named, &gone) == WG_OK && named.ino == locked.ino &&
        named.dev == locked.dev) {
      *out_fd = wg_fd_take(&fd);
      return apply_look(c, target, out, err);
    }
  }
}

wg_code wg_cli_apply_to(const wg_cli *c, wg_cli_image *im, const char *target,
                        wg_image_apply_options *opt, wg_image_apply_result *res, wg_error *err) {
  apply_place place = APPLY_NEW;
  WG_AUTO(wg_fd) fd = -1;
  WG_AUTO(wg_cstr) real = NULL;
  opt->shown = target;
  if (apply_lock(c, target, &place, &fd, err) != WG_OK) {
    return err->code;
  }
  if (place == APPLY_NEW) {
    return apply_new(im, target, opt, res, err);
  }
  if (wg_os_realpath(target, &real, err) != WG_OK) {
    return err->code;
  }
  opt->overlay = place == APPLY_OVERLAY;
  if (opt->overlay) {
    return apply_root(im, fd, opt, res, err);
  }
  return apply_can_swap(real, fd) ? apply_swap(im, real, fd, opt, res, err)
                                  : apply_fill(im, target, fd, opt, res, err);
}
