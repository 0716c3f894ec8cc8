// SPDX-License-Identifier: Apache-2.0
// The files beside an INF, letter case ignored; each folder is listed once.
#include "cli/inf/files.h"

#include <string.h>

#include "base/utf.h"
#include "os/file.h"

typedef struct inf_listing {
  const char *path;
  wg_dirent *v;
  size_t n;
  struct inf_listing *next;
} inf_listing;

static const inf_listing *files_list(wg_inf_files *f, const char *path) {
  for (const inf_listing *l = f->listings; l != NULL; l = l->next) {
    if (strcmp(l->path, path) == 0) {
      return l;
    }
  }
  wg_error e = WG_ERROR_INIT; // a folder that can't be listed has none of the files
  inf_listing *l = wg_arena_new(f->arena, inf_listing);
  wg_assert(l != NULL);
  l->path = wg_arena_strdup(f->arena, path);
  wg_assert(l->path != NULL);
  if (wg_os_list_dir(WG_CWD, path, f->arena, &l->v, &l->n, &e) != WG_OK) {
    l->n = 0;
  }
  l->next = f->listings;
  f->listings = l;
  return l;
}

static const wg_dirent *files_named(const inf_listing *l, wg_str name) {
  for (size_t i = 0; i < l->n; i++) {
    if (wg_name_cmp_nocase(wg_str_of(l->v[i].name), name) == 0) {
      return &l->v[i];
    }
  }
  return NULL;
}

bool wg_inf_files_has(void *ctx, wg_str path) {
  wg_inf_files *f = ctx;
  WG_AUTO(wg_cstr) at = wg_xstrdup(f->folder);
  for (wg_str rest = path; rest.n > 0;) {
    size_t n = wg_str_find(rest, '/');
    const wg_dirent *e = files_named(files_list(f, at), (wg_str){rest.p, n});
    if (e == NULL) {
      return false;
    }
    if (n == rest.n) {
      return e->type != WG_FT_DIR;
    }
    char *next = wg_path_join(at, e->name);
    wg_xfree(at);
    at = next;
    rest = (wg_str){rest.p + n + 1, rest.n - n - 1};
  }
  return false;
}
