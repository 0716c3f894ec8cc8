// SPDX-License-Identifier: Apache-2.0
// One action in one run: look, apply, undo, and what is told and written down of it.
#include <string.h>

#include "engine/int.h"

#define ACTION_CHANGES_TOLD 3U

void wg_build_action_free(action_run *a) {
  if (a == NULL) {
    return;
  }
  wg_ctx_done(&a->ctx);
  wg_xfree(a->inputs);
  wg_xfree(a->changes);
  wg_xfree(a->results);
  wg_xfree(a);
}

// --- what the kind's functions see and say

const wg_action_input *wg_ctx_action_inputs(const wg_step_ctx *c, size_t *out_n) {
  *out_n = c->r->act->n_inputs;
  return c->r->act->inputs;
}

wg_code wg_ctx_action_input_path(const wg_step_ctx *c, const wg_action_input *in, char **out,
                                 wg_error *err) {
  const build_env *e = c->r->env;
  for (size_t i = 0; i < c->r->s->n_inputs; i++) {
    const wg_step *dep = c->r->s->inputs[i].dep;
    const step_run *d = &e->runs[dep->index];
    for (size_t k = 0; strcmp(dep->identity, in->step) == 0 && k < d->result.n_outputs; k++) {
      if (strcmp(d->result.outputs[k].name, in->output) == 0 && d->out_paths[k] != NULL) {
        *out = wg_xstrdup(d->out_paths[k]);
        return WG_OK;
      }
    }
  }
  if (wg_store_blob_path(e->store, &in->digest, out, err) != WG_OK) {
    return wg_wrap(err, "output '%s' of %s", in->output, in->step);
  }
  return WG_OK;
}

static const char *action_copy(wg_step_ctx *c, const char *s) {
  return s == NULL ? NULL : wg_build_strdup(&c->own, s);
}

static const char *action_told(wg_step_ctx *c, const char *s) {
  return s == NULL ? NULL : wg_build_masked(c->r->env->mask, &c->own, s);
}

void wg_ctx_differs(wg_step_ctx *c, const char *object, const char *before, const char *after) {
  wg_assert(c->phase == CTX_LOOK);
  action_run *a = c->r->act;
  wg_vec_push(&a->changes, &a->n_changes, &a->cap_changes) =
      (action_change){.object = action_told(c, object),
                      .before = action_told(c, before),
                      .after = action_told(c, after)};
}

void wg_ctx_result(wg_step_ctx *c, const char *name, const char *path, const wg_digest *d,
                   uint64_t size_bytes) {
  wg_assert(c->phase == CTX_LOOK);
  action_run *a = c->r->act;
  wg_vec_push(&a->results, &a->n_results, &a->cap_results) =
      (action_result){.name = action_copy(c, name),
                      .path = action_copy(c, path),
                      .digest = *d,
                      .size_bytes = size_bytes};
}

void wg_ctx_undone(wg_step_ctx *c, const char *fmt, ...) {
  wg_assert(c->phase == CTX_UNDO);
  WG_AUTO(wg_buf) b = {0};
  wg_buf_init(&b, wg_heap(), 0);
  va_list ap;
  va_start(ap, fmt);
  wg_buf_vprintf(&b, fmt, ap);
  va_end(ap);
  const char *text = action_told(c, wg_buf_z(&b));
  wg_vec_push(&c->undone, &c->n_undone, &c->cap_undone) = text;
  wg_build_emit(c->r, (wg_event){.type = WG_EV_STEP_UNDONE, .text = text});
}

void wg_ctx_keep(wg_step_ctx *c, void *state) {
  c->r->act->kept = state;
}

void *wg_ctx_kept(const wg_step_ctx *c) {
  return c->r->act->kept;
}

// --- inputs

static void action_add_input(action_run *a, const step_run *dep, const rec_output *o) {
  const graph_publish *p = wg_build_find_publish(dep->s, o->name);
  wg_vec_push(&a->inputs, &a->n_inputs, &a->cap_inputs) =
      (wg_action_input){.step = dep->s->identity,
                        .output = o->name,
                        .path = p == NULL ? "" : p->path,
                        .digest = o->digest,
                        .size_bytes = o->size_bytes,
                        .mode = p != NULL    ? wg_build_publish_mode(dep, p, o->is_exec)
                                : o->is_exec ? 0755
                                             : 0644,
                        .secret = dep->secret};
}

static bool action_has_input(const action_run *a, const step_run *dep, const char *output) {
  for (size_t i = 0; i < a->n_inputs; i++) {
    if (a->inputs[i].step == dep->s->identity && strcmp(a->inputs[i].output, output) == 0) {
      return true;
    }
  }
  return false;
}

static int action_input_cmp(const wg_action_input *x, const wg_action_input *y) {
  int c = strcmp(x->step, y->step);
  return c != 0 ? c : strcmp(x->output, y->output);
}

static wg_code action_take_outputs(action_run *a, const graph_input *in, const step_run *dep,
                                   wg_error *err) {
  wg_assert(dep->has_result);
  bool found = in->kind == INPUT_OUTPUTS;
  for (size_t k = 0; k < dep->result.n_outputs; k++) {
    const rec_output *o = &dep->result.outputs[k];
    bool wanted = in->kind == INPUT_OUTPUTS ? wg_build_find_publish(dep->s, o->name) != NULL
                                            : strcmp(o->name, in->output) == 0;
    found = found || wanted;
    if (wanted && !action_has_input(a, dep, o->name)) {
      action_add_input(a, dep, o);
    }
  }
  return found ? WG_OK
               : wg_fail(err, WG_E_BUG, "input '%s': step '%s' makes no output '%s'", in->label,
                         dep->s->identity, in->output);
}

static wg_code action_inputs(step_run *r, wg_error *err) {
  action_run *a = r->act;
  for (size_t i = 0; i < r->s->n_inputs; i++) {
    const graph_input *in = &r->s->inputs[i];
    if (in->dep == NULL) {
      return wg_fail(err, WG_E_BUG, "action '%s' takes '%s', which is no output", r->s->identity,
                     in->label);
    }
    if (action_take_outputs(a, in, &r->env->runs[in->dep->index], err) != WG_OK) {
      return err->code;
    }
  }
  for (size_t i = 1; i < a->n_inputs; i++) {
    for (size_t k = i; k > 0 && action_input_cmp(&a->inputs[k - 1], &a->inputs[k]) > 0; k--) {
      wg_action_input swap = a->inputs[k];
      a->inputs[k] = a->inputs[k - 1];
      a->inputs[k - 1] = swap;
    }
  }
  return WG_OK;
}

// --- look, apply, undo

// Ends a call of the kind: what calls that return nothing had to say, and what explains a failure.
static wg_code action_settle(wg_step_ctx *c, wg_code code, wg_buf *details, wg_error *err) {
  if (code == WG_OK) {
    code = wg_ctx_settle(c, err);
  }
  if (code != WG_OK) {
    wg_buf_add_str(details, wg_buf_str(&c->details));
  }
  return code;
}

wg_code wg_build_action_ready(step_run *r, wg_buf *details, wg_error *err) {
  if (r->s->action->ready == NULL) {
    return WG_OK;
  }
  wg_build_action_free(r->act);
  r->act = wg_xalloc(sizeof(*r->act));
  wg_step_ctx *c = &r->act->ctx;
  if (wg_ctx_init(c, r, CTX_LOOK, err) != WG_OK) {
    return err->code;
  }
  return action_settle(c, r->s->action->ready(c, err), details, err);
}

wg_code wg_build_action_look(step_run *r, wg_buf *details, wg_error *err) {
  wg_build_action_free(r->act);
  r->act = wg_xalloc(sizeof(*r->act));
  wg_step_ctx *c = &r->act->ctx;
  wg_build_emit(r, (wg_event){.type = WG_EV_STEP_CHECKING});
  if (wg_ctx_init(c, r, CTX_LOOK, err) != WG_OK || action_inputs(r, err) != WG_OK) {
    return err->code;
  }
  return action_settle(c, r->s->action->look(c, err), details, err);
}

static void action_append(wg_error *err, const char *fmt, ...) WG_PRINTF(2, 3);
static void action_append(wg_error *err, const char *fmt, ...) {
  size_t n = strlen(err->text);
  va_list ap;
  va_start(ap, fmt);
  (void)wg_vformat(err->text + n, sizeof(err->text) - n, fmt, ap);
  va_end(ap);
}

// After apply failed: *err keeps its cause, and says what became of what was done by then.
static void action_undo(step_run *r, wg_error *err) {
  wg_step_ctx *c = &r->act->ctx;
  if (r->s->action->undo == NULL) {
    action_append(err, "; what was done by then stays, run it again to finish it");
    return;
  }
  c->phase = CTX_UNDO;
  wg_error why = WG_ERROR_INIT;
  wg_code code = r->s->action->undo(c, &why);
  for (size_t i = 0; i < c->n_undone; i++) {
    action_append(err, "%s%s", i == 0 ? "; taken back: " : ", ", c->undone[i]);
  }
  if (code != WG_OK) {
    action_append(err, "; could not be taken back: %s", why.text);
  }
}

// Why it runs, for one line: "3 changes: ...". Heap.
static char *build_action_reason(const step_run *r) {
  const action_run *a = r->act;
  WG_AUTO(wg_buf) b = {0};
  wg_buf_init(&b, wg_heap(), 0);
  wg_buf_printf(&b, "%zu change%s: ", a->n_changes, a->n_changes == 1 ? "" : "s");
  for (size_t i = 0; i < a->n_changes && i < ACTION_CHANGES_TOLD; i++) {
    wg_buf_printf(&b, "%s%s", i == 0 ? "" : ", ", a->changes[i].object);
  }
  wg_buf_add_z(&b, a->n_changes > ACTION_CHANGES_TOLD ? ", ..." : "");
  return wg_xstrdup(wg_buf_z(&b));
}

static void action_tell_start(const step_run *r) {
  WG_AUTO(wg_cstr) reason = build_action_reason(r);
  wg_build_emit(r, (wg_event){.type = WG_EV_STEP_STARTED, .text = reason});
  for (size_t i = 0; i < r->act->n_changes; i++) {
    const action_change *d = &r->act->changes[i];
    wg_build_emit(r, (wg_event){.type = WG_EV_STEP_CHANGE,
                                .name = d->object,
                                .text = d->before,
                                .details = d->after});
  }
}

wg_code wg_build_action_apply(step_run *r, unsigned cpus, uint64_t memory_bytes, wg_buf *details,
                              wg_error *err) {
  action_run *a = r->act;
  a->ctx.phase = CTX_APPLY;
  a->ctx.cpus = cpus;
  a->ctx.memory_bytes = memory_bytes;
  a->start_wall_ns = wg_os_wall_ns();
  action_tell_start(r);
  if (wg_build_release_put(r->env->release, a, RELEASE_STARTED, NULL, err) != WG_OK) {
    return wg_wrap(err, "nothing was done: the release record can't be written");
  }
  wg_code code = action_settle(&a->ctx, r->s->action->apply(&a->ctx, err), details, err);
  if (code != WG_OK) {
    action_undo(r, err);
  }
  a->end_wall_ns = wg_os_wall_ns();
  bool stopped = code == WG_E_CANCELED;
  release_state end = code == WG_OK ? RELEASE_DONE : stopped ? RELEASE_CANCELED : RELEASE_FAILED;
  wg_error unwritten = WG_ERROR_INIT; // what was done is done: only said
  if (wg_build_release_put(r->env->release, a, end, code == WG_OK ? NULL : err, &unwritten) !=
      WG_OK) {
    wg_ctx_warn(&a->ctx, "the release record still says 'started': %s", unwritten.text);
  }
  return code;
}

char *wg_action_change_text(const char *object, const char *before, const char *after) {
  bool was = before != NULL && before[0] != '\0', is = after != NULL && after[0] != '\0';
  if (was && is) {
    return wg_xprintf("%s: %s -> %s", object, before, after);
  }
  return was ? wg_xprintf("%s: goes (%s)", object, before)
             : wg_xprintf("%s: new (%s)", object, is ? after : "");
}

void wg_build_action_tell_results(const step_run *r) {
  for (size_t i = 0; i < r->act->n_results; i++) {
    const action_result *o = &r->act->results[i];
    wg_build_emit(r, (wg_event){.type = WG_EV_STEP_OUTPUT,
                                .name = o->name,
                                .path = o->path,
                                .digest = &o->digest,
                                .size_bytes = o->size_bytes});
  }
}
