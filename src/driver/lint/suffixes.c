// SPDX-License-Identifier: Apache-2.0
// Directives of .Interfaces, .Filters, .Wdf, .Components, .Software, .Events, .COM.
#include <string.h>

#include "driver/lint/int.h"

const char *const wg_lint_suffixes[] = {
    "HW",      "Services",   "CoInstallers",      "Interfaces", "Wdf",
    "Filters", "Components", "Software",          "Events",     "COM",
    "WMI",     "FactDef",    "LogConfigOverride", NULL};

// The section that a directive names; says 1005 when it names none.
static const wg_inf_section *suffix_section(lint *l, const wg_inf_line *line, uint32_t field) {
  if (field >= line->n_fields || wg_lint_text(l, line, field).n == 0) {
    wg_lint_say(l, 1005, line->key, "%s names no section", wg_lint_z(l, line->key->text));
    return NULL;
  }
  return wg_lint_named(l, line, field, LINT_INSTALL);
}

static void suffix_guid(lint *l, const wg_inf_line *line, const char *what) {
  wg_str guid = wg_lint_text(l, line, 0);
  if (!wg_lint_is_guid(guid)) {
    wg_lint_say(l, 1019, line->n_fields > 0 ? &line->fields[0] : line->key,
                "%s: '%s' is no GUID in braces", what, wg_lint_z(l, guid));
  }
}

static void suffix_filter(lint *l, const wg_inf_line *line) {
  const wg_inf_section *s = suffix_section(l, line, 2);
  if (s == NULL) {
    return;
  }
  const wg_inf_line *level = wg_inf_line_of(l->inf, s, "FilterLevel");
  const wg_inf_line *position = wg_inf_line_of(l->inf, s, "FilterPosition");
  if (level != NULL && position != NULL) {
    wg_lint_say(l, 1087, position->key, "FilterLevel and FilterPosition exclude each other");
  } else if (level == NULL && position == NULL) {
    wg_lint_say_at(l, 1289, s->line, 1, "[%s] must say FilterLevel or FilterPosition",
                   wg_lint_z(l, s->name));
  } else if (position != NULL) {
    wg_str p = wg_lint_text(l, position, 0);
    if (!wg_str_eq_nocase(p, "Upper") && !wg_str_eq_nocase(p, "Lower")) {
      wg_lint_say(l, 1081, &position->fields[0], "FilterPosition '%s' is neither Upper nor Lower",
                  wg_lint_z(l, p));
    }
  }
}

// A name that stands in the section before.
static void suffix_twice(lint *l, const wg_inf_section *s, const wg_inf_line *line,
                         const char *key) {
  wg_str name = wg_lint_text(l, line, 0);
  for (const wg_inf_line *other = s->lines; other < line && wg_lint_more(l); other++) {
    if (wg_lint_is(l, other, key) && wg_name_cmp_nocase(wg_lint_text(l, other, 0), name) == 0) {
      wg_lint_say(l, 1086, &line->fields[0], "%s '%s' stands in line %u already", key,
                  wg_lint_z(l, name), other->line);
      return;
    }
  }
}

static void suffix_component(lint *l, const wg_inf_section *s, const wg_inf_line *line) {
  wg_str name = wg_lint_text(l, line, 0);
  suffix_twice(l, s, line, "AddComponent");
  for (size_t i = 0; i < name.n; i++) {
    if (name.p[i] == '\\' || name.p[i] == ',') {
      wg_lint_say(l, 1150, &line->fields[0], "the name '%s' of a component has a '%c'",
                  wg_lint_z(l, name), name.p[i]);
      break;
    }
  }
  (void)suffix_section(l, line, 2);
}

static void suffix_software(lint *l, const wg_inf_line *line) {
  static const char *const needed[] = {NULL, "SoftwareBinary", "SoftwareID"};
  uint32_t type = 0;
  const wg_inf_section *s = suffix_section(l, line, 2);
  if (s == NULL) {
    return;
  }
  const wg_inf_line *t = wg_inf_line_of(l->inf, s, "SoftwareType");
  if (t == NULL || !wg_lint_number(l, t, 0, &type)) {
    wg_lint_say_at(l, 1289, s->line, 1, "[%s] must say SoftwareType", wg_lint_z(l, s->name));
  } else if ((type == 1 || type == 2) && wg_inf_line_of(l->inf, s, needed[type]) == NULL) {
    wg_lint_say(l, 1142, &t->fields[0], "SoftwareType %u needs %s", type, needed[type]);
  } else if (type == 1) {
    const wg_inf_line *b = wg_inf_line_of(l->inf, s, needed[1]);
    wg_lint_say(l, 1144, &t->fields[0], "SoftwareType 1 runs on desktop Windows only");
    wg_str path = wg_lint_text(l, b, 0);
    bool drive = path.n > 1 && path.p[1] == ':';
    bool folder = wg_str_starts(path, "%") && !wg_str_starts(path, "%13%");
    if (drive || folder || wg_str_starts(path, "\\")) {
      wg_lint_say(l, 1141, wg_lint_head(b), "SoftwareBinary '%s' is not below the package",
                  wg_lint_z(l, path));
    }
  }
}

// --- .Wdf

static bool suffix_in_order(lint *l, const wg_inf_section *wdf, wg_str service) {
  for (uint32_t i = 0; i < wdf->n_lines; i++) {
    const wg_inf_line *line = &wdf->lines[i];
    for (uint32_t f = 0; wg_lint_is(l, line, "UmdfServiceOrder") && f < line->n_fields; f++) {
      if (wg_name_cmp_nocase(wg_lint_text(l, line, f), service) == 0) {
        return true;
      }
    }
  }
  return false;
}

static void suffix_wdf(lint *l, const wg_inf_line *line, const lint_at *at, bool umdf) {
  const char *version = umdf ? "UmdfLibraryVersion" : "KmdfLibraryVersion";
  const wg_inf_section *s = suffix_section(l, line, 1);
  if (s == NULL) {
    return;
  }
  const wg_inf_line *v = wg_inf_line_of(l->inf, s, version);
  wg_str text = wg_lint_text(l, v, 0);
  if (text.n == 0) {
    wg_lint_say_at(l, 1084, s->line, 1, "[%s] must say %s", wg_lint_z(l, s->name), version);
  } else if (umdf && wg_str_starts(text, "1.")) {
    wg_lint_say(l, 1402, &v->fields[0], "UMDF %s is no longer used: port the driver to UMDF 2",
                wg_lint_z(l, text));
  }
  wg_str wdf = wg_lint_printf(l, "%s.Wdf", wg_lint_z(l, at->install->name));
  const wg_inf_section *ws = wg_inf_section_of(l->inf, wdf);
  if (umdf && ws != NULL && !suffix_in_order(l, ws, wg_lint_text(l, line, 0))) {
    wg_lint_say(l, 1400, &line->fields[0], "UMDF service '%s' is not in UmdfServiceOrder",
                wg_lint_z(l, wg_lint_text(l, line, 0)));
  }
}

static void suffix_com_class(lint *l, const wg_inf_line *line) {
  static const char *const models[] = {"Apartment", "Free", "Both", "Neutral"};
  suffix_guid(l, line, "AddComClass");
  if (line->n_fields < 3) {
    return;
  }
  const wg_inf_section *s = wg_lint_named(l, line, 2, LINT_OTHER);
  const wg_inf_line *t = wg_inf_line_of(l->inf, s, "ThreadingModel");
  bool known = t == NULL;
  for (size_t i = 0; !known && i < sizeof(models) / sizeof(*models); i++) {
    known = wg_str_eq_nocase(wg_lint_text(l, t, 0), models[i]);
  }
  if (!known) {
    wg_lint_say(l, 1160, wg_lint_head(t),
                "ThreadingModel '%s' is none of Apartment, Free, Both, "
                "Neutral",
                wg_lint_z(l, wg_lint_text(l, t, 0)));
  }
}

// Sections named in the lines of an interface, an event provider or a COM server.
static void suffix_below(lint *l, const wg_inf_section *s, const lint_at *at) {
  if (s != NULL) {
    lint_at below = *at;
    below.suffix = "";
    below.service = (wg_str){"", 0};
    below.depth++;
    (void)wg_lint_section_lines(l, s, &below);
  }
}

bool wg_lint_suffix_line(lint *l, const wg_inf_section *s, const wg_inf_line *line,
                         const lint_at *at) {
  if (wg_lint_is(l, line, "AddInterface")) {
    suffix_guid(l, line, "AddInterface");
    bool named = line->n_fields > 2 && wg_lint_text(l, line, 2).n > 0;
    suffix_below(l, named ? wg_lint_named(l, line, 2, LINT_INSTALL) : NULL, at);
  } else if (wg_lint_is(l, line, "AddEventProvider")) {
    suffix_guid(l, line, "AddEventProvider");
    suffix_below(l, suffix_section(l, line, 1), at);
  } else if (wg_lint_is(l, line, "AddFilter")) {
    suffix_twice(l, s, line, "AddFilter");
    suffix_filter(l, line);
  } else if (wg_lint_is(l, line, "AddComponent")) {
    suffix_component(l, s, line);
  } else if (wg_lint_is(l, line, "AddSoftware")) {
    suffix_software(l, line);
  } else if (wg_lint_is(l, line, "UmdfService")) {
    suffix_wdf(l, line, at, true);
  } else if (wg_lint_is(l, line, "KmdfService")) {
    suffix_wdf(l, line, at, false);
  } else if (wg_lint_is(l, line, "AddComServer")) {
    suffix_below(l, suffix_section(l, line, 2), at);
  } else if (wg_lint_is(l, line, "AddComClass")) {
    suffix_com_class(l, line);
  } else {
    return false;
  }
  return true;
}
