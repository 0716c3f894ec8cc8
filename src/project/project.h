// The project as the rest of the program sees it: wingo.yaml plus overlays, validated. Everything
// lives in the project's arena and is immutable after loading. Strings are NUL-terminated, "" or
// NULL when absent as each field says.
#ifndef WG_PROJECT_PROJECT_H
#define WG_PROJECT_PROJECT_H

#include "config/config.h"
#include "image/part/want.h"

typedef struct wg_cfg_target {
  const char *os, *arch; // Go's names: windows, amd64
  const char *variant;   // "" or the GOAMD64/GOARM/GO386/GOARM64... value: v3, 7
  const char *name;      // "windows/amd64" or "windows/amd64/v3"
  const char *slug;      // "windows-amd64-v3": safe in file names
  wg_pos pos;
} wg_cfg_target;

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

typedef struct wg_cfg_app {
  const char *name;
  wg_pos pos;
  const char *dir; // the module's folder as given
  wg_pos dir_pos;
  const char *main; // package path as `go build` takes it: "." or "./cmd/agent"
  wg_pos main_pos;
  const wg_cfg_target *targets;
  size_t n_targets;
  const wg_cfg_pair *env; // for the go command: CGO_ENABLED, GOPROXY, GOPRIVATE, GOFLAGS, ...
  size_t n_env;
  const wg_cfg_str *ldflags, *gcflags, *tags;
  size_t n_ldflags, n_gcflags, n_tags;
  const wg_cfg_pair *vars; // -X import/path.name=value
  size_t n_vars;
  const char *mod; // "" (Go's default), "readonly", "vendor"
  const char *go;  // "" or ">=1.22" or "1.26.8"
  wg_pos go_pos;
  const char *revision; // "" or what the source is: goes into SBOM and version info
  wg_cfg_windows windows;
} wg_cfg_app;

typedef struct wg_project {
  const char *dir;     // absolute folder of wingo.yaml
  const char *file;    // as the user would name it
  const char *name;    // project name
  const char *release; // "" or "1.4.0"
  wg_pos release_pos;
  int64_t
      time_s; // time for everything written, since 1970: SOURCE_DATE_EPOCH, time:, or 2020-01-01
  const char *env_name; // --env, "" for none
  const wg_cfg_app *apps;
  size_t n_apps;
  const wg_cfg_image *images;
  size_t n_images;
} wg_project;

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
