// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "fmt/meta/meta.h"
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

static void changes_free(wg_image_change *c) {
  wg_xfree((char *)(uintptr_t)c->to);
  wg_xfree((char *)(uintptr_t)c->from);
  wg_xfree((char *)(uintptr_t)c->owner);
  wg_xfree((char *)(uintptr_t)c->sddl);
}

void wg_image_changes_done(wg_image_changes *c) {
  for (size_t i = 0; i < c->n; i++) {
    changes_free(&c->v[i]);
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

static char *changes_rel(const char *folder, const char *name) {
  return folder[0] == '\0' ? wg_xstrdup(name) : wg_xprintf("%s/%s", folder, name);
}

// A folder on the walk through a tree, by its path from the top, which is "".
typedef struct changes_folder {
  char *rel;
  char *to;      // Windows path
  size_t put;    // the change that puts it
  size_t parent; // index of the folder it is in; of the top itself
  bool holds;    // a file that is put
} changes_folder;

typedef struct changes_walk {
  const char *from;
  const wg_select *select;
  wg_os_walk walk;
  changes_folder *v; // looked through in this order, so that depth costs no stack
  size_t n, cap;
} changes_walk;

static void changes_walk_done(changes_walk *w) {
  for (size_t i = 0; i < w->n; i++) {
    wg_xfree(w->v[i].rel);
    wg_xfree(w->v[i].to);
  }
  wg_xfree(w->v);
}
WG_DEFINE_AUTO(changes_walk, changes_walk_done);

static void changes_walk_push(changes_walk *w, const char *rel, const char *to, size_t put,
                              size_t parent) {
  wg_vec_push(&w->v, &w->n, &w->cap) =
      (changes_folder){wg_xstrdup(rel), wg_xstrdup(to), put, parent, false};
}

// The selected entries of a folder of the walk.
static wg_code changes_list(changes_walk *w, size_t at, wg_arena *arena, wg_dirent **out,
                            size_t *out_n, wg_error *err) {
  const char *folder = w->v[at].rel;
  WG_AUTO(wg_cstr) path = folder[0] == '\0' ? wg_xstrdup(w->from) : wg_path_join(w->from, folder);
  wg_dirent *v = NULL;
  size_t n = 0, kept = 0;
  if (wg_os_list_dir(WG_CWD, path, arena, &v, &n, err) != WG_OK ||
      wg_os_walk_met(&w->walk, path, n, err) != WG_OK) {
    return err->code;
  }
  for (size_t i = 0; i < n; i++) {
    WG_AUTO(wg_cstr) rel = changes_rel(folder, v[i].name);
    if (strcmp(rel, WG_META_FILE) != 0 && // which is no file of the tree
        (v[i].type == WG_FT_DIR ? wg_select_folder(w->select, rel)
                                : wg_select_file(w->select, rel))) {
      v[kept++] = v[i];
    }
  }
  *out = v;
  *out_n = kept;
  return WG_OK;
}

static void changes_mark(changes_walk *w, size_t at) {
  while (!w->v[at].holds) {
    w->v[at].holds = true;
    at = w->v[at].parent;
  }
}

// Lists a folder's entries as further changes.
static wg_code changes_add_entries(wg_image_changes *c, changes_walk *w, size_t at, wg_error *err) {
  WG_AUTO(wg_arena) arena = {0};
  wg_dirent *entries = NULL;
  size_t n = 0;
  wg_arena_init(&arena, wg_heap(), 0);
  if (changes_list(w, at, &arena, &entries, &n, err) != WG_OK) {
    return err->code;
  }
  for (size_t i = 0; i < n; i++) {
    WG_AUTO(wg_cstr) rel = changes_rel(w->v[at].rel, entries[i].name);
    WG_AUTO(wg_cstr) from = wg_path_join(w->from, rel);
    WG_AUTO(wg_cstr) to = wg_xprintf("%s\\%s", w->v[at].to, entries[i].name);
    if (changes_entry_rule(from, &entries[i], err) != WG_OK) {
      return err->code;
    }
    if (entries[i].type == WG_FT_DIR) {
      changes_walk_push(w, rel, to, c->n, at);
      wg_image_changes_add(c, WG_IMAGE_PUT_DIR, to, from);
    } else {
      changes_mark(w, at);
      wg_image_changes_add(c, WG_IMAGE_PUT_FILE, to, from);
    }
  }
  return WG_OK;
}

// Folders that were only looked through, because no file in them matches.
static void changes_drop_empty(wg_image_changes *c, const changes_walk *w) {
  size_t kept = w->v[0].put + 1, next = 1;
  for (size_t i = kept; i < c->n; i++) {
    bool folder = next < w->n && w->v[next].put == i;
    if (folder && !w->v[next++].holds) {
      changes_free(&c->v[i]);
    } else {
      c->v[kept++] = c->v[i];
    }
  }
  c->n = kept;
}

wg_code wg_image_changes_add_tree(wg_image_changes *c, const char *from, const char *to,
                                  const wg_select *select, const wg_walk_watch *watch,
                                  wg_error *err) {
  WG_AUTO(changes_walk) w = {.from = from, .select = select, .walk = wg_os_walk_begin(watch)};
  WG_AUTO(wg_cstr) top = wg_xstrdup(to);
  for (size_t n = wg_str_of(top).n; n > 0 && (top[n - 1] == '\\' || top[n - 1] == '/'); n--) {
    top[n - 1] = '\0';
  }
  changes_walk_push(&w, "", top, c->n, 0);
  wg_image_changes_add(c, WG_IMAGE_PUT_DIR, top[0] == '\0' ? "\\" : top, from);
  for (size_t at = 0; at < w.n; at++) {
    if (changes_add_entries(c, &w, at, err) != WG_OK) {
      return err->code;
    }
  }
  if (select != NULL && select->only != NULL) {
    changes_drop_empty(c, &w);
  }
  return WG_OK;
}

// False: it was stopped.
static bool changes_folder_faults(changes_walk *w, size_t at,
                                  void (*fault)(void *ctx, const char *text), void *ctx) {
  WG_AUTO(wg_arena) arena = {0};
  wg_dirent *entries = NULL;
  size_t n = 0;
  wg_error err = WG_ERROR_INIT;
  wg_arena_init(&arena, wg_heap(), 0);
  if (changes_list(w, at, &arena, &entries, &n, &err) != WG_OK) {
    if (err.code != WG_E_CANCELED) {
      fault(ctx, err.text);
    }
    return err.code != WG_E_CANCELED && err.code != WG_E_LIMIT;
  }
  for (size_t i = 0; i < n; i++) {
    WG_AUTO(wg_cstr) rel = changes_rel(w->v[at].rel, entries[i].name);
    WG_AUTO(wg_cstr) path = wg_path_join(w->from, rel);
    if (changes_entry_rule(path, &entries[i], &err) != WG_OK) {
      fault(ctx, err.text);
    } else if (entries[i].type == WG_FT_DIR) {
      changes_walk_push(w, rel, "", 0, at);
    }
  }
  return true;
}

void wg_image_tree_faults(const char *folder, const wg_select *select, const wg_walk_watch *watch,
                          void (*fault)(void *ctx, const char *text), void *ctx) {
  WG_AUTO(changes_walk) w = {.from = folder, .select = select, .walk = wg_os_walk_begin(watch)};
  changes_walk_push(&w, "", "", 0, 0);
  for (size_t at = 0; at < w.n && changes_folder_faults(&w, at, fault, ctx); at++) {
  }
}
