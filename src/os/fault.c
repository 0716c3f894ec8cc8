// SPDX-License-Identifier: Apache-2.0
// Fault injection for tests: see os/proc.h. Compiled to nothing without -Dfault=true.
#include "os/sys.h"

#ifdef WG_FAULT

#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static atomic_ulong n_calls;
static unsigned long fail_at, exit_at;
static const char *count_file;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void fault_write_count(void) {
  FILE *f = fopen(count_file, "we");
  if (f != NULL) {
    (void)fprintf(f, "%lu\n", (unsigned long)atomic_load(&n_calls));
    (void)fclose(f);
  }
}

static void fault_init(void) {
  const char *s = getenv("WINGO_FAULT");
  if (s == NULL) {
    return;
  }
  if (strncmp(s, "fail:", 5) == 0) {
    fail_at = strtoul(s + 5, NULL, 10);
  } else if (strncmp(s, "exit:", 5) == 0) {
    exit_at = strtoul(s + 5, NULL, 10);
  } else if (strncmp(s, "count:", 6) == 0) {
    count_file = s + 6;
    (void)atexit(fault_write_count);
  }
}

bool wg_os_fault(const char *call) {
  (void)call;
  (void)pthread_once(&once, fault_init);
  unsigned long n = atomic_fetch_add(&n_calls, 1) + 1;
  if (exit_at != 0 && n == exit_at) {
    _exit(137);
  }
  return fail_at != 0 && n == fail_at;
}

#endif

// ISO C forbids an empty translation unit.
typedef int wg_fault_not_empty_;
