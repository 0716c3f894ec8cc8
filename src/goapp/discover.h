// SPDX-License-Identifier: Apache-2.0
// What a build really reads, found by asking the go command.
#ifndef WG_GOAPP_DISCOVER_H
#define WG_GOAPP_DISCOVER_H

#include "goapp/observe.h"

// Finds the toolchain, checks it against what the project and go.mod demand, lists the packages
// (fetching modules that are missing, the only thing here that may use the network), and reports
// every file, listing, absence and variable that decides the result to obs; what takes part in the
// key goes to obs->input under a label that names no folder of this machine. details (may grow in
// case of failure): all complaints of the go command. Strings of *out are in the arena.
//
// NOT_FOUND: no go, no such package or module, go.sum incomplete; UNSUPPORTED: the version or a
// GOFLAGS setting; VERIFY: a checksum; IO: the proxy; CONFIG: main: is no program; FAILED: other
// complaints.
wg_code wg_go_discover(const wg_go_env *env, const wg_go_spec *spec, const wg_go_observer *obs,
                       const char *tmp, const wg_cancel *cancel, wg_arena *arena, wg_go_found *out,
                       wg_buf *details, wg_error *err);

// UNSUPPORTED for a GOFLAGS setting that would change what is read or written behind our back; sets
// *out_mod_mod when it holds -mod=mod.
wg_code wg_go_flags_check(const char *goflags, bool *out_mod_mod, wg_error *err);
// -tags=a,b in the arena, NULL (out) when there are none.
wg_code wg_go_tags_flag(const wg_go_spec *spec, wg_arena *arena, const char **out, wg_error *err);

#endif
