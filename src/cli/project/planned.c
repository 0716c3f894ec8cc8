// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "cli/project/planned.h"

#include "engine/action.h"
#include "fmt/json/jsonw.h"

static const char *plan_state_name(wg_plan_state s) {
  switch (s) {
  case WG_PLAN_CACHED:
    return "cached";
  case WG_PLAN_RUN:
    return "run";
  case WG_PLAN_UNKNOWN:
    return "unknown";
  case WG_PLAN_SAME:
    return "same";
  case WG_PLAN_CHANGE:
    return "change";
  case WG_PLAN_UNASKED:
    return "unasked";
  case WG_PLAN_REFUSED:
    return "refused";
  default:
    return "?";
  }
}

#define PLAN_MAX_REASONS 8U

static void plan_print_step(const wg_cli *c, const wg_plan *p, const wg_plan_step *s) {
  static const char *const colors[] = {
      [WG_PLAN_CACHED] = "\033[32m", [WG_PLAN_RUN] = "\033[33m",    [WG_PLAN_UNKNOWN] = "\033[36m",
      [WG_PLAN_SAME] = "\033[32m",   [WG_PLAN_CHANGE] = "\033[33m", [WG_PLAN_UNASKED] = "\033[36m",
      [WG_PLAN_REFUSED] = "\033[31m"};
  const char *on = c->color_out ? colors[s->state] : "", *off = c->color_out ? "\033[0m" : "";
  wg_out("%s%-8s%s %-13s %s\n", on, plan_state_name(s->state), off, s->verb, s->identity);
  size_t n = c->verbose > 0                    ? s->n_reasons
             : s->n_reasons < PLAN_MAX_REASONS ? s->n_reasons
                                               : PLAN_MAX_REASONS;
  for (size_t i = 0; s->state != WG_PLAN_CACHED && i < n; i++) {
    wg_out("             %s\n", s->reasons[i]);
  }
  if (n < s->n_reasons && s->state != WG_PLAN_CACHED) {
    wg_out("             ... and %zu more (-v shows all)\n", s->n_reasons - n);
  }
  for (size_t i = 0; i < s->n_changes; i++) {
    const wg_plan_change *d = &s->changes[i];
    WG_AUTO(wg_cstr) text = wg_action_change_text(d->object, d->before, d->after);
    wg_out("             %s\n", text);
  }
  if (c->verbose > 0) {
    for (size_t i = 0; i < s->n_deps; i++) {
      wg_out("             needs %s\n", p->steps[s->deps[i]].identity);
    }
    if (s->has_key) {
      wg_out("             key %s\n", wg_digest_hex(&s->key).s);
    }
  }
}

static void plan_json_text(wg_jsonw *j, const char *key, const char *value) {
  wg_jsonw_key_z(j, key);
  if (value == NULL) {
    wg_jsonw_null(j);
  } else {
    wg_jsonw_str_z(j, value);
  }
}

static void plan_json_change(wg_jsonw *j, const wg_plan_change *d) {
  wg_jsonw_begin_object(j);
  wg_jsonw_kv_z(j, "object", d->object);
  plan_json_text(j, "before", d->before);
  plan_json_text(j, "after", d->after);
  wg_jsonw_end_object(j);
}

static void plan_json_step(wg_jsonw *j, const wg_plan *p, const wg_plan_step *s) {
  wg_jsonw_begin_object(j);
  wg_jsonw_kv_z(j, "step", s->identity);
  wg_jsonw_kv_z(j, "kind", s->kind);
  wg_jsonw_kv_z(j, "state", plan_state_name(s->state));
  if (s->has_key) {
    wg_jsonw_kv_hex(j, "key", s->key.b, sizeof(s->key.b));
  }
  wg_jsonw_key_z(j, "reasons");
  wg_jsonw_begin_array(j);
  for (size_t i = 0; i < s->n_reasons; i++) {
    wg_jsonw_str_z(j, s->reasons[i]);
  }
  wg_jsonw_end_array(j);
  if (s->is_action) {
    wg_jsonw_kv_bool(j, "action", true);
    wg_jsonw_key_z(j, "changes");
    wg_jsonw_begin_array(j);
    for (size_t i = 0; i < s->n_changes; i++) {
      plan_json_change(j, &s->changes[i]);
    }
    wg_jsonw_end_array(j);
  }
  wg_jsonw_key_z(j, "needs");
  wg_jsonw_begin_array(j);
  for (size_t i = 0; i < s->n_deps; i++) {
    wg_jsonw_str_z(j, p->steps[s->deps[i]].identity);
  }
  wg_jsonw_end_array(j);
  wg_jsonw_end_object(j);
}

static int plan_print_json(const wg_cli *c, const wg_plan *p) {
  WG_AUTO(wg_buf) out = {0};
  wg_buf_init(&out, wg_heap(), 0);
  wg_jsonw j;
  wg_jsonw_init(&j, &out, 2);
  wg_jsonw_begin_object(&j);
  wg_jsonw_key_z(&j, "steps");
  wg_jsonw_begin_array(&j);
  for (size_t i = 0; i < p->n_steps; i++) {
    plan_json_step(&j, p, &p->steps[i]);
  }
  wg_jsonw_end_array(&j);
  wg_jsonw_end_object(&j);
  return wg_cli_end_json(c, &j, &out);
}

// An action's identity begins with the command that does it.
static int plan_command_length(const wg_plan_step *s) {
  return s->is_action ? (int)strcspn(s->identity, "/") : 0;
}

static void plan_print_commands(const wg_plan *p) {
  size_t n = 0;
  for (size_t i = 0; i < p->n_steps; i++) {
    int len = plan_command_length(&p->steps[i]);
    bool said = len == 0;
    for (size_t k = 0; k < i && !said; k++) {
      said = plan_command_length(&p->steps[k]) == len &&
             strncmp(p->steps[k].identity, p->steps[i].identity, (size_t)len) == 0;
    }
    if (!said) {
      wg_out("%s'wingo %.*s'", n == 0 ? "; " : ", ", len, p->steps[i].identity);
      n++;
    }
  }
  wg_out(n == 1 ? " does them\n" : " do them\n");
}

static void plan_print(const wg_cli *c, const wg_plan *p) {
  size_t n[WG_PLAN_REFUSED + 1] = {0}, n_actions = 0, n_waiting = 0;
  for (size_t i = 0; i < p->n_steps; i++) {
    const wg_plan_step *s = &p->steps[i];
    plan_print_step(c, p, s);
    n[s->state]++;
    n_actions += s->is_action ? 1 : 0;
    n_waiting += !s->is_action && s->state == WG_PLAN_UNKNOWN ? 1 : 0;
  }
  wg_out("\n%zu steps: %zu cached, %zu will run", p->n_steps - n_actions, n[WG_PLAN_CACHED],
         n[WG_PLAN_RUN]);
  if (n_waiting > 0) {
    wg_out(", %zu depend on what those give", n_waiting);
  }
  wg_out("\n");
  if (n_actions > 0) { // `wingo build` touches nothing of the world
    size_t known = n[WG_PLAN_SAME] + n[WG_PLAN_CHANGE] + n[WG_PLAN_REFUSED];
    wg_out("%zu action%s: %zu as it should be, %zu to change, %zu not known before", n_actions,
           n_actions == 1 ? "" : "s", n[WG_PLAN_SAME], n[WG_PLAN_CHANGE], n_actions - known);
    if (n[WG_PLAN_REFUSED] > 0) {
      wg_out(", %zu would fail", n[WG_PLAN_REFUSED]);
    }
    plan_print_commands(p);
  }
}

int wg_cli_print_plan(const wg_cli *c, const wg_plan *p) {
  if (c->json) {
    return plan_print_json(c, p);
  }
  plan_print(c, p);
  return 0;
}
