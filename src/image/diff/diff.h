// SPDX-License-Identifier: Apache-2.0
// What differs between two trees of files: images, or folders of this machine. Content is compared
// by the hashes that images hold: nothing of an image is read but its metadata, and what the caller
// asks for.
#ifndef WG_IMAGE_DIFF_DIFF_H
#define WG_IMAGE_DIFF_DIFF_H

#include "fmt/regf/regf.h"
#include "image/file/spec.h"

// One tree. Nodes are numbers; 0 is the root.
typedef struct wg_diff_side wg_diff_side;
#define WG_DIFF_NONE UINT32_MAX

// An image or a folder. Errors as wg_image_reader_open.
wg_code wg_diff_open(const wg_spec *spec, wg_diff_side **out, wg_error *err);
void wg_diff_close(wg_diff_side *s);
WG_DEFINE_AUTO_PTR(wg_diff_side, wg_diff_close);

typedef enum wg_diff_change {
  WG_DIFF_ADDED,
  WG_DIFF_REMOVED,
  WG_DIFF_CHANGED,
  WG_DIFF_RENAMED, // or moved: the same content, gone there and new here, and nowhere else
} wg_diff_change;

enum { // what of a changed one differs
  WG_DIFF_KIND = 1,
  WG_DIFF_CONTENT = 2,
  WG_DIFF_ATTRIBUTES = 4,
  WG_DIFF_DESCRIPTOR = 8,
  WG_DIFF_STREAMS = 0x10,
  WG_DIFF_REPARSE = 0x20,
  WG_DIFF_LINKS = 0x40, // other names share the content
  WG_DIFF_SHORT_NAME = 0x80,
  WG_DIFF_NAME_CASE = 0x100,
  WG_DIFF_EXTRA = 0x200, // object id, extended attributes: what follows the names in an image
  WG_DIFF_TIMES = 0x400,
};
extern const char *const wg_diff_aspects[11]; // names by bit

typedef struct wg_diff_item {
  wg_diff_change change;
  uint32_t aspects;
  uint32_t a, b;             // nodes; WG_DIFF_NONE: not on that side
  bool implied;              // below a folder that is added or removed as a whole
  uint64_t n_files, n_bytes; // of an added or removed folder: all below it
} wg_diff_item;
typedef struct wg_diff_list {
  wg_diff_item *v;
  size_t n, cap;
} wg_diff_list;
void wg_diff_list_done(wg_diff_list *l);
WG_DEFINE_AUTO(wg_diff_list, wg_diff_list_done);

typedef struct wg_diff_options {
  bool times;
  const wg_cancel *cancel; // NULL: none
} wg_diff_options;
// All differences, folder by folder in the order of names; what a folder that only one side has
// holds follows it. Two folders of this machine, or one and an image: kinds and content (and times)
// only. IO, CANCELED.
wg_code wg_diff_trees(wg_diff_side *a, wg_diff_side *b, const wg_diff_options *opt,
                      wg_diff_list *out, wg_error *err);

// --- facts of a node
void wg_diff_path(const wg_diff_side *s, uint32_t node, wg_buf *out); // "\a\b"
uint32_t wg_diff_parent(const wg_diff_side *s, uint32_t node);        // WG_DIFF_NONE of the root
void wg_diff_name(const wg_diff_side *s, uint32_t node, wg_buf *out); // "" of the root
bool wg_diff_is_folder(const wg_diff_side *s, uint32_t node);         // links are none
bool wg_diff_is_link(const wg_diff_side *s, uint32_t node);           // reparse points, symlinks
uint64_t wg_diff_bytes(const wg_diff_side *s, uint32_t node);         // of the unnamed stream
// The rest is there in images only: false, 0, empty elsewhere.
bool wg_diff_has_facts(const wg_diff_side *s);
uint32_t wg_diff_attributes(const wg_diff_side *s, uint32_t node);
wg_str wg_diff_descriptor(const wg_diff_side *s, uint32_t node); // self-relative
wg_str wg_diff_short16(const wg_diff_side *s, uint32_t node);    // UTF-16LE
uint32_t wg_diff_n_links(const wg_diff_side *s, uint32_t node);  // names of the content, 1 and more
// "zone.identifier, x" of the named streams.
void wg_diff_stream_names(const wg_diff_side *s, uint32_t node, wg_buf *out);

// Whether the node's name and place are those of a registry hive. Cheap: nothing is read.
bool wg_diff_maybe_hive(const wg_diff_side *s, uint32_t node);
// Opens it with the logs beside it (bytes: initialised, lives as long as the hive). *out NULL: it
// is none.
wg_code wg_diff_open_hive(const wg_diff_side *s, uint32_t node, bool force_dirty, wg_buf *bytes,
                          wg_hive **out, wg_error *err);

#endif
