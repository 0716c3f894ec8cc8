// SPDX-License-Identifier: Apache-2.0
#include "driver/match/index.h"

#include <string.h>

#include "base/sort.h"

#define MAGIC "WGDRVIX1"
enum {
  HEADER_BYTES = 64,
  SOURCE_BYTES = 80,
  PACKAGE_BYTES = 72,
};

// --- written

typedef struct posting {
  uint32_t hash, package, id;
} posting;

static int posting_cmp(const void *a, const void *b, void *ctx) {
  const posting *x = a, *y = b;
  (void)ctx;
  if (x->hash != y->hash) {
    return x->hash < y->hash ? -1 : 1;
  }
  if (x->package != y->package) {
    return x->package < y->package ? -1 : 1;
  }
  return x->id < y->id ? -1 : x->id > y->id;
}

typedef struct ix_write {
  wg_buf texts;
  posting *postings;
  size_t n_postings, cap_postings;
  const wg_alloc *alloc;
} ix_write;

static bool ix_post(ix_write *w, uint32_t hash, uint32_t package, uint32_t id) {
  if (w->n_postings == w->cap_postings) {
    size_t cap = w->cap_postings == 0 ? 4096 : w->cap_postings * 2;
    posting *p = w->alloc->fn(w->alloc->ctx, w->postings, cap * sizeof(*p));
    if (p == NULL) {
      return false;
    }
    w->postings = p;
    w->cap_postings = cap;
  }
  w->postings[w->n_postings++] = (posting){.hash = hash, .package = package, .id = id};
  return true;
}

static wg_code ix_post_all(ix_write *w, const wg_drv_package *p, uint32_t n, wg_error *err) {
  for (uint32_t i = 0; i < n; i++) {
    WG_AUTO(wg_arena) arena = {0};
    wg_drv_info info = {0};
    wg_arena_init(&arena, w->alloc, 0);
    if (p[i].n_packed == 0) {
      continue;
    }
    if (wg_drv_unpack(p[i].packed, p[i].n_packed, false, &arena, &info, err) != WG_OK) {
      return err->code;
    }
    for (uint32_t k = 0; k < info.n_ids; k++) {
      if (info.ids[k].n > 0 && !ix_post(w, wg_drv_hash(info.ids[k]), i, k)) {
        return wg_fail(err, WG_E_NOMEM, "out of memory");
      }
    }
  }
  if (w->n_postings > UINT32_MAX / 4) {
    return wg_fail(err, WG_E_LIMIT, "the drivers have too many ids for one index");
  }
  wg_sort(w->postings, w->n_postings, sizeof(posting), posting_cmp, NULL);
  return WG_OK;
}

static void ix_text(ix_write *w, wg_buf *out, wg_str s) {
  wg_buf_add_le32(out, (uint32_t)w->texts.n);
  wg_buf_add_le32(out, (uint32_t)s.n);
  wg_buf_add_str(&w->texts, s);
}

static void ix_source(ix_write *w, wg_buf *out, const wg_drv_source *s) {
  ix_text(w, out, s->path);
  ix_text(w, out, s->error);
  wg_buf_add_le32(out, (s->is_archive ? 1U : 0) | (s->has_stat ? 2U : 0));
  wg_buf_add_le32(out, s->first_package);
  wg_buf_add_le32(out, s->n_packages);
  wg_buf_add_le32(out, 0);
  wg_buf_add_le64(out, s->size_bytes);
  wg_buf_add_le64(out, (uint64_t)s->mtime_ns);
  wg_buf_add_le64(out, (uint64_t)s->ctime_ns);
  wg_buf_add_le64(out, s->ino);
  wg_buf_add_le64(out, s->dev);
  wg_buf_add_le64(out, 0);
}

static void ix_package(ix_write *w, wg_buf *out, const wg_drv_package *p, uint64_t at) {
  wg_buf_add_le32(out, p->source);
  wg_buf_add_le32(out, p->catalogs);
  ix_text(w, out, p->inner);
  ix_text(w, out, p->error);
  wg_buf_add_le64(out, at);
  wg_buf_add_le32(out, p->n_packed);
  wg_buf_add_le32(out, 0);
  wg_buf_add(out, p->sha256.b, 32);
}

static void ix_columns(const ix_write *w, wg_buf *out) {
  for (size_t column = 0; column < 3; column++) {
    for (size_t i = 0; i < w->n_postings; i++) {
      const posting *p = &w->postings[i];
      wg_buf_add_le32(out, column == 0 ? p->hash : column == 1 ? p->package : p->id);
    }
  }
}

// Header, sources, packages, postings by columns, packed records, texts.
wg_code wg_drv_index_write(const wg_drv_source *sources, uint32_t n_sources,
                           const wg_drv_package *packages, uint32_t n_packages, wg_arena *arena,
                           wg_buf *out, wg_error *err) {
  ix_write w = {.alloc = arena->alloc};
  size_t start = out->n;
  wg_buf_init(&w.texts, arena->alloc, 0);
  wg_code code = ix_post_all(&w, packages, n_packages, err);
  if (code == WG_OK) {
    uint64_t packed = 0;
    wg_buf_add(out, MAGIC, 8);
    wg_buf_add_le32(out, n_sources);
    wg_buf_add_le32(out, n_packages);
    wg_buf_add_le32(out, (uint32_t)w.n_postings);
    wg_buf_add_zeros(out, HEADER_BYTES - 20);
    for (uint32_t i = 0; i < n_sources; i++) {
      ix_source(&w, out, &sources[i]);
    }
    for (uint32_t i = 0; i < n_packages; i++) {
      ix_package(&w, out, &packages[i], packed);
      packed += packages[i].n_packed;
    }
    ix_columns(&w, out);
    for (uint32_t i = 0; i < n_packages; i++) {
      wg_buf_add(out, packages[i].packed, packages[i].n_packed);
    }
    wg_buf_add(out, w.texts.p, w.texts.n);
    code = wg_buf_check(&w.texts, err) == WG_OK ? wg_buf_check(out, err) : err->code;
    if (code == WG_OK) {
      wg_put_le64(out->p + start + 24, packed);
      wg_put_le64(out->p + start + 32, w.texts.n);
    }
  }
  wg_alloc_free(w.alloc, w.postings);
  wg_buf_done(&w.texts);
  return code;
}

// --- read

typedef struct ix_read {
  wg_reader all, packed, texts;
} ix_read;

static bool rd_text(wg_reader *r, const ix_read *in, wg_str *out) {
  uint32_t off = 0, n = 0;
  wg_reader at;
  if (!wg_read_le32(r, &off) || !wg_read_le32(r, &n) || !wg_reader_slice(&in->texts, off, n, &at)) {
    return false;
  }
  *out = (wg_str){(const char *)at.p, n};
  return true;
}

static bool rd_source(wg_reader *r, const ix_read *in, uint32_t n_packages, wg_drv_source *s) {
  uint32_t flags = 0, zero = 0;
  uint64_t mtime = 0, ctime = 0, last = 0;
  if (!rd_text(r, in, &s->path) || !rd_text(r, in, &s->error) || !wg_read_le32(r, &flags) ||
      !wg_read_le32(r, &s->first_package) || !wg_read_le32(r, &s->n_packages) ||
      !wg_read_le32(r, &zero) || !wg_read_le64(r, &s->size_bytes) || !wg_read_le64(r, &mtime) ||
      !wg_read_le64(r, &ctime) || !wg_read_le64(r, &s->ino) || !wg_read_le64(r, &s->dev) ||
      !wg_read_le64(r, &last)) {
    return false;
  }
  s->is_archive = (flags & 1) != 0;
  s->has_stat = (flags & 2) != 0;
  s->mtime_ns = (int64_t)mtime;
  s->ctime_ns = (int64_t)ctime;
  return flags < 4 && s->first_package <= n_packages &&
         s->n_packages <= n_packages - s->first_package;
}

static bool rd_package(wg_reader *r, const ix_read *in, uint32_t n_sources, wg_drv_package *p) {
  uint64_t at = 0;
  uint32_t zero = 0;
  const uint8_t *digest = NULL;
  wg_reader blob;
  if (!wg_read_le32(r, &p->source) || !wg_read_le32(r, &p->catalogs) ||
      !rd_text(r, in, &p->inner) || !rd_text(r, in, &p->error) || !wg_read_le64(r, &at) ||
      !wg_read_le32(r, &p->n_packed) || !wg_read_le32(r, &zero) || !wg_read_bytes(r, 32, &digest) ||
      !wg_reader_slice(&in->packed, at, p->n_packed, &blob)) {
    return false;
  }
  p->packed = blob.p;
  memcpy(p->sha256.b, digest, 32);
  return p->source < n_sources;
}

static bool rd_tables(wg_reader *r, const ix_read *in, wg_drv_index *x) {
  for (uint32_t i = 0; i < x->n_sources; i++) {
    if (!rd_source(r, in, x->n_packages, &x->sources[i])) {
      return false;
    }
  }
  for (uint32_t i = 0; i < x->n_packages; i++) {
    if (!rd_package(r, in, x->n_sources, &x->packages[i])) {
      return false;
    }
  }
  for (uint32_t i = 0; i < x->n_sources; i++) { // each package is of the source that counts it
    for (uint32_t k = 0; k < x->sources[i].n_packages; k++) {
      if (x->packages[x->sources[i].first_package + k].source != i) {
        return false;
      }
    }
  }
  return true;
}

wg_code wg_drv_index_open(const void *p, size_t n_bytes, wg_arena *arena, wg_drv_index *out,
                          wg_error *err) {
  ix_read in = {.all = wg_reader_of(p, n_bytes)};
  wg_reader r = in.all;
  wg_drv_index x = {.n_sources = 0};
  const uint8_t *magic = NULL;
  uint32_t zero = 0;
  uint64_t n_packed = 0, n_texts = 0;
  if (!wg_read_bytes(&r, 8, &magic) || memcmp(magic, MAGIC, 8) != 0 ||
      !wg_read_le32(&r, &x.n_sources) || !wg_read_le32(&r, &x.n_packages) ||
      !wg_read_le32(&r, &x.n_postings) || !wg_read_le32(&r, &zero) ||
      !wg_read_le64(&r, &n_packed) || !wg_read_le64(&r, &n_texts)) {
    return wg_fail(err, WG_E_FORMAT, "it is no index of drivers of this version");
  }
  // Counts of 32 bits times small sizes: no sum comes near 64 bits.
  const uint64_t tables =
      HEADER_BYTES + (uint64_t)x.n_sources * SOURCE_BYTES + (uint64_t)x.n_packages * PACKAGE_BYTES;
  const uint64_t column = (uint64_t)x.n_postings * 4, packed = tables + 3 * column;
  wg_reader columns;
  if (!wg_reader_slice(&in.all, tables, 3 * column, &columns) ||
      !wg_reader_slice(&in.all, packed, n_packed, &in.packed) ||
      !wg_reader_slice(&in.all, packed + n_packed, n_texts, &in.texts) ||
      packed + n_packed + n_texts != n_bytes || !wg_read_seek(&r, HEADER_BYTES)) {
    return wg_fail(err, WG_E_FORMAT, "the index of drivers is damaged: its parts do not fit");
  }
  x.sources = wg_arena_new_array(arena, wg_drv_source, x.n_sources);
  x.packages = wg_arena_new_array(arena, wg_drv_package, x.n_packages);
  if (x.sources == NULL || x.packages == NULL) {
    return wg_arena_fail(arena, err);
  }
  if (!rd_tables(&r, &in, &x)) {
    return wg_fail_at(err, WG_E_FORMAT, wg_reader_at(&r), "the index of drivers is damaged");
  }
  x.hashes = columns.p;
  x.owners = columns.p + (size_t)column;
  x.ids = columns.p + (size_t)column * 2;
  *out = x;
  return WG_OK;
}

void wg_drv_index_find(const wg_drv_index *x, uint32_t hash, uint32_t *from, uint32_t *to) {
  uint32_t low = 0, high = x->n_postings;
  while (low < high) {
    uint32_t mid = low + (high - low) / 2;
    if (wg_le32(x->hashes + (size_t)mid * 4) < hash) {
      low = mid + 1;
    } else {
      high = mid;
    }
  }
  *from = low;
  while (low < x->n_postings && wg_le32(x->hashes + (size_t)low * 4) == hash) {
    low++;
  }
  *to = low;
}
