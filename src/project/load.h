// Loading and checking wingo.yaml.
#ifndef WG_PROJECT_LOAD_H
#define WG_PROJECT_LOAD_H

#include "config/config.h"
#include "project/project.h"

// Reads the file, its overlay and --set values, and validates. *out is made even when the file is
// faulty: wg_cfg_faults lists everything that is wrong, in file order. WG_E_CONFIG when there is
// no file, or it has errors; then wg_project_of is NULL.
wg_code wg_project_load(const wg_cfg_options *opt, wg_cfg **out, wg_error *err);
const wg_project *wg_project_of(const wg_cfg *c); // borrowed; NULL while there are errors
// Checks that need the file system (named files are there, apps' folders are Go modules, a missing
// sha256 pin): added to the faults, which stay in file order. It may be called for a faulty file
// too, and then looks at what could be understood. Hashes bases that have no pin: for `wingo
// check`. WG_E_CONFIG when it added an error.
wg_code wg_project_check_files(wg_cfg *c, wg_error *err);

// From the table of keys: docs/wingo.schema.json and docs/wingo.yaml.md.
void wg_project_write_schema(wg_buf *out);
void wg_project_write_reference(wg_buf *out);

#endif
