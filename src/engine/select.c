// SPDX-License-Identifier: Apache-2.0
// Which steps a user's words mean.
#include <string.h>

#include "base/near.h"
#include "base/sort.h"
#include "engine/int.h"

#define SELECT_LIST_CHARS 400U

// target is the identity, one of its '/'-prefixes, or an alias.
static bool select_matches(const wg_step *s, wg_str target) {
  wg_str id = wg_str_of(s->identity);
  if (target.n <= id.n && memcmp(id.p, target.p, target.n) == 0 &&
      (target.n == id.n || id.p[target.n] == '/')) {
    return true;
  }
  for (size_t i = 0; i < s->n_aliases; i++) {
    if (wg_str_eqz(target, s->aliases[i])) {
      return true;
    }
  }
  return false;
}

typedef struct select_stack {
  uint32_t *v;
  size_t n, cap;
} select_stack;

static void select_push(select_stack *st, const wg_step *s) {
  if (s != NULL) {
    wg_vec_push(&st->v, &st->n, &st->cap) = s->index;
  }
}

static void select_with_deps(const wg_graph *g, uint32_t root, bool *selected) {
  select_stack st = {0};
  select_push(&st, g->steps[root]);
  while (st.n > 0) {
    const wg_step *s = g->steps[st.v[--st.n]];
    bool is_new = !selected[s->index];
    selected[s->index] = true;
    for (size_t i = 0; is_new && i < s->n_inputs; i++) {
      select_push(&st, s->inputs[i].dep);
    }
    for (size_t i = 0; is_new && i < s->n_after; i++) {
      select_push(&st, s->after[i]);
    }
  }
  wg_xfree(st.v);
}

// True when a target may name this step: `wingo build` runs no action, `wingo publish` only those
// of its own.
static bool select_in_scope(const wg_step *s, const wg_exec_options *opt) {
  if (opt->scope == WG_SCOPE_ALL) {
    return true;
  }
  if (opt->scope == WG_SCOPE_STEPS || s->action == NULL) {
    return opt->scope == WG_SCOPE_STEPS && s->action == NULL;
  }
  size_t n = opt->command == NULL ? 0 : strlen(opt->command);
  return n == 0 || (strncmp(s->identity, opt->command, n) == 0 && s->identity[n] == '/');
}

typedef struct target_names {
  char **v;
  size_t n, cap;
} target_names;

static void target_names_done(target_names *t) {
  for (size_t i = 0; i < t->n; i++) {
    wg_xfree(t->v[i]);
  }
  wg_xfree(t->v);
}
WG_DEFINE_AUTO(target_names, target_names_done);

static void target_names_add(target_names *t, const char *p, size_t n) {
  for (size_t i = 0; i < t->n; i++) {
    if (wg_str_eqz((wg_str){p, n}, t->v[i])) {
      return;
    }
  }
  wg_vec_push(&t->v, &t->n, &t->cap) = wg_xstrndup(p, n);
}

static void target_names_all(const wg_graph *g, const wg_exec_options *opt, target_names *out) {
  for (size_t i = 0; i < g->n_steps; i++) {
    const wg_step *s = g->steps[i];
    size_t n = strlen(s->identity);
    if (!select_in_scope(s, opt)) {
      continue;
    }
    for (size_t k = 1; k < n; k++) {
      if (s->identity[k] == '/') {
        target_names_add(out, s->identity, k);
      }
    }
    target_names_add(out, s->identity, n);
    for (size_t k = 0; k < s->n_aliases; k++) {
      target_names_add(out, s->aliases[k], strlen(s->aliases[k]));
    }
  }
}

static int target_names_cmp(const void *a, const void *b, void *ctx) {
  (void)ctx;
  const char *x = *(const char *const *)a, *y = *(const char *const *)b;
  size_t n = strlen(x), k = strlen(y);
  return n != k ? (n < k ? -1 : 1) : strcmp(x, y);
}

// The name that is near to what was typed, the shortest of those: by the whole of it, or by its
// last part ("agnet" for "app/agent"). NULL: none is. Borrowed from names.
static const char *select_near(const target_names *names, const char *target) {
  char **by_length = wg_xarray(names->n + 1, sizeof(*by_length));
  const char **words = (const char **)wg_xarray(names->n * 2 + 1, sizeof(*words));
  const char *best = NULL;
  for (size_t i = 0; i < names->n; i++) {
    by_length[i] = names->v[i];
  }
  wg_sort(by_length, names->n, sizeof(*by_length), target_names_cmp, NULL);
  for (size_t i = 0; i < names->n; i++) {
    WG_AUTO(wg_cstr) tail = wg_xprintf("/%s", target); // "std/wim" of "image/std/wim"
    best = best == NULL && wg_str_ends(wg_str_of(by_length[i]), tail) ? by_length[i] : best;
    words[i] = by_length[i];
    words[names->n + i] = wg_path_basename(by_length[i]);
  }
  const char *near = wg_nearest(target, words, names->n * 2);
  for (size_t i = 0; near != NULL && best == NULL; i++) { // by place: the words are borrowed
    best = words[i] == near ? by_length[i < names->n ? i : i - names->n] : NULL;
  }
  wg_xfree(by_length);
  wg_xfree(words);
  return best;
}

static wg_code select_unknown(const wg_graph *g, const wg_exec_options *opt, const char *target,
                              wg_error *err) {
  WG_AUTO(target_names) names = {0};
  target_names_all(g, opt, &names);
  const char *best = select_near(&names, target);
  WG_AUTO(wg_buf) list = {0};
  wg_buf_init(&list, wg_heap(), 0);
  size_t i = 0;
  for (; i < names.n && list.n < SELECT_LIST_CHARS; i++) {
    wg_buf_printf(&list, "%s%s", i == 0 ? "" : ", ", names.v[i]);
  }
  if (i < names.n) {
    wg_buf_printf(&list, " and %zu more", names.n - i);
  }
  if (names.n == 0) {
    return wg_fail(err, WG_E_NOT_FOUND, "unknown target '%s': the project has nothing to %s",
                   target, opt->scope == WG_SCOPE_ACTIONS ? "do" : "build");
  }
  if (best == NULL) {
    return wg_fail(err, WG_E_NOT_FOUND, "unknown target '%s'; there are: %s", target,
                   wg_buf_z(&list));
  }
  return wg_fail(err, WG_E_NOT_FOUND, "unknown target '%s': did you mean '%s'? There are: %s",
                 target, best, wg_buf_z(&list));
}

static wg_str select_trimmed(const char *name) {
  wg_str target = wg_str_of(name);
  while (target.n > 1 && target.p[target.n - 1] == '/') {
    target.n--;
  }
  return target;
}

static bool select_is_name(const wg_step *s, wg_str target) {
  bool is = wg_str_eqz(target, s->identity);
  for (size_t i = 0; i < s->n_aliases; i++) {
    is = is || wg_str_eqz(target, s->aliases[i]);
  }
  return is;
}

// A target that another command would know.
static wg_code select_out_of_scope(const wg_step *s, const char *target, const wg_exec_options *opt,
                                   wg_error *err) {
  if (s->action == NULL) {
    return wg_fail(err, WG_E_NOT_FOUND,
                   "'%s' is built, not done: 'wingo build %s'; 'wingo %s' takes "
                   "names of '%s:'",
                   target, target, opt->command == NULL ? "up" : opt->command,
                   opt->command == NULL ? "publish" : opt->command);
  }
  return wg_fail(err, WG_E_NOT_FOUND,
                 "'%s' is an action, and no action is part of this command: "
                 "'wingo %.*s %s' does it",
                 target, (int)wg_str_find(wg_str_of(s->identity), '/'), s->identity, target);
}

static wg_code select_target(const wg_graph *g, const wg_exec_options *opt, const char *name,
                             bool *selected, bool *named, wg_error *err) {
  wg_str target = select_trimmed(name);
  bool found = false;
  const wg_step *other = NULL;
  for (uint32_t i = 0; i < g->n_steps && target.n > 0; i++) {
    const wg_step *s = g->steps[i];
    if (!select_matches(s, target)) {
      continue;
    }
    if (!select_in_scope(s, opt)) {
      other = s;
      continue;
    }
    found = true;
    named[i] = named[i] || select_is_name(s, target);
    select_with_deps(g, i, selected);
  }
  if (found) {
    return WG_OK;
  }
  return other != NULL ? select_out_of_scope(other, name, opt, err)
                       : select_unknown(g, opt, name, err);
}

wg_code wg_build_graph_select(const wg_graph *g, const wg_exec_options *opt, bool *selected,
                              bool *named, wg_error *err) {
  for (uint32_t i = 0; i < g->n_steps; i++) {
    selected[i] = named[i] = false;
  }
  for (uint32_t i = 0; i < g->n_steps && opt->n_targets == 0; i++) {
    if (select_in_scope(g->steps[i], opt)) {
      select_with_deps(g, i, selected);
    }
  }
  for (size_t t = 0; t < opt->n_targets; t++) {
    if (select_target(g, opt, opt->targets[t], selected, named, err) != WG_OK) {
      return err->code;
    }
  }
  return WG_OK;
}

wg_code wg_graph_match(const wg_graph *g, const char *target, wg_step ***out, size_t *out_n,
                       wg_error *err) {
  const wg_exec_options opt = {.scope = WG_SCOPE_STEPS};
  wg_str t = select_trimmed(target);
  wg_step **v = wg_xarray(g->n_steps + 1, sizeof(wg_step *));
  size_t n = 0;
  for (size_t i = 0; i < g->n_steps && t.n > 0; i++) {
    if (g->steps[i]->action == NULL && select_matches(g->steps[i], t)) {
      v[n++] = g->steps[i];
    }
  }
  if (n == 0) {
    wg_xfree(v);
    return select_unknown(g, &opt, target, err);
  }
  *out = v;
  *out_n = n;
  return WG_OK;
}
