// SPDX-License-Identifier: Apache-2.0
// Child processes.
#ifndef WG_OS_PROC_H
#define WG_OS_PROC_H

#include "os/file.h"
#include "os/sys.h"
#include "os/thread.h"

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

#endif
