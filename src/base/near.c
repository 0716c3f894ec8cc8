// SPDX-License-Identifier: Apache-2.0
#include "base/near.h"

#include <string.h>

#include "base/bytes.h"

#define NEAR_MAX 48

static unsigned near_min(unsigned a, unsigned b) {
  return a < b ? a : b;
}

// Optimal string alignment distance: insert, delete, change, swap of neighbours.
static unsigned near_distance(const char *a, size_t na, const char *b, size_t nb) {
  unsigned rows[3][NEAR_MAX + 1];
  for (size_t j = 0; j <= nb; j++) {
    rows[1][j] = (unsigned)j;
    rows[0][j] = 0;
  }
  for (size_t i = 1; i <= na; i++) {
    unsigned *cur = rows[(i + 1) % 3];
    const unsigned *prev = rows[i % 3];
    const unsigned *two = rows[(i + 2) % 3]; // row i - 2
    cur[0] = (unsigned)i;
    for (size_t j = 1; j <= nb; j++) {
      char x = wg_ascii_lower(a[i - 1]), y = wg_ascii_lower(b[j - 1]);
      unsigned best = near_min(prev[j] + 1, cur[j - 1] + 1);
      best = near_min(best, prev[j - 1] + (x == y ? 0 : 1));
      if (i > 1 && j > 1 && x == wg_ascii_lower(b[j - 2]) && wg_ascii_lower(a[i - 2]) == y) {
        best = near_min(best, two[j - 2] + 1);
      }
      cur[j] = best;
    }
  }
  return rows[(na + 1) % 3][nb];
}

const char *wg_nearest(const char *word, const char *const *words, size_t n) {
  size_t len = strlen(word);
  if (len == 0 || len > NEAR_MAX) {
    return NULL;
  }
  const char *best = NULL;
  unsigned best_distance = len <= 3 ? 2 : (unsigned)(len / 3) + 2; // exclusive
  for (size_t i = 0; i < n; i++) {
    size_t other = strlen(words[i]);
    if (other > NEAR_MAX) {
      continue;
    }
    unsigned d = near_distance(word, len, words[i], other);
    if (len >= 3 && len < other && memcmp(word, words[i], len) == 0) {
      d = 1; // the beginning of it: sha for sha256
    }
    if (d < best_distance && d < other) {
      best = words[i];
      best_distance = d;
    }
  }
  return best;
}
