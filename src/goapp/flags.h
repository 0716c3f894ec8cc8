// SPDX-License-Identifier: Apache-2.0
// Flags of Go's linker and compiler as one word for the go command, which splits it again.
#ifndef WG_GOAPP_FLAGS_H
#define WG_GOAPP_FLAGS_H

#include "base/bytes.h"

// Appends one item of ldflags: or gcflags: so that the tool gets its words whole. The go command
// splits at spaces; a field may stand in single or double quotes, without escapes. An item that has
// quotes of its own is taken as it is. Otherwise a word that begins with '-' begins a flag, and
// what follows up to the next one belongs to it: to its value ("-d=a b"), or as its argument ("-X
// main.motto=to be"). All that follows "-extldflags" is its value.
// CONFIG when a word holds both kinds of quotes.
wg_code wg_go_flags_add(wg_buf *out, const char *item, wg_error *err);

// Whether -X name=value can be handed to the linker. CONFIG when the value has a line break or both
// kinds of quotes, or the name a quote.
wg_code wg_go_var_check(const char *name, const char *value, wg_error *err);
// Appends it. Errors as above.
wg_code wg_go_var_add(wg_buf *out, const char *name, const char *value, wg_error *err);

#endif
