// SPDX-License-Identifier: Apache-2.0
// Contents that were packed before, kept somewhere between runs: the next image that has one of
// them takes its packed bytes as they are. Only resources of their own are kept (in an ESD contents
// share chunks), and only those worth it; of an image's metadata its chunks, most of which are the
// same after a change; and what is read out of a solid resource of the base, as it is.
#ifndef WG_IMAGE_FILE_KEPT_H
#define WG_IMAGE_FILE_KEPT_H

#include "fmt/wim/wim.h"

// Where they are kept; whoever starts the worker gives it. What is asked for a place that is not
// there, or damaged, is not found: nobody depends on it.
typedef struct wg_image_packed {
  // at: as wg_image_options.packed_at. NULL: cannot be had.
  void *(*open)(const char *at);
  void (*close)(void *kept); // NULL-safe
  // The bytes of the resource in LZX chunks, or what else is put (memo.c, tree/read.c), digest
  // checked, into out (initialised). False: not there.
  bool (*get)(void *kept, const wg_sha1 *hash, uint64_t n_bytes, wg_buf *out);
  void (*put)(void *kept, const wg_sha1 *hash, uint64_t n_bytes, wg_str packed);
} wg_image_packed;

#define WG_IMAGE_PACKED_MIN_BYTES ((uint64_t)64 << 10) // of content
#define WG_IMAGE_PACKED_MAX_BYTES ((uint64_t)32 << 20) // of packed bytes

#endif
