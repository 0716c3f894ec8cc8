// Registry values in the project file: YAML forms to types and bytes. And text rules of what has to
// do with them.
#include "project/regvalues.h"

#include <string.h>

#include "base/utf.h"
#include "config/expand.h"
#include "config/walk.h"
#include "image/part/want.h"
#include "os/mem.h"
#include "project/values.h"

enum { // as the registry has them
  REG_NONE = 0,
  REG_SZ = 1,
  REG_EXPAND_SZ = 2,
  REG_BINARY = 3,
  REG_DWORD = 4,
  REG_MULTI_SZ = 7,
  REG_QWORD = 11,
};

typedef struct regwalk {
  wg_cfg *c;
  const char *path; // "images.kiosk.registry.values"
} regwalk;

static void regvalue_error(const regwalk *w, const char *name, const wg_yaml_node *at,
                           const char *text, const char *hint) {
  wg_cfg_add_fault(w->c, WG_FAULT_ERROR, wg_cfg_pos(w->c, at),
                   wg_cfg_printf(w->c, "%s.%s: %s", w->path, name, text), hint);
}

static const struct {
  const char *name;
  uint32_t type;
} regvalue_types[] = {{"none", REG_NONE},     {"sz", REG_SZ},       {"expand_sz", REG_EXPAND_SZ},
                      {"binary", REG_BINARY}, {"dword", REG_DWORD}, {"multi_sz", REG_MULTI_SZ},
                      {"qword", REG_QWORD}};

static const char regvalue_type_hint[] =
    "types are sz, expand_sz, multi_sz, dword, qword, binary (hex digits), none, or a number";

static bool regvalue_type(const char *text, uint32_t *out) {
  wg_str t = wg_str_of(text);
  if (t.n > 4 && wg_str_eq_nocase((wg_str){t.p, 4}, "REG_")) {
    t = (wg_str){t.p + 4, t.n - 4};
  }
  for (size_t i = 0; i < WG_ARRAY_LEN(regvalue_types); i++) {
    if (wg_str_eq_nocase(t, regvalue_types[i].name)) {
      *out = regvalue_types[i].type;
      return true;
    }
  }
  uint64_t n = 0;
  bool hex = wg_str_starts(t, "0x");
  if (hex ? !wg_parse_hex64((wg_str){t.p + 2, t.n - 2}, &n) : !wg_parse_u64(t, &n)) {
    return false;
  }
  *out = (uint32_t)n;
  return n <= UINT32_MAX;
}

// A whole number, decimal or 0x hex; a negative one as its two's complement of n_bytes.
static bool regvalue_number(const char *text, unsigned n_bytes, uint64_t *out) {
  wg_str t = wg_str_of(text);
  bool minus = t.n > 1 && t.p[0] == '-';
  if (minus) {
    t = (wg_str){t.p + 1, t.n - 1};
  }
  bool hex = wg_str_starts(t, "0x") || wg_str_starts(t, "0X");
  if (hex ? !wg_parse_hex64((wg_str){t.p + 2, t.n - 2}, out) : !wg_parse_u64(t, out)) {
    return false;
  }
  uint64_t max = n_bytes == 4 ? UINT32_MAX : UINT64_MAX;
  if (minus) {
    if (*out == 0 || *out > max / 2 + 1) {
      return false;
    }
    *out = (0 - *out) & max;
  }
  return *out <= max;
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
    if (item->kind != WG_YAML_SCALAR || item->n == 0) {
      regvalue_error(w, out->name, item, "an item of a list must be text, and not empty",
                     "REG_MULTI_SZ can't hold empty texts");
      return;
    }
    if (!regvalue_add_text(w, out->name, item, item->text, &b)) {
      return;
    }
  }
  wg_buf_add_le16(&b, 0);
  out->type = REG_MULTI_SZ;
  regvalue_store(w, &b, out);
}

static bool regvalue_hex(const regwalk *w, const wg_yaml_node *v, const char *text, wg_buf *b,
                         const char *name) {
  // Spaces and commas between bytes are welcome.
  WG_AUTO(wg_buf) digits = {0};
  wg_buf_init(&digits, wg_heap(), 0);
  for (const char *p = text; *p != '\0'; p++) {
    if (*p != ' ' && *p != ',') {
      wg_buf_add_byte(&digits, (uint8_t)*p);
    }
  }
  wg_buf_add_zeros(b, digits.n / 2);
  if (b->failed || !wg_parse_hex(wg_buf_str(&digits), b->p, digits.n / 2)) {
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
  case REG_SZ:
  case REG_EXPAND_SZ:
    if (!regvalue_add_text(w, out->name, v, v->text, &b)) {
      return;
    }
    break;
  case REG_DWORD:
  case REG_QWORD: {
    unsigned size = out->type == REG_DWORD ? 4 : 8;
    if (!regvalue_number(v->text, size, &n)) {
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
    out->type = REG_DWORD;
    regvalue_scalar(w, &number, out);
    return;
  }
  out->type = REG_SZ;
  if (v->style == WG_YAML_PLAIN && wg_yaml_is_number(v)) {
    if (strpbrk(v->text, ".eE") != NULL && !wg_str_starts(wg_str_of(v->text), "0x")) {
      regvalue_error(
          w, out->name, v,
          wg_cfg_printf(w->c, "%s is no whole number; the registry has no others", v->text),
          wg_cfg_printf(w->c, "quote it to make it text: \"%s\"", v->text));
      return;
    }
    out->type = regvalue_number(v->text, 4, &n) ? REG_DWORD : REG_QWORD;
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
                   "a map here is {type: ..., value: ...}, {append: [...]} or {remove: [...]}",
                   NULL);
    return;
  }
  if (type != NULL && (type->kind != WG_YAML_SCALAR || !regvalue_type(type->text, &out->type))) {
    regvalue_error(w, out->name, type, "is not a registry type", regvalue_type_hint);
    return;
  }
  if (list) {
    out->kind = append != NULL ? WG_REGVALUE_APPEND : WG_REGVALUE_REMOVE;
    out->type = type != NULL ? out->type : REG_MULTI_SZ;
    regvalue_items(w, append != NULL ? append : remove, out);
    return;
  }
  out->typed = true;
  if (value->kind == WG_YAML_LIST && out->type == REG_MULTI_SZ) {
    regvalue_list(w, value, out);
  } else if (value->kind == WG_YAML_SCALAR && out->type != REG_MULTI_SZ) {
    regvalue_scalar(w, value, out);
  } else {
    regvalue_error(
        w, out->name, value,
        out->type == REG_MULTI_SZ ? "multi_sz takes a list" : "this type takes one value", NULL);
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
    } else if (v->kind == WG_YAML_MAP) {
      regvalue_map(&w, v, &values[i]);
    } else if (v->kind == WG_YAML_LIST) {
      regvalue_list(&w, v, &values[i]);
    } else {
      regvalue_plain(&w, v, &values[i]);
    }
  }
  *(wg_cfg_regvalue **)wg_walk_field(out, row->at) = values;
  memcpy(wg_walk_field(out, row->count_at), &map->n, sizeof(map->n));
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
  wg_jsonw_str_z(w, "^(type|value|append|remove)$");
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

// --- text rules

bool wg_cfg_check_reg_key(wg_cfg_text *t) {
  static const char *const roots[] = {"HKLM", "HKEY_LOCAL_MACHINE", "HKCU", "HKEY_CURRENT_USER",
                                      "HKCR", "HKEY_CLASSES_ROOT",  "HKU",  "HKEY_USERS"};
  wg_str s = wg_str_of(t->text);
  size_t n = wg_str_find(s, '\\');
  bool known = false;
  for (size_t i = 0; i < WG_ARRAY_LEN(roots); i++) {
    known = known || wg_str_eq_nocase((wg_str){s.p, n}, roots[i]);
  }
  t->hint = "write it like 'HKLM\\SOFTWARE\\Acme', in single quotes";
  if (!known) {
    t->why = strchr(t->text, '/') != NULL ? "separates its parts with '/', not '\\'"
                                          : "does not begin with HKLM, HKCR, HKU or HKCU";
    return false;
  }
  if (n + 1 >= s.n || strstr(t->text, "\\\\") != NULL || s.p[s.n - 1] == '\\') {
    t->why = "has an empty part";
    return false;
  }
  for (wg_str rest = {s.p + n + 1, s.n - n - 1}; rest.n > 0;) {
    size_t len = wg_str_find(rest, '\\');
    if (len > 255) {
      t->why = "has a part of more than 255 characters";
      return false;
    }
    size_t skip = len < rest.n ? len + 1 : len;
    rest = (wg_str){rest.p + skip, rest.n - skip};
  }
  return true;
}

bool wg_cfg_check_service_name(wg_cfg_text *t) {
  t->why = "is not a service's name";
  t->hint = "1 to 256 characters, no slash or backslash";
  return strlen(t->text) <= 256 && strpbrk(t->text, "/\\") == NULL;
}

bool wg_cfg_check_reg_env(wg_cfg_text *t) {
  t->why = "is not the name of an environment variable";
  t->hint = "no '=' in it";
  return t->text[0] != '\0' && strchr(t->text, '=') == NULL;
}

bool wg_cfg_check_ports(wg_cfg_text *t) {
  t->why = "is not a list of ports";
  t->hint = "write \"8080\", \"80,443\" or \"5000-5010\"";
  for (wg_str rest = wg_str_of(t->text); rest.n > 0;) {
    size_t n = wg_str_find(rest, ',');
    wg_str item = {rest.p, n};
    size_t dash = wg_str_find(item, '-');
    uint64_t from = 0, to = 0;
    if (!wg_parse_u64((wg_str){item.p, dash}, &from) ||
        (dash < item.n && !wg_parse_u64((wg_str){item.p + dash + 1, item.n - dash - 1}, &to))) {
      return false;
    }
    to = dash < item.n ? to : from;
    if (from == 0 || to > 65535 || to < from || n + 1 == rest.n) {
      return false;
    }
    size_t skip = n < rest.n ? n + 1 : n;
    rest = (wg_str){rest.p + skip, rest.n - skip};
  }
  return true;
}
