// SPDX-License-Identifier: Apache-2.0
// Which folders decide what a //go:embed pattern matches.
#ifndef WG_GOAPP_EMBED_H
#define WG_GOAPP_EMBED_H

#include "goapp/tool.h"

// Observes every folder whose listing decides what pattern matches in the package folder dir: those
// that a wildcard is compared with, and all below a matched folder. pattern is as in the source,
// without quotes ("all:" allowed). A folder that is not there is observed as absent. LIMIT over
// 100,000 folders.
wg_code wg_go_embed_observe(const char *dir, const char *pattern, const wg_go_observer *obs,
                            wg_error *err);

#endif
