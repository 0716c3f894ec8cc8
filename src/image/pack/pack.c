// SPDX-License-Identifier: Apache-2.0
#include "image/pack/pack.h"

#include <string.h>

#include <wimlib.h>

#include "os/proc.h"

#define PACK_BYTES_PER_THREAD ((size_t)2 << 20) // of a batch

typedef struct pack_item { // a resource on its way
  wg_pack_source src;
  wg_wim_res *out;
} pack_item;

typedef struct pack_chunk {
  size_t n_plain, n_packed; // n_packed 0: did not get smaller
  pack_item *item;          // freed with its last chunk
  size_t at;                // its number there
  bool last;
} pack_chunk;

// While one batch is compressed, the next is read.
typedef struct pack_batch {
  pack_chunk *chunks;
  size_t n;
  uint8_t *plain, *packed; // a block of chunk size for each chunk
} pack_batch;

typedef struct pack_thread {
  wg_pack *p;
  struct wimlib_compressor *codec;
  wg_thread thread;
} pack_thread;

struct wg_pack {
  int fd;
  bool write_failed; // an error is the output's, not the source's
  size_t chunk;      // bytes
  uint64_t off;      // next byte of the file
  const wg_cancel *cancel;
  wg_pack_progress progress;
  void *ctx;
  pack_thread *threads;
  unsigned n_threads, n_started;
  pack_batch batches[2];
  pack_batch *filling, *running; // running: NULL when none is
  size_t cap;                    // chunks of a batch
  size_t n_queued;               // resources that are not written yet
  atomic_size_t next;            // chunk of the running batch to be compressed next
  pack_item *open;               // being read; its last chunk takes it
  size_t n_open;                 // chunks of it
  // The resource whose chunks are being written.
  uint64_t item_off, item_done;
  wg_buf table;
  wg_hash *hash; // of the resource being read
};

// Whether the chunk is as it was when it was packed before; then it gets what that became.
static bool pack_as_before(const pack_chunk *c, const uint8_t *plain, uint8_t *packed,
                           size_t *out_n) {
  const wg_pack_memo *memo = c->item->src.memo;
  if (memo == NULL) {
    return false;
  }
  wg_sha1 *hash = &memo->hashes[c->at];
  *hash = wg_sha1_of(plain, c->n_plain);
  if (c->at >= memo->n_was || memcmp(hash, &memo->was[c->at].hash, sizeof(*hash)) != 0 ||
      memo->was[c->at].packed.n >= c->n_plain) {
    return false;
  }
  *out_n = memo->was[c->at].packed.n;
  if (*out_n > 0) {
    memcpy(packed, memo->was[c->at].packed.p, *out_n);
  }
  return true;
}

static void *pack_run(void *arg) {
  pack_thread *t = arg;
  wg_pack *p = t->p;
  pack_batch *b = p->running;
  for (;;) {
    size_t i = atomic_fetch_add(&p->next, 1);
    if (i >= b->n || wg_canceled(p->cancel)) {
      return NULL;
    }
    pack_chunk *c = &b->chunks[i];
    const uint8_t *plain = b->plain + i * p->chunk;
    uint8_t *packed = b->packed + i * p->chunk;
    if (!pack_as_before(c, plain, packed, &c->n_packed)) {
      c->n_packed =
          c->n_plain < 2 ? 0 : wimlib_compress(plain, c->n_plain, packed, c->n_plain - 1, t->codec);
    }
  }
}

static void pack_start(wg_pack *p) {
  p->running = p->filling;
  p->filling = p->running == &p->batches[0] ? &p->batches[1] : &p->batches[0];
  atomic_store(&p->next, 0);
  p->n_started = 0;
  wg_error ignored = WG_ERROR_INIT; // with fewer threads than asked for it takes longer
  while (p->n_started < p->n_threads && p->n_started < p->running->n &&
         wg_thread_start(&p->threads[p->n_started].thread, pack_run, &p->threads[p->n_started],
                         &ignored) == WG_OK) {
    p->n_started++;
  }
}

static void pack_join(wg_pack *p) {
  for (unsigned i = 0; i < p->n_started; i++) {
    wg_thread_join(p->threads[i].thread);
  }
  if (p->running != NULL && p->n_started == 0) {
    (void)pack_run(&p->threads[0]);
  }
  p->n_started = 0;
}

static void batch_done(wg_pack *p, pack_batch *b) {
  for (size_t i = 0; i < b->n; i++) {
    if (b->chunks[i].last) {
      wg_xfree(b->chunks[i].item);
      p->n_queued--;
    }
  }
  b->n = 0;
}

void wg_pack_free(wg_pack *p) {
  if (p == NULL) {
    return;
  }
  if (p->running != NULL) {
    atomic_store(&p->next, SIZE_MAX / 2); // nothing more to do
    pack_join(p);
  }
  for (size_t i = 0; i < WG_ARRAY_LEN(p->batches); i++) {
    batch_done(p, &p->batches[i]);
    wg_xfree(p->batches[i].chunks);
    wg_xfree(p->batches[i].plain);
    wg_xfree(p->batches[i].packed);
  }
  wg_xfree(p->open);
  for (unsigned i = 0; p->threads != NULL && i < p->n_threads; i++) {
    wimlib_free_compressor(p->threads[i].codec);
  }
  wg_xfree(p->threads);
  wg_buf_done(&p->table);
  wg_hash_free(p->hash);
  wg_xfree(p);
}

wg_code wg_pack_new(int fd, uint64_t off_bytes, wg_pack_format format, unsigned threads,
                    const wg_cancel *cancel, wg_pack_progress progress, void *ctx, wg_pack **out,
                    wg_error *err) {
  WG_AUTO_PTR(wg_pack) p = wg_xalloc(sizeof(*p));
  p->fd = fd;
  p->chunk = format.chunk_bytes;
  p->off = off_bytes;
  p->n_threads = threads == 0 ? 1 : threads > 256 ? 256 : threads;
  p->cancel = cancel;
  p->progress = progress;
  p->ctx = ctx;
  p->cap = PACK_BYTES_PER_THREAD / p->chunk * p->n_threads;
  p->threads = wg_xarray(p->n_threads, sizeof(*p->threads));
  wg_buf_init(&p->table, wg_heap(), 0);
  for (size_t i = 0; i < WG_ARRAY_LEN(p->batches); i++) {
    p->batches[i] = (pack_batch){.chunks = wg_xarray(p->cap, sizeof(pack_chunk)),
                                 .plain = wg_xarray(p->cap, p->chunk),
                                 .packed = wg_xarray(p->cap, p->chunk)};
  }
  p->filling = &p->batches[0];
  for (unsigned i = 0; i < p->n_threads; i++) {
    p->threads[i].p = p;
    if (wimlib_create_compressor((enum wimlib_compression_type)format.codec, p->chunk, 0,
                                 &p->threads[i].codec) != 0) {
      return wg_fail(err, WG_E_NOMEM, "no memory for %u compressors", p->n_threads);
    }
  }
  *out = wg_take(&p);
  return WG_OK;
}

uint64_t wg_pack_off(const wg_pack *p) {
  wg_assert(p->n_queued == 0);
  return p->off;
}

void wg_pack_seek(wg_pack *p, uint64_t off_bytes) {
  wg_assert(p->n_queued == 0);
  p->off = off_bytes;
}

typedef struct pack_raw { // streams a source to the file as it is
  wg_pack *p;
  uint64_t off, left;
} pack_raw;

// Room errors get the output's name from who knows it.
static wg_code pack_write_failed(wg_pack *p, wg_error *err) {
  p->write_failed = true;
  return wg_os_is_room_error(err) ? err->code : wg_wrap(err, "the output");
}

static wg_code pack_raw_add(void *ctx, const uint8_t *s, size_t n, wg_error *err) {
  pack_raw *r = ctx;
  if (n > r->left) {
    return wg_fail(err, WG_E_VERIFY, "it grew while it was read");
  }
  if (wg_os_pwrite_all(r->p->fd, s, n, r->off, err) != WG_OK) {
    return pack_write_failed(r->p, err);
  }
  r->off += n;
  r->left -= n;
  return wg_cancel_check(r->p->cancel, err);
}

static wg_code pack_store(wg_pack *p, const pack_item *item, wg_error *err) {
  pack_raw r = {.p = p, .off = p->item_off, .left = item->src.n_bytes};
  if (item->src.stream(item->src.ctx, pack_raw_add, &r, err) != WG_OK) {
    return err->code;
  }
  if (r.left != 0) {
    return wg_fail(err, WG_E_VERIFY, "it shrank while it was read");
  }
  p->off = r.off;
  *item->out = (wg_wim_res){
      .stored_bytes = item->src.n_bytes, .off_bytes = p->item_off, .orig_bytes = item->src.n_bytes};
  return WG_OK;
}

// All chunks of an item are in the file: puts the chunk table in front of them.
static wg_code pack_finish_item(wg_pack *p, const pack_item *item, wg_error *err) {
  uint64_t stored = p->off - p->item_off;
  if (stored >= item->src.n_bytes) {
    return pack_store(p, item, err);
  }
  if (wg_buf_check(&p->table, err) != WG_OK) {
    return err->code;
  }
  if (p->table.n > 0 &&
      wg_os_pwrite_all(p->fd, p->table.p, p->table.n, p->item_off, err) != WG_OK) {
    return pack_write_failed(p, err);
  }
  *item->out = (wg_wim_res){.stored_bytes = stored,
                            .flags = WG_WIM_RES_COMPRESSED,
                            .off_bytes = p->item_off,
                            .orig_bytes = item->src.n_bytes};
  return WG_OK;
}

static wg_code pack_write_chunk(wg_pack *p, const pack_batch *b, size_t i, wg_error *err) {
  const pack_chunk *c = &b->chunks[i];
  uint64_t orig = c->item->src.n_bytes;
  uint64_t head = wg_wim_chunk_table_bytes(orig, (uint32_t)p->chunk);
  if (p->item_done == 0) {
    p->item_off = p->off;
    p->off += head;
    wg_buf_clear(&p->table);
  } else if (orig > UINT32_MAX) {
    wg_buf_add_le64(&p->table, p->off - p->item_off - head);
  } else {
    wg_buf_add_le32(&p->table, (uint32_t)(p->off - p->item_off - head));
  }
  const uint8_t *s = c->n_packed > 0 ? b->packed + i * p->chunk : b->plain + i * p->chunk;
  size_t n = c->n_packed > 0 ? c->n_packed : c->n_plain;
  if (wg_os_pwrite_all(p->fd, s, n, p->off, err) != WG_OK) {
    return pack_write_failed(p, err);
  }
  p->off += n;
  p->item_done++;
  if (c->last) {
    p->item_done = 0;
    return pack_finish_item(p, c->item, err);
  }
  return WG_OK;
}

// Waits for the running batch and writes it.
static wg_code pack_collect(wg_pack *p, wg_error *err) {
  if (p->running == NULL) {
    return WG_OK;
  }
  pack_join(p);
  pack_batch *b = p->running;
  p->running = NULL;
  if (wg_cancel_check(p->cancel, err) != WG_OK) {
    return err->code;
  }
  uint64_t n_bytes = 0;
  for (size_t i = 0; i < b->n; i++) {
    if (pack_write_chunk(p, b, i, err) != WG_OK) {
      const char *name = b->chunks[i].item->src.name;
      bool output = p->write_failed || wg_os_is_room_error(err);
      return name == NULL || output ? err->code : wg_wrap(err, "'%s'", name);
    }
    n_bytes += b->chunks[i].n_plain;
  }
  batch_done(p, b);
  if (p->progress != NULL) {
    p->progress(p->ctx, n_bytes);
  }
  return WG_OK;
}

// Hands the full batch to the threads and gives an empty one to fill.
static wg_code pack_turn(wg_pack *p, wg_error *err) {
  if (pack_collect(p, err) != WG_OK) {
    return err->code;
  }
  pack_start(p);
  return WG_OK;
}

wg_code wg_pack_flush(wg_pack *p, wg_error *err) {
  if (pack_collect(p, err) != WG_OK) {
    return err->code;
  }
  if (p->filling->n == 0) {
    return WG_OK;
  }
  pack_start(p);
  return pack_collect(p, err);
}

typedef struct pack_reader { // cuts a stream into chunks
  wg_pack *p;
  uint64_t left;
} pack_reader;

static wg_code pack_add(void *ctx, const uint8_t *s, size_t n, wg_error *err) {
  pack_reader *r = ctx;
  wg_pack *p = r->p;
  if (n > r->left) {
    return wg_fail(err, WG_E_VERIFY, "it grew while it was read");
  }
  wg_hash_add(p->hash, s, n);
  while (n > 0) {
    pack_chunk *c = p->filling->n > 0 ? &p->filling->chunks[p->filling->n - 1] : NULL;
    if (c == NULL || c->item != p->open || c->n_plain == p->chunk) {
      if (p->filling->n == p->cap && pack_turn(p, err) != WG_OK) {
        return err->code;
      }
      c = &p->filling->chunks[p->filling->n++];
      wg_assert(c != NULL);
      *c = (pack_chunk){.item = p->open, .at = p->n_open++};
    }
    size_t take = p->chunk - c->n_plain < n ? p->chunk - c->n_plain : n;
    memcpy(p->filling->plain + (p->filling->n - 1) * p->chunk + c->n_plain, s, take);
    c->n_plain += take;
    s += take;
    n -= take;
    r->left -= take;
    if (r->left == 0) {
      c->last = true;
      p->open = NULL; // the last chunk's from here on
    }
  }
  return WG_OK;
}

static wg_code pack_read(wg_pack *p, const wg_pack_source *src, wg_error *err) {
  wg_hash_free(p->hash);
  p->hash = NULL;
  pack_reader r = {.p = p, .left = src->n_bytes};
  wg_sha1 got;
  if (wg_hash_new(WG_SHA1, &p->hash, err) != WG_OK ||
      src->stream(src->ctx, pack_add, &r, err) != WG_OK) {
    return err->code;
  }
  if (r.left != 0) {
    return wg_fail(err, WG_E_VERIFY, "it shrank while it was read");
  }
  wg_hash_end(p->hash, got.b);
  if (memcmp(&got, src->hash, sizeof(got)) != 0) {
    return wg_fail(err, WG_E_VERIFY,
                   "its content is not what its SHA-1 says: damaged, or changed "
                   "while it was read");
  }
  return WG_OK;
}

wg_code wg_pack_put(wg_pack *p, const wg_pack_source *src, wg_wim_res *out, wg_error *err) {
  wg_assert(src->n_bytes > 0);
  p->open = wg_xalloc(sizeof(*p->open));
  *p->open = (pack_item){.src = *src, .out = out};
  p->n_open = 0;
  p->n_queued++;
  if (pack_read(p, src, err) != WG_OK) {
    bool output = p->write_failed || wg_os_is_room_error(err);
    return src->name == NULL || output ? err->code : wg_wrap(err, "'%s'", src->name);
  }
  return WG_OK;
}
