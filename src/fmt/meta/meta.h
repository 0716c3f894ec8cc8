// SPDX-License-Identifier: Apache-2.0
// The sidecar ".wingo-meta" in the top folder of a tree: what Windows keeps of files and folders
// and a host has no form for. docs/formats/meta.md.
#ifndef WG_FMT_META_META_H
#define WG_FMT_META_META_H

#include "base/bytes.h"

#define WG_META_FILE ".wingo-meta"
#define WG_META_MAX_BYTES ((uint64_t)1 << 30) // of the text

enum { // which fields an entry has
  WG_META_ATTRIBUTES = 1U << 0,
  WG_META_DESCRIPTOR = 1U << 1,
  WG_META_SHORT = 1U << 2,
  WG_META_CREATED = 1U << 3,
  WG_META_ACCESSED = 1U << 4,
  WG_META_WRITTEN = 1U << 5,
  WG_META_LINKS = 1U << 6,
  WG_META_REPARSE = 1U << 7,
  WG_META_REPARSE_DATA = 1U << 8,
  WG_META_TARGET = 1U << 9,
  WG_META_EFS = 1U << 10,
  WG_META_ITEMS = 1U << 11
};

typedef struct wg_meta_stream {
  wg_str name16; // UTF-16LE, not empty
  wg_str data;
  uint32_t line; // where it stands; 0: made by us
} wg_meta_stream;

typedef struct wg_meta_entry {
  const char *path; // UTF-8 (lone surrogates as WTF-8), '/' between names, "" the top folder
  unsigned has;     // WG_META_*
  uint32_t line;    // where it stands; 0: made by us
  uint32_t attributes;
  uint32_t descriptor;                 // number
  uint64_t created, accessed, written; // 100 ns since 1601
  uint64_t links;                      // files of one content with one number are one file
  uint64_t reparse;                    // as WIM files have it: tag (low 32), reserved, flags
  wg_str reparse_data;                 // without its header
  wg_str target;                       // text of the host's symbolic link that stands for it
  wg_str short16, efs, items;
  wg_meta_stream *streams; // named ones
  size_t n_streams;
} wg_meta_entry;

typedef struct wg_meta {
  wg_str *image; // what the WIM's XML says of the image: elements, in UTF-8, counted ones left out
  size_t n_image;
  wg_meta_entry *entries;
  size_t n;
  wg_str *descriptors; // by number
  size_t n_descriptors;
  uint32_t *by_path; // numbers of entries in order of their paths; wg_meta_sort
} wg_meta;

// name: what messages call the text. Strings live in the arena. The entries are sorted. FORMAT
// ("name:line: cause"): not such a text, cut off, a path that leads elsewhere or stands twice,
// what no image and no file of Windows can have (rules.h).
// UNSUPPORTED: of a newer version. LIMIT, NOMEM.
wg_code wg_meta_parse(wg_str text, const char *name, wg_arena *arena, wg_meta *out, wg_error *err);
// Fills by_path. FORMAT: two entries of one path.
wg_code wg_meta_sort(wg_meta *m, const char *name, wg_arena *arena, wg_error *err);
// NULL when there is none. m is sorted.
wg_meta_entry *wg_meta_find(const wg_meta *m, const char *path);
// Appends the text. parse(write(m)) is m.
void wg_meta_write(const wg_meta *m, wg_buf *out);

#endif
