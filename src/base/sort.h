// SPDX-License-Identifier: Apache-2.0
// Sorting in place without memory of its own: libc's qsort may allocate, and has no context.
#ifndef WG_BASE_SORT_H
#define WG_BASE_SORT_H

#include "base/attr.h"

// Less than, equal to, greater than 0 as *a sorts before, with, behind *b. ctx is the caller's.
typedef int (*wg_sort_cmp)(const void *a, const void *b, void *ctx);

// Sorts n elements of size_bytes (1 or more) at p. Not stable: a comparison that is never 0 for two
// elements makes the result the same everywhere. O(n log n) also at worst (quicksort that
// falls back to the heap).
void wg_sort(void *p, size_t n, size_t size_bytes, wg_sort_cmp cmp, void *ctx);

// For elements that are strings (char *): by their bytes.
int wg_sort_cmp_z(const void *a, const void *b, void *ctx);

#endif
