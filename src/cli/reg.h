// Shared by the `wingo reg` commands.
#ifndef WG_CLI_REG_H
#define WG_CLI_REG_H

#include "cli/cli.h"
#include "image/hivefile.h"

// "REG_SZ", "REG_DWORD", or "0x12" for unknown types (in buf).
const char *wg_reg_type_name(uint32_t type, char buf[16]);
// Name (any case, with or without "REG_") or number; false when it is none.
WG_MUST_CHECK bool wg_reg_type_parse(const char *s, uint32_t *out);
// Data as a person reads it: text, number, hex.
void wg_reg_format_data(const wg_regvalue *v, wg_buf *out);
// Text of --data to bytes for a type. USAGE when it does not fit the type.
wg_code wg_reg_parse_data(uint32_t type, const char *text, wg_buf *out, wg_error *err);
// SOURCE_DATE_EPOCH, else now, as FILETIME.
uint64_t wg_reg_now(void);
// KEY argument: relative to the hive's root, or a full path below the hive's prefix.
wg_str wg_reg_key_arg(const char *hive_path, const char *arg);

#endif
