// SPDX-License-Identifier: Apache-2.0
#include "project/filesource.h"

#include <string.h>

#include "base/near.h"
#include "base/sort.h"
#include "image/part/part.h"
#include "project/hostfile.h"
#include "project/values.h"

#define SOURCE_MAX_NAMES 5000U

// Names between slashes; one '/' at the beginning and one at the end may be.
static bool source_check_pattern(wg_cfg_text *t, const char *s) {
  if (strchr(s, '\\') != NULL) {
    t->why = "has a '\\', and in a pattern '/' stands between folders";
    t->hint = "write it with '/'";
    return false;
  }
  s += s[0] == '/' ? 1 : 0;
  if (*s == '\0') {
    t->why = "names nothing";
    t->hint = "write a pattern, as in '*.pdb', 'obj/' or '!keep.pdb'";
    return false;
  }
  do {
    size_t n = strcspn(s, "/");
    bool dots = (n == 1 || n == 2) && strncmp(s, "..", n) == 0;
    if (n == 0 || dots) {
      t->why = dots ? "has '.' or '..' in a pattern, which match no name"
                    : "has a '/' with no name before it";
      t->hint = "write the names of folders and files, as in 'docs/*.txt'";
      return false;
    }
    s += n + (s[n] == '/' ? 1 : 0);
  } while (*s != '\0');
  return true;
}

bool wg_cfg_check_source(wg_cfg_text *t) {
  if (!wg_cfg_check_host_path(t)) {
    return false;
  }
  if (!wg_glob_is(t->text)) {
    return true;
  }
  const char *pattern = t->text + wg_glob_fixed(t->text);
  if (pattern[strlen(pattern) - 1] == '/') {
    t->why = "ends in '/', and wildcards match files";
    t->hint = wg_arena_printf(t->arena, "to take all that is below: '%s**'", t->text);
    return false;
  }
  return source_check_pattern(t, pattern);
}

bool wg_cfg_check_exclude(wg_cfg_text *t) {
  return source_check_pattern(t, t->text + (t->text[0] == '!' ? 1 : 0));
}

// --- nothing matches

static const char *source_ending(const char *path) {
  const char *slash = strrchr(path, '/');
  const char *name = slash == NULL ? path : slash + 1;
  const char *dot = strrchr(name, '.');
  return dot == NULL ? "" : dot;
}

typedef struct source_names { // of the files below a folder, with '/'
  const char **v;
  size_t n;
} source_names;

static source_names source_list(wg_cfg *c, const wg_part_from *from) {
  WG_AUTO(wg_image_changes) changes = {0};
  const wg_select all = {.exclude = from->select.exclude, .n_exclude = from->select.n_exclude};
  wg_error ignored = WG_ERROR_INIT; // names so far will do
  source_names names = {0};
  (void)!wg_image_changes_add_tree(&changes, from->path, "\\", &all, &ignored);
  names.v = wg_cfg_alloc(c, changes.n, sizeof(*names.v));
  for (size_t i = 0; i < changes.n && names.n < SOURCE_MAX_NAMES; i++) {
    const wg_image_change *f = &changes.v[i];
    size_t skip = strlen(from->path) + 1;
    if (f->op == WG_IMAGE_PUT_FILE && strlen(f->from) > skip) {
      names.v[names.n++] = wg_cfg_printf(c, "%s", f->from + skip);
    }
  }
  return names;
}

static bool source_any(const source_names *names, const char *pattern) {
  for (size_t i = 0; i < names->n; i++) {
    if (wg_glob_match(pattern, names->v[i])) {
      return true;
    }
  }
  return false;
}

// A pattern like the one given that matches something; NULL when none comes to mind.
static const char *source_near(wg_cfg *c, const source_names *names, const char *pattern) {
  const char *slash = strrchr(pattern, '/');
  const char *last = slash == NULL ? pattern : slash + 1;
  const char *deeper = wg_cfg_printf(c, "%.*s**/%s", (int)(last - pattern), pattern, last);
  if (source_any(names, deeper)) {
    return deeper;
  }
  const char *ending = source_ending(pattern);
  const char **endings = wg_cfg_alloc(c, names->n, sizeof(*endings));
  size_t n = 0;
  for (size_t i = 0; i < names->n; i++) {
    const char *other =
        wg_cfg_printf(c, "%.*s%s", (int)(ending - pattern), pattern, source_ending(names->v[i]));
    if (ending[0] != '\0' && wg_glob_match(other, names->v[i])) {
      endings[n++] = other;
    }
  }
  return n == 0 ? NULL : wg_nearest(pattern, endings, n);
}

static void source_tell_empty(wg_cfg *c, const char *label, const wg_cfg_image_file *f,
                              const wg_part_from *from) {
  const char *only = from->select.only;
  source_names names = source_list(c, from);
  const wg_part_from without = {.path = from->path, .is_folder = true, .select = {.only = only}};
  const char *hint = NULL;
  bool excluded = f->n_exclude > 0 && !wg_part_from_is_empty(&without);
  if (only == NULL || excluded) {
    wg_cfg_error(c, f->path_pos,
                 wg_cfg_printf(c, "%s: 'exclude' leaves nothing of '%s'", label, f->from),
                 "make the patterns narrower, or remove the entry");
    return;
  }
  const char *near = source_near(c, &names, only);
  if (near != NULL) {
    hint = wg_cfg_printf(c, "did you mean '%.*s%s'?", (int)(only - f->from), f->from, near);
  } else if (names.n == 0) {
    hint = "there is no file in that folder";
  } else {
    hint = wg_cfg_printf(c, "there is, among others, '%.*s%s'", (int)(only - f->from), f->from,
                         names.v[0]);
  }
  wg_cfg_error(c, f->path_pos, wg_cfg_printf(c, "%s: nothing matches '%s'", label, f->from), hint);
}

void wg_filesource_check(wg_cfg *c, const char *label, const wg_cfg_image_file *f) {
  WG_AUTO(wg_part_from) from = {0};
  wg_error ignored = WG_ERROR_INIT;
  wg_stat st;
  bool glob = wg_glob_is(f->from);
  size_t fixed = glob ? wg_glob_fixed(f->from) : strlen(f->from);
  while (glob && fixed > 1 && f->from[fixed - 1] == '/') {
    fixed--;
  }
  const char *path = fixed == 0 ? "." : wg_cfg_printf(c, "%.*s", (int)fixed, f->from);
  if (!wg_hostfile_stat(c, label, path, f->path_pos, glob ? WG_FT_DIR : 0, &st)) {
    return;
  }
  if (st.type == WG_FT_FILE && (f->n_exclude > 0 || f->all_below)) {
    wg_cfg_error(c, f->path_pos,
                 wg_cfg_printf(c, "%s: '%s' is of a folder, and '%s' is a file", label,
                               f->n_exclude > 0 ? "exclude" : "all_below", f->from),
                 "remove it");
  } else if (wg_part_from_of(f, c->dir, &from, &ignored) == WG_OK && wg_part_from_is_empty(&from)) {
    source_tell_empty(c, label, f, &from);
  }
}

// --- lists

void wg_filesource_list_done(wg_filesource_list *l) {
  for (size_t i = 0; i < l->n; i++) {
    wg_xfree(l->v[i]);
  }
  wg_xfree(l->v);
}

static wg_code list_matches(const char *dir, const char *from, wg_filesource_list *out,
                            wg_error *err) {
  const wg_cfg_image_file f = {.from = from};
  WG_AUTO(wg_part_from) source = {0};
  WG_AUTO(wg_image_changes) changes = {0};
  size_t first = out->n;
  if (wg_part_from_of(&f, dir, &source, err) != WG_OK ||
      wg_image_changes_add_tree(&changes, source.path, "\\", &source.select, err) != WG_OK) {
    return err->code;
  }
  size_t fixed = wg_glob_fixed(from);
  for (size_t i = 0; i < changes.n; i++) {
    if (changes.v[i].op == WG_IMAGE_PUT_FILE) {
      const char *below = changes.v[i].from + strlen(source.path) + 1;
      wg_vec_push(&out->v, &out->n, &out->cap) = wg_xprintf("%.*s%s", (int)fixed, from, below);
    }
  }
  if (out->n == first) {
    return wg_fail(err, WG_E_NOT_FOUND, "nothing matches '%s'", from);
  }
  wg_sort(out->v + first, out->n - first, sizeof(out->v[0]), wg_sort_cmp_z, NULL);
  return WG_OK;
}

wg_code wg_filesource_expand(const char *dir, const char *from, wg_filesource_list *out,
                             wg_error *err) {
  if (wg_glob_is(from)) {
    return list_matches(dir, from, out, err);
  }
  wg_vec_push(&out->v, &out->n, &out->cap) = wg_xstrdup(from);
  return WG_OK;
}
