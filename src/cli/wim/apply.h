// SPDX-License-Identifier: Apache-2.0
// What `wingo wim apply` and `wingo wim extract` share.
#ifndef WG_CLI_WIM_APPLY_H
#define WG_CLI_WIM_APPLY_H

#include "cli/wim/wim.h"
#include "image/apply/apply.h"

// The whole image to the folder target. One that is new or empty gets all of it at one moment, or
// nothing; one that is not needs --force. CONFLICT: no folder, not empty, in use by another wingo.
wg_code wg_cli_apply_to(const wg_cli *c, wg_cli_image *im, const char *target,
                        wg_image_apply_options *opt, wg_image_apply_result *res, wg_error *err);
// Says what was written and what was left out. refused: why the folder can't become an image again,
// NULL when it can or was not asked. Exit code.
int wg_cli_apply_report(const wg_cli *c, const wg_image_apply_result *r, const char *refused);

#endif
