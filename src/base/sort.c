#include "base/sort.h"

static void sort_swap(uint8_t *a, uint8_t *b, size_t n) {
  for (size_t i = 0; i < n; i++) {
    uint8_t t = a[i];
    a[i] = b[i];
    b[i] = t;
  }
}

// Lets the element at `at` sink in the heap of the first n.
static void sort_sink(uint8_t *p, size_t at, size_t n, size_t size, wg_sort_cmp cmp, void *ctx) {
  while (at < n / 2) {
    size_t child = 2 * at + 1;
    if (child + 1 < n && cmp(p + child * size, p + (child + 1) * size, ctx) < 0) {
      child++;
    }
    if (cmp(p + at * size, p + child * size, ctx) >= 0) {
      return;
    }
    sort_swap(p + at * size, p + child * size, size);
    at = child;
  }
}

void wg_sort(void *p, size_t n, size_t size_bytes, wg_sort_cmp cmp, void *ctx) {
  uint8_t *b = p;
  for (size_t i = n / 2; i > 0; i--) {
    sort_sink(b, i - 1, n, size_bytes, cmp, ctx);
  }
  for (size_t left = n; left > 1; left--) {
    sort_swap(b, b + (left - 1) * size_bytes, size_bytes);
    sort_sink(b, 0, left - 1, size_bytes, cmp, ctx);
  }
}
