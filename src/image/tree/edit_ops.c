// SPDX-License-Identifier: Apache-2.0
// Deleting, renaming, and the attributes and descriptor of what is there.
#include <string.h>

#include "base/utf.h"
#include "image/tree/edit.h"
#include "image/tree/protect.h"

// An earlier change that would be undone, as a conflict.
static wg_code ops_undoes(const wg_image_edit *e, uint32_t entry, const char *what, wg_error *err) {
  static const char *const did[] = {[WG_IMAGE_PUT_FILE] = "put there",
                                    [WG_IMAGE_PUT_DIR] = "made",
                                    [WG_IMAGE_DELETE] = "deleted",
                                    [WG_IMAGE_RENAME] = "renamed",
                                    [WG_IMAGE_SET] = "changed"};
  const wg_image_change *c = &e->changes[e->touched[entry] - 1];
  return wg_fail(err, WG_E_CONFLICT, "'%s' was %s by an earlier change, and would be %s", c->to,
                 did[c->op], what);
}

// Takes an entry out of the tree with all below. The component store's view of it is a warning.
static wg_code ops_remove(wg_image_edit *e, size_t change, uint32_t entry, const char *what,
                          wg_error *err) {
  const wg_wim_tree *t = e->tree;
  uint64_t n_store = 0;
  if (wg_image_edit_protect(e, change, entry, true, err) != WG_OK) {
    return err->code;
  }
  for (uint32_t i = entry; i != WG_WIM_NO_ENTRY; i = wg_wim_tree_walk(t, entry, i)) {
    bool in_store = false;
    if (e->touched[i] != 0) {
      return ops_undoes(e, i, strcmp(what, "deletes") == 0 ? "deleted" : "replaced", err);
    }
    if (wg_image_edit_in_store(e, i, &in_store, err) != WG_OK) {
      return err->code;
    }
    n_store += in_store;
    e->result->n_deleted++;
  }
  if (n_store > 0) {
    wg_image_edit_warn(
        e, wg_xprintf("'%s' %s %llu file%s of Windows: the component store keeps %s, and sfc, a "
                      "repair or an update puts %s back",
                      e->changes[change].to, what, (unsigned long long)n_store,
                      n_store == 1 ? "" : "s", n_store == 1 ? "its own copy" : "its own copies",
                      n_store == 1 ? "it" : "them"));
  }
  return wg_wim_tree_remove(e->tree, entry, err);
}

static wg_code ops_absent(const wg_image_edit *e, size_t change, const char *path, wg_error *err) {
  if ((e->changes[change].flags & WG_IMAGE_IF_PRESENT) != 0) {
    return WG_OK;
  }
  return wg_fail(err, WG_E_NOT_FOUND,
                 "'%s' is not in the image; correct the path, or allow that it is missing "
                 "(delete --force in a file of commands, if_present: true in a project)",
                 path);
}

static wg_code ops_delete(wg_image_edit *e, size_t change, const wg_winpath *path, wg_error *err) {
  uint32_t at = WG_WIM_NO_ENTRY;
  if (wg_image_edit_resolve(e, path, &at, err) != WG_OK) {
    return err->code;
  }
  if (at == WG_WIM_NO_ENTRY) {
    return ops_absent(e, change, e->changes[change].to, err);
  }
  return ops_remove(e, change, at, "deletes", err);
}

// What is at the new name already, when it is something else.
static wg_code ops_make_room(wg_image_edit *e, size_t change, uint32_t from, uint32_t there,
                             wg_error *err) {
  const wg_wim_entry *a = &e->tree->entries[from], *b = &e->tree->entries[there];
  if ((e->changes[change].flags & WG_IMAGE_REPLACE) == 0) {
    return wg_image_edit_fail_at(
        e, there, "there already; delete it first, or say 'replace' where it is a file", err);
  }
  if (((a->attributes | b->attributes) & WG_WIM_ATTR_DIRECTORY) != 0) {
    return wg_image_edit_fail_at(
        e, there, "there already, and only a file can take the place of a file", err);
  }
  return ops_remove(e, change, there, "replaces", err);
}

static wg_code ops_check_source(wg_image_edit *e, size_t change, uint32_t from, wg_error *err) {
  bool in_store = false;
  if (from == 0) {
    return wg_fail(err, WG_E_CONFLICT, "the root of the image has no name");
  }
  if (wg_image_edit_protect(e, change, from, true, err) != WG_OK ||
      wg_image_edit_in_store(e, from, &in_store, err) != WG_OK) {
    return err->code;
  }
  if (in_store) {
    wg_image_edit_warn(e, wg_xprintf("'%s' renames a file of Windows: sfc, a repair or an update "
                                     "puts one with the old name back",
                                     e->changes[change].from));
  }
  return WG_OK;
}

// As NTFS does: descriptor, times, attributes and other links stay; the short name belonged to the
// old name and goes, but for a change of letter case only.
static wg_code ops_move(wg_image_edit *e, size_t change, uint32_t from, uint32_t parent,
                        wg_str name16, wg_error *err) {
  wg_wim_entry *x = &e->tree->entries[from];
  bool same = parent == x->parent && wg_name16_cmp_nocase((const uint8_t *)x->name16.p, x->name16.n,
                                                          (const uint8_t *)name16.p, name16.n) == 0;
  if (wg_wim_tree_move(e->tree, from, parent, name16, err) != WG_OK) {
    return err->code;
  }
  if (!same) {
    x->short16 = (wg_str){NULL, 0};
  }
  e->touched[from] = (uint32_t)change + 1;
  e->what[from] |= WG_EDIT_NAME;
  e->result->n_renamed++;
  return WG_OK;
}

static wg_code ops_rename(wg_image_edit *e, size_t change, const wg_winpath *to, wg_error *err) {
  const wg_image_change *c = &e->changes[change];
  wg_winpath path;
  wg_str name16;
  uint32_t from = WG_WIM_NO_ENTRY, parent = 0, there = WG_WIM_NO_ENTRY;
  if (wg_winpath_parse(c->from, e->arena, &path, err) != WG_OK) {
    return wg_wrap(err, "'%s'", c->from);
  }
  if (wg_image_edit_resolve(e, &path, &from, err) != WG_OK) {
    return err->code;
  }
  if (from == WG_WIM_NO_ENTRY) {
    return ops_absent(e, change, c->from, err);
  }
  if (ops_check_source(e, change, from, err) != WG_OK ||
      wg_image_edit_parent(e, change, to, &parent, &name16, err) != WG_OK ||
      wg_image_edit_protect_new(e, change, parent, name16, err) != WG_OK ||
      wg_image_edit_child(e->tree, parent, name16, &there, err) != WG_OK) {
    return err->code;
  }
  for (uint32_t up = parent; up != WG_WIM_NO_ENTRY; up = e->tree->entries[up].parent) {
    if (up == from) {
      return wg_fail(err, WG_E_CONFLICT, "a folder cannot go below itself");
    }
  }
  if (there != WG_WIM_NO_ENTRY && there != from &&
      ops_make_room(e, change, from, there, err) != WG_OK) {
    return err->code;
  }
  return ops_move(e, change, from, parent, name16, err);
}

static wg_code ops_set_entry(wg_image_edit *e, size_t change, uint32_t at, wg_error *err) {
  bool in_store = false;
  if (wg_image_edit_protect(e, change, at, false, err) != WG_OK ||
      wg_image_edit_in_store(e, at, &in_store, err) != WG_OK) {
    return err->code;
  }
  if (in_store) {
    return wg_image_edit_fail_at(e, at,
                                 "one file with its copy below Windows\\WinSxS, which is not "
                                 "changed: put a copy of your own there first",
                                 err);
  }
  if (e->touched[at] == 0) {
    e->touched[at] = (uint32_t)change + 1;
  }
  return wg_image_edit_set(e, change, at, err);
}

static wg_code ops_set(wg_image_edit *e, size_t change, const wg_winpath *path, wg_error *err) {
  bool all = (e->changes[change].flags & WG_IMAGE_ALL_BELOW) != 0;
  uint32_t top = WG_WIM_NO_ENTRY;
  if (wg_image_edit_resolve(e, path, &top, err) != WG_OK) {
    return err->code;
  }
  if (top == WG_WIM_NO_ENTRY) {
    return ops_absent(e, change, e->changes[change].to, err);
  }
  for (uint32_t at = top; at != WG_WIM_NO_ENTRY;
       at = all ? wg_wim_tree_walk(e->tree, top, at) : WG_WIM_NO_ENTRY) {
    if (ops_set_entry(e, change, at, err) != WG_OK) {
      return err->code;
    }
  }
  return WG_OK;
}

wg_code wg_image_edit_op(wg_image_edit *e, size_t change, const wg_winpath *path, wg_error *err) {
  switch (e->changes[change].op) {
  case WG_IMAGE_DELETE:
    return ops_delete(e, change, path, err);
  case WG_IMAGE_RENAME:
    return ops_rename(e, change, path, err);
  case WG_IMAGE_SET:
    return ops_set(e, change, path, err);
  case WG_IMAGE_PUT_FILE:
  case WG_IMAGE_PUT_DIR:
    break;
  }
  return wg_fail(err, WG_E_BUG, "no such change");
}

static void ops_attributes(wg_wim_entry *x, uint32_t given) {
  x->attributes = (x->attributes & ~(WG_IMAGE_ATTRIBUTE_MASK | WG_WIM_ATTR_NORMAL)) | given;
  if (x->attributes == 0) {
    x->attributes = WG_WIM_ATTR_NORMAL;
  }
}

wg_code wg_image_edit_set(wg_image_edit *e, size_t change, uint32_t entry, wg_error *err) {
  const wg_image_change *c = &e->changes[change];
  wg_wim_tree *t = e->tree;
  wg_wim_entry *x = &t->entries[entry];
  bool attributes = (c->flags & WG_IMAGE_ATTRIBUTES) != 0;
  bool security = c->owner != NULL || c->sddl != NULL;
  uint8_t what =
      (uint8_t)((attributes ? WG_EDIT_ATTRIBUTES : 0) | (security ? WG_EDIT_SECURITY : 0));
  if (attributes) {
    ops_attributes(x, c->attributes & WG_IMAGE_ATTRIBUTE_MASK);
  }
  if (security && wg_image_edit_describe(e, entry, c, err) != WG_OK) {
    return err->code;
  }
  e->what[entry] |= what;
  bool links = x->link_or_reparse != 0 &&
               (x->attributes & (WG_WIM_ATTR_DIRECTORY | WG_WIM_ATTR_REPARSE)) == 0;
  for (size_t i = 0; links && what != 0 && i < t->n; i++) { // the file's other names
    wg_wim_entry *o = &t->entries[i];
    if (!o->gone && o->link_or_reparse == x->link_or_reparse &&
        (o->attributes & (WG_WIM_ATTR_DIRECTORY | WG_WIM_ATTR_REPARSE)) == 0) {
      o->attributes = x->attributes;
      o->security = x->security;
      e->what[i] |= what;
    }
  }
  return WG_OK;
}
