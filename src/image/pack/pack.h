// SPDX-License-Identifier: Apache-2.0
// Resources written one after the other to a file: copied, or compressed in chunks by several
// threads. The bytes do not depend on the number of threads.
#ifndef WG_IMAGE_PACK_PACK_H
#define WG_IMAGE_PACK_PACK_H

#include "fmt/wim/wim.h"
#include "os/file.h"

typedef struct wg_pack wg_pack;

typedef struct wg_pack_chunk { // of a resource, packed
  wg_sha1 hash;                // of its bytes before
  wg_str packed;               // empty: did not get smaller
} wg_pack_chunk;

// Chunks of a resource that was packed before: one whose bytes are the same is not packed again.
typedef struct wg_pack_memo {
  const wg_pack_chunk *was; // by their place
  size_t n_was;
  wg_sha1 *hashes; // gets that of each chunk; room for all
} wg_pack_memo;

// Content that can be streamed more than once.
typedef struct wg_pack_source {
  wg_code (*stream)(void *ctx, wg_wim_sink sink, void *sink_ctx, wg_error *err);
  void *ctx; // lives until wg_pack_flush
  uint64_t n_bytes;
  const wg_sha1 *hash;      // what the bytes must have; VERIFY when they don't
  const char *name;         // for messages, NULL: "a resource"
  const wg_pack_memo *memo; // lives until wg_pack_flush; NULL: none
} wg_pack_source;

typedef void (*wg_pack_progress)(void *ctx, uint64_t n_bytes_more);

typedef struct wg_pack_format {
  wg_wim_codec codec;   // not NONE
  uint32_t chunk_bytes; // a power of two up to 2 MiB
} wg_pack_format;
#define WG_PACK_LZX ((wg_pack_format){WG_WIM_CODEC_LZX, WG_WIM_LZX_CHUNK_BYTES})
#define WG_PACK_LZMS ((wg_pack_format){WG_WIM_CODEC_LZMS, WG_WIM_LZMS_CHUNK_BYTES})

// Writes to fd from off_bytes on, in chunks of that format. threads at least 1. NOMEM.
wg_code wg_pack_new(int fd, uint64_t off_bytes, wg_pack_format format, unsigned threads,
                    const wg_cancel *cancel, wg_pack_progress progress, void *ctx, wg_pack **out,
                    wg_error *err);
void wg_pack_free(wg_pack *p);
WG_DEFINE_AUTO_PTR(wg_pack, wg_pack_free);
// Queues one resource; *out is filled by the time of wg_pack_flush (flags COMPRESSED or 0). One
// that does not get smaller is stored. n_bytes > 0.
wg_code wg_pack_put(wg_pack *p, const wg_pack_source *src, wg_wim_res *out, wg_error *err);
// Writes all that is queued.
wg_code wg_pack_flush(wg_pack *p, wg_error *err);
// Where the next byte goes; nothing may be queued.
uint64_t wg_pack_off(const wg_pack *p);
// Bytes written past the pack's back (a solid resource): goes on at off_bytes. Nothing may be
// queued.
void wg_pack_seek(wg_pack *p, uint64_t off_bytes);

#endif
