// SPDX-License-Identifier: Apache-2.0
#include "project/image.h"

#define UNINSTALL(field) WG_AT(wg_cfg_uninstall, field)
static const wg_key uninstall_keys[] = {{.name = "name",
                                         .type = WG_KEY_STRING,
                                         .flags = WG_KF_REQUIRED | WG_KF_VAR,
                                         .at = UNINSTALL(name),
                                         .doc = "The name shown.",
                                         .example = "Kiosk agent"},
                                        {.name = "version",
                                         .type = WG_KEY_STRING,
                                         .flags = WG_KF_VAR,
                                         .at = UNINSTALL(version),
                                         .doc = "The version shown. Left out, it is `release`.",
                                         .example = "\"1.4.0\""},
                                        {.name = "publisher",
                                         .type = WG_KEY_STRING,
                                         .flags = WG_KF_VAR,
                                         .at = UNINSTALL(publisher),
                                         .doc = "Who made it.",
                                         .example = "Example Ltd"},
                                        {.name = "replace",
                                         .type = WG_KEY_BOOL,
                                         .def = "false",
                                         .at = UNINSTALL(replace),
                                         .doc = "Takes the place of an entry of that name that the "
                                                "image has from elsewhere.",
                                         .example = "true"},
                                        {.name = NULL}};

static const wg_key rows[] = {
    {.name = "uninstall",
     .type = WG_KEY_MAP,
     .sub = uninstall_keys,
     .at = WG_WHOLE,
     .present_at = UNINSTALL(present),
     .pos_at = UNINSTALL(pos),
     .flags = WG_KF_POSITION_OF_KEY,
     .doc = "An entry in Programs and Features, so that inventories see the program.",
     .example = "{name: Kiosk agent, publisher: Example Ltd}"},
    {.name = NULL}};

const wg_section wg_section_uninstall = {.rows = rows};
