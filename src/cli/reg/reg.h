// Shared by the `wingo reg` commands.
#ifndef WG_CLI_REG_REG_H
#define WG_CLI_REG_REG_H

#include "cli/core/cli.h"
#include "fmt/json/jsonw.h"
#include "image/file/spec.h"
#include "image/reg/hivefile.h"
#include "image/reg/regdiff.h"
#include "image/reg/registry.h"
#include "image/reg/service.h"

// "REG_SZ", "REG_DWORD", or "0x12" for unknown types (in buf).
const char *wg_reg_type_name(uint32_t type, char buf[16]);
// Name (any case, with or without "REG_") or number; false when it is none.
WG_MUST_CHECK bool wg_reg_type_parse(const char *s, uint32_t *out);
// Text of --data to bytes for a type. USAGE when it does not fit the type.
wg_code wg_reg_parse_data(uint32_t type, const char *text, wg_buf *out, wg_error *err);
// SOURCE_DATE_EPOCH, else now, as FILETIME.
uint64_t wg_reg_now(void);
int64_t wg_reg_now_s(void); // the same in seconds since 1970
// KEY argument: relative to the hive's root, or a full path below the hive's prefix.
wg_str wg_reg_key_arg(const char *hive_path, const char *arg);

// What the first argument of a `wingo reg` command names: a hive file, or a hive of an image (or of
// the folder of one) that the key chooses.
typedef struct wg_reg_target {
  bool in_image;
  wg_spec spec; // of an image
  wg_hivefile file;
  wg_image_hive image;
  wg_hive *hive;      // of one of the two, borrowed
  const char *label;  // for messages
  char *key;          // below the hive's root
  const char *prefix; // what the hive's root is, NULL: not known
  size_t n_file_bytes;
  uint32_t n_replayed;
} wg_reg_target;
void wg_reg_target_done(wg_reg_target *t);
WG_DEFINE_AUTO(wg_reg_target, wg_reg_target_done);
// key NULL: the root of a hive file; in an image it is needed.
wg_code wg_reg_target_open(const char *arg, const char *key, bool force_dirty, wg_reg_target *out,
                           wg_error *err);
// The same for a command: fails aloud, and notes a replay. An exit code, 0 when it is open.
int wg_reg_target_of(const wg_cli *c, const char *arg, const char *key, wg_reg_target *t);
// Whether arg names an image or a folder. Not what cannot be opened: that is left to whoever opens.
bool wg_reg_in_image(const char *arg);
// Applies edits to an image file: into out_path, or in place (NULL): the old file stays until the
// new one is whole and read back. *out: what was done.
wg_code wg_reg_edit_image(const wg_cli *c, const char *arg, const wg_reg_edits *edits,
                          const char *out_path, wg_reg_result *out, wg_error *err);

// Differences of two hives as text (+, -, ~ under the key's path) or, with json, as objects of an
// array that the caller opened.
typedef struct wg_reg_printer {
  wg_buf *out;             // text
  wg_jsonw *json;          // NULL: text
  const char *indent;      // before each line of text
  const wg_regkey *headed; // whose path was printed last
  const wg_hive *a, *b;
} wg_reg_printer;
void wg_reg_print_item(void *printer, const wg_regdiff_item *item); // a sink of wg_regdiff
// A self-relative descriptor as SDDL; hex when it is none, "none" when empty.
void wg_sddl_of(wg_str sd, wg_buf *out);
// Exit code of a comparison: 0 no difference, 1 some.
int wg_diff_exit(uint64_t n_differences);
// As wg_cli_fail, but never 1: that says "different".
int wg_diff_fail(const wg_cli *c, const wg_error *err);

#endif
