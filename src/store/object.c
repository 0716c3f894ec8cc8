// SPDX-License-Identifier: Apache-2.0
// Objects of the local store as files: names, access stamps, appearing whole, removal of bad ones.
#include <errno.h>
#include <string.h>

#include "store/priv.h"

wg_store_path wg_store_path_of(const char *map, const wg_digest *d) {
  wg_store_path p;
  wg_hex hex = wg_digest_hex(d);
  (void)wg_format(p.s, sizeof(p.s), "%s/%.2s/%s", map, hex.s, hex.s);
  return p;
}

wg_store_path wg_store_tmp_name(wg_store *s) {
  wg_store_path p;
  unsigned long seq = atomic_fetch_add(&s->tmp_seq, 1);
  (void)wg_format(p.s, sizeof(p.s), "tmp/%s-%lx", s->lease, seq);
  return p;
}

wg_code wg_store_explain(const wg_store *s, uint64_t need_bytes, wg_error *err) {
  wg_error ignored = WG_ERROR_INIT;
  uint64_t free_bytes = 0;
  if (err->code == WG_E_CANCELED) {
    return err->code;
  }
  if (err->saved_errno != ENOSPC && err->saved_errno != EDQUOT) {
    return wg_wrap(err, "store '%s'", s->root);
  }
  if (wg_os_free_bytes(s->v1, &free_bytes, &ignored) != WG_OK) {
    free_bytes = 0;
  }
  return wg_wrap(err,
                 "store '%s': its file system is full (%llu bytes free, %llu needed); free some, "
                 "run 'wingo clean --keep SIZE', or point XDG_CACHE_HOME to a larger disk",
                 s->root, (unsigned long long)free_bytes, (unsigned long long)need_bytes);
}

wg_code wg_store_use(wg_store *s, const char *path, wg_stat *out, wg_error *err) {
  WG_AUTO(wg_fd) gc = -1;
  atomic_store(&s->used_any, true);
  if (wg_os_lock(s->v1_fd, "gc", false, false, NULL, &gc, err) != WG_OK ||
      wg_os_stat(s->v1_fd, path, false, out, err) != WG_OK) {
    return err->code;
  }
  if (out->type != WG_FT_FILE) {
    return wg_fail(err, WG_E_NOT_FOUND, "'%s/%s' is not a file", s->v1, path);
  }
  int64_t now = wg_os_wall_ns();
  // A stamp from the future would protect the object for ever.
  if (out->mtime_ns < now - s->stamp_ns || out->mtime_ns > now + s->stamp_ns) {
    return wg_os_set_mtime(s->v1_fd, path, now, err);
  }
  return WG_OK;
}

wg_code wg_store_place(wg_store *s, int from_dirfd, const char *from, const char *path,
                       wg_error *err) {
  WG_AUTO(wg_fd) gc = -1;
  atomic_store(&s->used_any, true);
  if (wg_os_lock(s->v1_fd, "gc", false, false, NULL, &gc, err) != WG_OK ||
      wg_os_set_mtime(from_dirfd, from, wg_os_wall_ns(), err) != WG_OK) {
    return err->code;
  }
  if (wg_os_rename(from_dirfd, from, s->v1_fd, path, err) == WG_OK) {
    return WG_OK;
  }
  if (err->code != WG_E_NOT_FOUND) {
    return err->code;
  }
  WG_AUTO(wg_cstr) dir = wg_path_dirname(path);
  if (wg_os_mkdirs(s->v1_fd, dir, 0700, err) != WG_OK) {
    return err->code;
  }
  return wg_os_rename(from_dirfd, from, s->v1_fd, path, err);
}

void wg_store_remove_bad(wg_store *s, const char *path, const wg_stat *which) {
  wg_error ignored = WG_ERROR_INIT;
  WG_AUTO(wg_fd) gc = -1;
  wg_stat now;
  // Nobody can put a good one in its place while the lock is held.
  if (wg_os_lock(s->v1_fd, "gc", true, false, NULL, &gc, &ignored) == WG_OK &&
      wg_os_stat(s->v1_fd, path, false, &now, &ignored) == WG_OK && now.ino == which->ino &&
      now.dev == which->dev) {
    (void)!wg_os_unlink(s->v1_fd, path, &ignored);
  }
}

// Writes p to a new temporary file; removed again on failure.
static wg_code object_write_tmp(wg_store *s, const char *tmp, const wg_buf *b, wg_error *err) {
  WG_AUTO(wg_fd) fd = -1;
  if (wg_os_create_new(s->v1_fd, tmp, 0444, &fd, err) != WG_OK) {
    return err->code;
  }
  if (wg_os_write_all(fd, b->p, b->n, err) != WG_OK) {
    wg_error ignored = WG_ERROR_INIT;
    (void)!wg_os_unlink(s->v1_fd, tmp, &ignored);
    return err->code;
  }
  return WG_OK;
}

wg_code wg_store_put_frame(wg_store *s, const char *path, wg_frame_kind kind, const wg_digest *key,
                           const void *p, size_t n_bytes, wg_error *err) {
  WG_AUTO(wg_buf) framed = {0};
  wg_buf_init(&framed, wg_heap(), 0);
  wg_frame_put(&framed, kind, key, p, n_bytes);
  if (wg_buf_check(&framed, err) != WG_OK) {
    return err->code;
  }
  // Not synced: after a power cut the frame's checksum tells, and a lost record costs its step's
  // time.
  wg_store_path tmp = wg_store_tmp_name(s);
  if (object_write_tmp(s, tmp.s, &framed, err) != WG_OK) {
    return wg_store_explain(s, framed.n, err);
  }
  if (wg_store_place(s, s->v1_fd, tmp.s, path, err) != WG_OK) {
    wg_error ignored = WG_ERROR_INIT;
    (void)!wg_os_unlink(s->v1_fd, tmp.s, &ignored);
    return wg_store_explain(s, framed.n, err);
  }
  return WG_OK;
}

wg_code wg_store_get_frame(wg_store *s, const char *path, wg_frame_kind kind, const wg_digest *key,
                           wg_buf *raw, wg_str *out, wg_error *err) {
  wg_stat st;
  WG_AUTO(wg_fd) fd = -1;
  if (wg_store_use(s, path, &st, err) != WG_OK ||
      wg_os_open_read(s->v1_fd, path, &fd, err) != WG_OK || wg_os_fstat(fd, &st, err) != WG_OK) {
    return err->code;
  }
  if (wg_os_read_fd(fd, STORE_RECORD_MAX_BYTES, raw, err) != WG_OK ||
      wg_frame_parse(raw->p, raw->n, kind, key, out, err) != WG_OK) {
    if (err->code == WG_E_FORMAT || err->code == WG_E_LIMIT) {
      wg_store_remove_bad(s, path, &st);
      err->code = WG_E_NOT_FOUND;
    }
    return wg_wrap(err, "'%s/%s'", s->v1, path);
  }
  return WG_OK;
}
