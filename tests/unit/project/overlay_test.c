// SPDX-License-Identifier: Apache-2.0
#include "world.h"

#define BASE                                                                                       \
  "version: 1\n"                                                                                   \
  "name: kiosk\n"                                                                                  \
  "release: 1.0\n"                                                                                 \
  "apps:\n"                                                                                        \
  "  agent:\n"                                                                                     \
  "    targets: [windows/amd64, linux/amd64]\n"                                                    \
  "    env: {A: a, B: b}\n"                                                                        \
  "    mod: vendor\n"

static void maps_merge_lists_replace_null_deletes(void **state) {
  (void)state;
  WG_AUTO_PTR(wg_cfg)
  c = world_good((world_given){.yaml = BASE,
                               .overlay = "release: 2.0\n"
                                          "apps:\n"
                                          "  agent:\n"
                                          "    targets: [linux/arm64]\n"
                                          "    env: {B: bb, C: c}\n"
                                          "    mod: null\n"
                                          "  more: {targets: [linux/386]}\n"});
  const wg_project *p = wg_project_of(c);
  const wg_cfg_app *a = &p->apps[0];
  assert_string_equal(p->env_name, "x");
  assert_string_equal(p->release, "2.0");
  assert_int_equal(a->n_targets, 1);
  assert_string_equal(a->targets[0].name, "linux/arm64");
  assert_int_equal(a->n_env, 3);
  assert_string_equal(a->env[1].value, "bb");
  assert_string_equal(a->env[2].name, "C");
  assert_string_equal(a->mod, "");
  assert_int_equal(p->n_apps, 2);
  assert_string_equal(a->pos.file, "wingo.yaml");
  assert_string_equal(a->targets[0].pos.file, "config/x.yaml");
  assert_int_equal(a->targets[0].pos.line, 4);
}

static void faults_name_the_file_they_come_from(void **state) {
  (void)state;
  const char *const sets[] = {"apps.agent.mod=x", "apps.agent.env.GOOS=linux"};
  world_bad((world_given){.yaml = BASE "zz: 1\n",
                          .overlay = "nam: x\napps: {agent: {dri: x}}\n",
                          .sets = sets,
                          .n_sets = 2},
            "wingo.yaml:9:1 error: unknown key 'zz'\n"
            "config/x.yaml:1:1 error: unknown key 'nam'\n"
            "config/x.yaml:2:16 error: apps.agent: unknown key 'dri'\n"
            "--set:1:16 error: apps.agent.mod: 'x' is not one of the allowed values\n"
            "--set:1:16 error: apps.agent.env: 'GOOS' belongs to 'targets', not to 'env'\n");
}

static void an_overlay_may_be_empty_but_not_a_list(void **state) {
  (void)state;
  WG_AUTO_PTR(wg_cfg) c = world_good((world_given){.yaml = BASE, .overlay = "# nothing\n"});
  assert_string_equal(wg_project_of(c)->release, "1.0");
  world_bad((world_given){.yaml = BASE, .overlay = "- a\n"},
            "config/x.yaml:1:1 error: a project file is a map of keys, and this is a list\n");
}

static void deleting_nothing_is_a_warning(void **state) {
  (void)state;
  wg_error err = WG_ERROR_INIT;
  WG_AUTO_PTR(wg_cfg) c = NULL;
  assert_ok(world_load((world_given){.yaml = BASE, .overlay = "realease: ~\n"}, &c, &err), &err);
  world_assert_faults(c, "config/x.yaml:1:1 warning: 'realease' is null, which deletes a key, and "
                         "there is none to delete\n");
}

static void deleting_what_is_needed_is_an_error(void **state) {
  (void)state;
  world_bad((world_given){.yaml = BASE, .overlay = "name: ~\napps: ~\n"},
            "wingo.yaml:1:1 error: 'name' is missing\n"
            "wingo.yaml:1:1 error: at least one of 'apps' and 'images' is needed\n");
}

static void set_takes_yaml(void **state) {
  (void)state;
  const char *const sets[] = {"release=3.10", "apps.agent.targets=[linux/386, linux/arm/7]",
                              "apps.agent.env=null", "apps.agent.dir='a b'",
                              "apps.\"x.y\".targets=[js/wasm]"};
  WG_AUTO_PTR(wg_cfg) c = world_good((world_given){.yaml = BASE, .sets = sets, .n_sets = 5});
  const wg_project *p = wg_project_of(c);
  assert_string_equal(p->release, "3.10");
  assert_int_equal(p->apps[0].n_targets, 2);
  assert_int_equal(p->apps[0].n_env, 0);
  assert_string_equal(p->apps[0].dir, "a b");
  assert_string_equal(p->apps[0].dir_pos.file, "--set");
  assert_int_equal(p->apps[0].dir_pos.col, 16);
  assert_string_equal(p->apps[1].name, "x.y");
}

static void bad_sets_are_named(void **state) {
  (void)state;
  const char *const sets[] = {
      "release",    "=x", "a..b=1", "release=", "release=[", "\"a=1", "apps.agent.targets.x=1",
      "release.x=1"};
  world_bad((world_given){.yaml = BASE, .sets = sets, .n_sets = 8},
            "--set:1:1 error: --set release: there is no '='\n"
            "--set:1:1 error: --set =x: not a path of keys\n"
            "--set:1:1 error: --set a..b=1: not a path of keys\n"
            "--set:1:1 error: --set release: no value; null deletes the key, '' is empty text\n"
            "--set:1:9 error: --set release: a '[' that is never closed\n"
            "--set:1:1 error: --set \"a=1: not a path of keys\n"
            "--set:1:20 error: --set goes into 'x' of something that is a list\n"
            "--set:1:9 error: --set goes into 'x' of something that is a single value\n");
}

#define BASE_IMAGE                                                                                 \
  BASE "images:\n"                                                                                 \
       "  kiosk:\n"                                                                                \
       "    base: {synthetic: windows-11}\n"                                                       \
       "    files: [{from: a, to: 'C:\\a'}]\n"                                                     \
       "    outputs: [wim]\n"

static void lists_can_be_added_to(void **state) {
  (void)state;
  const char *const sets[] = {"images.kiosk.+files=[{from: c, to: 'C:\\c'}]",
                              "apps.agent.+targets=[js/wasm]"};
  WG_AUTO_PTR(wg_cfg)
  c = world_good((world_given){.yaml = BASE_IMAGE,
                               .overlay = "images:\n"
                                          "  kiosk:\n"
                                          "    +files: [{from: b, to: 'C:\\b'}]\n"
                                          "    +outputs: [esd]\n"
                                          "apps: {agent: {+ldflags: [-s]}}\n",
                               .sets = sets,
                               .n_sets = 2});
  const wg_project *p = wg_project_of(c);
  const wg_cfg_image *i = &p->images[0];
  assert_int_equal(i->n_files, 3);
  assert_string_equal(i->files[0].from, "a");
  assert_string_equal(i->files[1].from, "b");
  assert_string_equal(i->files[1].pos.file, "config/x.yaml");
  assert_int_equal(i->files[1].pos.line, 3);
  assert_string_equal(i->files[2].from, "c");
  assert_int_equal(i->n_outputs, 2);
  assert_int_equal(p->apps[0].n_ldflags, 1); // of a list that was not there
  assert_int_equal(p->apps[0].n_targets, 3);
}

static void what_is_no_list_is_not_added_to(void **state) {
  (void)state;
  world_bad((world_given){.yaml = BASE_IMAGE,
                          .overlay = "+release: [1]\n"
                                     "apps: {agent: {+env: [a], +targets: js/wasm, +ldflags: ~}}\n"
                                     "images: {kiosk: {files: [], +files: [], +outputs: []}}\n"},
            "wingo.yaml:12:5 error: images.kiosk.files: is empty\n"
            "config/x.yaml:1:1 error: '+release' adds to a list, and 'release' (wingo.yaml:3) is a "
            "single value\n"
            "config/x.yaml:2:16 error: '+env' adds to a list, and 'env' (wingo.yaml:7) is a map\n"
            "config/x.yaml:2:37 error: '+targets' adds to a list, and this is a single value\n"
            "config/x.yaml:2:56 error: '+ldflags' adds to a list, and this is a single value\n"
            "config/x.yaml:3:29 error: 'files' replaces the list that '+files' adds to\n");
}

static void a_plus_is_for_overlays(void **state) {
  (void)state;
  wg_error err = WG_ERROR_INIT;
  WG_AUTO_PTR(wg_cfg) c = NULL;
  assert_int_equal(world_load((world_given){.yaml = BASE "    +ldflags: [-s]\n"}, &c, &err),
                   WG_E_CONFIG);
  world_assert_faults(c, "wingo.yaml:9:5 error: apps.agent: unknown key '+ldflags'\n");
  size_t n = 0;
  assert_string_equal(wg_cfg_faults(c, &n)[0].hint,
                      "'+' adds to a list of wingo.yaml from an overlay or --set; here it is "
                      "'ldflags'");
}

static void assert_hint(const char *overlay, const char *fault, const char *hint) {
  wg_error err = WG_ERROR_INIT;
  WG_AUTO_PTR(wg_cfg) c = NULL;
  (void)!world_load((world_given){.yaml = BASE_IMAGE, .overlay = overlay}, &c, &err);
  world_assert_faults(c, fault);
  size_t n = 0;
  assert_string_equal(wg_cfg_faults(c, &n)[0].hint, hint);
}

static void unknown_names_are_slips(void **state) {
  (void)state;
  assert_hint("apps: {agnet: {mod: mod}}\n",
              "config/x.yaml:1:8 error: apps: wingo.yaml has no 'agnet', and for a new one "
              "'targets' is missing\n",
              "did you mean 'agent'?");
  assert_hint("images: {kisok: {compact: true}}\n",
              "config/x.yaml:1:10 error: images: wingo.yaml has no 'kisok', and for a new one "
              "'base' is missing\n",
              "did you mean 'kiosk'?");
  assert_hint("images: {tablet: {outputs: [wim]}}\n",
              "config/x.yaml:1:10 error: images: wingo.yaml has no 'tablet', and for a new one "
              "'base' is missing\n",
              "there are: kiosk");
  assert_hint("imags: {kiosk: {compact: true}}\n", "config/x.yaml:1:1 error: unknown key 'imags'\n",
              "did you mean 'images'?");
  assert_hint("apps: {agnet: ~}\n",
              "config/x.yaml:1:8 warning: 'agnet' is null, which deletes a key, and there is none "
              "to delete\n",
              "did you mean 'agent'?");
}

static void variables_of_git_and_of_the_project(void **state) {
  (void)state;
  WG_AUTO_PTR(wg_cfg)
  c = world_good((world_given){.yaml =
                                   "version: 1\nname: x\nrelease: ${git.tag}\n"
                                   "apps: {a: {targets: [linux/386], vars: {main.v: "
                                   "'${release}+${git.short}', main.d: '${git.dirty:-no}'}}}\n"});
  const wg_project *p = wg_project_of(c);
  assert_string_equal(p->release, "1.2.3");
  assert_string_equal(p->apps[0].vars[0].value, "1.2.3+git's short");
  assert_string_equal(p->apps[0].vars[1].value, "git's dirty");
}

static void variables_that_cannot_be_had(void **state) {
  (void)state;
  const char *env[] = {"NO_GIT=1", NULL};
  world_bad(
      (world_given){.yaml = "version: 1\nname: x\n"
                            "apps: {a: {targets: [linux/386], vars: {main.a: '${release}', "
                            "main.b: '${git.tag}',\n"
                            "  main.c: '${git.tga}', main.d: '${git.tag:-none}', main.e: "
                            "'${release:-1}', main.f: '${git.}', main.g: '${git}'}}}\n",
                    .env = env},
      "wingo.yaml:3:49 error: apps.a.vars.main.a: takes ${release}, and the project has none\n"
      "wingo.yaml:3:71 error: apps.a.vars.main.b: takes ${git.tag}, and git says: fatal: not a "
      "git repository\n"
      "wingo.yaml:4:11 error: apps.a.vars.main.c: takes ${git.tga}, which there is not\n"
      "wingo.yaml:4:86 error: apps.a.vars.main.f: takes ${git.}, which there is not\n"
      "wingo.yaml:4:105 error: apps.a.vars.main.g: takes ${git}, and the environment variable "
      "git is not set\n");
  world_bad((world_given){.yaml =
                              "version: 1\nname: x\nrelease: ${release}\n"
                              "apps: {a: {targets: [linux/386], vars: {main.a: '${release}'}}}\n"},
            "wingo.yaml:3:10 error: release: takes ${release}, which has a fault of its own, at "
            "wingo.yaml:3:10\n"
            "wingo.yaml:4:49 error: apps.a.vars.main.a: takes ${release}, which has a fault of its "
            "own, at wingo.yaml:3:10\n");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(maps_merge_lists_replace_null_deletes),
      cmocka_unit_test(faults_name_the_file_they_come_from),
      cmocka_unit_test(an_overlay_may_be_empty_but_not_a_list),
      cmocka_unit_test(deleting_nothing_is_a_warning),
      cmocka_unit_test(deleting_what_is_needed_is_an_error),
      cmocka_unit_test(set_takes_yaml),
      cmocka_unit_test(lists_can_be_added_to),
      cmocka_unit_test(what_is_no_list_is_not_added_to),
      cmocka_unit_test(a_plus_is_for_overlays),
      cmocka_unit_test(unknown_names_are_slips),
      cmocka_unit_test(variables_of_git_and_of_the_project),
      cmocka_unit_test(variables_that_cannot_be_had),
      cmocka_unit_test(bad_sets_are_named),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
