// SPDX-License-Identifier: Apache-2.0
// Registry values in the project file: YAML forms to types and bytes.
#include "project/regvalues.h"

#include <string.h>

#include "base/utf.h"
#include "config/expand.h"
#include "config/walk.h"
#include "image/part/want.h"
#include "image/reg/value.h"
#include "os/mem.h"
#include "project/secret.h"

typedef struct regwalk {
  wg_cfg *c;
  const char *path; // "images.kiosk.registry.values"
} regwalk;

static void regvalue_error(const regwalk *w, const char *name, const wg_yaml_node *at,
                           const char *text, const char *hint) {
  wg_cfg_add_fault(w->c, WG_FAULT_ERROR, wg_cfg_pos(w->c, at),
                   wg_cfg_printf(w->c, "%s.%s: %s", w->path, name, text), hint);
}

static void regvalue_store(const regwalk *w, const wg_buf *b, wg_cfg_regvalue *out) {
  uint8_t *p = wg_cfg_alloc(w->c, b->n + 1, 1);
  if (b->n > 0) {
    memcpy(p, b->p, b->n);
  }
  out->data = p;
  out->n_bytes = (uint32_t)b->n;
}

// Appends a text with its NUL; false after adding a fault.
static bool regvalue_add_text(const regwalk *w, const char *name, const wg_yaml_node *v,
                              const char *text, wg_buf *b) {
  const char *why = NULL, *hint = NULL, *filled = text;
  if (!wg_cfg_expand(w->c, text, &filled, &why, &hint)) {
    regvalue_error(w, name, v, why, hint);
    return false;
  }
  if (!wg_utf8_to_utf16le(wg_str_of(filled), b)) {
    regvalue_error(w, name, v, "is not UTF-8", NULL);
    return false;
  }
  wg_buf_add_le16(b, 0);
  return true;
}

static void regvalue_list(const regwalk *w, const wg_yaml_node *v, wg_cfg_regvalue *out) {
  WG_AUTO(wg_buf) b = {0};
  wg_buf_init(&b, wg_heap(), 0);
  for (size_t i = 0; i < v->n; i++) {
    const wg_yaml_node *item = v->items[i];
    if (item->kind != WG_YAML_SCALAR || wg_yaml_is_null(item)) {
      regvalue_error(w, out->name, item, "an item of a list must be text",
                     "write an empty one as ''");
      return;
    }
    if (!regvalue_add_text(w, out->name, item, item->text, &b)) {
      return;
    }
  }
  wg_buf_add_le16(&b, 0);
  out->type = WG_REG_MULTI_SZ;
  regvalue_store(w, &b, out);
}

static bool regvalue_hex(const regwalk *w, const wg_yaml_node *v, const char *text, wg_buf *b,
                         const char *name) {
  if (!wg_reghex_parse(text, b)) {
    regvalue_error(w, name, v, "must be an even number of hex digits", "write it like '00ff10'");
    return false;
  }
  return true;
}

// Text of a scalar as data of out->type; faults are added.
static void regvalue_scalar(const regwalk *w, const wg_yaml_node *v, wg_cfg_regvalue *out) {
  WG_AUTO(wg_buf) b = {0};
  wg_buf_init(&b, wg_heap(), 0);
  uint64_t n = 0;
  switch (out->type) {
  case WG_REG_SZ:
  case WG_REG_EXPAND_SZ:
    if (!regvalue_add_text(w, out->name, v, v->text, &b)) {
      return;
    }
    break;
  case WG_REG_DWORD:
  case WG_REG_QWORD: {
    unsigned size = out->type == WG_REG_DWORD ? 4 : 8;
    if (!wg_regnumber_parse(v->text, size, &n)) {
      regvalue_error(
          w, out->name, v,
          wg_cfg_printf(w->c, "'%.60s' is not a whole number of %u bits", v->text, size * 8),
          "write it in decimal, or in hex with 0x");
      return;
    }
    wg_buf_add_le64(&b, n);
    b.n = size;
    break;
  }
  default:
    if (v->n > 0 && !regvalue_hex(w, v, v->text, &b, out->name)) {
      return;
    }
    break;
  }
  regvalue_store(w, &b, out);
}

static void regvalue_plain(const regwalk *w, const wg_yaml_node *v, wg_cfg_regvalue *out) {
  bool b = false;
  uint64_t n = 0;
  if (wg_yaml_is_null(v)) {
    out->kind = WG_REGVALUE_DELETE;
    return;
  }
  if (wg_yaml_is_bool(v, &b)) {
    const wg_yaml_node number = {.kind = WG_YAML_SCALAR, .text = b ? "1" : "0", .n = 1};
    out->type = WG_REG_DWORD;
    regvalue_scalar(w, &number, out);
    return;
  }
  out->type = WG_REG_SZ;
  if (v->style == WG_YAML_PLAIN && wg_yaml_is_number(v)) {
    if (strpbrk(v->text, ".eE") != NULL && !wg_str_starts(wg_str_of(v->text), "0x")) {
      regvalue_error(
          w, out->name, v,
          wg_cfg_printf(w->c, "%s is no whole number; the registry has no others", v->text),
          wg_cfg_printf(w->c, "quote it to make it text: \"%s\"", v->text));
      return;
    }
    out->type = wg_regnumber_parse(v->text, 4, &n) ? WG_REG_DWORD : WG_REG_QWORD;
  }
  regvalue_scalar(w, v, out);
}

static void regvalue_items(const regwalk *w, const wg_yaml_node *v, wg_cfg_regvalue *out) {
  if (v->kind != WG_YAML_LIST || v->n == 0) {
    regvalue_error(w, out->name, v, "append and remove take a list", "write it like [a, b]");
    return;
  }
  const char **items = wg_cfg_alloc(w->c, v->n, sizeof(*items));
  for (size_t i = 0; i < v->n; i++) {
    const char *why = NULL, *hint = NULL;
    const wg_yaml_node *item = v->items[i];
    if (item->kind != WG_YAML_SCALAR || item->n == 0) {
      regvalue_error(w, out->name, item, "an item must be text, and not empty", NULL);
      return;
    }
    if (!wg_cfg_expand(w->c, item->text, &items[i], &why, &hint)) {
      regvalue_error(w, out->name, item, why, hint);
      return;
    }
  }
  out->items = items;
  out->n_items = v->n;
}

// {type: ..., value: ...}, {append: [...]}, {remove: [...]}
// NOLINTNEXTLINE(readability-function-cognitive-complexity): one form after the other
static void regvalue_map(const regwalk *w, const wg_yaml_node *v, wg_cfg_regvalue *out) {
  const wg_yaml_node *type = wg_yaml_get(v, "type"), *value = wg_yaml_get(v, "value");
  const wg_yaml_node *append = wg_yaml_get(v, "append"), *remove = wg_yaml_get(v, "remove");
  size_t known = (type != NULL ? 1U : 0U) + (value != NULL ? 1U : 0U) + (append != NULL ? 1U : 0U) +
                 (remove != NULL ? 1U : 0U);
  bool list = (append != NULL) != (remove != NULL) && value == NULL;
  bool typed = type != NULL && value != NULL && append == NULL && remove == NULL;
  if (known != v->n || (!list && !typed)) {
    regvalue_error(w, out->name, v,
                   "a map here is {type: ..., value: ...}, {append: [...]}, {remove: [...]} or "
                   "{secret: ...}",
                   NULL);
    return;
  }
  if (type != NULL && (type->kind != WG_YAML_SCALAR || !wg_regtype_parse(type->text, &out->type))) {
    regvalue_error(w, out->name, type, "is not a registry type", wg_regtype_hint);
    return;
  }
  if (list) {
    out->kind = append != NULL ? WG_REGVALUE_APPEND : WG_REGVALUE_REMOVE;
    out->type = type != NULL ? out->type : WG_REG_MULTI_SZ;
    regvalue_items(w, append != NULL ? append : remove, out);
    return;
  }
  out->typed = true;
  if (value->kind == WG_YAML_LIST && out->type == WG_REG_MULTI_SZ) {
    regvalue_list(w, value, out);
  } else if (value->kind == WG_YAML_SCALAR && out->type != WG_REG_MULTI_SZ) {
    regvalue_scalar(w, value, out);
  } else {
    regvalue_error(
        w, out->name, value,
        out->type == WG_REG_MULTI_SZ ? "multi_sz takes a list" : "this type takes one value", NULL);
  }
}

// {secret: {env: NAME}}, with a type where it is not text.
static void regvalue_secret(wg_walk *in, const regwalk *w, const wg_yaml_node *v,
                            wg_cfg_regvalue *out) {
  const wg_yaml_node *type = wg_yaml_get(v, "type"), *secret = wg_yaml_get(v, "secret");
  static const wg_key row = {.name = "secret",
                             .type = WG_KEY_OWN,
                             .kind = &wg_key_secret,
                             .at = WG_AT(wg_cfg_regvalue, secret)};
  if (v->n != (type == NULL ? 1U : 2U)) {
    regvalue_error(w, out->name, v, "a secret is {secret: ...} or {secret: ..., type: ...}", NULL);
    return;
  }
  out->type = WG_REG_SZ;
  out->typed = type != NULL;
  if (type != NULL &&
      (type->kind != WG_YAML_SCALAR || !wg_regtype_parse(type->text, &out->type) ||
       (out->type != WG_REG_SZ && out->type != WG_REG_EXPAND_SZ && out->type != WG_REG_BINARY))) {
    regvalue_error(w, out->name, type, "a secret is of type sz, expand_sz or binary", NULL);
    return;
  }
  if (secret->kind != WG_YAML_MAP) {
    regvalue_error(w, out->name, secret, "a secret is not written here",
                   "write {env: NAME}, {file: path} or {prompt: text}, which say where it is");
    return;
  }
  row.kind->read(in, &row, secret, out);
  if (out->secret.kind == WG_SECRET_PLAIN) { // it is none
    const wg_yaml_node *plain = wg_yaml_get(secret, "plain");
    out->secret = (wg_secret){.kind = WG_SECRET_NONE};
    regvalue_scalar(w, plain, out);
  }
}

static void regvalues_read(wg_walk *in, const wg_key *row, const wg_yaml_node *map, void *out) {
  wg_cfg *c = in->c;
  const regwalk w = {.c = c, .path = in->path};
  wg_cfg_regvalue *values = wg_cfg_alloc(c, map->n, sizeof(*values));
  for (size_t i = 0; i < map->n; i++) {
    const wg_yaml_node *v = map->pairs[i].value;
    values[i] = (wg_cfg_regvalue){.name = map->pairs[i].key->text,
                                  .pos = wg_cfg_pos(c, map->pairs[i].key),
                                  .kind = WG_REGVALUE_SET};
    if (strlen(values[i].name) > 16383) {
      regvalue_error(&w, "...", map->pairs[i].key, "a value's name has at most 16,383 characters",
                     NULL);
    } else if (wg_yaml_get(v, "secret") != NULL && strcmp(row->name, "expect") == 0) {
      regvalue_error(&w, values[i].name, v, "what is expected can't be a secret",
                     "leave it out, or expect another value of the key");
    } else if (wg_yaml_get(v, "secret") != NULL) {
      regvalue_secret(in, &w, v, &values[i]);
    } else if (v->kind == WG_YAML_MAP) {
      regvalue_map(&w, v, &values[i]);
    } else if (v->kind == WG_YAML_LIST) {
      regvalue_list(&w, v, &values[i]);
    } else {
      regvalue_plain(&w, v, &values[i]);
    }
  }
  *(wg_cfg_regvalue **)wg_key_field(out, row->at) = values;
  memcpy(wg_key_field(out, row->count_at), &map->n, sizeof(map->n));
}

// Registry values: a plain value, a list, null (delete), or a map with one of the known forms.
static void regvalues_schema(wg_jsonw *w) {
  static const char *const plain[] = {"string", "integer", "boolean", "null"};
  wg_jsonw_key_z(w, "type");
  wg_jsonw_str_z(w, "object");
  wg_jsonw_key_z(w, "additionalProperties");
  wg_jsonw_begin_object(w);
  wg_jsonw_key_z(w, "anyOf");
  wg_jsonw_begin_array(w);
  for (size_t i = 0; i < WG_ARRAY_LEN(plain); i++) {
    wg_jsonw_begin_object(w);
    wg_jsonw_key_z(w, "type");
    wg_jsonw_str_z(w, plain[i]);
    wg_jsonw_end_object(w);
  }
  wg_jsonw_begin_object(w);
  wg_jsonw_key_z(w, "type");
  wg_jsonw_str_z(w, "array");
  wg_jsonw_end_object(w);
  wg_jsonw_begin_object(w);
  wg_jsonw_key_z(w, "type");
  wg_jsonw_str_z(w, "object");
  wg_jsonw_key_z(w, "propertyNames");
  wg_jsonw_begin_object(w);
  wg_jsonw_key_z(w, "pattern");
  wg_jsonw_str_z(w, "^(type|value|append|remove|secret)$");
  wg_jsonw_end_object(w);
  wg_jsonw_key_z(w, "properties");
  wg_jsonw_begin_object(w);
  wg_jsonw_key_z(w, "secret");
  wg_jsonw_begin_object(w);
  wg_key_secret.schema(w);
  wg_jsonw_end_object(w);
  wg_jsonw_end_object(w);
  wg_jsonw_end_object(w);
  wg_jsonw_end_array(w);
  wg_jsonw_end_object(w);
}

const wg_key_kind wg_key_regvalues = {.node = WG_YAML_MAP,
                                      .wanted = "a map",
                                      .type = "map of value name to data",
                                      .read = regvalues_read,
                                      .schema = regvalues_schema};
