// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "fmt/yaml/internal.h"

const wg_yaml_node *wg_yaml_get(const wg_yaml_node *map, const char *key) {
  if (map == NULL || map->kind != WG_YAML_MAP) {
    return NULL;
  }
  for (size_t i = 0; i < map->n; i++) {
    if (strcmp(map->pairs[i].key->text, key) == 0) {
      return map->pairs[i].value;
    }
  }
  return NULL;
}

static bool scalar_is_plain(const wg_yaml_node *n) {
  return n->kind == WG_YAML_SCALAR && n->style == WG_YAML_PLAIN;
}

static bool scalar_is_one_of(const wg_yaml_node *n, const char *const *words, size_t n_words) {
  if (!scalar_is_plain(n)) {
    return false;
  }
  for (size_t i = 0; i < n_words; i++) {
    if (strcmp(n->text, words[i]) == 0) {
      return true;
    }
  }
  return false;
}

bool wg_yaml_is_null(const wg_yaml_node *n) {
  static const char *const words[] = {"", "~", "null", "Null", "NULL"};
  return scalar_is_one_of(n, words, WG_ARRAY_LEN(words));
}

bool wg_yaml_is_bool(const wg_yaml_node *n, bool *out) {
  static const char *const yes[] = {"true", "True", "TRUE"};
  static const char *const no[] = {"false", "False", "FALSE"};
  if (scalar_is_one_of(n, yes, WG_ARRAY_LEN(yes))) {
    *out = true;
    return true;
  }
  if (scalar_is_one_of(n, no, WG_ARRAY_LEN(no))) {
    *out = false;
    return true;
  }
  return false;
}

static size_t scalar_digits(const char *s, size_t pos) {
  while (s[pos] >= '0' && s[pos] <= '9') {
    pos++;
  }
  return pos;
}

// 0o17 or 0x1F; the prefix alone is no number.
static bool scalar_is_prefixed(const char *s) {
  if (s[0] != '0' || (s[1] != 'o' && s[1] != 'x') || s[2] == '\0') {
    return false;
  }
  const char *set = s[1] == 'o' ? "01234567" : "0123456789abcdefABCDEF";
  return s[2 + strspn(s + 2, set)] == '\0';
}

// [-+]? ( \. [0-9]+ | [0-9]+ ( \. [0-9]* )? ) ( [eE] [-+]? [0-9]+ )?
static bool scalar_is_decimal(const char *s) {
  size_t pos = s[0] == '-' || s[0] == '+' ? 1 : 0;
  size_t start = pos;
  pos = scalar_digits(s, pos);
  bool digits = pos > start;
  if (s[pos] == '.') {
    start = pos + 1;
    pos = scalar_digits(s, start);
    digits = digits || pos > start;
  }
  if (!digits) {
    return false;
  }
  if (s[pos] == 'e' || s[pos] == 'E') {
    pos += s[pos + 1] == '-' || s[pos + 1] == '+' ? 2 : 1;
    start = pos;
    pos = scalar_digits(s, pos);
    if (pos == start) {
      return false;
    }
  }
  return s[pos] == '\0';
}

bool wg_yaml_is_number(const wg_yaml_node *n) {
  static const char *const words[] = {".inf",  ".Inf",  ".INF",  "+.inf", "+.Inf", "+.INF",
                                      "-.inf", "-.Inf", "-.INF", ".nan",  ".NaN",  ".NAN"};
  return scalar_is_plain(n) && (scalar_is_prefixed(n->text) || scalar_is_decimal(n->text) ||
                                scalar_is_one_of(n, words, WG_ARRAY_LEN(words)));
}

bool wg_yaml_core_tag(wg_str name, wg_yaml_node *n) {
  static const char *const values[] = {"int", "float", "bool", "null"};
  if (wg_str_eqz(name, "str")) {
    n->style = n->style == WG_YAML_PLAIN ? WG_YAML_SINGLE : n->style;
    return true;
  }
  for (size_t i = 0; i < WG_ARRAY_LEN(values); i++) {
    if (wg_str_eqz(name, values[i])) {
      n->style = WG_YAML_PLAIN;
      return true;
    }
  }
  return wg_str_eqz(name, "map") || wg_str_eqz(name, "seq");
}
