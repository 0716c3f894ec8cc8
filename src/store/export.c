// SPDX-License-Identifier: Apache-2.0
// What leaves the store: copies in out/, and big outputs that live there alone.
#include <errno.h>
#include <string.h>

#include "store/priv.h"

// True when path holds d already, by the stat table or, at equal size, by reading it.
static bool export_holds(wg_store *s, const wg_digest *d, uint64_t n_bytes, const char *abs,
                         const wg_cancel *cancel, wg_stat *out_stat) {
  wg_error ignored = WG_ERROR_INIT;
  wg_digest now;
  return wg_os_stat(WG_CWD, abs, false, out_stat, &ignored) == WG_OK &&
         out_stat->type == WG_FT_FILE && out_stat->size_bytes == n_bytes &&
         out_stat->n_links == 1 &&
         wg_store_file_digest(s, abs, cancel, &now, NULL, &ignored) == WG_OK &&
         wg_digest_eq(&now, d);
}

// When err is a full disk at the target: says how much is free and needed.
static wg_code export_explain(const char *abs, uint64_t need_bytes, wg_error *err) {
  wg_error ignored = WG_ERROR_INIT;
  uint64_t free_bytes = 0;
  WG_AUTO(wg_cstr) dir = wg_path_dirname(abs);
  if ((err->saved_errno != ENOSPC && err->saved_errno != EDQUOT) ||
      wg_os_free_bytes(dir, &free_bytes, &ignored) != WG_OK) {
    return wg_wrap(err, "'%s'", abs);
  }
  return wg_wrap(err, "'%s': its file system is full (%llu bytes free, %llu needed)", abs,
                 (unsigned long long)free_bytes, (unsigned long long)need_bytes);
}

// The copy is wrong: because the blob is (then it is removed and NOT_FOUND), or the copying was.
static wg_code export_blame(wg_store *s, const wg_digest *d, int fd, uint64_t n_bytes,
                            const char *abs, const wg_cancel *cancel, wg_error *err) {
  wg_digest now;
  wg_stat st;
  if (wg_os_fstat(fd, &st, err) != WG_OK ||
      wg_store_hash_fd(fd, n_bytes, cancel, &now, err) != WG_OK) {
    return err->code;
  }
  if (!wg_digest_eq(&now, d)) {
    wg_store_remove_bad(s, wg_store_path_of("blobs", d).s, &st);
    return wg_fail(err, WG_E_NOT_FOUND,
                   "blob '%s' was damaged and is removed: run again, and it is made anew",
                   wg_digest_hex(d).s);
  }
  return wg_fail(err, WG_E_VERIFY, "'%s': the copy read back differs from blob '%s'", abs,
                 wg_digest_hex(d).s);
}

// Writes fd's content to path and reads it back. On the disk before it has its name: what stat says
// of it is believed later.
static wg_code export_write(wg_store *s, const wg_digest *d, int fd, uint64_t n_bytes,
                            const char *abs, uint32_t mode, const wg_cancel *cancel,
                            wg_error *err) {
  WG_AUTO(wg_outfile) o = WG_OUTFILE_INIT;
  wg_stat st;
  wg_digest got;
  uint64_t n = 0;
  if (wg_outfile_begin(&o, WG_CWD, abs, 0600, true, err) != WG_OK ||
      wg_os_copy_fd(fd, o.fd, cancel, &n, err) != WG_OK ||
      wg_store_hash_fd(o.fd, n, cancel, &got, err) != WG_OK) {
    return export_explain(abs, n_bytes, err);
  }
  if (!wg_digest_eq(&got, d)) {
    return export_blame(s, d, fd, n_bytes, abs, cancel, err);
  }
  // Dated back by the clock's grain: a later write gets another time for sure, so that our own
  // result can be remembered at once.
  if (wg_os_set_mtime(WG_CWD, o.tmp_path, wg_os_wall_ns() - 2 * STORE_GRAIN_NS, err) != WG_OK ||
      wg_os_chmod(WG_CWD, o.tmp_path, mode, err) != WG_OK || wg_outfile_commit(&o, err) != WG_OK ||
      wg_os_stat(WG_CWD, abs, false, &st, err) != WG_OK) {
    return export_explain(abs, n_bytes, err);
  }
  if (st.mtime_ns % 1000000000 != 0 && st.size_bytes == n_bytes) {
    wg_store_remember(s, WG_STAT_FILE, abs, &st, d);
  }
  return WG_OK;
}

wg_code wg_store_export(wg_store *s, const wg_digest *d, const char *path, uint32_t mode,
                        const wg_cancel *cancel, wg_error *err) {
  WG_AUTO(wg_cstr) abs = wg_path_absolute(path);
  WG_AUTO(wg_fd) fd = -1;
  wg_stat st;
  uint64_t n_bytes = 0;
  // Known by its stat: the blob itself is not needed, nor read.
  wg_error ignored = WG_ERROR_INIT;
  wg_digest now;
  if (wg_os_stat(WG_CWD, abs, false, &st, &ignored) == WG_OK && st.type == WG_FT_FILE &&
      st.n_links == 1 && wg_store_recall(s, WG_STAT_FILE, abs, &st, &now) &&
      wg_digest_eq(&now, d)) {
    return st.mode == mode ? WG_OK : wg_os_chmod(WG_CWD, abs, mode, err);
  }
  if (wg_store_open_blob(s, d, &fd, &n_bytes, err) != WG_OK) {
    return err->code;
  }
  if (export_holds(s, d, n_bytes, abs, cancel, &st)) {
    return st.mode == mode ? WG_OK : wg_os_chmod(WG_CWD, abs, mode, err);
  }
  WG_AUTO(wg_cstr) dir = wg_path_dirname(abs);
  if (wg_os_mkdirs(WG_CWD, dir, 0755, err) != WG_OK) {
    return export_explain(abs, n_bytes, err);
  }
  return export_write(s, d, fd, n_bytes, abs, mode, cancel, err);
}

// --- big outputs

typedef struct export_big {
  wg_buf raw; // rows borrow from it
  wg_big_path rows[WG_BIG_PATHS_MAX];
  size_t n;
} export_big;

static void export_big_done(export_big *b) {
  wg_buf_done(&b->raw);
}
WG_DEFINE_AUTO(export_big, export_big_done);

static wg_code export_big_load(wg_store *s, const wg_digest *d, export_big *b, wg_error *err) {
  wg_str body;
  wg_buf_init(&b->raw, wg_heap(), 0);
  if (wg_store_get_frame(s, wg_store_path_of("big", d).s, WG_FRAME_BIG, d, &b->raw, &body, err) !=
      WG_OK) {
    return err->code;
  }
  wg_reader r = wg_reader_of(body.p, body.n);
  while (b->n < WG_BIG_PATHS_MAX && wg_big_path_read(&r, &b->rows[b->n])) {
    b->n++;
  }
  return WG_OK;
}

// Writes first and then those of old that are other paths.
static wg_code export_big_save(wg_store *s, const wg_digest *d, const wg_big_path *first,
                               const export_big *old, wg_error *err) {
  WG_AUTO(wg_buf) body = {0};
  wg_buf_init(&body, wg_heap(), 0);
  size_t n = 1;
  wg_big_path_put(&body, first);
  for (size_t i = 0; i < old->n && n < WG_BIG_PATHS_MAX; i++) {
    if (!wg_str_eq(old->rows[i].path, first->path)) {
      wg_big_path_put(&body, &old->rows[i]);
      n++;
    }
  }
  if (wg_buf_check(&body, err) != WG_OK) {
    return err->code;
  }
  return wg_store_put_frame(s, wg_store_path_of("big", d).s, WG_FRAME_BIG, d, body.p, body.n, err);
}

wg_code wg_store_put_big(wg_store *s, const wg_digest *d, const char *path, wg_error *err) {
  wg_stat st, now;
  wg_assert(path[0] == '/');
  if (strlen(path) > WG_STAT_PATH_MAX) {
    return wg_fail(err, WG_E_LIMIT, "the path of %zu bytes is longer than %u", strlen(path),
                   (unsigned)WG_STAT_PATH_MAX);
  }
  if (wg_os_stat(WG_CWD, path, false, &st, err) != WG_OK) {
    return err->code;
  }
  if (st.type != WG_FT_FILE) {
    return wg_fail(err, WG_E_UNSUPPORTED, "'%s' is not a regular file", path);
  }
  // Let the clock's grain pass, so that a change from here on shows in the file's times.
  for (int tries = 0; tries < 64 && !wg_store_settled(&st, wg_os_wall_ns()); tries++) {
    wg_os_sleep_ms(5);
  }
  if (wg_os_stat(WG_CWD, path, false, &now, err) != WG_OK) {
    return err->code;
  }
  wg_stat_id id = wg_store_stat_id(&now), was = wg_store_stat_id(&st);
  if (memcmp(&id, &was, sizeof(id)) != 0) {
    return wg_fail(err, WG_E_CONFLICT, "'%s' was changed by somebody else just now", path);
  }
  WG_AUTO(export_big) old = {.n = 0};
  wg_error absent = WG_ERROR_INIT;
  (void)!export_big_load(s, d, &old, &absent);
  // Where times are too coarse to settle soon, an id that never matches has the file hashed again.
  if (wg_store_settled(&now, wg_os_wall_ns())) {
    wg_store_remember(s, WG_STAT_FILE, path, &now, d);
  } else {
    id.ino = 0;
  }
  wg_big_path first = {.path = wg_str_of(path), .id = id};
  return export_big_save(s, d, &first, &old, err);
}

// Whether row still holds d; *out_id is what stat says now.
static wg_code export_big_check(wg_store *s, const wg_digest *d, const wg_big_path *row,
                                const char *path, const wg_cancel *cancel, bool *out_same,
                                wg_stat_id *out_id, wg_error *err) {
  wg_stat st;
  wg_error absent = WG_ERROR_INIT;
  wg_digest now;
  *out_same = false;
  if (wg_os_stat(WG_CWD, path, false, &st, &absent) != WG_OK || st.type != WG_FT_FILE) {
    return WG_OK;
  }
  *out_id = wg_store_stat_id(&st);
  if (memcmp(out_id, &row->id, sizeof(*out_id)) == 0) {
    *out_same = true;
    return WG_OK;
  }
  if (st.size_bytes != row->id.size_bytes) {
    return WG_OK;
  }
  int64_t start = wg_os_wall_ns();
  if (wg_store_file_digest(s, path, cancel, &now, NULL, err) != WG_OK) {
    return err->code == WG_E_CANCELED ? err->code : WG_OK;
  }
  *out_same = wg_digest_eq(&now, d);
  if (!wg_store_settled(&st, start)) {
    out_id->ino = 0; // may still change unseen: hash again next time
  }
  return WG_OK;
}

wg_code wg_store_find_big(wg_store *s, const wg_digest *d, const wg_cancel *cancel, char **out_path,
                          wg_error *err) {
  WG_AUTO(export_big) b = {.n = 0};
  if (export_big_load(s, d, &b, err) != WG_OK) {
    return err->code;
  }
  for (size_t i = 0; i < b.n; i++) {
    WG_AUTO(wg_cstr) path = wg_xstrndup(b.rows[i].path.p, b.rows[i].path.n);
    wg_big_path now = {.path = b.rows[i].path};
    bool same = false;
    if (export_big_check(s, d, &b.rows[i], path, cancel, &same, &now.id, err) != WG_OK) {
      return err->code;
    }
    if (same) {
      wg_error ignored = WG_ERROR_INIT;
      if (memcmp(&now.id, &b.rows[i].id, sizeof(now.id)) != 0) {
        (void)!export_big_save(s, d, &now, &b, &ignored);
      }
      *out_path = wg_take(&path);
      return WG_OK;
    }
  }
  return wg_fail(err, WG_E_NOT_FOUND, "no known file holds '%s' any more", wg_digest_hex(d).s);
}
