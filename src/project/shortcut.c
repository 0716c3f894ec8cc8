// SPDX-License-Identifier: Apache-2.0
#include "project/image.h"

#include "project/values.h"

#define SHORTCUT(field) WG_AT(wg_cfg_shortcut, field)
static const wg_key shortcut_keys[] = {
    {.name = "name",
     .type = WG_KEY_STRING,
     .flags = WG_KF_VAR,
     .at = SHORTCUT(name),
     .pos_at = SHORTCUT(name_pos),
     .check = wg_cfg_check_windows_name,
     .doc = "The name that the Start menu shows, and of the .lnk file. Left out, the app's.",
     .example = "Kiosk console"},
    {.name = "folder",
     .type = WG_KEY_STRING,
     .flags = WG_KF_VAR,
     .at = SHORTCUT(folder),
     .pos_at = SHORTCUT(folder_pos),
     .check = wg_cfg_check_windows_name,
     .doc = "A folder of the Start menu for it.",
     .example = "Example Ltd"},
    {.name = "args",
     .type = WG_KEY_STRING,
     .flags = WG_KF_VAR,
     .at = SHORTCUT(args),
     .doc = "What follows the program on its command line.",
     .example = "--console"},
    {.name = "working_dir",
     .type = WG_KEY_STRING,
     .at = SHORTCUT(working_dir),
     .check = wg_cfg_check_shortcut_path,
     .doc = "The folder that the program starts in; variables such as %USERPROFILE% are filled in "
            "at the start. Left out, the program's own.",
     .example = "'%USERPROFILE%'"},
    {.name = "icon",
     .type = WG_KEY_STRING,
     .at = SHORTCUT(icon),
     .check = wg_cfg_check_shortcut_path,
     .doc = "A file with the icon, an .ico or a program, and the number of the icon in it behind a "
            "comma. Left out, the program's own.",
     .example = "'C:\\Windows\\System32\\shell32.dll,12'"},
    {.name = "description",
     .type = WG_KEY_STRING,
     .flags = WG_KF_VAR,
     .at = SHORTCUT(description),
     .doc = "What is shown when the mouse rests on it.",
     .example = "Opens the kiosk's console"},
    {.name = NULL}};
static const wg_key shortcut_map = {.name = "",
                                    .type = WG_KEY_MAP,
                                    .sub = shortcut_keys,
                                    .at = WG_WHOLE,
                                    .present_at = SHORTCUT(wanted)};

static const wg_key rows[] = {{.name = "shortcut",
                               .type = WG_KEY_BOOL,
                               .at = SHORTCUT(wanted),
                               .pos_at = SHORTCUT(pos),
                               .flags = WG_KF_POSITION_OF_KEY,
                               .map_form = &shortcut_map,
                               .doc = "A shortcut in the Start menu, for all users.",
                               .example = "true"},
                              {.name = NULL}};

const wg_section wg_section_shortcut = {.rows = rows};
