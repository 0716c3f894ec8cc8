#include "image/edit.h"

#include <string.h>

#include "base/utf.h"

#define EDIT_TAG_NAME_SURROGATE 0x20000000u // the entry stands for another path

wg_code wg_image_edit_paths(const wg_image_job *job, wg_arena *arena, wg_winpath **out,
                            size_t *out_n_entries, wg_error *err) {
  wg_winpath *paths = wg_arena_new_array(arena, wg_winpath, job->n_changes);
  if (paths == NULL) {
    return wg_arena_fail(arena, err);
  }
  size_t n = 0;
  for (size_t i = 0; i < job->n_changes; i++) {
    const wg_image_change *c = &job->changes[i];
    if (wg_winpath_parse(c->to, arena, &paths[i], err) != WG_OK) {
      return wg_wrap(err, "'%s'", c->to);
    }
    if (c->op == WG_IMAGE_PUT_FILE && paths[i].ends_in_separator) {
      return wg_fail(err, WG_E_CONFLICT, "'%s' is a folder; name the file in it", c->to);
    }
    n += paths[i].n_names;
  }
  *out = paths;
  *out_n_entries = n;
  return WG_OK;
}

static wg_code edit_name16(wg_arena *arena, wg_str name, wg_str *out, wg_error *err) {
  WG_AUTO(wg_buf) b = {0};
  wg_buf_init(&b, arena->alloc, 0);
  if (!wg_utf8_to_utf16le(name, &b)) {
    return wg_fail(err, WG_E_FORMAT, "'%.*s' is not UTF-8", WG_STR_ARG(name));
  }
  char *p = wg_arena_strndup(arena, b.p, b.n);
  if (p == NULL) {
    return wg_arena_fail(arena, err);
  }
  *out = (wg_str){p, b.n};
  return WG_OK;
}

// Also by short name: PROGRA~1 is what "Program Files" answers to as well.
static wg_code edit_child(wg_wim_tree *t, uint32_t parent, wg_str name, wg_str name16,
                          uint32_t *out, wg_error *err) {
  if (wg_wim_tree_find(t, parent, name16, out, err) != WG_OK) {
    return err->code;
  }
  if (*out != WG_WIM_NO_ENTRY || wg_str_find(name, '~') == name.n) {
    return WG_OK;
  }
  for (uint32_t c = t->entries[parent].first_child; c != WG_WIM_NO_ENTRY; c = t->entries[c].next) {
    wg_str s = t->entries[c].short16;
    if (s.n == name16.n &&
        wg_name16_cmp_nocase((const uint8_t *)s.p, s.n, (const uint8_t *)name16.p, name16.n) == 0) {
      *out = c;
      return WG_OK;
    }
  }
  return WG_OK;
}

wg_code wg_image_edit_find(wg_wim_tree *t, const wg_winpath *path, wg_arena *arena, uint32_t *out,
                           wg_error *err) {
  uint32_t at = 0;
  for (size_t i = 0; i < path->n_names && at != WG_WIM_NO_ENTRY; i++) {
    wg_str name16 = {0};
    uint32_t parent = at;
    if (edit_name16(arena, path->names[i], &name16, err) != WG_OK ||
        edit_child(t, parent, path->names[i], name16, &at, err) != WG_OK) {
      return err->code;
    }
  }
  *out = at;
  return WG_OK;
}

static bool is_link(const wg_wim_entry *e) {
  return (e->attributes & WG_WIM_ATTR_REPARSE) != 0 &&
         (e->link_or_reparse & EDIT_TAG_NAME_SURROGATE) != 0;
}

static wg_code edit_fail_at(const wg_image_edit *e, uint32_t entry, const char *what,
                            wg_error *err) {
  WG_AUTO(wg_buf) b = {0};
  wg_buf_init(&b, wg_heap(), 0);
  wg_wim_tree_path(e->tree, entry, &b);
  return wg_fail(err, WG_E_CONFLICT, "'C:%s' in the image is %s", wg_buf_z(&b), what);
}

static wg_code edit_add(wg_image_edit *e, uint32_t parent, wg_str name16, uint32_t attributes,
                        uint32_t *out, wg_error *err) {
  uint64_t time = wg_wim_time(e->job->opt.time_s);
  if (wg_wim_tree_add(e->tree, parent, name16, time, out, err) != WG_OK) {
    return err->code;
  }
  e->tree->entries[*out].attributes = attributes;
  return wg_image_edit_inherit(e, *out, err);
}

// A folder on the way to (or at the end of) a change's path, made when it is missing.
static wg_code edit_dir(wg_image_edit *e, size_t change, wg_str name, uint32_t *at, wg_error *err) {
  wg_str name16 = {0};
  uint32_t child = WG_WIM_NO_ENTRY;
  if (edit_name16(e->arena, name, &name16, err) != WG_OK ||
      edit_child(e->tree, *at, name, name16, &child, err) != WG_OK) {
    return err->code;
  }
  if (child == WG_WIM_NO_ENTRY) {
    if (edit_add(e, *at, name16, WG_WIM_ATTR_DIRECTORY, &child, err) != WG_OK) {
      return err->code;
    }
    e->touched[child] = (uint32_t)change + 1;
    e->n_new_dirs++;
  }
  const wg_wim_entry *c = &e->tree->entries[child];
  if (is_link(c)) {
    return edit_fail_at(e, child, "a link to another folder; name the folder it leads to", err);
  }
  if ((c->attributes & WG_WIM_ATTR_DIRECTORY) == 0) {
    return edit_fail_at(e, child, "a file, where a folder is needed", err);
  }
  *at = child;
  return WG_OK;
}

static wg_code edit_twice(const wg_image_edit *e, uint32_t entry, size_t change, wg_error *err) {
  const wg_image_change *a = &e->job->changes[e->touched[entry] - 1];
  const wg_image_change *b = &e->job->changes[change];
  return wg_fail(err, WG_E_CONFLICT, "'%s' is put twice: from '%s' and from '%s'", b->to,
                 a->from == NULL ? a->to : a->from, b->from);
}

// What Windows keeps when a file is written over: name, short name, descriptor, creation time. The
// other names of the old file (hard links) keep the old content.
static wg_code edit_replace(wg_image_edit *e, size_t change, uint32_t entry, wg_error *err) {
  wg_wim_entry *old = &e->tree->entries[entry];
  if (is_link(old)) {
    return edit_fail_at(e, entry, "a symbolic link; name the file it leads to", err);
  }
  if ((old->attributes & WG_WIM_ATTR_DIRECTORY) != 0) {
    return edit_fail_at(e, entry, "a folder, where a file is to go", err);
  }
  if (e->touched[entry] != 0) {
    return edit_twice(e, entry, change, err);
  }
  uint64_t time = wg_wim_time(e->job->opt.time_s);
  old->attributes = WG_WIM_ATTR_ARCHIVE;
  old->access_time = old->write_time = time;
  old->length = old->link_or_reparse = old->unused1 = old->unused2 = 0;
  old->unknown54 = 0;
  old->n_streams = 0;
  old->tail = (wg_str){NULL, 0};
  e->n_replaced++;
  return old->security == WG_WIM_NO_SECURITY ? wg_image_edit_inherit(e, entry, err) : WG_OK;
}

static wg_code edit_file(wg_image_edit *e, size_t change, wg_str name, uint32_t parent,
                         wg_error *err) {
  wg_str name16 = {0};
  uint32_t entry = WG_WIM_NO_ENTRY;
  if (edit_name16(e->arena, name, &name16, err) != WG_OK ||
      edit_child(e->tree, parent, name, name16, &entry, err) != WG_OK) {
    return err->code;
  }
  if (entry != WG_WIM_NO_ENTRY) {
    if (edit_replace(e, change, entry, err) != WG_OK) {
      return err->code;
    }
  } else {
    if (edit_add(e, parent, name16, WG_WIM_ATTR_ARCHIVE, &entry, err) != WG_OK) {
      return err->code;
    }
    e->n_new_files++;
  }
  e->touched[entry] = (uint32_t)change + 1;
  e->puts[e->n_puts++] = (wg_image_put){.entry = entry, .from = e->job->changes[change].from};
  return WG_OK;
}

wg_code wg_image_edit_apply(wg_image_edit *e, const wg_winpath *paths, wg_error *err) {
  size_t n = e->job->n_changes;
  e->touched = wg_arena_new_array(e->arena, uint32_t, e->tree->cap);
  e->puts = wg_arena_new_array(e->arena, wg_image_put, n);
  if (e->touched == NULL || e->puts == NULL) {
    return wg_arena_fail(e->arena, err);
  }
  for (size_t i = 0; i < n; i++) {
    const wg_image_change *c = &e->job->changes[i];
    bool file = c->op == WG_IMAGE_PUT_FILE;
    size_t n_dirs = paths[i].n_names - (file ? 1 : 0);
    uint32_t at = 0;
    wg_code code = WG_OK;
    for (size_t k = 0; k < n_dirs && code == WG_OK; k++) {
      code = edit_dir(e, i, paths[i].names[k], &at, err);
    }
    if (code == WG_OK && file) {
      code = edit_file(e, i, paths[i].names[n_dirs], at, err);
    }
    if (code != WG_OK) {
      return wg_wrap(err, "'%s'", c->to);
    }
  }
  return WG_OK;
}
