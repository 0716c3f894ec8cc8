// SPDX-License-Identifier: Apache-2.0
// All of a base file read and compared with the SHA-1s that it gives itself.
#include <string.h>

#include "image/file/holes.h"
#include "image/file/open.h"
#include "os/proc.h"

#define VERIFY_MAX_THREADS 64u
#define VERIFY_BATCH_BYTES ((uint64_t)4 << 20) // of small contents that one thread takes at a time
#define VERIFY_MIN_SOLID_CHUNKS 4u
#define VERIFY_BUFFER_BYTES ((uint64_t)1 << 30) // of all threads' chunks together
#define VERIFY_BLOCK_BYTES ((size_t)262144)

#define VERIFY_NO_BLOB UINT32_MAX

typedef struct verify verify;
typedef struct verify_thread {
  verify *v;
  wg_wim_decoder *decoder;
  wg_hash *hash;
  wg_thread thread;
  wg_error err;
  size_t failed_unit;   // SIZE_MAX: none
  uint32_t failed_blob; // whose content it was, or VERIFY_NO_BLOB
  bool is_caller;
} verify_thread;

typedef struct verify_unit { // what one thread does at a time
  size_t from, to;           // of order
} verify_unit;

typedef struct verify_chunk { // one of an integrity table
  const wg_wim_part *part;
  uint64_t off_bytes, n_bytes; // in the part
  wg_sha1 hash;
} verify_chunk;

struct verify {
  wg_image_file *f;
  const wg_cancel *cancel;
  wg_image_progress progress;
  void *ctx;
  wg_arena arena;
  unsigned n_threads;
  uint32_t *order; // contents to be read, by place
  size_t n_order;
  bool some; // of an integrity table only what those contents lie in
  verify_unit *units;
  size_t n_units, units_cap;
  verify_chunk *chunks;
  size_t n_chunks;
  const char *stage;
  uint64_t total_bytes;
  wg_code (*work)(verify_thread *t, size_t unit, wg_error *err);
  size_t n_work;
  atomic_size_t next;
  atomic_bool failed;
  atomic_ullong done_bytes;
};

static void verify_done(verify *v) {
  wg_xfree(v->units);
  wg_arena_done(&v->arena);
}
WG_DEFINE_AUTO(verify, verify_done);

static void verify_more(verify_thread *t, uint64_t n_bytes) {
  verify *v = t->v;
  uint64_t done = atomic_fetch_add(&v->done_bytes, n_bytes) + n_bytes;
  if (t->is_caller && v->progress != NULL) {
    v->progress(v->ctx, v->stage, done < v->total_bytes ? done : v->total_bytes, v->total_bytes,
                "bytes");
  }
}

// Units are taken in order, so all before one that fails are finished, too: the failure that is
// reported is the file's first.
static void *verify_run(void *arg) {
  verify_thread *t = arg;
  verify *v = t->v;
  while (!atomic_load(&v->failed)) {
    size_t i = atomic_fetch_add(&v->next, 1);
    if (i >= v->n_work) {
      break;
    }
    if (v->work(t, i, &t->err) != WG_OK) {
      t->failed_unit = i;
      atomic_store(&v->failed, true);
    }
  }
  return NULL;
}

static wg_code verify_threads(verify *v, verify_thread *threads, wg_error *err) {
  unsigned started = 1;
  wg_error ignored = WG_ERROR_INIT; // with fewer threads it takes longer
  while (started < v->n_threads && started < v->n_work &&
         wg_thread_start(&threads[started].thread, verify_run, &threads[started], &ignored) ==
             WG_OK) {
    started++;
  }
  (void)verify_run(&threads[0]);
  const verify_thread *first = &threads[0];
  for (unsigned i = 1; i < started; i++) {
    wg_thread_join(threads[i].thread);
    first = threads[i].failed_unit < first->failed_unit ? &threads[i] : first;
  }
  if (first->failed_unit == SIZE_MAX) {
    return WG_OK;
  }
  *err = first->err;
  return first->failed_blob == VERIFY_NO_BLOB ? wg_wrap(err, "'%s'", v->f->path)
                                              : wg_image_file_blame(v->f, first->failed_blob, err);
}

// Runs `work` for all units 0 .. n_work - 1.
static wg_code verify_all(verify *v, const char *stage, uint64_t total_bytes, size_t n_work,
                          wg_code (*work)(verify_thread *, size_t, wg_error *), wg_error *err) {
  v->stage = stage;
  v->total_bytes = total_bytes;
  v->n_work = n_work;
  v->work = work;
  atomic_store(&v->next, 0);
  atomic_store(&v->done_bytes, 0);
  verify_thread *threads = wg_xarray(v->n_threads, sizeof(*threads));
  wg_code code = WG_OK;
  for (unsigned i = 0; i < v->n_threads; i++) {
    threads[i] = (verify_thread){.v = v,
                                 .err = WG_ERROR_INIT,
                                 .failed_unit = SIZE_MAX,
                                 .failed_blob = VERIFY_NO_BLOB,
                                 .is_caller = i == 0};
    code = code == WG_OK ? wg_wim_decoder_new(wg_heap(), &threads[i].decoder, err) : code;
  }
  code = code == WG_OK ? verify_threads(v, threads, err) : code;
  for (unsigned i = 0; i < v->n_threads; i++) {
    wg_wim_decoder_free(threads[i].decoder);
    wg_hash_free(threads[i].hash);
  }
  wg_xfree(threads);
  if (code == WG_OK && v->progress != NULL) {
    v->progress(v->ctx, stage, total_bytes, total_bytes, "bytes");
  }
  return code;
}

static wg_code verify_hash_start(verify_thread *t, wg_error *err) {
  wg_hash_free(t->hash);
  t->hash = NULL;
  return wg_hash_new(WG_SHA1, &t->hash, err);
}

// --- Integrity tables.

static wg_code integrity_work(verify_thread *t, size_t unit, wg_error *err) {
  const verify_chunk *c = &t->v->chunks[unit];
  uint64_t off = c->part->off_bytes + c->off_bytes, left = c->n_bytes;
  WG_AUTO(wg_buf) b = {0};
  wg_buf_init(&b, wg_heap(), 0);
  wg_buf_add_zeros(&b, VERIFY_BLOCK_BYTES);
  if (wg_buf_check(&b, err) != WG_OK || verify_hash_start(t, err) != WG_OK) {
    return err->code;
  }
  while (left > 0) {
    size_t n = left < b.n ? (size_t)left : b.n;
    if (wg_cancel_check(t->v->cancel, err) != WG_OK ||
        wg_image_file_read(t->v->f, off, b.p, n, err) != WG_OK) {
      return err->code;
    }
    wg_hash_add(t->hash, b.p, n);
    off += n;
    left -= n;
    verify_more(t, n);
  }
  wg_sha1 got;
  wg_hash_end(t->hash, got.b);
  if (memcmp(&got, &c->hash, sizeof(got)) == 0) {
    return WG_OK;
  }
  (void)wg_fail_at(err, WG_E_VERIFY, c->off_bytes,
                   "the %llu bytes at 0x%llx have not the SHA-1 that the integrity table gives",
                   (unsigned long long)c->n_bytes, (unsigned long long)c->off_bytes);
  return t->v->f->wim.n_parts > 1 ? wg_wrap(err, "part %u", (unsigned)c->part->number) : err->code;
}

static uint64_t verify_stored_off(const wg_wim *w, const wg_wim_blob *b) {
  return b->solid == WG_WIM_NO_SOLID ? b->off_bytes : w->solids[b->solid].off_bytes;
}

// Whether one of the contents to be read lies in [off, off + n) of the file, all or in part.
static bool integrity_is_needed(const verify *v, uint64_t off, uint64_t n) {
  const wg_wim *w = &v->f->wim;
  size_t lo = 0, hi = v->n_order; // the first content that begins at off or behind it
  while (lo < hi) {
    size_t mid = lo + (hi - lo) / 2;
    if (verify_stored_off(w, &w->blobs[v->order[mid]]) < off) {
      lo = mid + 1;
    } else {
      hi = mid;
    }
  }
  if (!v->some || (lo < v->n_order && verify_stored_off(w, &w->blobs[v->order[lo]]) - off < n)) {
    return true;
  }
  if (lo == 0) {
    return false;
  }
  const wg_wim_blob *b = &w->blobs[v->order[lo - 1]];
  uint64_t stored =
      b->solid == WG_WIM_NO_SOLID ? b->stored_bytes : w->solids[b->solid].stored_bytes;
  return off - verify_stored_off(w, b) < stored;
}

static wg_code integrity_chunks(verify *v, const wg_wim_part *part, const wg_wim_header *h,
                                const uint8_t *table, size_t n_bytes, wg_error *err) {
  uint64_t off = h->integrity.off_bytes, end = 0;
  uint64_t n = wg_le32(table + 4), size = wg_le32(table + 8);
  if (!wg_add(h->table.off_bytes, h->table.stored_bytes, &end) || end < WG_WIM_HEADER_BYTES) {
    return wg_fail_at(err, WG_E_FORMAT, 0x30, "its blob table cannot be there");
  }
  end -= WG_WIM_HEADER_BYTES;
  if (size == 0 || wg_le32(table) != n_bytes || 12 + n * sizeof(wg_sha1) != n_bytes ||
      n != end / size + (end % size != 0)) {
    return wg_fail_at(err, WG_E_FORMAT, off,
                      "the integrity table at 0x%llx does not fit the file: %llu rows for %llu "
                      "bytes in chunks of %llu",
                      (unsigned long long)off, (unsigned long long)n, (unsigned long long)end,
                      (unsigned long long)size);
  }
  verify_chunk *all = wg_arena_new_array(&v->arena, verify_chunk, v->n_chunks + n);
  if (all == NULL) {
    return wg_arena_fail(&v->arena, err);
  }
  if (v->n_chunks > 0) {
    memcpy(all, v->chunks, v->n_chunks * sizeof(all[0]));
  }
  for (uint64_t i = 0; i < n; i++) {
    uint64_t from = i * size, left = end - from;
    if (!integrity_is_needed(v, part->off_bytes + WG_WIM_HEADER_BYTES + from,
                             left < size ? left : size)) {
      continue;
    }
    verify_chunk *c = &all[v->n_chunks++];
    *c = (verify_chunk){.part = part,
                        .off_bytes = WG_WIM_HEADER_BYTES + from,
                        .n_bytes = left < size ? left : size};
    memcpy(&c->hash, table + 12 + i * sizeof(wg_sha1), sizeof(wg_sha1));
  }
  v->chunks = all;
  return WG_OK;
}

void wg_image_file_sums(const wg_image_file *f, wg_buf *out) {
  const wg_wim_res *r = &f->wim.hdr.integrity;
  uint64_t size = f->wim.src.size_bytes;
  uint8_t head[12];
  wg_error ignored = WG_ERROR_INIT; // then there is none
  if (f->holes != NULL) {
    wg_buf_add(out, f->holes->sums.p, f->holes->sums.n);
    return;
  }
  if (f->wim.n_parts != 1 || f->wim.hdr.n_parts != 1 || r->off_bytes == 0 || r->off_bytes > size ||
      r->stored_bytes > size - r->off_bytes || r->stored_bytes < sizeof(head) ||
      r->stored_bytes > f->wim.limits.max_table_bytes || (r->flags & WG_WIM_RES_COMPRESSED) != 0 ||
      wg_image_file_read(f, r->off_bytes, head, sizeof(head), &ignored) != WG_OK) {
    return;
  }
  uint64_t n = wg_le32(head + 4) * (uint64_t)sizeof(wg_sha1);
  size_t at = out->n;
  if (wg_le32(head + 8) != WG_WIM_INTEGRITY_CHUNK_BYTES || n != r->stored_bytes - sizeof(head)) {
    return;
  }
  wg_buf_add_zeros(out, (size_t)n);
  if (wg_buf_check(out, &ignored) == WG_OK &&
      wg_image_file_read(f, r->off_bytes + sizeof(head), out->p + at, (size_t)n, &ignored) !=
          WG_OK) {
    out->n = at;
  }
}

// Reads a part's integrity table, if it has one.
static wg_code integrity_part(verify *v, const wg_wim_part *part, bool *out, wg_error *err) {
  uint8_t head[WG_WIM_HEADER_BYTES];
  wg_wim_header h;
  if (wg_image_file_read(v->f, part->off_bytes, head, sizeof(head), err) != WG_OK ||
      wg_wim_header_parse(head, &h, err) != WG_OK) {
    return err->code;
  }
  const wg_wim_res *r = &h.integrity;
  *out = r->off_bytes != 0;
  if (r->off_bytes == 0) {
    return WG_OK;
  }
  if (r->off_bytes > part->n_bytes || r->stored_bytes > part->n_bytes - r->off_bytes ||
      r->stored_bytes < 12 || r->stored_bytes > v->f->wim.limits.max_table_bytes ||
      (r->flags & WG_WIM_RES_COMPRESSED) != 0) {
    return wg_fail_at(err, WG_E_FORMAT, 0x7C,
                      "the integrity table cannot be where its header says");
  }
  WG_AUTO(wg_buf) b = {0};
  wg_buf_init(&b, wg_heap(), 0);
  wg_buf_add_zeros(&b, (size_t)r->stored_bytes);
  if (wg_buf_check(&b, err) != WG_OK ||
      wg_image_file_read(v->f, part->off_bytes + r->off_bytes, b.p, b.n, err) != WG_OK) {
    return err->code;
  }
  return integrity_chunks(v, part, &h, b.p, b.n, err);
}

static wg_code verify_integrity(verify *v, wg_image_verified *out, wg_error *err) {
  const wg_wim *w = &v->f->wim;
  out->has_integrity = true;
  for (size_t i = 0; i < w->n_parts; i++) {
    bool has = false;
    if (integrity_part(v, &w->parts[i], &has, err) != WG_OK) {
      (void)!(w->n_parts > 1 ? wg_wrap(err, "part %zu", i + 1) : err->code);
      return wg_wrap(err, "'%s'", v->f->path);
    }
    out->has_integrity = out->has_integrity && has;
  }
  uint64_t total = 0;
  for (size_t i = 0; i < v->n_chunks; i++) {
    total += v->chunks[i].n_bytes;
  }
  out->n_integrity_chunks = v->n_chunks;
  return v->n_chunks == 0 ? WG_OK
                          : verify_all(v, "integrity", total, v->n_chunks, integrity_work, err);
}

// --- Contents.

static wg_code content_sink(void *ctx, const uint8_t *p, size_t n_bytes, wg_error *err) {
  verify_thread *t = ctx;
  wg_hash_add(t->hash, p, n_bytes);
  verify_more(t, n_bytes);
  return wg_cancel_check(t->v->cancel, err);
}

static wg_code content_work(verify_thread *t, size_t unit, wg_error *err) {
  const verify *v = t->v;
  const wg_wim *w = &v->f->wim;
  for (size_t i = v->units[unit].from; i < v->units[unit].to; i++) {
    uint32_t blob = v->order[i];
    wg_sha1 got;
    t->failed_blob = blob;
    if (verify_hash_start(t, err) != WG_OK ||
        wg_wim_read_blob(w, t->decoder, blob, content_sink, t, err) != WG_OK) {
      return err->code;
    }
    wg_hash_end(t->hash, got.b);
    if (memcmp(&got, &w->blobs[blob].hash, sizeof(got)) != 0) {
      return wg_wim_fail_hash(w, blob, err);
    }
  }
  t->failed_blob = VERIFY_NO_BLOB;
  return WG_OK;
}

// Contents that one thread should take together: those of a solid resource share its chunks, and
// the chunk at a seam is decompressed by both sides.
static uint64_t verify_unit_bytes(const verify *v, const wg_wim_blob *b) {
  if (b->solid == WG_WIM_NO_SOLID) {
    return VERIFY_BATCH_BYTES;
  }
  const wg_wim_solid *s = &v->f->wim.solids[b->solid];
  uint64_t least = (uint64_t)s->chunk_bytes * VERIFY_MIN_SOLID_CHUNKS;
  uint64_t share = s->orig_bytes / ((uint64_t)v->n_threads * 2);
  return v->n_threads == 1 ? UINT64_MAX : share < least ? least : share;
}

static void verify_make_units(verify *v, size_t n) {
  const wg_wim *w = &v->f->wim;
  uint64_t room = 0;
  uint32_t solid = WG_WIM_NO_SOLID;
  for (size_t i = 0; i < n; i++) {
    const wg_wim_blob *b = &w->blobs[v->order[i]];
    if (v->n_units == 0 || room == 0 || b->solid != solid) {
      wg_vec_push(&v->units, &v->n_units, &v->units_cap) = (verify_unit){.from = i};
      room = verify_unit_bytes(v, b);
      solid = b->solid;
    }
    v->units[v->n_units - 1].to = i + 1;
    room -= b->orig_bytes < room ? b->orig_bytes : room;
  }
}

static unsigned verify_thread_count(const verify *v, unsigned threads) {
  uint64_t chunk = v->f->wim.hdr.chunk_bytes;
  for (size_t i = 0; i < v->f->wim.n_solids; i++) {
    uint64_t c = v->f->wim.solids[i].chunk_bytes;
    chunk = c > chunk ? c : chunk;
  }
  uint64_t fit = VERIFY_BUFFER_BYTES / (chunk * 3 + 1); // two buffers, and the codec's own
  threads = threads > VERIFY_MAX_THREADS ? VERIFY_MAX_THREADS : threads;
  threads = fit < threads ? (unsigned)fit : threads;
  return threads == 0 ? 1 : threads;
}

// Contents of a sound file do not overlap; a table that says so could keep us reading without end.
// Images that are alike may share their metadata.
static wg_code verify_overlap(const verify *v, size_t n, wg_error *err) {
  const wg_wim *w = &v->f->wim;
  const wg_wim_blob *last = NULL;
  for (size_t i = 0; i < n; i++) {
    const wg_wim_blob *b = &w->blobs[v->order[i]];
    bool solid = b->solid != WG_WIM_NO_SOLID;
    if ((b->flags & WG_WIM_RES_METADATA) != 0) {
      continue;
    }
    if (last != NULL && last->solid == b->solid &&
        b->off_bytes - last->off_bytes < (solid ? last->orig_bytes : last->stored_bytes)) {
      return wg_fail_at(err, WG_E_FORMAT, b->off_bytes,
                        "two contents overlap at 0x%llx%s: the file is damaged",
                        (unsigned long long)b->off_bytes, solid ? " of a solid resource" : "");
    }
    last = b;
  }
  return WG_OK;
}

static wg_code verify_contents(verify *v, wg_image_verified *out, wg_error *err) {
  const wg_wim *w = &v->f->wim;
  for (size_t i = 0; i < v->n_order; i++) {
    out->n_bytes += w->blobs[v->order[i]].orig_bytes;
  }
  verify_make_units(v, v->n_order);
  out->n_blobs = v->n_order;
  return verify_all(v, "contents", out->n_bytes, v->n_units, content_work, err);
}

// --- Which file of an image it is.

static bool blame_entry(const wg_wim_tree *t, const wg_sha1 *hash, uint32_t *out) {
  for (uint32_t i = 0; i < t->n; i++) {
    for (size_t k = 0; k <= t->entries[i].n_streams; k++) {
      if (memcmp(wg_wim_entry_hash(&t->entries[i], k), hash, sizeof(*hash)) == 0) {
        *out = i;
        return true;
      }
    }
  }
  return false;
}

static bool blame_image(const wg_image_file *f, uint32_t image, const wg_sha1 *hash,
                        wg_error *err) {
  WG_AUTO(wg_arena) arena = {0};
  WG_AUTO(wg_buf) bytes = {0};
  WG_AUTO(wg_buf) path = {0};
  wg_arena_init(&arena, wg_heap(), 0);
  wg_buf_init(&bytes, wg_heap(), 0);
  wg_buf_init(&path, wg_heap(), 0);
  wg_wim_tree t;
  wg_error ignored = WG_ERROR_INIT; // what is damaged, too, is another error than the one reported
  uint32_t entry = 0;
  if (wg_image_file_tree(f, image, &arena, 0, &bytes, &t, &ignored) != WG_OK ||
      !blame_entry(&t, hash, &entry)) {
    return false;
  }
  wg_wim_tree_path(&t, entry, &path);
  (void)!wg_wrap(err, "image %u: '%s'", (unsigned)image + 1, wg_buf_z(&path));
  return true;
}

static void blame_find(const wg_image_file *f, uint32_t blob, wg_error *err) {
  const wg_wim *w = &f->wim;
  for (uint32_t i = 0; i < w->n_images; i++) {
    if (w->metadata[i] == blob) {
      (void)!wg_wrap(err, "metadata of image %u", (unsigned)i + 1);
      return;
    }
  }
  for (uint32_t i = 0; i < w->n_images; i++) {
    if (blame_image(f, i, &w->blobs[blob].hash, err)) {
      return;
    }
  }
}

wg_code wg_image_file_blame(const wg_image_file *f, uint32_t blob, wg_error *err) {
  if (err->code != WG_E_FORMAT && err->code != WG_E_VERIFY) {
    return err->code;
  }
  blame_find(f, blob, err);
  return wg_wrap(err, "'%s'", f->path);
}

// --- Trees.

wg_code wg_image_fail_missing(const wg_wim_tree *t, uint32_t entry, wg_error *err) {
  WG_AUTO(wg_buf) b = {0};
  wg_buf_init(&b, wg_heap(), 0);
  wg_wim_tree_path(t, entry, &b);
  return wg_fail(err, WG_E_UNSUPPORTED,
                 "the content of '%s' is not in the file: a delta or incomplete WIM; export "
                 "it with the files it refers to first (wimlib-imagex export --ref)",
                 wg_buf_z(&b));
}

static wg_code verify_tree(const verify *v, const wg_wim_tree *t, wg_image_verified *out,
                           wg_error *err) {
  for (size_t i = 0; i < t->n; i++) {
    for (size_t k = 0; k <= t->entries[i].n_streams; k++) {
      const wg_sha1 *h = wg_wim_entry_hash(&t->entries[i], k);
      uint32_t blob = 0;
      if (wg_sha1_is_zero(h)) {
        continue;
      }
      if (!wg_wim_find_blob(&v->f->wim, h, &blob)) {
        return wg_image_fail_missing(t, (uint32_t)i, err);
      }
      out->n_references++;
    }
  }
  out->n_entries += t->n;
  return WG_OK;
}

static wg_code verify_trees(const verify *v, wg_image_verified *out, wg_error *err) {
  for (uint32_t i = 0; i < v->f->wim.n_images; i++) {
    WG_AUTO(wg_arena) arena = {0};
    WG_AUTO(wg_buf) bytes = {0};
    wg_arena_init(&arena, wg_heap(), 0);
    wg_buf_init(&bytes, wg_heap(), 0);
    wg_wim_tree t;
    if (wg_cancel_check(v->cancel, err) != WG_OK ||
        wg_image_file_tree(v->f, i, &arena, 0, &bytes, &t, err) != WG_OK) {
      return err->code;
    }
    if (verify_tree(v, &t, out, err) != WG_OK) {
      return wg_wrap(err, "'%s': image %u", v->f->path, (unsigned)i + 1);
    }
  }
  out->n_images = v->f->wim.n_images;
  return WG_OK;
}

typedef struct verify_how {
  unsigned threads;
  wg_image_progress progress;
  void *ctx;
  const wg_cancel *cancel;
  const uint32_t *blobs; // NULL: all
  size_t n_blobs;
} verify_how;

static wg_code verify_file(wg_image_file *f, const verify_how *how, wg_image_verified *out,
                           wg_error *err) {
  bool all = how->blobs == NULL;
  WG_AUTO(verify)
  v = {.f = f,
       .cancel = how->cancel,
       .progress = how->progress,
       .ctx = how->ctx,
       .n_order = all ? f->wim.n_blobs : how->n_blobs,
       .some = !all};
  wg_arena_init(&v.arena, wg_heap(), 0);
  v.n_threads = verify_thread_count(&v, how->threads);
  v.order = wg_arena_new_array(&v.arena, uint32_t, v.n_order);
  if (v.order == NULL) {
    return wg_arena_fail(&v.arena, err);
  }
  for (size_t i = 0; i < v.n_order; i++) {
    v.order[i] = all ? (uint32_t)i : how->blobs[i];
  }
  wg_image_file_order(f, v.order, v.n_order);
  if ((all && wg_image_file_check_whole(f, err) != WG_OK) ||
      verify_overlap(&v, v.n_order, err) != WG_OK) {
    return wg_wrap(err, "'%s'", f->path);
  }
  if (!all) { // a content says whose it is
    return verify_contents(&v, out, err) == WG_OK ? verify_integrity(&v, out, err) : err->code;
  }
  return verify_integrity(&v, out, err) == WG_OK && verify_contents(&v, out, err) == WG_OK
             ? verify_trees(&v, out, err)
             : err->code;
}

wg_code wg_image_file_verify(wg_image_file *f, unsigned threads, wg_image_progress progress,
                             void *ctx, const wg_cancel *cancel, wg_image_verified *out,
                             wg_error *err) {
  const verify_how how = {.threads = threads, .progress = progress, .ctx = ctx, .cancel = cancel};
  wg_image_verified got = {0};
  if (verify_file(f, &how, &got, err) != WG_OK) {
    return err->code;
  }
  *out = got;
  return WG_OK;
}

wg_code wg_image_file_verify_some(wg_image_file *f, const uint32_t *blobs, size_t n,
                                  unsigned threads, wg_image_progress progress, void *ctx,
                                  const wg_cancel *cancel, wg_error *err) {
  const verify_how how = {.threads = threads,
                          .progress = progress,
                          .ctx = ctx,
                          .cancel = cancel,
                          .blobs = blobs,
                          .n_blobs = n};
  wg_image_verified ignored = {0};
  return n == 0 ? WG_OK : verify_file(f, &how, &ignored, err);
}
