// SPDX-License-Identifier: Apache-2.0
// Solid resources in many small chunks: read back with our decoder, which wimlib's files prove.
#include "image/pack/solid.h"

#include <string.h>

#include "fmt/wim/internal.h"
#include "support.h"

#define N_ITEMS 30U
#define CHUNK 32768U

typedef struct item {
  uint8_t *p;
  size_t n;
  wg_sha1 hash;
  uint64_t off;
} item;

typedef struct world {
  item items[N_ITEMS];
  uint64_t total;
  wg_fd fd;
  char *path;
} world;

static wg_code stream(void *ctx, wg_wim_sink sink, void *sink_ctx, wg_error *err) {
  const item *i = ctx;
  size_t half = i->n / 2; // in two pieces
  return sink(sink_ctx, i->p, half, err) == WG_OK ? sink(sink_ctx, i->p + half, i->n - half, err)
                                                  : err->code;
}

static int setup(void **state) {
  world *w = wg_xalloc(sizeof(*w));
  uint32_t seed = 5;
  for (size_t i = 0; i < N_ITEMS; i++) {
    item *x = &w->items[i];
    x->n = 1 + (i * 7919 + 13) % 60000;
    x->p = wg_xalloc(x->n);
    for (size_t k = 0; k < x->n; k++) {
      seed = seed * 1664525u + 1013904223u;
      // Every third is noise, which does not get smaller.
      x->p[k] = i % 3 == 0 ? (uint8_t)(seed >> 24) : (uint8_t)(k / 97 + (seed >> 31));
    }
    x->hash = wg_sha1_of(x->p, x->n);
    w->total += x->n;
  }
  wg_error err = WG_ERROR_INIT;
  assert_ok(wg_os_mkdtemp("/tmp", "solid-", &w->path, &err), &err);
  WG_AUTO(wg_cstr) file = wg_path_join(w->path, "f");
  assert_ok(wg_os_create_new(WG_CWD, file, 0600, &w->fd, &err), &err);
  *state = w;
  return 0;
}

static int teardown(void **state) {
  world *w = *state;
  wg_error err = WG_ERROR_INIT;
  for (size_t i = 0; i < N_ITEMS; i++) {
    wg_xfree(w->items[i].p);
  }
  wg_fd_done(&w->fd);
  (void)wg_os_rmtree(WG_CWD, w->path, &err);
  wg_xfree(w->path);
  wg_xfree(w);
  return 0;
}

static wg_pack_source source(item *i) {
  return (wg_pack_source){
      .stream = stream, .ctx = i, .n_bytes = i->n, .hash = &i->hash, .name = "item"};
}

static wg_wim_solid write_all(world *w, unsigned threads, uint64_t off) {
  wg_error err = WG_ERROR_INIT;
  WG_AUTO_PTR(wg_solid) s = NULL;
  wg_wim_solid out;
  assert_ok(wg_solid_new(w->fd, off, w->total, CHUNK, threads, 0, NULL, NULL, NULL, &s, &err),
            &err);
  for (size_t i = 0; i < N_ITEMS; i++) {
    wg_pack_source src = source(&w->items[i]);
    assert_ok(wg_solid_put(s, &src, &w->items[i].off, &err), &err);
  }
  assert_ok(wg_solid_finish(s, &out, &err), &err);
  assert_int_equal(out.chunk_bytes, CHUNK);
  assert_int_equal(out.orig_bytes, w->total);
  return out;
}

static wg_code read_file(void *ctx, uint64_t off, void *p, size_t n, wg_error *err) {
  const world *w = ctx;
  return wg_os_pread_exact(w->fd, p, n, off, err);
}

static void reads_back(void **state) {
  world *w = *state;
  wg_error err = WG_ERROR_INIT;
  wg_wim_solid solid = write_all(w, 3, 100);
  wg_wim wim = {.src = {.read = read_file, .ctx = w, .size_bytes = 100 + solid.stored_bytes},
                .limits = wg_wim_limits_default()};
  WG_AUTO_PTR(wg_wim_decoder) d = NULL;
  assert_ok(wg_wim_decoder_new(wg_heap(), &d, &err), &err);
  wim_extent x = {.off_bytes = solid.off_bytes,
                  .stored_bytes = solid.stored_bytes,
                  .orig_bytes = solid.orig_bytes,
                  .chunk_bytes = solid.chunk_bytes,
                  .codec = solid.codec,
                  .compressed = true,
                  .solid = true};
  for (size_t i = 0; i < N_ITEMS; i++) {
    const item *it = &w->items[i];
    WG_AUTO(wg_buf) b = {0};
    wg_buf_init(&b, wg_heap(), 0);
    assert_ok(wg_wim_extent_read(&wim, d, &x, it->off, it->n, wg_wim_sink_buf, &b, &err), &err);
    assert_int_equal(b.n, it->n);
    assert_memory_equal(b.p, it->p, it->n);
  }
}

static void same_bytes_whatever_the_threads(void **state) {
  world *w = *state;
  wg_error err = WG_ERROR_INIT;
  WG_AUTO(wg_buf) first = {0};
  wg_buf_init(&first, wg_heap(), 0);
  for (unsigned threads = 1; threads <= 5; threads += 2) {
    wg_wim_solid s = write_all(w, threads, 0);
    WG_AUTO(wg_buf) now = {0};
    wg_buf_init(&now, wg_heap(), 0);
    wg_buf_add_zeros(&now, (size_t)s.stored_bytes);
    assert_ok(wg_os_pread_exact(w->fd, now.p, now.n, 0, &err), &err);
    if (threads == 1) {
      wg_buf_add(&first, now.p, now.n);
    }
    assert_int_equal(first.n, now.n);
    assert_memory_equal(first.p, now.p, now.n);
  }
}

static void wrong_content_is_told(void **state) {
  world *w = *state;
  for (int kind = 0; kind < 3; kind++) {
    wg_error err = WG_ERROR_INIT;
    WG_AUTO_PTR(wg_solid) s = NULL;
    uint64_t off = 0;
    assert_ok(wg_solid_new(w->fd, 0, w->total, CHUNK, 2, 0, NULL, NULL, NULL, &s, &err), &err);
    item bad = w->items[5];
    bad.hash.b[3] ^= kind == 0;
    wg_pack_source src = source(&bad);
    src.n_bytes += kind == 1 ? 1 : 0;
    src.n_bytes -= kind == 2 ? 1 : 0;
    assert_int_equal(wg_solid_put(s, &src, &off, &err), WG_E_VERIFY);
  }
}

static void freed_in_the_middle(void **state) {
  world *w = *state;
  for (size_t n = 0; n < N_ITEMS; n += 9) {
    wg_error err = WG_ERROR_INIT;
    WG_AUTO_PTR(wg_solid) s = NULL;
    assert_ok(wg_solid_new(w->fd, 0, w->total, CHUNK, 4, 0, NULL, NULL, NULL, &s, &err), &err);
    for (size_t i = 0; i < n; i++) {
      wg_pack_source src = source(&w->items[i]);
      assert_ok(wg_solid_put(s, &src, &w->items[i].off, &err), &err);
    }
  }
}

static void little_memory_is_one_thread(void **state) {
  world *w = *state;
  wg_error err = WG_ERROR_INIT;
  WG_AUTO_PTR(wg_solid) s = NULL;
  assert_ok(wg_solid_new(w->fd, 0, w->total, CHUNK, 64, 1, NULL, NULL, NULL, &s, &err), &err);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(reads_back, setup, teardown),
      cmocka_unit_test_setup_teardown(same_bytes_whatever_the_threads, setup, teardown),
      cmocka_unit_test_setup_teardown(wrong_content_is_told, setup, teardown),
      cmocka_unit_test_setup_teardown(freed_in_the_middle, setup, teardown),
      cmocka_unit_test_setup_teardown(little_memory_is_one_thread, setup, teardown)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
