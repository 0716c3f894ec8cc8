// SPDX-License-Identifier: Apache-2.0
// The JSON Schema (draft 7, which editors know) of the table of keys.
#include "config/schema.h"

#include <string.h>

#include "os/mem.h"

// What the rows are written with.
typedef struct schema {
  wg_jsonw w;
  const wg_cfg_lang *lang;
  bool overlay; // of a file that is laid over another: nothing is required, null deletes, '+' adds
} schema;

static void schema_row(schema *s, const wg_key *row);

static void schema_pair(wg_jsonw *w, const char *key, const char *value) {
  wg_jsonw_key_z(w, key);
  wg_jsonw_str_z(w, value);
}

static void schema_types(wg_jsonw *w, const char *a, const char *b) {
  wg_jsonw_key_z(w, "type");
  wg_jsonw_begin_array(w);
  wg_jsonw_str_z(w, a);
  wg_jsonw_str_z(w, b);
  wg_jsonw_end_array(w);
}

// A pattern; where variables are taken, any text that has one passes.
static void schema_pattern(wg_jsonw *w, const char *pattern, unsigned flags) {
  if ((flags & WG_KF_VAR) == 0) {
    schema_pair(w, "pattern", pattern);
    return;
  }
  WG_AUTO(wg_cstr) either = wg_xprintf("%s|\\$\\{", pattern);
  schema_pair(w, "pattern", either);
}

static void schema_text(wg_jsonw *w, const wg_key *row) {
  schema_types(w, "string", "number");
  if ((row->flags & WG_KF_EMPTY) == 0) {
    wg_jsonw_key_z(w, "minLength");
    wg_jsonw_u64(w, 1);
  }
  if (row->pattern != NULL) {
    schema_pattern(w, row->pattern, row->flags);
  }
}

static void schema_choices(wg_jsonw *w, const wg_key *row) {
  wg_jsonw_key_z(w, "enum");
  wg_jsonw_begin_array(w);
  for (const wg_choice *c = row->choices; c->name != NULL; c++) {
    uint64_t number = 0;
    if (c->planned) {
      continue;
    }
    bool is_number = wg_parse_u64(wg_str_of(c->name), &number);
    if (row->type == WG_KEY_ENUM) {
      wg_jsonw_str_z(w, c->name);
    }
    if (is_number) { // without quotes, a number to whoever reads YAML
      wg_jsonw_u64(w, number);
    }
  }
  wg_jsonw_end_array(w);
}

static void schema_time(wg_jsonw *w, const wg_key *row) {
  schema_types(w, "string", "integer");
  wg_jsonw_key_z(w, "minimum");
  wg_jsonw_u64(w, 0);
  wg_jsonw_key_z(w, "maximum");
  wg_jsonw_u64(w, UINT32_MAX);
  schema_pattern(
      w,
      "^(commit|[0-9]{1,10}|(19[7-9][0-9]|2[01][0-9]{2})-[01][0-9]-[0-3][0-9][Tt ][0-2][0-9]:"
      "[0-5][0-9]:[0-6][0-9](\\.[0-9]+)?([Zz]|[-+][0-2][0-9]:[0-5][0-9]))$",
      row->flags);
}

static void schema_needs(wg_jsonw *w, const wg_key *r) {
  wg_jsonw_key_z(w, "required");
  wg_jsonw_begin_array(w);
  wg_jsonw_str_z(w, r->name);
  wg_jsonw_end_array(w);
}

// A map that has this row of a group; what stands for the group counts only without the others.
static void schema_one_of_group(schema *s, const wg_key *map, const wg_key *row) {
  wg_jsonw *w = &s->w;
  wg_jsonw_begin_object(w);
  schema_needs(w, row);
  if ((row->flags & WG_KF_FOR_GROUP) != 0) {
    wg_jsonw_key_z(w, "not");
    wg_jsonw_begin_object(w);
    wg_jsonw_key_z(w, "anyOf");
    wg_jsonw_begin_array(w);
    for (wg_key_iter it = wg_key_iter_of(s->lang, map); wg_key_next(&it);) {
      if (it.key->group == row->group && it.key != row) {
        wg_jsonw_begin_object(w);
        schema_needs(w, it.key);
        wg_jsonw_end_object(w);
      }
    }
    wg_jsonw_end_array(w);
    wg_jsonw_end_object(w);
  }
  wg_jsonw_end_object(w);
}

// `required` and the groups of a map's rows.
static void schema_required(schema *s, const wg_key *map) {
  wg_jsonw *w = &s->w;
  bool any = false;
  for (wg_key_iter it = wg_key_iter_of(s->lang, map); wg_key_next(&it);) {
    const wg_key *r = it.key;
    any = any || (r->flags & WG_KF_REQUIRED) != 0;
  }
  if (s->overlay) {
    return;
  }
  if (any) {
    wg_jsonw_key_z(w, "required");
    wg_jsonw_begin_array(w);
    for (wg_key_iter it = wg_key_iter_of(s->lang, map); wg_key_next(&it);) {
      const wg_key *r = it.key;
      if ((r->flags & WG_KF_REQUIRED) != 0) {
        wg_jsonw_str_z(w, r->name);
      }
    }
    wg_jsonw_end_array(w);
  }
  int group = 0;
  for (wg_key_iter it = wg_key_iter_of(s->lang, map); wg_key_next(&it);) {
    const wg_key *r = it.key;
    group = r->group != 0 ? r->group : group; // no map has two groups
  }
  if (group == 0) {
    return;
  }
  wg_jsonw_key_z(w, group > 0 ? "oneOf" : "anyOf");
  wg_jsonw_begin_array(w);
  for (wg_key_iter it = wg_key_iter_of(s->lang, map); wg_key_next(&it);) {
    const wg_key *r = it.key;
    if (r->group == group) {
      schema_one_of_group(s, map, r);
    }
  }
  wg_jsonw_end_array(w);
}

static void schema_list(schema *s, const wg_key *row);

// "+key", what adds to a list.
static void schema_added(schema *s, const wg_key *row) {
  WG_AUTO(wg_cstr) name = wg_xprintf("+%s", row->name);
  WG_AUTO(wg_cstr)
  doc =
      wg_xprintf("Adds to '%s' of the file below. %s", row->name, row->doc == NULL ? "" : row->doc);
  wg_jsonw_key_z(&s->w, name);
  wg_jsonw_begin_object(&s->w);
  schema_pair(&s->w, "description", doc);
  schema_list(s, row);
  wg_jsonw_end_object(&s->w);
}

static void schema_map(schema *s, const wg_key *row) {
  wg_jsonw *w = &s->w;
  schema_pair(w, "type", "object");
  wg_jsonw_key_z(w, "additionalProperties");
  wg_jsonw_bool(w, false);
  schema_required(s, row);
  wg_jsonw_key_z(w, "properties");
  wg_jsonw_begin_object(w);
  for (wg_key_iter it = wg_key_iter_of(s->lang, row); wg_key_next(&it);) {
    const wg_key *r = it.key;
    if ((r->flags & WG_KF_PLANNED) == 0) {
      wg_jsonw_key_z(w, r->name);
      schema_row(s, r);
      if (s->overlay && r->type == WG_KEY_LIST) {
        schema_added(s, r);
      }
    }
  }
  wg_jsonw_end_object(w);
}

// In an overlay what stands between the two may be null as well.
static void schema_or_null_begin(schema *s) {
  wg_jsonw *w = &s->w;
  if (s->overlay) {
    wg_jsonw_key_z(w, "anyOf");
    wg_jsonw_begin_array(w);
    wg_jsonw_begin_object(w);
    schema_pair(w, "type", "null");
    wg_jsonw_end_object(w);
    wg_jsonw_begin_object(w);
  }
}

static void schema_or_null_end(schema *s) {
  if (s->overlay) {
    wg_jsonw_end_object(&s->w);
    wg_jsonw_end_array(&s->w);
  }
}

static void schema_names(schema *s, const wg_key *row) {
  wg_jsonw *w = &s->w;
  schema_pair(w, "type", "object");
  wg_jsonw_key_z(w, "propertyNames");
  wg_jsonw_begin_object(w);
  schema_pair(w, "pattern", row->name_pattern);
  wg_jsonw_end_object(w);
  wg_jsonw_key_z(w, "additionalProperties");
  if (row->type == WG_KEY_NAMED) {
    schema_row(s, &row->sub[0]);
    if (!s->overlay) {
      wg_jsonw_key_z(w, "minProperties");
      wg_jsonw_u64(w, 1);
    }
  } else {
    wg_jsonw_begin_object(w);
    schema_or_null_begin(s);
    schema_text(w, row);
    schema_or_null_end(s);
    wg_jsonw_end_object(w);
  }
}

static void schema_list(schema *s, const wg_key *row) {
  wg_jsonw *w = &s->w;
  schema_pair(w, "type", "array");
  if ((row->flags & WG_KF_EMPTY) == 0) {
    wg_jsonw_key_z(w, "minItems");
    wg_jsonw_u64(w, 1);
  }
  if ((row->flags & WG_KF_UNIQUE) != 0) {
    wg_jsonw_key_z(w, "uniqueItems");
    wg_jsonw_bool(w, true);
  }
  wg_jsonw_key_z(w, "items");
  bool overlay = s->overlay;
  s->overlay = false; // items are whole: lists don't merge
  schema_row(s, &row->sub[0]);
  s->overlay = overlay;
}

static void schema_type(schema *s, const wg_key *row) {
  wg_jsonw *w = &s->w;
  switch (row->type) {
  case WG_KEY_BOOL:
    schema_pair(w, "type", "boolean");
    return;
  case WG_KEY_INT:
  case WG_KEY_ENUM:
    schema_choices(w, row);
    return;
  case WG_KEY_SIZE:
    schema_types(w, "string", "integer");
    schema_pattern(w, "^[0-9]+( ?([KMGT]i?B|kB|B))?$", row->flags);
    return;
  case WG_KEY_DURATION:
    schema_pair(w, "type", "string");
    schema_pattern(w, "^(?=.)([0-9]+d)?([0-9]+h)?([0-9]+m)?([0-9]+s)?([0-9]+ms)?$", row->flags);
    return;
  case WG_KEY_TIME:
    schema_time(w, row);
    return;
  case WG_KEY_OWN:
    row->kind->schema(w);
    return;
  case WG_KEY_MAP:
    schema_map(s, row);
    return;
  case WG_KEY_NAMED:
  case WG_KEY_PAIRS:
    schema_names(s, row);
    return;
  case WG_KEY_LIST:
    schema_list(s, row);
    return;
  case WG_KEY_STRING:
  case WG_KEY_PATH:
  case WG_KEY_WINPATH:
    break;
  }
  schema_text(w, row);
}

// A value with a short and a long form is either of the two.
static void schema_forms(schema *s, const wg_key *row) {
  wg_jsonw *w = &s->w;
  if (row->map_form == NULL) {
    schema_type(s, row);
    return;
  }
  wg_jsonw_key_z(w, "anyOf");
  wg_jsonw_begin_array(w);
  wg_jsonw_begin_object(w);
  schema_type(s, row);
  wg_jsonw_end_object(w);
  wg_jsonw_begin_object(w);
  schema_type(s, row->map_form);
  wg_jsonw_end_object(w);
  wg_jsonw_end_array(w);
}

static void schema_fields(schema *s, const wg_key *row) {
  wg_jsonw *w = &s->w;
  if (row->doc != NULL && row->example != NULL) {
    WG_AUTO(wg_cstr) doc = wg_xprintf("%s Example: %s", row->doc, row->example);
    schema_pair(w, "description", doc);
  } else if (row->doc != NULL) {
    schema_pair(w, "description", row->doc);
  }
  if (row->def != NULL && row->def[0] != '\0') {
    wg_jsonw_key_z(w, "default");
    if (row->type == WG_KEY_BOOL) {
      wg_jsonw_bool(w, strcmp(row->def, "true") == 0);
    } else {
      wg_jsonw_str_z(w, row->def);
    }
  }
  bool root = row == s->lang->root;
  if (!root) {
    schema_or_null_begin(s);
  }
  schema_forms(s, row);
  if (!root) {
    schema_or_null_end(s);
  }
}

static void schema_row(schema *s, const wg_key *row) {
  wg_jsonw *w = &s->w;
  wg_jsonw_begin_object(w);
  schema_fields(s, row);
  wg_jsonw_end_object(w);
}

void wg_cfg_write_schema(const wg_cfg_lang *lang, const char *title, bool overlay, wg_buf *out) {
  schema s = {.lang = lang, .overlay = overlay};
  wg_jsonw_init(&s.w, out, 2);
  wg_jsonw_begin_object(&s.w);
  schema_pair(&s.w, "$schema", "http://json-schema.org/draft-07/schema#");
  schema_pair(&s.w, "title", title);
  schema_fields(&s, lang->root);
  wg_jsonw_end_object(&s.w);
  wg_buf_add_byte(out, '\n');
  wg_error err = WG_ERROR_INIT;
  wg_code code = wg_jsonw_finish(&s.w, &err);
  wg_assert(code == WG_OK); // the table is ours, and so is the memory's end
}
