// SPDX-License-Identifier: Apache-2.0
// A solid resource written to a file: many contents one after the other in one stream, compressed
// with LZMS in big chunks by several threads. The bytes do not depend on the number of threads.
#ifndef WG_IMAGE_PACK_SOLID_H
#define WG_IMAGE_PACK_SOLID_H

#include "image/pack/pack.h"

typedef struct wg_solid wg_solid;

// Starts a resource of total_bytes (> 0) at off_bytes of fd. threads at least 1; memory_bytes: what
// the compressors may take together, 0: no ceiling (one thread always runs). progress gets
// uncompressed bytes. The chunk size is the smallest power of two that holds everything, between
// 32 KiB and max_chunk_bytes (a power of two; WG_WIM_SOLID_CHUNK_BYTES is the largest that
// Microsoft's software reads, and packs best). NOMEM, LIMIT.
wg_code wg_solid_new(int fd, uint64_t off_bytes, uint64_t total_bytes, uint32_t max_chunk_bytes,
                     unsigned threads, uint64_t memory_bytes, const wg_cancel *cancel,
                     wg_pack_progress progress, void *ctx, wg_solid **out, wg_error *err);
void wg_solid_free(wg_solid *s);
WG_DEFINE_AUTO_PTR(wg_solid, wg_solid_free);
// Appends one content; *out_off is its offset in the uncompressed stream. VERIFY when it is not
// what its hash or size says.
wg_code wg_solid_put(wg_solid *s, const wg_pack_source *src, uint64_t *out_off, wg_error *err);
// Writes what is left and the chunk table. All total_bytes must have been put.
wg_code wg_solid_finish(wg_solid *s, wg_wim_solid *out, wg_error *err);

#endif
