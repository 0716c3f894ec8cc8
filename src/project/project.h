// The project as the rest of the program sees it: wingo.yaml plus overlays, validated. Everything
// lives in the project's arena and is immutable after loading. Strings are NUL-terminated, "" or
// NULL when absent as each field says.
#ifndef WG_PROJECT_PROJECT_H
#define WG_PROJECT_PROJECT_H

#include "config/config.h"

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

typedef enum wg_base_kind {
  WG_BASE_FILE,
  WG_BASE_DIR,
  WG_BASE_SYNTHETIC // path is the product: "windows-11"
} wg_base_kind;     // iso: by the file's content
typedef struct wg_cfg_base {
  wg_pos pos; // of the key 'base'
  wg_base_kind kind;
  const char *path; // as given, relative to the project folder
  wg_pos path_pos;
  const char *image; // NAME or 1-based index as text; NULL: the file has just one
  wg_pos image_pos;
  const char *sha256; // 64 lower-case digits or NULL
  wg_pos sha256_pos;
  const char *state; // of a synthetic base: how far Setup has come; NULL: generalized
  wg_pos state_pos;
} wg_cfg_base;

typedef struct wg_cfg_failure {
  unsigned action; // wg_service_action
  uint64_t delay_ms;
} wg_cfg_failure;

typedef struct wg_cfg_service { // service: of an app in an image
  bool present;
  wg_pos pos;
  const char *name, *display_name, *description, *account, *descriptor; // NULL: left out
  unsigned start; // wg_service_start of image/reg/service.h
  unsigned sid;   // wg_service_sid
  const wg_cfg_str *args, *privileges, *depends;
  size_t n_args, n_privileges, n_depends;
  const wg_cfg_pair *environment;
  size_t n_environment;
  const wg_cfg_failure *failures;
  size_t n_failures;
  uint64_t failure_reset_ms;
  bool failure_on_exit_code, event_source;
  const unsigned *triggers; // wg_service_trigger
  size_t n_triggers;
} wg_cfg_service;

typedef struct wg_cfg_firewall {
  const char *name, *ports; // ports NULL: any
  unsigned protocol;        // 6 TCP, 17 UDP
  unsigned direction;       // 0 in, 1 out
  unsigned action;          // 0 allow, 1 block
  wg_pos pos;
} wg_cfg_firewall;

typedef struct wg_cfg_uninstall {
  bool present;
  const char *name, *version, *publisher; // version NULL: from release
} wg_cfg_uninstall;

typedef struct wg_cfg_shortcut { // shortcut: of an app in an image; NULL: left out
  bool wanted;                   // given, and not as false
  const char *name, *folder, *args, *working_dir, *icon, *description;
  wg_pos pos;
} wg_cfg_shortcut;

typedef struct wg_cfg_image_app {
  const char *app; // a key of apps:, checked
  size_t app_index;
  const char *to; // Windows folder, 'C:\Program Files\Kiosk', checked for syntax
  wg_pos pos, app_pos, to_pos;
  bool path; // the folder goes onto PATH
  wg_cfg_service service;
  const wg_cfg_firewall *firewall;
  size_t n_firewall;
  wg_cfg_uninstall uninstall;
  wg_cfg_shortcut shortcut;
} wg_cfg_image_app;

typedef enum wg_cfg_regvalue_kind {
  WG_REGVALUE_SET,
  WG_REGVALUE_DELETE,
  WG_REGVALUE_APPEND,
  WG_REGVALUE_REMOVE
} wg_cfg_regvalue_kind;
typedef struct wg_cfg_regvalue { // one name of values: or expect:
  const char *name;              // "" is the default value
  wg_pos pos;
  wg_cfg_regvalue_kind kind;
  bool typed;    // the project names the type
  uint32_t type; // REG_* number
  const uint8_t *data;
  uint32_t n_bytes;
  const char *const *items; // APPEND, REMOVE
  size_t n_items;
} wg_cfg_regvalue;

typedef struct wg_cfg_registry { // one entry of registry:; exactly one of file, key, delete_key
  wg_pos pos;
  const char *file, *key, *delete_key;
  wg_pos file_pos, key_pos;
  const wg_cfg_regvalue *values, *expect;
  size_t n_values, n_expect;
  unsigned view; // 0 or 64: the 64-bit view, 32
} wg_cfg_registry;

typedef enum wg_cfg_file_op {
  WG_CFG_FILE_NONE, // a faulty entry
  WG_CFG_FILE_PUT,
  WG_CFG_FILE_DELETE,
  WG_CFG_FILE_RENAME,
  WG_CFG_FILE_MKDIR,
  WG_CFG_FILE_SET
} wg_cfg_file_op;
typedef struct wg_cfg_image_file { // one entry of files:
  wg_pos pos;
  unsigned op;      // wg_cfg_file_op
  const char *from; // PUT: file or folder, relative to the project folder
  const char *path; // the others: Windows path of what is deleted, renamed, made or set
  const char *to;   // PUT, RENAME: Windows path; a folder's content goes below it; a file goes to
                    // it, or into it when it ends in a backslash or slash
  unsigned has_attributes;
  const unsigned *attributes; // bits of WG_IMAGE_ATTRIBUTE_MASK
  size_t n_attributes;
  const char *owner, *sddl; // NULL: left out
  bool replace, if_present;
  wg_pos path_pos, to_pos, owner_pos, sddl_pos; // path_pos: of from, or of path
} wg_cfg_image_file;

typedef enum wg_output_kind {
  WG_OUTPUT_WIM,
  WG_OUTPUT_ESD,
  WG_OUTPUT_SWM
} wg_output_kind;

typedef struct wg_cfg_output {
  wg_output_kind kind;
  uint64_t part_bytes; // SWM; 0: the usual size
  wg_pos pos;
} wg_cfg_output;

typedef struct wg_cfg_image {
  const char *name;
  wg_pos pos;
  wg_cfg_base base;
  const char *arch; // "amd64", "arm64", "386" or NULL: taken from the base
  wg_pos arch_pos;
  const wg_cfg_image_app *apps;
  size_t n_apps;
  const wg_cfg_image_file *files;
  size_t n_files;
  const wg_cfg_registry *registry;
  size_t n_registry;
  const wg_cfg_output *outputs;
  size_t n_outputs;
  bool compact;
  wg_pos outputs_pos;
} wg_cfg_image;

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
