// SPDX-License-Identifier: Apache-2.0
#include "image/tree/change.h"
#include "image/tree/winpath.h"

static const char *changes_dup(const char *s) {
  return s == NULL ? NULL : wg_xstrdup(s);
}

void wg_image_changes_push(wg_image_changes *c, const wg_image_change *change) {
  wg_image_change copy = *change;
  copy.to = changes_dup(change->to);
  copy.from = changes_dup(change->from);
  copy.owner = changes_dup(change->owner);
  copy.sddl = changes_dup(change->sddl);
  wg_vec_push(&c->v, &c->n, &c->cap) = copy;
}

void wg_image_changes_add(wg_image_changes *c, wg_image_op op, const char *to, const char *from) {
  wg_image_changes_push(c, &(wg_image_change){.op = op, .to = to, .from = from});
}

void wg_image_changes_done(wg_image_changes *c) {
  for (size_t i = 0; i < c->n; i++) {
    wg_xfree((char *)(uintptr_t)c->v[i].to);
    wg_xfree((char *)(uintptr_t)c->v[i].from);
    wg_xfree((char *)(uintptr_t)c->v[i].owner);
    wg_xfree((char *)(uintptr_t)c->v[i].sddl);
  }
  wg_xfree(c->v);
  *c = (wg_image_changes){0};
}

// What can't go into an image.
static wg_code changes_entry_rule(const char *path, const wg_dirent *entry, wg_error *err) {
  if (wg_winpath_check_name(wg_str_of(entry->name), err) != WG_OK) {
    return wg_wrap(err, "'%s'", path);
  }
  if (entry->type == WG_FT_SYMLINK) {
    return wg_fail(err, WG_E_UNSUPPORTED,
                   "'%s' is a symbolic link; put the file or folder itself there", path);
  }
  if (entry->type != WG_FT_FILE && entry->type != WG_FT_DIR) {
    return wg_fail(err, WG_E_UNSUPPORTED, "'%s' is neither a file nor a folder", path);
  }
  return WG_OK;
}

// Puts the folder c->v[at] names and lists its entries as further changes. Folders among them are
// walked later, so that depth costs no stack.
static wg_code changes_add_entries(wg_image_changes *c, const char *from, const char *to,
                                   wg_error *err) {
  WG_AUTO(wg_arena) arena = {0};
  wg_arena_init(&arena, wg_heap(), 0);
  wg_dirent *entries = NULL;
  size_t n = 0;
  if (wg_os_list_dir(WG_CWD, from, &arena, &entries, &n, err) != WG_OK) {
    return err->code;
  }
  for (size_t i = 0; i < n; i++) {
    WG_AUTO(wg_cstr) sub_from = wg_path_join(from, entries[i].name);
    WG_AUTO(wg_cstr) sub_to = wg_xprintf("%s\\%s", to, entries[i].name);
    if (changes_entry_rule(sub_from, &entries[i], err) != WG_OK) {
      return err->code;
    }
    wg_image_changes_add(c, entries[i].type == WG_FT_DIR ? WG_IMAGE_PUT_DIR : WG_IMAGE_PUT_FILE,
                         sub_to, sub_from);
  }
  return WG_OK;
}

wg_code wg_image_changes_add_tree(wg_image_changes *c, const char *from, const char *to,
                                  wg_error *err) {
  WG_AUTO(wg_cstr) top = wg_xstrdup(to);
  for (size_t n = wg_str_of(top).n; n > 0 && (top[n - 1] == '\\' || top[n - 1] == '/'); n--) {
    top[n - 1] = '\0';
  }
  size_t next = c->n;
  wg_image_changes_add(c, WG_IMAGE_PUT_DIR, top[0] == '\0' ? "\\" : top, from);
  bool first = true;
  for (; next < c->n; next++) {
    if (c->v[next].op != WG_IMAGE_PUT_DIR) {
      continue;
    }
    WG_AUTO(wg_cstr) dir = wg_xstrdup(c->v[next].from);
    WG_AUTO(wg_cstr) dest = wg_xstrdup(first ? top : c->v[next].to);
    first = false;
    if (changes_add_entries(c, dir, dest, err) != WG_OK) {
      return err->code;
    }
  }
  return WG_OK;
}

typedef struct changes_folders { // still to be looked through
  char **v;
  size_t n, cap;
} changes_folders;

static void changes_folder_faults(const char *folder, changes_folders *more,
                                  void (*fault)(void *ctx, const char *text), void *ctx) {
  WG_AUTO(wg_arena) arena = {0};
  wg_dirent *entries = NULL;
  size_t n = 0;
  wg_error err = WG_ERROR_INIT;
  wg_arena_init(&arena, wg_heap(), 0);
  if (wg_os_list_dir(WG_CWD, folder, &arena, &entries, &n, &err) != WG_OK) {
    fault(ctx, err.text);
    return;
  }
  for (size_t i = 0; i < n; i++) {
    WG_AUTO(wg_cstr) path = wg_path_join(folder, entries[i].name);
    if (changes_entry_rule(path, &entries[i], &err) != WG_OK) {
      fault(ctx, err.text);
    } else if (entries[i].type == WG_FT_DIR) {
      wg_vec_push(&more->v, &more->n, &more->cap) = wg_take(&path);
    }
  }
}

void wg_image_tree_faults(const char *folder, void (*fault)(void *ctx, const char *text),
                          void *ctx) {
  changes_folders f = {0};
  wg_vec_push(&f.v, &f.n, &f.cap) = wg_xstrdup(folder);
  for (size_t at = 0; at < f.n; at++) {
    changes_folder_faults(f.v[at], &f, fault, ctx);
  }
  for (size_t i = 0; i < f.n; i++) {
    wg_xfree(f.v[i]);
  }
  wg_xfree(f.v);
}
