// SPDX-License-Identifier: Apache-2.0
// AddService and the other directives that name a section with an entry of its own.
#include <string.h>

#include "fmt/inf/driver_int.h"

// Directives of a service section that Windows takes from it and this model has no field for.
static const char *const service_other[] = {
    "AddTrigger",         "FailureActions",
    "RequiredPrivileges", "ServiceSidType",
    "DelayedAutoStart",   "PreshutdownTimeout",
    "AddPermission",      "FailureActionsOnNonCrashFailures",
    "UserServiceFlags"};

static wg_code service_list(drv *d, const wg_inf *from, const wg_inf_line *l, const wg_str **out,
                            uint32_t *out_n) {
  wg_str *v = wg_arena_new_array(d->arena, wg_str, l->n_fields + 1U);
  if (v == NULL) {
    return wg_arena_fail(d->arena, d->err);
  }
  uint32_t n = 0;
  for (uint32_t i = 0; i < l->n_fields; i++) {
    wg_str name = wg_inf_field_text(from, l, i);
    if (name.n > 0) {
      v[n++] = name;
    }
  }
  *out = v;
  *out_n = n;
  return WG_OK;
}

static wg_code service_text(drv *d, const wg_inf *from, const wg_inf_line *l, wg_str key,
                            wg_inf_service *s) {
  wg_str text = wg_inf_field_text(from, l, 0);
  wg_str raw = l->n_fields > 0 ? l->fields[0].text : (wg_str){"", 0};
  if (wg_str_eq_nocase(key, "DisplayName")) {
    s->display_name = text;
    s->display_token = wg_drv_token(raw);
  } else if (wg_str_eq_nocase(key, "Description")) {
    s->description = text;
    s->description_token = wg_drv_token(raw);
  } else if (wg_str_eq_nocase(key, "LoadOrderGroup")) {
    s->group = text;
  } else if (wg_str_eq_nocase(key, "StartName")) {
    s->start_name = text;
  } else if (wg_str_eq_nocase(key, "Security")) {
    s->security = text;
  } else if (wg_str_eq_nocase(key, "ServiceBinary")) {
    s->binary = wg_drv_folder_path(d, text, &s->binary_dirid, &s->binary_name);
  } else if (wg_str_eq_nocase(key, "Dependencies")) {
    return service_list(d, from, l, &s->dependencies, &s->n_dependencies);
  } else {
    for (size_t i = 0; i < sizeof(service_other) / sizeof(*service_other); i++) {
      if (wg_str_eq_nocase(key, service_other[i])) {
        return wg_drv_unhandled(d, from, s->section, key, l->line);
      }
    }
  }
  return WG_OK;
}

static wg_code service_number(drv *d, const wg_inf *from, const wg_inf_line *l, const char *what,
                              uint32_t *out) {
  wg_str text = wg_inf_field_text(from, l, 0);
  return wg_inf_number(text, out)
             ? WG_OK
             : wg_drv_fail(d, l->line, "%s '%.*s' is no number", what, WG_STR_ARG(text));
}

static wg_code service_directive(drv *d, const wg_inf *from, const wg_inf_line *l,
                                 wg_inf_service *s, drv_vec *regs) {
  wg_str key = wg_drv_key(from, l);
  wg_inf_reg_op op = WG_INF_REG_ADD;
  if (wg_drv_is_reg(key, &op)) {
    return wg_drv_reg_line(d, from, l, regs);
  }
  if (wg_str_eq_nocase(key, "ServiceType")) {
    return service_number(d, from, l, "ServiceType", &s->type);
  }
  if (wg_str_eq_nocase(key, "StartType")) {
    return service_number(d, from, l, "StartType", &s->start);
  }
  if (wg_str_eq_nocase(key, "ErrorControl")) {
    return service_number(d, from, l, "ErrorControl", &s->error_control);
  }
  if (wg_str_eq_nocase(key, "BootFlags")) {
    s->has_boot_flags = true;
    return service_number(d, from, l, "BootFlags", &s->boot_flags);
  }
  return service_text(d, from, l, key, s);
}

static void service_regs(drv_vec *v, wg_inf_regs *out) {
  *out = (wg_inf_regs){v->v, v->n};
}

static wg_code service_section(drv *d, const wg_inf *from, wg_inf_service *s) {
  const wg_inf_section *section = wg_inf_section_of(from, s->section);
  drv_vec regs = {0};
  if (section == NULL) {
    return s->section.n == 0
               ? WG_OK
               : wg_drv_unhandled(d, from, s->section, WG_STR("(no such section)"), s->line);
  }
  s->has_section = true;
  if (wg_drv_work(d, section->n_lines) != WG_OK) {
    return d->err->code;
  }
  for (uint32_t i = 0; i < section->n_lines; i++) {
    if (service_directive(d, from, &section->lines[i], s, &regs) != WG_OK) {
      return d->err->code;
    }
  }
  service_regs(&regs, &s->regs);
  return WG_OK;
}

// EventLog sections have AddReg only.
static wg_code service_events(drv *d, const wg_inf *from, wg_str name, wg_inf_service *s) {
  const wg_inf_section *section = name.n == 0 ? NULL : wg_inf_section_of(from, name);
  drv_vec regs = {0};
  for (uint32_t i = 0; section != NULL && i < section->n_lines; i++) {
    if (wg_drv_reg_line(d, from, &section->lines[i], &regs) != WG_OK) {
      return d->err->code;
    }
  }
  service_regs(&regs, &s->event_regs);
  return WG_OK;
}

wg_code wg_drv_service_line(drv *d, const wg_inf *from, const wg_inf_line *l, bool deletes,
                            drv_vec *out) {
  wg_inf_service *s = wg_drv_push(d, out, sizeof(*s));
  if (s == NULL) {
    return d->err->code;
  }
  *s = (wg_inf_service){.name = wg_inf_field_text(from, l, 0),
                        .flags = wg_drv_number(from, l, 1, 0),
                        .deletes = deletes,
                        .start = 3,
                        .type = 1,
                        .binary_dirid = UINT32_MAX,
                        .from = from,
                        .line = l->line};
  if (deletes) {
    return WG_OK;
  }
  s->section = wg_inf_field_text(from, l, 2);
  s->event_type = wg_inf_field_text(from, l, 4);
  s->event_name = wg_inf_field_text(from, l, 5);
  s->event_type = s->event_type.n == 0 ? WG_STR("System") : s->event_type;
  s->event_name = s->event_name.n == 0 ? s->name : s->event_name;
  return service_section(d, from, s) == WG_OK
             ? service_events(d, from, wg_inf_field_text(from, l, 3), s)
             : d->err->code;
}

wg_code wg_drv_interface_line(drv *d, const wg_inf *from, const wg_inf_line *l, drv_vec *out) {
  wg_inf_interface *f = wg_drv_push(d, out, sizeof(*f));
  drv_vec regs = {0};
  if (f == NULL) {
    return d->err->code;
  }
  *f = (wg_inf_interface){.guid = wg_inf_field_text(from, l, 0),
                          .reference = wg_inf_field_text(from, l, 1),
                          .section = wg_inf_field_text(from, l, 2),
                          .flags = wg_drv_number(from, l, 3, 0),
                          .from = from,
                          .line = l->line};
  const wg_inf_section *s = f->section.n == 0 ? NULL : wg_inf_section_of(from, f->section);
  for (uint32_t i = 0; s != NULL && i < s->n_lines; i++) {
    const wg_inf_line *line = &s->lines[i];
    wg_str key = wg_drv_key(from, line);
    wg_inf_reg_op op = WG_INF_REG_ADD;
    wg_code code = wg_drv_is_reg(key, &op) ? wg_drv_reg_line(d, from, line, &regs)
                                           : wg_drv_unhandled(d, from, f->section, key, line->line);
    if (code != WG_OK) {
      return code;
    }
  }
  service_regs(&regs, &f->regs);
  return WG_OK;
}

wg_code wg_drv_filter_line(drv *d, const wg_inf *from, const wg_inf_line *l, drv_vec *out) {
  wg_inf_filter *f = wg_drv_push(d, out, sizeof(*f));
  if (f == NULL) {
    return d->err->code;
  }
  *f = (wg_inf_filter){.name = wg_inf_field_text(from, l, 0),
                       .flags = wg_drv_number(from, l, 1, 0),
                       .section = wg_inf_field_text(from, l, 2),
                       .line = l->line};
  const wg_inf_section *s = wg_inf_section_of(from, f->section);
  f->level = wg_inf_field_text(from, wg_inf_line_of(from, s, "FilterLevel"), 0);
  f->position = wg_inf_field_text(from, wg_inf_line_of(from, s, "FilterPosition"), 0);
  return WG_OK;
}

// name|{guid}, id, type, flags, value: data as the registry would hold text, or one number.
static wg_code property_item(drv *d, const wg_inf *from, const wg_inf_line *l, drv_vec *out) {
  wg_inf_property *p = wg_drv_push(d, out, sizeof(*p));
  WG_AUTO(wg_buf) data = {0};
  uint32_t v = 0;
  if (p == NULL) {
    return d->err->code;
  }
  wg_buf_init(&data, d->arena->alloc, 0);
  wg_str first = wg_inf_field_text(from, l, 0);
  *p = (wg_inf_property){.has_name = first.n > 0 && first.p[0] != '{',
                         .id = wg_drv_number(from, l, 1, 0),
                         .type = wg_drv_number(from, l, 2, 0),
                         .flags = wg_drv_number(from, l, 3, 0),
                         .line = l->line};
  *(p->has_name ? &p->name : &p->guid) = first;
  wg_str value = wg_inf_field_text(from, l, 4);
  if (p->type == 7 && wg_inf_number(value, &v)) { // DEVPROP_TYPE_UINT32
    wg_buf_add_le32(&data, v);
  } else if (p->type == 17 && wg_inf_number(value, &v)) { // DEVPROP_TYPE_BOOLEAN
    wg_buf_add_byte(&data, v == 0 ? 0 : 0xFF);
  } else if (wg_utf8_to_utf16le(value, &data)) {
    wg_buf_add_le16(&data, 0);
  }
  p->data =
      (const uint8_t *)wg_arena_strndup(d->arena, data.n == 0 ? "" : (const char *)data.p, data.n);
  p->n_bytes = (uint32_t)data.n;
  return wg_buf_check(&data, d->err) != WG_OK ? d->err->code
         : p->data == NULL                    ? wg_arena_fail(d->arena, d->err)
                                              : WG_OK;
}

wg_code wg_drv_property_line(drv *d, const wg_inf *from, const wg_inf_line *l, drv_vec *out) {
  for (uint32_t i = 0; i < l->n_fields; i++) {
    const wg_inf_section *s = wg_inf_section_of(from, wg_inf_field_text(from, l, i));
    for (uint32_t k = 0; s != NULL && k < s->n_lines; k++) {
      if (wg_drv_work(d, 1) != WG_OK || property_item(d, from, &s->lines[k], out) != WG_OK) {
        return d->err->code;
      }
    }
  }
  return WG_OK;
}
