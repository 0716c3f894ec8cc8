// SPDX-License-Identifier: Apache-2.0
// What an image's sections put at one place; the rule is the parts' own.
#include "image/part/clash.h"
#include "project/hostfile.h"
#include "project/image.h"

static const wg_key rows[] = {{.name = NULL}};

static void puts_fault(void *ctx, wg_pos pos, const char *text, const char *hint) {
  wg_cfg *c = ctx;
  wg_cfg_error(c, pos, wg_cfg_printf(c, "%s", text),
               hint == NULL ? NULL : wg_cfg_printf(c, "%s", hint));
}

static void puts_rules(wg_cfg *c, const wg_place *at) {
  wg_part_find_clashes(at->self, at->path, c->dir, WG_PART_LOOK_NOT, NULL, NULL, puts_fault, c);
}

// With what the base has, where it is a WIM file that was looked at. What holds for all indexes is
// looked at with each of them.
static void puts_files(wg_cfg *c, const wg_place *at) {
  const wg_cfg_image *img = at->self;
  const wg_cfg_image *one =
      img->index == NULL && img->n_indexes == 0 && img->n_serviced == 1 ? &img->serviced[0] : img;
  WG_AUTO(wg_cstr) path = wg_hostfile_path(c, img->base.path != NULL ? img->base.path : "");
  const wg_image_base base = {.kind = WG_IMAGE_BASE_WIM,
                              .wim = (wg_image_disc_wim)one->base.wim,
                              .path = path,
                              .image = one->base_image};
  bool known = one->base.kind == WG_BASE_FILE && one->base_image != NULL;
  wg_part_find_clashes(img, at->path, c->dir, WG_PART_LOOK_ALL, known ? &base : NULL, c->watch,
                       puts_fault, c);
}

const wg_section wg_section_puts = {.rows = rows, .rules = puts_rules, .files = puts_files};
