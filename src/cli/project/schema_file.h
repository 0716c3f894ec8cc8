// SPDX-License-Identifier: Apache-2.0
// The JSON Schema where an editor finds it: in .wingo/, which git ignores and any wingo makes anew.
#ifndef WG_CLI_PROJECT_SCHEMA_FILE_H
#define WG_CLI_PROJECT_SCHEMA_FILE_H

#include "os/file.h"

// What a project file begins with to be completed and checked by an editor.
#define WG_SCHEMA_FILE ".wingo/wingo.schema.json"
#define WG_SCHEMA_OVERLAY_FILE ".wingo/wingo.overlay.schema.json"
#define WG_SCHEMA_MODELINE "# yaml-language-server: $schema=" WG_SCHEMA_FILE

// Makes both files in the project's folder as this wingo has them, where they are not so already.
wg_code wg_schema_file_write(const char *project_dir, wg_error *err);
// The same for a project file that names them at its top; what can't be written stays as it was.
void wg_schema_file_refresh(const char *project_file);

#endif
