// SPDX-License-Identifier: Apache-2.0
// Keys: length-prefixed and versioned, so that no two steps have one serialisation.
#include <stdlib.h>
#include <string.h>

#include "engine/int.h"

#define KEY_MAGIC "wingo step key 1"
#define DISCOVERY_KEY_MAGIC "wingo discovery key 1"

static void key_str(wg_buf *b, const char *s) {
  size_t n = strlen(s);
  wg_buf_add_le64(b, n);
  wg_buf_add(b, s, n);
}

static int key_param_cmp(const void *a, const void *b) {
  const graph_param *x = a, *y = b;
  return strcmp(x->name, y->name);
}

static int key_input_cmp(const void *a, const void *b) {
  const step_input *x = a, *y = b;
  return strcmp(x->label, y->label);
}

void wg_build_sort_inputs(step_run *r) {
  if (r->n_inputs > 1) {
    qsort(r->inputs, r->n_inputs, sizeof(*r->inputs), key_input_cmp);
  }
}

// Kind, version, parameters, and the inputs there are by now.
static void key_common(wg_buf *b, const step_run *r) {
  const wg_step *s = r->s;
  key_str(b, s->kind->name);
  wg_buf_add_le32(b, s->kind->version);
  wg_buf_add_le64(b, s->n_params);
  graph_param *sorted = wg_xarray(s->n_params + 1, sizeof(*sorted));
  for (size_t i = 0; i < s->n_params; i++) {
    sorted[i] = s->params[i];
  }
  qsort(sorted, s->n_params, sizeof(*sorted), key_param_cmp);
  for (size_t i = 0; i < s->n_params; i++) {
    key_str(b, sorted[i].name);
    key_str(b, sorted[i].value);
  }
  wg_xfree(sorted);
  for (size_t i = 0; i < s->n_records; i++) { // in their order
    wg_buf_add_byte(b, 2);
    key_str(b, s->records[i].name);
    key_str(b, s->records[i].value);
  }
  for (size_t i = 0; i < r->n_inputs; i++) {
    if (r->inputs[i].kind != INPUT_ENTRY) {
      wg_buf_add_byte(b, 1);
      key_str(b, r->inputs[i].label);
      wg_buf_add(b, r->inputs[i].digest.b, sizeof(r->inputs[i].digest.b));
    }
  }
  wg_buf_add_byte(b, 0);
}

static wg_digest key_end(const wg_buf *b) {
  wg_error err = WG_ERROR_INIT;
  wg_code code = wg_buf_check(b, &err);
  wg_assert(code == WG_OK);
  return wg_sha256(b->p, b->n);
}

wg_digest wg_build_step_key(const step_run *r) {
  WG_AUTO(wg_buf) b = {0};
  wg_buf_init(&b, wg_heap(), 0);
  key_str(&b, KEY_MAGIC);
  key_common(&b, r);
  return key_end(&b);
}

wg_digest wg_build_discovery_key(const step_run *r) {
  WG_AUTO(wg_buf) b = {0};
  wg_buf_init(&b, wg_heap(), 0);
  key_str(&b, DISCOVERY_KEY_MAGIC);
  key_common(&b, r);
  key_str(&b, r->s->identity);
  key_str(&b, r->env->project_dir == NULL ? "" : r->env->project_dir);
  return key_end(&b);
}
