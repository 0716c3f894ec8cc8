// SPDX-License-Identifier: Apache-2.0
// A task of the first boot: what the machine itself has to do, once, after set-up. Parts of an
// image contribute tasks; the program that runs them in Windows reads the same text.
#ifndef WG_FMT_PLAN_TASK_H
#define WG_FMT_PLAN_TASK_H

#include "fmt/plan/record.h"

typedef enum wg_task_kind {
  WG_TASK_RUN,        // a program: args are its command line's words, or of the payload's program
  WG_TASK_POWERSHELL, // the first payload is the script, args are its own
  WG_TASK_REGISTRY,   // the first payload is registry text
  WG_TASK_SERVICE,    // args: "start" or "stop" and the service's name
  WG_TASK_FILE,       // args: "move", "copy" or "delete" and paths
  WG_TASK_DRIVER,     // payloads are driver packages
  WG_TASK_PACKAGE,    // an installer: payload and args
  WG_TASK_REBOOT,
} wg_task_kind;

typedef enum wg_detect_kind { // how one sees that the task has had its effect
  WG_DETECT_NONE,
  WG_DETECT_FILE,     // path is there; version: at least that
  WG_DETECT_REGISTRY, // value `name` of key `path` is there; version: is that text
  WG_DETECT_PRODUCT,  // path is the product code of an MSI
} wg_detect_kind;

typedef enum wg_task_interrupt { // the machine went down inside of the task, and no detection rule
  WG_TASK_INTERRUPT_FAIL,
  WG_TASK_INTERRUPT_RERUN,
  WG_TASK_INTERRUPT_SKIP,
} wg_task_interrupt;

typedef enum wg_task_failure {
  WG_TASK_FAILURE_STOP, // the whole plan ends
  WG_TASK_FAILURE_CONTINUE,
} wg_task_failure;

typedef struct wg_task { // strings are NUL-terminated
  wg_task_kind kind;
  const char *identity; // unique in the plan, stable: "run/join"
  const char *const *needs;
  size_t n_needs; // identities of tasks that come before
  const char *const *payloads;
  size_t n_payloads; // labels of inputs
  const char *const *args;
  size_t n_args;
  struct {
    wg_detect_kind kind;
    const char *path, *name, *version; // NULL: not asked for
  } detect;
  uint32_t limit_s;   // 0: none
  uint32_t retries;   // after the first try
  uint32_t backoff_s; // before the first retry; doubles
  wg_task_interrupt on_interrupt;
  wg_task_failure on_failure;
  const uint32_t *ok_codes, *reboot_codes; // exit codes; none: 0 is right, 3010 and 1641 ask
  size_t n_ok_codes, n_reboot_codes;
  const char *const *secrets;
  size_t n_secrets; // labels
} wg_task;

#define WG_TASK_MAX_LIMIT_S (7U * 24U * 3600U)
#define WG_TASK_MAX_RETRIES 100U

// The rule of what a task may be: an identity, no label twice, limits. FORMAT.
wg_code wg_task_check(const wg_task *t, wg_error *err);
// Appends the record of kind "task"; t has passed the check. title is for people and not part of
// the task. parse(write(t)) is t.
void wg_task_write(const wg_task *t, wg_str title, wg_buf *out);
// The fields of a task alone, and their reading from a record, as far as they go: what comes behind
// them stays in r. All lives in r's arena. The caller ends with wg_record_done.
void wg_task_write_fields(const wg_task *t, wg_buf *out);
void wg_task_read_fields(wg_record *r, wg_task *out);
// A whole record. FORMAT: another kind, a field too many or too few, wg_task_check. NOMEM, LIMIT.
wg_code wg_task_parse(wg_record *r, wg_task *out, wg_error *err);

#endif
