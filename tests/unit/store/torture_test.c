// SPDX-License-Identifier: Apache-2.0
// Every os call of the store fails once, and ends the process once. Needs a build with
// -Dfault=true; elsewhere it is skipped. The scenario runs in a child of ourselves ("run DIR"),
// since the counting of calls is per process; then a clean process looks at what is left.
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "store/priv.h"
#include "support.h"

#define BIG_BYTES 100000

// --- the scenario: exit code 0, or 3 when a call said that it failed

#define STEP(expr)                                                                                 \
  do {                                                                                             \
    if ((expr) != WG_OK) {                                                                         \
      wg_assert(err.code != WG_OK && err.text[0] != '\0');                                         \
      return 3;                                                                                    \
    }                                                                                              \
  } while (0)

static void fill(char *p) {
  for (size_t i = 0; i < BIG_BYTES; i++) {
    p[i] = (char)(i % 251);
  }
}

static int scenario_objects(wg_store *s, const char *dir) {
  wg_error err = WG_ERROR_INIT;
  wg_digest k = wg_sha256("k", 1), small, big, adopted, copied, sd;
  WG_AUTO(wg_cstr) src = wg_path_join(dir, "source");
  WG_AUTO(wg_cstr) out = wg_path_join(dir, "out/program");
  WG_AUTO(wg_cstr) tmp = NULL;
  WG_AUTO(wg_cstr) bytes = wg_xalloc(BIG_BYTES);
  WG_AUTO(wg_fd) lock = -1;
  WG_AUTO(wg_buf) r = {0};
  wg_buf_init(&r, wg_heap(), 0);
  fill(bytes);
  STEP(wg_store_file_digest(s, src, NULL, &sd, NULL, &err));
  STEP(wg_store_dir_digest(s, dir, &sd, &err));
  STEP(wg_store_lock_key(s, &k, NULL, &lock, &err));
  wg_code code = wg_store_get_record(s, &k, &r, &err);
  if (code != WG_OK && code != WG_E_NOT_FOUND) {
    return 3;
  }
  STEP(wg_store_put_bytes(s, "small", 5, &small, &err));
  STEP(wg_store_put_bytes(s, bytes, BIG_BYTES, &big, &err));
  STEP(wg_store_put_file(s, src, NULL, &copied, NULL, &err));
  STEP(wg_store_tmp_dir(s, &tmp, &err));
  WG_AUTO(wg_cstr) made = wg_path_join(tmp, "made");
  STEP(wg_os_write_file(WG_CWD, made, bytes, BIG_BYTES - 1, 0755, false, &err));
  STEP(wg_store_adopt(s, made, NULL, &adopted, NULL, &err));
  wg_store_tmp_done(s, wg_take(&tmp));
  STEP(wg_store_put_record(s, &k, big.b, sizeof(big.b), &err));
  STEP(wg_store_export(s, &big, out, 0755, NULL, &err));
  wg_buf_clear(&r);
  STEP(wg_store_get_record(s, &k, &r, &err));
  wg_assert(r.n == 32 && memcmp(r.p, big.b, 32) == 0);
  return 0;
}

static int scenario_rest(wg_store *s, const char *dir) {
  wg_error err = WG_ERROR_INIT;
  WG_AUTO(wg_cstr) wim = wg_path_join(dir, "out/image");
  WG_AUTO(wg_cstr) found = NULL;
  wg_digest d = wg_sha256("image", 5), sec;
  wg_store_stats st;
  uint64_t n_bad = 0;
  STEP(wg_os_write_file(WG_CWD, wim, "image", 5, 0644, true, &err));
  STEP(wg_store_put_big(s, &d, wim, &err));
  STEP(wg_store_find_big(s, &d, NULL, &found, &err));
  STEP(wg_store_secret_digest(s, WG_STR("secret"), &sec, &err));
  STEP(wg_store_save_stat(s, &err));
  STEP(wg_store_verify(s, false, NULL, NULL, NULL, &st, &n_bad, &err));
  STEP(wg_store_clean(s, &(wg_store_clean_options){.keep_bytes = 1000}, &st, &err));
  return 0;
}

static int scenario(const char *dir) {
  wg_error err = WG_ERROR_INIT;
  WG_AUTO(wg_cstr) root = wg_path_join(dir, "store");
  WG_AUTO_PTR(wg_store) s = NULL;
  STEP(wg_store_open(root, &s, &err));
  int code = scenario_objects(s, dir);
  return code != 0 ? code : scenario_rest(s, dir);
}

// --- the parent

#ifdef WG_FAULT

static const char source_text[] = "the user's own file";

static void prepare(const char *dir) {
  wg_error err = WG_ERROR_INIT;
  WG_AUTO(wg_cstr) src = wg_path_join(dir, "source");
  WG_AUTO(wg_cstr) old = wg_path_join(dir, "store/v1/tmp/0123456789abcdef-0");
  WG_AUTO(wg_cstr) lease = wg_path_join(dir, "store/v1/leases/0123456789abcdef");
  WG_AUTO(wg_cstr) out = wg_path_join(dir, "out");
  assert_ok(wg_os_rmtree(WG_CWD, dir, &err), &err);
  assert_ok(wg_os_mkdirs(WG_CWD, old, 0755, &err), &err); // a dead process' rest, to be swept
  assert_ok(wg_os_mkdirs(WG_CWD, out, 0755, &err), &err);
  WG_AUTO(wg_cstr) leases = wg_path_dirname(lease);
  assert_ok(wg_os_mkdirs(WG_CWD, leases, 0755, &err), &err);
  assert_ok(wg_os_write_file(WG_CWD, lease, "", 0, 0600, false, &err), &err);
  assert_ok(wg_os_write_file(WG_CWD, src, source_text, sizeof(source_text), 0644, false, &err),
            &err);
  assert_ok(wg_os_set_mtime(WG_CWD, src, 1000000001, &err), &err);
}

// Exit code of the scenario under that fault.
static int run_child(const char *dir, const char *fault) {
  int pid = fork();
  assert_true(pid >= 0);
  if (pid == 0) {
    WG_AUTO(wg_cstr) var = wg_xprintf("WINGO_FAULT=%s", fault);
    const char *const argv[] = {"/proc/self/exe", "run", dir, NULL};
    const char *const envp[] = {fault[0] == '\0' ? "NO=FAULT" : var, NULL};
    (void)execve(argv[0], (char *const *)(uintptr_t)argv, (char *const *)(uintptr_t)envp);
    _exit(99);
  }
  int status = 0;
  assert_int_equal(waitpid(pid, &status, 0), pid);
  if (!WIFEXITED(status)) {
    fail_msg("%s: ended by signal %d", fault, WTERMSIG(status));
  }
  return WEXITSTATUS(status);
}

static void check_file(const char *path, const void *want, size_t n, bool may_miss) {
  wg_error err = WG_ERROR_INIT;
  WG_AUTO(wg_buf) b = {0};
  wg_buf_init(&b, wg_heap(), 0);
  wg_code code = wg_os_read_file(WG_CWD, path, 1 << 20, &b, &err);
  if (code == WG_E_NOT_FOUND && may_miss) {
    return;
  }
  assert_ok(code, &err);
  assert_int_equal(b.n, n);
  assert_memory_equal(b.p, want, n);
}

// A clean process: nothing wrong is taken for whole, and the same work succeeds.
static void check_after(const char *dir, const char *fault) {
  wg_error err = WG_ERROR_INIT;
  wg_store_stats st;
  uint64_t n_bad = 99;
  WG_AUTO(wg_cstr) root = wg_path_join(dir, "store");
  WG_AUTO(wg_cstr) src = wg_path_join(dir, "source");
  WG_AUTO(wg_cstr) out = wg_path_join(dir, "out/program");
  WG_AUTO(wg_cstr) image = wg_path_join(dir, "out/image");
  WG_AUTO(wg_cstr) bytes = wg_xalloc(BIG_BYTES);
  wg_digest d, want = wg_sha256(source_text, sizeof(source_text));
  wg_store *s = NULL;
  fill(bytes);
  check_file(src, source_text, sizeof(source_text), false);
  check_file(out, bytes, BIG_BYTES, true);
  check_file(image, "image", 5, true);
  assert_ok(wg_store_open(root, &s, &err), &err);
  assert_ok(wg_store_verify(s, false, NULL, NULL, NULL, &st, &n_bad, &err), &err);
  assert_int_equal(n_bad, 0);
  assert_ok(wg_store_file_digest(s, src, NULL, &d, NULL, &err), &err);
  assert_true(wg_digest_eq(&d, &want));
  WG_AUTO(wg_cstr) found = NULL;
  wg_digest img = wg_sha256("image", 5);
  if (wg_store_find_big(s, &img, NULL, &found, &err) == WG_OK) {
    check_file(found, "image", 5, false);
  }
  wg_arena a;
  wg_arena_init(&a, wg_heap(), 0);
  wg_dirent *list = NULL;
  size_t n = 0;
  WG_AUTO(wg_cstr) tmp = wg_path_join(root, "v1/tmp");
  assert_ok(wg_os_list_dir(WG_CWD, tmp, &a, &list, &n, &err), &err);
  assert_int_equal(n, 0); // swept
  wg_arena_done(&a);
  wg_store_close(s);
  if (run_child(dir, "") != 0) {
    fail_msg("after %s: the same work does not succeed", fault);
  }
  check_file(out, bytes, BIG_BYTES, false);
}

// Some thousand runs that sync: where a sync costs nothing.
static char *fast_dir(void) {
  wg_error err = WG_ERROR_INIT;
  char *dir = NULL;
  const char *base = wg_os_getenv("TMPDIR");
  if (base == NULL && wg_os_mkdtemp("/dev/shm", "wingo-test-", &dir, &err) == WG_OK) {
    return dir;
  }
  assert_ok(wg_os_mkdtemp(base != NULL ? base : "/tmp", "wingo-test-", &dir, &err), &err);
  return dir;
}

// N rises until the scenario passes untouched. A tolerated failure passes too, so the number of
// calls is asked for first.
static void torture(const char *kind, int on_hit) {
  wg_error err = WG_ERROR_INIT;
  WG_AUTO(wg_cstr) dir = fast_dir();
  WG_AUTO(wg_cstr) counts = wg_xprintf("%s.n", dir);
  WG_AUTO(wg_cstr) ask = wg_xprintf("count:%s", counts);
  WG_AUTO(wg_buf) b = {0};
  wg_buf_init(&b, wg_heap(), 0);
  uint64_t n_calls = 0, n_hit = 0;
  prepare(dir);
  assert_int_equal(run_child(dir, ask), 0);
  assert_ok(wg_os_read_file(WG_CWD, counts, 100, &b, &err), &err);
  assert_true(wg_parse_u64((wg_str){(const char *)b.p, b.n - 1}, &n_calls) && n_calls > 100);
  for (uint64_t i = 1; i <= n_calls + 5; i++) {
    WG_AUTO(wg_cstr) fault = wg_xprintf("%s:%llu", kind, (unsigned long long)i);
    prepare(dir);
    int code = run_child(dir, fault);
    if (code != 0 && code != on_hit) {
      fail_msg("%s: exit code %d", fault, code);
    }
    n_hit += code == on_hit ? 1 : 0;
    check_after(dir, fault);
  }
  print_message("# %s: %llu calls, %llu ended the work\n", kind, (unsigned long long)n_calls,
                (unsigned long long)n_hit);
  assert_true(n_hit > n_calls / 2);
  assert_ok(wg_os_rmtree(WG_CWD, dir, &err), &err);
  assert_ok(wg_os_unlink(WG_CWD, counts, &err), &err);
}

static void every_call_fails_once(void **state) {
  (void)state;
  torture("fail", 3);
}

static void the_process_ends_at_every_call(void **state) {
  (void)state;
  torture("exit", 137);
}

#endif

int main(int argc, char **argv) {
  if (argc == 3 && strcmp(argv[1], "run") == 0) {
    return scenario(argv[2]);
  }
#ifdef WG_FAULT
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_call_fails_once),
      cmocka_unit_test(the_process_ends_at_every_call),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
#else
  (void)printf("1..0 # SKIP needs a build with -Dfault=true\n");
  return 0;
#endif
}
