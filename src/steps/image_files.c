#include "steps/image_files.h"

#include <string.h>

#include "fmt/lnk/lnk.h"
#include "steps/image_base.h"
#include "steps/image_registry.h"

// A file goes to its path, or under its own name into a folder named with a slash at the end.
static char *files_to(const wg_cfg_image_file *f) {
  size_t n = strlen(f->to);
  bool slash = n > 0 && (f->to[n - 1] == '\\' || f->to[n - 1] == '/');
  return slash ? wg_xprintf("%s%s", f->to, wg_path_basename(f->from)) : wg_xstrdup(f->to);
}

// What the entry says of attributes, descriptor and absence, for a change of that kind.
static wg_image_change files_change(const wg_cfg_image_file *f, wg_image_op op, const char *to,
                                    const char *from) {
  wg_image_change c = {.op = op, .to = to, .from = from, .owner = f->owner, .sddl = f->sddl};
  c.flags = (f->has_attributes != 0 ? WG_IMAGE_ATTRIBUTES : 0U) |
            (f->if_present ? WG_IMAGE_IF_PRESENT : 0U) | (f->replace ? WG_IMAGE_REPLACE : 0U);
  for (size_t i = 0; i < f->n_attributes; i++) {
    c.attributes |= f->attributes[i];
  }
  return c;
}

// A folder: attributes and sddl are of the folder it becomes, the owner is of everything.
static wg_code files_tree(const wg_cfg_image_file *f, const char *from, wg_image_changes *out,
                          wg_error *err) {
  size_t first = out->n;
  if (wg_image_changes_add_tree(out, from, f->to, err) != WG_OK) {
    return err->code;
  }
  for (size_t i = first; i < out->n; i++) {
    wg_image_change *c = &out->v[i];
    const wg_image_change given = files_change(f, c->op, c->to, c->from);
    c->owner = given.owner == NULL ? NULL : wg_xstrdup(given.owner);
    if (i == first) {
      c->sddl = given.sddl == NULL ? NULL : wg_xstrdup(given.sddl);
      c->flags = given.flags;
      c->attributes = given.attributes;
    }
  }
  return WG_OK;
}

static wg_code files_put(const wg_project *project, const wg_cfg_image_file *f,
                         wg_image_changes *out, wg_error *err) {
  WG_AUTO(wg_cstr) from = wg_image_host_path(project, f->from);
  wg_stat st;
  if (wg_os_stat(WG_CWD, from, true, &st, err) != WG_OK) {
    return err->code;
  }
  if (st.type == WG_FT_DIR) {
    return files_tree(f, from, out, err);
  }
  WG_AUTO(wg_cstr) to = files_to(f);
  const wg_image_change c = files_change(f, WG_IMAGE_PUT_FILE, to, from);
  wg_image_changes_push(out, &c);
  return WG_OK;
}

static wg_code files_entry(const wg_project *project, const wg_cfg_image_file *f,
                           wg_image_changes *out, wg_error *err) {
  wg_image_change c = {0};
  switch ((wg_cfg_file_op)f->op) {
  case WG_CFG_FILE_PUT:
    return files_put(project, f, out, err);
  case WG_CFG_FILE_DELETE:
    c = files_change(f, WG_IMAGE_DELETE, f->path, NULL);
    break;
  case WG_CFG_FILE_RENAME:
    c = files_change(f, WG_IMAGE_RENAME, f->to, f->path);
    break;
  case WG_CFG_FILE_MKDIR:
    c = files_change(f, WG_IMAGE_PUT_DIR, f->path, NULL);
    break;
  case WG_CFG_FILE_SET:
    c = files_change(f, WG_IMAGE_SET, f->path, NULL);
    break;
  case WG_CFG_FILE_NONE:
    return wg_fail(err, WG_E_BUG, "an entry that does nothing");
  }
  wg_image_changes_push(out, &c);
  return WG_OK;
}

wg_code wg_image_files_changes(const wg_project *project, const wg_cfg_image *image,
                               wg_image_changes *out, wg_error *err) {
  for (size_t i = 0; i < image->n_files; i++) {
    const wg_cfg_image_file *f = &image->files[i];
    if (files_entry(project, f, out, err) != WG_OK) {
      return wg_wrap(err, "%s:%u:%u", f->path_pos.file, f->path_pos.line, f->path_pos.col);
    }
  }
  return WG_OK;
}

static wg_code files_input(wg_step *step, size_t i, const wg_project *project,
                           const wg_cfg_image_file *f, wg_error *err) {
  WG_AUTO(wg_cstr) label = wg_xprintf("file/%zu", i);
  WG_AUTO(wg_cstr) path = wg_image_host_path(project, f->from);
  wg_stat st;
  if (wg_os_stat(WG_CWD, path, true, &st, err) != WG_OK) {
    return wg_wrap(err, "%s:%u:%u: files", f->path_pos.file, f->path_pos.line, f->path_pos.col);
  }
  if (st.type == WG_FT_DIR) {
    wg_step_input_tree(step, label, path);
  } else {
    wg_step_input_file(step, label, path);
  }
  return WG_OK;
}

// "file,12" is a file and the number of the icon in it. Heap.
static char *shortcut_icon(const char *given, int32_t *out_index) {
  const char *comma = strrchr(given, ',');
  bool minus = comma != NULL && comma[1] == '-'; // a resource's id
  uint64_t n = 0;
  if (comma == NULL || !wg_parse_u64(wg_str_of(comma + (minus ? 2 : 1)), &n) || n > INT16_MAX) {
    *out_index = 0;
    return wg_xstrdup(given);
  }
  *out_index = minus ? -(int32_t)n : (int32_t)n;
  return wg_xstrndup(given, (size_t)(comma - given));
}

// The shortcut's bytes, and its path in the image.
static wg_code shortcut_make(const wg_cfg_image_app *a, wg_buf *out, char **out_to, wg_error *err) {
  const wg_cfg_shortcut *s = &a->shortcut;
  WG_AUTO(wg_cstr) program = wg_image_app_program(a);
  WG_AUTO(wg_cstr) folder = wg_xstrndup(program, (size_t)(strrchr(program, '\\') - program));
  WG_AUTO(wg_cstr) icon = NULL;
  wg_lnk l = {.path = program,
              .file_attributes = 0x20,
              .drive_type = 3,
              .show = 1,
              .name = s->description,
              .args = s->args,
              .working_dir = s->working_dir != NULL ? s->working_dir : folder};
  if (program[0] == 'c') {
    program[0] = folder[0] = 'C';
  }
  if (s->icon != NULL) {
    icon = shortcut_icon(s->icon, &l.icon_index);
    l.icon = icon;
    l.env_icon = strchr(icon, '%') != NULL ? icon : NULL;
  }
  *out_to = wg_xprintf("C:\\ProgramData\\Microsoft\\Windows\\Start Menu\\Programs\\%s%s%s.lnk",
                       s->folder != NULL ? s->folder : "", s->folder != NULL ? "\\" : "",
                       s->name != NULL ? s->name : a->app);
  return wg_lnk_write(&l, out, err);
}

wg_code wg_image_shortcuts(const wg_cfg_image *image, const char *tmp_dir, wg_image_changes *out,
                           wg_error *err) {
  for (size_t i = 0; i < image->n_apps; i++) {
    const wg_cfg_image_app *a = &image->apps[i];
    WG_AUTO(wg_buf) bytes = {0};
    WG_AUTO(wg_cstr) to = NULL;
    WG_AUTO(wg_cstr) name = wg_xprintf("shortcut-%zu.lnk", i);
    WG_AUTO(wg_cstr) staged = wg_path_join(tmp_dir, name);
    wg_buf_init(&bytes, wg_heap(), 0);
    if (!a->shortcut.wanted) {
      continue;
    }
    if (shortcut_make(a, &bytes, &to, err) != WG_OK) {
      return wg_wrap(err, "%s:%u:%u: shortcut of '%s'", a->shortcut.pos.file, a->shortcut.pos.line,
                     a->shortcut.pos.col, a->app);
    }
    if (wg_os_write_file(WG_CWD, staged, bytes.p, bytes.n, 0600, false, err) != WG_OK) {
      return err->code;
    }
    wg_image_changes_add(out, WG_IMAGE_PUT_FILE, to, staged);
  }
  return WG_OK;
}

// The file itself decides: its bytes are the parameter.
static wg_code shortcut_inputs(wg_step *step, const wg_cfg_image *image, wg_error *err) {
  for (size_t i = 0; i < image->n_apps; i++) {
    const wg_cfg_image_app *a = &image->apps[i];
    WG_AUTO(wg_buf) bytes = {0};
    WG_AUTO(wg_buf) value = {0};
    WG_AUTO(wg_cstr) to = NULL;
    WG_AUTO(wg_cstr) name = wg_xprintf("shortcut/%zu", i);
    wg_buf_init(&bytes, wg_heap(), 0);
    wg_buf_init(&value, wg_heap(), 0);
    if (!a->shortcut.wanted) {
      continue;
    }
    if (shortcut_make(a, &bytes, &to, err) != WG_OK) {
      err->code = WG_E_CONFIG; // a fault of the project file
      return wg_wrap(err, "%s:%u:%u: shortcut", a->shortcut.pos.file, a->shortcut.pos.line,
                     a->shortcut.pos.col);
    }
    wg_buf_add_z(&value, to);
    wg_buf_add_byte(&value, '|');
    wg_buf_add_hex(&value, bytes.p, bytes.n);
    wg_step_param(step, name, wg_buf_z(&value));
  }
  return WG_OK;
}

wg_code wg_image_files_inputs(wg_step *step, const wg_project *project, const wg_cfg_image *image,
                              wg_error *err) {
  for (size_t i = 0; i < image->n_files; i++) {
    const wg_cfg_image_file *f = &image->files[i];
    bool put = f->op == WG_CFG_FILE_PUT;
    if (put && files_input(step, i, project, f, err) != WG_OK) {
      return err->code;
    }
    WG_AUTO(wg_cstr) name = wg_xprintf("file/%zu", i);
    WG_AUTO(wg_cstr) to = f->to == NULL ? wg_xstrdup("") : put ? files_to(f) : wg_xstrdup(f->to);
    const wg_image_change c = files_change(f, WG_IMAGE_SET, to, NULL);
    WG_AUTO(wg_cstr)
    value = wg_xprintf("%u|%s|%s|%u|%u|%s|%s", f->op, put ? "" : f->path, to, c.flags, c.attributes,
                       f->owner == NULL ? "" : f->owner, f->sddl == NULL ? "" : f->sddl);
    wg_step_param(step, name, value);
  }
  return shortcut_inputs(step, image, err);
}
