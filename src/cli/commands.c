// The table of commands, in the order of help.
#include "cli/core/cli.h"

extern const wg_cli_cmd wg_cmd_reg_query, wg_cmd_reg_add, wg_cmd_reg_delete, wg_cmd_reg_import,
    wg_cmd_reg_export, wg_cmd_diff, wg_cmd_reg_check, wg_cmd_reg_create, wg_cmd_reg_diff,
    wg_cmd_wim_worker;

extern const wg_cli_cmd wg_cmd_wim_info, wg_cmd_wim_dir, wg_cmd_wim_cat, wg_cmd_wim_extract,
    wg_cmd_wim_apply, wg_cmd_wim_split, wg_cmd_wim_join, wg_cmd_wim_verify, wg_cmd_wim_export,
    wg_cmd_wim_capture, wg_cmd_wim_update;

extern const wg_cli_cmd wg_cmd_wim_synthetic;
extern const wg_cli_cmd wg_cmd_man, wg_cmd_complete; // hidden: for the build, for shells
extern const wg_cli_cmd wg_cmd_schema, wg_cmd_reference,
    wg_cmd_manual; // hidden: docs/ is made with them

const wg_cli_cmd *const wg_cli_commands[] = {
    // the project
    &wg_cmd_init,
    &wg_cmd_check,
    &wg_cmd_plan,
    &wg_cmd_build,
    &wg_cmd_publish,
    &wg_cmd_clean,
    // files
    &wg_cmd_inspect,
    &wg_cmd_diff,
    // further
    &wg_cmd_doctor,
    &wg_cmd_completion,
    &wg_cmd_help,
    &wg_cmd_version,
    // image files
    &wg_cmd_wim_info,
    &wg_cmd_wim_dir,
    &wg_cmd_wim_cat,
    &wg_cmd_wim_extract,
    &wg_cmd_wim_apply,
    &wg_cmd_wim_capture,
    &wg_cmd_wim_export,
    &wg_cmd_wim_update,
    &wg_cmd_wim_split,
    &wg_cmd_wim_join,
    &wg_cmd_wim_verify,
    // registry hives
    &wg_cmd_reg_query,
    &wg_cmd_reg_add,
    &wg_cmd_reg_delete,
    &wg_cmd_reg_import,
    &wg_cmd_reg_export,
    &wg_cmd_reg_check,
    &wg_cmd_reg_create,
    &wg_cmd_reg_diff,
    &wg_cmd_wim_synthetic,
    &wg_cmd_man,
    &wg_cmd_complete,
    &wg_cmd_wim_worker,
    &wg_cmd_schema,
    &wg_cmd_reference,
    &wg_cmd_manual,
};
const size_t wg_cli_n_commands = WG_ARRAY_LEN(wg_cli_commands);
