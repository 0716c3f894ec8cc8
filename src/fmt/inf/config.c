// SPDX-License-Identifier: Apache-2.0
// An install section with its suffixed ones, and all that Needs takes in from others.
#include <string.h>

#include "fmt/inf/driver_int.h"

typedef enum part { // what a section is read as
  IN_BASE,
  IN_HW,
  IN_SERVICES,
  IN_INTERFACES,
  IN_COINSTALLERS,
  IN_WDF,
  IN_COMPONENTS,
  IN_SOFTWARE,
  IN_FILTERS,
  IN_EVENTS,
  IN_LOGCONFIG,
  IN_FACTDEF,
} part;

static const struct {
  const char *suffix;
  part part;
  uint32_t bit;
} suffixes[] = {
    {".HW", IN_HW, WG_INF_HAS_HW},
    {".Services", IN_SERVICES, WG_INF_HAS_SERVICES},
    {".Interfaces", IN_INTERFACES, WG_INF_HAS_INTERFACES},
    {".CoInstallers", IN_COINSTALLERS, WG_INF_HAS_COINSTALLERS},
    {".Wdf", IN_WDF, WG_INF_HAS_WDF},
    {".Components", IN_COMPONENTS, WG_INF_HAS_COMPONENTS},
    {".Software", IN_SOFTWARE, WG_INF_HAS_SOFTWARE},
    {".Filters", IN_FILTERS, WG_INF_HAS_FILTERS},
    {".Events", IN_EVENTS, WG_INF_HAS_EVENTS},
    {".LogConfigOverride", IN_LOGCONFIG, WG_INF_HAS_LOGCONFIG},
    {".FactDef", IN_FACTDEF, WG_INF_HAS_FACTDEF},
};
#define N_SUFFIXES (sizeof(suffixes) / sizeof(*suffixes))

static const wg_inf_section *config_suffixed(drv *d, wg_str actual, const char *suffix) {
  WG_AUTO(wg_buf) name = {0};
  wg_buf_init(&name, d->arena->alloc, 0);
  wg_buf_add_str(&name, actual);
  wg_buf_add_z(&name, suffix);
  return wg_inf_section_of(d->inf, wg_buf_str(&name));
}

uint32_t wg_drv_suffixes(drv *d, wg_str actual) {
  uint32_t has = wg_inf_section_of(d->inf, actual) != NULL ? WG_INF_HAS_BASE : 0;
  for (size_t i = 0; i < N_SUFFIXES; i++) {
    has |= config_suffixed(d, actual, suffixes[i].suffix) != NULL ? suffixes[i].bit : 0;
  }
  return has;
}

const wg_inf_section *wg_drv_actual(drv *d, const wg_inf *inf, wg_str name) {
  WG_AUTO(wg_buf) full = {0};
  wg_buf_init(&full, d->arena->alloc, 0);
  wg_buf_add_str(&full, name);
  wg_buf_add_z(&full, ".NT");
  size_t nt = full.n;
  wg_buf_add_z(&full, wg_inf_arch_name(d->target->arch));
  const wg_inf_section *s = wg_inf_section_of(inf, wg_buf_str(&full));
  if (s == NULL) {
    s = wg_inf_section_of(inf, (wg_str){(const char *)full.p, nt < full.n ? nt : full.n});
  }
  return s != NULL ? s : wg_inf_section_of(inf, name);
}

// An INF that Include names is looked into from then on.
static wg_code config_include(drv_config *c, const wg_inf *from, const wg_inf_line *l) {
  for (uint32_t i = 0; i < l->n_fields; i++) {
    wg_str name = wg_inf_field_text(from, l, i);
    bool known = name.n == 0;
    for (uint32_t k = 0; k < c->includes.n; k++) {
      known = known || wg_drv_eq(((wg_str *)c->includes.v)[k], name);
    }
    wg_str *added = known ? NULL : wg_drv_push(c->d, &c->includes, sizeof(*added));
    if (!known && added == NULL) {
      return c->d->err->code;
    }
    if (added != NULL) {
      *added = name;
    }
    if (c->includes.n > 256) {
      return wg_drv_fail(c->d, l->line, "more than 256 INF files are included");
    }
  }
  return WG_OK;
}

// A section of the file itself, else of one that was included; *out_from: of which.
static const wg_inf_section *config_needed(drv_config *c, const wg_inf *from, wg_str name,
                                           const wg_inf **out_from) {
  const wg_inf_section *s = wg_inf_section_of(from, name);
  *out_from = from;
  if (s == NULL && from != c->d->inf) {
    s = wg_inf_section_of(c->d->inf, name);
    *out_from = c->d->inf;
  }
  for (uint32_t i = 0; s == NULL && c->d->library != NULL && i < c->includes.n; i++) {
    wg_error e = WG_ERROR_INIT;
    const wg_inf *other = NULL;
    if (c->d->library->open(c->d->library->ctx, ((wg_str *)c->includes.v)[i], &other, &e) ==
        WG_OK) {
      s = wg_inf_section_of(other, name);
      *out_from = other;
    }
  }
  return s;
}

static wg_code config_section(drv_config *c, const wg_inf *from, const wg_inf_section *s, part p,
                              uint32_t depth);

// A needed section is read as its name says, where the one that needs it is an install section.
static part config_part_of(wg_str name, part p) {
  for (size_t i = 0; p == IN_BASE && i < N_SUFFIXES; i++) {
    size_t n = strlen(suffixes[i].suffix);
    if (name.n > n && wg_str_eq_nocase((wg_str){name.p + name.n - n, n}, suffixes[i].suffix)) {
      return suffixes[i].part;
    }
  }
  return p;
}

static wg_code config_needs(drv_config *c, const wg_inf *from, const wg_inf_section *of,
                            const wg_inf_line *l, part p, uint32_t depth) {
  if (depth >= DRV_MAX_DEPTH) {
    return wg_fail(c->d->err, WG_E_LIMIT, "line %u: Needs go deeper than %u sections", l->line,
                   DRV_MAX_DEPTH);
  }
  for (uint32_t i = 0; i < l->n_fields; i++) {
    const wg_inf *where = NULL;
    wg_str name = wg_inf_field_text(from, l, i);
    const wg_inf_section *s = name.n == 0 ? NULL : config_needed(c, from, name, &where);
    wg_code code =
        name.n == 0 ? WG_OK
        : s == NULL ? wg_drv_unhandled(c->d, from, of->name,
                                       wg_drv_text(c->d, "Needs = %.*s", WG_STR_ARG(name)), l->line)
                    : config_section(c, where, s, config_part_of(name, p), depth + 1);
    if (code != WG_OK) {
      return code;
    }
  }
  return WG_OK;
}

static wg_code config_named(drv_config *c, const wg_inf *from, const wg_inf_line *l) {
  wg_inf_named *n = wg_drv_push(c->d, &c->named, sizeof(*n));
  if (n == NULL) {
    return c->d->err->code;
  }
  wg_str key = wg_drv_key(from, l);
  bool second = wg_str_eq_nocase(key, "AddEventProvider") || wg_str_eq_nocase(key, "KmdfService");
  uint32_t section = second ? 1 : 2;
  *n = (wg_inf_named){.directive = key,
                      .name = wg_inf_field_text(from, l, 0),
                      .section = wg_inf_field_text(from, l, section),
                      .from = from,
                      .line = l->line};
  return WG_OK;
}

static wg_code config_exclude(drv_config *c, const wg_inf *from, const wg_inf_line *l) {
  for (uint32_t i = 0; i < l->n_fields; i++) {
    wg_str *id = wg_drv_push(c->d, &c->exclude_ids, sizeof(*id));
    if (id == NULL) {
      return c->d->err->code;
    }
    *id = wg_inf_field_text(from, l, i);
  }
  return WG_OK;
}

// Directives that may stand in any of the sections. *done false: it is none of them.
static wg_code config_common(drv_config *c, const wg_inf *from, const wg_inf_section *s,
                             const wg_inf_line *l, part p, uint32_t depth, bool *done) {
  wg_str key = wg_drv_key(from, l);
  wg_inf_reg_op op = WG_INF_REG_ADD;
  *done = true;
  if (wg_str_eq_nocase(key, "Include")) {
    return config_include(c, from, l);
  }
  if (wg_str_eq_nocase(key, "Needs")) {
    return config_needs(c, from, s, l, p, depth);
  }
  if (wg_drv_is_reg(key, &op)) {
    drv_vec *regs = p == IN_HW             ? &c->device_regs
                    : p == IN_COINSTALLERS ? &c->co_regs
                                           : &c->driver_regs;
    return wg_drv_reg_line(c->d, from, l, regs);
  }
  if (wg_str_eq_nocase(key, "CopyFiles")) {
    return wg_drv_copy_line(c->d, from, l, &c->copies);
  }
  if (wg_str_eq_nocase(key, "DelFiles")) {
    return wg_drv_name_line(c->d, from, l, &c->deletes);
  }
  if (wg_str_eq_nocase(key, "RenFiles")) {
    return wg_drv_name_line(c->d, from, l, &c->renames);
  }
  if (wg_str_eq_nocase(key, "AddProperty")) {
    return wg_drv_property_line(c->d, from, l, &c->properties);
  }
  *done = false;
  return WG_OK;
}

static wg_code config_of_part(drv_config *c, const wg_inf *from, const wg_inf_section *s,
                              const wg_inf_line *l, part p) {
  wg_str key = wg_drv_key(from, l);
  if (p == IN_SERVICES && wg_str_eq_nocase(key, "AddService")) {
    return wg_drv_service_line(c->d, from, l, false, &c->services);
  }
  if (p == IN_SERVICES && wg_str_eq_nocase(key, "DelService")) {
    return wg_drv_service_line(c->d, from, l, true, &c->services);
  }
  if (p == IN_INTERFACES && wg_str_eq_nocase(key, "AddInterface")) {
    return wg_drv_interface_line(c->d, from, l, &c->interfaces);
  }
  if (p == IN_FILTERS && wg_str_eq_nocase(key, "AddFilter")) {
    return wg_drv_filter_line(c->d, from, l, &c->filters);
  }
  if ((p == IN_COMPONENTS && wg_str_eq_nocase(key, "AddComponent")) ||
      (p == IN_SOFTWARE && wg_str_eq_nocase(key, "AddSoftware")) ||
      (p == IN_WDF && wg_str_eq_nocase(key, "KmdfService")) ||
      (p == IN_EVENTS && wg_str_eq_nocase(key, "AddEventProvider"))) {
    return config_named(c, from, l);
  }
  if (p == IN_BASE && wg_str_eq_nocase(key, "ExcludeID")) {
    return config_exclude(c, from, l);
  }
  if (p == IN_BASE && (wg_str_eq_nocase(key, "Reboot") || wg_str_eq_nocase(key, "Restart"))) {
    c->out->reboot = true;
    return WG_OK;
  }
  if (wg_str_eq_nocase(key, "FeatureScore")) {
    return WG_OK; // counts in the install section alone: driver.c
  }
  return wg_drv_unhandled(c->d, from, s->name, key, l->line);
}

static bool config_seen(drv_config *c, const wg_inf *from, const wg_inf_section *s) {
  const drv_seen *seen = c->seen.v;
  for (uint32_t i = 0; i < c->seen.n; i++) {
    if (seen[i].inf == from && seen[i].section == s) {
      return true;
    }
  }
  return false;
}

static wg_code config_section(drv_config *c, const wg_inf *from, const wg_inf_section *s, part p,
                              uint32_t depth) {
  if (config_seen(c, from, s)) {
    return WG_OK;
  }
  if (c->seen.n >= DRV_MAX_VISITED) {
    return wg_fail(c->d->err, WG_E_LIMIT, "line %u: more than %u sections are needed", s->line,
                   DRV_MAX_VISITED);
  }
  drv_seen *seen = wg_drv_push(c->d, &c->seen, sizeof(*seen));
  if (seen == NULL || wg_drv_work(c->d, (uint64_t)s->n_lines + c->seen.n) != WG_OK) {
    return c->d->err->code;
  }
  *seen = (drv_seen){from, s};
  for (uint32_t i = 0; i < s->n_lines; i++) {
    bool done = false;
    if (config_common(c, from, s, &s->lines[i], p, depth, &done) != WG_OK ||
        (!done && config_of_part(c, from, s, &s->lines[i], p) != WG_OK)) {
      return c->d->err->code;
    }
  }
  return WG_OK;
}

static void config_give(drv_config *c) {
  wg_inf_config *o = c->out;
  o->copies = c->copies.v;
  o->n_copies = c->copies.n;
  o->deletes = c->deletes.v;
  o->n_deletes = c->deletes.n;
  o->renames = c->renames.v;
  o->n_renames = c->renames.n;
  o->driver_regs = (wg_inf_regs){c->driver_regs.v, c->driver_regs.n};
  o->device_regs = (wg_inf_regs){c->device_regs.v, c->device_regs.n};
  o->co_regs = (wg_inf_regs){c->co_regs.v, c->co_regs.n};
  o->services = c->services.v;
  o->n_services = c->services.n;
  o->interfaces = c->interfaces.v;
  o->n_interfaces = c->interfaces.n;
  o->filters = c->filters.v;
  o->n_filters = c->filters.n;
  o->named = c->named.v;
  o->n_named = c->named.n;
  o->properties = c->properties.v;
  o->n_properties = c->properties.n;
  o->includes = c->includes.v;
  o->n_includes = c->includes.n;
  o->exclude_ids = c->exclude_ids.v;
  o->n_exclude_ids = c->exclude_ids.n;
}

wg_code wg_drv_config(drv_config *c) {
  const wg_inf_section *base = wg_inf_section_of(c->d->inf, c->out->section);
  if (base != NULL && config_section(c, c->d->inf, base, IN_BASE, 0) != WG_OK) {
    return c->d->err->code;
  }
  for (size_t i = 0; i < N_SUFFIXES; i++) {
    const wg_inf_section *s = config_suffixed(c->d, c->out->section, suffixes[i].suffix);
    c->seen.n = 0;
    if (s != NULL && config_section(c, c->d->inf, s, suffixes[i].part, 0) != WG_OK) {
      return c->d->err->code;
    }
  }
  config_give(c);
  return WG_OK;
}
