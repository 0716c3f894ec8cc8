// SPDX-License-Identifier: Apache-2.0
// Images of one file copied into a new or an existing file.
#ifndef WG_IMAGE_MOVE_EXPORT_H
#define WG_IMAGE_MOVE_EXPORT_H

#include "image/write/write.h"
#include "os/inplace.h"

typedef struct wg_image_export_options {
  const char *image;              // as wg_image_base.image; "all": every one
  const char *name;               // NAME that the (only) image gets, NULL: as it was
  wg_image_format format;         // of the whole output
  const char *how_named;          // what messages say gives another name; NULL: "--name=NAME"
  bool same_format;               // into an existing file: that one's format instead
  bool compact;                   // nothing is taken over in packed form
  bool boot;                      // the (only) image becomes the one that boots
  unsigned threads;               // at least 1
  wg_image_trust trust, trust_to; // in packed data of `from`, and of `to` where that is there
  uint64_t memory_bytes;          // for compressors, 0: what the machine has
  wg_image_progress on_progress;  // NULL: none; on the caller's thread
  void *ctx;
  const wg_cancel *cancel;  // NULL: none
  wg_inplace_options place; // of an existing output
} wg_image_export_options;

typedef struct wg_image_export_result {
  uint32_t n_images, n_exported;       // in the output; of them new
  uint64_t out_bytes;                  // size of the output
  uint64_t n_shared, shared_bytes;     // contents that were there already
  uint64_t kept_bytes, repacked_bytes; // packed data taken over; content packed anew
  uint64_t n_contents;                 // in the output
} wg_image_export_result;

// Adds images of the file from to the file to, which is made, or replaced as a whole when it is
// there (locked from before it is read: os/inplace.h). Metadata and XML elements stay as they were;
// equal contents are stored once. What was packed anew is read back. Same inputs, same bytes.
// CONFLICT: a name that `to` has already, or to is no WIM. Else errors as wg_image_write.
wg_code wg_image_export(const char *from, const char *to, const wg_image_export_options *opt,
                        wg_image_export_result *out, wg_error *err);

#endif
