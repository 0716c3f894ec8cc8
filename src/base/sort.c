// SPDX-License-Identifier: Apache-2.0
#include "base/sort.h"

#include <string.h>

#define SORT_SMALL 16U // elements that are put in their places one by one

typedef struct sorter {
  size_t size; // of an element
  wg_sort_cmp cmp;
  void *ctx;
} sorter;

static void sort_swap(const sorter *s, uint8_t *a, uint8_t *b) {
  uint8_t t[64];
  for (size_t n = s->size; n > 0;) {
    size_t k = n < sizeof(t) ? n : sizeof(t);
    memcpy(t, a, k);
    memmove(a, b, k); // b may be a
    memcpy(b, t, k);
    a += k;
    b += k;
    n -= k;
  }
}

// Lets the element at `at` sink in the heap of the first n.
static void sort_sink(const sorter *s, uint8_t *p, size_t at, size_t n) {
  while (at < n / 2) {
    size_t child = 2 * at + 1;
    if (child + 1 < n && s->cmp(p + child * s->size, p + (child + 1) * s->size, s->ctx) < 0) {
      child++;
    }
    if (s->cmp(p + at * s->size, p + child * s->size, s->ctx) >= 0) {
      return;
    }
    sort_swap(s, p + at * s->size, p + child * s->size);
    at = child;
  }
}

static void sort_heap(const sorter *s, uint8_t *p, size_t n) {
  for (size_t i = n / 2; i > 0; i--) {
    sort_sink(s, p, i - 1, n);
  }
  for (size_t left = n; left > 1; left--) {
    sort_swap(s, p, p + (left - 1) * s->size);
    sort_sink(s, p, 0, left - 1);
  }
}

static void sort_insert(const sorter *s, uint8_t *p, size_t n) {
  for (size_t i = 1; i < n; i++) {
    for (size_t k = i; k > 0 && s->cmp(p + (k - 1) * s->size, p + k * s->size, s->ctx) > 0; k--) {
      sort_swap(s, p + (k - 1) * s->size, p + k * s->size);
    }
  }
}

// Puts the median of the first, the middle and the last element in front.
static void sort_median(const sorter *s, uint8_t *p, size_t n) {
  uint8_t *a = p + n / 2 * s->size, *b = p, *c = p + (n - 1) * s->size;
  if (s->cmp(a, b, s->ctx) > 0) { // a < b < c in the end, so the median is in front
    sort_swap(s, a, b);
  }
  if (s->cmp(b, c, s->ctx) > 0) {
    sort_swap(s, b, c);
    if (s->cmp(a, b, s->ctx) > 0) {
      sort_swap(s, a, b);
    }
  }
}

// Divides around the element in front: returns where it comes to lie.
static size_t sort_part(const sorter *s, uint8_t *p, size_t n) {
  size_t i = 0, k = n;
  for (;;) {
    do {
      i++;
    } while (i < n && s->cmp(p + i * s->size, p, s->ctx) < 0);
    do {
      k--;
    } while (s->cmp(p + k * s->size, p, s->ctx) > 0); // ends at p itself
    if (i >= k) {
      break;
    }
    sort_swap(s, p + i * s->size, p + k * s->size);
  }
  sort_swap(s, p, p + k * s->size);
  return k;
}

// depth: how often it may still divide; then the heap, which is never slow.
static void sort_range(const sorter *s, uint8_t *p, size_t n, unsigned depth) {
  while (n > SORT_SMALL) {
    if (depth == 0) {
      sort_heap(s, p, n);
      return;
    }
    depth--;
    sort_median(s, p, n);
    size_t at = sort_part(s, p, n);
    uint8_t *right = p + (at + 1) * s->size;
    size_t n_right = n - at - 1;
    if (at < n_right) { // the smaller side by recursion: the stack stays shallow
      sort_range(s, p, at, depth);
      p = right;
      n = n_right;
    } else {
      sort_range(s, right, n_right, depth);
      n = at;
    }
  }
  sort_insert(s, p, n);
}

static bool sort_is_sorted(const sorter *s, const uint8_t *p, size_t n) {
  for (size_t i = 1; i < n; i++) {
    if (s->cmp(p + (i - 1) * s->size, p + i * s->size, s->ctx) > 0) {
      return false;
    }
  }
  return true;
}

void wg_sort(void *p, size_t n, size_t size_bytes, wg_sort_cmp cmp, void *ctx) {
  const sorter s = {.size = size_bytes, .cmp = cmp, .ctx = ctx};
  if (n < 2 || sort_is_sorted(&s, p, n)) {
    return;
  }
  unsigned depth = 0;
  for (size_t k = n; k > 0; k /= 2) {
    depth += 2;
  }
  sort_range(&s, p, n, depth);
}

int wg_sort_cmp_z(const void *a, const void *b, void *ctx) {
  (void)ctx;
  return strcmp(*(const char *const *)a, *(const char *const *)b);
}
