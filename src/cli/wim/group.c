// SPDX-License-Identifier: Apache-2.0
// wingo wim: image files.
#include "cli/core/cli.h"

extern const wg_cli_cmd wg_cmd_wim_info, wg_cmd_wim_dir, wg_cmd_wim_cat, wg_cmd_wim_extract,
    wg_cmd_wim_apply, wg_cmd_wim_capture, wg_cmd_wim_export, wg_cmd_wim_update, wg_cmd_wim_split,
    wg_cmd_wim_join, wg_cmd_wim_verify, wg_cmd_wim_synthetic;

static const wg_cli_cmd *const cmds[] = {
    &wg_cmd_wim_info,  &wg_cmd_wim_dir,     &wg_cmd_wim_cat,    &wg_cmd_wim_extract,
    &wg_cmd_wim_apply, &wg_cmd_wim_capture, &wg_cmd_wim_export, &wg_cmd_wim_update,
    &wg_cmd_wim_split, &wg_cmd_wim_join,    &wg_cmd_wim_verify, &wg_cmd_wim_synthetic,
};

const wg_cli_group wg_cli_group_wim = {
    .noun = "wim", .heading = WG_CLI_BY_KIND, .cmds = cmds, .n = WG_ARRAY_LEN(cmds)};
