// SPDX-License-Identifier: Apache-2.0
// What a driver that can be needed for the start has in the registry beside its record.
#include <string.h>

#include "driver/db/record.h"
#include "fmt/regf/regf.h"

#define SERVICES "HKLM\\SYSTEM\\CurrentControlSet\\Services\\"
#define SERVICE_WIN32 0x30U // of the type: a program, not a driver

void wg_driver_tags_done(wg_driver_tags *t) {
  for (size_t i = 0; i < t->n; i++) {
    wg_xfree(t->v[i].group);
  }
  wg_xfree(t->v);
  *t = (wg_driver_tags){0};
}

void wg_driver_names_done(wg_driver_names *n) {
  for (size_t i = 0; i < n->n; i++) {
    wg_xfree(n->v[i]);
  }
  wg_xfree(n->v);
  *n = (wg_driver_names){0};
}

bool wg_driver_names_add(wg_driver_names *n, const char *name) {
  for (size_t i = 0; i < n->n; i++) {
    if (wg_name_cmp_nocase(wg_str_of(n->v[i]), wg_str_of(name)) == 0) {
      return false;
    }
  }
  wg_vec_push(&n->v, &n->n, &n->cap) = wg_xstrdup(name);
  return true;
}

static char *services_z(wg_str s) {
  return wg_xstrndup(s.n == 0 ? "" : s.p, s.n);
}

// "": the key that all are below.
static const wg_regkey *services_key(const wg_driver_record *r, const char *service) {
  WG_AUTO(wg_cstr)
  path = wg_xprintf("%s\\Services%s%s", r->windows->control_set, service[0] == '\0' ? "" : "\\",
                    service);
  return wg_hive_find(r->windows->system.hive, wg_str_of(path));
}

// A number that no other driver of the group has. The one that a service has stays.
static uint32_t services_tag(const wg_driver_record *r, const char *service, const char *group,
                             wg_driver_tags *tags) {
  const wg_regkey *own = services_key(r, service);
  WG_AUTO(wg_cstr) own_group = wg_driver_reg_text(own, "Group");
  uint32_t had = wg_driver_reg_dword(own, "Tag", 0);
  if (had != 0 && own_group != NULL &&
      wg_name_cmp_nocase(wg_str_of(own_group), wg_str_of(group)) == 0) {
    return had;
  }
  for (size_t i = 0; i < tags->n; i++) {
    if (wg_name_cmp_nocase(wg_str_of(tags->v[i].group), wg_str_of(group)) == 0) {
      return ++tags->v[i].tag;
    }
  }
  uint32_t highest = 0;
  const wg_regkey *all = services_key(r, "");
  for (size_t i = 0; all != NULL && i < wg_regkey_n_children(all); i++) {
    const wg_regkey *k = wg_regkey_child_at(all, i);
    WG_AUTO(wg_cstr) theirs = wg_driver_reg_text(k, "Group");
    uint32_t tag = wg_driver_reg_dword(k, "Tag", 0);
    if (theirs != NULL && tag > highest && tag < UINT32_MAX - 1000 &&
        wg_name_cmp_nocase(wg_str_of(theirs), wg_str_of(group)) == 0) {
      highest = tag;
    }
  }
  wg_vec_push(&tags->v, &tags->n, &tags->cap) =
      (wg_driver_tag){.group = wg_xstrdup(group), .tag = highest + 1};
  return highest + 1;
}

// "System32\drivers\x.sys" for what starts with the machine, "\SystemRoot\System32\..." for other
// drivers, "%SystemRoot%\..." for programs.
static char *services_binary(const wg_driver_record *r, const wg_inf_service *s) {
  WG_AUTO(wg_cstr) path = NULL;
  if (s->binary_dirid == 13) {
    path = wg_xprintf("System32\\DriverStore\\FileRepository\\%s\\%.*s", r->label,
                      WG_STR_ARG(s->binary_name));
  } else {
    path = services_z(s->binary);
  }
  static const char windows[] = "Windows\\";
  const char *below = wg_str_starts(wg_str_of(path), windows) ? path + sizeof(windows) - 1 : path;
  bool inside = below != path || s->binary_dirid == 13;
  if (!inside) {
    return s->binary_dirid == UINT32_MAX ? wg_xstrdup(path) : wg_xprintf("C:\\%s", path);
  }
  return (s->type & SERVICE_WIN32) != 0 ? wg_xprintf("%%SystemRoot%%\\%s", below)
         : s->start == 0                ? wg_xstrdup(below)
                                        : wg_xprintf("\\SystemRoot\\%s", below);
}

// Text of Windows' services: "@oem3.inf,%token%;text" where the INF has it from its strings.
static void services_text(const wg_driver_record *r, const char *key, const char *name,
                          wg_str token, wg_str text, wg_reg_edits *out) {
  if (text.n == 0) {
    return;
  }
  WG_AUTO(wg_cstr)
  value = token.n == 0
              ? services_z(text)
              : wg_xprintf("@%s,%.*s;%.*s", r->published, WG_STR_ARG(token), WG_STR_ARG(text));
  wg_reg_edits_text(out, r->origin, key, name, WG_REG_SZ, value);
}

// Whether flags let a value be set that is there, or is not.
static bool services_sets(const wg_inf_reg *g, bool has) {
  uint32_t not_when = has ? WG_INF_NOCLOBBER : WG_INF_OVERWRITEONLY;
  return (g->flags & not_when) == 0;
}

static void services_reg(const wg_driver_record *r, const char *hkr, const wg_inf_reg *g,
                         wg_reg_edits *out) {
  if (!wg_str_eqz(g->root, "HKR") || g->op == WG_INF_REG_BIT) {
    return;
  }
  WG_AUTO(wg_cstr)
  key = g->key.n == 0 ? wg_xstrdup(hkr) : wg_xprintf("%s\\%.*s", hkr, WG_STR_ARG(g->key));
  WG_AUTO(wg_cstr) name = services_z(g->name);
  WG_AUTO(wg_cstr)
  path = wg_xprintf("%s\\%s", r->windows->control_set,
                    key + strlen("HKLM\\SYSTEM\\CurrentControlSet\\"));
  const wg_regkey *there = wg_hive_find(r->windows->system.hive, wg_str_of(path));
  bool has = there != NULL && wg_regkey_value(there, wg_str_of(name)) != NULL;
  if (g->op == WG_INF_REG_DEL || (g->flags & WG_INF_DELVAL) != 0) {
    if (there != NULL) {
      (void)wg_reg_edits_new(out, r->origin,
                             g->name.n == 0 ? WG_REG_DELETE_KEY : WG_REG_DELETE_VALUE, key, name);
    }
  } else if ((g->flags & (WG_INF_KEYONLY | WG_INF_KEYONLY_COMMON)) != 0) {
    (void)wg_reg_edits_new(out, r->origin, WG_REG_MAKE_KEY, key, "");
  } else if (services_sets(g, has)) {
    wg_reg_edits_bytes(out, r->origin, key, name, g->type, g->data, g->n_bytes);
  }
}

static void services_owner(const wg_driver_record *r, const char *key, wg_reg_edits *out) {
  const char *const owner[1] = {r->published};
  wg_reg_edit *e = wg_reg_edits_new(out, r->origin, WG_REG_APPEND, key, "Owners");
  e->type = WG_REG_MULTI_SZ;
  wg_reg_edits_items(out, e, owner, 1);
}

static void services_depend(const wg_driver_record *r, const char *key, const wg_inf_service *s,
                            wg_reg_edits *out) {
  const char **services = wg_xarray(s->n_dependencies + 1U, sizeof(*services));
  const char **groups = wg_xarray(s->n_dependencies + 1U, sizeof(*groups));
  size_t n_services = 0, n_groups = 0;
  for (uint32_t i = 0; i < s->n_dependencies; i++) {
    wg_str d = s->dependencies[i];
    if (d.p[0] == '+') { // of a group
      groups[n_groups++] = wg_xstrndup(d.p + 1, d.n - 1);
    } else {
      services[n_services++] = wg_xstrndup(d.p, d.n);
    }
  }
  if (n_services > 0) {
    wg_reg_edits_list(out, r->origin, key, "DependOnService", services, n_services);
  }
  if (n_groups > 0) {
    wg_reg_edits_list(out, r->origin, key, "DependOnGroup", groups, n_groups);
  }
  for (size_t i = 0; i < n_services; i++) {
    wg_xfree((void *)(uintptr_t)services[i]);
  }
  for (size_t i = 0; i < n_groups; i++) {
    wg_xfree((void *)(uintptr_t)groups[i]);
  }
  wg_xfree(services);
  wg_xfree(groups);
}

static void services_values(const wg_driver_record *r, const char *key, const char *name,
                            const wg_inf_service *s, wg_driver_tags *tags, wg_reg_edits *out) {
  WG_AUTO(wg_cstr) binary = services_binary(r, s);
  WG_AUTO(wg_cstr) group = services_z(s->group);
  WG_AUTO(wg_cstr) account = services_z(s->start_name);
  wg_reg_edits_dword(out, r->origin, key, "Type", s->type);
  wg_reg_edits_dword(out, r->origin, key, "Start", s->start);
  wg_reg_edits_dword(out, r->origin, key, "ErrorControl", s->error_control);
  if (binary[0] != '\0') {
    wg_reg_edits_text(out, r->origin, key, "ImagePath", WG_REG_EXPAND_SZ, binary);
  }
  services_text(r, key, "DisplayName", s->display_token, s->display_name, out);
  services_text(r, key, "Description", s->description_token, s->description, out);
  if (group[0] != '\0') {
    wg_reg_edits_text(out, r->origin, key, "Group", WG_REG_SZ, group);
  }
  if (group[0] != '\0' && (s->type & SERVICE_WIN32) == 0) {
    wg_reg_edits_dword(out, r->origin, key, "Tag", services_tag(r, name, group, tags));
  }
  if (s->has_boot_flags) {
    wg_reg_edits_dword(out, r->origin, key, "BootFlags", s->boot_flags);
  }
  if (account[0] != '\0' || (s->type & SERVICE_WIN32) != 0) {
    wg_reg_edits_text(out, r->origin, key, "ObjectName", WG_REG_SZ,
                      account[0] != '\0' ? account : "LocalSystem");
  }
  services_depend(r, key, s, out);
}

static void services_one(const wg_driver_record *r, const wg_inf_service *s, wg_driver_tags *tags,
                         wg_driver_names *claimed, wg_reg_edits *out) {
  WG_AUTO(wg_cstr) name = services_z(s->name);
  WG_AUTO(wg_cstr) key = wg_xprintf(SERVICES "%s", name);
  bool theirs = s->from != &r->package->inf && services_key(r, name) != NULL;
  bool first = wg_driver_names_add(claimed, name);
  if (first && !theirs) {
    services_values(r, key, name, s, tags, out);
  }
  // One that is nobody's on record is Windows' own: it does not go with the package.
  const wg_regkey *there = services_key(r, name);
  if (there == NULL || wg_regkey_value(there, WG_STR("Owners")) != NULL) {
    services_owner(r, key, out);
  }
  if (!first) {
    return;
  }
  for (uint32_t i = 0; i < s->regs.n; i++) {
    services_reg(r, key, &s->regs.v[i], out);
  }
  WG_AUTO(wg_cstr)
  events = wg_xprintf(SERVICES "EventLog\\%.*s\\%.*s", WG_STR_ARG(s->event_type),
                      WG_STR_ARG(s->event_name));
  for (uint32_t i = 0; i < s->event_regs.n; i++) {
    services_reg(r, events, &s->event_regs.v[i], out);
  }
}

// The version of the framework that a driver was made for.
static void services_framework(const wg_driver_record *r, const wg_inf_config *c,
                               wg_reg_edits *out) {
  for (uint32_t i = 0; i < c->n_named; i++) {
    const wg_inf_named *n = &c->named[i];
    if (!wg_str_eq_nocase(n->directive, "KmdfService") || n->name.n == 0) {
      continue;
    }
    const wg_inf_section *s = wg_inf_section_of(n->from, n->section);
    WG_AUTO(wg_cstr)
    version =
        services_z(wg_inf_field_text(n->from, wg_inf_line_of(n->from, s, "KmdfLibraryVersion"), 0));
    WG_AUTO(wg_cstr) key = wg_xprintf(SERVICES "%.*s\\Parameters\\Wdf", WG_STR_ARG(n->name));
    if (version[0] != '\0') {
      wg_reg_edits_text(out, r->origin, key, "KmdfLibraryVersion", WG_REG_SZ, version);
    }
  }
}

// Files that Windows keeps others from replacing, and who owns them.
static void services_lock(const wg_driver_record *r, const wg_inf_copy *f, wg_reg_edits *out) {
  static const char windows[] = "Windows\\";
  WG_AUTO(wg_cstr) to = wg_driver_copy_target(f);
  if (to == NULL || f->from != &r->package->inf || !wg_str_starts(wg_str_of(to), windows)) {
    return;
  }
  for (size_t i = 0; i < r->n_kept; i++) {
    if (wg_name_cmp_nocase(wg_str_of(r->kept[i]), wg_str_of(to)) == 0) {
      return;
    }
  }
  for (char *p = to; *p != '\0'; p++) {
    *p = *p == '\\' ? '/' : *p;
  }
  WG_AUTO(wg_cstr)
  key = wg_xprintf(WG_DRIVER_LOCKDOWN "\\%%SystemRoot%%/%s", to + sizeof(windows) - 1);
  WG_AUTO(wg_cstr)
  source =
      wg_xprintf("%%SystemRoot%%\\System32\\DriverStore\\FileRepository\\%s\\%.*s%s%.*s", r->label,
                 WG_STR_ARG(f->folder), f->folder.n > 0 ? "\\" : "", WG_STR_ARG(f->source));
  wg_reg_edits_dword(out, r->origin, key, "Class", r->package->p.pnp_lockdown == 1 ? 4 : 5);
  services_owner(r, key, out);
  wg_reg_edits_text(out, r->origin, key, "Source", WG_REG_EXPAND_SZ, source);
}

static void services_lockdown(const wg_driver_record *r, const wg_inf_config *c,
                              wg_reg_edits *out) {
  for (uint32_t i = 0; i < c->n_copies; i++) {
    services_lock(r, &c->copies[i], out);
  }
}

static bool services_was(const wg_inf_package *p, uint32_t config, uint32_t service) {
  for (uint32_t i = 0; i <= config; i++) {
    uint32_t n = i == config ? service : p->configs[i].n_services;
    for (uint32_t k = 0; k < n; k++) {
      if (wg_name_cmp_nocase(p->configs[i].services[k].name,
                             p->configs[config].services[service].name) == 0) {
        return true;
      }
    }
  }
  return false;
}

void wg_driver_service_edits(const wg_driver_record *r, wg_driver_tags *tags,
                             wg_driver_names *claimed, wg_reg_edits *out) {
  const wg_inf_package *p = &r->package->p;
  for (uint32_t i = 0; i < p->n_configs; i++) {
    const wg_inf_config *c = &p->configs[i];
    for (uint32_t k = 0; k < c->n_services; k++) {
      const wg_inf_service *s = &c->services[k];
      if (!s->deletes && s->name.n > 0 && !services_was(p, i, k)) {
        services_one(r, s, tags, claimed, out);
      }
    }
    services_framework(r, c, out);
    if (r->windows->has_database) {
      services_lockdown(r, c, out);
    }
  }
}
