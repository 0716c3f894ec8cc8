#include "image/part/clash.h"

#include <string.h>

#include "base/sort.h"
#include "image/part/part.h"
#include "image/tree/winpath.h"

typedef struct clash_put {
  wg_winpath path;
  const char *to;   // as it is written or came out
  const char *what; // "files", "the program of app 'agent'"
  wg_pos pos;
  size_t number; // order of the entries
} clash_put;

typedef struct clash {
  wg_arena arena;
  const char *label, *project_dir;
  wg_part_look look;
  wg_part_fault fault;
  void *ctx;
  clash_put *v;
  size_t n, cap;
} clash;

static void clash_done(clash *c) {
  wg_xfree(c->v);
  wg_arena_done(&c->arena);
}
WG_DEFINE_AUTO(clash, clash_done);

static const char *clash_dup(clash *c, const char *s) {
  const char *copy = wg_arena_strdup(&c->arena, s);
  wg_assert(copy != NULL);
  return copy;
}

// What is no Windows path is a fault that is reported with its key.
static void clash_add(clash *c, const char *to, const char *what, wg_pos pos) {
  clash_put p = {.to = clash_dup(c, to), .what = clash_dup(c, what), .pos = pos, .number = c->n};
  wg_error ignored = WG_ERROR_INIT;
  if (wg_winpath_parse(p.to, &c->arena, &p.path, &ignored) == WG_OK) {
    (void)(wg_vec_push(&c->v, &c->n, &c->cap) = p);
  }
}

static void clash_add_tree(clash *c, const wg_cfg_image_file *f, const char *from) {
  WG_AUTO(wg_image_changes) tree = {0};
  wg_error err = WG_ERROR_INIT;
  if (wg_image_changes_add_tree(&tree, from, f->to, &err) != WG_OK) {
    WG_AUTO(wg_cstr) text = wg_xprintf("%s.files: %s", c->label, err.text);
    c->fault(c->ctx, f->path_pos, text, NULL);
    return;
  }
  for (size_t i = 0; i < tree.n; i++) {
    if (tree.v[i].op == WG_IMAGE_PUT_FILE) {
      clash_add(c, tree.v[i].to, "files", f->path_pos);
    }
  }
}

static void clash_add_file(clash *c, const wg_cfg_image_file *f) {
  WG_AUTO(wg_cstr) joined = NULL;
  wg_error ignored = WG_ERROR_INIT;
  wg_stat st;
  if (f->op != WG_CFG_FILE_PUT || f->from == NULL || f->to == NULL || c->look == WG_PART_LOOK_NOT) {
    return;
  }
  joined = wg_path_join(c->project_dir, f->from);
  if (wg_os_stat(WG_CWD, joined, true, &st, &ignored) != WG_OK) {
    return; // told elsewhere
  }
  if (st.type != WG_FT_DIR) {
    WG_AUTO(wg_cstr) to = wg_part_file_to(f->to, f->from);
    clash_add(c, to, "files", f->path_pos);
  } else if (c->look == WG_PART_LOOK_ALL) {
    clash_add_tree(c, f, joined);
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

// By names, folder by folder, so that what lies below a path follows it.
static int clash_cmp(const void *a, const void *b, void *ctx) {
  (void)ctx;
  const clash_put *x = a, *y = b;
  for (size_t i = 0; i < x->path.n_names && i < y->path.n_names; i++) {
    int order = wg_name_cmp_nocase(x->path.names[i], y->path.names[i]);
    if (order != 0) {
      return order;
    }
  }
  if (x->path.n_names != y->path.n_names) {
    return x->path.n_names < y->path.n_names ? -1 : 1;
  }
  return x->number < y->number ? -1 : 1;
}

// Whether b is at a's path or below it.
static bool clash_holds(const clash_put *a, const clash_put *b) {
  if (a->path.n_names > b->path.n_names) {
    return false;
  }
  for (size_t i = 0; i < a->path.n_names; i++) {
    if (wg_name_cmp_nocase(a->path.names[i], b->path.names[i]) != 0) {
      return false;
    }
  }
  return true;
}

static void clash_tell(const clash *c, const clash_put *a, const clash_put *b) {
  const clash_put *late = a->number > b->number ? a : b, *first = late == a ? b : a;
  bool same = a->path.n_names == b->path.n_names;
  WG_AUTO(wg_cstr)
  text = wg_xprintf("%s: %s: '%s' %s %s:%u:%u (%s)", c->label, late->what, late->to,
                    same        ? "is put there twice: see"
                    : late == b ? "is below what is put as a file: see"
                                : "is put as a file where others go below it: see",
                    first->pos.file, first->pos.line, first->pos.col, first->what);
  c->fault(c->ctx, late->pos, text, "give one of the two another place, or remove it");
}

void wg_part_find_clashes(const wg_cfg_image *image, const char *label, const char *project_dir,
                          wg_part_look look, wg_part_fault fault, void *ctx) {
  WG_AUTO(clash)
  c = {.label = label, .project_dir = project_dir, .look = look, .fault = fault, .ctx = ctx};
  wg_arena_init(&c.arena, wg_heap(), 0);
  for (size_t i = 0; i < image->n_files; i++) {
    clash_add_file(&c, &image->files[i]);
  }
  for (size_t i = 0; i < image->n_apps; i++) {
    clash_add_app(&c, &image->apps[i]);
  }
  if (c.n < 2) {
    return;
  }
  wg_sort(c.v, c.n, sizeof(c.v[0]), clash_cmp, NULL);
  for (size_t i = 0; i + 1 < c.n; i++) { // the next one, or all that lie below
    for (size_t k = i + 1; k < c.n && clash_holds(&c.v[i], &c.v[k]); k++) {
      clash_tell(&c, &c.v[i], &c.v[k]);
      if (c.v[k].path.n_names == c.v[i].path.n_names) {
        break; // that one goes on
      }
    }
  }
}
