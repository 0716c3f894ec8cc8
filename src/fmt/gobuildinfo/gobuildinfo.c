// SPDX-License-Identifier: Apache-2.0
// The blob: a header of 32 bytes, aligned to 16, that starts with "\xff Go buildinf:".
//   0  magic, 14 bytes
//   14 pointer size, 4 or 8           (pointer layout)
//   15 flags: 1 big-endian, 2 inline
//   16 address of the Go version      (pointer layout: a Go string header, pointer and length)
//   16 + pointer size: address of the module text
// Inline: behind the header two strings, each a uvarint length and its bytes.
#include "fmt/gobuildinfo/gobuildinfo.h"

enum {
  BLOB_ALIGN = 16,
  BLOB_HEADER_BYTES = 32,
  BLOB_BIG_ENDIAN = 1,
  BLOB_INLINE = 2
};

static const uint8_t blob_magic[14] = {0xFF, ' ', 'G', 'o', ' ', 'b', 'u',
                                       'i',  'l', 'd', 'i', 'n', 'f', ':'};

static bool blob_is_magic(const uint8_t *p) {
  for (size_t i = 0; i < sizeof(blob_magic); i++) {
    if (p[i] != blob_magic[i]) {
      return false;
    }
  }
  return true;
}

static wg_code blob_missing(wg_error *err) {
  return wg_fail(err, WG_E_NOT_FOUND, "no Go build info: not a Go program");
}

// The first aligned header in the data; *out starts at it and goes on to the end of the mapping.
static bool blob_find(const wg_go_image *image, uint64_t *out_va, wg_reader *out) {
  uint64_t end = 0, va = 0;
  wg_reader data;
  if (image->data_bytes == 0 || !wg_add(image->data_va, image->data_bytes, &end) ||
      !wg_add(image->data_va, (uint64_t)(BLOB_ALIGN - 1), &va)) {
    return false;
  }
  va &= ~(uint64_t)(BLOB_ALIGN - 1);
  if (va >= end || !image->read(image->ctx, va, &data)) {
    return false;
  }
  uint64_t limit = end - va < data.n_bytes ? end - va : data.n_bytes;
  for (uint64_t i = 0; i + BLOB_HEADER_BYTES <= limit; i += BLOB_ALIGN) {
    if (blob_is_magic(data.p + i)) {
      *out_va = va + i;
      return wg_reader_slice(&data, i, data.n_bytes - i, out);
    }
  }
  return false;
}

typedef struct blob {
  wg_str version, modules;
  uint64_t modules_off; // in the whole input
} blob;

static bool blob_inline_string(wg_reader *r, wg_str *out) {
  uint64_t n = 0;
  const uint8_t *p = NULL;
  if (!wg_read_uvarint(r, &n) || !wg_read_bytes(r, n, &p)) {
    return false;
  }
  *out = (wg_str){(const char *)p, (size_t)n};
  return true;
}

static bool blob_read_inline(wg_reader r, blob *b) {
  if (!wg_read_seek(&r, BLOB_HEADER_BYTES) || !blob_inline_string(&r, &b->version) ||
      !blob_inline_string(&r, &b->modules)) {
    return false;
  }
  b->modules_off = wg_reader_at(&r) - b->modules.n;
  return true;
}

static bool blob_pointer(wg_reader *r, unsigned ptr_bytes, bool big_endian, uint64_t *out) {
  if (ptr_bytes == 8) {
    return big_endian ? wg_read_be64(r, out) : wg_read_le64(r, out);
  }
  uint32_t v = 0;
  if (!(big_endian ? wg_read_be32(r, &v) : wg_read_le32(r, &v))) {
    return false;
  }
  *out = v;
  return true;
}

// The Go string whose header is at va; empty when it is not there, as Go has it.
static wg_str blob_go_string(const wg_go_image *image, uint64_t va, unsigned ptr_bytes,
                             bool big_endian, uint64_t *out_off) {
  wg_reader header, data;
  uint64_t data_va = 0, n = 0;
  const uint8_t *p = NULL;
  if (!image->read(image->ctx, va, &header) ||
      !blob_pointer(&header, ptr_bytes, big_endian, &data_va) ||
      !blob_pointer(&header, ptr_bytes, big_endian, &n) || n == 0 ||
      !image->read(image->ctx, data_va, &data)) {
    return (wg_str){0};
  }
  *out_off = data.base_off;
  if (!wg_read_bytes(&data, n, &p)) {
    return (wg_str){0};
  }
  return (wg_str){(const char *)p, (size_t)n};
}

static bool blob_read_pointers(const wg_go_image *image, wg_reader r, blob *b) {
  unsigned ptr_bytes = r.p[14];
  bool big_endian = (r.p[15] & BLOB_BIG_ENDIAN) != 0;
  uint64_t version_va = 0, modules_va = 0, unused = 0;
  if ((ptr_bytes != 4 && ptr_bytes != 8) || !wg_read_seek(&r, 16) ||
      !blob_pointer(&r, ptr_bytes, big_endian, &version_va) ||
      !blob_pointer(&r, ptr_bytes, big_endian, &modules_va)) {
    return false;
  }
  b->version = blob_go_string(image, version_va, ptr_bytes, big_endian, &unused);
  b->modules = blob_go_string(image, modules_va, ptr_bytes, big_endian, &b->modules_off);
  return true;
}

// The text stands between two marks of 16 bytes; anything else counts as no text.
static void blob_strip_frame(blob *b) {
  if (b->modules.n >= 33 && b->modules.p[b->modules.n - 17] == '\n') {
    b->modules = (wg_str){b->modules.p + 16, b->modules.n - 32};
    b->modules_off += 16;
  } else {
    b->modules = (wg_str){0};
  }
}

wg_code wg_gobuildinfo_read(const wg_go_image *image, wg_arena *arena, wg_gobuildinfo *out,
                            wg_error *err) {
  uint64_t va = 0;
  wg_reader r;
  blob b = {0};
  if (!blob_find(image, &va, &r)) {
    return blob_missing(err);
  }
  bool is_inline = (r.p[15] & BLOB_INLINE) != 0;
  bool ok = is_inline ? blob_read_inline(r, &b) : blob_read_pointers(image, r, &b);
  if (!ok || b.version.n == 0) {
    return blob_missing(err);
  }
  blob_strip_frame(&b);
  wg_gobuildinfo info = {.go_version = b.version, .is_inline = is_inline};
  if (wg_gobuildinfo_parse_text(b.modules, b.modules_off, arena, &info, err) != WG_OK) {
    return err->code;
  }
  *out = info;
  return WG_OK;
}
