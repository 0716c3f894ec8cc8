// SPDX-License-Identifier: Apache-2.0
#include "image/pack/solid.h"

#include <string.h>

#include <wimlib.h>

#include "os/proc.h"

#define SOLID_MIN_CHUNK 32768u
#define SOLID_HEAD_BYTES 16u
// The compressor may work in the slot's block, instead of in a copy of it: what does not get
// smaller it leaves as it was.
#define SOLID_LEVEL WIMLIB_COMPRESSOR_FLAG_DESTRUCTIVE

typedef enum slot_state {
  SLOT_EMPTY,
  SLOT_READY,
  SLOT_TAKEN,
  SLOT_DONE
} slot_state;

typedef struct solid_slot { // one chunk on its way; slots are used in turn
  uint8_t *block;           // the content, and once that is packed what it became
  size_t n_plain, n_packed; // n_packed 0: did not get smaller
  slot_state state;
} solid_slot;

typedef struct solid_thread {
  wg_solid *s;
  struct wimlib_compressor *codec;
  uint8_t *packed; // a block
  wg_thread thread;
} solid_thread;

struct wg_solid {
  int fd;
  bool write_failed; // an error is the output's, not the source's
  uint64_t off, at;  // start of the resource; where the next chunk goes
  uint64_t total, put;
  uint32_t chunk;
  size_t block; // bytes of a slot's buffers
  uint64_t n_chunks;
  const wg_cancel *cancel;
  wg_pack_progress progress;
  void *ctx;
  solid_slot *slots;
  size_t n_slots;
  uint64_t filled, taken, written; // chunks, each <= the one before
  solid_thread *threads;
  unsigned n_threads, n_started;
  bool stop;
  wg_mutex lock;
  wg_cond changed;
  wg_buf sizes; // the chunk table
  wg_hash *hash;
};

static solid_slot *solid_slot_of(wg_solid *s, uint64_t chunk) {
  return &s->slots[chunk % s->n_slots];
}

static void solid_compress(solid_thread *t, solid_slot *slot) {
  slot->n_packed = slot->n_plain < 2 ? 0
                                     : wimlib_compress(slot->block, slot->n_plain, t->packed,
                                                       slot->n_plain - 1, t->codec);
  if (slot->n_packed > 0) {
    memcpy(slot->block, t->packed, slot->n_packed);
  }
}

static void *solid_run(void *arg) {
  solid_thread *t = arg;
  wg_solid *s = t->s;
  wg_mutex_lock(&s->lock);
  for (;;) {
    while (!s->stop && s->taken == s->filled) {
      wg_cond_wait(&s->changed, &s->lock);
    }
    if (s->stop) {
      break;
    }
    solid_slot *slot = solid_slot_of(s, s->taken++);
    slot->state = SLOT_TAKEN;
    wg_mutex_unlock(&s->lock);
    solid_compress(t, slot);
    wg_mutex_lock(&s->lock);
    slot->state = SLOT_DONE;
    wg_cond_all(&s->changed);
  }
  wg_mutex_unlock(&s->lock);
  return NULL;
}

void wg_solid_free(wg_solid *s) {
  if (s == NULL) {
    return;
  }
  wg_mutex_lock(&s->lock);
  s->stop = true;
  wg_cond_all(&s->changed);
  wg_mutex_unlock(&s->lock);
  for (unsigned i = 0; i < s->n_started; i++) {
    wg_thread_join(s->threads[i].thread);
  }
  for (unsigned i = 0; s->threads != NULL && i < s->n_threads; i++) {
    wimlib_free_compressor(s->threads[i].codec);
    wg_xfree(s->threads[i].packed);
  }
  for (size_t i = 0; s->slots != NULL && i < s->n_slots; i++) {
    wg_xfree(s->slots[i].block);
  }
  wg_xfree(s->slots);
  wg_xfree(s->threads);
  wg_cond_done(&s->changed);
  wg_mutex_done(&s->lock);
  wg_buf_done(&s->sizes);
  wg_hash_free(s->hash);
  wg_xfree(s);
}

// As many threads as there are chunks and memory for; each has a compressor of its own.
static wg_code solid_start(wg_solid *s, unsigned threads, uint64_t memory_bytes, wg_error *err) {
  uint64_t each =
      wimlib_get_compressor_needed_memory(WIMLIB_COMPRESSION_TYPE_LZMS, s->block, SOLID_LEVEL) +
      2 * (uint64_t)s->block;
  uint64_t fit = memory_bytes == 0 ? threads : memory_bytes / each;
  threads = threads > 256 ? 256 : threads;
  threads = fit < threads ? (unsigned)fit : threads;
  threads = s->n_chunks < threads ? (unsigned)s->n_chunks : threads;
  s->n_threads = threads == 0 ? 1 : threads;
  s->n_slots = s->n_threads + 1u; // one is filled meanwhile
  s->n_slots = s->n_chunks < s->n_slots ? (size_t)s->n_chunks : s->n_slots;
  s->slots = wg_xarray(s->n_slots, sizeof(*s->slots));
  s->threads = wg_xarray(s->n_threads, sizeof(*s->threads));
  for (size_t i = 0; i < s->n_slots; i++) {
    s->slots[i].block = wg_xarray(1, s->block);
  }
  for (unsigned i = 0; i < s->n_threads; i++) {
    solid_thread *t = &s->threads[i];
    t->s = s;
    t->packed = wg_xarray(1, s->block);
    if (wimlib_create_compressor(WIMLIB_COMPRESSION_TYPE_LZMS, s->block, SOLID_LEVEL, &t->codec) !=
        0) {
      return wg_fail(err, WG_E_NOMEM, "no memory for %u compressors of %zu-byte chunks",
                     s->n_threads, s->block);
    }
    if (wg_thread_start(&t->thread, solid_run, t, err) != WG_OK) {
      if (i == 0) {
        return err->code;
      }
      *err = (wg_error)WG_ERROR_INIT; // with fewer threads it takes longer
      return WG_OK;
    }
    s->n_started = i + 1;
  }
  return WG_OK;
}

wg_code wg_solid_new(int fd, uint64_t off_bytes, uint64_t total_bytes, uint32_t max_chunk_bytes,
                     unsigned threads, uint64_t memory_bytes, const wg_cancel *cancel,
                     wg_pack_progress progress, void *ctx, wg_solid **out, wg_error *err) {
  wg_assert(total_bytes > 0);
  WG_AUTO_PTR(wg_solid) s = wg_xalloc(sizeof(*s));
  *s = (wg_solid){.fd = fd,
                  .off = off_bytes,
                  .total = total_bytes,
                  .chunk = SOLID_MIN_CHUNK,
                  .cancel = cancel,
                  .progress = progress,
                  .ctx = ctx};
  wg_mutex_init(&s->lock);
  wg_cond_init(&s->changed);
  wg_buf_init(&s->sizes, wg_heap(), 0);
  while (s->chunk < max_chunk_bytes && s->chunk < total_bytes) {
    s->chunk *= 2;
  }
  s->block = total_bytes < s->chunk ? (size_t)total_bytes : s->chunk;
  s->n_chunks = total_bytes / s->chunk + (total_bytes % s->chunk != 0);
  s->at = off_bytes + SOLID_HEAD_BYTES + 4 * s->n_chunks;
  if (solid_start(s, threads, memory_bytes, err) != WG_OK) {
    return err->code;
  }
  *out = wg_take(&s);
  return WG_OK;
}

// Waits for the oldest chunk and writes it; its slot is free then.
static wg_code solid_write_oldest(wg_solid *s, wg_error *err) {
  solid_slot *slot = solid_slot_of(s, s->written);
  wg_mutex_lock(&s->lock);
  while (slot->state != SLOT_DONE && !wg_canceled(s->cancel)) {
    (void)wg_cond_wait_ms(&s->changed, &s->lock, 100);
  }
  bool done = slot->state == SLOT_DONE;
  wg_mutex_unlock(&s->lock);
  if (!done) {
    return wg_cancel_check(s->cancel, err);
  }
  size_t n = slot->n_packed > 0 ? slot->n_packed : slot->n_plain;
  if (wg_os_pwrite_all(s->fd, slot->block, n, s->at, err) != WG_OK) {
    s->write_failed = true;
    return wg_os_is_room_error(err) ? err->code : wg_wrap(err, "the output");
  }
  wg_buf_add_le32(&s->sizes, (uint32_t)n);
  s->at += n;
  if (s->progress != NULL) {
    s->progress(s->ctx, slot->n_plain);
  }
  wg_mutex_lock(&s->lock);
  slot->state = SLOT_EMPTY;
  slot->n_plain = 0;
  s->written++;
  wg_mutex_unlock(&s->lock);
  return WG_OK;
}

static void solid_hand_over(wg_solid *s) {
  wg_mutex_lock(&s->lock);
  solid_slot_of(s, s->filled)->state = SLOT_READY;
  s->filled++;
  wg_cond_all(&s->changed);
  wg_mutex_unlock(&s->lock);
}

typedef struct solid_reader { // cuts contents into chunks
  wg_solid *s;
  uint64_t left;
} solid_reader;

static wg_code solid_add(void *ctx, const uint8_t *p, size_t n, wg_error *err) {
  solid_reader *r = ctx;
  wg_solid *s = r->s;
  if (n > r->left) {
    return wg_fail(err, WG_E_VERIFY, "it grew while it was read");
  }
  r->left -= n;
  wg_hash_add(s->hash, p, n);
  while (n > 0) {
    if (s->filled - s->written == s->n_slots && solid_write_oldest(s, err) != WG_OK) {
      return err->code;
    }
    solid_slot *slot = solid_slot_of(s, s->filled);
    size_t room = s->block - slot->n_plain, take = room < n ? room : n;
    memcpy(slot->block + slot->n_plain, p, take);
    slot->n_plain += take;
    s->put += take;
    p += take;
    n -= take;
    if (slot->n_plain == s->block || s->put == s->total) {
      solid_hand_over(s);
    }
  }
  return wg_cancel_check(s->cancel, err);
}

static wg_code solid_read(wg_solid *s, const wg_pack_source *src, wg_error *err) {
  solid_reader r = {.s = s, .left = src->n_bytes};
  wg_sha1 got;
  wg_hash_free(s->hash);
  s->hash = NULL;
  if (wg_hash_new(WG_SHA1, &s->hash, err) != WG_OK ||
      src->stream(src->ctx, solid_add, &r, err) != WG_OK) {
    return err->code;
  }
  if (r.left != 0) {
    return wg_fail(err, WG_E_VERIFY, "it shrank while it was read");
  }
  wg_hash_end(s->hash, got.b);
  if (memcmp(&got, src->hash, sizeof(got)) != 0) {
    return wg_fail(err, WG_E_VERIFY,
                   "its content is not what its SHA-1 says: damaged, or changed "
                   "while it was read");
  }
  return WG_OK;
}

wg_code wg_solid_put(wg_solid *s, const wg_pack_source *src, uint64_t *out_off, wg_error *err) {
  wg_assert(src->n_bytes > 0 && src->n_bytes <= s->total - s->put);
  *out_off = s->put;
  if (solid_read(s, src, err) != WG_OK) {
    bool output = s->write_failed || wg_os_is_room_error(err);
    return src->name == NULL || output ? err->code : wg_wrap(err, "'%s'", src->name);
  }
  return WG_OK;
}

wg_code wg_solid_finish(wg_solid *s, wg_wim_solid *out, wg_error *err) {
  wg_assert(s->put == s->total);
  while (s->written < s->filled) {
    if (solid_write_oldest(s, err) != WG_OK) {
      return err->code;
    }
  }
  WG_AUTO(wg_buf) head = {0};
  wg_buf_init(&head, wg_heap(), 0);
  wg_buf_add_le64(&head, s->total);
  wg_buf_add_le32(&head, s->chunk);
  wg_buf_add_le32(&head, WG_WIM_CODEC_LZMS);
  wg_buf_add(&head, s->sizes.p, s->sizes.n);
  if (wg_buf_check(&head, err) != WG_OK ||
      wg_os_pwrite_all(s->fd, head.p, head.n, s->off, err) != WG_OK) {
    return err->code;
  }
  *out = (wg_wim_solid){.off_bytes = s->off,
                        .stored_bytes = s->at - s->off,
                        .orig_bytes = s->total,
                        .chunk_bytes = s->chunk,
                        .codec = WG_WIM_CODEC_LZMS};
  return WG_OK;
}
