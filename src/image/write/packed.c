// SPDX-License-Identifier: Apache-2.0
#include "image/write/run.h"

static bool packed_is_worth_it(const wg_image_run *r, const wg_image_blob *b) {
  return r->kept != NULL && r->job->opt.format == WG_IMAGE_FORMAT_WIM && b->base == WG_IMAGE_NEW &&
         b->n_bytes >= WG_IMAGE_PACKED_MIN_BYTES;
}

bool wg_image_packed_before(const wg_image_run *r, wg_image_blob *b, wg_buf *out) {
  // A resource that says it is packed is smaller than its content.
  b->before = packed_is_worth_it(r, b) &&
              r->job->opt.packed->get(r->kept, &b->hash, b->n_bytes, out) && !out->failed &&
              out->n > 0 && out->n < b->n_bytes;
  return b->before;
}

static void packed_keep(const wg_image_run *r, const wg_image_blob *b) {
  const wg_wim_res *res = &b->place.res;
  size_t n = (size_t)res->stored_bytes;
  wg_error ignored = WG_ERROR_INIT;
  WG_AUTO(wg_buf) bytes = {0};
  wg_buf_init(&bytes, wg_heap(), 0);
  uint8_t *to = wg_buf_room(&bytes, n);
  if (to != NULL && wg_os_pread_exact(r->out.file.fd, to, n, res->off_bytes, &ignored) == WG_OK) {
    bytes.n = n;
    r->job->opt.packed->put(r->kept, &b->hash, b->n_bytes, wg_buf_str(&bytes));
  }
}

void wg_image_packed_keep(wg_image_run *r) {
  uint64_t n_before = 0;
  for (size_t i = 0; i < r->n_blobs; i++) {
    const wg_image_blob *b = &r->blobs[i];
    n_before += b->before ? b->n_bytes : 0;
    if (packed_is_worth_it(r, b) && !b->before &&
        (b->place.res.flags & WG_WIM_RES_COMPRESSED) != 0 &&
        b->place.res.stored_bytes <= WG_IMAGE_PACKED_MAX_BYTES) {
      packed_keep(r, b);
    }
  }
  n_before += wg_image_memo_keep(r);
  if (n_before > 0) {
    wg_image_result_fact(&r->result, "bytes_packed_before", n_before);
  }
}
