// The two maps on the local disk.
//
// What is durable when: a blob is synced before it is renamed into place, so that after a power cut
// an object under its name is whole or absent. A record carries its own digest instead: a torn one
// counts as absent. Neither syncs the directory: an entry lost with the power is only work done
// again.
#include <errno.h>
#include <string.h>

#include "store/int.h"

#define RECORD_MAGIC "wgrec1\n"
#define RECORD_MAGIC_BYTES 7U
#define RECORD_MAX_BYTES ((uint64_t)256 << 20)

bool wg_store_record_body(const void *p, size_t n_bytes, wg_str *out) {
  const char *b = p;
  if (n_bytes < RECORD_MAGIC_BYTES + 32 || memcmp(b, RECORD_MAGIC, RECORD_MAGIC_BYTES) != 0) {
    return false;
  }
  wg_str body = {b + RECORD_MAGIC_BYTES + 32, n_bytes - RECORD_MAGIC_BYTES - 32};
  wg_digest want = wg_sha256(body.p, body.n);
  if (memcmp(want.b, b + RECORD_MAGIC_BYTES, 32) != 0) {
    return false;
  }
  *out = body;
  return true;
}

// Marks an object as used now, once per process. Callers hold the gc lock shared.
static void objects_touch(const wg_store *s, const char *path, const wg_stat *st) {
  if (st->atime_ns < s->start_ns) {
    wg_error ignored = WG_ERROR_INIT; // a store on a read-only disk still serves
    (void)!wg_os_set_atime(WG_CWD, path, wg_os_wall_ns(), &ignored);
  }
}

static void objects_drop(const char *path) {
  wg_error ignored = WG_ERROR_INIT;
  (void)!wg_os_unlink(WG_CWD, path, &ignored);
}

wg_code wg_store_get_record(wg_store *s, const wg_digest *key, wg_buf *out, wg_error *err) {
  WG_AUTO(wg_cstr) path = store_object_path(s, "records", key);
  WG_AUTO(wg_fd) gc = -1;
  WG_AUTO(wg_buf) raw = {0};
  wg_buf_init(&raw, wg_heap(), 0);
  wg_stat st;
  if (wg_os_stat(WG_CWD, path, false, &st, err) != WG_OK ||
      store_gc_lock(s, false, &gc, err) != WG_OK ||
      wg_os_read_file(WG_CWD, path, RECORD_MAX_BYTES, &raw, err) != WG_OK) {
    return err->code;
  }
  wg_str body;
  if (!wg_store_record_body(raw.p, raw.n, &body)) {
    objects_drop(path);
    return wg_fail(err, WG_E_NOT_FOUND, "record '%s' was damaged", path);
  }
  objects_touch(s, path, &st);
  wg_buf_add_str(out, body);
  return wg_buf_check(out, err);
}

// Makes the folder an object belongs into.
static wg_code objects_make_dir(const char *path, wg_error *err) {
  WG_AUTO(wg_cstr) dir = wg_path_dirname(path);
  return wg_os_mkdirs(WG_CWD, dir, 0755, err);
}

wg_code wg_store_put_record(wg_store *s, const wg_digest *key, const void *p, size_t n_bytes,
                            wg_error *err) {
  WG_AUTO(wg_cstr) path = store_object_path(s, "records", key);
  WG_AUTO(wg_cstr) tmp = store_tmp_name(s);
  WG_AUTO(wg_buf) framed = {0};
  wg_digest sum = wg_sha256(p, n_bytes);
  wg_buf_init(&framed, wg_heap(), 0);
  wg_buf_add_z(&framed, RECORD_MAGIC);
  wg_buf_add(&framed, sum.b, sizeof(sum.b));
  wg_buf_add(&framed, p, n_bytes);
  if (wg_buf_check(&framed, err) != WG_OK || objects_make_dir(path, err) != WG_OK ||
      wg_os_write_file(WG_CWD, tmp, framed.p, framed.n, 0444, false, err) != WG_OK ||
      wg_os_rename(WG_CWD, tmp, WG_CWD, path, err) != WG_OK) {
    objects_drop(tmp);
    return store_explain(s, err);
  }
  return WG_OK;
}

// A complete file at tmp (already synced, 0444) becomes blob d.
static wg_code objects_place(wg_store *s, const char *tmp, const wg_digest *d, wg_error *err) {
  WG_AUTO(wg_cstr) path = store_object_path(s, "blobs", d);
  if (wg_os_set_mtime(WG_CWD, tmp, STORE_MTIME_NS, err) != WG_OK ||
      wg_os_set_atime(WG_CWD, tmp, wg_os_wall_ns(), err) != WG_OK ||
      objects_make_dir(path, err) != WG_OK) {
    return err->code;
  }
  return wg_os_rename(WG_CWD, tmp, WG_CWD, path, err);
}

// True when the blob is there and nothing has written to it since it was complete; one that was
// written to is read, and removed when it is not what its name says. Callers hold the gc lock
// shared.
static bool objects_blob_ok(wg_store *s, const wg_digest *d, const char *path, wg_stat *st) {
  wg_error err = WG_ERROR_INIT;
  if (wg_os_stat(WG_CWD, path, false, st, &err) != WG_OK) {
    return false;
  }
  if (st->mtime_ns == STORE_MTIME_NS && st->type == WG_FT_FILE) {
    objects_touch(s, path, st);
    return true;
  }
  WG_AUTO(wg_fd) fd = -1;
  wg_digest got;
  if (wg_os_open_read(WG_CWD, path, &fd, &err) != WG_OK ||
      wg_sha256_fd(fd, NULL, &got, NULL, &err) != WG_OK) {
    return false;
  }
  if (!wg_digest_eq(&got, d)) {
    objects_drop(path);
    return false;
  }
  (void)!wg_os_set_mtime(WG_CWD, path, STORE_MTIME_NS, &err);
  return true;
}

bool wg_store_has_blob(wg_store *s, const wg_digest *d) {
  WG_AUTO(wg_cstr) path = store_object_path(s, "blobs", d);
  WG_AUTO(wg_fd) gc = -1;
  wg_error err = WG_ERROR_INIT;
  wg_stat st;
  return wg_os_exists(WG_CWD, path) && store_gc_lock(s, false, &gc, &err) == WG_OK &&
         objects_blob_ok(s, d, path, &st);
}

wg_code wg_store_open_blob(wg_store *s, const wg_digest *d, wg_fd *out, uint64_t *out_size,
                           wg_error *err) {
  WG_AUTO(wg_cstr) path = store_object_path(s, "blobs", d);
  WG_AUTO(wg_fd) gc = -1;
  wg_stat st;
  if (store_gc_lock(s, false, &gc, err) != WG_OK) {
    return err->code;
  }
  if (!objects_blob_ok(s, d, path, &st)) {
    return wg_fail(err, WG_E_NOT_FOUND, "object %s is not in the store", wg_digest_hex(d).s);
  }
  if (out_size != NULL) {
    *out_size = st.size_bytes;
  }
  return wg_os_open_read(WG_CWD, path, out, err);
}

wg_code wg_store_blob_path(wg_store *s, const wg_digest *d, char **out, wg_error *err) {
  if (!wg_store_has_blob(s, d)) {
    return wg_fail(err, WG_E_NOT_FOUND, "object %s is not in the store", wg_digest_hex(d).s);
  }
  *out = store_object_path(s, "blobs", d);
  return WG_OK;
}

wg_code wg_store_put_bytes(wg_store *s, const void *p, size_t n_bytes, wg_digest *out,
                           wg_error *err) {
  *out = wg_sha256(p, n_bytes);
  if (wg_store_has_blob(s, out)) {
    return WG_OK;
  }
  WG_AUTO(wg_cstr) tmp = store_tmp_name(s);
  if (wg_os_write_file(WG_CWD, tmp, p, n_bytes, 0444, true, err) != WG_OK ||
      objects_place(s, tmp, out, err) != WG_OK) {
    objects_drop(tmp);
    return store_explain(s, err);
  }
  return WG_OK;
}

// Copies an open file to tmp and syncs it; the digest is of what was written.
static wg_code objects_copy_in(wg_store *s, int in, const char *tmp, const wg_cancel *cancel,
                               wg_digest *out, uint64_t *out_size, wg_error *err) {
  WG_AUTO(wg_fd) fd = -1;
  WG_AUTO(wg_fd) back = -1;
  (void)s;
  if (wg_os_create_new(WG_CWD, tmp, 0444, &fd, err) != WG_OK ||
      wg_os_copy_fd(in, fd, cancel, NULL, err) != WG_OK || wg_os_fsync(fd, err) != WG_OK ||
      wg_os_open_read(WG_CWD, tmp, &back, err) != WG_OK) {
    return err->code;
  }
  return wg_sha256_fd(back, cancel, out, out_size, err);
}

wg_code wg_store_put_file(wg_store *s, const char *path, const wg_cancel *cancel, wg_digest *out,
                          uint64_t *out_size, wg_error *err) {
  WG_AUTO(wg_cstr) tmp = store_tmp_name(s);
  WG_AUTO(wg_fd) in = -1;
  if (wg_os_open_read(WG_CWD, path, &in, err) != WG_OK) {
    return err->code;
  }
  if (objects_copy_in(s, in, tmp, cancel, out, out_size, err) != WG_OK ||
      objects_place(s, tmp, out, err) != WG_OK) {
    objects_drop(tmp);
    return store_explain(s, err);
  }
  return WG_OK;
}

wg_code wg_store_adopt(wg_store *s, const char *path, const wg_cancel *cancel, wg_digest *out,
                       uint64_t *out_size, wg_error *err) {
  wg_stat st;
  WG_AUTO(wg_fd) in = -1;
  if (wg_os_stat(WG_CWD, path, false, &st, err) != WG_OK ||
      wg_os_open_read(WG_CWD, path, &in, err) != WG_OK) {
    return err->code;
  }
  // A file with another name somewhere, or outside our own temporary place, is copied.
  if (st.n_links != 1 || !wg_path_is_below(path, s->v1)) {
    wg_fd_done(&in);
    wg_code code = wg_store_put_file(s, path, cancel, out, out_size, err);
    if (code == WG_OK) {
      objects_drop(path);
    }
    return code;
  }
  if (wg_sha256_fd(in, cancel, out, out_size, err) != WG_OK || wg_os_fsync(in, err) != WG_OK ||
      wg_os_chmod(WG_CWD, path, 0444, err) != WG_OK || objects_place(s, path, out, err) != WG_OK) {
    return store_explain(s, err);
  }
  return WG_OK;
}

wg_code wg_store_export(wg_store *s, const wg_digest *d, const char *path, uint32_t mode,
                        const wg_cancel *cancel, wg_error *err) {
  wg_digest have;
  wg_stat st;
  wg_error probe = WG_ERROR_INIT;
  if (wg_os_stat(WG_CWD, path, false, &st, &probe) == WG_OK && st.type == WG_FT_FILE &&
      wg_store_file_digest(s, path, cancel, &have, NULL, &probe) == WG_OK &&
      wg_digest_eq(&have, d)) {
    return st.mode == mode ? WG_OK : wg_os_chmod(WG_CWD, path, mode, err);
  }
  WG_AUTO(wg_fd) in = -1;
  WG_AUTO(wg_outfile) o = WG_OUTFILE_INIT;
  if (wg_store_open_blob(s, d, &in, NULL, err) != WG_OK || objects_make_dir(path, err) != WG_OK ||
      wg_outfile_begin(&o, WG_CWD, path, mode, false, err) != WG_OK ||
      wg_os_copy_fd(in, o.fd, cancel, NULL, err) != WG_OK) {
    return wg_wrap(err, "cannot write '%s'", path);
  }
  if (wg_os_chmod(WG_CWD, o.tmp_path, mode, err) != WG_OK) { // the umask does not decide
    return err->code;
  }
  if (wg_outfile_commit(&o, err) != WG_OK) {
    return err->code;
  }
  store_stat_remember(s, path, d);
  return WG_OK;
}

// --- big outputs: "<path>\0" in a record of their own kind

wg_code wg_store_put_big(wg_store *s, const wg_digest *d, const char *path, wg_error *err) {
  WG_AUTO(wg_cstr) file = store_object_path(s, "big", d);
  WG_AUTO(wg_cstr) tmp = store_tmp_name(s);
  WG_AUTO(wg_buf) framed = {0};
  wg_buf_init(&framed, wg_heap(), 0);
  wg_digest sum = wg_sha256(path, strlen(path));
  wg_buf_add_z(&framed, RECORD_MAGIC);
  wg_buf_add(&framed, sum.b, sizeof(sum.b));
  wg_buf_add_z(&framed, path);
  if (objects_make_dir(file, err) != WG_OK ||
      wg_os_write_file(WG_CWD, tmp, framed.p, framed.n, 0444, false, err) != WG_OK ||
      wg_os_rename(WG_CWD, tmp, WG_CWD, file, err) != WG_OK) {
    objects_drop(tmp);
    return store_explain(s, err);
  }
  store_stat_remember(s, path, d);
  return WG_OK;
}

wg_code wg_store_find_big(wg_store *s, const wg_digest *d, const wg_cancel *cancel, char **out_path,
                          wg_error *err) {
  WG_AUTO(wg_cstr) file = store_object_path(s, "big", d);
  WG_AUTO(wg_buf) raw = {0};
  wg_buf_init(&raw, wg_heap(), 0);
  wg_str body;
  wg_digest have;
  if (wg_os_read_file(WG_CWD, file, 65536, &raw, err) != WG_OK) {
    return err->code;
  }
  if (!wg_store_record_body(raw.p, raw.n, &body)) {
    objects_drop(file);
    return wg_fail(err, WG_E_NOT_FOUND, "record '%s' was damaged", file);
  }
  WG_AUTO(wg_cstr) path = wg_xstrndup(body.p, body.n);
  wg_code code = wg_store_file_digest(s, path, cancel, &have, NULL, err);
  if (code == WG_E_CANCELED) {
    return code;
  }
  if (code != WG_OK || !wg_digest_eq(&have, d)) {
    return wg_fail(err, WG_E_NOT_FOUND, "'%s' is gone or has changed", path);
  }
  *out_path = wg_take(&path);
  return WG_OK;
}
