// SPDX-License-Identifier: Apache-2.0
// Changes made where the hive stands, against the same changes written compact.
#include <string.h>

#include "fmt/regf/int.h"
#include "os/mem.h"
#include "support.h"

static uint32_t rnd_state;
WG_WRAPS static uint32_t rnd(uint32_t n) {
  rnd_state = rnd_state * 1664525U + 1013904223U;
  return (rnd_state >> 8) % n;
}

static void sd_of(uint32_t i, uint8_t out[20]) {
  static const uint8_t sd[20] = {1, 0, 4, 0x80};
  memcpy(out, sd, sizeof(sd));
  out[16] = (uint8_t)i;
}

// A path among some 200; most share their first part.
static void path_of(uint32_t i, char out[64]) {
  (void)wg_format(out, 64, "Top%u\\Key%u%s", i % 7, i % 29,
                  i % 3 == 0 ? "\\Deep \xC3\xA4\xE2\x82\xAC" : "");
}

static wg_code edit_value(wg_hive *h, wg_regkey *k, wg_error *err) {
  static uint8_t data[40000];
  static const uint32_t sizes[] = {0, 1, 4, 5, 8, 60, 200, 1000, 17000, 40000};
  char name[32];
  (void)wg_format(name, sizeof(name), rnd(5) == 0 ? "\xE2\x82\xAC%u" : "v%u", rnd(30));
  uint32_t n = sizes[rnd(rnd(4) == 0 ? 10 : 7)];
  memset(data, (int)rnd(256), n);
  return wg_regkey_set(h, k, wg_str_of(rnd(9) == 0 ? "" : name), rnd(12), data, n, 1000 + rnd(9),
                       err);
}

static wg_code edit_one(wg_hive *h, wg_error *err) {
  char path[64];
  uint8_t sd[20];
  wg_regkey *k = NULL;
  uint32_t what = rnd(20);
  path_of(rnd(210), path);
  k = wg_hive_find(h, wg_str_of(path));
  if (what < 4 || k == NULL) {
    wg_code code =
        wg_regkey_create(h, wg_hive_root(h), wg_str_of(path), 2000 + rnd(9), &k, NULL, err);
    return code != WG_OK || rnd(3) == 0 ? code : edit_value(h, k, err);
  }
  if (what < 6) {
    return wg_regkey_delete(h, k, 3000 + rnd(9), err);
  }
  if (what < 8 && wg_regkey_n_values(k) > 0) {
    WG_AUTO(wg_buf) name = {0};
    wg_buf_init(&name, wg_heap(), 0);
    wg_regvalue_add_name(wg_regkey_value_at(k, rnd((uint32_t)wg_regkey_n_values(k))), &name);
    return wg_regkey_unset(h, k, wg_buf_str(&name), 4000, err);
  }
  if (what == 8) {
    sd_of(rnd(6), sd);
    return wg_regkey_set_sd(h, k, sd, sizeof(sd), 5000, err);
  }
  if (what == 9) {
    return wg_regkey_set_class(h, k, "c\0l\0a\0s\0s", rnd(3) == 0 ? 0 : 10, err);
  }
  if (what == 10) {
    wg_regkey_set_link(h, k, rnd(2) == 0);
    return WG_OK;
  }
  return edit_value(h, k, err);
}

static void edit(wg_hive *h, uint32_t seed, uint32_t n) {
  wg_error err = WG_ERROR_INIT;
  rnd_state = seed;
  for (uint32_t i = 0; i < n; i++) {
    assert_ok(edit_one(h, &err), &err);
  }
}

static void write_out(const wg_hive *h, wg_buf *out) {
  wg_error err = WG_ERROR_INIT;
  wg_hive_write_options opt = {.filetime = 300};
  wg_buf_init(out, wg_heap(), 0);
  assert_ok(wg_hive_write(h, &opt, out, &err), &err);
}

// A hive of some hundred keys, in bytes with room behind.
static void make(uint32_t seed, uint32_t minor, size_t room, wg_buf *out) {
  wg_error err = WG_ERROR_INIT;
  WG_AUTO_PTR(wg_hive) h = NULL;
  uint8_t sd[20];
  sd_of(0, sd);
  assert_ok(wg_hive_new(minor, "ROOT", sd, sizeof(sd), 100, wg_heap(), &h, &err), &err);
  edit(h, seed, 300);
  write_out(h, out);
  assert_non_null(wg_buf_room(out, room));
}

static wg_hive *open_edit(const wg_buf *b) {
  wg_error err = WG_ERROR_INIT;
  wg_hive *h = NULL;
  assert_ok(wg_hive_parse_edit(b->p, b->n, NULL, false, wg_heap(), &h, &err), &err);
  return h;
}

// Free cells that stand behind another in their bin.
static unsigned free_neighbours(const wg_buf *b) {
  unsigned n = 0;
  for (uint32_t bin = 4096; bin < b->n; bin += wg_le32(b->p + bin + 8)) {
    bool before = false;
    for (uint32_t at = bin + 32, size; at < bin + wg_le32(b->p + bin + 8); at += size) {
      uint32_t raw = wg_le32(b->p + at);
      bool taken = raw >> 31 != 0;
      size = taken ? wg_regf_negative(raw) : raw;
      n += before && !taken;
      before = !taken;
    }
  }
  return n;
}

// Nothing is lost, nothing is to be mended, free cells are one, and written compact it is the same
// bytes.
static void assert_is(const wg_buf *patched, const wg_hive *want) {
  static const wg_regf_lint clean;
  wg_error err = WG_ERROR_INIT;
  wg_regf_lint lint;
  WG_AUTO_PTR(wg_hive) got = NULL;
  WG_AUTO(wg_buf) a = {0};
  WG_AUTO(wg_buf) b = {0};
  assert_ok(wg_hive_parse_lint(patched->p, patched->n, NULL, false, wg_heap(), &got, &lint, &err),
            &err);
  assert_memory_equal(&lint, &clean, sizeof(lint));
  assert_int_equal(wg_hive_info(got).n_lost_cells, 0);
  assert_int_equal(free_neighbours(patched), 0);
  write_out(got, &a);
  write_out(want, &b);
  assert_int_equal(a.n, b.n);
  assert_memory_equal(a.p, b.p, a.n);
}

static void a_patch_is_what_a_compact_write_says(void **state) {
  (void)state;
  unsigned n_done = 0;
  for (uint32_t seed = 1; seed <= 120; seed++) {
    wg_error err = WG_ERROR_INIT;
    wg_hive_write_options opt = {.filetime = 300};
    bool done = false;
    WG_AUTO(wg_buf) bytes = {0};
    WG_AUTO(wg_buf) copy = {0};
    make(seed, 3 + seed % 4, 1U << 20, &bytes);
    wg_buf_init(&copy, wg_heap(), 0);
    wg_buf_add(&copy, bytes.p, bytes.n);
    WG_AUTO_PTR(wg_hive) h = open_edit(&bytes);
    WG_AUTO_PTR(wg_hive) want = NULL;
    assert_ok(wg_hive_parse(copy.p, copy.n, NULL, false, wg_heap(), &want, &err), &err);
    edit(h, seed * 77, 1 + seed % 12);
    edit(want, seed * 77, 1 + seed % 12);
    assert_ok(wg_hive_patch(h, &opt, &bytes, &done, &err), &err);
    if (done) {
      n_done++;
      assert_is(&bytes, want);
    }
  }
  assert_true(n_done > 100);
}

static void many_patches_reuse_what_they_left_free(void **state) {
  (void)state;
  WG_AUTO(wg_buf) bytes = {0};
  make(5, 5, 1U << 20, &bytes);
  size_t began = bytes.n;
  for (uint32_t i = 0; i < 200; i++) {
    wg_error err = WG_ERROR_INIT;
    wg_hive_write_options opt = {.filetime = 300, .bump_sequence = true};
    bool done = false;
    uint8_t data[200] = {(uint8_t)i};
    WG_AUTO_PTR(wg_hive) h = open_edit(&bytes);
    assert_ok(wg_regkey_set(h, wg_hive_find(h, WG_STR("Top1")), WG_STR("again"), WG_REG_BINARY,
                            data, sizeof(data), 1, &err),
              &err);
    assert_ok(wg_hive_patch(h, &opt, &bytes, &done, &err), &err);
    assert_true(done);
    WG_AUTO_PTR(wg_hive) back = open_edit(&bytes);
    assert_int_equal(wg_hive_info(back).seq1, 2 + i);
    assert_memory_equal(wg_regkey_value(wg_hive_find(back, WG_STR("Top1")), WG_STR("again"))->data,
                        data, 200);
  }
  assert_true(bytes.n <= began + 8192);
}

// Makes two free cells of each that has room for two; nothing that is read changes.
static void split_free(wg_buf *b) {
  for (uint32_t bin = 4096; bin < b->n; bin += wg_le32(b->p + bin + 8)) {
    for (uint32_t at = bin + 32, size; at < bin + wg_le32(b->p + bin + 8); at += size) {
      uint32_t raw = wg_le32(b->p + at);
      size = raw >> 31 != 0 ? wg_regf_negative(raw) : raw;
      if (raw >> 31 == 0 && size >= 16) {
        wg_put_le32(b->p + at, 8);
        wg_put_le32(b->p + at + 8, size - 8);
      }
    }
  }
}

static void free_cells_of_bins_that_stay_stay(void **state) {
  (void)state;
  wg_error err = WG_ERROR_INIT;
  wg_hive_write_options opt = {.filetime = 300};
  bool done = false;
  WG_AUTO(wg_buf) bytes = {0};
  WG_AUTO(wg_buf) was = {0};
  make(21, 5, 1U << 20, &bytes);
  WG_AUTO_PTR(wg_hive) first = open_edit(&bytes);
  edit(first, 3, 12); // leaves free cells
  assert_ok(wg_hive_patch(first, &opt, &bytes, &done, &err), &err);
  assert_true(done);
  split_free(&bytes);
  unsigned n_was = free_neighbours(&bytes);
  assert_true(n_was > 3);
  wg_buf_init(&was, wg_heap(), 0);
  wg_buf_add(&was, bytes.p, bytes.n);
  WG_AUTO_PTR(wg_hive) h = open_edit(&bytes);
  WG_AUTO_PTR(wg_hive) want = NULL;
  assert_ok(wg_hive_parse(was.p, was.n, NULL, false, wg_heap(), &want, &err), &err);
  edit(h, 5, 1);
  edit(want, 5, 1);
  assert_ok(wg_hive_patch(h, &opt, &bytes, &done, &err), &err);
  assert_true(done && bytes.n == was.n);
  unsigned n_now = 0;
  for (uint32_t bin = 4096, size; bin < was.n; bin += size) {
    size = wg_le32(was.p + bin + 8);
    WG_AUTO(wg_buf) one = {0};
    wg_buf_init(&one, wg_heap(), 0);
    wg_buf_add_zeros(&one, 4096);
    wg_buf_add(&one, bytes.p + bin, size);
    unsigned n = free_neighbours(&one);
    n_now += n;
    assert_true(n == 0 || memcmp(bytes.p + bin, was.p + bin, size) == 0);
  }
  assert_true(n_now > 0 && n_now < n_was);
  WG_AUTO(wg_buf) a = {0};
  WG_AUTO(wg_buf) b = {0};
  WG_AUTO_PTR(wg_hive) got = open_edit(&bytes);
  write_out(got, &a);
  write_out(want, &b);
  assert_true(a.n == b.n && memcmp(a.p, b.p, a.n) == 0);
}

static void without_room_it_is_written_whole(void **state) {
  (void)state;
  wg_error err = WG_ERROR_INIT;
  wg_hive_write_options opt = {.filetime = 300};
  bool done = true;
  WG_AUTO(wg_buf) bytes = {0};
  WG_AUTO(wg_buf) copy = {0};
  make(9, 5, 1, &bytes);
  wg_buf_init(&copy, wg_heap(), 0);
  wg_buf_add(&copy, bytes.p, bytes.n);
  WG_AUTO_PTR(wg_hive) h = open_edit(&bytes);
  WG_AUTO_PTR(wg_hive) want = NULL;
  assert_ok(wg_hive_parse(copy.p, copy.n, NULL, false, wg_heap(), &want, &err), &err);
  WG_AUTO(wg_buf) big = {0};
  wg_buf_init(&big, wg_heap(), 0);
  wg_buf_add_zeros(&big, 600000); // more than doubling left free
  for (unsigned i = 0; i < 2; i++) {
    edit(i == 0 ? h : want, 4, 5);
    wg_hive *one = i == 0 ? h : want;
    assert_ok(wg_regkey_set(one, wg_hive_find(one, WG_STR("Top2")), WG_STR("big"), WG_REG_BINARY,
                            big.p, (uint32_t)big.n, 1, &err),
              &err);
  }
  bytes.cap = bytes.n + 1;
  uint8_t *was = bytes.p;
  assert_ok(wg_hive_patch(h, &opt, &bytes, &done, &err), &err);
  assert_false(done);
  assert_ptr_equal(bytes.p, was);
  WG_AUTO(wg_buf) a = {0};
  write_out(h, &a);
  assert_is(&a, want);
}

static void what_is_to_be_mended_is_not_patched(void **state) {
  (void)state;
  wg_error err = WG_ERROR_INIT;
  wg_hive_write_options opt = {0};
  for (unsigned i = 0; i < 3; i++) {
    bool done = true;
    WG_AUTO(wg_buf) bytes = {0};
    make(11, 5, 1U << 20, &bytes);
    for (size_t at = 4096; at + 8 < bytes.n; at += 8) {
      uint8_t *p = bytes.p + at + 4;
      if (i == 0 && memcmp(p, "sk", 2) == 0) {
        wg_put_le32(p + 12, 7777); // a wrong count of references
        break;
      }
      if (i == 1 && memcmp(p, "lh", 2) == 0) {
        wg_put_le32(p + 8, 1); // a wrong hash
        break;
      }
    }
    WG_AUTO_PTR(wg_hive) h = open_edit(&bytes);
    edit(h, 3, i == 2 ? 200 : 2); // much is changed
    assert_ok(wg_hive_patch(h, &opt, &bytes, &done, &err), &err);
    assert_false(done);
  }
}

static void out_of_memory_anywhere_is_an_error(void **state) {
  (void)state;
  WG_AUTO(wg_buf) was = {0};
  make(13, 5, 1U << 20, &was);
  unsigned long n = 1;
  for (bool done = false; !done; n++) {
    failing_heap heap = {.fail_at = n};
    wg_alloc alloc = failing_heap_alloc(&heap);
    wg_error err = WG_ERROR_INIT;
    wg_hive_write_options opt = {0};
    wg_hive *h = NULL;
    WG_AUTO(wg_buf) bytes = {0};
    wg_buf_init(&bytes, wg_heap(), 0);
    assert_non_null(wg_buf_room(&bytes, was.n + (1U << 20)));
    wg_buf_add(&bytes, was.p, was.n);
    wg_code code = wg_hive_parse_edit(bytes.p, bytes.n, NULL, false, &alloc, &h, &err);
    rnd_state = 99;
    for (unsigned i = 0; code == WG_OK && i < 6; i++) {
      code = edit_one(h, &err);
    }
    if (code == WG_OK) {
      code = wg_hive_patch(h, &opt, &bytes, &done, &err);
    }
    assert_true(code == WG_OK || code == WG_E_NOMEM || wg_hive_starved(h));
    wg_hive_free(h);
    assert_int_equal(heap.n_live, 0);
    assert_true(n < 5000);
  }
  assert_true(n > 10);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_patch_is_what_a_compact_write_says),
      cmocka_unit_test(many_patches_reuse_what_they_left_free),
      cmocka_unit_test(free_cells_of_bins_that_stay_stay),
      cmocka_unit_test(without_room_it_is_written_whole),
      cmocka_unit_test(what_is_to_be_mended_is_not_patched),
      cmocka_unit_test(out_of_memory_anywhere_is_an_error),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
