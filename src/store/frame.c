// SPDX-License-Identifier: Apache-2.0
// The frame around records, and the rows inside some of them. See frame.h for the layouts.
#include "store/frame.h"

#include <string.h>

#define FRAME_SIGNED_BYTES 48
static const char frame_magic[4] = {'w', 'g', 'f', '1'};

static wg_code frame_sum(const void *head, const void *p, size_t n_bytes, wg_digest *out,
                         wg_error *err) {
  WG_AUTO_PTR(wg_hash) h = NULL;
  if (wg_hash_new(WG_SHA256, &h, err) != WG_OK) {
    return err->code;
  }
  wg_hash_add(h, head, FRAME_SIGNED_BYTES);
  wg_hash_add(h, p, n_bytes);
  wg_hash_end(h, out->b);
  return WG_OK;
}

void wg_frame_put(wg_buf *out, wg_frame_kind kind, const wg_digest *key, const void *p,
                  size_t n_bytes) {
  uint8_t head[FRAME_SIGNED_BYTES];
  memcpy(head, frame_magic, sizeof(frame_magic));
  wg_put_le32(head + 4, (uint32_t)kind);
  wg_put_le64(head + 8, n_bytes);
  memcpy(head + 16, key->b, sizeof(key->b));
  wg_digest sum;
  wg_error err = WG_ERROR_INIT;
  if (frame_sum(head, n_bytes == 0 ? "" : p, n_bytes, &sum, &err) != WG_OK) {
    out->failed = true; // no memory for a digest
    return;
  }
  wg_buf_add(out, head, sizeof(head));
  wg_buf_add(out, sum.b, sizeof(sum.b));
  wg_buf_add(out, p, n_bytes);
}

wg_code wg_frame_parse(const void *p, size_t n_bytes, wg_frame_kind kind, const wg_digest *key,
                       wg_str *out, wg_error *err) {
  wg_reader r = wg_reader_of(p, n_bytes);
  const uint8_t *magic = NULL, *its_key = NULL, *its_sum = NULL, *body = NULL;
  uint32_t its_kind = 0;
  uint64_t body_bytes = 0;
  if (!wg_read_bytes(&r, sizeof(frame_magic), &magic) || !wg_read_le32(&r, &its_kind) ||
      !wg_read_le64(&r, &body_bytes) || !wg_read_bytes(&r, sizeof(key->b), &its_key) ||
      !wg_read_bytes(&r, sizeof(wg_digest), &its_sum)) {
    return wg_fail_at(err, WG_E_FORMAT, n_bytes, "the frame's head is cut short");
  }
  if (memcmp(magic, frame_magic, sizeof(frame_magic)) != 0 || its_kind != (uint32_t)kind) {
    return wg_fail_at(err, WG_E_FORMAT, 0, "not a frame of kind %u", (unsigned)kind);
  }
  if (body_bytes != wg_reader_left(&r) || !wg_read_bytes(&r, body_bytes, &body)) {
    return wg_fail_at(err, WG_E_FORMAT, 8, "the frame is not whole");
  }
  if (memcmp(its_key, key->b, sizeof(key->b)) != 0) {
    return wg_fail_at(err, WG_E_FORMAT, 16, "the frame belongs to another key");
  }
  wg_digest sum;
  if (frame_sum(p, body, (size_t)body_bytes, &sum, err) != WG_OK) {
    return err->code;
  }
  if (memcmp(sum.b, its_sum, sizeof(sum.b)) != 0) {
    return wg_fail_at(err, WG_E_FORMAT, FRAME_SIGNED_BYTES, "the frame's checksum is wrong");
  }
  *out = (wg_str){(const char *)body, (size_t)body_bytes};
  return WG_OK;
}

static void frame_put_id(wg_buf *out, const wg_stat_id *id) {
  wg_buf_add_le64(out, id->size_bytes);
  wg_buf_add_le64(out, (uint64_t)id->mtime_ns);
  wg_buf_add_le64(out, (uint64_t)id->ctime_ns);
  wg_buf_add_le64(out, id->ino);
  wg_buf_add_le64(out, id->dev);
}

static bool frame_read_id(wg_reader *r, wg_stat_id *out) {
  uint64_t mtime = 0, ctime = 0;
  if (!wg_read_le64(r, &out->size_bytes) || !wg_read_le64(r, &mtime) || !wg_read_le64(r, &ctime) ||
      !wg_read_le64(r, &out->ino) || !wg_read_le64(r, &out->dev)) {
    return false;
  }
  out->mtime_ns = (int64_t)mtime;
  out->ctime_ns = (int64_t)ctime;
  return true;
}

static bool frame_read_path(wg_reader *r, size_t n_bytes, wg_str *out) {
  const uint8_t *p = NULL;
  if (n_bytes == 0 || n_bytes > WG_STAT_PATH_MAX || !wg_read_bytes(r, n_bytes, &p) ||
      memchr(p, 0, n_bytes) != NULL) {
    return false;
  }
  *out = (wg_str){(const char *)p, n_bytes};
  return true;
}

void wg_stat_row_put(wg_buf *out, const wg_stat_row *row) {
  wg_buf_add_le16(out, (uint16_t)row->path.n);
  wg_buf_add_byte(out, (uint8_t)row->kind);
  wg_buf_add_byte(out, 0);
  wg_buf_add_le32(out, row->used_day);
  frame_put_id(out, &row->id);
  wg_buf_add(out, row->digest.b, sizeof(row->digest.b));
  wg_buf_add_str(out, row->path);
}

bool wg_stat_row_read(wg_reader *r, wg_stat_row *out) {
  wg_reader at = *r;
  uint16_t path_n = 0;
  uint8_t kind = 0, zero = 0;
  const uint8_t *digest = NULL;
  if (!wg_read_le16(&at, &path_n) || !wg_read_u8(&at, &kind) || !wg_read_u8(&at, &zero) ||
      !wg_read_le32(&at, &out->used_day) || !frame_read_id(&at, &out->id) ||
      !wg_read_bytes(&at, sizeof(out->digest.b), &digest) ||
      !frame_read_path(&at, path_n, &out->path)) {
    return false;
  }
  if ((kind != WG_STAT_FILE && kind != WG_STAT_DIR) || zero != 0) {
    return false;
  }
  out->kind = (wg_stat_kind)kind;
  memcpy(out->digest.b, digest, sizeof(out->digest.b));
  *r = at;
  return true;
}

void wg_big_path_put(wg_buf *out, const wg_big_path *b) {
  wg_buf_add_le16(out, (uint16_t)b->path.n);
  frame_put_id(out, &b->id);
  wg_buf_add_str(out, b->path);
}

bool wg_big_path_read(wg_reader *r, wg_big_path *out) {
  wg_reader at = *r;
  uint16_t path_n = 0;
  if (!wg_read_le16(&at, &path_n) || !frame_read_id(&at, &out->id) ||
      !frame_read_path(&at, path_n, &out->path)) {
    return false;
  }
  *r = at;
  return true;
}
