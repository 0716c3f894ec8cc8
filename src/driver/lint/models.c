// SPDX-License-Identifier: Apache-2.0
// [Manufacturer], the models and what each installs; DefaultInstall of primitive drivers.
#include <string.h>

#include "driver/lint/int.h"

#define MODELS_FIRST_BUILD 14310U // that decorations may ask for

static uint8_t models_arch(const wg_inf_decoration *d) {
  return wg_lint_arch_bit((uint32_t)(d->has_arch ? d->arch : WG_INF_X86));
}

// Whether a device gets a service through this install section.
static void models_install(lint *l, const wg_inf_line *line, uint8_t arch) {
  wg_str name = wg_lint_text(l, line, 0);
  const wg_inf_section *s = wg_lint_actual(l, name, arch);
  if (s == NULL) {
    wg_lint_say(l, 1261, &line->fields[0], "there is no install section [%s] for %s",
                wg_lint_z(l, name), wg_lint_arch_name(arch));
    return;
  }
  wg_lint_install(l, s, arch);
  wg_str services = wg_lint_printf(l, "%s.Services", wg_lint_z(l, s->name));
  const wg_inf_section *sv = wg_lint_use(l, services, LINT_INSTALL);
  if (!l->is_extension && !l->no_service && (sv == NULL || !wg_lint_has_driver(l, sv, 8))) {
    wg_str id = wg_lint_text(l, line, 1);
    wg_lint_say(l, 1296, &line->fields[line->n_fields > 1 ? 1 : 0],
                "'%s' gets no service: [%s] has no AddService with flag 2",
                wg_lint_z(l, id.n > 0 ? id : name), wg_lint_z(l, services));
  }
}

static void models_section(lint *l, const wg_inf_section *s, uint8_t arch) {
  if (!wg_lint_first(l, s, arch)) {
    return;
  }
  for (uint32_t i = 0; i < s->n_lines && wg_lint_more(l); i++) {
    const wg_inf_line *line = &s->lines[i];
    l->n_models++;
    if (line->key == NULL || wg_lint_text(l, line, 0).n == 0) {
      wg_lint_say(l, 1271, wg_lint_head(line), "the model names no install section");
      continue;
    }
    models_install(l, line, arch);
  }
}

// One decoration of a line of [Manufacturer]; field 0: what has none.
static void models_decorated(lint *l, const wg_inf_line *line, wg_str name, uint32_t field) {
  wg_inf_decoration d = {0};
  wg_str deco = field == 0 ? (wg_str){"", 0} : wg_lint_text(l, line, field);
  if (!wg_inf_decoration_parse(deco, &d)) {
    wg_lint_say(l, 1287, &line->fields[field],
                "'%s' says no Windows: it is written as NTamd64.10.0...16299", wg_lint_z(l, deco));
    return;
  }
  if (d.has_build && (d.build < MODELS_FIRST_BUILD || d.major < 10)) {
    wg_lint_say(l, 1288, &line->fields[field], "'%s': a build is compared from 10.0, build %u on",
                wg_lint_z(l, deco), MODELS_FIRST_BUILD);
  }
  if ((d.has_product && d.product_type != 0) || (d.has_suite && d.suite_mask != 0)) {
    wg_lint_say(l, 1307, &line->fields[field],
                "'%s' chooses a kind of Windows, which desktop Windows alone knows",
                wg_lint_z(l, deco));
  }
  wg_str full =
      deco.n == 0 ? name : wg_lint_printf(l, "%s.%s", wg_lint_z(l, name), wg_lint_z(l, deco));
  const wg_inf_section *s = wg_lint_use(l, full, LINT_OTHER);
  if (s == NULL) {
    wg_lint_say(l, 1203, wg_lint_head(line), "there is no section [%s]", wg_lint_z(l, full));
    return;
  }
  if (!d.has_arch && s->n_lines > 0) {
    wg_lint_say_at(l, 2010, s->line, 1, "[%s] is for x86: it should be [%s.NTx86]",
                   wg_lint_z(l, s->name), wg_lint_z(l, name));
  }
  l->group = deco;
  models_section(l, s, models_arch(&d));
}

static void models_manufacturer(lint *l, const wg_inf_line *line) {
  wg_str name = wg_lint_text(l, line, 0);
  if (line->n_fields == 0 || name.n == 0) {
    wg_lint_say(l, 1011, wg_lint_head(line), "the entry names no models section");
    return;
  }
  bool any = false;
  for (uint32_t i = 1; i < line->n_fields; i++) {
    if (wg_lint_text(l, line, i).n > 0) {
      models_decorated(l, line, name, i);
      any = true;
    }
  }
  if (!any || wg_inf_section_of(l->inf, name) != NULL) {
    models_decorated(l, line, name, 0);
  }
}

// --- primitive drivers

static bool models_starts(wg_str s, const char *prefix) {
  size_t n = strlen(prefix);
  return s.n >= n && wg_str_eq_nocase((wg_str){s.p, n}, prefix);
}

static bool models_has_dot_below(wg_str rest) { // behind .NT<arch>: a suffix
  size_t dot = rest.n > 1 ? wg_str_find((wg_str){rest.p + 1, rest.n - 1}, '.') : 0;
  return rest.n > 1 && dot < rest.n - 1;
}

static void models_default_uninstall(lint *l, const wg_inf_section *s) {
  uint32_t v = 0;
  const wg_inf_line *line = wg_inf_line_of(l->inf, s, "LegacyUninstall");
  if (line == NULL || !wg_lint_number(l, line, 0, &v) || v != 1) {
    wg_lint_say_at(l, 1422, s->line, 1, "[%s] should say LegacyUninstall=1", wg_lint_z(l, s->name));
  }
}

static void models_default_one(lint *l, const wg_inf_section *s, wg_str rest, bool *decorated) {
  wg_inf_decoration d = {0};
  bool known = rest.n > 1 && wg_inf_decoration_parse((wg_str){rest.p + 1, rest.n - 1}, &d);
  if (rest.n > 0 && !known) {
    return; // one of its suffixes
  }
  if (!d.has_arch) {
    wg_lint_say_at(l, 1421, s->line, 1, "[%s] names no architecture: [DefaultInstall.NTamd64]",
                   wg_lint_z(l, s->name));
  }
  *decorated = *decorated || d.has_arch;
  l->group = rest;
  (void)wg_lint_use(l, s->name, LINT_INSTALL);
  wg_lint_install(l, s, models_arch(&d));
}

static void models_default(lint *l, bool has_manufacturer) {
  const wg_inf_section *any = NULL;
  bool decorated = false;
  for (uint32_t i = 0; i < l->inf->n_sections; i++) {
    const wg_inf_section *s = &l->inf->sections[i];
    if (models_starts(s->name, "DefaultInstall")) {
      any = any == NULL ? s : any;
      models_default_one(l, s, (wg_str){s->name.p + 14, s->name.n - 14}, &decorated);
    } else if (models_starts(s->name, "DefaultUninstall.NT") &&
               !models_has_dot_below((wg_str){s->name.p + 16, s->name.n - 16})) {
      models_default_uninstall(l, s);
    }
  }
  if (any != NULL && has_manufacturer) {
    wg_lint_say_at(l, 1212, any->line, 1, "[%s] and [Manufacturer] exclude each other",
                   wg_lint_z(l, any->name));
  } else if (any != NULL && !decorated) {
    wg_lint_say_at(l, 1423, any->line, 1,
                   "a primitive driver needs [DefaultInstall.NTamd64] or another architecture's");
  }
  const wg_inf_section *net = wg_inf_section_of(l->inf, WG_STR("DefaultInstall.NetDrivers"));
  const wg_inf_line *cls =
      wg_inf_line_of(l->inf, wg_inf_section_of(l->inf, WG_STR("Version")), "Class");
  if (net != NULL && !wg_str_eq_nocase(wg_lint_text(l, cls, 0), "NetDriver")) {
    wg_lint_say_at(l, 2405, net->line, 1,
                   "[DefaultInstall.NetDrivers] is for Class NetDriver only");
  }
  if (any == NULL && l->n_models == 0) {
    wg_lint_say_at(l, 1297, 1, 1,
                   "it installs nothing on any device: no models, no DefaultInstall");
  }
}

void wg_lint_manufacturer(lint *l) {
  const wg_inf_section *s = wg_lint_use(l, WG_STR("Manufacturer"), LINT_OTHER);
  for (uint32_t i = 0; s != NULL && i < s->n_lines && wg_lint_more(l); i++) {
    models_manufacturer(l, &s->lines[i]);
  }
  models_default(l, s != NULL);
}
