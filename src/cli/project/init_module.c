// SPDX-License-Identifier: Apache-2.0
#include "cli/project/init_module.h"

#include <string.h>

#include "base/sort.h"
#include "cli/project/schema_file.h"
#include "goapp/precheck.h"

#define MODULE_MAX_FOLDERS 20000U
#define MODULE_MAX_MAINS 100U

// An ASCII letter or digit, in lower case; 0 for anything else.
static char module_plain(char ch) {
  if (ch >= 'A' && ch <= 'Z') {
    return (char)(ch - 'A' + 'a');
  }
  bool plain = (ch >= 'a' && ch <= 'z') || (ch >= '0' && ch <= '9');
  return (char)(plain ? ch : 0);
}

char *wg_init_name(const char *folder) {
  char *name = wg_xalloc(WG_INIT_NAME_MAX + 1);
  size_t n = 0;
  for (const char *p = folder; *p != '\0' && n < WG_INIT_NAME_MAX; p++) {
    char plain = module_plain(*p);
    if (plain != 0) {
      name[n++] = plain;
    } else if (n > 0 && name[n - 1] != '-') {
      name[n++] = '-';
    }
  }
  while (n > 0 && name[n - 1] == '-') {
    name[--n] = '\0';
  }
  if (n == 0) {
    wg_xfree(name);
    return NULL;
  }
  return name;
}

void wg_init_module_done(wg_init_module *m) {
  for (size_t i = 0; i < m->n; i++) {
    wg_xfree(m->v[i].name);
    wg_xfree(m->v[i].main);
  }
  wg_xfree(m->v);
  wg_xfree(m->path);
  wg_xfree(m->dir);
}

// What `go install` would call the program: the last name of the path, but for a major version.
static const char *module_last(const char *path, size_t *out_n) {
  size_t end = strlen(path);
  for (;;) {
    size_t start = end;
    while (start > 0 && path[start - 1] != '/') {
      start--;
    }
    size_t digits = strspn(path + start + (path[start] == 'v' ? 1 : 0), "0123456789");
    bool version = start > 0 && path[start] == 'v' && digits > 0 && start + 1 + digits == end;
    if (!version) {
      *out_n = end - start;
      return path + start;
    }
    end = start - 1;
  }
}

static bool module_has_name(const wg_init_module *m, const char *name) {
  for (size_t i = 0; i < m->n; i++) {
    if (strcmp(m->v[i].name, name) == 0) {
      return true;
    }
  }
  return false;
}

// rel: from the module on, "" is the module itself.
static void module_add(wg_init_module *m, const char *rel) {
  size_t n = 0;
  const char *last = module_last(rel[0] == '\0' ? m->path : rel, &n);
  WG_AUTO(wg_cstr) own = wg_xstrndup(last, n);
  WG_AUTO(wg_cstr) name = wg_init_name(own);
  name = name == NULL ? wg_xstrdup("app") : name;
  if (module_has_name(m, name)) { // by its whole path, else by a number
    WG_AUTO(wg_cstr) whole = wg_init_name(rel);
    for (size_t k = 2; whole == NULL || module_has_name(m, whole); k++) {
      wg_xfree(whole);
      whole = wg_xprintf("%s-%zu", name, k);
    }
    wg_xfree(name);
    name = wg_take(&whole);
  }
  wg_vec_push(&m->v, &m->n, &m->cap) =
      (wg_init_main){wg_take(&name), rel[0] == '\0' ? wg_xstrdup(".") : wg_xprintf("./%s", rel)};
}

typedef struct module_walk {
  char **v; // from the module on
  size_t n, cap;
} module_walk;

static void module_walk_done(module_walk *w) {
  for (size_t i = 0; i < w->n; i++) {
    wg_xfree(w->v[i]);
  }
  wg_xfree(w->v);
}
WG_DEFINE_AUTO(module_walk, module_walk_done);

static bool module_passes(const char *root, const char *rel, const char *name) {
  WG_AUTO(wg_cstr) gomod = wg_xprintf("%s/%s/go.mod", root, rel);
  return name[0] == '.' || name[0] == '_' || strcmp(name, "vendor") == 0 ||
         strcmp(name, "testdata") == 0 || strcmp(name, "node_modules") == 0 ||
         wg_os_exists(WG_CWD, gomod);
}

static void module_list(const char *root, size_t at, module_walk *w) {
  WG_AUTO(wg_arena) arena = {0};
  WG_AUTO(wg_cstr) dir = w->v[at][0] == '\0' ? wg_xstrdup(root) : wg_path_join(root, w->v[at]);
  wg_dirent *e = NULL;
  size_t n = 0;
  wg_error ignored = WG_ERROR_INIT; // what can't be read holds no program of ours
  wg_arena_init(&arena, wg_heap(), 0);
  if (wg_os_list_dir(WG_CWD, dir, &arena, &e, &n, &ignored) != WG_OK) {
    return;
  }
  for (size_t i = 0; i < n && w->n < MODULE_MAX_FOLDERS; i++) {
    WG_AUTO(wg_cstr)
    rel = w->v[at][0] == '\0' ? wg_xstrdup(e[i].name) : wg_path_join(w->v[at], e[i].name);
    if (e[i].type == WG_FT_DIR && !module_passes(root, rel, e[i].name)) {
      wg_vec_push(&w->v, &w->n, &w->cap) = wg_take(&rel);
    }
  }
}

// From a folder `below` the module's to the module's: "../..", "." for none. Heap.
static char *module_up(const char *below) {
  WG_AUTO(wg_buf) up = {0};
  wg_buf_init(&up, wg_heap(), 0);
  for (const char *p = below; *p != '\0'; p += strcspn(p, "/"), p += *p == '/' ? 1 : 0) {
    wg_buf_add_z(&up, up.n == 0 ? ".." : "/..");
  }
  return wg_xstrdup(up.n == 0 ? "." : wg_buf_z(&up));
}

// The programs of the module but that in the folder `below` it, which has been taken.
static void module_add_all(const char *root, const char *below, wg_init_module *out) {
  WG_AUTO(module_walk) w = {0};
  wg_vec_push(&w.v, &w.n, &w.cap) = wg_xstrdup("");
  for (size_t at = 0; at < w.n; at++) {
    module_list(root, at, &w);
  }
  wg_sort(w.v, w.n, sizeof(w.v[0]), wg_sort_cmp_z, NULL);
  for (size_t i = 0; i < w.n && out->n < MODULE_MAX_MAINS; i++) {
    WG_AUTO(wg_cstr) folder = w.v[i][0] == '\0' ? wg_xstrdup(root) : wg_path_join(root, w.v[i]);
    bool first = below[0] != '\0' && strcmp(w.v[i], below) == 0;
    if (!first && wg_go_has_main(folder)) {
      module_add(out, w.v[i]);
    }
  }
}

void wg_init_module_find(const char *project_dir, wg_init_module *out) {
  WG_AUTO(wg_cstr) here = wg_path_absolute(project_dir);
  WG_AUTO(wg_cstr) root = wg_go_module_dir(here);
  WG_AUTO(wg_cstr) path = root == NULL ? NULL : wg_go_module_path(root);
  if (root == NULL || path[0] == '\0') {
    return;
  }
  const char *below = here + strlen(root);
  below += *below == '/' ? 1 : 0;
  out->dir = module_up(below);
  out->path = wg_take(&path);
  if (below[0] != '\0' && wg_go_has_main(here)) {
    module_add(out, below);
  }
  module_add_all(root, below, out);
}

// As a YAML value: in single quotes unless it is plain by any reading.
static void module_scalar(wg_buf *out, const char *s) {
  static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./-";
  if (strspn(s, plain) == strlen(s) && s[0] != '-') {
    wg_buf_add_z(out, s);
    return;
  }
  wg_buf_add_byte(out, '\'');
  for (; *s != '\0'; s++) {
    wg_buf_printf(out, *s == '\'' ? "''" : "%c", *s);
  }
  wg_buf_add_byte(out, '\'');
}

void wg_init_module_yaml(const wg_init_module *m, const char *name, wg_buf *out) {
  wg_buf_printf(
      out,
      WG_SCHEMA_MODELINE
      "\n"
      "# What this project builds. `wingo check` finds mistakes, `wingo plan` says what a "
      "build would do and why,\n"
      "# `wingo build` does it. All keys: `wingo help keys`.\n"
      "version: 1\n"
      "name: %s\n"
      "release: 0.1.0\n"
      "\n"
      "# The programs of %s, one binary for each target, in out/.\n"
      "apps:\n",
      name, m->path);
  for (size_t i = 0; i < m->n; i++) {
    wg_buf_printf(out, "  %s:\n    dir: %s\n    main: ", m->v[i].name, m->dir);
    module_scalar(out, m->v[i].main);
    wg_buf_add_z(out, "\n    targets: [windows/amd64, linux/amd64]\n"
                      "    env: {CGO_ENABLED: \"0\"}    # for the go command\n"
                      "    ldflags: [-s, -w]\n");
  }
  wg_buf_add_z(
      out, "\n"
           "# Windows images: a base, and what is put into it. The result is out/windows.wim.\n"
           "images:\n"
           "  windows:\n"
           "    # wingo makes this base itself, so that the project builds at once and anywhere: "
           "the folders, registry and\n"
           "    # security of Windows, but nothing of Microsoft's. It does not boot.\n"
           "    # With a real base:  base: {file: base/install.wim, image: Windows 11 Pro}\n"
           "    base: {synthetic: windows-11}\n"
           "    apps:\n");
  for (size_t i = 0; i < m->n; i++) {
    wg_buf_printf(out, "      - {app: %s, to: 'C:\\Program Files\\%s'}\n", m->v[i].name,
                  m->v[i].name);
  }
  wg_buf_add_z(out, "    outputs: [wim]\n");
}
