// SPDX-License-Identifier: Apache-2.0
#include "image/reg/apply.h"

#include <string.h>

#include "image/reg/absent.h"
#include "image/reg/regdiff.h"

static wg_code apply_expect(const wg_reg_edit *e, const wg_regkey *k, wg_error *err) {
  const wg_regvalue *v = k == NULL ? NULL : wg_regkey_value(k, wg_str_of(e->name));
  if (!e->has_expect) {
    return WG_OK;
  }
  if (e->expect_absent ? v != NULL : v == NULL) {
    return wg_fail(err, WG_E_VERIFY, "%s: '%s': value '%s' is %s, against what 'expect' says",
                   e->origin, e->key, e->name, v == NULL ? "not there" : "there");
  }
  if (v != NULL && (v->type != e->expect_type || v->n_bytes != e->n_expect ||
                    (e->n_expect > 0 && memcmp(v->data, e->expect, e->n_expect) != 0))) {
    return wg_fail(
        err, WG_E_VERIFY,
        "%s: '%s': value '%s' is not what 'expect' says (type %u, %u bytes in the image)",
        e->origin, e->key, e->name, v->type, v->n_bytes);
  }
  return WG_OK;
}

// Data of the type that is there, when what is written fits it: text is text, a number that was
// written without its size is one of 8 bytes, too.
static bool apply_fits(const wg_reg_edit *e, uint32_t old_type, uint8_t wide[8], const uint8_t **p,
                       uint32_t *n) {
  bool text_old = old_type == WG_REG_SZ || old_type == WG_REG_EXPAND_SZ;
  bool text_new = e->type == WG_REG_SZ || e->type == WG_REG_EXPAND_SZ;
  *p = e->data;
  *n = e->n_bytes;
  if (old_type == WG_REG_QWORD && e->type == WG_REG_DWORD && e->n_bytes == 4) {
    wg_put_le64(wide, wg_le32(e->data));
    *p = wide;
    *n = 8;
    return true;
  }
  return text_old && text_new;
}

static wg_code apply_set(const wg_reg_target *t, const wg_reg_edit *e, wg_hive *h, wg_regkey *k,
                         wg_error *err) {
  const wg_regvalue *old = wg_regkey_value(k, wg_str_of(e->name));
  uint32_t type = e->type, n = e->n_bytes;
  const uint8_t *p = e->data;
  uint8_t wide[8];
  if (old != NULL && e->keep_type && old->type != e->type) {
    if (!apply_fits(e, old->type, wide, &p, &n)) {
      return wg_fail(err, WG_E_CONFLICT,
                     "%s: '%s': value '%s' has type %u in the image and would get type %u; write "
                     "{type: ..., value: ...} if that is meant",
                     e->origin, e->key, e->name, old->type, e->type);
    }
    type = old->type;
  }
  return wg_regkey_set(h, k, wg_str_of(e->name), type, p, n, t->filetime, err);
}

static wg_code apply_list(const wg_reg_target *t, const wg_reg_edit *e, wg_hive *h, wg_regkey *k,
                          wg_error *err) {
  const wg_regvalue *old = wg_regkey_value(k, wg_str_of(e->name));
  WG_AUTO(wg_buf) now = {0};
  uint32_t type = 0;
  wg_buf_init(&now, wg_heap(), 0);
  if (wg_reg_list(e, old, k, &type, &now, err) != WG_OK) {
    return err->code;
  }
  if (old != NULL && old->n_bytes == now.n && memcmp(old->data, now.p, now.n) == 0) {
    return WG_OK; // nothing to do: no time moves
  }
  return wg_regkey_set(h, k, wg_str_of(e->name), type, now.p, (uint32_t)now.n, t->filetime, err);
}

static wg_code apply_delete(wg_reg_target *t, const wg_reg_edit *e, const wg_reg_hive *h,
                            const char *path, wg_regkey *k, wg_error *err) {
  bool value = e->op != WG_REG_DELETE_KEY;
  if (k == NULL || (value && wg_regkey_value(k, wg_str_of(e->name)) == NULL)) {
    t->n_absent++;
    if (!t->must_exist) {
      return WG_OK;
    }
    return k == NULL ? wg_reg_no_key(h->hive, h->file, path, err)
                     : wg_reg_no_value(k, h->file, e->name, err);
  }
  if (value) {
    t->n_values_deleted++;
    return wg_regkey_unset(h->hive, k, wg_str_of(e->name), t->filetime, err);
  }
  t->n_keys_deleted++;
  return wg_regkey_delete(h->hive, k, t->filetime, err) == WG_OK
             ? WG_OK
             : wg_wrap(err, "%s: '%s'", e->origin, e->key);
}

static wg_code apply_taken(const wg_reg_edit *e, const wg_regvalue *owner, wg_error *err) {
  WG_AUTO(wg_buf) whose = {0};
  wg_buf_init(&whose, wg_heap(), 0);
  if (owner != NULL) {
    wg_buf_printf(&whose, "its %s is '", e->name);
    wg_regvalue_text(owner, &whose);
    wg_buf_add_byte(&whose, '\'');
  } else {
    wg_buf_printf(&whose, "it has no %s", e->name);
  }
  return wg_fail(err, WG_E_CONFLICT,
                 "%s: '%s' is in the image already and not this app's: %s; choose another name, or "
                 "write 'replace: true' if it is to be replaced",
                 e->origin, e->key, wg_buf_z(&whose));
}

static wg_code apply_take(const wg_reg_target *t, const wg_reg_edit *e, wg_hive *h, wg_regkey *k,
                          wg_error *err) {
  if (k == NULL) {
    return WG_OK;
  }
  const wg_regvalue *owner = wg_regkey_value(k, wg_str_of(e->name));
  bool theirs = wg_reg_same_program(owner, e->data, e->n_bytes);
  if (e->op == WG_REG_DROP_KEY) {
    return theirs ? wg_regkey_delete(h, k, t->filetime, err) : WG_OK;
  }
  if (!theirs && wg_regkey_n_values(k) > 0) { // without values it is a place for parameters
    return apply_taken(e, owner, err);
  }
  for (size_t i = 0; i < e->n_items; i++) {
    const char *item = e->items[i];
    wg_regkey *sub = item[0] == '\\' ? wg_regkey_child(k, wg_str_of(item + 1)) : NULL;
    bool value = item[0] != '\\' && wg_regkey_value(k, wg_str_of(item)) != NULL;
    if ((sub != NULL && wg_regkey_delete(h, sub, t->filetime, err) != WG_OK) ||
        (value && wg_regkey_unset(h, k, wg_str_of(item), t->filetime, err) != WG_OK)) {
      return err->code;
    }
  }
  return WG_OK;
}

// *io_key: the edit's key, NULL when it is not there yet; made here when the edit makes it.
static wg_code apply_one(wg_reg_target *t, const wg_reg_edit *e, wg_reg_hive *h, const char *path,
                         wg_regkey **io_key, wg_error *err) {
  wg_regkey *k = *io_key;
  if (apply_expect(e, k, err) != WG_OK) {
    return err->code;
  }
  if (e->op == WG_REG_EXPECT || e->op == WG_REG_NEED_KEYS) {
    return WG_OK;
  }
  h->changed = true;
  if (e->op == WG_REG_TAKE_KEY || e->op == WG_REG_DROP_KEY) {
    return apply_take(t, e, h->hive, k, err);
  }
  bool gone =
      e->op == WG_REG_REMOVE && (k == NULL || wg_regkey_value(k, wg_str_of(e->name)) == NULL);
  if (e->op == WG_REG_DELETE_KEY || e->op == WG_REG_DELETE_VALUE || gone) {
    return apply_delete(t, e, h, path, k, err);
  }
  uint64_t n_before = wg_hive_info(h->hive).n_keys;
  if (k == NULL && wg_regkey_create(h->hive, wg_hive_root(h->hive), wg_str_of(path), t->filetime,
                                    &k, NULL, err) != WG_OK) {
    return wg_wrap(err, "%s: '%s'", e->origin, e->key);
  }
  t->n_keys_made += wg_hive_info(h->hive).n_keys - n_before;
  *io_key = k;
  if (e->op == WG_REG_MAKE_KEY) {
    return WG_OK;
  }
  t->n_set++;
  wg_code code =
      e->op == WG_REG_SET ? apply_set(t, e, h->hive, k, err) : apply_list(t, e, h->hive, k, err);
  return code == WG_OK || code == WG_E_CONFLICT || code == WG_E_USAGE
             ? code
             : wg_wrap(err, "%s: '%s'", e->origin, e->key);
}

static wg_code apply_need(const wg_reg_applied *a, wg_error *err) {
  const wg_reg_edit *e = a->e;
  const wg_regkey *k = wg_hive_find(a->hive->hive, wg_str_of(a->path));
  for (size_t i = 0; i < e->n_items; i++) {
    if (k != NULL && wg_regkey_child(k, wg_str_of(e->items[i])) != NULL) {
      continue;
    }
    WG_AUTO(wg_buf) near = {0};
    wg_buf_init(&near, wg_heap(), 0);
    if (k != NULL) {
      wg_reg_near_key(k, wg_str_of(e->items[i]), &near);
    }
    return wg_fail(err, WG_E_CONFLICT, "%s: %s '%s', which the image has not%s", e->origin, e->name,
                   e->items[i], wg_buf_z(&near));
  }
  return WG_OK;
}

// Whether an edit has the key of the one before, which did not delete it: nothing is looked up
// again.
static bool apply_same_key(const wg_reg_edit *e, const wg_reg_edit *before) {
  return (e->key == before->key || strcmp(e->key, before->key) == 0) &&
         e->view32 == before->view32 && e->op != WG_REG_DELETE_KEY &&
         before->op != WG_REG_DELETE_KEY && before->op != WG_REG_DROP_KEY;
}

// The whole of CurrentControlSet is never what is to be deleted; a key of that name may be, which
// other programs write into a hive and Windows never reads.
static wg_code apply_not_all(const wg_reg_edit *e, wg_reg_applied *a, wg_error *err) {
  static const char name[] = "CurrentControlSet";
  const char *last = strrchr(e->key, '\\');
  const char *set = a->hive->control_set;
  if (e->op != WG_REG_DELETE_KEY || set[0] == '\0' || strcmp(a->path, set) != 0 ||
      !wg_str_eq_nocase(wg_str_of(last != NULL ? last + 1 : e->key), name)) {
    return WG_OK;
  }
  if (wg_regkey_child(wg_hive_root(a->hive->hive), WG_STR(name)) == NULL) {
    return wg_fail(err, WG_E_USAGE,
                   "%s: '%s' is no key of its own: at the next start it is all of '%s'; name a key "
                   "below it, or '%s' if that is to go",
                   e->origin, e->key, set, set);
  }
  wg_xfree(a->path);
  a->path = wg_xstrdup(name);
  return WG_OK;
}

// The edit's place: that of the one before, or looked up.
static wg_code apply_place(wg_reg_target *t, wg_reg_applied *a, wg_regkey **out_key,
                           wg_error *err) {
  const wg_reg_edit *e = a->e;
  if (a->shared) {
    a->hive = t->applied[t->n_applied - 1].hive;
    a->path = t->applied[t->n_applied - 1].path;
    return WG_OK;
  }
  if (wg_reg_resolve(t, e->key, e->view32, e->op != WG_REG_DELETE_KEY, e->origin, &a->hive,
                     &a->path, err) != WG_OK) {
    return err->code;
  }
  if (apply_not_all(e, a, err) != WG_OK) {
    wg_xfree(wg_take(&a->path));
    return err->code;
  }
  *out_key = wg_hive_find(a->hive->hive, wg_str_of(a->path));
  return WG_OK;
}

// The edit e, which may stand at the place of the one before. *io_key as apply_one has it.
static wg_code apply_edit(wg_reg_target *t, const wg_reg_edit *e, bool shared, wg_regkey **io_key,
                          wg_error *err) {
  wg_reg_applied a = {.e = e, .shared = shared};
  if (apply_place(t, &a, io_key, err) != WG_OK) {
    return err->code;
  }
  wg_vec_push(&t->applied, &t->n_applied, &t->cap_applied) = a;
  wg_code code = apply_one(t, a.e, a.hive, a.path, io_key, err);
  if (wg_hive_starved(a.hive->hive)) { // then what it says may not be so
    return wg_fail(err, WG_E_NOMEM, "hive '%s': out of memory", a.hive->file);
  }
  return code;
}

// What came of an edit, told where the edits are only tried.
static wg_code apply_came(const wg_reg_target *t, const wg_reg_edit *e, wg_code code,
                          wg_error *err) {
  if (code == WG_OK || code == WG_E_NOMEM || t->refused == NULL) {
    return code;
  }
  t->refused(t->refused_ctx, e, err->text);
  *err = (wg_error)WG_ERROR_INIT;
  return WG_OK;
}

wg_code wg_reg_apply(wg_reg_target *t, const wg_reg_edit *edits, size_t n_edits, wg_error *err) {
  size_t first = t->n_applied;
  wg_regkey *k = NULL;
  for (size_t i = 0; i < n_edits; i++) {
    // Of edits that are tried the one before may have no place.
    bool shared = i > 0 && t->refused == NULL && apply_same_key(&edits[i], &edits[i - 1]);
    wg_code code = apply_edit(t, &edits[i], shared, &k, err);
    if (apply_came(t, &edits[i], code, err) != WG_OK) {
      return err->code;
    }
  }
  for (size_t i = first; i < t->n_applied; i++) {
    const wg_reg_applied *a = &t->applied[i];
    if (a->e->op == WG_REG_NEED_KEYS && apply_came(t, a->e, apply_need(a, err), err) != WG_OK) {
      return err->code;
    }
  }
  return WG_OK;
}

// The model that was written against the model that was read back, for one edited place.
static wg_code apply_same(const wg_reg_applied *a, const wg_regkey *w, const wg_regkey *g,
                          wg_error *err) {
  const char *name = a->e->name != NULL ? a->e->name : "";
  const wg_regvalue *wv = w == NULL ? NULL : wg_regkey_value(w, wg_str_of(name));
  const wg_regvalue *gv = g == NULL ? NULL : wg_regkey_value(g, wg_str_of(name));
  bool same = (w == NULL) == (g == NULL) && (wv == NULL) == (gv == NULL);
  if (same && wv != NULL) {
    same = wv->type == gv->type && wv->n_bytes == gv->n_bytes &&
           (wv->n_bytes == 0 || memcmp(wv->data, gv->data, wv->n_bytes) == 0);
  }
  if (!same) {
    return wg_fail(err, WG_E_VERIFY, "%s: '%s' reads back otherwise than it was set", a->e->origin,
                   a->e->key);
  }
  return WG_OK;
}

// Below this nothing is saved that a user would notice, and compact is better.
#define APPLY_PATCH_BYTES ((size_t)4 << 20)

static wg_code apply_write_whole(const wg_reg_target *t, const wg_reg_hive *h,
                                 const wg_hive_write_options *opt, wg_buf *out, wg_error *err) {
  WG_AUTO_PTR(wg_hive) back = NULL;
  if (wg_hive_write(h->hive, opt, out, err) != WG_OK ||
      wg_hive_parse(out->p, out->n, NULL, false, wg_heap(), &back, err) != WG_OK) {
    return err->code;
  }
  const wg_regkey *want = NULL, *got = NULL;
  const char *path = NULL;
  for (size_t i = 0; i < t->n_applied; i++) {
    const wg_reg_applied *a = &t->applied[i];
    if (a->hive != h) {
      continue;
    }
    if (a->path != path) {
      path = a->path;
      want = wg_hive_find(h->hive, wg_str_of(path));
      got = wg_hive_find(back, wg_str_of(path));
    }
    if (apply_same(a, want, got, err) != WG_OK) {
      return err->code;
    }
  }
  return WG_OK;
}

wg_code wg_reg_write(const wg_reg_target *t, const wg_reg_hive *h, wg_buf *own, wg_buf *out,
                     wg_str *written, wg_error *err) {
  const wg_hive_write_options opt = {.filetime = t->filetime, .bump_sequence = true};
  bool done = false;
  if (own != NULL && own->n >= APPLY_PATCH_BYTES &&
      wg_hive_patch(h->hive, &opt, own, &done, err) != WG_OK) {
    return wg_wrap(err, "hive '%s'", h->file);
  }
  if (!done && apply_write_whole(t, h, &opt, out, err) != WG_OK) {
    return wg_wrap(err, "hive '%s'", h->file);
  }
  *written = wg_buf_str(done ? own : out);
  return WG_OK;
}
