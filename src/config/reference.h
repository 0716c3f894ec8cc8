// SPDX-License-Identifier: Apache-2.0
// The reference page of a table of keys, in Markdown.
#ifndef WG_CONFIG_REFERENCE_H
#define WG_CONFIG_REFERENCE_H

#include "config/section.h"

// intro comes first; it ends with the heading of the keys.
void wg_cfg_write_reference(const wg_cfg_lang *lang, const char *intro, wg_buf *out);

#endif
