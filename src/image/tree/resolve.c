// SPDX-License-Identifier: Apache-2.0
#include "image/tree/resolve.h"

#include <string.h>

#include "base/utf.h"

#define EDIT_MAX_SHORT_CHARS16 12U          // 8.3 with the dot
#define EDIT_TAG_NAME_SURROGATE 0x20000000u // the entry stands for another path

wg_code wg_image_edit_name16(wg_arena *arena, wg_str name, wg_str *out, wg_error *err) {
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

// Also by short name: PROGRA~1 is what "Program Files" answers to as well. A short name without '~'
// is one that somebody has set by hand; only names that fit 8.3 can be one.
wg_code wg_image_edit_child(wg_wim_tree *t, uint32_t parent, wg_str name16, uint32_t *out,
                            wg_error *err) {
  if (wg_wim_tree_find(t, parent, name16, out, err) != WG_OK) {
    return err->code;
  }
  if (*out == WG_WIM_NO_ENTRY && name16.n / 2 <= EDIT_MAX_SHORT_CHARS16) {
    bool tilde = false;
    for (size_t i = 0; i + 1 < name16.n; i += 2) {
      tilde = tilde || wg_le16((const uint8_t *)name16.p + i) == '~';
    }
    if (tilde || t->odd_short_names) {
      *out = wg_wim_tree_find_short(t, parent, name16);
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
    if (wg_image_edit_name16(arena, path->names[i], &name16, err) != WG_OK ||
        wg_image_edit_child(t, parent, name16, &at, err) != WG_OK) {
      return err->code;
    }
  }
  *out = at;
  return WG_OK;
}

bool wg_image_edit_is_link(const wg_wim_entry *e) {
  return (e->attributes & WG_WIM_ATTR_REPARSE) != 0 &&
         (e->link_or_reparse & EDIT_TAG_NAME_SURROGATE) != 0;
}

wg_code wg_image_edit_fail_at(const wg_image_edit *e, uint32_t entry, const char *what,
                              wg_error *err) {
  WG_AUTO(wg_buf) b = {0};
  wg_buf_init(&b, wg_heap(), 0);
  wg_wim_tree_path(e->tree, entry, &b);
  return wg_fail(err, WG_E_CONFLICT, "'C:%s' in the image is %s", wg_buf_z(&b), what);
}

wg_code wg_image_edit_resolve(wg_image_edit *e, const wg_winpath *path, uint32_t *out,
                              wg_error *err) {
  uint32_t at = 0;
  for (size_t i = 0; i < path->n_names && at != WG_WIM_NO_ENTRY; i++) {
    wg_str name16 = {0};
    uint32_t parent = at;
    if (wg_image_edit_is_link(&e->tree->entries[at])) {
      return wg_image_edit_fail_at(e, at, "a link to another folder; name the folder it leads to",
                                   err);
    }
    if (wg_image_edit_name16(e->arena, path->names[i], &name16, err) != WG_OK ||
        wg_image_edit_child(e->tree, parent, name16, &at, err) != WG_OK) {
      return err->code;
    }
  }
  *out = at;
  return WG_OK;
}
