// SPDX-License-Identifier: Apache-2.0
// Start-menu shortcuts of an image's apps.
#include <string.h>

#include "fmt/lnk/lnk.h"
#include "image/part/part.h"

#define SHORTCUT_MAX_BYTES ((uint64_t)1 << 20)
#define FILE_ATTRIBUTE_ARCHIVE 0x20U
#define DRIVE_FIXED 3U
#define SW_SHOWNORMAL 1U

char *wg_part_shortcut_to(const wg_cfg_image_app *a) {
  const wg_cfg_shortcut *s = &a->shortcut;
  return wg_xprintf("C:\\ProgramData\\Microsoft\\Windows\\Start Menu\\Programs\\%s%s%s.lnk",
                    s->folder != NULL ? s->folder : "", s->folder != NULL ? "\\" : "",
                    s->name != NULL ? s->name : a->app);
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

static wg_code shortcut_make(const wg_cfg_image_app *a, wg_buf *out, wg_error *err) {
  const wg_cfg_shortcut *s = &a->shortcut;
  WG_AUTO(wg_cstr) program = wg_part_app_program(a);
  WG_AUTO(wg_cstr) folder = wg_part_app_folder(a);
  WG_AUTO(wg_cstr) icon = NULL;
  wg_lnk l = {.path = program,
              .file_attributes = FILE_ATTRIBUTE_ARCHIVE,
              .drive_type = DRIVE_FIXED,
              .show = SW_SHOWNORMAL,
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
  return wg_lnk_write(&l, out, err);
}

static wg_code shortcut_plan(size_t i, const wg_cfg_image_app *a, wg_part_plan *plan,
                             wg_error *err) {
  WG_AUTO(wg_buf) bytes = {0};
  WG_AUTO(wg_cstr) to = wg_part_shortcut_to(a);
  WG_AUTO(wg_cstr) origin = wg_part_origin(a->shortcut.pos);
  WG_AUTO(wg_cstr) title = wg_xprintf("apps[%zu] shortcut %s", i, to);
  wg_buf_init(&bytes, wg_heap(), 0);
  if (shortcut_make(a, &bytes, err) != WG_OK) {
    err->code = WG_E_CONFIG; // a fault of the project file
    return wg_wrap(err, "%s: shortcut of '%s'", origin, a->app);
  }
  const wg_image_change c = {.op = WG_IMAGE_PUT_FILE, .to = to};
  const wg_src src = {.kind = WG_SRC_BYTES, .bytes = wg_buf_str(&bytes)};
  wg_part_plan_change(plan, (wg_part_who){.title = title, .origin = origin}, &c, src);
  return WG_OK;
}

static wg_code shortcuts_plan(const wg_part_in *in, wg_part_plan *plan, wg_error *err) {
  for (size_t i = 0; i < in->image->n_apps; i++) {
    const wg_cfg_image_app *a = &in->image->apps[i];
    if (a->shortcut.wanted && shortcut_plan(i, a, plan, err) != WG_OK) {
      return err->code;
    }
  }
  return WG_OK;
}

// Each shortcut as Windows would read it: it leads to a file of the image.
static wg_code shortcuts_check(const wg_part_run *run, wg_image_reader *out,
                               const wg_part_plan *plan, wg_error *err) {
  (void)run;
  for (size_t i = 0; i < wg_part_plan_count(plan); i++) {
    const wg_part_item *item = wg_part_plan_item(plan, i);
    WG_AUTO(wg_buf) bytes = {0};
    WG_AUTO(wg_arena) arena = {0};
    wg_lnk l = {0};
    bool there = false;
    if (strcmp(item->part, wg_part_shortcuts.name) != 0) {
      continue;
    }
    wg_buf_init(&bytes, wg_heap(), 0);
    wg_arena_init(&arena, wg_heap(), 0);
    if (wg_image_reader_file(out, item->change.to, SHORTCUT_MAX_BYTES, &bytes, err) != WG_OK ||
        wg_lnk_parse(bytes.p, bytes.n, &arena, &l, err) != WG_OK ||
        wg_image_reader_exists(out, l.path, &there, err) != WG_OK) {
      return wg_wrap(err, "%s: shortcut '%s'", item->origin, item->change.to);
    }
    if (!there) {
      return wg_fail(err, WG_E_VERIFY, "%s: shortcut '%s' leads to '%s', which is not in the image",
                     item->origin, item->change.to, l.path);
    }
  }
  return WG_OK;
}

const wg_image_part wg_part_shortcuts = {.name = "shortcuts",
                                         .version = 1,
                                         .order = 30,
                                         .plan = shortcuts_plan,
                                         .check = shortcuts_check};
