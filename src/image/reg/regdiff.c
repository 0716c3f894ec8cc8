// SPDX-License-Identifier: Apache-2.0
#include "image/reg/regdiff.h"

#include <string.h>

#include "base/sort.h"
#include "os/mem.h"

static int cmp16(wg_str a, wg_str b) {
  return wg_name16_cmp_nocase((const uint8_t *)a.p, a.n, (const uint8_t *)b.p, b.n);
}

static int cmp_values(const void *a, const void *b, void *ctx) {
  const wg_regvalue *const *x = a, *const *y = b;
  (void)ctx;
  return cmp16((*x)->name16, (*y)->name16);
}

static int cmp_keys(const void *a, const void *b, void *ctx) {
  const wg_regkey *const *x = a, *const *y = b;
  (void)ctx;
  return cmp16(wg_regkey_name16(*x), wg_regkey_name16(*y));
}

// Pointers in the order of names; room is kept from one key to the next.
typedef struct sorted {
  const void **v;
  size_t n, cap;
} sorted;

static void sorted_room(sorted *s, size_t n) {
  if (n > s->cap) {
    s->v = wg_xrealloc(s->v, n, sizeof(*s->v)); // NOLINT(bugprone-sizeof-expression): of pointers
    s->cap = n;
  }
  s->n = n;
}

static void sorted_sort(sorted *s, wg_sort_cmp cmp) {
  for (size_t i = 1; i < s->n; i++) {
    if (cmp(&s->v[i - 1], &s->v[i], NULL) > 0) {
      wg_sort(s->v, s->n, sizeof(*s->v), cmp, NULL); // NOLINT(bugprone-sizeof-expression)
      return;
    }
  }
}

static void sorted_values(sorted *s, const wg_regkey *k) {
  sorted_room(s, wg_regkey_n_values(k));
  for (size_t i = 0; i < s->n; i++) {
    s->v[i] = wg_regkey_value_at(k, i);
  }
  sorted_sort(s, cmp_values);
}

static void sorted_children(sorted *s, const wg_regkey *k) {
  sorted_room(s, wg_regkey_n_children(k));
  for (size_t i = 0; i < s->n; i++) {
    s->v[i] = wg_regkey_child_at(k, i);
  }
  sorted_sort(s, cmp_keys);
}

static void tell(wg_regdiff *d, const wg_regdiff_item *item) {
  bool value = item->what == WG_REGDIFF_VALUE;
  const void *a = value ? (const void *)item->va : item->a;
  const void *b = value ? (const void *)item->vb : item->b;
  d->n_added += a == NULL ? 1 : 0;
  d->n_removed += b == NULL ? 1 : 0;
  d->n_changed += a != NULL && b != NULL ? 1 : 0;
  if (d->sink != NULL) {
    d->sink(d->ctx, item);
  }
}

static bool same_value(const wg_regvalue *a, const wg_regvalue *b) {
  return a->type == b->type && a->n_bytes == b->n_bytes && a->tombstone == b->tombstone &&
         (a->n_bytes == 0 || memcmp(a->data, b->data, a->n_bytes) == 0);
}

typedef struct walk {
  wg_regdiff *d;
  sorted a, b;
} walk;

// NOLINTNEXTLINE(readability-function-cognitive-complexity): a merge of two sorted lists
static void walk_values(walk *w, const wg_regkey *a, const wg_regkey *b) {
  size_t i = 0, k = 0;
  sorted_values(&w->a, a);
  sorted_values(&w->b, b);
  while (i < w->a.n || k < w->b.n) {
    const wg_regvalue *x = i < w->a.n ? w->a.v[i] : NULL, *y = k < w->b.n ? w->b.v[k] : NULL;
    int cmp = x == NULL ? 1 : y == NULL ? -1 : cmp16(x->name16, y->name16);
    wg_regdiff_item item = {.what = WG_REGDIFF_VALUE,
                            .a = a,
                            .b = b,
                            .va = cmp <= 0 ? x : NULL,
                            .vb = cmp >= 0 ? y : NULL};
    if (cmp != 0 || !same_value(x, y)) {
      tell(w->d, &item);
    }
    i += cmp <= 0 ? 1 : 0;
    k += cmp >= 0 ? 1 : 0;
  }
}

// Two keys of one name: their own facts and values.
static void walk_key(walk *w, const wg_regkey *a, const wg_regkey *b) {
  wg_regdiff *d = w->d;
  bool differs[] = {
      [WG_REGDIFF_DESCRIPTOR] = !wg_str_eq(wg_regkey_sd(d->a, a), wg_regkey_sd(d->b, b)),
      [WG_REGDIFF_CLASS] = !wg_str_eq(wg_regkey_class(a), wg_regkey_class(b)),
      [WG_REGDIFF_FLAGS] =
          wg_regkey_is_link(a) != wg_regkey_is_link(b) || wg_regkey_layer(a) != wg_regkey_layer(b),
      [WG_REGDIFF_TIME] = d->times && wg_regkey_time(a) != wg_regkey_time(b),
  };
  for (unsigned i = WG_REGDIFF_DESCRIPTOR; i < WG_ARRAY_LEN(differs); i++) {
    wg_regdiff_item item = {.what = (wg_regdiff_what)i, .a = a, .b = b};
    if (differs[i]) {
      tell(d, &item);
    }
  }
  walk_values(w, a, b);
}

typedef struct key_pair {
  const wg_regkey *a, *b;
} key_pair;

typedef struct key_pairs {
  key_pair *v;
  size_t n, cap;
} key_pairs;

// Children of both, merged by name: lone ones are told, pairs are put on the stack (first on top).
// NOLINTNEXTLINE(readability-function-cognitive-complexity): a merge of two sorted lists
static void walk_children(walk *w, const key_pair *p, key_pairs *stack) {
  size_t i = 0, k = 0, first = stack->n;
  sorted_children(&w->a, p->a);
  sorted_children(&w->b, p->b);
  while (i < w->a.n || k < w->b.n) {
    const wg_regkey *a = i < w->a.n ? w->a.v[i] : NULL, *b = k < w->b.n ? w->b.v[k] : NULL;
    int cmp = a == NULL ? 1 : b == NULL ? -1 : cmp_keys(&a, &b, NULL);
    if (cmp == 0) {
      wg_vec_push(&stack->v, &stack->n, &stack->cap) = (key_pair){a, b};
    } else {
      wg_regdiff_item item = {
          .what = WG_REGDIFF_KEY, .a = cmp < 0 ? a : NULL, .b = cmp < 0 ? NULL : b};
      tell(w->d, &item);
    }
    i += cmp <= 0 ? 1 : 0;
    k += cmp >= 0 ? 1 : 0;
  }
  for (size_t lo = first, hi = stack->n; lo + 1 < hi; lo++, hi--) {
    key_pair t = stack->v[lo];
    stack->v[lo] = stack->v[hi - 1];
    stack->v[hi - 1] = t;
  }
}

void wg_regdiff_keys(wg_regdiff *d, const wg_regkey *a, const wg_regkey *b) {
  walk w = {.d = d};
  key_pairs stack = {0};
  wg_vec_push(&stack.v, &stack.n, &stack.cap) = (key_pair){a, b};
  while (stack.n > 0) {
    key_pair p = stack.v[--stack.n];
    walk_key(&w, p.a, p.b);
    walk_children(&w, &p, &stack);
  }
  wg_xfree(stack.v);
  wg_xfree(w.a.v);
  wg_xfree(w.b.v);
}

void wg_regdiff_hives(wg_regdiff *d) {
  wg_regdiff_keys(d, wg_hive_root(d->a), wg_hive_root(d->b));
}
