// SPDX-License-Identifier: Apache-2.0
#include "image/part/clash.h"

#include <string.h>

#include "image/part/part.h"
#include "image/tree/protect.h"
#include "image/write/write.h"

typedef struct clash_who {
  const char *what; // "files", "the program of app 'agent'"
  wg_pos pos;
} clash_who;

// The changes as far as the project file tells, and who asks for each of them.
typedef struct clash {
  wg_arena arena;
  const char *label, *project_dir;
  wg_part_look look;
  const wg_walk_watch *watch;
  wg_part_fault fault;
  void *ctx;
  wg_image_changes changes;
  clash_who *who;
  size_t n_who, cap_who;
  size_t n_told;
} clash;

static void clash_done(clash *c) {
  wg_image_changes_done(&c->changes);
  wg_xfree(c->who);
  wg_arena_done(&c->arena);
}
WG_DEFINE_AUTO(clash, clash_done);

// The changes that were added since are of that entry.
static void clash_by(clash *c, const char *what, wg_pos pos) {
  const char *copy = wg_arena_strdup(&c->arena, what);
  wg_assert(copy != NULL);
  while (c->n_who < c->changes.n) {
    wg_vec_push(&c->who, &c->n_who, &c->cap_who) = (clash_who){copy, pos};
  }
}

static void clash_add(clash *c, const char *to, const char *what, wg_pos pos) {
  wg_image_changes_add(&c->changes, WG_IMAGE_PUT_FILE, to, NULL);
  clash_by(c, what, pos);
}

static void clash_tree_fault(void *ctx, const char *text) {
  clash *c = ctx;
  c->n_told++;
  WG_AUTO(wg_cstr) whole = wg_xprintf("%s.files: %s", c->label, text);
  c->fault(c->ctx, c->who[c->n_who - 1].pos, whole, NULL);
}

static void clash_add_tree(clash *c, const wg_cfg_image_file *f, const wg_part_from *from) {
  wg_error ignored = WG_ERROR_INIT;
  wg_image_changes_add(&c->changes, WG_IMAGE_PUT_DIR, f->to, NULL);
  clash_by(c, "files", f->path_pos);
  if (c->look != WG_PART_LOOK_ALL) {
    return;
  }
  wg_code code =
      wg_image_changes_add_tree(&c->changes, from->path, f->to, &from->select, c->watch, &ignored);
  bool told = code == WG_E_LIMIT && (from->select.only != NULL || from->select.n_exclude > 0);
  if (code != WG_OK && !told) { // wg_part_from_is_empty met the limit before
    wg_image_tree_faults(from->path, &from->select, c->watch, clash_tree_fault, c);
  }
  clash_by(c, "files", f->path_pos);
}

static void clash_add_put(clash *c, const wg_cfg_image_file *f) {
  WG_AUTO(wg_part_from) from = {0};
  wg_error ignored = WG_ERROR_INIT;
  if (f->from == NULL || f->to == NULL || c->look == WG_PART_LOOK_NOT) {
    return;
  }
  if (wg_part_from_of(f, c->project_dir, &from, &ignored) != WG_OK) {
    return; // told elsewhere
  }
  if (from.is_folder) {
    clash_add_tree(c, f, &from);
    return;
  }
  WG_AUTO(wg_cstr) to = wg_part_file_to(f->to, f->from);
  clash_add(c, to, "files", f->path_pos);
}

static void clash_add_file(clash *c, const wg_cfg_image_file *f) {
  static const wg_image_op ops[] = {[WG_CFG_FILE_DELETE] = WG_IMAGE_DELETE,
                                    [WG_CFG_FILE_RENAME] = WG_IMAGE_RENAME,
                                    [WG_CFG_FILE_MKDIR] = WG_IMAGE_PUT_DIR,
                                    [WG_CFG_FILE_SET] = WG_IMAGE_SET};
  wg_image_change change = {.flags = f->if_present ? WG_IMAGE_IF_PRESENT : 0U};
  if (f->op == WG_CFG_FILE_PUT) {
    clash_add_put(c, f);
    return;
  }
  if (f->op == WG_CFG_FILE_NONE || f->op >= WG_ARRAY_LEN(ops)) {
    return;
  }
  bool renames = f->op == WG_CFG_FILE_RENAME;
  change.op = ops[f->op];
  change.from = renames ? f->path : NULL;
  change.to = renames ? f->to : f->path;
  if (change.to != NULL) {
    wg_image_changes_push(&c->changes, &change);
    clash_by(c, "files", f->path_pos);
  }
}

static void clash_add_app(clash *c, const wg_cfg_image_app *a) {
  if (a->app == NULL || a->to == NULL) {
    return;
  }
  WG_AUTO(wg_cstr) program = wg_part_app_program(a);
  WG_AUTO(wg_cstr) what = wg_xprintf("the program of app '%s'", a->app);
  clash_add(c, program, what, a->pos);
  const wg_cfg_shortcut *s = &a->shortcut;
  bool faulty =
      (s->name == NULL && s->name_pos.line != 0) || (s->folder == NULL && s->folder_pos.line != 0);
  if (s->wanted && !faulty) {
    WG_AUTO(wg_cstr) to = wg_part_shortcut_to(a);
    WG_AUTO(wg_cstr) shortcut = wg_xprintf("the shortcut of app '%s'", a->app);
    clash_add(c, to, shortcut, s->pos);
  }
}

static void clash_tell(void *ctx, size_t earlier, size_t later, const char *text) {
  clash *c = ctx;
  c->n_told++;
  const clash_who *late = &c->who[later], *first = &c->who[earlier];
  WG_AUTO(wg_cstr) whole = NULL;
  if (earlier == later) {
    whole = wg_xprintf("%s: %s: %s", c->label, late->what, text);
  } else {
    whole = wg_xprintf("%s: %s: %s: see %s:%u:%u (%s)", c->label, late->what, text, first->pos.file,
                       first->pos.line, first->pos.col, first->what);
  }
  c->fault(c->ctx, late->pos, whole, "give one of the two another place, or remove it");
}

// Whether the path is refused in every image, which is told where it is read.
static bool clash_is_protected(clash *c, const char *z) {
  wg_winpath path;
  wg_error ignored = WG_ERROR_INIT;
  return z != NULL && wg_winpath_parse(z, &c->arena, &path, &ignored) == WG_OK &&
         wg_image_protected(&path) != NULL;
}

// What the base's image itself has against it.
static void clash_try(clash *c, const wg_image_base *base) {
  WG_AUTO(wg_image_result) result = {0};
  wg_error ignored = WG_ERROR_INIT;
  const wg_cancel *cancel = c->watch == NULL ? NULL : c->watch->cancel;
  bool in_process = c->watch == NULL; // no run of wingo, whose program is the worker
  if (wg_image_try(base, c->changes.v, c->changes.n, in_process, cancel, &result, &ignored) !=
      WG_OK) {
    return;
  }
  for (size_t i = 0; i < result.n_refused; i++) {
    const wg_image_refused *r = &result.refused[i];
    const wg_image_change *change = r->change < c->n_who ? &c->changes.v[r->change] : NULL;
    bool renames = change != NULL && change->op == WG_IMAGE_RENAME;
    if (change != NULL && !clash_is_protected(c, change->to) &&
        !(renames && clash_is_protected(c, change->from))) {
      const clash_who *who = &c->who[r->change];
      WG_AUTO(wg_cstr) whole = wg_xprintf("%s: %s: %s", c->label, who->what, r->text);
      c->fault(c->ctx, who->pos, whole, NULL);
    }
  }
}

void wg_part_find_clashes(const wg_cfg_image *image, const char *label, const char *project_dir,
                          wg_part_look look, const wg_image_base *base, const wg_walk_watch *watch,
                          wg_part_fault fault, void *ctx) {
  WG_AUTO(clash)
  c = {.label = label,
       .project_dir = project_dir,
       .look = look,
       .watch = watch,
       .fault = fault,
       .ctx = ctx};
  wg_arena_init(&c.arena, wg_heap(), 0);
  for (size_t i = 0; i < image->n_files; i++) {
    clash_add_file(&c, &image->files[i]);
  }
  for (size_t i = 0; i < image->n_apps; i++) {
    clash_add_app(&c, &image->apps[i]);
  }
  if (image->winre.present) {
    clash_add(&c, WG_PART_WINRE_PATH, "winre", image->winre.pos);
  }
  wg_image_changes_conflicts(c.changes.v, c.changes.n, clash_tell, &c);
  if (base != NULL && c.changes.n > 0 && c.n_told == 0) {
    clash_try(&c, base);
  }
}
