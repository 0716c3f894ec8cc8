// The rows of images.*.files and of an app's shortcut (keys.c has the rest of the table).
#include "project/keys.h"
#include "project/values.h"

#define FILE_(field) WG_AT(wg_cfg_image_file, field)
static const wg_choice attributes[] = {
    {"readonly", 1, false}, {"hidden", 2, false}, {"system", 4, false}, {NULL, 0, false}};
static const wg_key attribute_item[] = {
    {.name = "", .type = WG_KEY_ENUM, .choices = attributes, .at = 1, .example = "hidden"}};

// Exactly one of these says what an entry does.
#define ENTRY(op_) .group = 1, .mark_at = FILE_(op), .mark = (op_), .pos_at = FILE_(path_pos)
#define ENTRY_PATH(op_)                                                                            \
  ENTRY(op_), .type = WG_KEY_WINPATH, .at = FILE_(path), .check = wg_cfg_check_windows_path,       \
              .pattern = wg_cfg_windows_path_pattern

const wg_key wg_cfg_image_file_keys[] = {
    {.name = "from",
     ENTRY(WG_CFG_FILE_PUT),
     .type = WG_KEY_PATH,
     .flags = WG_KF_VAR,
     .at = FILE_(from),
     .check = wg_cfg_check_host_path,
     .doc =
         "A file or a folder to put in, relative to wingo.yaml. A file that is there is "
         "replaced: it keeps its name, short name, descriptor, attributes and creation time, and "
         "its other names (hard links) keep the old content.",
     .example = "branding"},
    {.name = "delete",
     ENTRY_PATH(WG_CFG_FILE_DELETE),
     .doc = "A file, or a folder with everything below it, that goes. Of a file with several names "
            "(hard links) only this name goes; a link goes, and not what it leads to. It must be "
            "there, unless `if_present` is true.",
     .example = "'C:\\Windows\\Web\\Old'"},
    {.name = "rename",
     ENTRY_PATH(WG_CFG_FILE_RENAME),
     .doc = "A file or folder that gets another name or place, `to`, as Windows would do it: it "
            "keeps descriptor, times and attributes, and loses its short name unless only letter "
            "case changes.",
     .example = "'C:\\Program Files\\Acme\\old.ini'"},
    {.name = "mkdir",
     ENTRY_PATH(WG_CFG_FILE_MKDIR),
     .doc = "A folder that is there afterwards, with those above it.",
     .example = "'C:\\ProgramData\\Kiosk\\Logs'"},
    {.name = "set",
     ENTRY_PATH(WG_CFG_FILE_SET),
     .doc = "A file or folder that is there and gets `attributes`, `owner` or `sddl`. With several "
            "names (hard links) it is still one file, and all of them show it.",
     .example = "'C:\\ProgramData\\Kiosk'"},
    {.name = "to",
     .type = WG_KEY_WINPATH,
     .at = FILE_(to),
     .pos_at = FILE_(to_pos),
     .check = wg_cfg_check_windows_path,
     .pattern = wg_cfg_windows_path_pattern,
     .doc =
         "Where it goes. Of `from`: a folder's content goes below it; a file becomes it, or goes "
         "into it when it ends in a backslash. Of `rename`: the new path. Folders on the way "
         "are made.",
     .example = "'C:\\Windows\\Web\\Kiosk'"},
    {.name = "attributes",
     .type = WG_KEY_LIST,
     .flags = WG_KF_UNIQUE | WG_KF_EMPTY,
     .sub = attribute_item,
     .at = FILE_(attributes),
     .count_at = FILE_(n_attributes),
     .size = sizeof(unsigned),
     .mark_at = FILE_(has_attributes),
     .mark = 1,
     .doc = "Which of the three it has afterwards; the others of the three go. Of a folder with "
            "`from`: the folder `to` itself. Left out, what is there keeps its own, and what is "
            "put has none.",
     .example = "[hidden, system]"},
    {.name = "owner",
     .type = WG_KEY_STRING,
     .at = FILE_(owner),
     .pos_at = FILE_(owner_pos),
     .check = wg_cfg_check_owner,
     .doc = "Who owns it: an account that every Windows has (SYSTEM, Administrators, Users, "
            "'NT SERVICE\\name', ...) or a SID. Of a folder with `from`: everything that is put. "
            "Left out, what is there keeps its owner, and Administrators own what is new.",
     .example = "SYSTEM"},
    {.name = "sddl",
     .type = WG_KEY_STRING,
     .at = FILE_(sddl),
     .pos_at = FILE_(sddl_pos),
     .check = wg_cfg_check_sddl,
     .doc = "Parts of its security descriptor, as SDDL; each part (O:, G:, D:, S:) replaces that "
            "part as it is written. Of a folder with `from`: the folder `to` itself, from which "
            "what is put below inherits. Left out, something new gets what Windows would compute "
            "by inheritance. What was below a folder before stays as it was.",
     .example = "'D:PAI(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)'"},
    {.name = "replace",
     .type = WG_KEY_BOOL,
     .def = "false",
     .at = FILE_(replace),
     .doc = "Of `rename`: a file that has the new name already goes. Left out, that is an error.",
     .example = "true"},
    {.name = "if_present",
     .type = WG_KEY_BOOL,
     .def = "false",
     .at = FILE_(if_present),
     .doc = "Of `delete`, `rename` and `set`: nothing happens when it is not there. Left out, that "
            "is an error.",
     .example = "true"},
    {.name = NULL}};

#define SHORTCUT(field) WG_AT(wg_cfg_shortcut, field)
static const wg_key shortcut_keys[] = {
    {.name = "name",
     .type = WG_KEY_STRING,
     .flags = WG_KF_VAR,
     .at = SHORTCUT(name),
     .check = wg_cfg_check_windows_name,
     .doc = "The name that the Start menu shows, and of the .lnk file. Left out, the app's.",
     .example = "Kiosk console"},
    {.name = "folder",
     .type = WG_KEY_STRING,
     .flags = WG_KF_VAR,
     .at = SHORTCUT(folder),
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
const wg_key wg_cfg_shortcut_map = {.name = "",
                                    .type = WG_KEY_MAP,
                                    .sub = shortcut_keys,
                                    .at = WG_AT(wg_cfg_image_app, shortcut),
                                    .present_at = WG_AT(wg_cfg_image_app, shortcut.wanted)};
