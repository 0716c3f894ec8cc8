// SPDX-License-Identifier: Apache-2.0
// winre: the image's recovery environment, which is a WIM in it. What is done to that one is a step
// of its own; here the result is put back.
#include "image/part/part.h"

wg_cfg_image wg_part_winre_image(const wg_cfg_image *image) {
  wg_cfg_drivers drivers = image->winre.drivers ? image->drivers : (wg_cfg_drivers){0};
  drivers.n_remove = 0; // names of what the image has
  drivers.present = drivers.n_from > 0;
  return (wg_cfg_image){.name = image->name,
                        .pos = image->winre.pos,
                        .files = image->winre.files,
                        .n_files = image->winre.n_files,
                        .registry = image->winre.registry,
                        .n_registry = image->winre.n_registry,
                        .drivers = drivers};
}

char *wg_part_winre_absent(const char *base_image) {
  const char *of = base_image;
  return wg_xprintf("%s%s%s has no '%s'", of != NULL ? "image '" : "the base", of != NULL ? of : "",
                    of != NULL ? "' of the base" : "", WG_PART_WINRE_PATH);
}

static wg_code winre_plan(const wg_part_in *in, wg_part_plan *plan, wg_error *err) {
  (void)err;
  if (in->winre_step == NULL) {
    return WG_OK;
  }
  WG_AUTO(wg_cstr) origin = wg_part_origin(in->image->winre.pos);
  const wg_image_change change = {.op = WG_IMAGE_PUT_FILE, .to = WG_PART_WINRE_PATH};
  wg_part_plan_input_step(plan, "winre", in->winre_step, "image");
  wg_part_plan_change(plan, (wg_part_who){.title = "winre Winre.wim", .origin = origin}, &change,
                      (wg_src){.kind = WG_SRC_INPUT, .label = "winre"});
  return WG_OK;
}

const wg_image_part wg_part_winre = {
    .name = "winre", .version = 1, .order = 40, .plan = winre_plan};
