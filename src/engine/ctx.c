// SPDX-License-Identifier: Apache-2.0
// What discover() and run() see.
#include <stdlib.h>
#include <string.h>

#include "engine/int.h"

wg_code wg_ctx_init(wg_step_ctx *c, step_run *r, ctx_phase phase, wg_error *err) {
  *c = (wg_step_ctx){.r = r, .phase = phase, .cpus = 1, .publish_lock = -1};
  c->sticky = (wg_error)WG_ERROR_INIT;
  wg_arena_init(&c->arena, wg_heap(), 0);
  wg_arena_init(&c->own, wg_heap(), 0);
  wg_mutex_init(&c->lock);
  wg_buf_init(&c->details, wg_heap(), 0);
  wg_buf_init(&c->note, wg_heap(), 0);
  return wg_store_tmp_dir(r->env->store, &c->tmp, err);
}

void wg_ctx_done(wg_step_ctx *c) {
  if (c->r == NULL) {
    return;
  }
  for (size_t i = 0; i < c->n_big; i++) {
    wg_error ignored = WG_ERROR_INIT; // gone already when it was committed
    (void)!wg_os_unlink(WG_CWD, c->big[i].tmp_path, &ignored);
  }
  wg_fd_done(&c->publish_lock);
  wg_store_tmp_done(c->r->env->store, c->tmp);
  wg_xfree(c->obs);
  wg_xfree(c->late);
  wg_xfree(c->outputs);
  wg_xfree(c->big);
  wg_xfree(c->facts);
  wg_xfree(c->tables);
  wg_xfree(c->warnings);
  wg_xfree(c->undone);
  wg_buf_done(&c->details);
  wg_buf_done(&c->note);
  wg_mutex_done(&c->lock);
  wg_arena_done(&c->arena);
  wg_arena_done(&c->own);
  c->r = NULL;
}

const void *wg_ctx_user(const wg_step_ctx *c) {
  return c->r->s->user;
}
const char *wg_ctx_identity(const wg_step_ctx *c) {
  return c->r->s->identity;
}
wg_store *wg_ctx_store(const wg_step_ctx *c) {
  return c->r->env->store;
}
bool wg_ctx_may_keep(const wg_step_ctx *c) {
  return !c->r->env->recheck && !c->r->secret;
}
const wg_cancel *wg_ctx_cancel(const wg_step_ctx *c) {
  return c->phase == CTX_UNDO ? NULL : c->r->env->cancel;
}
const char *wg_ctx_tmp(const wg_step_ctx *c) {
  return c->tmp;
}
unsigned wg_ctx_cpus(const wg_step_ctx *c) {
  return c->cpus;
}
uint64_t wg_ctx_memory(const wg_step_ctx *c) {
  return c->memory_bytes;
}
wg_arena *wg_ctx_arena(wg_step_ctx *c) {
  return &c->arena;
}

// --- observations

static void ctx_observed(wg_step_ctx *c, memo_kind kind, const char *path, const char *extra,
                         const memo_value *v) {
  wg_mutex_lock(&c->lock);
  wg_vec_push(&c->obs, &c->n_obs, &c->cap_obs) = (rec_obs){.kind = kind,
                                                           .path = wg_build_strdup(&c->own, path),
                                                           .extra = wg_build_strdup(&c->own, extra),
                                                           .seen = *v};
  wg_mutex_unlock(&c->lock);
}

static wg_code ctx_look(wg_step_ctx *c, memo_kind kind, const char *path, const char *extra,
                        memo_value *out, wg_error *err) {
  if (path[0] != '/') {
    return wg_fail(err, WG_E_BUG, "observed path '%s' is not absolute", path);
  }
  const build_env *e = c->r->env;
  if (wg_build_memo_get(e->memo, kind, path, extra, false, e->cancel, out, err) != WG_OK) {
    return err->code;
  }
  // What was absent when a record was compared may have been fetched by discover() since.
  return out->absent ? wg_build_memo_get(e->memo, kind, path, extra, true, e->cancel, out, err)
                     : WG_OK;
}

wg_code wg_ctx_observe_file(wg_step_ctx *c, const char *path, wg_digest *out, wg_error *err) {
  memo_value v;
  if (ctx_look(c, MEMO_FILE, path, "", &v, err) != WG_OK) {
    return err->code;
  }
  ctx_observed(c, MEMO_FILE, path, "", &v);
  if (v.absent) {
    return wg_fail(err, WG_E_NOT_FOUND, "there is no file '%s'", path);
  }
  *out = v.digest;
  return WG_OK;
}

wg_code wg_ctx_observe_dir(wg_step_ctx *c, const char *path, wg_error *err) {
  memo_value v;
  if (ctx_look(c, MEMO_DIR, path, "", &v, err) != WG_OK) {
    return err->code;
  }
  ctx_observed(c, MEMO_DIR, path, "", &v);
  return WG_OK;
}

wg_code wg_ctx_observe_names(wg_step_ctx *c, const char *path, const char *suffixes,
                             wg_error *err) {
  memo_value v;
  if (ctx_look(c, MEMO_NAMES, path, suffixes, &v, err) != WG_OK) {
    return err->code;
  }
  ctx_observed(c, MEMO_NAMES, path, suffixes, &v);
  return WG_OK;
}

wg_code wg_ctx_observe_absent(wg_step_ctx *c, const char *path, wg_error *err) {
  memo_value v;
  if (ctx_look(c, MEMO_THERE, path, "", &v, err) != WG_OK) {
    return err->code;
  }
  if (!v.absent) {
    return wg_fail(err, WG_E_CONFLICT, "'%s' is there", path);
  }
  ctx_observed(c, MEMO_THERE, path, "", &v);
  return WG_OK;
}

static void ctx_stick(wg_step_ctx *c, const wg_error *err) {
  wg_mutex_lock(&c->lock);
  if (c->sticky.code == WG_OK) {
    c->sticky = *err;
  }
  wg_mutex_unlock(&c->lock);
}

void wg_ctx_observe_env(wg_step_ctx *c, const char *name) {
  memo_value v;
  wg_error err = WG_ERROR_INIT;
  if (wg_build_memo_get(c->r->env->memo, MEMO_ENV, name, "", false, c->r->env->cancel, &v, &err) !=
      WG_OK) {
    ctx_stick(c, &err);
    return;
  }
  ctx_observed(c, MEMO_ENV, name, "", &v);
}

void wg_ctx_add_input(wg_step_ctx *c, const char *label, const wg_digest *d) {
  wg_mutex_lock(&c->lock);
  wg_vec_push(&c->late, &c->n_late, &c->cap_late) =
      (rec_input){.label = wg_build_strdup(&c->own, label), .digest = *d};
  wg_mutex_unlock(&c->lock);
}

void wg_ctx_set_note(wg_step_ctx *c, wg_str note) {
  wg_assert(c->phase == CTX_DISCOVER);
  wg_buf_clear(&c->note);
  wg_buf_add_str(&c->note, note);
}

wg_str wg_ctx_note(const wg_step_ctx *c) {
  if (c->phase == CTX_DISCOVER) {
    return wg_buf_str(&c->note);
  }
  return c->r->has_discovery ? c->r->discovery.note : (wg_str){"", 0};
}

static int ctx_late_cmp(const void *a, const void *b) {
  const rec_input *x = a, *y = b;
  return strcmp(x->label, y->label);
}

static int ctx_obs_cmp(const void *a, const void *b) {
  const rec_obs *x = a, *y = b;
  int c = x->kind != y->kind ? (x->kind < y->kind ? -1 : 1) : strcmp(x->path, y->path);
  return c != 0 ? c : strcmp(x->extra, y->extra);
}

wg_code wg_ctx_settle(wg_step_ctx *c, wg_error *err) {
  if (c->sticky.code != WG_OK) {
    *err = c->sticky;
    return err->code;
  }
  if (c->n_late > 1) {
    qsort(c->late, c->n_late, sizeof(*c->late), ctx_late_cmp);
  }
  size_t n = 0;
  for (size_t i = 0; i < c->n_late; i++) {
    if (n > 0 && strcmp(c->late[n - 1].label, c->late[i].label) == 0) {
      if (!wg_digest_eq(&c->late[n - 1].digest, &c->late[i].digest)) {
        return wg_fail(err, WG_E_BUG, "discovery gives input '%s' two contents", c->late[i].label);
      }
      continue;
    }
    c->late[n++] = c->late[i];
  }
  c->n_late = n;
  if (c->n_obs > 1) {
    qsort(c->obs, c->n_obs, sizeof(*c->obs), ctx_obs_cmp);
  }
  n = 0;
  for (size_t i = 0; i < c->n_obs; i++) {
    if (n == 0 || ctx_obs_cmp(&c->obs[n - 1], &c->obs[i]) != 0) {
      c->obs[n++] = c->obs[i];
    }
  }
  c->n_obs = n;
  return WG_OK;
}

// --- inputs

static const step_input *ctx_find_input(const wg_step_ctx *c, const char *label, wg_error *err) {
  size_t lo = 0, hi = c->r->n_inputs;
  while (lo < hi) {
    size_t mid = lo + (hi - lo) / 2;
    int order = strcmp(label, c->r->inputs[mid].label);
    if (order == 0) {
      return &c->r->inputs[mid];
    }
    lo = order < 0 ? lo : mid + 1;
    hi = order < 0 ? mid : hi;
  }
  (void)wg_fail(err, WG_E_NOT_FOUND, "there is no input '%s'", label);
  return NULL;
}

wg_code wg_ctx_input(const wg_step_ctx *c, const char *label, wg_digest *out, wg_error *err) {
  const step_input *in = ctx_find_input(c, label, err);
  if (in == NULL) {
    return err->code;
  }
  *out = in->digest;
  return WG_OK;
}

wg_code wg_ctx_input_path(const wg_step_ctx *c, const char *label, char **out, wg_error *err) {
  const step_input *in = ctx_find_input(c, label, err);
  if (in == NULL) {
    return err->code;
  }
  if (in->path != NULL) {
    *out = wg_xstrdup(in->path);
    return WG_OK;
  }
  if (wg_store_blob_path(c->r->env->store, &in->digest, out, err) != WG_OK) {
    return wg_wrap(err, "input '%s'", label);
  }
  return WG_OK;
}

// --- outputs

static wg_code ctx_add_output(wg_step_ctx *c, const rec_output *o, wg_error *err) {
  wg_mutex_lock(&c->lock);
  bool twice = false;
  for (size_t i = 0; i < c->n_outputs; i++) {
    twice = twice || strcmp(c->outputs[i].name, o->name) == 0;
  }
  if (!twice) {
    wg_vec_push(&c->outputs, &c->n_outputs, &c->cap_outputs) = *o;
    c->outputs[c->n_outputs - 1].name = wg_build_strdup(&c->own, o->name);
  }
  wg_mutex_unlock(&c->lock);
  return twice ? wg_fail(err, WG_E_BUG, "output '%s' is made twice", o->name) : WG_OK;
}

wg_code wg_ctx_output_file(wg_step_ctx *c, const char *name, const char *path, wg_error *err) {
  wg_assert(c->phase == CTX_RUN);
  rec_output o = {.name = name};
  wg_stat st;
  if (wg_os_stat(WG_CWD, path, false, &st, err) != WG_OK) {
    return wg_wrap(err, "output '%s'", name);
  }
  if (st.type != WG_FT_FILE) {
    return wg_fail(err, WG_E_BUG, "output '%s': '%s' is no file", name, path);
  }
  o.is_exec = (st.mode & 0111) != 0;
  if (wg_store_adopt(c->r->env->store, path, c->r->env->cancel, &o.digest, &o.size_bytes, err) !=
      WG_OK) {
    return wg_wrap(err, "output '%s'", name);
  }
  return ctx_add_output(c, &o, err);
}

wg_code wg_ctx_output_bytes(wg_step_ctx *c, const char *name, const void *p, size_t n_bytes,
                            wg_error *err) {
  wg_assert(c->phase == CTX_RUN);
  rec_output o = {.name = name, .size_bytes = n_bytes};
  if (wg_store_put_bytes(c->r->env->store, p, n_bytes, &o.digest, err) != WG_OK) {
    return wg_wrap(err, "output '%s'", name);
  }
  return ctx_add_output(c, &o, err);
}

wg_code wg_ctx_output_big_path(wg_step_ctx *c, const char *name, char **out, wg_error *err) {
  wg_assert(c->phase == CTX_RUN);
  const graph_publish *p = wg_build_find_publish(c->r->s, name);
  if (p == NULL || !p->big) {
    return wg_fail(err, WG_E_BUG, "output '%s' is not published as big", name);
  }
  WG_AUTO(wg_cstr) dir = wg_path_dirname(p->path);
  if (wg_os_mkdirs(WG_CWD, dir, 0755, err) != WG_OK ||
      (c->publish_lock < 0 && wg_build_publish_lock(c->r, &c->publish_lock, err) != WG_OK)) {
    return wg_wrap(err, "output '%s'", name);
  }
  wg_build_sweep_beside(c->r->env, p->path);
  uint8_t r[4];
  wg_os_random(r, sizeof(r));
  wg_mutex_lock(&c->lock);
  const char *tmp =
      wg_build_printf(&c->own, "%s.wgtmp-%02x%02x%02x%02x", p->path, r[0], r[1], r[2], r[3]);
  wg_vec_push(&c->big, &c->n_big, &c->cap_big) =
      (ctx_big){.name = p->output, .tmp_path = tmp, .publish = p};
  wg_mutex_unlock(&c->lock);
  *out = wg_xstrdup(tmp);
  return WG_OK;
}

// --- telling

void wg_ctx_progress(wg_step_ctx *c, uint64_t done, uint64_t total, const char *unit) {
  wg_build_emit(
      c->r, (wg_event){.type = WG_EV_STEP_PROGRESS, .done = done, .total = total, .unit = unit});
}

static void ctx_vformat(wg_buf *b, const char *fmt, va_list ap) WG_PRINTF(2, 0);
static void ctx_vformat(wg_buf *b, const char *fmt, va_list ap) {
  wg_buf_init(b, wg_heap(), 0);
  wg_buf_vprintf(b, fmt, ap);
}

void wg_ctx_noted(wg_step_ctx *c, const char *fmt, ...) {
  WG_AUTO(wg_buf) b = {0};
  va_list ap;
  va_start(ap, fmt);
  ctx_vformat(&b, fmt, ap);
  va_end(ap);
  if (!c->silent) {
    wg_build_emit(c->r, (wg_event){.type = WG_EV_STEP_NOTE, .text = wg_buf_z(&b)});
  }
}

void wg_ctx_warn(wg_step_ctx *c, const char *fmt, ...) {
  WG_AUTO(wg_buf) b = {0};
  va_list ap;
  va_start(ap, fmt);
  ctx_vformat(&b, fmt, ap);
  va_end(ap);
  wg_mutex_lock(&c->lock);
  const char *text = wg_build_masked(c->r->env->mask, &c->own, wg_buf_z(&b));
  wg_vec_push(&c->warnings, &c->n_warnings, &c->cap_warnings) = text;
  wg_mutex_unlock(&c->lock);
  if (!c->silent) {
    wg_build_emit(c->r, (wg_event){.type = WG_EV_STEP_WARNING, .text = text});
  }
}

void wg_ctx_details(wg_step_ctx *c, wg_str text) {
  wg_mutex_lock(&c->lock);
  wg_buf_add_str(&c->details, text);
  wg_mutex_unlock(&c->lock);
}

void wg_ctx_fact(wg_step_ctx *c, const char *name, const char *value) {
  wg_mutex_lock(&c->lock);
  wg_vec_push(&c->facts, &c->n_facts, &c->cap_facts) =
      (rec_fact){.name = wg_build_strdup(&c->own, name),
                 .text = wg_build_masked(c->r->env->mask, &c->own, value)};
  wg_mutex_unlock(&c->lock);
  if (!c->silent) {
    wg_build_emit(c->r, (wg_event){.type = WG_EV_STEP_FACT, .name = name, .text = value});
  }
}

void wg_ctx_fact_u64(wg_step_ctx *c, const char *name, uint64_t value) {
  wg_mutex_lock(&c->lock);
  wg_vec_push(&c->facts, &c->n_facts, &c->cap_facts) =
      (rec_fact){.name = wg_build_strdup(&c->own, name), .number = value};
  wg_mutex_unlock(&c->lock);
  if (!c->silent) {
    wg_build_emit(c->r, (wg_event){.type = WG_EV_STEP_FACT, .name = name, .done = value});
  }
}
