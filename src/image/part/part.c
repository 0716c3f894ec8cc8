// SPDX-License-Identifier: Apache-2.0
#include "image/part/part.h"

#include "image/part/clash.h"

char *wg_part_host_path(const wg_part_in *in, const char *given) {
  WG_AUTO(wg_cstr) joined = wg_path_join(in->project_dir, given);
  return wg_path_clean(joined);
}

char *wg_part_origin(wg_pos pos) {
  return wg_xprintf("%s:%u:%u", pos.file, pos.line, pos.col);
}

// Plans stop at the first fault; `check` tells all.
static void part_clash(void *ctx, wg_pos pos, const char *text, const char *hint) {
  wg_error *err = ctx;
  if (err->code == WG_OK) {
    (void)wg_fail(err, WG_E_CONFIG, "%s:%u:%u: %s; %s", pos.file, pos.line, pos.col, text, hint);
  }
}

wg_code wg_part_plan_all(const wg_part_table *table, const wg_part_in *in, wg_part_plan **out,
                         wg_error *err) {
  WG_AUTO_PTR(wg_part_plan) plan = wg_part_plan_new();
  WG_AUTO(wg_cstr) label = wg_xprintf("images.%s", in->image->name);
  wg_error clash = WG_ERROR_INIT;
  wg_part_find_clashes(in->image, label, in->project_dir, WG_PART_LOOK_KIND, NULL, in->watch,
                       part_clash, &clash);
  if (clash.code != WG_OK) {
    *err = clash;
    return err->code;
  }
  for (size_t i = 0; i < table->n_parts; i++) {
    const wg_image_part *part = table->parts[i];
    wg_assert(i == 0 || table->parts[i - 1]->order < part->order);
    wg_part_plan_turn(plan, part->name, part->order, part->version);
    if (part->plan(in, plan, err) != WG_OK) {
      return err->code;
    }
  }
  *out = wg_take(&plan);
  return WG_OK;
}
