// Shared by the `wingo reg` commands.
#ifndef WG_CLI_REG_H
#define WG_CLI_REG_H

#include "cli/cli.h"
#include "fmt/json/jsonw.h"
#include "image/hivefile.h"
#include "image/regdiff.h"

// "REG_SZ", "REG_DWORD", or "0x12" for unknown types (in buf).
const char *wg_reg_type_name(uint32_t type, char buf[16]);
// Name (any case, with or without "REG_") or number; false when it is none.
WG_MUST_CHECK bool wg_reg_type_parse(const char *s, uint32_t *out);
// Text of --data to bytes for a type. USAGE when it does not fit the type.
wg_code wg_reg_parse_data(uint32_t type, const char *text, wg_buf *out, wg_error *err);
// SOURCE_DATE_EPOCH, else now, as FILETIME.
uint64_t wg_reg_now(void);
// KEY argument: relative to the hive's root, or a full path below the hive's prefix.
wg_str wg_reg_key_arg(const char *hive_path, const char *arg);

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
