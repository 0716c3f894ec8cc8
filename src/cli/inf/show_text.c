// SPDX-License-Identifier: Apache-2.0
// A package as a person reads it.
#include "cli/inf/inf.h"
#include "image/reg/value.h"

#define SHOW_MAX_DATA 200U // bytes of a value's text in a line

// Text with what stands before it, where it is not empty.
static void text_add(wg_buf *out, const char *before, wg_str s) {
  if (s.n > 0) {
    wg_buf_add_z(out, before);
    wg_buf_add_str(out, s);
  }
}

static void text_list(wg_buf *out, const char *what, const wg_str *v, uint32_t n) {
  for (uint32_t i = 0; i < n; i++) {
    text_add(out, what, v[i]);
    wg_buf_add_z(out, "\n");
  }
}

static void text_value(wg_buf *out, const wg_inf_reg *r) {
  char type[WG_REGTYPE_NAME_BYTES];
  WG_AUTO(wg_buf) data = {0};
  const wg_regvalue v = {.type = r->type, .data = r->data, .n_bytes = r->n_bytes};
  wg_buf_init(&data, wg_heap(), 0);
  wg_regvalue_text(&v, &data);
  bool cut = data.n > SHOW_MAX_DATA;
  wg_buf_printf(out, " %s ", wg_regtype_name(r->type, type));
  wg_buf_add(out, data.p, cut ? SHOW_MAX_DATA : data.n);
  wg_buf_add_z(out, cut ? "..." : "");
}

static void text_regs(wg_buf *out, const char *what, const wg_inf_regs *regs) {
  static const char *const signs[] = {
      [WG_INF_REG_ADD] = "", [WG_INF_REG_DEL] = "- ", [WG_INF_REG_BIT] = "~ "};
  for (uint32_t i = 0; i < regs->n; i++) {
    const wg_inf_reg *r = &regs->v[i];
    wg_buf_printf(out, "  %s %s", what, signs[r->op]);
    wg_buf_add_str(out, r->root);
    text_add(out, "\\", r->key);
    if ((r->flags & (WG_INF_KEYONLY | WG_INF_KEYONLY_COMMON)) == 0) {
      text_add(out, " ", r->name.n > 0 ? r->name : WG_STR("(Default)"));
      if (r->op == WG_INF_REG_ADD) {
        text_value(out, r);
      }
    }
    wg_buf_add_z(out, "\n");
  }
}

static void text_place(wg_buf *out, uint32_t dirid) {
  const char *dir = wg_inf_dirid_path(dirid);
  if (dirid == 13) {
    dir = "the driver store";
  } else if (dir == NULL) {
    dir = dirid == UINT32_MAX ? "nowhere" : "a folder of its own number";
  }
  wg_buf_add_z(out, dir);
}

static void text_copies(wg_buf *out, const wg_inf_config *c) {
  for (uint32_t i = 0; i < c->n_copies; i++) {
    const wg_inf_copy *f = &c->copies[i];
    wg_buf_add_z(out, "  file");
    text_add(out, " ", f->folder);
    text_add(out, f->folder.n > 0 ? "\\" : " ", f->source);
    wg_buf_add_z(out, " -> ");
    text_place(out, f->dirid);
    text_add(out, "\\", f->subdir);
    text_add(out, "\\", f->name);
    wg_buf_add_z(out, f->has_disk ? "\n" : " (not in SourceDisksFiles)\n");
  }
  text_list(out, "  deletes file ", c->deletes, c->n_deletes);
  text_list(out, "  renames file ", c->renames, c->n_renames);
}

static void text_events(wg_buf *out, const wg_inf_service *s) {
  if (s->event_name.n > 0) {
    text_add(out, "  events of ", s->event_name);
    text_add(out, " in the log ", s->event_type);
    wg_buf_add_z(out, "\n");
    text_regs(out, "event registry", &s->event_regs);
  }
}

static void text_service(wg_buf *out, const wg_inf_service *s) {
  if (s->deletes || s->name.n == 0) {
    wg_buf_add_z(out, s->deletes ? "  deletes service" : "  service: none");
    text_add(out, " ", s->name);
    wg_buf_add_z(out, "\n");
    return;
  }
  text_add(out, "  service ", s->name);
  wg_buf_add_z(out, (s->flags & 2) != 0 ? ", of the device" : "");
  if (!s->has_section) {
    wg_buf_add_z(out, ", whose section is not there\n");
    return;
  }
  wg_buf_printf(out, ": %s, start %s", wg_inf_service_type(s->type),
                wg_inf_service_start(s->start));
  text_add(out, ", ", s->binary);
  text_add(out, ", group ", s->group);
  for (uint32_t i = 0; i < s->n_dependencies; i++) {
    text_add(out, i == 0 ? ", needs " : ", ", s->dependencies[i]);
  }
  if (s->has_boot_flags) {
    wg_buf_printf(out, ", boot flags 0x%x", s->boot_flags);
  }
  wg_buf_add_z(out, "\n");
  text_regs(out, "service registry", &s->regs);
  text_events(out, s);
}

static void text_interfaces(wg_buf *out, const wg_inf_config *c) {
  for (uint32_t i = 0; i < c->n_interfaces; i++) {
    text_add(out, "  interface ", c->interfaces[i].guid);
    text_add(out, " ", c->interfaces[i].reference);
    wg_buf_add_z(out, "\n");
    text_regs(out, "interface registry", &c->interfaces[i].regs);
  }
}

static void text_others(wg_buf *out, const wg_inf_config *c) {
  for (uint32_t i = 0; i < c->n_filters; i++) {
    text_add(out, "  filter ", c->filters[i].name);
    text_add(out, " ", c->filters[i].position);
    text_add(out, " ", c->filters[i].level);
    wg_buf_add_z(out, "\n");
  }
  for (uint32_t i = 0; i < c->n_named; i++) {
    text_add(out, "  ", c->named[i].directive);
    text_add(out, " ", c->named[i].name);
    text_add(out, ", section ", c->named[i].section);
    wg_buf_add_z(out, "\n");
  }
  for (uint32_t i = 0; i < c->n_properties; i++) {
    const wg_inf_property *p = &c->properties[i];
    text_add(out, "  property ", p->has_name ? p->name : p->guid);
    wg_buf_printf(out, " %u\n", p->id);
  }
}

static void text_config(wg_buf *out, const wg_inf_config *c) {
  text_add(out, "\n[", c->section.n > 0 ? c->section : c->name);
  wg_buf_add_z(out, c->line == 0 ? "] is not there\n" : "]\n");
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
  text_interfaces(out, c);
  text_others(out, c);
  text_list(out, "  takes from ", c->includes, c->n_includes);
  text_list(out, "  not for ", c->exclude_ids, c->n_exclude_ids);
}

static void text_head(const wg_inf_package *p, const char *path, wg_buf *out) {
  wg_buf_printf(out, "%s: class ", path);
  text_add(out, "", p->class_name);
  text_add(out, " ", wg_str_of(p->has_class_guid ? p->class_guid_text : NULL));
  text_add(out, ", ", p->provider);
  if (p->year != 0) {
    wg_buf_printf(out, ", %04u-%02u-%02u", p->year, p->month, p->day);
  }
  if (p->has_version) {
    wg_buf_printf(out, " %u.%u.%u.%u", p->version[0], p->version[1], p->version[2], p->version[3]);
  }
  wg_buf_add_z(out, p->catalog.n > 0 ? ", catalogue" : ", no catalogue");
  text_add(out, " ", p->catalog);
  wg_buf_add_z(out, "\n");
}

void wg_inf_show_text(const wg_inf_package *p, const char *path, wg_buf *out) {
  text_head(p, path, out);
  for (uint32_t i = 0; i < p->n_models; i++) {
    const wg_inf_model *m = &p->models[i];
    text_add(out, "\n", m->description);
    text_add(out, " (", m->manufacturer);
    text_add(out, "): [", p->configs[m->config].name);
    wg_buf_add_z(out, "]\n");
    text_list(out, "  ", m->ids, m->n_ids);
  }
  for (uint32_t i = 0; i < p->n_configs; i++) {
    text_config(out, &p->configs[i]);
  }
  wg_buf_add_z(out, p->n_unhandled > 0 ? "\nNot read further:\n" : "");
  for (uint32_t i = 0; i < p->n_unhandled; i++) {
    const wg_inf_unhandled *u = &p->unhandled[i];
    wg_buf_printf(out, "  line %u", u->line);
    text_add(out, ": ", u->directive);
    text_add(out, " in [", u->section);
    wg_buf_add_z(out, "]\n");
  }
}
