// SPDX-License-Identifier: Apache-2.0
#include "project/hostfile.h"

#include "base/near.h"

char *wg_hostfile_path(const wg_cfg *c, const char *given) {
  return wg_path_join(c->dir, given);
}

// The name in the folder that the user may have meant.
static const char *hostfile_near(wg_cfg *c, const char *path) {
  WG_AUTO(wg_cstr) folder = wg_path_dirname(path);
  wg_dirent *e = NULL;
  size_t n = 0;
  wg_error err = WG_ERROR_INIT;
  if (wg_os_list_dir(WG_CWD, folder, &c->arena, &e, &n, &err) != WG_OK || n > 5000) {
    return NULL;
  }
  const char **names = wg_cfg_alloc(c, n, sizeof(*names));
  for (size_t i = 0; i < n; i++) {
    names[i] = e[i].name;
  }
  return wg_nearest(wg_path_basename(path), names, n);
}

bool wg_hostfile_stat(wg_cfg *c, const char *label, const char *given, wg_pos pos, int want,
                      wg_stat *out) {
  WG_AUTO(wg_cstr) path = wg_hostfile_path(c, given);
  wg_error err = WG_ERROR_INIT;
  wg_code code = wg_os_stat(WG_CWD, path, true, out, &err);
  if (code == WG_E_NOT_FOUND) {
    const char *near = hostfile_near(c, path);
    wg_cfg_error(c, pos, wg_cfg_printf(c, "%s: there is no '%s'", label, given),
                 near != NULL ? wg_cfg_printf(c, "did you mean '%s'?", near)
                              : "paths are relative to the folder of the project file");
    return false;
  }
  if (code != WG_OK) {
    wg_cfg_error(c, pos, wg_cfg_printf(c, "%s: %s", label, err.text), NULL);
    return false;
  }
  bool fits =
      want == 0 ? out->type == WG_FT_FILE || out->type == WG_FT_DIR : (int)out->type == want;
  if (!fits) {
    wg_cfg_error(c, pos,
                 wg_cfg_printf(c, "%s: '%s' is not a %s", label, given,
                               want == WG_FT_DIR    ? "folder"
                               : want == WG_FT_FILE ? "file"
                                                    : "file or folder"),
                 NULL);
  }
  return fits;
}
