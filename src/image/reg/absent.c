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

wg_code wg_reg_no_key(const wg_hive *h, const char *label, const char *path, wg_error *err) {
  WG_AUTO(wg_buf) more = {0};
  const wg_regkey *at = wg_hive_root(h);
  wg_str rest = wg_str_of(path), part = {0};
  size_t n_there = 0; // bytes of path that lead to a key
  wg_buf_init(&more, wg_heap(), 0);
  for (const wg_regkey *next = at; next != NULL;) {
    at = next;
    while (rest.n > 0 && rest.p[0] == '\\') {
      rest = (wg_str){rest.p + 1, rest.n - 1};
    }
    part = (wg_str){rest.p, wg_str_find(rest, '\\')};
    wg_assert(part.n > 0); // else the key would be there
    rest = (wg_str){rest.p + part.n, rest.n - part.n};
    next = wg_regkey_child(at, part);
    n_there = next != NULL ? (size_t)(part.p + part.n - path) : n_there;
  }
  if (n_there > 0) {
    wg_buf_printf(&more, ": '%.*s' is there, '%.*s' below it is not", (int)n_there, path,
                  WG_STR_ARG(part));
  } else if (rest.n > 0) {
    wg_buf_printf(&more, ": its root has no '%.*s'", WG_STR_ARG(part));
  }
  if (n_there == 0 && rest.n > 1 && wg_hive_find(h, rest) != NULL) { // the hive's own name
    wg_buf_printf(&more, "; did you mean '%.*s'?", (int)rest.n - 1, rest.p + 1);
  } else {
    wg_reg_near_key(at, part, &more);
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
