// SPDX-License-Identifier: Apache-2.0
#include "cli/core/cli.h"

int main(int argc, char **argv) {
  wg_os_take_std_fds();
  return wg_cli_main(argc, argv);
}
