// SPDX-License-Identifier: Apache-2.0
// publish: of a project on toy steps: secrets, and what undo leaves.
#include "../engine/toy.h"

#include "actions/folder.h"
#include "actions/publish.h"

typedef struct world {
  place p;
  char *target;
  wg_project project;
  wg_cfg_publish publish;
  wg_arena arena;
} world;

static void world_init(world *w) {
  *w = (world){0};
  place_init(&w->p);
  wg_arena_init(&w->arena, wg_heap(), 0);
  w->target = wg_path_join(w->p.dir, "share");
  w->publish = (wg_cfg_publish){.name = "share", .to = w->target, .pos = {"wingo.yaml", 9, 3}};
  w->project = (wg_project){.dir = w->p.project,
                            .out_dir = wg_arena_printf(&w->arena, "%s/out", w->p.project),
                            .file = "wingo.yaml",
                            .name = "kiosk",
                            .release = "1.0.0",
                            .images = (const wg_cfg_image[]){{.name = "k"}},
                            .n_images = 1,
                            .publish = &w->publish,
                            .n_publish = 1};
}

static void world_done(world *w) {
  wg_xfree(w->target);
  wg_arena_done(&w->arena);
  place_done(&w->p);
}
WG_DEFINE_AUTO(world, world_done);

static wg_code world_publish(world *w, const toy *t, bool secret, wg_exec_result *r,
                             wg_error *err) {
  WG_AUTO_PTR(wg_graph) g = wg_graph_new();
  WG_AUTO(wg_cstr) path = at(&w->p, "out/k.wim");
  wg_step *s = wg_graph_add(g, &toy_kind, "image/k/wim", t);
  wg_step_param(s, "content", t->constant);
  wg_step_publish(s, "out", path, 0644, false);
  if (secret) {
    wg_step_secret(s);
  }
  *r = (wg_exec_result){0};
  if (wg_publish_add_actions(g, &w->project, &w->arena, err) != WG_OK) {
    return err->code;
  }
  const wg_exec_options opt = {
      .cpus = 2, .project_dir = w->p.project, .scope = WG_SCOPE_ACTIONS, .command = "publish"};
  return wg_exec_run(g, w->p.store, &opt, r, err);
}

static void test_secrets_stay(void **state) {
  (void)state;
  WG_AUTO(world) w;
  world_init(&w);
  const toy t = {.constant = "password"};
  wg_error err = WG_ERROR_INIT;
  WG_AUTO(wg_exec_result) r;
  assert_int_equal(world_publish(&w, &t, true, &r, &err), WG_E_CONFIG);
  assert_non_null(strstr(r.failures[0].text, "wingo.yaml:9:3: output 'out' of image/k/wim holds a "
                                             "secret: write 'allow_secrets: true'"));
  assert_false(wg_os_exists(WG_CWD, w.target));
  w.publish.allow_secrets = true;
  WG_AUTO(wg_exec_result) r2;
  assert_int_equal(world_publish(&w, &t, true, &r2, &err), WG_OK);
  WG_AUTO(wg_cstr) wim = wg_path_join(w.target, "1.0.0/k.wim");
  wg_stat st;
  assert_int_equal(wg_os_stat(WG_CWD, wim, false, &st, &err), WG_OK);
  assert_int_equal(st.mode, 0600);
}

static void test_unknown_output(void **state) {
  (void)state;
  WG_AUTO(world) w;
  world_init(&w);
  const wg_cfg_str outputs[] = {{.s = "image/k/esd", .pos = {"wingo.yaml", 10, 7}}};
  w.publish.outputs = outputs;
  w.publish.n_outputs = 1;
  const toy t = {.constant = "x"};
  wg_error err = WG_ERROR_INIT;
  WG_AUTO(wg_exec_result) r;
  assert_int_equal(world_publish(&w, &t, false, &r, &err), WG_E_CONFIG);
  assert_non_null(
      strstr(err.text, "wingo.yaml:10:7: publish 'share': nothing makes 'image/k/esd'"));
}

// --- a folder alone: each way to fail after the release has its name

static void no_progress(void *ctx, uint64_t done, uint64_t total) {
  (void)ctx;
  (void)done;
  (void)total;
}
static void no_warning(void *ctx, const char *text) {
  (void)ctx;
  print_message("# %s\n", text);
}
static void no_undone(void *ctx, const char *text) {
  (void)ctx;
  (void)text;
}

static wg_code folder_write(const world *w, const char *release, const char *text, bool replace,
                            bool take_back, wg_error *err) {
  put(&w->p, "from", text);
  WG_AUTO(wg_cstr) from = at(&w->p, "from");
  wg_folder_file file = {.rel = "a/k.wim", .from = from, .step = "s", .output = "o", .mode = 0644};
  file.digest = wg_sha256(text, strlen(text));
  file.size_bytes = strlen(text);
  WG_AUTO(wg_arena) arena;
  wg_arena_init(&arena, wg_heap(), 0);
  wg_folder_spec spec = {.target = w->target,
                         .project = "kiosk",
                         .release = release,
                         .files = &file,
                         .n_files = 1,
                         .replace = replace,
                         .store = w->p.store};
  wg_folder_write write = {
      .spec = &spec, .arena = &arena, .progress = no_progress, .warn = no_warning};
  wg_code code = wg_folder_run(&write, err);
  if (code != WG_OK || take_back) {
    wg_error back = WG_ERROR_INIT;
    assert_int_equal(wg_folder_take_back(&write, no_undone, &back), WG_OK);
  } else {
    wg_folder_write_done(&write);
  }
  return code;
}

static char *folder_get_text(const world *w, const char *name) {
  WG_AUTO(wg_cstr) path = wg_path_join(w->target, name);
  WG_AUTO(wg_buf) b = {0};
  wg_buf_init(&b, wg_heap(), 0);
  wg_error err = WG_ERROR_INIT;
  return wg_xstrdup(wg_os_read_file(WG_CWD, path, 1 << 20, &b, &err) == WG_OK ? wg_buf_z(&b)
                                                                              : "<none>");
}

static void folder_expect(const world *w, const char *name, const char *text) {
  WG_AUTO(wg_cstr) got = folder_get_text(w, name);
  assert_string_equal(got, text);
}

static void test_taken_back(void **state) {
  (void)state;
  WG_AUTO(world) w;
  world_init(&w);
  wg_error err = WG_ERROR_INIT;
  assert_int_equal(folder_write(&w, "1", "one", false, true, &err), WG_OK);
  assert_false(wg_os_exists(WG_CWD, w.target)); // not even the folder
  assert_int_equal(folder_write(&w, "1", "one", false, false, &err), WG_OK);
  folder_expect(&w, "current/a/k.wim", "one");
  assert_int_equal(folder_write(&w, "2", "two", false, true, &err), WG_OK);
  folder_expect(&w, "current/a/k.wim", "one");
  folder_expect(&w, "2/a/k.wim", "<none>");
  assert_int_equal(folder_write(&w, "1", "three", true, false, &err), WG_OK);
  folder_expect(&w, "current/a/k.wim", "three");
  wg_dirent *list = NULL;
  size_t n = 0;
  assert_int_equal(wg_os_list_dir(WG_CWD, w.target, &w.arena, &list, &n, &err), WG_OK);
  assert_int_equal(n, 4); // 1, current, mark, lock
}

// The source is not what it was when the step ran.
static void test_source_changed(void **state) {
  (void)state;
  WG_AUTO(world) w;
  world_init(&w);
  const toy t = {.constant = "x", .big = true};
  wg_error err = WG_ERROR_INIT;
  WG_AUTO(wg_arena) arena;
  wg_arena_init(&arena, wg_heap(), 0);
  put(&w.p, "from", "other");
  WG_AUTO(wg_cstr) from = at(&w.p, "from");
  wg_folder_file file = {
      .rel = "k", .from = from, .step = "s", .output = "o", .mode = 0644, .size_bytes = 5};
  file.digest = wg_sha256("right", 5);
  wg_folder_spec spec = {.target = w.target,
                         .project = "kiosk",
                         .release = "1",
                         .files = &file,
                         .n_files = 1,
                         .store = w.p.store};
  wg_folder_write write = {
      .spec = &spec, .arena = &arena, .progress = no_progress, .warn = no_warning};
  (void)t;
  assert_int_equal(wg_folder_run(&write, &err), WG_E_CONFLICT);
  assert_non_null(strstr(err.text, "changed while it was copied"));
  assert_int_equal(wg_folder_take_back(&write, no_undone, &err), WG_OK);
  assert_false(wg_os_exists(WG_CWD, w.target));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_secrets_stay),
      cmocka_unit_test(test_unknown_output),
      cmocka_unit_test(test_taken_back),
      cmocka_unit_test(test_source_changed),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
