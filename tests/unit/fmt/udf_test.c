// SPDX-License-Identifier: Apache-2.0
#include "fmt/udf/udf.h"

#include <string.h>

#include "bad.h"
#include "support.h"

// A volume in short form: see tests/tools/udfgen.py.
typedef struct volume {
  const uint8_t *p;
  size_t n;
} volume;

static wg_code volume_read(void *ctx, uint64_t off, void *p, size_t n, wg_error *err) {
  const volume *v = ctx;
  assert_true(off % WG_UDF_BLOCK_BYTES == 0 && n <= WG_UDF_BLOCK_BYTES);
  (void)err;
  memset(p, 0, n);
  for (size_t at = 4; at + 6 <= v->n;) {
    size_t len = wg_le16(v->p + at + 4);
    if (wg_le32(v->p + at) == off / WG_UDF_BLOCK_BYTES) {
      memcpy(p, v->p + at + 6, n < len ? n : len);
    }
    at += 6 + len;
  }
  return WG_OK;
}

static wg_code map(const void *p, size_t n, const char *path, wg_arena *arena, wg_udf_extent **out,
                   size_t *out_n, wg_error *err) {
  volume v = {p, n};
  uint32_t blocks = wg_le32(v.p) & 0x7FFFFFFFu;
  wg_udf_source src = {
      .read = volume_read, .ctx = &v, .size_bytes = (uint64_t)blocks * WG_UDF_BLOCK_BYTES};
  WG_AUTO_PTR(wg_udf) u = NULL;
  wg_udf_kind kind = WG_UDF_NONE;
  if (wg_udf_detect(&src, &kind, err) != WG_OK) {
    return err->code;
  }
  assert_int_equal(kind, WG_UDF_VOLUME);
  wg_os_mute_stdio(true);
  wg_code code = wg_udf_open(&src, wg_heap(), &u, err);
  if (code == WG_OK) {
    assert_string_equal(wg_udf_label(u), "WINTEST");
    code = wg_udf_extents(u, path, arena, out, out_n, err);
  }
  wg_os_mute_stdio(false);
  return code;
}

static wg_code check_bad(const void *p, size_t n, const char *rest, wg_error *err) {
  WG_AUTO(wg_arena) arena = {0};
  wg_arena_init(&arena, wg_heap(), 0);
  wg_udf_extent *x = NULL;
  size_t n_x = 0;
  uint64_t want = WG_NO_OFFSET;
  wg_code code = map(p, n, "sources/install.wim", &arena, &x, &n_x, err);
  assert_true(strcmp(rest, "-") == 0 || wg_parse_u64(wg_str_of(rest), &want));
  if (err->off_bytes != want) {
    fail_msg("offset %lld, want %s: %s", (long long)err->off_bytes, rest, err->text);
  }
  return code;
}

static void hostile_volumes(void **state) {
  (void)state;
  bad_all("udf", 20, check_bad);
}

static void files_in_one_piece_and_in_several(void **state) {
  (void)state;
  static const struct {
    const char *file, *path;
    size_t n;
    uint64_t sizes[3];
  } cases[] = {{"sound", "sources/install.wim", 1, {5000}},
               {"sound", "SOURCES/INSTALL.WIM", 1, {5000}},
               {"pieces", "sources/install.esd", 3, {2048, 2048, 904}},
               {"continued", "sources/install.swm", 3, {2048, 2048, 904}},
               {"names", "sources/\xE6\x97\xA5\xE6\x9C\xAC.txt", 1, {1}}};
  for (size_t i = 0; i < WG_ARRAY_LEN(cases); i++) {
    WG_AUTO(wg_cstr)
    path = wg_xprintf("%s/fuzz/udf/corpus/%s.udf", wg_os_getenv("WG_SOURCE_ROOT"), cases[i].file);
    WG_AUTO(wg_buf) b = {0};
    WG_AUTO(wg_arena) arena = {0};
    wg_error err = WG_ERROR_INIT;
    wg_udf_extent *x = NULL;
    size_t n = 0;
    wg_buf_init(&b, wg_heap(), 0);
    wg_arena_init(&arena, wg_heap(), 0);
    assert_ok(wg_os_read_file(WG_CWD, path, 1 << 20, &b, &err), &err);
    assert_ok(map(b.p, b.n, cases[i].path, &arena, &x, &n, &err), &err);
    assert_int_equal(n, cases[i].n);
    for (size_t k = 0; k < n; k++) {
      assert_int_equal(x[k].n_bytes, cases[i].sizes[k]);
    }
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(hostile_volumes),
                                     cmocka_unit_test(files_in_one_piece_and_in_several)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
