// What an app needs in the registry of an image: service, PATH, event source, firewall rule, entry
// in Programs and Features. All as edits (image/reg/registry.h); nothing waits for the first start.
#ifndef WG_IMAGE_REG_SERVICE_H
#define WG_IMAGE_REG_SERVICE_H

#include "fmt/regtext/regtext.h"
#include "image/reg/registry.h"

// A growing list of edits; everything they point to is in the arena.
typedef struct wg_reg_edits {
  wg_arena arena;
  wg_reg_edit *v;
  size_t n, cap;
} wg_reg_edits;
void wg_reg_edits_init(wg_reg_edits *e);
void wg_reg_edits_done(wg_reg_edits *e);
WG_DEFINE_AUTO(wg_reg_edits, wg_reg_edits_done);
// Appends edits. Strings are copied; name "" is the default value.
void wg_reg_edits_text(wg_reg_edits *e, const char *origin, const char *key, const char *name,
                       uint32_t type, const char *text);
void wg_reg_edits_dword(wg_reg_edits *e, const char *origin, const char *key, const char *name,
                        uint32_t v);
void wg_reg_edits_bytes(wg_reg_edits *e, const char *origin, const char *key, const char *name,
                        uint32_t type, const void *p, size_t n_bytes);
void wg_reg_edits_list(wg_reg_edits *e, const char *origin, const char *key, const char *name,
                       const char *const *items, size_t n_items);
wg_reg_edit *wg_reg_edits_new(wg_reg_edits *e, const char *origin, wg_reg_edit_op op,
                              const char *key, const char *name);
// Every operation of parsed registry text.
void wg_reg_edits_regtext(wg_reg_edits *e, const char *file, const wg_regtext *t);

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
  const wg_service_failure *failures; // first, second, and all further ones
  size_t n_failures;
  uint32_t failure_reset_s;
  bool failure_on_exit_code;      // also when it ends by itself with an error
  const char *const *environment; // "NAME=value"
  size_t n_environment;
  const wg_service_trigger *triggers;
  size_t n_triggers;
  bool event_source; // registers the name as a source of the Application log
} wg_service;

// program: Windows path of the .exe, "C:\Program Files\Kiosk\agent.exe". USAGE (with origin) for
// what Windows would refuse: a bad name, an account that needs a password, a descriptor that is
// none.
wg_code wg_service_edits(wg_reg_edits *e, const wg_service *s, const char *program,
                         const char *origin, wg_error *err);
// The machine's PATH gets the folder, once.
void wg_path_edits(wg_reg_edits *e, const char *folder, const char *origin);

typedef struct wg_firewall_rule {
  const char *name;
  bool udp;          // else TCP
  const char *ports; // "8080", "80,443", "5000-5010"; NULL: any
  bool outbound, block;
} wg_firewall_rule;
wg_code wg_firewall_edits(wg_reg_edits *e, const wg_firewall_rule *r, const char *program,
                          const char *origin, wg_error *err);

typedef struct wg_uninstall_entry {
  const char *id;                                    // key name
  const char *display_name;                          // shown
  const char *version, *publisher, *location, *icon; // NULL: left out
} wg_uninstall_entry;
void wg_uninstall_edits(wg_reg_edits *e, const wg_uninstall_entry *u, const char *origin);

// "C:\Program Files\x.exe" with arguments as a command line that Windows splits again into the same
// words (CommandLineToArgvW). A program with a space is always quoted.
void wg_windows_command_line(const char *program, const char *const *args, size_t n_args,
                             wg_buf *out);

#endif
