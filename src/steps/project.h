// SPDX-License-Identifier: Apache-2.0
// The whole project as steps.
#ifndef WG_STEPS_PROJECT_H
#define WG_STEPS_PROJECT_H

#include "steps/go_steps.h"

// Adds the steps of every app and image. Reads the header of each base image that must say its
// architecture, unless the store (NULL: none) remembers it. env and project outlive the graph.
// CONFIG (with file:line:col) for what the files contradict: an image whose app has no target for
// its architecture, an architecture that neither project nor base states.
wg_code wg_project_add_steps(wg_graph *g, wg_store *store, const wg_project *project,
                             wg_go_env *env, wg_error *err);

#endif
