// SPDX-License-Identifier: Apache-2.0
// Measures the store: build/tests/unit/store_bench [DIR]. Prints one line a figure.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "os/proc.h"
#include "store/store.h"

#define BENCH_FILES 20000
#define BENCH_DIRS 200
#define BENCH_ROUNDS 5

static void must(wg_code code, const wg_error *err) {
  if (code != WG_OK) {
    (void)fprintf(stderr, "%s\n", err->text);
    exit(1);
  }
}

typedef struct bench {
  char *dir, *root;
  char **paths;
  wg_store *s;
} bench;

static void bench_files(bench *b) {
  wg_error err = WG_ERROR_INIT;
  b->paths = wg_xarray(BENCH_FILES, sizeof(*b->paths));
  for (int i = 0; i < BENCH_DIRS; i++) {
    WG_AUTO(wg_cstr) sub = wg_xprintf("%s/src/some/package%03d", b->dir, i);
    must(wg_os_mkdirs(WG_CWD, sub, 0755, &err), &err);
  }
  for (int i = 0; i < BENCH_FILES; i++) {
    b->paths[i] =
        wg_xprintf("%s/src/some/package%03d/file_number_%05d.go", b->dir, i % BENCH_DIRS, i);
    WG_AUTO(wg_fd) fd = -1;
    must(wg_os_create_new(WG_CWD, b->paths[i], 0644, &fd, &err), &err);
    must(wg_os_write_all(fd, b->paths[i], strlen(b->paths[i]), &err), &err);
  }
}

typedef struct bench_part {
  const bench *b;
  int first, step;
} bench_part;

static void *bench_walk(void *arg) {
  const bench_part *p = arg;
  wg_error err = WG_ERROR_INIT;
  for (int i = p->first; i < BENCH_FILES; i += p->step) {
    wg_digest d;
    must(wg_store_file_digest(p->b->s, p->b->paths[i], NULL, &d, NULL, &err), &err);
  }
  return NULL;
}

static double bench_cpu_ms(void) {
  return (double)clock() * 1000.0 / CLOCKS_PER_SEC;
}

// What the stat calls alone cost.
static double bench_stat_only(const bench *b) {
  wg_error err = WG_ERROR_INIT;
  double start = bench_cpu_ms();
  for (int i = 0; i < BENCH_FILES; i++) {
    wg_stat st;
    must(wg_os_stat(WG_CWD, b->paths[i], true, &st, &err), &err);
  }
  return bench_cpu_ms() - start;
}

static double bench_threads(const bench *b, int n) {
  wg_thread t[8];
  bench_part part[8];
  wg_error err = WG_ERROR_INIT;
  uint64_t start = wg_os_mono_ns();
  for (int i = 0; i < n; i++) {
    part[i] = (bench_part){b, i, n};
    must(wg_thread_start(&t[i], bench_walk, &part[i], &err), &err);
  }
  for (int i = 0; i < n; i++) {
    wg_thread_join(t[i]);
  }
  return (double)(wg_os_mono_ns() - start) / 1e6;
}

static void bench_lookups(bench *b) {
  wg_error err = WG_ERROR_INIT;
  must(wg_store_open(b->root, &b->s, &err), &err);
  (void)printf("%d files, first time (hashed): %.1f ms\n", BENCH_FILES, bench_threads(b, 1));
  wg_os_sleep_ms(50);
  (void)bench_threads(b, 1);
  uint64_t start = wg_os_mono_ns();
  wg_store_close(b->s);
  (void)printf("close with saving: %.1f ms\n", (double)(wg_os_mono_ns() - start) / 1e6);
  double best[5] = {1e9, 1e9, 1e9, 1e9, 1e9};
  for (int r = 0; r < BENCH_ROUNDS; r++) {
    start = wg_os_mono_ns();
    must(wg_store_open(b->root, &b->s, &err), &err);
    wg_digest d;
    must(wg_store_file_digest(b->s, b->paths[0], NULL, &d, NULL, &err), &err);
    double load = (double)(wg_os_mono_ns() - start) / 1e6, cpu = bench_cpu_ms();
    double one = bench_threads(b, 1);
    cpu = bench_cpu_ms() - cpu;
    double ms[5] = {load, one, bench_threads(b, 2), 0, cpu};
    start = wg_os_mono_ns();
    wg_store_close(b->s);
    ms[3] = (double)(wg_os_mono_ns() - start) / 1e6;
    for (int i = 0; i < 5; i++) {
      best[i] = ms[i] < best[i] ? ms[i] : best[i];
    }
  }
  (void)printf("20,000 stat calls alone: %.1f ms of processor time\n", bench_stat_only(b));
  (void)printf("open and load: %.1f ms; 20,000 lookups with their stat: %.1f ms (%.1f ms of "
               "processor time), by 2 threads: %.1f "
               "ms; close, nothing changed: %.1f ms\n",
               best[0], best[1], best[4], best[2], best[3]);
}

static void bench_objects(bench *b) {
  wg_error err = WG_ERROR_INIT;
  must(wg_store_open(b->root, &b->s, &err), &err);
  WG_AUTO(wg_buf) got = {0};
  wg_buf_init(&got, wg_heap(), 0);
  uint64_t start = wg_os_mono_ns();
  for (int i = 0; i < 1000; i++) {
    wg_digest k = wg_sha256(&i, sizeof(i));
    must(wg_store_put_record(b->s, &k, &i, sizeof(i), &err), &err);
  }
  double put = (double)(wg_os_mono_ns() - start) / 1e6;
  start = wg_os_mono_ns();
  for (int i = 0; i < 1000; i++) {
    wg_digest k = wg_sha256(&i, sizeof(i));
    must(wg_store_get_record(b->s, &k, &got, &err), &err);
  }
  (void)printf("1,000 records: put %.1f ms, get %.1f ms\n", put,
               (double)(wg_os_mono_ns() - start) / 1e6);
  const size_t n = (size_t)64 << 20;
  WG_AUTO(wg_cstr) bytes = wg_xalloc(n);
  wg_os_random(bytes, n);
  WG_AUTO(wg_cstr) tmp = NULL;
  must(wg_store_tmp_dir(b->s, &tmp, &err), &err);
  WG_AUTO(wg_cstr) f = wg_path_join(tmp, "f");
  must(wg_os_write_file(WG_CWD, f, bytes, n, 0644, false, &err), &err);
  wg_digest d;
  start = wg_os_mono_ns();
  must(wg_store_adopt(b->s, f, NULL, &d, NULL, &err), &err);
  double adopt = (double)(wg_os_mono_ns() - start) / 1e6;
  WG_AUTO(wg_cstr) out = wg_path_join(b->dir, "out");
  start = wg_os_mono_ns();
  must(wg_store_export(b->s, &d, out, 0755, NULL, &err), &err);
  double export = (double)(wg_os_mono_ns() - start) / 1e6;
  start = wg_os_mono_ns();
  must(wg_store_export(b->s, &d, out, 0755, NULL, &err), &err);
  (void)printf("64 MiB: adopt %.1f ms, export %.1f ms, export again %.3f ms\n", adopt, export,
               (double)(wg_os_mono_ns() - start) / 1e6);
  wg_store_close(b->s);
}

int main(int argc, char **argv) {
  wg_error err = WG_ERROR_INIT;
  bench b = {0};
  must(wg_os_mkdtemp(argc > 1 ? argv[1] : "/tmp", "wingo-bench-", &b.dir, &err), &err);
  b.root = wg_path_join(b.dir, "store");
  bench_files(&b);
  bench_lookups(&b);
  bench_objects(&b);
  must(wg_os_rmtree(WG_CWD, b.dir, &err), &err);
  for (int i = 0; i < BENCH_FILES; i++) {
    wg_xfree(b.paths[i]);
  }
  wg_xfree(b.paths);
  wg_xfree(b.dir);
  wg_xfree(b.root);
  return 0;
}
