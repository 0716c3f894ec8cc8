// SPDX-License-Identifier: Apache-2.0
#include "goapp/embed.h"

#include <fnmatch.h>
#include <string.h>

#include "os/file.h"

#define EMBED_MAX_DIRS 100000

typedef struct embed_item {
  char *path;
  wg_str rest; // of the pattern, below path; empty: matched
} embed_item;

typedef struct embed_walk {
  const wg_go_observer *obs;
  embed_item *todo;
  size_t n, cap, n_seen;
} embed_walk;

static void embed_walk_done(embed_walk *w) {
  for (size_t i = 0; i < w->n; i++) {
    wg_xfree(w->todo[i].path);
  }
  wg_xfree(w->todo);
}
WG_DEFINE_AUTO(embed_walk, embed_walk_done);

static void embed_push(embed_walk *w, const char *dir, wg_str name, wg_str rest) {
  char *path = name.n == 0 ? wg_xstrdup(dir) : wg_xprintf("%s/%.*s", dir, WG_STR_ARG(name));
  wg_vec_push(&w->todo, &w->n, &w->cap) = (embed_item){path, rest};
}

static bool embed_has_meta(wg_str s) {
  for (size_t i = 0; i < s.n; i++) {
    if (s.p[i] == '*' || s.p[i] == '?' || s.p[i] == '[' || s.p[i] == '\\') {
      return true;
    }
  }
  return false;
}

// What follows the last wildcard, when it can stand as one suffix of an observation; else empty.
static wg_str embed_suffix(wg_str s) {
  size_t from = s.n;
  while (from > 0 && !embed_has_meta((wg_str){s.p + from - 1, 1}) && s.p[from - 1] != ']') {
    from--;
  }
  wg_str suffix = {s.p + from, s.n - from};
  return wg_str_find(suffix, ' ') < suffix.n ? (wg_str){"", 0} : suffix;
}

// A wildcard component: its folder's listing counts, and each match is followed.
static wg_code embed_wild(embed_walk *w, const char *dir, wg_str comp, wg_str rest, wg_error *err) {
  WG_AUTO(wg_cstr) pattern = wg_xstrndup(comp.p, comp.n);
  wg_str suffix = embed_suffix(comp);
  WG_AUTO(wg_cstr) suffix_z = wg_xstrndup(suffix.p, suffix.n);
  wg_code c = suffix.n > 0 ? w->obs->names(w->obs->ctx, dir, suffix_z, err)
                           : w->obs->dir(w->obs->ctx, dir, err);
  if (c != WG_OK) {
    return c;
  }
  WG_AUTO(wg_arena) arena = {0};
  wg_arena_init(&arena, wg_heap(), 0);
  wg_dirent *entries;
  size_t n;
  c = wg_os_list_dir(WG_CWD, dir, &arena, &entries, &n, err);
  if (c != WG_OK) {
    return c == WG_E_NOT_FOUND ? WG_OK : c;
  }
  for (size_t i = 0; i < n; i++) {
    // Go's path.Match and fnmatch agree but for [^...]; a match too many only observes more.
    bool fits =
        fnmatch(pattern, entries[i].name, FNM_PATHNAME) == 0 || wg_str_find(comp, '[') < comp.n;
    if (fits && entries[i].type == WG_FT_DIR) {
      embed_push(w, dir, wg_str_of(entries[i].name), rest);
    }
  }
  return WG_OK;
}

// A matched folder: everything below it counts.
static wg_code embed_tree(embed_walk *w, const char *dir, wg_error *err) {
  wg_stat st;
  wg_error ignored = WG_ERROR_INIT;
  if (wg_os_stat(WG_CWD, dir, false, &st, &ignored) != WG_OK || st.type != WG_FT_DIR) {
    return WG_OK; // a file: what is in it is observed as one
  }
  if (w->obs->dir(w->obs->ctx, dir, err) != WG_OK) {
    return err->code;
  }
  WG_AUTO(wg_arena) arena = {0};
  wg_arena_init(&arena, wg_heap(), 0);
  wg_dirent *entries;
  size_t n;
  if (wg_os_list_dir(WG_CWD, dir, &arena, &entries, &n, err) != WG_OK) {
    return err->code;
  }
  for (size_t i = 0; i < n; i++) {
    if (entries[i].type == WG_FT_DIR) {
      embed_push(w, dir, wg_str_of(entries[i].name), (wg_str){"", 0});
    }
  }
  return WG_OK;
}

static wg_code embed_step(embed_walk *w, const embed_item *it, wg_error *err) {
  if (++w->n_seen > EMBED_MAX_DIRS) {
    return wg_fail(err, WG_E_LIMIT, "a //go:embed pattern matches more than %u folders",
                   (unsigned)EMBED_MAX_DIRS);
  }
  if (it->rest.n == 0) {
    return embed_tree(w, it->path, err);
  }
  size_t n = wg_str_find(it->rest, '/');
  wg_str comp = {it->rest.p, n};
  size_t step = n < it->rest.n ? n + 1 : n;
  wg_str rest = {it->rest.p + step, it->rest.n - step};
  if (embed_has_meta(comp)) {
    return embed_wild(w, it->path, comp, rest, err);
  }
  embed_push(w, it->path, wg_str_eqz(comp, ".") ? (wg_str){"", 0} : comp, rest);
  return WG_OK;
}

wg_code wg_go_embed_observe(const char *dir, const char *pattern, const wg_go_observer *obs,
                            wg_error *err) {
  WG_AUTO(embed_walk) w = {.obs = obs};
  wg_str p = wg_str_of(pattern);
  if (wg_str_starts(p, "all:")) {
    p = (wg_str){p.p + 4, p.n - 4};
  }
  embed_push(&w, dir, (wg_str){"", 0}, p);
  while (w.n > 0) {
    embed_item it = w.todo[--w.n];
    WG_AUTO(wg_cstr) path WG_UNUSED = it.path; // freed at the end of the round
    if (embed_step(&w, &it, err) != WG_OK) {
      return wg_wrap(err, "//go:embed %s", pattern);
    }
  }
  return WG_OK;
}
