#include "project/image.h"

#include <string.h>

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
     .doc = "The folder in the image that gets the program; it is made if need be.",
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

static void image_apps_rules(wg_cfg *c, const wg_place *at) {
  const wg_cfg_image_app *apps = at->self;
  for (size_t i = 1; i < at->n; i++) {
    const wg_cfg_image_app *a = &apps[i];
    for (size_t k = 0; k < i && k < 1000; k++) {
      const wg_cfg_image_app *b = &apps[k];
      if (a->app != NULL && b->app != NULL && a->to != NULL && b->to != NULL &&
          strcmp(a->app, b->app) == 0 && wg_str_eq_nocase(wg_str_of(a->to), b->to)) {
        wg_cfg_error(
            c, a->pos,
            wg_cfg_printf(c, "%s.apps: app '%s' goes to '%s' twice", at->path, a->app, a->to),
            "remove one of the two");
        break;
      }
    }
  }
  for (size_t i = 0; i < at->n; i++) {
    wg_rule_protected(c, wg_cfg_printf(c, "%s.apps", at->path), apps[i].to, apps[i].to_pos, NULL);
  }
}

const wg_section wg_section_image_apps = {.rows = rows, .rules = image_apps_rules};
