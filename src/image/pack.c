#include "image/pack.h"

#include <string.h>

#include <wimlib.h>

#include "os/proc.h"

#define PACK_CHUNK ((size_t)WG_WIM_LZX_CHUNK_BYTES)
#define PACK_CHUNKS_PER_THREAD ((size_t)64)
#define PACK_COPY_BYTES ((size_t)1 << 20)

typedef struct pack_chunk {
  size_t n_plain, n_packed; // n_packed 0: did not get smaller
  size_t item;
  bool last; // of its item
} pack_chunk;

typedef struct pack_item {
  wg_pack_source src;
  wg_wim_res *out;
  uint64_t n_chunks;
} pack_item;

struct wg_pack {
  int fd;
  uint64_t off; // next byte of the file
  unsigned threads;
  const wg_cancel *cancel;
  wg_pack_progress progress;
  void *ctx;
  struct wimlib_compressor **codecs; // one a thread
  pack_chunk *chunks;
  size_t n_chunks, cap_chunks;
  uint8_t *plain, *packed; // cap_chunks blocks of PACK_CHUNK
  pack_item *items;        // those with chunks queued or open
  size_t n_items, cap_items;
  atomic_size_t next; // chunk to be compressed next
  // The item whose chunks are being written.
  uint64_t item_off, item_done;
  wg_buf table;
  wg_hash *hash; // of the item being read
};

void wg_pack_free(wg_pack *p) {
  if (p == NULL) {
    return;
  }
  for (unsigned i = 0; p->codecs != NULL && i < p->threads; i++) {
    wimlib_free_compressor(p->codecs[i]);
  }
  wg_xfree(p->codecs);
  wg_xfree(p->chunks);
  wg_xfree(p->plain);
  wg_xfree(p->packed);
  wg_xfree(p->items);
  wg_buf_done(&p->table);
  wg_hash_free(p->hash);
  wg_xfree(p);
}

wg_code wg_pack_new(int fd, uint64_t off_bytes, unsigned threads, const wg_cancel *cancel,
                    wg_pack_progress progress, void *ctx, wg_pack **out, wg_error *err) {
  WG_AUTO_PTR(wg_pack) p = wg_xalloc(sizeof(*p));
  p->fd = fd;
  p->off = off_bytes;
  p->threads = threads == 0 ? 1 : threads > 256 ? 256 : threads;
  p->cancel = cancel;
  p->progress = progress;
  p->ctx = ctx;
  p->cap_chunks = PACK_CHUNKS_PER_THREAD * p->threads;
  p->codecs = wg_xarray(p->threads, sizeof(struct wimlib_compressor *));
  p->chunks = wg_xarray(p->cap_chunks, sizeof(pack_chunk));
  p->plain = wg_xarray(p->cap_chunks, PACK_CHUNK);
  p->packed = wg_xarray(p->cap_chunks, PACK_CHUNK);
  wg_buf_init(&p->table, wg_heap(), 0);
  for (unsigned i = 0; i < p->threads; i++) {
    if (wimlib_create_compressor(WIMLIB_COMPRESSION_TYPE_LZX, PACK_CHUNK, 0, &p->codecs[i]) != 0) {
      return wg_fail(err, WG_E_NOMEM, "no memory for %u compressors", p->threads);
    }
  }
  *out = wg_take(&p);
  return WG_OK;
}

uint64_t wg_pack_off(const wg_pack *p) {
  wg_assert(p->n_items == 0);
  return p->off;
}

typedef struct pack_thread {
  wg_pack *p;
  struct wimlib_compressor *codec;
  wg_thread thread;
} pack_thread;

static void *pack_run(void *arg) {
  pack_thread *t = arg;
  wg_pack *p = t->p;
  for (;;) {
    size_t i = atomic_fetch_add(&p->next, 1);
    if (i >= p->n_chunks || wg_canceled(p->cancel)) {
      return NULL;
    }
    pack_chunk *c = &p->chunks[i];
    c->n_packed = c->n_plain < 2
                      ? 0
                      : wimlib_compress(p->plain + i * PACK_CHUNK, c->n_plain,
                                        p->packed + i * PACK_CHUNK, c->n_plain - 1, t->codec);
  }
}

static void pack_compress(wg_pack *p) {
  atomic_store(&p->next, 0);
  size_t n = p->n_chunks < p->threads ? p->n_chunks : p->threads;
  pack_thread *t = wg_xarray(n, sizeof(*t));
  size_t started = 0;
  for (size_t i = 0; i < n; i++) {
    t[i] = (pack_thread){.p = p, .codec = p->codecs[i]};
  }
  for (size_t i = 1; i < n; i++) { // the caller's thread is the first; fewer will do as well
    wg_error ignored = WG_ERROR_INIT;
    if (wg_thread_start(&t[i].thread, pack_run, &t[i], &ignored) != WG_OK) {
      break;
    }
    started++;
  }
  (void)pack_run(&t[0]);
  for (size_t i = 1; i <= started; i++) {
    wg_thread_join(t[i].thread);
  }
  wg_xfree(t);
}

typedef struct pack_raw { // streams a source to the file as it is
  wg_pack *p;
  uint64_t off, left;
} pack_raw;

static wg_code pack_raw_add(void *ctx, const uint8_t *s, size_t n, wg_error *err) {
  pack_raw *r = ctx;
  if (n > r->left) {
    return wg_fail(err, WG_E_VERIFY, "it grew while it was read");
  }
  if (wg_os_pwrite_all(r->p->fd, s, n, r->off, err) != WG_OK) {
    return err->code;
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
  if (wg_buf_check(&p->table, err) != WG_OK ||
      (p->table.n > 0 &&
       wg_os_pwrite_all(p->fd, p->table.p, p->table.n, p->item_off, err) != WG_OK)) {
    return err->code;
  }
  *item->out = (wg_wim_res){.stored_bytes = stored,
                            .flags = WG_WIM_RES_COMPRESSED,
                            .off_bytes = p->item_off,
                            .orig_bytes = item->src.n_bytes};
  return WG_OK;
}

static wg_code pack_write_chunk(wg_pack *p, size_t i, wg_error *err) {
  const pack_chunk *c = &p->chunks[i];
  const pack_item *item = &p->items[c->item];
  uint64_t head = wg_wim_chunk_table_bytes(item->src.n_bytes, WG_WIM_LZX_CHUNK_BYTES);
  if (p->item_done == 0) {
    p->item_off = p->off;
    p->off += head;
    wg_buf_clear(&p->table);
  } else if (item->src.n_bytes > UINT32_MAX) {
    wg_buf_add_le64(&p->table, p->off - p->item_off - head);
  } else {
    wg_buf_add_le32(&p->table, (uint32_t)(p->off - p->item_off - head));
  }
  const uint8_t *s = c->n_packed > 0 ? p->packed + i * PACK_CHUNK : p->plain + i * PACK_CHUNK;
  size_t n = c->n_packed > 0 ? c->n_packed : c->n_plain;
  if (wg_os_pwrite_all(p->fd, s, n, p->off, err) != WG_OK) {
    return err->code;
  }
  p->off += n;
  p->item_done++;
  if (c->last) {
    p->item_done = 0;
    return pack_finish_item(p, item, err);
  }
  return WG_OK;
}

// Compresses and writes what is queued; the item still being read stays.
static wg_code pack_drain(wg_pack *p, bool item_open, wg_error *err) {
  pack_compress(p);
  if (wg_cancel_check(p->cancel, err) != WG_OK) {
    return err->code;
  }
  uint64_t n_bytes = 0;
  for (size_t i = 0; i < p->n_chunks; i++) {
    if (pack_write_chunk(p, i, err) != WG_OK) {
      const char *name = p->items[p->chunks[i].item].src.name;
      return name == NULL ? err->code : wg_wrap(err, "'%s'", name);
    }
    n_bytes += p->chunks[i].n_plain;
  }
  p->n_chunks = 0;
  if (item_open) {
    p->items[0] = p->items[p->n_items - 1];
    p->n_items = 1;
  } else {
    p->n_items = 0;
  }
  if (p->progress != NULL) {
    p->progress(p->ctx, n_bytes);
  }
  return WG_OK;
}

wg_code wg_pack_flush(wg_pack *p, wg_error *err) {
  return p->n_chunks == 0 ? WG_OK : pack_drain(p, false, err);
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
    pack_chunk *c = p->n_chunks > 0 ? &p->chunks[p->n_chunks - 1] : NULL;
    if (c == NULL || c->item != p->n_items - 1 || c->n_plain == PACK_CHUNK) {
      if (p->n_chunks == p->cap_chunks && pack_drain(p, true, err) != WG_OK) {
        return err->code;
      }
      c = &p->chunks[p->n_chunks++];
      *c = (pack_chunk){.item = p->n_items - 1};
    }
    size_t take = PACK_CHUNK - c->n_plain < n ? PACK_CHUNK - c->n_plain : n;
    memcpy(p->plain + (p->n_chunks - 1) * PACK_CHUNK + c->n_plain, s, take);
    c->n_plain += take;
    s += take;
    n -= take;
    r->left -= take;
    c->last = r->left == 0;
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
  wg_vec_push(&p->items, &p->n_items, &p->cap_items) = (pack_item){.src = *src, .out = out};
  if (pack_read(p, src, err) != WG_OK) {
    return src->name == NULL ? err->code : wg_wrap(err, "'%s'", src->name);
  }
  return WG_OK;
}

wg_code wg_pack_copy(wg_pack *p, int in, uint64_t off_bytes, uint64_t n_bytes, wg_error *err) {
  wg_assert(p->n_items == 0);
  WG_AUTO(wg_buf) b = {0};
  wg_buf_init(&b, wg_heap(), 0);
  wg_buf_add_zeros(&b, n_bytes < PACK_COPY_BYTES ? (size_t)n_bytes : PACK_COPY_BYTES);
  if (wg_buf_check(&b, err) != WG_OK) {
    return err->code;
  }
  while (n_bytes > 0) {
    size_t n = n_bytes < PACK_COPY_BYTES ? (size_t)n_bytes : PACK_COPY_BYTES;
    if (wg_os_pread_exact(in, b.p, n, off_bytes, err) != WG_OK ||
        wg_os_pwrite_all(p->fd, b.p, n, p->off, err) != WG_OK ||
        wg_cancel_check(p->cancel, err) != WG_OK) {
      return err->code;
    }
    p->off += n;
    off_bytes += n;
    n_bytes -= n;
    if (p->progress != NULL) {
      p->progress(p->ctx, n);
    }
  }
  return WG_OK;
}
