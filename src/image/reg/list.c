// SPDX-License-Identifier: Apache-2.0
// Lists in values: MULTI_SZ, or text separated by ';' (PATH).
#include <string.h>

#include "image/reg/apply.h"
#include "image/reg/path.h"

typedef struct list_item {
  wg_str text16;
} list_item;

typedef struct list {
  list_item *v;
  size_t n, cap;
  wg_str behind; // bytes behind the end of the list
} list;
static void list_done(list *l) {
  wg_xfree(l->v);
}
WG_DEFINE_AUTO(list, list_done);

static void list_push(list *l, wg_str text16) {
  wg_vec_push(&l->v, &l->n, &l->cap) = (list_item){text16};
}

static uint16_t list_unit(wg_str s, size_t at) {
  return wg_le16((const uint8_t *)s.p + at);
}

// Where the list ends: behind the last NUL, when the data ends with one (a list of
// PendingFileRenameOperations has empty items inside); else behind the first empty text.
static size_t list_end(wg_str s) {
  if (s.n >= 2 && list_unit(s, s.n - 2) == 0) {
    return s.n;
  }
  for (size_t at = 0; at + 2 < s.n; at += 2) {
    if (list_unit(s, at) == 0 && (at == 0 || list_unit(s, at - 2) == 0)) {
      return at + 2;
    }
  }
  return s.n;
}

static void list_read_multi(wg_str data, list *out) {
  wg_str even = {data.p, data.n & ~(size_t)1};
  size_t end = list_end(even), start = 0;
  bool empty = true;
  for (size_t at = 0; at < end; at += 2) {
    empty = empty && list_unit(even, at) == 0;
  }
  out->behind = (wg_str){data.p + end, data.n - end};
  // The last NUL ends the list, not an item.
  size_t stop = end >= 2 && list_unit(even, end - 2) == 0 ? end - 2 : end;
  for (size_t at = 0; !empty && at <= stop; at += 2) {
    if (at == stop ? start < stop : list_unit(even, at) == 0) {
      list_push(out, (wg_str){even.p + start, at - start});
      start = at + 2;
    }
  }
}

// Items of text up to its first NUL; a last empty one (a ';' at the end) is none.
static void list_read_text(wg_str data, list *out) {
  size_t end = 0, start = 0, n = data.n & ~(size_t)1;
  while (end < n && list_unit(data, end) != 0) {
    end += 2;
  }
  for (size_t at = 0; at <= end; at += 2) {
    if (at == end ? start < end : list_unit(data, at) == ';') {
      list_push(out, (wg_str){data.p + start, at - start});
      start = at + 2;
    }
  }
  size_t behind = end + 2 < data.n ? end + 2 : data.n;
  out->behind = (wg_str){data.p + behind, data.n - behind};
}

// --- one folder however it is written

static const char *const list_vars[][2] = {
    {"SystemDrive", "C:"},
    {"SystemRoot", "C:\\Windows"},
    {"windir", "C:\\Windows"},
    {"ProgramFiles", "C:\\Program Files"},
    {"ProgramW6432", "C:\\Program Files"},
    {"ProgramFiles(x86)", "C:\\Program Files (x86)"},
    {"CommonProgramFiles", "C:\\Program Files\\Common Files"},
    {"CommonProgramW6432", "C:\\Program Files\\Common Files"},
    {"CommonProgramFiles(x86)", "C:\\Program Files (x86)\\Common Files"},
    {"ProgramData", "C:\\ProgramData"},
    {"ALLUSERSPROFILE", "C:\\ProgramData"},
    {"PUBLIC", "C:\\Users\\Public"},
};

// What a variable stands for, as UTF-8 into out; false when nothing says.
static bool list_var(wg_str name, const wg_regkey *vars, wg_buf *out) {
  for (size_t i = 0; i < WG_ARRAY_LEN(list_vars); i++) {
    if (wg_str_eq_nocase(name, list_vars[i][0])) {
      wg_buf_add_z(out, list_vars[i][1]);
      return true;
    }
  }
  const wg_regvalue *v = vars == NULL ? NULL : wg_regkey_value(vars, name);
  if (v == NULL || (v->type != WG_REG_SZ && v->type != WG_REG_EXPAND_SZ)) {
    return false;
  }
  uint32_t n = 0;
  while (n + 1 < v->n_bytes && wg_le16(v->data + n) != 0) {
    n += 2;
  }
  return wg_utf16le_to_utf8(v->data, n, out);
}

// text with its variables replaced, twice at most: a variable may be made of others.
static void list_expand(wg_str text, const wg_regkey *vars, unsigned depth, wg_buf *out) {
  WG_AUTO(wg_buf) value = {0};
  wg_buf_init(&value, wg_heap(), 32768);
  while (text.n > 0) {
    size_t open = wg_str_find(text, '%');
    wg_str after = {text.p + open, text.n - open};
    size_t close = after.n == 0 ? 0 : wg_str_find((wg_str){after.p + 1, after.n - 1}, '%');
    wg_buf_add(out, text.p, open);
    wg_buf_clear(&value);
    if (after.n < 2 || close + 1 >= after.n) {
      wg_buf_add_str(out, after);
      return;
    }
    if (depth > 0 && list_var((wg_str){after.p + 1, close}, vars, &value)) {
      list_expand(wg_buf_str(&value), vars, depth - 1, out);
    } else {
      wg_buf_add(out, after.p, close + 2);
    }
    text = (wg_str){after.p + close + 2, after.n - close - 2};
  }
}

// A folder in one form: no quotes, '\' only and none at the end, variables replaced.
static void list_folder(wg_str text16, const wg_regkey *vars, wg_buf *out) {
  WG_AUTO(wg_buf) plain = {0};
  wg_buf_init(&plain, wg_heap(), 0);
  if (!wg_utf16le_to_utf8((const uint8_t *)text16.p, text16.n, &plain)) {
    return;
  }
  list_expand(wg_buf_str(&plain), vars, 2, out);
  size_t n = 0;
  for (size_t i = 0; i < out->n; i++) {
    uint8_t c = out->p[i] == '/' ? '\\' : out->p[i];
    bool again = c == '\\' && n > 1 && out->p[n - 1] == '\\'; // a share begins with two
    if (c != '"' && !again) {
      out->p[n++] = c;
    }
  }
  while (n > 0 && (out->p[n - 1] == ' ' || out->p[n - 1] == '\\')) {
    n--;
  }
  size_t skip = 0;
  while (skip < n && out->p[skip] == ' ') {
    skip++;
  }
  memmove(out->p, out->p + skip, n - skip);
  out->n = n - skip;
}

static bool list_same(wg_str a16, wg_str b16, bool multi, const wg_regkey *vars) {
  if (wg_name16_cmp_nocase((const uint8_t *)a16.p, a16.n, (const uint8_t *)b16.p, b16.n) == 0) {
    return true;
  }
  if (multi) {
    return false;
  }
  WG_AUTO(wg_buf) a = {0};
  WG_AUTO(wg_buf) b = {0};
  wg_buf_init(&a, wg_heap(), 0);
  wg_buf_init(&b, wg_heap(), 0);
  list_folder(a16, vars, &a);
  list_folder(b16, vars, &b);
  return a.n > 0 && wg_name_cmp_nocase(wg_buf_str(&a), wg_buf_str(&b)) == 0;
}

static bool list_has(const list *l, wg_str item16, bool multi, const wg_regkey *vars) {
  for (size_t i = 0; i < l->n; i++) {
    if (list_same(l->v[i].text16, item16, multi, vars)) {
      return true;
    }
  }
  return false;
}

// --- the edit

bool wg_reg_list_item_ok(const char *item, bool multi) {
  return item[0] != '\0' && (multi || strchr(item, ';') == NULL);
}

// The edit's items as UTF-16 in *text, which the list borrows from.
static wg_code list_asked(const wg_reg_edit *e, bool multi, wg_buf *text, list *out,
                          wg_error *err) {
  for (size_t i = 0; i < e->n_items; i++) {
    const char *item = e->items[i];
    if (!wg_reg_list_item_ok(item, multi) || !wg_utf8_to_utf16le(wg_str_of(item), text)) {
      return wg_fail(err, WG_E_USAGE, "%s: '%s' cannot be an item of this list", e->origin, item);
    }
    wg_buf_add_le16(text, 0);
  }
  if (text->n > 0 && wg_buf_check(text, err) != WG_OK) {
    return err->code;
  }
  for (size_t start = 0, at = 0; at < text->n; at += 2) {
    if (wg_le16(text->p + at) == 0) {
      list_push(out, (wg_str){(const char *)text->p + start, at - start});
      start = at + 2;
    }
  }
  return WG_OK;
}

static void list_write(const list *l, bool multi, wg_buf *out) {
  for (size_t i = 0; i < l->n; i++) {
    if (!multi && i > 0) {
      wg_buf_add_le16(out, ';');
    }
    wg_buf_add_str(out, l->v[i].text16);
    if (multi) {
      wg_buf_add_le16(out, 0);
    }
  }
  wg_buf_add_le16(out, 0);
  wg_buf_add_str(out, l->behind);
}

wg_code wg_reg_list(const wg_reg_edit *e, const wg_regvalue *old, const wg_regkey *vars,
                    uint32_t *out_type, wg_buf *out, wg_error *err) {
  uint32_t type = old != NULL ? old->type : e->type;
  bool multi = type == WG_REG_MULTI_SZ;
  WG_AUTO(list) was = {0};
  WG_AUTO(list) asked = {0};
  WG_AUTO(list) now = {0};
  WG_AUTO(wg_buf) text = {0};
  wg_buf_init(&text, wg_heap(), 0);
  if (!multi && type != WG_REG_SZ && type != WG_REG_EXPAND_SZ) {
    return wg_fail(err, WG_E_CONFLICT, "%s: '%s': value '%s' (type %u) is no list", e->origin,
                   e->key, e->name, type);
  }
  if (list_asked(e, multi, &text, &asked, err) != WG_OK) {
    return err->code;
  }
  wg_str data = old == NULL ? (wg_str){"", 0} : (wg_str){(const char *)old->data, old->n_bytes};
  if (multi) {
    list_read_multi(data, &was);
  } else {
    list_read_text(data, &was);
  }
  now.behind = was.behind;
  for (size_t i = 0; i < was.n; i++) {
    if (e->op != WG_REG_REMOVE || !list_has(&asked, was.v[i].text16, multi, vars)) {
      list_push(&now, was.v[i].text16);
    }
  }
  size_t n_left = now.n;
  for (size_t i = 0; e->op == WG_REG_APPEND && i < asked.n; i++) {
    if (!list_has(&now, asked.v[i].text16, multi, vars)) {
      list_push(&now, asked.v[i].text16);
    }
  }
  *out_type = type;
  if (old != NULL && now.n == was.n && n_left == was.n) {
    wg_buf_add_str(out, data); // nothing to do: its bytes stay, whatever they are
  } else {
    list_write(&now, multi, out);
  }
  return wg_buf_check(out, err);
}

bool wg_reg_same_folder(const char *a, const char *b) {
  WG_AUTO(wg_buf) x = {0};
  WG_AUTO(wg_buf) y = {0};
  wg_buf_init(&x, wg_heap(), 0);
  wg_buf_init(&y, wg_heap(), 0);
  return wg_utf8_to_utf16le(wg_str_of(a), &x) && wg_utf8_to_utf16le(wg_str_of(b), &y) &&
         list_same(wg_buf_str(&x), wg_buf_str(&y), false, NULL);
}

bool wg_reg_same_program(const wg_regvalue *v, const uint8_t *program16, size_t n) {
  WG_AUTO(wg_buf) line = {0};
  WG_AUTO(wg_buf) path = {0};
  WG_AUTO(wg_buf) word = {0};
  wg_buf_init(&line, wg_heap(), 0);
  wg_buf_init(&path, wg_heap(), 0);
  wg_buf_init(&word, wg_heap(), 0);
  uint32_t end = 0;
  if (v == NULL || (v->type != WG_REG_SZ && v->type != WG_REG_EXPAND_SZ)) {
    return false;
  }
  while (end + 1 < v->n_bytes && wg_le16(v->data + end) != 0) {
    end += 2;
  }
  wg_str text = {(const char *)v->data, end};
  if (end > 2 && wg_le16(v->data) == '"') { // up to the closing quote
    uint32_t at = 2;
    while (at < end && wg_le16(v->data + at) != '"') {
      at += 2;
    }
    text = (wg_str){(const char *)v->data + 2, at - 2};
  }
  list_folder((wg_str){(const char *)program16, n}, NULL, &path);
  list_folder(text, NULL, &line);
  // Without quotes the program ends at a space, and may have some itself.
  return path.n > 0 && line.n >= path.n &&
         wg_name_cmp_nocase((wg_str){(const char *)line.p, path.n}, wg_buf_str(&path)) == 0 &&
         (line.n == path.n || line.p[path.n] == ' ');
}
