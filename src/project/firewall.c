// SPDX-License-Identifier: Apache-2.0
#include "project/image.h"

#include "image/reg/firewall.h"
#include "project/values.h"

#define FIREWALL(field) WG_AT(wg_cfg_firewall, field)
static const wg_choice protocols[] = {
    {"tcp", WG_FIREWALL_TCP, false}, {"udp", WG_FIREWALL_UDP, false}, {NULL, 0, false}};
static const wg_choice directions[] = {
    {"in", WG_CFG_FW_IN, false}, {"out", WG_CFG_FW_OUT, false}, {NULL, 0, false}};
static const wg_choice rule_actions[] = {
    {"allow", WG_CFG_FW_ALLOW, false}, {"block", WG_CFG_FW_BLOCK, false}, {NULL, 0, false}};
static const wg_key firewall_keys[] = {
    {.name = "name",
     .type = WG_KEY_STRING,
     .flags = WG_KF_REQUIRED,
     .at = FIREWALL(name),
     .check = wg_cfg_check_firewall_name,
     .doc = "The rule's name, as the firewall's console shows it.",
     .example = "Kiosk"},
    {.name = "protocol",
     .type = WG_KEY_ENUM,
     .choices = protocols,
     .def = "tcp",
     .at = FIREWALL(protocol),
     .doc = "The protocol.",
     .example = "udp"},
    {.name = "ports",
     .type = WG_KEY_STRING,
     .at = FIREWALL(ports),
     .check = wg_cfg_check_ports,
     .pattern = "^[0-9]+(-[0-9]+)?(,[0-9]+(-[0-9]+)?)*$",
     .doc = "Ports and ranges, separated by commas: local ones of a rule for what comes in, remote "
            "ones otherwise. Left out, all.",
     .example = "\"80,443,8000-8010\""},
    {.name = "direction",
     .type = WG_KEY_ENUM,
     .choices = directions,
     .def = "in",
     .at = FIREWALL(direction),
     .doc = "Connections that come in, or go out.",
     .example = "out"},
    {.name = "action",
     .type = WG_KEY_ENUM,
     .choices = rule_actions,
     .def = "allow",
     .at = FIREWALL(action),
     .doc = "What happens to them.",
     .example = "block"},
    {.name = NULL}};
static const wg_key firewall_item[] = {{.name = "",
                                        .type = WG_KEY_MAP,
                                        .sub = firewall_keys,
                                        .pos_at = FIREWALL(pos),
                                        .example = "{name: Kiosk, ports: \"8080\"}"}};

static const wg_key rows[] = {{.name = "firewall",
                               .type = WG_KEY_LIST,
                               .sub = firewall_item,
                               .at = WG_AT(wg_cfg_list, items),
                               .count_at = WG_AT(wg_cfg_list, n),
                               .size = sizeof(wg_cfg_firewall),
                               .doc = "Rules of Windows' firewall for the program.",
                               .example = "[{name: Kiosk, ports: \"8080\"}]"},
                              {.name = NULL}};

const wg_section wg_section_firewall = {.rows = rows};
