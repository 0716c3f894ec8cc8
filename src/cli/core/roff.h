// SPDX-License-Identifier: Apache-2.0
// Text as roff, for manual pages.
#ifndef WG_CLI_CORE_ROFF_H
#define WG_CLI_CORE_ROFF_H

#include "base/bytes.h"

// Plain text: what would mean something to roff is escaped. at_start: it begins a line.
void wg_roff_text(wg_buf *out, const char *s, size_t n, bool at_start);

// The body of a manual page from Markdown as our own pages use it: headings of two and three hashes
// (that of one is left out, comments too), paragraphs, lists with '-', fenced code, `code` and
// **bold**.
void wg_roff_markdown(wg_buf *out, wg_str markdown);

#endif
