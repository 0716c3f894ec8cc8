// What came of changes to an image, counted.
#ifndef WG_IMAGE_TREE_RESULT_H
#define WG_IMAGE_TREE_RESULT_H

#include "os/file.h"

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
  uint64_t dead_bytes;            // content that no file has any more, in solid data taken over
  uint64_t n_deleted, n_renamed;  // entries gone (folders with all below), entries renamed
  char **warnings;                // what servicing will do to it, and the like; heap
  size_t n_warnings, cap_warnings;
  char *folders; // "folder<TAB>folder below<TAB>bytes<TAB>bytes put" lines, largest first; heap
} wg_image_result;
void wg_image_result_done(wg_image_result *r);
WG_DEFINE_AUTO(wg_image_result, wg_image_result_done);

#endif
