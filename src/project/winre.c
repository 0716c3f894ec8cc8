// SPDX-License-Identifier: Apache-2.0
// winre: what is done to the recovery environment in an image.
#include "project/image.h"

#define WINRE(field) WG_AT(wg_cfg_winre, field)
static const wg_key rows[] = {
    {.name = "winre",
     .type = WG_KEY_MAP,
     .flags = WG_KF_POSITION_OF_KEY,
     .under = "images.*.winre",
     .at = WG_WHOLE,
     .pos_at = WINRE(pos),
     .present_at = WINRE(present),
     .since = "0.2",
     .doc =
         "The recovery environment of the image: Windows\\System32\\Recovery\\Winre.wim is taken "
         "out of it, changed as an image of its own and put back, with the attributes and the "
         "descriptor that it had. With `indexes` that of each index; those that are alike are "
         "changed once. An image without one is an error.",
     .example = "{files: [{from: branding, to: 'C:\\Branding'}]}"},
    {.name = NULL}};

static void winre_rules(wg_cfg *c, const wg_place *at) {
  const wg_cfg_winre *w = at->self;
  if (w->present && w->n_files == 0 && w->n_registry == 0 && !w->drivers) {
    wg_cfg_error(c, w->pos, wg_cfg_printf(c, "%s.winre: nothing is done to it", at->path),
                 "add 'files', 'registry' or 'drivers', or remove it");
  }
}

const wg_section wg_section_winre = {.rows = rows, .rules = winre_rules};

static const wg_key driver_rows[] = {
    {.name = "drivers",
     .type = WG_KEY_BOOL,
     .at = WINRE(drivers),
     .pos_at = WINRE(drivers_pos),
     .def = "false",
     .since = "0.2",
     .doc = "The packages of the image's `drivers` that Windows PE takes go into the recovery "
            "environment, too, so that it reaches the disk (and with `setup_network` the network).",
     .example = "true"},
    {.name = NULL}};

const wg_section wg_section_winre_drivers = {.rows = driver_rows};
