// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "fmt/wim/internal.h"

wg_wim_limits wg_wim_limits_default(void) {
  return (wg_wim_limits){.max_images = 4096,
                         .max_table_bytes = (uint64_t)512 << 20,
                         .max_xml_bytes = (uint64_t)64 << 20,
                         .max_metadata_bytes = (uint64_t)1 << 30,
                         .max_depth = 16384,
                         .max_chunk_bytes = 256u << 20};
}

const char *wg_wim_codec_name(wg_wim_codec c) {
  static const char *const names[] = {"none", "XPRESS", "LZX", "LZMS"};
  return (size_t)c < WG_ARRAY_LEN(names) ? names[c] : "unknown";
}

bool wg_sha1_is_zero(const wg_sha1 *h) {
  static const wg_sha1 zero;
  return memcmp(h, &zero, sizeof(zero)) == 0;
}

uint64_t wg_wim_time(int64_t unix_s) {
  const int64_t epoch_s = 11644473600; // from 1601 to 1970
  if (unix_s < -epoch_s) {
    return 0;
  }
  return (uint64_t)(unix_s + epoch_s) * 10000000u;
}

wg_wim_res wg_wim_res_get(const uint8_t *p) {
  uint64_t first = wg_le64(p);
  return (wg_wim_res){.stored_bytes = first & 0x00FFFFFFFFFFFFFFu,
                      .flags = (uint8_t)(first >> 56),
                      .off_bytes = wg_le64(p + 8),
                      .orig_bytes = wg_le64(p + 16)};
}

void wg_wim_res_put(uint8_t *p, const wg_wim_res *r) {
  wg_put_le64(p, (r->stored_bytes & 0x00FFFFFFFFFFFFFFu) | (uint64_t)r->flags << 56);
  wg_put_le64(p + 8, r->off_bytes);
  wg_put_le64(p + 16, r->orig_bytes);
}

static wg_code header_codec(const wg_wim_header *h, wg_wim_codec *out, wg_error *err) {
  *out = WG_WIM_CODEC_NONE;
  if ((h->flags & WG_WIM_HDR_COMPRESSED) == 0) {
    return WG_OK;
  }
  if ((h->flags & WG_WIM_HDR_LZX) != 0) {
    *out = WG_WIM_CODEC_LZX;
  } else if ((h->flags & (WG_WIM_HDR_XPRESS | WG_WIM_HDR_XPRESS2)) != 0) {
    *out = WG_WIM_CODEC_XPRESS;
  } else if ((h->flags & WG_WIM_HDR_LZMS) != 0) {
    *out = WG_WIM_CODEC_LZMS;
  } else {
    return wg_fail_at(err, WG_E_UNSUPPORTED, 0x10, "unknown compression, header flags 0x%08x",
                      (unsigned)h->flags);
  }
  return WG_OK;
}

wg_code wg_wim_header_parse(const uint8_t *p, wg_wim_header *out, wg_error *err) {
  if (memcmp(p, "WLPWM\0\0\0", 8) == 0) {
    return wg_fail_at(err, WG_E_UNSUPPORTED, 0,
                      "a pipable WIM, which only wimlib reads; export it to a normal one first "
                      "(wimlib-imagex export)");
  }
  if (memcmp(p, "MSWIM\0\0\0", 8) != 0) {
    return wg_fail_at(err, WG_E_FORMAT, 0, "not a WIM: it does not begin with MSWIM");
  }
  if (wg_le32(p + 8) != WG_WIM_HEADER_BYTES) {
    return wg_fail_at(err, WG_E_FORMAT, 8, "header size %u, not 208", (unsigned)wg_le32(p + 8));
  }
  wg_wim_header h = {.version = wg_le32(p + 0x0C),
                     .flags = wg_le32(p + 0x10),
                     .chunk_bytes = wg_le32(p + 0x14),
                     .part = wg_le16(p + 0x28),
                     .n_parts = wg_le16(p + 0x2A),
                     .n_images = wg_le32(p + 0x2C),
                     .table = wg_wim_res_get(p + 0x30),
                     .xml = wg_wim_res_get(p + 0x48),
                     .boot_metadata = wg_wim_res_get(p + 0x60),
                     .boot_index = wg_le32(p + 0x78),
                     .integrity = wg_wim_res_get(p + 0x7C)};
  memcpy(h.guid, p + 0x18, sizeof(h.guid));
  memcpy(h.unused, p + 0x94, sizeof(h.unused));
  if (h.version != WG_WIM_VERSION_NORMAL && h.version != WG_WIM_VERSION_SOLID) {
    return wg_fail_at(err, WG_E_UNSUPPORTED, 0x0C, "WIM version 0x%x is not known",
                      (unsigned)h.version);
  }
  if (h.part == 0 || h.n_parts == 0 || h.part > h.n_parts) {
    return wg_fail_at(err, WG_E_FORMAT, 0x28, "part %u of %u cannot be", (unsigned)h.part,
                      (unsigned)h.n_parts);
  }
  if (header_codec(&h, &h.codec, err) != WG_OK) {
    return err->code;
  }
  *out = h;
  return WG_OK;
}

void wg_wim_header_write(const wg_wim_header *h, uint8_t out[WG_WIM_HEADER_BYTES]) {
  memset(out, 0, WG_WIM_HEADER_BYTES);
  memcpy(out, "MSWIM\0\0\0", 8);
  wg_put_le32(out + 8, WG_WIM_HEADER_BYTES);
  wg_put_le32(out + 0x0C, h->version);
  wg_put_le32(out + 0x10, h->flags);
  wg_put_le32(out + 0x14, h->chunk_bytes);
  memcpy(out + 0x18, h->guid, sizeof(h->guid));
  wg_put_le16(out + 0x28, h->part);
  wg_put_le16(out + 0x2A, h->n_parts);
  wg_put_le32(out + 0x2C, h->n_images);
  wg_wim_res_put(out + 0x30, &h->table);
  wg_wim_res_put(out + 0x48, &h->xml);
  wg_wim_res_put(out + 0x60, &h->boot_metadata);
  wg_put_le32(out + 0x78, h->boot_index);
  wg_wim_res_put(out + 0x7C, &h->integrity);
  memcpy(out + 0x94, h->unused, sizeof(h->unused));
}
