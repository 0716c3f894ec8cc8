// SPDX-License-Identifier: Apache-2.0
#include "os/proc.h"

#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "support.h"

static const char *const env[] = {"PATH=/usr/bin:/bin", "LC_ALL=C", NULL};

static void collect(void *ctx, const char *p, size_t n_bytes) {
  wg_buf_add(ctx, p, n_bytes);
}

static wg_code run(const char *script, const char *input, const wg_cancel *cancel,
                   uint64_t timeout_ms, wg_buf *out, wg_proc_result *res, wg_error *err) {
  const char *argv[] = {"sh", "-c", script, NULL};
  wg_proc spec = {.argv = argv,
                  .envp = env,
                  .input = wg_str_of(input),
                  .on_stdout = collect,
                  .on_stderr = collect,
                  .ctx = out,
                  .cancel = cancel,
                  .timeout_ms = timeout_ms};
  return wg_os_run(&spec, res, err);
}

static void output_exit_code_and_environment(void **state) {
  (void)state;
  wg_error err = WG_ERROR_INIT;
  WG_AUTO(wg_buf) b = {0};
  wg_buf_init(&b, wg_heap(), 0);
  wg_proc_result r;
  assert_ok(run("echo out; echo err >&2; exit 7", NULL, NULL, 0, &b, &r, &err), &err);
  assert_int_equal(r.exit_code, 7);
  assert_non_null(strstr(wg_buf_z(&b), "out"));
  assert_non_null(strstr(wg_buf_z(&b), "err"));
  wg_buf_clear(&b);
  assert_ok(run("env | grep -v -e ^PWD= -e ^_= -e ^SHLVL= -e ^OLDPWD= | sort", NULL, NULL, 0, &b,
                &r, &err),
            &err);
  assert_string_equal(wg_buf_z(&b), "LC_ALL=C\nPATH=/usr/bin:/bin\n");
}

static void input_of_any_size(void **state) {
  (void)state;
  wg_error err = WG_ERROR_INIT;
  WG_AUTO(wg_buf) b = {0};
  wg_buf_init(&b, wg_heap(), 0);
  const size_t n = 1000000;
  WG_AUTO(wg_cstr) in = wg_xalloc(n + 1);
  memset(in, 'z', n);
  wg_proc_result r;
  assert_ok(run("cat", in, NULL, 0, &b, &r, &err), &err);
  assert_int_equal(b.n, n);
  // A child that does not read is not waited for.
  assert_ok(run("exit 0", in, NULL, 0, &b, &r, &err), &err);
  assert_int_equal(r.exit_code, 0);
}

static void a_missing_program_is_named(void **state) {
  (void)state;
  wg_error err = WG_ERROR_INIT;
  const char *argv[] = {"no-such-program", NULL};
  wg_proc spec = {.argv = argv, .envp = env};
  wg_proc_result r;
  assert_int_equal(wg_os_run(&spec, &r, &err), WG_E_NOT_FOUND);
  assert_non_null(strstr(err.text, "no-such-program"));
  const char *argv2[] = {"sh", NULL};
  spec = (wg_proc){.argv = argv2, .envp = env, .cwd = "/no/such/dir"};
  assert_int_equal(wg_os_run(&spec, &r, &err), WG_E_NOT_FOUND);
}

// Gone, or dead and not yet collected by whoever inherited it.
static bool is_gone(uint64_t pid) {
  char path[64];
  (void)wg_format(path, sizeof(path), "/proc/%llu/stat", (unsigned long long)pid);
  wg_error err = WG_ERROR_INIT;
  WG_AUTO(wg_buf) b = {0};
  wg_buf_init(&b, wg_heap(), 0);
  if (wg_os_read_file(WG_CWD, path, 4096, &b, &err) != WG_OK) {
    return true;
  }
  return strstr(wg_buf_z(&b), ") Z ") != NULL;
}

static void *cancel_soon(void *arg) {
  wg_os_sleep_ms(100);
  wg_cancel_set(arg, 1);
  return NULL;
}

static void cancel_and_timeout_end_the_whole_group(void **state) {
  (void)state;
  wg_error err = WG_ERROR_INIT;
  WG_AUTO(wg_buf) b = {0};
  wg_buf_init(&b, wg_heap(), 0);
  wg_proc_result r;
  assert_int_equal(run("sleep 600 & echo $!; wait", NULL, NULL, 1000, &b, &r, &err), WG_E_TIMEOUT);
  uint64_t pid = 0;
  wg_str text = wg_buf_str(&b);
  assert_true(wg_parse_u64((wg_str){text.p, wg_str_find(text, '\n')}, &pid));
  for (int i = 0; i < 3000 && !is_gone(pid); i++) {
    wg_os_sleep_ms(10);
  }
  assert_true(is_gone(pid));
  wg_cancel c;
  assert_ok(wg_cancel_init(&c, &err), &err);
  wg_thread t;
  assert_ok(wg_thread_start(&t, cancel_soon, &c, &err), &err);
  assert_int_equal(run("trap '' TERM; sleep 600", NULL, &c, 0, &b, &r, &err), WG_E_CANCELED);
  wg_thread_join(t);
  assert_int_equal(run("true", NULL, &c, 0, &b, &r, &err), WG_E_CANCELED);
  wg_cancel_done(&c);
}

static void a_signal_is_told(void **state) {
  (void)state;
  wg_error err = WG_ERROR_INIT;
  WG_AUTO(wg_buf) b = {0};
  wg_buf_init(&b, wg_heap(), 0);
  wg_proc_result r;
  assert_ok(run("kill -9 $$", NULL, NULL, 0, &b, &r, &err), &err);
  assert_int_equal(r.exit_code, -1);
  assert_int_equal(r.term_signal, SIGKILL);
}

static void a_daemon_that_keeps_the_pipe_is_not_waited_for(void **state) {
  (void)state;
  wg_error err = WG_ERROR_INIT;
  WG_AUTO(wg_buf) b = {0};
  wg_buf_init(&b, wg_heap(), 0);
  wg_proc_result r;
  assert_ok(run("setsid sleep 600 & echo $!; exit 3", NULL, NULL, 0, &b, &r, &err), &err);
  assert_int_equal(r.exit_code, 3);
  uint64_t pid = 0;
  wg_str text = wg_buf_str(&b);
  assert_true(wg_parse_u64((wg_str){text.p, wg_str_find(text, '\n')}, &pid));
  assert_false(is_gone(pid)); // it has ten minutes to go, and we are here
  assert_int_equal(kill((pid_t)pid, SIGKILL), 0);
}

static void which_looks_along_the_list(void **state) {
  (void)state;
  WG_AUTO(wg_cstr) sh = wg_os_which("sh", "/nonexistent:/bin");
  assert_string_equal(sh, "/bin/sh");
  assert_null(wg_os_which("sh", "/nonexistent"));
  assert_true(wg_os_cpu_count() >= 1);
  assert_true(wg_os_memory_bytes() > 1000000);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(output_exit_code_and_environment),
      cmocka_unit_test(input_of_any_size),
      cmocka_unit_test(a_missing_program_is_named),
      cmocka_unit_test(cancel_and_timeout_end_the_whole_group),
      cmocka_unit_test(a_signal_is_told),
      cmocka_unit_test(a_daemon_that_keeps_the_pipe_is_not_waited_for),
      cmocka_unit_test(which_looks_along_the_list),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
