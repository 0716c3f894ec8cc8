// SPDX-License-Identifier: Apache-2.0
// The index of a tree of driver packages: bytes that are read in place. Layout: docs/formats/
// drvindex.md.
#ifndef WG_DRIVER_MATCH_INDEX_H
#define WG_DRIVER_MATCH_INDEX_H

#include "crypto/digest.h"
#include "driver/match/pack.h"

typedef struct wg_drv_source { // a file of the tree: an INF, or an archive that may hold some
  wg_str path;                 // below the root, '/' between names
  bool is_archive;
  bool has_stat; // what stat said can be relied on
  uint64_t size_bytes, ino, dev;
  int64_t mtime_ns, ctime_ns;
  wg_str error; // why nothing could be made of it; ""
  uint32_t first_package, n_packages;
} wg_drv_source;

typedef struct wg_drv_package {
  uint32_t source;
  wg_str inner;      // path in the archive; "" of a plain INF
  wg_str error;      // why no package can be made of it; ""
  wg_digest sha256;  // of the INF
  uint32_t catalogs; // bit i: the file that catalogue i of the info names is there
  const uint8_t *packed;
  uint32_t n_packed; // 0 when error is not ""
} wg_drv_package;

typedef struct wg_drv_index {

  wg_drv_source *sources;
  wg_drv_package *packages;
  uint32_t n_sources, n_packages, n_postings;
  const uint8_t *hashes, *owners, *ids; // of postings, le32 each
} wg_drv_index;

// Reads an index; it borrows from p. FORMAT: it is none, or of another version. NOMEM.
wg_code wg_drv_index_open(const void *p, size_t n_bytes, wg_arena *arena, wg_drv_index *out,
                          wg_error *err);
// Writes one. The packages of a source stand together, in the order of the sources. NOMEM, LIMIT.
wg_code wg_drv_index_write(const wg_drv_source *sources, uint32_t n_sources,
                           const wg_drv_package *packages, uint32_t n_packages, wg_arena *arena,
                           wg_buf *out, wg_error *err);

// The postings of an id: [*from, *to). Of each the package and the number of the id in it; the id
// itself has to be compared, since only hashes are.
void wg_drv_index_find(const wg_drv_index *x, uint32_t hash, uint32_t *from, uint32_t *to);
static inline uint32_t wg_drv_posting_package(const wg_drv_index *x, uint32_t i) {
  return wg_le32(x->owners + (size_t)i * 4);
}
static inline uint32_t wg_drv_posting_id(const wg_drv_index *x, uint32_t i) {
  return wg_le32(x->ids + (size_t)i * 4);
}

#endif
