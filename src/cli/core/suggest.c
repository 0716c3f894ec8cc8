// SPDX-License-Identifier: Apache-2.0
// The word somebody probably meant.
#include <string.h>

#include "cli/core/internal.h"

#define SUGGEST_MAX_CHARS 40

static unsigned suggest_min(unsigned a, unsigned b) {
  return a < b ? a : b;
}

// Edits (insert, delete, replace, swap neighbours) that turn a into b. Both at most
// SUGGEST_MAX_CHARS long.
static unsigned suggest_distance(const char *a, size_t na, const char *b, size_t nb) {
  uint16_t d[SUGGEST_MAX_CHARS + 1][SUGGEST_MAX_CHARS + 1];
  for (size_t i = 0; i <= na; i++) {
    d[i][0] = (uint16_t)i;
  }
  for (size_t j = 0; j <= nb; j++) {
    d[0][j] = (uint16_t)j;
  }
  for (size_t i = 1; i <= na; i++) {
    for (size_t j = 1; j <= nb; j++) {
      unsigned change = a[i - 1] == b[j - 1] ? 0 : 1;
      unsigned best = suggest_min(d[i - 1][j] + 1U, d[i][j - 1] + 1U);
      best = suggest_min(best, d[i - 1][j - 1] + change);
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        best = suggest_min(best, d[i - 2][j - 2] + 1U);
      }
      d[i][j] = (uint16_t)best;
    }
  }
  return d[na][nb];
}

const char *wg_cli_nearest(const char *word, const char *const *candidates, size_t n) {
  size_t n_word = strlen(word);
  if (n_word == 0 || n_word > SUGGEST_MAX_CHARS) {
    return NULL;
  }
  const char *best = NULL;
  unsigned best_distance = n_word <= 3 ? 2 : n_word <= 6 ? 3 : 4; // one more than is accepted
  for (size_t i = 0; i < n; i++) {
    size_t n_cand = strlen(candidates[i]);
    if (n_cand > SUGGEST_MAX_CHARS) {
      continue;
    }
    unsigned dist = suggest_distance(word, n_word, candidates[i], n_cand);
    if (n_word >= 3 && n_cand > n_word && strncmp(word, candidates[i], n_word) == 0) {
      dist = 1; // the beginning of a word
    }
    if (dist < best_distance) {
      best_distance = dist;
      best = candidates[i];
    }
  }
  return best;
}
