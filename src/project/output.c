// SPDX-License-Identifier: Apache-2.0
#include "project/image.h"
#include "project/values.h"

static const wg_choice kinds[] = {{"wim", WG_OUTPUT_WIM, false},
                                  {"esd", WG_OUTPUT_ESD, false},
                                  {"swm", WG_OUTPUT_SWM, false},
                                  {NULL, 0, false}};

#define OUTPUT(field) WG_AT(wg_cfg_output, field)
static const wg_key output_keys[] = {
    {.name = "swm",
     .type = WG_KEY_SIZE,
     .flags = WG_KF_REQUIRED,
     .at = OUTPUT(part_bytes),
     .mark_at = OUTPUT(kind),
     .mark = WG_OUTPUT_SWM,
     .doc = "A split WIM, and the size that no part is to exceed (a part is larger only when one "
            "file's packed content is).",
     .example = "3800MiB"},
    {.name = NULL}};
static const wg_key output_map = {.name = "", .type = WG_KEY_MAP, .sub = output_keys};
static const wg_key output_item[] = {{.name = "",
                                      .type = WG_KEY_ENUM,
                                      .choices = kinds,
                                      .at = OUTPUT(kind),
                                      .pos_at = OUTPUT(pos),
                                      .map_form = &output_map}};

static const wg_key rows[] = {
    {.name = "outputs",
     .type = WG_KEY_LIST,
     .flags = WG_KF_UNIQUE,
     .group = 1,
     .sub = output_item,
     .at = WG_AT(wg_cfg_list, items),
     .count_at = WG_AT(wg_cfg_list, n),
     .size = sizeof(wg_cfg_output),
     .doc =
         "The kinds of file to make, as `out/<name>.<kind>`: `wim` (LZX, which everything reads), "
         "`esd` (solid LZMS: about a quarter smaller, slow to make the first time; Windows 8 and "
         "later), `swm` (a WIM split into parts of 3800 MiB, for FAT32; `{swm: 2GiB}` for "
         "another size).",
     .example = "[wim, esd, {swm: 3800MiB}]"},
    {.name = NULL}};

#define OUTPUT_MIN_PART_BYTES ((uint64_t)1 << 20)

static void outputs_rules(wg_cfg *c, const wg_place *at) {
  const wg_cfg_output *outputs = at->self;
  for (size_t i = 0; i < at->n; i++) {
    const wg_cfg_output *o = &outputs[i];
    for (size_t k = 0; k < i; k++) {
      if (o->kind == WG_OUTPUT_SWM && outputs[k].kind == WG_OUTPUT_SWM) {
        wg_cfg_error(c, o->pos,
                     wg_cfg_printf(c, "%s.outputs: 'swm' is in the list twice", at->path),
                     "remove one of the two");
      }
    }
    if (o->kind == WG_OUTPUT_SWM && o->part_bytes != 0 && o->part_bytes < OUTPUT_MIN_PART_BYTES) {
      wg_cfg_error(c, o->pos, wg_cfg_printf(c, "%s.outputs: parts of less than 1 MiB", at->path),
                   "write a size such as 3800MiB");
    }
  }
}

const wg_section wg_section_outputs = {.rows = rows, .rules = outputs_rules};

#define IMG(field) WG_AT(wg_cfg_image, field)
static const wg_key into_rows[] = {
    {.name = "into",
     .type = WG_KEY_STRING,
     .group = 1,
     .at = IMG(into),
     .pos_at = IMG(into_pos),
     .check = wg_cfg_check_into,
     .pattern = "^[a-z0-9][a-z0-9._-]*\\.(wim|esd)$",
     .since = "0.2",
     .doc =
         "Instead of `outputs`: one file, `out/<into>`, for all images that say the same. Each of "
         "them is in it, in the order of this file, and nothing else of their bases; contents "
         "that several have are in it once. What it is its name says: `.wim` or `.esd`. Two "
         "images of one file need two names (`name`).",
     .example = "win11.wim"},
    {.name = NULL}};

const wg_section wg_section_into = {.rows = into_rows};

const char *wg_output_ending(wg_output_kind kind) {
  return kinds[kind].name; // in the order of the enum
}

const char *wg_output_file(wg_cfg *c, const wg_cfg_image *image, const wg_cfg_output *o) {
  return wg_cfg_printf(c, "%s.%s", image->name, wg_output_ending(o->kind));
}
