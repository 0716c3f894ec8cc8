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
  if (row->group == 0) {
    wg_buf_add_z(out, "optional");
    return;
  }
  wg_buf_add_z(out, row->group > 0 ? "exactly one of" : "at least one of");
  const char *sep = " ";
  for (wg_key_iter it = wg_key_iter_of(lang, map); wg_key_next(&it);) {
    const wg_key *r = it.key;
    if (r->group == row->group) {
      wg_buf_printf(out, "%s`%s`", sep, r->name);
      sep = ", ";
    }
  }
}

static void reference_row(wg_buf *out, const wg_cfg_lang *lang, const wg_key *map,
                          const wg_key *row, const char *path) {
  wg_buf_printf(out, "\n### `%s`\n\n%s\n\n", path, row->doc);
  wg_buf_add_z(out, "- Type: ");
  reference_write_type(out, row);
  wg_buf_add_z(out, "; ");
  reference_need(out, lang, map, row);
  wg_buf_add_byte(out, '\n');
  if (row->def != NULL && row->def[0] != '\0') {
    wg_buf_printf(out, "- Default: `%s`\n", row->def);
  }
  unsigned flags = row->type == WG_KEY_LIST ? row->flags | row->sub[0].flags : row->flags;
  if ((flags & WG_KF_VAR) != 0 && row->type != WG_KEY_MAP) {
    wg_buf_add_z(out, "- Takes `${NAME}`\n");
  }
  if ((flags & WG_KF_UNIQUE) != 0) {
    wg_buf_add_z(out, "- No item twice\n");
  }
  wg_buf_printf(out, "- Since: %s\n", row->since == NULL ? "0.1" : row->since);
  if (row->example != NULL) {
    wg_buf_printf(out, "\n```yaml\n%s: %s\n```\n", row->name, row->example);
  }
}

// What stands before the keys below a row; heap.
static char *reference_deeper(const wg_key *row, const char *path) {
  const char *step = row->type == WG_KEY_NAMED  ? ".<name>."
                     : row->type == WG_KEY_LIST ? "[]."
                                                : ".";
  return wg_xprintf("%s%s", path, step);
}

// A section may stand in several places: its keys are described in the first.
typedef struct reference_seen {
  const wg_key *row;
  char *path; // heap
} reference_seen;
typedef struct reference_page {
  wg_buf *out;
  const wg_cfg_lang *lang;
  reference_seen *seen;
  size_t n_seen, cap_seen;
} reference_page;

static void reference_page_done(reference_page *p) {
  for (size_t i = 0; i < p->n_seen; i++) {
    wg_xfree(p->seen[i].path);
  }
  wg_xfree(p->seen);
}
WG_DEFINE_AUTO(reference_page, reference_page_done);

static const char *reference_find(const reference_page *p, const wg_key *row) {
  for (size_t i = 0; i < p->n_seen; i++) {
    if (p->seen[i].row == row) {
      return p->seen[i].path;
    }
  }
  return NULL;
}

static void reference_rows(reference_page *p, const wg_key *map, const char *prefix) {
  for (wg_key_iter it = wg_key_iter_of(p->lang, map); wg_key_next(&it);) {
    const wg_key *r = it.key;
    if ((r->flags & WG_KF_PLANNED) != 0) {
      continue;
    }
    WG_AUTO(wg_cstr) path = wg_xprintf("%s%s", prefix, r->name);
    const char *known = reference_find(p, r);
    if (known != NULL) {
      wg_buf_printf(p->out, "\n### `%s`\n\nAs `%s`, for this place alone.\n", path, known);
      continue;
    }
    wg_vec_push(&p->seen, &p->n_seen, &p->cap_seen) = (reference_seen){r, wg_xstrdup(path)};
    reference_row(p->out, p->lang, map, r, path);
    const wg_key *inner = reference_inner(r);
    if (inner != NULL) {
      WG_AUTO(wg_cstr) deeper = reference_deeper(r, path);
      reference_rows(p, inner, deeper);
    }
  }
}

static void reference_refused(wg_buf *out, const wg_cfg_lang *lang, const wg_key *map,
                              const char *prefix) {
  for (wg_key_iter it = wg_key_iter_of(lang, map); wg_key_next(&it);) {
    const wg_key *r = it.key;
    WG_AUTO(wg_cstr) path = wg_xprintf("%s%s", prefix, r->name);
    if (r->refused != NULL) {
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
  WG_AUTO(reference_page) page = {.out = out, .lang = lang};
  wg_buf_add_z(out, intro);
  reference_rows(&page, lang->root, "");
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
