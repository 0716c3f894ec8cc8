// SPDX-License-Identifier: Apache-2.0
#include "project/filesource.h"

#include <string.h>

#include "base/near.h"
#include "base/sort.h"
#include "image/part/part.h"
#include "project/hostfile.h"
#include "project/values.h"

#define SOURCE_MAX_NAMES 100000U
#define SOURCE_BRACKETS                                                                            \
  "'[' stands for itself here, there are no classes of characters: write several patterns"

// Names between slashes; one '/' at the beginning and one at the end may be.
static bool source_check_pattern(wg_cfg_text *t, const char *s) {
  if (strchr(s, '\\') != NULL) {
    t->why = "has a '\\', and in a pattern '/' stands between folders";
    t->hint = "write it with '/'";
    return false;
  }
  const char *open = strrchr(s, '[');
  if (open != NULL && strchr(open, ']') == NULL) {
    t->why = "has a '[' that no ']' closes";
    t->hint = "'[' stands for itself here, there are no classes of characters: for a name that has "
              "one write '?' in its place, for several endings several patterns";
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

typedef struct source_names { // below a folder, with '/'
  const char **v;             // of a folder with one at its end
  size_t n, cap;
  bool whole; // all of them
} source_names;

static void source_names_done(source_names *names) {
  wg_xfree(names->v);
}
WG_DEFINE_AUTO(source_names, source_names_done);

// One folder of the walk, "" or "a/b/".
static bool source_list_one(wg_cfg *c, const wg_part_from *from, const char *folder,
                            wg_os_walk *walk, source_names *out) {
  WG_AUTO(wg_arena) arena = {0};
  WG_AUTO(wg_cstr) path = wg_path_join(from->path, folder);
  wg_error ignored = WG_ERROR_INIT;
  wg_dirent *v = NULL;
  size_t n = 0;
  wg_arena_init(&arena, wg_heap(), 0);
  if (wg_os_list_dir(WG_CWD, path, &arena, &v, &n, &ignored) != WG_OK ||
      wg_os_walk_met(walk, path, n, &ignored) != WG_OK || out->n + n > SOURCE_MAX_NAMES) {
    return false;
  }
  for (size_t i = 0; i < n; i++) {
    wg_vec_push(&out->v, &out->n, &out->cap) =
        wg_cfg_printf(c, "%s%s%s", folder, v[i].name, v[i].type == WG_FT_DIR ? "/" : "");
  }
  return true;
}

// Names that may be meant: what lies in folders that stay out is not among them.
static source_names source_list(wg_cfg *c, const wg_part_from *from) {
  const wg_select out = {.exclude = from->select.exclude, .n_exclude = from->select.n_exclude};
  wg_os_walk walk = wg_os_walk_begin(c->watch);
  source_names names = {0};
  names.whole = source_list_one(c, from, "", &walk, &names);
  for (size_t at = 0; at < names.n && names.whole; at++) {
    const char *name = names.v[at];
    size_t len = strlen(name);
    if (name[len - 1] == '/' &&
        wg_select_folder(&out, wg_cfg_printf(c, "%.*s", (int)len - 1, name))) {
      names.whole = source_list_one(c, from, name, &walk, &names);
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
  const char **endings = wg_cfg_alloc(c, names->n + 1, sizeof(*endings));
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

static const char *source_first_file(const source_names *names) {
  size_t i = 0;
  while (i < names->n && names->v[i][strlen(names->v[i]) - 1] == '/') {
    i++;
  }
  return i < names->n ? names->v[i] : NULL;
}

static void source_tell_empty(wg_cfg *c, const char *label, const wg_cfg_image_file *f,
                              const wg_part_from *from) {
  const char *only = from->select.only;
  WG_AUTO(source_names) names = source_list(c, from);
  const wg_part_from without = {.path = from->path, .is_folder = true, .select = {.only = only}};
  const char *hint = NULL;
  bool empty = false;
  wg_error ignored = WG_ERROR_INIT;
  bool excluded = f->n_exclude > 0 &&
                  wg_part_from_is_empty(&without, c->watch, &empty, &ignored) == WG_OK && !empty;
  if (only == NULL || excluded) {
    wg_cfg_error(c, f->path_pos,
                 wg_cfg_printf(c, "%s: 'exclude' leaves nothing of '%s'", label, f->from),
                 "make the patterns narrower, or remove the entry");
    return;
  }
  const char *near = source_near(c, &names, only);
  if (near != NULL) {
    hint = wg_cfg_printf(c, "did you mean '%.*s%s'?", (int)(only - f->from), f->from, near);
  } else if (strchr(only, '[') != NULL) {
    hint = SOURCE_BRACKETS;
  } else {
    const char *file = source_first_file(&names);
    hint = file == NULL ? "there is no file in that folder"
                        : wg_cfg_printf(c, "there is, among others, '%.*s%s'",
                                        (int)(only - f->from), f->from, file);
  }
  wg_cfg_error(c, f->path_pos, wg_cfg_printf(c, "%s: nothing matches '%s'", label, f->from), hint);
}

// --- patterns of exclude that match nothing

static bool source_rule_used(const char *rule, const wg_select *only, const source_names *names) {
  for (size_t i = 0; i < names->n; i++) {
    size_t n = strlen(names->v[i]);
    bool is_folder = names->v[i][n - 1] == '/';
    WG_AUTO(wg_cstr) path = wg_xstrndup(names->v[i], is_folder ? n - 1 : n);
    if ((is_folder ? wg_select_folder(only, path) : wg_select_file(only, path)) &&
        wg_select_rule_fits(rule, path, is_folder)) {
      return true;
    }
  }
  return false;
}

// A pattern that matches, as near as can be to the one that doesn't.
static const char *source_near_rule(wg_cfg *c, const wg_select *only, const source_names *names,
                                    const char *rule) {
  size_t n = strlen(rule), k = 0;
  bool of_folder = n > 0 && rule[n - 1] == '/';
  const char *file = wg_cfg_printf(c, "%.*s", (int)n - 1, rule);
  if (of_folder && source_rule_used(file, only, names)) {
    return file; // which is no folder
  }
  const char *deeper =
      wg_cfg_printf(c, "%s**/%s", rule[0] == '!' ? "!" : "", rule + strspn(rule, "!/"));
  if (memchr(rule, '/', of_folder ? n - 1 : n) != NULL && source_rule_used(deeper, only, names)) {
    return deeper;
  }
  const char *ending = source_ending(rule);
  const char **near = wg_cfg_alloc(c, names->n * 3 + 1, sizeof(*near));
  const char *back = rule[0] == '!' ? "!" : "";
  for (size_t i = 0; i < names->n; i++) {
    const char *path = names->v[i];
    size_t len = strlen(path);
    const char *name = path + len - 1;
    while (name > path && name[-1] != '/') {
      name--;
    }
    near[k++] = wg_cfg_printf(c, "%s%s", back, name);
    near[k++] = wg_cfg_printf(c, "%s%s%s", back, rule[strlen(back)] == '/' ? "/" : "", path);
    const char *other = wg_cfg_printf(c, "%.*s%s", (int)(ending - rule), rule, source_ending(path));
    if (ending[0] != '\0' && path[len - 1] != '/' && wg_select_rule_fits(other, path, false)) {
      near[k++] = other;
    }
  }
  const char *found = wg_nearest(rule, near, k);
  return found != NULL && source_rule_used(found, only, names) ? found : NULL;
}

static void source_excludes(wg_cfg *c, const char *label, const wg_cfg_image_file *f,
                            const wg_part_from *from) {
  WG_AUTO(source_names) names = source_list(c, from);
  const wg_select only = {.only = from->select.only};
  for (size_t i = 0; i < f->n_exclude && names.whole; i++) {
    const char *rule = f->exclude[i].s;
    if (rule == NULL || source_rule_used(rule, &only, &names)) {
      continue;
    }
    const char *hint = SOURCE_BRACKETS;
    if (strchr(rule, '[') == NULL) {
      const char *near = source_near_rule(c, &only, &names, rule);
      hint = near != NULL ? wg_cfg_printf(c, "did you mean '%s'?", near)
                          : "remove it, if nothing of that name will be there";
    }
    wg_cfg_add_fault(
        c, WG_FAULT_WARNING, f->exclude[i].pos,
        wg_cfg_printf(c, "%s: exclude: nothing of '%s' matches '%s'", label, f->from, rule), hint);
  }
}

void wg_filesource_check(wg_cfg *c, const char *label, const wg_cfg_image_file *f) {
  WG_AUTO(wg_part_from) from = {0};
  wg_error err = WG_ERROR_INIT;
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
    return;
  }
  bool empty = false;
  if (wg_part_from_of(f, c->dir, &from, &err) != WG_OK) {
    return;
  }
  wg_code code = wg_part_from_is_empty(&from, c->watch, &empty, &err);
  if (code == WG_E_LIMIT) {
    wg_cfg_error(c, f->path_pos, wg_cfg_printf(c, "%s: '%s': %s", label, f->from, err.text), NULL);
  } else if (code == WG_OK && empty) {
    source_tell_empty(c, label, f, &from);
  } else if (code == WG_OK && from.is_folder && f->n_exclude > 0) {
    source_excludes(c, label, f, &from);
  }
}

// --- lists

void wg_filesource_list_done(wg_filesource_list *l) {
  for (size_t i = 0; i < l->n; i++) {
    wg_xfree(l->v[i]);
  }
  wg_xfree(l->v);
}

static wg_code list_matches(const char *dir, const char *from, const wg_walk_watch *watch,
                            wg_filesource_list *out, wg_error *err) {
  const wg_cfg_image_file f = {.from = from};
  WG_AUTO(wg_part_from) source = {0};
  WG_AUTO(wg_image_changes) changes = {0};
  size_t first = out->n;
  if (wg_part_from_of(&f, dir, &source, err) != WG_OK ||
      wg_image_changes_add_tree(&changes, source.path, "\\", &source.select, watch, err) != WG_OK) {
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

wg_code wg_filesource_expand(const char *dir, const char *from, const wg_walk_watch *watch,
                             wg_filesource_list *out, wg_error *err) {
  if (wg_glob_is(from)) {
    return list_matches(dir, from, watch, out, err);
  }
  wg_vec_push(&out->v, &out->n, &out->cap) = wg_xstrdup(from);
  return WG_OK;
}
