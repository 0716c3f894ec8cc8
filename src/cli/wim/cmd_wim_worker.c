// Hidden: the child in which libwim runs.
#include "cli/core/cli.h"
#include "image/write/write.h"

static int wim_worker_run(wg_cli *c) {
  (void)c;
  return wg_image_worker_main();
}

const wg_cli_cmd wg_cmd_wim_worker = {
    .name = "__wim-worker",
    .summary = "runs one libwim job given on stdin",
    .hidden = true,
    .run = wim_worker_run,
};
