// Upkeep: least recently used objects go first; verification reads everything.
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "store/int.h"

typedef struct clean_object {
  char *path;
  uint64_t size;
  int64_t used_ns;
  bool is_blob;
} clean_object;

typedef struct clean_list {
  clean_object *v;
  size_t n, cap;
} clean_list;

static void clean_list_done(clean_list *l) {
  for (size_t i = 0; i < l->n; i++) {
    wg_xfree(l->v[i].path);
  }
  wg_xfree(l->v);
}
WG_DEFINE_AUTO(clean_list, clean_list_done);

// Adds the objects of one fan-out folder.
static wg_code clean_list_dir(const char *dir, bool is_blob, clean_list *out, wg_error *err) {
  WG_AUTO(wg_arena) arena;
  wg_arena_init(&arena, wg_heap(), 0);
  wg_dirent *list = NULL;
  size_t n = 0;
  if (wg_os_list_dir(WG_CWD, dir, &arena, &list, &n, err) != WG_OK) {
    return err->code;
  }
  for (size_t i = 0; i < n; i++) {
    WG_AUTO(wg_cstr) path = wg_path_join(dir, list[i].name);
    wg_stat st;
    wg_error probe = WG_ERROR_INIT;
    if (wg_os_stat(WG_CWD, path, false, &st, &probe) == WG_OK && st.type == WG_FT_FILE) {
      // A record's time of writing counts as use: reading moves its access time only at times.
      int64_t used = st.atime_ns > st.mtime_ns ? st.atime_ns : st.mtime_ns;
      wg_vec_push(&out->v, &out->n, &out->cap) = (clean_object){
          .path = wg_take(&path), .size = st.size_bytes, .used_ns = used, .is_blob = is_blob};
    }
  }
  return WG_OK;
}

static wg_code clean_list_map(const wg_store *s, const char *map, clean_list *out, wg_error *err) {
  WG_AUTO(wg_arena) arena;
  wg_arena_init(&arena, wg_heap(), 0);
  WG_AUTO(wg_cstr) dir = wg_path_join(s->v1, map);
  wg_dirent *list = NULL;
  size_t n = 0;
  if (wg_os_list_dir(WG_CWD, dir, &arena, &list, &n, err) != WG_OK) {
    return err->code;
  }
  for (size_t i = 0; i < n; i++) {
    WG_AUTO(wg_cstr) sub = wg_path_join(dir, list[i].name);
    if (list[i].type == WG_FT_DIR &&
        clean_list_dir(sub, strcmp(map, "blobs") == 0, out, err) != WG_OK) {
      return err->code;
    }
  }
  return WG_OK;
}

static wg_code clean_list_all(const wg_store *s, clean_list *out, wg_error *err) {
  static const char *const maps[] = {"records", "blobs", "big"};
  for (size_t i = 0; i < WG_ARRAY_LEN(maps); i++) {
    if (clean_list_map(s, maps[i], out, err) != WG_OK) {
      return err->code;
    }
  }
  return WG_OK;
}

static int clean_cmp(const void *a, const void *b) {
  const clean_object *x = a, *y = b;
  if (x->used_ns != y->used_ns) {
    return x->used_ns < y->used_ns ? -1 : 1;
  }
  return strcmp(x->path, y->path);
}

wg_code wg_store_clean(wg_store *s, uint64_t keep_bytes, bool all, wg_store_stats *out,
                       wg_error *err) {
  WG_AUTO(clean_list) list = {0};
  WG_AUTO(wg_fd) gc = -1;
  int64_t oldest = 0;
  *out = (wg_store_stats){0};
  if (store_gc_lock(s, true, &gc, err) != WG_OK || store_sweep(s, &oldest, err) != WG_OK ||
      clean_list_all(s, &list, err) != WG_OK) {
    return wg_wrap(err, "cannot clean the store");
  }
  uint64_t total = 0;
  for (size_t i = 0; i < list.n; i++) {
    total += list.v[i].size;
    out->n_blobs += list.v[i].is_blob ? 1 : 0;
    out->n_records += list.v[i].is_blob ? 0 : 1;
  }
  if (list.n > 1) {
    qsort(list.v, list.n, sizeof(*list.v), clean_cmp);
  }
  for (size_t i = 0; i < list.n && (all || total > keep_bytes); i++) {
    const clean_object *o = &list.v[i];
    // Ours is the youngest lease: what was used since the oldest running process began stays.
    if (o->used_ns >= oldest) {
      break;
    }
    if (wg_os_unlink(WG_CWD, o->path, err) != WG_OK && err->code != WG_E_NOT_FOUND) {
      return wg_wrap(err, "cannot clean the store");
    }
    total -= o->size;
    out->n_removed++;
    out->removed_bytes += o->size;
    out->n_blobs -= o->is_blob ? 1 : 0;
    out->n_records -= o->is_blob ? 0 : 1;
  }
  out->blob_bytes = total;
  return WG_OK;
}

static bool clean_object_ok(const clean_object *o) {
  wg_error err = WG_ERROR_INIT;
  if (o->is_blob) {
    WG_AUTO(wg_fd) fd = -1;
    wg_digest got, want;
    return wg_digest_parse(wg_str_of(wg_path_basename(o->path)), &want) &&
           wg_os_open_read(WG_CWD, o->path, &fd, &err) == WG_OK &&
           wg_sha256_fd(fd, NULL, &got, NULL, &err) == WG_OK && wg_digest_eq(&got, &want);
  }
  WG_AUTO(wg_buf) raw = {0};
  wg_buf_init(&raw, wg_heap(), 0);
  wg_str body;
  return wg_os_read_file(WG_CWD, o->path, (uint64_t)256 << 20, &raw, &err) == WG_OK &&
         wg_store_record_body(raw.p, raw.n, &body);
}

wg_code wg_store_verify(wg_store *s, bool fix, void (*on_bad)(void *ctx, const char *path),
                        void *ctx, wg_store_stats *out, uint64_t *out_n_bad, wg_error *err) {
  WG_AUTO(clean_list) list = {0};
  *out = (wg_store_stats){0};
  *out_n_bad = 0;
  if (clean_list_all(s, &list, err) != WG_OK) {
    return wg_wrap(err, "cannot verify the store");
  }
  for (size_t i = 0; i < list.n; i++) {
    const clean_object *o = &list.v[i];
    if (!clean_object_ok(o)) {
      if (!wg_os_exists(WG_CWD, o->path)) {
        continue; // cleaned meanwhile
      }
      (*out_n_bad)++;
      if (on_bad != NULL) {
        on_bad(ctx, o->path);
      }
      if (fix && wg_os_unlink(WG_CWD, o->path, err) != WG_OK && err->code != WG_E_NOT_FOUND) {
        return err->code;
      }
      continue;
    }
    out->n_blobs += o->is_blob ? 1 : 0;
    out->n_records += o->is_blob ? 0 : 1;
    out->blob_bytes += o->is_blob ? o->size : 0;
  }
  return WG_OK;
}
