// SPDX-License-Identifier: Apache-2.0
// A record of an index made of what it says (pack.c makes it of an INF).
#include "driver/match/pack.h"
#include "driver/match/put.h"

void wg_drv_put_num(wg_buf *out, uint64_t v) {
  while (v >= 0x80) {
    wg_buf_add_byte(out, (uint8_t)(v | 0x80));
    v >>= 7;
  }
  wg_buf_add_byte(out, (uint8_t)v);
}

void wg_drv_put_str(wg_buf *out, wg_str s) {
  wg_drv_put_num(out, s.n);
  wg_buf_add_str(out, s);
}

void wg_drv_put_id(wg_buf *out, wg_str *before, wg_str id) {
  size_t same = 0;
  while (same < id.n && same < before->n && same < 255 && id.p[same] == before->p[same]) {
    same++;
  }
  wg_drv_put_num(out, same);
  wg_drv_put_str(out, (wg_str){id.p + same, id.n - same});
  *before = id;
}

static void put_guid(wg_buf *out, bool has, const uint8_t guid[16]) {
  wg_buf_add_byte(out, has);
  if (has) {
    wg_buf_add(out, guid, 16);
  }
}

static void put_head(wg_buf *out, const wg_drv_info *i) {
  wg_drv_put_str(out, i->class_name);
  wg_drv_put_str(out, i->provider);
  put_guid(out, i->has_guid, i->guid);
  put_guid(out, i->has_extension_id, i->extension_id);
  wg_drv_put_num(out, i->year);
  wg_drv_put_num(out, i->month);
  wg_drv_put_num(out, i->day);
  wg_buf_add_byte(out, i->has_version);
  for (size_t k = 0; k < 4; k++) {
    wg_drv_put_num(out, i->version[k]);
  }
  wg_drv_put_num(out, i->n_catalogs);
  for (uint32_t k = 0; k < i->n_catalogs; k++) {
    wg_drv_put_str(out, i->catalogs[k].suffix);
    wg_drv_put_str(out, i->catalogs[k].name);
  }
}

static void put_models(wg_buf *out, const wg_drv_info *i) {
  wg_str before = {0};
  wg_drv_put_num(out, i->n_groups);
  for (uint32_t g = 0; g < i->n_groups; g++) {
    wg_drv_put_num(out, i->groups[g].maker);
    wg_drv_put_str(out, i->groups[g].manufacturer);
    wg_drv_put_str(out, i->groups[g].decoration);
    wg_drv_put_num(out, i->groups[g].n_models);
    for (uint32_t k = 0; k < i->groups[g].n_models; k++) {
      const wg_drv_model *m = &i->models[i->groups[g].first_model + k];
      wg_drv_put_str(out, m->description);
      wg_drv_put_num(out, m->install);
      wg_drv_put_num(out, m->n_ids);
      for (uint32_t n = 0; n < m->n_ids; n++) {
        wg_drv_put_id(out, &before, i->ids[m->first_id + n]);
      }
    }
  }
}

wg_code wg_drv_pack_info(const wg_drv_info *info, wg_buf *out, wg_error *err) {
  put_head(out, info);
  put_models(out, info);
  wg_drv_put_num(out, info->n_installs);
  for (uint32_t i = 0; i < info->n_installs; i++) {
    const wg_drv_install *in = &info->installs[i];
    wg_drv_put_str(out, in->name);
    wg_drv_put_num(out, in->n_variants);
    for (uint32_t k = 0; k < in->n_variants; k++) {
      wg_drv_put_str(out, in->variants[k].suffix);
      wg_buf_add_byte(out, in->variants[k].feature_score);
      wg_drv_put_num(out, in->variants[k].n_components);
      for (uint32_t c = 0; c < in->variants[k].n_components; c++) {
        wg_drv_put_str(out, in->variants[k].components[c]);
      }
    }
  }
  return wg_buf_check(out, err);
}
