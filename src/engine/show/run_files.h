// SPDX-License-Identifier: Apache-2.0
// Files that each run leaves under .wingo. Private to src/engine.
#ifndef WG_ENGINE_SHOW_RUN_FILES_H
#define WG_ENGINE_SHOW_RUN_FILES_H

#include "os/proc.h"

// Makes <project_dir>/.wingo/<folder> and removes the oldest "*.ext" there so that 49 are left.
// *out is the path of this run's file; heap.
wg_code wg_run_files_prepare(const char *project_dir, const char *folder, const char *run_name,
                             const char *ext, char **out, wg_error *err);
// Points "latest.<ext>" beside path to it, in one step; a failure is let be.
void wg_run_files_latest(const char *path, const char *ext);

#endif
