// SPDX-License-Identifier: Apache-2.0
// What keeps a package out for what it would do to the image beside its own record.
#ifndef WG_DRIVER_INJECT_GUARD_H
#define WG_DRIVER_INJECT_GUARD_H

#include "driver/inject/inject.h"

// Names of ids, services and event sources that would lead elsewhere in the registry, and of files
// that Windows refuses: told with WG_DRIVER_N_FAULTS, which nothing allows. With in_place also what
// stands where the package's services and files go and is not of published packages alone:
// WG_DRIVER_OVERWRITE.
void wg_inject_guard(wg_inject *in, const wg_driver_package *p, bool in_place,
                     void (*told)(void *ctx, wg_driver_fault fault, const char *text), void *ctx);
// Whether something stands at that place of the base that is not of published packages alone.
bool wg_inject_is_theirs(wg_inject *in, const char *to);

#endif
