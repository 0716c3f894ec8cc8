// SPDX-License-Identifier: Apache-2.0
// [Version].
#include <string.h>

#include "driver/lint/int.h"

#define VERSION_MAX_CLASS_CHARS 31U

// The line of a directive with a value that is not empty; NULL: there is none.
static const wg_inf_line *version_line(lint *l, const wg_inf_section *s, const char *key) {
  const wg_inf_line *line = wg_inf_line_of(l->inf, s, key);
  return line != NULL && wg_lint_text(l, line, 0).n > 0 ? line : NULL;
}

static const wg_inf_line *version_required(lint *l, const wg_inf_section *s, const char *key) {
  const wg_inf_line *line = version_line(l, s, key);
  if (line == NULL) {
    const wg_inf_line *empty = wg_inf_line_of(l->inf, s, key);
    wg_lint_say_at(l, 1234, empty != NULL ? empty->line : s->line, 1,
                   "[Version] must say %s, and %s", key,
                   empty != NULL ? "says nothing" : "does not");
  }
  return line;
}

static void version_class(lint *l, const wg_inf_section *s) {
  const wg_inf_line *name_line = version_required(l, s, "Class");
  const wg_inf_line *guid_line = version_required(l, s, "ClassGuid");
  wg_str name = wg_lint_text(l, name_line, 0);
  wg_str guid = wg_lint_text(l, guid_line, 0);
  if (guid_line != NULL && !wg_lint_is_guid(guid)) {
    wg_lint_say(l, 1010, &guid_line->fields[0], "ClassGuid '%s' is no GUID in braces",
                wg_lint_z(l, guid));
    guid = (wg_str){"", 0};
  }
  if (name_line != NULL && name.n > VERSION_MAX_CLASS_CHARS) {
    wg_lint_say(l, 1286, &name_line->fields[0], "Class has %zu characters; %u are allowed", name.n,
                VERSION_MAX_CLASS_CHARS);
  }
  const lint_class *by_name = wg_lint_class_of_name(name);
  const lint_class *by_guid = wg_lint_class_of_guid(guid);
  if (by_guid != NULL && name_line != NULL && name.n > 0 &&
      !wg_str_eq_nocase(name, by_guid->name)) {
    wg_lint_say(l, 1280, &name_line->fields[0], "ClassGuid %s is of Class %s, not '%s'",
                by_guid->guid, by_guid->name, wg_lint_z(l, name));
  } else if (by_name != NULL && guid_line != NULL && guid.n > 0 && by_guid == NULL) {
    wg_lint_say(l, 1281, &guid_line->fields[0], "Class %s has ClassGuid %s, not '%s'",
                by_name->name, by_name->guid, wg_lint_z(l, guid));
  }
  const lint_class *known = by_guid != NULL ? by_guid : by_name;
  const wg_inf_line *said = name_line != NULL ? name_line : guid_line;
  if (known != NULL && said != NULL && known->reserved) {
    wg_lint_say(l, 1284, &said->fields[0], "Class %s is kept for Microsoft", known->name);
  }
  const wg_inf_section *install = wg_lint_use(l, WG_STR("ClassInstall32"), LINT_INSTALL);
  install = install != NULL ? install : wg_lint_use(l, WG_STR("ClassInstall32.NT"), LINT_INSTALL);
  if (known != NULL && install != NULL) {
    wg_lint_say_at(l, 1285, install->line, 1, "Class %s is known to Windows: [%s] may not be here",
                   known->name, wg_lint_z(l, install->name));
  }
  l->is_extension = wg_str_eq_nocase(name, "Extension") ||
                    (by_guid != NULL && strcmp(by_guid->name, "Extension") == 0);
  static const char *const without[] = {"Printer", "NetService", "NetTrans", "NetClient"};
  for (size_t i = 0; i < sizeof(without) / sizeof(*without); i++) {
    l->no_service = l->no_service || wg_str_eq_nocase(name, without[i]);
  }
}

static bool version_two(wg_str s, size_t at, unsigned most) {
  uint64_t v = 0;
  return wg_parse_u64((wg_str){s.p + at, 2}, &v) && v >= 1 && v <= most;
}

static void version_driver_ver(lint *l, const wg_inf_section *s) {
  const wg_inf_line *line = version_required(l, s, "DriverVer");
  if (line == NULL) {
    return;
  }
  wg_str date = wg_lint_text(l, line, 0);
  uint64_t year = 0;
  if (date.n != 10 || (date.p[2] != '/' && date.p[2] != '-') || date.p[5] != date.p[2] ||
      !version_two(date, 0, 12) || !version_two(date, 3, 31) ||
      !wg_parse_u64((wg_str){date.p + 6, 4}, &year)) {
    wg_lint_say(l, 1218, &line->fields[0], "the date '%s' is not MM/DD/YYYY", wg_lint_z(l, date));
  }
  wg_str rest = wg_lint_text(l, line, 1);
  wg_str whole = rest;
  unsigned n = 0;
  bool good = true;
  for (bool more = whole.n > 0; more; n++) {
    size_t dot = wg_str_find(rest, '.');
    uint64_t v = 0;
    good = good && wg_parse_u64((wg_str){rest.p, dot}, &v) && v <= UINT16_MAX;
    more = dot < rest.n;
    rest = more ? (wg_str){rest.p + dot + 1, rest.n - dot - 1} : (wg_str){"", 0};
  }
  if (!good || n != 4) {
    wg_lint_say(l, 1217, &line->fields[line->n_fields > 1 ? 1 : 0],
                "the version '%s' is not w.x.y.z of numbers up to 65535", wg_lint_z(l, whole));
  }
}

// Whether "CatalogFile.NTamd64" is of the architecture that is asked for.
static bool version_is_wanted(const lint *l, wg_str key) {
  wg_inf_arch arch = WG_INF_X86;
  if (key.n < 14 || !wg_inf_arch_of((wg_str){key.p + 14, key.n - 14}, &arch)) {
    return true;
  }
  return wg_lint_is_wanted(l, wg_lint_arch_bit((uint32_t)arch));
}

static void version_has(lint *l, const wg_inf_line *line, wg_str name) {
  WG_AUTO(wg_buf) path = {0};
  wg_buf_init(&path, l->arena->alloc, 1 << 20);
  wg_buf_add_str(&path, name);
  if (l->opt->has_file != NULL && !l->opt->has_file(l->opt->ctx, wg_buf_str(&path))) {
    wg_lint_say(l, 9002, &line->fields[0], "the catalogue '%s' is not beside the INF",
                wg_lint_z(l, name));
  }
}

static void version_catalogs(lint *l, const wg_inf_section *s) {
  bool any = false;
  for (uint32_t i = 0; i < s->n_lines; i++) {
    const wg_inf_line *line = &s->lines[i];
    wg_str key = wg_lint_key(l, line);
    if (key.n < 11 || !wg_str_eq_nocase((wg_str){key.p, 11}, "CatalogFile") ||
        (key.n > 11 && key.p[11] != '.')) {
      continue;
    }
    wg_str name = wg_lint_text(l, line, 0);
    any = any || name.n > 0;
    bool cat = name.n > 4 && wg_str_eq_nocase((wg_str){name.p + name.n - 4, 4}, ".cat") &&
               wg_str_find(name, '\\') == name.n && wg_str_find(name, '/') == name.n;
    if (!cat && line->n_fields > 0) {
      wg_lint_say(l, 1214, &line->fields[0], "the catalogue '%s' is not named NAME.cat",
                  wg_lint_z(l, name));
    } else if (cat && version_is_wanted(l, key)) {
      version_has(l, line, name);
    }
  }
  if (!any) {
    wg_lint_say_at(l, 1233, s->line, 1,
                   "[Version] has no CatalogFile: such a package cannot be signed");
  }
}

static void version_extension(lint *l, const wg_inf_section *s) {
  const wg_inf_line *line = version_line(l, s, "ExtensionId");
  if (line != NULL && !wg_lint_is_guid(wg_lint_text(l, line, 0))) {
    wg_lint_say(l, 1380, &line->fields[0], "ExtensionId '%s' is no GUID in braces",
                wg_lint_z(l, wg_lint_text(l, line, 0)));
  } else if (line == NULL && l->is_extension) {
    wg_lint_say_at(l, 1381, s->line, 1, "an extension must have an ExtensionId in [Version]");
  }
}

void wg_lint_version(lint *l) {
  const wg_inf_section *s = wg_inf_section_of(l->inf, WG_STR("Version"));
  uint32_t lockdown = 0;
  if (s == NULL) {
    return; // the reader has refused it
  }
  version_class(l, s);
  const wg_inf_line *provider = version_required(l, s, "Provider");
  wg_str name = wg_lint_text(l, provider, 0);
  if (provider != NULL && name.n >= 9 && wg_str_eq_nocase((wg_str){name.p, 9}, "Microsoft")) {
    wg_lint_say(l, 1204, &provider->fields[0], "the provider '%s' is Microsoft's name",
                wg_lint_z(l, name));
  }
  version_driver_ver(l, s);
  version_catalogs(l, s);
  version_extension(l, s);
  const wg_inf_line *line = wg_inf_line_of(l->inf, s, "PnpLockdown");
  if (line == NULL || line->key == NULL || !wg_lint_number(l, line, 0, &lockdown) ||
      lockdown != 1) {
    wg_lint_say_at(l, 1324, line != NULL ? line->line : s->line, 1,
                   "[Version] should say PnpLockdown=1, so that nothing else changes its files");
  }
  l->has_layout = version_line(l, s, "LayoutFile") != NULL;
}
