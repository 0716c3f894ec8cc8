// SPDX-License-Identifier: Apache-2.0
// `wingo driver` on an image: what adds and what removes share.
#ifndef WG_CLI_DRIVER_IMAGE_H
#define WG_CLI_DRIVER_IMAGE_H

#include "cli/core/cli.h"
#include "image/part/want.h"

// Does to the drivers of the image c->args[0] what is wanted, in place or into --out, and tells it.
// Folders of want are relative to the current one. The exit code.
int wg_driver_change(const wg_cli *c, const wg_cfg_drivers *want);
// Prints the drivers that an image has. The exit code.
int wg_driver_list_image(const wg_cli *c, const char *arg);

#endif
