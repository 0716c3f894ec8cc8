// SPDX-License-Identifier: Apache-2.0
// The store's own formats, bytes <-> model: the frame around every record, and the rows of the stat
// table. Pure: no paths, no clock. Bytes come from a disk that may have lost or changed some.
#ifndef WG_STORE_FRAME_H
#define WG_STORE_FRAME_H

#include "crypto/digest.h"

// A frame, all little-endian:
//   0  4  "wgf1"
//   4  4  kind
//   8  8  payload length in bytes
//  16 32  the key under which it is kept: a frame moved to another name is not believed
//  48 32  SHA-256 of bytes 0..47 and the payload
//  80  -  payload, to the end
#define WG_FRAME_HEAD_BYTES 80

typedef enum wg_frame_kind {
  WG_FRAME_RECORD = 1,
  WG_FRAME_BIG,    // where a big output lives
  WG_FRAME_STAT,   // the stat table
  WG_FRAME_SECRET, // the key private to this store
} wg_frame_kind;

// Appends the frame to out (see wg_buf_check).
void wg_frame_put(wg_buf *out, wg_frame_kind kind, const wg_digest *key, const void *p,
                  size_t n_bytes);
// *out borrows from p. FORMAT with the offset: not a frame of that kind and key, or not whole.
wg_code wg_frame_parse(const void *p, size_t n_bytes, wg_frame_kind kind, const wg_digest *key,
                       wg_str *out, wg_error *err);

typedef enum wg_stat_kind {
  WG_STAT_FILE = 1, // digest of the content
  WG_STAT_DIR,      // digest of the listing
} wg_stat_kind;

// What identifies a file's content without reading it.
typedef struct wg_stat_id {
  uint64_t size_bytes;
  int64_t mtime_ns, ctime_ns;
  uint64_t ino, dev;
} wg_stat_id;

// A row: u16 path length, u8 kind, u8 zero, u32 day of last use (since 1970), five u64 as in
// wg_stat_id, 32 bytes digest, path. 1 <= path length <= 4096, no NUL in it.
typedef struct wg_stat_row {
  wg_str path; // borrowed
  wg_stat_kind kind;
  uint32_t used_day;
  wg_stat_id id;
  wg_digest digest;
} wg_stat_row;

#define WG_STAT_PATH_MAX 4096

void wg_stat_row_put(wg_buf *out, const wg_stat_row *row);
// False when the bytes at r are not a row; r then stays where it was.
WG_MUST_CHECK bool wg_stat_row_read(wg_reader *r, wg_stat_row *out);

// A big output's registration: u16 path length, five u64 as in wg_stat_id, path; one after another,
// newest first, at most WG_BIG_PATHS_MAX.
typedef struct wg_big_path {
  wg_str path; // borrowed
  wg_stat_id id;
} wg_big_path;
#define WG_BIG_PATHS_MAX 8

void wg_big_path_put(wg_buf *out, const wg_big_path *b);
WG_MUST_CHECK bool wg_big_path_read(wg_reader *r, wg_big_path *out);

#endif
