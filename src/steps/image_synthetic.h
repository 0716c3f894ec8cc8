// SPDX-License-Identifier: Apache-2.0
// The step that makes a synthetic base, once for each product, architecture and state.
#ifndef WG_STEPS_IMAGE_SYNTHETIC_H
#define WG_STEPS_IMAGE_SYNTHETIC_H

#include "engine/graph.h"

// The step "base/<product>-<arch>[-<state>]/synthetic" with the output "base", a WIM; made or
// found. state: as in wg_synthetic_options. product, arch and state outlive the graph. NOT_FOUND as
// wg_synthetic_check.
wg_code wg_image_synthetic_step(wg_graph *g, const char *product, const char *arch,
                                const char *state, wg_arena *memory, wg_step **out, wg_error *err);

#endif
