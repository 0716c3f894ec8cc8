// SPDX-License-Identifier: Apache-2.0
// "Did you mean ...?"
#ifndef WG_BASE_NEAR_H
#define WG_BASE_NEAR_H

#include <stddef.h>

static inline char wg_ascii_lower(char c) { // ASCII
  int lower = c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c;
  return (char)lower;
}

// The nearest of n words to `word` (edit distance, case ignored), NULL when none is near.
const char *wg_nearest(const char *word, const char *const *words, size_t n);

#endif
