// SPDX-License-Identifier: Apache-2.0
#include "config/walk.h"

#include <string.h>

#include "base/near.h"
#include "base/units.h"
#include "config/expand.h"

void wg_walk_error(wg_walk *w, const wg_yaml_node *at, const char *text, const char *hint) {
  wg_cfg_add_fault(w->c, WG_FAULT_ERROR, wg_cfg_pos(w->c, at),
                   w->path_n == 0 ? text : wg_cfg_printf(w->c, "%s: %s", w->path, text), hint);
}

static const char *walk_kind_name(const wg_yaml_node *v) {
  bool b = false;
  switch (v->kind) {
  case WG_YAML_LIST:
    return "a list";
  case WG_YAML_MAP:
    return "a map";
  case WG_YAML_SCALAR:
    break;
  }
  return wg_yaml_is_bool(v, &b) ? "a boolean" : wg_yaml_is_number(v) ? "a number" : "text";
}

static const char *walk_wanted(const wg_key *row) {
  switch (row->type) {
  case WG_KEY_MAP:
  case WG_KEY_NAMED:
  case WG_KEY_PAIRS:
    return "a map";
  case WG_KEY_LIST:
    return "a list";
  case WG_KEY_BOOL:
    return "true or false";
  case WG_KEY_INT:
    return "a number";
  case WG_KEY_PATH:
    return "a path";
  case WG_KEY_WINPATH:
    return "a Windows path";
  case WG_KEY_SIZE:
    return "a size";
  case WG_KEY_DURATION:
    return "a duration";
  case WG_KEY_TIME:
    return "a time";
  case WG_KEY_OWN:
    return row->kind->wanted;
  case WG_KEY_ENUM:
  case WG_KEY_STRING:
    break;
  }
  return "text";
}

static const char *walk_choices(wg_walk *w, const wg_choice *choices) {
  const char *list = "";
  for (const wg_choice *c = choices; c->name != NULL; c++) {
    if (!c->planned) {
      list = wg_cfg_printf(w->c, "%s%s%s", list, list[0] == '\0' ? "" : ", ", c->name);
    }
  }
  return list;
}

const char *wg_walk_example(wg_walk *w, const wg_key *row) {
  if (row->example != NULL && row->name[0] != '\0') {
    return wg_cfg_printf(w->c, "write it like '%s: %s'", row->name, row->example);
  }
  if (row->example != NULL) {
    return wg_cfg_printf(w->c, "write it like %s", row->example);
  }
  if (row->type == WG_KEY_ENUM) {
    return wg_cfg_printf(w->c, "allowed: %s", walk_choices(w, row->choices));
  }
  return NULL;
}

wg_yaml_kind wg_walk_kind(const wg_key *row) {
  switch (row->type) {
  case WG_KEY_MAP:
  case WG_KEY_NAMED:
  case WG_KEY_PAIRS:
    return WG_YAML_MAP;
  case WG_KEY_OWN:
    return row->kind->node;
  case WG_KEY_LIST:
    return WG_YAML_LIST;
  case WG_KEY_STRING:
  case WG_KEY_BOOL:
  case WG_KEY_INT:
  case WG_KEY_ENUM:
  case WG_KEY_PATH:
  case WG_KEY_WINPATH:
  case WG_KEY_SIZE:
  case WG_KEY_DURATION:
  case WG_KEY_TIME:
    break;
  }
  return WG_YAML_SCALAR;
}

static const char *walk_type_hint(wg_walk *w, const wg_key *row, const wg_yaml_node *v) {
  if (v->kind != WG_YAML_SCALAR || (row->type == WG_KEY_OWN && row->kind->hidden)) {
    return wg_walk_example(w, row);
  }
  const char *colon = v->style == WG_YAML_PLAIN ? strchr(v->text, ':') : NULL;
  if (wg_walk_kind(row) == WG_YAML_MAP && colon != NULL && colon > v->text && colon[1] != '\0') {
    return wg_cfg_printf(w->c, "put a space behind the colon: '%.*s: ...'",
                         colon - v->text > 40 ? 40 : (int)(colon - v->text), v->text);
  }
  bool simple = v->n > 0 && v->n <= 40 && strpbrk(v->text, ",[]{}#&*!|>'\"%@`: \n") == NULL;
  if (row->type == WG_KEY_LIST && simple) {
    return wg_cfg_printf(w->c, "write it as a list: '%s: [%s]'", row->name, v->text);
  }
  return wg_walk_example(w, row);
}

void wg_walk_wrong_type(wg_walk *w, const wg_key *row, const wg_yaml_node *v) {
  if (wg_yaml_is_null(v)) {
    wg_walk_error(w, v, wg_cfg_printf(w->c, "has no value; %s is needed", walk_wanted(row)),
                  wg_walk_example(w, row));
    return;
  }
  wg_walk_error(
      w, v,
      wg_cfg_printf(w->c, "%s is needed, and this is %s", walk_wanted(row), walk_kind_name(v)),
      walk_type_hint(w, row, v));
}

static void walk_warn_norway(wg_walk *w, const wg_yaml_node *v) {
  static const char *const words[] = {"yes", "no", "on", "off", "y", "n"};
  for (size_t i = 0; v->style == WG_YAML_PLAIN && i < WG_ARRAY_LEN(words); i++) {
    if (wg_str_eq_nocase(wg_str_of(v->text), words[i])) {
      wg_cfg_add_fault(w->c, WG_FAULT_WARNING, wg_cfg_pos(w->c, v),
                       wg_cfg_printf(w->c,
                                     "%s: %s is taken as text; older YAML takes it as a boolean",
                                     w->path, v->text),
                       wg_cfg_printf(w->c, "write \"%s\" with quotes", v->text));
    }
  }
}

static bool walk_check_chars(wg_walk *w, const wg_key *row, const wg_yaml_node *v,
                             const char *text) {
  for (const char *p = text; *p != '\0'; p++) {
    bool line = *p == '\n' || *p == '\r';
    if (line && (row->flags & WG_KF_LINES) == 0) {
      wg_walk_error(w, v, "has a line break",
                    v->style == WG_YAML_BLOCK
                        ? "write it on one line behind the key, without | or >"
                        : "write it on one line");
      return false;
    }
    if (((uint8_t)*p < 0x20 && !line && *p != '\t') || *p == 0x7F) {
      wg_walk_error(w, v, wg_cfg_printf(w->c, "has the control character 0x%02x", (unsigned)*p),
                    "remove it");
      return false;
    }
  }
  return true;
}

// Text with variables filled in; NULL after adding a fault.
static const char *walk_text(wg_walk *w, const wg_key *row, const wg_yaml_node *v) {
  const char *text = v->text;
  const char *why = NULL;
  const char *hint = NULL;
  if ((row->flags & WG_KF_VAR) != 0) {
    w->c->expand_shown = (row->flags & WG_KF_SHOWN) != 0;
    bool good = wg_cfg_expand(w->c, v->text, &text, &why, &hint);
    w->c->expand_shown = false;
    if (!good) {
      wg_walk_error(w, v, why, hint);
      return NULL;
    }
  } else if (strstr(text, "${") != NULL) {
    wg_walk_error(w, v, "takes no ${} variables", "write the value itself, or use --set");
    return NULL;
  }
  if (text[0] == '\0' && (row->flags & WG_KF_EMPTY) == 0) {
    wg_walk_error(w, v, "is empty", wg_walk_example(w, row));
    return NULL;
  }
  return walk_check_chars(w, row, v, text) ? text : NULL;
}

void wg_walk_check_failed(wg_walk *w, const wg_yaml_node *at, const wg_cfg_text *t) {
  size_t n = strlen(t->text);
  wg_walk_error(w, at,
                wg_cfg_printf(w->c, "'%.*s%s' %s", (int)(n > 120 ? 120 : n), t->text,
                              n > 120 ? "..." : "", t->why),
                t->hint);
}

// Text that has passed its row's check, in its normal form; NULL after adding a fault.
const char *wg_walk_checked_text(wg_walk *w, const wg_key *row, const wg_yaml_node *v) {
  bool b = false;
  if (wg_yaml_is_null(v)) {
    wg_walk_wrong_type(w, row, v);
    return NULL;
  }
  if (wg_yaml_is_bool(v, &b)) {
    wg_walk_error(w, v, wg_cfg_printf(w->c, "text is needed, and %s is a boolean", v->text),
                  wg_cfg_printf(w->c, "quote it to make it text: \"%s\"", v->text));
    return NULL;
  }
  const char *text = walk_text(w, row, v);
  if (text == NULL) {
    return NULL;
  }
  wg_cfg_text t = {.arena = &w->c->arena, .text = text, .value = text};
  if (row->check != NULL && text[0] != '\0' && !row->check(&t)) {
    wg_walk_check_failed(w, v, &t);
    return NULL;
  }
  if (row->type == WG_KEY_STRING) {
    walk_warn_norway(w, v);
  }
  return t.value;
}

static void walk_string(wg_walk *w, const wg_key *row, const wg_yaml_node *v, void *out) {
  const char *text = wg_walk_checked_text(w, row, v);
  if (text != NULL && row->at != 0) {
    memcpy(wg_key_field(out, row->at), &text, sizeof(text));
  }
}

static void walk_bool(wg_walk *w, const wg_key *row, const wg_yaml_node *v, void *out) {
  static const char *const yes[] = {"yes", "on", "y", "1"};
  static const char *const no[] = {"no", "off", "n", "0"};
  bool b = false;
  if (wg_yaml_is_bool(v, &b)) {
    *(bool *)wg_key_field(out, row->at) = b;
    return;
  }
  const char *meant = NULL;
  for (size_t i = 0; i < WG_ARRAY_LEN(yes); i++) {
    meant = wg_str_eq_nocase(wg_str_of(v->text), yes[i]) ? "true" : meant;
    meant = wg_str_eq_nocase(wg_str_of(v->text), no[i]) ? "false" : meant;
  }
  if (wg_str_eq_nocase(wg_str_of(v->text), "true") ||
      wg_str_eq_nocase(wg_str_of(v->text), "false")) {
    meant = wg_str_eq_nocase(wg_str_of(v->text), "true") ? "true" : "false";
  }
  if (wg_yaml_is_null(v)) {
    wg_walk_wrong_type(w, row, v);
    return;
  }
  wg_walk_error(
      w, v, wg_cfg_printf(w->c, "true or false is needed, and this is '%s'", v->text),
      meant == NULL ? NULL : wg_cfg_printf(w->c, "write %s: %s, without quotes", row->name, meant));
}

static const char *walk_nearest_choice(wg_walk *w, const wg_choice *choices, const char *text) {
  size_t n = 0;
  for (const wg_choice *c = choices; c->name != NULL; c++) {
    n++;
  }
  const char **names = wg_cfg_alloc(w->c, n, sizeof(*names));
  n = 0;
  for (const wg_choice *c = choices; c->name != NULL; c++) {
    if (!c->planned) {
      names[n++] = c->name;
    }
  }
  return wg_nearest(text, names, n);
}

static void walk_unknown_choice(wg_walk *w, const wg_key *row, const wg_yaml_node *v) {
  const char *near = walk_nearest_choice(w, row->choices, v->text);
  const char *list = walk_choices(w, row->choices);
  wg_walk_error(w, v, wg_cfg_printf(w->c, "'%s' is not one of the allowed values", v->text),
                near == NULL ? wg_cfg_printf(w->c, "allowed: %s", list)
                             : wg_cfg_printf(w->c, "did you mean '%s'? allowed: %s", near, list));
}

void wg_walk_planned(wg_walk *w, const wg_yaml_node *at, const char *name) {
  wg_walk_error(w, at, wg_cfg_printf(w->c, "'%s' is not built yet in this version of wingo", name),
                "remove it");
}

static void walk_enum(wg_walk *w, const wg_key *row, const wg_yaml_node *v, void *out) {
  if (wg_yaml_is_null(v)) {
    wg_walk_wrong_type(w, row, v);
    return;
  }
  const char *text = walk_text(w, row, v);
  for (const wg_choice *c = row->choices; text != NULL && c->name != NULL; c++) {
    if (strcmp(c->name, text) != 0) {
      continue;
    }
    if (c->planned) {
      wg_walk_planned(w, v, c->name);
      return;
    }
    void *field = wg_key_field(out, row->at);
    if ((row->flags & WG_KF_STORE_NAME) != 0) {
      memcpy(field, &c->name, sizeof(c->name));
    } else {
      memcpy(field, &c->value, sizeof(c->value));
    }
    return;
  }
  if (text != NULL) {
    walk_unknown_choice(w, row, v);
  }
}

// Only numbers out of a fixed set so far: `version`.
static void walk_int(wg_walk *w, const wg_key *row, const wg_yaml_node *v) {
  if (wg_yaml_is_null(v)) {
    wg_walk_wrong_type(w, row, v);
    return;
  }
  for (const wg_choice *c = row->choices; c->name != NULL; c++) {
    if (strcmp(c->name, v->text) == 0) {
      if (v->style != WG_YAML_PLAIN) {
        wg_walk_error(w, v, "a number is needed, and this is text",
                      wg_cfg_printf(w->c, "write '%s: %s', without quotes", row->name, c->name));
      }
      return;
    }
  }
  wg_walk_error(w, v, wg_cfg_printf(w->c, "'%s' is not known to this wingo", v->text),
                wg_cfg_printf(w->c, "write '%s: %s'", row->name, walk_choices(w, row->choices)));
}

static void walk_measure(wg_walk *w, const wg_key *row, const wg_yaml_node *v, void *out) {
  const char *text = wg_walk_checked_text(w, row, v);
  uint64_t n = 0;
  if (text == NULL) {
    return;
  }
  bool is_size = row->type == WG_KEY_SIZE;
  if (is_size ? wg_parse_size(text, &n) : wg_parse_duration(text, &n)) {
    memcpy(wg_key_field(out, row->at), &n, sizeof(n));
    return;
  }
  wg_walk_error(w, v, wg_cfg_printf(w->c, "'%s' is not %s", text, walk_wanted(row)),
                is_size ? "write a number and a unit: 4096, 3800MiB, 5GiB"
                        : "write numbers and units, large to small: 10m, 1h30m, 250ms");
}

static void walk_time(wg_walk *w, const wg_key *row, const wg_yaml_node *v, void *out) {
  const char *text = wg_walk_checked_text(w, row, v);
  int64_t t = 0;
  if (text == NULL) {
    return;
  }
  if (strcmp(text, "commit") == 0) {
    const char *why = NULL;
    const char *s = wg_cfg_git(w->c, "time", &why);
    if (s == NULL || !wg_parse_epoch(s, &t)) {
      wg_walk_error(w, v,
                    wg_cfg_printf(w->c, "the time of the last commit can't be had: git says: %s",
                                  s == NULL ? why : s),
                    s == NULL && strstr(why, "dubious ownership") != NULL
                        ? "the repository belongs to another user: make it yours (chown -R), or "
                          "write a date: 2026-01-31T12:00:00Z"
                        : "commit first, or write a date: 2026-01-31T12:00:00Z");
      return;
    }
  } else if (!wg_parse_time(text, &t)) {
    wg_walk_error(w, v, wg_cfg_printf(w->c, "'%s' is not a time from 1970 to 2106", text),
                  "write 2026-01-31T12:00:00Z, seconds since 1970, or 'commit'");
    return;
  }
  memcpy(wg_key_field(out, row->at), &t, sizeof(t));
}

void wg_walk_scalar(wg_walk *w, const wg_key *row, const wg_yaml_node *v, void *out) {
  switch (row->type) {
  case WG_KEY_BOOL:
    walk_bool(w, row, v, out);
    return;
  case WG_KEY_INT:
    walk_int(w, row, v);
    return;
  case WG_KEY_ENUM:
    walk_enum(w, row, v, out);
    return;
  case WG_KEY_SIZE:
  case WG_KEY_DURATION:
    walk_measure(w, row, v, out);
    return;
  case WG_KEY_TIME:
    walk_time(w, row, v, out);
    return;
  case WG_KEY_STRING:
  case WG_KEY_PATH:
  case WG_KEY_WINPATH:
  case WG_KEY_MAP:
  case WG_KEY_NAMED:
  case WG_KEY_PAIRS:
  case WG_KEY_LIST:
  case WG_KEY_OWN:
    break;
  }
  walk_string(w, row, v, out);
}
