// SPDX-License-Identifier: Apache-2.0
#include "fmt/zip/zip.h"

#include <string.h>

#include "base/civil.h"
#include "fmt/deflate/deflate.h"

#define ZIP_MAX_ENTRIES 65535U
#define ZIP_VERSION_NEEDED 20U               // deflate
#define ZIP_MADE_BY ((3U << 8) | 63U)        // Unix, so that permissions count
#define ZIP_UTF8 (1U << 11)                  // general purpose bit 11
#define ZIP_REGULAR_FILE ((uint32_t)0100000) // of a Unix mode

typedef struct zip_row { // what the central directory says again
  uint32_t crc, packed_bytes, off_bytes;
  uint16_t method; // 0 stored, 8 deflated
} zip_row;

// MS-DOS date and time: date in the upper half. 4.4.6.
static uint32_t zip_time(int64_t time_s) {
  const int64_t first = 315532800, last = 4354819198; // 1980-01-01, 2107-12-31T23:59:58
  wg_civil t = wg_civil_of(time_s < first ? first : time_s > last ? last : time_s);
  uint32_t date = ((uint32_t)(t.year - 1980) << 9) | (t.month << 5) | t.day;
  uint32_t time = (t.hour << 11) | (t.minute << 5) | (t.second / 2);
  return date << 16 | time;
}

static void zip_le16(wg_buf *b, uint32_t v) {
  wg_buf_add_byte(b, (uint8_t)v);
  wg_buf_add_byte(b, (uint8_t)(v >> 8));
}

static void zip_le32(wg_buf *b, uint32_t v) {
  zip_le16(b, v & 0xFFFF);
  zip_le16(b, v >> 16);
}

static bool zip_name_ok(const char *name) {
  for (const char *p = name; *p != '\0';) {
    size_t n = strcspn(p, "/");
    if (n == 0 || (n == 2 && p[0] == '.' && p[1] == '.') || memchr(p, '\\', n) != NULL) {
      return false;
    }
    p += n + (p[n] == '/');
    if (p[-1] == '/' && *p == '\0') {
      return false;
    }
  }
  return name[0] != '\0' && strlen(name) <= UINT16_MAX;
}

static wg_code zip_check(const wg_zip_entry *v, size_t n, wg_error *err) {
  if (n > ZIP_MAX_ENTRIES) {
    return wg_fail(err, WG_E_LIMIT, "more than %u files in one ZIP archive", ZIP_MAX_ENTRIES);
  }
  for (size_t i = 0; i < n; i++) {
    if (!zip_name_ok(v[i].name)) {
      return wg_fail(err, WG_E_FORMAT, "'%s' cannot be a name in an archive", v[i].name);
    }
    if (v[i].n_bytes >= UINT32_MAX) {
      return wg_fail(err, WG_E_LIMIT, "'%s' is too large for a ZIP archive", v[i].name);
    }
    for (size_t k = 0; k < i; k++) {
      if (strcmp(v[i].name, v[k].name) == 0) {
        return wg_fail(err, WG_E_FORMAT, "'%s' would be in the archive twice", v[i].name);
      }
    }
  }
  return WG_OK;
}

// The fields that local header and central directory share, from "version needed" on.
static void zip_common(wg_buf *out, const wg_zip_entry *e, const zip_row *row, uint32_t time) {
  zip_le16(out, ZIP_VERSION_NEEDED);
  zip_le16(out, ZIP_UTF8);
  zip_le16(out, row->method);
  zip_le32(out, time);
  zip_le32(out, row->crc);
  zip_le32(out, row->packed_bytes);
  zip_le32(out, (uint32_t)e->n_bytes);
  zip_le16(out, (uint32_t)strlen(e->name));
  zip_le16(out, 0); // extra field
}

static wg_code zip_entry(wg_buf *out, const wg_zip_entry *e, uint32_t time, zip_row *row,
                         wg_error *err) {
  WG_AUTO(wg_buf) packed = {0};
  wg_buf_init(&packed, out->alloc, 0);
  if (wg_deflate_raw(e->data, e->n_bytes, &packed, err) != WG_OK) {
    return err->code;
  }
  bool smaller = packed.n < e->n_bytes;
  *row = (zip_row){.crc = wg_crc32(e->data, e->n_bytes),
                   .packed_bytes = (uint32_t)(smaller ? packed.n : e->n_bytes),
                   .off_bytes = (uint32_t)out->n,
                   .method = smaller ? 8 : 0};
  zip_le32(out, 0x04034b50);
  zip_common(out, e, row, time);
  wg_buf_add_z(out, e->name);
  wg_buf_add(out, smaller ? packed.p : e->data, row->packed_bytes);
  if (out->n > UINT32_MAX - 1) {
    return wg_fail(err, WG_E_LIMIT, "the ZIP archive would be larger than 4 GiB");
  }
  return wg_buf_check(out, err);
}

wg_code wg_zip_write(const wg_zip_entry *entries, size_t n_entries, int64_t time_s, wg_buf *out,
                     wg_error *err) {
  WG_AUTO(wg_arena) arena;
  wg_arena_init(&arena, out->alloc, 0);
  zip_row *rows = wg_arena_new_array(&arena, zip_row, n_entries);
  uint32_t time = zip_time(time_s);
  if (rows == NULL) {
    return wg_arena_fail(&arena, err);
  }
  if (zip_check(entries, n_entries, err) != WG_OK) {
    return err->code;
  }
  for (size_t i = 0; i < n_entries; i++) {
    if (zip_entry(out, &entries[i], time, &rows[i], err) != WG_OK) {
      return err->code;
    }
  }
  size_t start = out->n;
  for (size_t i = 0; i < n_entries; i++) { // 4.3.12
    zip_le32(out, 0x02014b50);
    zip_le16(out, ZIP_MADE_BY);
    zip_common(out, &entries[i], &rows[i], time);
    zip_le16(out, 0); // comment
    zip_le16(out, 0); // disk
    zip_le16(out, 0); // internal attributes
    zip_le32(out, (ZIP_REGULAR_FILE | (entries[i].mode & 0777U)) << 16);
    zip_le32(out, rows[i].off_bytes);
    wg_buf_add_z(out, entries[i].name);
  }
  size_t size = out->n - start;
  zip_le32(out, 0x06054b50); // 4.3.16
  zip_le32(out, 0);          // disks
  zip_le16(out, (uint32_t)n_entries);
  zip_le16(out, (uint32_t)n_entries);
  zip_le32(out, (uint32_t)size);
  zip_le32(out, (uint32_t)start);
  zip_le16(out, 0); // comment
  return wg_buf_check(out, err);
}
