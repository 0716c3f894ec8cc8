// SPDX-License-Identifier: Apache-2.0
// Windows icon files.
#include "cli/inspect/inspect.h"
#include "fmt/ico/ico.h"

// Reserved word 0, type word 1 (icon) or 2 (cursor), a count that is not 0.
bool wg_inspect_ico_detect(const wg_reader *head) {
  wg_reader r = *head;
  uint16_t reserved = 1, type = 0, count = 0;
  return wg_read_le16(&r, &reserved) && wg_read_le16(&r, &type) && wg_read_le16(&r, &count) &&
         reserved == 0 && (type == 1 || type == 2) && count != 0 && count < 1024;
}

wg_code wg_inspect_ico(wg_ins *i, wg_error *err) {
  static const wg_ins_col cols[] = {
      {"width", "Width", WG_COL_U64}, {"height", "Height", WG_COL_U64},
      {"bits", "Bits", WG_COL_U64},   {"colors", "Colours", WG_COL_U64},
      {"kind", "Kind", WG_COL_STR},   {"offset", "Offset", WG_COL_U64},
      {"bytes", "Size", WG_COL_U64}};
  const size_t n = WG_ARRAY_LEN(cols);
  const wg_ico *ico = NULL;
  if (wg_ico_parse(i->file.p, (size_t)i->file.n_bytes, NULL, i->arena, &ico, err) != WG_OK) {
    return err->code;
  }
  wg_ins_cell *rows = wg_arena_array(i->arena, ico->n_images, n * sizeof(*rows));
  if (rows == NULL) {
    return wg_arena_fail(i->arena, err);
  }
  for (uint32_t k = 0; k < ico->n_images; k++) {
    const wg_ico_image *m = &ico->images[k];
    wg_ins_cell *row = rows + k * n;
    row[0].v = m->width_px;
    row[1].v = m->height_px;
    row[2].v = m->bits_per_pixel;
    row[3].v = m->n_colors;
    row[4].s = m->is_png ? WG_STR("PNG") : WG_STR("DIB");
    row[5].v = m->file_off;
    row[6].v = m->data.n;
  }
  wg_ins_table(i, "images", "Images", cols, n, rows, ico->n_images);
  return WG_OK;
}
