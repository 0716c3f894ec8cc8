// SPDX-License-Identifier: Apache-2.0
// What a project file becomes: its steps by name, what each needs, and the table of parts.
#include "../engine/toy.h"
#include "../project/world.h"
#include "goapp/env.h"
#include "steps/go_steps.h"
#include "steps/image_base.h"
#include "steps/parts.h"
#include "steps/project.h"

typedef struct made { // a graph, and what it stands on
  place p;
  wg_cfg *cfg;
  wg_go_env go;
  wg_graph *g;
} made;

static void made_done(made *m) {
  wg_graph_free(m->g);
  wg_go_env_done(&m->go);
  wg_cfg_free(m->cfg);
  place_done(&m->p);
}
WG_DEFINE_AUTO(made, made_done);

static wg_code make(made *m, const char *yaml, wg_error *err) {
  static const char *const environ[] = {"PATH=/usr/bin:/bin", NULL};
  *m = (made){0};
  place_init(&m->p);
  wg_go_env_init(&m->go, environ);
  m->g = wg_graph_new();
  assert_ok(world_load((world_given){.yaml = yaml}, &m->cfg, err), err);
  return wg_project_add_steps(m->g, m->p.store, wg_project_of(m->cfg), &m->go, err);
}

static void has(const made *m, const char *const *names, size_t n) {
  for (size_t i = 0; i < n; i++) {
    if (wg_graph_find(m->g, names[i]) == NULL) {
      fail_msg("there is no step '%s'", names[i]);
    }
  }
}

static void every_output_is_a_step(void **state) {
  (void)state;
  wg_error err = WG_ERROR_INIT;
  WG_AUTO(made) m = {0};
  assert_ok(make(&m,
                 "version: 1\nname: k\n"
                 "apps:\n"
                 "  agent: {dir: ., main: ., targets: [windows/amd64, windows/arm64]}\n"
                 "images:\n"
                 "  kiosk:\n"
                 "    base: {synthetic: windows-11}\n"
                 "    apps: [{app: agent, to: 'C:\\A'}]\n"
                 "    outputs: [wim, esd, {swm: 100MiB}]\n",
                 &err),
            &err);
  static const char *const names[] = {"app/agent/windows-amd64", "app/agent/windows-arm64",
                                      "image/kiosk/wim", "image/kiosk/esd", "image/kiosk/swm"};
  has(&m, names, WG_ARRAY_LEN(names));
  assert_null(wg_graph_find(m.g, "app/agent/linux-amd64"));
}

static void what_two_images_share_is_one_step(void **state) {
  (void)state;
  wg_error err = WG_ERROR_INIT;
  WG_AUTO(made) m = {0};
  assert_ok(make(&m,
                 "version: 1\nname: k\n"
                 "images:\n"
                 "  a: {base: {synthetic: windows-11}, outputs: [wim]}\n"
                 "  b: {base: {synthetic: windows-11}, outputs: [wim]}\n",
                 &err),
            &err);
  static const char *const names[] = {"image/a/wim", "image/b/wim"};
  has(&m, names, WG_ARRAY_LEN(names));
  assert_non_null(wg_graph_find(m.g, "base/windows-11-amd64/synthetic"));
}

static void a_base_that_is_not_there_names_its_place(void **state) {
  (void)state;
  wg_error err = WG_ERROR_INIT;
  WG_AUTO(made) m = {0};
  assert_int_equal(make(&m,
                        "version: 1\nname: k\n"
                        "images:\n"
                        "  a: {base: {file: none.wim}, outputs: [wim]}\n",
                        &err),
                   WG_E_NOT_FOUND);
  assert_non_null(strstr(err.text, "none.wim"));
}

static void parts_stand_in_order_and_once(void **state) {
  (void)state;
  assert_true(wg_image_parts.n_parts > 4);
  for (size_t i = 0; i < wg_image_parts.n_parts; i++) {
    const wg_image_part *part = wg_image_parts.parts[i];
    assert_true(part->name[0] != '\0' && part->version > 0 && part->plan != NULL);
    for (size_t k = 0; k < i; k++) {
      assert_string_not_equal(wg_image_parts.parts[k]->name, part->name);
      assert_true(wg_image_parts.parts[k]->order < part->order);
    }
  }
}

static void paths_are_below_the_project(void **state) {
  (void)state;
  const wg_project project = {.dir = "/p"};
  WG_AUTO(wg_cstr) below = wg_image_host_path(&project, "in/x.wim");
  WG_AUTO(wg_cstr) absolute = wg_image_host_path(&project, "/srv/x.wim");
  assert_string_equal(below, "/p/in/x.wim");
  assert_string_equal(absolute, "/srv/x.wim");
}

static void programs_are_called_as_their_system_wants(void **state) {
  (void)state;
  wg_go_env env;
  static const char *const environ[] = {NULL};
  const wg_cfg_app app = {.name = "agent"};
  const wg_cfg_target windows = {.os = "windows", .arch = "amd64", .variant = ""};
  const wg_cfg_target linux_ = {.os = "linux", .arch = "amd64", .variant = ""};
  wg_go_env_init(&env, environ);
  assert_string_equal(wg_go_program_name(&app, &windows, &env), "agent.exe");
  assert_string_equal(wg_go_program_name(&app, &linux_, &env), "agent");
  wg_go_env_done(&env);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_output_is_a_step),
      cmocka_unit_test(what_two_images_share_is_one_step),
      cmocka_unit_test(a_base_that_is_not_there_names_its_place),
      cmocka_unit_test(parts_stand_in_order_and_once),
      cmocka_unit_test(paths_are_below_the_project),
      cmocka_unit_test(programs_are_called_as_their_system_wants),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
