// SPDX-License-Identifier: Apache-2.0
// The commands about wingo itself.
#include "cli/core/cli.h"

extern const wg_cli_cmd wg_cmd_doctor, wg_cmd_completion, wg_cmd_help, wg_cmd_version, wg_cmd_man,
    wg_cmd_complete, wg_cmd_wim_worker;

static const wg_cli_cmd *const cmds[] = {
    &wg_cmd_doctor, &wg_cmd_completion, &wg_cmd_help,       &wg_cmd_version,
    &wg_cmd_man,    &wg_cmd_complete,   &wg_cmd_wim_worker,
};

const wg_cli_group wg_cli_group_more = {
    .noun = NULL, .heading = "More", .cmds = cmds, .n = WG_ARRAY_LEN(cmds)};
