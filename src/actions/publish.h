// SPDX-License-Identifier: Apache-2.0
// publish: of the project, as actions.
#ifndef WG_ACTIONS_PUBLISH_H
#define WG_ACTIONS_PUBLISH_H

#include "engine/action.h"
#include "project/project.h"

// Adds an action publish/NAME for each entry of publish:, behind the steps whose outputs it takes,
// which are in the graph already. project and arena outlive the graph. CONFIG (with file:line:col)
// for outputs that nothing makes.
wg_code wg_publish_add_actions(wg_graph *g, const wg_project *project, wg_arena *arena,
                               wg_error *err);

#endif
