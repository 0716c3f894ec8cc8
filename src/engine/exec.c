// SPDX-License-Identifier: Apache-2.0
// Runs a graph: workers take ready steps under a budget of processors and memory.
//
// A step is checked first (its inputs, its key, the store), on one processor; only one that must
// run then waits for what it needs. Steps are taken longest first as far as known, else in the
// order of the graph.
#include <string.h>

#include "engine/int.h"

#define EXEC_MAX_WORKERS 256U
#define EXEC_REASONS_TOLD 5U

typedef enum exec_state {
  EXEC_WAITING, // for dependencies
  EXEC_TO_CHECK,
  EXEC_TO_RUN,
  EXEC_BUSY,
  EXEC_DONE, // ran, or was cached
  EXEC_FAILED,
  EXEC_SKIPPED,
  EXEC_CANCELED,
} exec_state;

typedef struct exec_step {
  exec_state state;
  uint32_t n_waiting;   // dependencies not done yet
  uint32_t *dependents; // graph indices, as often as they name this step
  size_t n_dependents, cap_dependents;
  bool is_cached;  // to be run again nevertheless
  bool has_looked; // an action that waits for its apply
} exec_step;

typedef struct exec_run {
  build_env *env;
  const wg_exec_options *opt;
  wg_mutex lock; // everything below
  wg_cond changed;
  exec_step *steps; // by graph index
  unsigned cpus, cpus_free;
  uint64_t memory, memory_free;
  uint32_t n_busy;
  bool stop; // a step failed: nothing new
  wg_exec_result *out;
  size_t cap_failures;
  wg_code first_code;
} exec_run;

typedef struct exec_job {
  uint32_t at; // graph index
  bool is_check;
  unsigned cpus;
  uint64_t memory;
} exec_job;

void wg_exec_result_done(wg_exec_result *r) {
  for (size_t i = 0; i < r->n_failures; i++) {
    const wg_exec_failure *f = &r->failures[i];
    const char *texts[] = {f->identity, f->text, f->details};
    for (size_t k = 0; k < WG_ARRAY_LEN(texts); k++) {
      union {
        const char *c;
        char *p;
      } own = {texts[k]}; // made by exec_fail
      wg_xfree(own.p);
    }
  }
  wg_xfree(r->failures);
  *r = (wg_exec_result){0};
}

// --- ends of steps; the lock is held

static bool exec_is_action(const exec_run *x, uint32_t at) {
  return x->env->g->steps[at]->action != NULL;
}

static void exec_skip_dependents(exec_run *x, uint32_t at) {
  for (size_t i = 0; i < x->steps[at].n_dependents; i++) {
    uint32_t d = x->steps[at].dependents[i];
    if (x->steps[d].state == EXEC_WAITING) {
      x->steps[d].state = EXEC_SKIPPED;
      x->out->n_skipped++;
      WG_AUTO(wg_cstr) text = wg_xprintf("needs '%s'", x->env->runs[at].s->identity);
      wg_build_emit(&x->env->runs[d], (wg_event){.type = WG_EV_STEP_SKIPPED, .text = text});
      exec_skip_dependents(x, d);
    }
  }
}

static void exec_succeed(exec_run *x, uint32_t at, bool was_cached) {
  x->steps[at].state = EXEC_DONE;
  x->out->n_cached += was_cached ? 1 : 0;
  x->out->n_ran += was_cached ? 0 : 1;
  for (size_t i = 0; i < x->steps[at].n_dependents; i++) {
    exec_step *d = &x->steps[x->steps[at].dependents[i]];
    if (--d->n_waiting == 0 && d->state == EXEC_WAITING) {
      d->state = EXEC_TO_CHECK;
    }
  }
}

static char *exec_told(const exec_run *x, wg_str text) {
  WG_AUTO(wg_buf) b = {0};
  wg_buf_init(&b, wg_heap(), 0);
  wg_mask_add_text(x->env->mask, text, &b);
  return wg_xstrdup(wg_buf_z(&b));
}

static void exec_fail(exec_run *x, uint32_t at, wg_str details, const wg_error *err) {
  const step_run *r = &x->env->runs[at];
  if (wg_canceled(x->env->cancel)) { // whatever it says, that is why
    x->steps[at].state = EXEC_CANCELED;
    x->out->n_skipped++;
    wg_build_emit(r, (wg_event){.type = WG_EV_STEP_CANCELED, .text = err->text});
  } else {
    x->steps[at].state = EXEC_FAILED;
    x->out->n_failed++;
    wg_exec_failure f = {.identity = wg_xstrdup(r->s->identity),
                         .text = exec_told(x, wg_str_of(err->text)),
                         .details = exec_told(x, details),
                         .code = err->code};
    wg_vec_push(&x->out->failures, &x->out->n_failures, &x->cap_failures) = f;
    x->first_code = x->first_code == WG_OK ? err->code : x->first_code;
    x->stop = x->stop || !x->opt->keep_going;
    wg_build_emit(r, (wg_event){.type = WG_EV_STEP_FAILED,
                                .text = f.text,
                                .details = f.details[0] == '\0' ? NULL : f.details,
                                .code = err->code});
  }
  exec_skip_dependents(x, at);
}

// --- one job; the lock is not held

static void exec_replay(const step_run *r, bool with_result) {
  if (r->has_discovery && !r->discovery_fresh) {
    for (size_t i = 0; i < r->discovery.n_warnings; i++) {
      wg_build_emit(r, (wg_event){.type = WG_EV_STEP_WARNING, .text = r->discovery.warnings[i]});
    }
  }
  for (size_t i = 0; with_result && i < r->result.n_warnings; i++) {
    wg_build_emit(r, (wg_event){.type = WG_EV_STEP_WARNING, .text = r->result.warnings[i]});
  }
  for (size_t i = 0; with_result && i < r->result.n_facts; i++) {
    wg_build_emit(r, (wg_event){.type = WG_EV_STEP_FACT,
                                .name = r->result.facts[i].name,
                                .text = r->result.facts[i].text,
                                .done = r->result.facts[i].number});
  }
  for (size_t i = 0; with_result && i < r->result.n_tables; i++) {
    const wg_table *t = &r->result.tables[i];
    wg_build_emit(r, (wg_event){.type = WG_EV_STEP_TABLE, .name = t->name, .table = t});
  }
}

static wg_code exec_finish_cached(step_run *r, wg_error *err) {
  exec_replay(r, true);
  if (wg_build_publish(r, err) != WG_OK) {
    return err->code;
  }
  wg_build_state_save(r, 0);
  wg_build_emit(r, (wg_event){.type = WG_EV_STEP_CACHED, .key = &r->key});
  return WG_OK;
}

// An action's check. *out_same: the far side is as it should be, and the action is done.
static wg_code exec_look(step_run *r, bool *out_same, wg_buf *details, wg_error *err) {
  *out_same = false;
  if (wg_cancel_check(r->env->cancel, err) != WG_OK ||
      wg_build_action_look(r, details, err) != WG_OK) {
    return err->code;
  }
  if (r->act->n_changes == 0) {
    *out_same = true;
    wg_build_action_tell_results(r);
    wg_build_emit(r, (wg_event){.type = WG_EV_STEP_CACHED});
  }
  return WG_OK;
}

static wg_code exec_apply(step_run *r, const exec_job *job, wg_buf *details, wg_error *err) {
  if (wg_cancel_check(r->env->cancel, err) != WG_OK ||
      wg_build_action_apply(r, job->cpus, job->memory, details, err) != WG_OK) {
    return err->code;
  }
  wg_build_action_tell_results(r);
  wg_build_emit(r, (wg_event){.type = WG_EV_STEP_DONE});
  return WG_OK;
}

// *out_hit: it need not run, and is finished unless it is to be run again.
static wg_code exec_check(step_run *r, bool *out_hit, wg_buf *details, wg_error *err) {
  wg_str why = {NULL, 0};
  *out_hit = false;
  if (wg_cancel_check(r->env->cancel, err) != WG_OK ||
      wg_build_resolve(r, CHECK_USE, &why, err) != WG_OK) {
    wg_buf_add_str(details, why);
    return err->code;
  }
  if (wg_build_lookup(r, out_hit, err) != WG_OK) {
    return err->code;
  }
  if (*out_hit && !r->env->recheck) {
    return exec_finish_cached(r, err);
  }
  wg_build_state_load(r);
  return WG_OK;
}

static void exec_tell_start(step_run *r, bool is_recheck) {
  WG_AUTO(wg_buf) why = {0};
  wg_buf_init(&why, wg_heap(), 0);
  if (is_recheck) {
    wg_buf_add_z(&why, "run again to compare");
  } else {
    wg_build_reasons(r);
    for (size_t i = 0; i < r->n_reasons && i < EXEC_REASONS_TOLD; i++) {
      wg_buf_printf(&why, "%s%s", i == 0 ? "" : "; ", r->reasons[i]);
    }
    if (r->n_reasons > EXEC_REASONS_TOLD) {
      wg_buf_printf(&why, "; and %zu more", r->n_reasons - EXEC_REASONS_TOLD);
    }
  }
  wg_build_emit(r, (wg_event){.type = WG_EV_STEP_STARTED,
                              .key = &r->key,
                              .text = wg_buf_z(&why),
                              .total = r->expected_ns});
}

static wg_code exec_run_job(step_run *r, const exec_job *job, bool is_recheck, bool *out_cached,
                            wg_buf *details, wg_error *err) {
  run_outcome outcome = {0};
  exec_tell_start(r, is_recheck);
  exec_replay(r, is_recheck);
  wg_code code = is_recheck
                     ? wg_build_recheck_step(r, job->cpus, job->memory, &outcome, details, err)
                     : wg_build_run_step(r, job->cpus, job->memory, &outcome, details, err);
  if (code != WG_OK) {
    return code;
  }
  *out_cached = outcome.was_cached;
  if (outcome.was_cached) {
    return exec_finish_cached(r, err);
  }
  if (wg_build_publish(r, err) != WG_OK) {
    return err->code;
  }
  wg_build_state_save(r, outcome.duration_ns);
  wg_build_emit(r, (wg_event){.type = WG_EV_STEP_DONE, .key = &r->key});
  return WG_OK;
}

// --- scheduling; the lock is held

static unsigned exec_need_cpus(const exec_run *x, uint32_t at) {
  unsigned need = x->env->runs[at].s->cpus;
  return need > x->cpus ? x->cpus : need;
}

static uint64_t exec_need_memory(const exec_run *x, uint32_t at) {
  uint64_t need = x->env->runs[at].s->memory_bytes;
  return need > x->memory ? x->memory : need;
}

// More than it asked for when nobody else who is ready wants the rest.
static unsigned exec_grant(const exec_run *x, uint32_t at) {
  unsigned wanted = 0;
  for (uint32_t i = 0; i < x->env->g->n_steps; i++) {
    if (i != at && x->steps[i].state == EXEC_TO_RUN) {
      wanted += exec_need_cpus(x, i);
    } else if (i != at && x->steps[i].state == EXEC_TO_CHECK) {
      wanted++;
    }
  }
  unsigned need = exec_need_cpus(x, at);
  return x->cpus_free > wanted + need ? x->cpus_free - wanted : need;
}

static bool exec_goes_before(const exec_run *x, uint32_t a, uint32_t b) {
  return x->env->runs[a].expected_ns > x->env->runs[b].expected_ns; // else the graph's order stays
}

// True while the world must not be touched yet: an action has still to look, or is at it.
static bool exec_holds_back(const exec_run *x) {
  for (uint32_t i = 0; i < x->env->g->n_steps; i++) {
    if (exec_is_action(x, i) && (x->steps[i].state == EXEC_TO_CHECK ||
                                 (x->steps[i].state == EXEC_BUSY && !x->steps[i].has_looked))) {
      return true;
    }
  }
  return false;
}

static bool exec_may_run(const exec_run *x, uint32_t at) {
  return x->steps[at].state == EXEC_TO_RUN && exec_need_cpus(x, at) <= x->cpus_free &&
         exec_need_memory(x, at) <= x->memory_free &&
         !(exec_is_action(x, at) && exec_holds_back(x));
}

static bool exec_pick(exec_run *x, exec_job *out) {
  if (x->stop || wg_canceled(x->env->cancel) || x->cpus_free == 0) {
    return false;
  }
  bool found = false;
  for (uint32_t i = 0; i < x->env->g->n_steps; i++) {
    uint32_t at = x->env->order[i];
    if (x->steps[at].state == EXEC_TO_CHECK) {
      *out = (exec_job){.at = at, .is_check = true, .cpus = 1};
      found = true;
      break;
    }
    if (exec_may_run(x, at) && (!found || exec_goes_before(x, at, out->at))) {
      *out = (exec_job){.at = at, .memory = exec_need_memory(x, at)};
      found = true;
    }
  }
  if (found && !out->is_check) {
    out->cpus = exec_grant(x, out->at);
  }
  return found;
}

static void exec_work(exec_run *x, const exec_job *job) {
  step_run *r = &x->env->runs[job->at];
  WG_AUTO(wg_buf) details = {0};
  wg_buf_init(&details, wg_heap(), 0);
  wg_error err = WG_ERROR_INIT;
  bool is_recheck = x->steps[job->at].is_cached; // only this job looks at it now
  bool is_cached = false;
  wg_code code;
  if (exec_is_action(x, job->at)) {
    code = job->is_check ? exec_look(r, &is_cached, &details, &err)
                         : exec_apply(r, job, &details, &err);
  } else {
    code = job->is_check ? exec_check(r, &is_cached, &details, &err)
                         : exec_run_job(r, job, is_recheck, &is_cached, &details, &err);
  }
  wg_mutex_lock(&x->lock);
  if (code != WG_OK) {
    exec_fail(x, job->at, wg_buf_str(&details), &err);
  } else if (job->is_check && (!is_cached || (x->env->recheck && !exec_is_action(x, job->at)))) {
    x->steps[job->at].is_cached = is_cached;
    x->steps[job->at].has_looked = exec_is_action(x, job->at);
    x->steps[job->at].state = EXEC_TO_RUN;
  } else {
    exec_succeed(x, job->at, is_cached);
  }
}

static void *exec_worker(void *arg) {
  exec_run *x = arg;
  wg_mutex_lock(&x->lock);
  for (;;) {
    exec_job job;
    if (exec_pick(x, &job)) {
      x->steps[job.at].state = EXEC_BUSY;
      x->cpus_free -= job.cpus;
      x->memory_free -= job.memory;
      x->n_busy++;
      wg_mutex_unlock(&x->lock);
      exec_work(x, &job); // takes the lock again
      x->cpus_free += job.cpus;
      x->memory_free += job.memory;
      x->n_busy--;
      wg_cond_all(&x->changed);
    } else if (x->n_busy == 0) {
      break; // nobody is left who could make something ready
    } else {
      wg_cond_wait(&x->changed, &x->lock);
    }
  }
  wg_mutex_unlock(&x->lock);
  return NULL;
}

// --- a whole run

// What would overwrite what can't be had back is done only by its name.
static bool exec_wants_name(const exec_run *x, uint32_t at) {
  const wg_step *s = x->env->g->steps[at];
  return s->action != NULL && s->action->destructive && !x->env->named[at];
}

static void exec_depends(exec_run *x, uint32_t at, const wg_step *dep) {
  exec_step *d = &x->steps[dep->index];
  wg_vec_push(&d->dependents, &d->n_dependents, &d->cap_dependents) = at;
  x->steps[at].n_waiting++;
}

static void exec_init(exec_run *x, build_env *env, const wg_exec_options *opt,
                      wg_exec_result *out) {
  *x = (exec_run){.env = env, .opt = opt, .out = out};
  wg_mutex_init(&x->lock);
  wg_cond_init(&x->changed);
  x->cpus = opt->cpus != 0 ? opt->cpus : wg_os_cpu_count();
  x->memory = opt->memory_bytes != 0 ? opt->memory_bytes : wg_os_memory_bytes() / 4 * 3;
  x->cpus_free = x->cpus;
  x->memory_free = x->memory;
  x->steps = wg_xarray(env->g->n_steps + 1, sizeof(*x->steps));
  for (uint32_t i = 0; i < env->g->n_steps; i++) {
    const wg_step *s = env->g->steps[i];
    x->steps[i].state = EXEC_SKIPPED;
    if (!env->selected[i]) {
      continue;
    }
    for (size_t k = 0; k < wg_build_n_deps(s); k++) {
      if (wg_build_dep(s, k) != NULL) {
        exec_depends(x, i, wg_build_dep(s, k));
      }
    }
    // Nothing of the world is touched before all is made, unless the user wants what can be had.
    for (uint32_t k = 0; s->action != NULL && !opt->keep_going && k < env->g->n_steps; k++) {
      if (env->selected[k] && env->g->steps[k]->action == NULL) {
        exec_depends(x, i, env->g->steps[k]);
      }
    }
    x->steps[i].state = x->steps[i].n_waiting == 0 ? EXEC_TO_CHECK : EXEC_WAITING;
  }
}

static void exec_done(exec_run *x) {
  for (size_t i = 0; i < x->env->g->n_steps; i++) {
    wg_xfree(x->steps[i].dependents);
  }
  wg_xfree(x->steps);
  wg_mutex_done(&x->lock);
  wg_cond_done(&x->changed);
}

static void exec_skip_unnamed(exec_run *x) {
  for (uint32_t i = 0; i < x->env->g->n_steps; i++) {
    exec_step *s = &x->steps[i];
    if ((s->state == EXEC_TO_CHECK || s->state == EXEC_WAITING) && exec_wants_name(x, i)) {
      const char *identity = x->env->g->steps[i]->identity;
      WG_AUTO(wg_cstr)
      text = wg_xprintf("it overwrites what can't be had back: name it ('%s') to have it done",
                        identity);
      s->state = EXEC_SKIPPED;
      x->out->n_skipped++;
      wg_build_emit(&x->env->runs[i], (wg_event){.type = WG_EV_STEP_WARNING, .text = text});
      wg_build_emit(&x->env->runs[i], (wg_event){.type = WG_EV_STEP_SKIPPED, .text = text});
      exec_skip_dependents(x, i);
    }
  }
}

// What an action refuses is said before hours of building.
static void exec_ask_ready(exec_run *x) {
  for (uint32_t i = 0; i < x->env->g->n_steps; i++) {
    exec_state st = x->steps[i].state;
    if (!exec_is_action(x, i) || (st != EXEC_TO_CHECK && st != EXEC_WAITING)) {
      continue;
    }
    WG_AUTO(wg_buf) details = {0};
    wg_buf_init(&details, wg_heap(), 0);
    wg_error err = WG_ERROR_INIT;
    if (wg_build_action_ready(&x->env->runs[i], &details, &err) != WG_OK) {
      exec_fail(x, i, wg_buf_str(&details), &err);
    }
  }
}

static wg_code exec_run_workers(exec_run *x, wg_error *err) {
  uint32_t n = x->cpus < EXEC_MAX_WORKERS ? x->cpus : EXEC_MAX_WORKERS;
  n = x->env->n_selected < n ? x->env->n_selected : n;
  wg_thread *threads = wg_xarray((size_t)n + 1, sizeof(*threads));
  uint32_t started = 0;
  wg_code code = WG_OK;
  while (started < n && code == WG_OK) {
    code = wg_thread_start(&threads[started], exec_worker, x, err);
    started += code == WG_OK ? 1 : 0;
  }
  for (uint32_t i = 0; i < started; i++) {
    wg_thread_join(threads[i]);
  }
  wg_xfree(threads);
  return started > 0 || n == 0 ? WG_OK : code; // fewer workers do it too
}

// Steps that were never begun.
static void exec_skip_rest(exec_run *x) {
  bool canceled = wg_canceled(x->env->cancel);
  for (uint32_t i = 0; i < x->env->g->n_steps; i++) {
    uint32_t at = x->env->order[i];
    exec_state st = x->steps[at].state;
    if (st == EXEC_WAITING || st == EXEC_TO_CHECK || st == EXEC_TO_RUN) {
      x->steps[at].state = EXEC_SKIPPED;
      x->out->n_skipped++;
      wg_build_emit(&x->env->runs[at],
                    (wg_event){.type = WG_EV_STEP_SKIPPED,
                               .text = canceled ? "the run was stopped" : "another step failed"});
    }
  }
}

static wg_code exec_verdict(const exec_run *x, wg_error *err) {
  const wg_exec_result *o = x->out;
  if (o->n_failures > 0) {
    wg_error_set(err, x->first_code, 0, WG_NO_OFFSET, "%u of %u steps failed: %s%s", o->n_failed,
                 o->n_steps, o->failures[0].identity, o->n_failures > 1 ? " and others" : "");
    return x->first_code;
  }
  if (wg_canceled(x->env->cancel) && o->n_skipped > 0) {
    return wg_fail(err, WG_E_CANCELED, "stopped; %u of %u steps are done and will not run again",
                   o->n_ran + o->n_cached, o->n_steps);
  }
  return WG_OK;
}

wg_code wg_exec_run(wg_graph *g, wg_store *s, const wg_exec_options *opt, wg_exec_result *out,
                    wg_error *err) {
  *out = (wg_exec_result){0};
  WG_AUTO(build_env) env = {0};
  if (wg_build_env_init(&env, g, s, opt, err) != WG_OK ||
      wg_build_env_make_dir(&env, err) != WG_OK) {
    return err->code;
  }
  out->n_steps = env.n_selected;
  wg_event ev = {.type = WG_EV_RUN_STARTED,
                 .step = UINT32_MAX,
                 .name = opt->env_name,
                 .n_total = env.n_selected};
  if (opt->bus != NULL) {
    wg_bus_emit(opt->bus, &ev);
  }
  exec_run x;
  exec_init(&x, &env, opt, out);
  exec_skip_unnamed(&x);
  exec_ask_ready(&x);
  wg_code code = exec_run_workers(&x, err);
  exec_skip_rest(&x);
  if (code == WG_OK) {
    code = exec_verdict(&x, err);
  }
  ev = (wg_event){.type = WG_EV_RUN_ENDED,
                  .step = UINT32_MAX,
                  .n_total = out->n_steps,
                  .n_done = out->n_ran,
                  .n_cached = out->n_cached,
                  .n_failed = out->n_failed,
                  .n_skipped = out->n_skipped,
                  .code = code,
                  .text = code == WG_OK ? NULL : err->text};
  if (opt->bus != NULL) {
    wg_bus_emit(opt->bus, &ev);
  }
  exec_done(&x);
  return code;
}
