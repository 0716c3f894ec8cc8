// SPDX-License-Identifier: Apache-2.0
#include "goapp/list.h"

#include <string.h>

#include "fmt/json/json.h"

#define LIST_MAX_OBJECT_BYTES ((size_t)32 << 20)
#define LIST_MAX_NODES ((uint64_t)1 << 20)
#define LIST_MAX_PACKAGES 200000

typedef struct list_package_ref {
  const wg_go_package *p;
} list_package_ref;
typedef struct list_module_ref {
  const wg_go_list_module *m;
} list_module_ref;

struct wg_go_list {
  wg_arena *arena;
  wg_buf object; // the object that is being collected
  uint64_t pos;  // bytes seen before this one
  uint64_t object_off;
  unsigned depth;
  bool in_string, escaped;
  list_package_ref *packages;
  size_t n, cap;
  list_module_ref *modules; // one for each path, so that packages share them
  size_t n_modules, cap_modules;
};

wg_go_list *wg_go_list_new(wg_arena *arena) {
  wg_go_list *l = wg_xalloc(sizeof(*l));
  l->arena = arena;
  wg_buf_init(&l->object, wg_heap(), LIST_MAX_OBJECT_BYTES);
  return l;
}

void wg_go_list_free(wg_go_list *l) {
  if (l == NULL) {
    return;
  }
  wg_buf_done(&l->object);
  wg_xfree(l->packages);
  wg_xfree(l->modules);
  wg_xfree(l);
}

static wg_code list_str(wg_go_list *l, const json_t *o, const char *key, const char **out,
                        wg_error *err) {
  wg_str v = {"", 0};
  if (wg_json_get_str(o, key, &v, err) != WG_OK) {
    return wg_wrap(err, "go list");
  }
  *out = wg_arena_strndup(l->arena, v.p, v.n);
  return *out == NULL ? wg_arena_fail(l->arena, err) : WG_OK;
}

static bool list_true(const json_t *o, const char *key) {
  return json_is_true(json_object_get(o, key));
}

// Appends the strings of several arrays, in the order of the keys, to one list.
static wg_code list_strs(wg_go_list *l, const json_t *o, const char *const *keys, wg_go_strs *out,
                         wg_error *err) {
  size_t n = 0;
  for (const char *const *k = keys; *k != NULL; k++) {
    n += json_array_size(json_object_get(o, *k)); // 0 for what is no array
  }
  const char **v = wg_arena_new_array(l->arena, const char *, n);
  if (v == NULL) {
    return wg_arena_fail(l->arena, err);
  }
  size_t at = 0;
  for (const char *const *k = keys; *k != NULL; k++) {
    const json_t *a = json_object_get(o, *k);
    for (size_t i = 0; i < json_array_size(a); i++) {
      const json_t *s = json_array_get(a, i);
      if (!json_is_string(s)) {
        return wg_fail(err, WG_E_FORMAT, "go list: %s holds something that is not a string", *k);
      }
      v[at] = wg_arena_strndup(l->arena, json_string_value(s), json_string_length(s));
      if (v[at++] == NULL) {
        return wg_arena_fail(l->arena, err);
      }
    }
  }
  *out = (wg_go_strs){v, at};
  return WG_OK;
}

static wg_code list_module_new(wg_go_list *l, const json_t *m, const char *path,
                               const wg_go_list_module **out, wg_error *err) {
  wg_go_list_module *r = wg_arena_new(l->arena, wg_go_list_module);
  if (r == NULL) {
    return wg_arena_fail(l->arena, err);
  }
  r->path = path;
  r->main = list_true(m, "Main");
  r->new_path = r->new_version = "";
  wg_code c = list_str(l, m, "Version", &r->version, err);
  if (c == WG_OK) {
    c = list_str(l, m, "Dir", &r->dir, err);
  }
  if (c == WG_OK) {
    c = list_str(l, m, "GoMod", &r->gomod, err);
  }
  const json_t *rep = json_object_get(m, "Replace");
  if (c == WG_OK && json_is_object(rep)) {
    r->replaced = true;
    c = list_str(l, rep, "Path", &r->new_path, err);
    if (c == WG_OK) {
      c = list_str(l, rep, "Version", &r->new_version, err);
    }
  }
  *out = r;
  return c;
}

// Packages of one module stand close together: looked for from the end.
static wg_code list_module(wg_go_list *l, const json_t *o, const wg_go_list_module **out,
                           wg_error *err) {
  const json_t *m = json_object_get(o, "Module");
  *out = NULL;
  if (!json_is_object(m)) {
    return WG_OK;
  }
  const char *path = "";
  if (list_str(l, m, "Path", &path, err) != WG_OK) {
    return err->code;
  }
  for (size_t i = l->n_modules; i-- > 0;) {
    if (strcmp(l->modules[i].m->path, path) == 0) {
      *out = l->modules[i].m;
      return WG_OK;
    }
  }
  if (list_module_new(l, m, path, out, err) != WG_OK) {
    return err->code;
  }
  wg_vec_push(&l->modules, &l->n_modules, &l->cap_modules) = (list_module_ref){*out};
  return WG_OK;
}

static wg_code list_error(wg_go_list *l, const json_t *o, wg_go_package *p, wg_error *err) {
  const json_t *e = json_object_get(o, "Error");
  if (!json_is_object(e)) {
    return WG_OK;
  }
  wg_code c = list_str(l, e, "Err", &p->error, err);
  return c != WG_OK ? c : list_str(l, e, "Pos", &p->error_pos, err);
}

static wg_code list_files(wg_go_list *l, const json_t *o, wg_go_package *p, wg_error *err) {
  static const char *const src[] = {"GoFiles",   "CgoFiles",     "CFiles",    "CXXFiles",
                                    "MFiles",    "HFiles",       "FFiles",    "SFiles",
                                    "SwigFiles", "SwigCXXFiles", "SysoFiles", NULL};
  static const char *const syso[] = {"SysoFiles", NULL};
  static const char *const ignored[] = {"IgnoredGoFiles", "IgnoredOtherFiles", NULL};
  static const char *const embed[] = {"EmbedFiles", NULL};
  static const char *const patterns[] = {"EmbedPatterns", NULL};
  wg_code c = list_strs(l, o, src, &p->src, err);
  if (c == WG_OK) {
    c = list_strs(l, o, syso, &p->syso, err);
  }
  if (c == WG_OK) {
    c = list_strs(l, o, ignored, &p->ignored, err);
  }
  if (c == WG_OK) {
    c = list_strs(l, o, embed, &p->embed, err);
  }
  return c != WG_OK ? c : list_strs(l, o, patterns, &p->embed_patterns, err);
}

static wg_code list_package(wg_go_list *l, const json_t *o, wg_error *err) {
  if (l->n >= LIST_MAX_PACKAGES) {
    return wg_fail(err, WG_E_LIMIT, "go list: more than %u packages", (unsigned)LIST_MAX_PACKAGES);
  }
  wg_go_package *p = wg_arena_new(l->arena, wg_go_package);
  if (p == NULL) {
    return wg_arena_fail(l->arena, err);
  }
  p->standard = list_true(o, "Standard");
  p->dep_only = list_true(o, "DepOnly");
  p->cgo = json_array_size(json_object_get(o, "CgoFiles")) > 0;
  wg_code c = list_str(l, o, "ImportPath", &p->import_path, err);
  if (c == WG_OK) {
    c = list_str(l, o, "Dir", &p->dir, err);
  }
  if (c == WG_OK) {
    c = list_str(l, o, "Name", &p->name, err);
  }
  if (c == WG_OK) {
    c = list_error(l, o, p, err);
  }
  if (c == WG_OK) {
    c = list_module(l, o, &p->module, err);
  }
  if (c == WG_OK && !p->standard) { // the toolchain's identity stands for its own library
    c = list_files(l, o, p, err);
  }
  if (c == WG_OK) {
    wg_vec_push(&l->packages, &l->n, &l->cap) = (list_package_ref){p};
  }
  return c;
}

static wg_code list_object(wg_go_list *l, wg_error *err) {
  if (wg_buf_check(&l->object, err) != WG_OK) {
    return wg_wrap(err, "go list: one package's description");
  }
  const wg_json_limits limits = {LIST_MAX_OBJECT_BYTES, LIST_MAX_NODES, 20};
  WG_AUTO_PTR(json_t) o = NULL;
  if (wg_json_parse(wg_buf_str(&l->object), &limits, &o, err) != WG_OK) {
    if (err->off_bytes != WG_NO_OFFSET) {
      err->off_bytes += l->object_off;
    }
    return wg_wrap(err, "go list");
  }
  wg_buf_clear(&l->object);
  return list_package(l, o, err);
}

// Only strings, braces and brackets matter for finding an object's end.
static void list_track(wg_go_list *l, char c) {
  if (l->in_string) {
    if (l->escaped) {
      l->escaped = false;
    } else if (c == '\\') {
      l->escaped = true;
    } else if (c == '"') {
      l->in_string = false;
    }
  } else if (c == '"') {
    l->in_string = true;
  } else if (c == '{') {
    l->depth++;
  } else if (c == '}') {
    l->depth--;
  }
}

wg_code wg_go_list_feed(wg_go_list *l, const char *p, size_t n_bytes, wg_error *err) {
  size_t from = 0; // start of what is not yet in the object
  for (size_t i = 0; i < n_bytes; i++) {
    char c = p[i];
    if (l->depth == 0) {
      if (c == ' ' || c == '\n' || c == '\r' || c == '\t') {
        continue;
      }
      if (c != '{') {
        return wg_fail_at(err, WG_E_FORMAT, l->pos + i, "go list: byte 0x%02x between packages",
                          (unsigned)(uint8_t)c);
      }
      from = i;
      l->object_off = l->pos + i;
    }
    list_track(l, c);
    if (l->depth == 0) {
      wg_buf_add(&l->object, p + from, i + 1 - from);
      from = i + 1;
      if (list_object(l, err) != WG_OK) {
        return err->code;
      }
    }
  }
  if (l->depth > 0) {
    wg_buf_add(&l->object, p + from, n_bytes - from);
    if (wg_buf_check(&l->object, err) != WG_OK) {
      return wg_wrap(err, "go list: one package's description");
    }
  }
  l->pos += n_bytes;
  return WG_OK;
}

wg_code wg_go_list_end(wg_go_list *l, const wg_go_package *const **out, size_t *out_n,
                       wg_error *err) {
  if (l->depth > 0) {
    return wg_fail_at(err, WG_E_FORMAT, l->pos, "go list: the output ends inside a package");
  }
  const wg_go_package **v = wg_arena_new_array(l->arena, const wg_go_package *, l->n);
  if (v == NULL) {
    return wg_arena_fail(l->arena, err);
  }
  for (size_t i = 0; i < l->n; i++) {
    v[i] = l->packages[i].p;
  }
  *out = v;
  *out_n = l->n;
  return WG_OK;
}
