// SPDX-License-Identifier: Apache-2.0
// The child side and the parent side of the pipe.
#include "image/write/worker.h"

#include <string.h>

#include "os/proc.h"

#define WORKER_MAX_JOB_BYTES ((size_t)1 << 30)
#define WORKER_MAX_TOLD_BYTES ((size_t)1 << 24)
#define WORKER_STDERR_KEPT_BYTES ((size_t)4096)

// Each record goes behind its length, in one write, so that they stay whole.
static void worker_say(wg_buf *b) {
  wg_error ignored = WG_ERROR_INIT;
  wg_buf_set_le32(b, 0, (uint32_t)(b->n - 4));
  if (!b->failed) {
    (void)wg_os_write_all(1, b->p, b->n, &ignored);
  }
}

static void worker_say_begin(wg_buf *b) {
  wg_buf_init(b, wg_heap(), WORKER_MAX_TOLD_BYTES);
  wg_buf_add_zeros(b, 4);
}

static void worker_on_progress(void *ctx, const char *stage, uint64_t done, uint64_t total,
                               const char *unit) {
  uint64_t *last_ns = ctx;
  uint64_t now = wg_os_mono_ns();
  if (done != 0 && done != total && now - *last_ns < 50000000) {
    return;
  }
  *last_ns = now;
  WG_AUTO(wg_buf) b = {0};
  worker_say_begin(&b);
  wg_image_record_progress(stage, done, total, unit, &b);
  worker_say(&b);
}

static wg_code worker_run(const wg_image_worker *worker, wg_image_result *out, wg_error *err) {
  WG_AUTO(wg_buf) in = {0};
  wg_buf_init(&in, wg_heap(), 0);
  if (wg_os_read_fd(0, WORKER_MAX_JOB_BYTES, &in, err) != WG_OK) {
    return err->code;
  }
  WG_AUTO(wg_arena) arena = {0};
  wg_arena_init(&arena, wg_heap(), 0);
  wg_image_job job = {0};
  if (wg_image_job_read(wg_buf_str(&in), &arena, &job, err) != WG_OK) {
    return err->code;
  }
  wg_cancel cancel;
  if (wg_cancel_init(&cancel, err) != WG_OK || wg_os_catch_signals(&cancel, err) != WG_OK) {
    return err->code;
  }
  uint64_t last_ns = 0;
  job.opt.in_process = true;
  job.opt.planner = worker->planner;
  job.opt.packed = worker->packed;
  job.opt.gatherer = worker->gatherer;
  job.opt.on_progress = worker_on_progress;
  job.opt.ctx = &last_ns;
  job.opt.cancel = &cancel;
  return wg_image_do(&job, out, err);
}

int wg_image_worker_main(const wg_image_worker *worker) {
  WG_AUTO(wg_image_result) result = {0};
  WG_AUTO(wg_buf) b = {0};
  wg_error err = WG_ERROR_INIT;
  worker_say_begin(&b);
  bool good = worker_run(worker, &result, &err) == WG_OK;
  if (good) {
    wg_image_record_result(&result, &b);
  } else {
    wg_image_record_error(&err, &b);
  }
  worker_say(&b);
  return good ? 0 : 1;
}

typedef struct worker_parent {
  wg_buf in, said; // records that are not whole yet; the start of stderr
  bool bad;
  wg_image_told told;
} worker_parent;

static void worker_parent_done(worker_parent *p) {
  wg_image_result_done(&p->told.result);
  wg_buf_done(&p->in);
  wg_buf_done(&p->said);
}
WG_DEFINE_AUTO(worker_parent, worker_parent_done);

static void worker_on_stdout(void *ctx, const char *s, size_t n) {
  worker_parent *p = ctx;
  wg_error err = WG_ERROR_INIT;
  wg_buf_add(&p->in, s, n);
  size_t at = 0;
  while (!p->bad && p->in.n - at >= 4) {
    uint32_t n_record = wg_le32(p->in.p + at);
    p->bad = n_record > WORKER_MAX_TOLD_BYTES;
    if (p->bad || p->in.n - at - 4 < n_record) {
      break;
    }
    const wg_str text = {(const char *)p->in.p + at + 4, n_record};
    p->bad = wg_image_record_read(text, &p->told, &err) != WG_OK;
    at += (size_t)4 + n_record;
  }
  p->bad = p->bad || p->in.failed;
  if (at > 0) {
    memmove(p->in.p, p->in.p + at, p->in.n - at);
    p->in.n -= at;
  }
}

static void worker_on_stderr(void *ctx, const char *s, size_t n) {
  worker_parent *p = ctx;
  size_t left = WORKER_STDERR_KEPT_BYTES - p->said.n;
  wg_buf_add(&p->said, s, n < left ? n : left);
}

static wg_code worker_died(worker_parent *p, const wg_proc_result *res, wg_error *err) {
  wg_str said = wg_buf_str(&p->said);
  said.n = wg_str_find(said, '\n');
  const char *sep = said.n > 0 ? ": " : "";
  if (res->term_signal != 0) {
    return wg_fail(err, WG_E_FAILED, "the image worker was ended by signal %d%s%.*s",
                   res->term_signal, sep, WG_STR_ARG(said));
  }
  return wg_fail(err, WG_E_FAILED, "the image worker ended with %d and no result%s%.*s",
                 res->exit_code, sep, WG_STR_ARG(said));
}

// So that a hostile base runs out of memory here and not the machine. Address space is more than
// what is used: thread stacks and heaps are reserved in it.
static uint64_t worker_limit(const wg_image_options *opt) {
#ifdef WG_ARENA_MALLOC
  (void)opt; // sanitizers map terabytes
  return 0;
#else
  const uint64_t least = (uint64_t)2 << 30;
  uint64_t n = opt->memory_bytes != 0 ? opt->memory_bytes : wg_os_memory_bytes();
  uint64_t limit = n + (uint64_t)opt->threads * ((uint64_t)192 << 20);
  return limit < least ? least : limit;
#endif
}

wg_code wg_image_worker_call(const wg_image_job *job, wg_image_result *out, wg_error *err) {
  WG_AUTO(wg_cstr) self = NULL;
  WG_AUTO(wg_buf) text = {0};
  wg_buf_init(&text, wg_heap(), WORKER_MAX_JOB_BYTES);
  wg_image_job_write(job, &text);
  if (wg_os_self_path(&self, err) != WG_OK || wg_buf_check(&text, err) != WG_OK) {
    return wg_wrap(err, "image worker");
  }
  WG_AUTO(worker_parent)
  p = {.told = {.on_progress = job->opt.on_progress, .ctx = job->opt.ctx, .error = WG_ERROR_INIT}};
  wg_buf_init(&p.in, wg_heap(), 2 * WORKER_MAX_TOLD_BYTES);
  wg_buf_init(&p.said, wg_heap(), 0);
  const char *const argv[] = {self, "__wim-worker", NULL};
  const char *const envp[] = {"LC_ALL=C.UTF-8", NULL};
  wg_proc spec = {.argv = argv,
                  .envp = envp,
                  .input = wg_buf_str(&text),
                  .on_stdout = worker_on_stdout,
                  .on_stderr = worker_on_stderr,
                  .ctx = &p,
                  .cancel = job->opt.cancel,
                  .memory_limit_bytes = worker_limit(&job->opt),
                  .no_network = true};
  wg_proc_result res;
  if (wg_os_run(&spec, &res, err) != WG_OK) {
    return wg_wrap(err, "image worker");
  }
  if (p.told.has_error) {
    *err = p.told.error;
    return err->code;
  }
  if (!p.told.has_result || p.bad || res.exit_code != 0) {
    return worker_died(&p, &res, err);
  }
  *out = p.told.result;
  p.told.result = (wg_image_result){0};
  return WG_OK;
}
