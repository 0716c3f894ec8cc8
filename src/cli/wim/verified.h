// SPDX-License-Identifier: Apache-2.0
// Files with images that were read and compared with their digests once, so that commands which
// take packed data over need not do it again. Kept in the store by the digests of the files, which
// it keeps by what stat says of them. Without a store nothing is known, and all is read.
#ifndef WG_CLI_WIM_VERIFIED_H
#define WG_CLI_WIM_VERIFIED_H

#include "cli/core/cli.h"
#include "image/file/base.h"

// How far the packed data of the file (with the other parts of a split one) is to be trusted:
// UNVERIFIED with --no-verify, VERIFIED when it was read before, else VERIFY.
wg_image_trust wg_cli_wim_trust(const wg_cli *c, const char *path);
// All of the file, of n_bytes, was read and compared, or was written of sound things. Not kept of
// small files, and not with --no-verify.
void wg_cli_wim_verified(const wg_cli *c, const char *path, uint64_t n_bytes);
// With --no-verify: says that nobody looked.
void wg_cli_wim_say_unverified(const wg_cli *c);

#define WG_CLI_NO_VERIFY_OPT                                                                       \
  {                                                                                                \
    .name = "no-verify",                                                                           \
    .help = "take packed data over unread; the result says so and has no integrity table"          \
  }

#endif
