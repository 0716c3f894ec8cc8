// SPDX-License-Identifier: Apache-2.0
// Upkeep: eviction of what was not used for longest, and reading everything back.
#include <stdlib.h>
#include <string.h>

#include "store/priv.h"

#define CLEAN_BATCH 64

typedef enum clean_map {
  CLEAN_RECORDS,
  CLEAN_BLOBS,
  CLEAN_BIG,
} clean_map;
static const char *const clean_maps[] = {"records", "blobs", "big"};

typedef struct clean_object {
  const char *path; // relative to v1, in the list's arena
  const char *name;
  clean_map map;
  int64_t stamp_ns;
  uint64_t size_bytes;
} clean_object;

typedef struct clean_list {
  wg_arena arena;
  clean_object *items;
  size_t n, cap;
} clean_list;

static void clean_list_done(clean_list *l) {
  wg_xfree(l->items);
  wg_arena_done(&l->arena);
}
WG_DEFINE_AUTO(clean_list, clean_list_done);

static wg_code clean_list_shard(wg_store *s, clean_list *l, clean_map map, const char *shard,
                                wg_error *err) {
  const char *dir = wg_arena_printf(&l->arena, "%s/%s", clean_maps[map], shard);
  wg_dirent *list = NULL;
  size_t n = 0;
  if (dir == NULL) {
    return wg_arena_fail(&l->arena, err);
  }
  if (wg_os_list_dir(s->v1_fd, dir, &l->arena, &list, &n, err) != WG_OK) {
    return err->code;
  }
  for (size_t i = 0; i < n; i++) {
    wg_stat st;
    const char *path = wg_arena_printf(&l->arena, "%s/%s", dir, list[i].name);
    if (path == NULL) {
      return wg_arena_fail(&l->arena, err);
    }
    if (wg_os_stat(s->v1_fd, path, false, &st, err) != WG_OK) {
      if (err->code == WG_E_NOT_FOUND) {
        continue; // removed by somebody else this moment
      }
      return err->code;
    }
    wg_vec_push(&l->items, &l->n, &l->cap) = (clean_object){.path = path,
                                                            .name = list[i].name,
                                                            .map = map,
                                                            .stamp_ns = st.mtime_ns,
                                                            .size_bytes = st.size_bytes};
  }
  return WG_OK;
}

static wg_code clean_list_all(wg_store *s, clean_list *l, wg_error *err) {
  wg_arena_init(&l->arena, wg_heap(), 0);
  for (clean_map map = CLEAN_RECORDS; map <= CLEAN_BIG; map++) {
    wg_dirent *shards = NULL;
    size_t n = 0;
    if (wg_os_list_dir(s->v1_fd, clean_maps[map], &l->arena, &shards, &n, err) != WG_OK) {
      return wg_store_explain(s, 0, err);
    }
    for (size_t i = 0; i < n; i++) {
      if (shards[i].type == WG_FT_DIR &&
          clean_list_shard(s, l, map, shards[i].name, err) != WG_OK) {
        return wg_store_explain(s, 0, err);
      }
    }
  }
  return WG_OK;
}

static int clean_cmp(const void *a, const void *b) {
  const clean_object *x = a, *y = b;
  if (x->stamp_ns != y->stamp_ns) {
    return x->stamp_ns < y->stamp_ns ? -1 : 1;
  }
  return strcmp(x->path, y->path);
}

static void clean_count(wg_store_stats *out, const clean_object *o) {
  if (o->map == CLEAN_BLOBS) {
    out->n_blobs++;
    out->blob_bytes += o->size_bytes;
  } else {
    out->n_records++;
    out->record_bytes += o->size_bytes;
  }
}

// One object, under the exclusive lock. *out_gone: it is not there any more.
static wg_code clean_remove(wg_store *s, const clean_object *o, int64_t since, bool dry_run,
                            wg_store_stats *out, bool *out_gone, wg_error *err) {
  wg_stat st;
  *out_gone = false;
  if (wg_os_stat(s->v1_fd, o->path, false, &st, err) != WG_OK) {
    *out_gone = err->code == WG_E_NOT_FOUND;
    return *out_gone ? WG_OK : err->code;
  }
  if (st.mtime_ns >= since) {
    out->n_in_use++;
    out->in_use_bytes += st.size_bytes;
    return WG_OK;
  }
  if (st.mtime_ns > o->stamp_ns) {
    return WG_OK; // used since it was listed: no longer among the oldest
  }
  if (!dry_run && wg_os_unlink(s->v1_fd, o->path, err) != WG_OK) {
    return err->code;
  }
  *out_gone = true;
  out->n_removed++;
  out->removed_bytes += st.size_bytes;
  return WG_OK;
}

// Up to CLEAN_BATCH objects from *at on, while more than is to be kept remains.
static wg_code clean_batch(wg_store *s, const clean_list *l, size_t *at,
                           const wg_store_clean_options *opt, uint64_t *left_bytes,
                           wg_store_stats *out, wg_error *err) {
  WG_AUTO(wg_fd) gc = -1;
  int64_t since = 0;
  // The leases are read again for each batch: who opened the store since is seen.
  if (wg_os_lock(s->v1_fd, "gc", true, false, NULL, &gc, err) != WG_OK ||
      wg_store_protected_since(s, &since, err) != WG_OK) {
    return err->code;
  }
  for (size_t n = 0; n < CLEAN_BATCH && *at < l->n; n++, (*at)++) {
    const clean_object *o = &l->items[*at];
    bool gone = opt->all || *left_bytes > opt->keep_bytes;
    if (gone && clean_remove(s, o, since, opt->dry_run, out, &gone, err) != WG_OK) {
      return err->code;
    }
    if (gone) {
      *left_bytes -= o->size_bytes;
    } else {
      clean_count(out, o);
    }
  }
  return WG_OK;
}

// Lock files that nobody holds. Who waits for one looks whether it is still there.
static void clean_locks(wg_store *s) {
  wg_error ignored = WG_ERROR_INIT;
  WG_AUTO(wg_arena) a = {0};
  wg_arena_init(&a, wg_heap(), 0);
  wg_dirent *list = NULL;
  size_t n = 0;
  if (wg_os_list_dir(s->v1_fd, "locks", &a, &list, &n, &ignored) != WG_OK) {
    return;
  }
  for (size_t i = 0; i < n; i++) {
    wg_store_path path;
    WG_AUTO(wg_fd) fd = -1;
    if (strlen(list[i].name) == 64) {
      (void)wg_format(path.s, sizeof(path.s), "locks/%s", list[i].name);
      if (wg_os_lock(s->v1_fd, path.s, true, true, NULL, &fd, &ignored) == WG_OK) {
        (void)!wg_os_unlink(s->v1_fd, path.s, &ignored);
      }
    }
  }
}

wg_code wg_store_clean(wg_store *s, const wg_store_clean_options *opt, wg_store_stats *out,
                       wg_error *err) {
  WG_AUTO(clean_list) l = {0};
  *out = (wg_store_stats){0};
  if (clean_list_all(s, &l, err) != WG_OK) {
    return err->code;
  }
  if (l.n > 1) {
    qsort(l.items, l.n, sizeof(*l.items), clean_cmp);
  }
  uint64_t left = 0;
  for (size_t i = 0; i < l.n; i++) {
    left += l.items[i].size_bytes;
  }
  for (size_t at = 0; at < l.n;) {
    if (wg_cancel_check(opt->cancel, err) != WG_OK ||
        clean_batch(s, &l, &at, opt, &left, out, err) != WG_OK) {
      return wg_store_explain(s, 0, err);
    }
  }
  if (!opt->dry_run) {
    clean_locks(s);
    wg_store_sweep(s);
    if (opt->all && wg_os_unlink(s->v1_fd, "stat", err) != WG_OK && err->code != WG_E_NOT_FOUND) {
      return wg_store_explain(s, 0, err);
    }
  }
  return WG_OK;
}

// --- verify

// WG_OK with *out_good; other codes only for what stops the whole.
static wg_code verify_object(wg_store *s, const clean_object *o, int fd, uint64_t n_bytes,
                             const wg_cancel *cancel, bool *out_good, wg_error *err) {
  wg_digest name, now;
  *out_good = false;
  if (!wg_digest_parse(wg_str_of(o->name), &name) ||
      strcmp(o->path, wg_store_path_of(clean_maps[o->map], &name).s) != 0) {
    return WG_OK; // nothing of ours is called that
  }
  if (o->map == CLEAN_BLOBS) {
    if (wg_store_hash_fd(fd, n_bytes, cancel, &now, err) != WG_OK) {
      return err->code;
    }
    *out_good = wg_digest_eq(&now, &name);
    return WG_OK;
  }
  WG_AUTO(wg_buf) raw = {0};
  wg_buf_init(&raw, wg_heap(), 0);
  wg_str body;
  wg_frame_kind kind = o->map == CLEAN_BIG ? WG_FRAME_BIG : WG_FRAME_RECORD;
  if (wg_os_read_fd(fd, STORE_RECORD_MAX_BYTES, &raw, err) == WG_OK) {
    *out_good = wg_frame_parse(raw.p, raw.n, kind, &name, &body, err) == WG_OK;
  }
  (void)s;
  return WG_OK;
}

// NOLINTNEXTLINE(readability-function-cognitive-complexity): every kind of object
wg_code wg_store_verify(wg_store *s, bool fix, void (*on_bad)(void *ctx, const char *path),
                        void *ctx, const wg_cancel *cancel, wg_store_stats *out,
                        uint64_t *out_n_bad, wg_error *err) {
  WG_AUTO(clean_list) l = {0};
  *out = (wg_store_stats){0};
  *out_n_bad = 0;
  if (clean_list_all(s, &l, err) != WG_OK) {
    return err->code;
  }
  for (size_t i = 0; i < l.n; i++) {
    const clean_object *o = &l.items[i];
    WG_AUTO(wg_fd) fd = -1;
    wg_stat st = {0};
    bool good = false;
    if (wg_os_open_read(s->v1_fd, o->path, &fd, err) == WG_OK) {
      if (wg_os_fstat(fd, &st, err) != WG_OK ||
          verify_object(s, o, fd, st.size_bytes, cancel, &good, err) != WG_OK) {
        if (err->code == WG_E_CANCELED || err->code == WG_E_NOMEM) {
          return err->code;
        }
      }
    } else if (err->code == WG_E_NOT_FOUND) {
      continue; // evicted meanwhile
    }
    if (good) {
      clean_count(out, o);
      continue;
    }
    (*out_n_bad)++;
    if (on_bad != NULL) {
      WG_AUTO(wg_cstr) full = wg_path_join(s->v1, o->path);
      on_bad(ctx, full);
    }
    if (fix && fd >= 0) {
      wg_store_remove_bad(s, o->path, &st);
      out->n_removed++;
      out->removed_bytes += st.size_bytes;
    } else {
      clean_count(out, o);
    }
  }
  return WG_OK;
}
