// SPDX-License-Identifier: Apache-2.0
#include "image/pack/integrity.h"

#include <string.h>

#include "os/proc.h"

#define INTEGRITY_MAX_THREADS 64u

struct wg_integrity {
  int fd;
  const wg_cancel *cancel;
  wg_thread ahead; // hashes what is final
  bool has_ahead;
  wg_mutex lock;      // of what follows, while `ahead` runs
  wg_cond changed;    // more is final, or it is to stop
  uint64_t final_off; // up to where
  bool stop, failed;
  wg_sha1 *done; // of the first chunks
  size_t n_done, cap_done;
};

static size_t chunk_count(uint64_t end_off_bytes) {
  uint64_t n = end_off_bytes - WG_WIM_HEADER_BYTES;
  return (size_t)(n / WG_WIM_INTEGRITY_CHUNK_BYTES + (n % WG_WIM_INTEGRITY_CHUNK_BYTES != 0));
}

static wg_code chunk_hash(int fd, size_t i, uint64_t end_off_bytes, wg_sha1 *out, wg_error *err) {
  uint64_t off = WG_WIM_HEADER_BYTES + (uint64_t)i * WG_WIM_INTEGRITY_CHUNK_BYTES;
  uint64_t left = end_off_bytes - off < WG_WIM_INTEGRITY_CHUNK_BYTES ? end_off_bytes - off
                                                                     : WG_WIM_INTEGRITY_CHUNK_BYTES;
  WG_AUTO_PTR(wg_hash) h = NULL;
  WG_AUTO(wg_buf) b = {0};
  wg_buf_init(&b, wg_heap(), 0);
  wg_buf_add_zeros(&b, 262144);
  if (wg_buf_check(&b, err) != WG_OK || wg_hash_new(WG_SHA1, &h, err) != WG_OK) {
    return err->code;
  }
  while (left > 0) {
    size_t n = left < b.n ? (size_t)left : b.n;
    if (wg_os_pread_exact(fd, b.p, n, off, err) != WG_OK) {
      return err->code;
    }
    wg_hash_add(h, b.p, n);
    off += n;
    left -= n;
  }
  wg_hash_end(h, out->b);
  return WG_OK;
}

// --- While the file is written.

static bool ahead_has_work(const wg_integrity *t) {
  return t->final_off - WG_WIM_HEADER_BYTES >=
         ((uint64_t)t->n_done + 1) * WG_WIM_INTEGRITY_CHUNK_BYTES;
}

static void *ahead_run(void *arg) {
  wg_integrity *t = arg;
  wg_mutex_lock(&t->lock);
  while (!t->failed) {
    while (!t->stop && !ahead_has_work(t)) {
      wg_cond_wait(&t->changed, &t->lock);
    }
    if (t->stop) {
      break;
    }
    size_t i = t->n_done;
    uint64_t end = t->final_off;
    wg_mutex_unlock(&t->lock);
    wg_error err = WG_ERROR_INIT; // wg_integrity_end says that it failed
    wg_sha1 got;
    bool ok = chunk_hash(t->fd, i, end, &got, &err) == WG_OK;
    wg_mutex_lock(&t->lock);
    t->failed = !ok;
    if (ok) {
      wg_vec_push(&t->done, &t->n_done, &t->cap_done) = got;
    }
  }
  wg_mutex_unlock(&t->lock);
  return NULL;
}

static void ahead_stop(wg_integrity *t) {
  if (t->has_ahead) {
    wg_mutex_lock(&t->lock);
    t->stop = true;
    wg_cond_all(&t->changed);
    wg_mutex_unlock(&t->lock);
    wg_thread_join(t->ahead);
    t->has_ahead = false;
  }
}

wg_integrity *wg_integrity_new(int fd, const wg_cancel *cancel) {
  wg_integrity *t = wg_xalloc(sizeof(*t));
  *t = (wg_integrity){.fd = fd, .cancel = cancel, .final_off = WG_WIM_HEADER_BYTES};
  wg_mutex_init(&t->lock);
  wg_cond_init(&t->changed);
  return t;
}

void wg_integrity_free(wg_integrity *t) {
  if (t == NULL) {
    return;
  }
  ahead_stop(t);
  wg_cond_done(&t->changed);
  wg_mutex_done(&t->lock);
  wg_xfree(t->done);
  wg_xfree(t);
}

void wg_integrity_final(wg_integrity *t, uint64_t off_bytes) {
  wg_mutex_lock(&t->lock);
  t->final_off = off_bytes;
  bool work = ahead_has_work(t);
  if (work) {
    wg_cond_all(&t->changed);
  }
  wg_mutex_unlock(&t->lock);
  if (work && !t->has_ahead) {
    wg_error ignored = WG_ERROR_INIT; // without, all is hashed at the end
    t->has_ahead = wg_thread_start(&t->ahead, ahead_run, t, &ignored) == WG_OK;
  }
}

void wg_integrity_known(wg_integrity *t, wg_str sums) {
  ahead_stop(t);
  for (size_t i = t->n_done; (i + 1) * sizeof(wg_sha1) <= sums.n; i++) {
    wg_sha1 *out = &wg_vec_push(&t->done, &t->n_done, &t->cap_done);
    memcpy(out, sums.p + i * sizeof(*out), sizeof(*out));
  }
}

// --- At the end.

typedef struct integrity_rest { // the chunks that are left
  int fd;
  uint64_t end_off;
  uint8_t *hashes;
  size_t n;
  atomic_size_t next;
  atomic_bool failed;
  const wg_cancel *cancel;
} integrity_rest;

static void *rest_run(void *arg) {
  integrity_rest *r = arg;
  for (;;) {
    size_t i = atomic_fetch_add(&r->next, 1);
    wg_error err = WG_ERROR_INIT;
    wg_sha1 got;
    if (i >= r->n || wg_canceled(r->cancel)) {
      return NULL;
    }
    if (chunk_hash(r->fd, i, r->end_off, &got, &err) != WG_OK) {
      atomic_store(&r->failed, true);
      return NULL;
    }
    memcpy(r->hashes + i * sizeof(got), &got, sizeof(got));
  }
}

wg_code wg_integrity_end(wg_integrity *t, uint64_t end_off_bytes, unsigned threads, wg_buf *out,
                         wg_error *err) {
  size_t n = chunk_count(end_off_bytes);
  ahead_stop(t);
  wg_buf_add_le32(out, (uint32_t)(12 + n * sizeof(wg_sha1)));
  wg_buf_add_le32(out, (uint32_t)n);
  wg_buf_add_le32(out, WG_WIM_INTEGRITY_CHUNK_BYTES);
  size_t at = out->n;
  wg_buf_add(out, t->done, t->n_done * sizeof(wg_sha1));
  wg_buf_add_zeros(out, (n - t->n_done) * sizeof(wg_sha1));
  if (wg_buf_check(out, err) != WG_OK) {
    return err->code;
  }
  integrity_rest r = {.fd = t->fd,
                      .end_off = end_off_bytes,
                      .hashes = out->p + at,
                      .n = n,
                      .next = t->n_done,
                      .failed = t->failed,
                      .cancel = t->cancel};
  wg_thread started[INTEGRITY_MAX_THREADS];
  unsigned n_started = 0;
  wg_error ignored = WG_ERROR_INIT; // with fewer threads it takes longer
  while (n_started + 1 < threads && n_started < INTEGRITY_MAX_THREADS &&
         t->n_done + n_started + 1 < n &&
         wg_thread_start(&started[n_started], rest_run, &r, &ignored) == WG_OK) {
    n_started++;
  }
  (void)rest_run(&r);
  for (unsigned i = 0; i < n_started; i++) {
    wg_thread_join(started[i]);
  }
  if (wg_cancel_check(t->cancel, err) != WG_OK) {
    return err->code;
  }
  if (atomic_load(&r.failed)) {
    return wg_fail(err, WG_E_IO, "what was just written can't be read back");
  }
  return WG_OK;
}

uint64_t wg_integrity_bytes(uint64_t end_off_bytes) {
  return 12 + chunk_count(end_off_bytes) * sizeof(wg_sha1);
}
