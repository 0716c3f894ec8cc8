// Rules that take in more than one section, and files.
#include <string.h>

#include "image/part/part.h"
#include "project/across.h"
#include "project/hostfile.h"

// The changes of an image as far as the project file tells, and where each of them stands.
typedef struct across_changes {
  wg_cfg *c;
  const wg_cfg_image *img;
  wg_image_changes v;
  wg_pos *pos;
  size_t n_pos, cap_pos;
} across_changes;

static void across_at(across_changes *a, wg_pos pos) {
  while (a->n_pos < a->v.n) {
    wg_vec_push(&a->pos, &a->n_pos, &a->cap_pos) = pos;
  }
}

static void across_put(across_changes *a, const wg_cfg_image_file *f) {
  WG_AUTO(wg_cstr) from = wg_hostfile_path(a->c, f->from);
  wg_stat st;
  wg_error ignored = WG_ERROR_INIT; // said by the section
  if (wg_os_stat(WG_CWD, from, true, &st, &ignored) != WG_OK) {
    return;
  }
  if (st.type == WG_FT_DIR) {
    (void)!wg_image_changes_add_tree(&a->v, from, f->to, &ignored);
    return;
  }
  WG_AUTO(wg_cstr) to = wg_part_file_to(f->to, f->from);
  wg_image_changes_add(&a->v, WG_IMAGE_PUT_FILE, to, NULL);
}

static void across_file(across_changes *a, const wg_cfg_image_file *f) {
  static const wg_image_op ops[] = {[WG_CFG_FILE_DELETE] = WG_IMAGE_DELETE,
                                    [WG_CFG_FILE_MKDIR] = WG_IMAGE_PUT_DIR,
                                    [WG_CFG_FILE_SET] = WG_IMAGE_SET};
  wg_image_change change = {.flags = f->if_present ? WG_IMAGE_IF_PRESENT : 0U};
  switch ((wg_cfg_file_op)f->op) {
  case WG_CFG_FILE_PUT:
    if (f->from != NULL && f->to != NULL) {
      across_put(a, f);
    }
    break;
  case WG_CFG_FILE_RENAME:
    change.op = WG_IMAGE_RENAME;
    change.from = f->path;
    change.to = f->to;
    break;
  case WG_CFG_FILE_DELETE:
  case WG_CFG_FILE_MKDIR:
  case WG_CFG_FILE_SET:
    change.op = ops[f->op];
    change.to = f->path;
    break;
  case WG_CFG_FILE_NONE:
    break;
  }
  if (change.to != NULL) {
    wg_image_changes_push(&a->v, &change);
  }
  across_at(a, f->path_pos);
}

static void across_conflict(void *ctx, size_t earlier, size_t later, const char *text) {
  across_changes *a = ctx;
  wg_pos before = a->pos[earlier], pos = a->pos[later];
  const char *hint = "keep one of the two";
  if (earlier != later && before.line != pos.line) {
    hint = wg_cfg_printf(a->c, "the other one is at %s:%u; keep one of the two", before.file,
                         (unsigned)before.line);
  }
  wg_cfg_error(a->c, pos, wg_cfg_printf(a->c, "images.%s: %s", a->img->name, text), hint);
}

static void across_conflicts(wg_cfg *c, const wg_cfg_image *img) {
  across_changes a = {.c = c, .img = img};
  for (size_t i = 0; i < img->n_files; i++) {
    across_file(&a, &img->files[i]);
  }
  for (size_t i = 0; i < img->n_apps; i++) {
    const wg_cfg_image_app *app = &img->apps[i];
    if (app->app == NULL || app->to == NULL) {
      continue;
    }
    WG_AUTO(wg_cstr) program = wg_part_app_program(app);
    wg_image_changes_add(&a.v, WG_IMAGE_PUT_FILE, program, NULL);
    across_at(&a, app->pos);
    if (app->shortcut.wanted) {
      WG_AUTO(wg_cstr) link = wg_part_shortcut_to(app);
      wg_image_changes_add(&a.v, WG_IMAGE_PUT_FILE, link, NULL);
      across_at(&a, app->shortcut.pos);
    }
  }
  wg_image_changes_conflicts(a.v.v, a.v.n, across_conflict, &a);
  wg_image_changes_done(&a.v);
  wg_xfree(a.pos);
}

void wg_project_across_files(wg_cfg *c, const wg_project *p) {
  for (size_t i = 0; i < p->n_images; i++) {
    const wg_cfg_image *img = &p->images[i];
    across_conflicts(c, img);
    if (img->arch == NULL && img->arch_found != NULL && img->arch_found[0] != '\0') {
      wg_across_targets(c, p, img, img->arch_found);
    }
  }
}
