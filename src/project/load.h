// SPDX-License-Identifier: Apache-2.0
// Loading and checking wingo.yaml.
#ifndef WG_PROJECT_LOAD_H
#define WG_PROJECT_LOAD_H

#include "config/cfg.h"
#include "project/project.h"

// Reads the file, its overlay and --set values, and validates. *out is made even when the file is
// faulty: wg_cfg_faults lists everything that is wrong, in file order. WG_E_CONFIG when there is
// no file, or it has errors; then wg_project_of is NULL.
wg_code wg_project_load(const wg_cfg_options *opt, wg_cfg **out, wg_error *err);
const wg_project *wg_project_of(const wg_cfg *c); // borrowed; NULL while there are errors
// Everything that a build would refuse and that needs no packing: files that are not there, folders
// with names that Windows refuses, registry text, conflicts, icons, a missing sha256 pin, ... Added
// to the faults, which stay in file order. It may be called for a faulty file too, and then looks
// at what could be understood. Bases are hashed (digests: by whoever remembers; NULL: each time).
// WG_E_CONFIG when it added an error.
wg_code wg_project_check_files(wg_cfg *c, const wg_cfg_digests *digests, wg_error *err);

// From the table of keys: docs/wingo.schema.json and docs/wingo.yaml.md; of overlays: installed as
// wingo.overlay.schema.json.
void wg_project_write_schema(wg_buf *out);
void wg_project_write_overlay_schema(wg_buf *out);
void wg_project_write_reference(wg_buf *out);

#endif
