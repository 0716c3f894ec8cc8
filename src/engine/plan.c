// SPDX-License-Identifier: Apache-2.0
// What a run would do, without doing it.
#include <string.h>

#include "engine/int.h"

void wg_plan_done(wg_plan *p) {
  wg_arena_done(&p->arena);
  p->steps = NULL;
  p->n_steps = 0;
}

static const char **plan_copy(wg_plan *p, const char *const *v, size_t n) {
  const char **out = wg_build_get(&p->arena, n, sizeof(*out));
  for (size_t i = 0; i < n; i++) {
    out[i] = wg_build_masked(p->mask, &p->arena, v[i]);
  }
  return out;
}

static void plan_deps(wg_plan *p, const step_run *r, const uint32_t *number, wg_plan_step *out) {
  const wg_step *s = r->s;
  uint32_t *deps = wg_build_get(&p->arena, s->n_inputs + s->n_after, sizeof(*deps));
  for (size_t i = 0; i < s->n_inputs + s->n_after; i++) {
    const wg_step *dep = i < s->n_inputs ? s->inputs[i].dep : s->after[i - s->n_inputs];
    bool is_new = dep != NULL;
    for (size_t k = 0; is_new && k < out->n_deps; k++) {
      is_new = deps[k] != number[dep->index];
    }
    if (is_new) {
      deps[out->n_deps++] = number[dep->index];
    }
  }
  out->deps = deps;
}

// A step that takes something from one that will run: what that makes is not known yet.
static bool plan_waits(wg_plan *p, const step_run *r, const uint32_t *number, wg_plan_step *out) {
  const char **why = wg_build_get(&p->arena, r->s->n_inputs, sizeof(*why));
  for (size_t i = 0; i < r->s->n_inputs; i++) {
    const graph_input *in = &r->s->inputs[i];
    if (in->dep != NULL && p->steps[number[in->dep->index]].state != WG_PLAN_CACHED) {
      const char *then =
          p->steps[number[in->dep->index]].state == WG_PLAN_RUN ? "will run" : "may run";
      why[out->n_reasons++] = in->kind == INPUT_OUTPUTS
                                  ? wg_build_printf(&p->arena, "takes the outputs of %s, which %s",
                                                    in->dep->identity, then)
                                  : wg_build_printf(&p->arena, "depends on '%s' of %s, which %s",
                                                    in->output, in->dep->identity, then);
    }
  }
  out->reasons = why;
  return out->n_reasons > 0;
}

static const char *plan_text(wg_plan *p, const char *s) {
  return s == NULL ? NULL : wg_build_masked(p->mask, &p->arena, s);
}

// It fails as it would in a run; the rest of the plan stands.
static wg_code plan_refused(wg_plan *p, wg_plan_step *out, const wg_error *err) {
  const char *const why[] = {err->text};
  out->state = WG_PLAN_REFUSED;
  out->reasons = plan_copy(p, why, 1);
  out->n_reasons = 1;
  return err->code == WG_E_CANCELED ? err->code : WG_OK;
}

// An action whose inputs are known: what it would change, where looking hurts nobody.
static wg_code plan_action(wg_plan *p, step_run *r, bool may_look, wg_plan_step *out,
                           wg_error *err) {
  if (!may_look) {
    static const char *const why[] = {"its far side is asked only by a run and by --dry-run"};
    out->state = WG_PLAN_UNASKED;
    out->reasons = plan_copy(p, why, 1);
    out->n_reasons = 1;
    return WG_OK;
  }
  WG_AUTO(wg_buf) details = {0};
  wg_buf_init(&details, wg_heap(), 0);
  if (wg_build_action_look(r, &details, err) != WG_OK) {
    return plan_refused(p, out, err);
  }
  const action_run *a = r->act;
  wg_plan_change *v = wg_build_get(&p->arena, a->n_changes, sizeof(*v));
  for (size_t i = 0; i < a->n_changes; i++) {
    v[i] = (wg_plan_change){.object = plan_text(p, a->changes[i].object),
                            .before = plan_text(p, a->changes[i].before),
                            .after = plan_text(p, a->changes[i].after)};
  }
  out->changes = v;
  out->n_changes = a->n_changes;
  out->state = a->n_changes == 0 ? WG_PLAN_SAME : WG_PLAN_CHANGE;
  return WG_OK;
}

// An action that waits for outputs: whether it would be refused whatever they are.
static wg_code plan_ready(wg_plan *p, step_run *r, wg_plan_step *out, wg_error *err) {
  WG_AUTO(wg_buf) details = {0};
  wg_buf_init(&details, wg_heap(), 0);
  return wg_build_action_ready(r, &details, err) == WG_OK ? WG_OK : plan_refused(p, out, err);
}

// A secret that somebody would be asked for: the key is known only then.
static bool plan_asks(wg_plan *p, const step_run *r, wg_plan_step *out) {
  for (size_t i = 0; i < r->s->n_inputs; i++) {
    const graph_input *in = &r->s->inputs[i];
    wg_error err = WG_ERROR_INIT;
    wg_str ignored;
    if (in->kind == INPUT_SECRET &&
        wg_build_secret(r->env, in, &ignored, &err) == WG_E_UNSUPPORTED) {
      const char *const why[] = {
          wg_build_printf(&p->arena, "needs the secret '%s', which a build asks for", in->label)};
      out->state = WG_PLAN_UNKNOWN;
      out->reasons = plan_copy(p, why, 1);
      out->n_reasons = 1;
      return true;
    }
  }
  return false;
}

static wg_code plan_step(wg_plan *p, step_run *r, const uint32_t *number, bool look_everywhere,
                         wg_plan_step *out, wg_error *err) {
  *out = (wg_plan_step){.identity = wg_build_strdup(&p->arena, r->s->identity),
                        .kind = wg_build_strdup(&p->arena, wg_build_kind_name(r->s)),
                        .verb = wg_build_strdup(&p->arena, wg_build_verb(r->s)),
                        .is_action = r->s->action != NULL};
  plan_deps(p, r, number, out);
  const wg_action_kind *action = r->s->action;
  bool may_look = action != NULL && (action->look_is_local || look_everywhere);
  if (plan_waits(p, r, number, out)) {
    out->state = WG_PLAN_UNKNOWN;
    return may_look ? plan_ready(p, r, out, err) : WG_OK;
  }
  if (action != NULL) {
    return plan_action(p, r, may_look, out, err);
  }
  if (plan_asks(p, r, out)) {
    return WG_OK;
  }
  wg_str details = {NULL, 0};
  bool hit = false;
  if (wg_cancel_check(r->env->cancel, err) != WG_OK ||
      wg_build_resolve(r, CHECK_USE, &details, err) != WG_OK ||
      wg_build_lookup(r, &hit, err) != WG_OK) {
    return wg_wrap(err, "step '%s'", r->s->identity);
  }
  out->key = r->key;
  out->has_key = true;
  out->state = hit ? WG_PLAN_CACHED : WG_PLAN_RUN;
  if (!hit) {
    wg_build_state_load(r);
    wg_build_reasons(r);
    out->reasons = plan_copy(p, r->reasons, r->n_reasons);
    out->n_reasons = r->n_reasons;
  }
  return WG_OK;
}

wg_code wg_exec_plan(wg_graph *g, wg_store *s, const wg_exec_options *opt, wg_plan *out,
                     wg_error *err) {
  *out = (wg_plan){.mask = opt->mask};
  wg_arena_init(&out->arena, wg_heap(), 0);
  WG_AUTO(build_env) env = {0};
  if (wg_build_env_init(&env, g, s, opt, err) != WG_OK) {
    return err->code;
  }
  env.recheck = false;
  env.is_plan = true;
  out->steps = wg_build_get(&out->arena, env.n_selected, sizeof(*out->steps));
  uint32_t *number = wg_build_get(&out->arena, g->n_steps, sizeof(*number));
  for (uint32_t i = 0; i < g->n_steps; i++) {
    step_run *r = &env.runs[env.order[i]];
    if (!env.selected[env.order[i]]) {
      continue;
    }
    number[env.order[i]] = r->number;
    if (plan_step(out, r, number, opt->look_everywhere, &out->steps[out->n_steps], err) != WG_OK) {
      return err->code;
    }
    out->n_steps++;
  }
  return WG_OK;
}
