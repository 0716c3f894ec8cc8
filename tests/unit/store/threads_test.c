// SPDX-License-Identifier: Apache-2.0
// One store, many threads: every result is right, whatever the others do. Run under ThreadSanitizer
// too.
#include <string.h>

#include "store/priv.h"
#include "support.h"

#define N_THREADS 8
#define N_OBJECTS 24

typedef struct shared {
  char *dir, *root;
  wg_store *s;
  unsigned rounds;
  atomic_uint n_wrong;
} shared;

typedef struct worker {
  shared *sh;
  unsigned id;
  uint64_t seed;
} worker;

static unsigned worker_random(worker *w, unsigned below) {
  w->seed = w->seed * 6364136223846793005U + 1442695040888963407U;
  return (unsigned)(w->seed >> 33) % below;
}

// Object i's content; heap.
static char *content(unsigned i, size_t *out_n) {
  size_t n = i % 3 == 0 ? i : i % 3 == 1 ? 3000 + i : 150000 + i;
  char *p = wg_xalloc(n + 1);
  for (size_t k = 0; k < n; k++) {
    p[k] = (char)(k * (i + 1) >> 4);
  }
  *out_n = n;
  return p;
}

static bool same_as_content(unsigned i, int fd) {
  wg_error err = WG_ERROR_INIT;
  size_t n = 0;
  WG_AUTO(wg_cstr) want = content(i, &n);
  WG_AUTO(wg_buf) got = {0};
  wg_buf_init(&got, wg_heap(), 0);
  return wg_os_read_fd(fd, 1 << 20, &got, &err) == WG_OK && got.n == n &&
         (n == 0 || memcmp(got.p, want, n) == 0);
}

static bool do_put(worker *w, unsigned i) {
  wg_error err = WG_ERROR_INIT;
  size_t n = 0;
  WG_AUTO(wg_cstr) p = content(i, &n);
  wg_digest d, k = wg_sha256(&i, sizeof(i));
  WG_AUTO(wg_fd) fd = -1;
  return wg_store_put_bytes(w->sh->s, p, n, &d, &err) == WG_OK &&
         wg_store_put_record(w->sh->s, &k, d.b, sizeof(d.b), &err) == WG_OK &&
         wg_store_has_blob(w->sh->s, &d) &&
         wg_store_open_blob(w->sh->s, &d, &fd, NULL, &err) == WG_OK && same_as_content(i, fd);
}

static bool do_get(worker *w, unsigned i) {
  wg_error err = WG_ERROR_INIT;
  wg_digest d, k = wg_sha256(&i, sizeof(i));
  WG_AUTO(wg_buf) r = {0};
  WG_AUTO(wg_fd) fd = -1;
  wg_buf_init(&r, wg_heap(), 0);
  wg_code code = wg_store_get_record(w->sh->s, &k, &r, &err);
  if (code == WG_E_NOT_FOUND) {
    return true;
  }
  if (code != WG_OK || r.n != sizeof(d.b)) {
    return false;
  }
  memcpy(d.b, r.p, sizeof(d.b));
  return wg_store_open_blob(w->sh->s, &d, &fd, NULL, &err) == WG_OK && same_as_content(i, fd);
}

static bool do_adopt_and_export(worker *w, unsigned i) {
  wg_error err = WG_ERROR_INIT;
  WG_AUTO(wg_cstr) tmp = NULL;
  size_t n = 0;
  WG_AUTO(wg_cstr) p = content(i, &n);
  if (wg_store_tmp_dir(w->sh->s, &tmp, &err) != WG_OK) {
    return false;
  }
  WG_AUTO(wg_cstr) f = wg_path_join(tmp, "f");
  WG_AUTO(wg_cstr) out = wg_xprintf("%s/out%u", w->sh->dir, i);
  wg_digest d;
  WG_AUTO(wg_fd) fd = -1;
  bool ok = wg_os_write_file(WG_CWD, f, p, n, 0644, false, &err) == WG_OK &&
            wg_store_adopt(w->sh->s, f, NULL, &d, NULL, &err) == WG_OK &&
            wg_store_export(w->sh->s, &d, out, 0644, NULL, &err) == WG_OK &&
            wg_os_open_read(WG_CWD, out, &fd, &err) == WG_OK && same_as_content(i, fd);
  wg_store_tmp_done(w->sh->s, wg_take(&tmp));
  return ok;
}

static bool do_digest(worker *w, unsigned i) {
  wg_error err = WG_ERROR_INIT;
  size_t n = 0;
  WG_AUTO(wg_cstr) want = content(i, &n);
  wg_digest d, right = wg_sha256(want, n);
  uint64_t size = 0;
  WG_AUTO(wg_cstr) out = wg_xprintf("%s/out%u", w->sh->dir, i);
  wg_code code = wg_store_file_digest(w->sh->s, out, NULL, &d, &size, &err);
  // CONFLICT: replaced while it was read, again and again.
  return code == WG_E_NOT_FOUND || code == WG_E_CONFLICT ||
         (code == WG_OK && size == n && wg_digest_eq(&d, &right));
}

static bool do_upkeep(worker *w) {
  wg_error err = WG_ERROR_INIT;
  wg_store_stats st;
  uint64_t n_bad = 0;
  wg_digest d;
  switch (worker_random(w, 4)) {
  case 0:
    return wg_store_clean(w->sh->s, &(wg_store_clean_options){.all = true}, &st, &err) == WG_OK;
  case 1:
    return wg_store_verify(w->sh->s, true, NULL, NULL, NULL, &st, &n_bad, &err) == WG_OK &&
           n_bad == 0;
  case 2:
    return wg_store_save_stat(w->sh->s, &err) == WG_OK;
  default:
    return wg_store_dir_digest(w->sh->s, w->sh->dir, &d, &err) == WG_OK ||
           err.code == WG_E_CONFLICT;
  }
}

static void *work(void *arg) {
  worker *w = arg;
  for (unsigned r = 0; r < w->sh->rounds; r++) {
    unsigned i = worker_random(w, N_OBJECTS);
    bool ok = true;
    switch (worker_random(w, 8)) {
    case 0:
    case 1:
      ok = do_put(w, i);
      break;
    case 2:
    case 3:
      ok = do_get(w, i);
      break;
    case 4:
      ok = do_adopt_and_export(w, i);
      break;
    case 5:
    case 6:
      ok = do_digest(w, i);
      break;
    default:
      ok = do_upkeep(w);
      break;
    }
    if (!ok) {
      (void)atomic_fetch_add(&w->sh->n_wrong, 1);
    }
  }
  return NULL;
}

static void threads_share_a_store(void **state) {
  (void)state;
  wg_error err = WG_ERROR_INIT;
  shared sh = {.rounds = 60};
  const char *more = wg_os_getenv("WINGO_TEST_ROUNDS");
  if (more != NULL) {
    sh.rounds = (unsigned)strtoul(more, NULL, 10);
  }
  const char *base = wg_os_getenv("TMPDIR");
  assert_ok(wg_os_mkdtemp(base != NULL ? base : "/tmp", "wingo-test-", &sh.dir, &err), &err);
  sh.root = wg_path_join(sh.dir, "store");
  assert_ok(wg_store_open(sh.root, &sh.s, &err), &err);
  wg_thread t[N_THREADS];
  worker w[N_THREADS];
  for (unsigned i = 0; i < N_THREADS; i++) {
    w[i] = (worker){.sh = &sh, .id = i, .seed = i + 1};
    assert_ok(wg_thread_start(&t[i], work, &w[i], &err), &err);
  }
  for (unsigned i = 0; i < N_THREADS; i++) {
    wg_thread_join(t[i]);
  }
  assert_int_equal(atomic_load(&sh.n_wrong), 0);
  wg_store_close(sh.s);
  assert_ok(wg_os_rmtree(WG_CWD, sh.dir, &err), &err);
  wg_xfree(sh.dir);
  wg_xfree(sh.root);
}

typedef struct counter {
  wg_store *s;
  atomic_int n, n_inside; // kept right by the key's lock alone: read and written apart
  atomic_int n_wrong;
} counter;

static void *count_up(void *arg) {
  counter *c = arg;
  wg_digest k = wg_sha256("k", 1);
  for (int i = 0; i < 50; i++) {
    wg_error err = WG_ERROR_INIT;
    WG_AUTO(wg_fd) fd = -1;
    if (wg_store_lock_key(c->s, &k, NULL, &fd, &err) != WG_OK || atomic_load(&c->n_inside) != 0) {
      (void)atomic_fetch_add(&c->n_wrong, 1);
      continue;
    }
    atomic_store(&c->n_inside, 1);
    int n = atomic_load(&c->n);
    atomic_store(&c->n, n + 1);
    atomic_store(&c->n_inside, 0);
  }
  return NULL;
}

static void a_lock_holds_between_threads(void **state) {
  (void)state;
  wg_error err = WG_ERROR_INIT;
  counter c = {0};
  WG_AUTO(wg_cstr) dir = NULL;
  const char *base = wg_os_getenv("TMPDIR");
  assert_ok(wg_os_mkdtemp(base != NULL ? base : "/tmp", "wingo-test-", &dir, &err), &err);
  assert_ok(wg_store_open(dir, &c.s, &err), &err);
  wg_thread t[4];
  for (size_t i = 0; i < WG_ARRAY_LEN(t); i++) {
    assert_ok(wg_thread_start(&t[i], count_up, &c, &err), &err);
  }
  // The cleaner removes lock files meanwhile.
  wg_store_stats st;
  for (int i = 0; i < 20; i++) {
    assert_ok(wg_store_clean(c.s, &(wg_store_clean_options){.all = true}, &st, &err), &err);
    wg_os_sleep_ms(2);
  }
  for (size_t i = 0; i < WG_ARRAY_LEN(t); i++) {
    wg_thread_join(t[i]);
  }
  assert_int_equal(atomic_load(&c.n_wrong), 0);
  assert_int_equal(c.n, 200);
  wg_store_close(c.s);
  assert_ok(wg_os_rmtree(WG_CWD, dir, &err), &err);
}

typedef struct waiter {
  wg_store *s;
  wg_digest d;
  wg_fd lock;
  atomic_bool done;
  bool ok;
} waiter;

static void *wait_for_blob(void *arg) {
  waiter *w = arg;
  w->ok = wg_store_has_blob(w->s, &w->d);
  atomic_store(&w->done, true);
  return NULL;
}

static void *wait_for_put(void *arg) {
  waiter *w = arg;
  wg_error err = WG_ERROR_INIT;
  w->ok = wg_store_put_record(w->s, &w->d, "v", 1, &err) == WG_OK;
  atomic_store(&w->done, true);
  return NULL;
}

static void *wait_for_lock(void *arg) {
  waiter *w = arg;
  wg_error err = WG_ERROR_INIT;
  w->ok = wg_store_lock_key(w->s, &w->d, NULL, &w->lock, &err) == WG_OK;
  atomic_store(&w->done, true);
  return NULL;
}

static wg_store *open_some(char **out_dir) {
  wg_error err = WG_ERROR_INIT;
  wg_store *s = NULL;
  const char *base = wg_os_getenv("TMPDIR");
  assert_ok(wg_os_mkdtemp(base != NULL ? base : "/tmp", "wingo-test-", out_dir, &err), &err);
  assert_ok(wg_store_open(*out_dir, &s, &err), &err);
  return s;
}

// While objects are removed, nobody finds or puts one: it could go a moment later.
static void use_and_removal_exclude_each_other(void **state) {
  (void)state;
  wg_error err = WG_ERROR_INIT;
  WG_AUTO(wg_cstr) dir = NULL;
  wg_store *s = open_some(&dir);
  wg_digest d;
  assert_ok(wg_store_put_bytes(s, "x", 1, &d, &err), &err);
  void *(*const fns[])(void *) = {wait_for_blob, wait_for_put};
  for (size_t i = 0; i < WG_ARRAY_LEN(fns); i++) {
    WG_AUTO(wg_fd) gc = -1;
    waiter w = {.s = s, .d = d};
    wg_thread t;
    assert_ok(wg_os_lock(s->v1_fd, "gc", true, false, NULL, &gc, &err), &err);
    assert_ok(wg_thread_start(&t, fns[i], &w, &err), &err);
    wg_os_sleep_ms(100);
    assert_false(atomic_load(&w.done));
    wg_fd_done(&gc);
    wg_thread_join(t);
    assert_true(w.ok);
  }
  wg_store_close(s);
  assert_ok(wg_os_rmtree(WG_CWD, dir, &err), &err);
}

// A waiter must not end up with the lock of a file that the cleaner has removed meanwhile.
static void a_removed_lock_file_locks_nothing(void **state) {
  (void)state;
  wg_error err = WG_ERROR_INIT;
  WG_AUTO(wg_cstr) dir = NULL;
  wg_store *s = open_some(&dir);
  waiter w = {.s = s, .d = wg_sha256("k", 1), .lock = -1};
  wg_store_path path;
  (void)wg_format(path.s, sizeof(path.s), "locks/%s", wg_digest_hex(&w.d).s);
  WG_AUTO(wg_fd) held = -1;
  WG_AUTO(wg_fd) second = -1;
  wg_thread t;
  assert_ok(wg_os_lock(s->v1_fd, path.s, true, false, NULL, &held, &err), &err);
  assert_ok(wg_thread_start(&t, wait_for_lock, &w, &err), &err);
  wg_os_sleep_ms(100); // it has the file open and waits
  assert_false(atomic_load(&w.done));
  assert_ok(wg_os_unlink(s->v1_fd, path.s, &err), &err);
  assert_ok(wg_os_lock(s->v1_fd, path.s, true, false, NULL, &second, &err), &err);
  wg_fd_done(&held);
  wg_os_sleep_ms(100);
  assert_false(atomic_load(&w.done)); // another holds the file that now has the name
  wg_fd_done(&second);
  wg_thread_join(t);
  assert_true(w.ok);
  wg_cancel c;
  assert_ok(wg_cancel_init(&c, &err), &err);
  wg_cancel_set(&c, 1);
  assert_int_equal(wg_store_lock_key(s, &w.d, &c, &second, &err), WG_E_CANCELED);
  wg_cancel_done(&c);
  wg_fd_done(&w.lock);
  wg_store_close(s);
  assert_ok(wg_os_rmtree(WG_CWD, dir, &err), &err);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(threads_share_a_store),
      cmocka_unit_test(a_lock_holds_between_threads),
      cmocka_unit_test(use_and_removal_exclude_each_other),
      cmocka_unit_test(a_removed_lock_file_locks_nothing),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
