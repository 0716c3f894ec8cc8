// SPDX-License-Identifier: Apache-2.0
// Data of resources: stored, or in chunks that libwim's codecs decompress.
#include <string.h>

#include <wimlib.h>

#include "fmt/wim/internal.h"

struct wg_wim_decoder {
  const wg_alloc *alloc;
  struct wimlib_decompressor *codec;
  wg_wim_codec codec_kind;
  uint32_t codec_chunk;
  uint8_t *in, *out; // buffers of chunk size
  size_t cap;
  uint64_t *offs; // start of each chunk in the file, and the end of the last
  uint64_t n_chunks, offs_cap;
  wim_extent at; // what offs describes
  bool has_at;
  uint64_t out_chunk; // which chunk out holds; UINT64_MAX: none
};

wg_code wg_wim_decoder_new(const wg_alloc *alloc, wg_wim_decoder **out, wg_error *err) {
  wg_wim_decoder *d = wg_alloc_get(alloc, sizeof(*d));
  if (d == NULL) {
    return wg_fail(err, WG_E_NOMEM, "no memory for a decompressor");
  }
  *d = (wg_wim_decoder){.alloc = alloc, .out_chunk = UINT64_MAX};
  *out = d;
  return WG_OK;
}

void wg_wim_decoder_free(wg_wim_decoder *d) {
  if (d == NULL) {
    return;
  }
  wimlib_free_decompressor(d->codec);
  wg_alloc_free(d->alloc, d->in);
  wg_alloc_free(d->alloc, d->out);
  wg_alloc_free(d->alloc, d->offs);
  wg_alloc_free(d->alloc, d);
}

static wg_code decoder_nomem(wg_error *err) {
  return wg_fail(err, WG_E_NOMEM, "no memory to decompress a resource");
}

static wg_code decoder_buffers(wg_wim_decoder *d, size_t n_bytes, wg_error *err) {
  if (n_bytes <= d->cap) {
    return WG_OK;
  }
  wg_alloc_free(d->alloc, d->in);
  wg_alloc_free(d->alloc, d->out);
  d->cap = 0;
  d->out_chunk = UINT64_MAX;
  d->in = wg_alloc_get(d->alloc, n_bytes);
  d->out = wg_alloc_get(d->alloc, n_bytes);
  if (d->in == NULL || d->out == NULL) {
    return decoder_nomem(err);
  }
  d->cap = n_bytes;
  return WG_OK;
}

static wg_code decoder_codec(wg_wim_decoder *d, const wim_extent *x, wg_error *err) {
  if (d->codec != NULL && d->codec_kind == x->codec && d->codec_chunk == x->chunk_bytes) {
    return WG_OK;
  }
  wimlib_free_decompressor(d->codec);
  d->codec = NULL;
  int rc =
      wimlib_create_decompressor((enum wimlib_compression_type)x->codec, x->chunk_bytes, &d->codec);
  if (rc == WIMLIB_ERR_NOMEM) {
    return decoder_nomem(err);
  }
  if (rc != 0) {
    return wg_fail_at(err, WG_E_FORMAT, x->shown_off, "no %s with chunks of %u bytes",
                      wg_wim_codec_name(x->codec), (unsigned)x->chunk_bytes);
  }
  d->codec_kind = x->codec;
  d->codec_chunk = x->chunk_bytes;
  return WG_OK;
}

static uint64_t entry_bytes(uint64_t orig_bytes) {
  return orig_bytes > UINT32_MAX ? 8 : 4;
}

static uint64_t count_chunks(uint64_t orig_bytes, uint32_t chunk_bytes) {
  return orig_bytes / chunk_bytes + (orig_bytes % chunk_bytes != 0);
}

uint64_t wg_wim_chunk_table_bytes(uint64_t orig_bytes, uint32_t chunk_bytes) {
  uint64_t n = count_chunks(orig_bytes, chunk_bytes);
  return n == 0 ? 0 : (n - 1) * entry_bytes(orig_bytes);
}

// Fills offs from the table's bytes. Plain: ends of all chunks but the last, counted from behind
// the table. Solid: sizes of all chunks.
static wg_code decoder_fill(wg_wim_decoder *d, const wim_extent *x, const uint8_t *t,
                            uint64_t data_off, wg_error *err) {
  uint64_t end = x->off_bytes + x->stored_bytes, each = x->solid ? 4 : entry_bytes(x->orig_bytes);
  d->offs[0] = data_off;
  for (uint64_t i = 1; i <= d->n_chunks; i++) {
    uint64_t at = end, row = (i - 1) * each;
    if (x->solid) {
      at = d->offs[i - 1] + wg_le32(t + row);
    } else if (i < d->n_chunks) {
      uint64_t rel = each == 8 ? wg_le64(t + row) : wg_le32(t + row);
      at = rel > end - data_off ? UINT64_MAX : data_off + rel;
    }
    uint64_t plain =
        i < d->n_chunks ? x->chunk_bytes : x->orig_bytes - (d->n_chunks - 1) * x->chunk_bytes;
    if (at > end || at <= d->offs[i - 1] || at - d->offs[i - 1] > plain) {
      return wg_fail_at(err, WG_E_FORMAT, x->shown_off,
                        "the resource at 0x%llx has a chunk that cannot be",
                        (unsigned long long)x->shown_off);
    }
    d->offs[i] = at;
  }
  return WG_OK;
}

static wg_code decoder_table(const wg_wim *w, wg_wim_decoder *d, const wim_extent *x,
                             wg_error *err) {
  if (d->has_at && d->at.off_bytes == x->off_bytes && d->at.orig_bytes == x->orig_bytes &&
      d->at.stored_bytes == x->stored_bytes && d->at.solid == x->solid) {
    return WG_OK;
  }
  d->has_at = false;
  d->out_chunk = UINT64_MAX;
  if (x->chunk_bytes == 0 || (x->chunk_bytes & (x->chunk_bytes - 1)) != 0) {
    return wg_fail_at(err, WG_E_FORMAT, x->shown_off, "chunks of %u bytes",
                      (unsigned)x->chunk_bytes);
  }
  if (x->chunk_bytes > w->limits.max_chunk_bytes) {
    return wg_fail_at(err, WG_E_LIMIT, x->shown_off, "chunks of %u bytes, more than %u",
                      (unsigned)x->chunk_bytes, (unsigned)w->limits.max_chunk_bytes);
  }
  uint64_t n = count_chunks(x->orig_bytes, x->chunk_bytes), head = x->solid ? 16 : 0;
  uint64_t rows = x->solid ? n : n - 1, table = 0;
  if (!wg_mul(rows, x->solid ? 4 : entry_bytes(x->orig_bytes), &table) || x->stored_bytes < head ||
      table > x->stored_bytes - head) {
    return wg_fail_at(err, WG_E_FORMAT, x->shown_off,
                      "the resource at 0x%llx is too small for its %llu chunks",
                      (unsigned long long)x->shown_off, (unsigned long long)n);
  }
  if (n + 1 > d->offs_cap) {
    wg_alloc_free(d->alloc, d->offs);
    d->offs_cap = 0;
    d->offs = wg_alloc_get(d->alloc, (size_t)(n + 1) * sizeof(d->offs[0]));
    if (d->offs == NULL) {
      return decoder_nomem(err);
    }
    d->offs_cap = n + 1;
  }
  d->n_chunks = n;
  WG_AUTO(wg_buf) t = {0};
  wg_buf_init(&t, d->alloc, 0);
  wg_buf_add_zeros(&t, (size_t)table);
  if (wg_buf_check(&t, err) != WG_OK ||
      (table > 0 &&
       w->src.read(w->src.ctx, x->off_bytes + head, t.p, (size_t)table, err) != WG_OK) ||
      decoder_fill(d, x, t.p, x->off_bytes + head + table, err) != WG_OK) {
    return err->code;
  }
  d->at = *x;
  d->has_at = true;
  return WG_OK;
}

// Makes out hold chunk i.
static wg_code decoder_chunk(const wg_wim *w, wg_wim_decoder *d, const wim_extent *x, uint64_t i,
                             size_t plain_bytes, wg_error *err) {
  if (d->out_chunk == i) {
    return WG_OK;
  }
  d->out_chunk = UINT64_MAX;
  size_t n = (size_t)(d->offs[i + 1] - d->offs[i]);
  bool stored = n == plain_bytes; // a chunk that did not get smaller
  if (w->src.read(w->src.ctx, d->offs[i], stored ? d->out : d->in, n, err) != WG_OK) {
    return err->code;
  }
  if (!stored && (decoder_codec(d, x, err) != WG_OK)) {
    return err->code;
  }
  if (!stored && wimlib_decompress(d->in, n, d->out, plain_bytes, d->codec) != 0) {
    uint64_t at = wg_wim_part_off(w, d->offs[i]);
    return wg_fail_at(err, WG_E_FORMAT, at, "%s data at 0x%llx does not decompress",
                      wg_wim_codec_name(x->codec), (unsigned long long)at);
  }
  d->out_chunk = i;
  return WG_OK;
}

static wg_code extent_read_plain(const wg_wim *w, wg_wim_decoder *d, const wim_extent *x,
                                 uint64_t from, uint64_t n_bytes, wg_wim_sink sink, void *ctx,
                                 wg_error *err) {
  if (decoder_buffers(d, 65536, err) != WG_OK) {
    return err->code;
  }
  d->out_chunk = UINT64_MAX;
  while (n_bytes > 0) {
    size_t n = n_bytes > 65536 ? 65536 : (size_t)n_bytes;
    if (w->src.read(w->src.ctx, x->off_bytes + from, d->out, n, err) != WG_OK ||
        sink(ctx, d->out, n, err) != WG_OK) {
      return err->code;
    }
    from += n;
    n_bytes -= n;
  }
  return WG_OK;
}

wg_code wg_wim_extent_read(const wg_wim *w, wg_wim_decoder *d, const wim_extent *x, uint64_t from,
                           uint64_t n_bytes, wg_wim_sink sink, void *ctx, wg_error *err) {
  if (from > x->orig_bytes || n_bytes > x->orig_bytes - from) {
    return wg_fail_at(err, WG_E_FORMAT, x->shown_off, "a range outside its resource");
  }
  if (n_bytes == 0) {
    return WG_OK;
  }
  if (!x->compressed) {
    return extent_read_plain(w, d, x, from, n_bytes, sink, ctx, err);
  }
  if (decoder_table(w, d, x, err) != WG_OK) {
    return err->code;
  }
  size_t chunk = x->chunk_bytes;
  if (chunk > x->orig_bytes) {
    chunk = (size_t)x->orig_bytes; // a small resource needs small buffers only
  }
  if (decoder_buffers(d, chunk, err) != WG_OK) {
    return err->code;
  }
  while (n_bytes > 0) {
    uint64_t i = from / x->chunk_bytes, in_chunk = from % x->chunk_bytes;
    uint64_t plain = x->orig_bytes - i * x->chunk_bytes;
    plain = plain > x->chunk_bytes ? x->chunk_bytes : plain;
    if (decoder_chunk(w, d, x, i, (size_t)plain, err) != WG_OK) {
      return err->code;
    }
    uint64_t n = plain - in_chunk < n_bytes ? plain - in_chunk : n_bytes;
    if (sink(ctx, d->out + in_chunk, (size_t)n, err) != WG_OK) {
      return err->code;
    }
    from += n;
    n_bytes -= n;
  }
  return WG_OK;
}

// Where the blob's resource lies in its part: what messages name.
static uint64_t blob_off(const wg_wim *w, const wg_wim_blob *b) {
  return wg_wim_part_off(w, b->solid == WG_WIM_NO_SOLID ? b->off_bytes
                                                        : w->solids[b->solid].off_bytes);
}

static wg_code blob_read(const wg_wim *w, wg_wim_decoder *d, const wg_wim_blob *b, wg_wim_sink sink,
                         void *ctx, wg_error *err) {
  if (b->solid != WG_WIM_NO_SOLID) {
    const wg_wim_solid *s = &w->solids[b->solid];
    wim_extent x = {.off_bytes = s->off_bytes,
                    .shown_off = blob_off(w, b),
                    .stored_bytes = s->stored_bytes,
                    .orig_bytes = s->orig_bytes,
                    .chunk_bytes = s->chunk_bytes,
                    .codec = s->codec,
                    .compressed = true,
                    .solid = true};
    return wg_wim_extent_read(w, d, &x, b->off_bytes, b->orig_bytes, sink, ctx, err);
  }
  wim_extent x = {.off_bytes = b->off_bytes,
                  .shown_off = blob_off(w, b),
                  .stored_bytes = b->stored_bytes,
                  .orig_bytes = b->orig_bytes,
                  .chunk_bytes = w->hdr.chunk_bytes,
                  .codec = w->hdr.codec,
                  .compressed = (b->flags & WG_WIM_RES_COMPRESSED) != 0};
  return wg_wim_extent_read(w, d, &x, 0, b->orig_bytes, sink, ctx, err);
}

wg_code wg_wim_read_blob(const wg_wim *w, wg_wim_decoder *d, uint32_t blob, wg_wim_sink sink,
                         void *ctx, wg_error *err) {
  const wg_wim_blob *b = &w->blobs[blob];
  wg_code code = blob_read(w, d, b, sink, ctx, err);
  if (code == WG_E_FORMAT && w->n_parts > 1) {
    return wg_wrap(err, "part %u", (unsigned)b->part);
  }
  return code;
}

wg_code wg_wim_load_blob(const wg_wim *w, wg_wim_decoder *d, uint32_t blob, uint64_t max_bytes,
                         wg_buf *out, wg_error *err) {
  const wg_wim_blob *b = &w->blobs[blob];
  if (b->orig_bytes > max_bytes) {
    return wg_fail_at(err, WG_E_LIMIT, blob_off(w, b), "a resource of %llu bytes, more than %llu",
                      (unsigned long long)b->orig_bytes, (unsigned long long)max_bytes);
  }
  if (wg_wim_read_blob(w, d, blob, wg_wim_sink_buf, out, err) != WG_OK) {
    return err->code;
  }
  wg_sha1 h = wg_sha1_of(out->p, out->n);
  if (memcmp(&h, &b->hash, sizeof(h)) != 0) {
    return wg_wim_fail_hash(w, blob, err);
  }
  return WG_OK;
}

wg_code wg_wim_fail_hash(const wg_wim *w, uint32_t blob, wg_error *err) {
  const wg_wim_blob *b = &w->blobs[blob];
  uint64_t at = blob_off(w, b);
  (void)wg_fail_at(err, WG_E_VERIFY, at,
                   "the resource at 0x%llx has not the SHA-1 that the blob table gives",
                   (unsigned long long)at);
  return w->n_parts > 1 ? wg_wrap(err, "part %u", (unsigned)b->part) : err->code;
}
