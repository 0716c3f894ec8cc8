// SPDX-License-Identifier: Apache-2.0
// What go.mod and go.work say that `go list` does not tell: local paths. Only as much of the syntax
// as that needs; whether the file is right is the go command's to say.
#ifndef WG_GOAPP_GOMOD_H
#define WG_GOAPP_GOMOD_H

#include "goapp/list.h"

// The paths of `use` directives (go.work) and the right sides of `replace` directives that are
// local paths ("./x",
// "../x", "/x"), as written. text is untrusted. Strings in the arena. LIMIT over 10,000.
wg_code wg_go_mod_local_paths(wg_str text, wg_arena *arena, wg_go_strs *out, wg_error *err);

// The `require` line that serves an import path: the longest module path that is the import path or
// a parent of it.
// "" twice when there is none. Borrowed from text.
void wg_go_mod_requires(wg_str text, const char *import_path, wg_str *out_module,
                        wg_str *out_version);

#endif
