// SPDX-License-Identifier: Apache-2.0
// A full disk: a tmpfs of a few MiB in a mount namespace of our own. Skipped where that can't be
// had.
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include "store/priv.h"
#include "support.h"

#define DISK_BYTES 3000000
#define BLOB_BYTES 200000

static bool write_text(const char *path, const char *text) {
  int fd = open(path, O_WRONLY | O_CLOEXEC);
  bool ok = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);
  if (fd >= 0) {
    (void)close(fd);
  }
  return ok;
}

// In a child: its own mounts, as root or in a user namespace.
static bool own_mounts(void) {
  if (geteuid() != 0) {
    WG_AUTO(wg_cstr) uid = wg_xprintf("0 %u 1", (unsigned)getuid());
    WG_AUTO(wg_cstr) gid = wg_xprintf("0 %u 1", (unsigned)getgid());
    if (unshare(CLONE_NEWUSER) != 0 || !write_text("/proc/self/setgroups", "deny") ||
        !write_text("/proc/self/uid_map", uid) || !write_text("/proc/self/gid_map", gid)) {
      return false;
    }
  }
  return unshare(CLONE_NEWNS) == 0 && mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0;
}

static char *blob(unsigned i) {
  char *p = wg_xalloc(BLOB_BYTES);
  for (size_t k = 0; k < BLOB_BYTES; k++) {
    p[k] = (char)(k * (i + 3) >> 5);
  }
  return p;
}

static void assert_says_full(const wg_error *err, const char *where) {
  if (strstr(err->text, where) == NULL || strstr(err->text, "full") == NULL ||
      strstr(err->text, "bytes free") == NULL || strstr(err->text, "needed") == NULL) {
    fail_msg("not a clear error: %s", err->text);
  }
}

// Puts blobs until the disk is full; how many fit.
static unsigned fill(wg_store *s, const char *root) {
  wg_error err = WG_ERROR_INIT;
  for (unsigned i = 0;; i++) {
    WG_AUTO(wg_cstr) p = blob(i);
    wg_digest d;
    assert_true(i < DISK_BYTES / BLOB_BYTES);
    if (wg_store_put_bytes(s, p, BLOB_BYTES, &d, &err) != WG_OK) {
      assert_int_equal(err.code, WG_E_IO);
      assert_says_full(&err, root);
      return i;
    }
  }
}

static void assert_blobs(wg_store *s, unsigned n) {
  wg_error err = WG_ERROR_INIT;
  for (unsigned i = 0; i <= n; i++) {
    WG_AUTO(wg_cstr) p = blob(i);
    wg_digest d = wg_sha256(p, BLOB_BYTES);
    WG_AUTO(wg_fd) fd = -1;
    assert_int_equal(wg_store_open_blob(s, &d, &fd, NULL, &err), i < n ? WG_OK : WG_E_NOT_FOUND);
  }
}

// No room at all, not even for a file of one page.
static void fill_the_rest(const char *dir) {
  wg_error err = WG_ERROR_INIT;
  static const char page[4096] = {1};
  WG_AUTO(wg_cstr) path = wg_path_join(dir, "rest");
  WG_AUTO(wg_fd) fd = -1;
  assert_ok(wg_os_create_new(WG_CWD, path, 0644, &fd, &err), &err);
  while (wg_os_write_all(fd, page, sizeof(page), &err) == WG_OK) {
  }
}

// Every way to put something says it; nothing half remains.
static void assert_nothing_fits(wg_store *s, const char *dir, const wg_digest *d) {
  wg_error err = WG_ERROR_INIT;
  WG_AUTO(wg_cstr) rest = wg_path_join(dir, "rest");
  WG_AUTO(wg_cstr) out = wg_path_join(dir, "out");
  wg_digest other = wg_sha256("other", 5), got;
  assert_int_equal(wg_store_put_record(s, &other, "v", 1, &err), WG_E_IO);
  assert_says_full(&err, wg_store_root(s));
  assert_int_equal(wg_store_put_file(s, "/proc/self/exe", NULL, &got, NULL, &err), WG_E_IO);
  assert_says_full(&err, wg_store_root(s));
  assert_int_equal(wg_store_export(s, d, out, 0644, NULL, &err), WG_E_IO);
  assert_says_full(&err, out);
  assert_false(wg_os_exists(WG_CWD, out));
  wg_os_sleep_ms(50);
  assert_ok(wg_store_file_digest(s, rest, NULL, &got, NULL, &err), &err);
}

static void assert_cleaning_helps(wg_store *s, const char *dir, unsigned n) {
  wg_error err = WG_ERROR_INIT;
  wg_store_stats st;
  uint64_t n_bad = 99;
  WG_AUTO(wg_cstr) out = wg_path_join(dir, "out");
  assert_ok(wg_store_verify(s, false, NULL, NULL, NULL, &st, &n_bad, &err), &err);
  assert_int_equal(n_bad, 0);
  assert_int_equal(st.n_blobs, n);
  assert_ok(wg_store_clean(s, &(wg_store_clean_options){.keep_bytes = BLOB_BYTES * 2}, &st, &err),
            &err);
  assert_int_equal(st.n_blobs, 2);
  wg_digest e;
  WG_AUTO(wg_cstr) next = blob(99);
  assert_ok(wg_store_put_bytes(s, next, BLOB_BYTES, &e, &err), &err);
  assert_ok(wg_store_export(s, &e, out, 0644, NULL, &err), &err);
}

static void work_on_a_full_disk(const char *dir) {
  wg_error err = WG_ERROR_INIT;
  WG_AUTO(wg_cstr) root = wg_path_join(dir, "store");
  WG_AUTO(wg_cstr) bytes = blob(0);
  wg_digest d = wg_sha256(bytes, BLOB_BYTES), k = wg_sha256("k", 1);
  wg_store *s = NULL;
  assert_ok(wg_store_open(root, &s, &err), &err);
  assert_ok(wg_store_put_record(s, &k, "v", 1, &err), &err);
  unsigned n = fill(s, root);
  assert_true(n > 5);
  assert_blobs(s, n);
  fill_the_rest(dir);
  assert_nothing_fits(s, dir, &d);
  wg_store_close(s); // the stat table has no room: no matter
  // Opening needs no room; what was there is right, and can be cleaned away.
  assert_ok(wg_store_open(root, &s, &err), &err);
  WG_AUTO(wg_buf) r = {0};
  wg_buf_init(&r, wg_heap(), 0);
  assert_ok(wg_store_get_record(s, &k, &r, &err), &err);
  assert_string_equal(wg_buf_z(&r), "v");
  assert_blobs(s, n);
  wg_store_close(s);
  assert_ok(wg_store_open(root, &s, &err), &err);
  assert_cleaning_helps(s, dir, n);
  wg_store_close(s);
}

static void a_full_disk_is_a_clear_error(void **state) {
  (void)state;
  wg_error err = WG_ERROR_INIT;
  WG_AUTO(wg_cstr) dir = NULL;
  const char *base = wg_os_getenv("TMPDIR");
  assert_ok(wg_os_mkdtemp(base != NULL ? base : "/tmp", "wingo-test-", &dir, &err), &err);
  int pid = fork();
  assert_true(pid >= 0);
  if (pid == 0) {
    WG_AUTO(wg_cstr) size = wg_xprintf("size=%d", DISK_BYTES);
    if (!own_mounts() || mount("wingo-test", dir, "tmpfs", 0, size) != 0) {
      _exit(77);
    }
    work_on_a_full_disk(dir); // an assertion that fails ends the group with its own exit code
    _exit(0);
  }
  int status = 0;
  assert_int_equal(waitpid(pid, &status, 0), pid);
  assert_ok(wg_os_rmtree(WG_CWD, dir, &err), &err);
  if (WIFEXITED(status) && WEXITSTATUS(status) == 77) {
    print_message("# needs root or user namespaces, to mount a small tmpfs\n");
    skip();
  }
  assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_full_disk_is_a_clear_error),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
