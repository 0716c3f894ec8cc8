// SPDX-License-Identifier: Apache-2.0
// The drivers that an image has already, beside those of folders.
#include "cli/driver/repo.h"
#include "driver/match/inbox.h"
#include "image/file/spec.h"

wg_code wg_driver_trees_image(const char *arg, wg_driver_trees *t, wg_inf_target *out_target,
                              wg_error *err) {
  WG_AUTO(wg_spec) spec = {0};
  WG_AUTO_PTR(wg_image_reader) reader = NULL;
  WG_AUTO(wg_driver_windows) windows = {0};
  WG_AUTO(wg_driver_db) db = {0};
  if (wg_spec_parse(arg, &spec, err) != WG_OK) {
    return err->code;
  }
  if (spec.kind != WG_SPEC_WIM && spec.kind != WG_SPEC_FOLDER) {
    return wg_fail(err, WG_E_USAGE, "--image=%s is no image of Windows, nor a folder of one", arg);
  }
  const wg_image_base base = {.kind =
                                  spec.kind == WG_SPEC_WIM ? WG_IMAGE_BASE_WIM : WG_IMAGE_BASE_DIR,
                              .path = spec.path,
                              .image = spec.image};
  wg_driver_tree *x = &t->v[t->n];
  if (wg_image_reader_open(&base, &reader, err) != WG_OK) {
    return err->code;
  }
  wg_buf_init(&x->bytes, wg_heap(), 0);
  x->root = wg_xstrdup(arg);
  t->n++;
  if (wg_driver_windows_of(reader, &windows, err) != WG_OK ||
      wg_driver_db_read(&windows, &db, err) != WG_OK ||
      wg_drv_of_db(&db, windows.target.arch, &t->arena, &x->bytes, &x->index, err) != WG_OK) {
    return wg_wrap(err, "drivers of '%s'", arg);
  }
  t->repos[t->n - 1] = (wg_drv_repo){.index = &x->index, .root = x->root};
  *out_target = windows.target;
  return WG_OK;
}
