// SPDX-License-Identifier: Apache-2.0
// A package as programs read it.
#include "cli/inf/inf.h"
#include "image/reg/value.h"

static void json_texts(wg_jsonw *j, const char *key, const wg_str *v, uint32_t n) {
  wg_jsonw_key_z(j, key);
  wg_jsonw_begin_array(j);
  for (uint32_t i = 0; i < n; i++) {
    wg_jsonw_str(j, v[i]);
  }
  wg_jsonw_end_array(j);
}

static void json_reg(wg_jsonw *j, const wg_inf_reg *r) {
  static const char *const ops[] = {"add", "delete", "bits"};
  char type[WG_REGTYPE_NAME_BYTES];
  wg_jsonw_begin_object(j);
  wg_jsonw_kv_z(j, "op", ops[r->op]);
  wg_jsonw_kv_str(j, "root", r->root);
  wg_jsonw_kv_str(j, "key", r->key);
  wg_jsonw_kv_str(j, "name", r->name);
  wg_jsonw_kv_u64(j, "flags", r->flags);
  if (r->op == WG_INF_REG_ADD) {
    WG_AUTO(wg_buf) data = {0};
    const wg_regvalue v = {.type = r->type, .data = r->data, .n_bytes = r->n_bytes};
    wg_buf_init(&data, wg_heap(), 0);
    wg_regvalue_text(&v, &data);
    wg_jsonw_kv_z(j, "type", wg_regtype_name(r->type, type));
    wg_jsonw_kv_str(j, "data", wg_buf_str(&data));
    wg_jsonw_kv_hex(j, "bytes", r->data, r->n_bytes);
  } else if (r->op == WG_INF_REG_BIT) {
    wg_jsonw_kv_u64(j, "mask", r->bit_mask);
    wg_jsonw_kv_u64(j, "byte", r->bit_byte);
  }
  wg_jsonw_kv_u64(j, "line", r->line);
  wg_jsonw_end_object(j);
}

static void json_regs(wg_jsonw *j, const char *key, const wg_inf_regs *regs) {
  wg_jsonw_key_z(j, key);
  wg_jsonw_begin_array(j);
  for (uint32_t i = 0; i < regs->n; i++) {
    json_reg(j, &regs->v[i]);
  }
  wg_jsonw_end_array(j);
}

static void json_dirid(wg_jsonw *j, uint32_t dirid) {
  if (dirid == UINT32_MAX) {
    wg_jsonw_key_z(j, "dirid");
    wg_jsonw_null(j);
  } else {
    wg_jsonw_kv_u64(j, "dirid", dirid);
  }
}

static void json_service(wg_jsonw *j, const wg_inf_service *s) {
  wg_jsonw_begin_object(j);
  wg_jsonw_kv_str(j, "name", s->name);
  wg_jsonw_kv_bool(j, "deletes", s->deletes);
  wg_jsonw_kv_u64(j, "flags", s->flags);
  wg_jsonw_kv_u64(j, "line", s->line);
  if (s->has_section) {
    wg_jsonw_kv_str(j, "section", s->section);
    wg_jsonw_kv_u64(j, "type", s->type);
    wg_jsonw_kv_u64(j, "start", s->start);
    wg_jsonw_kv_u64(j, "error_control", s->error_control);
    wg_jsonw_kv_str(j, "binary", s->binary);
    json_dirid(j, s->binary_dirid);
    wg_jsonw_kv_str(j, "display_name", s->display_name);
    wg_jsonw_kv_str(j, "description", s->description);
    wg_jsonw_kv_str(j, "group", s->group);
    wg_jsonw_kv_str(j, "start_name", s->start_name);
    wg_jsonw_kv_str(j, "security", s->security);
    json_texts(j, "dependencies", s->dependencies, s->n_dependencies);
    if (s->has_boot_flags) {
      wg_jsonw_kv_u64(j, "boot_flags", s->boot_flags);
    }
    json_regs(j, "registry", &s->regs);
  }
  if (s->event_name.n > 0) {
    wg_jsonw_kv_str(j, "event_log", s->event_type);
    wg_jsonw_kv_str(j, "event_source", s->event_name);
    json_regs(j, "event_registry", &s->event_regs);
  }
  wg_jsonw_end_object(j);
}

static void json_copy(wg_jsonw *j, const wg_inf_copy *f) {
  wg_jsonw_begin_object(j);
  wg_jsonw_kv_str(j, "name", f->name);
  wg_jsonw_kv_str(j, "source", f->source);
  wg_jsonw_kv_str(j, "folder", f->folder);
  json_dirid(j, f->dirid);
  wg_jsonw_kv_str(j, "subdir", f->subdir);
  wg_jsonw_kv_u64(j, "flags", f->flags);
  wg_jsonw_kv_bool(j, "in_source_disks", f->has_disk);
  wg_jsonw_kv_u64(j, "line", f->line);
  wg_jsonw_end_object(j);
}

static void json_named(wg_jsonw *j, const wg_inf_config *c) {
  wg_jsonw_key_z(j, "others");
  wg_jsonw_begin_array(j);
  for (uint32_t i = 0; i < c->n_named; i++) {
    wg_jsonw_begin_object(j);
    wg_jsonw_kv_str(j, "directive", c->named[i].directive);
    wg_jsonw_kv_str(j, "name", c->named[i].name);
    wg_jsonw_kv_str(j, "section", c->named[i].section);
    wg_jsonw_kv_u64(j, "line", c->named[i].line);
    wg_jsonw_end_object(j);
  }
  wg_jsonw_end_array(j);
}

static void json_interfaces(wg_jsonw *j, const wg_inf_config *c) {
  wg_jsonw_key_z(j, "interfaces");
  wg_jsonw_begin_array(j);
  for (uint32_t i = 0; i < c->n_interfaces; i++) {
    wg_jsonw_begin_object(j);
    wg_jsonw_kv_str(j, "guid", c->interfaces[i].guid);
    wg_jsonw_kv_str(j, "reference", c->interfaces[i].reference);
    wg_jsonw_kv_u64(j, "flags", c->interfaces[i].flags);
    json_regs(j, "registry", &c->interfaces[i].regs);
    wg_jsonw_end_object(j);
  }
  wg_jsonw_end_array(j);
}

static void json_filters(wg_jsonw *j, const wg_inf_config *c) {
  wg_jsonw_key_z(j, "filters");
  wg_jsonw_begin_array(j);
  for (uint32_t i = 0; i < c->n_filters; i++) {
    wg_jsonw_begin_object(j);
    wg_jsonw_kv_str(j, "name", c->filters[i].name);
    wg_jsonw_kv_str(j, "position", c->filters[i].position);
    wg_jsonw_kv_str(j, "level", c->filters[i].level);
    wg_jsonw_end_object(j);
  }
  wg_jsonw_end_array(j);
}

static void json_properties(wg_jsonw *j, const wg_inf_config *c) {
  wg_jsonw_key_z(j, "properties");
  wg_jsonw_begin_array(j);
  for (uint32_t i = 0; i < c->n_properties; i++) {
    const wg_inf_property *p = &c->properties[i];
    wg_jsonw_begin_object(j);
    wg_jsonw_kv_str(j, "name", p->name);
    wg_jsonw_kv_str(j, "guid", p->guid);
    wg_jsonw_kv_u64(j, "id", p->id);
    wg_jsonw_kv_u64(j, "type", p->type);
    wg_jsonw_kv_hex(j, "bytes", p->data, p->n_bytes);
    wg_jsonw_end_object(j);
  }
  wg_jsonw_end_array(j);
}

static void json_config(wg_jsonw *j, const wg_inf_config *c) {
  wg_jsonw_begin_object(j);
  wg_jsonw_kv_str(j, "name", c->name);
  wg_jsonw_kv_str(j, "section", c->section);
  wg_jsonw_kv_bool(j, "found", c->line != 0);
  wg_jsonw_kv_u64(j, "line", c->line);
  wg_jsonw_kv_u64(j, "feature_score", c->feature_score);
  wg_jsonw_kv_bool(j, "reboot", c->reboot);
  wg_jsonw_key_z(j, "files");
  wg_jsonw_begin_array(j);
  for (uint32_t i = 0; i < c->n_copies; i++) {
    json_copy(j, &c->copies[i]);
  }
  wg_jsonw_end_array(j);
  json_texts(j, "deletes", c->deletes, c->n_deletes);
  json_texts(j, "renames", c->renames, c->n_renames);
  wg_jsonw_key_z(j, "services");
  wg_jsonw_begin_array(j);
  for (uint32_t i = 0; i < c->n_services; i++) {
    json_service(j, &c->services[i]);
  }
  wg_jsonw_end_array(j);
  json_regs(j, "registry", &c->driver_regs);
  json_regs(j, "device_registry", &c->device_regs);
  json_regs(j, "coinstaller_registry", &c->co_regs);
  json_interfaces(j, c);
  json_filters(j, c);
  json_properties(j, c);
  json_named(j, c);
  json_texts(j, "includes", c->includes, c->n_includes);
  json_texts(j, "exclude_ids", c->exclude_ids, c->n_exclude_ids);
  wg_jsonw_end_object(j);
}

static void json_models(wg_jsonw *j, const wg_inf_package *p) {
  wg_jsonw_key_z(j, "models");
  wg_jsonw_begin_array(j);
  for (uint32_t i = 0; i < p->n_models; i++) {
    const wg_inf_model *m = &p->models[i];
    wg_jsonw_begin_object(j);
    wg_jsonw_kv_str(j, "description", m->description);
    wg_jsonw_kv_str(j, "manufacturer", m->manufacturer);
    wg_jsonw_kv_str(j, "install", p->configs[m->config].name);
    json_texts(j, "ids", m->ids, m->n_ids);
    wg_jsonw_kv_u64(j, "line", m->line);
    wg_jsonw_end_object(j);
  }
  wg_jsonw_end_array(j);
}

void wg_inf_show_json(const wg_inf_package *p, wg_jsonw *j) {
  wg_jsonw_kv_z(j, "encoding", wg_inf_encoding_name(p->inf->encoding));
  wg_jsonw_kv_str(j, "class", p->class_name);
  wg_jsonw_kv_z(j, "class_guid", p->has_class_guid ? p->class_guid_text : "");
  wg_jsonw_kv_str(j, "provider", p->provider);
  char date[32] = "";
  char version[32] = "";
  if (p->year != 0) {
    (void)wg_format(date, sizeof(date), "%04u-%02u-%02u", p->year, p->month, p->day);
  }
  if (p->has_version) {
    (void)wg_format(version, sizeof(version), "%u.%u.%u.%u", p->version[0], p->version[1],
                    p->version[2], p->version[3]);
  }
  wg_jsonw_kv_z(j, "date", date);
  wg_jsonw_kv_z(j, "version", version);
  wg_jsonw_kv_str(j, "catalog", p->catalog);
  wg_jsonw_kv_str(j, "elsewhere", p->elsewhere);
  json_models(j, p);
  wg_jsonw_key_z(j, "installs");
  wg_jsonw_begin_array(j);
  for (uint32_t i = 0; i < p->n_configs; i++) {
    json_config(j, &p->configs[i]);
  }
  wg_jsonw_end_array(j);
  wg_jsonw_key_z(j, "package_files");
  wg_jsonw_begin_array(j);
  for (uint32_t i = 0; i < p->n_files; i++) {
    wg_jsonw_str(j, p->files[i].path);
  }
  wg_jsonw_end_array(j);
  wg_jsonw_key_z(j, "not_read");
  wg_jsonw_begin_array(j);
  for (uint32_t i = 0; i < p->n_unhandled; i++) {
    wg_jsonw_begin_object(j);
    wg_jsonw_kv_str(j, "section", p->unhandled[i].section);
    wg_jsonw_kv_str(j, "directive", p->unhandled[i].directive);
    wg_jsonw_kv_u64(j, "line", p->unhandled[i].line);
    wg_jsonw_end_object(j);
  }
  wg_jsonw_end_array(j);
}
