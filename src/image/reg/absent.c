// SPDX-License-Identifier: Apache-2.0
#include "image/reg/absent.h"

#include "base/near.h"
#include "os/mem.h"

typedef struct absent_names {
  char **v;
  size_t n, cap;
} absent_names;

static void absent_names_done(absent_names *a) {
  for (size_t i = 0; i < a->n; i++) {
    wg_xfree(a->v[i]);
  }
  wg_xfree(a->v);
}
WG_DEFINE_AUTO(absent_names, absent_names_done);

static void absent_take(absent_names *a, const wg_buf *name) {
  wg_vec_push(&a->v, &a->n, &a->cap) = wg_xstrndup((const char *)name->p, name->n);
}

static void absent_did_you_mean(const absent_names *a, wg_str asked, wg_buf *out) {
  WG_AUTO(wg_cstr) word = wg_xstrndup(asked.p, asked.n);
  const char *near = wg_nearest(word, (const char *const *)a->v, a->n);
  if (near != NULL) {
    wg_buf_printf(out, "; did you mean '%s'?", near);
  }
}

void wg_reg_near_key(const wg_regkey *k, wg_str asked, wg_buf *out) {
  WG_AUTO(absent_names) names = {0};
  for (size_t i = 0; i < wg_regkey_n_children(k); i++) {
    WG_AUTO(wg_buf) name = {0};
    wg_buf_init(&name, wg_heap(), 0);
    wg_regkey_add_name(wg_regkey_child_at(k, i), &name);
    absent_take(&names, &name);
  }
  absent_did_you_mean(&names, asked, out);
}

typedef struct absent_way { // along a path, as far as there are keys
  const wg_regkey *at;
  size_t n_there;    // bytes of the path that lead to it
  wg_str part, rest; // the first name that is not there, and what is behind it
} absent_way;

static absent_way absent_follow(const wg_hive *h, const char *path) {
  absent_way w = {.at = wg_hive_root(h), .rest = wg_str_of(path)};
  for (const wg_regkey *next = w.at; next != NULL;) {
    w.at = next;
    while (w.rest.n > 0 && w.rest.p[0] == '\\') {
      w.rest = (wg_str){w.rest.p + 1, w.rest.n - 1};
    }
    w.part = (wg_str){w.rest.p, wg_str_find(w.rest, '\\')};
    wg_assert(w.part.n > 0); // else the key would be there
    w.rest = (wg_str){w.rest.p + w.part.n, w.rest.n - w.part.n};
    next = wg_regkey_child(w.at, w.part);
    w.n_there = next != NULL ? (size_t)(w.part.p + w.part.n - path) : w.n_there;
  }
  return w;
}

wg_code wg_reg_no_key(const wg_hive *h, const char *label, const char *path, wg_error *err) {
  WG_AUTO(wg_buf) more = {0};
  const absent_way w = absent_follow(h, path);
  wg_buf_init(&more, wg_heap(), 0);
  if (w.n_there > 0) {
    wg_buf_printf(&more, ": '%.*s' is there, '%.*s' below it is not", (int)w.n_there, path,
                  WG_STR_ARG(w.part));
  } else if (w.rest.n > 0) {
    wg_buf_printf(&more, ": its root has no '%.*s'", WG_STR_ARG(w.part));
  }
  if (w.n_there == 0 && w.rest.n > 1 && wg_hive_find(h, w.rest) != NULL) { // the hive's own name
    wg_buf_printf(&more, "; did you mean '%.*s'?", (int)w.rest.n - 1, w.rest.p + 1);
  } else {
    wg_reg_near_key(w.at, w.part, &more);
  }
  return wg_fail(err, WG_E_NOT_FOUND, "'%s' has no key '%s'%s", label, path, wg_buf_z(&more));
}

wg_code wg_reg_no_value(const wg_regkey *k, const char *label, const char *name, wg_error *err) {
  WG_AUTO(absent_names) names = {0};
  WG_AUTO(wg_buf) path = {0};
  WG_AUTO(wg_buf) more = {0};
  wg_buf_init(&path, wg_heap(), 0);
  wg_buf_init(&more, wg_heap(), 0);
  wg_regkey_add_path(k, &path);
  for (size_t i = 0; i < wg_regkey_n_values(k); i++) {
    WG_AUTO(wg_buf) one = {0};
    wg_buf_init(&one, wg_heap(), 0);
    wg_regvalue_add_name(wg_regkey_value_at(k, i), &one);
    absent_take(&names, &one);
  }
  absent_did_you_mean(&names, wg_str_of(name), &more);
  return wg_fail(err, WG_E_NOT_FOUND, "'%s': key '%s' has no value '%s'%s", label, wg_buf_z(&path),
                 name, wg_buf_z(&more));
}
