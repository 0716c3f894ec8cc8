// SPDX-License-Identifier: Apache-2.0
// Numbers and names for people's eyes.
#ifndef WG_BASE_HUMAN_H
#define WG_BASE_HUMAN_H

#include "base/bytes.h"
#include "base/civil.h"

// "812 B", "1.2 KiB", "38.0 MiB".
void wg_text_add_size(wg_buf *b, uint64_t n_bytes);
// "0.04 s", "1.2 s", "3 min 05 s", "1 h 02 min".
void wg_text_add_duration(wg_buf *b, uint64_t ns);
// "0:07", "12:05", "1:02:03".
void wg_text_add_clock(wg_buf *b, uint64_t seconds);
// Columns of a terminal that text takes. Control characters and invalid bytes count as one.
unsigned wg_text_columns(wg_str s);
// Appends at most max_cols columns of s, with an ellipsis at the end when cut; what is not
// printable becomes '?', so that no name can move the cursor. ascii: only ASCII is appended.
// Returns columns.
unsigned wg_text_add_fit(wg_buf *b, wg_str s, unsigned max_cols, bool ascii);
// All of s; control characters other than newline and tab become '?'.
void wg_text_add_clean(wg_buf *b, wg_str s);
// "2026-01-31T12:00:00.123Z".
void wg_text_add_utc(wg_buf *b, int64_t wall_ns);
// As &lt; and so on, for text and for attributes in double quotes; invalid UTF-8 becomes U+FFFD.
void wg_text_add_html(wg_buf *b, wg_str s);

wg_civil wg_text_utc(int64_t wall_ns);

// Appends "1 file", "0 files", "12 entries".
void wg_text_add_count(wg_buf *b, uint64_t n, const char *one, const char *many);

#endif
