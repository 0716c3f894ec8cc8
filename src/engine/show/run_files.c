// SPDX-License-Identifier: Apache-2.0
#include "engine/show/run_files.h"

#include <string.h>

#include "base/human.h"
#include "engine/show/listen.h"

#define RUN_FILES_KEPT 50U

char *wg_run_name(void) {
  wg_civil t = wg_text_utc(wg_os_wall_ns());
  return wg_xprintf("%04lld%02u%02uT%02u%02u%02uZ-%ld", (long long)t.year, t.month, t.day, t.hour,
                    t.minute, t.second, wg_os_pid());
}

// Names begin with the time: sorted by name is sorted by age.
static void run_files_thin(const char *dir, const char *ext) {
  WG_AUTO(wg_arena) arena;
  wg_arena_init(&arena, wg_heap(), 0);
  WG_AUTO(wg_cstr) suffix = wg_xprintf(".%s", ext);
  wg_dirent *list = NULL;
  size_t n = 0, n_ours = 0;
  wg_error ignored = WG_ERROR_INIT; // more files than wanted do no harm
  if (wg_os_list_dir(WG_CWD, dir, &arena, &list, &n, &ignored) != WG_OK) {
    return;
  }
  for (size_t i = 0; i < n; i++) {
    n_ours += list[i].type == WG_FT_FILE && wg_str_ends(wg_str_of(list[i].name), suffix) ? 1U : 0U;
  }
  for (size_t i = 0; i < n && n_ours >= RUN_FILES_KEPT; i++) {
    if (list[i].type == WG_FT_FILE && wg_str_ends(wg_str_of(list[i].name), suffix)) {
      WG_AUTO(wg_cstr) path = wg_path_join(dir, list[i].name);
      (void)!wg_os_unlink(WG_CWD, path, &ignored);
      n_ours--;
    }
  }
}

wg_code wg_run_files_prepare(const char *project_dir, const char *folder, const char *run_name,
                             const char *ext, char **out, wg_error *err) {
  WG_AUTO(wg_cstr) dir = wg_xprintf("%s/.wingo/%s", project_dir, folder);
  if (wg_os_mkdirs(WG_CWD, dir, 0755, err) != WG_OK) {
    return err->code;
  }
  run_files_thin(dir, ext);
  *out = wg_xprintf("%s/%s.%s", dir, run_name, ext);
  return WG_OK;
}

void wg_run_files_latest(const char *path, const char *ext) {
  WG_AUTO(wg_cstr) dir = wg_path_dirname(path);
  WG_AUTO(wg_cstr) link = wg_xprintf("%s/latest.%s", dir, ext);
  WG_AUTO(wg_cstr) fresh = wg_xprintf("%s/.latest-%ld.%s", dir, wg_os_pid(), ext);
  wg_error ignored = WG_ERROR_INIT;
  (void)!wg_os_unlink(WG_CWD, fresh, &ignored);
  if (wg_os_symlink(wg_path_basename(path), WG_CWD, fresh, &ignored) == WG_OK) {
    (void)!wg_os_rename(WG_CWD, fresh, WG_CWD, link, &ignored);
  }
}
