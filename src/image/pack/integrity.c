// SPDX-License-Identifier: Apache-2.0
#include "image/pack/integrity.h"

#include "os/proc.h"

#define INTEGRITY_MAX_THREADS 64u

typedef struct integrity_sums { // SHA-1 of every 10 MiB between the header and `to`
  int fd;
  uint64_t to;
  uint8_t *hashes;
  size_t n;
  atomic_size_t next;
  atomic_bool failed;
  const wg_cancel *cancel;
} integrity_sums;

static wg_code sums_chunk(const integrity_sums *t, size_t i, wg_error *err) {
  uint64_t off = WG_WIM_HEADER_BYTES + (uint64_t)i * WG_WIM_INTEGRITY_CHUNK_BYTES;
  uint64_t left =
      t->to - off < WG_WIM_INTEGRITY_CHUNK_BYTES ? t->to - off : WG_WIM_INTEGRITY_CHUNK_BYTES;
  WG_AUTO_PTR(wg_hash) h = NULL;
  WG_AUTO(wg_buf) b = {0};
  wg_buf_init(&b, wg_heap(), 0);
  wg_buf_add_zeros(&b, 262144);
  if (wg_buf_check(&b, err) != WG_OK || wg_hash_new(WG_SHA1, &h, err) != WG_OK) {
    return err->code;
  }
  while (left > 0) {
    size_t n = left < b.n ? (size_t)left : b.n;
    if (wg_os_pread_exact(t->fd, b.p, n, off, err) != WG_OK) {
      return err->code;
    }
    wg_hash_add(h, b.p, n);
    off += n;
    left -= n;
  }
  wg_hash_end(h, t->hashes + i * sizeof(wg_sha1));
  return WG_OK;
}

static void *sums_run(void *arg) {
  integrity_sums *t = arg;
  for (;;) {
    size_t i = atomic_fetch_add(&t->next, 1);
    wg_error err = WG_ERROR_INIT;
    if (i >= t->n || wg_canceled(t->cancel)) {
      return NULL;
    }
    if (sums_chunk(t, i, &err) != WG_OK) {
      atomic_store(&t->failed, true);
      return NULL;
    }
  }
}

static size_t sums_count(uint64_t end_off_bytes) {
  uint64_t n = end_off_bytes - WG_WIM_HEADER_BYTES;
  return (size_t)(n / WG_WIM_INTEGRITY_CHUNK_BYTES + (n % WG_WIM_INTEGRITY_CHUNK_BYTES != 0));
}

wg_code wg_integrity_write(int fd, uint64_t end_off_bytes, unsigned threads,
                           const wg_cancel *cancel, wg_buf *out, wg_error *err) {
  size_t n = sums_count(end_off_bytes);
  wg_buf_add_le32(out, (uint32_t)(12 + n * sizeof(wg_sha1)));
  wg_buf_add_le32(out, (uint32_t)n);
  wg_buf_add_le32(out, WG_WIM_INTEGRITY_CHUNK_BYTES);
  wg_buf_add_zeros(out, n * sizeof(wg_sha1));
  if (wg_buf_check(out, err) != WG_OK) {
    return err->code;
  }
  integrity_sums t = {
      .fd = fd, .to = end_off_bytes, .hashes = out->p + 12, .n = n, .cancel = cancel};
  wg_thread started[INTEGRITY_MAX_THREADS];
  unsigned n_started = 0;
  wg_error ignored = WG_ERROR_INIT; // with fewer threads it takes longer
  while (n_started + 1 < threads && n_started < INTEGRITY_MAX_THREADS && n_started + 1 < n &&
         wg_thread_start(&started[n_started], sums_run, &t, &ignored) == WG_OK) {
    n_started++;
  }
  (void)sums_run(&t);
  for (unsigned i = 0; i < n_started; i++) {
    wg_thread_join(started[i]);
  }
  if (wg_cancel_check(cancel, err) != WG_OK) {
    return err->code;
  }
  if (atomic_load(&t.failed)) {
    return wg_fail(err, WG_E_IO, "what was just written can't be read back");
  }
  return WG_OK;
}

uint64_t wg_integrity_bytes(uint64_t end_off_bytes) {
  return 12 + sums_count(end_off_bytes) * sizeof(wg_sha1);
}
