// SPDX-License-Identifier: Apache-2.0
#include "fmt/rsrc/rsrc.h"

#include "fmt/coff/coff.h"
#include "fmt/ico/ico.h"

enum {
  RT_ICON_ = 3,
  RT_GROUP_ICON_ = 14,
  RT_VERSION_ = 16,
  RT_MANIFEST_ = 24,
  LANG_EN_US = 0x0409,
  MANIFEST_ID = 1, // CREATEPROCESS_MANIFEST_RESOURCE_ID
  MAX_ITEMS = 256 + 3,
  GROUP_MAX_BITS = 32,
};

typedef struct item_list {
  wg_rsrc_item *p;
  uint32_t n;
} item_list;

static void add_item(item_list *list, uint16_t type, uint16_t name, wg_str data) {
  wg_assert(list->n < MAX_ITEMS);
  list->p[list->n++] =
      (wg_rsrc_item){.type = {.id = type}, .name = {.id = name}, .lang = LANG_EN_US, .data = data};
}

// GRPICONDIRENTRY; sides of 256 and more are written as 0.
static void add_group_entry(wg_buf *b, const wg_ico_image *m, uint16_t id) {
  wg_buf_add_byte(b, (uint8_t)(m->width_px < 256 ? m->width_px : 0));
  wg_buf_add_byte(b, (uint8_t)(m->height_px < 256 ? m->height_px : 0));
  wg_buf_add_byte(b, (uint8_t)(m->n_colors < 256 ? m->n_colors : 0));
  wg_buf_add_byte(b, 0);
  wg_buf_add_le16(b, 1); // planes
  wg_buf_add_le16(b, m->bits_per_pixel < GROUP_MAX_BITS ? m->bits_per_pixel : GROUP_MAX_BITS);
  wg_buf_add_le32(b, (uint32_t)m->data.n);
  wg_buf_add_le16(b, id);
}

static wg_code add_icon(wg_str icon, wg_arena *arena, item_list *list, wg_buf *group,
                        wg_error *err) {
  const wg_ico *ico = NULL;
  if (icon.n == 0) {
    return WG_OK;
  }
  if (wg_ico_parse(icon.p, icon.n, NULL, arena, &ico, err) != WG_OK) {
    return wg_wrap(err, "icon");
  }
  wg_buf_add_le16(group, 0);
  wg_buf_add_le16(group, 1);
  wg_buf_add_le16(group, (uint16_t)ico->n_images);
  for (uint32_t i = 0; i < ico->n_images; i++) {
    uint16_t id = (uint16_t)(i + 1);
    add_group_entry(group, &ico->images[i], id);
    add_item(list, RT_ICON_, id, ico->images[i].data);
  }
  if (wg_buf_check(group, err) != WG_OK) {
    return err->code;
  }
  add_item(list, RT_GROUP_ICON_, 1, wg_buf_str(group));
  return WG_OK;
}

static wg_code add_manifest(const wg_rsrc_spec *spec, item_list *list, wg_buf *made,
                            wg_error *err) {
  if (spec->manifest_xml.n != 0 && spec->manifest != NULL) {
    return wg_fail(err, WG_E_CONFLICT, "a manifest file and manifest settings at once: choose one");
  }
  if (spec->manifest_xml.n != 0) {
    if (wg_rsrc_manifest_check(spec->manifest_xml, err) != WG_OK) {
      return wg_wrap(err, "manifest");
    }
    add_item(list, RT_MANIFEST_, MANIFEST_ID, spec->manifest_xml);
  }
  if (spec->manifest != NULL) {
    if (wg_rsrc_manifest_write(spec->manifest, made, err) != WG_OK) {
      return wg_wrap(err, "manifest");
    }
    add_item(list, RT_MANIFEST_, MANIFEST_ID, wg_buf_str(made));
  }
  return WG_OK;
}

static wg_code write_object(uint16_t machine, const item_list *list, wg_arena *arena, wg_buf *out,
                            wg_error *err) {
  WG_AUTO(wg_buf) tree = {0};
  wg_buf_init(&tree, arena->alloc, 0);
  const uint32_t *relocs = NULL;
  uint32_t n_relocs = 0;
  if (wg_rsrc_tree_write(list->p, list->n, arena, &tree, &relocs, &n_relocs, err) != WG_OK) {
    return err->code;
  }
  wg_coff_section section = {
      .name = ".rsrc",
      .data = wg_buf_str(&tree),
      .relocs = relocs,
      .n_relocs = n_relocs,
      .characteristics = WG_COFF_INITIALIZED_DATA | WG_COFF_MEM_READ | WG_COFF_ALIGN_8,
  };
  return wg_coff_write(machine, &section, 1, out, err);
}

wg_code wg_rsrc_build_syso(const wg_rsrc_spec *spec, wg_arena *arena, wg_buf *out, wg_error *err) {
  WG_AUTO(wg_buf) group = {0};
  WG_AUTO(wg_buf) version = {0};
  WG_AUTO(wg_buf) manifest = {0};
  wg_buf_init(&group, arena->alloc, 0);
  wg_buf_init(&version, arena->alloc, 0);
  wg_buf_init(&manifest, arena->alloc, 0);
  uint16_t machine = wg_coff_machine_of(spec->goarch);
  if (machine == 0) {
    return wg_fail(err, WG_E_UNSUPPORTED,
                   "resources for windows/%s: only amd64, arm64 and 386 are supported",
                   spec->goarch);
  }
  item_list list = {.p = wg_arena_new_array(arena, wg_rsrc_item, MAX_ITEMS)};
  if (list.p == NULL) {
    return wg_arena_fail(arena, err);
  }
  if (add_icon(spec->icon, arena, &list, &group, err) != WG_OK) {
    return err->code;
  }
  if (spec->version != NULL) {
    if (wg_rsrc_version_write(spec->version, &version, err) != WG_OK) {
      return wg_wrap(err, "version information");
    }
    add_item(&list, RT_VERSION_, 1, wg_buf_str(&version));
  }
  if (add_manifest(spec, &list, &manifest, err) != WG_OK) {
    return err->code;
  }
  return list.n == 0 ? WG_OK : write_object(machine, &list, arena, out, err);
}
