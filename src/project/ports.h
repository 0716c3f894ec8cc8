// SPDX-License-Identifier: Apache-2.0
// The platforms that Go builds for.
#ifndef WG_PROJECT_PORTS_H
#define WG_PROJECT_PORTS_H

#include "config/key.h"
#include "project/app.h"

// The type of a key that names one: os/arch[/variant], a wg_cfg_target.
extern const wg_key_kind wg_key_target;

// Splits and checks "windows/amd64/v3". *out's strings are in the arena; pos is not set.
bool wg_cfg_parse_target(wg_cfg_text *t, wg_cfg_target *out);
// All os/arch pairs of Go, for the schema and tests: "linux/amd64". NULL-terminated.
extern const char *const wg_cfg_ports[];

#endif
