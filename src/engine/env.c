// SPDX-License-Identifier: Apache-2.0
// What one run or plan shares.
#include <string.h>

#include "engine/int.h"

void wg_build_emit(const step_run *r, wg_event ev) {
  if (r->env->bus == NULL) {
    return;
  }
  ev.step = r->number;
  ev.identity = r->s->identity;
  ev.verb = wg_build_verb(r->s);
  ev.is_action = r->s->action != NULL;
  wg_bus_emit(r->env->bus, &ev);
}

wg_code wg_build_env_make_dir(const build_env *e, wg_error *err) {
  if (e->project_dir == NULL) {
    return WG_OK;
  }
  WG_AUTO(wg_cstr) dir = wg_path_join(e->project_dir, ".wingo");
  WG_AUTO(wg_cstr) ignore = wg_path_join(dir, ".gitignore");
  if (wg_os_mkdirs(WG_CWD, dir, 0755, err) != WG_OK) {
    return err->code;
  }
  if (!wg_os_exists(WG_CWD, ignore) &&
      wg_os_write_file(WG_CWD, ignore, "*\n", 2, 0644, false, err) != WG_OK) {
    return err->code;
  }
  return WG_OK;
}

// Dependencies are known already.
static bool env_is_secret(const build_env *e, const wg_step *s) {
  bool secret = s->secret;
  for (size_t i = 0; i < s->n_inputs; i++) {
    secret = secret || (s->inputs[i].dep != NULL && e->runs[s->inputs[i].dep->index].secret);
  }
  return secret;
}

// Of a step in an environment: each has outputs and a memory of its own.
static wg_digest env_identity(const char *env_name, const char *identity) {
  WG_AUTO(wg_cstr)
  both = wg_xprintf("%s%s%s", identity, env_name[0] != '\0' ? "\n" : "", env_name);
  return wg_sha256(both, strlen(both));
}

wg_code wg_build_env_init(build_env *e, wg_graph *g, wg_store *s, const wg_exec_options *opt,
                          wg_error *err) {
  *e = (build_env){.g = g,
                   .store = s,
                   .bus = opt->bus,
                   .cancel = opt->cancel,
                   .project_dir = opt->project_dir,
                   .project_file = opt->project_file == NULL ? "" : opt->project_file,
                   .env_name = opt->env_name == NULL ? "" : opt->env_name,
                   .recheck = opt->recheck,
                   .wait_limited = opt->wait_limited,
                   .wait_ms = opt->wait_ms,
                   .mask = opt->mask,
                   .umask = wg_os_umask(),
                   .info = opt->info};
  if (opt->bus != NULL) {
    wg_bus_mask(opt->bus, opt->mask);
  }
  e->selected = wg_xarray(g->n_steps + 1, sizeof(*e->selected));
  e->named = wg_xarray(g->n_steps + 1, sizeof(*e->named));
  e->runs = wg_xarray(g->n_steps + 1, sizeof(*e->runs));
  e->memo = wg_build_memo_new(s);
  wg_mutex_init(&e->lock);
  wg_mutex_init(&e->secret_lock);
  for (uint32_t i = 0; i < g->n_steps; i++) {
    step_run *r = &e->runs[i];
    *r = (step_run){.env = e, .s = g->steps[i]};
    r->identity_digest = env_identity(e->env_name, r->s->identity);
    wg_arena_init(&r->arena, wg_heap(), 0);
    wg_buf_init(&r->discovery_bytes, wg_heap(), 0);
    wg_buf_init(&r->result_bytes, wg_heap(), 0);
    wg_buf_init(&r->state_bytes, wg_heap(), 0);
  }
  if (wg_build_graph_order(g, &e->order, err) != WG_OK ||
      wg_build_graph_select(g, opt, e->selected, e->named, err) != WG_OK) {
    return err->code;
  }
  for (uint32_t i = 0; i < g->n_steps; i++) {
    uint32_t at = e->order[i];
    e->runs[at].secret = env_is_secret(e, g->steps[at]);
    if (e->selected[at]) {
      e->runs[at].number = e->n_selected++;
    }
  }
  e->release = wg_build_release_new(opt->project_dir, opt->info, opt->mask);
  return WG_OK;
}

void wg_build_env_done(build_env *e) {
  if (e->runs == NULL) {
    return;
  }
  for (size_t i = 0; i < e->g->n_steps; i++) {
    step_run *r = &e->runs[i];
    wg_arena_done(&r->arena);
    wg_buf_done(&r->discovery_bytes);
    wg_buf_done(&r->result_bytes);
    wg_buf_done(&r->state_bytes);
    wg_xfree(r->inputs);
    wg_build_action_free(r->act);
  }
  wg_xfree(e->runs);
  wg_xfree(e->selected);
  wg_xfree(e->named);
  wg_build_release_free(e->release);
  wg_xfree(e->order);
  wg_build_memo_free(e->memo);
  wg_mutex_done(&e->lock);
  wg_mutex_done(&e->secret_lock);
  wg_build_secrets_done(e);
  for (size_t i = 0; i < e->n_clean; i++) {
    wg_xfree(e->clean_dirs[i]);
  }
  wg_xfree(e->clean_dirs);
  e->runs = NULL;
}
