// The child side and the parent side of the pipe.
#include "image/write/worker.h"

#include <string.h>

#include "os/proc.h"

#define WORKER_MAX_JOB_BYTES ((uint64_t)1 << 30)
#define WORKER_MAX_LINE_BYTES ((size_t)1 << 16)
#define WORKER_STDERR_KEPT_BYTES ((size_t)4096)

static void worker_say(char *line) {
  wg_error ignored = WG_ERROR_INIT;
  size_t n = strlen(line);
  line[n] = '\n'; // in place of the NUL: one write, so that lines stay whole
  (void)wg_os_write_all(1, line, n + 1, &ignored);
  wg_xfree(line);
}

static void worker_on_progress(void *ctx, const char *stage, uint64_t done, uint64_t total,
                               const char *unit) {
  uint64_t *last_ns = ctx;
  uint64_t now = wg_os_mono_ns();
  if (done != 0 && done != total && now - *last_ns < 50000000) {
    return;
  }
  *last_ns = now;
  worker_say(wg_image_record_progress(stage, done, total, unit));
}

static wg_code worker_run(wg_image_result *out, wg_error *err) {
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
  job.opt.on_progress = worker_on_progress;
  job.opt.ctx = &last_ns;
  job.opt.cancel = &cancel;
  return wg_image_do(&job, out, err);
}

int wg_image_worker_main(void) {
  WG_AUTO(wg_image_result) result = {0};
  wg_error err = WG_ERROR_INIT;
  if (worker_run(&result, &err) != WG_OK) {
    worker_say(wg_image_record_error(&err));
    return 1;
  }
  for (size_t i = 0; i < result.n_warnings; i++) {
    worker_say(wg_image_record_warning(result.warnings[i]));
  }
  for (wg_str rest = wg_str_of(result.folders == NULL ? "" : result.folders); rest.n > 0;) {
    size_t n = wg_str_find(rest, '\n');
    worker_say(wg_image_record_folder((wg_str){rest.p, n}));
    n += n < rest.n;
    rest = (wg_str){rest.p + n, rest.n - n};
  }
  worker_say(wg_image_record_result(&result));
  wg_image_result_done(&result);
  return 0;
}

typedef struct worker_parent {
  const wg_image_options *opt;
  wg_buf line, said; // an unfinished line of stdout; the start of stderr
  wg_buf folders;
  bool has_result, has_error, bad;
  wg_image_result result, warned; // warned: only its warnings
  wg_error error;
} worker_parent;

static void worker_parent_done(worker_parent *p) {
  wg_image_result_done(&p->warned);
  wg_buf_done(&p->folders);
  wg_buf_done(&p->line);
  wg_buf_done(&p->said);
}
WG_DEFINE_AUTO(worker_parent, worker_parent_done);

static void worker_take_line(worker_parent *p) {
  wg_image_record rec;
  wg_error err = WG_ERROR_INIT;
  if (wg_image_record_read(wg_buf_str(&p->line), &rec, &err) != WG_OK) {
    p->bad = true;
    return;
  }
  if (rec.type == WG_IMAGE_RECORD_RESULT) {
    p->has_result = true;
    p->result = rec.result;
  } else if (rec.type == WG_IMAGE_RECORD_WARNING) {
    wg_vec_push(&p->warned.warnings, &p->warned.n_warnings, &p->warned.cap_warnings) =
        wg_xstrdup(rec.warning);
  } else if (rec.type == WG_IMAGE_RECORD_FOLDER) {
    wg_buf_printf(&p->folders, "%s\n", rec.warning);
  } else if (rec.type == WG_IMAGE_RECORD_ERROR) {
    p->has_error = true;
    p->error = rec.error;
  } else if (p->opt->on_progress != NULL) {
    p->opt->on_progress(p->opt->ctx, rec.stage, rec.done, rec.total, rec.unit);
  }
}

static void worker_on_stdout(void *ctx, const char *s, size_t n) {
  worker_parent *p = ctx;
  for (size_t i = 0; i < n; i++) {
    if (s[i] == '\n') {
      worker_take_line(p);
      wg_buf_clear(&p->line);
    } else {
      wg_buf_add_byte(&p->line, (uint8_t)s[i]);
    }
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
  WG_AUTO(wg_cstr) text = NULL;
  if (wg_os_self_path(&self, err) != WG_OK || wg_image_job_write(job, &text, err) != WG_OK) {
    return err->code;
  }
  WG_AUTO(worker_parent) p = {.opt = &job->opt, .error = WG_ERROR_INIT};
  wg_buf_init(&p.line, wg_heap(), WORKER_MAX_LINE_BYTES);
  wg_buf_init(&p.said, wg_heap(), 0);
  wg_buf_init(&p.folders, wg_heap(), 0);
  const char *const argv[] = {self, "__wim-worker", NULL};
  const char *const envp[] = {"LC_ALL=C.UTF-8", NULL};
  wg_proc spec = {.argv = argv,
                  .envp = envp,
                  .input = wg_str_of(text),
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
  if (p.has_error) {
    *err = p.error;
    return err->code;
  }
  if (!p.has_result || p.bad || res.exit_code != 0) {
    return worker_died(&p, &res, err);
  }
  *out = p.result;
  out->warnings = p.warned.warnings;
  out->n_warnings = p.warned.n_warnings;
  out->cap_warnings = p.warned.cap_warnings;
  p.warned = (wg_image_result){0};
  out->folders = wg_xstrdup(wg_buf_z(&p.folders));
  return WG_OK;
}
