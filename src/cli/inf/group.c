// SPDX-License-Identifier: Apache-2.0
// wingo inf: setup information files of Windows drivers.
#include "cli/core/cli.h"

extern const wg_cli_cmd wg_cmd_inf_check, wg_cmd_inf_show, wg_cmd_inf_codes;

static const wg_cli_cmd *const cmds[] = {
    &wg_cmd_inf_check,
    &wg_cmd_inf_show,
    &wg_cmd_inf_codes,
};

const wg_cli_group wg_cli_group_inf = {
    .noun = "inf", .heading = WG_CLI_BY_KIND, .cmds = cmds, .n = WG_ARRAY_LEN(cmds)};
