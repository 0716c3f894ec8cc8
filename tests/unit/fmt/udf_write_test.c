// SPDX-License-Identifier: Apache-2.0
#include "fmt/udf/write.h"

#include <string.h>

#include "fmt/udf/udf.h"
#include "os/mem.h"
#include "support.h"

#define MAX_NODES 512u

typedef struct disk { // what was written; the rest of size is zero
  uint8_t *p;
  size_t n;
  uint64_t size, last;
} disk;

static wg_code disk_put(void *ctx, uint64_t off, const void *p, size_t n, wg_error *err) {
  disk *d = ctx;
  (void)err;
  assert_true(off >= d->last && off % WG_UDF_BLOCK_BYTES == 0);
  d->last = off + n;
  if (off + n <= d->n) {
    memcpy(d->p + off, p, n);
  }
  return WG_OK;
}

static wg_code disk_read(void *ctx, uint64_t off, void *p, size_t n, wg_error *err) {
  const disk *d = ctx;
  (void)err;
  memset(p, 0, n);
  if (off < d->n) {
    memcpy(p, d->p + off, off + n <= d->n ? n : (size_t)(d->n - off));
  }
  return WG_OK;
}

typedef struct tree {
  wg_udf_node nodes[MAX_NODES];
  wg_udf_volume v;
} tree;

static void tree_init(tree *t) {
  memset(t, 0, sizeof(*t));
  t->nodes[0] = (wg_udf_node){.name = "", .is_dir = true};
  t->v = (wg_udf_volume){.label = "TEST",
                         .id = "0123456789abcdef",
                         .note = "This is UDF.\r\n",
                         .time = wg_civil_of(1725580800),
                         .nodes = t->nodes,
                         .n_nodes = 1};
}

static uint32_t add(tree *t, uint32_t parent, const char *name, bool dir, uint64_t n_bytes) {
  t->nodes[t->v.n_nodes] =
      (wg_udf_node){.name = name, .parent = parent, .is_dir = dir, .n_bytes = n_bytes};
  return (uint32_t)t->v.n_nodes++;
}

// The volume, with content i (byte i % 251 all over) in each file; only its first n bytes are kept.
static disk make(tree *t, size_t keep) {
  wg_error err = WG_ERROR_INIT;
  assert_ok(wg_udf_plan(&t->v, &err), &err);
  disk d = {.n = keep != 0 ? keep : (size_t)t->v.size_bytes, .size = t->v.size_bytes};
  d.p = calloc(1, d.n);
  assert_non_null(d.p);
  assert_ok(wg_udf_write(&t->v, wg_heap(), disk_put, &d, &err), &err);
  assert_true(d.last == t->v.size_bytes);
  for (size_t i = 0; i < t->v.n_nodes && keep == 0; i++) {
    if (!t->nodes[i].is_dir && t->nodes[i].n_bytes > 0) {
      memset(d.p + t->nodes[i].off_bytes, (int)(i % 251), (size_t)t->nodes[i].n_bytes);
    }
  }
  return d;
}

static wg_udf *reopen(disk *d) {
  wg_error err = WG_ERROR_INIT;
  wg_udf *u = NULL;
  wg_udf_kind kind = WG_UDF_NONE;
  wg_udf_source src = {.read = disk_read, .ctx = d, .size_bytes = d->size};
  assert_ok(wg_udf_detect(&src, &kind, &err), &err);
  assert_int_equal(kind, WG_UDF_VOLUME);
  assert_ok(wg_udf_open(&src, wg_heap(), &u, &err), &err);
  return u;
}

static const char *const names[] = {"0",
                                    "a",
                                    "B.wim",
                                    "setup.exe",
                                    "with space",
                                    "\xC3\xA4\xC3\xB6",
                                    "\xE6\x97\xA5\xE6\x9C\xAC",
                                    "\357\274\241x"};

static void is_read_back(void **state) {
  (void)state;
  static tree t;
  static char many[300][16];
  WG_AUTO(wg_arena) arena = {0};
  wg_error err = WG_ERROR_INIT;
  wg_arena_init(&arena, wg_heap(), 0);
  tree_init(&t);
  uint32_t first = 0;
  for (size_t i = 0; i < WG_ARRAY_LEN(names); i++) {
    uint32_t n = add(&t, 0, names[i], false, i * 3000);
    first = i == 0 ? n : first;
  }
  t.nodes[first].n_bytes = 0;
  uint32_t deep = add(&t, 0, "\xEF\xBC\xA1z", true, 0);
  deep = add(&t, deep, "sub", true, 0);
  for (size_t i = 0; i < WG_ARRAY_LEN(many); i++) { // over several blocks
    (void)wg_format(many[i], sizeof(many[i]), "file-%04zu.bin", i);
    (void)add(&t, deep, many[i], false, 1);
  }
  disk d = make(&t, 0);
  WG_AUTO_PTR(wg_udf) u = reopen(&d);
  assert_string_equal(wg_udf_label(u), "TEST");
  wg_udf_entry *list = NULL;
  size_t n = 0;
  assert_ok(wg_udf_list(u, "", &arena, &list, &n, &err), &err);
  assert_int_equal(n, WG_ARRAY_LEN(names) + 1);
  for (size_t i = 0; i < WG_ARRAY_LEN(names); i++) {
    assert_string_equal(list[i].name, names[i]);
  }
  assert_ok(wg_udf_list(u, "\xEF\xBC\xA1z/sub", &arena, &list, &n, &err), &err);
  assert_int_equal(n, WG_ARRAY_LEN(many));
  for (size_t i = 1; i < WG_ARRAY_LEN(names); i++) {
    wg_udf_extent *extents = NULL;
    size_t n_extents = 0;
    assert_ok(wg_udf_extents(u, names[i], &arena, &extents, &n_extents, &err), &err);
    assert_int_equal(n_extents, 1);
    assert_true(extents[0].n_bytes == i * 3000);
    assert_int_equal(d.p[extents[0].off_bytes], first + i);
    assert_int_equal(d.p[extents[0].off_bytes + extents[0].n_bytes - 1], first + i);
  }
  free(d.p);
}

// Of files over a gigabyte the extents are several, one behind the other.
static void is_big(void **state) {
  (void)state;
  static tree t;
  WG_AUTO(wg_arena) arena = {0};
  wg_error err = WG_ERROR_INIT;
  wg_arena_init(&arena, wg_heap(), 0);
  tree_init(&t);
  uint64_t n_bytes = ((uint64_t)5 << 30) + 12345;
  (void)add(&t, 0, "install.wim", false, n_bytes);
  (void)add(&t, 0, "z", false, 7);
  disk d = make(&t, (size_t)2 << 20);
  WG_AUTO_PTR(wg_udf) u = reopen(&d);
  wg_udf_extent *extents = NULL;
  size_t n = 0;
  assert_ok(wg_udf_extents(u, "INSTALL.WIM", &arena, &extents, &n, &err), &err);
  assert_int_equal(n, 1);
  assert_true(extents[0].n_bytes == n_bytes && extents[0].off_bytes == t.nodes[1].off_bytes);
  assert_true(t.nodes[2].off_bytes >= t.nodes[1].off_bytes + n_bytes);
  free(d.p);
}

static void is_refused(void **state) {
  (void)state;
  static char name[400];
  static tree t;
  static const struct {
    const char *a, *b, *label;
    uint64_t n_bytes;
    wg_code want;
  } rows[] = {
      {"a", "b", "L", 0, WG_OK},
      {"a", "A", "L", 0, WG_E_CONFLICT},
      {"b", "a", "L", 0, WG_E_CONFLICT},
      {"a", "b/c", "L", 0, WG_E_FORMAT},
      {"a", "", "L", 0, WG_E_FORMAT},
      {"a", "b\xFF", "L", 0, WG_E_FORMAT},
      {"a", name, "L", 0, WG_E_FORMAT}, // 300 characters
      {"a", "b", "", 0, WG_E_LIMIT},
      {"a", "b", "0123456789012345678901234567890", 0, WG_E_LIMIT},
      {"a", "b", "012345678901234567890123456789", 0, WG_OK},
      {"a", "b", "L", (uint64_t)201 << 30, WG_E_LIMIT},
  };
  memset(name, 'n', 300);
  for (size_t i = 0; i < WG_ARRAY_LEN(rows); i++) {
    wg_error err = WG_ERROR_INIT;
    tree_init(&t);
    t.v.label = rows[i].label;
    (void)add(&t, 0, rows[i].a, false, rows[i].n_bytes);
    (void)add(&t, 0, rows[i].b, false, 0);
    assert_int_equal(wg_udf_plan(&t.v, &err), rows[i].want);
  }
}

// libudfread does not join halves, so they are looked at here.
static void is_utf16_beyond_latin1(void **state) {
  (void)state;
  uint8_t out[8];
  static const uint8_t want[] = {16, 0xD8, 0x3D, 0xDE, 0x00, 0, 'x'};
  assert_int_equal(wg_udf_cs0(WG_STR("\xF0\x9F\x98\x80"
                                     "x"),
                              out, sizeof(out)),
                   sizeof(want));
  assert_memory_equal(out, want, sizeof(want));
  assert_int_equal(wg_udf_cs0(WG_STR("\xC3\xBC"), out, sizeof(out)), 2);
  assert_true(out[0] == 8 && out[1] == 0xFC);
  assert_int_equal(wg_udf_cs0(WG_STR("12345678"), out, sizeof(out)), 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(is_read_back), cmocka_unit_test(is_big),
                                     cmocka_unit_test(is_refused),
                                     cmocka_unit_test(is_utf16_beyond_latin1)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
