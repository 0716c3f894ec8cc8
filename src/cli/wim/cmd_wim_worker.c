// SPDX-License-Identifier: Apache-2.0
// Hidden: the child in which libwim runs.
#include "cli/core/cli.h"
#include "image/move/gather.h"
#include "steps/packed.h"
#include "steps/parts.h"

static int wim_worker_run(wg_cli *c) {
  (void)c;
  const wg_image_planner planner = wg_part_planner(&wg_image_parts);
  const wg_image_worker worker = {&planner, &wg_packed_in_store, wg_image_gather_here};
  return wg_image_worker_main(&worker);
}

const wg_cli_cmd wg_cmd_wim_worker = {
    .name = "__wim-worker",
    .summary = "runs one libwim job given on stdin",
    .hidden = true,
    .run = wim_worker_run,
};
