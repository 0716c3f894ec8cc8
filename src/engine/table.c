// SPDX-License-Identifier: Apache-2.0
// Facts that are tables: kept by a step's context, by records of results, by the model of a run.
#include "engine/int.h"

static const char **table_texts(const wg_mask *m, wg_arena *a, const char *const *v, size_t n) {
  const char **copy = wg_build_get(a, n, sizeof(*copy));
  for (size_t i = 0; i < n; i++) {
    copy[i] = wg_build_masked(m, a, v[i]);
  }
  return copy;
}

wg_table wg_build_table_copy(const wg_table *t, const wg_mask *m, wg_arena *a) {
  wg_table copy = *t;
  uint64_t *numbers = wg_build_get(a, t->n_rows * t->n_numbers, sizeof(*numbers));
  for (size_t i = 0; i < t->n_rows * t->n_numbers; i++) {
    numbers[i] = t->numbers[i];
  }
  copy.name = wg_build_strdup(a, t->name);
  copy.columns = table_texts(NULL, a, t->columns, t->n_texts + t->n_numbers);
  copy.texts = table_texts(m, a, t->texts, t->n_rows * t->n_texts);
  copy.numbers = numbers;
  return copy;
}

void wg_ctx_table(wg_step_ctx *c, const wg_table *t) {
  wg_mutex_lock(&c->lock);
  wg_vec_push(&c->tables, &c->n_tables, &c->cap_tables) =
      wg_build_table_copy(t, c->r->env->mask, &c->own);
  wg_mutex_unlock(&c->lock);
  if (!c->silent) {
    wg_build_emit(c->r, (wg_event){.type = WG_EV_STEP_TABLE, .name = t->name, .table = t});
  }
}
