// SPDX-License-Identifier: Apache-2.0
// One store, many processes: opened, used, cleaned, and killed with SIGKILL at any moment. Every
// worker checks what it gets; at the end a clean process reads everything back.
// WINGO_STRESS_SECONDS makes it longer.
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "store/priv.h"
#include "support.h"

#define N_WORKERS 6
#define N_KEYS 40
#define N_FILES 12
#define STAMP_NS ((int64_t)30 * 1000000)

typedef struct board { // shared memory
  atomic_int owner[N_KEYS];
  atomic_ulong n_hits, n_built, n_cleaned, n_in_use, n_opened;
} board;

typedef struct worker {
  board *b;
  const char *root, *dir;
  wg_store *s;
  uint64_t seed;
  bool used[N_KEYS]; // put or found through this handle: must stay
} worker;

static unsigned pick(worker *w, unsigned below) {
  w->seed = w->seed * 6364136223846793005U + 1442695040888963407U;
  return (unsigned)(w->seed >> 33) % below;
}

// In a worker: says what is wrong and ends it with 1.
WG_NORETURN static void wrong(const char *what, unsigned i, const wg_error *err) {
  (void)fprintf(stderr, "# %s (object %u): %s\n", what, i, err->text);
  _exit(1);
}

static char *content(unsigned i, size_t *out_n) {
  static const size_t sizes[] = {0, 11, 4000, 65536, 65537, 260000};
  size_t n = sizes[i % WG_ARRAY_LEN(sizes)];
  char *p = wg_xalloc(n + 1);
  for (size_t k = 0; k < n; k++) {
    p[k] = (char)((k * 31 + i * 7) >> 3);
  }
  *out_n = n;
  return p;
}

static void check_bytes(unsigned i, int fd) {
  wg_error err = WG_ERROR_INIT;
  size_t n = 0;
  WG_AUTO(wg_cstr) want = content(i, &n);
  WG_AUTO(wg_buf) got = {0};
  wg_buf_init(&got, wg_heap(), 0);
  if (wg_os_read_fd(fd, 1 << 20, &got, &err) != WG_OK || got.n != n ||
      (n > 0 && memcmp(got.p, want, n) != 0)) {
    wrong("content differs", i, &err);
  }
}

// True while the process may still do something: not gone, not a zombie.
static bool alive(int pid) {
  WG_AUTO(wg_cstr) path = wg_xprintf("/proc/%d/stat", pid);
  WG_AUTO(wg_buf) b = {0};
  wg_error err = WG_ERROR_INIT;
  wg_buf_init(&b, wg_heap(), 0);
  if (wg_os_read_file(WG_CWD, path, 4096, &b, &err) != WG_OK) {
    return false;
  }
  const char *paren = strrchr(wg_buf_z(&b), ')');
  return paren != NULL && paren[2] != 'Z' && paren[2] != 'X';
}

static void enter(worker *w, unsigned i) {
  int before = atomic_exchange(&w->b->owner[i], (int)getpid());
  // A killed owner's lock goes a moment before the process does.
  for (int tries = 0; before != 0 && alive(before); tries++) {
    if (tries > 2000) {
      wrong("two processes hold one key", i, &(wg_error)WG_ERROR_INIT);
    }
    wg_os_sleep_ms(1);
  }
}

static void put(worker *w, unsigned i, wg_digest *d) {
  wg_error err = WG_ERROR_INIT;
  size_t n = 0;
  WG_AUTO(wg_cstr) p = content(i, &n);
  if (pick(w, 2) == 0) {
    if (wg_store_put_bytes(w->s, p, n, d, &err) != WG_OK) {
      wrong("put_bytes", i, &err);
    }
    return;
  }
  WG_AUTO(wg_cstr) tmp = NULL;
  if (wg_store_tmp_dir(w->s, &tmp, &err) != WG_OK) {
    wrong("tmp_dir", i, &err);
  }
  WG_AUTO(wg_cstr) f = wg_path_join(tmp, "f");
  if (wg_os_write_file(WG_CWD, f, p, n, 0644, false, &err) != WG_OK ||
      wg_store_adopt(w->s, f, NULL, d, NULL, &err) != WG_OK) {
    wrong("adopt", i, &err);
  }
  wg_store_tmp_done(w->s, wg_take(&tmp));
}

// As a step does: locked, looked up, else made and recorded; then used.
static void step(worker *w, unsigned i) {
  wg_error err = WG_ERROR_INIT;
  wg_digest d = {0}, k = wg_sha256(&i, sizeof(i));
  WG_AUTO(wg_fd) lock = -1;
  WG_AUTO(wg_fd) fd = -1;
  WG_AUTO(wg_buf) r = {0};
  wg_buf_init(&r, wg_heap(), 0);
  if (wg_store_lock_key(w->s, &k, NULL, &lock, &err) != WG_OK) {
    wrong("lock", i, &err);
  }
  enter(w, i);
  wg_code code = wg_store_get_record(w->s, &k, &r, &err);
  if (code != WG_OK && code != WG_E_NOT_FOUND) {
    wrong("get_record", i, &err);
  }
  if (code == WG_OK && (r.n != sizeof(d.b) + i || memcpy(d.b, r.p, sizeof(d.b)) == NULL)) {
    wrong("record differs", i, &err);
  }
  if (code == WG_OK && wg_store_has_blob(w->s, &d)) {
    (void)atomic_fetch_add(&w->b->n_hits, 1);
  } else {
    if (w->used[i]) {
      wrong("what this process uses was removed", i, &err);
    }
    put(w, i, &d);
    wg_buf_clear(&r);
    wg_buf_add(&r, d.b, sizeof(d.b));
    wg_buf_add_zeros(&r, i);
    if (wg_store_put_record(w->s, &k, r.p, r.n, &err) != WG_OK) {
      wrong("put_record", i, &err);
    }
    (void)atomic_fetch_add(&w->b->n_built, 1);
  }
  w->used[i] = true;
  wg_os_sleep_ms(pick(w, 3));
  if (wg_store_open_blob(w->s, &d, &fd, NULL, &err) != WG_OK) {
    wrong("open after has", i, &err);
  }
  check_bytes(i, fd);
  if (i < N_FILES) {
    WG_AUTO(wg_cstr) out = wg_xprintf("%s/out%u", w->dir, i);
    WG_AUTO(wg_fd) back = -1;
    if (wg_store_export(w->s, &d, out, 0644, NULL, &err) != WG_OK ||
        wg_os_open_read(WG_CWD, out, &back, &err) != WG_OK) {
      wrong("export", i, &err);
    }
    check_bytes(i, back);
  }
  atomic_store(&w->b->owner[i], 0);
}

// An export is there whole or not at all, and its digest is right.
static void look(worker *w, unsigned i) {
  wg_error err = WG_ERROR_INIT;
  size_t n = 0;
  WG_AUTO(wg_cstr) want = content(i, &n);
  wg_digest d, right = wg_sha256(want, n);
  WG_AUTO(wg_cstr) out = wg_xprintf("%s/out%u", w->dir, i);
  wg_code code = wg_store_file_digest(w->s, out, NULL, &d, NULL, &err);
  if (code != WG_E_NOT_FOUND && code != WG_E_CONFLICT &&
      (code != WG_OK || !wg_digest_eq(&d, &right))) {
    wrong("file digest", i, &err);
  }
}

static void upkeep(worker *w) {
  wg_error err = WG_ERROR_INIT;
  wg_store_stats st;
  uint64_t n_bad = 0;
  switch (pick(w, 3)) {
  case 0:
    if (wg_store_verify(w->s, false, NULL, NULL, NULL, &st, &n_bad, &err) != WG_OK || n_bad != 0) {
      wrong("verify", (unsigned)n_bad, &err);
    }
    break;
  default: {
    wg_store_clean_options opt = {.keep_bytes = pick(w, 2000000), .all = pick(w, 3) == 0};
    if (wg_store_clean(w->s, &opt, &st, &err) != WG_OK) {
      wrong("clean", 0, &err);
    }
    (void)atomic_fetch_add(&w->b->n_cleaned, st.n_removed);
    (void)atomic_fetch_add(&w->b->n_in_use, st.n_in_use);
  }
  }
}

WG_NORETURN static void run(worker *w) {
  wg_error err = WG_ERROR_INIT;
  for (;;) {
    if (wg_store_open(w->root, &w->s, &err) != WG_OK) {
      wrong("open", 0, &err);
    }
    w->s->stamp_ns = STAMP_NS;
    memset(w->used, 0, sizeof(w->used));
    (void)atomic_fetch_add(&w->b->n_opened, 1);
    unsigned n = 1 + pick(w, 20);
    bool cleaner = pick(w, 4) == 0;
    for (unsigned r = 0; r < n; r++) {
      if (cleaner) {
        upkeep(w);
        wg_os_sleep_ms(pick(w, 10));
      } else if (pick(w, 3) == 0) {
        look(w, pick(w, N_FILES));
      } else {
        step(w, pick(w, N_KEYS));
      }
    }
    wg_store_close(w->s);
  }
}

static int spawn(worker *w) {
  int pid = fork();
  assert_true(pid >= 0);
  if (pid == 0) {
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL); // a failed assertion ends them all
    run(w);
  }
  return pid;
}

static uint64_t seconds(void) {
  uint64_t n = 4;
  const char *more = wg_os_getenv("WINGO_STRESS_SECONDS");
  return more != NULL && wg_parse_u64(wg_str_of(more), &n) ? n : 4;
}

static unsigned torture(worker *parent, const char *dir) {
  int pids[N_WORKERS];
  unsigned n_killed = 0;
  uint64_t end = wg_os_mono_ns() + seconds() * 1000000000;
  (void)dir;
  for (unsigned i = 0; i < N_WORKERS; i++) {
    parent->seed += 77;
    pids[i] = spawn(parent);
  }
  while (wg_os_mono_ns() < end) {
    wg_os_sleep_ms(1 + pick(parent, 30));
    unsigned i = pick(parent, N_WORKERS);
    int status = 0;
    assert_int_equal(kill(pids[i], SIGKILL), 0);
    assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
    assert_true(WIFSIGNALED(status)); // not by itself: it found something wrong
    n_killed++;
    pids[i] = spawn(parent);
  }
  for (unsigned i = 0; i < N_WORKERS; i++) {
    int status = 0;
    assert_int_equal(kill(pids[i], SIGKILL), 0);
    assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
    assert_true(WIFSIGNALED(status));
  }
  return n_killed;
}

static void killed_processes_leave_a_good_store(void **state) {
  (void)state;
  wg_error err = WG_ERROR_INIT;
  WG_AUTO(wg_cstr) dir = NULL;
  const char *base = wg_os_getenv("TMPDIR");
  assert_ok(wg_os_mkdtemp(base != NULL ? base : "/tmp", "wingo-test-", &dir, &err), &err);
  WG_AUTO(wg_cstr) root = wg_path_join(dir, "store");
  board *b = mmap(NULL, sizeof(*b), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  assert_true(b != MAP_FAILED);
  worker w = {.b = b, .root = root, .dir = dir, .seed = (uint64_t)wg_os_pid()};
  unsigned n_killed = torture(&w, dir);
  // A clean process: everything is right, leftovers are swept, the exports are whole.
  wg_store_stats st;
  uint64_t n_bad = 99;
  assert_ok(wg_store_open(root, &w.s, &err), &err);
  assert_ok(wg_store_verify(w.s, false, NULL, NULL, NULL, &st, &n_bad, &err), &err);
  assert_int_equal(n_bad, 0);
  WG_AUTO(wg_cstr) tmp = wg_path_join(root, "v1/tmp");
  WG_AUTO(wg_cstr) leases = wg_path_join(root, "v1/leases");
  wg_arena a;
  wg_arena_init(&a, wg_heap(), 0);
  wg_dirent *list = NULL;
  size_t n = 0;
  assert_ok(wg_os_list_dir(WG_CWD, tmp, &a, &list, &n, &err), &err);
  assert_int_equal(n, 0);
  assert_ok(wg_os_list_dir(WG_CWD, leases, &a, &list, &n, &err), &err);
  assert_int_equal(n, 1);
  wg_arena_done(&a);
  for (unsigned i = 0; i < N_FILES; i++) {
    look(&w, i);
  }
  print_message("# %u killed; %lu opened, %lu hits, %lu built, %lu removed, %lu spared in use\n",
                n_killed, atomic_load(&b->n_opened), atomic_load(&b->n_hits),
                atomic_load(&b->n_built), atomic_load(&b->n_cleaned), atomic_load(&b->n_in_use));
  assert_true(atomic_load(&b->n_cleaned) > 0 && atomic_load(&b->n_hits) > 0); // it did happen
  wg_store_close(w.s);
  assert_int_equal(munmap(b, sizeof(*b)), 0);
  assert_ok(wg_os_rmtree(WG_CWD, dir, &err), &err);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(killed_processes_leave_a_good_store),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
