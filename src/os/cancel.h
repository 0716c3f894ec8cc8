// SPDX-License-Identifier: Apache-2.0
// A stop request that many threads can look at and children's waiters can sleep on.
#ifndef WG_OS_CANCEL_H
#define WG_OS_CANCEL_H

#include <stdatomic.h>

#include "base/error.h"

typedef struct wg_cancel {
  atomic_int on; // 0, or the signal number / 1 when set by program
  int event_fd;  // readable once on; -1 when not made
} wg_cancel;

wg_code wg_cancel_init(wg_cancel *c, wg_error *err);
void wg_cancel_done(wg_cancel *c);
// Async-signal-safe and thread-safe. why != 0.
void wg_cancel_set(wg_cancel *c, int why);
static inline bool wg_canceled(const wg_cancel *c) { // c may be NULL: never canceled
  return c != NULL && atomic_load_explicit(&c->on, memory_order_relaxed) != 0;
}
// WG_E_CANCELED in *err when set, else WG_OK.
WG_MUST_CHECK wg_code wg_cancel_check(const wg_cancel *c, wg_error *err);
// SIGINT, SIGTERM and SIGHUP set c; a second SIGINT (not one after a SIGTERM) ends the
// process at once (exit 130).
// SIGPIPE and SIGXFSZ are ignored: what was written to says so. One cancel per process.
wg_code wg_os_catch_signals(wg_cancel *c, wg_error *err);

#endif
