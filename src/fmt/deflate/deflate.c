// SPDX-License-Identifier: Apache-2.0
#include "fmt/deflate/deflate.h"

#include <zlib.h>

#define DEFLATE_MAX_INPUT ((size_t)1 << 31)
#define DEFLATE_RAW (-15)
#define DEFLATE_GZIP (15 + 16)

static void *deflate_alloc(void *ctx, uInt n, uInt size) {
  const wg_alloc *a = ctx;
  return a->fn(a->ctx, NULL, (size_t)n * size);
}

static void deflate_free(void *ctx, void *p) {
  const wg_alloc *a = ctx;
  (void)a->fn(a->ctx, p, 0);
}

static void deflate_done(z_stream *z) {
  (void)deflateEnd(z);
}
WG_DEFINE_AUTO(z_stream, deflate_done);

static wg_code deflate_all(const void *p, size_t n_bytes, int bits, wg_buf *out, wg_error *err) {
  WG_AUTO(z_stream)
  z = {.zalloc = deflate_alloc, .zfree = deflate_free, .opaque = (void *)(uintptr_t)out->alloc};
  unsigned char piece[2048];
  if (n_bytes > DEFLATE_MAX_INPUT) {
    return wg_fail(err, WG_E_LIMIT, "more than 2 GiB to compress in one piece");
  }
  if (deflateInit2(&z, Z_DEFAULT_COMPRESSION, Z_DEFLATED, bits, 9, Z_DEFAULT_STRATEGY) != Z_OK) {
    return wg_fail(err, WG_E_NOMEM, "no memory to compress");
  }
  z.next_in = (unsigned char *)(uintptr_t)p;
  z.avail_in = (uInt)n_bytes;
  for (int status = Z_OK; status != Z_STREAM_END;) {
    z.next_out = piece;
    z.avail_out = sizeof(piece);
    status = deflate(&z, Z_FINISH);
    wg_assert(status == Z_OK || status == Z_STREAM_END);
    wg_buf_add(out, piece, sizeof(piece) - z.avail_out);
    if (wg_buf_check(out, err) != WG_OK) {
      return err->code;
    }
  }
  return WG_OK;
}

wg_code wg_deflate_raw(const void *p, size_t n_bytes, wg_buf *out, wg_error *err) {
  return deflate_all(p, n_bytes, DEFLATE_RAW, out, err);
}

wg_code wg_gzip(const void *p, size_t n_bytes, wg_buf *out, wg_error *err) {
  return deflate_all(p, n_bytes, DEFLATE_GZIP, out, err);
}

uint32_t wg_crc32(const void *p, size_t n_bytes) {
  return (uint32_t)crc32_z(0, p, n_bytes);
}
