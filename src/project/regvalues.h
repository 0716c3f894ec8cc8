// SPDX-License-Identifier: Apache-2.0
// Registry values in the project file.
#ifndef WG_PROJECT_REGVALUES_H
#define WG_PROJECT_REGVALUES_H

#include "config/key.h"

// The type of a key that has registry values, name -> data: wg_cfg_regvalue.
extern const wg_key_kind wg_key_regvalues;

#endif
