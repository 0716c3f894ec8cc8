// SPDX-License-Identifier: Apache-2.0
// Making and checking a graph.
#include <string.h>

#include "engine/int.h"

char *wg_build_strndup(wg_arena *a, const char *p, size_t n) {
  char *s = wg_arena_strndup(a, p, n);
  wg_assert(s != NULL);
  return s;
}

char *wg_build_strdup(wg_arena *a, const char *s) {
  return wg_build_strndup(a, s, strlen(s));
}

char *wg_build_printf(wg_arena *a, const char *fmt, ...) {
  WG_AUTO(wg_buf) b = {0};
  wg_buf_init(&b, wg_heap(), 0);
  va_list ap;
  va_start(ap, fmt);
  wg_buf_vprintf(&b, fmt, ap);
  va_end(ap);
  return wg_build_strndup(a, (const char *)b.p, b.n);
}

char *wg_build_masked(const wg_mask *m, wg_arena *a, const char *s) {
  if (!wg_mask_any(m)) {
    return wg_build_strdup(a, s);
  }
  WG_AUTO(wg_buf) b = {0};
  wg_buf_init(&b, wg_heap(), 0);
  wg_mask_add_text(m, wg_str_of(s), &b);
  return wg_build_strdup(a, wg_buf_z(&b));
}

void *wg_build_get(wg_arena *a, size_t count, size_t size) {
  void *p = wg_arena_array(a, count, size);
  wg_assert(p != NULL);
  return p;
}

wg_graph *wg_graph_new(void) {
  wg_graph *g = wg_xalloc(sizeof(*g));
  wg_arena_init(&g->arena, wg_heap(), 0);
  return g;
}

void wg_graph_free(wg_graph *g) {
  if (g == NULL) {
    return;
  }
  for (size_t i = 0; i < g->n_steps; i++) {
    wg_step *s = g->steps[i];
    wg_xfree(s->aliases);
    wg_xfree(s->params);
    wg_xfree(s->records);
    wg_xfree(s->inputs);
    wg_xfree(s->after);
    wg_xfree(s->publish);
  }
  for (size_t i = 0; i < g->n_kept; i++) {
    g->kept[i].done(g->kept[i].p);
  }
  wg_xfree(g->kept);
  wg_xfree(g->steps);
  wg_arena_done(&g->arena);
  wg_xfree(g);
}

void wg_graph_keep(wg_graph *g, void *p, void (*done)(void *p)) {
  wg_vec_push(&g->kept, &g->n_kept, &g->cap_kept) = (graph_kept){.p = p, .done = done};
}

static wg_step *graph_add(wg_graph *g, const char *identity, const void *user) {
  wg_step *s = wg_build_get(&g->arena, 1, sizeof(*s));
  s->g = g;
  s->index = (uint32_t)g->n_steps;
  s->identity = wg_build_strdup(&g->arena, identity);
  s->user = user;
  s->cpus = 1;
  wg_vec_push(&g->steps, &g->n_steps, &g->cap_steps) = s; // NOLINT(bugprone-sizeof-expression)
  return s;
}

wg_step *wg_graph_add(wg_graph *g, const wg_step_kind *kind, const char *identity,
                      const void *user) {
  wg_step *s = graph_add(g, identity, user);
  s->kind = kind;
  return s;
}

wg_step *wg_graph_add_action(wg_graph *g, const wg_action_kind *kind, const char *identity,
                             const void *user) {
  wg_step *s = graph_add(g, identity, user);
  s->action = kind;
  return s;
}

const char *wg_build_kind_name(const wg_step *s) {
  return s->action != NULL ? s->action->name : s->kind->name;
}

const char *wg_build_verb(const wg_step *s) {
  return s->action != NULL ? s->action->verb : s->kind->verb;
}

wg_step *wg_graph_find(const wg_graph *g, const char *identity) {
  for (size_t i = 0; i < g->n_steps; i++) {
    if (strcmp(g->steps[i]->identity, identity) == 0) {
      return g->steps[i];
    }
  }
  return NULL;
}

const void *wg_step_user(const wg_step *s) {
  return s->user;
}

const char *wg_step_identity(const wg_step *s) {
  return s->identity;
}

void wg_step_alias(wg_step *s, const char *target) {
  wg_vec_push(&s->aliases, &s->n_aliases, &s->cap_aliases) = wg_build_strdup(&s->g->arena, target);
}

void wg_step_param(wg_step *s, const char *name, const char *value) {
  wg_vec_push(&s->params, &s->n_params, &s->cap_params) =
      (graph_param){.name = wg_build_strdup(&s->g->arena, name),
                    .value = wg_build_strdup(&s->g->arena, value == NULL ? "" : value)};
}

void wg_step_record(wg_step *s, const char *name, const char *value, const char *origin) {
  wg_vec_push(&s->records, &s->n_records, &s->cap_records) =
      (graph_param){.name = wg_build_strdup(&s->g->arena, name),
                    .value = wg_build_strdup(&s->g->arena, value),
                    .origin = wg_build_strdup(&s->g->arena, origin)};
}

static void step_input_path(wg_step *s, input_kind kind, const char *label, const char *path) {
  wg_vec_push(&s->inputs, &s->n_inputs, &s->cap_inputs) =
      (graph_input){.kind = kind,
                    .label = wg_build_strdup(&s->g->arena, label),
                    .path = wg_build_strdup(&s->g->arena, path)};
}

void wg_step_input_file(wg_step *s, const char *label, const char *path) {
  step_input_path(s, INPUT_FILE, label, path);
}

void wg_step_input_tree(wg_step *s, const char *label, const char *path) {
  step_input_path(s, INPUT_TREE, label, path);
}

void wg_step_input_selected(wg_step *s, const char *label, const char *path,
                            const wg_select *select) {
  wg_arena *a = &s->g->arena;
  wg_select *copy = wg_arena_new(a, wg_select);
  const char **exclude = (const char **)wg_arena_new_array(a, const char *, select->n_exclude);
  wg_assert(copy != NULL && exclude != NULL);
  step_input_path(s, INPUT_TREE, label, path);
  for (size_t i = 0; i < select->n_exclude; i++) {
    exclude[i] = wg_build_strdup(a, select->exclude[i]);
  }
  *copy = (wg_select){.only = select->only == NULL ? NULL : wg_build_strdup(a, select->only),
                      .exclude = exclude,
                      .n_exclude = select->n_exclude};
  s->inputs[s->n_inputs - 1].select = copy;
}

void wg_step_input_tree_attributes(wg_step *s, const char *label, const char *path) {
  step_input_path(s, INPUT_TREE, label, path);
  s->inputs[s->n_inputs - 1].attributes = true;
}

void wg_step_input_step(wg_step *s, const char *label, wg_step *dep, const char *output) {
  wg_assert(dep->g == s->g);
  wg_vec_push(&s->inputs, &s->n_inputs, &s->cap_inputs) =
      (graph_input){.kind = INPUT_STEP,
                    .label = wg_build_strdup(&s->g->arena, label),
                    .dep = dep,
                    .output = wg_build_strdup(&s->g->arena, output)};
}

void wg_step_input_outputs(wg_step *action, wg_step *dep) {
  wg_assert(action->g == dep->g && action->action != NULL && dep->kind != NULL);
  for (size_t i = 0; i < action->n_inputs; i++) {
    if (action->inputs[i].dep == dep && action->inputs[i].kind == INPUT_OUTPUTS) {
      return; // the user named it by two names
    }
  }
  wg_vec_push(&action->inputs, &action->n_inputs, &action->cap_inputs) =
      (graph_input){.kind = INPUT_OUTPUTS, .label = dep->identity, .dep = dep};
}

void wg_step_after(wg_step *s, wg_step *dep) {
  wg_assert(dep->g == s->g);
  wg_vec_push(&s->after, &s->n_after, &s->cap_after) = dep; // NOLINT(bugprone-sizeof-expression)
}

void wg_step_secret(wg_step *s) {
  s->secret = true;
}

void wg_step_need(wg_step *s, unsigned cpus, uint64_t memory_bytes) {
  s->cpus = cpus == 0 ? 1 : cpus;
  s->memory_bytes = memory_bytes;
}

void wg_step_publish(wg_step *s, const char *output, const char *path, uint32_t mode, bool big) {
  wg_vec_push(&s->publish, &s->n_publish, &s->cap_publish) =
      (graph_publish){.output = wg_build_strdup(&s->g->arena, output),
                      .path = wg_build_strdup(&s->g->arena, path),
                      .mode = mode,
                      .big = big};
}

void wg_step_publish_optional(wg_step *s, const char *output, const char *path, uint32_t mode) {
  wg_step_publish(s, output, path, mode, false);
  s->publish[s->n_publish - 1].optional = true;
}

const graph_publish *wg_build_find_publish(const wg_step *s, const char *output) {
  for (size_t i = 0; i < s->n_publish; i++) {
    if (strcmp(s->publish[i].output, output) == 0) {
      return &s->publish[i];
    }
  }
  return NULL;
}

// --- checks

// A step depends on steps only: what it makes can't depend on what was done to the world.
static wg_code graph_check_node(const wg_step *s, wg_error *err) {
  for (size_t i = 0; i < wg_build_n_deps(s); i++) {
    const wg_step *dep = wg_build_dep(s, i);
    if (dep != NULL && dep->action != NULL && (s->kind != NULL || i < s->n_inputs)) {
      return wg_fail(err, WG_E_BUG, "'%s' takes something of the action '%s'", s->identity,
                     dep->identity);
    }
  }
  if (s->action != NULL && (s->n_params > 0 || s->n_publish > 0)) {
    return wg_fail(err, WG_E_BUG, "action '%s' has parameters or outputs", s->identity);
  }
  if (s->action != NULL && strchr(s->identity, '/') == NULL) {
    return wg_fail(err, WG_E_BUG, "action '%s' does not name its command", s->identity);
  }
  return WG_OK;
}

static wg_code graph_check_step(const wg_step *s, wg_error *err) {
  if (graph_check_node(s, err) != WG_OK) {
    return err->code;
  }
  for (size_t i = 0; i < s->n_inputs; i++) {
    for (size_t j = 0; j < i; j++) {
      if (strcmp(s->inputs[i].label, s->inputs[j].label) == 0) {
        return wg_fail(err, WG_E_BUG, "step '%s': input '%s' is named twice", s->identity,
                       s->inputs[i].label);
      }
    }
  }
  for (size_t i = 0; i < s->n_params; i++) {
    for (size_t j = 0; j < i; j++) {
      if (strcmp(s->params[i].name, s->params[j].name) == 0) {
        return wg_fail(err, WG_E_BUG, "step '%s': parameter '%s' is given twice", s->identity,
                       s->params[i].name);
      }
    }
  }
  return WG_OK;
}

static wg_code graph_check_pair(const wg_step *a, const wg_step *b, wg_error *err) {
  if (a != b && strcmp(a->identity, b->identity) == 0) {
    return wg_fail(err, WG_E_BUG, "two steps are named '%s'", a->identity);
  }
  for (size_t i = 0; i < a->n_publish; i++) {
    for (size_t j = 0; j < b->n_publish; j++) {
      if ((a != b || i != j) && strcmp(a->publish[i].path, b->publish[j].path) == 0) {
        return wg_fail(err, WG_E_BUG, "'%s' and '%s' both write '%s'", a->identity, b->identity,
                       a->publish[i].path);
      }
    }
  }
  return WG_OK;
}

typedef struct order_walk {
  const wg_graph *g;
  uint8_t *mark;   // 0 not seen, 1 on the stack, 2 done
  uint32_t *stack; // steps
  size_t *next;    // index of the next dependency to look at, per stack level
  uint32_t *order;
  size_t n_order, depth;
} order_walk;

size_t wg_build_n_deps(const wg_step *s) {
  return s->n_inputs + s->n_after;
}

const wg_step *wg_build_dep(const wg_step *s, size_t i) {
  return i < s->n_inputs ? s->inputs[i].dep : s->after[i - s->n_inputs];
}

static wg_code order_cycle(const order_walk *w, uint32_t at, wg_error *err) {
  WG_AUTO(wg_buf) text = {0};
  wg_buf_init(&text, wg_heap(), 0);
  size_t i = w->depth;
  while (i > 0 && w->stack[i - 1] != at) {
    i--;
  }
  for (i = i == 0 ? 0 : i - 1; i < w->depth; i++) {
    wg_buf_printf(&text, "'%s' needs ", w->g->steps[w->stack[i]]->identity);
  }
  wg_buf_printf(&text, "'%s'", w->g->steps[at]->identity);
  return wg_fail(err, WG_E_BUG, "the steps go in a circle: %s", wg_buf_z(&text));
}

static wg_code order_from(order_walk *w, uint32_t root, wg_error *err) {
  w->depth = 1;
  w->stack[0] = root;
  w->next[0] = 0;
  w->mark[root] = 1;
  while (w->depth > 0) {
    uint32_t at = w->stack[w->depth - 1];
    const wg_step *s = w->g->steps[at];
    size_t i = w->next[w->depth - 1]++;
    if (i >= wg_build_n_deps(s)) {
      w->mark[at] = 2;
      w->order[w->n_order++] = at;
      w->depth--;
      continue;
    }
    const wg_step *dep = wg_build_dep(s, i);
    if (dep == NULL || w->mark[dep->index] == 2) {
      continue;
    }
    if (w->mark[dep->index] == 1) {
      return order_cycle(w, dep->index, err);
    }
    w->mark[dep->index] = 1;
    w->stack[w->depth] = dep->index;
    w->next[w->depth++] = 0;
  }
  return WG_OK;
}

wg_code wg_build_graph_order(const wg_graph *g, uint32_t **out_order, wg_error *err) {
  for (size_t i = 0; i < g->n_steps; i++) {
    if (graph_check_step(g->steps[i], err) != WG_OK) {
      return err->code;
    }
    for (size_t j = 0; j <= i; j++) {
      if (graph_check_pair(g->steps[i], g->steps[j], err) != WG_OK) {
        return err->code;
      }
    }
  }
  size_t n = g->n_steps == 0 ? 1 : g->n_steps;
  order_walk w = {.g = g,
                  .mark = wg_xarray(n, 1),
                  .stack = wg_xarray(n, sizeof(uint32_t)),
                  .next = wg_xarray(n, sizeof(size_t)),
                  .order = wg_xarray(n, sizeof(uint32_t))};
  wg_code code = WG_OK;
  for (uint32_t i = 0; i < g->n_steps && code == WG_OK; i++) {
    code = w.mark[i] == 0 ? order_from(&w, i, err) : WG_OK;
  }
  wg_xfree(w.mark);
  wg_xfree(w.stack);
  wg_xfree(w.next);
  if (code != WG_OK) {
    wg_xfree(w.order);
    return code;
  }
  *out_order = w.order;
  return WG_OK;
}
