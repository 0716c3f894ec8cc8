// SPDX-License-Identifier: Apache-2.0
#include "project/image.h"

#include <string.h>

#include "base/select.h"
#include "project/filesource.h"
#include "project/protect.h"
#include "project/values.h"

#define FILE_(field) WG_AT(wg_cfg_image_file, field)
static const wg_choice attributes[] = {
    {"readonly", 1, false}, {"hidden", 2, false}, {"system", 4, false}, {NULL, 0, false}};
static const wg_key exclude_item[] = {{.name = "",
                                       .type = WG_KEY_STRING,
                                       .at = WG_AT(wg_cfg_str, s),
                                       .pos_at = WG_AT(wg_cfg_str, pos),
                                       .check = wg_cfg_check_exclude,
                                       .example = "'*.pdb'"}};
static const wg_key attribute_item[] = {
    {.name = "", .type = WG_KEY_ENUM, .choices = attributes, .at = 1, .example = "hidden"}};

// Exactly one of these says what an entry does.
#define ENTRY(op_) .group = 1, .mark_at = FILE_(op), .mark = (op_), .pos_at = FILE_(path_pos)
#define ENTRY_PATH(op_)                                                                            \
  ENTRY(op_), .type = WG_KEY_WINPATH, .at = FILE_(path), .check = wg_cfg_check_windows_path,       \
              .pattern = wg_cfg_windows_path_pattern

static const wg_key image_file_keys[] = {
    {.name = "from",
     ENTRY(WG_CFG_FILE_PUT),
     .type = WG_KEY_PATH,
     .flags = WG_KF_VAR,
     .at = FILE_(from),
     .check = wg_cfg_check_source,
     .doc =
         "A file or a folder to put in, relative to wingo.yaml. A file that is there is "
         "replaced: it keeps its name, short name, descriptor, attributes and creation time, and "
         "its other names (hard links) keep the old content. With wildcards every file that "
         "matches: `*` is any part of a name, `?` one character, `**` any number of folders "
         "(brackets and braces are themselves; letter case is ignored). Files that lie in folders "
         "below the part without wildcards come with these folders: `dist/**/*.dll` puts "
         "dist/x/a.dll to `to`\\x\\a.dll. That nothing matches is an error.",
     .example = "branding"},
    {.name = "exclude",
     .type = WG_KEY_LIST,
     .flags = WG_KF_UNIQUE,
     .sub = exclude_item,
     .at = FILE_(exclude),
     .count_at = FILE_(n_exclude),
     .size = sizeof(wg_cfg_str),
     .doc = "Of `from` with a folder or wildcards: what stays out, by patterns as in .gitignore, "
            "with the wildcards of `from`. A pattern without a `/` is a name anywhere below the "
            "folder; one with a `/` is a path from the folder on (the part of `from` without "
            "wildcards); one that ends in `/` means folders, with all in them. A later pattern "
            "that begins with `!` takes files in again. What stays out is not looked at: it may "
            "change without a build. `wingo check` warns of a pattern that matches nothing. `[` "
            "and `{` stand "
            "for themselves.",
     .since = "0.2",
     .example = "['*.pdb', 'obj/', '/docs/**/*.txt']"},
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
            "`from`: the folder `to` itself, and with `all_below` everything that is put. With "
            "wildcards: the files that match. Left out, what is there keeps its own, and what is "
            "put has none.",
     .example = "[hidden, system]"},
    {.name = "owner",
     .type = WG_KEY_STRING,
     .at = FILE_(owner),
     .pos_at = FILE_(owner_pos),
     .check = wg_cfg_check_owner,
     .doc = "Who owns it: an account that every Windows has (SYSTEM, Administrators, Users, "
            "'NT SERVICE\\name', ...) or a SID. Of a folder with `from`: everything that is put; "
            "with wildcards: the files that match. Left out, what is there keeps its owner, and "
            "Administrators own what is new.",
     .example = "SYSTEM"},
    {.name = "sddl",
     .type = WG_KEY_STRING,
     .at = FILE_(sddl),
     .pos_at = FILE_(sddl_pos),
     .check = wg_cfg_check_sddl,
     .doc =
         "Parts of its security descriptor, as SDDL; each part (O:, G:, D:, S:) replaces that "
         "part as it is written. Of a folder with `from`: the folder `to` itself, from which "
         "what is put below inherits, and with `all_below` everything that is put. With "
         "wildcards: the files that match. Left out, something new gets what Windows would compute "
         "by inheritance. What was below a folder before stays as it was.",
     .example = "'D:PAI(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)'"},
    {.name = "all_below",
     .type = WG_KEY_BOOL,
     .def = "false",
     .at = FILE_(all_below),
     .doc = "Of `from` with a folder: `attributes` and `sddl` are given to everything that is put, "
            "not to the folder alone. Of `set` with a folder: `attributes`, `owner` and `sddl` are "
            "given to everything below it that is in the image by then, too.",
     .since = "0.2",
     .example = "true"},
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

static const wg_key image_file_item[] = {{.name = "",
                                          .type = WG_KEY_MAP,
                                          .sub = image_file_keys,
                                          .pos_at = WG_AT(wg_cfg_image_file, pos),
                                          .example = "{from: branding, to: 'C:\\Windows\\Web'}"}};

static const wg_key rows[] = {
    {.name = "files",
     .type = WG_KEY_LIST,
     .sub = image_file_item,
     .at = WG_AT(wg_cfg_list, items),
     .count_at = WG_AT(wg_cfg_list, n),
     .size = sizeof(wg_cfg_image_file),
     .doc =
         "Changes of the image's files, applied in this order, before the apps go in: each entry "
         "puts, deletes, renames, makes or sets one thing. Letter case of paths is ignored, and "
         "'/' is as good as '\\'. An entry that would undo an earlier one is an error. What "
         "belongs to Windows servicing (Windows\\WinSxS, Windows\\servicing, the hives "
         "COMPONENTS, SAM and SECURITY) and the hives that `registry` changes are refused.",
     .example = "[{from: branding, to: 'C:\\Windows\\Web\\Kiosk'}, {delete: "
                "'C:\\Windows\\Web\\Old', if_present: true}]"},
    {.name = NULL}};

static void files_error(wg_cfg *c, const char *label, wg_pos pos, const char *text,
                        const char *hint) {
  wg_cfg_error(c, pos, wg_cfg_printf(c, "%s: %s", label, text), hint);
}

static const char *const file_keys[] = {
    [WG_CFG_FILE_NONE] = "",         [WG_CFG_FILE_PUT] = "from",    [WG_CFG_FILE_DELETE] = "delete",
    [WG_CFG_FILE_RENAME] = "rename", [WG_CFG_FILE_MKDIR] = "mkdir", [WG_CFG_FILE_SET] = "set"};

// Keys beside one they don't belong to.
static void files_keys(wg_cfg *c, const char *label, const wg_cfg_image_file *f) {
  const unsigned put = 1U << WG_CFG_FILE_PUT, del = 1U << WG_CFG_FILE_DELETE,
                 ren = 1U << WG_CFG_FILE_RENAME, make = 1U << WG_CFG_FILE_MKDIR,
                 set = 1U << WG_CFG_FILE_SET;
  const struct {
    const char *name;
    bool given;
    unsigned ops;
  } keys[] = {{"to", f->to_pos.line != 0, put | ren},
              {"attributes", f->has_attributes != 0, put | make | set},
              {"owner", f->owner_pos.line != 0, put | make | set},
              {"sddl", f->sddl_pos.line != 0, put | make | set},
              {"exclude", f->n_exclude > 0, put},
              {"all_below", f->all_below, put | set},
              {"replace", f->replace, ren},
              {"if_present", f->if_present, del | ren | set}};
  for (size_t i = 0; i < WG_ARRAY_LEN(keys); i++) {
    if (keys[i].given && (keys[i].ops >> f->op & 1) == 0) {
      files_error(c, label, f->pos,
                  wg_cfg_printf(c, "'%s' does not belong to '%s'", keys[i].name, file_keys[f->op]),
                  "remove it, or make it two entries of the list");
    }
  }
  bool needs_to = (put | ren) >> f->op & 1;
  if (needs_to && f->to_pos.line == 0) {
    files_error(c, label, f->pos, wg_cfg_printf(c, "'to' is missing beside '%s'", file_keys[f->op]),
                "add where it goes: to: 'C:\\...'");
  }
  if (f->all_below && f->from != NULL && wg_glob_is(f->from)) {
    files_error(c, label, f->pos, "'all_below' does not belong to wildcards",
                "remove it: the files that match have `attributes`, `owner` and `sddl` anyway");
  } else if (f->all_below && f->op == WG_CFG_FILE_PUT && f->has_attributes == 0 &&
             f->sddl_pos.line == 0) {
    files_error(c, label, f->pos, "'all_below' without what it is about",
                "add 'attributes' or 'sddl', or remove it");
  }
  if (f->op == WG_CFG_FILE_SET && f->has_attributes == 0 && f->owner_pos.line == 0 &&
      f->sddl_pos.line == 0) {
    files_error(c, label, f->pos, "'set' sets nothing", "add 'attributes', 'owner' or 'sddl'");
  }
}

static void files_rules(wg_cfg *c, const wg_place *at) {
  const wg_cfg_image_file *files = at->self;
  const char *label = wg_cfg_printf(c, "%s.files", at->path);
  for (size_t i = 0; i < at->n; i++) {
    const wg_cfg_image_file *f = &files[i];
    if (f->op == WG_CFG_FILE_NONE) {
      continue;
    }
    files_keys(c, label, f);
    wg_rule_protected(c, label, f->path, f->path_pos, NULL);
    bool file = f->op == WG_CFG_FILE_PUT && f->from != NULL && !wg_glob_is(f->from);
    wg_rule_protected(c, label, f->to, f->to_pos, file ? f->from : NULL);
  }
}

static void files_files(wg_cfg *c, const wg_place *at) {
  const wg_cfg_image_file *files = at->self;
  const char *label = wg_cfg_printf(c, "%s.files", at->path);
  for (size_t i = 0; i < at->n; i++) {
    if (files[i].from != NULL) {
      wg_filesource_check(c, label, &files[i]);
    }
  }
}

const wg_section wg_section_image_files = {
    .rows = rows, .rules = files_rules, .files = files_files};
