// SPDX-License-Identifier: Apache-2.0
#include "world.h"

#define APP "apps: {agent: {targets: [windows/amd64]}}\n"
#define HEAD "version: 1\nname: kiosk\n"

static const char example[] =
    "version: 1\n"
    "name: kiosk\n"
    "release: 1.4.0\n"
    "apps:\n"
    "  agent:\n"
    "    dir: agent\n"
    "    main: ./cmd/agent\n"
    "    targets: [windows/amd64, linux/amd64/v3]\n"
    "    env: {CGO_ENABLED: \"0\", GOPROXY: off}\n"
    "    ldflags: [-s, -w]\n"
    "    gcflags: [-l]\n"
    "    tags: [netgo]\n"
    "    vars: {main.version: 1.10, example.com/x/y.Z: ''}\n"
    "    mod: vendor\n"
    "    go: \">=1.22\"\n"
    "    revision: abc\n"
    "    windows:\n"
    "      icon: agent.ico\n"
    "      subsystem: gui\n"
    "      version_info: {company: Example, file_version: 1.2}\n"
    "      manifest: {level: admin, long_paths: true, dpi: per-monitor-v2}\n"
    "images:\n"
    "  kiosk:\n"
    "    base: {file: base/base.wim, image: Windows 11 Pro, sha256: "
    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA}\n"
    "    arch: amd64\n"
    "    apps: [{app: agent, to: 'C:\\Program Files\\Kiosk'}]\n"
    "    files: [{from: branding, to: 'C:\\Windows\\Web\\Kiosk'}]\n"
    "    outputs: [wim]\n"
    "  tree:\n"
    "    base: {dir: base}\n"
    "    arch: arm64\n"
    "    outputs: [wim]\n";

static void assert_pos(wg_pos p, unsigned line, unsigned col) {
  assert_string_equal(p.file, "wingo.yaml");
  assert_int_equal(p.line, line);
  assert_int_equal(p.col, col);
}

static void app_is_filled(void **state) {
  (void)state;
  wg_error err = WG_ERROR_INIT;
  WG_AUTO_PTR(wg_cfg) c = NULL;
  assert_ok(world_load((world_given){.yaml = example}, &c, &err), &err);
  const wg_project *p = wg_project_of(c);
  assert_string_equal(p->name, "kiosk");
  assert_string_equal(p->release, "1.4.0");
  assert_true(p->time_s == 1577836800); // 2020-01-01
  assert_string_equal(p->dir, "/p");
  assert_string_equal(p->env_name, "");
  assert_int_equal(p->n_apps, 1);
  const wg_cfg_app *a = &p->apps[0];
  assert_string_equal(a->name, "agent");
  assert_pos(a->pos, 5, 3);
  assert_string_equal(a->dir, "agent");
  assert_pos(a->dir_pos, 6, 10);
  assert_string_equal(a->main, "./cmd/agent");
  assert_int_equal(a->n_targets, 2);
  assert_string_equal(a->targets[0].os, "windows");
  assert_string_equal(a->targets[0].variant, "");
  assert_string_equal(a->targets[1].name, "linux/amd64/v3");
  assert_string_equal(a->targets[1].slug, "linux-amd64-v3");
  assert_string_equal(a->targets[1].arch, "amd64");
  assert_string_equal(a->targets[1].variant, "v3");
  assert_pos(a->targets[1].pos, 8, 30);
  assert_int_equal(a->n_env, 2);
  assert_string_equal(a->env[0].name, "CGO_ENABLED");
  assert_string_equal(a->env[0].value, "0");
  assert_string_equal(a->ldflags[1].s, "-w");
  assert_string_equal(a->gcflags[0].s, "-l");
  assert_string_equal(a->tags[0].s, "netgo");
  assert_string_equal(a->vars[0].value, "1.10"); // a number's text is kept
  assert_string_equal(a->vars[1].value, "");
  assert_string_equal(a->mod, "vendor");
  assert_string_equal(a->go, ">=1.22");
  assert_string_equal(a->revision, "abc");
}

static void windows_is_filled(void **state) {
  (void)state;
  wg_error err = WG_ERROR_INIT;
  WG_AUTO_PTR(wg_cfg) c = NULL;
  assert_ok(world_load((world_given){.yaml = example}, &c, &err), &err);
  const wg_cfg_windows *w = &wg_project_of(c)->apps[0].windows;
  assert_true(w->present);
  assert_string_equal(w->icon, "agent.ico");
  assert_pos(w->icon_pos, 18, 13);
  assert_int_equal(w->subsystem, WG_SUBSYS_GUI);
  assert_true(w->version_info.present);
  assert_pos(w->version_info.pos, 20, 7);
  assert_string_equal(w->version_info.company, "Example");
  assert_string_equal(w->version_info.file_version, "1.2.0.0");
  assert_null(w->version_info.product_version);
  assert_true(w->manifest.present);
  assert_int_equal(w->manifest.level, WG_EXEC_ADMIN);
  assert_int_equal(w->manifest.dpi, WG_DPI_PER_MONITOR_V2);
  assert_true(w->manifest.long_paths);
  assert_false(w->manifest.utf8);
}

static void images_are_filled(void **state) {
  (void)state;
  wg_error err = WG_ERROR_INIT;
  WG_AUTO_PTR(wg_cfg) c = NULL;
  assert_ok(world_load((world_given){.yaml = example}, &c, &err), &err);
  const wg_project *p = wg_project_of(c);
  assert_int_equal(p->n_images, 2);
  const wg_cfg_image *i = &p->images[0];
  assert_int_equal(i->base.kind, WG_BASE_FILE);
  assert_string_equal(i->base.path, "base/base.wim");
  assert_string_equal(i->base.image, "Windows 11 Pro");
  assert_true(i->base.sha256[0] == 'a'); // lower case
  assert_string_equal(i->arch, "amd64");
  assert_string_equal(i->apps[0].app, "agent");
  assert_int_equal(i->apps[0].app_index, 0);
  assert_string_equal(i->apps[0].to, "C:\\Program Files\\Kiosk");
  assert_pos(i->apps[0].to_pos, 26, 29);
  assert_string_equal(i->files[0].from, "branding");
  assert_int_equal(i->n_outputs, 1);
  assert_int_equal(i->outputs[0].kind, WG_OUTPUT_WIM);
  assert_int_equal(p->images[1].base.kind, WG_BASE_DIR);
  assert_string_equal(p->images[1].arch, "arm64");
  assert_null(p->images[1].base.image);
}

// What holds for all, and then what is an index's own.
static void each_index_is_an_image(void **state) {
  (void)state;
  WG_AUTO_PTR(wg_cfg)
  c = world_good((world_given){
      .yaml = HEAD APP "images:\n"
                       "  i:\n"
                       "    base: {file: b.wim}\n"
                       "    description: all\n"
                       "    files: [{mkdir: 'C:\\All'}]\n"
                       "    winre: {registry: [{key: 'HKLM\\SOFTWARE\\R'}]}\n"
                       "    indexes:\n"
                       "      2: {name: two, files: [{mkdir: 'C:\\Two'}], apps: [{app: agent, to: "
                       "'C:\\'}]}\n"
                       "      Windows 11 Pro: {registry: [{key: 'HKLM\\SOFTWARE\\K'}]}\n"
                       "    outputs: [wim]\n"
                       "  j: {base: {file: b.wim, image: 3}, outputs: [wim]}\n"});
  const wg_project *p = wg_project_of(c);
  const wg_cfg_image *s = p->images[0].serviced;
  assert_int_equal(p->images[0].n_serviced, 2);
  assert_string_equal(s[0].name, "i");
  assert_string_equal(s[0].index, "2");
  assert_string_equal(s[0].base.image, "2");
  assert_string_equal(s[0].names.name.text, "two");
  assert_string_equal(s[0].names.description.text, "all");
  assert_int_equal(s[0].n_files, 2);
  assert_string_equal(s[0].files[0].path, "C:\\All");
  assert_string_equal(s[0].files[1].path, "C:\\Two");
  assert_int_equal(s[0].n_apps, 1);
  assert_string_equal(s[1].base.image, "Windows 11 Pro");
  assert_null(s[1].names.name.text);
  assert_int_equal(s[1].n_files, 1);
  assert_int_equal(s[1].n_registry, 1);
  assert_int_equal(s[1].n_apps, 0);
  assert_true(s[0].winre.present && s[1].winre.present); // it holds for all
  assert_string_equal(s[1].winre.registry[0].key, "HKLM\\SOFTWARE\\R");
  s = p->images[1].serviced;
  assert_int_equal(p->images[1].n_serviced, 1);
  assert_null(s[0].index);
  assert_false(s[0].winre.present);
  assert_string_equal(s[0].base.image, "3");
}

// What an image of the project makes, by its name or by where its file goes.
static void an_image_is_a_base(void **state) {
  (void)state;
  WG_AUTO_PTR(wg_cfg)
  c = world_good((world_given){.yaml = HEAD
                               "images:\n"
                               "  a: {base: {image: b}, outputs: [wim]}\n"
                               "  b: {base: {file: x.wim, image: c}, outputs: [wim, esd]}\n"
                               "  c: {base: {file: out/../out/b.esd, image: Pro}, outputs: [swm]}\n"
                               "  d: {base: {file: out/c7.swm}, outputs: [wim]}\n"
                               "  e: {base: {file: out/c7.wim}, outputs: [wim]}\n"});
  const wg_cfg_image *v = wg_project_of(c)->images;
  assert_int_equal(v[0].base.kind, WG_BASE_IMAGE);
  assert_string_equal(v[0].base.of, "b");
  assert_int_equal(v[0].base.of_kind, -1);
  assert_null(v[0].base.image);
  assert_int_equal(v[1].base.kind, WG_BASE_FILE);
  assert_string_equal(v[1].base.image, "c");
  assert_int_equal(v[2].base.kind, WG_BASE_IMAGE);
  assert_int_equal(v[2].base.of_kind, WG_OUTPUT_ESD);
  assert_string_equal(v[2].serviced[0].base.image, "Pro");
  assert_string_equal(v[3].base.of, "c");
  assert_int_equal(v[3].base.of_kind, WG_OUTPUT_SWM);
  assert_int_equal(v[4].base.kind, WG_BASE_FILE);
}

static void absent_keys_have_defaults(void **state) {
  (void)state;
  WG_AUTO_PTR(wg_cfg) c = world_good((world_given){.yaml = HEAD APP});
  const wg_project *p = wg_project_of(c);
  const wg_cfg_app *a = &p->apps[0];
  assert_string_equal(p->release, "");
  assert_string_equal(a->dir, ".");
  assert_string_equal(a->main, ".");
  assert_int_equal(a->dir_pos.line, 0);
  assert_string_equal(a->mod, "");
  assert_string_equal(a->go, "");
  assert_string_equal(a->revision, "");
  assert_false(a->windows.present);
  assert_null(a->windows.icon);
  assert_int_equal(a->windows.subsystem, WG_SUBSYS_CONSOLE);
  assert_int_equal(p->n_images, 0);
}

static int64_t time_of(const char *yaml, const char **env) {
  WG_AUTO_PTR(wg_cfg) c = world_good((world_given){.yaml = yaml, .env = env});
  return wg_project_of(c)->time_s;
}

static void time_has_three_sources(void **state) {
  (void)state;
  const char *epoch[] = {"SOURCE_DATE_EPOCH=12345", NULL};
  assert_true(time_of(HEAD APP "time: commit\n", NULL) == WORLD_COMMIT_TIME);
  assert_true(time_of(HEAD APP "time: 1600000000\n", NULL) == 1600000000);
  assert_true(time_of(HEAD APP "time: 2026-01-31T12:00:00+01:00\n", NULL) == 1769857200);
  assert_true(time_of(HEAD APP "time: 1600000000\n", epoch) == 12345);
  assert_true(time_of(HEAD APP, epoch) == 12345);
  const char *bad[] = {"SOURCE_DATE_EPOCH=12x", NULL};
  world_bad(
      (world_given){.yaml = HEAD APP, .env = bad},
      "wingo.yaml:1:1 error: the environment variable SOURCE_DATE_EPOCH is '12x', which is not "
      "a count of seconds since 1970\n");
  const char *no_git[] = {"NO_GIT=1", NULL};
  world_bad(
      (world_given){.yaml = HEAD APP "time: commit\n", .env = no_git},
      "wingo.yaml:4:7 error: time: the time of the last commit can't be had: git says: fatal: "
      "not a git repository\n");
}

static void variables_are_filled_in(void **state) {
  (void)state;
  const char *env[] = {"A=1.2", "B=x y", "EMPTY=", "TRICK=${A}", NULL};
  WG_AUTO_PTR(wg_cfg)
  c = world_good((world_given){.yaml = HEAD
                               "release: ${A}.3\n"
                               "apps:\n"
                               "  agent:\n"
                               "    targets: [windows/amd64]\n"
                               "    ldflags: ['-x=${B}', '$${A}', '${TRICK}', '${NONE:-d e}']\n"
                               "    vars: {main.a: '${EMPTY:-}', main.b: '$A $$ ${A}${A}'}\n",
                               .env = env});
  const wg_project *p = wg_project_of(c);
  const wg_cfg_app *a = &p->apps[0];
  assert_string_equal(p->release, "1.2.3");
  assert_string_equal(a->ldflags[0].s, "-x=x y");
  assert_string_equal(a->ldflags[1].s, "${A}");
  assert_string_equal(a->ldflags[2].s, "${A}"); // a value is not looked into again
  assert_string_equal(a->ldflags[3].s, "d e");
  assert_string_equal(a->vars[0].value, "");
  assert_string_equal(a->vars[1].value, "$A $$ 1.21.2");
}

// A short file that fills in a long variable many times.
static void filled_in_text_is_bounded(void **state) {
  (void)state;
  char *big = wg_xalloc(100000 + 3);
  memset(big, 'x', 100002);
  memcpy(big, "B=", 2);
  const char *env[] = {big, NULL};
  WG_AUTO(wg_buf) b = {0};
  wg_buf_init(&b, wg_heap(), 0);
  wg_buf_add_z(&b, HEAD "apps:\n  agent:\n    targets: [windows/amd64]\n    ldflags:\n");
  for (int i = 0; i < 100; i++) {
    wg_buf_add_z(&b, "    - '${B}'\n");
  }
  wg_error err = WG_ERROR_INIT;
  WG_AUTO_PTR(wg_cfg) c = NULL;
  assert_int_equal(world_load((world_given){.yaml = wg_buf_z(&b), .env = env}, &c, &err),
                   WG_E_CONFIG);
  size_t n = 0;
  const wg_cfg_fault *f = wg_cfg_faults(c, &n);
  assert_true(n > 0 && strstr(f[0].text, "too long with its variables") != NULL);
  wg_xfree(big);
}

static void aliases_and_merges_work(void **state) {
  (void)state;
  WG_AUTO_PTR(wg_cfg)
  c = world_good((world_given){.yaml = HEAD "apps:\n"
                                            "  one: &base\n"
                                            "    targets: &t [linux/amd64]\n"
                                            "    mod: vendor\n"
                                            "  two:\n"
                                            "    <<: *base\n"
                                            "    mod: readonly\n"
                                            "  three: {targets: *t, <<: {mod: vendor, dir: x}}\n"});
  const wg_project *p = wg_project_of(c);
  assert_int_equal(p->n_apps, 3);
  assert_string_equal(p->apps[1].targets[0].name, "linux/amd64");
  assert_string_equal(p->apps[1].mod, "readonly");
  assert_string_equal(p->apps[2].mod, "vendor");
  assert_string_equal(p->apps[2].dir, "x");
}

static void line_ends_and_marks_do_no_harm(void **state) {
  (void)state;
  WG_AUTO_PTR(wg_cfg)
  c = world_good((world_given){.yaml =
                                   "\xEF\xBB\xBFversion: 1\r\nname: kiosk\r\n\r\napps:\r\n  a:\r\n"
                                   "    targets: [linux/amd64]\r\n    dir: x\r\n"});
  assert_string_equal(wg_project_of(c)->apps[0].dir, "x");
  assert_pos(wg_project_of(c)->apps[0].dir_pos, 7, 10);
}

static void columns_count_characters(void **state) {
  (void)state;
  world_bad(
      (world_given){.yaml = HEAD "apps: {a: {targets: [linux/amd64], revision: 'é€😀', mod: x}}\n"},
      "wingo.yaml:3:58 error: apps.a.mod: 'x' is not one of the allowed values\n");
}

static void an_app_with_a_plain_target_among_variants_is_fine(void **state) {
  (void)state;
  WG_AUTO_PTR(wg_cfg)
  c = world_good((world_given){.yaml =
                                   HEAD "apps: {a: {targets: [windows/amd64/v3, windows/amd64]}}\n"
                                        "images:\n"
                                        "  i:\n"
                                        "    base: {file: b.wim}\n"
                                        "    arch: amd64\n"
                                        "    apps: [{app: a, to: 'C:\\'}]\n"
                                        "    outputs: [wim]\n"});
  assert_int_equal(wg_project_of(c)->images[0].n_apps, 1);
}

static void faults_have_a_limit(void **state) {
  (void)state;
  WG_AUTO(wg_buf) b = {0};
  wg_buf_init(&b, wg_heap(), 0);
  wg_buf_add_z(&b, HEAD APP);
  for (unsigned i = 0; i < 3000; i++) {
    wg_buf_printf(&b, "q%u: 1\n", i);
  }
  wg_error err = WG_ERROR_INIT;
  WG_AUTO_PTR(wg_cfg) c = NULL;
  assert_int_equal(world_load((world_given){.yaml = wg_buf_z(&b)}, &c, &err), WG_E_CONFIG);
  size_t n = 0;
  const wg_cfg_fault *f = wg_cfg_faults(c, &n);
  assert_int_equal(n, 1001);
  assert_string_equal(f[n - 1].text, "more faults are not shown");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(app_is_filled),
      cmocka_unit_test(windows_is_filled),
      cmocka_unit_test(images_are_filled),
      cmocka_unit_test(each_index_is_an_image),
      cmocka_unit_test(an_image_is_a_base),
      cmocka_unit_test(absent_keys_have_defaults),
      cmocka_unit_test(time_has_three_sources),
      cmocka_unit_test(variables_are_filled_in),
      cmocka_unit_test(filled_in_text_is_bounded),
      cmocka_unit_test(aliases_and_merges_work),
      cmocka_unit_test(line_ends_and_marks_do_no_harm),
      cmocka_unit_test(columns_count_characters),
      cmocka_unit_test(an_app_with_a_plain_target_among_variants_is_fine),
      cmocka_unit_test(faults_have_a_limit),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
