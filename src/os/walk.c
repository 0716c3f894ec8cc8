// SPDX-License-Identifier: Apache-2.0
#include "os/walk.h"

#include "os/sys.h"

static uint64_t walk_now_ms(void) {
  return wg_os_mono_ns() / 1000000;
}

wg_os_walk wg_os_walk_begin(const wg_walk_watch *watch) {
  return (wg_os_walk){.watch = watch, .told_ms = watch == NULL ? 0 : walk_now_ms()};
}

wg_code wg_os_walk_met(wg_os_walk *w, const char *folder, uint64_t n_entries, wg_error *err) {
  const wg_walk_watch *watch = w->watch;
  w->n_entries += n_entries;
  if (watch == NULL) {
    return WG_OK;
  }
  if (wg_cancel_check(watch->cancel, err) != WG_OK) {
    return err->code;
  }
  if (watch->max_entries > 0 && w->n_entries > watch->max_entries) {
    return wg_fail(err, WG_E_LIMIT,
                   "more than %llu files and folders are looked through, the last of them in '%s': "
                   "name a folder that is nearer to what is meant",
                   (unsigned long long)watch->max_entries, folder);
  }
  uint64_t now_ms = watch->tell == NULL ? 0 : walk_now_ms();
  if (watch->tell != NULL && now_ms - w->told_ms >= watch->slow_ms) {
    w->told_ms = now_ms;
    watch->tell(watch->ctx, folder, w->n_entries);
  }
  return WG_OK;
}
