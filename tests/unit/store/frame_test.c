// SPDX-License-Identifier: Apache-2.0
// The store's formats: hostile frames and rows.
#include <string.h>

#include "bad.h"
#include "store/frame.h"

static const wg_digest zero_key;

static wg_code parse_record(const void *p, size_t n, const char *rest, wg_error *err) {
  wg_str body;
  (void)rest;
  wg_code code = wg_frame_parse(p, n, WG_FRAME_RECORD, &zero_key, &body, err);
  assert_true(code == WG_OK || err->off_bytes <= n);
  return code;
}

static void bad_frames_are_refused(void **state) {
  (void)state;
  bad_all("record", 11, parse_record);
}

static void rows_have_limits(void **state) {
  (void)state;
  WG_AUTO(wg_cstr) path = wg_xalloc(WG_STAT_PATH_MAX + 2);
  memset(path, 'a', WG_STAT_PATH_MAX + 1);
  const struct {
    size_t path_n;
    wg_stat_kind kind;
    size_t nul_at;
    bool good;
  } cases[] = {
      {1, WG_STAT_FILE, SIZE_MAX, true},
      {WG_STAT_PATH_MAX, WG_STAT_DIR, SIZE_MAX, true},
      {WG_STAT_PATH_MAX + 1, WG_STAT_DIR, SIZE_MAX, false},
      {0, WG_STAT_FILE, SIZE_MAX, false},
      {10, (wg_stat_kind)3, SIZE_MAX, false},
      {10, (wg_stat_kind)0, SIZE_MAX, false},
      {10, WG_STAT_FILE, 4, false},
  };
  for (size_t i = 0; i < WG_ARRAY_LEN(cases); i++) {
    WG_AUTO(wg_buf) b = {0};
    wg_buf_init(&b, wg_heap(), 0);
    wg_stat_row row = {.path = {path, cases[i].path_n}, .kind = cases[i].kind}, got;
    if (cases[i].nul_at != SIZE_MAX) {
      path[cases[i].nul_at] = '\0';
    }
    wg_stat_row_put(&b, &row);
    wg_reader r = wg_reader_of(b.p, b.n);
    assert_int_equal(wg_stat_row_read(&r, &got), cases[i].good);
    assert_int_equal(r.pos, cases[i].good ? b.n : 0);
    // Cut anywhere, it is no row.
    for (size_t n = 0; n < b.n; n += 1 + n / 8) {
      r = wg_reader_of(b.p, n);
      assert_false(wg_stat_row_read(&r, &got));
      assert_int_equal(r.pos, 0);
    }
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(bad_frames_are_refused),
      cmocka_unit_test(rows_have_limits),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
