// SPDX-License-Identifier: Apache-2.0
// Waiting for what another has: tried again and again, with a limit, and so that it is said.
#ifndef WG_OS_WAIT_H
#define WG_OS_WAIT_H

#include "os/cancel.h"

typedef struct wg_wait {
  bool limited;
  uint64_t limit_ms; // then: no longer than that
  uint64_t told_ms;  // a wait is told when it is that long
  // waited_ms 0 when it is, and more when it is over. May be NULL.
  void (*tell)(const void *ctx, uint64_t waited_ms);
  const void *ctx;
  const wg_cancel *cancel; // NULL: none
} wg_wait;

// One try: OK, CONFLICT when another has it (no matter what it says then), or what ends the wait.
typedef wg_code (*wg_wait_try)(void *what, wg_error *err);
// Until it is OK. CONFLICT, with nothing said and the time in *out_waited_ms, when it took too
// long; CANCELED.
wg_code wg_os_wait(const wg_wait *w, wg_wait_try try_once, void *what, uint64_t *out_waited_ms,
                   wg_error *err);

#endif
