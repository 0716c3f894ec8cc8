// SPDX-License-Identifier: Apache-2.0
#include "driver/package/tree.h"

#include <string.h>

#include "base/utf.h"
#include "os/proc.h"

void wg_sig_tree_done(wg_sig_tree *t) {
  wg_xfree(t->listed);
  wg_arena_done(&t->arena);
}

static wg_code tree_list(wg_sig_tree *t, const char *folder, wg_error *err) {
  if (t->listed != NULL && strcmp(t->listed, folder) == 0) {
    return WG_OK;
  }
  wg_xfree(t->listed);
  t->listed = NULL;
  wg_arena_done(&t->arena);
  wg_arena_init(&t->arena, wg_heap(), 0);
  if (wg_os_list_dir(t->dir, folder, &t->arena, &t->entries, &t->n_entries, err) != WG_OK) {
    return err->code;
  }
  t->listed = wg_xstrdup(folder);
  return WG_OK;
}

// The entry of that name: written so, else the first that differs by case alone.
static const wg_dirent *tree_entry(const wg_sig_tree *t, wg_str name) {
  const wg_dirent *found = NULL;
  for (size_t i = 0; i < t->n_entries; i++) {
    wg_str have = wg_str_of(t->entries[i].name);
    if (wg_str_eq(have, name)) {
      return &t->entries[i];
    }
    if (found == NULL && wg_utf8_valid(have) && wg_name_cmp_nocase(have, name) == 0) {
      found = &t->entries[i];
    }
  }
  return found;
}

static size_t tree_name(wg_str rest) {
  size_t n = 0;
  while (n < rest.n && rest.p[n] != '\\' && rest.p[n] != '/') {
    n++;
  }
  return n;
}

// One more name of a path; at is the path of the folder it is in. NOT_FOUND.
static wg_code tree_step(wg_sig_tree *t, wg_str name, bool is_last, wg_buf *at, wg_error *err) {
  if (wg_str_eqz(name, "..") || !wg_utf8_valid(name)) {
    return wg_fail(err, WG_E_NOT_FOUND, "no such file");
  }
  if (tree_list(t, at->n == 0 ? "." : wg_buf_z(at), err) != WG_OK) {
    return err->code;
  }
  const wg_dirent *entry = tree_entry(t, name);
  if (entry == NULL || (is_last && entry->type == WG_FT_DIR)) {
    return wg_fail(err, WG_E_NOT_FOUND, "no such file");
  }
  wg_buf_add_z(at, at->n == 0 ? "" : "/");
  wg_buf_add_z(at, entry->name);
  return wg_buf_check(at, err);
}

wg_code wg_sig_tree_find(wg_sig_tree *t, wg_str path, char **out, wg_error *err) {
  WG_AUTO(wg_buf) at = {0};
  wg_buf_init(&at, wg_heap(), 0);
  for (wg_str rest = path; rest.n > 0;) {
    size_t n = tree_name(rest);
    wg_str name = {rest.p, n};
    size_t skip = n < rest.n ? n + 1 : n;
    rest = (wg_str){rest.p + skip, rest.n - skip};
    if (n == 0 || wg_str_eqz(name, ".")) {
      continue;
    }
    if (tree_step(t, name, rest.n == 0, &at, err) != WG_OK) {
      return wg_wrap(err, "'%.*s'", WG_STR_ARG(path));
    }
  }
  if (at.n == 0) {
    return wg_fail(err, WG_E_NOT_FOUND, "'%.*s': no such file", WG_STR_ARG(path));
  }
  *out = wg_xstrdup(wg_buf_z(&at));
  return WG_OK;
}
