// SPDX-License-Identifier: Apache-2.0
// Facts about the system: time, randomness, terminal, processors, memory, environment.
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "os/sys.h"

const char *wg_os_getenv(const char *name) {
  return getenv(name); // NOLINT(concurrency-mt-unsafe): nothing of ours calls setenv
}

const char *const *wg_os_environ(void) {
  return (const char *const *)environ;
}

bool wg_os_environ_is(const char *pair, const char *const *names) {
  for (; *names != NULL; names++) {
    size_t n = strlen(*names);
    bool begins = (*names)[n - 1] == '*';
    n -= begins ? 1 : 0;
    if (strncmp(pair, *names, n) == 0 && (begins || pair[n] == '=')) {
      return true;
    }
  }
  return false;
}

static uint64_t sys_clock(clockid_t id) {
  struct timespec t;
  wg_assert(clock_gettime(id, &t) == 0);
  return (uint64_t)t.tv_sec * 1000000000U + (uint64_t)t.tv_nsec;
}

uint64_t wg_os_mono_ns(void) {
  return sys_clock(CLOCK_MONOTONIC);
}

int64_t wg_os_wall_ns(void) {
  return (int64_t)sys_clock(CLOCK_REALTIME);
}

void wg_os_sleep_ms(uint64_t ms) {
  struct timespec t = {.tv_sec = (time_t)(ms / 1000), .tv_nsec = (long)(ms % 1000) * 1000000};
  while (nanosleep(&t, &t) != 0 && errno == EINTR) {
  }
}

void wg_os_random(void *p, size_t n_bytes) {
  uint8_t *at = p;
  while (n_bytes > 0) {
    ssize_t n = getrandom(at, n_bytes, 0);
    if (n < 0 && errno == EINTR) {
      continue;
    }
    wg_assert(n > 0);
    at += n;
    n_bytes -= (size_t)n;
  }
}

bool wg_os_is_tty(int fd) {
  return isatty(fd) == 1;
}

static struct winsize sys_winsize(int fd) {
  struct winsize w = {0};
  if (ioctl(fd, TIOCGWINSZ, &w) != 0) {
    w = (struct winsize){0};
  }
  return w;
}

unsigned wg_os_tty_columns(int fd) {
  unsigned n = sys_winsize(fd).ws_col;
  return n == 0 ? 80 : n;
}

unsigned wg_os_tty_rows(int fd) {
  unsigned n = sys_winsize(fd).ws_row;
  return n == 0 ? 24 : n;
}

// First line of a small file, without its newline; false when it cannot be read.
static bool sys_read_line(const char *path, char *out, size_t cap) {
  FILE *f = fopen(path, "re");
  if (f == NULL) {
    return false;
  }
  bool ok = fgets(out, (int)cap, f) != NULL;
  (void)fclose(f);
  if (ok) {
    out[strcspn(out, "\n")] = '\0';
  }
  return ok;
}

unsigned wg_os_cpu_count(void) {
  cpu_set_t set;
  unsigned n = 1;
  if (sched_getaffinity(0, sizeof(set), &set) == 0) {
    n = (unsigned)CPU_COUNT(&set);
  }
  // cgroup v2: "quota period" in microseconds, or "max period".
  char line[128];
  if (sys_read_line("/sys/fs/cgroup/cpu.max", line, sizeof(line))) {
    wg_str s = wg_str_of(line);
    size_t gap = wg_str_find(s, ' ');
    uint64_t quota = 0, period = 0;
    if (gap < s.n && wg_parse_u64((wg_str){s.p, gap}, &quota) &&
        wg_parse_u64((wg_str){s.p + gap + 1, s.n - gap - 1}, &period) && period > 0) {
      uint64_t cpus = (quota + period - 1) / period;
      n = cpus > 0 && cpus < n ? (unsigned)cpus : n;
    }
  }
  return n == 0 ? 1 : n;
}

uint64_t wg_os_memory_bytes(void) {
  long pages = sysconf(_SC_PHYS_PAGES), page = sysconf(_SC_PAGESIZE);
  uint64_t n = pages > 0 && page > 0 ? (uint64_t)pages * (uint64_t)page : (uint64_t)1 << 30;
  char line[128];
  uint64_t limit = 0;
  if (sys_read_line("/sys/fs/cgroup/memory.max", line, sizeof(line)) &&
      wg_parse_u64(wg_str_of(line), &limit) && limit > 0 && limit < n) {
    n = limit;
  }
  return n;
}

long wg_os_pid(void) {
  return (long)getpid();
}

uint32_t wg_os_uid(void) {
  return geteuid();
}

void wg_os_take_std_fds(void) {
  for (int fd = 0; fd <= 2; fd++) {
    if (fcntl(fd, F_GETFD) < 0 && errno == EBADF) {
      // The lowest free number is taken: this one. For reading only, so that what is written to it
      // is an error and not lost. Children get it as it is.
      int got = open("/dev/null", O_RDONLY);
      if (got != fd) {
        _exit(1);
      }
    }
  }
}

void wg_os_mute_stdio(bool on) {
  static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
  static FILE *nowhere, *was; // guarded by lock
  if (on) {
    wg_assert(pthread_mutex_lock(&lock) == 0);
    nowhere = nowhere == NULL ? fopen("/dev/null", "we") : nowhere;
    was = stderr;
    stderr = nowhere == NULL ? stderr : nowhere; // glibc: a variable like another
    return;
  }
  stderr = was;
  wg_assert(pthread_mutex_unlock(&lock) == 0);
}
