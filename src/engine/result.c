// SPDX-License-Identifier: Apache-2.0
// Results: found by key, or made by running the step and kept.
#include <string.h>

#include "engine/int.h"

#define RUN_MAX_TRIES 3U

static bool result_has_published(const step_run *r) {
  for (size_t i = 0; i < r->s->n_publish; i++) {
    bool found = r->s->publish[i].optional;
    for (size_t k = 0; !found && k < r->result.n_outputs; k++) {
      found = wg_str_eqz(wg_str_of(r->result.outputs[k].name), r->s->publish[i].output);
    }
    if (!found) {
      return false;
    }
  }
  return true;
}

// Parses r->result_bytes and finds where each output can be read. *out_gone: the name of one that
// is not there any more, or NULL.
static wg_code result_load(step_run *r, const char **out_gone, wg_error *err) {
  *out_gone = NULL;
  if (wg_build_parse_result(r->result_bytes.p, r->result_bytes.n, &r->arena, &r->result, err) !=
      WG_OK) {
    return err->code;
  }
  r->out_paths = wg_build_get(&r->arena, r->result.n_outputs, sizeof(*r->out_paths));
  for (size_t i = 0; i < r->result.n_outputs; i++) {
    const rec_output *o = &r->result.outputs[i];
    if (!o->is_big) {
      if (!wg_store_has_blob(r->env->store, &o->digest)) {
        *out_gone = o->name;
        return WG_OK;
      }
      continue;
    }
    WG_AUTO(wg_cstr) path = NULL;
    wg_code code = wg_store_find_big(r->env->store, &o->digest, r->env->cancel, &path, err);
    if (code == WG_E_NOT_FOUND) {
      *out_gone = o->name;
      return WG_OK;
    }
    if (code != WG_OK) {
      return code;
    }
    r->out_paths[i] = wg_build_strdup(&r->arena, path);
  }
  return WG_OK;
}

wg_code wg_build_lookup(step_run *r, bool *out_hit, wg_error *err) {
  *out_hit = false;
  r->has_result = false;
  r->miss = NULL;
  wg_buf_clear(&r->result_bytes);
  wg_code code = wg_store_get_record(r->env->store, &r->key, &r->result_bytes, err);
  if (code != WG_OK) {
    return code == WG_E_NOT_FOUND ? WG_OK : code;
  }
  const char *gone = NULL;
  code = result_load(r, &gone, err);
  if (code == WG_E_FORMAT) {
    r->miss = "its record in the store is of another version";
    return WG_OK;
  }
  if (code != WG_OK) {
    return code;
  }
  if (gone != NULL) {
    r->miss = wg_build_printf(&r->arena, "output '%s' is no longer there", gone);
    return WG_OK;
  }
  if (!result_has_published(r)) {
    r->miss = "its record in the store lacks an output";
    return WG_OK;
  }
  r->has_result = *out_hit = true;
  return WG_OK;
}

// --- after run()

static wg_code run_hash_big(step_run *r, const ctx_big *b, bool sync, rec_output *out,
                            wg_error *err) {
  WG_AUTO(wg_fd) fd = -1;
  *out = (rec_output){.name = b->name, .is_big = true};
  if (wg_os_open_read(WG_CWD, b->tmp_path, &fd, err) != WG_OK ||
      wg_sha256_fd(fd, r->env->cancel, &out->digest, &out->size_bytes, err) != WG_OK ||
      (sync && wg_os_fsync(fd, err) != WG_OK)) {
    return wg_wrap(err, "output '%s'", b->name);
  }
  return WG_OK;
}

static wg_code run_commit_big(step_run *r, const ctx_big *b, rec_output *out, wg_error *err) {
  if (run_hash_big(r, b, true, out, err) != WG_OK) {
    return err->code;
  }
  const char *path = b->publish->path;
  uint32_t mode = wg_build_publish_mode(r, b->publish, false);
  WG_AUTO(wg_cstr) dir = wg_path_dirname(path);
  if (wg_os_chmod(WG_CWD, b->tmp_path, mode, err) != WG_OK ||
      wg_os_rename(WG_CWD, b->tmp_path, WG_CWD, path, err) != WG_OK ||
      wg_os_fsync_dir(WG_CWD, dir, err) != WG_OK ||
      wg_store_put_big(r->env->store, &out->digest, path, err) != WG_OK) {
    return wg_wrap(err, "output '%s'", b->name);
  }
  return WG_OK;
}

// All outputs, those in the store and the big ones, in the order of their names.
static wg_code run_collect(wg_step_ctx *c, bool commit, rec_output **out, size_t *out_n,
                           wg_error *err) {
  step_run *r = c->r;
  rec_output *v = wg_build_get(&c->own, c->n_outputs + c->n_big, sizeof(*v));
  size_t n = 0;
  for (size_t i = 0; i < c->n_big; i++) {
    wg_code code = commit ? run_commit_big(r, &c->big[i], &v[n], err)
                          : run_hash_big(r, &c->big[i], false, &v[n], err);
    if (code != WG_OK) {
      return code;
    }
    n++;
  }
  for (size_t i = 0; i < c->n_outputs; i++) {
    v[n++] = c->outputs[i];
  }
  for (size_t i = 1; i < n; i++) {
    for (size_t k = i; k > 0 && strcmp(v[k - 1].name, v[k].name) > 0; k--) {
      rec_output swap = v[k];
      v[k] = v[k - 1];
      v[k - 1] = swap;
    }
  }
  *out = v;
  *out_n = n;
  return WG_OK;
}

static wg_code run_keep(wg_step_ctx *c, uint64_t duration_ns, wg_error *err) {
  step_run *r = c->r;
  rec_result res = {.duration_ns = duration_ns,
                    .facts = c->facts,
                    .n_facts = c->n_facts,
                    .tables = c->tables,
                    .n_tables = c->n_tables,
                    .warnings = c->warnings,
                    .n_warnings = c->n_warnings};
  if (run_collect(c, true, &res.outputs, &res.n_outputs, err) != WG_OK) {
    return err->code;
  }
  wg_buf_clear(&r->result_bytes);
  wg_build_put_result(&r->result_bytes, &res);
  const char *gone = NULL;
  if (wg_buf_check(&r->result_bytes, err) != WG_OK || result_load(r, &gone, err) != WG_OK) {
    return err->code;
  }
  if (gone != NULL) {
    return wg_fail(err, WG_E_CONFLICT, "output '%s' vanished while it was kept: run again", gone);
  }
  if (!result_has_published(r)) {
    return wg_fail(err, WG_E_BUG, "step kind '%s' did not make all its outputs", r->s->kind->name);
  }
  if (wg_store_put_record(r->env->store, &r->key, r->result_bytes.p, r->result_bytes.n, err) !=
      WG_OK) {
    return err->code;
  }
  r->has_result = true;
  return WG_OK;
}

typedef enum run_verdict {
  RUN_DONE,
  RUN_FOUND, // another process had done it
  RUN_MOVED, // inputs changed under it: nothing was kept
} run_verdict;

// The kind's own work, timed; c gets what it made. What explains a failure goes to details.
static wg_code run_kind(step_run *r, wg_step_ctx *c, unsigned cpus, uint64_t memory_bytes,
                        uint64_t *out_ns, wg_buf *details, wg_error *err) {
  if (wg_ctx_init(c, r, CTX_RUN, err) != WG_OK) {
    return err->code;
  }
  c->cpus = cpus;
  c->memory_bytes = memory_bytes;
  uint64_t start = wg_os_mono_ns();
  if (r->s->kind->run(c, err) != WG_OK || wg_ctx_settle(c, err) != WG_OK) {
    wg_buf_add_str(details, wg_buf_str(&c->details));
    return err->code;
  }
  *out_ns = wg_os_mono_ns() - start;
  return WG_OK;
}

// One attempt under the key's lock.
static wg_code run_once(step_run *r, unsigned cpus, uint64_t memory_bytes, run_verdict *out,
                        run_outcome *outcome, wg_buf *details, wg_error *err) {
  WG_AUTO(wg_fd) lock = -1;
  bool hit = false;
  if (wg_build_lock_key(r, &r->key, &lock, err) != WG_OK ||
      wg_build_lookup(r, &hit, err) != WG_OK) {
    return err->code;
  }
  if (hit) {
    *out = RUN_FOUND;
    return WG_OK;
  }
  WG_AUTO(wg_step_ctx) c = {0};
  if (run_kind(r, &c, cpus, memory_bytes, &outcome->duration_ns, details, err) != WG_OK) {
    return err->code;
  }
  const char *what = NULL;
  if (!wg_build_inputs_still(r, &what)) {
    *out = RUN_MOVED;
    return wg_fail(err, WG_E_CONFLICT, "'%s' changed while this step was reading it", what);
  }
  *out = RUN_DONE;
  return run_keep(&c, outcome->duration_ns, err);
}

wg_code wg_build_run_step(step_run *r, unsigned cpus, uint64_t memory_bytes, run_outcome *out,
                          wg_buf *details, wg_error *err) {
  *out = (run_outcome){0};
  for (unsigned tries = 1;; tries++) {
    run_verdict verdict = RUN_DONE;
    wg_code code = run_once(r, cpus, memory_bytes, &verdict, out, details, err);
    if (verdict == RUN_FOUND) {
      out->was_cached = true;
    }
    if (verdict != RUN_MOVED || tries == RUN_MAX_TRIES) {
      return code;
    }
    wg_build_emit(r, (wg_event){.type = WG_EV_STEP_NOTE, .text = err->text});
    wg_str why = {NULL, 0};
    if (wg_cancel_check(r->env->cancel, err) != WG_OK) {
      return err->code;
    }
    if (wg_build_resolve(r, CHECK_FRESH, &why, err) != WG_OK) {
      wg_buf_add_str(details, why);
      return err->code;
    }
  }
}

// --- recheck

static wg_code recheck_compare(const step_run *r, const rec_output *v, size_t n, wg_error *err) {
  for (size_t i = 0; i < n || i < r->result.n_outputs; i++) {
    const char *name = i < n ? v[i].name : r->result.outputs[i].name;
    if (i >= n || i >= r->result.n_outputs || strcmp(name, r->result.outputs[i].name) != 0) {
      return wg_fail(err, WG_E_VERIFY, "output '%s': this run made other outputs than the one kept",
                     name);
    }
    if (!wg_digest_eq(&v[i].digest, &r->result.outputs[i].digest)) {
      wg_hex was = wg_digest_hex(&r->result.outputs[i].digest), is = wg_digest_hex(&v[i].digest);
      return wg_fail(err, WG_E_VERIFY,
                     "output '%s' came out as sha256 %.16s..., kept is %.16s...: the step reads "
                     "something that its key does not name, or its result varies",
                     name, is.s, was.s);
    }
  }
  return WG_OK;
}

wg_code wg_build_recheck_step(step_run *r, unsigned cpus, uint64_t memory_bytes, run_outcome *out,
                              wg_buf *details, wg_error *err) {
  *out = (run_outcome){0};
  WG_AUTO(wg_step_ctx) c = {0};
  if (run_kind(r, &c, cpus, memory_bytes, &out->duration_ns, details, err) != WG_OK) {
    return err->code;
  }
  rec_output *v = NULL;
  size_t n = 0;
  if (run_collect(&c, false, &v, &n, err) != WG_OK) {
    return err->code;
  }
  return recheck_compare(r, v, n, err);
}
