// SPDX-License-Identifier: Apache-2.0
#include "fmt/ico/ico.h"

#include <string.h>

const wg_ico_limits wg_ico_default_limits = {
    .images = 256,
    .image_bytes = 16U << 20,
    .all_bytes = 64U << 20,
    .side_px = 1024,
};

enum {
  ICO_HEADER_BYTES = 6,
  ICO_ENTRY_BYTES = 16,
  ICO_TYPE_ICON = 1,
  ICO_TYPE_CURSOR = 2,
  DIB_CORE_BYTES = 40, // BITMAPINFOHEADER
  DIB_RGB = 0,
  DIB_BITFIELDS = 3,
  PNG_CHUNK_BYTES = 12, // length, type, CRC
  PNG_IHDR_BYTES = 13,
};

static const uint8_t png_signature[8] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1A, '\n'};

// PNG 5.5: CRC-32 with the reversed polynomial 0xEDB88320, four bits a step.
static uint32_t png_crc(const uint8_t *p, uint64_t n_bytes) {
  static const uint32_t nibble[16] = {
      0x00000000, 0x1DB71064, 0x3B6E20C8, 0x26D930AC, 0x76DC4190, 0x6B6B51F4,
      0x4DB26158, 0x5005713C, 0xEDB88320, 0xF00F9344, 0xD6D6A3E8, 0xCB61B38C,
      0x9B64C2B0, 0x86D3D2D4, 0xA00AE278, 0xBDBDF21C,
  };
  uint32_t c = 0xFFFFFFFF;
  for (uint64_t i = 0; i < n_bytes; i++) {
    c ^= p[i];
    c = nibble[c & 15] ^ c >> 4;
    c = nibble[c & 15] ^ c >> 4;
  }
  return ~c;
}

// PNG 11.2.2.
static wg_code png_header(const wg_reader *body, wg_ico_image *m, wg_error *err) {
  static const uint8_t channels[] = {1, 0, 3, 1, 2, 0, 4};
  if (body->n_bytes != PNG_IHDR_BYTES) {
    return wg_fail_at(err, WG_E_FORMAT, body->base_off, "PNG: bad header chunk");
  }
  uint8_t depth = body->p[8], type = body->p[9];
  bool depth_ok = depth == 1 || depth == 2 || depth == 4 || depth == 8 || depth == 16;
  if (!depth_ok || type >= sizeof(channels) || channels[type] == 0 ||
      (depth < 8 && type != 0 && type != 3) || (depth == 16 && type == 3)) {
    return wg_fail_at(err, WG_E_FORMAT, body->base_off + 8, "PNG: bit depth %u with colour type %u",
                      depth, type);
  }
  m->width_px = wg_be32(body->p);
  m->height_px = wg_be32(body->p + 4);
  m->bits_per_pixel = (uint16_t)(depth * channels[type]);
  m->n_colors = type == 3 ? 1U << depth : 0;
  return WG_OK;
}

// Walks the chunks: IHDR first, IDAT somewhere, IEND last, right CRCs. The compressed data itself
// is not unpacked.
static wg_code check_png(const wg_reader *data, wg_ico_image *m, wg_error *err) {
  wg_reader r = *data;
  bool has_data = false;
  r.pos = sizeof(png_signature);
  for (uint32_t i = 0;; i++) {
    uint64_t at = wg_reader_at(&r);
    uint32_t n = 0;
    wg_reader chunk, body;
    if (!wg_read_be32(&r, &n) || !wg_reader_slice(&r, r.pos, 4 + (uint64_t)n, &chunk) ||
        !wg_read_skip(&r, chunk.n_bytes)) {
      return wg_fail_at(err, WG_E_FORMAT, at, "PNG: the file ends inside of a chunk");
    }
    uint32_t crc = 0;
    if (!wg_read_be32(&r, &crc) || crc != png_crc(chunk.p, chunk.n_bytes)) {
      return wg_fail_at(err, WG_E_FORMAT, at, "PNG: bad checksum of a chunk");
    }
    bool is_header = memcmp(chunk.p, "IHDR", 4) == 0;
    if (is_header != (i == 0)) {
      return wg_fail_at(err, WG_E_FORMAT, at, "PNG: header chunk missing or doubled");
    }
    if (is_header &&
        (!wg_reader_slice(&chunk, 4, n, &body) || png_header(&body, m, err) != WG_OK)) {
      return err->code;
    }
    has_data = has_data || memcmp(chunk.p, "IDAT", 4) == 0;
    if (memcmp(chunk.p, "IEND", 4) == 0) {
      return has_data ? WG_OK : wg_fail_at(err, WG_E_FORMAT, at, "PNG: no image data");
    }
  }
}

static uint64_t dib_row_bytes(uint64_t width_px, uint64_t bits) {
  return (width_px * bits + 31) / 32 * 4;
}

// BITMAPINFOHEADER, palette, colour rows, then one-bit mask rows; the height counts both.
static wg_code check_dib(const wg_reader *data, const wg_ico_limits *lim, wg_ico_image *m,
                         wg_error *err) {
  const uint8_t *h = data->p;
  if (data->n_bytes < DIB_CORE_BYTES || wg_le32(h) < DIB_CORE_BYTES || wg_le32(h) > data->n_bytes) {
    return wg_fail_at(err, WG_E_FORMAT, data->base_off, "neither a PNG nor a bitmap header");
  }
  uint32_t width = wg_le32(h + 4), height2 = wg_le32(h + 8), compression = wg_le32(h + 16);
  uint16_t bits = wg_le16(h + 14);
  bool bits_ok = bits == 1 || bits == 4 || bits == 8 || bits == 16 || bits == 24 || bits == 32;
  if (!bits_ok || width == 0 || width > lim->side_px || height2 < 2 || height2 % 2 != 0 ||
      height2 / 2 > lim->side_px) {
    return wg_fail_at(err, WG_E_FORMAT, data->base_off + 4,
                      "bitmap of %u x %u/2 pixels with %u bits", width, height2, bits);
  }
  if (compression != DIB_RGB && !(compression == DIB_BITFIELDS && bits >= 16)) {
    return wg_fail_at(err, WG_E_UNSUPPORTED, data->base_off + 16, "bitmap compression %u",
                      compression);
  }
  uint32_t colors = wg_le32(h + 32);
  if (bits <= 8 && (colors == 0 || colors > 1U << bits)) {
    colors = 1U << bits;
  }
  if (colors > 256) {
    return wg_fail_at(err, WG_E_FORMAT, data->base_off + 32, "bitmap palette of %u colours",
                      colors);
  }
  m->width_px = width;
  m->height_px = height2 / 2;
  m->bits_per_pixel = bits;
  m->n_colors = bits <= 8 ? colors : 0;
  uint64_t masks = compression == DIB_BITFIELDS && wg_le32(h) == DIB_CORE_BYTES ? 12 : 0;
  uint64_t need = wg_le32(h) + masks + 4ULL * colors + dib_row_bytes(width, bits) * m->height_px;
  // With an alpha channel the mask is not needed, and some writers leave it out.
  need += bits == 32 ? 0 : dib_row_bytes(width, 1) * m->height_px;
  if (need > data->n_bytes) {
    return wg_fail_at(err, WG_E_FORMAT, data->base_off,
                      "bitmap of %u x %u pixels needs %llu bytes, there are %llu", width,
                      m->height_px, (unsigned long long)need, (unsigned long long)data->n_bytes);
  }
  return WG_OK;
}

// The directory's byte holds the side up to 255; 0 stands for 256 and more.
static bool side_agrees(uint8_t stated, uint32_t side_px) {
  return stated == 0 ? side_px >= 256 : side_px == stated;
}

static wg_code read_image(const wg_reader *file, const uint8_t *entry, uint64_t entry_off,
                          const wg_ico_limits *lim, wg_ico_image *m, wg_error *err) {
  uint32_t n_bytes = wg_le32(entry + 8), off = wg_le32(entry + 12);
  wg_reader data;
  if (n_bytes > lim->image_bytes) {
    return wg_fail_at(err, WG_E_LIMIT, entry_off + 8, "%u bytes, more than %llu", n_bytes,
                      (unsigned long long)lim->image_bytes);
  }
  if (n_bytes == 0 || !wg_reader_slice(file, off, n_bytes, &data)) {
    return wg_fail_at(err, WG_E_FORMAT, entry_off + 8,
                      "its data, %u bytes at 0x%x, is not in the file", n_bytes, off);
  }
  m->data = (wg_str){(const char *)data.p, n_bytes};
  m->file_off = off;
  m->is_png =
      n_bytes >= sizeof(png_signature) && memcmp(data.p, png_signature, sizeof(png_signature)) == 0;
  wg_code code = m->is_png ? check_png(&data, m, err) : check_dib(&data, lim, m, err);
  if (code != WG_OK) {
    return code;
  }
  if (m->width_px > lim->side_px || m->height_px > lim->side_px) {
    return wg_fail_at(err, WG_E_LIMIT, off, "%u x %u pixels, more than %u", m->width_px,
                      m->height_px, lim->side_px);
  }
  if (!side_agrees(entry[0], m->width_px) || !side_agrees(entry[1], m->height_px)) {
    return wg_fail_at(err, WG_E_FORMAT, entry_off,
                      "the directory says %u x %u pixels, the image %u x %u (0 means 256)",
                      entry[0], entry[1], m->width_px, m->height_px);
  }
  return WG_OK;
}

static wg_code check_header(const wg_reader *file, const wg_ico_limits *lim, uint16_t *out_n,
                            wg_error *err) {
  wg_reader r = *file;
  uint16_t reserved = 0, type = 0;
  if (!wg_read_le16(&r, &reserved) || !wg_read_le16(&r, &type) || !wg_read_le16(&r, out_n)) {
    return wg_fail_at(err, WG_E_FORMAT, file->n_bytes, "the file ends inside of the icon header");
  }
  if (reserved == 0 && type == ICO_TYPE_CURSOR) {
    return wg_fail(err, WG_E_UNSUPPORTED, "a cursor file, not an icon");
  }
  if (reserved != 0 || type != ICO_TYPE_ICON) {
    return wg_fail_at(err, WG_E_FORMAT, 0, "not an icon file (.ico)");
  }
  if (*out_n == 0) {
    return wg_fail_at(err, WG_E_FORMAT, 4, "an icon file without an image");
  }
  if (*out_n > lim->images) {
    return wg_fail_at(err, WG_E_LIMIT, 4, "%u images, more than %u", *out_n, lim->images);
  }
  return WG_OK;
}

wg_code wg_ico_parse(const void *bytes, size_t n_bytes, const wg_ico_limits *limits,
                     wg_arena *arena, const wg_ico **out_ico, wg_error *err) {
  const wg_ico_limits *lim = limits != NULL ? limits : &wg_ico_default_limits;
  wg_reader file = wg_reader_of(bytes, n_bytes), entries;
  uint16_t n = 0;
  if (check_header(&file, lim, &n, err) != WG_OK) {
    return err->code;
  }
  if (!wg_reader_slice(&file, ICO_HEADER_BYTES, (uint64_t)n * ICO_ENTRY_BYTES, &entries)) {
    return wg_fail_at(err, WG_E_FORMAT, 4, "%u directory entries do not fit into the file", n);
  }
  wg_ico *ico = wg_arena_new(arena, wg_ico);
  wg_ico_image *images = wg_arena_new_array(arena, wg_ico_image, n);
  if (ico == NULL || images == NULL) {
    return wg_arena_fail(arena, err);
  }
  uint64_t all_bytes = 0;
  for (uint32_t i = 0; i < n; i++) {
    size_t at = (size_t)i * ICO_ENTRY_BYTES;
    if (read_image(&file, entries.p + at, entries.base_off + at, lim, &images[i], err) != WG_OK) {
      return wg_wrap(err, "image %u", i + 1);
    }
    all_bytes += images[i].data.n;
    if (all_bytes > lim->all_bytes) {
      return wg_fail_at(err, WG_E_LIMIT, entries.base_off + at,
                        "the images have more than %llu bytes together",
                        (unsigned long long)lim->all_bytes);
    }
  }
  *ico = (wg_ico){.images = images, .n_images = n};
  *out_ico = ico;
  return WG_OK;
}
