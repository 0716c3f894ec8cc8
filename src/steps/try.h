// SPDX-License-Identifier: Apache-2.0
// What a build would refuse once it has read the registry of a base: known without a build.
#ifndef WG_STEPS_TRY_H
#define WG_STEPS_TRY_H

#include "project/project.h"
#include "store/store.h"

// Adds to c, which p is of, an error for each edit that the registry of a base file or folder
// refuses: a service or key of Windows' own, a service that another one needs and that is not
// there, a value of another type. In a child. store (may be NULL) remembers what was decompressed.
// Bases that are not there yet are passed over, and so is what can't be read: a build tells it.
// CONFIG when errors were added.
wg_code wg_project_try(wg_cfg *c, const wg_project *p, wg_store *store, wg_error *err);

#endif
