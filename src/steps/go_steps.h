// SPDX-License-Identifier: Apache-2.0
// Steps that build Go programs: a thin binding of src/goapp to the graph.
#ifndef WG_STEPS_GO_STEPS_H
#define WG_STEPS_GO_STEPS_H

#include "engine/graph.h"
#include "goapp/env.h"
#include "project/project.h"

// Adds the steps of one app: for each target a "go.build" step "app/<app>/<slug>" with the output
// "bin", published to <out_dir>/<app>/<slug>/<app>[.exe].
//
// env outlives the graph and lends it memory. out_build_steps has room for app->n_targets: the
// build step of each target, in order, owned by the graph. CONFIG for what env: may not set.
wg_code wg_go_add_steps(wg_graph *g, const wg_project *project, const wg_cfg_app *app,
                        wg_go_env *env, wg_step **out_build_steps, wg_error *err);

// What archive: of an app asks for: a step "archive/<app>/<slug>" for each target, published to
// <out_dir>/<app>/<name>.zip or .tar.gz, and "archive/<app>/checksums". build_steps as
// wg_go_add_steps gave them. CONFIG, with the place: two targets with one name.
wg_code wg_go_add_archives(wg_graph *g, const wg_project *project, const wg_cfg_app *app,
                           wg_go_env *env, wg_step *const *build_steps, wg_error *err);

// --- shared by the files of these steps
// Memory of the environment; never NULL, as every allocation above fmt.
void *wg_go_steps_alloc(wg_go_env *env, size_t count, size_t size);
const char *wg_go_steps_keep(wg_go_env *env, const char *s);
// "agent" or "agent.exe", in the environment's memory.
const char *wg_go_program_name(const wg_cfg_app *app, const wg_cfg_target *target, wg_go_env *env);

// Adds the step "app/<app>/resources-<arch>" that makes a Windows program's resources, output
// "syso". NULL when `windows:` asks for none. Memory comes from arena, which outlives the graph.
wg_step *wg_go_add_resources(wg_graph *g, const wg_project *project, const wg_cfg_app *app,
                             const char *arch, wg_arena *arena);

#endif
