// SPDX-License-Identifier: Apache-2.0
#include "project/image.h"

#include "image/reg/service.h"
#include "project/values.h"

#define SERVICE(field) WG_AT(wg_cfg_service, field)
static const wg_choice starts[] = {{"auto", WG_SERVICE_AUTO, false},
                                   {"delayed", WG_SERVICE_DELAYED, false},
                                   {"manual", WG_SERVICE_MANUAL, false},
                                   {"disabled", WG_SERVICE_DISABLED, false},
                                   {NULL, 0, false}};
static const wg_choice service_sids[] = {{"none", WG_SERVICE_SID_NONE, false},
                                         {"unrestricted", WG_SERVICE_SID_UNRESTRICTED, false},
                                         {"restricted", WG_SERVICE_SID_RESTRICTED, false},
                                         {NULL, 0, false}};
static const wg_choice failure_actions[] = {{"none", WG_SERVICE_ACT_NONE, false},
                                            {"restart", WG_SERVICE_ACT_RESTART, false},
                                            {"reboot", WG_SERVICE_ACT_REBOOT, false},
                                            {NULL, 0, false}};
static const wg_choice service_triggers[] = {{"network-up", WG_TRIGGER_NETWORK_UP, false},
                                             {"network-down", WG_TRIGGER_NETWORK_DOWN, false},
                                             {"domain-join", WG_TRIGGER_DOMAIN_JOIN, false},
                                             {"domain-leave", WG_TRIGGER_DOMAIN_LEAVE, false},
                                             {"machine-policy", WG_TRIGGER_MACHINE_POLICY, false},
                                             {"user-policy", WG_TRIGGER_USER_POLICY, false},
                                             {NULL, 0, false}};
static const wg_key text_item[] = {{.name = "",
                                    .type = WG_KEY_STRING,
                                    .flags = WG_KF_VAR | WG_KF_EMPTY,
                                    .at = WG_AT(wg_cfg_str, s),
                                    .pos_at = WG_AT(wg_cfg_str, pos)}};
static const wg_key trigger_item[] = {
    {.name = "", .type = WG_KEY_ENUM, .choices = service_triggers, .at = 1}};
static const wg_key failure_keys[] = {{.name = "action",
                                       .type = WG_KEY_ENUM,
                                       .choices = failure_actions,
                                       .def = "restart",
                                       .at = WG_AT(wg_cfg_failure, action),
                                       .doc = "What Windows does.",
                                       .example = "restart"},
                                      {.name = "delay",
                                       .type = WG_KEY_DURATION,
                                       .def = "1m",
                                       .at = WG_AT(wg_cfg_failure, delay_ms),
                                       .doc = "How long it waits before.",
                                       .example = "10s"},
                                      {.name = NULL}};
static const wg_key failure_item[] = {{.name = "",
                                       .type = WG_KEY_MAP,
                                       .sub = failure_keys,
                                       .example = "{action: restart, delay: 10s}"}};
static const wg_key service_keys[] = {
    {.name = "name",
     .type = WG_KEY_STRING,
     .flags = WG_KF_REQUIRED,
     .at = SERVICE(name),
     .pos_at = SERVICE(name_pos),
     .check = wg_cfg_check_service_name,
     .pattern = "^[^/\\\\]{1,256}$",
     .doc = "The service's name, as `sc` and the registry know it.",
     .example = "KioskAgent"},
    {.name = "display_name",
     .type = WG_KEY_STRING,
     .flags = WG_KF_VAR,
     .at = SERVICE(display_name),
     .doc = "The name that people see. Left out, it is `name`.",
     .example = "Kiosk agent"},
    {.name = "description",
     .type = WG_KEY_STRING,
     .flags = WG_KF_VAR,
     .at = SERVICE(description),
     .doc = "What the services console says of it.",
     .example = "Keeps the kiosk running"},
    {.name = "args",
     .type = WG_KEY_LIST,
     .sub = text_item,
     .at = SERVICE(args),
     .count_at = SERVICE(n_args),
     .size = sizeof(wg_cfg_str),
     .doc = "Arguments of the program. Words with spaces are quoted as Windows wants it.",
     .example = "[--config, 'C:\\ProgramData\\Kiosk\\agent.yaml']"},
    {.name = "start",
     .type = WG_KEY_ENUM,
     .choices = starts,
     .def = "auto",
     .at = SERVICE(start),
     .doc = "When it starts; `delayed` is automatic, a while after the others.",
     .example = "delayed"},
    {.name = "account",
     .type = WG_KEY_STRING,
     .at = SERVICE(account),
     .pos_at = SERVICE(account_pos),
     .doc = "The account it runs as: LocalSystem (when left out), LocalService, NetworkService, or "
            "the service's own, `NT SERVICE\\<name>`. An account with a password can't be set "
            "offline.",
     .example = "'NT SERVICE\\KioskAgent'"},
    {.name = "sid",
     .type = WG_KEY_ENUM,
     .choices = service_sids,
     .def = "none",
     .at = SERVICE(sid),
     .doc = "Whether the service has a SID of its own to give rights to.",
     .example = "unrestricted"},
    {.name = "privileges",
     .type = WG_KEY_LIST,
     .flags = WG_KF_UNIQUE,
     .sub = text_item,
     .at = SERVICE(privileges),
     .count_at = SERVICE(n_privileges),
     .size = sizeof(wg_cfg_str),
     .doc = "The privileges it needs; Windows takes all others away.",
     .example = "[SeChangeNotifyPrivilege]"},
    {.name = "descriptor",
     .type = WG_KEY_STRING,
     .at = SERVICE(descriptor),
     .check = wg_cfg_check_sddl,
     .doc = "Who may start, stop and change it, as SDDL.",
     .example = "'D:(A;;CCLCSWRPWPDTLOCRRC;;;SY)(A;;CCDCLCSWRPWPDTLOCRSDRCWDWO;;;BA)'"},
    {.name = "depends",
     .type = WG_KEY_LIST,
     .flags = WG_KF_UNIQUE,
     .sub = text_item,
     .at = SERVICE(depends),
     .count_at = SERVICE(n_depends),
     .size = sizeof(wg_cfg_str),
     .doc = "Services that must run before it.",
     .example = "[Tcpip]"},
    {.name = "environment",
     .type = WG_KEY_PAIRS,
     .flags = WG_KF_VAR | WG_KF_EMPTY,
     .at = SERVICE(environment),
     .count_at = SERVICE(n_environment),
     .check_name = wg_cfg_check_reg_env,
     .name_pattern = "^[^=]+$",
     .doc = "Environment variables of its process.",
     .example = "{LOG_LEVEL: info}"},
    {.name = "failures",
     .type = WG_KEY_LIST,
     .sub = failure_item,
     .at = SERVICE(failures),
     .count_at = SERVICE(n_failures),
     .size = sizeof(wg_cfg_failure),
     .doc = "What happens when it crashes the first, the second, and every further time.",
     .example = "[{action: restart, delay: 10s}, {action: restart, delay: 1m}]"},
    {.name = "failure_reset",
     .type = WG_KEY_DURATION,
     .def = "1d",
     .at = SERVICE(failure_reset_ms),
     .doc = "After this long without a crash the count begins anew.",
     .example = "1d"},
    {.name = "failure_on_exit_code",
     .type = WG_KEY_BOOL,
     .def = "false",
     .at = SERVICE(failure_on_exit_code),
     .doc = "Counts an end with an error code as a crash, too.",
     .example = "true"},
    {.name = "triggers",
     .type = WG_KEY_LIST,
     .flags = WG_KF_UNIQUE,
     .sub = trigger_item,
     .at = SERVICE(triggers),
     .count_at = SERVICE(n_triggers),
     .size = sizeof(unsigned),
     .doc = "Events that start it.",
     .example = "[network-up]"},
    {.name = "event_source",
     .type = WG_KEY_BOOL,
     .def = "false",
     .at = SERVICE(event_source),
     .doc = "Registers its name as a source of the Application event log.",
     .example = "true"},
    {.name = "replace",
     .type = WG_KEY_BOOL,
     .def = "false",
     .at = SERVICE(replace),
     .doc = "Takes the place of a service, driver or event source of that name that the image has "
            "from elsewhere. Without it such a name is an error. A service of this program from an "
            "earlier build becomes what is said here either way.",
     .example = "true"},
    {.name = NULL}};

static const wg_key rows[] = {
    {.name = "service",
     .type = WG_KEY_MAP,
     .sub = service_keys,
     .at = WG_WHOLE,
     .present_at = SERVICE(present),
     .pos_at = SERVICE(pos),
     .flags = WG_KF_POSITION_OF_KEY,
     .doc = "Registers the program as a Windows service, offline: it is there at the first start.",
     .example = "{name: KioskAgent, start: auto}"},
    {.name = NULL}};

static void service_rules(wg_cfg *c, const wg_place *at) {
  const wg_cfg_service *s = at->self;
  WG_AUTO(wg_cstr) account = NULL;
  if (!s->present || s->name == NULL) {
    return;
  }
  if (!wg_service_account_rule(s->account, s->name, &account)) {
    wg_cfg_error(c, s->account_pos,
                 wg_cfg_printf(c,
                               "%s.service.account: '%s' needs a password, which Windows keeps "
                               "sealed with keys that only the installed system has",
                               at->path, s->account),
                 wg_cfg_printf(c,
                               "use LocalSystem, LocalService, NetworkService or 'NT SERVICE\\%s'",
                               s->name));
  }
  for (size_t i = 0; i < s->n_depends; i++) {
    if (s->depends[i].s != NULL &&
        wg_name_cmp_nocase(wg_str_of(s->depends[i].s), wg_str_of(s->name)) == 0) {
      wg_cfg_error(c, s->depends[i].pos,
                   wg_cfg_printf(c, "%s.service.depends: service '%s' cannot depend on itself",
                                 at->path, s->name),
                   "remove it");
    }
  }
}

const wg_section wg_section_service = {.rows = rows, .rules = service_rules};
