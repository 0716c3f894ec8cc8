// SPDX-License-Identifier: Apache-2.0
// The store in one process: both maps, damage, memory of files, big outputs, eviction.
#include <string.h>

#include "store/priv.h"
#include "support.h"

typedef struct place {
  char *dir, *root;
  wg_store *s;
} place;

static int setup(void **state) {
  wg_error err = WG_ERROR_INIT;
  place *p = wg_xalloc(sizeof(*p));
  const char *base = wg_os_getenv("TMPDIR");
  assert_ok(wg_os_mkdtemp(base != NULL ? base : "/tmp", "wingo-test-", &p->dir, &err), &err);
  p->root = wg_path_join(p->dir, "store");
  assert_ok(wg_store_open(p->root, &p->s, &err), &err);
  *state = p;
  return 0;
}

static int teardown(void **state) {
  wg_error err = WG_ERROR_INIT;
  place *p = *state;
  wg_store_close(p->s);
  assert_ok(wg_os_rmtree(WG_CWD, p->dir, &err), &err);
  wg_xfree(p->dir);
  wg_xfree(p->root);
  wg_xfree(p);
  return 0;
}

static void reopen(place *p) {
  wg_error err = WG_ERROR_INIT;
  wg_store_close(p->s);
  assert_ok(wg_store_open(p->root, &p->s, &err), &err);
}

static char *file_in(const place *p, const char *name, const void *bytes, size_t n) {
  wg_error err = WG_ERROR_INIT;
  char *path = wg_path_join(p->dir, name);
  assert_ok(wg_os_write_file(WG_CWD, path, bytes, n, 0644, false, &err), &err);
  return path;
}

static char *object_file(const place *p, const char *map, const wg_digest *d) {
  WG_AUTO(wg_cstr) v1 = wg_path_join(p->root, "v1");
  return wg_path_join(v1, wg_store_path_of(map, d).s);
}

// Replaces a file's bytes, as a bad disk would: also of a read-only one.
static void spoil(const char *path, const void *bytes, size_t n) {
  wg_error err = WG_ERROR_INIT;
  assert_ok(wg_os_write_file(WG_CWD, path, bytes, n, 0444, false, &err), &err);
}

static void assert_file_is(const char *path, const void *bytes, size_t n) {
  wg_error err = WG_ERROR_INIT;
  WG_AUTO(wg_buf) b = {0};
  wg_buf_init(&b, wg_heap(), 0);
  assert_ok(wg_os_read_file(WG_CWD, path, 1 << 24, &b, &err), &err);
  assert_int_equal(b.n, n);
  assert_memory_equal(b.p, bytes, n);
}

static wg_digest key_of(const char *text) {
  return wg_sha256(text, strlen(text));
}

static void set_stamp(const place *p, const char *map, const wg_digest *d, int64_t age_s) {
  wg_error err = WG_ERROR_INIT;
  WG_AUTO(wg_cstr) path = object_file(p, map, d);
  assert_ok(wg_os_set_mtime(WG_CWD, path, wg_os_wall_ns() - age_s * 1000000000, &err), &err);
}

// --- the two maps

static void a_record_comes_back(void **state) {
  place *p = *state;
  wg_error err = WG_ERROR_INIT;
  wg_digest k = key_of("k"), other = key_of("other");
  WG_AUTO(wg_buf) b = {0};
  wg_buf_init(&b, wg_heap(), 0);
  assert_int_equal(wg_store_get_record(p->s, &k, &b, &err), WG_E_NOT_FOUND);
  assert_ok(wg_store_put_record(p->s, &k, "value", 5, &err), &err);
  assert_ok(wg_store_put_record(p->s, &other, "", 0, &err), &err);
  assert_ok(wg_store_get_record(p->s, &k, &b, &err), &err);
  assert_string_equal(wg_buf_z(&b), "value");
  assert_ok(wg_store_put_record(p->s, &k, "newer", 5, &err), &err);
  wg_buf_clear(&b);
  assert_ok(wg_store_get_record(p->s, &k, &b, &err), &err);
  assert_string_equal(wg_buf_z(&b), "newer");
  wg_buf_clear(&b);
  assert_ok(wg_store_get_record(p->s, &other, &b, &err), &err);
  assert_int_equal(b.n, 0);
}

// Every byte changed, every length cut: absent, and gone.
static void a_damaged_record_is_absent(void **state) {
  place *p = *state;
  wg_error err = WG_ERROR_INIT;
  wg_digest k = key_of("k");
  WG_AUTO(wg_cstr) path = object_file(p, "records", &k);
  assert_ok(wg_store_put_record(p->s, &k, "a value", 7, &err), &err);
  WG_AUTO(wg_buf) good = {0};
  WG_AUTO(wg_buf) b = {0};
  wg_buf_init(&good, wg_heap(), 0);
  wg_buf_init(&b, wg_heap(), 0);
  assert_ok(wg_os_read_file(WG_CWD, path, 1000, &good, &err), &err);
  for (size_t i = 0; i < good.n; i++) {
    good.p[i] ^= 0x10;
    spoil(path, good.p, good.n);
    good.p[i] ^= 0x10;
    assert_int_equal(wg_store_get_record(p->s, &k, &b, &err), WG_E_NOT_FOUND);
    assert_false(wg_os_exists(WG_CWD, path));
    spoil(path, good.p, i);
    assert_int_equal(wg_store_get_record(p->s, &k, &b, &err), WG_E_NOT_FOUND);
    assert_false(wg_os_exists(WG_CWD, path));
  }
  // Whole, but another key's.
  wg_digest other = key_of("other");
  assert_ok(wg_store_put_record(p->s, &other, "x", 1, &err), &err);
  WG_AUTO(wg_cstr) from = object_file(p, "records", &other);
  assert_ok(wg_os_rename(WG_CWD, from, WG_CWD, path, &err), &err);
  assert_int_equal(wg_store_get_record(p->s, &k, &b, &err), WG_E_NOT_FOUND);
  assert_int_equal(b.n, 0);
}

static void bytes_become_a_blob(void **state) {
  place *p = *state;
  wg_error err = WG_ERROR_INIT;
  wg_digest d, want = wg_sha256("hello", 5);
  assert_false(wg_store_has_blob(p->s, &want));
  assert_ok(wg_store_put_bytes(p->s, "hello", 5, &d, &err), &err);
  assert_true(wg_digest_eq(&d, &want));
  assert_true(wg_store_has_blob(p->s, &d));
  WG_AUTO(wg_fd) fd = -1;
  uint64_t n = 0;
  char got[5];
  assert_ok(wg_store_open_blob(p->s, &d, &fd, &n, &err), &err);
  assert_int_equal(n, 5);
  assert_ok(wg_os_read(fd, got, sizeof(got), &n, &err), &err);
  assert_memory_equal(got, "hello", 5);
  WG_AUTO(wg_cstr) path = NULL;
  assert_ok(wg_store_blob_path(p->s, &d, &path, &err), &err);
  assert_file_is(path, "hello", 5);
  wg_stat st;
  assert_ok(wg_os_stat(WG_CWD, path, false, &st, &err), &err);
  assert_int_equal(st.mode, 0444);
  wg_digest empty;
  assert_ok(wg_store_put_bytes(p->s, NULL, 0, &empty, &err), &err);
  assert_true(wg_store_has_blob(p->s, &empty));
  assert_int_equal(wg_store_open_blob(p->s, &(wg_digest){0}, &fd, &n, &err), WG_E_NOT_FOUND);
}

static void a_large_blob_is_hashed_once(void **state) {
  place *p = *state;
  wg_error err = WG_ERROR_INIT;
  const size_t n = (size_t)STORE_RECALL_BYTES;
  WG_AUTO(wg_cstr) bytes = wg_xalloc(n);
  wg_digest d, known;
  wg_stat st;
  assert_ok(wg_store_put_bytes(p->s, bytes, n, &d, &err), &err);
  WG_AUTO(wg_cstr) path = object_file(p, "blobs", &d);
  wg_os_sleep_ms(60); // till its times leave no doubt
  for (unsigned i = 0; i < 2; i++) {
    WG_AUTO(wg_fd) fd = -1;
    reopen(p);
    assert_ok(wg_store_open_blob(p->s, &d, &fd, NULL, &err), &err);
    assert_true(wg_store_known_digest(p->s, path, &known) && wg_digest_eq(&known, &d));
  }
  // What stat says something else of is hashed again.
  bytes[n / 2] = 1;
  spoil(path, bytes, n);
  reopen(p);
  WG_AUTO(wg_fd) fd = -1;
  assert_int_equal(wg_store_open_blob(p->s, &d, &fd, NULL, &err), WG_E_NOT_FOUND);
  // And nothing else is: here it only says that these are the bytes.
  spoil(path, bytes, n);
  assert_ok(wg_os_stat(WG_CWD, path, true, &st, &err), &err);
  wg_store_remember(p->s, WG_STAT_FILE, path, &st, &d);
  reopen(p);
  assert_ok(wg_store_open_blob(p->s, &d, &fd, NULL, &err), &err);
}

static void a_damaged_blob_is_absent(void **state) {
  place *p = *state;
  wg_error err = WG_ERROR_INIT;
  const size_t sizes[] = {1000, 200000}; // below and above what has_blob hashes
  for (size_t i = 0; i < WG_ARRAY_LEN(sizes); i++) {
    WG_AUTO(wg_cstr) bytes = wg_xalloc(sizes[i]);
    memset(bytes, 'b', sizes[i]);
    wg_digest d;
    assert_ok(wg_store_put_bytes(p->s, bytes, sizes[i], &d, &err), &err);
    WG_AUTO(wg_cstr) path = object_file(p, "blobs", &d);
    bytes[sizes[i] / 2] ^= 1;
    spoil(path, bytes, sizes[i]);
    reopen(p); // a process that has not seen it whole
    WG_AUTO(wg_fd) fd = -1;
    if (sizes[i] <= STORE_SMALL_BYTES) {
      assert_false(wg_store_has_blob(p->s, &d));
    } else {
      assert_int_equal(wg_store_open_blob(p->s, &d, &fd, NULL, &err), WG_E_NOT_FOUND);
    }
    assert_false(wg_os_exists(WG_CWD, path));
    // Cut short.
    spoil(path, bytes, sizes[i] / 2);
    WG_AUTO(wg_cstr) to = wg_path_join(p->dir, "to");
    assert_int_equal(wg_store_export(p->s, &d, to, 0644, NULL, &err), WG_E_NOT_FOUND);
    assert_false(wg_os_exists(WG_CWD, to));
    // Putting it again heals.
    bytes[sizes[i] / 2] ^= 1;
    spoil(path, bytes, sizes[i] / 2);
    assert_ok(wg_store_put_bytes(p->s, bytes, sizes[i], &d, &err), &err);
    assert_file_is(path, bytes, sizes[i]);
  }
}

static void adopting_takes_the_file_itself(void **state) {
  place *p = *state;
  wg_error err = WG_ERROR_INIT;
  WG_AUTO(wg_cstr) tmp = NULL;
  assert_ok(wg_store_tmp_dir(p->s, &tmp, &err), &err);
  WG_AUTO(wg_cstr) f = wg_path_join(tmp, "out");
  assert_ok(wg_os_write_file(WG_CWD, f, "output", 6, 0755, false, &err), &err);
  wg_stat before, after;
  assert_ok(wg_os_stat(WG_CWD, f, false, &before, &err), &err);
  wg_digest d;
  uint64_t n = 0;
  assert_ok(wg_store_adopt(p->s, f, NULL, &d, &n, &err), &err);
  assert_int_equal(n, 6);
  assert_false(wg_os_exists(WG_CWD, f));
  WG_AUTO(wg_cstr) path = object_file(p, "blobs", &d);
  assert_ok(wg_os_stat(WG_CWD, path, false, &after, &err), &err);
  assert_int_equal(after.ino, before.ino);
  assert_int_equal(after.mode, 0444);
  wg_store_tmp_done(p->s, wg_take(&tmp));
  assert_file_is(path, "output", 6);
}

// A second name, or a symbolic link, would let somebody write into the store.
static void adopting_never_shares_an_inode(void **state) {
  place *p = *state;
  wg_error err = WG_ERROR_INIT;
  WG_AUTO(wg_cstr) f = file_in(p, "user", "mine", 4);
  WG_AUTO(wg_cstr) second = wg_path_join(p->dir, "second");
  WG_AUTO(wg_cstr) symlink = wg_path_join(p->dir, "symlink");
  wg_stat user, blob;
  wg_digest d;
  assert_ok(wg_os_link(WG_CWD, f, WG_CWD, second, &err), &err);
  assert_ok(wg_store_adopt(p->s, second, NULL, &d, NULL, &err), &err);
  WG_AUTO(wg_cstr) path = object_file(p, "blobs", &d);
  assert_ok(wg_os_stat(WG_CWD, f, false, &user, &err), &err);
  assert_ok(wg_os_stat(WG_CWD, path, false, &blob, &err), &err);
  assert_int_not_equal(user.ino, blob.ino);
  assert_int_equal(user.mode, 0644);
  WG_AUTO(wg_cstr) g = file_in(p, "user2", "yours", 5);
  assert_ok(wg_os_symlink("user2", WG_CWD, symlink, &err), &err);
  assert_ok(wg_store_adopt(p->s, symlink, NULL, &d, NULL, &err), &err);
  WG_AUTO(wg_cstr) path2 = object_file(p, "blobs", &d);
  assert_ok(wg_os_stat(WG_CWD, path2, false, &blob, &err), &err);
  assert_int_equal(blob.type, WG_FT_FILE);
  assert_ok(wg_os_stat(WG_CWD, g, false, &user, &err), &err);
  assert_int_not_equal(user.ino, blob.ino);
}

static void what_users_have_is_a_copy(void **state) {
  place *p = *state;
  wg_error err = WG_ERROR_INIT;
  WG_AUTO(wg_cstr) f = file_in(p, "src", "source", 6);
  WG_AUTO(wg_cstr) out = wg_path_join(p->dir, "deep/er/out");
  wg_digest d;
  uint64_t n = 0;
  assert_ok(wg_store_put_file(p->s, f, NULL, &d, &n, &err), &err);
  assert_int_equal(n, 6);
  assert_ok(wg_store_export(p->s, &d, out, 0755, NULL, &err), &err);
  wg_stat a, b, c;
  WG_AUTO(wg_cstr) path = object_file(p, "blobs", &d);
  assert_ok(wg_os_stat(WG_CWD, f, false, &a, &err), &err);
  assert_ok(wg_os_stat(WG_CWD, path, false, &b, &err), &err);
  assert_ok(wg_os_stat(WG_CWD, out, false, &c, &err), &err);
  assert_int_not_equal(a.ino, b.ino);
  assert_int_not_equal(b.ino, c.ino);
  assert_int_equal(c.mode, 0755);
  assert_int_equal(b.n_links, 1);
}

// --- export

static void an_export_is_written_once(void **state) {
  place *p = *state;
  wg_error err = WG_ERROR_INIT;
  WG_AUTO(wg_cstr) out = wg_path_join(p->dir, "out");
  wg_digest d, e;
  wg_stat first, second;
  assert_ok(wg_store_put_bytes(p->s, "program", 7, &d, &err), &err);
  assert_ok(wg_store_put_bytes(p->s, "PROGRAM", 7, &e, &err), &err);
  assert_ok(wg_store_export(p->s, &d, out, 0755, NULL, &err), &err);
  assert_ok(wg_os_stat(WG_CWD, out, false, &first, &err), &err);
  wg_digest known;
  assert_true(wg_store_recall(p->s, WG_STAT_FILE, out, &first, &known)); // at once
  reopen(p);
  // By the table alone: the blob is not even there.
  WG_AUTO(wg_cstr) blob = object_file(p, "blobs", &d);
  assert_ok(wg_os_unlink(WG_CWD, blob, &err), &err);
  assert_ok(wg_store_export(p->s, &d, out, 0700, NULL, &err), &err);
  assert_ok(wg_os_stat(WG_CWD, out, false, &second, &err), &err);
  assert_int_equal(first.ino, second.ino);
  assert_int_equal(second.mode, 0700);
  // Another content of the same size, then the user's edit right after the export.
  assert_ok(wg_store_export(p->s, &e, out, 0755, NULL, &err), &err);
  assert_file_is(out, "PROGRAM", 7);
  WG_AUTO(wg_fd) fd = -1;
  assert_ok(wg_os_open_append(WG_CWD, out, 0, &fd, &err), &err);
  assert_ok(wg_os_ftruncate(fd, 0, &err), &err);
  assert_ok(wg_os_write_all(fd, "userish", 7, &err), &err);
  assert_ok(wg_store_export(p->s, &e, out, 0755, NULL, &err), &err);
  assert_file_is(out, "PROGRAM", 7);
}

static void an_export_replaces_links_not_their_targets(void **state) {
  place *p = *state;
  wg_error err = WG_ERROR_INIT;
  WG_AUTO(wg_cstr) victim = file_in(p, "victim", "precious", 8);
  WG_AUTO(wg_cstr) out = wg_path_join(p->dir, "out");
  assert_ok(wg_os_symlink("victim", WG_CWD, out, &err), &err);
  wg_digest d;
  assert_ok(wg_store_put_bytes(p->s, "program!", 8, &d, &err), &err);
  assert_ok(wg_store_export(p->s, &d, out, 0755, NULL, &err), &err);
  assert_file_is(victim, "precious", 8);
  assert_file_is(out, "program!", 8);
  wg_stat st;
  assert_ok(wg_os_stat(WG_CWD, out, false, &st, &err), &err);
  assert_int_equal(st.type, WG_FT_FILE);
}

// --- digests by stat

static void a_settled_file_is_read_once(void **state) {
  place *p = *state;
  wg_error err = WG_ERROR_INIT;
  WG_AUTO(wg_cstr) f = file_in(p, "f", "one", 3);
  wg_digest d, want = wg_sha256("one", 3);
  uint64_t n = 0;
  wg_stat st;
  assert_ok(wg_store_file_digest(p->s, f, NULL, &d, &n, &err), &err);
  assert_true(wg_digest_eq(&d, &want));
  assert_int_equal(n, 3);
  // Young: not remembered. A machine that was busy elsewhere for long finds it grown up and tries
  // again.
  bool young = false;
  for (int i = 0; i < 1000 && !young; i++) {
    assert_ok(wg_os_write_file(WG_CWD, f, "one", 3, 0644, false, &err), &err);
    assert_ok(wg_store_file_digest(p->s, f, NULL, &d, NULL, &err), &err);
    assert_ok(wg_os_stat(WG_CWD, f, true, &st, &err), &err);
    young = !wg_store_settled(&st, wg_os_wall_ns());
    assert_true(!young || !wg_store_recall(p->s, WG_STAT_FILE, f, &st, &d));
  }
  assert_true(young);
  assert_false(wg_store_known_digest(p->s, f, &d));
  wg_os_sleep_ms(60);
  assert_ok(wg_store_file_digest(p->s, f, NULL, &d, &n, &err), &err);
  assert_true(wg_store_recall(p->s, WG_STAT_FILE, f, &st, &d));
  reopen(p);
  assert_true(wg_store_recall(p->s, WG_STAT_FILE, f, &st, &d)); // over processes
  assert_true(wg_store_known_digest(p->s, f, &d) && wg_digest_eq(&d, &want));
  assert_false(wg_store_known_digest(p->s, "/nonexistent/x", &d));
  assert_int_equal(wg_store_file_digest(p->s, "/nonexistent/x", NULL, &d, &n, &err),
                   WG_E_NOT_FOUND);
  assert_int_equal(wg_store_file_digest(p->s, p->dir, NULL, &d, &n, &err), WG_E_UNSUPPORTED);
}

// Same size, same name, rewritten as fast as we can: never a stale digest.
static void a_fast_rewrite_is_seen(void **state) {
  place *p = *state;
  wg_error err = WG_ERROR_INIT;
  WG_AUTO(wg_cstr) path = wg_path_join(p->dir, "f");
  for (int i = 0; i < 3000; i++) {
    char text[8];
    WG_AUTO(wg_fd) fd = -1;
    (void)wg_format(text, sizeof(text), "%07d", i);
    // In place, so that the inode stays.
    assert_ok(wg_os_open_append(WG_CWD, path, 0644, &fd, &err), &err);
    assert_ok(wg_os_ftruncate(fd, 0, &err), &err);
    assert_ok(wg_os_write_all(fd, text, 7, &err), &err);
    wg_digest d, want = wg_sha256(text, 7);
    assert_ok(wg_store_file_digest(p->s, path, NULL, &d, NULL, &err), &err);
    assert_true(wg_digest_eq(&d, &want));
    if (i % 7 == 0) {
      assert_ok(wg_store_file_digest(p->s, path, NULL, &d, NULL, &err), &err);
      assert_true(wg_digest_eq(&d, &want));
    }
    if (i % 500 == 0) {
      wg_os_sleep_ms(40); // now and then it is remembered
    }
  }
}

static void every_field_of_stat_counts(void **state) {
  place *p = *state;
  wg_error err = WG_ERROR_INIT;
  WG_AUTO(wg_cstr) f = file_in(p, "f", "one", 3);
  wg_digest d;
  wg_stat st, other;
  wg_os_sleep_ms(60);
  assert_ok(wg_store_file_digest(p->s, f, NULL, &d, NULL, &err), &err);
  assert_ok(wg_os_stat(WG_CWD, f, true, &st, &err), &err);
  assert_true(wg_store_recall(p->s, WG_STAT_FILE, f, &st, &d));
  assert_false(wg_store_recall(p->s, WG_STAT_DIR, f, &st, &d));
#define ONE_OFF(field)                                                                             \
  other = st;                                                                                      \
  other.field++;                                                                                   \
  assert_false(wg_store_recall(p->s, WG_STAT_FILE, f, &other, &d))
  ONE_OFF(size_bytes);
  ONE_OFF(mtime_ns);
  ONE_OFF(ctime_ns);
  ONE_OFF(ino);
  ONE_OFF(dev);
#undef ONE_OFF
  // A clock that ran ahead: a time in the future is never settled.
  assert_ok(wg_os_set_mtime(WG_CWD, f, wg_os_wall_ns() + 3600 * (int64_t)1000000000, &err), &err);
  wg_os_sleep_ms(60);
  assert_ok(wg_store_file_digest(p->s, f, NULL, &d, NULL, &err), &err);
  assert_ok(wg_os_stat(WG_CWD, f, true, &st, &err), &err);
  assert_false(wg_store_recall(p->s, WG_STAT_FILE, f, &st, &d));
}

static void a_listing_has_a_digest(void **state) {
  place *p = *state;
  wg_error err = WG_ERROR_INIT;
  WG_AUTO(wg_cstr) dir = wg_path_join(p->dir, "listed");
  assert_ok(wg_os_mkdir(WG_CWD, dir, 0755, &err), &err);
  wg_digest empty, one, again, typed;
  assert_ok(wg_store_dir_digest(p->s, dir, &empty, &err), &err);
  WG_AUTO(wg_cstr) f = file_in(p, "listed/f", "x", 1);
  assert_ok(wg_store_dir_digest(p->s, dir, &one, &err), &err);
  assert_false(wg_digest_eq(&empty, &one));
  wg_os_sleep_ms(60);
  assert_ok(wg_store_dir_digest(p->s, dir, &again, &err), &err);
  assert_true(wg_digest_eq(&again, &one));
  reopen(p);
  wg_stat st;
  assert_ok(wg_os_stat(WG_CWD, dir, true, &st, &err), &err);
  assert_true(wg_store_recall(p->s, WG_STAT_DIR, dir, &st, &again));
  // Content does not count, type does.
  WG_AUTO(wg_fd) fd = -1;
  assert_ok(wg_os_open_append(WG_CWD, f, 0, &fd, &err), &err);
  assert_ok(wg_os_write_all(fd, "more", 4, &err), &err);
  assert_ok(wg_store_dir_digest(p->s, dir, &again, &err), &err);
  assert_true(wg_digest_eq(&again, &one));
  assert_ok(wg_os_unlink(WG_CWD, f, &err), &err);
  assert_ok(wg_os_mkdir(WG_CWD, f, 0755, &err), &err);
  assert_ok(wg_store_dir_digest(p->s, dir, &typed, &err), &err);
  assert_false(wg_digest_eq(&typed, &one));
  assert_int_equal(wg_store_dir_digest(p->s, "/nonexistent", &one, &err), WG_E_NOT_FOUND);
}

static void a_damaged_stat_table_is_empty(void **state) {
  place *p = *state;
  wg_error err = WG_ERROR_INIT;
  WG_AUTO(wg_cstr) f = file_in(p, "f", "one", 3);
  WG_AUTO(wg_cstr) table = wg_path_join(p->root, "v1/stat");
  wg_digest d, want = wg_sha256("one", 3);
  wg_stat st;
  wg_os_sleep_ms(60);
  assert_ok(wg_store_file_digest(p->s, f, NULL, &d, NULL, &err), &err);
  wg_store_close(wg_take(&p->s));
  WG_AUTO(wg_buf) good = {0};
  wg_buf_init(&good, wg_heap(), 0);
  assert_ok(wg_os_read_file(WG_CWD, table, 100000, &good, &err), &err);
  assert_ok(wg_os_stat(WG_CWD, f, true, &st, &err), &err);
  for (size_t i = 0; i < good.n; i++) {
    good.p[i] ^= 0x40;
    spoil(table, good.p, good.n);
    good.p[i] ^= 0x40;
    assert_ok(wg_store_open(p->root, &p->s, &err), &err);
    assert_false(wg_store_recall(p->s, WG_STAT_FILE, f, &st, &d));
    if (i % 16 == 0) { // and it is made anew
      assert_ok(wg_store_file_digest(p->s, f, NULL, &d, NULL, &err), &err);
      assert_true(wg_digest_eq(&d, &want));
      reopen(p);
      assert_true(wg_store_recall(p->s, WG_STAT_FILE, f, &st, &d));
    }
    wg_store_close(wg_take(&p->s));
  }
  assert_ok(wg_store_open(p->root, &p->s, &err), &err);
}

// Two processes with the table loaded; what either learned is there afterwards.
static void stat_tables_are_merged(void **state) {
  place *p = *state;
  wg_error err = WG_ERROR_INIT;
  WG_AUTO(wg_cstr) f = file_in(p, "f", "one", 3);
  WG_AUTO(wg_cstr) g = file_in(p, "g", "two", 3);
  WG_AUTO(wg_cstr) h = file_in(p, "h", "three", 5);
  wg_digest d;
  wg_stat sf, sg, sh;
  wg_os_sleep_ms(60);
  assert_ok(wg_os_stat(WG_CWD, f, true, &sf, &err), &err);
  assert_ok(wg_os_stat(WG_CWD, g, true, &sg, &err), &err);
  assert_ok(wg_os_stat(WG_CWD, h, true, &sh, &err), &err);
  assert_ok(wg_store_file_digest(p->s, h, NULL, &d, NULL, &err), &err);
  reopen(p);
  wg_store *other = NULL;
  assert_ok(wg_store_open(p->root, &other, &err), &err);
  assert_ok(wg_store_file_digest(p->s, f, NULL, &d, NULL, &err), &err);
  assert_ok(wg_store_file_digest(other, g, NULL, &d, NULL, &err), &err);
  wg_store_close(other);
  reopen(p);
  assert_true(wg_store_recall(p->s, WG_STAT_FILE, f, &sf, &d));
  assert_true(wg_store_recall(p->s, WG_STAT_FILE, g, &sg, &d));
  assert_true(wg_store_recall(p->s, WG_STAT_FILE, h, &sh, &d));
}

static void old_rows_are_dropped(void **state) {
  (void)state;
  static wg_stattab t, u; // large
  wg_stat_id id = {.size_bytes = 1};
  wg_digest d = {{1}};
  wg_stattab_init(&t, 1000);
  for (uint32_t i = 0; i < 300; i++) { // three a day: 0..99 days unused
    WG_AUTO(wg_cstr) path = wg_xprintf("/f%u", (unsigned)i);
    t.today = 1000 - i % 100;
    wg_stattab_put(&t, WG_STAT_FILE, wg_str_of(path), &id, &d);
  }
  t.today = 1000;
  WG_AUTO(wg_buf) b = {0};
  wg_buf_init(&b, wg_heap(), 0);
  wg_stattab_write(&t, 60, 1000, &b);
  wg_stattab_init(&u, 1000);
  wg_stattab_merge(&u, wg_buf_str(&b));
  assert_int_equal(wg_stattab_count(&u), 61 * 3);
  assert_true(wg_stattab_find(&u, WG_STAT_FILE, WG_STR("/f60"), &id, &d));
  assert_false(wg_stattab_find(&u, WG_STAT_FILE, WG_STR("/f61"), &id, &d));
  wg_stattab_done(&u);
  // By number: the youngest stay.
  wg_buf_clear(&b);
  wg_stattab_write(&t, 60, 10, &b);
  wg_stattab_init(&u, 1000);
  wg_stattab_merge(&u, wg_buf_str(&b));
  assert_int_equal(wg_stattab_count(&u), 9);
  assert_true(wg_stattab_find(&u, WG_STAT_FILE, WG_STR("/f2"), &id, &d));
  wg_stattab_done(&u);
  // Even when one day alone has too many.
  wg_buf_clear(&b);
  wg_stattab_write(&t, 60, 2, &b);
  wg_stattab_init(&u, 1000);
  wg_stattab_merge(&u, wg_buf_str(&b));
  assert_int_equal(wg_stattab_count(&u), 2);
  wg_stattab_done(&u);
  wg_stattab_done(&t);
}

// --- big outputs

static void a_big_output_is_found_where_it_is(void **state) {
  place *p = *state;
  wg_error err = WG_ERROR_INIT;
  WG_AUTO(wg_cstr) f = file_in(p, "a.wim", "an image", 8);
  WG_AUTO(wg_cstr) g = file_in(p, "b.wim", "an image", 8);
  wg_digest d = wg_sha256("an image", 8);
  WG_AUTO(wg_cstr) found = NULL;
  assert_int_equal(wg_store_find_big(p->s, &d, NULL, &found, &err), WG_E_NOT_FOUND);
  assert_ok(wg_store_put_big(p->s, &d, f, &err), &err);
  assert_ok(wg_store_put_big(p->s, &d, g, &err), &err);
  reopen(p);
  assert_ok(wg_store_find_big(p->s, &d, NULL, &found, &err), &err);
  assert_string_equal(found, g); // the newest
  // Same content under another stat: hashed again, and right.
  assert_ok(wg_os_set_mtime(WG_CWD, g, 1000000007, &err), &err);
  wg_xfree(wg_take(&found));
  assert_ok(wg_store_find_big(p->s, &d, NULL, &found, &err), &err);
  assert_string_equal(found, g);
  // Changed in place, size the same: the other one.
  WG_AUTO(wg_fd) fd = -1;
  assert_ok(wg_os_open_append(WG_CWD, g, 0, &fd, &err), &err);
  assert_ok(wg_os_ftruncate(fd, 0, &err), &err);
  assert_ok(wg_os_write_all(fd, "AN IMAGE", 8, &err), &err);
  wg_xfree(wg_take(&found));
  assert_ok(wg_store_find_big(p->s, &d, NULL, &found, &err), &err);
  assert_string_equal(found, f);
  assert_ok(wg_os_unlink(WG_CWD, f, &err), &err);
  wg_xfree(wg_take(&found));
  assert_int_equal(wg_store_find_big(p->s, &d, NULL, &found, &err), WG_E_NOT_FOUND);
}

// --- locks, temporary space, secrets

static void temporary_space_goes_with_its_owner(void **state) {
  place *p = *state;
  wg_error err = WG_ERROR_INIT;
  WG_AUTO(wg_cstr) a = NULL;
  wg_store *other = NULL;
  assert_ok(wg_store_tmp_dir(p->s, &a, &err), &err);
  WG_AUTO(wg_cstr) f = wg_path_join(a, "f");
  assert_ok(wg_os_write_file(WG_CWD, f, "x", 1, 0644, false, &err), &err);
  assert_ok(wg_store_open(p->root, &other, &err), &err); // does not sweep a living one's
  wg_store_close(other);
  assert_true(wg_os_exists(WG_CWD, f));
  reopen(p); // its owner closed without tmp_done
  assert_false(wg_os_exists(WG_CWD, a));
  // A dead process': lease file without a lock, tmp without a lease.
  WG_AUTO(wg_cstr) lease = file_in(p, "store/v1/leases/0123456789abcdef", "", 0);
  WG_AUTO(wg_cstr) t1 = file_in(p, "store/v1/tmp/0123456789abcdef-3", "rest", 4);
  WG_AUTO(wg_cstr) t2 = file_in(p, "store/v1/tmp/fedcba9876543210-3", "rest", 4);
  reopen(p);
  assert_false(wg_os_exists(WG_CWD, lease));
  assert_false(wg_os_exists(WG_CWD, t1));
  assert_false(wg_os_exists(WG_CWD, t2));
}

static void secrets_are_keyed(void **state) {
  place *p = *state;
  wg_error err = WG_ERROR_INIT;
  wg_digest a, b, c, plain = wg_sha256("pass", 4);
  assert_ok(wg_store_secret_digest(p->s, WG_STR("pass"), &a, &err), &err);
  reopen(p);
  assert_ok(wg_store_secret_digest(p->s, WG_STR("pass"), &b, &err), &err);
  assert_ok(wg_store_secret_digest(p->s, WG_STR("Pass"), &c, &err), &err);
  assert_true(wg_digest_eq(&a, &b));
  assert_false(wg_digest_eq(&a, &c));
  assert_false(wg_digest_eq(&a, &plain));
  WG_AUTO(wg_cstr) path = wg_path_join(p->root, "v1/secret");
  wg_stat st;
  assert_ok(wg_os_stat(WG_CWD, path, false, &st, &err), &err);
  assert_int_equal(st.mode, 0600);
  spoil(path, "torn", 4);
  assert_ok(wg_store_secret_digest(p->s, WG_STR("pass"), &b, &err), &err);
  assert_false(wg_digest_eq(&a, &b));
}

static void a_key_is_locked_once(void **state) {
  place *p = *state;
  wg_error err = WG_ERROR_INIT;
  wg_digest k = key_of("k"), other = key_of("other");
  WG_AUTO(wg_fd) a = -1;
  WG_AUTO(wg_fd) b = -1;
  wg_cancel c;
  assert_ok(wg_cancel_init(&c, &err), &err);
  assert_ok(wg_store_lock_key(p->s, &k, &c, &a, &err), &err);
  assert_ok(wg_store_lock_key(p->s, &other, &c, &b, &err), &err);
  wg_fd_done(&b);
  wg_cancel_set(&c, 1);
  assert_int_equal(wg_store_lock_key(p->s, &k, &c, &b, &err), WG_E_CANCELED);
  // The cleaner leaves a held lock alone.
  wg_store_stats st;
  assert_ok(wg_store_clean(p->s, &(wg_store_clean_options){.all = true}, &st, &err), &err);
  assert_int_equal(wg_store_lock_key(p->s, &k, &c, &b, &err), WG_E_CANCELED);
  wg_fd_done(&a);
  assert_ok(wg_store_lock_key(p->s, &k, NULL, &b, &err), &err);
  wg_cancel_done(&c);
}

// --- upkeep

static void clean_evicts_the_longest_unused(void **state) {
  place *p = *state;
  wg_error err = WG_ERROR_INIT;
  wg_digest d[10], k = key_of("k");
  char bytes[1000];
  for (size_t i = 0; i < 10; i++) {
    memset(bytes, 'a' + (int)i, sizeof(bytes));
    assert_ok(wg_store_put_bytes(p->s, bytes, sizeof(bytes), &d[i], &err), &err);
    set_stamp(p, "blobs", &d[i], 100000 - (int64_t)i * 1000);
  }
  assert_ok(wg_store_put_record(p->s, &k, "r", 1, &err), &err);
  set_stamp(p, "records", &k, 200000);
  reopen(p);
  assert_true(wg_store_has_blob(p->s, &d[0])); // used now: renewed
  reopen(p);
  wg_store_stats st;
  wg_store_clean_options opt = {.keep_bytes = 4500, .dry_run = true};
  assert_ok(wg_store_clean(p->s, &opt, &st, &err), &err);
  assert_int_equal(st.n_removed, 7); // the record and six blobs
  assert_true(wg_store_has_blob(p->s, &d[1]));
  set_stamp(p, "blobs", &d[1], 99000);
  reopen(p);
  opt.dry_run = false;
  assert_ok(wg_store_clean(p->s, &opt, &st, &err), &err);
  assert_int_equal(st.n_removed, 7);
  assert_int_equal(st.removed_bytes, 6000 + 81);
  assert_int_equal(st.n_blobs, 4);
  assert_int_equal(st.blob_bytes, 4000);
  assert_int_equal(st.n_records, 0);
  for (size_t i = 0; i < 10; i++) {
    assert_int_equal(wg_store_has_blob(p->s, &d[i]), i == 0 || i >= 7);
  }
  reopen(p);
  assert_ok(wg_store_clean(p->s, &(wg_store_clean_options){.all = true}, &st, &err), &err);
  assert_int_equal(st.n_blobs + st.n_records, 0);
  assert_false(wg_store_has_blob(p->s, &d[9]));
}

static void clean_spares_what_runs(void **state) {
  place *p = *state;
  wg_error err = WG_ERROR_INIT;
  wg_digest used, put, idle;
  assert_ok(wg_store_put_bytes(p->s, "used", 4, &used, &err), &err);
  assert_ok(wg_store_put_bytes(p->s, "idle", 4, &idle, &err), &err);
  set_stamp(p, "blobs", &used, 7200);
  set_stamp(p, "blobs", &idle, 7200);
  reopen(p);
  assert_true(wg_store_has_blob(p->s, &used));
  assert_ok(wg_store_put_bytes(p->s, "put", 3, &put, &err), &err);
  wg_store *cleaner = NULL;
  wg_store_stats st;
  assert_ok(wg_store_open(p->root, &cleaner, &err), &err);
  assert_ok(wg_store_clean(cleaner, &(wg_store_clean_options){.all = true}, &st, &err), &err);
  assert_int_equal(st.n_removed, 1);
  assert_int_equal(st.n_in_use, 2);
  assert_true(wg_store_has_blob(p->s, &used));
  assert_true(wg_store_has_blob(p->s, &put));
  assert_false(wg_store_has_blob(p->s, &idle));
  // Nor do we remove our own under us.
  assert_ok(wg_store_clean(p->s, &(wg_store_clean_options){.all = true}, &st, &err), &err);
  assert_int_equal(st.n_removed, 0);
  wg_store_close(wg_take(&p->s));
  assert_ok(wg_store_clean(cleaner, &(wg_store_clean_options){.all = true}, &st, &err), &err);
  assert_int_equal(st.n_removed, 2);
  wg_store_close(cleaner);
  assert_ok(wg_store_open(p->root, &p->s, &err), &err);
}

static void count_bad(void *ctx, const char *path) {
  assert_true(wg_os_exists(WG_CWD, path));
  (*(int *)ctx)++;
}

static void verify_reads_everything(void **state) {
  place *p = *state;
  wg_error err = WG_ERROR_INIT;
  wg_digest a, b, k = key_of("k"), l = key_of("l");
  assert_ok(wg_store_put_bytes(p->s, "aaaa", 4, &a, &err), &err);
  assert_ok(wg_store_put_bytes(p->s, "bbbb", 4, &b, &err), &err);
  assert_ok(wg_store_put_record(p->s, &k, "r", 1, &err), &err);
  assert_ok(wg_store_put_record(p->s, &l, "s", 1, &err), &err);
  WG_AUTO(wg_cstr) big = file_in(p, "big", "big", 3);
  wg_digest d = wg_sha256("big", 3);
  assert_ok(wg_store_put_big(p->s, &d, big, &err), &err);
  int n_told = 0;
  uint64_t n_bad = 99;
  wg_store_stats st;
  assert_ok(wg_store_verify(p->s, false, count_bad, &n_told, NULL, &st, &n_bad, &err), &err);
  assert_int_equal(n_bad, 0);
  assert_int_equal(st.n_blobs, 2);
  assert_int_equal(st.n_records, 3);
  WG_AUTO(wg_cstr) pa = object_file(p, "blobs", &a);
  WG_AUTO(wg_cstr) pk = object_file(p, "records", &k);
  WG_AUTO(wg_cstr) pd = object_file(p, "big", &d);
  spoil(pa, "aaab", 4);
  spoil(pk, "", 0);
  spoil(pd, "?", 1);
  WG_AUTO(wg_cstr) stray = wg_xprintf("%s.wgtmp-00", pk);
  spoil(stray, "left over", 9);
  for (int fix = 0; fix <= 1; fix++) {
    n_told = 0;
    assert_ok(wg_store_verify(p->s, fix == 1, count_bad, &n_told, NULL, &st, &n_bad, &err), &err);
    assert_int_equal(n_bad, 4);
    assert_int_equal(n_told, 4);
  }
  assert_ok(wg_store_verify(p->s, false, NULL, NULL, NULL, &st, &n_bad, &err), &err);
  assert_int_equal(n_bad, 0);
  assert_int_equal(st.n_blobs, 1);
  assert_int_equal(st.n_records, 1);
}

// --- a cache behind

static void what_is_behind_serves(void **state) {
  place *p = *state;
  wg_error err = WG_ERROR_INIT;
  WG_AUTO(wg_cstr) root = wg_path_join(p->dir, "shared");
  wg_store *shared = NULL, *third = NULL;
  assert_ok(wg_store_open(root, &shared, &err), &err);
  wg_backend b = wg_backend_local(shared);
  wg_store_set_behind(p->s, &b);
  wg_digest k = key_of("k"), d, got;
  assert_ok(wg_store_put_bytes(p->s, "shared", 6, &d, &err), &err);
  assert_ok(wg_store_put_record(p->s, &k, "value", 5, &err), &err);
  assert_true(wg_store_has_blob(shared, &d));
  WG_AUTO(wg_cstr) root3 = wg_path_join(p->dir, "third");
  assert_ok(wg_store_open(root3, &third, &err), &err);
  wg_store_set_behind(third, &b);
  WG_AUTO(wg_buf) v = {0};
  wg_buf_init(&v, wg_heap(), 0);
  assert_ok(wg_store_get_record(third, &k, &v, &err), &err);
  assert_string_equal(wg_buf_z(&v), "value");
  assert_true(wg_store_has_blob(third, &d));
  WG_AUTO(wg_cstr) path = NULL;
  assert_ok(wg_store_blob_path(third, &d, &path, &err), &err);
  assert_file_is(path, "shared", 6);
  // Bytes that are not what they should be are refused.
  assert_ok(wg_store_put_bytes(shared, "wrong", 5, &got, &err), &err);
  WG_AUTO(wg_cstr) sd = wg_path_join(shared->v1, wg_store_path_of("blobs", &got).s);
  spoil(sd, "WRONG", 5);
  WG_AUTO(wg_fd) fd = -1;
  assert_int_equal(wg_store_open_blob(third, &got, &fd, NULL, &err), WG_E_NOT_FOUND);
  assert_int_equal(wg_store_open_blob(third, &(wg_digest){0}, &fd, NULL, &err), WG_E_NOT_FOUND);
  wg_store_close(third);
  wg_store_close(wg_take(&p->s)); // before what it borrows
  wg_store_close(shared);
}

static void an_unusable_place_is_an_error(void **state) {
  place *p = *state;
  wg_error err = WG_ERROR_INIT;
  WG_AUTO(wg_cstr) f = file_in(p, "file", "x", 1);
  WG_AUTO(wg_cstr) below = wg_path_join(f, "store");
  wg_store *s = NULL;
  assert_int_not_equal(wg_store_open(below, &s, &err), WG_OK);
  assert_non_null(strstr(err.text, below));
  assert_null(s);
}

int main(void) {
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
  const struct CMUnitTest tests[] = {
      T(a_record_comes_back),
      T(a_damaged_record_is_absent),
      T(bytes_become_a_blob),
      T(a_large_blob_is_hashed_once),
      T(a_damaged_blob_is_absent),
      T(adopting_takes_the_file_itself),
      T(adopting_never_shares_an_inode),
      T(what_users_have_is_a_copy),
      T(an_export_is_written_once),
      T(an_export_replaces_links_not_their_targets),
      T(a_settled_file_is_read_once),
      T(a_fast_rewrite_is_seen),
      T(every_field_of_stat_counts),
      T(a_listing_has_a_digest),
      T(a_damaged_stat_table_is_empty),
      T(stat_tables_are_merged),
      cmocka_unit_test(old_rows_are_dropped),
      T(a_big_output_is_found_where_it_is),
      T(temporary_space_goes_with_its_owner),
      T(secrets_are_keyed),
      T(a_key_is_locked_once),
      T(clean_evicts_the_longest_unused),
      T(clean_spares_what_runs),
      T(verify_reads_everything),
      T(what_is_behind_serves),
      T(an_unusable_place_is_an_error),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
