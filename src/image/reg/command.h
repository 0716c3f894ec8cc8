// SPDX-License-Identifier: Apache-2.0
// A command line as Windows splits it.
#ifndef WG_IMAGE_REG_COMMAND_H
#define WG_IMAGE_REG_COMMAND_H

#include "base/bytes.h"

// "C:\Program Files\x.exe" with arguments as a command line that Windows splits again into the same
// words (CommandLineToArgvW). A program with a space is always quoted.
void wg_windows_command_line(const char *program, const char *const *args, size_t n_args,
                             wg_buf *out);

#endif
