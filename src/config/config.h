// Loading and checking wingo.yaml.
#ifndef WG_CONFIG_CONFIG_H
#define WG_CONFIG_CONFIG_H

#include "config/project.h"

typedef struct wg_cfg_options {
  const char *file;        // NULL: wingo.yaml in the working directory or the nearest parent
  const char *env_name;    // overlay config/<env>.yaml, NULL for none
  const char *const *sets; // "a.b=c", in order
  size_t n_sets;
} wg_cfg_options;

typedef enum wg_severity {
  WG_FAULT_ERROR,
  WG_FAULT_WARNING
} wg_severity;

typedef struct wg_cfg_fault {
  wg_severity severity;
  wg_pos pos;
  const char *text; // "unknown key 'imagess'"
  const char *hint; // "did you mean 'images'?"; NULL when there is none
} wg_cfg_fault;

typedef struct wg_cfg wg_cfg;
// Reads the file, its overlay and --set values, and validates. *out is made even when the file is
// faulty: wg_cfg_faults lists everything that is wrong, in file order. WG_E_CONFIG when there is
// no file, or it has errors; then wg_cfg_project is NULL.
wg_code wg_cfg_load(const wg_cfg_options *opt, wg_cfg **out, wg_error *err);
void wg_cfg_free(wg_cfg *c);
WG_DEFINE_AUTO_PTR(wg_cfg, wg_cfg_free);
const wg_project *wg_cfg_project(const wg_cfg *c);                 // borrowed
const wg_cfg_fault *wg_cfg_faults(const wg_cfg *c, size_t *out_n); // borrowed
const char *
wg_cfg_file(const wg_cfg *c); // as the user would name it; borrowed; "" when none was read
// Checks that need the file system (named files are there, apps' folders are Go modules, a missing
// sha256 pin): added to the faults, which stay in file order. It may be called for a faulty file
// too, and then looks at what could be understood. Hashes bases that have no pin: for `wingo
// check`. WG_E_CONFIG when it added an error.
wg_code wg_cfg_check_files(wg_cfg *c, wg_error *err);

// From the one table of keys: docs/wingo.schema.json and docs/wingo.yaml.md.
void wg_cfg_write_schema(wg_buf *out);
void wg_cfg_write_reference(wg_buf *out);

#endif
