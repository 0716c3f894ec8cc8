#include <string.h>

#include "image/tree/protect.h"
#include "project/rules.h"

static const char *const file_keys[] = {
    [WG_CFG_FILE_NONE] = "",         [WG_CFG_FILE_PUT] = "from",    [WG_CFG_FILE_DELETE] = "delete",
    [WG_CFG_FILE_RENAME] = "rename", [WG_CFG_FILE_MKDIR] = "mkdir", [WG_CFG_FILE_SET] = "set"};

static void files_error(wg_cfg *c, const wg_cfg_image *img, wg_pos pos, const char *text,
                        const char *hint) {
  wg_cfg_add_fault(c, WG_FAULT_ERROR, pos, wg_cfg_printf(c, "images.%s.files: %s", img->name, text),
                   hint);
}

// Keys beside one they don't belong to.
static void files_keys(wg_cfg *c, const wg_cfg_image *img, const wg_cfg_image_file *f) {
  const unsigned put = 1U << WG_CFG_FILE_PUT, del = 1U << WG_CFG_FILE_DELETE,
                 ren = 1U << WG_CFG_FILE_RENAME, make = 1U << WG_CFG_FILE_MKDIR,
                 set = 1U << WG_CFG_FILE_SET;
  const struct {
    const char *name;
    bool given;
    unsigned ops;
  } keys[] = {{"to", f->to_pos.line != 0, put | ren},
              {"attributes", f->has_attributes != 0, put | make | set},
              {"owner", f->owner_pos.line != 0, put | make | set},
              {"sddl", f->sddl_pos.line != 0, put | make | set},
              {"replace", f->replace, ren},
              {"if_present", f->if_present, del | ren | set}};
  for (size_t i = 0; i < WG_ARRAY_LEN(keys); i++) {
    if (keys[i].given && (keys[i].ops >> f->op & 1) == 0) {
      files_error(c, img, f->pos,
                  wg_cfg_printf(c, "'%s' does not belong to '%s'", keys[i].name, file_keys[f->op]),
                  "remove it, or make it two entries of the list");
    }
  }
  bool needs_to = (put | ren) >> f->op & 1;
  if (needs_to && f->to_pos.line == 0) {
    files_error(c, img, f->pos, wg_cfg_printf(c, "'to' is missing beside '%s'", file_keys[f->op]),
                "add where it goes: to: 'C:\\...'");
  }
  if (f->op == WG_CFG_FILE_SET && f->has_attributes == 0 && f->owner_pos.line == 0 &&
      f->sddl_pos.line == 0) {
    files_error(c, img, f->pos, "'set' sets nothing", "add 'attributes', 'owner' or 'sddl'");
  }
}

static void files_protected(wg_cfg *c, const wg_cfg_image *img, const char *where, const char *text,
                            wg_pos pos, const char *from) {
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
    wg_cfg_add_fault(
        c, WG_FAULT_ERROR, pos,
        wg_cfg_printf(c, "images.%s.%s: '%s' is not changed: %s", img->name, where, text, why),
        "remove the entry");
  }
}

void wg_cfg_rules_files(wg_cfg *c, const wg_cfg_image *img) {
  for (size_t i = 0; i < img->n_files; i++) {
    const wg_cfg_image_file *f = &img->files[i];
    if (f->op == WG_CFG_FILE_NONE) {
      continue;
    }
    files_keys(c, img, f);
    files_protected(c, img, "files", f->path, f->path_pos, NULL);
    files_protected(c, img, "files", f->to, f->to_pos, f->op == WG_CFG_FILE_PUT ? f->from : NULL);
  }
  for (size_t i = 0; i < img->n_apps; i++) {
    files_protected(c, img, "apps", img->apps[i].to, img->apps[i].to_pos, NULL);
  }
}
