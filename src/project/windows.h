// SPDX-License-Identifier: Apache-2.0
// The section apps.*.windows: what only Windows programs have.
#ifndef WG_PROJECT_WINDOWS_H
#define WG_PROJECT_WINDOWS_H

#include "config/section.h"

typedef enum wg_subsystem {
  WG_SUBSYS_CONSOLE,
  WG_SUBSYS_GUI
} wg_subsystem;
typedef enum wg_dpi {
  WG_DPI_UNSET,
  WG_DPI_UNAWARE,
  WG_DPI_SYSTEM,
  WG_DPI_PER_MONITOR,
  WG_DPI_PER_MONITOR_V2
} wg_dpi;
typedef enum wg_exec_level {
  WG_EXEC_UNSET,
  WG_EXEC_AS_INVOKER,
  WG_EXEC_HIGHEST,
  WG_EXEC_ADMIN
} wg_exec_level;

typedef struct wg_cfg_windows { // apps.<name>.windows
  bool present;
  const char *icon; // path as given (relative to the project folder), NULL
  wg_pos icon_pos;
  wg_subsystem subsystem;
  struct { // version_info; NULL when absent
    bool present;
    wg_pos pos;
    const char *company, *description, *product, *copyright, *trademarks, *comments;
    const char *internal_name, *original_filename;
    const char *file_version, *product_version; // "1.2.3.4"; NULL: from release
  } version_info;
  struct { // manifest
    bool present;
    wg_pos pos;
    const char *file; // a ready manifest, path as given; NULL: made from the fields below
    wg_exec_level level;
    bool ui_access, long_paths, utf8;
    wg_dpi dpi;
  } manifest;
} wg_cfg_windows;

// What is read of files that are put into a program.
#define WG_CFG_MAX_ICON_BYTES ((uint64_t)64 << 20)
#define WG_CFG_MAX_MANIFEST_BYTES ((uint64_t)1 << 20)

extern const wg_section wg_section_windows;

#endif
