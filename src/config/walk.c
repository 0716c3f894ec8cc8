#include <string.h>

#include "config/internal.h"

#define WALK_PATH_BYTES 200

typedef struct walk {
  wg_cfg *c;
  char path[WALK_PATH_BYTES]; // "apps.agent.targets", for messages
  size_t path_n;
} walk;

static void walk_value(walk *w, const wg_key *row, const wg_yaml_node *key, const wg_yaml_node *v,
                       void *out);

static void *walk_field(void *base, size_t at) {
  return (char *)base + (at - 1);
}

// Appends ".name"; returns what walk_leave takes to undo it.
static size_t walk_enter(walk *w, const char *name) {
  size_t before = w->path_n;
  size_t room = WALK_PATH_BYTES - before;
  size_t n = wg_format(w->path + before, room, "%s%s", before == 0 ? "" : ".", name);
  w->path_n = n < room ? before + n : WALK_PATH_BYTES - 1;
  return before;
}

static void walk_leave(walk *w, size_t before) {
  w->path_n = before;
  w->path[before] = '\0';
}

static void walk_error(walk *w, const wg_yaml_node *at, const char *text, const char *hint) {
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
  case WG_KEY_REGVALUES:
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
  case WG_KEY_TARGET:
    return "a target";
  case WG_KEY_ENUM:
  case WG_KEY_STRING:
    break;
  }
  return "text";
}

static const char *walk_choices(walk *w, const wg_choice *choices) {
  const char *list = "";
  for (const wg_choice *c = choices; c->name != NULL; c++) {
    if (!c->planned) {
      list = wg_cfg_printf(w->c, "%s%s%s", list, list[0] == '\0' ? "" : ", ", c->name);
    }
  }
  return list;
}

static const char *walk_example(walk *w, const wg_key *row) {
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

static wg_yaml_kind walk_kind(const wg_key *row) {
  switch (row->type) {
  case WG_KEY_MAP:
  case WG_KEY_NAMED:
  case WG_KEY_PAIRS:
  case WG_KEY_REGVALUES:
    return WG_YAML_MAP;
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
  case WG_KEY_TARGET:
    break;
  }
  return WG_YAML_SCALAR;
}

static const char *walk_type_hint(walk *w, const wg_key *row, const wg_yaml_node *v) {
  if (v->kind != WG_YAML_SCALAR) {
    return walk_example(w, row);
  }
  const char *colon = v->style == WG_YAML_PLAIN ? strchr(v->text, ':') : NULL;
  if (walk_kind(row) == WG_YAML_MAP && colon != NULL && colon > v->text && colon[1] != '\0') {
    return wg_cfg_printf(w->c, "put a space behind the colon: '%.*s: ...'",
                         colon - v->text > 40 ? 40 : (int)(colon - v->text), v->text);
  }
  bool simple = v->n > 0 && v->n <= 40 && strpbrk(v->text, ",[]{}#&*!|>'\"%@`: \n") == NULL;
  if (row->type == WG_KEY_LIST && simple) {
    return wg_cfg_printf(w->c, "write it as a list: '%s: [%s]'", row->name, v->text);
  }
  return walk_example(w, row);
}

static void walk_wrong_type(walk *w, const wg_key *row, const wg_yaml_node *v) {
  if (wg_yaml_is_null(v)) {
    walk_error(w, v, wg_cfg_printf(w->c, "has no value; %s is needed", walk_wanted(row)),
               walk_example(w, row));
    return;
  }
  walk_error(
      w, v,
      wg_cfg_printf(w->c, "%s is needed, and this is %s", walk_wanted(row), walk_kind_name(v)),
      walk_type_hint(w, row, v));
}

// --- scalars ---

static void walk_warn_norway(walk *w, const wg_yaml_node *v) {
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

static bool walk_check_chars(walk *w, const wg_key *row, const wg_yaml_node *v, const char *text) {
  for (const char *p = text; *p != '\0'; p++) {
    bool line = *p == '\n' || *p == '\r';
    if (line && (row->flags & WG_KF_LINES) == 0) {
      walk_error(w, v, "has a line break",
                 v->style == WG_YAML_BLOCK ? "write it on one line behind the key, without | or >"
                                           : "write it on one line");
      return false;
    }
    if (((uint8_t)*p < 0x20 && !line && *p != '\t') || *p == 0x7F) {
      walk_error(w, v, wg_cfg_printf(w->c, "has the control character 0x%02x", (unsigned)*p),
                 "remove it");
      return false;
    }
  }
  return true;
}

// Text with variables filled in; NULL after adding a fault.
static const char *walk_text(walk *w, const wg_key *row, const wg_yaml_node *v) {
  const char *text = v->text;
  const char *why = NULL;
  const char *hint = NULL;
  if ((row->flags & WG_KF_VAR) != 0) {
    if (!wg_cfg_expand(w->c, v->text, &text, &why, &hint)) {
      walk_error(w, v, why, hint);
      return NULL;
    }
  } else if (strstr(text, "${") != NULL) {
    walk_error(w, v, "takes no ${} variables", "write the value itself, or use --set");
    return NULL;
  }
  if (text[0] == '\0' && (row->flags & WG_KF_EMPTY) == 0) {
    walk_error(w, v, "is empty", walk_example(w, row));
    return NULL;
  }
  return walk_check_chars(w, row, v, text) ? text : NULL;
}

static void walk_check_failed(walk *w, const wg_yaml_node *at, const wg_cfg_text *t) {
  size_t n = strlen(t->text);
  walk_error(w, at,
             wg_cfg_printf(w->c, "'%.*s%s' %s", (int)(n > 120 ? 120 : n), t->text,
                           n > 120 ? "..." : "", t->why),
             t->hint);
}

// Text that has passed its row's check, in its normal form; NULL after adding a fault.
static const char *walk_checked_text(walk *w, const wg_key *row, const wg_yaml_node *v) {
  bool b = false;
  if (wg_yaml_is_null(v)) {
    walk_wrong_type(w, row, v);
    return NULL;
  }
  if (wg_yaml_is_bool(v, &b)) {
    walk_error(w, v, wg_cfg_printf(w->c, "text is needed, and %s is a boolean", v->text),
               wg_cfg_printf(w->c, "quote it to make it text: \"%s\"", v->text));
    return NULL;
  }
  const char *text = walk_text(w, row, v);
  if (text == NULL) {
    return NULL;
  }
  wg_cfg_text t = {.arena = &w->c->arena, .text = text, .value = text};
  if (row->check != NULL && text[0] != '\0' && !row->check(&t)) {
    walk_check_failed(w, v, &t);
    return NULL;
  }
  if (row->type == WG_KEY_STRING) {
    walk_warn_norway(w, v);
  }
  return t.value;
}

static void walk_string(walk *w, const wg_key *row, const wg_yaml_node *v, void *out) {
  const char *text = walk_checked_text(w, row, v);
  if (text != NULL && row->at != 0) {
    memcpy(walk_field(out, row->at), &text, sizeof(text));
  }
}

static void walk_bool(walk *w, const wg_key *row, const wg_yaml_node *v, void *out) {
  static const char *const yes[] = {"yes", "on", "y", "1"};
  static const char *const no[] = {"no", "off", "n", "0"};
  bool b = false;
  if (wg_yaml_is_bool(v, &b)) {
    *(bool *)walk_field(out, row->at) = b;
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
    walk_wrong_type(w, row, v);
    return;
  }
  walk_error(w, v, wg_cfg_printf(w->c, "true or false is needed, and this is '%s'", v->text),
             meant == NULL ? NULL
                           : wg_cfg_printf(w->c, "write %s: %s, without quotes", row->name, meant));
}

static const char *walk_nearest_choice(const wg_choice *choices, const char *text) {
  const char *names[16];
  size_t n = 0;
  for (const wg_choice *c = choices; c->name != NULL && n < WG_ARRAY_LEN(names); c++) {
    if (!c->planned) {
      names[n++] = c->name;
    }
  }
  return wg_cfg_nearest(text, names, n);
}

static void walk_unknown_choice(walk *w, const wg_key *row, const wg_yaml_node *v) {
  const char *near = walk_nearest_choice(row->choices, v->text);
  const char *list = walk_choices(w, row->choices);
  walk_error(w, v, wg_cfg_printf(w->c, "'%s' is not one of the allowed values", v->text),
             near == NULL ? wg_cfg_printf(w->c, "allowed: %s", list)
                          : wg_cfg_printf(w->c, "did you mean '%s'? allowed: %s", near, list));
}

static void walk_planned(walk *w, const wg_yaml_node *at, const char *name) {
  walk_error(w, at, wg_cfg_printf(w->c, "'%s' is not built yet in this version of wingo", name),
             "remove it");
}

static void walk_enum(walk *w, const wg_key *row, const wg_yaml_node *v, void *out) {
  if (wg_yaml_is_null(v)) {
    walk_wrong_type(w, row, v);
    return;
  }
  const char *text = walk_text(w, row, v);
  for (const wg_choice *c = row->choices; text != NULL && c->name != NULL; c++) {
    if (strcmp(c->name, text) != 0) {
      continue;
    }
    if (c->planned) {
      walk_planned(w, v, c->name);
      return;
    }
    void *field = walk_field(out, row->at);
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
static void walk_int(walk *w, const wg_key *row, const wg_yaml_node *v) {
  if (wg_yaml_is_null(v)) {
    walk_wrong_type(w, row, v);
    return;
  }
  for (const wg_choice *c = row->choices; c->name != NULL; c++) {
    if (strcmp(c->name, v->text) == 0) {
      if (v->style != WG_YAML_PLAIN) {
        walk_error(w, v, "a number is needed, and this is text",
                   wg_cfg_printf(w->c, "write '%s: %s', without quotes", row->name, c->name));
      }
      return;
    }
  }
  walk_error(w, v, wg_cfg_printf(w->c, "'%s' is not known to this wingo", v->text),
             wg_cfg_printf(w->c, "write '%s: %s'", row->name, walk_choices(w, row->choices)));
}

static void walk_measure(walk *w, const wg_key *row, const wg_yaml_node *v, void *out) {
  const char *text = walk_checked_text(w, row, v);
  uint64_t n = 0;
  if (text == NULL) {
    return;
  }
  bool is_size = row->type == WG_KEY_SIZE;
  if (is_size ? wg_cfg_parse_size(text, &n) : wg_cfg_parse_duration(text, &n)) {
    memcpy(walk_field(out, row->at), &n, sizeof(n));
    return;
  }
  walk_error(w, v, wg_cfg_printf(w->c, "'%s' is not %s", text, walk_wanted(row)),
             is_size ? "write a number and a unit: 4096, 3800MiB, 5GiB"
                     : "write numbers and units, large to small: 10m, 1h30m, 250ms");
}

static void walk_time(walk *w, const wg_key *row, const wg_yaml_node *v, void *out) {
  const char *text = walk_checked_text(w, row, v);
  int64_t t = 0;
  if (text == NULL) {
    return;
  }
  if (strcmp(text, "commit") == 0) {
    wg_error err = WG_ERROR_INIT;
    if (w->c->world.commit_time(w->c->world.ctx, &t, &err) != WG_OK) {
      walk_error(w, v,
                 wg_cfg_printf(w->c, "the time of the last commit can't be had: %s", err.text),
                 "commit first, or write a date: 2026-01-31T12:00:00Z");
      return;
    }
  } else if (!wg_cfg_parse_time(text, &t)) {
    walk_error(w, v, wg_cfg_printf(w->c, "'%s' is not a time from 1970 to 2106", text),
               "write 2026-01-31T12:00:00Z, seconds since 1970, or 'commit'");
    return;
  }
  memcpy(walk_field(out, row->at), &t, sizeof(t));
}

static void walk_target(walk *w, const wg_key *row, const wg_yaml_node *v, void *out) {
  const char *text = walk_checked_text(w, row, v);
  if (text == NULL) {
    return;
  }
  wg_cfg_text t = {.arena = &w->c->arena, .text = text, .value = text};
  wg_cfg_target *target = walk_field(out, row->at);
  if (!wg_cfg_parse_target(&t, target)) {
    walk_check_failed(w, v, &t);
  }
}

// --- collections ---

static bool walk_given(const wg_yaml_node *map, const char *name) {
  return wg_yaml_get(map, name) != NULL;
}

// "a, b and c" of the rows of a group.
static const char *walk_group_names(walk *w, const wg_key *rows, int group) {
  const char *list = "";
  for (const wg_key *r = rows; r->name != NULL; r++) {
    if (r->group == group) {
      list = wg_cfg_printf(w->c, "%s%s'%s'", list, list[0] == '\0' ? "" : " and ", r->name);
    }
  }
  return list;
}

// True for the first row of its group, which stands for all.
static bool walk_leads_group(const wg_key *rows, const wg_key *row) {
  for (const wg_key *r = rows; r < row; r++) {
    if (r->group == row->group) {
      return false;
    }
  }
  return row->group != 0;
}

static void walk_check_group(walk *w, const wg_key *rows, int group, const wg_yaml_node *at,
                             const wg_yaml_node *map, bool excused) {
  unsigned n = 0;
  const wg_yaml_node *last = NULL;
  const char *example = NULL;
  for (const wg_key *r = rows; r->name != NULL; r++) {
    if (r->group != group) {
      continue;
    }
    example = example == NULL ? wg_cfg_printf(w->c, "add '%s: %s'", r->name, r->example) : example;
    for (size_t i = 0; i < map->n; i++) {
      if (strcmp(map->pairs[i].key->text, r->name) == 0) {
        n++;
        last = map->pairs[i].key;
      }
    }
  }
  const char *names = walk_group_names(w, rows, group);
  if (n == 0 && !excused) {
    walk_error(w, at,
               wg_cfg_printf(w->c, "%s of %s is needed", group > 0 ? "one" : "at least one", names),
               example);
  } else if (n > 1 && group > 0) {
    walk_error(w, last, wg_cfg_printf(w->c, "only one of %s can be given", names),
               "remove one of them");
  }
}

// Faulty keys of a map, so that what they stand for isn't called missing as well.
typedef struct walk_seen {
  uint64_t meant; // bit i: an unknown key is near to row i
  bool planned;   // a key that is not built yet
} walk_seen;

static void walk_missing(walk *w, const wg_key *rows, const wg_yaml_node *at,
                         const wg_yaml_node *map, walk_seen seen) {
  for (size_t i = 0; rows[i].name != NULL; i++) {
    const wg_key *r = &rows[i];
    bool meant = i < 64 && (seen.meant >> i & 1) != 0;
    if ((r->flags & WG_KF_REQUIRED) != 0 && !meant && !walk_given(map, r->name)) {
      walk_error(w, at, wg_cfg_printf(w->c, "'%s' is missing", r->name),
                 wg_cfg_printf(w->c, "add '%s: %s'", r->name, r->example));
    }
    if (walk_leads_group(rows, r)) {
      walk_check_group(w, rows, r->group, at, map, seen.planned || seen.meant != 0);
    }
  }
}

// Finds another place of the table that has a key of this name.
static const char *walk_elsewhere(walk *w, const wg_key *row, const char *name, const char *path) {
  for (const wg_key *r = row->sub; r != NULL && r->name != NULL; r++) {
    const char *sub = path[0] == '\0' ? r->name : wg_cfg_printf(w->c, "%s.%s", path, r->name);
    if (strcmp(r->name, name) == 0 && (r->flags & WG_KF_PLANNED) == 0) {
      return sub;
    }
    const wg_key *map = r;
    if (r->type == WG_KEY_NAMED || r->type == WG_KEY_LIST) {
      map = &r->sub[0];
      sub = wg_cfg_printf(w->c, "%s%s", sub, r->type == WG_KEY_LIST ? "[]" : ".<name>");
    }
    const char *found = map->type == WG_KEY_MAP ? walk_elsewhere(w, map, name, sub) : NULL;
    if (found != NULL) {
      return found;
    }
  }
  return NULL;
}

// Reports the key; the bit of the row that it is near to, 0 when it is near to none.
static uint64_t walk_unknown(walk *w, const wg_key *rows, const wg_yaml_node *key) {
  const char *names[32];
  size_t n = 0;
  const char *list = "";
  for (const wg_key *r = rows; r->name != NULL && n < WG_ARRAY_LEN(names); r++) {
    if ((r->flags & WG_KF_PLANNED) == 0) {
      names[n++] = r->name;
      list = wg_cfg_printf(w->c, "%s%s%s", list, list[0] == '\0' ? "" : ", ", r->name);
    }
  }
  const char *near = wg_cfg_nearest(key->text, names, n);
  const char *elsewhere = walk_elsewhere(w, w->c->root_key, key->text, "");
  const char *hint = wg_cfg_printf(w->c, "known here: %s", list);
  if (near != NULL) {
    hint = wg_cfg_printf(w->c, "did you mean '%s'?", near);
  } else if (elsewhere != NULL) {
    hint = wg_cfg_printf(w->c, "it belongs to %s", elsewhere);
  }
  walk_error(w, key, wg_cfg_printf(w->c, "unknown key '%.*s'", WG_STR_ARG(wg_str_of(key->text))),
             hint);
  for (size_t i = 0; near != NULL && i < 64 && rows[i].name != NULL; i++) {
    if (strcmp(rows[i].name, near) == 0) {
      return (uint64_t)1 << i;
    }
  }
  return 0;
}

static void walk_defaults(walk *w, const wg_key *rows, const wg_yaml_node *map, void *out) {
  for (const wg_key *r = rows; r->name != NULL; r++) {
    if (r->type == WG_KEY_MAP && r->at == 0 && (map == NULL || !walk_given(map, r->name))) {
      walk_defaults(w, r->sub, NULL, out);
    } else if (r->type == WG_KEY_MAP && r->at != 0 && (map == NULL || !walk_given(map, r->name))) {
      walk_defaults(w, r->sub, NULL, walk_field(out, r->at));
    }
    if (r->def == NULL || r->at == 0 || (map != NULL && walk_given(map, r->name))) {
      continue;
    }
    if (r->def[0] == '\0') {
      const char *empty = "";
      memcpy(walk_field(out, r->at), &empty, sizeof(empty));
      continue;
    }
    bool quoted = r->type == WG_KEY_STRING || r->type == WG_KEY_PATH || r->type == WG_KEY_WINPATH;
    const wg_yaml_node v = {.kind = WG_YAML_SCALAR,
                            .style = quoted ? WG_YAML_SINGLE : WG_YAML_PLAIN,
                            .text = r->def,
                            .n = strlen(r->def)};
    wg_key bare = *r;
    bare.pos_at = 0;
    walk_value(w, &bare, NULL, &v, out);
  }
}

static void walk_map(walk *w, const wg_key *row, const wg_yaml_node *key, const wg_yaml_node *v,
                     void *out) {
  void *inner = row->at == 0 ? out : walk_field(out, row->at);
  walk_seen seen = {0};
  for (size_t i = 0; i < v->n; i++) {
    const wg_yaml_node *k = v->pairs[i].key;
    const wg_key *r = row->sub;
    while (r->name != NULL && strcmp(r->name, k->text) != 0) {
      r++;
    }
    if (r->name == NULL) {
      seen.meant |= walk_unknown(w, row->sub, k);
    } else if ((r->flags & WG_KF_PLANNED) != 0) {
      seen.planned = true;
      walk_planned(w, k, r->name);
    } else {
      size_t before = walk_enter(w, r->name);
      walk_value(w, r, k, v->pairs[i].value, inner);
      walk_leave(w, before);
    }
  }
  walk_missing(w, row->sub, key == NULL ? v : key, v, seen);
  walk_defaults(w, row->sub, v, inner);
}

static bool walk_check_key_name(walk *w, const wg_key *row, const wg_yaml_node *key) {
  wg_cfg_text t = {.arena = &w->c->arena, .text = key->text, .value = key->text};
  if (strstr(key->text, "${") != NULL) {
    walk_error(w, key, wg_cfg_printf(w->c, "the name '%s' has a ${} variable", key->text),
               "variables are for values only");
    return false;
  }
  if (row->check_name != NULL && !row->check_name(&t)) {
    walk_check_failed(w, key, &t);
    return false;
  }
  return true;
}

static void walk_empty(walk *w, const wg_key *row, const wg_yaml_node *key, const wg_yaml_node *v) {
  walk_error(w, key == NULL ? v : key, "is empty", walk_example(w, row));
}

static void walk_named(walk *w, const wg_key *row, const wg_yaml_node *key, const wg_yaml_node *v,
                       void *out) {
  char *items = wg_cfg_alloc(w->c, v->n, row->size);
  if (v->n == 0) {
    walk_empty(w, row, key, v);
  }
  for (size_t i = 0; i < v->n; i++) {
    const wg_yaml_node *k = v->pairs[i].key;
    (void)walk_check_key_name(w, row, k);
    char *item = items + i * row->size;
    memcpy(walk_field(item, row->name_at), &k->text, sizeof(k->text));
    size_t before = walk_enter(w, k->text);
    walk_value(w, &row->sub[0], k, v->pairs[i].value, item);
    walk_leave(w, before);
  }
  memcpy(walk_field(out, row->at), &items, sizeof(items));
  memcpy(walk_field(out, row->count_at), &v->n, sizeof(v->n));
}

static void walk_pairs(walk *w, const wg_key *row, const wg_yaml_node *v, void *out) {
  wg_cfg_pair *items = wg_cfg_alloc(w->c, v->n, sizeof(*items));
  size_t n = 0;
  wg_key text_row = {.name = "", .type = WG_KEY_STRING, .flags = row->flags, .check = row->check};
  for (size_t i = 0; i < v->n; i++) {
    const wg_yaml_node *k = v->pairs[i].key;
    const wg_yaml_node *value = v->pairs[i].value;
    bool name_ok = walk_check_key_name(w, row, k);
    size_t before = walk_enter(w, k->text);
    const char *text = NULL;
    if (value->kind != WG_YAML_SCALAR) {
      walk_wrong_type(w, &text_row, value);
    } else {
      text = walk_checked_text(w, &text_row, value);
    }
    walk_leave(w, before);
    if (name_ok && text != NULL) {
      items[n++] = (wg_cfg_pair){k->text, text, wg_cfg_pos(w->c, k)};
    }
  }
  memcpy(walk_field(out, row->at), &items, sizeof(items));
  memcpy(walk_field(out, row->count_at), &n, sizeof(n));
}

static void walk_unique(walk *w, const wg_yaml_node *list) {
  for (size_t i = 1; i < list->n; i++) {
    const wg_yaml_node *v = list->items[i];
    for (size_t k = 0; k < i && k < 1000 && v->kind == WG_YAML_SCALAR; k++) {
      const wg_yaml_node *u = list->items[k];
      if (u->kind == WG_YAML_SCALAR && strcmp(u->text, v->text) == 0) {
        walk_error(w, v, wg_cfg_printf(w->c, "'%s' is in the list twice", v->text),
                   "remove one of the two");
        break;
      }
    }
  }
}

static void walk_list(walk *w, const wg_key *row, const wg_yaml_node *key, const wg_yaml_node *v,
                      void *out) {
  char *items = wg_cfg_alloc(w->c, v->n, row->size);
  if (v->n == 0) {
    walk_empty(w, row, key, v);
  }
  for (size_t i = 0; i < v->n; i++) {
    walk_value(w, &row->sub[0], NULL, v->items[i], items + i * row->size);
  }
  if ((row->flags & WG_KF_UNIQUE) != 0) {
    walk_unique(w, v);
  }
  memcpy(walk_field(out, row->at), &items, sizeof(items));
  memcpy(walk_field(out, row->count_at), &v->n, sizeof(v->n));
}

static void walk_scalar(walk *w, const wg_key *row, const wg_yaml_node *v, void *out) {
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
  case WG_KEY_TARGET:
    walk_target(w, row, v, out);
    return;
  case WG_KEY_STRING:
  case WG_KEY_PATH:
  case WG_KEY_WINPATH:
  case WG_KEY_MAP:
  case WG_KEY_NAMED:
  case WG_KEY_PAIRS:
  case WG_KEY_REGVALUES:
  case WG_KEY_LIST:
    break;
  }
  walk_string(w, row, v, out);
}

// An output that takes a size, {swm: 3800MiB}, is a map where a word is expected.
static bool walk_planned_choice(walk *w, const wg_key *row, const wg_yaml_node *v) {
  for (const wg_choice *c = row->choices; c != NULL && c->name != NULL; c++) {
    if (c->planned && v->kind == WG_YAML_MAP && v->n > 0 &&
        strcmp(v->pairs[0].key->text, c->name) == 0) {
      walk_planned(w, v->pairs[0].key, c->name);
      return true;
    }
  }
  return false;
}

// Checks v against row; the row's fields lie in the struct at out. key is NULL for items of lists.
static void walk_value(walk *w, const wg_key *row, const wg_yaml_node *key, const wg_yaml_node *v,
                       void *out) {
  if (row->pos_at != 0) {
    bool of_key = (row->flags & WG_KF_POSITION_OF_KEY) != 0 && key != NULL;
    *(wg_pos *)walk_field(out, row->pos_at) = wg_cfg_pos(w->c, of_key ? key : v);
  }
  if (row->mark_at != 0) {
    memcpy(walk_field(out, row->mark_at), &row->mark, sizeof(row->mark));
  }
  if (v->kind != walk_kind(row)) {
    if (!walk_planned_choice(w, row, v)) {
      walk_wrong_type(w, row, v);
    }
    return;
  }
  if (row->present_at != 0) {
    *(bool *)walk_field(out, row->present_at) = true;
  }
  switch (walk_kind(row)) {
  case WG_YAML_LIST:
    walk_list(w, row, key, v, out);
    break;
  case WG_YAML_MAP:
    if (row->type == WG_KEY_MAP) {
      walk_map(w, row, key, v, out);
    } else if (row->type == WG_KEY_NAMED) {
      walk_named(w, row, key, v, out);
    } else if (row->type == WG_KEY_REGVALUES) {
      wg_cfg_walk_regvalues(w->c, w->path, v, walk_field(out, row->at),
                            walk_field(out, row->count_at));
    } else {
      walk_pairs(w, row, v, out);
    }
    break;
  case WG_YAML_SCALAR:
    walk_scalar(w, row, v, out);
    break;
  }
}

void wg_cfg_walk(wg_cfg *c, const wg_key *row, const wg_yaml_node *root, void *out) {
  walk w = {.c = c};
  walk_value(&w, row, NULL, root, out);
}
