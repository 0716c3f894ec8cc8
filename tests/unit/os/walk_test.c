// SPDX-License-Identifier: Apache-2.0
#include "os/walk.h"

#include <string.h>

#include "support.h"

typedef struct heard {
  size_t n;
  uint64_t n_entries;
  char folder[32];
} heard;

static void hear(void *ctx, const char *folder, uint64_t n_entries) {
  heard *h = ctx;
  h->n++;
  h->n_entries = n_entries;
  (void)wg_format(h->folder, sizeof(h->folder), "%s", folder);
}

static void nobody_watches(void **state) {
  (void)state;
  wg_error err = WG_ERROR_INIT;
  wg_os_walk w = wg_os_walk_begin(NULL);
  assert_int_equal(wg_os_walk_met(&w, "a", UINT64_MAX / 2, &err), WG_OK);
}

static void it_is_told_how_far_a_walk_is(void **state) {
  (void)state;
  heard h = {0};
  wg_error err = WG_ERROR_INIT;
  const wg_walk_watch at_once = {.tell = hear, .ctx = &h},
                      later = {.slow_ms = UINT64_MAX, .tell = hear, .ctx = &h};
  wg_os_walk w = wg_os_walk_begin(&at_once), quiet = wg_os_walk_begin(&later);
  assert_int_equal(wg_os_walk_met(&quiet, "a", 5, &err), WG_OK);
  assert_int_equal(h.n, 0);
  assert_int_equal(wg_os_walk_met(&w, "a", 5, &err), WG_OK);
  assert_int_equal(wg_os_walk_met(&w, "a/b", 7, &err), WG_OK);
  assert_int_equal(h.n, 2);
  assert_int_equal(h.n_entries, 12);
  assert_string_equal(h.folder, "a/b");
}

static void a_walk_ends(void **state) {
  (void)state;
  wg_error err = WG_ERROR_INIT;
  wg_cancel cancel;
  assert_int_equal(wg_cancel_init(&cancel, &err), WG_OK);
  const wg_walk_watch watch = {.cancel = &cancel, .max_entries = 10};
  wg_os_walk w = wg_os_walk_begin(&watch);
  assert_int_equal(wg_os_walk_met(&w, "a", 10, &err), WG_OK);
  assert_int_equal(wg_os_walk_met(&w, "a/b", 1, &err), WG_E_LIMIT);
  assert_non_null(strstr(
      err.text, "more than 10 files and folders are looked through, the last of them in 'a/b'"));
  err = (wg_error)WG_ERROR_INIT;
  wg_cancel_set(&cancel, 2);
  w = wg_os_walk_begin(&watch);
  assert_int_equal(wg_os_walk_met(&w, "a", 0, &err), WG_E_CANCELED);
  wg_cancel_done(&cancel);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(nobody_watches),
                                     cmocka_unit_test(it_is_told_how_far_a_walk_is),
                                     cmocka_unit_test(a_walk_ends)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
