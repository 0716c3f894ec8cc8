// SPDX-License-Identifier: Apache-2.0
// Shared by the files of fmt/wim.
#ifndef WG_FMT_WIM_INTERNAL_H
#define WG_FMT_WIM_INTERNAL_H

#include "fmt/wim/wim.h"

wg_wim_res wg_wim_res_get(const uint8_t *p); // 24 bytes
void wg_wim_res_put(uint8_t *p, const wg_wim_res *r);

// FORMAT when [off, off + n) of the part is not inside it behind the header.
wg_code wg_wim_check_range(const wg_wim_part *part, uint64_t off_bytes, uint64_t n_bytes,
                           const char *what, wg_error *err);
// Offset in its part of a byte of the source.
uint64_t wg_wim_part_off(const wg_wim *w, uint64_t off_bytes);
// A blob table as it stands in a part. n_bytes is whole rows.
typedef struct wim_table {
  const wg_wim_part *part;
  const uint8_t *p;
  size_t n_rows;
  uint64_t off_bytes; // in the part
} wim_table;
// Blob tables of all parts: fills blobs, solids, metadata, by_hash. FORMAT with the offset.
wg_code wg_wim_table_parse(wg_wim *w, const wim_table *tables, size_t n, wg_error *err);
// Reads a range of uncompressed bytes of a resource.
typedef struct wim_extent {
  uint64_t shown_off; // where it is in its part: what messages name
  uint64_t off_bytes, stored_bytes, orig_bytes;
  uint32_t chunk_bytes;
  wg_wim_codec codec;
  bool compressed, solid;
} wim_extent;
wg_code wg_wim_extent_read(const wg_wim *w, wg_wim_decoder *d, const wim_extent *x, uint64_t from,
                           uint64_t n_bytes, wg_wim_sink sink, void *ctx, wg_error *err);
// Puts the children of folders that got new ones into the order Windows keeps.
wg_code wg_wim_tree_sort(wg_wim_tree *t, wg_error *err);
// FORMAT when two entries of a folder have exactly one name, or entries stand below a reparse point
// that can have none (names_reparse_holds).
wg_code wg_wim_tree_check_names(const wg_wim_tree *t, wg_error *err);
wg_code wg_wim_sink_buf(void *ctx, const uint8_t *p, size_t n_bytes,
                        wg_error *err); // ctx: wg_buf *

#endif
