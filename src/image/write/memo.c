// SPDX-License-Identifier: Apache-2.0
// Chunks of an image's metadata that were packed before. After a small change nearly all of them
// are the same, and packing them is most of what a rebuild takes. What is kept: for each chunk its
// SHA-1 and how many bytes it became (0: did not get smaller), then these bytes.
#include <string.h>

#include "image/write/run.h"

#define MEMO_ROW_BYTES (sizeof(wg_sha1) + 4)

static uint32_t memo_chunk_bytes(const wg_image_run *r) {
  return r->job->opt.format == WG_IMAGE_FORMAT_ESD ? WG_WIM_LZMS_CHUNK_BYTES
                                                   : WG_WIM_LZX_CHUNK_BYTES;
}

// Metadata made of one base has, with the same names in it, one size.
static wg_sha1 memo_key(const wg_image_run *r) {
  static const char label[] = "wingo metadata chunks 1";
  const wg_wim *w = &r->base.wim;
  const wg_sha1 *base = &w->blobs[w->metadata[r->image]].hash;
  uint8_t b[sizeof(label) + 4 + sizeof(base->b)];
  memcpy(b, label, sizeof(label));
  wg_put_le32(b + sizeof(label), memo_chunk_bytes(r));
  memcpy(b + sizeof(label) + 4, base->b, sizeof(base->b));
  return wg_sha1_of(b, sizeof(b));
}

// Rows of the chunks that are whole in what was kept.
static void memo_read(wg_image_run *r, wg_str kept) {
  wg_image_memo *m = &r->memo;
  if (kept.n / MEMO_ROW_BYTES < m->n) {
    return;
  }
  wg_pack_chunk *was = wg_arena_new_array(&r->arena, wg_pack_chunk, m->n);
  size_t at = m->n * MEMO_ROW_BYTES;
  for (size_t i = 0; was != NULL && i < m->n; i++) {
    const uint8_t *row = (const uint8_t *)kept.p + i * MEMO_ROW_BYTES;
    uint32_t n = wg_le32(row + sizeof(wg_sha1));
    if (n > kept.n - at) {
      break;
    }
    memcpy(was[i].hash.b, row, sizeof(was[i].hash.b));
    was[i].packed = (wg_str){kept.p + at, n};
    at += n;
    m->chunks.was = was;
    m->chunks.n_was = i + 1;
  }
}

void wg_image_memo_begin(wg_image_run *r, uint64_t n_bytes) {
  wg_image_memo *m = &r->memo;
  uint32_t chunk = memo_chunk_bytes(r);
  if (r->kept == NULL || r->captured || n_bytes < WG_IMAGE_PACKED_MIN_BYTES) {
    return;
  }
  size_t n = (size_t)(n_bytes / chunk + (n_bytes % chunk != 0));
  m->chunks.hashes = wg_arena_new_array(&r->arena, wg_sha1, n);
  if (m->chunks.hashes == NULL) {
    return;
  }
  WG_AUTO(wg_buf) b = {0};
  wg_buf_init(&b, wg_heap(), 0);
  m->n = n;
  m->key = memo_key(r);
  m->n_bytes = n_bytes;
  if (r->job->opt.packed->get(r->kept, &m->key, n_bytes, &b) && !b.failed) {
    char *kept = wg_arena_strndup(&r->arena, b.p, b.n);
    if (kept != NULL) {
      memo_read(r, (wg_str){kept, b.n});
    }
  }
}

// How many chunks needed no packing.
static size_t memo_same(const wg_image_memo *m) {
  size_t n = 0;
  for (size_t i = 0; i < m->chunks.n_was; i++) {
    n += memcmp(&m->chunks.was[i].hash, &m->chunks.hashes[i], sizeof(wg_sha1)) == 0;
  }
  return n;
}

// Where chunk i of the resource begins, behind the table in front of it.
static uint64_t memo_chunk_off(const wg_buf *stored, uint64_t table_bytes, uint64_t n_bytes,
                               size_t i) {
  if (i == 0) {
    return table_bytes;
  }
  return table_bytes + (n_bytes > UINT32_MAX ? wg_le64(stored->p + (i - 1) * 8)
                                             : wg_le32(stored->p + (i - 1) * 4));
}

static void memo_rows(const wg_image_run *r, const wg_buf *stored, wg_buf *out) {
  const wg_image_memo *m = &r->memo;
  uint32_t chunk = memo_chunk_bytes(r);
  uint64_t head = wg_wim_chunk_table_bytes(m->n_bytes, chunk);
  for (size_t i = 0; i < m->n; i++) {
    uint64_t at = memo_chunk_off(stored, head, m->n_bytes, i);
    uint64_t end = i + 1 < m->n ? memo_chunk_off(stored, head, m->n_bytes, i + 1) : stored->n;
    uint64_t left = m->n_bytes - (uint64_t)i * chunk, plain = left < chunk ? left : chunk;
    wg_buf_add(out, m->chunks.hashes[i].b, sizeof(m->chunks.hashes[i].b));
    wg_buf_add_le32(out, end - at < plain ? (uint32_t)(end - at) : 0);
  }
  for (size_t i = 0; i < m->n; i++) {
    uint64_t at = memo_chunk_off(stored, head, m->n_bytes, i);
    uint32_t n = wg_le32(out->p + i * MEMO_ROW_BYTES + sizeof(wg_sha1));
    wg_buf_add(out, stored->p + at, n);
  }
}

static void memo_keep(const wg_image_run *r) {
  const wg_image_memo *m = &r->memo;
  const wg_wim_res *res = &r->metadata[r->image].place.res;
  if ((res->flags & WG_WIM_RES_COMPRESSED) == 0 || res->stored_bytes > WG_IMAGE_PACKED_MAX_BYTES) {
    return;
  }
  size_t n = (size_t)res->stored_bytes;
  wg_error ignored = WG_ERROR_INIT;
  WG_AUTO(wg_buf) stored = {0};
  WG_AUTO(wg_buf) rows = {0};
  wg_buf_init(&stored, wg_heap(), 0);
  wg_buf_init(&rows, wg_heap(), 0);
  uint8_t *to = wg_buf_room(&stored, n);
  if (to == NULL || wg_os_pread_exact(r->out.file.fd, to, n, res->off_bytes, &ignored) != WG_OK) {
    return;
  }
  stored.n = n;
  memo_rows(r, &stored, &rows);
  if (!rows.failed) {
    r->job->opt.packed->put(r->kept, &m->key, m->n_bytes, wg_buf_str(&rows));
  }
}

uint64_t wg_image_memo_keep(const wg_image_run *r) {
  size_t n = memo_same(&r->memo);
  if (n < r->memo.n) {
    memo_keep(r);
  }
  uint64_t bytes = (uint64_t)n * memo_chunk_bytes(r);
  return bytes < r->memo.n_bytes ? bytes : r->memo.n_bytes;
}
