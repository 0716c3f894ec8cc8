// SPDX-License-Identifier: Apache-2.0
// The groups of commands, in the order of help.
#include "cli/core/cli.h"

extern const wg_cli_group wg_cli_group_project, wg_cli_group_files, wg_cli_group_more,
    wg_cli_group_wim, wg_cli_group_reg, wg_cli_group_driver, wg_cli_group_inf;

const wg_cli_group *const wg_cli_groups[] = {
    &wg_cli_group_project, &wg_cli_group_files,  &wg_cli_group_more, &wg_cli_group_wim,
    &wg_cli_group_reg,     &wg_cli_group_driver, &wg_cli_group_inf,  NULL,
};
