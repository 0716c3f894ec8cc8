// SPDX-License-Identifier: Apache-2.0
// The blob (lookup) table: where each content lies, by SHA-1.
#include <string.h>

#include "base/sort.h"
#include "fmt/wim/internal.h"

// In a run of entries with the SOLID flag, those with this size name the solid resources
// themselves; the others are blobs at an offset in all of the run's uncompressed bytes.
#define TABLE_SOLID_MAGIC 0x100000000u
#define TABLE_SOLID_HEADER_BYTES 16

typedef struct table_parse {
  wg_wim *w;
  const wg_wim_part *part;
  const uint8_t *p;
  size_t n_rows;
  size_t run_first, run_end; // rows of the current solid run
  size_t run_solids;         // w->solids index of the run's first
  uint64_t table_off;
} table_parse;

static uint64_t row_off(const table_parse *t, size_t row) {
  return t->table_off + (uint64_t)row * WG_WIM_TABLE_ENTRY_BYTES;
}

static wg_wim_res row_res(const table_parse *t, size_t row) {
  wg_wim_res r = wg_wim_res_get(t->p + row * WG_WIM_TABLE_ENTRY_BYTES);
  if (t->w->hdr.version == WG_WIM_VERSION_NORMAL) {
    r.flags &= (uint8_t)~WG_WIM_RES_SOLID; // old writers left it set without meaning
  }
  return r;
}

static wg_code table_read_solid(table_parse *t, size_t row, const wg_wim_res *r, wg_error *err) {
  wg_wim *w = t->w;
  if (wg_wim_check_range(t->part, r->off_bytes, r->stored_bytes, "solid resource", err) != WG_OK) {
    return err->code;
  }
  if (r->stored_bytes < TABLE_SOLID_HEADER_BYTES) {
    return wg_fail_at(err, WG_E_FORMAT, row_off(t, row), "a solid resource of %llu bytes",
                      (unsigned long long)r->stored_bytes);
  }
  uint8_t head[TABLE_SOLID_HEADER_BYTES];
  uint64_t at = t->part->off_bytes + r->off_bytes;
  if (w->src.read(w->src.ctx, at, head, sizeof(head), err) != WG_OK) {
    return err->code;
  }
  uint32_t chunk = wg_le32(head + 8), codec = wg_le32(head + 12);
  if (codec > WG_WIM_CODEC_LZMS) {
    return wg_fail_at(err, WG_E_UNSUPPORTED, r->off_bytes + 12,
                      "solid resource with compression %u", (unsigned)codec);
  }
  if (chunk == 0 || (chunk & (chunk - 1)) != 0) {
    return wg_fail_at(err, WG_E_FORMAT, r->off_bytes + 8, "solid resource with chunks of %u bytes",
                      (unsigned)chunk);
  }
  w->solids[w->n_solids++] = (wg_wim_solid){.off_bytes = at,
                                            .stored_bytes = r->stored_bytes,
                                            .orig_bytes = wg_le64(head),
                                            .chunk_bytes = chunk,
                                            .codec = (wg_wim_codec)codec};
  return WG_OK;
}

// Finds where the run that starts at row ends and reads the headers of its solid resources.
static wg_code table_start_run(table_parse *t, size_t row, wg_error *err) {
  t->run_first = row;
  t->run_solids = t->w->n_solids;
  for (t->run_end = row; t->run_end < t->n_rows; t->run_end++) {
    wg_wim_res r = row_res(t, t->run_end);
    if ((r.flags & WG_WIM_RES_SOLID) == 0) {
      break;
    }
    if (r.orig_bytes == TABLE_SOLID_MAGIC && table_read_solid(t, t->run_end, &r, err) != WG_OK) {
      return err->code;
    }
  }
  return WG_OK;
}

static wg_code table_place_solid(const table_parse *t, size_t row, const wg_wim_res *r,
                                 wg_wim_blob *b, wg_error *err) {
  uint64_t off = r->off_bytes;
  for (size_t i = t->run_solids; i < t->w->n_solids; i++) {
    uint64_t have = t->w->solids[i].orig_bytes;
    if (off < have) {
      if (r->stored_bytes > have - off) {
        break;
      }
      b->solid = (uint32_t)i;
      b->off_bytes = off;
      b->orig_bytes = r->stored_bytes;
      b->stored_bytes = 0;
      return WG_OK;
    }
    off -= have;
  }
  return wg_fail_at(err, WG_E_FORMAT, row_off(t, row), "a blob lies outside its solid resource");
}

static wg_code table_check_plain(const table_parse *t, size_t row, const wg_wim_res *r,
                                 wg_error *err) {
  if ((r->flags & WG_WIM_RES_COMPRESSED) == 0 && r->stored_bytes != r->orig_bytes) {
    return wg_fail_at(err, WG_E_FORMAT, row_off(t, row),
                      "an uncompressed resource with two sizes, %llu and %llu",
                      (unsigned long long)r->stored_bytes, (unsigned long long)r->orig_bytes);
  }
  if (wg_wim_check_range(t->part, r->off_bytes, r->stored_bytes, "resource", err) != WG_OK) {
    return wg_wrap(err, "blob table entry at 0x%llx", (unsigned long long)row_off(t, row));
  }
  return WG_OK;
}

static wg_code table_add_metadata(table_parse *t, size_t row, wg_wim_blob *b, wg_error *err) {
  wg_wim *w = t->w;
  if (b->refcount == 0) {
    return WG_OK; // dead entries of old WinPE images
  }
  if (b->solid != WG_WIM_NO_SOLID) {
    return wg_fail_at(err, WG_E_UNSUPPORTED, row_off(t, row), "metadata in a solid resource");
  }
  if (w->n_images == w->hdr.n_images) {
    return wg_fail_at(err, WG_E_FORMAT, row_off(t, row),
                      "more metadata resources than the header's %u images",
                      (unsigned)w->hdr.n_images);
  }
  w->metadata[w->n_images++] = (uint32_t)w->n_blobs;
  w->blobs[w->n_blobs++] = *b;
  return WG_OK;
}

static wg_code table_row(table_parse *t, size_t row, wg_error *err) {
  wg_wim *w = t->w;
  const uint8_t *p = t->p + row * WG_WIM_TABLE_ENTRY_BYTES;
  wg_wim_res r = row_res(t, row);
  wg_wim_blob b = {.orig_bytes = r.orig_bytes,
                   .off_bytes = r.off_bytes,
                   .stored_bytes = r.stored_bytes,
                   .flags = r.flags,
                   .part = wg_le16(p + 24),
                   .refcount = wg_le32(p + 26),
                   .solid = WG_WIM_NO_SOLID};
  memcpy(b.hash.b, p + 30, sizeof(b.hash.b));
  if ((r.flags & WG_WIM_RES_SOLID) != 0) {
    if (row >= t->run_end && table_start_run(t, row, err) != WG_OK) {
      return err->code;
    }
    if (r.orig_bytes == TABLE_SOLID_MAGIC) {
      return WG_OK;
    }
    if (table_place_solid(t, row, &r, &b, err) != WG_OK) {
      return err->code;
    }
  }
  if ((r.flags & WG_WIM_RES_FREE) != 0 || wg_sha1_is_zero(&b.hash) || b.orig_bytes == 0 ||
      b.part != t->part->number) {
    return WG_OK; // nothing can refer to it here
  }
  if (b.solid == WG_WIM_NO_SOLID) {
    if (table_check_plain(t, row, &r, err) != WG_OK) {
      return err->code;
    }
    b.off_bytes += t->part->off_bytes;
  }
  if ((r.flags & WG_WIM_RES_METADATA) != 0) {
    return table_add_metadata(t, row, &b, err);
  }
  w->by_hash[w->n_by_hash++] = (uint32_t)w->n_blobs;
  w->blobs[w->n_blobs++] = b;
  return WG_OK;
}

uint64_t wg_wim_hash_head(const wg_sha1 *hash) {
  uint64_t head = 0;
  for (size_t i = 0; i < 8; i++) {
    head = head << 8 | hash->b[i];
  }
  return head;
}

typedef struct hash_row { // sorted in place of the hashes, which lie all over memory
  uint64_t first;         // eight bytes of the hash
  uint32_t i;
} hash_row;

typedef struct hash_order {
  const wg_sha1 *(*at)(void *, uint32_t);
  void *ctx;
} hash_order;

static int hash_row_cmp(const void *a, const void *b, void *ctx) {
  const hash_order *o = ctx;
  const hash_row *x = a, *y = b;
  if (x->first != y->first) {
    return x->first < y->first ? -1 : 1;
  }
  int c = memcmp(o->at(o->ctx, x->i), o->at(o->ctx, y->i), sizeof(wg_sha1));
  return c != 0 ? c : (x->i > y->i) - (x->i < y->i);
}

wg_code wg_wim_sort_by_hash(uint32_t *v, uint64_t *heads, size_t n,
                            const wg_sha1 *(*at)(void *, uint32_t), void *ctx,
                            const wg_alloc *alloc, wg_error *err) {
  size_t bytes = 0;
  hash_row *rows = wg_mul(n, sizeof(*rows), &bytes) ? wg_alloc_get(alloc, bytes + 1) : NULL;
  if (rows == NULL) {
    return wg_fail(err, WG_E_NOMEM, "no memory to sort %zu contents", n);
  }
  for (size_t i = 0; i < n; i++) {
    rows[i] = (hash_row){.first = wg_wim_hash_head(at(ctx, v[i])), .i = v[i]};
  }
  hash_order o = {at, ctx};
  wg_sort(rows, n, sizeof(*rows), hash_row_cmp, &o);
  for (size_t i = 0; i < n; i++) {
    v[i] = rows[i].i;
    heads[i] = rows[i].first;
  }
  wg_alloc_free(alloc, rows);
  return WG_OK;
}

static const wg_sha1 *table_blob_hash(void *ctx, uint32_t blob) {
  const wg_wim_blob *blobs = ctx;
  return &blobs[blob].hash;
}

static wg_code table_arrays(wg_wim *w, const wim_table *tables, size_t n, wg_error *err) {
  size_t n_rows = 0, n_solids = 0;
  for (size_t k = 0; k < n; k++) {
    table_parse t = {.w = w, .p = tables[k].p};
    n_rows += tables[k].n_rows;
    for (size_t i = 0; i < tables[k].n_rows; i++) {
      wg_wim_res r = row_res(&t, i);
      n_solids += (r.flags & WG_WIM_RES_SOLID) != 0 && r.orig_bytes == TABLE_SOLID_MAGIC;
    }
  }
  w->blobs = wg_arena_new_array(w->arena, wg_wim_blob, n_rows);
  w->by_hash = wg_arena_new_array(w->arena, uint32_t, n_rows);
  w->heads = wg_arena_new_array(w->arena, uint64_t, n_rows);
  w->solids = wg_arena_new_array(w->arena, wg_wim_solid, n_solids);
  w->metadata = wg_arena_new_array(w->arena, uint32_t, w->hdr.n_images);
  if (w->blobs == NULL || w->by_hash == NULL || w->heads == NULL || w->solids == NULL ||
      w->metadata == NULL) {
    return wg_arena_fail(w->arena, err);
  }
  return WG_OK;
}

wg_code wg_wim_table_parse(wg_wim *w, const wim_table *tables, size_t n, wg_error *err) {
  if (table_arrays(w, tables, n, err) != WG_OK) {
    return err->code;
  }
  for (size_t k = 0; k < n; k++) {
    table_parse t = {.w = w,
                     .part = tables[k].part,
                     .p = tables[k].p,
                     .n_rows = tables[k].n_rows,
                     .table_off = tables[k].off_bytes};
    for (size_t i = 0; i < t.n_rows; i++) {
      if (table_row(&t, i, err) != WG_OK) {
        return w->n_parts > 1 ? wg_wrap(err, "part %u", (unsigned)t.part->number) : err->code;
      }
    }
  }
  if (w->hdr.part == 1 && w->n_images != w->hdr.n_images) {
    return wg_fail_at(err, WG_E_FORMAT, tables[0].off_bytes, "%u images, but metadata of %u only",
                      (unsigned)w->hdr.n_images, (unsigned)w->n_images);
  }
  return wg_wim_sort_by_hash(w->by_hash, w->heads, w->n_by_hash, table_blob_hash, w->blobs,
                             w->arena->alloc, err);
}

typedef struct hash_range {
  size_t lo, hi; // the bound is in [lo, hi]
} hash_range;

// Hashes are spread evenly: looks near where this one should be, in steps that grow.
static hash_range hash_guess(const uint64_t *heads, size_t n, uint64_t head) {
  size_t guess = (size_t)((head >> 32) * ((uint64_t)n & UINT32_MAX) >> 32), step = 16;
  if (heads[guess] < head) {
    size_t lo = guess + 1;
    while (step < n - lo && heads[lo + step] < head) {
      lo += step + 1;
      step *= 4;
    }
    return (hash_range){lo, step < n - lo ? lo + step : n};
  }
  size_t hi = guess;
  while (step < hi && heads[hi - step] >= head) {
    hi -= step;
    step *= 4;
  }
  return (hash_range){step < hi ? hi - step : 0, hi};
}

size_t wg_wim_hash_bound(const uint64_t *heads, size_t n, const wg_sha1 *hash,
                         const wg_sha1 *(*at)(void *, size_t), void *ctx) {
  uint64_t head = wg_wim_hash_head(hash);
  hash_range r = n > 64 ? hash_guess(heads, n, head) : (hash_range){0, n};
  while (r.lo < r.hi) {
    size_t mid = r.lo + (r.hi - r.lo) / 2;
    if (heads[mid] < head) {
      r.lo = mid + 1;
    } else {
      r.hi = mid;
    }
  }
  if (r.lo == n || heads[r.lo] != head) {
    return r.lo;
  }
  for (r.hi = r.lo + 1 < n && heads[r.lo + 1] == head ? n : r.lo + 1; r.lo < r.hi;) {
    size_t mid = r.lo + (r.hi - r.lo) / 2;
    if (heads[mid] == head && memcmp(at(ctx, mid), hash, sizeof(*hash)) < 0) {
      r.lo = mid + 1;
    } else {
      r.hi = mid;
    }
  }
  return r.lo;
}

static const wg_sha1 *table_hash_at(void *ctx, size_t i) {
  const wg_wim *w = ctx;
  return &w->blobs[w->by_hash[i]].hash;
}

bool wg_wim_find_blob(const wg_wim *w, const wg_sha1 *hash, uint32_t *out) {
  size_t at = wg_wim_hash_bound(w->heads, w->n_by_hash, hash, table_hash_at, (void *)(uintptr_t)w);
  if (at == w->n_by_hash ||
      memcmp(table_hash_at((void *)(uintptr_t)w, at), hash, sizeof(*hash)) != 0) {
    return false;
  }
  *out = w->by_hash[at];
  return true;
}

// --- Blob table and XML text.
// Appends one entry for a resource that is not solid.
static void wim_table_put(wg_buf *out, const wg_wim_res *res, uint16_t part, uint32_t refcount,
                          const wg_sha1 *hash) {
  uint8_t row[WG_WIM_TABLE_ENTRY_BYTES];
  wg_wim_res_put(row, res);
  wg_put_le16(row + 24, part);
  wg_put_le32(row + 26, refcount);
  memcpy(row + 30, hash->b, sizeof(hash->b));
  wg_buf_add(out, row, sizeof(row));
}

void wg_wim_table_put_row(wg_buf *out, wg_wim_table_run *run, const wg_wim_table_row *row) {
  const wg_wim_solid *solid = row->solid;
  if (solid != NULL && solid != run->solid) {
    run->off_bytes = run->solid == NULL ? 0 : run->off_bytes + run->solid->orig_bytes;
    const wg_wim_res res = {.stored_bytes = solid->stored_bytes,
                            .flags = WG_WIM_RES_SOLID,
                            .off_bytes = solid->off_bytes,
                            .orig_bytes = TABLE_SOLID_MAGIC};
    wim_table_put(out, &res, row->part, 1, &(wg_sha1){{0}});
  }
  run->solid = solid;
  if (solid == NULL) {
    wim_table_put(out, row->res, row->part, row->refcount, row->hash);
    return;
  }
  const wg_wim_res in = {.stored_bytes = row->n_bytes,
                         .flags = WG_WIM_RES_SOLID,
                         .off_bytes = run->off_bytes + row->solid_off_bytes};
  wim_table_put(out, &in, row->part, row->refcount, row->hash);
}
