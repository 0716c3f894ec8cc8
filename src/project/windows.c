// SPDX-License-Identifier: Apache-2.0
#include "project/windows.h"

#include <string.h>

#include "fmt/ico/ico.h"
#include "fmt/rsrc/rsrc.h"
#include "project/hostfile.h"
#include "project/values.h"

static const char file_version_pattern[] = "^[0-9]+(\\.[0-9]+){0,3}$";

static const wg_choice subsystems[] = {
    {"console", WG_SUBSYS_CONSOLE, false}, {"gui", WG_SUBSYS_GUI, false}, {NULL, 0, false}};
static const wg_choice levels[] = {{"as-invoker", WG_EXEC_AS_INVOKER, false},
                                   {"highest", WG_EXEC_HIGHEST, false},
                                   {"admin", WG_EXEC_ADMIN, false},
                                   {NULL, 0, false}};
static const wg_choice dpis[] = {{"unaware", WG_DPI_UNAWARE, false},
                                 {"system", WG_DPI_SYSTEM, false},
                                 {"per-monitor", WG_DPI_PER_MONITOR, false},
                                 {"per-monitor-v2", WG_DPI_PER_MONITOR_V2, false},
                                 {NULL, 0, false}};

#define VI(field) WG_AT(wg_cfg_windows, version_info.field)
static const wg_key version_info_keys[] = {
    {.name = "company",
     .type = WG_KEY_STRING,
     .flags = WG_KF_VAR,
     .at = VI(company),
     .doc = "CompanyName.",
     .example = "Example Ltd"},
    {.name = "description",
     .type = WG_KEY_STRING,
     .flags = WG_KF_VAR,
     .at = VI(description),
     .doc = "FileDescription: what the task manager shows.",
     .example = "Kiosk agent"},
    {.name = "product",
     .type = WG_KEY_STRING,
     .flags = WG_KF_VAR,
     .at = VI(product),
     .doc = "ProductName.",
     .example = "Kiosk"},
    {.name = "copyright",
     .type = WG_KEY_STRING,
     .flags = WG_KF_VAR,
     .at = VI(copyright),
     .doc = "LegalCopyright.",
     .example = "(c) 2026 Example Ltd"},
    {.name = "trademarks",
     .type = WG_KEY_STRING,
     .flags = WG_KF_VAR,
     .at = VI(trademarks),
     .doc = "LegalTrademarks.",
     .example = "Kiosk is a trademark"},
    {.name = "comments",
     .type = WG_KEY_STRING,
     .flags = WG_KF_VAR,
     .at = VI(comments),
     .doc = "Comments.",
     .example = "Built for the shop floor"},
    {.name = "internal_name",
     .type = WG_KEY_STRING,
     .flags = WG_KF_VAR,
     .at = VI(internal_name),
     .doc = "InternalName. Left out, it is the app's name.",
     .example = "agent"},
    {.name = "original_filename",
     .type = WG_KEY_STRING,
     .flags = WG_KF_VAR,
     .at = VI(original_filename),
     .doc = "OriginalFilename. Left out, it is the name of the program's file.",
     .example = "agent.exe"},
    {.name = "file_version",
     .type = WG_KEY_STRING,
     .flags = WG_KF_VAR,
     .at = VI(file_version),
     .check = wg_cfg_check_file_version,
     .pattern = file_version_pattern,
     .doc = "FileVersion: one to four numbers from 0 to 65535. Left out, it comes from `release`.",
     .example = "\"1.4.0.0\""},
    {.name = "product_version",
     .type = WG_KEY_STRING,
     .flags = WG_KF_VAR,
     .at = VI(product_version),
     .check = wg_cfg_check_file_version,
     .pattern = file_version_pattern,
     .doc = "ProductVersion: one to four numbers from 0 to 65535. Left out, it comes from "
            "`release`.",
     .example = "\"1.4.0.0\""},
    {.name = NULL}};

#define MF(field) WG_AT(wg_cfg_windows, manifest.field)
static const wg_key manifest_keys[] = {
    {.name = "file",
     .type = WG_KEY_PATH,
     .at = MF(file),
     .check = wg_cfg_check_host_path,
     .doc = "A ready manifest, put in as it is. It stands alone: the other keys can't be given "
            "with it.",
     .example = "agent.manifest"},
    {.name = "level",
     .type = WG_KEY_ENUM,
     .choices = levels,
     .at = MF(level),
     .doc = "The rights the program asks for when it starts.",
     .example = "admin"},
    {.name = "ui_access",
     .type = WG_KEY_BOOL,
     .at = MF(ui_access),
     .def = "false",
     .doc = "May drive the windows of programs with higher rights. Windows demands a signature "
            "for it.",
     .example = "true"},
    {.name = "long_paths",
     .type = WG_KEY_BOOL,
     .at = MF(long_paths),
     .def = "false",
     .doc = "Takes paths of more than 260 characters.",
     .example = "true"},
    {.name = "utf8",
     .type = WG_KEY_BOOL,
     .at = MF(utf8),
     .def = "false",
     .doc = "Makes UTF-8 the program's code page.",
     .example = "true"},
    {.name = "dpi",
     .type = WG_KEY_ENUM,
     .choices = dpis,
     .at = MF(dpi),
     .doc = "What the program knows of the scale of screens.",
     .example = "per-monitor-v2"},
    {.name = NULL}};

static const wg_key windows_keys[] = {{.name = "icon",
                                       .type = WG_KEY_PATH,
                                       .at = WG_AT(wg_cfg_windows, icon),
                                       .pos_at = WG_AT(wg_cfg_windows, icon_pos),
                                       .check = wg_cfg_check_host_path,
                                       .doc = "An .ico file; all its sizes go into the program.",
                                       .example = "agent.ico"},
                                      {.name = "subsystem",
                                       .type = WG_KEY_ENUM,
                                       .choices = subsystems,
                                       .def = "console",
                                       .at = WG_AT(wg_cfg_windows, subsystem),
                                       .doc = "`gui` programs start without a console window.",
                                       .example = "gui"},
                                      {.name = "version_info",
                                       .type = WG_KEY_MAP,
                                       .sub = version_info_keys,
                                       .present_at = VI(present),
                                       .pos_at = VI(pos),
                                       .flags = WG_KF_POSITION_OF_KEY,
                                       .doc = "What Explorer shows under Properties, Details.",
                                       .example = "{company: Example, description: Kiosk agent}"},
                                      {.name = "manifest",
                                       .type = WG_KEY_MAP,
                                       .sub = manifest_keys,
                                       .present_at = MF(present),
                                       .pos_at = MF(pos),
                                       .flags = WG_KF_POSITION_OF_KEY,
                                       .doc = "The application manifest.",
                                       .example = "{level: admin, long_paths: true}"},
                                      {.name = NULL}};

static const wg_key rows[] = {{.name = "windows",
                               .type = WG_KEY_MAP,
                               .sub = windows_keys,
                               .at = WG_WHOLE,
                               .present_at = WG_AT(wg_cfg_windows, present),
                               .doc = "What only Windows programs have.",
                               .example = "{icon: agent.ico, subsystem: gui}"},
                              {.name = NULL}};

static void windows_rules(wg_cfg *c, const wg_place *at) {
  const wg_cfg_windows *w = at->self;
  bool made = w->manifest.level != WG_EXEC_UNSET || w->manifest.dpi != WG_DPI_UNSET ||
              w->manifest.ui_access || w->manifest.long_paths || w->manifest.utf8;
  if (w->manifest.file != NULL && made) {
    wg_cfg_error(
        c, w->manifest.pos,
        wg_cfg_printf(
            c, "%s.windows.manifest: 'file' is a whole manifest, and other keys are given with it",
            at->path),
        "write the settings into that file, or remove 'file'");
  }
}

// All of the file, as the build reads it. False after adding a fault.
static bool windows_read(wg_cfg *c, const char *label, const char *given, wg_pos pos,
                         uint64_t max_bytes, wg_buf *out) {
  wg_stat st;
  wg_error err = WG_ERROR_INIT;
  wg_buf_init(out, wg_heap(), 0);
  if (!wg_hostfile_stat(c, label, given, pos, WG_FT_FILE, &st)) {
    return false;
  }
  WG_AUTO(wg_cstr) path = wg_hostfile_path(c, given);
  if (wg_os_read_file(WG_CWD, path, max_bytes, out, &err) != WG_OK) {
    wg_cfg_error(c, pos, wg_cfg_printf(c, "%s: %s", label, err.text), NULL);
    return false;
  }
  return true;
}

static void windows_icon(wg_cfg *c, const wg_cfg_windows *w, const char *label) {
  WG_AUTO(wg_buf) bytes = {0};
  WG_AUTO(wg_arena) arena = {0};
  const wg_ico *ico = NULL;
  wg_error err = WG_ERROR_INIT;
  wg_arena_init(&arena, wg_heap(), 0);
  if (w->icon == NULL ||
      !windows_read(c, label, w->icon, w->icon_pos, WG_CFG_MAX_ICON_BYTES, &bytes)) {
    return;
  }
  if (bytes.n < 4 || wg_le32((const uint8_t *)bytes.p) != 0x00010000) { // reserved 0, type 1
    wg_cfg_error(c, w->icon_pos, wg_cfg_printf(c, "%s: '%s' is not an icon file", label, w->icon),
                 "give an .ico file; a .png must be put into one first");
  } else if (wg_ico_parse(bytes.p, bytes.n, NULL, &arena, &ico, &err) != WG_OK) {
    wg_cfg_error(c, w->icon_pos, wg_cfg_printf(c, "%s: '%s': %s", label, w->icon, err.text),
                 "save it again with a program that makes .ico files");
  }
}

static void windows_files(wg_cfg *c, const wg_place *at) {
  const wg_cfg_windows *w = at->self;
  WG_AUTO(wg_buf) manifest = {0};
  wg_error err = WG_ERROR_INIT;
  windows_icon(c, w, wg_cfg_printf(c, "%s.windows.icon", at->path));
  const char *label = wg_cfg_printf(c, "%s.windows.manifest.file", at->path);
  if (w->manifest.file != NULL &&
      windows_read(c, label, w->manifest.file, w->manifest.pos, WG_CFG_MAX_MANIFEST_BYTES,
                   &manifest) &&
      wg_rsrc_manifest_check(wg_buf_str(&manifest), &err) != WG_OK) {
    wg_cfg_error(c, w->manifest.pos,
                 wg_cfg_printf(c, "%s: '%s': %s", label, w->manifest.file, err.text),
                 "correct it, or let wingo make one: manifest: {level: as-invoker}");
  }
}

const wg_section wg_section_windows = {
    .rows = rows, .rules = windows_rules, .files = windows_files};
