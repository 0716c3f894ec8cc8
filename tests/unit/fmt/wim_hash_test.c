// SPDX-License-Identifier: Apache-2.0
// Hashes in order and looked up by their first bytes, beside a plain search.
#include <string.h>

#include "fmt/wim/wim.h"
#include "os/mem.h"
#include "support.h"

#define TEST_HASHES 3000U

typedef struct hashes {
  wg_sha1 v[TEST_HASHES];
  uint32_t order[TEST_HASHES];
  uint64_t heads[TEST_HASHES];
} hashes;

static const wg_sha1 *hash_of(void *ctx, uint32_t i) {
  const hashes *h = ctx;
  return &h->v[i];
}

static const wg_sha1 *hash_at(void *ctx, size_t i) {
  const hashes *h = ctx;
  return &h->v[h->order[i]];
}

// The first that is not less than hash.
static size_t bound_of(hashes *h, size_t n, const wg_sha1 *hash) {
  size_t i = 0;
  while (i < n && memcmp(hash_at(h, i), hash, sizeof(*hash)) < 0) {
    i++;
  }
  return i;
}

static void look_up(hashes *h, size_t n) {
  wg_error err = WG_ERROR_INIT;
  for (uint32_t i = 0; i < n; i++) {
    h->order[i] = i;
  }
  assert_ok(wg_wim_sort_by_hash(h->order, h->heads, n, hash_of, h, wg_heap(), &err), &err);
  for (size_t i = 0; i < n; i++) {
    assert_true(i == 0 || memcmp(hash_at(h, i - 1), hash_at(h, i), sizeof(wg_sha1)) <= 0);
    assert_int_equal(h->heads[i], wg_wim_hash_head(hash_at(h, i)));
  }
  for (size_t i = 0; i<n; i += n> 100 ? 7 : 1) {
    for (int add = -1; add <= 1; add++) { // that hash, and one beside it
      wg_sha1 hash = h->v[i];
      hash.b[19] = (uint8_t)(hash.b[19] + add);
      assert_int_equal(wg_wim_hash_bound(h->heads, n, &hash, hash_at, h), bound_of(h, n, &hash));
    }
  }
  wg_sha1 least = {{0}}, most;
  memset(&most, 0xFF, sizeof(most));
  assert_int_equal(wg_wim_hash_bound(h->heads, n, &least, hash_at, h), bound_of(h, n, &least));
  assert_int_equal(wg_wim_hash_bound(h->heads, n, &most, hash_at, h), bound_of(h, n, &most));
}

// All bytes of a hash before `same` are those of every other.
static void bounds_are_those_of_a_plain_search(void **state) {
  (void)state;
  static const size_t counts[] = {0, 1, 2, 64, 65, 300, TEST_HASHES};
  static const size_t same[] = {0, 1, 7, 8, 9, 19};
  hashes *h = wg_xalloc(sizeof(*h));
  for (size_t c = 0; c < WG_ARRAY_LEN(counts); c++) {
    for (size_t s = 0; s < WG_ARRAY_LEN(same); s++) {
      for (uint32_t i = 0; i < counts[c]; i++) {
        h->v[i] = wg_sha1_of(&i, sizeof(i));
        memset(h->v[i].b, 0x5A, same[s]);
      }
      look_up(h, counts[c]);
    }
  }
  wg_xfree(h);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(bounds_are_those_of_a_plain_search)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
