// SPDX-License-Identifier: Apache-2.0
// The local store as a backend, so that it can stand behind another.
#include <string.h>

#include "store/priv.h"

static wg_code behind_get_record(void *ctx, const wg_digest *key, wg_buf *out, wg_error *err) {
  wg_str body;
  return wg_store_get_frame(ctx, wg_store_path_of("records", key).s, WG_FRAME_RECORD, key, out,
                            &body, err);
}

static wg_code behind_put_record(void *ctx, const wg_digest *key, const void *p, size_t n_bytes,
                                 wg_error *err) {
  wg_str body;
  if (wg_frame_parse(p, n_bytes, WG_FRAME_RECORD, key, &body, err) != WG_OK) {
    return err->code;
  }
  return wg_store_put_frame(ctx, wg_store_path_of("records", key).s, WG_FRAME_RECORD, key, body.p,
                            body.n, err);
}

static wg_code behind_has_blob(void *ctx, const wg_digest *d, uint64_t *out_size, wg_error *err) {
  wg_stat st;
  if (wg_store_use(ctx, wg_store_path_of("blobs", d).s, &st, err) != WG_OK) {
    return err->code;
  }
  *out_size = st.size_bytes;
  return WG_OK;
}

static wg_code behind_get_blob(void *ctx, const wg_digest *d, int out_fd, const wg_cancel *cancel,
                               wg_error *err) {
  WG_AUTO(wg_fd) fd = -1;
  wg_stat st;
  if (wg_store_open_local(ctx, d, &fd, &st, err) != WG_OK) {
    return err->code;
  }
  return wg_os_copy_fd(fd, out_fd, cancel, NULL, err);
}

static wg_code behind_put_blob(void *ctx, const wg_digest *d, int in_fd, uint64_t n_bytes,
                               const wg_cancel *cancel, wg_error *err) {
  wg_store *s = ctx;
  wg_store_path tmp = wg_store_tmp_name(s);
  wg_digest got;
  WG_AUTO(wg_fd) fd = -1;
  if (wg_os_create_new(s->v1_fd, tmp.s, 0600, &fd, err) != WG_OK) {
    return wg_store_explain(s, n_bytes, err);
  }
  uint64_t n = 0;
  wg_code code = wg_os_copy_fd(in_fd, fd, cancel, &n, err);
  if (code == WG_OK) {
    code = wg_store_hash_fd(fd, n, cancel, &got, err);
  }
  if (code == WG_OK && (n != n_bytes || !wg_digest_eq(&got, d))) {
    code = wg_fail(err, WG_E_VERIFY, "the bytes are not those of '%s'", wg_digest_hex(d).s);
  }
  if (code == WG_OK) {
    code = wg_store_take_tmp(s, tmp.s, d, n, err);
  }
  if (code != WG_OK) {
    wg_error ignored = WG_ERROR_INIT;
    (void)!wg_os_unlink(s->v1_fd, tmp.s, &ignored);
    return wg_store_explain(s, n_bytes, err);
  }
  return WG_OK;
}

wg_backend wg_backend_local(wg_store *s) {
  return (wg_backend){.ctx = s,
                      .get_record = behind_get_record,
                      .put_record = behind_put_record,
                      .has_blob = behind_has_blob,
                      .get_blob = behind_get_blob,
                      .put_blob = behind_put_blob};
}

void wg_store_set_behind(wg_store *s, const wg_backend *b) {
  s->behind = *b;
  s->has_behind = true;
}
