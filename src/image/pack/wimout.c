#include "image/pack/wimout.h"

#include <string.h>

#include "base/utf.h"
#include "os/proc.h"

#define WIMOUT_COPY_BYTES ((size_t)1 << 20)
#define WIMOUT_MAX_THREADS 64u

void wg_image_watch_stage(wg_image_watch *w, const char *stage, uint64_t total_bytes) {
  w->stage = stage;
  w->done_bytes = 0;
  w->total_bytes = total_bytes;
}

wg_code wg_image_watch_more(wg_image_watch *w, uint64_t n_bytes, wg_error *err) {
  w->done_bytes += n_bytes;
  if (w->on_progress != NULL) {
    uint64_t done = w->done_bytes < w->total_bytes ? w->done_bytes : w->total_bytes;
    w->on_progress(w->ctx, w->stage, done, w->total_bytes, "bytes");
  }
  return wg_cancel_check(w->cancel, err);
}

void wg_wimout_done(wg_wimout *o) {
  wg_outfile_done(&o->file);
  wg_buf_done(&o->table);
  wg_buf_done(&o->scratch);
}

wg_code wg_wimout_begin(wg_wimout *o, const char *path, bool force, wg_image_watch *watch,
                        wg_error *err) {
  wg_buf_init(&o->table, wg_heap(), 0);
  wg_buf_init(&o->scratch, wg_heap(), 0);
  o->watch = watch;
  o->off_bytes = WG_WIM_HEADER_BYTES;
  if (!force && wg_os_exists(WG_CWD, path)) {
    return wg_fail(err, WG_E_CONFLICT, "'%s' exists already", path);
  }
  wg_buf_add_zeros(&o->scratch, WIMOUT_COPY_BYTES);
  if (wg_buf_check(&o->scratch, err) != WG_OK) {
    return err->code;
  }
  return wg_outfile_begin(&o->file, WG_CWD, path, 0644, true, err);
}

wg_code wg_wimout_copy(wg_wimout *o, const wg_wim_source *src, uint64_t from_off_bytes,
                       wg_wim_res *res, wg_error *err) {
  uint64_t left = res->stored_bytes;
  res->off_bytes = o->off_bytes;
  while (left > 0) {
    size_t n = left < WIMOUT_COPY_BYTES ? (size_t)left : WIMOUT_COPY_BYTES;
    if (src->read(src->ctx, from_off_bytes, o->scratch.p, n, err) != WG_OK ||
        wg_os_pwrite_all(o->file.fd, o->scratch.p, n, o->off_bytes, err) != WG_OK ||
        wg_image_watch_more(o->watch, n, err) != WG_OK) {
      return err->code;
    }
    o->off_bytes += n;
    from_off_bytes += n;
    left -= n;
  }
  return WG_OK;
}

typedef struct wimout_sums { // SHA-1 of every 10 MiB between the header and `to`
  int fd;
  uint64_t to;
  uint8_t *hashes;
  size_t n;
  atomic_size_t next;
  atomic_bool failed;
  const wg_cancel *cancel;
} wimout_sums;

static wg_code sums_chunk(const wimout_sums *t, size_t i, wg_error *err) {
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
  wimout_sums *t = arg;
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

static size_t sums_count(uint64_t file_bytes) {
  uint64_t n = file_bytes - WG_WIM_HEADER_BYTES;
  return (size_t)(n / WG_WIM_INTEGRITY_CHUNK_BYTES + (n % WG_WIM_INTEGRITY_CHUNK_BYTES != 0));
}

wg_code wg_wimout_integrity(int fd, uint64_t end_off_bytes, unsigned threads,
                            const wg_cancel *cancel, wg_buf *out, wg_error *err) {
  size_t n = sums_count(end_off_bytes);
  wg_buf_add_le32(out, (uint32_t)(12 + n * sizeof(wg_sha1)));
  wg_buf_add_le32(out, (uint32_t)n);
  wg_buf_add_le32(out, WG_WIM_INTEGRITY_CHUNK_BYTES);
  wg_buf_add_zeros(out, n * sizeof(wg_sha1));
  if (wg_buf_check(out, err) != WG_OK) {
    return err->code;
  }
  wimout_sums t = {.fd = fd, .to = end_off_bytes, .hashes = out->p + 12, .n = n, .cancel = cancel};
  wg_thread started[WIMOUT_MAX_THREADS];
  unsigned n_started = 0;
  wg_error ignored = WG_ERROR_INIT; // with fewer threads it takes longer
  while (n_started + 1 < threads && n_started < WIMOUT_MAX_THREADS && n_started + 1 < n &&
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

static wg_code wimout_append(wg_wimout *o, const wg_buf *bytes, uint8_t flags, wg_wim_res *out,
                             wg_error *err) {
  if (wg_buf_check(bytes, err) != WG_OK ||
      wg_os_pwrite_all(o->file.fd, bytes->p, bytes->n, o->off_bytes, err) != WG_OK) {
    return err->code;
  }
  *out = (wg_wim_res){
      .stored_bytes = bytes->n, .flags = flags, .off_bytes = o->off_bytes, .orig_bytes = bytes->n};
  o->off_bytes += bytes->n;
  return WG_OK;
}

static wg_code wimout_xml16(wg_str xml, wg_buf *out, wg_error *err) {
  wg_buf_add_le16(out, 0xFEFF);
  if (!wg_utf8_to_utf16le(xml, out)) {
    return wg_fail(err, WG_E_FORMAT, "the XML is not text");
  }
  return wg_buf_check(out, err);
}

wg_code wg_wimout_finish(wg_wimout *o, wg_wim_header *h, wg_str xml, unsigned threads,
                         wg_error *err) {
  WG_AUTO(wg_buf) text = {0};
  WG_AUTO(wg_buf) sums = {0};
  wg_buf_init(&text, wg_heap(), 0);
  wg_buf_init(&sums, wg_heap(), 0);
  uint8_t head[WG_WIM_HEADER_BYTES];
  if (wimout_append(o, &o->table, WG_WIM_RES_METADATA, &h->table, err) != WG_OK ||
      wg_wimout_integrity(o->file.fd, o->off_bytes, threads, o->watch->cancel, &sums, err) !=
          WG_OK ||
      wimout_xml16(xml, &text, err) != WG_OK ||
      wimout_append(o, &text, WG_WIM_RES_METADATA, &h->xml, err) != WG_OK ||
      wimout_append(o, &sums, 0, &h->integrity, err) != WG_OK) {
    return err->code;
  }
  wg_wim_header_write(h, head);
  // The header makes it a WIM: only when everything else is on the disk.
  if (wg_os_fsync(o->file.fd, err) != WG_OK) {
    return err->code;
  }
  return wg_os_pwrite_all(o->file.fd, head, sizeof(head), 0, err);
}

wg_code wg_wimout_commit(wg_wimout *o, wg_error *err) {
  return wg_outfile_commit(&o->file, err);
}

uint64_t wg_wimout_tail_bytes(uint64_t n_rows, wg_str xml, uint64_t file_bytes) {
  // UTF-8 to UTF-16 is at most two bytes for one.
  return n_rows * WG_WIM_TABLE_ENTRY_BYTES + 2 + 2 * (uint64_t)xml.n + 12 +
         (sums_count(file_bytes + WG_WIM_HEADER_BYTES) + 1) * sizeof(wg_sha1);
}

wg_code wg_wimout_guid(const wg_wimout *o, wg_str xml, wg_wim_header *h, wg_error *err) {
  WG_AUTO_PTR(wg_hash) hash = NULL;
  if (wg_hash_new(WG_SHA256, &hash, err) != WG_OK) {
    return err->code;
  }
  static const char label[] = "wingo wim guid 2";
  uint8_t digest[32];
  wg_hash_add(hash, label, sizeof(label));
  wg_hash_add(hash, o->table.p, o->table.n);
  wg_hash_add(hash, xml.p, xml.n);
  wg_hash_end(hash, digest);
  memcpy(h->guid, digest, sizeof(h->guid));
  return WG_OK;
}
