// SPDX-License-Identifier: Apache-2.0
// Packed contents in the store: records like others, found by what they hold and how it is packed.
#ifndef WG_STEPS_PACKED_H
#define WG_STEPS_PACKED_H

#include "image/file/kept.h"

// at: root of a store.
extern const wg_image_packed wg_packed_in_store;

#endif
