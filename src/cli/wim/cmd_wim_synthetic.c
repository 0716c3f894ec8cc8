// SPDX-License-Identifier: Apache-2.0
// `wingo wim synthetic`: a base for demos, tests and CI.
#include "cli/core/cli.h"
#include "image/synthetic/synthetic.h"
#include "os/proc.h"

static int wim_synthetic_run(wg_cli *c) {
  wg_error err = WG_ERROR_INIT;
  wg_synthetic_result result;
  const wg_synthetic_options opt = {.product = c->args[0],
                                    .arch = wg_cli_value(c, "arch"),
                                    .state = wg_cli_value(c, "state"),
                                    .out_path = c->args[1],
                                    .force = wg_cli_has(c, "force"),
                                    .threads = wg_os_cpu_count()};
  if (wg_synthetic_write(&opt, &result, &err) != WG_OK) {
    return wg_cli_fail(c, &err);
  }
  wg_note(c, "'%s': %u images that do not start, %llu bytes", c->args[1], result.n_images,
          (unsigned long long)result.out_bytes);
  return wg_cli_end_made(c, c->args[1]);
}

static const wg_cli_opt synthetic_opts[] = {
    {.name = "arch",
     .arg = "ARCH",
     .help = "amd64 (default), arm64 or 386, where there is one",
     .complete = "amd64 arm64 386"},
    {.name = "state",
     .arg = "STATE",
     .help = "how far Setup has come: generalized (default), complete, ...; see below",
     .complete = "?state"},
    {.name = "force", .help = "replace a file that is there"}};
const wg_cli_cmd wg_cmd_wim_synthetic = {
    .noun = "wim",
    .name = "synthetic",
    .args = "PRODUCT OUT",
    .summary = "make a base for demos, tests and CI; it does not start",
    .text =
        "PRODUCT is windows-7, windows-10, windows-11, server-2022 or server-2025. The file has\n"
        "an image for each edition, with the folders, descriptors and registry hives that a fresh\n"
        "Windows image has, and placeholders for its programs: nothing in it is Microsoft's.\n"
        "windows-11-setup (and so on) is the boot.wim: Windows PE and Setup. windows-11-iso is\n"
        "the installation medium with both, an ISO image with UDF. The states are generalized,\n"
        "generalized-audit, specialized, specialized-audit, undeployable and complete. The same\n"
        "PRODUCT, --arch and --state give the same bytes. In wingo.yaml it is\n"
        "'base: {synthetic: windows-11}'.\n"
        "\n"
        "Examples:\n"
        "  wingo wim synthetic windows-11 base.wim\n"
        "  wingo wim synthetic windows-11-iso medium.iso\n",
    .opts = synthetic_opts,
    .n_opts = WG_ARRAY_LEN(synthetic_opts),
    .min_args = 2,
    .max_args = 2,
    .complete = "?synthetic,file",
    .run = wim_synthetic_run};
