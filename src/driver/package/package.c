// SPDX-License-Identifier: Apache-2.0
#include "driver/package/package.h"

#include <string.h>

#include "base/sort.h"
#include "os/file.h"

#define PACKAGE_MAX_INF_BYTES ((uint64_t)128 << 20)
#define PACKAGE_MAX_DEPTH 32U
#define PACKAGE_MAX_INFS 200000U

void wg_driver_package_free(wg_driver_package *p) {
  if (p != NULL) {
    wg_arena_done(&p->arena);
    wg_xfree(p);
  }
}

// --- files

typedef struct package_listing { // of a folder, read once
  const char *path;
  wg_dirent *v;
  size_t n;
  struct package_listing *next;
} package_listing;

typedef struct package_ctx {
  wg_driver_package *p;
  const wg_driver_want *want;
  package_listing *listings;
  uint32_t cap_files;
} package_ctx;

static const package_listing *package_list(package_ctx *c, const char *path) {
  for (package_listing *l = c->listings; l != NULL; l = l->next) {
    if (strcmp(l->path, path) == 0) {
      return l;
    }
  }
  WG_AUTO(wg_cstr) full = wg_path_join(c->p->folder, path);
  wg_error e = WG_ERROR_INIT; // a folder that can't be listed has none of the files
  package_listing *l = wg_arena_new(&c->p->arena, package_listing);
  wg_assert(l != NULL);
  l->path = wg_arena_strdup(&c->p->arena, path);
  wg_assert(l->path != NULL);
  if (wg_os_list_dir(WG_CWD, full, &c->p->arena, &l->v, &l->n, &e) != WG_OK) {
    l->n = 0;
  }
  l->next = c->listings;
  c->listings = l;
  return l;
}

static const char *package_name_in(const package_listing *l, wg_str name, bool folder) {
  for (size_t i = 0; i < l->n; i++) {
    bool is_folder = l->v[i].type == WG_FT_DIR;
    if (is_folder == folder && (folder || l->v[i].type == WG_FT_FILE) &&
        wg_name_cmp_nocase(wg_str_of(l->v[i].name), name) == 0) {
      return l->v[i].name;
    }
  }
  return NULL;
}

// The host's name of a path of the INF, letter case ignored; NULL: it is not there. Links are not
// followed.
static const char *package_find(package_ctx *c, const char *path) {
  WG_AUTO(wg_cstr) at = wg_xstrdup("");
  wg_str rest = wg_str_of(path);
  while (rest.n > 0) {
    size_t n = wg_str_find(rest, '\\');
    wg_str name = {rest.p, n};
    bool last = n == rest.n;
    rest = last ? (wg_str){"", 0} : (wg_str){rest.p + n + 1, rest.n - n - 1};
    if (name.n == 0 || wg_str_eqz(name, ".")) {
      continue;
    }
    const char *found =
        wg_str_eqz(name, "..") ? NULL : package_name_in(package_list(c, at), name, !last);
    if (found == NULL) {
      return NULL;
    }
    char *next = at[0] == '\0' ? wg_xstrdup(found) : wg_xprintf("%s/%s", at, found);
    wg_xfree(at);
    at = next;
  }
  const char *own = at[0] == '\0' ? NULL : wg_arena_strdup(&c->p->arena, at);
  return own;
}

static wg_code package_digest(const char *path, const wg_cancel *cancel, wg_driver_file *f,
                              wg_error *err) {
  WG_AUTO(wg_fd) fd = -1;
  return wg_os_open_read(WG_CWD, path, &fd, err) == WG_OK &&
                 wg_sha256_fd(fd, cancel, &f->sha256, &f->n_bytes, err) == WG_OK
             ? WG_OK
             : err->code;
}

static wg_code package_add(package_ctx *c, const char *path, bool for_target, uint32_t line,
                           wg_error *err) {
  wg_driver_package *p = c->p;
  wg_driver_file f = {.path = path, .for_target = for_target, .line = line};
  f.host = package_find(c, path);
  if (f.host != NULL) {
    WG_AUTO(wg_cstr) full = wg_path_join(p->folder, f.host);
    if (package_digest(full, c->want->cancel, &f, err) != WG_OK) {
      return err->code;
    }
    p->n_bytes += f.n_bytes;
  }
  wg_assert(p->n_files < c->cap_files);
  p->files[p->n_files++] = f;
  return WG_OK;
}

static const char *package_z(wg_driver_package *p, wg_str s) {
  const char *z = wg_arena_strndup(&p->arena, s.n == 0 ? "" : s.p, s.n);
  wg_assert(z != NULL);
  return z;
}

static int package_file_cmp(const void *a, const void *b, void *ctx) {
  (void)ctx;
  const wg_driver_file *const *x = a;
  const wg_driver_file *const *y = b;
  return wg_name_cmp_nocase(wg_str_of((*x)->path), wg_str_of((*y)->path));
}

// Names (in lower case) and contents, in the order of the names.
static wg_code package_sum(wg_driver_package *p, wg_error *err) {
  WG_AUTO_PTR(wg_hash) h = NULL;
  const wg_driver_file **v = wg_arena_new_array(&p->arena, const wg_driver_file *, p->n_files + 1U);
  wg_assert(v != NULL);
  for (uint32_t i = 0; i < p->n_files; i++) {
    v[i] = &p->files[i];
  }
  // NOLINTNEXTLINE(bugprone-sizeof-expression): of pointers
  wg_sort(v, p->n_files, sizeof(*v), package_file_cmp, NULL);
  if (wg_hash_new(WG_SHA256, &h, err) != WG_OK) {
    return err->code;
  }
  for (uint32_t i = 0; i < p->n_files; i++) {
    if (v[i]->host == NULL) {
      continue;
    }
    for (const char *s = v[i]->path; *s != '\0'; s++) {
      char low = *s >= 'A' && *s <= 'Z' ? (char)(*s + ('a' - 'A')) : *s;
      wg_hash_add(h, &low, 1);
    }
    wg_hash_add(h, "", 1);
    wg_hash_add(h, v[i]->sha256.b, sizeof(v[i]->sha256.b));
  }
  wg_hash_end(h, p->digest.b);
  return WG_OK;
}

static wg_code package_files(package_ctx *c, wg_error *err) {
  wg_driver_package *p = c->p;
  c->cap_files = p->p.n_files + 2;
  p->files = wg_arena_new_array(&p->arena, wg_driver_file, c->cap_files);
  wg_assert(p->files != NULL);
  if (package_add(c, p->name, true, 0, err) != WG_OK) {
    return err->code;
  }
  if (p->p.catalog.n > 0) {
    if (package_add(c, package_z(p, p->p.catalog), true, 0, err) != WG_OK) {
      return err->code;
    }
    p->catalog = p->files[1].host;
  }
  for (uint32_t i = 0; i < p->p.n_files; i++) {
    const wg_inf_file *f = &p->p.files[i];
    if (wg_name_cmp_nocase(f->path, wg_str_of(p->name)) == 0 ||
        wg_name_cmp_nocase(f->path, p->p.catalog) == 0) {
      continue; // an INF may copy itself
    }
    if (package_add(c, package_z(p, f->path), f->for_target, f->line, err) != WG_OK) {
      return err->code;
    }
  }
  return package_sum(p, err);
}

static wg_code package_signature(wg_driver_package *p, const wg_driver_want *want, wg_error *err) {
  WG_AUTO(wg_fd) dir = -1;
  wg_str *names = wg_arena_new_array(&p->arena, wg_str, p->n_files + 1U);
  uint32_t n = 0;
  wg_assert(names != NULL);
  for (uint32_t i = 0; i < p->n_files; i++) {
    bool is_catalog = i == 1 && p->p.catalog.n > 0;
    if (!is_catalog && p->files[i].host != NULL) {
      names[n++] = wg_str_of(p->files[i].path);
    }
  }
  const wg_sig_want sig = {.shown = p->folder,
                           .files = names,
                           .n_files = n,
                           .catalog = p->p.catalog,
                           .now_s = want->now_s,
                           .trust = want->trust,
                           .n_trust = want->n_trust};
  wg_sig_want with_dir = sig;
  if (wg_os_open_dir(WG_CWD, p->folder, &dir, err) != WG_OK) {
    return err->code;
  }
  with_dir.dir = dir;
  return wg_driver_signature_of(&with_dir, want->cancel, &p->arena, &p->signature, err);
}

wg_code wg_driver_package_open(const char *folder, const char *inf_name, const wg_driver_want *want,
                               wg_driver_package **out, wg_error *err) {
  WG_AUTO_PTR(wg_driver_package) p = wg_xalloc(sizeof(*p));
  WG_AUTO(wg_buf) bytes = {0};
  WG_AUTO(wg_cstr) path = wg_path_join(folder, inf_name);
  package_ctx c = {.p = p, .want = want};
  wg_arena_init(&p->arena, wg_heap(), 0);
  wg_buf_init(&bytes, wg_heap(), 0);
  p->folder = wg_arena_strdup(&p->arena, folder);
  p->name = wg_arena_strdup(&p->arena, inf_name);
  wg_assert(p->folder != NULL && p->name != NULL);
  if (wg_os_read_file(WG_CWD, path, PACKAGE_MAX_INF_BYTES, &bytes, err) != WG_OK) {
    return err->code;
  }
  if (wg_inf_parse(bytes.p, bytes.n, NULL, &p->arena, &p->inf, err) != WG_OK ||
      wg_inf_compile(&p->inf, want->target, want->library, &p->arena, &p->p, err) != WG_OK) {
    return wg_wrap(err, "'%s'", path);
  }
  if (package_files(&c, err) != WG_OK) {
    return wg_wrap(err, "'%s'", path);
  }
  if (package_signature(p, want, err) != WG_OK) {
    return err->code; // names the folder
  }
  *out = wg_take(&p);
  return WG_OK;
}

const wg_driver_file *wg_driver_package_file(const wg_driver_package *p, const wg_inf_copy *c) {
  WG_AUTO(wg_cstr)
  path = wg_xprintf("%.*s%s%.*s", WG_STR_ARG(c->folder), c->folder.n > 0 ? "\\" : "",
                    WG_STR_ARG(c->source));
  for (uint32_t i = 0; i < p->n_files; i++) {
    if (wg_name_cmp_nocase(wg_str_of(p->files[i].path), wg_str_of(path)) == 0) {
      return &p->files[i];
    }
  }
  return NULL;
}

// --- faults

const char *wg_driver_fault_name(wg_driver_fault f) {
  static const char *const names[WG_DRIVER_N_FAULTS] = {
      [WG_DRIVER_NO_MODELS] = "no-models",     [WG_DRIVER_MISSING] = "missing-file",
      [WG_DRIVER_UNCOVERED] = "uncovered",     [WG_DRIVER_UNSIGNED] = "unsigned",
      [WG_DRIVER_COINSTALLER] = "coinstaller", [WG_DRIVER_MALFORMED] = "malformed",
      [WG_DRIVER_NO_SECTION] = "no-section",   [WG_DRIVER_OVERWRITE] = "overwrite"};
  return names[f];
}

typedef void (*package_tell)(void *ctx, wg_driver_fault fault, const char *text);

static void package_models_fault(const wg_driver_package *p, const wg_inf_target *t,
                                 package_tell told, void *ctx) {
  if (p->p.n_models > 0 || p->inf.n_sections == 0 ||
      wg_inf_section_of(&p->inf, WG_STR("Manufacturer")) == NULL) {
    return; // an INF without models only makes a class, say
  }
  WG_AUTO(wg_cstr)
  text = p->p.has_models_elsewhere
             ? wg_xprintf("no models for Windows %u.%u.%u on %s, only for %.*s: take the package "
                          "that the maker has for this Windows",
                          t->major, t->minor, t->build, wg_inf_arch_name(t->arch),
                          WG_STR_ARG(p->p.elsewhere))
             : wg_xprintf("no models for any Windows on %s", wg_inf_arch_name(t->arch));
  told(ctx, WG_DRIVER_NO_MODELS, text);
}

static void package_file_faults(const wg_driver_package *p, package_tell told, void *ctx) {
  for (uint32_t i = 0; i < p->n_files; i++) {
    const wg_driver_file *f = &p->files[i];
    if (f->host != NULL || !f->for_target) {
      continue;
    }
    bool is_catalog = i == 1 && p->p.catalog.n > 0;
    WG_AUTO(wg_cstr)
    text = is_catalog ? wg_xprintf("its catalogue '%s' is not there", f->path)
                      : wg_xprintf("line %u: '%s' is not there: take the whole package, with all "
                                   "folders it has",
                                   f->line, f->path);
    told(ctx, WG_DRIVER_MISSING, text);
  }
}

static void package_signature_faults(const wg_driver_package *p, const wg_inf_target *t,
                                     package_tell told, void *ctx) {
  WG_AUTO(wg_arena) arena = {0};
  const wg_driver_signature *s = &p->signature;
  wg_arena_init(&arena, wg_heap(), 0);
  bool has_catalog = s->catalog_path != NULL;
  for (uint32_t i = 0; has_catalog && i < s->n_files; i++) {
    const char *problem = wg_sig_file_problem(s, &s->files[i], &arena);
    if (problem != NULL && s->files[i].cover != WG_SIG_ABSENT) {
      told(ctx, WG_DRIVER_UNCOVERED, problem);
    }
  }
  if (t->arch != WG_INF_X86 &&
      (s->cls == WG_SIG_NONE || s->cls == WG_SIG_BROKEN || s->cls == WG_SIG_SELF)) {
    WG_AUTO(wg_cstr)
    text = wg_xprintf("not signed%s%s: a 64-bit Windows loads no such driver",
                      s->why != NULL ? ", " : "", s->why != NULL ? s->why : "");
    told(ctx, WG_DRIVER_UNSIGNED, text);
  }
}

void wg_driver_package_faults(const wg_driver_package *p, const wg_inf_target *target,
                              void (*told)(void *ctx, wg_driver_fault fault, const char *text),
                              void *ctx) {
  package_models_fault(p, target, told, ctx);
  package_file_faults(p, told, ctx);
  package_signature_faults(p, target, told, ctx);
  for (uint32_t i = 0; i < p->p.n_configs; i++) {
    const wg_inf_config *c = &p->p.configs[i];
    WG_AUTO(wg_cstr) text = NULL;
    if (c->line == 0 && (c->sections & ~(uint32_t)WG_INF_HAS_BASE) == 0) {
      text =
          wg_xprintf("a model names the section [%.*s], which is not there", WG_STR_ARG(c->name));
      told(ctx, WG_DRIVER_NO_SECTION, text);
    } else if ((c->sections & WG_INF_HAS_COINSTALLERS) != 0 && c->co_regs.n > 0) {
      text = wg_xprintf("[%.*s.CoInstallers] registers co-installers, which run in Windows only: "
                        "it can be staged, not configured, before the first start",
                        WG_STR_ARG(c->section));
      told(ctx, WG_DRIVER_COINSTALLER, text);
    }
  }
}

// --- folders

typedef struct package_walk {
  wg_arena *arena;
  const wg_cancel *cancel;
  const char **v;
  size_t n, cap;
  bool recurse;
} package_walk;

static wg_code package_walk_folder(package_walk *w, const char *root, const char *below,
                                   unsigned depth, wg_error *err);

static wg_code package_walk_entry(package_walk *w, const char *root, const char *path,
                                  wg_ftype type, unsigned depth, wg_error *err) {
  size_t len = strlen(path);
  if (type == WG_FT_DIR) {
    return w->recurse ? package_walk_folder(w, root, path, depth + 1, err) : WG_OK;
  }
  if (len < 5 || !wg_str_eq_nocase(wg_str_of(path + len - 4), ".inf")) {
    return WG_OK;
  }
  if (w->n >= PACKAGE_MAX_INFS) {
    return wg_fail(err, WG_E_LIMIT, "'%s': more than %u INF files", root, PACKAGE_MAX_INFS);
  }
  const char *own = wg_arena_strdup(w->arena, path);
  wg_assert(own != NULL);
  wg_vec_push(&w->v, &w->n, &w->cap) = own;
  return WG_OK;
}

static wg_code package_walk_folder(package_walk *w, const char *root, const char *below,
                                   unsigned depth, wg_error *err) {
  WG_AUTO(wg_cstr) folder = below[0] == '\0' ? wg_xstrdup(root) : wg_path_join(root, below);
  wg_dirent *v = NULL;
  size_t n = 0;
  if (wg_canceled(w->cancel)) {
    return wg_fail(err, WG_E_CANCELED, "canceled");
  }
  if (depth > PACKAGE_MAX_DEPTH) {
    return wg_fail(err, WG_E_LIMIT, "'%s': folders are deeper than %u", folder, PACKAGE_MAX_DEPTH);
  }
  if (wg_os_list_dir(WG_CWD, folder, w->arena, &v, &n, err) != WG_OK) {
    return err->code;
  }
  for (size_t i = 0; i < n; i++) {
    WG_AUTO(wg_cstr)
    path = below[0] == '\0' ? wg_xstrdup(v[i].name) : wg_xprintf("%s/%s", below, v[i].name);
    if (package_walk_entry(w, root, path, v[i].type, depth, err) != WG_OK) {
      return err->code;
    }
  }
  return WG_OK;
}

wg_code wg_driver_find_infs(const char *folder, bool recurse, const wg_cancel *cancel,
                            wg_arena *arena, const char *const **out, size_t *out_n,
                            wg_error *err) {
  package_walk w = {.arena = arena, .cancel = cancel, .recurse = recurse};
  wg_code code = package_walk_folder(&w, folder, "", 0, err);
  const char **own = wg_arena_new_array(arena, const char *, w.n + 1);
  wg_assert(own != NULL);
  if (code == WG_OK && w.n > 0) {
    memcpy(own, w.v, w.n * sizeof(*own));
    *out_n = w.n;
  } else {
    *out_n = 0;
  }
  wg_xfree(w.v);
  *out = own;
  return code;
}
