// SPDX-License-Identifier: Apache-2.0
// One setting of an answer file (unattend.xml), as a part of an image wants it.
#ifndef WG_FMT_PLAN_ANSWER_H
#define WG_FMT_PLAN_ANSWER_H

#include "fmt/plan/record.h"

typedef enum wg_answer_pass { // in the order in which Setup goes through them
  WG_PASS_WINDOWS_PE,
  WG_PASS_OFFLINE_SERVICING,
  WG_PASS_GENERALIZE,
  WG_PASS_SPECIALIZE,
  WG_PASS_AUDIT_SYSTEM,
  WG_PASS_AUDIT_USER,
  WG_PASS_OOBE_SYSTEM,
} wg_answer_pass;
// As the file has it: "windowsPE", "oobeSystem".
const char *wg_answer_pass_name(wg_answer_pass pass);

typedef struct wg_answer_setting {
  wg_answer_pass pass;
  const char *component; // "Microsoft-Windows-Shell-Setup"
  const char *path;      // names of elements, "OOBE/HideEULAPage"; an item of a list by its key:
                         // "UserAccounts/LocalAccounts/LocalAccount[kiosk]/Group"
  const char *value;     // text; NULL where secret names it
  const char *secret;    // label of the secret that is the value, or NULL
  const char *origin;    // who wants it, for messages: "wingo.yaml:12:5"
} wg_answer_setting;

// The rule of what a setting may be. FORMAT.
wg_code wg_answer_check(const wg_answer_setting *s, wg_error *err);
// Whether two name the same place in the file.
bool wg_answer_same_place(const wg_answer_setting *a, const wg_answer_setting *b);
// CONFLICT, naming both origins, when they name one place and want different things there.
wg_code wg_answer_agree(const wg_answer_setting *a, const wg_answer_setting *b, wg_error *err);

// Appends the record of kind "answer"; its title is title. Without origin the text says what is
// wanted and not who wants it.
void wg_answer_write(const wg_answer_setting *s, wg_str title, bool origin, wg_buf *out);
void wg_answer_write_fields(const wg_answer_setting *s, wg_buf *out); // without origin
// As wg_task_read_fields and wg_task_parse.
void wg_answer_read_fields(wg_record *r, wg_answer_setting *out);
wg_code wg_answer_parse(wg_record *r, wg_answer_setting *out, wg_error *err);

#endif
