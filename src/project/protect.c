// SPDX-License-Identifier: Apache-2.0
#include "project/protect.h"

#include <string.h>

#include "image/tree/protect.h"

void wg_rule_protected(wg_cfg *c, const char *label, const char *text, wg_pos pos,
                       const char *from) {
  wg_winpath path;
  wg_error ignored = WG_ERROR_INIT;
  size_t n = text == NULL ? 0 : strlen(text);
  if (n == 0) {
    return;
  }
  if (from != NULL && (text[n - 1] == '\\' || text[n - 1] == '/')) {
    text = wg_cfg_printf(c, "%s%s", text, wg_path_basename(from));
  }
  if (wg_winpath_parse(text, &c->arena, &path, &ignored) != WG_OK) {
    return; // reported with the key
  }
  const char *why = wg_image_protected(&path);
  if (why != NULL) {
    wg_cfg_add_fault(c, WG_FAULT_ERROR, pos,
                     wg_cfg_printf(c, "%s: '%s' is not changed: %s", label, text, why),
                     "remove the entry");
  }
}
