// SPDX-License-Identifier: Apache-2.0
#include "driver/match/scan.h"

#include <string.h>

#include "base/near.h"
#include "base/sort.h"
#include "driver/match/archive.h"
#include "os/file.h"
#include "os/thread.h"

#define MAX_INF_FILE_BYTES ((uint64_t)128 << 20)
#define GRAIN_NS INT64_C(2000000000) // a change within this time of the walk may not show in stat

typedef struct sc_folder { // names of catalogues in it, sorted without regard to letter case
  const char **cats;
  size_t n_cats;
} sc_folder;

typedef struct sc_result { // an INF of a file
  char *inner;             // heap; NULL of a plain one
  char *error;             // heap
  wg_digest sha256;
  const uint8_t *packed; // of the last index, or in own
  size_t n_packed;
  wg_buf own;
} sc_result;

typedef struct sc_file {
  const char *path; // below the root
  const sc_folder *folder;
  bool is_archive;
  wg_stat st;
  const wg_drv_source *before; // in the last index; NULL
  bool as_before;
  char *error; // heap
  sc_result *v;
  size_t n, cap;
  char **cats; // of an archive
  size_t n_cats, cap_cats;

} sc_file;

typedef struct sc {
  const char *root;
  const wg_drv_scan_options *opt;
  wg_arena *arena;
  const wg_drv_index *before; // NULL
  uint32_t *by_digest;        // packages of before, sorted
  uint32_t n_by_digest;
  sc_file *files;
  size_t n_files, cap_files;
  wg_os_walk walk;
  wg_mutex lock; // of next, failed and err
  size_t next;
  bool failed;
  wg_error err;
  uint32_t n_read, n_parsed;
} sc;

// --- the walk

static bool name_ends(const char *name, const char *end) {
  size_t n = strlen(name), m = strlen(end);
  return n >= m && wg_str_eq_nocase((wg_str){name + n - m, m}, end);
}

static int nocase(const char *a, const char *b) {
  while (*a != '\0' && wg_ascii_lower(*a) == wg_ascii_lower(*b)) {
    a++;
    b++;
  }
  return (unsigned char)wg_ascii_lower(*a) - (unsigned char)wg_ascii_lower(*b);
}

static int cat_cmp(const void *a, const void *b, void *ctx) {
  (void)ctx;
  return nocase(*(const char *const *)a, *(const char *const *)b);
}

static const sc_folder *sc_folder_of(sc *s, const wg_dirent *e, size_t n) {
  sc_folder *f = wg_arena_new(s->arena, sc_folder);
  size_t cats = 0;
  for (size_t i = 0; i < n; i++) {
    cats += name_ends(e[i].name, ".cat");
  }
  const char **v = f == NULL ? NULL : wg_arena_new_array(s->arena, const char *, cats);
  if (v == NULL) {
    return NULL;
  }
  f->cats = v;
  for (size_t i = 0; i < n; i++) {
    if (name_ends(e[i].name, ".cat")) {
      v[f->n_cats++] = e[i].name;
    }
  }
  wg_sort(v, f->n_cats, sizeof(*v), cat_cmp, NULL);
  return f;
}

static bool folder_has(const sc_folder *f, wg_str name) {
  size_t low = 0, high = f->n_cats;
  char z[300];
  if (name.n >= sizeof(z)) {
    return false;
  }
  memcpy(z, name.p, name.n);
  z[name.n] = '\0';
  while (low < high) {
    size_t mid = low + (high - low) / 2;
    int c = nocase(f->cats[mid], z);
    if (c == 0) {
      return true;
    }
    low = c < 0 ? mid + 1 : low;
    high = c < 0 ? high : mid;
  }
  return false;
}

static wg_code sc_walk(sc *s, const char *below, wg_error *err);

static wg_code sc_entry(sc *s, const char *below, const wg_dirent *e, const sc_folder *folder,
                        wg_error *err) {
  const char *path =
      below[0] == '\0' ? e->name : wg_arena_printf(s->arena, "%s/%s", below, e->name);
  if (path == NULL) {
    return wg_arena_fail(s->arena, err);
  }
  if (e->type == WG_FT_DIR) {
    return sc_walk(s, path, err);
  }
  bool archive = wg_drv_is_archive(e->name);
  if (!archive && !name_ends(e->name, ".inf")) {
    return WG_OK;
  }
  sc_file f = {.path = path, .folder = folder, .is_archive = archive};
  wg_error ignored = WG_ERROR_INIT;
  WG_AUTO(wg_cstr) whole = wg_path_join(s->root, path);
  // What is gone meanwhile, or a link to nothing, is not there.
  if (wg_os_stat(WG_CWD, whole, true, &f.st, &ignored) == WG_OK && f.st.type == WG_FT_FILE) {
    wg_vec_push(&s->files, &s->n_files, &s->cap_files) = f;
  }
  return WG_OK;
}

static wg_code sc_walk(sc *s, const char *below, wg_error *err) {
  WG_AUTO(wg_cstr) folder = wg_path_join(s->root, below);
  wg_dirent *e = NULL;
  size_t n = 0;
  unsigned depth = 0;
  for (const char *p = below; *p != '\0'; p++) {
    depth += *p == '/';
  }
  if (depth > 200) {
    return wg_fail(err, WG_E_LIMIT, "'%s': more than 200 folders inside of each other", folder);
  }
  if (wg_os_list_dir(WG_CWD, folder, s->arena, &e, &n, err) != WG_OK ||
      wg_os_walk_met(&s->walk, folder, n, err) != WG_OK) {
    return err->code;
  }
  const sc_folder *cats = sc_folder_of(s, e, n);
  if (cats == NULL) {
    return wg_arena_fail(s->arena, err);
  }
  for (size_t i = 0; i < n; i++) {
    if (sc_entry(s, below, &e[i], cats, err) != WG_OK) {
      return err->code;
    }
  }
  return WG_OK;
}

static int file_cmp(const void *a, const void *b, void *ctx) {
  (void)ctx;
  return strcmp(((const sc_file *)a)->path, ((const sc_file *)b)->path);
}

// --- what is as it was

static bool same_stat(const wg_drv_source *b, const wg_stat *st) {
  return b->has_stat && b->size_bytes == st->size_bytes && b->mtime_ns == st->mtime_ns &&
         b->ctime_ns == st->ctime_ns && b->ino == st->ino && b->dev == st->dev;
}

// Both are sorted by path. Returns how many of the last index are gone.
static uint32_t sc_compare(sc *s) {
  uint32_t k = 0, gone = 0;
  for (size_t i = 0; s->before != NULL && i < s->n_files; i++) {
    sc_file *f = &s->files[i];
    wg_str path = wg_str_of(f->path);
    int c = -1;
    while (k < s->before->n_sources && (c = wg_str_cmp(s->before->sources[k].path, path)) < 0) {
      gone++;
      k++;
    }
    if (k < s->before->n_sources && c == 0) {
      f->before = &s->before->sources[k++];
      f->as_before = same_stat(f->before, &f->st);
    }
  }
  return s->before != NULL ? gone + (s->before->n_sources - k) : 0;
}

static int digest_cmp(const void *a, const void *b, void *ctx) {
  const wg_drv_index *x = ctx;
  return memcmp(x->packages[*(const uint32_t *)a].sha256.b,
                x->packages[*(const uint32_t *)b].sha256.b, 32);
}

static wg_code sc_sort_digests(sc *s, wg_error *err) {
  uint32_t n = s->before != NULL ? s->before->n_packages : 0;
  s->by_digest = wg_arena_new_array(s->arena, uint32_t, n);
  if (s->by_digest == NULL) {
    return wg_arena_fail(s->arena, err);
  }
  for (uint32_t i = 0; i < n; i++) {
    if (s->before->packages[i].n_packed > 0) {
      s->by_digest[s->n_by_digest++] = i;
    }
  }
  wg_drv_index x = s->before != NULL ? *s->before : (wg_drv_index){0};
  wg_sort(s->by_digest, s->n_by_digest, sizeof(uint32_t), digest_cmp, &x);
  return WG_OK;
}

static const wg_drv_package *sc_known(const sc *s, const wg_digest *d) {
  uint32_t low = 0, high = s->n_by_digest;
  while (low < high) {
    uint32_t mid = low + (high - low) / 2;
    const wg_drv_package *p = &s->before->packages[s->by_digest[mid]];
    int c = memcmp(p->sha256.b, d->b, 32);
    if (c == 0) {
      return p;
    }
    low = c < 0 ? mid + 1 : low;
    high = c < 0 ? high : mid;
  }
  return NULL;
}

// --- what is new

static void sc_parse(wg_str bytes, sc_result *r) {
  WG_AUTO(wg_arena) arena = {0};
  wg_error err = WG_ERROR_INIT;
  wg_inf inf;
  wg_arena_init(&arena, wg_heap(), 0);
  wg_buf_init(&r->own, wg_heap(), 0);
  if (wg_inf_parse(bytes.p, bytes.n, NULL, &arena, &inf, &err) != WG_OK ||
      wg_drv_pack(&inf, &arena, &r->own, &err) != WG_OK) {
    r->error = wg_xstrdup(err.text);
    wg_buf_done(&r->own);
    r->own.n = 0;
    return;
  }
  r->packed = r->own.p;
  r->n_packed = r->own.n;
}

typedef struct sc_job {
  sc *s;
  sc_file *f;
  uint32_t n_parsed;
} sc_job;

static wg_code job_inf(void *ctx, const char *inner, wg_str bytes, wg_error *err) {
  sc_job *j = ctx;
  (void)err;
  sc_result *r = &wg_vec_push(&j->f->v, &j->f->n, &j->f->cap);
  *r = (sc_result){.inner = inner == NULL ? NULL : wg_xstrdup(inner),
                   .sha256 = wg_sha256(bytes.p, bytes.n)};
  const wg_drv_package *known = sc_known(j->s, &r->sha256);
  if (known != NULL) {
    r->packed = known->packed;
    r->n_packed = known->n_packed;
  } else {
    sc_parse(bytes, r);
    j->n_parsed++;
  }
  return WG_OK;
}

static void job_catalog(void *ctx, const char *inner) {
  sc_job *j = ctx;
  wg_vec_push(&j->f->cats, &j->f->n_cats, &j->f->cap_cats) = wg_xstrdup(inner);
}

static int result_cmp(const void *a, const void *b, void *ctx) {
  const sc_result *x = a, *y = b;
  (void)ctx;
  return strcmp(x->inner, y->inner);
}

static wg_code job_run(sc_job *j, const wg_cancel *cancel, wg_error *err) {
  WG_AUTO(wg_cstr) path = wg_path_join(j->s->root, j->f->path);
  const wg_drv_archived to = {.inf = job_inf, .catalog = job_catalog, .ctx = j};
  wg_code code = WG_OK;
  if (j->f->is_archive) {
    code = wg_drv_archive_walk(path, &to, cancel, err);
    wg_sort(j->f->v, j->f->n, sizeof(sc_result), result_cmp, NULL);
  } else {
    WG_AUTO(wg_buf) bytes = {0};
    wg_buf_init(&bytes, wg_heap(), (size_t)MAX_INF_FILE_BYTES + 1);
    code = wg_os_read_file(WG_CWD, path, MAX_INF_FILE_BYTES, &bytes, err);
    code = code == WG_OK ? job_inf(j, NULL, wg_buf_str(&bytes), err) : code;
  }
  if (code != WG_OK && code != WG_E_CANCELED && code != WG_E_NOMEM) {
    j->f->error = wg_xstrdup(err->text); // of this file alone
    code = WG_OK;
  }
  return code;
}

static void *sc_worker(void *arg) {
  sc *s = arg;
  const wg_cancel *cancel = s->opt->watch != NULL ? s->opt->watch->cancel : NULL;
  for (;;) {
    sc_job j = {.s = s};
    wg_error err = WG_ERROR_INIT;
    wg_mutex_lock(&s->lock);
    while (s->next < s->n_files && s->files[s->next].as_before) {
      s->next++;
    }
    j.f = s->failed || s->next == s->n_files ? NULL : &s->files[s->next++];
    wg_mutex_unlock(&s->lock);
    if (j.f == NULL) {
      return NULL;
    }
    wg_code code = wg_cancel_check(cancel, &err);
    code = code == WG_OK ? job_run(&j, cancel, &err) : code;
    wg_mutex_lock(&s->lock);
    s->n_read++;
    s->n_parsed += j.n_parsed;
    if (code != WG_OK && !s->failed) {
      s->failed = true;
      s->err = err;
    }
    wg_mutex_unlock(&s->lock);
  }
}

static wg_code sc_read_all(sc *s, wg_error *err) {
  enum {
    MAX_THREADS = 16
  };
  wg_thread threads[MAX_THREADS];
  size_t n = 0, want = 0;
  for (size_t i = 0; i < s->n_files; i++) {
    want += !s->files[i].as_before;
  }
  want = want < s->opt->threads ? want : s->opt->threads;
  wg_mutex_init(&s->lock);
  for (; n + 1 < want && n < MAX_THREADS; n++) {
    wg_error ignored = WG_ERROR_INIT;
    if (wg_thread_start(&threads[n], sc_worker, s, &ignored) != WG_OK) {
      break;
    }
  }
  (void)sc_worker(s);
  for (size_t i = 0; i < n; i++) {
    wg_thread_join(threads[i]);
  }
  wg_mutex_done(&s->lock);
  if (s->failed) {
    *err = s->err;
    return wg_code_of_failure(err->code);
  }
  return WG_OK;
}

// --- the index

static bool archive_has(const sc_file *f, const char *inner, wg_str name) {
  const char *slash = strrchr(inner, '/');
  size_t n = slash == NULL ? 0 : (size_t)(slash - inner) + 1;
  for (size_t i = 0; i < f->n_cats; i++) {
    if (strlen(f->cats[i]) == n + name.n && strncmp(f->cats[i], inner, n) == 0 &&
        wg_str_eq_nocase(name, f->cats[i] + n)) {
      return true;
    }
  }
  return false;
}

// Which of the catalogues that the INF names are there: bit i of the i-th.
static uint32_t sc_catalogs(const sc_file *f, const wg_drv_package *p, const char *inner) {
  WG_AUTO(wg_arena) arena = {0};
  wg_drv_info info = {0};
  wg_error ignored = WG_ERROR_INIT;
  uint32_t bits = 0;
  wg_arena_init(&arena, wg_heap(), 0);
  if (p->n_packed == 0 ||
      wg_drv_unpack(p->packed, p->n_packed, true, &arena, &info, &ignored) != WG_OK) {
    return 0;
  }
  for (uint32_t i = 0; i < info.n_catalogs && i < 32; i++) {
    wg_str name = info.catalogs[i].name;
    bool has = inner != NULL ? archive_has(f, inner, name) : folder_has(f->folder, name);
    bits |= has ? 1U << i : 0;
  }
  return bits;
}

typedef struct sc_tables {
  wg_drv_source *sources;
  wg_drv_package *packages;
  uint32_t n_packages;
  bool same; // as the last index
} sc_tables;

static void sc_take_before(const sc *s, const sc_file *f, uint32_t source, sc_tables *t) {
  for (uint32_t k = 0; k < f->before->n_packages; k++) {
    wg_drv_package p = s->before->packages[f->before->first_package + k];
    uint32_t cats = f->is_archive ? p.catalogs : sc_catalogs(f, &p, NULL);
    t->same = t->same && cats == p.catalogs;
    p.catalogs = cats;
    p.source = source;
    t->packages[t->n_packages++] = p;
  }
}

static void sc_take_new(const sc_file *f, uint32_t source, sc_tables *t) {
  for (size_t k = 0; k < f->n; k++) {
    const sc_result *r = &f->v[k];
    wg_drv_package p = {.source = source,
                        .inner = wg_str_of(r->inner),
                        .error = wg_str_of(r->error),
                        .sha256 = r->sha256,
                        .packed = r->packed,
                        .n_packed = (uint32_t)r->n_packed};
    p.catalogs = sc_catalogs(f, &p, r->inner);
    t->packages[t->n_packages++] = p;
  }
}

static wg_code sc_fill(sc *s, sc_tables *t, wg_error *err) {
  uint64_t n = 0;
  for (size_t i = 0; i < s->n_files; i++) {
    n += s->files[i].as_before ? s->files[i].before->n_packages : s->files[i].n;
  }
  if (n > 4000000 || s->n_files > 4000000) {
    return wg_fail(err, WG_E_LIMIT, "more than 4,000,000 driver packages");
  }
  t->sources = wg_arena_new_array(s->arena, wg_drv_source, s->n_files);
  t->packages = wg_arena_new_array(s->arena, wg_drv_package, n);
  if (t->sources == NULL || t->packages == NULL) {
    return wg_arena_fail(s->arena, err);
  }
  for (size_t i = 0; i < s->n_files; i++) {
    const sc_file *f = &s->files[i];
    wg_drv_source *x = &t->sources[i];
    uint32_t first = t->n_packages;
    *x = (wg_drv_source){.path = wg_str_of(f->path),
                         .is_archive = f->is_archive,
                         .size_bytes = f->st.size_bytes,
                         .mtime_ns = f->st.mtime_ns,
                         .ctime_ns = f->st.ctime_ns,
                         .ino = f->st.ino,
                         .dev = f->st.dev,
                         .error = f->as_before ? f->before->error : wg_str_of(f->error)};
    x->has_stat = f->as_before || (s->opt->now_ns - f->st.mtime_ns > GRAIN_NS &&
                                   s->opt->now_ns - f->st.ctime_ns > GRAIN_NS);
    if (f->as_before) {
      sc_take_before(s, f, (uint32_t)i, t);
    } else {
      t->same = false;
      sc_take_new(f, (uint32_t)i, t);
    }
    x->first_package = first;
    x->n_packages = t->n_packages - first;
  }
  return WG_OK;
}

static void sc_done(sc *s) {
  for (size_t i = 0; i < s->n_files; i++) {
    sc_file *f = &s->files[i];
    for (size_t k = 0; k < f->n; k++) {
      wg_xfree(f->v[k].inner);
      wg_xfree(f->v[k].error);
      wg_buf_done(&f->v[k].own);
    }
    for (size_t k = 0; k < f->n_cats; k++) {
      wg_xfree(f->cats[k]);
    }
    wg_xfree(f->cats);
    wg_xfree(f->v);
    wg_xfree(f->error);
  }
  wg_xfree(s->files);
}

static void sc_count(const sc *s, const wg_drv_index *x, uint32_t gone, wg_drv_scan_stats *out) {
  *out = (wg_drv_scan_stats){
      .n_packages = x->n_packages, .n_read = s->n_read, .n_parsed = s->n_parsed, .n_gone = gone};
  for (uint32_t i = 0; i < x->n_sources; i++) {
    out->n_archives += x->sources[i].is_archive;
    out->n_files += !x->sources[i].is_archive;
    out->n_faults += x->sources[i].error.n > 0;
  }
  for (uint32_t i = 0; i < x->n_packages; i++) {
    out->n_faults += x->packages[i].error.n > 0;
  }
}

static wg_code sc_make(sc *s, const wg_buf *old, wg_buf *bytes, wg_drv_index *out,
                       wg_drv_scan_stats *stats, wg_error *err) {
  sc_tables t = {.same = s->before != NULL};
  if (sc_walk(s, "", err) != WG_OK) {
    return err->code;
  }
  wg_sort(s->files, s->n_files, sizeof(sc_file), file_cmp, NULL);
  uint32_t gone = sc_compare(s);
  if (sc_sort_digests(s, err) != WG_OK || sc_read_all(s, err) != WG_OK ||
      sc_fill(s, &t, err) != WG_OK) {
    return err->code;
  }
  if (t.same && gone == 0) {
    wg_buf_add(bytes, old->p, old->n);
  } else if (wg_drv_index_write(t.sources, (uint32_t)s->n_files, t.packages, t.n_packages, s->arena,
                                bytes, err) != WG_OK) {
    return err->code;
  } else if (s->opt->kept != NULL) {
    s->opt->kept->put(s->opt->kept->ctx, s->root, wg_buf_str(bytes));
  }
  if (wg_buf_check(bytes, err) != WG_OK ||
      wg_drv_index_open(bytes->p, bytes->n, s->arena, out, err) != WG_OK) {
    return err->code;
  }
  sc_count(s, out, gone, stats);
  stats->n_bytes = bytes->n;
  return WG_OK;
}

wg_code wg_drv_scan(const char *root, const wg_drv_scan_options *opt, wg_arena *arena,
                    wg_buf *bytes, wg_drv_index *out, wg_drv_scan_stats *stats, wg_error *err) {
  WG_AUTO(wg_buf) old = {0};
  wg_error ignored = WG_ERROR_INIT;
  wg_drv_index before = {0};
  sc s = {.root = root, .opt = opt, .arena = arena, .walk = wg_os_walk_begin(opt->watch)};
  wg_buf_init(&old, wg_heap(), 0);
  if (opt->kept != NULL && opt->kept->get(opt->kept->ctx, root, &old) &&
      wg_drv_index_open(old.p, old.n, arena, &before, &ignored) == WG_OK) {
    s.before = &before;
  }
  if (opt->as_kept && s.before != NULL) {
    const wg_buf empty = *bytes;
    *bytes = old; // the reader borrows from it
    old = empty;
    *out = before;
    sc_count(&s, out, 0, stats);
    stats->n_bytes = bytes->n;
    return WG_OK;
  }
  wg_code code = sc_make(&s, &old, bytes, out, stats, err);
  sc_done(&s);
  return code;
}
