// SPDX-License-Identifier: Apache-2.0
#include "os/wait.h"

#include "os/sys.h"

#define WAIT_POLL_MS 50U

static void wait_tell(const wg_wait *w, uint64_t waited_ms) {
  if (w->tell != NULL) {
    w->tell(w->ctx, waited_ms);
  }
}

wg_code wg_os_wait(const wg_wait *w, wg_wait_try try_once, void *what, uint64_t *out_waited_ms,
                   wg_error *err) {
  bool told = false;
  uint64_t from = wg_os_mono_ns();
  for (unsigned sleep_ms = 1;; sleep_ms = sleep_ms < WAIT_POLL_MS ? sleep_ms * 2 : WAIT_POLL_MS) {
    wg_code code = try_once(what, err);
    uint64_t waited_ms = (wg_os_mono_ns() - from) / 1000000;
    *out_waited_ms = waited_ms;
    if (code != WG_E_CONFLICT) {
      if (told && code == WG_OK) {
        wait_tell(w, waited_ms + 1);
      }
      return code;
    }
    *err = (wg_error)WG_ERROR_INIT;
    if (w->limited && waited_ms >= w->limit_ms) {
      return WG_E_CONFLICT;
    }
    if (!told && waited_ms >= w->told_ms) {
      wait_tell(w, 0);
      told = true;
    }
    if (wg_cancel_check(w->cancel, err) != WG_OK) {
      return err->code;
    }
    wg_os_sleep_ms(sleep_ms);
  }
}
