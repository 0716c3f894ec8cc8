// SPDX-License-Identifier: Apache-2.0
// Icon groups (RT_GROUP_ICON: GRPICONDIR) and their images (RT_ICON), docs/formats/rsrc.md.
#include <string.h>

#include "fmt/pe/pe_parse.h"

enum {
  GROUP_HEADER_BYTES = 6,
  GROUP_ENTRY_BYTES = 14,
  ICO_ENTRY_BYTES = 16,
};

// What reading groups needs: RT_ICON resources by number, and how many images may still come.
typedef struct icon_index {
  const wg_pe *pe;
  wg_arena *arena;
  const wg_pe_resource **by_id; // 65536 entries
  uint32_t images_left;
} icon_index;

static bool is_type(const wg_pe_resource *r, uint32_t type) {
  return !r->type.is_name && r->type.id == type && r->in_file;
}

static wg_code make_index(icon_index *x, wg_error *err) {
  x->by_id = wg_arena_new_array(x->arena, const wg_pe_resource *, 65536);
  if (x->by_id == NULL) {
    return wg_arena_fail(x->arena, err);
  }
  for (uint32_t i = 0; i < x->pe->n_resources; i++) {
    const wg_pe_resource *r = &x->pe->resources[i];
    if (is_type(r, WG_RT_ICON) && !r->name.is_name && r->name.id < 65536 &&
        x->by_id[r->name.id] == NULL) {
      x->by_id[r->name.id] = r;
    }
  }
  return WG_OK;
}

static wg_code read_group(icon_index *x, const wg_pe_resource *res, wg_pe_icon_group *out,
                          wg_error *err) {
  wg_reader r = wg_reader_of(res->data.p, res->data.n), entries;
  r.base_off = res->file_off;
  uint16_t reserved = 0, type = 0, n = 0;
  if (!wg_read_le16(&r, &reserved) || !wg_read_le16(&r, &type) || !wg_read_le16(&r, &n) ||
      reserved != 0 || type != 1) {
    return wg_fail_at(err, WG_E_FORMAT, res->file_off, "icon group: bad header");
  }
  if (n > x->images_left) {
    return wg_fail_at(err, WG_E_LIMIT, res->file_off, "icon groups: more than %u images",
                      x->pe->limits.icon_images);
  }
  x->images_left -= n;
  if (!wg_reader_slice(&r, GROUP_HEADER_BYTES, (uint64_t)n * GROUP_ENTRY_BYTES, &entries)) {
    return wg_fail_at(err, WG_E_FORMAT, res->file_off, "icon group: %u images do not fit", n);
  }
  wg_pe_icon_image *images = wg_arena_new_array(x->arena, wg_pe_icon_image, n);
  if (images == NULL) {
    return wg_arena_fail(x->arena, err);
  }
  for (uint32_t i = 0; i < n; i++) {
    const uint8_t *e = entries.p + (size_t)i * GROUP_ENTRY_BYTES;
    const wg_pe_resource *icon = x->by_id[wg_le16(e + 12)];
    images[i] = (wg_pe_icon_image){.width_px = e[0] != 0 ? e[0] : 256,
                                   .height_px = e[1] != 0 ? e[1] : 256,
                                   .bits_per_pixel = wg_le16(e + 6),
                                   .id = wg_le16(e + 12)};
    if (icon != NULL) {
      images[i].data = icon->data;
      images[i].is_png = icon->data.n >= 8 && memcmp(icon->data.p, "\x89PNG\r\n\x1a\n", 8) == 0;
    }
  }
  *out = (wg_pe_icon_group){.name = res->name,
                            .lang = res->lang,
                            .file_off = res->file_off,
                            .images = images,
                            .n_images = n};
  return WG_OK;
}

wg_code wg_pe_icon_groups(const wg_pe *pe, wg_arena *arena, const wg_pe_icon_group **out,
                          uint32_t *out_n, wg_error *err) {
  uint32_t n = 0;
  icon_index x = {.pe = pe, .arena = arena, .images_left = pe->limits.icon_images};
  for (uint32_t i = 0; i < pe->n_resources; i++) {
    n += is_type(&pe->resources[i], WG_RT_GROUP_ICON) ? 1 : 0;
  }
  wg_pe_icon_group *list = wg_arena_new_array(arena, wg_pe_icon_group, n);
  if (list == NULL) {
    return wg_arena_fail(arena, err);
  }
  if (n != 0 && make_index(&x, err) != WG_OK) {
    return err->code;
  }
  n = 0;
  for (uint32_t i = 0; i < pe->n_resources; i++) {
    const wg_pe_resource *r = &pe->resources[i];
    if (is_type(r, WG_RT_GROUP_ICON) && read_group(&x, r, &list[n++], err) != WG_OK) {
      return err->code;
    }
  }
  *out = list;
  *out_n = n;
  return WG_OK;
}

wg_code wg_pe_icon_write_ico(const wg_pe *pe, const wg_pe_icon_group *g, wg_buf *out,
                             wg_error *err) {
  uint64_t off = GROUP_HEADER_BYTES + (uint64_t)g->n_images * ICO_ENTRY_BYTES;
  wg_buf_add_le16(out, 0);
  wg_buf_add_le16(out, 1);
  wg_buf_add_le16(out, (uint16_t)g->n_images);
  for (uint32_t i = 0; i < g->n_images; i++) {
    const wg_pe_icon_image *m = &g->images[i];
    if (m->data.n == 0) {
      return wg_fail_at(err, WG_E_FORMAT, g->file_off,
                        "icon group: image %u (RT_ICON %u) is not in the file", i + 1, m->id);
    }
    if (off + m->data.n > pe->limits.icon_bytes) {
      return wg_fail(err, WG_E_LIMIT, "icon group: more than %llu bytes",
                     (unsigned long long)pe->limits.icon_bytes);
    }
    wg_buf_add_byte(out, (uint8_t)(m->width_px & 0xFF));
    wg_buf_add_byte(out, (uint8_t)(m->height_px & 0xFF));
    // Colours of a palette image; 0 when there are 256 or more.
    wg_buf_add_byte(out, (uint8_t)(m->bits_per_pixel < 8 ? 1U << m->bits_per_pixel & 0xFF : 0));
    wg_buf_add_byte(out, 0);
    wg_buf_add_le16(out, 1);
    wg_buf_add_le16(out, m->bits_per_pixel);
    wg_buf_add_le32(out, (uint32_t)m->data.n);
    wg_buf_add_le32(out, (uint32_t)off);
    off += m->data.n;
  }
  for (uint32_t i = 0; i < g->n_images; i++) {
    wg_buf_add_str(out, g->images[i].data);
  }
  return wg_buf_check(out, err);
}
