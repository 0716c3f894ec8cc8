// SPDX-License-Identifier: Apache-2.0
// Child processes, environment, threads, time, randomness, terminal.
#ifndef WG_OS_PROC_H
#define WG_OS_PROC_H

#include <pthread.h>

#include "os/file.h"

// Bytes of a child's stdout or stderr as they come, on the caller's thread.
typedef void (*wg_proc_sink)(void *ctx, const char *p, size_t n_bytes);

typedef struct wg_proc {
  const char *const
      *argv; // NULL-terminated; argv[0] with a slash is a path, else looked up in envp's PATH
  const char *const *envp;           // NULL-terminated, whole environment of the child
  const char *cwd;                   // NULL: ours
  wg_str input;                      // fed to stdin; empty: /dev/null
  wg_proc_sink on_stdout, on_stderr; // NULL: /dev/null
  void *ctx;
  const wg_cancel *cancel;     // SIGTERM to the child's process group, SIGKILL after 2 s
  uint64_t timeout_ms;         // 0: none
  uint64_t memory_limit_bytes; // RLIMIT_AS, 0: none
  bool no_network;             // own empty network namespace where that can be had
} wg_proc;

typedef struct wg_proc_result {
  int exit_code;   // -1 when killed by a signal
  int term_signal; // 0 when it exited
  uint64_t max_rss_bytes;
  uint64_t cpu_ns;
} wg_proc_result;

// Runs to the end. WG_OK whatever the child's exit code; NOT_FOUND when the program is not there;
// CANCELED, TIMEOUT after the child is gone. The child dies with us (PDEATHSIG) and runs in its own
// process group.
wg_code wg_os_run(const wg_proc *spec, wg_proc_result *out, wg_error *err);
// Path of name in a PATH-style list (NULL: our PATH), heap; NULL when not there.
char *wg_os_which(const char *name, const char *path_list);
// Absolute path of the running program, heap.
wg_code wg_os_self_path(char **out, wg_error *err);

// First thing in a process: descriptors 0, 1 and 2 that are closed are taken, so that no file that
// is opened gets such a number. Reading from one ends at once, writing to one fails.
void wg_os_take_std_fds(void);

const char *wg_os_getenv(const char *name); // borrowed; NULL when unset
// Borrowed array of "NAME=value", as at the start of the process.
const char *const *wg_os_environ(void);

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

// Thin names over pthreads; failures other than thread_start are our bugs and abort.
typedef struct wg_mutex {
  pthread_mutex_t m;
} wg_mutex;
typedef struct wg_cond {
  pthread_cond_t c;
} wg_cond;
typedef pthread_t wg_thread;
void wg_mutex_init(wg_mutex *m);
void wg_mutex_done(wg_mutex *m);
void wg_mutex_lock(wg_mutex *m);
void wg_mutex_unlock(wg_mutex *m);
void wg_cond_init(wg_cond *c); // monotonic clock
void wg_cond_done(wg_cond *c);
void wg_cond_wait(wg_cond *c, wg_mutex *m);
// False on timeout.
bool wg_cond_wait_ms(wg_cond *c, wg_mutex *m, uint64_t ms);
void wg_cond_all(wg_cond *c);
wg_code wg_thread_start(wg_thread *out, void *(*fn)(void *), void *arg, wg_error *err);
void wg_thread_join(wg_thread t);

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
