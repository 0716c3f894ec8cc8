// SPDX-License-Identifier: Apache-2.0
// wingo driver: driver packages of Windows.
#include "cli/core/cli.h"

extern const wg_cli_cmd wg_cmd_driver_add, wg_cmd_driver_remove, wg_cmd_driver_list,
    wg_cmd_driver_profile, wg_cmd_driver_index, wg_cmd_driver_match, wg_cmd_driver_explain;

static const wg_cli_cmd *const cmds[] = {
    &wg_cmd_driver_add,   &wg_cmd_driver_remove, &wg_cmd_driver_list,    &wg_cmd_driver_profile,
    &wg_cmd_driver_index, &wg_cmd_driver_match,  &wg_cmd_driver_explain,
};

const wg_cli_group wg_cli_group_driver = {
    .noun = "driver", .heading = WG_CLI_BY_KIND, .cmds = cmds, .n = WG_ARRAY_LEN(cmds)};
