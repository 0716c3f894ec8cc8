// SPDX-License-Identifier: Apache-2.0
// The commands of a project.
#include "cli/core/cli.h"

extern const wg_cli_cmd wg_cmd_init, wg_cmd_check, wg_cmd_plan, wg_cmd_build, wg_cmd_publish,
    wg_cmd_clean, wg_cmd_config, wg_cmd_schema, wg_cmd_schema_hidden, wg_cmd_reference,
    wg_cmd_manual;

static const wg_cli_cmd *const cmds[] = {
    &wg_cmd_init,          &wg_cmd_check,     &wg_cmd_config, &wg_cmd_plan,
    &wg_cmd_build,         &wg_cmd_publish,   &wg_cmd_clean,  &wg_cmd_schema,
    &wg_cmd_schema_hidden, &wg_cmd_reference, &wg_cmd_manual,
};

const wg_cli_group wg_cli_group_project = {
    .noun = NULL, .heading = "Project", .cmds = cmds, .n = WG_ARRAY_LEN(cmds)};
