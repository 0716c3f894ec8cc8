// SPDX-License-Identifier: Apache-2.0
// A service of the image as edits; nothing waits for the first start.
#ifndef WG_IMAGE_REG_SERVICE_H
#define WG_IMAGE_REG_SERVICE_H

#include "image/reg/edits.h"

typedef enum wg_service_start {
  WG_SERVICE_AUTO,
  WG_SERVICE_DELAYED, // automatic, after the others
  WG_SERVICE_MANUAL,
  WG_SERVICE_DISABLED,
} wg_service_start;
typedef enum wg_service_sid {
  WG_SERVICE_SID_NONE,
  WG_SERVICE_SID_UNRESTRICTED,
  WG_SERVICE_SID_RESTRICTED
} wg_service_sid;

typedef enum wg_service_action {
  WG_SERVICE_ACT_NONE,
  WG_SERVICE_ACT_RESTART,
  WG_SERVICE_ACT_REBOOT
} wg_service_action;
typedef struct wg_service_failure {
  wg_service_action action;
  uint32_t delay_ms;
} wg_service_failure;

typedef enum wg_service_trigger { // start on an event of the system
  WG_TRIGGER_NETWORK_UP,          // the first IP address is there
  WG_TRIGGER_NETWORK_DOWN,
  WG_TRIGGER_DOMAIN_JOIN,
  WG_TRIGGER_DOMAIN_LEAVE,
  WG_TRIGGER_MACHINE_POLICY, // group policy of the machine changed
  WG_TRIGGER_USER_POLICY,
} wg_service_trigger;

typedef struct wg_service { // strings are NUL-terminated, NULL when not given
  const char *name;         // 1 to 256 characters, no slash or backslash
  const char *display_name, *description;
  const char *const *args; // of the program
  size_t n_args;
  wg_service_start start;
  const char *account; // NULL: LocalSystem; LocalService, NetworkService, NT SERVICE\<name>
  wg_service_sid sid;
  const char *const *privileges; // SeChangeNotifyPrivilege, ...
  size_t n_privileges;
  const char *sddl; // of the service object
  const char *const *depends;
  size_t n_depends;
  const char *const *depends_at;      // n_depends: where each stands, for messages; NULL: at origin
  const wg_service_failure *failures; // first, second, and all further ones
  size_t n_failures;
  uint32_t failure_reset_s;
  bool failure_on_exit_code;      // also when it ends by itself with an error
  const char *const *environment; // "NAME=value"
  size_t n_environment;
  const wg_service_trigger *triggers;
  size_t n_triggers;
  bool event_source; // registers the name as a source of the Application log
  bool replace;      // a service or event source of that name that is another program's is replaced
} wg_service;

// program: Windows path of the .exe, "C:\Program Files\Kiosk\agent.exe". A service that the image
// has from an earlier time becomes what s says, with nothing left over; another program's is no
// edit's to change (WG_REG_TAKE_KEY). USAGE (with origin) for what Windows would refuse: a bad
// name, an account that needs a password, a descriptor that is none.
wg_code wg_service_edits(wg_reg_edits *e, const wg_service *s, const char *program,
                         const char *origin, wg_error *err);

// Values that make a service what it is, and what people call them.
typedef struct wg_service_fact {
  const char *value, *word;
} wg_service_fact;
#define WG_SERVICE_N_FACTS 20
extern const wg_service_fact wg_service_facts[WG_SERVICE_N_FACTS];

// --- rules; *hint says what would do

WG_MUST_CHECK bool wg_service_name_rule(const char *name, const char **hint);
// The account as the registry has it into *out (heap); NULL: LocalSystem. False: it needs a
// password, or is another service's.
WG_MUST_CHECK bool wg_service_account_rule(const char *account, const char *service, char **out);

#endif
