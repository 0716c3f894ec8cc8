// SPDX-License-Identifier: Apache-2.0
// Digests of files remembered by what stat says of them; the table's file.
#include <string.h>

#include "store/priv.h"

#define REMEMBER_MAX_AGE_DAYS 60
#define REMEMBER_MAX_ROWS ((size_t)1000000)
#define REMEMBER_MAX_FILE_BYTES ((uint64_t)256 << 20)
#define REMEMBER_TRIES 3
static const wg_digest stat_key; // all zero

wg_stat_id wg_store_stat_id(const wg_stat *st) {
  return (wg_stat_id){.size_bytes = st->size_bytes,
                      .mtime_ns = st->mtime_ns,
                      .ctime_ns = st->ctime_ns,
                      .ino = st->ino,
                      .dev = st->dev};
}

static bool remember_same(const wg_stat *a, const wg_stat *b) {
  return a->size_bytes == b->size_bytes && a->mtime_ns == b->mtime_ns &&
         a->ctime_ns == b->ctime_ns && a->ino == b->ino && a->dev == b->dev && a->type == b->type;
}

// Whole seconds in every time of a file mean a file system that keeps no more.
static int64_t remember_grain(const wg_stat *st) {
  bool coarse = st->mtime_ns % 1000000000 == 0 && st->ctime_ns % 1000000000 == 0;
  return coarse ? STORE_COARSE_GRAIN_NS : STORE_GRAIN_NS;
}

bool wg_store_settled(const wg_stat *st, int64_t now_ns) {
  int64_t newest = st->mtime_ns > st->ctime_ns ? st->mtime_ns : st->ctime_ns;
  return newest < now_ns - remember_grain(st);
}

// Reads v1/stat into the table. Absent or damaged: nothing is known, everything is read again.
static void remember_read(wg_store *s) {
  wg_error ignored = WG_ERROR_INIT;
  WG_AUTO(wg_fd) fd = -1;
  wg_stat st;
  if (wg_os_open_read(s->v1_fd, "stat", &fd, &ignored) != WG_OK ||
      wg_os_fstat(fd, &st, &ignored) != WG_OK || remember_same(&st, &s->stat_file)) {
    return;
  }
  WG_AUTO(wg_buf) raw = {0};
  wg_buf_init(&raw, wg_heap(), 0);
  wg_str rows;
  if (wg_os_read_fd(fd, REMEMBER_MAX_FILE_BYTES, &raw, &ignored) != WG_OK ||
      wg_frame_parse(raw.p, raw.n, WG_FRAME_STAT, &stat_key, &rows, &ignored) != WG_OK) {
    return;
  }
  wg_stattab_merge(&s->stat, rows);
  wg_vec_push(&s->stat_bufs, &s->n_stat_bufs, &s->cap_stat_bufs) = raw;
  raw = (wg_buf){0};
  s->stat_file = st;
}

static void remember_load(wg_store *s) {
  if (atomic_load_explicit(&s->stat_loaded, memory_order_acquire)) {
    return;
  }
  wg_mutex_lock(&s->stat_load);
  if (!atomic_load_explicit(&s->stat_loaded, memory_order_relaxed)) {
    remember_read(s);
    atomic_store_explicit(&s->stat_loaded, true, memory_order_release);
  }
  wg_mutex_unlock(&s->stat_load);
}

bool wg_store_recall(wg_store *s, wg_stat_kind kind, const char *path, const wg_stat *st,
                     wg_digest *out) {
  remember_load(s);
  wg_stat_id id = wg_store_stat_id(st);
  return wg_stattab_find(&s->stat, kind, wg_str_of(path), &id, out);
}

void wg_store_remember(wg_store *s, wg_stat_kind kind, const char *path, const wg_stat *st,
                       const wg_digest *d) {
  remember_load(s);
  wg_stat_id id = wg_store_stat_id(st);
  wg_stattab_put(&s->stat, kind, wg_str_of(path), &id, d);
}

bool wg_store_known_digest(wg_store *s, const char *abs_path, wg_digest *out) {
  wg_stat st;
  wg_error ignored = WG_ERROR_INIT;
  return wg_os_stat(WG_CWD, abs_path, true, &st, &ignored) == WG_OK && st.type == WG_FT_FILE &&
         wg_store_recall(s, WG_STAT_FILE, abs_path, &st, out);
}

static wg_code remember_write(wg_store *s, wg_error *err) {
  WG_AUTO(wg_buf) rows = {0};
  WG_AUTO(wg_buf) framed = {0};
  wg_buf_init(&rows, wg_heap(), 0);
  wg_buf_init(&framed, wg_heap(), 0);
  wg_stattab_write(&s->stat, REMEMBER_MAX_AGE_DAYS, REMEMBER_MAX_ROWS, &rows);
  wg_frame_put(&framed, WG_FRAME_STAT, &stat_key, rows.p, rows.n);
  if (wg_buf_check(&rows, err) != WG_OK || wg_buf_check(&framed, err) != WG_OK) {
    return err->code;
  }
  wg_store_path tmp = wg_store_tmp_name(s);
  WG_AUTO(wg_fd) fd = -1;
  // Not synced: torn, it fails its checksum and files are read again.
  if (wg_os_create_new(s->v1_fd, tmp.s, 0600, &fd, err) != WG_OK ||
      wg_os_write_all(fd, framed.p, framed.n, err) != WG_OK ||
      wg_os_rename(s->v1_fd, tmp.s, s->v1_fd, "stat", err) != WG_OK) {
    wg_error ignored = WG_ERROR_INIT;
    (void)!wg_os_unlink(s->v1_fd, tmp.s, &ignored);
    return wg_store_explain(s, framed.n, err);
  }
  return wg_os_fstat(fd, &s->stat_file, err);
}

wg_code wg_store_save_stat(wg_store *s, wg_error *err) {
  if (!atomic_exchange(&s->stat.dirty, false)) {
    return WG_OK;
  }
  remember_load(s);
  WG_AUTO(wg_fd) lock = -1;
  if (wg_os_lock(s->v1_fd, "stat.lock", true, false, NULL, &lock, err) != WG_OK) {
    atomic_store(&s->stat.dirty, true);
    return err->code;
  }
  wg_mutex_lock(&s->stat_load);
  remember_read(s); // what others saved since
  wg_code code = remember_write(s, err);
  wg_mutex_unlock(&s->stat_load);
  if (code != WG_OK) {
    atomic_store(&s->stat.dirty, true);
  }
  return code;
}

wg_code wg_store_file_digest(wg_store *s, const char *abs_path, const wg_cancel *cancel,
                             wg_digest *out, uint64_t *out_size, wg_error *err) {
  wg_stat st;
  wg_assert(abs_path[0] == '/');
  if (wg_os_stat(WG_CWD, abs_path, true, &st, err) != WG_OK) {
    return err->code;
  }
  if (st.type == WG_FT_FILE && wg_store_recall(s, WG_STAT_FILE, abs_path, &st, out)) {
    if (out_size != NULL) {
      *out_size = st.size_bytes;
    }
    return WG_OK;
  }
  for (int tries = 0; tries < REMEMBER_TRIES; tries++) {
    int64_t start = wg_os_wall_ns();
    WG_AUTO(wg_fd) fd = -1;
    wg_stat before, after;
    wg_digest d;
    uint64_t n = 0;
    if (wg_os_open_read(WG_CWD, abs_path, &fd, err) != WG_OK ||
        wg_os_fstat(fd, &before, err) != WG_OK) {
      return err->code;
    }
    if (wg_sha256_fd(fd, cancel, &d, &n, err) != WG_OK || wg_os_fstat(fd, &after, err) != WG_OK) {
      return wg_wrap(err, "'%s'", abs_path);
    }
    if (!remember_same(&before, &after) || n != after.size_bytes) {
      continue; // it changed meanwhile
    }
    if (wg_store_settled(&after, start)) {
      wg_store_remember(s, WG_STAT_FILE, abs_path, &after, &d);
    }
    *out = d;
    if (out_size != NULL) {
      *out_size = n;
    }
    return WG_OK;
  }
  return wg_fail(err, WG_E_CONFLICT,
                 "'%s' changes while it is read; run again when nothing writes to it", abs_path);
}

// Digest over "<type letter> <name> NUL" of every entry, in byte order of the names.
static wg_code remember_list(const char *path, wg_digest *out, wg_error *err) {
  static const char letters[] = "?fdlo"; // by wg_ftype
  WG_AUTO(wg_arena) a = {0};
  wg_arena_init(&a, wg_heap(), 0);
  WG_AUTO_PTR(wg_hash) h = NULL;
  wg_dirent *list = NULL;
  size_t n = 0;
  if (wg_os_list_dir(WG_CWD, path, &a, &list, &n, err) != WG_OK ||
      wg_hash_new(WG_SHA256, &h, err) != WG_OK) {
    return err->code;
  }
  for (size_t i = 0; i < n; i++) {
    wg_hash_add(h, &letters[list[i].type], 1);
    wg_hash_add(h, list[i].name, strlen(list[i].name) + 1);
  }
  wg_hash_end(h, out->b);
  return WG_OK;
}

wg_code wg_store_dir_digest(wg_store *s, const char *abs_path, wg_digest *out, wg_error *err) {
  wg_stat before, after;
  wg_assert(abs_path[0] == '/');
  for (int tries = 0; tries < REMEMBER_TRIES; tries++) {
    int64_t start = wg_os_wall_ns();
    wg_digest d;
    if (wg_os_stat(WG_CWD, abs_path, true, &before, err) != WG_OK) {
      return err->code;
    }
    if (before.type == WG_FT_DIR && wg_store_recall(s, WG_STAT_DIR, abs_path, &before, out)) {
      return WG_OK;
    }
    if (remember_list(abs_path, &d, err) != WG_OK ||
        wg_os_stat(WG_CWD, abs_path, true, &after, err) != WG_OK) {
      return err->code;
    }
    if (remember_same(&before, &after)) {
      if (wg_store_settled(&after, start)) {
        wg_store_remember(s, WG_STAT_DIR, abs_path, &after, &d);
      }
      *out = d;
      return WG_OK;
    }
  }
  return wg_fail(err, WG_E_CONFLICT,
                 "'%s' changes while it is listed; run again when nothing writes to it", abs_path);
}
