// SPDX-License-Identifier: Apache-2.0
// wingo reg: registry hives.
#include "cli/core/cli.h"

extern const wg_cli_cmd wg_cmd_reg_query, wg_cmd_reg_add, wg_cmd_reg_delete, wg_cmd_reg_import,
    wg_cmd_reg_export, wg_cmd_reg_check, wg_cmd_reg_create, wg_cmd_reg_diff;

static const wg_cli_cmd *const cmds[] = {
    &wg_cmd_reg_query,  &wg_cmd_reg_add,   &wg_cmd_reg_delete, &wg_cmd_reg_import,
    &wg_cmd_reg_export, &wg_cmd_reg_check, &wg_cmd_reg_create, &wg_cmd_reg_diff,
};

const wg_cli_group wg_cli_group_reg = {
    .noun = "reg", .heading = WG_CLI_BY_KIND, .cmds = cmds, .n = WG_ARRAY_LEN(cmds)};
