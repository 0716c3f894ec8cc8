// SPDX-License-Identifier: Apache-2.0
// Opening and closing, records, locks, temporary space, the secret key. See priv.h for the rules
// that processes follow between themselves.
#include "store/store.h"

#include <string.h>

#include "store/priv.h"

#define STORE_DAY_NS ((int64_t)86400 * 1000000000)

// $XDG_CACHE_HOME/wingo, else ~/.cache/wingo. A relative XDG_CACHE_HOME does not count (XDG base
// directory specification 0.8).
static wg_code store_default_root(char **out, wg_error *err) {
  const char *xdg = wg_os_getenv("XDG_CACHE_HOME");
  if (xdg != NULL && xdg[0] == '/') {
    *out = wg_path_join(xdg, "wingo");
    return WG_OK;
  }
  const char *home = wg_os_getenv("HOME");
  if (home == NULL || home[0] != '/') {
    return wg_fail(err, WG_E_CONFIG,
                   "no place for the store: set XDG_CACHE_HOME or HOME to an absolute path");
  }
  *out = wg_path_join(home, ".cache/wingo");
  return WG_OK;
}

// Whoever owns it could put results of their own there, and ours would be theirs.
static wg_code store_check_owner(const wg_store *s, wg_error *err) {
  wg_stat root, v1;
  if (wg_os_stat(WG_CWD, s->root, true, &root, err) != WG_OK ||
      wg_os_fstat(s->v1_fd, &v1, err) != WG_OK) {
    return err->code;
  }
  uint32_t us = wg_os_uid();
  if (root.uid != us || v1.uid != us) {
    return wg_fail(err, WG_E_CONFLICT,
                   "the store '%s' belongs to another user (%u): name one of your own with --store "
                   "or XDG_CACHE_HOME",
                   s->root, root.uid != us ? root.uid : v1.uid);
  }
  return WG_OK;
}

static wg_code store_make_dirs(wg_store *s, wg_error *err) {
  static const char *const dirs[] = {"records", "blobs", "big", "locks", "tmp", "leases"};
  if (wg_os_mkdirs(WG_CWD, s->v1, 0700, err) != WG_OK ||
      wg_os_open_dir(WG_CWD, s->v1, &s->v1_fd, err) != WG_OK ||
      store_check_owner(s, err) != WG_OK) {
    return err->code;
  }
  for (size_t i = 0; i < WG_ARRAY_LEN(dirs); i++) {
    if (wg_os_mkdirs(s->v1_fd, dirs[i], 0700, err) != WG_OK) {
      return err->code;
    }
  }
  return WG_OK;
}

wg_code wg_store_open(const char *root, wg_store **out, wg_error *err) {
  WG_AUTO(wg_cstr) place = NULL;
  if (root == NULL && store_default_root(&place, err) != WG_OK) {
    return err->code;
  }
  WG_AUTO_PTR(wg_store) s = wg_xalloc(sizeof(*s));
  s->v1_fd = -1;
  s->lease_fd = -1;
  s->stamp_ns = STORE_STAMP_NS;
  wg_mutex_init(&s->stat_load);
  wg_mutex_init(&s->seen.m);
  wg_stattab_init(&s->stat, (uint32_t)(wg_os_wall_ns() / STORE_DAY_NS));
  s->root = wg_path_absolute(root != NULL ? root : place);
  s->v1 = wg_path_join(s->root, "v1");
  if (store_make_dirs(s, err) != WG_OK || wg_store_lease(s, err) != WG_OK) {
    return wg_store_explain(s, 4096, err);
  }
  wg_store_sweep(s);
  *out = wg_take(&s);
  return WG_OK;
}

// What this handle made in tmp and did not place.
static void store_clear_tmp(wg_store *s) {
  wg_error ignored = WG_ERROR_INIT;
  WG_AUTO(wg_arena) a = {0};
  wg_arena_init(&a, wg_heap(), 0);
  wg_dirent *list = NULL;
  size_t n = 0;
  if (wg_os_list_dir(s->v1_fd, "tmp", &a, &list, &n, &ignored) != WG_OK) {
    return;
  }
  for (size_t i = 0; i < n; i++) {
    if (strncmp(list[i].name, s->lease, 16) == 0) {
      wg_store_path path;
      (void)wg_format(path.s, sizeof(path.s), "tmp/%s", list[i].name);
      (void)!wg_os_rmtree(s->v1_fd, path.s, &ignored);
    }
  }
}

void wg_store_close(wg_store *s) {
  if (s == NULL) {
    return;
  }
  if (s->lease_fd >= 0) {
    wg_error ignored = WG_ERROR_INIT;
    (void)!wg_store_save_stat(s, &ignored); // not saved: files are read again, no more
    store_clear_tmp(s);
    wg_store_unlease(s);
  }
  wg_stattab_done(&s->stat);
  for (size_t i = 0; i < s->n_stat_bufs; i++) {
    wg_buf_done(&s->stat_bufs[i]);
  }
  wg_xfree(s->stat_bufs);
  wg_mutex_done(&s->stat_load);
  wg_mutex_done(&s->seen.m);
  wg_xfree(s->seen.slots);
  wg_xfree(s->seen.used);
  wg_fd_done(&s->v1_fd);
  wg_xfree(s->v1);
  wg_xfree(s->root);
  wg_xfree(s);
}

const char *wg_store_root(const wg_store *s) {
  return s->root;
}

wg_code wg_store_get_record(wg_store *s, const wg_digest *key, wg_buf *out, wg_error *err) {
  WG_AUTO(wg_buf) raw = {0};
  wg_buf_init(&raw, wg_heap(), 0);
  wg_str body;
  wg_store_path path = wg_store_path_of("records", key);
  if (wg_store_get_frame(s, path.s, WG_FRAME_RECORD, key, &raw, &body, err) != WG_OK) {
    if (err->code != WG_E_NOT_FOUND || !s->has_behind) {
      return err->code;
    }
    wg_error behind = WG_ERROR_INIT;
    wg_buf_clear(&raw);
    if (s->behind.get_record(s->behind.ctx, key, &raw, &behind) != WG_OK ||
        wg_frame_parse(raw.p, raw.n, WG_FRAME_RECORD, key, &body, &behind) != WG_OK) {
      return err->code; // not there either
    }
    if (wg_store_put_frame(s, path.s, WG_FRAME_RECORD, key, body.p, body.n, err) != WG_OK) {
      return err->code;
    }
  }
  wg_buf_add_str(out, body);
  return wg_buf_check(out, err);
}

wg_code wg_store_put_record(wg_store *s, const wg_digest *key, const void *p, size_t n_bytes,
                            wg_error *err) {
  if (n_bytes > STORE_RECORD_MAX_BYTES - WG_FRAME_HEAD_BYTES) {
    return wg_fail(err, WG_E_LIMIT, "a record of %zu bytes is larger than the limit of %llu",
                   n_bytes, (unsigned long long)(STORE_RECORD_MAX_BYTES - WG_FRAME_HEAD_BYTES));
  }
  wg_store_path path = wg_store_path_of("records", key);
  if (wg_store_put_frame(s, path.s, WG_FRAME_RECORD, key, p, n_bytes, err) != WG_OK) {
    return err->code;
  }
  if (s->has_behind) {
    WG_AUTO(wg_buf) framed = {0};
    wg_error ignored = WG_ERROR_INIT;
    wg_buf_init(&framed, wg_heap(), 0);
    wg_frame_put(&framed, WG_FRAME_RECORD, key, p, n_bytes);
    if (wg_buf_check(&framed, &ignored) == WG_OK) {
      (void)!s->behind.put_record(s->behind.ctx, key, framed.p, framed.n, &ignored);
    }
  }
  return WG_OK;
}

static wg_code store_lock_key(wg_store *s, const wg_digest *key, bool try_only,
                              const wg_cancel *cancel, wg_fd *out, wg_error *err) {
  wg_store_path path;
  (void)wg_format(path.s, sizeof(path.s), "locks/%s", wg_digest_hex(key).s);
  for (;;) {
    WG_AUTO(wg_fd) fd = -1;
    wg_stat held, named;
    if (wg_os_lock(s->v1_fd, path.s, true, try_only, cancel, &fd, err) != WG_OK ||
        wg_os_fstat(fd, &held, err) != WG_OK) {
      return try_only && err->code == WG_E_CONFLICT ? WG_E_CONFLICT : wg_store_explain(s, 0, err);
    }
    // The cleaner removes lock files that nobody holds: a lock on a removed one locks nothing.
    if (wg_os_stat(s->v1_fd, path.s, false, &named, err) == WG_OK && named.ino == held.ino) {
      *out = wg_fd_take(&fd);
      return WG_OK;
    }
    if (err->code != WG_OK && err->code != WG_E_NOT_FOUND) {
      return err->code;
    }
  }
}

wg_code wg_store_lock_key(wg_store *s, const wg_digest *key, const wg_cancel *cancel, wg_fd *out,
                          wg_error *err) {
  return store_lock_key(s, key, false, cancel, out, err);
}

wg_code wg_store_try_lock_key(wg_store *s, const wg_digest *key, wg_fd *out, wg_error *err) {
  return store_lock_key(s, key, true, NULL, out, err);
}

wg_code wg_store_tmp_dir(wg_store *s, char **out, wg_error *err) {
  wg_store_path name = wg_store_tmp_name(s);
  if (wg_os_mkdir(s->v1_fd, name.s, 0700, err) != WG_OK) {
    return wg_store_explain(s, 4096, err);
  }
  *out = wg_path_join(s->v1, name.s);
  return WG_OK;
}

void wg_store_tmp_done(wg_store *s, char *path) {
  (void)s;
  if (path != NULL) {
    wg_error ignored = WG_ERROR_INIT;
    (void)!wg_os_rmtree(WG_CWD, path, &ignored); // a rest goes with the handle, or the next open
    wg_xfree(path);
  }
}

// The key, made on first use. A damaged one is replaced: steps with secrets run once more.
static wg_code store_secret_key(wg_store *s, uint8_t out[32], wg_error *err) {
  static const wg_digest name; // all zero
  WG_AUTO(wg_fd) lock = -1;
  WG_AUTO(wg_buf) raw = {0};
  wg_buf_init(&raw, wg_heap(), 0);
  wg_str body;
  if (wg_os_lock(s->v1_fd, "secret.lock", true, false, NULL, &lock, err) != WG_OK) {
    return wg_store_explain(s, 0, err);
  }
  wg_code code = wg_os_read_file(s->v1_fd, "secret", 4096, &raw, err);
  if (code == WG_OK) {
    code = wg_frame_parse(raw.p, raw.n, WG_FRAME_SECRET, &name, &body, err);
    if (code == WG_OK && body.n == 32) {
      memcpy(out, body.p, 32);
      return WG_OK;
    }
  }
  if (code != WG_OK && code != WG_E_NOT_FOUND && code != WG_E_FORMAT && code != WG_E_LIMIT) {
    return wg_store_explain(s, 0, err);
  }
  wg_os_random(out, 32);
  wg_buf_clear(&raw);
  wg_frame_put(&raw, WG_FRAME_SECRET, &name, out, 32);
  wg_store_path tmp = wg_store_tmp_name(s);
  if (wg_buf_check(&raw, err) != WG_OK ||
      wg_os_write_file(s->v1_fd, tmp.s, raw.p, raw.n, 0600, true, err) != WG_OK ||
      wg_os_rename(s->v1_fd, tmp.s, s->v1_fd, "secret", err) != WG_OK) {
    return wg_store_explain(s, raw.n, err);
  }
  return WG_OK;
}

wg_code wg_store_secret_digest(wg_store *s, wg_str secret, wg_digest *out, wg_error *err) {
  uint8_t key[32];
  if (store_secret_key(s, key, err) != WG_OK) {
    return err->code;
  }
  *out = wg_hmac_sha256(key, sizeof(key), secret.n == 0 ? "" : secret.p, secret.n);
  return WG_OK;
}
