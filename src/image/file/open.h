// SPDX-License-Identifier: Apache-2.0
// Shared by what opens base files.
#ifndef WG_IMAGE_FILE_OPEN_H
#define WG_IMAGE_FILE_OPEN_H

#include "image/file/file.h"

// Refuses one part of a split WIM alone (UNSUPPORTED) and a file that was not finished (FORMAT).
wg_code wg_image_file_check_whole(const wg_image_file *f, wg_error *err);
// UNSUPPORTED: that the file lacks a content of the entry: a delta WIM.
wg_code wg_image_fail_missing(const wg_wim_tree *t, uint32_t entry, wg_error *err);

typedef enum wg_image_kind {
  WG_IMAGE_KIND_NONE,
  WG_IMAGE_KIND_WIM,
  WG_IMAGE_KIND_ISO // with UDF
} wg_image_kind;
// What a file is. UNSUPPORTED with the way to do it for what holds a Windows but can't be a base;
// FORMAT for what is not known.
wg_code wg_image_detect(int fd, uint64_t size_bytes, const char *path, wg_image_kind *out,
                        wg_error *err);

typedef struct wg_image_piece { // a file that is a WIM, or a part of one
  const char *name;             // in its folder
  wg_image_segment *segments;   // off_bytes is not set
  size_t n_segments;
  uint64_t n_bytes;
  wg_wim_header hdr;
} wg_image_piece;
// Reads p->hdr. Errors as wg_wim_header_parse; IO.
wg_code wg_image_piece_header(wg_image_piece *p, wg_error *err);

typedef struct wg_image_place { // a folder, of the host or in an ISO
  const char **names;           // of files
  size_t n_names;
  // Opens names[i] and reads its header.
  wg_code (*open)(void *ctx, const char *name, wg_image_piece *out, wg_error *err);
  void *ctx;
  const char *name; // for messages
  wg_arena *arena;
} wg_image_place;
// All parts of the split WIM that `first` (any part, in the place) belongs to, by number. Names are
// "stem.ext", "stem2.ext", ...; which part a file is its header tells. NOT_FOUND for a part that
// isn't there, CONFLICT for one that is there twice, FORMAT when the one there is of another set.
wg_code wg_image_parts_find(const wg_image_place *place, const wg_image_piece *first,
                            wg_image_piece **out, size_t *out_n, wg_error *err);
// The WIM that f->disc_wim says in the ISO that is hosts[0], open as fd (borrowed); sets f->inside.
// NOT_FOUND with what was looked for.
wg_code wg_image_iso_pieces(wg_image_file *f, int fd, wg_image_piece **out, size_t *out_n,
                            wg_error *err);

#endif
