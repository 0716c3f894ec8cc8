// SPDX-License-Identifier: Apache-2.0
#include "image/reg/service.h"

#include <string.h>

#include "fmt/sd/sd.h"
#include "image/reg/command.h"

#define SERVICES "HKLM\\SYSTEM\\CurrentControlSet\\Services\\"

const wg_service_fact wg_service_facts[WG_SERVICE_N_FACTS] = {
    {"Type", "type"},
    {"Start", "start"},
    {"DelayedAutostart", "delayed"},
    {"ErrorControl", "error control"},
    {"ImagePath", "command"},
    {"ObjectName", "account"},
    {"DisplayName", "display name"},
    {"Description", "description"},
    {"DependOnService", "depends on"},
    {"DependOnGroup", "depends on group"},
    {"Group", "group"},
    {"Tag", "tag"},
    {"RequiredPrivileges", "privileges"},
    {"ServiceSidType", "service SID"},
    {"Environment", "environment"},
    {"FailureActions", "failure actions"},
    {"FailureActionsOnNonCrashFailures", "actions on error exit"},
    {"FailureCommand", "failure command"},
    {"RebootMessage", "reboot message"},
    {"LaunchProtected", "protection"},
};
static const char *const service_subkeys[] = {"\\TriggerInfo", "\\Security"};

enum { // as winsvc.h and winnt.h have them
  SERVICE_WIN32_OWN_PROCESS = 0x10,
  SERVICE_AUTO_START = 2,
  SERVICE_DEMAND_START = 3,
  SERVICE_DISABLED = 4,
  SERVICE_ERROR_NORMAL = 1,
  SERVICE_SID_TYPE_UNRESTRICTED = 1,
  SERVICE_SID_TYPE_RESTRICTED = 3,
  SERVICE_TRIGGER_IP_ADDRESS = 2,
  SERVICE_TRIGGER_DOMAIN_JOIN = 3,
  SERVICE_TRIGGER_GROUP_POLICY = 5,
  SERVICE_TRIGGER_ACTION_START = 1,
  SC_ACTION_NONE = 0,
  SC_ACTION_RESTART = 1,
  SC_ACTION_REBOOT = 2,
};

bool wg_service_name_rule(const char *name, const char **hint) {
  size_t n = strlen(name);
  *hint = "1 to 256 characters, no slash or backslash";
  return n > 0 && n <= 256 && strpbrk(name, "/\\") == NULL;
}

bool wg_service_account_rule(const char *account, const char *service, char **out) {
  static const char *const known[][2] = {
      {"LocalSystem", "LocalSystem"},
      {"LocalService", "NT AUTHORITY\\LocalService"},
      {"NT AUTHORITY\\LocalService", "NT AUTHORITY\\LocalService"},
      {"NetworkService", "NT AUTHORITY\\NetworkService"},
      {"NT AUTHORITY\\NetworkService", "NT AUTHORITY\\NetworkService"},
  };
  wg_str want = wg_str_of(account == NULL ? "LocalSystem" : account);
  for (size_t i = 0; i < WG_ARRAY_LEN(known); i++) {
    if (wg_str_eq_nocase(want, known[i][0])) {
      *out = wg_xstrdup(known[i][1]);
      return true;
    }
  }
  WG_AUTO(wg_cstr) own = wg_xprintf("NT SERVICE\\%s", service);
  if (wg_name_cmp_nocase(want, wg_str_of(own)) != 0) {
    return false;
  }
  *out = wg_take(&own);
  return true;
}

static wg_code service_rules(const wg_service *s, const char *origin, char **out_account,
                             wg_error *err) {
  const char *hint = NULL;
  if (!wg_service_name_rule(s->name, &hint)) {
    return wg_fail(err, WG_E_USAGE, "%s: '%s' cannot be a service's name: %s", origin, s->name,
                   hint);
  }
  if (!wg_service_account_rule(s->account, s->name, out_account)) {
    return wg_fail(err, WG_E_USAGE,
                   "%s: service '%s' cannot run as '%s': such an account needs a password, which "
                   "Windows keeps sealed with keys that only the installed system has; use "
                   "LocalSystem, LocalService, NetworkService or 'NT SERVICE\\%s'",
                   origin, s->name, s->account, s->name);
  }
  return WG_OK;
}

// The key is this program's from here on: what an earlier build put there is gone.
static void service_take(wg_reg_edits *e, const wg_service *s, const char *key, const char *program,
                         const char *origin) {
  const char *own[WG_SERVICE_N_FACTS + WG_ARRAY_LEN(service_subkeys)];
  size_t n = 0;
  if (s->replace) {
    (void)wg_reg_edits_new(e, origin, WG_REG_DELETE_KEY, key, "");
    return;
  }
  for (; n < WG_SERVICE_N_FACTS; n++) {
    own[n] = wg_service_facts[n].value;
  }
  for (size_t i = 0; i < WG_ARRAY_LEN(service_subkeys); i++) {
    own[n++] = service_subkeys[i];
  }
  wg_reg_edits_take(e, origin, WG_REG_TAKE_KEY, key, "ImagePath", program, own, n);
}

// FailureActions: reset period, two unused pointers, count, offset of the actions, then type and
// delay of each (the structure SERVICE_FAILURE_ACTIONS with 32-bit pointers).
static void service_failures(wg_reg_edits *e, const wg_service *s, const char *key,
                             const char *origin) {
  if (s->n_failures == 0) {
    return;
  }
  WG_AUTO(wg_buf) b = {0};
  wg_buf_init(&b, wg_heap(), 0);
  wg_buf_add_le32(&b, s->failure_reset_s);
  wg_buf_add_zeros(&b, 8);
  wg_buf_add_le32(&b, (uint32_t)s->n_failures);
  wg_buf_add_le32(&b, 20);
  for (size_t i = 0; i < s->n_failures; i++) {
    static const uint32_t types[] = {[WG_SERVICE_ACT_NONE] = SC_ACTION_NONE,
                                     [WG_SERVICE_ACT_RESTART] = SC_ACTION_RESTART,
                                     [WG_SERVICE_ACT_REBOOT] = SC_ACTION_REBOOT};
    wg_buf_add_le32(&b, types[s->failures[i].action]);
    wg_buf_add_le32(&b, s->failures[i].delay_ms);
  }
  wg_reg_edits_bytes(e, origin, key, "FailureActions", WG_REG_BINARY, b.p, b.n);
  if (s->failure_on_exit_code) {
    wg_reg_edits_dword(e, origin, key, "FailureActionsOnNonCrashFailures", 1);
  }
}

// Triggers as winsvc.h names them; GUIDs in their byte order on disk (the text form is beside
// each).
static const struct {
  uint32_t type;
  uint8_t guid[16];
} service_triggers[] = {
    [WG_TRIGGER_NETWORK_UP] = {SERVICE_TRIGGER_IP_ADDRESS,
                               {0xDE, 0xF2, 0x27, 0x4F, 0xE2, 0x14, 0x0B, 0x43, 0xA5, 0x49, 0x7C,
                                0xD4, 0x8C, 0xBC, 0x82,
                                0x45}}, // 4f27f2de-14e2-430b-a549-7cd48cbc8245
    [WG_TRIGGER_NETWORK_DOWN] = {SERVICE_TRIGGER_IP_ADDRESS,
                                 {0x2A, 0xA6, 0x4B, 0xCC, 0x2E, 0x16, 0x48, 0x46, 0x84, 0x7A, 0xB6,
                                  0xBD, 0xF9, 0x93, 0xE3,
                                  0x35}}, // cc4ba62a-162e-4648-847a-b6bdf993e335
    [WG_TRIGGER_DOMAIN_JOIN] = {SERVICE_TRIGGER_DOMAIN_JOIN,
                                {0xBA, 0x0A, 0xE2, 0x1C, 0x51, 0x98, 0x21, 0x44, 0x94, 0x30, 0x1D,
                                 0xDE, 0xB7, 0x66, 0xE8,
                                 0x09}}, // 1ce20aba-9851-4421-9430-1ddeb766e809
    [WG_TRIGGER_DOMAIN_LEAVE] = {SERVICE_TRIGGER_DOMAIN_JOIN,
                                 {0x6E, 0x51, 0xAF, 0xDD, 0xC2, 0x58, 0x66, 0x48, 0x95, 0x74, 0xC3,
                                  0xB6, 0x15, 0xD4, 0x2E,
                                  0xA1}}, // ddaf516e-58c2-4866-9574-c3b615d42ea1
    [WG_TRIGGER_MACHINE_POLICY] = {SERVICE_TRIGGER_GROUP_POLICY,
                                   {0xE6, 0xCA, 0x9F, 0x65, 0xDB, 0x5B, 0xA9, 0x4D, 0xB1, 0xFF,
                                    0xCA, 0x2A, 0x17, 0x8D, 0x46,
                                    0xE0}}, // 659fcae6-5bdb-4da9-b1ff-ca2a178d46e0
    [WG_TRIGGER_USER_POLICY] = {SERVICE_TRIGGER_GROUP_POLICY,
                                {0xC8, 0x46, 0xFB, 0x54, 0x89, 0xF0, 0x4C, 0x46, 0xB1, 0xFD, 0x59,
                                 0xD1, 0xB6, 0x2C, 0x3B,
                                 0x50}}, // 54fb46c8-f089-464c-b1fd-59d1b62c3b50
};

static wg_code service_descriptor(wg_reg_edits *e, const wg_service *s, const char *key,
                                  const char *origin, wg_error *err) {
  if (s->sddl == NULL) {
    return WG_OK;
  }
  wg_sd sd;
  WG_AUTO(wg_buf) b = {0};
  WG_AUTO(wg_cstr) sub = wg_xprintf("%s\\Security", key);
  wg_buf_init(&b, wg_heap(), 0);
  if (wg_sddl_parse(wg_str_of(s->sddl), &e->arena, &sd, err) != WG_OK) {
    return wg_wrap(err, "%s: descriptor of service '%s'", origin, s->name);
  }
  wg_sd_write(&sd, &b);
  wg_reg_edits_bytes(e, origin, sub, "Security", WG_REG_BINARY, b.p, b.n);
  return WG_OK;
}

static void service_lists(wg_reg_edits *e, const wg_service *s, const char *key,
                          const char *origin) {
  if (s->n_depends > 0) {
    wg_reg_edits_list(e, origin, key, "DependOnService", s->depends, s->n_depends);
  }
  if (s->n_privileges > 0) {
    wg_reg_edits_list(e, origin, key, "RequiredPrivileges", s->privileges, s->n_privileges);
  }
  if (s->n_environment > 0) {
    wg_reg_edits_list(e, origin, key, "Environment", s->environment, s->n_environment);
  }
  if (s->sid != WG_SERVICE_SID_NONE) {
    wg_reg_edits_dword(e, origin, key, "ServiceSidType",
                       s->sid == WG_SERVICE_SID_RESTRICTED ? SERVICE_SID_TYPE_RESTRICTED
                                                           : SERVICE_SID_TYPE_UNRESTRICTED);
  }
  for (size_t i = 0; i < s->n_triggers; i++) {
    WG_AUTO(wg_cstr) sub = wg_xprintf("%s\\TriggerInfo\\%zu", key, i);
    wg_reg_edits_dword(e, origin, sub, "Type", service_triggers[s->triggers[i]].type);
    wg_reg_edits_dword(e, origin, sub, "Action", SERVICE_TRIGGER_ACTION_START);
    wg_reg_edits_bytes(e, origin, sub, "GUID", WG_REG_BINARY, service_triggers[s->triggers[i]].guid,
                       16);
  }
}

#define EVENT_MESSAGES "%SystemRoot%\\System32\\EventCreate.exe"

static void service_event_source(wg_reg_edits *e, const wg_service *s, const char *origin) {
  WG_AUTO(wg_cstr) key = wg_xprintf(SERVICES "EventLog\\Application\\%s", s->name);
  if (!s->event_source) { // of an earlier build
    wg_reg_edits_take(e, origin, WG_REG_DROP_KEY, key, "EventMessageFile", EVENT_MESSAGES, NULL, 0);
    return;
  }
  if (s->replace) {
    (void)wg_reg_edits_new(e, origin, WG_REG_DELETE_KEY, key, "");
  } else {
    wg_reg_edits_take(e, origin, WG_REG_TAKE_KEY, key, "EventMessageFile", EVENT_MESSAGES, NULL, 0);
  }
  // Its messages are "%1": what Go's eventlog package writes through.
  wg_reg_edits_text(e, origin, key, "EventMessageFile", WG_REG_EXPAND_SZ, EVENT_MESSAGES);
  wg_reg_edits_dword(e, origin, key, "TypesSupported", 7);
  wg_reg_edits_dword(e, origin, key, "CustomSource", 1);
}

static void service_needs(wg_reg_edits *e, const wg_service *s, const char *origin) {
  for (size_t i = 0; i < s->n_depends; i++) {
    WG_AUTO(wg_cstr) who = wg_xprintf("service '%s' depends on", s->name);
    wg_reg_edit *n =
        wg_reg_edits_new(e, s->depends_at != NULL ? s->depends_at[i] : origin, WG_REG_NEED_KEYS,
                         "HKLM\\SYSTEM\\CurrentControlSet\\Services", who);
    wg_reg_edits_items(e, n, &s->depends[i], 1);
  }
}

static void service_values(wg_reg_edits *e, const wg_service *s, const char *key,
                           const char *program, const char *account, const char *origin) {
  static const uint32_t starts[] = {[WG_SERVICE_AUTO] = SERVICE_AUTO_START,
                                    [WG_SERVICE_DELAYED] = SERVICE_AUTO_START,
                                    [WG_SERVICE_MANUAL] = SERVICE_DEMAND_START,
                                    [WG_SERVICE_DISABLED] = SERVICE_DISABLED};
  WG_AUTO(wg_buf) command = {0};
  wg_buf_init(&command, wg_heap(), 0);
  wg_windows_command_line(program, s->args, s->n_args, &command);
  wg_reg_edits_dword(e, origin, key, "Type", SERVICE_WIN32_OWN_PROCESS);
  wg_reg_edits_dword(e, origin, key, "Start", starts[s->start]);
  wg_reg_edits_dword(e, origin, key, "ErrorControl", SERVICE_ERROR_NORMAL);
  wg_reg_edits_text(e, origin, key, "ImagePath", WG_REG_EXPAND_SZ, wg_buf_z(&command));
  wg_reg_edits_text(e, origin, key, "DisplayName", WG_REG_SZ,
                    s->display_name != NULL ? s->display_name : s->name);
  wg_reg_edits_text(e, origin, key, "ObjectName", WG_REG_SZ, account);
  if (s->description != NULL) {
    wg_reg_edits_text(e, origin, key, "Description", WG_REG_SZ, s->description);
  }
  if (s->start == WG_SERVICE_DELAYED) {
    wg_reg_edits_dword(e, origin, key, "DelayedAutostart", 1);
  }
}

wg_code wg_service_edits(wg_reg_edits *e, const wg_service *s, const char *program,
                         const char *origin, wg_error *err) {
  WG_AUTO(wg_cstr) key = wg_xprintf(SERVICES "%s", s->name);
  WG_AUTO(wg_cstr) account = NULL;
  if (service_rules(s, origin, &account, err) != WG_OK) {
    return err->code;
  }
  service_take(e, s, key, program, origin);
  service_values(e, s, key, program, account, origin);
  service_lists(e, s, key, origin);
  service_failures(e, s, key, origin);
  service_event_source(e, s, origin);
  service_needs(e, s, origin);
  return service_descriptor(e, s, key, origin, err);
}
