// SPDX-License-Identifier: Apache-2.0
// Files of a UDF volume, as a Windows installation ISO has it: where their bytes lie. libudfread
// reads the structures; this gives it bounds. Byte facts: docs/formats/udf.md.
#ifndef WG_FMT_UDF_UDF_H
#define WG_FMT_UDF_UDF_H

#include "base/alloc.h"
#include "base/bytes.h"

#define WG_UDF_BLOCK_BYTES 2048u

// Where bytes come from. read gives exactly n_bytes at off_bytes or fails; it is never asked for
// bytes outside size_bytes.
typedef struct wg_udf_source {
  wg_code (*read)(void *ctx, uint64_t off_bytes, void *p, size_t n_bytes, wg_error *err);
  void *ctx;
  uint64_t size_bytes;
} wg_udf_source;

typedef enum wg_udf_kind {
  WG_UDF_NONE,     // neither
  WG_UDF_ISO_9660, // ISO 9660 without UDF
  WG_UDF_VOLUME    // UDF, with or without ISO 9660 beside it
} wg_udf_kind;
// What the volume recognition sequence (from byte 32,768 on) says. FORMAT when
// it has no end; what src reports.
wg_code wg_udf_detect(const wg_udf_source *src, wg_udf_kind *out, wg_error *err);

typedef struct wg_udf wg_udf;
// src is copied; its ctx and alloc (for what is not libudfread's) outlive *out. FORMAT: no UDF
// volume with blocks of 2,048 bytes that can be read; with the offset when the image ends too
// early. NOMEM, and what src reports. libudfread writes to stdio's stderr what it does not like.
wg_code wg_udf_open(const wg_udf_source *src, const wg_alloc *alloc, wg_udf **out, wg_error *err);
void wg_udf_close(wg_udf *u);
WG_DEFINE_AUTO_PTR(wg_udf, wg_udf_close);
const char *wg_udf_label(const wg_udf *u); // "" when it has none; lives as long as u

typedef struct wg_udf_entry {
  const char *name; // UTF-8 as libudfread makes it, never empty
  bool is_dir;
} wg_udf_entry;
// Entries of a folder, in its order, in the arena. path: names with '/' between them, letter case
// ignored where no name fits exactly; "" is the root. NOT_FOUND, FORMAT, LIMIT, NOMEM.
wg_code wg_udf_list(wg_udf *u, const char *path, wg_arena *arena, wg_udf_entry **out, size_t *out_n,
                    wg_error *err);

typedef struct wg_udf_extent {
  uint64_t off_bytes, n_bytes; // of the source
} wg_udf_extent;
// Where a file's bytes lie, neighbouring extents as one, in the arena; all inside the source.
// NOT_FOUND. FORMAT: an extent that is not recorded or ends behind the source (with its offset).
// UNSUPPORTED: a file so small that it is kept in its directory record. LIMIT: over 16,384 extents.
wg_code wg_udf_extents(wg_udf *u, const char *path, wg_arena *arena, wg_udf_extent **out,
                       size_t *out_n, wg_error *err);

#endif
