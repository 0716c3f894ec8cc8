// SPDX-License-Identifier: Apache-2.0
// The JSON Schema of a table of keys.
#ifndef WG_CONFIG_SCHEMA_H
#define WG_CONFIG_SCHEMA_H

#include "config/section.h"

// overlay: of files that are laid over another one (--env): no key is required, null deletes one,
// "+key" adds to a list.
void wg_cfg_write_schema(const wg_cfg_lang *lang, const char *title, bool overlay, wg_buf *out);

#endif
