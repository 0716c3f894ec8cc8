// SPDX-License-Identifier: Apache-2.0
#include "project/image.h"

#include <string.h>

#include "base/utf.h"
#include "image/part/part.h"
#include "image/reg/path.h"
#include "project/protect.h"
#include "project/values.h"

#define IMGAPP(field) WG_AT(wg_cfg_image_app, field)
static const wg_key image_app_keys[] = {
    {.name = "app",
     .type = WG_KEY_STRING,
     .flags = WG_KF_REQUIRED,
     .at = IMGAPP(app),
     .pos_at = IMGAPP(app_pos),
     .doc = "A name from `apps`.",
     .example = "agent"},
    {.name = "to",
     .type = WG_KEY_WINPATH,
     .flags = WG_KF_REQUIRED,
     .at = IMGAPP(to),
     .pos_at = IMGAPP(to_pos),
     .check = wg_cfg_check_windows_path,
     .pattern = wg_cfg_windows_path_pattern,
     .doc =
         "The folder in the image that gets the program, which is named as the app; it is made if "
         "need be. A path that ends in `.exe` is the program itself.",
     .example = "'C:\\Program Files\\Kiosk'"},
    {.name = "path",
     .type = WG_KEY_BOOL,
     .def = "false",
     .at = IMGAPP(path),
     .doc = "Puts the folder on the machine's PATH, once.",
     .example = "true"},
    {.name = NULL}};
static const wg_key image_app_item[] = {
    {.name = "",
     .type = WG_KEY_MAP,
     .sub = image_app_keys,
     .under = "images.*.apps[]",
     .pos_at = IMGAPP(pos),
     .example = "{app: agent, to: 'C:\\Program Files\\Kiosk'}"}};

static const wg_key rows[] = {{.name = "apps",
                               .type = WG_KEY_LIST,
                               .sub = image_app_item,
                               .at = WG_AT(wg_cfg_list, items),
                               .count_at = WG_AT(wg_cfg_list, n),
                               .size = sizeof(wg_cfg_image_app),
                               .doc = "The programs to put in.",
                               .example = "[{app: agent, to: 'C:\\Program Files\\Kiosk'}]"},
                              {.name = NULL}};

// --- names that meet: two entries that name one thing of the image

typedef struct app_claim {
  const char *what, *name, *cure;
  wg_pos pos;
} app_claim;

static bool claims_meet(const app_claim *a, const app_claim *b) {
  if (strcmp(a->what, b->what) != 0) {
    return false;
  }
  return strcmp(a->what, "folder on PATH") == 0
             ? wg_reg_same_folder(a->name, b->name)
             : wg_name_cmp_nocase(wg_str_of(a->name), wg_str_of(b->name)) == 0;
}

// What an app claims; at most three things. An event source has its service's name.
static size_t app_claims(wg_cfg *c, const wg_cfg_image_app *a, app_claim out[3]) {
  size_t n = 0;
  if (a->service.present && a->service.name != NULL) {
    out[n++] =
        (app_claim){"service", a->service.name, "give one of them another name", a->service.pos};
  }
  if (a->uninstall.present && a->app != NULL) {
    out[n++] = (app_claim){"uninstall entry", a->app, "keep one of them", a->uninstall.pos};
  }
  if (a->path && a->app != NULL && a->to != NULL) {
    WG_AUTO(wg_cstr) folder = wg_part_app_folder(a);
    out[n++] = (app_claim){"folder on PATH", wg_cfg_printf(c, "%s", folder),
                           "leave one of the two 'path: true' out", a->pos};
  }
  return n;
}

static void image_apps_names(wg_cfg *c, const wg_place *at) {
  const wg_cfg_image_app *apps = at->self;
  app_claim *all = wg_cfg_alloc(c, at->n * 3 + 1, sizeof(*all));
  size_t n = 0;
  for (size_t i = 0; i < at->n; i++) {
    size_t first = n;
    n += app_claims(c, &apps[i], all + n);
    for (size_t k = first; k < n; k++) {
      size_t m = 0;
      while (m < first && !claims_meet(&all[m], &all[k])) {
        m++;
      }
      if (m < first) {
        wg_cfg_error(c, all[k].pos,
                     wg_cfg_printf(c, "%s.apps: %s '%s' is there already: %s:%u:%u", at->path,
                                   all[k].what, all[k].name, all[m].pos.file, all[m].pos.line,
                                   all[m].pos.col),
                     all[k].cure);
      }
    }
  }
}

static void image_apps_rules(wg_cfg *c, const wg_place *at) {
  const wg_cfg_image_app *apps = at->self;
  image_apps_names(c, at);
  for (size_t i = 0; i < at->n; i++) {
    const char *label = wg_cfg_printf(c, "%s.apps", at->path);
    wg_rule_protected(c, label, apps[i].to, apps[i].to_pos, NULL);
    if (apps[i].path && apps[i].to != NULL && !wg_reg_list_item_ok(apps[i].to, false)) {
      wg_cfg_error(c, apps[i].to_pos,
                   wg_cfg_printf(c, "%s: '%s' cannot stand in PATH, whose folders a ';' separates",
                                 label, apps[i].to),
                   "choose a folder without a ';', or remove 'path'");
    }
  }
}

const wg_section wg_section_image_apps = {.rows = rows, .rules = image_apps_rules};
