// SPDX-License-Identifier: Apache-2.0
// The steps of one wg_image_write inside the worker, and what they share.
#ifndef WG_IMAGE_WRITE_RUN_H
#define WG_IMAGE_WRITE_RUN_H

#include "image/file/file.h"
#include "image/pack/wimout.h"
#include "image/tree/edit.h"
#include "image/write/job.h"
#include "image/write/side.h"

typedef struct wg_image_blob { // content of the output
  wg_sha1 hash;
  uint64_t n_bytes;
  uint32_t base;         // blob of the base, or WG_IMAGE_NEW
  uint32_t put;          // first of edit.puts with this content (new ones)
  uint32_t refcount;     // as it goes into the table
  bool packed;           // by this run: not taken over as it was
  bool before;           // or by one before, and kept
  wg_wimout_place place; // where it was written
  const char *name;      // of one of its files, for order.c; may be NULL
  uint32_t rank;         // order of reading
} wg_image_blob;
#define WG_IMAGE_NEW UINT32_MAX

typedef struct wg_image_metadata { // of an image of the output
  wg_sha1 hash;
  wg_wimout_place place;
} wg_image_metadata;

typedef struct wg_image_stats { // as the XML counts
  uint64_t n_dirs, n_files, total_bytes, hard_link_bytes;
} wg_image_stats;

// Chunks of the metadata that changes: as they were packed the last time, and as they are now.
typedef struct wg_image_memo {
  size_t n; // chunks; 0: none are remembered
  wg_pack_memo chunks;
  wg_sha1 key;
  uint64_t n_bytes;
} wg_image_memo;

typedef struct wg_image_run {
  const wg_image_job *job;
  wg_arena arena;
  wg_image_file base;    // the base, or what libwim made of a directory
  bool captured;         // the latter
  bool has_created;      // and what the sidecar says has the image's own time
  wg_image_side *side;   // of a folder; NULL: of none
  uint32_t image;        // the one that changes, 0-based
  wg_buf metadata_was;   // of that image; the tree borrows from it
  wg_wim_tree tree, was; // as it will be; as it was, parsed for itself
  wg_winpath *paths;
  wg_image_edit edit;
  uint32_t *refs_other;  // by blob of the base: uses by other images
  uint32_t *refs_before; // by the image as it was
  wg_image_blob *blobs;  // content of the output, in the order of writing
  size_t n_blobs;
  uint32_t *by_hash;  // indices of blobs, sorted
  uint64_t *heads;    // of their hashes, in that order
  const char **names; // by blob of the base: what order.c sorts by; NULL unless ESD
  wg_wimout out;
  void *kept; // opt.packed's, NULL: none
  wg_image_memo memo;
  wg_image_stats before, after;
  wg_image_metadata *metadata;      // by image
  uint64_t done_bytes, total_bytes; // progress of the current stage
  const char *stage;
  wg_image_result result;
} wg_image_run;

void wg_image_run_progress(wg_image_run *r, const char *stage, uint64_t total_bytes);
void wg_image_run_more(void *run, uint64_t n_bytes); // a wg_pack_progress

// content.c: which contents the output has. Reads and hashes the files that are put, counts uses,
// fills blobs, by_hash, stats. UNSUPPORTED when the base lacks content (a delta WIM).
wg_code wg_image_content(wg_image_run *r, wg_error *err);
// The base's stored bytes of that content can go over as they are.
bool wg_image_content_is_kept(const wg_image_run *r, uint32_t base_blob);
bool wg_image_content_find(const wg_image_run *r, const wg_sha1 *hash, uint32_t *out);
// order.c: contents of like files stand side by side in a solid resource. Takes the names of
// contents from a tree (for an ESD); puts what is packed behind what is kept, in that order.
wg_code wg_image_order_names(wg_image_run *r, const wg_wim_tree *t, wg_error *err);
void wg_image_order(wg_image_run *r);
// What files are sorted by in a solid resource: "ext<1>name" in lower case. NULL when the arena is
// full.
const char *wg_image_order_key(wg_arena *arena, wg_str name16);
// packed.c: whether the new content was packed by a run before: its packed bytes into out
// (initialised), and b says so.
bool wg_image_packed_before(const wg_image_run *r, wg_image_blob *b, wg_buf *out);
// Keeps the packed bytes of new contents, which were read back. What fails is not kept. A fact of
// the result says how much needed no packing.
void wg_image_packed_keep(wg_image_run *r);
// memo.c: gets the chunks of an earlier metadata of that size, made of the same base, into r->memo.
void wg_image_memo_begin(wg_image_run *r, uint64_t n_bytes);
// Keeps those of this one, which was read back. Bytes that needed no packing.
uint64_t wg_image_memo_keep(const wg_image_run *r);
// output.c: writes the whole file to a new out_path.
wg_code wg_image_output(wg_image_run *r, wg_error *err);
// folders.c: what takes the room, as rows of the result, largest first, at most some 400.
wg_code wg_image_folders(wg_image_run *r, wg_error *err);
// check.c: reads it back and compares. VERIFY.
wg_code wg_image_check(const wg_image_run *r, wg_error *err);

#endif
