// SPDX-License-Identifier: Apache-2.0
// The hive writer judged by the format itself: an inventory of cells made here, not by the parser.
#include "fmt/regf/regf.h"

#include <string.h>

#include "fmt/regf/int.h"
#include "os/mem.h"
#include "support.h"

static const uint8_t sd_a[] = {1, 0, 4, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0};
static const uint8_t sd_b[] = {1, 0, 4, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4};

static wg_hive *make(uint32_t minor, const wg_alloc *alloc) {
  wg_error err = WG_ERROR_INIT;
  wg_hive *h = NULL;
  assert_ok(wg_hive_new(minor, "ROOT", sd_a, sizeof(sd_a), 100, alloc, &h, &err), &err);
  return h;
}

static wg_regkey *key(wg_hive *h, const char *path) {
  wg_error err = WG_ERROR_INIT;
  wg_regkey *k = NULL;
  assert_ok(wg_regkey_create(h, wg_hive_root(h), wg_str_of(path), 200, &k, NULL, &err), &err);
  return k;
}

// Walks bins and cells by hand: sizes, tiling, ring and counts of security cells, order and hashes
// of lists.
typedef struct inventory {
  size_t n_nk, n_vk, n_sk, n_db, n_lists, n_ri, n_free, n_allocated;
  uint64_t sk_refs;
} inventory;

static void take_list(const uint8_t *bins, const uint8_t *cell, bool hashed, inventory *inv) {
  const uint8_t *prev = NULL;
  size_t prev_bytes = 0;
  uint8_t wide[2][512];
  for (unsigned i = 0; i < wg_le16(cell + 2); i++) {
    const uint8_t *nk = bins + wg_le32(cell + 4 + i * 8) + 4;
    assert_memory_equal(nk, "nk", 2);
    size_t n = wg_le16(nk + 72);
    bool latin1 = (wg_le16(nk + 2) & 0x20) != 0;
    uint8_t *name = wide[i % 2];
    for (size_t j = 0; j < n; j++) {
      if (latin1) {
        wg_put_le16(name + 2 * j, nk[76 + j]);
      } else {
        name[j] = nk[76 + j];
      }
    }
    n = latin1 ? n * 2 : n;
    if (prev != NULL) {
      assert_true(wg_name16_cmp_nocase(prev, prev_bytes, name, n) < 0);
    }
    if (hashed) {
      uint32_t hash = 0;
      for (size_t j = 0; j < n; j += 2) {
        hash = hash * 37 + wg_upcase16(wg_le16(name + j));
      }
      assert_int_equal(wg_le32(cell + 8 + i * 8), hash);
    }
    prev = name;
    prev_bytes = n;
  }
  inv->n_lists++;
}

static inventory take(const wg_buf *b, bool hashed) {
  inventory inv = {0};
  assert_memory_equal(b->p, "regf", 4);
  assert_int_equal(wg_le32(b->p + 4), wg_le32(b->p + 8));
  assert_int_equal(wg_le32(b->p + 508), wg_regf_checksum(b->p));
  assert_int_equal(b->n % 4096, 0);
  assert_int_equal(wg_le32(b->p + 40), b->n - 4096);
  const uint8_t *bins = b->p + 4096;
  size_t n = b->n - 4096;
  for (size_t off = 0; off < n;) {
    assert_memory_equal(bins + off, "hbin", 4);
    assert_int_equal(wg_le32(bins + off + 4), off);
    size_t size = wg_le32(bins + off + 8);
    assert_int_equal(size % 4096, 0);
    for (size_t at = off + 32; at < off + size;) {
      int32_t raw = (int32_t)wg_le32(bins + at);
      size_t cell = (size_t)(raw < 0 ? -raw : raw);
      assert_true(cell >= 8 && cell % 8 == 0 && at + cell <= off + size);
      const uint8_t *p = bins + at + 4;
      if (raw > 0) {
        inv.n_free++;
      } else {
        inv.n_allocated++;
        inv.n_nk += memcmp(p, "nk", 2) == 0;
        inv.n_vk += memcmp(p, "vk", 2) == 0;
        inv.n_db += memcmp(p, "db", 2) == 0 && cell == 16;
        inv.n_ri += memcmp(p, "ri", 2) == 0;
        if (memcmp(p, "sk", 2) == 0) {
          inv.n_sk++;
          inv.sk_refs += wg_le32(p + 12);
          assert_int_equal(wg_le32(bins + wg_le32(p + 4) + 4 + 8),
                           at); // next's previous is this one
        }
        if (memcmp(p, hashed ? "lh" : "lf", 2) == 0) {
          take_list(bins, p, hashed, &inv);
        }
      }
      at += cell;
    }
    off += size;
  }
  return inv;
}

static void write_out(const wg_hive *h, wg_buf *out) {
  wg_error err = WG_ERROR_INIT;
  wg_hive_write_options opt = {.filetime = 300};
  wg_buf_init(out, wg_heap(), 0);
  assert_ok(wg_hive_write(h, &opt, out, &err), &err);
}

static void everything_is_there_once(void **state) {
  (void)state;
  for (uint32_t minor = 3; minor <= 6; minor++) {
    wg_error err = WG_ERROR_INIT;
    WG_AUTO_PTR(wg_hive) h = make(minor, wg_heap());
    char name[64];
    for (unsigned i = 0; i < 1200; i++) { // more than one leaf holds
      (void)wg_format(name, sizeof(name), "Many\\k%u", (i * 7919) % 1200);
      wg_regkey *k = key(h, name);
      assert_ok(wg_regkey_set(h, k, WG_STR("v"), WG_REG_DWORD, "\1\2\3\4", 4, 200, &err), &err);
    }
    WG_AUTO(wg_cstr) big = wg_xalloc(70000);
    memset(big, 'b', 70000);
    wg_regkey *k = key(h, "Big");
    assert_ok(wg_regkey_set(h, k, WG_STR("big"), WG_REG_BINARY, big, 70000, 200, &err), &err);
    assert_ok(wg_regkey_set(h, k, WG_STR("edge"), WG_REG_BINARY, big, 16344, 200, &err), &err);
    assert_ok(wg_regkey_set(h, k, WG_STR("empty"), WG_REG_NONE, "", 0, 200, &err), &err);
    assert_ok(wg_regkey_set_sd(h, k, sd_b, sizeof(sd_b), 200, &err), &err);
    WG_AUTO(wg_buf) out = {0};
    write_out(h, &out);
    inventory inv = take(&out, minor >= 5);
    assert_int_equal(inv.n_nk, 1203);
    assert_int_equal(inv.n_vk, 1203);
    assert_int_equal(inv.n_sk, 2);
    assert_int_equal(inv.sk_refs, 1203);
    assert_int_equal(inv.n_db, minor > 3 ? 1 : 0);
    assert_int_equal(inv.n_ri, 1);
    WG_AUTO_PTR(wg_hive) back = NULL;
    assert_ok(wg_hive_parse(out.p, out.n, NULL, false, wg_heap(), &back, &err), &err);
    assert_int_equal(wg_hive_info(back).n_lost_cells, 0);
    const wg_regvalue *v = wg_regkey_value(wg_hive_find(back, WG_STR("bIG")), WG_STR("BIG"));
    assert_non_null(v);
    assert_int_equal(v->n_bytes, 70000);
    assert_memory_equal(v->data, big, 70000);
    assert_non_null(wg_hive_find(back, WG_STR("many\\K1199")));
    WG_AUTO(wg_buf) again = {0};
    wg_buf_init(&again, wg_heap(), 0);
    assert_ok(wg_hive_write(back, &(wg_hive_write_options){0}, &again, &err), &err);
    assert_int_equal(again.n, out.n);
    assert_memory_equal(again.p, out.p, out.n);
  }
}

static void a_new_key_inherits_and_times_move(void **state) {
  (void)state;
  wg_error err = WG_ERROR_INIT;
  WG_AUTO_PTR(wg_hive) h = make(5, wg_heap());
  wg_regkey *a = key(h, "A");
  assert_ok(wg_regkey_set_sd(h, a, sd_b, sizeof(sd_b), 210, &err), &err);
  wg_regkey *b = NULL;
  bool made = false;
  assert_ok(wg_regkey_create(h, a, WG_STR("B\\C"), 250, &b, &made, &err), &err);
  assert_true(made);
  wg_str sd = wg_regkey_sd(h, b);
  assert_int_equal(sd.n, sizeof(sd_b));
  assert_memory_equal(sd.p, sd_b, sizeof(sd_b));
  assert_true(wg_regkey_time(a) == 250);
  assert_true(wg_regkey_time(wg_hive_root(h)) == 200);
  assert_ok(wg_regkey_create(h, a, WG_STR("b\\c"), 260, &b, &made, &err), &err);
  assert_false(made);
  assert_true(wg_regkey_time(a) == 250);
  assert_ok(wg_regkey_delete(h, wg_hive_find(h, WG_STR("A\\B")), 270, &err), &err);
  assert_null(wg_hive_find(h, WG_STR("A\\B\\C")));
  assert_true(wg_regkey_time(a) == 270);
  assert_int_equal(wg_regkey_delete(h, wg_hive_root(h), 1, &err), WG_E_USAGE);
}

static void names_and_values_keep_their_exact_form(void **state) {
  (void)state;
  wg_error err = WG_ERROR_INIT;
  WG_AUTO_PTR(wg_hive) h = make(6, wg_heap());
  // Latin-1, beyond it, beyond the BMP, a lone surrogate (WTF-8).
  static const char *const names[] = {"caf\xC3\xA9", "\xD0\x9F\xD1\x80", "\xF0\x9F\x98\x80",
                                      "x\xED\xA0\x80y"};
  for (size_t i = 0; i < WG_ARRAY_LEN(names); i++) {
    wg_regkey *k = key(h, names[i]);
    assert_ok(wg_regkey_set(h, k, wg_str_of(names[i]), 0xFFFF0012, "abcde", 5, 1, &err), &err);
    assert_ok(wg_regkey_set_class(h, k, "c\0l\0", 4, &err), &err);
  }
  wg_regkey_set_link(h, key(h, names[0]), true);
  WG_AUTO(wg_buf) out = {0};
  write_out(h, &out);
  WG_AUTO_PTR(wg_hive) back = NULL;
  assert_ok(wg_hive_parse(out.p, out.n, NULL, false, wg_heap(), &back, &err), &err);
  for (size_t i = 0; i < WG_ARRAY_LEN(names); i++) {
    wg_regkey *k = wg_hive_find(back, wg_str_of(names[i]));
    assert_non_null(k);
    const wg_regvalue *v = wg_regkey_value(k, wg_str_of(names[i]));
    assert_non_null(v);
    assert_int_equal(v->type, 0xFFFF0012);
    assert_memory_equal(v->data, "abcde", 5);
    assert_int_equal(wg_regkey_class(k).n, 4);
    assert_int_equal(wg_regkey_is_link(k), i == 0);
    WG_AUTO(wg_buf) name = {0};
    wg_buf_init(&name, wg_heap(), 0);
    wg_regkey_add_name(k, &name);
    assert_string_equal(wg_buf_z(&name), names[i]);
  }
}

static void many_values_in_one_key(void **state) {
  (void)state;
  wg_error err = WG_ERROR_INIT;
  WG_AUTO_PTR(wg_hive) h = make(5, wg_heap());
  wg_regkey *k = key(h, "K");
  char name[32];
  for (unsigned i = 0; i < 3000; i++) {
    (void)wg_format(name, sizeof(name), "value %u", i);
    assert_ok(wg_regkey_set(h, k, wg_str_of(name), WG_REG_DWORD, &i, 4, 1, &err), &err);
  }
  for (unsigned i = 0; i < 3000; i += 3) {
    (void)wg_format(name, sizeof(name), "VALUE %u", i);
    assert_ok(wg_regkey_unset(h, k, wg_str_of(name), 1, &err), &err);
    assert_int_equal(wg_regkey_unset(h, k, wg_str_of(name), 1, &err), WG_E_NOT_FOUND);
  }
  assert_int_equal(wg_regkey_n_values(k), 2000);
  for (unsigned i = 0; i < 3000; i++) {
    (void)wg_format(name, sizeof(name), "Value %u", i);
    const wg_regvalue *v = wg_regkey_value(k, wg_str_of(name));
    assert_int_equal(v != NULL, i % 3 != 0);
    if (v != NULL) {
      assert_memory_equal(v->data, &i, 4);
    }
  }
}

static void limits_and_bad_names(void **state) {
  (void)state;
  wg_error err = WG_ERROR_INIT;
  WG_AUTO_PTR(wg_hive) h = make(5, wg_heap());
  wg_regkey *k = NULL;
  char name[300];
  memset(name, 'n', sizeof(name));
  assert_int_equal(wg_regkey_create(h, wg_hive_root(h), (wg_str){name, 256}, 1, &k, NULL, &err),
                   WG_E_FORMAT);
  assert_ok(wg_regkey_create(h, wg_hive_root(h), (wg_str){name, 255}, 1, &k, NULL, &err), &err);
  assert_int_equal(wg_regkey_create(h, wg_hive_root(h), (wg_str){"a\0b", 3}, 1, &k, NULL, &err),
                   WG_E_FORMAT);
  assert_int_equal(wg_regkey_create(h, wg_hive_root(h), WG_STR("\xFF"), 1, &k, NULL, &err),
                   WG_E_FORMAT);
  k = wg_hive_root(h);
  for (int i = 0; i < 512; i++) {
    assert_ok(wg_regkey_create(h, k, WG_STR("d"), 1, &k, NULL, &err), &err);
  }
  assert_int_equal(wg_regkey_create(h, k, WG_STR("d"), 1, &k, NULL, &err), WG_E_LIMIT);
}

static void out_of_memory_anywhere_is_an_error(void **state) {
  (void)state;
  WG_AUTO_PTR(wg_hive) h = make(6, wg_heap());
  for (unsigned i = 0; i < 40; i++) {
    char name[32];
    wg_error err = WG_ERROR_INIT;
    (void)wg_format(name, sizeof(name), "a%u\\b", i % 9);
    wg_regkey *k = key(h, name);
    (void)wg_format(name, sizeof(name), "v%u", i);
    assert_ok(wg_regkey_set(h, k, wg_str_of(name), WG_REG_SZ, "abcdef", 6, 1, &err), &err);
  }
  WG_AUTO(wg_buf) image = {0};
  write_out(h, &image);
  bool passed = false;
  for (unsigned long n = 1; !passed; n++) {
    failing_heap heap = {.fail_at = n};
    wg_alloc alloc = failing_heap_alloc(&heap);
    wg_error err = WG_ERROR_INIT;
    wg_hive *back = NULL;
    wg_buf out;
    wg_buf_init(&out, &alloc, 0);
    wg_code c = wg_hive_parse(image.p, image.n, NULL, false, &alloc, &back, &err);
    if (c == WG_OK) {
      c = wg_hive_write(back, &(wg_hive_write_options){0}, &out, &err);
    }
    passed = c == WG_OK;
    assert_true(passed || c == WG_E_NOMEM);
    wg_buf_done(&out);
    wg_hive_free(back);
    assert_int_equal(heap.n_live, 0);
    assert_true(n < 2000);
  }
}

// Twice: as it was written, and with every tenth sector gone.
static void salvage_out_of_memory_is_an_error(void **state) {
  (void)state;
  WG_AUTO_PTR(wg_hive) h = make(6, wg_heap());
  for (unsigned i = 0; i < 60; i++) {
    char name[32];
    wg_error err = WG_ERROR_INIT;
    (void)wg_format(name, sizeof(name), "a%u\\b%u", i % 9, i);
    wg_regkey *k = key(h, name);
    assert_ok(wg_regkey_set(h, k, WG_STR("v"), WG_REG_SZ, "abcdef", 6, 1, &err), &err);
  }
  WG_AUTO(wg_buf) image = {0};
  write_out(h, &image);
  wg_regf_salvage *report = wg_xalloc(sizeof(*report));
  for (unsigned round = 0; round < 2; round++) {
    for (size_t at = 5120; round == 1 && at + 512 <= image.n; at += 5120) {
      memset(image.p + at, 0, 512);
    }
    bool passed = false;
    for (unsigned long n = 1; !passed; n++) {
      failing_heap heap = {.fail_at = n};
      wg_alloc alloc = failing_heap_alloc(&heap);
      wg_error err = WG_ERROR_INIT;
      wg_hive *back = NULL;
      wg_code c = wg_hive_salvage(image.p, image.n, NULL, &alloc, &back, report, &err);
      passed = c == WG_OK;
      assert_true(passed || c == WG_E_NOMEM);
      wg_hive_free(back);
      assert_int_equal(heap.n_live, 0);
      assert_true(n < 2000);
    }
    assert_true(round == 0 ? report->n_faults == 0 && report->n_values == 60
                           : report->n_faults > 0 && report->n_values < 60);
  }
  wg_xfree(report);
}

static void marvin_is_marvin(void **state) {
  (void)state;
  // Vectors of the .NET runtime's own tests: seed 0x4FB61A001BDBCC.
  static const uint8_t in[] = {0x37, 0xF4, 0x95};
  assert_true(wg_regf_marvin32(0x4FB61A001BDBCCULL, in, 0) == 0x30ED35C100CD3C7DULL);
  assert_true(wg_regf_marvin32(0x4FB61A001BDBCCULL, (const uint8_t *)"\xAF", 1) ==
              0x48E73FC77D75DDC1ULL);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(everything_is_there_once),
      cmocka_unit_test(a_new_key_inherits_and_times_move),
      cmocka_unit_test(names_and_values_keep_their_exact_form),
      cmocka_unit_test(many_values_in_one_key),
      cmocka_unit_test(limits_and_bad_names),
      cmocka_unit_test(out_of_memory_anywhere_is_an_error),
      cmocka_unit_test(salvage_out_of_memory_is_an_error),
      cmocka_unit_test(marvin_is_marvin),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
