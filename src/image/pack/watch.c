// SPDX-License-Identifier: Apache-2.0
#include "image/pack/watch.h"

#include "os/proc.h"

void wg_image_watch_stage(wg_image_watch *w, const char *stage, uint64_t total_bytes) {
  w->stage = stage;
  w->done_bytes = 0;
  w->total_bytes = total_bytes;
}

void wg_image_watch_pack(void *watch, uint64_t n_bytes) {
  wg_image_watch *w = watch;
  w->done_bytes += n_bytes;
  if (w->on_progress != NULL) {
    uint64_t done = w->done_bytes < w->total_bytes ? w->done_bytes : w->total_bytes;
    w->on_progress(w->ctx, w->stage, done, w->total_bytes, "bytes");
  }
}
