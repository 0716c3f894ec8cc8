// SPDX-License-Identifier: Apache-2.0
// Files with content: each content is read once, in the order of the file, and written wherever it
// goes. Solid contents are read by one thread, since they share chunks; the others by all.
#include <string.h>

#include "image/apply/apply_run.h"
#include "os/proc.h"

#define FILES_MAX_THREADS 32u
#define FILES_BLOCK_BYTES ((size_t)4096)
#define FILES_HOLE_BYTES ((uint64_t)65536) // shorter runs of zeros are written
#define FILES_PROGRESS_NS 50000000u

typedef struct files_pool {
  wg_apply_run *r;
  atomic_size_t next, next_solid; // in r->files: where the next content begins
  size_t n_solid_from;            // r->files is in two: [0, n) not solid, solid from there
  size_t *starts;                 // first of r->files of each content, and the end
  size_t n_starts, first_solid;   // contents; those from first_solid on are solid
  atomic_uint_fast64_t done_bytes;
  atomic_bool stop;
  wg_mutex lock; // error
  wg_error error;
} files_pool;

typedef struct files_thread {
  files_pool *p;
  wg_wim_decoder *decoder;
  wg_beneath at;
  bool is_caller;
  uint64_t total_bytes, last_ns;
  wg_thread thread;
} files_thread;

typedef struct files_sink {
  files_thread *t;
  int fd;
  const char *path;
  wg_hash *hash;
  uint64_t at_bytes;    // written or left out so far
  uint64_t zeros_bytes; // of them zeros that nothing was written for yet
} files_sink;

static void files_progress(files_thread *t, bool always) {
  const wg_image_apply_options *opt = t->p->r->opt;
  if (!t->is_caller || opt->on_progress == NULL) {
    return;
  }
  uint64_t now = wg_os_mono_ns();
  if (always || now - t->last_ns > FILES_PROGRESS_NS) {
    t->last_ns = now;
    opt->on_progress(opt->ctx, "apply", atomic_load(&t->p->done_bytes), t->total_bytes, "bytes");
  }
}

static bool files_is_zero(const uint8_t *p, size_t n) {
  return p[0] == 0 && memcmp(p, p + 1, n - 1) == 0;
}

// Zeros that were put off: a hole when they are many.
static wg_code files_zeros(files_sink *s, wg_error *err) {
  static const uint8_t zeros[FILES_BLOCK_BYTES];
  while (s->zeros_bytes > 0 && s->zeros_bytes < FILES_HOLE_BYTES) {
    size_t n = s->zeros_bytes < sizeof(zeros) ? (size_t)s->zeros_bytes : sizeof(zeros);
    if (wg_os_pwrite_all(s->fd, zeros, n, s->at_bytes - s->zeros_bytes, err) != WG_OK) {
      return err->code;
    }
    s->zeros_bytes -= n;
  }
  s->zeros_bytes = 0;
  return WG_OK;
}

// Writes n bytes but for long runs of zeros in whole blocks.
static wg_code files_write(files_sink *s, const uint8_t *p, size_t n, wg_error *err) {
  while (n > 0) {
    size_t data = 0, block = 0;
    bool zero = false;
    while (data < n && !zero) { // up to the next block of zeros
      block = FILES_BLOCK_BYTES - (size_t)((s->at_bytes + data) % FILES_BLOCK_BYTES);
      block = block < n - data ? block : n - data;
      zero = files_is_zero(p + data, block);
      data += zero ? 0 : block;
    }
    if (data > 0) {
      if (files_zeros(s, err) != WG_OK ||
          wg_os_pwrite_all(s->fd, p, data, s->at_bytes, err) != WG_OK) {
        return err->code;
      }
      s->at_bytes += data;
    }
    if (zero) {
      s->at_bytes += block;
      s->zeros_bytes += block;
      data += block;
    }
    p += data;
    n -= data;
  }
  return WG_OK;
}

static wg_code files_end(files_sink *s, wg_error *err) {
  if (s->zeros_bytes >= FILES_HOLE_BYTES) { // the file ends in a hole
    return wg_os_ftruncate(s->fd, s->at_bytes, err);
  }
  return files_zeros(s, err);
}

static wg_code files_add(void *ctx, const uint8_t *p, size_t n, wg_error *err) {
  files_sink *s = ctx;
  wg_hash_add(s->hash, p, n);
  atomic_fetch_add(&s->t->p->done_bytes, n);
  files_progress(s->t, false);
  if (atomic_load(&s->t->p->stop)) { // another thread's error is what counts
    return wg_fail(err, WG_E_CANCELED, "stopped");
  }
  if (wg_cancel_check(s->t->p->r->opt->cancel, err) != WG_OK) {
    return err->code;
  }
  return files_write(s, p, n, err) == WG_OK ? WG_OK : wg_beneath_wrap(&s->t->at, s->path, err);
}

// One more file with the content of the open file.
static wg_code files_again(files_thread *t, int from, const wg_apply_node *n, wg_error *err) {
  const wg_apply_run *r = t->p->r;
  WG_AUTO(wg_fd) out = -1;
  WG_AUTO(wg_apply_new) new = wg_apply_new_at(r, &t->at, n->path);
  if (wg_apply_new_create(&new, &out, err) != WG_OK) {
    return err->code;
  }
  if (wg_os_copy_sparse(from, out, r->opt->cancel, err) != WG_OK) {
    return err->code == WG_E_CANCELED ? WG_E_CANCELED : wg_beneath_wrap(&t->at, n->path, err);
  }
  return wg_apply_fd_times(r, n, out, err) == WG_OK ? wg_apply_new_commit(&new, err) : err->code;
}

static wg_code files_first(files_thread *t, const wg_apply_node *n, int fd, wg_error *err) {
  const wg_wim *w = &t->p->r->f->wim;
  WG_AUTO_PTR(wg_hash) hash = NULL;
  wg_sha1 got;
  if (wg_hash_new(WG_SHA1, &hash, err) != WG_OK) {
    return err->code;
  }
  files_sink s = {.t = t, .fd = fd, .path = n->path, .hash = hash};
  if (wg_wim_read_blob(w, t->decoder, n->blob, files_add, &s, err) != WG_OK) {
    // What can't be written was named where that was found.
    return err->code == WG_E_CANCELED || err->saved_errno != 0 ? err->code
                                                               : wg_wrap(err, "'%s'", n->path);
  }
  if (files_end(&s, err) != WG_OK) {
    return wg_beneath_wrap(&t->at, n->path, err);
  }
  wg_hash_end(hash, got.b);
  if (memcmp(&got, &w->blobs[n->blob].hash, sizeof(got)) != 0) {
    return wg_fail(err, WG_E_VERIFY, "'%s': its content has not the SHA-1 that the file gives",
                   n->path);
  }
  return wg_apply_fd_times(t->p->r, n, fd, err);
}

// One content to all its files.
static wg_code files_content(files_thread *t, size_t from, size_t to, wg_error *err) {
  const wg_apply_run *r = t->p->r;
  const wg_apply_node *first = &r->nodes[r->files[from]];
  WG_AUTO(wg_fd) fd = -1;
  WG_AUTO(wg_apply_new) new = wg_apply_new_at(r, &t->at, first->path);
  if (wg_apply_new_create(&new, &fd, err) != WG_OK || files_first(t, first, fd, err) != WG_OK ||
      wg_apply_new_commit(&new, err) != WG_OK) {
    return err->code;
  }
  for (size_t i = from + 1; i < to; i++) {
    if (files_again(t, fd, &r->nodes[r->files[i]], err) != WG_OK) {
      return err->code;
    }
  }
  return WG_OK;
}

// The next content for this thread; false when there is none. The caller's thread does the solid
// ones first.
static bool files_next(files_thread *t, size_t *out) {
  files_pool *p = t->p;
  if (t->is_caller) {
    *out = atomic_fetch_add(&p->next_solid, 1);
    if (*out < p->n_starts) {
      return true;
    }
  }
  *out = atomic_fetch_add(&p->next, 1);
  return *out < p->first_solid;
}

static void *files_run(void *arg) {
  files_thread *t = arg;
  files_pool *p = t->p;
  size_t i = 0;
  while (!atomic_load(&p->stop) && files_next(t, &i)) {
    wg_error err = WG_ERROR_INIT;
    if (wg_cancel_check(p->r->opt->cancel, &err) != WG_OK ||
        files_content(t, p->starts[i], p->starts[i + 1], &err) != WG_OK) {
      wg_mutex_lock(&p->lock);
      if (p->error.code == WG_OK) {
        p->error = err;
      }
      wg_mutex_unlock(&p->lock);
      atomic_store(&p->stop, true);
    }
  }
  return NULL;
}

// Where each content begins; those that are not solid first.
static wg_code files_starts(files_pool *p, uint64_t *out_total, wg_error *err) {
  wg_apply_run *r = p->r;
  const wg_wim *w = &r->f->wim;
  uint32_t *split = wg_arena_new_array(&r->arena, uint32_t, r->n_files);
  p->starts = wg_arena_new_array(&r->arena, size_t, r->n_files + 1);
  if (split == NULL || p->starts == NULL) {
    return wg_arena_fail(&r->arena, err);
  }
  size_t n = 0;
  for (int solid = 0; solid < 2; solid++) {
    if (solid == 1) {
      p->n_solid_from = n;
    }
    for (size_t i = 0; i < r->n_files; i++) {
      bool is = w->blobs[r->nodes[r->files[i]].blob].solid != WG_WIM_NO_SOLID;
      if (is == (solid == 1)) {
        split[n++] = r->files[i];
      }
    }
  }
  r->files = split;
  uint64_t total = 0;
  for (size_t i = 0; i < n; i++) {
    uint32_t blob = r->nodes[split[i]].blob;
    if (i == p->n_solid_from) {
      p->first_solid = p->n_starts;
    }
    if (i == 0 || blob != r->nodes[split[i - 1]].blob) {
      p->starts[p->n_starts++] = i;
      total += w->blobs[blob].orig_bytes;
    }
  }
  if (p->n_solid_from == n) {
    p->first_solid = p->n_starts;
  }
  p->starts[p->n_starts] = n;
  *out_total = total;
  return WG_OK;
}

static wg_code files_threads(files_pool *p, uint64_t total, wg_error *err) {
  wg_apply_run *r = p->r;
  unsigned n = r->opt->threads < FILES_MAX_THREADS ? r->opt->threads : FILES_MAX_THREADS;
  size_t plain = p->first_solid;
  n = n > plain + 1 ? (unsigned)plain + 1 : n < 1 ? 1 : n;
  files_thread *t = wg_xarray(n, sizeof(*t));
  unsigned started = 1;
  wg_error ignored = WG_ERROR_INIT; // with fewer threads it takes longer
  t[0] = (files_thread){.p = p,
                        .decoder = r->f->decoder,
                        .at = wg_beneath_of(r->dirfd, r->opt->shown),
                        .is_caller = true,
                        .total_bytes = total};
  while (started < n) {
    t[started].p = p;
    t[started].at = wg_beneath_of(r->dirfd, r->opt->shown);
    if (wg_wim_decoder_new(wg_heap(), &t[started].decoder, &ignored) != WG_OK) {
      break;
    }
    if (wg_thread_start(&t[started].thread, files_run, &t[started], &ignored) != WG_OK) {
      wg_wim_decoder_free(t[started].decoder);
      break;
    }
    started++;
  }
  (void)files_run(&t[0]);
  for (unsigned i = 1; i < started; i++) {
    wg_thread_join(t[i].thread);
    wg_wim_decoder_free(t[i].decoder);
    wg_beneath_done(&t[i].at);
  }
  wg_beneath_done(&t[0].at);
  files_progress(&t[0], true);
  wg_xfree(t);
  if (p->error.code != WG_OK) {
    *err = p->error;
  }
  return p->error.code;
}

wg_code wg_apply_files(wg_apply_run *r, wg_error *err) {
  files_pool p = {.r = r, .error = WG_ERROR_INIT};
  uint64_t total = 0;
  if (files_starts(&p, &total, err) != WG_OK) {
    return err->code;
  }
  atomic_store(&p.next_solid, p.first_solid);
  wg_mutex_init(&p.lock);
  wg_code code = files_threads(&p, total, err);
  wg_mutex_done(&p.lock);
  return code;
}
