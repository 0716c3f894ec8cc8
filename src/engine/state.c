// SPDX-License-Identifier: Apache-2.0
// What was true when a step last ran in this project: so that people can be told why it runs again.
// Nothing depends on it: a damaged or missing file only makes the answer "first run here".
#include <string.h>

#include "engine/int.h"

#define STATE_MAX_BYTES ((uint64_t)256 << 20)
#define REASON_VALUE_CHARS 60

static char *state_path(const step_run *r) {
  return wg_xprintf("%s/.wingo/state/%.32s", r->env->project_dir,
                    wg_digest_hex(&r->identity_digest).s);
}

// The key and duration on file.
static bool state_head(const step_run *r, wg_digest *out_key, uint64_t *out_duration) {
  if (r->env->project_dir == NULL) {
    return false;
  }
  WG_AUTO(wg_cstr) path = state_path(r);
  WG_AUTO(wg_fd) fd = -1;
  uint8_t head[REC_STATE_HEAD_BYTES];
  wg_error err = WG_ERROR_INIT;
  return wg_os_open_read(WG_CWD, path, &fd, &err) == WG_OK &&
         wg_os_pread_exact(fd, head, sizeof(head), 0, &err) == WG_OK &&
         wg_build_parse_state_head(head, sizeof(head), out_key, out_duration);
}

void wg_build_state_load(step_run *r) {
  r->has_state = false;
  if (r->env->project_dir == NULL) {
    return;
  }
  WG_AUTO(wg_cstr) path = state_path(r);
  wg_error err = WG_ERROR_INIT;
  wg_buf_clear(&r->state_bytes);
  r->has_state =
      wg_os_read_file(WG_CWD, path, STATE_MAX_BYTES, &r->state_bytes, &err) == WG_OK &&
      wg_build_parse_state(r->state_bytes.p, r->state_bytes.n, &r->arena, &r->state, &err) == WG_OK;
  if (r->has_state) {
    r->expected_ns = r->state.duration_ns;
  }
}

// A value that holds what is not told is kept as what is told of it, and behind this a digest that
// is keyed with the store's own key: whether it changed can be told all the same.
#define STATE_KEYED '\x1F'

static const char *state_keyed(step_run *r, const graph_param *p) {
  const wg_mask *m = r->env->mask;
  if (!wg_mask_any(m)) {
    return p->value;
  }
  bool is_record = p->origin != NULL; // told by its name only
  const char *told = is_record ? "" : wg_build_masked(m, &r->arena, p->value);
  wg_digest d;
  wg_error ignored = WG_ERROR_INIT; // without a key there is nothing to compare with: it changed
  if (!is_record && strcmp(told, p->value) == 0) {
    return p->value;
  }
  if (wg_store_secret_digest(r->env->store, wg_str_of(p->value), &d, &ignored) != WG_OK) {
    return told;
  }
  return wg_build_printf(&r->arena, "%s%c%s", told, STATE_KEYED, wg_digest_hex(&d).s);
}

// Parameters, and the records behind them.
static const graph_param *state_param(const wg_step *s, size_t i) {
  return i < s->n_params ? &s->params[i] : &s->records[i - s->n_params];
}

void wg_build_state_save(step_run *r, uint64_t duration_ns) {
  wg_digest key;
  uint64_t known = 0;
  bool there = state_head(r, &key, &known);
  if (r->env->project_dir == NULL || (there && wg_digest_eq(&key, &r->key) && duration_ns == 0)) {
    return;
  }
  rec_state st = {.key = r->key,
                  .duration_ns = duration_ns != 0 ? duration_ns : r->result.duration_ns,
                  .kind = r->s->kind->name,
                  .kind_version = r->s->kind->version,
                  .n_params = r->s->n_params + r->s->n_records};
  st.params = wg_xarray(st.n_params + 1, sizeof(*st.params));
  for (size_t i = 0; i < st.n_params; i++) {
    const graph_param *p = state_param(r->s, i);
    st.params[i] = (rec_pair){wg_build_masked(r->env->mask, &r->arena, p->name), state_keyed(r, p)};
  }
  st.inputs = wg_xarray(r->n_inputs + 1, sizeof(*st.inputs));
  for (size_t i = 0; i < r->n_inputs; i++) {
    if (r->inputs[i].kind != INPUT_TREE) { // its entries say more
      st.inputs[st.n_inputs++] = (rec_input){
          wg_build_masked(r->env->mask, &r->arena, r->inputs[i].label), r->inputs[i].digest};
    }
  }
  WG_AUTO(wg_buf) b = {0};
  wg_buf_init(&b, wg_heap(), 0);
  wg_build_put_state(&b, &st);
  WG_AUTO(wg_cstr) path = state_path(r);
  WG_AUTO(wg_cstr) dir = wg_path_dirname(path);
  wg_error ignored = WG_ERROR_INIT; // a state not kept costs an explanation, no more
  if (!b.failed && wg_os_mkdirs(WG_CWD, dir, 0755, &ignored) == WG_OK) {
    (void)!wg_os_write_file(WG_CWD, path, b.p, b.n, wg_build_file_mode(r->env), false, &ignored);
  }
  wg_xfree(st.params);
  wg_xfree(st.inputs);
}

// --- why

typedef struct reason_list {
  step_run *r;
  const char **v;
  size_t n, cap;
} reason_list;

static void reason_add(reason_list *l, const char *fmt, ...) WG_PRINTF(2, 3);
static void reason_add(reason_list *l, const char *fmt, ...) {
  WG_AUTO(wg_buf) b = {0};
  wg_buf_init(&b, wg_heap(), 0);
  va_list ap;
  va_start(ap, fmt);
  wg_buf_vprintf(&b, fmt, ap);
  va_end(ap);
  wg_vec_push(&l->v, &l->n, &l->cap) = wg_build_strdup(&l->r->arena, wg_buf_z(&b));
}

// A parameter's value for one line.
static const char *reason_value(step_run *r, const char *v) {
  size_t n = strcspn(v, (const char[]){STATE_KEYED, '\0'});
  bool cut = n > REASON_VALUE_CHARS;
  char *s = wg_build_strndup(&r->arena, v, cut ? REASON_VALUE_CHARS : n);
  for (char *p = s; *p != '\0'; p++) {
    *p = *p == '\n' || *p == '\t' ? ' ' : *p;
  }
  while (cut && s[0] != '\0' && ((uint8_t)s[strlen(s) - 1] & 0xC0) == 0x80) {
    s[strlen(s) - 1] = '\0'; // not half a character
  }
  size_t len = strlen(s);
  while (!cut && len > 0 && s[len - 1] == ' ') {
    s[--len] = '\0';
  }
  return cut ? wg_build_printf(&r->arena, "%s...", s) : s;
}

static const char *reason_find_param(const rec_pair *v, size_t n, const char *name) {
  for (size_t i = 0; i < n; i++) {
    if (strcmp(v[i].name, name) == 0) {
      return v[i].value;
    }
  }
  return NULL;
}

static void reason_param(reason_list *l, const graph_param *p, const char *was) {
  step_run *r = l->r;
  const char *is = state_keyed(r, p);
  if (was != NULL && strcmp(was, is) == 0) {
    return;
  }
  size_t told = strcspn(is, (const char[]){STATE_KEYED, '\0'});
  if (p->origin != NULL) { // a record: its name says what it is
    reason_add(l, "%s: %s%s%s%s", was == NULL ? "new" : "changed", p->name,
               p->origin[0] != '\0' ? " (" : "", p->origin, p->origin[0] != '\0' ? ")" : "");
  } else if (was == NULL) {
    reason_add(l, "new parameter %s: '%s'", p->name, reason_value(r, is));
  } else if (is[told] == STATE_KEYED && strncmp(was, is, told + 1) == 0) {
    reason_add(l, "parameter %s: '%s' has another value", p->name, reason_value(r, is));
  } else {
    reason_add(l, "parameter %s: was '%s', is '%s'", p->name, reason_value(r, was),
               reason_value(r, is));
  }
}

static void reasons_params(reason_list *l) {
  step_run *r = l->r;
  const wg_step *s = r->s;
  for (size_t i = 0; i < s->n_params + s->n_records; i++) {
    const graph_param *p = state_param(s, i);
    reason_param(l, p,
                 reason_find_param(r->state.params, r->state.n_params,
                                   wg_build_masked(r->env->mask, &r->arena, p->name)));
  }
  for (size_t i = 0; i < r->state.n_params; i++) {
    bool is = false;
    for (size_t k = 0; k < s->n_params + s->n_records; k++) {
      is = is || strcmp(wg_build_masked(r->env->mask, &r->arena, state_param(s, k)->name),
                        r->state.params[i].name) == 0;
    }
    if (!is) {
      reason_add(l, "%s is gone", r->state.params[i].name);
    }
  }
}

static void reasons_inputs(reason_list *l) {
  step_run *r = l->r;
  size_t i = 0, j = 0;
  while (i < r->n_inputs || j < r->state.n_inputs) {
    if (i < r->n_inputs && r->inputs[i].kind == INPUT_TREE) {
      i++;
      continue;
    }
    int order = i >= r->n_inputs ? 1
                : j >= r->state.n_inputs
                    ? -1
                    : strcmp(wg_build_masked(r->env->mask, &r->arena, r->inputs[i].label),
                             r->state.inputs[j].label);
    if (order < 0) {
      reason_add(l, "new input: %s", r->inputs[i++].label);
    } else if (order > 0) {
      reason_add(l, "removed: %s", r->state.inputs[j++].label);
    } else {
      if (!wg_digest_eq(&r->inputs[i].digest, &r->state.inputs[j].digest)) {
        reason_add(l, "changed: %s", r->inputs[i].label);
      }
      i++;
      j++;
    }
  }
}

void wg_build_reasons(step_run *r) {
  reason_list l = {.r = r};
  if (r->miss != NULL) {
    reason_add(&l, "%s", r->miss);
  } else if (!r->has_state) {
    reason_add(&l, "first run here");
  } else if (wg_digest_eq(&r->state.key, &r->key)) {
    reason_add(&l, "its result is no longer in the store");
  } else {
    if (strcmp(r->state.kind, r->s->kind->name) != 0 ||
        r->state.kind_version != r->s->kind->version) {
      reason_add(&l, "this wingo makes it another way (%s %u, was %s %u)", r->s->kind->name,
                 r->s->kind->version, r->state.kind, r->state.kind_version);
    }
    reasons_params(&l);
    reasons_inputs(&l);
    if (l.n == 0) { // the same, in another order
      reason_add(&l, "the order of its entries changed");
    }
  }
  r->reasons = wg_build_get(&r->arena, l.n, sizeof(*r->reasons));
  for (size_t i = 0; i < l.n; i++) {
    r->reasons[i] = l.v[i];
  }
  r->n_reasons = l.n;
  wg_xfree(l.v);
}
