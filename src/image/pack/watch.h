// SPDX-License-Identifier: Apache-2.0
// Where progress goes, for functions that take long.
#ifndef WG_IMAGE_PACK_WATCH_H
#define WG_IMAGE_PACK_WATCH_H

#include "image/file/base.h"

typedef struct wg_image_watch {
  const wg_cancel *cancel;       // NULL: none
  wg_image_progress on_progress; // NULL: none
  void *ctx;
  const char *stage;
  uint64_t done_bytes, total_bytes; // of the stage
} wg_image_watch;
// Starts a stage of that many bytes.
void wg_image_watch_stage(wg_image_watch *w, const char *stage, uint64_t total_bytes);
// The same as a wg_pack_progress: watch is a wg_image_watch, and cancel is for the packer to see.
void wg_image_watch_pack(void *watch, uint64_t n_bytes);

#endif
