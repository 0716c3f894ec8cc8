// SPDX-License-Identifier: Apache-2.0
// What the process is and has: environment, time, randomness, terminal, limits; faults made on
// purpose.
#ifndef WG_OS_SYS_H
#define WG_OS_SYS_H

#include "base/bytes.h"

// First thing in a process: descriptors 0, 1 and 2 that are closed are taken, so that no file that
// is opened gets such a number. Reading from one ends at once, writing to one fails.
void wg_os_take_std_fds(void);

const char *wg_os_getenv(const char *name); // borrowed; NULL when unset
// Borrowed array of "NAME=value", as at the start of the process.
const char *const *wg_os_environ(void);
// Whether "NAME=value" is of one of the names (a list with NULL at its end); one that ends in '*'
// stands for all that begin so. For children that need not see the rest of our environment.
bool wg_os_environ_is(const char *pair, const char *const *names);

uint64_t wg_os_mono_ns(void);
int64_t wg_os_wall_ns(void); // since 1970
void wg_os_sleep_ms(uint64_t ms);
void wg_os_random(void *p, size_t n_bytes); // getrandom; exits on failure
bool wg_os_is_tty(int fd);
// Asks at the terminal (/dev/tty) and takes one line without showing it; appends it without its
// line end. NOT_FOUND: there is no terminal. CANCELED: a signal came. LIMIT.
wg_code wg_os_ask_hidden(const char *question, wg_buf *out, wg_error *err);
unsigned wg_os_tty_columns(int fd); // 80 when not known
unsigned wg_os_tty_rows(int fd);
unsigned wg_os_cpu_count(void);    // what this process may use (affinity, cgroup), at least 1
uint64_t wg_os_memory_bytes(void); // memory this process may use (cgroup, physical)
long wg_os_pid(void);
uint32_t wg_os_uid(void); // the effective user
// While on, what libraries print to stdio's stderr is dropped; descriptor 2 is not touched. For
// calls into libraries that print what they also return. Thread-safe: a second thread waits.
void wg_os_mute_stdio(bool on);

// Fault injection (only in builds with -Dfault=true; else these are constants the compiler drops).
// WINGO_FAULT="fail:N" makes the N-th os call of the process fail with EIO, "exit:N" ends the
// process there
// (_exit 137), "count:FILE" writes the number of calls to FILE at exit.
#ifdef WG_FAULT
bool wg_os_fault(const char *call); // true: the caller must act as if `call` had failed with EIO
#else
#define wg_os_fault(call) (false)
#endif

#endif
