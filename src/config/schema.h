// SPDX-License-Identifier: Apache-2.0
// The JSON Schema of a table of keys.
#ifndef WG_CONFIG_SCHEMA_H
#define WG_CONFIG_SCHEMA_H

#include "config/section.h"

void wg_cfg_write_schema(const wg_cfg_lang *lang, const char *title, wg_buf *out);

#endif
