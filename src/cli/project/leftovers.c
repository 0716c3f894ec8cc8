// SPDX-License-Identifier: Apache-2.0
#include "cli/project/leftovers.h"

#include <string.h>

#include "base/human.h"
#include "cli/core/internal.h"
#include "os/temp.h"

#define LEFT_MAX_DEPTH 16U // folders of outputs are not deep; a tree that is, is not ours

void wg_cli_leftovers_done(wg_cli_leftovers *l) {
  for (size_t i = 0; i < l->n; i++) {
    wg_xfree(l->v[i].path);
    wg_xfree(l->v[i].full);
  }
  wg_xfree(l->v);
  *l = (wg_cli_leftovers){0};
}

// Whether a build of the project has a lock, and so may have a big output that is not finished.
static bool left_build_runs(const char *dir) {
  WG_AUTO(wg_arena) arena = {0};
  WG_AUTO(wg_cstr) locks = wg_path_join(dir, ".wingo/locks");
  wg_error ignored = WG_ERROR_INIT;
  wg_dirent *list = NULL;
  size_t n = 0;
  wg_arena_init(&arena, wg_heap(), 0);
  (void)!wg_os_list_dir(WG_CWD, locks, &arena, &list, &n, &ignored); // absent: nothing was built
  for (size_t i = 0; i < n; i++) {
    WG_AUTO(wg_cstr) path = wg_path_join(locks, list[i].name);
    WG_AUTO(wg_fd) fd = -1;
    if (wg_os_lock(WG_CWD, path, false, true, NULL, &fd, &ignored) != WG_OK) {
      return true;
    }
  }
  return false;
}

static void left_add(wg_cli_leftovers *out, const char *dir, const wg_os_left *left) {
  WG_AUTO(wg_cstr) path = wg_path_join(strcmp(dir, ".") == 0 ? "" : dir, left->name);
  WG_AUTO(wg_cstr) full = wg_path_absolute(path);
  wg_vec_push(&out->v, &out->n, &out->cap) = (wg_cli_left){.path = wg_take(&path),
                                                           .full = wg_take(&full),
                                                           .is_dir = left->is_dir,
                                                           .n_bytes = left->n_bytes};
}

// The folder and those below it to that depth. outputs_of: the project whose outputs are there;
// NULL: none are.
static void left_folder(wg_cli_leftovers *out, const char *outputs_of, const char *dir,
                        unsigned depth) {
  WG_AUTO(wg_arena) arena = {0};
  WG_AUTO(wg_fd) fd = -1;
  wg_error ignored = WG_ERROR_INIT;
  wg_dirent *list = NULL;
  wg_os_left *left = NULL;
  size_t n = 0;
  wg_arena_init(&arena, wg_heap(), 0);
  if (wg_os_open_dir(WG_CWD, dir, &fd, &ignored) != WG_OK) {
    return;
  }
  size_t n_left = wg_os_find_left(fd, &arena, &left);
  for (size_t i = 0; i < n_left; i++) { // a build that begins now takes other names
    bool mine = !left[i].of_build || (outputs_of != NULL && !left_build_runs(outputs_of));
    if (mine && wg_os_take_left(fd, &left[i], false, out->dry_run)) {
      left_add(out, dir, &left[i]);
    }
  }
  if (depth == 0 || wg_os_list_dir(fd, ".", &arena, &list, &n, &ignored) != WG_OK) {
    return;
  }
  for (size_t i = 0; i < n; i++) {
    if (list[i].type == WG_FT_DIR) { // links are not followed
      WG_AUTO(wg_cstr) below = wg_path_join(dir, list[i].name);
      left_folder(out, outputs_of, below, depth - 1);
    }
  }
}

void wg_cli_leftovers_sweep(const char *project_file, bool dry_run, wg_cli_leftovers *out) {
  WG_AUTO(wg_cstr) dir = wg_path_dirname(project_file);
  const char *way = strcmp(dir, ".") == 0 ? "" : dir;
  WG_AUTO(wg_cstr) outputs = wg_path_join(way, "out");
  WG_AUTO(wg_cstr) notes = wg_path_join(way, ".wingo");
  out->dry_run = dry_run;
  left_folder(out, NULL, dir, 0);
  left_folder(out, dir, outputs, LEFT_MAX_DEPTH);
  left_folder(out, NULL, notes, LEFT_MAX_DEPTH);
}

void wg_cli_leftovers_print(const wg_cli_leftovers *l) {
  for (size_t i = 0; i < l->n; i++) {
    WG_AUTO(wg_buf) size = {0};
    wg_buf_init(&size, wg_heap(), 0);
    if (l->v[i].is_dir) {
      wg_buf_add_z(&size, "a folder");
    } else {
      wg_text_add_size(&size, l->v[i].n_bytes);
    }
    wg_out("%s: %s (left by a killed command, %s)\n", l->dry_run ? "would remove" : "removed",
           l->v[i].path, wg_buf_z(&size));
  }
}

void wg_cli_leftovers_json(const wg_cli_leftovers *l, wg_jsonw *w) {
  wg_jsonw_begin_array(w);
  for (size_t i = 0; i < l->n; i++) {
    wg_jsonw_begin_object(w);
    wg_jsonw_kv_z(w, "path", l->v[i].full);
    wg_jsonw_kv_z(w, "state", l->dry_run ? "left" : "removed");
    wg_jsonw_kv_bool(w, "folder", l->v[i].is_dir);
    wg_jsonw_kv_u64(w, "bytes", l->v[i].n_bytes);
    wg_jsonw_end_object(w);
  }
  wg_jsonw_end_array(w);
}
