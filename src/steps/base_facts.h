// SPDX-License-Identifier: Apache-2.0
// What a build wants to know of a base, remembered: a base whose digest is known by what stat says
// of it is not parsed by each run again.
#ifndef WG_STEPS_BASE_FACTS_H
#define WG_STEPS_BASE_FACTS_H

#include "image/file/looks.h"
#include "store/store.h"

// As wg_image_looks_at. store NULL: nothing is remembered.
wg_code wg_base_facts(wg_store *store, wg_image_looks *looks, const wg_image_base *base,
                      wg_image_base_facts *out, wg_error *err);

#endif
