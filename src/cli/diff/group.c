// SPDX-License-Identifier: Apache-2.0
// The commands for any file.
#include "cli/core/cli.h"

extern const wg_cli_cmd wg_cmd_inspect, wg_cmd_diff;

static const wg_cli_cmd *const cmds[] = {
    &wg_cmd_inspect,
    &wg_cmd_diff,
};

const wg_cli_group wg_cli_group_files = {
    .noun = NULL, .heading = "Files", .cmds = cmds, .n = WG_ARRAY_LEN(cmds)};
