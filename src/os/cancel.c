// SPDX-License-Identifier: Apache-2.0
#include "os/cancel.h"

#include <errno.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <unistd.h>

wg_code wg_cancel_init(wg_cancel *c, wg_error *err) {
  atomic_init(&c->on, 0);
  c->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (c->event_fd < 0) {
    return wg_fail_errno(err, errno, "cannot make an event descriptor");
  }
  return WG_OK;
}

void wg_cancel_done(wg_cancel *c) {
  if (c->event_fd >= 0) {
    (void)close(c->event_fd);
    c->event_fd = -1;
  }
}

void wg_cancel_set(wg_cancel *c, int why) {
  int none = 0;
  if (atomic_compare_exchange_strong(&c->on, &none, why) && c->event_fd >= 0) {
    uint64_t one = 1;
    ssize_t n = write(c->event_fd, &one, sizeof(one)); // stays readable for every waiter
    (void)n;
  }
}

wg_code wg_cancel_check(const wg_cancel *c, wg_error *err) {
  if (wg_canceled(c)) {
    return wg_fail(err, WG_E_CANCELED, "stopped");
  }
  return WG_OK;
}

static wg_cancel *signal_cancel;

static void signal_handler(int sig) {
  static volatile sig_atomic_t interrupts;
  int saved = errno;
  if (signal_cancel != NULL) {
    if (sig == SIGINT && interrupts != 0) {
      _exit(130); // asked twice by hand
    }
    interrupts = sig == SIGINT ? 1 : interrupts;
    wg_cancel_set(signal_cancel, sig);
  }
  errno = saved;
}

wg_code wg_os_catch_signals(wg_cancel *c, wg_error *err) {
  signal_cancel = c;
  struct sigaction sa = {.sa_handler = signal_handler, .sa_flags = SA_RESTART};
  (void)sigemptyset(&sa.sa_mask);
  static const int caught[] = {SIGINT, SIGTERM, SIGHUP};
  for (size_t i = 0; i < WG_ARRAY_LEN(caught); i++) {
    struct sigaction old = {0};
    // A SIGHUP that nohup has us ignore stays ignored.
    if (sigaction(caught[i], NULL, &old) == 0 && old.sa_handler == SIG_IGN && caught[i] == SIGHUP) {
      continue;
    }
    if (sigaction(caught[i], &sa, NULL) != 0) {
      return wg_fail_errno(err, errno, "cannot catch signal %d", caught[i]);
    }
  }
  // A closed pipe and a file over the limit (ulimit -f) are errors of the call, and no deaths.
  struct sigaction ignore = {.sa_handler = SIG_IGN};
  if (sigaction(SIGPIPE, &ignore, NULL) != 0 || sigaction(SIGXFSZ, &ignore, NULL) != 0) {
    return wg_fail_errno(err, errno, "cannot ignore SIGPIPE and SIGXFSZ");
  }
  return WG_OK;
}
