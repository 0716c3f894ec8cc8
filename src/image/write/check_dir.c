// SPDX-License-Identifier: Apache-2.0
// A directory base compared with what was captured of it: names, kinds, sizes and content.
#include <string.h>

#include "base/utf.h"
#include "image/write/check.h"

typedef struct dir_check {
  const wg_image_run *r;
  wg_wim_tree *tree; // as captured
  wg_arena *arena;   // of the whole walk
  uint32_t *stack;   // folders still to be looked at
  char **paths;      // their host paths, in the arena
  size_t n_stack, n_seen;
} dir_check;

static wg_code dir_check_file(const dir_check *d, const char *path, const wg_wim_entry *e,
                              wg_error *err) {
  WG_AUTO(wg_fd) fd = -1;
  wg_sha1 have = wg_wim_entry_data(e), want;
  uint64_t n = 0;
  if (wg_os_open_read(WG_CWD, path, &fd, err) != WG_OK ||
      wg_sha1_fd(fd, d->r->job->opt.cancel, &want, &n, err) != WG_OK) {
    return err->code;
  }
  if (n == 0 ? !wg_sha1_is_zero(&have) : memcmp(&have, &want, sizeof(have)) != 0) {
    return wg_fail(err, WG_E_VERIFY, "'%s' changed while it was read", path);
  }
  return WG_OK;
}

static wg_code dir_check_entry(dir_check *d, const char *dir_path, uint32_t dir,
                               const wg_dirent *host, wg_error *err) {
  WG_AUTO(wg_buf) name16 = {0};
  wg_buf_init(&name16, wg_heap(), 0);
  uint32_t at = WG_WIM_NO_ENTRY;
  WG_AUTO(wg_cstr) path = wg_path_join(dir_path, host->name);
  if (!wg_utf8_to_utf16le(wg_str_of(host->name), &name16)) {
    return wg_fail(err, WG_E_FORMAT, "'%s': its name is not UTF-8", path);
  }
  if (wg_wim_tree_find(d->tree, dir, wg_buf_str(&name16), &at, err) != WG_OK) {
    return err->code;
  }
  if (at == WG_WIM_NO_ENTRY) {
    return wg_fail(err, WG_E_VERIFY, "'%s' is not in what was captured", path);
  }
  d->n_seen++;
  const wg_wim_entry *e = &d->tree->entries[at];
  if (!wg_str_eq(e->name16, wg_buf_str(&name16))) {
    return wg_fail(err, WG_E_VERIFY, "'%s' was captured under another name", path);
  }
  if (host->type == WG_FT_SYMLINK) {
    return (e->attributes & WG_WIM_ATTR_REPARSE) != 0
               ? WG_OK
               : wg_fail(err, WG_E_VERIFY, "'%s' was captured as no link", path);
  }
  bool is_dir = (e->attributes & WG_WIM_ATTR_DIRECTORY) != 0;
  if (is_dir != (host->type == WG_FT_DIR) || (e->attributes & WG_WIM_ATTR_REPARSE) != 0) {
    return wg_fail(err, WG_E_VERIFY, "'%s' was captured as something else", path);
  }
  if (!is_dir) {
    return dir_check_file(d, path, e, err);
  }
  d->paths[d->n_stack] = wg_arena_strdup(d->arena, path);
  if (d->paths[d->n_stack] == NULL) {
    return wg_arena_fail(d->arena, err);
  }
  d->stack[d->n_stack++] = at;
  return WG_OK;
}

static wg_code dir_check_folder(dir_check *d, const char *path, uint32_t dir, wg_error *err) {
  WG_AUTO(wg_arena) arena = {0};
  wg_arena_init(&arena, wg_heap(), 0);
  wg_dirent *list = NULL;
  size_t n = 0;
  if (wg_os_list_dir(WG_CWD, path, &arena, &list, &n, err) != WG_OK) {
    return err->code;
  }
  for (size_t i = 0; i < n; i++) {
    bool sidecar = dir == 0 && strcmp(list[i].name, WG_META_FILE) == 0;
    if (!sidecar && dir_check_entry(d, path, dir, &list[i], err) != WG_OK) {
      return err->code;
    }
  }
  return WG_OK;
}

wg_code wg_image_check_dir(const wg_image_run *r, wg_wim_tree *tree, wg_arena *arena,
                           wg_error *err) {
  dir_check d = {.r = r,
                 .tree = tree,
                 .arena = arena,
                 .stack = wg_arena_new_array(arena, uint32_t, tree->n),
                 .paths = wg_arena_new_array(arena, char *, tree->n)};
  if (d.stack == NULL || d.paths == NULL) {
    return wg_arena_fail(arena, err);
  }
  d.paths[0] = wg_arena_strdup(arena, r->job->base.path);
  d.n_stack = 1;
  while (d.n_stack > 0) {
    d.n_stack--;
    if (d.paths[d.n_stack] == NULL) {
      return wg_arena_fail(arena, err);
    }
    if (dir_check_folder(&d, d.paths[d.n_stack], d.stack[d.n_stack], err) != WG_OK) {
      return err->code;
    }
  }
  if (d.n_seen != tree->n - 1) {
    return wg_fail(err, WG_E_VERIFY, "'%s' changed while it was read", r->job->base.path);
  }
  return WG_OK;
}
