// SPDX-License-Identifier: Apache-2.0
// files: what a project puts, deletes, renames, makes and sets.
#include <string.h>

#include "image/part/part.h"

static bool files_into_folder(const char *to) {
  size_t n = strlen(to);
  return n > 0 && (to[n - 1] == '\\' || to[n - 1] == '/');
}

char *wg_part_file_to(const char *to, const char *from) {
  return files_into_folder(to) ? wg_xprintf("%s%s", to, wg_path_basename(from)) : wg_xstrdup(to);
}

void wg_part_from_done(wg_part_from *f) {
  wg_xfree(f->path);
  wg_xfree(f->exclude);
}

wg_code wg_part_from_of(const wg_cfg_image_file *file, const char *project_dir, wg_part_from *out,
                        wg_error *err) {
  bool glob = wg_glob_is(file->from);
  size_t fixed = glob ? wg_glob_fixed(file->from) : strlen(file->from);
  WG_AUTO(wg_cstr) folder = wg_xstrndup(fixed == 0 ? "." : file->from, fixed == 0 ? 1 : fixed);
  WG_AUTO(wg_cstr) path = wg_path_join(project_dir, folder);
  wg_stat st;
  if (wg_os_stat(WG_CWD, path, true, &st, err) != WG_OK) {
    return err->code;
  }
  if (glob && st.type != WG_FT_DIR) {
    return wg_fail(err, WG_E_NOT_FOUND, "'%s' is no folder", path);
  }
  out->path = glob ? wg_path_clean(path) : wg_take(&path);
  out->is_folder = st.type == WG_FT_DIR;
  out->exclude = (const char **)wg_xarray(file->n_exclude + 1, sizeof(const char *));
  out->select = (wg_select){.only = glob ? file->from + fixed : NULL, .exclude = out->exclude};
  for (size_t i = 0; i < file->n_exclude; i++) {
    if (file->exclude[i].s != NULL) { // else it is a fault
      out->exclude[out->select.n_exclude++] = file->exclude[i].s;
    }
  }
  return WG_OK;
}

wg_code wg_part_from_is_empty(const wg_part_from *f, const wg_walk_watch *watch, bool *out,
                              wg_error *err) {
  WG_AUTO(wg_image_changes) changes = {0};
  wg_error walk = WG_ERROR_INIT;
  *out = false;
  if (!f->is_folder || (f->select.only == NULL && f->select.n_exclude == 0)) {
    return WG_OK;
  }
  if (wg_image_changes_add_tree(&changes, f->path, "\\", &f->select, watch, &walk) == WG_OK) {
    *out = changes.n == 1;
  } else if (walk.code == WG_E_LIMIT || walk.code == WG_E_CANCELED) {
    *err = walk;
    return err->code;
  }
  return WG_OK;
}

// What the entry says of attributes, descriptor and absence, for a change of that kind.
static wg_image_change files_change(const wg_cfg_image_file *f, wg_image_op op, const char *to,
                                    const char *from) {
  wg_image_change c = {.op = op, .to = to, .from = from, .owner = f->owner, .sddl = f->sddl};
  c.flags = (f->has_attributes != 0 ? WG_IMAGE_ATTRIBUTES : 0U) |
            (f->if_present ? WG_IMAGE_IF_PRESENT : 0U) | (f->replace ? WG_IMAGE_REPLACE : 0U) |
            (f->all_below ? WG_IMAGE_ALL_BELOW : 0U);
  for (size_t i = 0; i < f->n_attributes; i++) {
    c.attributes |= f->attributes[i];
  }
  return c;
}

static void files_add(wg_part_plan *plan, size_t i, const wg_cfg_image_file *f, const char *verb,
                      const wg_image_change *c, wg_src src) {
  WG_AUTO(wg_cstr) origin = wg_part_origin(f->path_pos);
  WG_AUTO(wg_cstr) title = wg_xprintf("files[%zu] %s %s", i, verb, c->to);
  wg_part_plan_change(plan, (wg_part_who){.title = title, .origin = origin}, c, src);
}

static wg_code files_put(const wg_part_in *in, size_t i, wg_part_plan *plan, wg_error *err) {
  const wg_cfg_image_file *f = &in->image->files[i];
  WG_AUTO(wg_cstr) label = wg_xprintf("files/%zu", i);
  WG_AUTO(wg_part_from) from = {0};
  wg_src src = {.kind = WG_SRC_INPUT, .label = label};
  if (wg_part_from_of(f, in->project_dir, &from, err) != WG_OK) {
    return wg_wrap(err, "%s:%u:%u: files", f->path_pos.file, f->path_pos.line, f->path_pos.col);
  }
  bool empty = false;
  if (wg_part_from_is_empty(&from, in->watch, &empty, err) != WG_OK) {
    return err->code == WG_E_CANCELED ? err->code
                                      : wg_wrap(err, "%s:%u:%u: files: '%s'", f->path_pos.file,
                                                f->path_pos.line, f->path_pos.col, f->from);
  }
  if (empty) {
    return wg_fail(err, WG_E_CONFIG, "%s:%u:%u: files: nothing of '%s' is left to be put",
                   f->path_pos.file, f->path_pos.line, f->path_pos.col, f->from);
  }
  if (!from.is_folder) {
    WG_AUTO(wg_cstr) to = wg_part_file_to(f->to, f->from);
    const wg_image_change c = files_change(f, WG_IMAGE_PUT_FILE, to, NULL);
    wg_part_plan_input_file(plan, label, from.path);
    files_add(plan, i, f, "to", &c, src);
    return WG_OK;
  }
  const wg_image_change c = files_change(f, WG_IMAGE_PUT_DIR, f->to, NULL);
  src.select = from.select;
  if (from.select.only != NULL || from.select.n_exclude > 0) {
    wg_part_plan_input_selected(plan, label, from.path, &from.select);
  } else {
    wg_part_plan_input_tree(plan, label, from.path);
  }
  files_add(plan, i, f, from.select.only != NULL ? "matching to" : "folder to", &c, src);
  return WG_OK;
}

static wg_code files_entry(const wg_part_in *in, size_t i, wg_part_plan *plan, wg_error *err) {
  static const struct {
    wg_image_op op;
    const char *verb;
  } ops[] = {[WG_CFG_FILE_DELETE] = {WG_IMAGE_DELETE, "delete"},
             [WG_CFG_FILE_MKDIR] = {WG_IMAGE_PUT_DIR, "make"},
             [WG_CFG_FILE_SET] = {WG_IMAGE_SET, "set"}};
  const wg_cfg_image_file *f = &in->image->files[i];
  wg_image_change c = {0};
  switch ((wg_cfg_file_op)f->op) {
  case WG_CFG_FILE_PUT:
    return files_put(in, i, plan, err);
  case WG_CFG_FILE_RENAME:
    c = files_change(f, WG_IMAGE_RENAME, f->to, f->path);
    files_add(plan, i, f, "rename to", &c, (wg_src){.kind = WG_SRC_NONE});
    return WG_OK;
  case WG_CFG_FILE_DELETE:
  case WG_CFG_FILE_MKDIR:
  case WG_CFG_FILE_SET:
    c = files_change(f, ops[f->op].op, f->path, NULL);
    files_add(plan, i, f, ops[f->op].verb, &c, (wg_src){.kind = WG_SRC_NONE});
    return WG_OK;
  case WG_CFG_FILE_NONE:
    break;
  }
  return wg_fail(err, WG_E_BUG, "an entry that does nothing");
}

static wg_code files_plan(const wg_part_in *in, wg_part_plan *plan, wg_error *err) {
  for (size_t i = 0; i < in->image->n_files; i++) {
    if (files_entry(in, i, plan, err) != WG_OK) {
      return err->code;
    }
  }
  return WG_OK;
}

const wg_image_part wg_part_files = {
    .name = "files", .version = 1, .order = 10, .plan = files_plan};
