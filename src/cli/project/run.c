// SPDX-License-Identifier: Apache-2.0
// A graph run with all that listens to it.
#include "cli/project/run.h"
#include "base/units.h"

#include <string.h>

#include "cli/core/internal.h"
#include "config/git.h"
#include "engine/show/listen.h"
#include "fmt/json/jsonw.h"

// Outputs of the run, in the order of the graph: the same list from every run.
typedef struct run_output {
  uint32_t step;
  bool is_action;
  char *identity, *name, *path;
  wg_digest digest;
  uint64_t size_bytes;
} run_output;

// What became of an action, in the order of their ends; its changes as text.
typedef struct run_action {
  char *identity;
  const char *state;
  char **changes;
  size_t n_changes, cap_changes;
} run_action;

typedef struct run_outputs {
  run_output *v;
  size_t n, cap;
  run_action *actions;
  size_t n_actions, cap_actions;
} run_outputs;

static void run_outputs_done(run_outputs *o) {
  for (size_t i = 0; i < o->n; i++) {
    wg_xfree(o->v[i].identity);
    wg_xfree(o->v[i].name);
    wg_xfree(o->v[i].path);
  }
  wg_xfree(o->v);
  for (size_t i = 0; i < o->n_actions; i++) {
    for (size_t k = 0; k < o->actions[i].n_changes; k++) {
      wg_xfree(o->actions[i].changes[k]);
    }
    wg_xfree(o->actions[i].changes);
    wg_xfree(o->actions[i].identity);
  }
  wg_xfree(o->actions);
}
WG_DEFINE_AUTO(run_outputs, run_outputs_done);

// NULL for events that end nothing.
static const char *run_action_state(wg_event_type t) {
  return t == WG_EV_STEP_CACHED     ? "same"
         : t == WG_EV_STEP_DONE     ? "done"
         : t == WG_EV_STEP_FAILED   ? "failed"
         : t == WG_EV_STEP_SKIPPED  ? "skipped"
         : t == WG_EV_STEP_CANCELED ? "stopped"
                                    : NULL;
}

// That action's row, made when it is not there.
static run_action *run_action_of(run_outputs *o, const char *identity) {
  for (size_t i = 0; i < o->n_actions; i++) {
    if (strcmp(o->actions[i].identity, identity) == 0) {
      return &o->actions[i];
    }
  }
  wg_vec_push(&o->actions, &o->n_actions, &o->cap_actions) =
      (run_action){.identity = wg_xstrdup(identity), .state = "started"};
  return &o->actions[o->n_actions - 1];
}

static void run_collect_action(run_outputs *o, const wg_event *ev) {
  run_action *a = run_action_of(o, ev->identity);
  const char *state = run_action_state(ev->type);
  a->state = state != NULL ? state : a->state;
  if (ev->type == WG_EV_STEP_CHANGE) {
    wg_vec_push(&a->changes, &a->n_changes, &a->cap_changes) =
        wg_action_change_text(ev->name, ev->text, ev->details);
  }
}

static void run_collect(void *ctx, const wg_event *ev) {
  run_outputs *o = ctx;
  if (ev->is_action) {
    run_collect_action(o, ev);
  }
  if (ev->type == WG_EV_STEP_OUTPUT && ev->path != NULL && ev->digest != NULL) {
    wg_vec_push(&o->v, &o->n, &o->cap) = (run_output){.step = ev->step,
                                                      .is_action = ev->is_action,
                                                      .identity = wg_xstrdup(ev->identity),
                                                      .name = wg_xstrdup(ev->name),
                                                      .path = wg_xstrdup(ev->path),
                                                      .digest = *ev->digest,
                                                      .size_bytes = ev->size_bytes};
    for (size_t i = o->n - 1; i > 0 && o->v[i - 1].step > o->v[i].step; i--) {
      run_output later = o->v[i - 1];
      o->v[i - 1] = o->v[i];
      o->v[i] = later;
    }
  }
}

static void run_json_action(wg_jsonw *j, const run_action *a) {
  wg_jsonw_begin_object(j);
  wg_jsonw_kv_z(j, "action", a->identity);
  wg_jsonw_kv_z(j, "state", a->state);
  wg_jsonw_key_z(j, "changes");
  wg_jsonw_begin_array(j);
  for (size_t i = 0; i < a->n_changes; i++) {
    wg_jsonw_str_z(j, a->changes[i]);
  }
  wg_jsonw_end_array(j);
  wg_jsonw_end_object(j);
}

static int run_print_json(const wg_cli *c, const run_outputs *o, const wg_exec_result *r,
                          wg_code code, const wg_error *err) {
  WG_AUTO(wg_buf) out = {0};
  wg_buf_init(&out, wg_heap(), 0);
  wg_jsonw j;
  wg_jsonw_init(&j, &out, 2);
  wg_jsonw_begin_object(&j);
  wg_jsonw_kv_u64(&j, "steps", r->n_steps);
  wg_jsonw_kv_u64(&j, "ran", r->n_ran);
  wg_jsonw_kv_u64(&j, "cached", r->n_cached);
  wg_jsonw_kv_u64(&j, "failed", r->n_failed);
  wg_jsonw_kv_u64(&j, "skipped", r->n_skipped);
  wg_jsonw_key_z(&j, "outputs");
  wg_jsonw_begin_array(&j);
  for (size_t i = 0; i < o->n; i++) {
    wg_jsonw_begin_object(&j);
    wg_jsonw_kv_z(&j, "step", o->v[i].identity);
    wg_jsonw_kv_z(&j, "name", o->v[i].name);
    wg_jsonw_kv_z(&j, "path", o->v[i].path);
    wg_jsonw_kv_hex(&j, "sha256", o->v[i].digest.b, sizeof(o->v[i].digest.b));
    wg_jsonw_kv_u64(&j, "bytes", o->v[i].size_bytes);
    wg_jsonw_end_object(&j);
  }
  wg_jsonw_end_array(&j);
  wg_jsonw_key_z(&j, "actions");
  wg_jsonw_begin_array(&j);
  for (size_t i = 0; i < o->n_actions; i++) {
    run_json_action(&j, &o->actions[i]);
  }
  wg_jsonw_end_array(&j);
  wg_jsonw_key_z(&j, "failures");
  wg_jsonw_begin_array(&j);
  for (size_t i = 0; i < r->n_failures; i++) {
    wg_jsonw_begin_object(&j);
    wg_jsonw_kv_z(&j, "step", r->failures[i].identity);
    wg_jsonw_kv_z(&j, "code", wg_code_name(r->failures[i].code));
    wg_jsonw_kv_z(&j, "text", r->failures[i].text);
    wg_jsonw_kv_z(&j, "details", r->failures[i].details);
    wg_jsonw_end_object(&j);
  }
  wg_jsonw_end_array(&j);
  if (code != WG_OK) {
    wg_cli_kv_error(&j, code, wg_exit_code(code), err->text);
  }
  wg_jsonw_end_object(&j);
  return wg_cli_end_json(c, &j, &out);
}

// Paths below the project folder are shown relative to where the user stands.
static const char *run_short_path(const char *path, const char *cwd) {
  const char *rel = wg_path_below(path, cwd);
  return rel != NULL ? rel : path;
}

static void run_print(const run_outputs *o, bool of_actions) {
  WG_AUTO(wg_cstr) cwd = wg_os_getcwd();
  for (size_t i = 0; i < o->n; i++) {
    if (o->v[i].is_action == of_actions) {
      wg_out("%s\n", run_short_path(o->v[i].path, cwd));
    }
  }
}

static int run_limits(const wg_cli *c, wg_exec_options *opt) {
  const char *jobs = wg_cli_value(c, "jobs"), *memory = wg_cli_value(c, "memory");
  uint64_t n = 0;
  if (jobs != NULL) {
    if (!wg_parse_u64(wg_str_of(jobs), &n) || n == 0 || n > 4096) {
      return wg_cli_usage(c, "-j takes a number from 1 to 4096, not '%s'", jobs);
    }
    opt->cpus = (unsigned)n;
  }
  if (memory != NULL && (!wg_parse_size(memory, &opt->memory_bytes) || opt->memory_bytes == 0)) {
    return wg_cli_usage(c, "--memory takes a size such as 4GiB, not '%s'", memory);
  }
  return 0;
}

int wg_cli_run_load(const wg_cli *c, wg_cli_graph *p, wg_exec_options *opt) {
  int rc = run_limits(c, opt);
  if (rc == 0) {
    rc = wg_cli_graph_load(c, p);
  }
  if (rc == 0) {
    opt->project_dir = p->project->dir;
    opt->project_file = wg_path_basename(p->project->file);
    opt->env_name = p->project->env_name;
    opt->mask = c->mask;
  }
  return rc;
}

// What the report calls this run: as it was typed, but for the values of --set, which may hold
// anything.
static char *run_command(const wg_cli *c) {
  WG_AUTO(wg_buf) b = {0};
  wg_buf_init(&b, wg_heap(), 0);
  wg_buf_add_z(&b, "wingo ");
  wg_cli_full_name(&b, c->cmd);
  for (size_t i = 0; i < c->n_given; i++) {
    const wg_cli_given *g = &c->given[i];
    bool sets = strcmp(g->opt->name, "set") == 0;
    size_t n = g->value == NULL ? 0 : sets ? strcspn(g->value, "=") : strlen(g->value);
    wg_buf_printf(&b, " --%s%s%.*s%s", g->opt->name, g->value == NULL ? "" : "=", (int)n,
                  g->value == NULL ? "" : g->value, sets ? "=..." : "");
  }
  for (size_t i = 0; i < c->n_args; i++) {
    wg_buf_printf(&b, " %s", c->args[i]);
  }
  WG_AUTO(wg_buf) told = {0};
  wg_buf_init(&told, wg_heap(), 0);
  wg_mask_add_text(c->mask, wg_buf_str(&b), &told);
  return wg_xstrdup(wg_buf_z(&told));
}

// The commit that is checked out, with a "+" when files differ from it; "" where there is none.
static char *run_commit(const wg_exec_options *opt) {
  WG_AUTO(wg_cstr) git = wg_path_join(opt->project_dir, ".git");
  WG_AUTO(wg_buf) commit = {0};
  WG_AUTO(wg_buf) dirty = {0};
  wg_buf_init(&commit, wg_heap(), 0);
  wg_buf_init(&dirty, wg_heap(), 0);
  wg_error ignored = WG_ERROR_INIT; // a report without it does as well
  if (!wg_os_exists(WG_CWD, git) ||
      wg_git_fact(opt->project_dir, "short", &commit, &ignored) != WG_OK ||
      wg_git_fact(opt->project_dir, "dirty", &dirty, &ignored) != WG_OK) {
    return wg_xstrdup("");
  }
  return wg_xprintf("%s%s", wg_buf_z(&commit), strcmp(wg_buf_z(&dirty), "true") == 0 ? "+" : "");
}

// Log and report are there to help: that one can't be written fails no build.
static void run_write_report(const wg_cli *c, wg_listen_report *report, const wg_listen_log *log,
                             bool tell) {
  WG_AUTO(wg_cstr) path = NULL;
  wg_error err = WG_ERROR_INIT;
  if (wg_listen_log_error(log, &err) != WG_OK) {
    wg_note(c, "warning: %s", err.text);
  }
  if (wg_listen_report_write(report, &path, &err) != WG_OK) {
    wg_note(c, "warning: %s", err.text);
  } else if (path != NULL && (tell || c->verbose > 0)) {
    WG_AUTO(wg_cstr) cwd = wg_os_getcwd();
    wg_note(c, "report: %s", run_short_path(path, cwd));
  }
}

static wg_code run_run_graph(const wg_cli *c, wg_cli_graph *p, wg_exec_options *opt,
                             run_outputs *outputs, wg_exec_result *result, wg_error *err) {
  WG_AUTO_PTR(wg_bus) bus = wg_bus_new();
  WG_AUTO(wg_cstr) name = wg_run_name();
  WG_AUTO(wg_cstr) command = run_command(c);
  WG_AUTO(wg_cstr) commit = run_commit(opt);
  const wg_term_options term_opt = {.fd = 2,
                                    .color = c->color_err,
                                    .quiet = c->quiet,
                                    .verbose = c->verbose,
                                    .live = -1,
                                    .project_dir = opt->project_dir};
  const wg_run_info info = {.run_name = name,
                            .project = p->project->name,
                            .release = p->project->release,
                            .env_name = p->project->env_name,
                            .commit = commit,
                            .command = command,
                            .version = WINGO_VERSION};
  const wg_report_options report_opt = {.project_dir = opt->project_dir,
                                        .run_name = name,
                                        .title = p->project->name,
                                        .version = WINGO_VERSION,
                                        .info = info,
                                        .closed = wg_mask_any(c->mask)};
  WG_AUTO_PTR(wg_listen_term) term = wg_listen_term_new(bus, &term_opt);
  WG_AUTO_PTR(wg_listen_log)
  log = wg_listen_log_new(bus, opt->project_dir, name, wg_mask_any(c->mask));
  WG_AUTO_PTR(wg_listen_report) report = wg_listen_report_new(bus, &report_opt);
  (void)term; // it listens
  opt->bus = bus;
  opt->info = &info;
  wg_bus_listen(bus, run_collect, outputs);
  wg_code code = wg_exec_run(p->graph, p->store, opt, result, err);
  run_write_report(c, report, log, result->n_failures > 0);
  return code;
}

int wg_cli_run(const wg_cli *c, wg_cli_graph *p, wg_exec_options *opt) {
  WG_AUTO(run_outputs) outputs = {0};
  WG_AUTO(wg_exec_result) result = {0};
  wg_error err = WG_ERROR_INIT;
  wg_code code = run_run_graph(c, p, opt, &outputs, &result, &err);
  wg_mask_error(c->mask, &err);
  if (c->json && result.n_steps > 0) {
    int rc = run_print_json(c, &outputs, &result, code, &err);
    return code != WG_OK ? wg_exit_code(code) : rc;
  }
  if (code != WG_OK) { // the terminal has told the failures of steps
    return result.n_failures > 0 ? wg_exit_code(code) : wg_cli_fail(c, &err);
  }
  run_print(&outputs, opt->scope == WG_SCOPE_ACTIONS);
  return 0;
}
