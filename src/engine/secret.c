// SPDX-License-Identifier: Apache-2.0
// Secrets that are inputs: fetched once a run, wiped at its end.
#include <string.h>

#include "engine/int.h"

#define SECRET_MAX_BYTES ((size_t)1 << 20)

void wg_step_input_secret(wg_step *s, const char *label, wg_secret_fetch fetch,
                          const void *secret) {
  wg_vec_push(&s->inputs, &s->n_inputs, &s->cap_inputs) =
      (graph_input){.kind = INPUT_SECRET,
                    .label = wg_build_strdup(&s->g->arena, label),
                    .fetch = fetch,
                    .secret = secret};
  wg_step_secret(s);
}

static const known_secret *secret_find(const build_env *e, const void *secret) {
  for (size_t i = 0; i < e->n_secrets; i++) {
    if (e->secrets[i].secret == secret) {
      return &e->secrets[i];
    }
  }
  return NULL;
}

static wg_code secret_fetch(build_env *e, const graph_input *in, wg_error *err) {
  known_secret fresh = {.secret = in->secret};
  wg_buf_init(&fresh.bytes, wg_heap(), SECRET_MAX_BYTES);
  wg_code code = in->fetch(in->secret, !e->is_plan, &fresh.bytes, err);
  if (code == WG_OK) {
    code = wg_buf_check(&fresh.bytes, err);
  }
  if (code == WG_OK) {
    (void)(wg_vec_push(&e->secrets, &e->n_secrets, &e->cap_secrets) = fresh);
  } else {
    wg_buf_done(&fresh.bytes);
  }
  return code;
}

// The lock is held while somebody is asked, so that questions come one at a time.
wg_code wg_build_secret(build_env *e, const graph_input *in, wg_str *out, wg_error *err) {
  wg_mutex_lock(&e->secret_lock);
  wg_code code = secret_find(e, in->secret) == NULL ? secret_fetch(e, in, err) : WG_OK;
  if (code == WG_OK) {
    const known_secret *known = secret_find(e, in->secret);
    wg_assert(known != NULL);
    *out = wg_buf_str(&known->bytes);
  }
  wg_mutex_unlock(&e->secret_lock);
  return code;
}

void wg_build_secrets_done(build_env *e) {
  for (size_t i = 0; i < e->n_secrets; i++) {
    wg_buf *b = &e->secrets[i].bytes;
    wg_wipe(b->p, b->p == NULL ? 0 : b->cap);
    wg_buf_done(b);
  }
  wg_xfree(e->secrets);
  e->secrets = NULL;
  e->n_secrets = e->cap_secrets = 0;
}

wg_code wg_ctx_secret(const wg_step_ctx *c, const char *label, wg_buf *out, wg_error *err) {
  const wg_step *s = c->r->s;
  for (size_t i = 0; i < s->n_inputs; i++) {
    wg_str bytes = {NULL, 0};
    if (s->inputs[i].kind != INPUT_SECRET || strcmp(s->inputs[i].label, label) != 0) {
      continue;
    }
    if (wg_build_secret(c->r->env, &s->inputs[i], &bytes, err) != WG_OK) {
      return wg_wrap(err, "secret '%s'", label);
    }
    wg_buf_add_str(out, bytes);
    return WG_OK;
  }
  return wg_fail(err, WG_E_NOT_FOUND, "no secret '%s' was declared", label);
}
