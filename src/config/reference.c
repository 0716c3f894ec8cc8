// SPDX-License-Identifier: Apache-2.0
// The reference page of the table of keys, in Markdown.
#include "config/reference.h"

#include <string.h>

#include "os/mem.h"

static const char *reference_type(const wg_key *row) {
  switch (row->type) {
  case WG_KEY_STRING:
    return "text";
  case WG_KEY_BOOL:
    return "boolean";
  case WG_KEY_INT:
    return "number";
  case WG_KEY_ENUM:
    return "one of";
  case WG_KEY_PATH:
    return "path";
  case WG_KEY_WINPATH:
    return "Windows path";
  case WG_KEY_SIZE:
    return "size, such as `3800MiB`";
  case WG_KEY_DURATION:
    return "duration, such as `1h30m`";
  case WG_KEY_TIME:
    return "time";
  case WG_KEY_OWN:
    return row->kind->type;
  case WG_KEY_MAP:
    return "map";
  case WG_KEY_NAMED:
    return "map of name to map";
  case WG_KEY_PAIRS:
    return "map of name to text";
  case WG_KEY_LIST:
    break;
  }
  return "list of";
}

static void reference_choices(wg_buf *out, const wg_choice *choices) {
  bool first = true;
  for (const wg_choice *c = choices; c->name != NULL; c++) {
    if (!c->planned) {
      wg_buf_printf(out, "%s`%s`", first ? " " : ", ", c->name);
      first = false;
    }
  }
}

static void reference_write_type(wg_buf *out, const wg_key *row) {
  if (row->type == WG_KEY_LIST) {
    const wg_key *item = &row->sub[0];
    bool plural = item->type == WG_KEY_MAP || item->type == WG_KEY_OWN;
    wg_buf_printf(out, "list of %s%s", reference_type(item), plural ? "s" : "");
    if (item->type == WG_KEY_ENUM) {
      reference_choices(out, item->choices);
    }
    if (item->map_form != NULL) {
      wg_buf_add_z(out, ", or a map");
    }
    return;
  }
  wg_buf_add_z(out, reference_type(row));
  if (row->choices != NULL) {
    wg_buf_add_z(out, row->type == WG_KEY_INT ? ":" : "");
    reference_choices(out, row->choices);
  }
  if (row->map_form != NULL) {
    wg_buf_add_z(out, ", or a map");
  }
}

static const wg_key *reference_inner(const wg_key *row) {
  if (row->type == WG_KEY_MAP) {
    return row;
  }
  if (row->map_form != NULL) {
    return row->map_form;
  }
  if (row->type == WG_KEY_LIST && row->sub[0].map_form != NULL) {
    return row->sub[0].map_form;
  }
  bool holds = row->type == WG_KEY_NAMED || row->type == WG_KEY_LIST;
  return holds && row->sub[0].type == WG_KEY_MAP ? &row->sub[0] : NULL;
}

static void reference_need(wg_buf *out, const wg_cfg_lang *lang, const wg_key *map,
                           const wg_key *row) {
  if ((row->flags & WG_KF_REQUIRED) != 0) {
    wg_buf_add_z(out, "required");
    return;
  }
  if (row->group == 0 || (row->flags & WG_KF_FOR_GROUP) != 0) {
    wg_buf_add_z(out, "optional");
    return;
  }
  wg_buf_add_z(out, row->group > 0 ? "exactly one of" : "at least one of");
  const char *sep = " ";
  for (wg_key_iter it = wg_key_iter_of(lang, map); wg_key_next(&it);) {
    const wg_key *r = it.key;
    if (r->group == row->group && (r->flags & WG_KF_FOR_GROUP) == 0) {
      wg_buf_printf(out, "%s`%s`", sep, r->name);
      sep = ", ";
    }
  }
}

static void reference_row(void *ctx, const wg_key_doc *key) {
  wg_buf *out = ctx;
  if (key->is_repeated) {
    return;
  }
  if (key->same_as != NULL) {
    wg_buf_printf(out, "\n### `%s`\n\nAs `%s`, for this place alone.\n", key->path, key->same_as);
    return;
  }
  wg_buf_printf(out, "\n### `%s`\n\n%s\n\n- Type: %s; %s\n", key->path, key->doc, key->type,
                key->need);
  if (key->def != NULL) {
    wg_buf_printf(out, "- Default: `%s`\n", key->def);
  }
  if (key->takes_variables) {
    wg_buf_add_z(out, "- Takes `${NAME}`\n");
  }
  if (key->is_unique) {
    wg_buf_add_z(out, "- No item twice\n");
  }
  wg_buf_printf(out, "- Since: %s\n", key->since);
  if (key->example != NULL) {
    wg_buf_printf(out, "\n```yaml\n%s: %s\n```\n", key->name, key->example);
  }
}

// A section may stand in several places: its keys are described in the first.
typedef struct reference_seen {
  const wg_key *row;
  char *path; // heap
} reference_seen;

// Who visits, and of what.
typedef struct reference_walk {
  const wg_cfg_lang *lang;
  void (*visit)(void *ctx, const wg_key_doc *key);
  void *ctx;
  reference_seen *seen;
  size_t n_seen, cap_seen;
} reference_walk;

static void reference_walk_done(reference_walk *w) {
  for (size_t i = 0; i < w->n_seen; i++) {
    wg_xfree(w->seen[i].path);
  }
  wg_xfree(w->seen);
}
WG_DEFINE_AUTO(reference_walk, reference_walk_done);

static const char *reference_find(const reference_walk *w, const wg_key *row) {
  for (size_t i = 0; i < w->n_seen; i++) {
    if (w->seen[i].row == row) {
      return w->seen[i].path;
    }
  }
  return NULL;
}

static void reference_visit(const reference_walk *w, const wg_key *map, const wg_key *row,
                            const char *path, const char *same_as, bool is_repeated) {
  WG_AUTO(wg_buf) type = {0};
  WG_AUTO(wg_buf) need = {0};
  wg_buf_init(&type, wg_heap(), 0);
  wg_buf_init(&need, wg_heap(), 0);
  reference_write_type(&type, row);
  reference_need(&need, w->lang, map, row);
  unsigned flags = row->type == WG_KEY_LIST ? row->flags | row->sub[0].flags : row->flags;
  const wg_key_doc doc = {
      .path = path,
      .name = row->name,
      .doc = row->doc,
      .example = row->example,
      .def = row->def != NULL && row->def[0] != '\0' ? row->def : NULL,
      .since = row->since == NULL ? "0.1" : row->since,
      .type = wg_buf_z(&type),
      .need = wg_buf_z(&need),
      .takes_variables = (flags & WG_KF_VAR) != 0 && row->type != WG_KEY_MAP,
      .is_unique = (flags & WG_KF_UNIQUE) != 0,
      .same_as = same_as,
      .is_repeated = is_repeated,
  };
  w->visit(w->ctx, &doc);
}

// What stands before the keys below a row; heap.
static char *reference_deeper(const wg_key *row, const char *path) {
  const char *step = row->type == WG_KEY_NAMED  ? ".<name>."
                     : row->type == WG_KEY_LIST ? "[]."
                                                : ".";
  return wg_xprintf("%s%s", path, step);
}

static void reference_rows(reference_walk *w, const wg_key *map, const char *prefix,
                           bool is_repeated) {
  for (wg_key_iter it = wg_key_iter_of(w->lang, map); wg_key_next(&it);) {
    const wg_key *r = it.key;
    if ((r->flags & WG_KF_PLANNED) != 0) {
      continue;
    }
    WG_AUTO(wg_cstr) path = wg_xprintf("%s%s", prefix, r->name);
    const char *known = reference_find(w, r);
    reference_visit(w, map, r, path, known, is_repeated);
    if (known == NULL) {
      wg_vec_push(&w->seen, &w->n_seen, &w->cap_seen) = (reference_seen){r, wg_xstrdup(path)};
    }
    const wg_key *inner = reference_inner(r);
    if (inner != NULL) {
      WG_AUTO(wg_cstr) deeper = reference_deeper(r, path);
      reference_rows(w, inner, deeper, known != NULL);
    }
  }
}

void wg_cfg_each_key(const wg_cfg_lang *lang, void (*visit)(void *ctx, const wg_key_doc *key),
                     void *ctx) {
  WG_AUTO(reference_walk) w = {.lang = lang, .visit = visit, .ctx = ctx};
  reference_rows(&w, lang->root, "", false);
}

static void reference_refused(wg_buf *out, const wg_cfg_lang *lang, const wg_key *map,
                              const char *prefix) {
  for (wg_key_iter it = wg_key_iter_of(lang, map); wg_key_next(&it);) {
    const wg_key *r = it.key;
    WG_AUTO(wg_cstr) path = wg_xprintf("%s%s", prefix, r->name);
    if (r->refused != NULL && r->doc != NULL) {
      wg_buf_printf(out, "- `%s`: %s Instead: %s.\n", path, r->doc, r->refused);
      continue;
    }
    const wg_key *inner = (r->flags & WG_KF_PLANNED) == 0 ? reference_inner(r) : NULL;
    if (inner != NULL && r->type == WG_KEY_NAMED) {
      WG_AUTO(wg_cstr) deeper = wg_xprintf("%s.<name>.", path);
      reference_refused(out, lang, inner, deeper);
    }
  }
}

static void reference_planned(wg_buf *out, const wg_cfg_lang *lang, const wg_key *map,
                              const char *prefix) {
  for (wg_key_iter it = wg_key_iter_of(lang, map); wg_key_next(&it);) {
    const wg_key *r = it.key;
    WG_AUTO(wg_cstr) path = wg_xprintf("%s%s", prefix, r->name);
    if (r->refused != NULL) {
      continue;
    }
    if ((r->flags & WG_KF_PLANNED) != 0) {
      wg_buf_printf(out, "- `%s`: %s\n", path, r->doc);
      continue;
    }
    const wg_choice *choices = r->type == WG_KEY_LIST ? r->sub[0].choices : r->choices;
    for (const wg_choice *c = choices; c != NULL && c->name != NULL; c++) {
      if (c->planned) {
        wg_buf_printf(out, "- `%s: %s`\n", path, c->name);
      }
    }
    const wg_key *inner = reference_inner(r);
    if (inner != NULL) {
      WG_AUTO(wg_cstr) deeper = reference_deeper(r, path);
      reference_planned(out, lang, inner, deeper);
    }
  }
}

void wg_cfg_write_reference(const wg_cfg_lang *lang, const char *intro, wg_buf *out) {
  wg_buf_add_z(out, intro);
  wg_cfg_each_key(lang, reference_row, out);
  wg_buf_add_z(out, "\n## Not built yet\n"
                    "\n"
                    "These keys have their place and are refused by name until they are built:\n"
                    "\n");
  reference_planned(out, lang, lang->root, "");
  wg_buf_add_z(out, "\n## What is not done in an image file\n"
                    "\n"
                    "These keys are refused with the way to do it: it takes Windows itself.\n"
                    "\n");
  reference_refused(out, lang, lang->root, "");
}
