// SPDX-License-Identifier: Apache-2.0
// Entries of an image's tree added, moved and removed at random, beside a model that keeps nothing
// but parent and name of each.
#include <string.h>

#include "fmt/wim/wim.h"
#include "os/mem.h"
#include "support.h"

#define TEST_MAX 150U

typedef struct model {
  uint32_t parent[TEST_MAX];
  uint32_t name[TEST_MAX]; // a number; as text it is the name
  bool is_dir[TEST_MAX], gone[TEST_MAX];
  uint32_t n;
} model;

WG_WRAPS static uint32_t rng_next(uint32_t *s, uint32_t below) {
  *s = *s * 1664525U + 1013904223U;
  return (*s >> 8) % below;
}

static wg_str name16_of(wg_arena *arena, uint32_t name) {
  const char *text = wg_arena_printf(arena, "N%u", name);
  size_t n = strlen(text);
  char *out = wg_arena_get(arena, n * 2);
  for (size_t i = 0; i < n; i++) {
    out[2 * i] = text[i];
    out[2 * i + 1] = '\0';
  }
  return (wg_str){out, n * 2};
}

static void tree_new(wg_arena *arena, wg_wim_tree *t) {
  *t = (wg_wim_tree){.arena = arena, .cap = TEST_MAX, .n = 1, .root_gap_bytes = 8};
  t->security_bytes = 8;
  t->entries = wg_arena_new_array(arena, wg_wim_entry, TEST_MAX);
  assert_non_null(t->entries);
  t->entries[0] = (wg_wim_entry){.attributes = WG_WIM_ATTR_DIRECTORY,
                                 .security = WG_WIM_NO_SECURITY,
                                 .list_off = UINT64_MAX,
                                 .has_list = true,
                                 .parent = WG_WIM_NO_ENTRY,
                                 .first_child = WG_WIM_NO_ENTRY,
                                 .last_child = WG_WIM_NO_ENTRY,
                                 .next = WG_WIM_NO_ENTRY};
}

static bool model_is_below(const model *m, uint32_t i, uint32_t top) {
  for (; i != WG_WIM_NO_ENTRY; i = m->parent[i]) {
    if (i == top) {
      return true;
    }
  }
  return false;
}

static uint32_t model_pick(const model *m, uint32_t *seed, bool dir) {
  for (;;) {
    uint32_t i = rng_next(seed, m->n);
    if (!m->gone[i] && (!dir || m->is_dir[i])) {
      return i;
    }
  }
}

static void step_add(wg_wim_tree *t, model *m, uint32_t *seed, wg_error *err) {
  uint32_t parent = model_pick(m, seed, true), at = 0, i = m->n;
  if (i == TEST_MAX) {
    return;
  }
  m->parent[i] = parent;
  m->name[i] = 1000 + i;
  m->is_dir[i] = rng_next(seed, 2) == 0;
  m->n++;
  assert_ok(wg_wim_tree_add(t, parent, name16_of(t->arena, m->name[i]), 5, &at, err), err);
  assert_int_equal(at, i);
  t->entries[at].attributes = m->is_dir[i] ? WG_WIM_ATTR_DIRECTORY : WG_WIM_ATTR_ARCHIVE;
}

static void step_remove(wg_wim_tree *t, model *m, uint32_t *seed, wg_error *err) {
  uint32_t top = model_pick(m, seed, false);
  if (top == 0) {
    return;
  }
  for (uint32_t i = 0; i < m->n; i++) {
    if (i != top && model_is_below(m, i, top)) {
      m->gone[i] = true;
    }
  }
  m->gone[top] = true;
  assert_ok(wg_wim_tree_remove(t, top, err), err);
}

static void step_move(wg_wim_tree *t, model *m, uint32_t *seed, wg_error *err) {
  uint32_t i = model_pick(m, seed, false), parent = model_pick(m, seed, true);
  if (i == 0 || model_is_below(m, parent, i)) {
    return;
  }
  m->parent[i] = parent;
  m->name[i] += 10000;
  assert_ok(wg_wim_tree_move(t, i, parent, name16_of(t->arena, m->name[i]), err), err);
}

// Each entry of the model is found where it should be; there are no others.
static void check_tree(wg_wim_tree *t, const model *m, const uint32_t *number, wg_error *err) {
  uint32_t n = 0;
  for (uint32_t i = 0; i < m->n; i++) {
    uint32_t at = 0;
    if (m->gone[i]) {
      assert_true(number == NULL || number[i] == WG_WIM_NO_ENTRY);
      continue;
    }
    n++;
    if (i == 0) {
      continue;
    }
    uint32_t parent = number == NULL ? m->parent[i] : number[m->parent[i]];
    assert_ok(wg_wim_tree_find(t, parent, name16_of(t->arena, m->name[i]), &at, err), err);
    assert_int_equal(at, number == NULL ? i : number[i]);
    assert_int_equal(t->entries[at].depth, t->entries[parent].depth + 1);
  }
  uint32_t walked = 0;
  for (uint32_t i = 0; i != WG_WIM_NO_ENTRY; i = wg_wim_tree_walk(t, 0, i)) {
    walked++;
  }
  assert_int_equal(walked, n);
}

static void written_and_read(wg_wim_tree *t, const model *m, const uint32_t *number,
                             wg_error *err) {
  WG_AUTO(wg_buf) b = {0};
  wg_buf_init(&b, wg_heap(), 0);
  wg_wim_limits limits = wg_wim_limits_default();
  wg_wim_tree back;
  assert_ok(wg_wim_tree_write(t, &b, err), err);
  assert_ok(wg_wim_tree_parse(b.p, b.n, t->arena, &limits, 0, &back, err), err);
  assert_int_equal(back.n, t->n);
  for (uint32_t i = 1; i < t->n; i++) { // by names from the root on
    uint32_t at = 0, path[TEST_MAX], depth = 0;
    for (uint32_t k = i; k != 0; k = t->entries[k].parent) {
      path[depth++] = k;
    }
    while (depth > 0) {
      depth--;
      assert_ok(wg_wim_tree_find(&back, at, t->entries[path[depth]].name16, &at, err), err);
      assert_true(at != WG_WIM_NO_ENTRY);
    }
    assert_int_equal(back.entries[at].attributes, t->entries[i].attributes);
  }
  check_tree(t, m, number, err);
}

static void random_changes_agree_with_a_model(void **state) {
  (void)state;
  for (uint32_t seed0 = 1; seed0 <= 200; seed0++) {
    WG_AUTO(wg_arena) arena = {0};
    wg_arena_init(&arena, wg_heap(), 0);
    wg_error err = WG_ERROR_INIT;
    uint32_t seed = seed0, *number = NULL;
    wg_wim_tree t;
    model m = {.n = 1, .parent = {WG_WIM_NO_ENTRY}, .is_dir = {true}};
    tree_new(&arena, &t);
    for (uint32_t step = 0; step < seed0 * 2; step++) {
      uint32_t what = rng_next(&seed, 6);
      if (what < 3) {
        step_add(&t, &m, &seed, &err);
      } else if (what < 5) {
        step_move(&t, &m, &seed, &err);
      } else {
        step_remove(&t, &m, &seed, &err);
      }
    }
    check_tree(&t, &m, NULL, &err);
    assert_ok(wg_wim_tree_compact(&t, &number, &err), &err);
    for (uint32_t i = 1; i < t.n; i++) {
      assert_true(t.entries[i].parent < i && !t.entries[i].gone);
    }
    written_and_read(&t, &m, number, &err);
  }
}

static void short_names_are_found(void **state) {
  (void)state;
  WG_AUTO(wg_arena) arena = {0};
  wg_arena_init(&arena, wg_heap(), 0);
  wg_error err = WG_ERROR_INIT;
  wg_wim_tree t;
  uint32_t a = 0, b = 0;
  tree_new(&arena, &t);
  assert_ok(wg_wim_tree_add(&t, 0, name16_of(&arena, 1), 5, &a, &err), &err);
  assert_ok(wg_wim_tree_add(&t, 0, name16_of(&arena, 2), 5, &b, &err), &err);
  t.entries[b].short16 = name16_of(&arena, 77);
  wg_str lower = {"n\0"
                  "7\0"
                  "7\0",
                  6};
  assert_int_equal(wg_wim_tree_find_short(&t, 0, lower), b);
  assert_int_equal(wg_wim_tree_find_short(&t, 0, name16_of(&arena, 2)), WG_WIM_NO_ENTRY);
  assert_int_equal(wg_wim_tree_find_short(&t, a, lower), WG_WIM_NO_ENTRY);
}

static void failing_memory_is_reported(void **state) {
  (void)state;
  for (unsigned long at = 1;; at++) {
    failing_heap heap = {.fail_at = 0};
    wg_alloc alloc = failing_heap_alloc(&heap);
    wg_error err = WG_ERROR_INIT;
    wg_arena arena;
    wg_wim_tree t;
    uint32_t i = 0, *number = NULL;
    wg_arena_init(&arena, &alloc, 0);
    tree_new(&arena, &t);
    wg_str name = name16_of(&arena, 1);
    heap.fail_at = heap.n_calls + at;
    wg_code code = wg_wim_tree_add(&t, 0, name, 5, &i, &err);
    code = code == WG_OK ? wg_wim_tree_remove(&t, i, &err) : code;
    code = code == WG_OK ? wg_wim_tree_compact(&t, &number, &err) : code;
    wg_arena_done(&arena);
    assert_int_equal(heap.n_live, 0);
    if (code == WG_OK) {
      return;
    }
    assert_int_equal(code, WG_E_NOMEM);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(random_changes_agree_with_a_model),
      cmocka_unit_test(short_names_are_found),
      cmocka_unit_test(failing_memory_is_reported),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
