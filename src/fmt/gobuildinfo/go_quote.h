// SPDX-License-Identifier: Apache-2.0
// Go string literals, as strconv.Unquote, QuotedPrefix and Quote treat them.
#ifndef WG_FMT_GO_QUOTE_H
#define WG_FMT_GO_QUOTE_H

#include "base/bytes.h"

// Length of the quoted literal ("..." or `...`) that s starts with, quotes included; 0: none.
size_t wg_go_quoted_prefix(wg_str s);
// The value of a literal that is the whole of s; *out lives in the arena. False: not a literal, or
// out of memory (then *out_no_memory is set).
WG_MUST_CHECK bool wg_go_unquote(wg_str s, wg_arena *arena, wg_str *out, bool *out_no_memory);
// Appends s as strconv.Quote writes it. Characters outside ASCII are written as they are.
void wg_go_quote(wg_buf *out, wg_str s);

#endif
