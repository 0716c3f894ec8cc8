// SPDX-License-Identifier: Apache-2.0
// A UDF 1.02 volume as Windows' installation media are: files on blocks of 2,048 bytes, with an
// ISO 9660 volume beside it that holds one text for readers that know no UDF. What Windows asks of
// it beyond the standard: docs/formats/udf.md.
//
// First a plan, which says where contents go; then everything else is written. Contents are the
// caller's to put at their places, so that a file of gigabytes goes from disk to disk.
#ifndef WG_FMT_UDF_WRITE_H
#define WG_FMT_UDF_WRITE_H

#include "base/alloc.h"
#include "base/bytes.h"
#include "base/civil.h"

#define WG_UDF_NO_NODE UINT32_MAX

typedef struct wg_udf_node {
  const char *name; // UTF-8, borrowed; of the root, node 0, not looked at
  uint32_t parent;  // a folder that stands before it; of the root 0
  bool is_dir;
  uint64_t n_bytes; // of a file's content
  // The plan's.
  uint64_t off_bytes; // where the content goes, a multiple of the block; of an empty file 0
  uint32_t first_child, last_child, next;
  uint32_t entry_block, data_block; // in the partition
  uint64_t list_bytes;              // of a folder
} wg_udf_node;

typedef struct wg_udf_volume {
  const char *label; // UTF-8, at most 30 characters of Latin-1, 15 of others
  const char *id;    // 16 hexadecimal digits that tell this volume from others
  const char *note;  // ASCII: the text in the ISO 9660 volume, at most a block
  wg_civil time;     // of everything
  wg_udf_node *nodes;
  size_t n_nodes;
  // The plan's.
  uint64_t size_bytes; // of all of it
  uint32_t partition_blocks, n_files, n_dirs;
} wg_udf_volume;

// Finds a place for everything. Names of a folder stand in the order of wg_name_cmp_nocase and none
// twice (CONFLICT); they have 1 to 254 characters (127 where one is beyond Latin-1) and none of
// '/', NUL (FORMAT). LIMIT: a label or id that does not fit, a file over 200 GiB, a volume of more
// than 2^31 blocks.
wg_code wg_udf_plan(wg_udf_volume *v, wg_error *err);

// Bytes for a place in the file; places come in rising order.
typedef wg_code (*wg_udf_sink)(void *ctx, uint64_t off_bytes, const void *p, size_t n_bytes,
                               wg_error *err);
// Everything but contents; what is not written is zero. v is planned. NOMEM, and what sink returns.
wg_code wg_udf_write(const wg_udf_volume *v, const wg_alloc *alloc, wg_udf_sink sink, void *ctx,
                     wg_error *err);

// Private to src/fmt/udf.
#define WG_UDF_PARTITION_BLOCK 291u
#define WG_UDF_MAX_EXTENT_BYTES 0x3FFFF800u
#define WG_UDF_FID_BYTES 38u // of a file identifier, without the name
#define WG_UDF_MAX_NAME_BYTES 255u
// Text as UDF has it: 8 or 16, then units of that many bits, highest byte first. Its bytes; 0 when
// it is empty, not UTF-8, or does not fit.
size_t wg_udf_cs0(wg_str name, uint8_t *out, size_t cap_bytes);

#endif
