// Opening, leases, temporary places, locks.
#include <errno.h>
#include <string.h>

#include "store/int.h"

#define STORE_DIR_MODE 0755U

static char *store_default_root(void) {
  const char *xdg = wg_os_getenv("XDG_CACHE_HOME");
  if (xdg != NULL && xdg[0] == '/') {
    return wg_path_join(xdg, "wingo");
  }
  const char *home = wg_os_getenv("HOME");
  if (home != NULL && home[0] == '/') {
    return wg_path_join(home, ".cache/wingo");
  }
  return wg_xprintf("/tmp/wingo-cache-%ld", wg_os_pid());
}

wg_code store_explain(const wg_store *s, wg_error *err) {
  if (err->saved_errno == ENOSPC || err->saved_errno == EDQUOT) {
    uint64_t free_bytes = 0;
    wg_error ignored = WG_ERROR_INIT;
    (void)!wg_os_free_bytes(s->root, &free_bytes, &ignored);
    return wg_wrap(err,
                   "the store in '%s' has no room (%llu MiB free): make room there or run 'wingo "
                   "clean --keep SIZE'; nothing that was finished is lost",
                   s->root, (unsigned long long)(free_bytes >> 20));
  }
  return err->code;
}

// The lease says that a process runs and since when; its lock ends with the process, however it
// ends.
static wg_code store_take_lease(wg_store *s, wg_error *err) {
  uint8_t r[6];
  wg_os_random(r, sizeof(r));
  s->lease_name = wg_xprintf("%02x%02x%02x%02x%02x%02x", r[0], r[1], r[2], r[3], r[4], r[5]);
  s->lease_path = wg_xprintf("%s/run/%s", s->v1, s->lease_name);
  WG_AUTO(wg_fd) gc = -1;
  // Under the lock, so that a sweep does not see the file before it is locked.
  if (store_gc_lock(s, true, &gc, err) != WG_OK ||
      wg_os_lock(WG_CWD, s->lease_path, true, false, NULL, &s->lease, err) != WG_OK) {
    return err->code;
  }
  wg_stat st;
  if (wg_os_fstat(s->lease, &st, err) != WG_OK) {
    return err->code;
  }
  s->start_ns = st.mtime_ns;
  int64_t oldest = 0;
  wg_error ignored = WG_ERROR_INIT; // leftovers that cannot be removed do no harm
  (void)!store_sweep(s, &oldest, &ignored);
  return WG_OK;
}

wg_code wg_store_open(const char *root, wg_store **out, wg_error *err) {
  wg_store *s = wg_xalloc(sizeof(*s));
  s->lease = -1;
  wg_mutex_init(&s->lock);
  WG_AUTO(wg_cstr) chosen = root != NULL ? wg_xstrdup(root) : store_default_root();
  s->root = wg_path_absolute(chosen);
  s->v1 = wg_path_join(s->root, "v1");
  static const char *const dirs[] = {"records", "blobs", "big", "locks", "run", "tmp"};
  for (size_t i = 0; i < WG_ARRAY_LEN(dirs); i++) {
    WG_AUTO(wg_cstr) dir = wg_path_join(s->v1, dirs[i]);
    if (wg_os_mkdirs(WG_CWD, dir, STORE_DIR_MODE, err) != WG_OK) {
      (void)!store_explain(s, err);
      wg_store_close(s);
      return wg_wrap(err, "cannot open the store");
    }
  }
  if (store_take_lease(s, err) != WG_OK) {
    (void)!store_explain(s, err);
    wg_store_close(s);
    return wg_wrap(err, "cannot open the store");
  }
  store_stat_load(s);
  *out = s;
  return WG_OK;
}

void wg_store_close(wg_store *s) {
  if (s == NULL) {
    return;
  }
  if (s->lease >= 0) {
    store_stat_save(s);
    wg_error ignored = WG_ERROR_INIT;
    (void)!wg_os_unlink(WG_CWD, s->lease_path, &ignored);
  }
  wg_fd_done(&s->lease);
  store_stat_free(s);
  wg_mutex_done(&s->lock);
  wg_xfree(s->lease_path);
  wg_xfree(s->lease_name);
  wg_xfree(s->v1);
  wg_xfree(s->root);
  wg_xfree(s);
}

const char *wg_store_root(const wg_store *s) {
  return s->root;
}

char *store_object_path(const wg_store *s, const char *map, const wg_digest *d) {
  wg_hex hex = wg_digest_hex(d);
  return wg_xprintf("%s/%s/%.2s/%s", s->v1, map, hex.s, hex.s);
}

wg_code store_gc_lock(wg_store *s, bool exclusive, wg_fd *out, wg_error *err) {
  WG_AUTO(wg_cstr) path = wg_path_join(s->v1, "gc.lock");
  return wg_os_lock(WG_CWD, path, exclusive, false, NULL, out, err);
}

// Temporary names are "<lease>-<n>": they go when their lease's owner has gone.
static wg_code sweep_tmp(wg_store *s, const char *lease, wg_error *err) {
  WG_AUTO(wg_arena) arena;
  wg_arena_init(&arena, wg_heap(), 0);
  WG_AUTO(wg_cstr) dir = wg_path_join(s->v1, "tmp");
  wg_dirent *list = NULL;
  size_t n = 0;
  if (wg_os_list_dir(WG_CWD, dir, &arena, &list, &n, err) != WG_OK) {
    return err->code;
  }
  for (size_t i = 0; i < n; i++) {
    if (wg_str_starts(wg_str_of(list[i].name), lease)) {
      WG_AUTO(wg_cstr) path = wg_path_join(dir, list[i].name);
      if (wg_os_rmtree(WG_CWD, path, err) != WG_OK) {
        return err->code;
      }
    }
  }
  return WG_OK;
}

wg_code store_sweep(wg_store *s, int64_t *out_oldest_ns, wg_error *err) {
  WG_AUTO(wg_arena) arena;
  wg_arena_init(&arena, wg_heap(), 0);
  WG_AUTO(wg_cstr) dir = wg_path_join(s->v1, "run");
  wg_dirent *list = NULL;
  size_t n = 0;
  int64_t oldest = s->start_ns;
  if (wg_os_list_dir(WG_CWD, dir, &arena, &list, &n, err) != WG_OK) {
    return err->code;
  }
  for (size_t i = 0; i < n; i++) {
    WG_AUTO(wg_cstr) path = wg_path_join(dir, list[i].name);
    WG_AUTO(wg_fd) fd = -1;
    wg_stat st;
    wg_error probe = WG_ERROR_INIT;
    if (strcmp(list[i].name, s->lease_name) == 0 ||
        wg_os_stat(WG_CWD, path, false, &st, &probe) != WG_OK) {
      continue;
    }
    if (wg_os_lock(WG_CWD, path, true, true, NULL, &fd, &probe) != WG_OK) {
      oldest = st.mtime_ns < oldest ? st.mtime_ns : oldest; // it runs
      continue;
    }
    if (sweep_tmp(s, list[i].name, err) != WG_OK ||
        (wg_os_unlink(WG_CWD, path, err) != WG_OK && err->code != WG_E_NOT_FOUND)) {
      return err->code;
    }
  }
  *out_oldest_ns = oldest;
  return WG_OK;
}

char *store_tmp_name(wg_store *s) {
  wg_mutex_lock(&s->lock);
  unsigned n = s->n_tmp++;
  wg_mutex_unlock(&s->lock);
  return wg_xprintf("%s/tmp/%s-%u", s->v1, s->lease_name, n);
}

wg_code wg_store_tmp_dir(wg_store *s, char **out, wg_error *err) {
  WG_AUTO(wg_cstr) path = store_tmp_name(s);
  if (wg_os_mkdir(WG_CWD, path, 0700, err) != WG_OK) {
    return store_explain(s, err);
  }
  *out = wg_take(&path);
  return WG_OK;
}

void wg_store_tmp_done(wg_store *s, char *path) {
  (void)s;
  if (path != NULL) {
    wg_error ignored = WG_ERROR_INIT; // the next open sweeps what is left
    (void)!wg_os_rmtree(WG_CWD, path, &ignored);
    wg_xfree(path);
  }
}

wg_code wg_store_lock_key(wg_store *s, const wg_digest *key, const wg_cancel *cancel, wg_fd *out,
                          wg_error *err) {
  // Of 4,096 lock files: enough that two keys seldom share one, few enough to keep for ever.
  WG_AUTO(wg_cstr) path = wg_xprintf("%s/locks/%.3s", s->v1, wg_digest_hex(key).s);
  wg_code code = wg_os_lock(WG_CWD, path, true, false, cancel, out, err);
  return code == WG_OK ? WG_OK : store_explain(s, err);
}

wg_code wg_store_secret_digest(wg_store *s, wg_str secret, wg_digest *out, wg_error *err) {
  WG_AUTO(wg_cstr) path = wg_path_join(s->root, "secret.key");
  WG_AUTO(wg_buf) key = {0};
  wg_buf_init(&key, wg_heap(), 4096);
  if (wg_os_read_file(WG_CWD, path, 4096, &key, err) != WG_OK) {
    if (err->code != WG_E_NOT_FOUND) {
      return err->code;
    }
    uint8_t fresh[32];
    WG_AUTO(wg_fd) lock = -1;
    wg_os_random(fresh, sizeof(fresh));
    // Two processes at once: one makes it, the other reads it after.
    if (store_gc_lock(s, true, &lock, err) != WG_OK) {
      return err->code;
    }
    if (!wg_os_exists(WG_CWD, path) &&
        wg_os_write_file(WG_CWD, path, fresh, sizeof(fresh), 0600, true, err) != WG_OK) {
      return store_explain(s, err);
    }
    wg_buf_clear(&key);
    if (wg_os_read_file(WG_CWD, path, 4096, &key, err) != WG_OK) {
      return err->code;
    }
  }
  *out = wg_hmac_sha256(key.p, key.n, secret.p, secret.n);
  return WG_OK;
}
