// SPDX-License-Identifier: Apache-2.0
// Shared by the `wingo reg` commands.
#ifndef WG_CLI_REG_REG_H
#define WG_CLI_REG_REG_H

#include "cli/core/cli.h"
#include "fmt/json/jsonw.h"
#include "image/file/spec.h"
#include "image/reg/absent.h"
#include "image/reg/apply.h"
#include "image/reg/hivefile.h"
#include "image/reg/regdiff.h"
#include "image/reg/registry.h"
#include "image/reg/value.h"

// SOURCE_DATE_EPOCH, else now, as FILETIME. USAGE when it is no such time.
wg_code wg_reg_now(uint64_t *out_filetime, wg_error *err);
wg_code wg_reg_now_s(int64_t *out_s, wg_error *err); // the same in seconds since 1970

// The options of every command that takes a key.
#define WG_REG_OPT_FORCE                                                                           \
  { .name = "force-dirty", .help = "open a dirty hive although no log fits it" }
#define WG_REG_OPT_PREFIX                                                                          \
  {                                                                                                \
    .name = "prefix", .arg = "KEY",                                                                \
    .help = "what the hive's keys are below (default: by file name)"                               \
  }
#define WG_REG_OPT_MAP                                                                             \
  {                                                                                                \
    .name = "map", .arg = "FROM=TO", .many = true,                                                 \
    .help = "take keys below FROM as below TO: 'HKLM\\RTS=HKLM\\SOFTWARE'"                         \
  }

typedef struct wg_reg_maps { // --map
  wg_reg_map *v;
  size_t n;
  char **memory;
} wg_reg_maps;
void wg_reg_maps_done(wg_reg_maps *m);
WG_DEFINE_AUTO(wg_reg_maps, wg_reg_maps_done);
// out: empty; to be freed whatever comes of it. 0, or an exit code after saying what is wrong.
int wg_reg_maps_of(const wg_cli *c, wg_reg_maps *out);

// What the first argument of a `wingo reg` command names: a hive file, or a hive of an image (or of
// the folder of one) that the key chooses.
typedef struct wg_reg_subject {
  const char *arg;
  bool in_image;
  wg_spec spec; // of an image
  wg_hivefile file;
  wg_image_hive image;
  wg_hive *hive;      // of one of the two, borrowed
  const char *label;  // for messages
  char *key;          // below the hive's root
  const char *prefix; // what the hive's root is, NULL: not known
  size_t n_file_bytes;
  wg_hive_replay replay;
} wg_reg_subject;
void wg_reg_subject_done(wg_reg_subject *s);
WG_DEFINE_AUTO(wg_reg_subject, wg_reg_subject_done);

// key NULL: the root of a hive file; in an image it is needed. Takes --force-dirty, --prefix and
// --map of the command.
wg_code wg_reg_subject_open(const wg_cli *c, const char *arg, const char *key,
                            const wg_reg_maps *maps, wg_reg_subject *out, wg_error *err);
// The same for a command: fails aloud, and notes a replay. An exit code, 0 when it is open.
int wg_reg_subject_of(const wg_cli *c, const char *arg, const char *key, wg_reg_subject *s);
// NOT_FOUND: its key is not there (k NULL), or has no value of that name.
wg_code wg_reg_subject_absent(const wg_reg_subject *s, const wg_regkey *k, const char *name,
                              wg_error *err);
// Whether arg names an image or a folder. Not what cannot be opened: that is left to whoever opens.
bool wg_reg_in_image(const char *arg);
// Applies edits to what the first argument names, in place or into --out, and says what was done.
// must_exist: what is deleted must be there. An exit code.
int wg_reg_edit_subject(const wg_cli *c, const wg_reg_edits *edits, bool must_exist);

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
// Text that is UTF-16 in the registry, as JSON has it: "key": what can be read, and where that is
// not all (lone surrogates), "key_utf16le": its bytes in hex.
void wg_reg_json_text(wg_jsonw *j, const char *key, wg_str wtf8);
// A value as members of an object that is open: type, data, bytes.
void wg_reg_json_value(wg_jsonw *j, const wg_regvalue *v);
// The name of a value; "(Default)" for the one without.
void wg_reg_value_name(const wg_regvalue *v, wg_buf *out);
// Prints what a comparison found. Exit code: 0 no difference, 1 some, 2 it could not be printed.
int wg_diff_end(const wg_buf *out, uint64_t n_differences);
// As wg_cli_fail, but never 1: that says "different".
int wg_diff_fail(const wg_cli *c, const wg_error *err);

#endif
