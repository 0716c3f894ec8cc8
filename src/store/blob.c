// SPDX-License-Identifier: Apache-2.0
// Blobs: bytes under their SHA-256. A blob has its name only once it is whole: small ones are
// hashed before they are believed, larger ones are synced before they are renamed into place.
#include <errno.h>
#include <string.h>

#include "store/priv.h"

// --- which blobs this process knows to be right

static size_t seen_slot(const wg_store_seen *t, const wg_digest *d) {
  size_t i = wg_le32(d->b) & (t->cap - 1);
  while (t->used[i] && !wg_digest_eq(&t->slots[i], d)) {
    i = (i + 1) & (t->cap - 1);
  }
  return i;
}

static void seen_add(wg_store_seen *t, const wg_digest *d) {
  if ((t->n + 1) * 2 > t->cap) {
    wg_store_seen old = *t;
    t->cap = old.cap == 0 ? 64 : old.cap * 2;
    t->slots = wg_xarray(t->cap, sizeof(*t->slots));
    t->used = wg_xarray(t->cap, sizeof(*t->used));
    t->n = 0;
    for (size_t i = 0; i < old.cap; i++) {
      if (old.used[i]) {
        seen_add(t, &old.slots[i]);
      }
    }
    wg_xfree(old.slots);
    wg_xfree(old.used);
  }
  size_t i = seen_slot(t, d);
  if (!t->used[i]) {
    t->used[i] = true;
    t->slots[i] = *d;
    t->n++;
  }
}

static bool store_was_seen(wg_store *s, const wg_digest *d) {
  wg_mutex_lock(&s->seen.m);
  bool yes = s->seen.cap > 0 && s->seen.used[seen_slot(&s->seen, d)];
  wg_mutex_unlock(&s->seen.m);
  return yes;
}

static void store_mark_seen(wg_store *s, const wg_digest *d) {
  wg_mutex_lock(&s->seen.m);
  seen_add(&s->seen, d);
  wg_mutex_unlock(&s->seen.m);
}

// --- reading

wg_code wg_store_hash_fd(int fd, uint64_t n_bytes, const wg_cancel *cancel, wg_digest *out,
                         wg_error *err) {
  const size_t cap = (size_t)256 << 10;
  WG_AUTO_PTR(wg_hash) h = NULL;
  WG_AUTO(wg_cstr) chunk = wg_xrealloc(NULL, cap, 1);
  if (wg_hash_new(WG_SHA256, &h, err) != WG_OK) {
    return err->code;
  }
  for (uint64_t off = 0; off < n_bytes;) {
    size_t n = n_bytes - off < cap ? (size_t)(n_bytes - off) : cap;
    if (wg_cancel_check(cancel, err) != WG_OK ||
        wg_os_pread_exact(fd, chunk, n, off, err) != WG_OK) {
      return err->code;
    }
    wg_hash_add(h, chunk, n);
    off += n;
  }
  wg_hash_end(h, out->b);
  return WG_OK;
}

// Large blobs are trusted by what stat says of them, as a user's files are: a base of an image is
// not hashed by each build.
static bool blob_recall(wg_store *s, const char *path, const wg_stat *st, const wg_digest *d) {
  WG_AUTO(wg_cstr) full = wg_path_join(s->v1, path);
  wg_digest known;
  return st->size_bytes >= STORE_RECALL_BYTES &&
         wg_store_recall(s, WG_STAT_FILE, full, st, &known) && wg_digest_eq(&known, d);
}

// It was hashed from start_ns on; st is from before.
static void blob_remember(wg_store *s, int fd, const char *path, const wg_stat *st,
                          int64_t start_ns, const wg_digest *d) {
  wg_stat now;
  wg_error ignored = WG_ERROR_INIT;
  if (st->size_bytes >= STORE_RECALL_BYTES && wg_os_fstat(fd, &now, &ignored) == WG_OK &&
      now.mtime_ns == st->mtime_ns && now.ctime_ns == st->ctime_ns &&
      wg_store_settled(&now, start_ns)) {
    WG_AUTO(wg_cstr) full = wg_path_join(s->v1, path);
    wg_store_remember(s, WG_STAT_FILE, full, &now, d);
  }
}

// Opens; hashes when this process has not yet and the blob is at most max_hash bytes. A damaged one
// is removed and NOT_FOUND.
static wg_code blob_open(wg_store *s, const wg_digest *d, uint64_t max_hash,
                         const wg_cancel *cancel, wg_fd *out, wg_stat *out_stat, wg_error *err) {
  wg_store_path path = wg_store_path_of("blobs", d);
  WG_AUTO(wg_fd) fd = -1;
  wg_stat st;
  if (wg_store_use(s, path.s, &st, err) != WG_OK ||
      wg_os_open_read(s->v1_fd, path.s, &fd, err) != WG_OK || wg_os_fstat(fd, &st, err) != WG_OK) {
    return err->code;
  }
  if (st.size_bytes <= max_hash && !store_was_seen(s, d) && !blob_recall(s, path.s, &st, d)) {
    int64_t start_ns = wg_os_wall_ns();
    wg_digest now;
    if (wg_store_hash_fd(fd, st.size_bytes, cancel, &now, err) != WG_OK) {
      return wg_wrap(err, "'%s/%s'", s->v1, path.s);
    }
    if (!wg_digest_eq(&now, d)) {
      wg_store_remove_bad(s, path.s, &st);
      return wg_fail(err, WG_E_NOT_FOUND,
                     "'%s/%s' was damaged and is removed: run again, and it is made anew", s->v1,
                     path.s);
    }
    blob_remember(s, fd, path.s, &st, start_ns, d);
    store_mark_seen(s, d);
  }
  *out = wg_fd_take(&fd);
  *out_stat = st;
  return WG_OK;
}

wg_code wg_store_open_local(wg_store *s, const wg_digest *d, wg_fd *out, wg_stat *out_stat,
                            wg_error *err) {
  return blob_open(s, d, STORE_REHASH_MAX_BYTES, NULL, out, out_stat, err);
}

// Whether a blob is there to be believed without reading much.
static bool blob_has_local(wg_store *s, const wg_digest *d) {
  wg_error ignored = WG_ERROR_INIT;
  WG_AUTO(wg_fd) fd = -1;
  wg_stat st;
  if (store_was_seen(s, d)) {
    return wg_store_use(s, wg_store_path_of("blobs", d).s, &st, &ignored) == WG_OK;
  }
  return blob_open(s, d, STORE_SMALL_BYTES, NULL, &fd, &st, &ignored) == WG_OK;
}

bool wg_store_has_blob(wg_store *s, const wg_digest *d) {
  uint64_t n = 0;
  wg_error ignored = WG_ERROR_INIT;
  return blob_has_local(s, d) ||
         (s->has_behind && s->behind.has_blob(s->behind.ctx, d, &n, &ignored) == WG_OK);
}

// --- putting

wg_code wg_store_take_tmp(wg_store *s, const char *tmp, const wg_digest *d, uint64_t n_bytes,
                          wg_error *err) {
  WG_AUTO(wg_fd) fd = -1;
  if (wg_os_chmod(s->v1_fd, tmp, 0444, err) != WG_OK) {
    return err->code;
  }
  if (n_bytes > STORE_SMALL_BYTES &&
      (wg_os_open_read(s->v1_fd, tmp, &fd, err) != WG_OK || wg_os_fsync(fd, err) != WG_OK)) {
    return err->code;
  }
  if (wg_store_place(s, s->v1_fd, tmp, wg_store_path_of("blobs", d).s, err) != WG_OK) {
    return err->code;
  }
  store_mark_seen(s, d);
  return WG_OK;
}

static void blob_drop_tmp(wg_store *s, const char *tmp) {
  wg_error ignored = WG_ERROR_INIT;
  (void)!wg_os_unlink(s->v1_fd, tmp, &ignored);
}

// Tells the backend behind of a blob that is new here.
static void blob_tell_behind(wg_store *s, const wg_digest *d, const wg_cancel *cancel) {
  wg_error ignored = WG_ERROR_INIT;
  WG_AUTO(wg_fd) fd = -1;
  wg_stat st = {0};
  if (s->has_behind && wg_store_open_local(s, d, &fd, &st, &ignored) == WG_OK) {
    (void)!s->behind.put_blob(s->behind.ctx, d, fd, st.size_bytes, cancel, &ignored);
  }
}

// Fetches a blob from behind: hashed on arrival, a wrong one is absent.
static wg_code blob_fetch(wg_store *s, const wg_digest *d, const wg_cancel *cancel, wg_error *err) {
  wg_store_path tmp = wg_store_tmp_name(s);
  WG_AUTO(wg_fd) fd = -1;
  wg_stat st;
  wg_digest got;
  if (wg_os_create_new(s->v1_fd, tmp.s, 0600, &fd, err) != WG_OK) {
    return wg_store_explain(s, 4096, err);
  }
  wg_code code = s->behind.get_blob(s->behind.ctx, d, fd, cancel, err);
  if (code == WG_OK) {
    code = wg_os_fstat(fd, &st, err);
  }
  if (code == WG_OK) {
    code = wg_store_hash_fd(fd, st.size_bytes, cancel, &got, err);
  }
  if (code == WG_OK && !wg_digest_eq(&got, d)) {
    code = wg_fail(err, WG_E_NOT_FOUND, "the shared cache's '%s' has other content",
                   wg_digest_hex(d).s);
  }
  wg_fd_done(&fd);
  if (code == WG_OK) {
    code = wg_store_take_tmp(s, tmp.s, d, st.size_bytes, err);
  }
  if (code != WG_OK) {
    blob_drop_tmp(s, tmp.s);
    return wg_store_explain(s, 0, err);
  }
  return WG_OK;
}

wg_code wg_store_open_blob(wg_store *s, const wg_digest *d, wg_fd *out, uint64_t *out_size,
                           wg_error *err) {
  WG_AUTO(wg_fd) fd = -1;
  wg_stat st;
  if (wg_store_open_local(s, d, &fd, &st, err) != WG_OK) {
    wg_error behind = WG_ERROR_INIT;
    if (err->code != WG_E_NOT_FOUND || !s->has_behind || blob_fetch(s, d, NULL, &behind) != WG_OK) {
      return err->code;
    }
    if (wg_store_open_local(s, d, &fd, &st, err) != WG_OK) {
      return err->code;
    }
  }
  *out = wg_fd_take(&fd);
  if (out_size != NULL) {
    *out_size = st.size_bytes;
  }
  return WG_OK;
}

wg_code wg_store_blob_path(wg_store *s, const wg_digest *d, char **out, wg_error *err) {
  WG_AUTO(wg_fd) fd = -1;
  if (wg_store_open_blob(s, d, &fd, NULL, err) != WG_OK) {
    return err->code;
  }
  *out = wg_path_join(s->v1, wg_store_path_of("blobs", d).s);
  return WG_OK;
}

// True when d is here already, hashed: nothing is to be written.
static bool blob_is_here(wg_store *s, const wg_digest *d) {
  wg_error ignored = WG_ERROR_INIT;
  WG_AUTO(wg_fd) fd = -1;
  wg_stat st;
  return wg_store_open_local(s, d, &fd, &st, &ignored) == WG_OK;
}

wg_code wg_store_put_bytes(wg_store *s, const void *p, size_t n_bytes, wg_digest *out,
                           wg_error *err) {
  wg_digest d = wg_sha256(n_bytes == 0 ? "" : p, n_bytes);
  if (!blob_is_here(s, &d)) {
    wg_store_path tmp = wg_store_tmp_name(s);
    WG_AUTO(wg_fd) fd = -1;
    if (wg_os_create_new(s->v1_fd, tmp.s, 0600, &fd, err) != WG_OK) {
      return wg_store_explain(s, n_bytes, err);
    }
    wg_code code = wg_os_write_all(fd, p, n_bytes, err);
    wg_fd_done(&fd);
    if (code != WG_OK || wg_store_take_tmp(s, tmp.s, &d, n_bytes, err) != WG_OK) {
      blob_drop_tmp(s, tmp.s);
      return wg_store_explain(s, n_bytes, err);
    }
    blob_tell_behind(s, &d, NULL);
  }
  *out = d;
  return WG_OK;
}

// Copies in_fd to a new temporary file, hashes the copy (the source may change) and takes it.
static wg_code blob_copy_in(wg_store *s, const char *path, int in_fd, uint64_t n_expect,
                            const wg_cancel *cancel, wg_digest *out, uint64_t *out_size,
                            wg_error *err) {
  wg_store_path tmp = wg_store_tmp_name(s);
  WG_AUTO(wg_fd) fd = -1;
  uint64_t n = 0;
  if (wg_os_create_new(s->v1_fd, tmp.s, 0600, &fd, err) != WG_OK) {
    return wg_store_explain(s, n_expect, err);
  }
  wg_code code = wg_os_copy_fd(in_fd, fd, cancel, &n, err);
  if (code == WG_OK) {
    code = wg_store_hash_fd(fd, n, cancel, out, err);
  }
  wg_fd_done(&fd);
  if (code == WG_OK && !blob_is_here(s, out)) {
    code = wg_store_take_tmp(s, tmp.s, out, n, err);
  }
  if (code != WG_OK) {
    blob_drop_tmp(s, tmp.s);
    (void)wg_wrap(err, "'%s'", path);
    return wg_store_explain(s, n_expect, err);
  }
  blob_drop_tmp(s, tmp.s); // there only when the blob was here already
  *out_size = n;
  return WG_OK;
}

static wg_code blob_put_copy(wg_store *s, const char *path, const wg_cancel *cancel, wg_digest *out,
                             uint64_t *out_size, wg_error *err) {
  WG_AUTO(wg_fd) in = -1;
  wg_stat st;
  if (wg_os_open_read(WG_CWD, path, &in, err) != WG_OK || wg_os_fstat(in, &st, err) != WG_OK ||
      blob_copy_in(s, path, in, st.size_bytes, cancel, out, out_size, err) != WG_OK) {
    return err->code;
  }
  blob_tell_behind(s, out, cancel);
  return WG_OK;
}

wg_code wg_store_put_file(wg_store *s, const char *path, const wg_cancel *cancel, wg_digest *out,
                          uint64_t *out_size, wg_error *err) {
  WG_AUTO(wg_cstr) abs = wg_path_absolute(path);
  wg_digest d;
  uint64_t n = 0;
  // A file that is remembered, and whose content is here, is not even opened.
  wg_stat st;
  if (wg_os_stat(WG_CWD, abs, true, &st, err) != WG_OK) {
    return err->code;
  }
  if (st.type == WG_FT_FILE && wg_store_recall(s, WG_STAT_FILE, abs, &st, &d) &&
      blob_is_here(s, &d)) {
    n = st.size_bytes;
  } else if (blob_put_copy(s, path, cancel, &d, &n, err) != WG_OK) {
    return err->code;
  }
  *out = d;
  if (out_size != NULL) {
    *out_size = n;
  }
  return WG_OK;
}

// NOLINTNEXTLINE(readability-function-cognitive-complexity): every way a file can come
wg_code wg_store_adopt(wg_store *s, const char *path, const wg_cancel *cancel, wg_digest *out,
                       uint64_t *out_size, wg_error *err) {
  WG_AUTO(wg_fd) fd = -1;
  wg_stat st, after;
  wg_digest d = {0};
  uint64_t n = 0;
  if (wg_os_stat(WG_CWD, path, false, &st, err) != WG_OK) {
    return err->code;
  }
  // Renaming a link, or one of several names of a file, would let others write into the store.
  bool alone = st.type == WG_FT_FILE && st.n_links == 1;
  wg_store_path tmp = wg_store_tmp_name(s);
  if (!alone || wg_os_rename(WG_CWD, path, s->v1_fd, tmp.s, err) != WG_OK) {
    if (alone && err->saved_errno != EXDEV) {
      return wg_store_explain(s, st.size_bytes, err);
    }
    if (blob_put_copy(s, path, cancel, &d, &n, err) != WG_OK) {
      return err->code;
    }
    wg_error ignored = WG_ERROR_INIT;
    (void)!wg_os_unlink(WG_CWD, path, &ignored); // taken, as by rename
  } else {
    wg_code code = wg_os_open_read(s->v1_fd, tmp.s, &fd, err);
    if (code == WG_OK) {
      code = wg_store_hash_fd(fd, st.size_bytes, cancel, &d, err);
    }
    if (code == WG_OK) {
      code = wg_os_fstat(fd, &after, err);
    }
    if (code == WG_OK && (after.size_bytes != st.size_bytes || after.mtime_ns != st.mtime_ns)) {
      code = wg_fail(err, WG_E_CONFLICT, "it is still being written");
    }
    if (code == WG_OK) {
      code = wg_store_take_tmp(s, tmp.s, &d, st.size_bytes, err);
    }
    if (code != WG_OK) {
      wg_error ignored = WG_ERROR_INIT;
      (void)!wg_os_rename(s->v1_fd, tmp.s, WG_CWD, path, &ignored); // given back
      (void)wg_wrap(err, "'%s'", path);
      return wg_store_explain(s, st.size_bytes, err);
    }
    n = st.size_bytes;
    blob_tell_behind(s, &d, cancel);
  }
  *out = d;
  if (out_size != NULL) {
    *out_size = n;
  }
  return WG_OK;
}
