// SPDX-License-Identifier: Apache-2.0
// Child processes. fork and exec by hand, because a child needs its own process group, a
// parent-death signal, an address-space limit and perhaps a network namespace before it becomes the
// program.
#include "os/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define PROC_GRACE_NS ((uint64_t)2000000000)

typedef struct proc_pipe {
  wg_fd r, w;
} proc_pipe;

static void proc_pipe_done(proc_pipe *p) {
  wg_fd_done(&p->r);
  wg_fd_done(&p->w);
}
WG_DEFINE_AUTO(proc_pipe, proc_pipe_done);

static wg_code proc_pipe_make(proc_pipe *p, wg_error *err) {
  int fds[2];
  if (wg_os_fault("pipe")) {
    return wg_fail_errno(err, EIO, "cannot make a pipe");
  }
  if (pipe2(fds, O_CLOEXEC) != 0) {
    return wg_fail_errno(err, errno, "cannot make a pipe");
  }
  p->r = fds[0];
  p->w = fds[1];
  return WG_OK;
}

typedef struct proc_child {
  const wg_proc *spec;
  const char *path; // resolved program
  int in, out, err; // descriptors for 0, 1, 2; -1: /dev/null
  int report;       // errno of a failed start is written here
  pid_t parent;
} proc_child;

static void proc_write_once(const char *path, const char *text) {
  int fd = open(path, O_WRONLY | O_CLOEXEC);
  if (fd >= 0) {
    ssize_t n = write(fd, text, strlen(text));
    (void)n;
    (void)close(fd);
  }
}

// An empty network namespace, by way of a user namespace when not root. Best effort.
static void proc_drop_network(char *uid_map, char *gid_map) {
  if (unshare(CLONE_NEWNET) == 0) {
    return;
  }
  if (unshare(CLONE_NEWUSER | CLONE_NEWNET) == 0) {
    proc_write_once("/proc/self/setgroups", "deny");
    proc_write_once("/proc/self/uid_map", uid_map);
    proc_write_once("/proc/self/gid_map", gid_map);
  }
}

WG_NORETURN static void proc_child_fail(const proc_child *c, int e) {
  ssize_t n = write(c->report, &e, sizeof(e));
  (void)n;
  _exit(127);
}

static void proc_redirect(const proc_child *c, int fd, int target) {
  if (fd < 0) {
    fd = open("/dev/null", (target == 0 ? O_RDONLY : O_WRONLY) | O_CLOEXEC);
  }
  if (fd < 0 || dup2(fd, target) < 0) {
    proc_child_fail(c, errno);
  }
}

// In the child, between fork and exec: only async-signal-safe calls.
WG_NORETURN static void proc_child_run(const proc_child *c, char *uid_map, char *gid_map) {
  (void)setpgid(0, 0);
  (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != c->parent) {
    _exit(127); // the parent died before the line above
  }
  sigset_t none;
  (void)sigemptyset(&none);
  for (int sig = 1; sig < NSIG; sig++) {
    struct sigaction dfl = {.sa_handler = SIG_DFL};
    (void)sigaction(sig, &dfl, NULL);
  }
  // The child has one thread. NOLINTNEXTLINE(concurrency-mt-unsafe)
  (void)sigprocmask(SIG_SETMASK, &none, NULL);
  proc_redirect(c, c->in, 0);
  proc_redirect(c, c->out, 1);
  proc_redirect(c, c->err, 2);
  if (c->spec->memory_limit_bytes != 0) {
    struct rlimit lim = {.rlim_cur = c->spec->memory_limit_bytes,
                         .rlim_max = c->spec->memory_limit_bytes};
    (void)setrlimit(RLIMIT_AS, &lim);
  }
  if (c->spec->no_network) {
    proc_drop_network(uid_map, gid_map);
  }
  if (c->spec->cwd != NULL && chdir(c->spec->cwd) != 0) {
    proc_child_fail(c, errno);
  }
  (void)syscall(SYS_close_range, 3U, ~0U, 4U /* CLOSE_RANGE_CLOEXEC */);
  // execve takes non-const arrays for historical reasons and does not change them.
  union {
    const char *const *in;
    char *const *out;
  } argv = {.in = c->spec->argv}, envp = {.in = c->spec->envp};
  (void)execve(c->path, argv.out, envp.out);
  proc_child_fail(c, errno);
}

typedef struct proc_state {
  const wg_proc *spec;
  pid_t pid;
  wg_fd in, out, err;         // our ends; -1 when closed
  size_t fed;                 // bytes of spec->input written
  uint64_t start_ns, term_ns; // term_ns: SIGTERM was sent then
  bool killed;
  wg_code why; // CANCELED or TIMEOUT when we stopped it
} proc_state;

static void proc_state_done(proc_state *s) {
  wg_fd_done(&s->in);
  wg_fd_done(&s->out);
  wg_fd_done(&s->err);
  if (s->pid > 0) { // left early: nothing may stay behind
    (void)kill(-s->pid, SIGKILL);
    while (waitpid(s->pid, NULL, 0) < 0 && errno == EINTR) {
    }
  }
}
WG_DEFINE_AUTO(proc_state, proc_state_done);

static void proc_signal(const proc_state *s, int sig) {
  if (kill(-s->pid, sig) != 0) {
    (void)kill(s->pid, sig);
  }
}

// Asks, then forces, a child to stop when it should.
static void proc_police(proc_state *s) {
  uint64_t now = wg_os_mono_ns();
  if (s->why == WG_OK) {
    if (wg_canceled(s->spec->cancel)) {
      s->why = WG_E_CANCELED;
    } else if (s->spec->timeout_ms != 0 && now - s->start_ns > s->spec->timeout_ms * 1000000) {
      s->why = WG_E_TIMEOUT;
    }
    if (s->why != WG_OK) {
      proc_signal(s, SIGTERM);
      s->term_ns = now;
    }
  } else if (!s->killed && now - s->term_ns > PROC_GRACE_NS) {
    proc_signal(s, SIGKILL);
    s->killed = true;
  }
}

// A write that a child that has gone answers with EPIPE, never with a signal.
static ssize_t proc_write_quiet(int fd, const void *p, size_t n_bytes) {
  sigset_t pipe_only, old, pending;
  (void)sigemptyset(&pipe_only);
  (void)sigaddset(&pipe_only, SIGPIPE);
  (void)pthread_sigmask(SIG_BLOCK, &pipe_only, &old);
  ssize_t n = write(fd, p, n_bytes);
  int saved = errno;
  if (n < 0 && saved == EPIPE && sigpending(&pending) == 0 && sigismember(&pending, SIGPIPE) == 1) {
    struct timespec zero = {0};
    (void)sigtimedwait(&pipe_only, NULL, &zero);
  }
  (void)pthread_sigmask(SIG_SETMASK, &old, NULL);
  errno = saved;
  return n;
}

static void proc_feed(proc_state *s) {
  ssize_t n = proc_write_quiet(s->in, s->spec->input.p + s->fed, s->spec->input.n - s->fed);
  if (n > 0) {
    s->fed += (size_t)n;
  }
  if (s->fed == s->spec->input.n || (n < 0 && errno != EINTR && errno != EAGAIN)) {
    wg_fd_done(&s->in); // all given, or the child does not want more
  }
}

static void proc_drain(proc_state *s, wg_fd *fd, wg_proc_sink sink) {
  char chunk[3072];
  ssize_t n = read(*fd, chunk, sizeof(chunk));
  if (n > 0) {
    sink(s->spec->ctx, chunk, (size_t)n);
  } else if (n == 0 || (errno != EINTR && errno != EAGAIN)) {
    wg_fd_done(fd);
  }
}

// Moves bytes until both outputs are closed, or the child has gone and left them to a grandchild.
static void proc_pump(proc_state *s) {
  while (s->out >= 0 || s->err >= 0 || s->in >= 0) {
    struct pollfd p[4] = {
        {.fd = s->in, .events = POLLOUT},
        {.fd = s->out, .events = POLLIN},
        {.fd = s->err, .events = POLLIN},
        {.fd = s->spec->cancel != NULL && s->why == WG_OK ? s->spec->cancel->event_fd : -1,
         .events = POLLIN},
    };
    int timeout_ms = s->why != WG_OK || s->spec->timeout_ms != 0 ? 50 : 1000;
    (void)poll(p, 4, timeout_ms);
    proc_police(s);
    if (p[0].revents != 0) {
      proc_feed(s);
    }
    if (p[1].revents != 0) {
      proc_drain(s, &s->out, s->spec->on_stdout);
    }
    if (p[2].revents != 0) {
      proc_drain(s, &s->err, s->spec->on_stderr);
    }
    siginfo_t info = {0};
    if (p[1].revents == 0 && p[2].revents == 0 &&
        waitid(P_PID, (id_t)s->pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
        info.si_pid == s->pid && poll(p + 1, 2, 20) <= 0) {
      return;
    }
  }
}

static void proc_wait(proc_state *s, wg_proc_result *out) {
  int status = 0;
  struct rusage ru = {0};
  for (;;) {
    pid_t got = wait4(s->pid, &status,
                      s->spec->cancel == NULL && s->spec->timeout_ms == 0 ? 0 : WNOHANG, &ru);
    if (got == s->pid) {
      break;
    }
    if (got == 0) {
      proc_police(s);
      wg_os_sleep_ms(2);
    }
  }
  if (s->why != WG_OK) {
    (void)kill(-s->pid, SIGKILL); // its group: grandchildren that did not listen
  }
  s->pid = 0;
  *out = (wg_proc_result){
      .exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : -1,
      .term_signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0,
      .max_rss_bytes = (uint64_t)ru.ru_maxrss * 1024,
      .cpu_ns = (uint64_t)(ru.ru_utime.tv_sec + ru.ru_stime.tv_sec) * 1000000000U +
                (uint64_t)(ru.ru_utime.tv_usec + ru.ru_stime.tv_usec) * 1000U,
  };
}

static const char *proc_env_path(const char *const *envp) {
  for (; *envp != NULL; envp++) {
    if (strncmp(*envp, "PATH=", 5) == 0) {
      return *envp + 5;
    }
  }
  return "/usr/local/bin:/usr/bin:/bin";
}

// errno of a start that failed in the child, 0 when the program runs.
static int proc_start_errno(int report_r) {
  int e = 0;
  ssize_t n = 0;
  do {
    n = read(report_r, &e, sizeof(e));
  } while (n < 0 && errno == EINTR);
  return n == (ssize_t)sizeof(e) ? e : 0;
}

// Forks. Signals are blocked meanwhile, so that no handler of ours runs in the child.
static pid_t proc_fork(const proc_child *c) {
  char uid_map[64], gid_map[64];
  (void)wg_format(uid_map, sizeof(uid_map), "%u %u 1", (unsigned)geteuid(), (unsigned)geteuid());
  (void)wg_format(gid_map, sizeof(gid_map), "%u %u 1", (unsigned)getegid(), (unsigned)getegid());
  sigset_t all, old;
  (void)sigfillset(&all);
  (void)pthread_sigmask(SIG_BLOCK, &all, &old);
  pid_t pid = fork();
  if (pid == 0) {
    proc_child_run(c, uid_map, gid_map);
  }
  int saved = errno;
  (void)pthread_sigmask(SIG_SETMASK, &old, NULL);
  errno = saved;
  return pid;
}

static wg_code proc_start(const wg_proc *spec, const char *path, proc_state *s, wg_error *err) {
  WG_AUTO(proc_pipe) in = {-1, -1};
  WG_AUTO(proc_pipe) out = {-1, -1};
  WG_AUTO(proc_pipe) errp = {-1, -1};
  WG_AUTO(proc_pipe) report = {-1, -1};
  if ((spec->input.n > 0 && proc_pipe_make(&in, err) != WG_OK) ||
      (spec->on_stdout != NULL && proc_pipe_make(&out, err) != WG_OK) ||
      (spec->on_stderr != NULL && proc_pipe_make(&errp, err) != WG_OK) ||
      proc_pipe_make(&report, err) != WG_OK) {
    return err->code;
  }
  proc_child c = {.spec = spec,
                  .path = path,
                  .in = in.r,
                  .out = out.w,
                  .err = errp.w,
                  .report = report.w,
                  .parent = getpid()};
  if (wg_os_fault("fork")) {
    return wg_fail_errno(err, EAGAIN, "cannot start '%s'", spec->argv[0]);
  }
  s->pid = proc_fork(&c);
  if (s->pid < 0) {
    int e = errno;
    s->pid = 0;
    return wg_fail_errno(err, e, "cannot start '%s'", spec->argv[0]);
  }
  (void)setpgid(s->pid, s->pid);
  wg_fd_done(&report.w);
  int e = proc_start_errno(report.r);
  if (e != 0) {
    return wg_fail_errno(err, e, "cannot run '%s'%s%s", path, spec->cwd != NULL ? " in " : "",
                         spec->cwd != NULL ? spec->cwd : "");
  }
  s->in = wg_fd_take(&in.w);
  if (s->in >= 0) {
    (void)fcntl(s->in, F_SETFL, O_NONBLOCK);
  }
  s->out = wg_fd_take(&out.r);
  s->err = wg_fd_take(&errp.r);
  return WG_OK;
}

wg_code wg_os_run(const wg_proc *spec, wg_proc_result *out, wg_error *err) {
  if (wg_cancel_check(spec->cancel, err) != WG_OK) {
    return err->code;
  }
  WG_AUTO(wg_cstr) path = wg_os_which(spec->argv[0], proc_env_path(spec->envp));
  if (path == NULL) {
    return wg_fail(err, WG_E_NOT_FOUND, "program '%s' is not installed or not on PATH",
                   spec->argv[0]);
  }
  WG_AUTO(proc_state)
  s = {.spec = spec, .in = -1, .out = -1, .err = -1, .start_ns = wg_os_mono_ns()};
  if (proc_start(spec, path, &s, err) != WG_OK) {
    return err->code;
  }
  proc_pump(&s);
  wg_proc_result result;
  proc_wait(&s, &result);
  if (s.why == WG_E_CANCELED) {
    return wg_fail(err, WG_E_CANCELED, "stopped");
  }
  if (s.why == WG_E_TIMEOUT) {
    return wg_fail(err, WG_E_TIMEOUT, "'%s' did not end within %llu ms", spec->argv[0],
                   (unsigned long long)spec->timeout_ms);
  }
  *out = result;
  return WG_OK;
}

wg_code wg_os_self_path(char **out, wg_error *err) {
  return wg_os_readlink(WG_CWD, "/proc/self/exe", out, err);
}

char *wg_os_which(const char *name, const char *path_list) {
  if (strchr(name, '/') != NULL) {
    return access(name, X_OK) == 0 ? wg_xstrdup(name) : NULL;
  }
  const char *list = path_list != NULL ? path_list : wg_os_getenv("PATH");
  if (list == NULL) {
    list = "/usr/local/bin:/usr/bin:/bin";
  }
  for (const char *p = list;; p++) {
    size_t n = strcspn(p, ":");
    WG_AUTO(wg_cstr) dir = n == 0 ? wg_xstrdup(".") : wg_xstrndup(p, n);
    WG_AUTO(wg_cstr) full = wg_path_join(dir, name);
    wg_stat st;
    wg_error ignored = WG_ERROR_INIT;
    if (access(full, X_OK) == 0 && wg_os_stat(WG_CWD, full, true, &st, &ignored) == WG_OK &&
        st.type == WG_FT_FILE) {
      return wg_take(&full);
    }
    p += n;
    if (*p == '\0') {
      return NULL;
    }
  }
}
