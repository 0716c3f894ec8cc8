// SPDX-License-Identifier: Apache-2.0
// A package as a person reads it.
#include "cli/inf/inf.h"
#include "image/reg/value.h"

#define SHOW_MAX_DATA 200U // bytes of a value's text in a line

static void text_regs(wg_buf *out, const char *what, const wg_inf_regs *regs) {
  for (uint32_t i = 0; i < regs->n; i++) {
    const wg_inf_reg *r = &regs->v[i];
    char type[WG_REGTYPE_NAME_BYTES];
    wg_buf_printf(out, "  %s %s%.*s%s%.*s", what,
                  r->op == WG_INF_REG_DEL   ? "- "
                  : r->op == WG_INF_REG_BIT ? "~ "
                                            : "",
                  WG_STR_ARG(r->root), r->key.n > 0 ? "\\" : "", WG_STR_ARG(r->key));
    if ((r->flags & (WG_INF_KEYONLY | WG_INF_KEYONLY_COMMON)) != 0) {
      wg_buf_add_z(out, "\n");
      continue;
    }
    wg_buf_printf(out, " %.*s", WG_STR_ARG(r->name.n > 0 ? r->name : WG_STR("(Default)")));
    if (r->op == WG_INF_REG_ADD) {
      WG_AUTO(wg_buf) data = {0};
      const wg_regvalue v = {.type = r->type, .data = r->data, .n_bytes = r->n_bytes};
      wg_buf_init(&data, wg_heap(), 0);
      wg_regvalue_text(&v, &data);
      bool cut = data.n > SHOW_MAX_DATA;
      wg_buf_printf(out, " %s %.*s%s", wg_regtype_name(r->type, type),
                    (int)(cut ? SHOW_MAX_DATA : data.n), (const char *)data.p, cut ? "..." : "");
    }
    wg_buf_add_z(out, "\n");
  }
}

static void text_copies(wg_buf *out, const wg_inf_config *c) {
  for (uint32_t i = 0; i < c->n_copies; i++) {
    const wg_inf_copy *f = &c->copies[i];
    const char *dir = wg_inf_dirid_path(f->dirid);
    wg_buf_printf(out, "  file %.*s%s%.*s -> ", WG_STR_ARG(f->folder), f->folder.n > 0 ? "\\" : "",
                  WG_STR_ARG(f->source));
    if (f->dirid == 13) {
      wg_buf_add_z(out, "the driver store");
    } else if (dir != NULL) {
      wg_buf_add_z(out, dir);
    } else {
      wg_buf_add_z(out, f->dirid == UINT32_MAX ? "nowhere" : "a folder of its own number");
    }
    wg_buf_printf(out, "\\%.*s%s%.*s%s\n", WG_STR_ARG(f->subdir), f->subdir.n > 0 ? "\\" : "",
                  WG_STR_ARG(f->name), f->has_disk ? "" : " (not in SourceDisksFiles)");
  }
  for (uint32_t i = 0; i < c->n_deletes; i++) {
    wg_buf_printf(out, "  deletes file %.*s\n", WG_STR_ARG(c->deletes[i]));
  }
  for (uint32_t i = 0; i < c->n_renames; i++) {
    wg_buf_printf(out, "  renames file %.*s\n", WG_STR_ARG(c->renames[i]));
  }
}

static void text_service(wg_buf *out, const wg_inf_service *s) {
  if (s->deletes) {
    wg_buf_printf(out, "  deletes service %.*s\n", WG_STR_ARG(s->name));
    return;
  }
  if (s->name.n == 0) {
    wg_buf_add_z(out, "  service: none\n");
    return;
  }
  wg_buf_printf(out, "  service %.*s%s", WG_STR_ARG(s->name),
                (s->flags & 2) != 0 ? ", of the device" : "");
  if (!s->has_section) {
    wg_buf_add_z(out, ", whose section is not there\n");
    return;
  }
  wg_buf_printf(out, ": %s, start %s, %.*s", wg_inf_service_type(s->type),
                wg_inf_service_start(s->start), WG_STR_ARG(s->binary));
  if (s->group.n > 0) {
    wg_buf_printf(out, ", group %.*s", WG_STR_ARG(s->group));
  }
  for (uint32_t i = 0; i < s->n_dependencies; i++) {
    wg_buf_printf(out, "%s%.*s", i == 0 ? ", needs " : ", ", WG_STR_ARG(s->dependencies[i]));
  }
  if (s->has_boot_flags) {
    wg_buf_printf(out, ", boot flags 0x%x", s->boot_flags);
  }
  wg_buf_add_z(out, "\n");
  text_regs(out, "service registry", &s->regs);
  if (s->event_name.n > 0) {
    wg_buf_printf(out, "  events of %.*s in the log %.*s\n", WG_STR_ARG(s->event_name),
                  WG_STR_ARG(s->event_type));
    text_regs(out, "event registry", &s->event_regs);
  }
}

static void text_others(wg_buf *out, const wg_inf_config *c) {
  for (uint32_t i = 0; i < c->n_interfaces; i++) {
    const wg_inf_interface *f = &c->interfaces[i];
    wg_buf_printf(out, "  interface %.*s %.*s\n", WG_STR_ARG(f->guid), WG_STR_ARG(f->reference));
    text_regs(out, "interface registry", &f->regs);
  }
  for (uint32_t i = 0; i < c->n_filters; i++) {
    const wg_inf_filter *f = &c->filters[i];
    wg_buf_printf(out, "  filter %.*s %.*s%.*s\n", WG_STR_ARG(f->name), WG_STR_ARG(f->position),
                  WG_STR_ARG(f->level));
  }
  for (uint32_t i = 0; i < c->n_named; i++) {
    const wg_inf_named *n = &c->named[i];
    wg_buf_printf(out, "  %.*s %.*s, section %.*s\n", WG_STR_ARG(n->directive), WG_STR_ARG(n->name),
                  WG_STR_ARG(n->section));
  }
  for (uint32_t i = 0; i < c->n_properties; i++) {
    const wg_inf_property *p = &c->properties[i];
    wg_buf_printf(out, "  property %.*s %u\n", WG_STR_ARG(p->has_name ? p->name : p->guid), p->id);
  }
  for (uint32_t i = 0; i < c->n_includes; i++) {
    wg_buf_printf(out, "  takes from %.*s\n", WG_STR_ARG(c->includes[i]));
  }
  for (uint32_t i = 0; i < c->n_exclude_ids; i++) {
    wg_buf_printf(out, "  not for %.*s\n", WG_STR_ARG(c->exclude_ids[i]));
  }
}

static void text_config(wg_buf *out, const wg_inf_config *c) {
  wg_buf_printf(out, "\n[%.*s]%s", WG_STR_ARG(c->section.n > 0 ? c->section : c->name),
                c->line == 0 ? " is not there\n" : "\n");
  if (c->feature_score != 0xFF) {
    wg_buf_printf(out, "  feature score 0x%02X\n", c->feature_score);
  }
  if (c->reboot) {
    wg_buf_add_z(out, "  asks for a restart\n");
  }
  text_copies(out, c);
  for (uint32_t i = 0; i < c->n_services; i++) {
    text_service(out, &c->services[i]);
  }
  text_regs(out, "registry", &c->driver_regs);
  text_regs(out, "device registry", &c->device_regs);
  text_regs(out, "co-installer registry", &c->co_regs);
  text_others(out, c);
}

void wg_inf_show_text(const wg_inf_package *p, const char *path, wg_buf *out) {
  wg_buf_printf(out, "%s: class %.*s%s%s, %.*s", path, WG_STR_ARG(p->class_name),
                p->has_class_guid ? " " : "", p->has_class_guid ? p->class_guid_text : "",
                WG_STR_ARG(p->provider));
  if (p->year != 0) {
    wg_buf_printf(out, ", %04u-%02u-%02u", p->year, p->month, p->day);
  }
  if (p->has_version) {
    wg_buf_printf(out, " %u.%u.%u.%u", p->version[0], p->version[1], p->version[2], p->version[3]);
  }
  wg_buf_printf(out, p->catalog.n > 0 ? ", catalogue %.*s\n" : ", no catalogue%.*s\n",
                WG_STR_ARG(p->catalog));
  for (uint32_t i = 0; i < p->n_models; i++) {
    const wg_inf_model *m = &p->models[i];
    wg_buf_printf(out, "\n%.*s (%.*s): [%.*s]\n", WG_STR_ARG(m->description),
                  WG_STR_ARG(m->manufacturer), WG_STR_ARG(p->configs[m->config].name));
    for (uint32_t k = 0; k < m->n_ids; k++) {
      wg_buf_printf(out, "  %.*s\n", WG_STR_ARG(m->ids[k]));
    }
  }
  for (uint32_t i = 0; i < p->n_configs; i++) {
    text_config(out, &p->configs[i]);
  }
  if (p->n_unhandled > 0) {
    wg_buf_add_z(out, "\nNot read further:\n");
  }
  for (uint32_t i = 0; i < p->n_unhandled; i++) {
    const wg_inf_unhandled *u = &p->unhandled[i];
    wg_buf_printf(out, "  line %u: %.*s in [%.*s]\n", u->line, WG_STR_ARG(u->directive),
                  WG_STR_ARG(u->section));
  }
}
