// The registry of an image: edits named as Windows names them, mapped to the hives they live in.
#ifndef WG_IMAGE_REG_REGISTRY_H
#define WG_IMAGE_REG_REGISTRY_H

#include "fmt/regf/regf.h"
#include "image/tree/read.h"

typedef enum wg_reg_edit_op {
  WG_REG_MAKE_KEY,
  WG_REG_DELETE_KEY,   // with everything below; not there: counted
  WG_REG_SET,          // value
  WG_REG_DELETE_VALUE, // not there: counted
  WG_REG_APPEND,       // items to a list (MULTI_SZ, or text separated by ';'), once each
  WG_REG_REMOVE,       // items from such a list
  WG_REG_EXPECT,       // nothing changes; what is expected must hold
} wg_reg_edit_op;

typedef struct wg_reg_edit {
  wg_reg_edit_op op;
  const char *key; // HKLM\SOFTWARE\..., HKLM\SYSTEM\CurrentControlSet\..., HKCR, HKU\.DEFAULT, HKCU
  const char *name; // value; "" is the default value
  bool view32;      // the 32-bit view: WOW6432Node
  bool keep_type;   // SET: a value that is there keeps its type when the data fits it
  uint32_t type;
  const uint8_t *data;
  uint32_t n_bytes;
  const char *const *items; // APPEND, REMOVE
  size_t n_items;
  bool has_expect; // the old value must be this (expect_absent: must not be there)
  bool expect_absent;
  uint32_t expect_type;
  const uint8_t *expect;
  uint32_t n_expect;
  const char *origin; // "wingo.yaml:12:5" or "tweaks.reg line 7", for messages
} wg_reg_edit;

typedef struct wg_reg_hive_result { // a hive file to be put into the image
  char *to;                         // Windows path
  char *staged;                     // host path of the new bytes
  bool is_log;                      // a transaction log, now empty
} wg_reg_hive_result;

typedef struct wg_reg_result {
  wg_reg_hive_result *files;
  size_t n_files, cap_files;
  char **warnings;
  size_t n_warnings, cap_warnings;
  uint64_t n_set, n_deleted, n_absent, n_keys_made;
} wg_reg_result;
void wg_reg_result_done(wg_reg_result *r);
WG_DEFINE_AUTO(wg_reg_result, wg_reg_result_done);

typedef struct wg_reg_options {
  const char *tmp_dir; // new hives are staged here as "hive-N"
  int64_t time_s;      // last-written time of what changes, since 1970
} wg_reg_options;

// Applies all edits, in order, to the hives of the image; each changed hive is written, parsed
// again and every edit read back. USAGE: a key that is in no hive we may change (SAM, SECURITY,
// COMPONENTS, volatile ones), with the reason. NOT_FOUND: the image has no such hive. VERIFY: an
// expect that does not hold, or a read-back that differs. FORMAT: a damaged hive.
wg_code wg_image_registry(wg_image_reader *image, const wg_reg_edit *edits, size_t n_edits,
                          const wg_reg_options *opt, wg_reg_result *out, wg_error *err);

typedef struct wg_image_hive { // one hive of an image, opened to be read
  const char *file;            // Windows path, static
  const char *prefix;          // what its root is: "HKEY_LOCAL_MACHINE\\SOFTWARE"; static
  wg_buf bytes;                // the hive borrows from it
  wg_hive *hive;
  char *path; // where the key is below the root
  uint32_t n_replayed;
} wg_image_hive;
void wg_image_hive_done(wg_image_hive *h);
WG_DEFINE_AUTO(wg_image_hive, wg_image_hive_done);
// Opens the hive that a key is in, named as in edits; SAM, SECURITY and COMPONENTS can be read,
// too. The key itself need not be there. USAGE: in no hive of an image. NOT_FOUND, FORMAT.
wg_code wg_image_hive_open(wg_image_reader *image, const char *key, bool force_dirty,
                           wg_image_hive *out, wg_error *err);
// The n-th root that wg_image_hive_open knows, one for each hive: "HKEY_LOCAL_MACHINE\\SOFTWARE";
// NULL behind the last.
const char *wg_image_hive_root(size_t n);

#endif
