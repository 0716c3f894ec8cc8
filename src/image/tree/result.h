// SPDX-License-Identifier: Apache-2.0
// What came of changes to an image, counted.
#ifndef WG_IMAGE_TREE_RESULT_H
#define WG_IMAGE_TREE_RESULT_H

#include "os/file.h"

typedef struct wg_image_folder { // what takes the room: two levels, "(files)", "(others)"
  char *top, *below;             // heap
  uint64_t n_bytes, n_added;     // n_added: put by the changes
} wg_image_folder;

typedef struct wg_image_fact { // a number of what a part did
  char *name;                  // heap: "registry_values_set"
  uint64_t v;
} wg_image_fact;

typedef struct wg_image_refused { // of changes that were tried only
  uint64_t change;                // which, counted from 0; of the registry: nothing
  char *origin;                   // of the registry: whose edit, "wingo.yaml:7:5"; heap, else NULL
  char *text;                     // why; heap
} wg_image_refused;

typedef struct wg_image_row { // a line of a table of what a part did
  char *table;                // heap: "drivers"
  char **cells;               // heap, each of them, too
  size_t n_cells;
} wg_image_row;

typedef struct wg_image_result {
  uint32_t image_index, n_images;
  uint64_t base_bytes, out_bytes; // sizes of the files (0 for a directory base)
  uint64_t n_files, n_dirs;       // put by the changes; folders only if they are new
  uint64_t n_replaced;            // of n_files
  uint64_t added_bytes;           // content of the files put, uncompressed
  uint64_t stored_bytes;          // what that takes in the output, compressed, duplicates once
  uint64_t n_dedup, dedup_bytes;  // files whose content was there already, and their size
  uint64_t kept_bytes;            // packed data of the base, taken over as it is
  uint64_t repacked_bytes;        // content of the base that was packed anew, uncompressed
  uint64_t base_verified;         // 1: all contents of the base were read and compared
  uint64_t dead_bytes;            // content that no file has any more, in solid data taken over
  uint64_t n_deleted, n_renamed;  // entries gone (folders with all below), entries renamed
  char **warnings;                // what servicing will do to it, and the like; heap
  size_t n_warnings, cap_warnings;
  wg_image_folder *folders; // those of one top stand together, largest first
  size_t n_folders, cap_folders;
  wg_image_fact *facts;
  size_t n_facts, cap_facts;
  wg_image_row *rows;
  size_t n_rows, cap_rows;
  wg_image_refused *refused;
  size_t n_refused, cap_refused;
} wg_image_result;
void wg_image_result_warn(wg_image_result *r, const char *text); // once
// Of more than 10,000 the first ones are kept.
void wg_image_result_refused(wg_image_result *r, uint64_t change, const char *origin,
                             const char *text);
void wg_image_result_fact(wg_image_result *r, const char *name, uint64_t v);
void wg_image_result_row(wg_image_result *r, const char *table, const char *const *cells, size_t n);
void wg_image_result_folder(wg_image_result *r, wg_str top, wg_str below, uint64_t n_bytes,
                            uint64_t n_added);
// Adds up what came of another image of the same file, written after the first: r is of both then.
// Rows of folders come behind, below "label: ".
void wg_image_result_add(wg_image_result *r, const wg_image_result *more, const char *label);
void wg_image_result_done(wg_image_result *r);
WG_DEFINE_AUTO(wg_image_result, wg_image_result_done);

#endif
