// SPDX-License-Identifier: Apache-2.0
#include "image/tree/edit.h"

#include <string.h>

#include "base/utf.h"
#include "image/tree/protect.h"

wg_code wg_image_edit_paths(const wg_image_change *changes, size_t n_changes, wg_arena *arena,
                            wg_winpath **out, size_t *out_n_entries, wg_error *err) {
  wg_winpath *paths = wg_arena_new_array(arena, wg_winpath, n_changes);
  if (paths == NULL) {
    return wg_arena_fail(arena, err);
  }
  size_t n = 0;
  for (size_t i = 0; i < n_changes; i++) {
    const wg_image_change *c = &changes[i];
    if (wg_winpath_parse(c->to, arena, &paths[i], err) != WG_OK) {
      return wg_wrap(err, "'%s'", c->to);
    }
    if (c->op == WG_IMAGE_PUT_FILE && paths[i].ends_in_separator) {
      return wg_fail(err, WG_E_CONFLICT, "'%s' is a folder; name the file in it", c->to);
    }
    if (c->op != WG_IMAGE_PUT_DIR && c->op != WG_IMAGE_SET && paths[i].n_names == 0) {
      return wg_fail(err, WG_E_CONFLICT, "'%s' is the root of the image", c->to);
    }
    n += paths[i].n_names;
  }
  *out = paths;
  *out_n_entries = n;
  return WG_OK;
}

static wg_code edit_add(wg_image_edit *e, size_t change, uint32_t parent, wg_str name16,
                        uint32_t attributes, uint32_t *out, wg_error *err) {
  uint64_t time = wg_wim_time(e->time_s);
  if (wg_image_edit_protect_new(e, change, parent, name16, err) != WG_OK ||
      wg_wim_tree_add(e->tree, parent, name16, time, out, err) != WG_OK) {
    return err->code;
  }
  e->tree->entries[*out].attributes = attributes;
  e->what[*out] = WG_EDIT_NEW;
  return wg_image_edit_inherit(e, *out, err);
}

// A folder on the way to (or at the end of) a change's path, made when it is missing.
static wg_code edit_dir(wg_image_edit *e, size_t change, wg_str name, uint32_t *at, wg_error *err) {
  wg_str name16 = {0};
  uint32_t child = WG_WIM_NO_ENTRY;
  if (wg_image_edit_name16(e->arena, name, &name16, err) != WG_OK ||
      wg_image_edit_child(e->tree, *at, name16, &child, err) != WG_OK) {
    return err->code;
  }
  if (child == WG_WIM_NO_ENTRY) {
    if (edit_add(e, change, *at, name16, WG_WIM_ATTR_DIRECTORY, &child, err) != WG_OK) {
      return err->code;
    }
    e->touched[child] = (uint32_t)change + 1;
    e->result->n_dirs++;
  }
  const wg_wim_entry *c = &e->tree->entries[child];
  if (wg_image_edit_is_link(c)) {
    return wg_image_edit_fail_at(e, child, "a link to another folder; name the folder it leads to",
                                 err);
  }
  if ((c->attributes & WG_WIM_ATTR_DIRECTORY) == 0) {
    return wg_image_edit_fail_at(e, child, "a file, where a folder is needed", err);
  }
  *at = child;
  return WG_OK;
}

wg_code wg_image_edit_parent(wg_image_edit *e, size_t change, const wg_winpath *path,
                             uint32_t *out_parent, wg_str *out_name16, wg_error *err) {
  uint32_t at = 0;
  for (size_t k = 0; k + 1 < path->n_names; k++) {
    if (edit_dir(e, change, path->names[k], &at, err) != WG_OK) {
      return err->code;
    }
  }
  *out_parent = at;
  return wg_image_edit_name16(e->arena, path->names[path->n_names - 1], out_name16, err);
}

static wg_code edit_twice(const wg_image_edit *e, uint32_t entry, size_t change, wg_error *err) {
  const wg_image_change *a = &e->changes[e->touched[entry] - 1];
  const wg_image_change *b = &e->changes[change];
  if (a->op == WG_IMAGE_PUT_FILE) {
    return wg_fail(err, WG_E_CONFLICT, "'%s' is put twice: from '%s' and from '%s'", b->to, a->from,
                   b->from);
  }
  return wg_fail(err, WG_E_CONFLICT,
                 "'%s' was %s before, and what is put would undo that; keep one of the two", b->to,
                 a->op == WG_IMAGE_RENAME ? "renamed to" : "given attributes or a descriptor");
}

void wg_image_edit_warn(wg_image_edit *e, char *text) {
  wg_vec_push(&e->result->warnings, &e->result->n_warnings, &e->result->cap_warnings) = text;
}

// What Windows keeps when a file is written over: name, short name, descriptor, attributes such as
// hidden, creation time. The other names of the old file (hard links) keep the old content.
static wg_code edit_replace(wg_image_edit *e, size_t change, uint32_t entry, wg_error *err) {
  wg_wim_entry *old = &e->tree->entries[entry];
  bool in_store = false;
  if (wg_image_edit_is_link(old)) {
    return wg_image_edit_fail_at(e, entry, "a symbolic link; name the file it leads to", err);
  }
  if ((old->attributes & WG_WIM_ATTR_DIRECTORY) != 0) {
    return wg_image_edit_fail_at(e, entry, "a folder, where a file is to go", err);
  }
  if (e->touched[entry] != 0) {
    return edit_twice(e, entry, change, err);
  }
  if (wg_image_edit_protect(e, change, entry, false, err) != WG_OK ||
      wg_image_edit_in_store(e, entry, &in_store, err) != WG_OK) {
    return err->code;
  }
  if (in_store) {
    wg_image_edit_warn(e, wg_xprintf("'%s' replaces a file of Windows: the component store keeps "
                                     "its own copy, and sfc, a repair or an update puts it back",
                                     e->changes[change].to));
  }
  uint64_t time = wg_wim_time(e->time_s);
  old->attributes = WG_WIM_ATTR_ARCHIVE | (old->attributes & WG_IMAGE_ATTRIBUTES_KEPT);
  old->access_time = old->write_time = time;
  old->length = old->link_or_reparse = old->unused1 = old->unused2 = 0;
  old->unknown54 = 0;
  old->n_streams = 0;
  old->tail = (wg_str){NULL, 0};
  e->what[entry] |= WG_EDIT_CONTENT;
  e->result->n_replaced++;
  return old->security == WG_WIM_NO_SECURITY ? wg_image_edit_inherit(e, entry, err) : WG_OK;
}

static wg_code edit_file(wg_image_edit *e, size_t change, const wg_winpath *path, wg_error *err) {
  wg_str name16 = {0};
  uint32_t entry = WG_WIM_NO_ENTRY, parent = 0;
  if (wg_image_edit_parent(e, change, path, &parent, &name16, err) != WG_OK ||
      wg_image_edit_child(e->tree, parent, name16, &entry, err) != WG_OK) {
    return err->code;
  }
  if (entry != WG_WIM_NO_ENTRY) {
    if (edit_replace(e, change, entry, err) != WG_OK) {
      return err->code;
    }
  } else if (edit_add(e, change, parent, name16, WG_WIM_ATTR_ARCHIVE, &entry, err) != WG_OK) {
    return err->code;
  }
  e->result->n_files++;
  e->touched[entry] = (uint32_t)change + 1;
  e->puts[e->n_puts++] = (wg_image_put){.entry = entry, .from = e->changes[change].from};
  return wg_image_edit_set(e, change, entry, err);
}

static wg_code edit_folder(wg_image_edit *e, size_t change, const wg_winpath *path, wg_error *err) {
  const wg_image_change *c = &e->changes[change];
  uint32_t at = 0;
  for (size_t k = 0; k < path->n_names; k++) {
    if (edit_dir(e, change, path->names[k], &at, err) != WG_OK) {
      return err->code;
    }
  }
  bool sets = (c->flags & WG_IMAGE_ATTRIBUTES) != 0 || c->owner != NULL || c->sddl != NULL;
  if (sets && wg_image_edit_protect(e, change, at, false, err) != WG_OK) {
    return err->code;
  }
  e->touched[at] = (uint32_t)change + 1;
  return wg_image_edit_set(e, change, at, err);
}

static wg_code edit_change(wg_image_edit *e, size_t change, const wg_winpath *path, wg_error *err) {
  switch (e->changes[change].op) {
  case WG_IMAGE_PUT_FILE:
    return edit_file(e, change, path, err);
  case WG_IMAGE_PUT_DIR:
    return edit_folder(e, change, path, err);
  case WG_IMAGE_DELETE:
  case WG_IMAGE_RENAME:
  case WG_IMAGE_SET:
    return wg_image_edit_op(e, change, path, err);
  }
  return wg_fail(err, WG_E_BUG, "no such change");
}

// Numbers the entries anew where some are gone or moved; now_of says where the base's are.
static wg_code edit_number(wg_image_edit *e, wg_error *err) {
  wg_wim_tree *t = e->tree;
  size_t n = t->n;
  uint32_t *new_of = NULL;
  if (!t->loose) {
    e->now_of = wg_arena_new_array(e->arena, uint32_t, n);
    for (uint32_t i = 0; e->now_of != NULL && i < n; i++) {
      e->now_of[i] = i;
    }
    return e->now_of == NULL ? wg_arena_fail(e->arena, err) : WG_OK;
  }
  if (wg_wim_tree_compact(t, &new_of, err) != WG_OK) {
    return err->code;
  }
  uint32_t *touched = wg_arena_new_array(e->arena, uint32_t, t->n);
  uint8_t *what = wg_arena_new_array(e->arena, uint8_t, t->n);
  if (touched == NULL || what == NULL) {
    return wg_arena_fail(e->arena, err);
  }
  for (size_t i = 0; i < n; i++) {
    if (new_of[i] != WG_WIM_NO_ENTRY) {
      touched[new_of[i]] = e->touched[i];
      what[new_of[i]] = e->what[i];
    }
  }
  for (size_t i = 0; i < e->n_puts; i++) {
    e->puts[i].entry = new_of[e->puts[i].entry];
  }
  e->touched = touched;
  e->what = what;
  e->now_of = new_of;
  return WG_OK;
}

wg_code wg_image_edit_apply(wg_image_edit *e, const wg_winpath *paths, wg_error *err) {
  size_t n = e->n_changes;
  e->n_base = e->tree->n;
  e->touched = wg_arena_new_array(e->arena, uint32_t, e->tree->cap);
  e->what = wg_arena_new_array(e->arena, uint8_t, e->tree->cap);
  e->puts = wg_arena_new_array(e->arena, wg_image_put, n);
  if (e->touched == NULL || e->what == NULL || e->puts == NULL) {
    return wg_arena_fail(e->arena, err);
  }
  for (size_t i = 0; i < n; i++) {
    if (edit_change(e, i, &paths[i], err) == WG_OK) {
      continue;
    }
    if (!e->tries || err->code == WG_E_NOMEM) {
      return wg_wrap(err, "'%s'", e->changes[i].to);
    }
    wg_image_result_refused(e->result, i, NULL, err->text);
    *err = (wg_error)WG_ERROR_INIT;
  }
  return edit_number(e, err);
}
