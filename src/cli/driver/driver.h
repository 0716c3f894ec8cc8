// SPDX-License-Identifier: Apache-2.0
// Shared by the `wingo driver` commands.
#ifndef WG_CLI_DRIVER_DRIVER_H
#define WG_CLI_DRIVER_DRIVER_H

#include "cli/core/cli.h"
#include "driver/hardware/hardware.h"

// The hardware that a source tells: a profile or the output of a tool ("-": standard input), a
// SYSTEM hive, an image (its SYSTEM hive), /sys of a Linux machine. Everything lives in the arena.
// Errors name the source.
wg_code wg_driver_hardware(const char *source, wg_arena *arena, wg_hw_profile *out, wg_error *err);

#endif
