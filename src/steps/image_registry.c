#include "steps/image_registry.h"

#include <string.h>

#include "fmt/regtext/regtext.h"
#include "image/reg/firewall.h"
#include "image/reg/path.h"
#include "image/reg/uninstall.h"

#define REGISTRY_TEXT_MAX ((uint64_t)256 << 20)

char *wg_image_app_program(const wg_cfg_image_app *a) {
  size_t n = strlen(a->to);
  bool slash = n > 0 && (a->to[n - 1] == '\\' || a->to[n - 1] == '/');
  char *program = wg_xprintf("%s%s%s.exe", a->to, slash ? "" : "\\", a->app);
  for (char *p = program; *p != '\0'; p++) {
    *p = *p == '/' ? '\\' : *p; // the registry has them the one way
  }
  return program;
}

static const char **registry_strings(wg_reg_edits *e, const wg_cfg_str *v, size_t n) {
  const char **out = (const char **)wg_arena_new_array(&e->arena, const char *, n + 1);
  wg_assert(out != NULL);
  for (size_t i = 0; i < n; i++) {
    out[i] = v[i].s;
  }
  return out;
}

static const char **registry_pairs(wg_reg_edits *e, const wg_cfg_pair *v, size_t n) {
  const char **out = (const char **)wg_arena_new_array(&e->arena, const char *, n + 1);
  wg_assert(out != NULL);
  for (size_t i = 0; i < n; i++) {
    out[i] = wg_arena_printf(&e->arena, "%s=%s", v[i].name, v[i].value);
    wg_assert(out[i] != NULL);
  }
  return out;
}

static wg_code registry_service(wg_reg_edits *e, const wg_cfg_service *s, const char *program,
                                const char *origin, wg_error *err) {
  wg_service_failure *failures = wg_arena_new_array(&e->arena, wg_service_failure, s->n_failures);
  wg_service_trigger *triggers = wg_arena_new_array(&e->arena, wg_service_trigger, s->n_triggers);
  wg_assert(failures != NULL && triggers != NULL);
  for (size_t i = 0; i < s->n_failures; i++) {
    failures[i] =
        (wg_service_failure){.action = (wg_service_action)s->failures[i].action,
                             .delay_ms = (uint32_t)(s->failures[i].delay_ms & UINT32_MAX)};
  }
  for (size_t i = 0; i < s->n_triggers; i++) {
    triggers[i] = (wg_service_trigger)s->triggers[i];
  }
  uint64_t reset_s = s->failure_reset_ms / 1000;
  const wg_service service = {
      .name = s->name,
      .display_name = s->display_name,
      .description = s->description,
      .args = registry_strings(e, s->args, s->n_args),
      .n_args = s->n_args,
      .start = (wg_service_start)s->start,
      .account = s->account,
      .sid = (wg_service_sid)s->sid,
      .privileges = registry_strings(e, s->privileges, s->n_privileges),
      .n_privileges = s->n_privileges,
      .sddl = s->descriptor,
      .depends = registry_strings(e, s->depends, s->n_depends),
      .n_depends = s->n_depends,
      .failures = failures,
      .n_failures = s->n_failures,
      .failure_reset_s = (uint32_t)(reset_s > UINT32_MAX ? UINT32_MAX : reset_s),
      .failure_on_exit_code = s->failure_on_exit_code,
      .environment = registry_pairs(e, s->environment, s->n_environment),
      .n_environment = s->n_environment,
      .triggers = triggers,
      .n_triggers = s->n_triggers,
      .event_source = s->event_source,
  };
  return wg_service_edits(e, &service, program, origin, err);
}

static wg_code registry_app(wg_reg_edits *e, const wg_project *project, const wg_cfg_image_app *a,
                            wg_error *err) {
  WG_AUTO(wg_cstr) program = wg_image_app_program(a);
  WG_AUTO(wg_cstr) origin = wg_xprintf("%s:%u:%u", a->pos.file, a->pos.line, a->pos.col);
  if (a->service.present && registry_service(e, &a->service, program, origin, err) != WG_OK) {
    return err->code;
  }
  if (a->path) {
    WG_AUTO(wg_cstr) folder = wg_xstrndup(program, (size_t)(strrchr(program, '\\') - program));
    wg_path_edits(e, folder, origin);
  }
  for (size_t i = 0; i < a->n_firewall; i++) {
    const wg_cfg_firewall *f = &a->firewall[i];
    const wg_firewall_rule rule = {.name = f->name,
                                   .udp = f->protocol == WG_FIREWALL_UDP,
                                   .ports = f->ports,
                                   .outbound = f->direction == 1,
                                   .block = f->action == 1};
    if (wg_firewall_edits(e, &rule, program, origin, err) != WG_OK) {
      return err->code;
    }
  }
  if (a->uninstall.present) {
    WG_AUTO(wg_cstr) folder = wg_xstrndup(program, (size_t)(strrchr(program, '\\') - program));
    const wg_uninstall_entry entry = {.id = a->app,
                                      .display_name = a->uninstall.name,
                                      .version = a->uninstall.version != NULL ? a->uninstall.version
                                                 : project->release[0] != '\0' ? project->release
                                                                               : NULL,
                                      .publisher = a->uninstall.publisher,
                                      .location = folder,
                                      .icon = program};
    wg_uninstall_edits(e, &entry, origin);
  }
  return WG_OK;
}

static void registry_expect(wg_reg_edit *e, const wg_cfg_registry *r, const char *name) {
  for (size_t i = 0; i < r->n_expect; i++) {
    const wg_cfg_regvalue *x = &r->expect[i];
    if (wg_name_cmp_nocase(wg_str_of(x->name), wg_str_of(name)) == 0) {
      e->has_expect = true;
      e->expect_absent = x->kind == WG_REGVALUE_DELETE;
      e->expect_type = x->type;
      e->expect = x->data;
      e->n_expect = x->n_bytes;
    }
  }
}

static void registry_value(wg_reg_edits *e, const wg_cfg_registry *r, const wg_cfg_regvalue *v) {
  static const wg_reg_edit_op ops[] = {[WG_REGVALUE_SET] = WG_REG_SET,
                                       [WG_REGVALUE_DELETE] = WG_REG_DELETE_VALUE,
                                       [WG_REGVALUE_APPEND] = WG_REG_APPEND,
                                       [WG_REGVALUE_REMOVE] = WG_REG_REMOVE};
  WG_AUTO(wg_cstr) origin = wg_xprintf("%s:%u:%u", v->pos.file, v->pos.line, v->pos.col);
  wg_reg_edit *edit = wg_reg_edits_new(e, origin, ops[v->kind], r->key, v->name);
  edit->view32 = r->view == 32;
  edit->keep_type = !v->typed;
  edit->type = v->type;
  edit->data = v->data;
  edit->n_bytes = v->n_bytes;
  edit->items = v->items;
  edit->n_items = v->n_items;
  registry_expect(edit, r, v->name);
}

// expect: of a name that values: does not change stands for itself.
static void registry_bare_expects(wg_reg_edits *e, const wg_cfg_registry *r) {
  for (size_t i = 0; i < r->n_expect; i++) {
    bool changed = false;
    for (size_t k = 0; k < r->n_values; k++) {
      changed = changed ||
                wg_name_cmp_nocase(wg_str_of(r->values[k].name), wg_str_of(r->expect[i].name)) == 0;
    }
    if (!changed) {
      const wg_cfg_regvalue *x = &r->expect[i];
      WG_AUTO(wg_cstr) origin = wg_xprintf("%s:%u:%u", x->pos.file, x->pos.line, x->pos.col);
      wg_reg_edit *edit = wg_reg_edits_new(e, origin, WG_REG_EXPECT, r->key, x->name);
      edit->view32 = r->view == 32;
      registry_expect(edit, r, x->name);
    }
  }
}

static wg_code registry_file(wg_reg_edits *e, const wg_project *project, const wg_cfg_registry *r,
                             wg_error *err) {
  WG_AUTO(wg_cstr) joined = wg_path_join(project->dir, r->file);
  WG_AUTO(wg_arena) arena;
  WG_AUTO(wg_buf) bytes = {0};
  wg_regtext text;
  wg_arena_init(&arena, wg_heap(), 0);
  wg_buf_init(&bytes, wg_heap(), 0);
  if (wg_os_read_file(WG_CWD, joined, REGISTRY_TEXT_MAX, &bytes, err) != WG_OK) {
    return err->code;
  }
  if (wg_regtext_parse(bytes.p, bytes.n, NULL, &arena, &text, err) != WG_OK) {
    return wg_wrap(err, "'%s'", r->file);
  }
  wg_reg_edits_regtext(e, r->file, &text, NULL, 0);
  return WG_OK;
}

static wg_code registry_entry(wg_reg_edits *e, const wg_project *project, const wg_cfg_registry *r,
                              wg_error *err) {
  WG_AUTO(wg_cstr) origin = wg_xprintf("%s:%u:%u", r->pos.file, r->pos.line, r->pos.col);
  if (r->file != NULL) {
    return registry_file(e, project, r, err);
  }
  if (r->delete_key != NULL) {
    (void)wg_reg_edits_new(e, origin, WG_REG_DELETE_KEY, r->delete_key, "");
    return WG_OK;
  }
  registry_bare_expects(e, r);
  if (r->n_values == 0 && r->n_expect == 0) {
    wg_reg_edits_new(e, origin, WG_REG_MAKE_KEY, r->key, "")->view32 = r->view == 32;
  }
  for (size_t i = 0; i < r->n_values; i++) {
    registry_value(e, r, &r->values[i]);
  }
  return WG_OK;
}

static wg_code registry_apps(const wg_project *project, const wg_cfg_image *image,
                             wg_reg_edits *out, wg_error *err) {
  for (size_t i = 0; i < image->n_apps; i++) {
    if (registry_app(out, project, &image->apps[i], err) != WG_OK) {
      return err->code;
    }
  }
  return WG_OK;
}

wg_code wg_image_registry_edits(const wg_project *project, const wg_cfg_image *image,
                                wg_reg_edits *out, wg_error *err) {
  if (registry_apps(project, image, out, err) != WG_OK) {
    return err->code;
  }
  for (size_t i = 0; i < image->n_registry; i++) {
    if (registry_entry(out, project, &image->registry[i], err) != WG_OK) {
      return err->code;
    }
  }
  return WG_OK;
}

// One edit as text for the step's key: everything that decides the bytes, nothing else.
static void registry_canonical(const wg_reg_edit *e, wg_buf *out) {
  wg_buf_printf(out, "%d|%s|%s|%d%d%d%d|%u|", (int)e->op, e->key, e->name, e->view32, e->keep_type,
                e->has_expect, e->expect_absent, e->type);
  wg_buf_add_hex(out, e->data, e->n_bytes);
  wg_buf_printf(out, "|%u|", e->expect_type);
  wg_buf_add_hex(out, e->expect, e->n_expect);
  for (size_t i = 0; i < e->n_items; i++) {
    wg_buf_printf(out, "|%zu:%s", strlen(e->items[i]), e->items[i]);
  }
  wg_buf_add_byte(out, '\n');
}

static void registry_param(wg_step *step, const char *what, size_t i, const wg_reg_edits *e,
                           size_t from) {
  WG_AUTO(wg_buf) text = {0};
  WG_AUTO(wg_cstr) name = wg_xprintf("%s/%zu", what, i);
  wg_buf_init(&text, wg_heap(), 0);
  for (size_t k = from; k < e->n; k++) {
    registry_canonical(&e->v[k], &text);
  }
  if (text.n > 0) {
    wg_step_param(step, name, wg_buf_z(&text));
  }
}

wg_code wg_image_registry_inputs(wg_step *step, const wg_project *project,
                                 const wg_cfg_image *image, wg_error *err) {
  WG_AUTO(wg_reg_edits) e = {0};
  wg_reg_edits_init(&e);
  for (size_t i = 0; i < image->n_apps; i++) {
    size_t from = e.n;
    if (registry_app(&e, project, &image->apps[i], err) != WG_OK) {
      // What an app may not be is a fault of the project file.
      err->code = err->code == WG_E_USAGE || err->code == WG_E_FORMAT ? WG_E_CONFIG : err->code;
      return err->code;
    }
    registry_param(step, "app-registry", i, &e, from);
  }
  for (size_t i = 0; i < image->n_registry; i++) {
    const wg_cfg_registry *r = &image->registry[i];
    size_t from = e.n;
    if (r->file != NULL) {
      WG_AUTO(wg_cstr) label = wg_xprintf("registry/%zu", i);
      WG_AUTO(wg_cstr) joined = wg_path_join(project->dir, r->file);
      WG_AUTO(wg_cstr) path = wg_path_clean(joined);
      wg_step_input_file(step, label, path);
    } else if (registry_entry(&e, project, r, err) != WG_OK) {
      return err->code;
    }
    registry_param(step, "registry", i, &e, from);
  }
  return WG_OK;
}
