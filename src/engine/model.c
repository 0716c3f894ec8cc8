// SPDX-License-Identifier: Apache-2.0
#include "engine/model.h"

#include <string.h>

#include "engine/int.h"

#define MODEL_MAX_NOTES 200U
#define MODEL_MAX_STEPS 1000000U

void wg_model_init(run_model *m) {
  *m = (run_model){.text = ""};
  wg_arena_init(&m->arena, wg_heap(), 0);
}

void wg_model_done(run_model *m) {
  for (size_t i = 0; i < m->n_steps; i++) {
    wg_xfree(m->steps[i].outputs);
    wg_xfree(m->steps[i].warnings);
    wg_xfree(m->steps[i].notes);
    wg_xfree(m->steps[i].facts);
    wg_xfree(m->steps[i].tables);
    wg_xfree(m->steps[i].changes);
  }
  wg_xfree(m->steps);
  wg_arena_done(&m->arena);
  *m = (run_model){0};
}

static const char *model_str(run_model *m, const char *s) {
  return s == NULL || s[0] == '\0' ? "" : wg_build_strdup(&m->arena, s);
}

static model_step *model_step_of(run_model *m, const wg_event *ev) {
  wg_assert(ev->step < MODEL_MAX_STEPS);
  while (m->n_steps <= ev->step) {
    wg_vec_push(&m->steps, &m->n_steps, &m->cap_steps) = (model_step){
        .identity = "", .verb = "", .reason = "", .text = "", .details = "", .unit = ""};
  }
  model_step *s = &m->steps[ev->step];
  if (!s->known) {
    s->known = true;
    s->identity = model_str(m, ev->identity);
    s->verb = model_str(m, ev->verb);
    s->is_action = ev->is_action;
  }
  return s;
}

static void model_progress(run_model *m, model_step *s, const wg_event *ev) {
  if (!s->has_progress || ev->done < s->done) { // a new stretch of work
    s->has_progress = true;
    s->first_done = ev->done;
    s->first_ns = ev->time_ns;
  }
  s->done = ev->done;
  s->total = ev->total;
  if (ev->unit != NULL && strcmp(ev->unit, s->unit) != 0) {
    s->unit = model_str(m, ev->unit);
  }
}

static void model_end(run_model *m, model_step *s, const wg_event *ev, model_state state) {
  m->n_running -= s->state == MODEL_RUNNING || s->state == MODEL_CHECKING ? 1U : 0U;
  m->n_done += state == MODEL_DONE ? 1U : 0U;
  m->n_cached += state == MODEL_CACHED ? 1U : 0U;
  m->n_failed += state == MODEL_FAILED ? 1U : 0U;
  m->n_skipped += state == MODEL_SKIPPED || state == MODEL_CANCELED ? 1U : 0U;
  s->state = state;
  s->end_ns = ev->time_ns;
  s->has_end = true;
  s->code = ev->code;
  if (ev->text != NULL) {
    s->text = model_str(m, ev->text);
  }
  if (ev->details != NULL) {
    s->details = model_str(m, ev->details);
  }
}

static void model_begin(run_model *m, model_step *s, const wg_event *ev, model_state state) {
  if (state == MODEL_CHECKING && s->state == MODEL_RUNNING) {
    return; // inputs moved while it ran
  }
  m->n_running += s->state == MODEL_WAITING ? 1U : 0U;
  s->state = state;
  if (state == MODEL_CHECKING) {
    s->has_check = true;
    s->check_ns = ev->time_ns;
  } else {
    s->has_start = true;
    s->start_ns = ev->time_ns;
    s->reason = model_str(m, ev->text);
    s->expected_ns = ev->total;
  }
}

static void model_output_of(run_model *m, model_step *s, const wg_event *ev) {
  wg_vec_push(&s->outputs, &s->n_outputs, &s->cap_outputs) =
      (model_output){.name = model_str(m, ev->name),
                     .path = model_str(m, ev->path),
                     .size_bytes = ev->size_bytes,
                     .digest = ev->digest != NULL ? *ev->digest : (wg_digest){{0}}};
}

typedef struct model_texts { // a step's list of one kind
  model_text **v;
  size_t *n, *cap;
} model_texts;

static void model_told(run_model *m, model_step *s, const wg_event *ev) {
  model_texts to = {&s->notes, &s->n_notes, &s->cap_notes};
  if (ev->type == WG_EV_STEP_WARNING) {
    m->n_warnings++;
    to = (model_texts){&s->warnings, &s->n_warnings, &s->cap_warnings};
  } else if (ev->type == WG_EV_STEP_FACT) {
    to = (model_texts){&s->facts, &s->n_facts, &s->cap_facts};
  } else if (s->n_notes >= MODEL_MAX_NOTES) {
    return;
  }
  const char *text = model_str(m, ev->text);
  if (ev->type == WG_EV_STEP_FACT && ev->text == NULL) {
    text = wg_build_printf(&m->arena, "%llu", (unsigned long long)ev->done);
  }
  wg_vec_push(to.v, to.n, to.cap) =
      (model_text){.time_ns = ev->time_ns, .name = model_str(m, ev->name), .text = text};
}

static void model_changed(run_model *m, model_step *s, const wg_event *ev) {
  wg_vec_push(&s->changes, &s->n_changes, &s->cap_changes) =
      (model_change){.object = model_str(m, ev->name),
                     .before = model_str(m, ev->text),
                     .after = model_str(m, ev->details)};
}

static void model_step_event(run_model *m, model_step *s, const wg_event *ev) {
  switch (ev->type) {
  case WG_EV_STEP_CHECKING:
    model_begin(m, s, ev, MODEL_CHECKING);
    break;
  case WG_EV_STEP_STARTED:
    model_begin(m, s, ev, MODEL_RUNNING);
    break;
  case WG_EV_STEP_PROGRESS:
    model_progress(m, s, ev);
    break;
  case WG_EV_STEP_NOTE:
  case WG_EV_STEP_WARNING:
  case WG_EV_STEP_FACT:
    model_told(m, s, ev);
    break;
  case WG_EV_STEP_TABLE:
    wg_vec_push(&s->tables, &s->n_tables, &s->cap_tables) =
        wg_build_table_copy(ev->table, NULL, &m->arena);
    break;
  case WG_EV_STEP_OUTPUT:
    model_output_of(m, s, ev);
    break;
  case WG_EV_STEP_CACHED:
    model_end(m, s, ev, MODEL_CACHED);
    break;
  case WG_EV_STEP_DONE:
    model_end(m, s, ev, MODEL_DONE);
    break;
  case WG_EV_STEP_FAILED:
    model_end(m, s, ev, MODEL_FAILED);
    break;
  case WG_EV_STEP_SKIPPED:
    model_end(m, s, ev, MODEL_SKIPPED);
    break;
  case WG_EV_STEP_CANCELED:
    model_end(m, s, ev, MODEL_CANCELED);
    break;
  case WG_EV_STEP_CHANGE:
    model_changed(m, s, ev);
    break;
  case WG_EV_STEP_UNDONE:
    model_told(m, s, ev);
    break;
  case WG_EV_RUN_STARTED:
  case WG_EV_RUN_ENDED:
    break;
  }
  if (ev->key != NULL) {
    s->key = *ev->key;
    s->has_key = true;
  }
}

model_step *wg_model_apply(run_model *m, const wg_event *ev) {
  if (ev->type == WG_EV_RUN_STARTED) {
    m->n_total = ev->n_total;
    m->start_wall_ns = ev->wall_ns;
    return NULL;
  }
  if (ev->type == WG_EV_RUN_ENDED) {
    m->ended = true;
    m->end_ns = ev->time_ns;
    m->code = ev->code;
    m->text = model_str(m, ev->text);
    return NULL;
  }
  model_step *s = model_step_of(m, ev);
  model_step_event(m, s, ev);
  return s;
}
