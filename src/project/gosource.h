// SPDX-License-Identifier: Apache-2.0
// What `wingo check` says of an app's Go sources and of the Go on this machine.
#ifndef WG_PROJECT_GOSOURCE_H
#define WG_PROJECT_GOSOURCE_H

#include "project/app.h"

// Faults of vars: whose values cannot be handed to the linker.
void wg_gosource_rules(wg_cfg *c, const wg_cfg_app *app);
// Faults that the sources show: not package main, a variable of vars: that is not there or is
// computed, a target that the Go in PATH does not know, a Go version that it is not. folder:
// app->dir on this machine.
void wg_gosource_files(wg_cfg *c, const wg_cfg_app *app, const char *folder);

#endif
