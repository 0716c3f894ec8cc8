// SPDX-License-Identifier: Apache-2.0
// What a project wants of an image. The sections of the project file fill these structs and the
// parts of an image read them, so they lie here, below both. Strings are NUL-terminated, "" or NULL
// when absent as each field says; all of it is immutable and outlives what is made of it.
#ifndef WG_IMAGE_PART_WANT_H
#define WG_IMAGE_PART_WANT_H

#include "base/pos.h"
#include "image/part/secret.h"

typedef enum wg_base_kind {
  WG_BASE_FILE,
  WG_BASE_DIR,
  WG_BASE_SYNTHETIC, // path is the product: "windows-11"
  WG_BASE_IMAGE      // what an image of the project makes: of
} wg_base_kind;      // iso: by the file's content
typedef struct wg_cfg_base {
  wg_pos pos; // of the key 'base'
  wg_base_kind kind;
  const char *path; // as given, relative to the project folder
  wg_pos path_pos;
  unsigned wim; // of an ISO: wg_image_disc_wim
  wg_pos wim_pos;
  const char *image; // NAME or 1-based index as text; NULL: the file has just one
  wg_pos image_pos;
  const char *sha256; // 64 lower-case digits or NULL
  wg_pos sha256_pos;
  const char *of;    // IMAGE: its name; path is that name, too, or the file that it makes
  int of_kind;       // IMAGE: which of its outputs (wg_output_kind), -1: whichever suits
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
  wg_pos name_pos, account_pos;
  unsigned start; // wg_service_start of image/reg/service.h
  unsigned sid;   // wg_service_sid
  const wg_cfg_str *args, *privileges, *depends;
  size_t n_args, n_privileges, n_depends;
  const wg_cfg_pair *environment;
  size_t n_environment;
  const wg_cfg_failure *failures;
  size_t n_failures;
  uint64_t failure_reset_ms;
  bool failure_on_exit_code, event_source, replace;
  const unsigned *triggers; // wg_service_trigger
  size_t n_triggers;
} wg_cfg_service;

typedef enum wg_cfg_fw_direction {
  WG_CFG_FW_IN,
  WG_CFG_FW_OUT
} wg_cfg_fw_direction;
typedef enum wg_cfg_fw_action {
  WG_CFG_FW_ALLOW,
  WG_CFG_FW_BLOCK
} wg_cfg_fw_action;

typedef struct wg_cfg_firewall {
  const char *name, *ports; // ports NULL: any
  unsigned protocol;        // WG_FIREWALL_TCP, WG_FIREWALL_UDP
  unsigned direction;       // wg_cfg_fw_direction
  unsigned action;          // wg_cfg_fw_action
  wg_pos pos;
} wg_cfg_firewall;

typedef struct wg_cfg_uninstall {
  bool present;
  const char *name, *version, *publisher; // version NULL: from release
  bool replace;
  wg_pos pos;
} wg_cfg_uninstall;

typedef struct wg_cfg_shortcut { // shortcut: of an app in an image; NULL: left out
  bool wanted;                   // given, and not as false
  const char *name, *folder, *args, *working_dir, *icon, *description;
  wg_pos pos, name_pos, folder_pos;
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
  wg_secret secret; // SET: its bytes are the data, text where the type is one
} wg_cfg_regvalue;

typedef struct wg_cfg_registry { // one entry of registry:; exactly one of file, key, delete_key
  wg_pos pos;
  const char *file, *key, *delete_key;
  wg_pos file_pos, key_pos;
  const wg_cfg_regvalue *values, *expect;
  size_t n_values, n_expect;
  const wg_cfg_pair *map; // of file: names it was written for, and what they are here
  size_t n_map;
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
  const char *from; // PUT: file or folder, relative to the project folder; or with wildcards
  const char *path; // the others: Windows path of what is deleted, renamed, made or set
  const char *to;   // PUT, RENAME: Windows path; a folder's content goes below it; a file goes to
                    // it, or into it when it ends in a backslash or slash
  unsigned has_attributes;
  const unsigned *attributes; // bits of WG_IMAGE_ATTRIBUTE_MASK
  size_t n_attributes;
  const char *owner, *sddl;  // NULL: left out
  const wg_cfg_str *exclude; // PUT: patterns (wg_select)
  size_t n_exclude;
  bool replace, if_present;
  bool all_below; // PUT, SET: attributes and sddl are of everything below a folder, too
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

typedef struct wg_cfg_name { // one text of the XML
  const char *text;          // NULL: left as it is
  wg_pos pos;
} wg_cfg_name;
typedef struct wg_cfg_names {
  wg_cfg_name name, description, display_name, display_description;
} wg_cfg_names;

typedef struct wg_cfg_winre { // winre: what is done to the image's Winre.wim
  bool present;
  wg_pos pos;
  const wg_cfg_image_file *files;
  size_t n_files;
  const wg_cfg_registry *registry;
  size_t n_registry;
  bool drivers; // those of the image that Windows PE takes
  wg_pos drivers_pos;
} wg_cfg_winre;

typedef struct wg_cfg_drivers { // drivers: packages for the image's driver store
  bool present;
  wg_pos pos;
  const wg_cfg_str *from, *only, *exclude, *boot; // folders; names of INF files
  const wg_cfg_str *hardware;                     // profiles of machines; none: all packages
  const wg_cfg_str *pins, *prefers;               // rules of driver/match/rules.h
  size_t n_from, n_only, n_exclude, n_boot, n_hardware, n_pins, n_prefers;
  const wg_cfg_str *remove; // names of INF files that the base has
  size_t n_remove;
  const unsigned *allow; // wg_driver_fault
  size_t n_allow;
  unsigned stage; // wg_driver_stage
  bool no_recurse, setup_network, everything, replace;
  bool force; // remove: also what the start needs
} wg_cfg_drivers;

typedef struct wg_cfg_image wg_cfg_image;
struct wg_cfg_image {
  const char *name;
  wg_pos pos;
  wg_cfg_base base;
  const char *arch; // "amd64", "arm64", "386" or NULL: taken from the base
  // Of one of serviced, once the base was looked at, else NULL: its architecture; which image of
  // the base it is, in one form for all names that it has; and the NAME of that.
  const char *arch_found, *base_image, *base_name;
  wg_pos arch_pos;
  wg_cfg_names names;
  const wg_cfg_image_app *apps;
  size_t n_apps;
  const wg_cfg_image_file *files;
  size_t n_files;
  const wg_cfg_registry *registry;
  size_t n_registry;
  wg_cfg_winre winre;
  wg_cfg_drivers drivers;
  const wg_cfg_output *outputs;
  size_t n_outputs;
  const char *into; // instead of outputs: the file that the image ends in; NULL
  wg_pos into_pos;
  bool compact;
  // indexes: as they are written: of each only name (what the file calls it), pos, names, apps,
  // files and registry.
  const wg_cfg_image *indexes;
  size_t n_indexes;
  // What is done to which image of the base, filled in when all is read: itself, or for each of
  // indexes what holds for all and then its own. base.image says which.
  wg_cfg_image *serviced;
  size_t n_serviced;
  const char *index; // of one of serviced: as `indexes` has it; NULL: there are none
};

#endif
