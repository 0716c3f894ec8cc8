// SPDX-License-Identifier: Apache-2.0
// apps: programs of the project, and what each needs in the registry.
#include <string.h>

#include "image/part/part.h"
#include "image/reg/firewall.h"
#include "image/reg/path.h"
#include "image/reg/service.h"
#include "image/reg/uninstall.h"

// A folder gets the program under the app's name; a path that ends in .exe is the program itself.
char *wg_part_app_program(const wg_cfg_image_app *a) {
  size_t n = strlen(a->to);
  bool slash = n > 0 && (a->to[n - 1] == '\\' || a->to[n - 1] == '/');
  bool is_program = n > 4 && wg_str_eq_nocase((wg_str){a->to + n - 4, 4}, ".exe");
  char *program =
      is_program ? wg_xstrdup(a->to) : wg_xprintf("%s%s%s.exe", a->to, slash ? "" : "\\", a->app);
  for (char *p = program; *p != '\0'; p++) {
    *p = *p == '/' ? '\\' : *p; // the registry has them the one way
  }
  return program;
}

char *wg_part_app_folder(const wg_cfg_image_app *a) {
  WG_AUTO(wg_cstr) program = wg_part_app_program(a);
  return wg_xstrndup(program, (size_t)(strrchr(program, '\\') - program));
}

static const char **apps_strings(wg_reg_edits *e, const wg_cfg_str *v, size_t n) {
  const char **out = (const char **)wg_arena_new_array(&e->arena, const char *, n + 1);
  wg_assert(out != NULL);
  for (size_t i = 0; i < n; i++) {
    out[i] = v[i].s;
  }
  return out;
}

// Where each stands.
static const char **apps_places(wg_reg_edits *e, const wg_cfg_str *v, size_t n) {
  const char **out = (const char **)wg_arena_new_array(&e->arena, const char *, n + 1);
  wg_assert(out != NULL);
  for (size_t i = 0; i < n; i++) {
    WG_AUTO(wg_cstr) origin = wg_part_origin(v[i].pos);
    out[i] = wg_arena_strdup(&e->arena, origin);
    wg_assert(out[i] != NULL);
  }
  return out;
}

static const char **apps_pairs(wg_reg_edits *e, const wg_cfg_pair *v, size_t n) {
  const char **out = (const char **)wg_arena_new_array(&e->arena, const char *, n + 1);
  wg_assert(out != NULL);
  for (size_t i = 0; i < n; i++) {
    out[i] = wg_arena_printf(&e->arena, "%s=%s", v[i].name, v[i].value);
    wg_assert(out[i] != NULL);
  }
  return out;
}

static wg_code apps_service(wg_reg_edits *e, const wg_cfg_service *s, const char *program,
                            wg_error *err) {
  WG_AUTO(wg_cstr) origin = wg_part_origin(s->name_pos);
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
      .args = apps_strings(e, s->args, s->n_args),
      .n_args = s->n_args,
      .start = (wg_service_start)s->start,
      .account = s->account,
      .sid = (wg_service_sid)s->sid,
      .privileges = apps_strings(e, s->privileges, s->n_privileges),
      .n_privileges = s->n_privileges,
      .sddl = s->descriptor,
      .depends = apps_strings(e, s->depends, s->n_depends),
      .n_depends = s->n_depends,
      .depends_at = apps_places(e, s->depends, s->n_depends),
      .failures = failures,
      .n_failures = s->n_failures,
      .failure_reset_s = (uint32_t)(reset_s > UINT32_MAX ? UINT32_MAX : reset_s),
      .failure_on_exit_code = s->failure_on_exit_code,
      .environment = apps_pairs(e, s->environment, s->n_environment),
      .n_environment = s->n_environment,
      .triggers = triggers,
      .n_triggers = s->n_triggers,
      .event_source = s->event_source,
      .replace = s->replace,
  };
  return wg_service_edits(e, &service, program, origin, err);
}

static void apps_uninstall(wg_reg_edits *e, const wg_part_in *in, const wg_cfg_image_app *a,
                           const char *program) {
  WG_AUTO(wg_cstr) origin = wg_part_origin(a->uninstall.pos);
  WG_AUTO(wg_cstr) folder = wg_part_app_folder(a);
  const wg_uninstall_entry entry = {.id = a->app,
                                    .display_name = a->uninstall.name,
                                    .version = a->uninstall.version != NULL ? a->uninstall.version
                                               : in->release[0] != '\0'     ? in->release
                                                                            : NULL,
                                    .publisher = a->uninstall.publisher,
                                    .location = folder,
                                    .icon = program,
                                    .replace = a->uninstall.replace};
  wg_uninstall_edits(e, &entry, origin);
}

static wg_code apps_edits(wg_reg_edits *e, const wg_part_in *in, const wg_cfg_image_app *a,
                          const char *origin, wg_error *err) {
  WG_AUTO(wg_cstr) program = wg_part_app_program(a);
  if (a->service.present && apps_service(e, &a->service, program, err) != WG_OK) {
    return err->code;
  }
  if (a->path) {
    WG_AUTO(wg_cstr) folder = wg_part_app_folder(a);
    wg_path_edits(e, folder, origin);
  }
  for (size_t i = 0; i < a->n_firewall; i++) {
    const wg_cfg_firewall *f = &a->firewall[i];
    WG_AUTO(wg_cstr) at = wg_part_origin(f->pos);
    const wg_firewall_rule rule = {.name = f->name,
                                   .udp = f->protocol == WG_FIREWALL_UDP,
                                   .ports = f->ports,
                                   .outbound = f->direction == 1,
                                   .block = f->action == 1};
    if (wg_firewall_edits(e, &rule, program, at, err) != WG_OK) {
      return err->code;
    }
  }
  if (a->uninstall.present) {
    apps_uninstall(e, in, a, program);
  }
  return WG_OK;
}

// In words: which app, and the last name of the key.
static void apps_add_edit(wg_part_plan *plan, size_t i, const wg_cfg_image_app *a,
                          const wg_reg_edit *e) {
  const char *slash = strrchr(e->key, '\\');
  WG_AUTO(wg_cstr)
  title = wg_xprintf("apps[%zu] %s: %s %s", i, a->app, slash == NULL ? e->key : slash + 1, e->name);
  wg_part_plan_reg(plan, (wg_part_who){.title = title, .origin = e->origin}, e);
}

// edits: of all apps so far, so that what shares a name (firewall rules) is seen.
static wg_code apps_app(const wg_part_in *in, size_t i, wg_reg_edits *edits, wg_part_plan *plan,
                        wg_error *err) {
  const wg_cfg_image_app *a = &in->image->apps[i];
  size_t first = edits->n;
  WG_AUTO(wg_cstr) origin = wg_part_origin(a->pos);
  WG_AUTO(wg_cstr) to = wg_part_app_program(a);
  WG_AUTO(wg_cstr) title = wg_xprintf("apps[%zu] to %s", i, to);
  WG_AUTO(wg_cstr) label = wg_xprintf("apps/%zu", i);
  const wg_image_change c = {.op = WG_IMAGE_PUT_FILE, .to = to};
  const wg_src src = {.kind = WG_SRC_INPUT, .label = label};
  wg_part_plan_input_step(plan, label, in->app_steps[i], "bin");
  wg_part_plan_change(plan, (wg_part_who){.title = title, .origin = origin}, &c, src);
  if (apps_edits(edits, in, a, origin, err) != WG_OK) {
    // What an app may not be is a fault of the project file.
    err->code = err->code == WG_E_USAGE || err->code == WG_E_FORMAT ? WG_E_CONFIG : err->code;
    return err->code;
  }
  for (size_t k = first; k < edits->n; k++) {
    apps_add_edit(plan, i, a, &edits->v[k]);
  }
  return WG_OK;
}

static wg_code apps_plan(const wg_part_in *in, wg_part_plan *plan, wg_error *err) {
  WG_AUTO(wg_reg_edits) edits = {0};
  wg_reg_edits_init(&edits);
  for (size_t i = 0; i < in->image->n_apps; i++) {
    if (apps_app(in, i, &edits, plan, err) != WG_OK) {
      return err->code;
    }
  }
  return WG_OK;
}

const wg_image_part wg_part_apps = {.name = "apps", .version = 1, .order = 20, .plan = apps_plan};
