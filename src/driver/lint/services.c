// SPDX-License-Identifier: Apache-2.0
// .Services: AddService, DelService, what a service's section must say.
#include <string.h>

#include "base/sort.h"
#include "driver/lint/int.h"

#define SVC_ASSOC 0x2U // the function driver
#define SVC_DRIVER 0x3U

// Directives that a service's section knows; those with "once" count once.
static const struct {
  const char *name;
  bool required, once, sections;
} svc_known[] = {
    {"ServiceType", true, true, false},     {"StartType", true, true, false},
    {"ErrorControl", true, true, false},    {"ServiceBinary", true, true, false},
    {"DisplayName", false, true, false},    {"Description", false, true, false},
    {"StartName", false, true, false},      {"LoadOrderGroup", false, true, false},
    {"Dependencies", false, true, false},   {"Security", false, true, false},
    {"BootFlags", false, true, false},      {"DelayedAutoStart", false, true, false},
    {"ServiceSidType", false, true, false}, {"RequiredPrivileges", false, false, false},
    {"AddReg", false, false, false},        {"DelReg", false, false, false},
    {"BitReg", false, false, false},        {"AddTrigger", false, false, true},
    {"FailureActions", false, false, true}, {"Tag", false, true, false}};

static uint32_t svc_number(lint *l, const wg_inf_section *s, const char *key) {
  uint32_t v = UINT32_MAX;
  const wg_inf_line *line = wg_inf_line_of(l->inf, s, key);
  if (line != NULL && line->key != NULL && !wg_lint_number(l, line, 0, &v)) {
    wg_lint_say(l, 1260, wg_lint_head(line), "%s '%s' is no number", key,
                wg_lint_z(l, wg_lint_text(l, line, 0)));
  }
  return v;
}

static void svc_directive(lint *l, const wg_inf_section *s, const wg_inf_line *line,
                          const lint_at *at) {
  size_t n = sizeof(svc_known) / sizeof(*svc_known);
  size_t k = 0;
  while (k < n && !wg_lint_is(l, line, svc_known[k].name)) {
    k++;
  }
  if (k == n) {
    wg_lint_say(l, 1290, wg_lint_head(line), "[%s] is a service and does not know '%s'",
                wg_lint_z(l, s->name), wg_lint_z(l, wg_lint_head(line)->text));
  } else if (svc_known[k].once && wg_inf_line_of(l->inf, s, svc_known[k].name) != line) {
    wg_lint_say(l, 1088, line->key, "%s stands in [%s] already", svc_known[k].name,
                wg_lint_z(l, s->name));
  } else if (!wg_lint_directive(l, line, at) && svc_known[k].sections) {
    for (uint32_t f = 0; f < line->n_fields; f++) {
      (void)wg_lint_use(l, wg_lint_text(l, line, f), LINT_OTHER);
    }
  }
}

static void svc_directives(lint *l, const wg_inf_section *s, const lint_at *at) {
  for (uint32_t i = 0; i < s->n_lines && wg_lint_more(l); i++) {
    svc_directive(l, s, &s->lines[i], at);
  }
  for (size_t k = 0; k < sizeof(svc_known) / sizeof(*svc_known); k++) {
    const wg_inf_line *line = wg_inf_line_of(l->inf, s, svc_known[k].name);
    if (svc_known[k].required && (line == NULL || wg_lint_text(l, line, 0).n == 0)) {
      wg_lint_say_at(l, 1289, line != NULL ? line->line : s->line, 1, "[%s] must say %s",
                     wg_lint_z(l, s->name), svc_known[k].name);
    }
  }
}

// "%12%\x.sys", "%13%\a\x.exe -k": folder number, and where the name of the file ends.
static void svc_binary_form(lint *l, const wg_inf_section *s) {
  const wg_inf_line *line = wg_inf_line_of(l->inf, s, "ServiceBinary");
  if (line == NULL || line->n_fields == 0 || line->fields[0].text.n == 0) {
    return;
  }
  wg_str raw = line->fields[0].text;
  wg_str full = wg_lint_text(l, line, 0);
  wg_str path = full.n > 0 && full.p[0] == '"' ? (wg_str){full.p + 1, full.n - 1} : full;
  uint32_t dirid = 0;
  size_t end = path.n > 1 && path.p[0] == '%'
                   ? 1 + wg_str_find((wg_str){path.p + 1, path.n - 1}, '%')
                   : path.n;
  if (end >= path.n || !wg_inf_number((wg_str){path.p + 1, end - 1}, &dirid)) {
    wg_lint_say(l, 2085, &line->fields[0],
                "ServiceBinary '%s' is not below a folder's number: %%13%%\\x.sys",
                wg_lint_z(l, raw));
    return;
  }
  size_t quotes = 0;
  for (size_t i = 0; i < full.n; i++) {
    quotes += full.p[i] == '"' ? 1 : 0;
  }
  size_t space = wg_str_find(path, ' ');
  size_t dot = path.n;
  while (dot > 0 && path.p[dot - 1] != '.') {
    dot--;
  }
  if (quotes % 2 != 0 || (quotes == 0 && space < path.n && dot > space && dot < path.n)) {
    wg_lint_say(l, 1254, &line->fields[0],
                "ServiceBinary '%s': where the name of the program ends cannot be told",
                wg_lint_z(l, raw));
  }
}

static void svc_section(lint *l, const wg_inf_line *add, const wg_inf_section *s, wg_str name,
                        uint32_t flags, const lint_at *at) {
  lint_at mine = *at;
  mine.service = name;
  svc_directives(l, s, &mine);
  uint32_t type = svc_number(l, s, "ServiceType");
  uint32_t start = svc_number(l, s, "StartType");
  (void)svc_number(l, s, "ErrorControl");
  if (start == 4 && (flags & SVC_ASSOC) != 0) {
    wg_lint_say(l, 1251, &add->fields[0], "service '%s' is the device's own and disabled",
                wg_lint_z(l, name));
  }
  if (start <= 1 && type != UINT32_MAX && (type & SVC_DRIVER) == 0 && (type & 0x8) == 0) {
    wg_lint_say(l, 1252, &add->fields[0],
                "service '%s' with StartType=%u and ServiceType=0x%x: only drivers start so early",
                wg_lint_z(l, name), start, type);
  }
  svc_binary_form(l, s);
}

static void svc_events(lint *l, const wg_inf_line *line, wg_str name, const lint_at *at) {
  static const char *const logs[] = {"System", "Application", "Security"};
  if (line->n_fields < 4 || wg_lint_text(l, line, 3).n == 0) {
    return;
  }
  const wg_inf_section *s = wg_lint_named(l, line, 3, LINT_OTHER);
  lint_at mine = *at;
  mine.service = name;
  mine.event = true;
  for (uint32_t i = 0; s != NULL && i < s->n_lines && wg_lint_more(l); i++) {
    (void)wg_lint_directive(l, &s->lines[i], &mine);
  }
  wg_str log = wg_lint_text(l, line, 4);
  bool known = log.n == 0;
  for (size_t i = 0; !known && i < sizeof(logs) / sizeof(*logs); i++) {
    known = wg_str_eq_nocase(log, logs[i]);
  }
  if (!known) {
    wg_lint_say(l, 1250, &line->fields[4],
                "event log '%s' is none of System, Application, "
                "Security",
                wg_lint_z(l, log));
  }
}

static void svc_add(lint *l, const wg_inf_line *line, const lint_at *at, wg_str *assoc) {
  uint32_t flags = 0;
  wg_str name = wg_lint_text(l, line, 0);
  wg_str section = wg_lint_text(l, line, 2);
  if (!wg_lint_number(l, line, 1, &flags)) {
    wg_lint_say(l, 1081, &line->fields[1], "the flags '%s' of AddService are no number",
                wg_lint_z(l, wg_lint_text(l, line, 1)));
    flags = 0;
  }
  if ((flags & SVC_ASSOC) != 0 && l->is_extension) {
    wg_lint_say(l, 1383, line->n_fields > 1 ? &line->fields[1] : line->key,
                "an extension may not have the service of the device (flag 2)");
  }
  if (name.n == 0) {
    if (section.n > 0) {
      wg_lint_say(l, 1272, &line->fields[2], "a service without a name needs no section [%s]",
                  wg_lint_z(l, section));
      (void)wg_lint_use(l, section, LINT_SERVICE);
    } else if ((flags & SVC_ASSOC) == 0) {
      wg_lint_say(l, 1253, line->key, "AddService names no service, and has not flag 2 for none");
    }
    return;
  }
  if ((flags & SVC_ASSOC) != 0) {
    if (assoc->n > 0 && wg_name_cmp_nocase(*assoc, name) != 0) {
      wg_lint_say(l, 1211, &line->fields[0], "'%s' and '%s' are both the device's service (flag 2)",
                  wg_lint_z(l, *assoc), wg_lint_z(l, name));
    }
    *assoc = name;
  }
  svc_events(l, line, name, at);
  if (section.n == 0) {
    wg_lint_say(l, 1005, line->key, "AddService of '%s' names no section", wg_lint_z(l, name));
    return;
  }
  const wg_inf_section *s = wg_lint_use(l, section, LINT_SERVICE);
  if (s == NULL) {
    wg_lint_say(l, 2006, &line->fields[2], "there is no section [%s] of service '%s'",
                wg_lint_z(l, section), wg_lint_z(l, name));
    return;
  }
  lint_service *v = wg_lint_push(l, &l->services, sizeof(*v));
  if (v != NULL) {
    *v = (lint_service){.name = name,
                        .from = at->install->name,
                        .group = l->group,
                        .section = s,
                        .at = &line->fields[0],
                        .arch = at->arch};
  }
  svc_section(l, line, s, name, flags, at);
}

void wg_lint_services(lint *l, const wg_inf_section *s, const lint_at *at) {
  wg_str assoc = {0};
  for (uint32_t i = 0; i < s->n_lines && wg_lint_more(l); i++) {
    const wg_inf_line *line = &s->lines[i];
    if (wg_lint_is(l, line, "AddService")) {
      svc_add(l, line, at, &assoc);
    } else if (wg_lint_is(l, line, "DelService")) {
      wg_lint_say(l, 1308, line->key,
                  "DelService is of old: a driver adds, and Windows takes away");
    }
  }
}

// --- the function driver

static bool svc_makes(const wg_inf *inf, const wg_inf_section *s) {
  for (uint32_t i = 0; s != NULL && i < s->n_lines; i++) {
    uint32_t flags = 0;
    const wg_inf_line *line = &s->lines[i];
    if (line->key != NULL && wg_str_eq_nocase(line->key->text, "AddService") &&
        wg_inf_number(wg_inf_field_text(inf, line, 1), &flags) && (flags & SVC_ASSOC) != 0) {
      return true;
    }
  }
  return false;
}

static bool svc_included(lint *l, const wg_inf_section *s, wg_str name) {
  for (uint32_t i = 0; i < s->n_lines && wg_lint_more(l); i++) {
    for (uint32_t f = 0; wg_lint_is(l, &s->lines[i], "Include") && f < s->lines[i].n_fields; f++) {
      const wg_inf *inf = NULL;
      wg_error e = WG_ERROR_INIT;
      wg_str file = wg_lint_text(l, &s->lines[i], f);
      if (l->opt->library->open(l->opt->library->ctx, file, &inf, &e) == WG_OK &&
          svc_makes(inf, wg_inf_section_of(inf, name))) {
        return true;
      }
    }
  }
  return false;
}

bool wg_lint_has_driver(lint *l, const wg_inf_section *s, unsigned depth) {
  if (svc_makes(l->inf, s)) {
    return true;
  }
  for (uint32_t i = 0; depth > 0 && i < s->n_lines && wg_lint_more(l); i++) {
    const wg_inf_line *line = &s->lines[i];
    for (uint32_t f = 0; wg_lint_is(l, line, "Needs") && f < line->n_fields; f++) {
      wg_str name = wg_lint_text(l, line, f);
      const wg_inf_section *own = wg_inf_section_of(l->inf, name);
      bool has = own != NULL               ? wg_lint_has_driver(l, own, depth - 1)
                 : l->opt->library == NULL ? true
                                           : svc_included(l, s, name);
      if (has) {
        return true;
      }
    }
  }
  return false;
}

// --- when all was seen

static int svc_cmp(const void *a, const void *b, void *ctx) {
  const lint_service *x = a, *y = b;
  (void)ctx;
  int c = (int)x->arch - (int)y->arch;
  c = c != 0 ? c : wg_name_cmp_nocase(x->name, y->name);
  return c != 0 ? c : x->at->line < y->at->line ? -1 : x->at->line > y->at->line;
}

static void svc_compare(lint *l, const lint_service *a, const lint_service *b) {
  static const char *const keys[] = {"ServiceType",   "StartType",      "ErrorControl",
                                     "ServiceBinary", "LoadOrderGroup", "Dependencies"};
  for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++) {
    wg_str x = wg_lint_text(l, wg_inf_line_of(l->inf, a->section, keys[i]), 0);
    wg_str y = wg_lint_text(l, wg_inf_line_of(l->inf, b->section, keys[i]), 0);
    uint32_t m = 0, n = 1;
    bool same = wg_name_cmp_nocase(x, y) == 0 ||
                (x.n > 0 && y.n > 0 && wg_inf_number(x, &m) && wg_inf_number(y, &n) && m == n);
    if (!same) {
      wg_lint_say(l, 1333, b->at, "service '%s' has another %s in [%s] than in [%s]",
                  wg_lint_z(l, b->name), keys[i], wg_lint_z(l, b->from), wg_lint_z(l, a->from));
      return;
    }
  }
}

static bool svc_is_copied(lint *l, uint32_t dirid, wg_str rest, uint8_t arch) {
  const lint_place *v = l->places.v;
  for (uint32_t i = 0; i < l->places.n && wg_lint_more(l); i++) {
    if (v[i].dirid != dirid || v[i].arch != arch || rest.n < v[i].name.n) {
      continue;
    }
    size_t head = rest.n - v[i].name.n;
    if (wg_name_cmp_nocase((wg_str){rest.p + head, v[i].name.n}, v[i].name) == 0 &&
        (head == 0 || rest.p[head - 1] == '\\')) {
      return true;
    }
  }
  return false;
}

// Whether the program of a service is a file that is copied to where it says.
static void svc_binary(lint *l, const lint_service *s) {
  const wg_inf_line *line = wg_inf_line_of(l->inf, s->section, "ServiceBinary");
  wg_str command = wg_lint_text(l, line, 0);
  bool quoted = command.n > 0 && command.p[0] == '"';
  size_t skip = quoted ? 1 : 0;
  wg_str path = {command.p + skip, command.n - skip};
  path.n = wg_str_find(path, quoted ? '"' : ' ');
  uint32_t dirid = 0;
  size_t close = path.n > 1 && path.p[0] == '%'
                     ? 1 + wg_str_find((wg_str){path.p + 1, path.n - 1}, '%')
                     : path.n;
  if (close + 1 >= path.n || !wg_inf_number((wg_str){path.p + 1, close - 1}, &dirid)) {
    return; // 2085 or 1289 says it
  }
  wg_str rest = {path.p + close + 1, path.n - close - 1};
  while (rest.n > 0 && rest.p[0] == '\\') {
    rest = (wg_str){rest.p + 1, rest.n - 1};
  }
  if (wg_str_eq_nocase(rest, "WUDFRd.sys")) {
    return; // of Windows, for all UMDF drivers
  }
  if (!svc_is_copied(l, dirid, rest, s->arch) && (!l->has_includes || l->opt->library != NULL)) {
    wg_lint_say(l, 2084, wg_lint_head(line), "ServiceBinary '%s' is no file that is copied there",
                wg_lint_z(l, line->fields[0].text));
  }
}

void wg_lint_end_services(lint *l) {
  lint_service *v = l->services.v;
  wg_sort(v, l->services.n, sizeof(*v), svc_cmp, NULL);
  for (uint32_t i = 0; i < l->services.n && wg_lint_more(l); i++) {
    svc_binary(l, &v[i]);
    if (i > 0 && v[i - 1].arch == v[i].arch && wg_str_eq(v[i - 1].group, v[i].group) &&
        v[i - 1].section != v[i].section && wg_name_cmp_nocase(v[i - 1].name, v[i].name) == 0) {
      svc_compare(l, &v[i - 1], &v[i]);
    }
  }
}
