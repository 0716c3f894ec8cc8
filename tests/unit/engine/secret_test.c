// SPDX-License-Identifier: Apache-2.0
// Secrets as inputs of steps, and records of what a step does.
#include "toy.h"

#include "support.h"

#define MARK "marked-secret-7261"

typedef struct kept { // a secret of this test
  const char *bytes;
  bool asked; // somebody would be asked
  unsigned n_fetch;
} kept;

static wg_code fetch(const void *secret, bool may_ask, wg_buf *out, wg_error *err) {
  kept *k = (kept *)(uintptr_t)secret;
  if (k->asked && !may_ask) {
    return wg_fail(err, WG_E_UNSUPPORTED, "asks");
  }
  k->n_fetch++;
  wg_buf_add_z(out, k->bytes);
  return WG_OK;
}

static char looked[64];
static void look(wg_step_ctx *c, const toy *t) {
  (void)t;
  WG_AUTO(wg_buf) b = {0};
  wg_buf_init(&b, wg_heap(), 0);
  wg_error err = WG_ERROR_INIT;
  assert_ok(wg_ctx_secret(c, "password", &b, &err), &err);
  assert_false(wg_ctx_may_keep(c)); // what is made of a secret is for nobody else
  (void)wg_format(looked, sizeof(looked), "%s", wg_buf_z(&b));
  assert_int_equal(wg_ctx_secret(c, "other", &b, &err), WG_E_NOT_FOUND);
}

static const toy with_secret = {.hook = look, .constant = "made"};

static wg_graph *graph_of(const place *p, const kept *k) {
  wg_graph *g = wg_graph_new();
  WG_AUTO(wg_cstr) out = at(p, "out/answer.xml");
  wg_step *s = wg_graph_add(g, &toy_kind, "answer", &with_secret);
  wg_step_input_secret(s, "password", fetch, k);
  wg_step_publish(s, "out", out, 0644, false);
  wg_step *t = wg_graph_add(g, &toy_kind, "again", &with_secret);
  wg_step_param(t, "other", "yes");
  wg_step_input_secret(t, "password", fetch, k);
  return g;
}

static wg_exec_options options(const place *p) {
  return (wg_exec_options){.cpus = 2, .memory_bytes = 1 << 30, .project_dir = p->project};
}

static size_t ran(place *p, const kept *k) {
  WG_AUTO_PTR(wg_graph) g = graph_of(p, k);
  WG_AUTO(wg_exec_result) res;
  wg_error err = WG_ERROR_INIT;
  const wg_exec_options opt = options(p);
  assert_ok(wg_exec_run(g, p->store, &opt, &res, &err), &err);
  return res.n_ran;
}

// No file below the folder has the text in it.
static void nowhere(const char *dir, const char *text) {
  WG_AUTO(wg_arena) arena = {0};
  wg_arena_init(&arena, wg_heap(), 0);
  wg_dirent *list = NULL;
  size_t n = 0;
  wg_error err = WG_ERROR_INIT;
  assert_ok(wg_os_list_dir(WG_CWD, dir, &arena, &list, &n, &err), &err);
  for (size_t i = 0; i < n; i++) {
    WG_AUTO(wg_cstr) path = wg_path_join(dir, list[i].name);
    WG_AUTO(wg_buf) b = {0};
    wg_buf_init(&b, wg_heap(), 0);
    if (list[i].type == WG_FT_DIR) {
      nowhere(path, text);
    } else if (list[i].type == WG_FT_FILE) {
      assert_ok(wg_os_read_file(WG_CWD, path, 1 << 24, &b, &err), &err);
      if (b.n > 0 && memmem(b.p, b.n, text, strlen(text)) != NULL) {
        fail_msg("the secret is in %s", path);
      }
    }
  }
}

static void a_secret_takes_part_by_a_keyed_digest(void **state) {
  (void)state;
  WG_AUTO(place) p;
  place_init(&p);
  kept k = {.bytes = MARK};
  assert_int_equal(ran(&p, &k), 2);
  assert_string_equal(looked, MARK);
  assert_int_equal(k.n_fetch, 1); // once a run, for two steps, their keys and their work
  assert_int_equal(ran(&p, &k), 0);
  nowhere(p.dir, MARK);
  WG_AUTO(wg_cstr) out = at(&p, "out/answer.xml");
  wg_stat st;
  wg_error err = WG_ERROR_INIT;
  assert_ok(wg_os_stat(WG_CWD, out, false, &st, &err), &err);
  assert_int_equal(st.mode, 0600);
  // The plain digest is nowhere either: who has the store cannot try words.
  wg_digest plain = wg_sha256(MARK, strlen(MARK));
  WG_AUTO(wg_cstr) raw = wg_xstrndup((const char *)plain.b, 8);
  nowhere(p.dir, raw);
  k.bytes = "another";
  assert_int_equal(ran(&p, &k), 2);
}

static void a_plan_asks_nobody(void **state) {
  (void)state;
  WG_AUTO(place) p;
  place_init(&p);
  kept k = {.bytes = MARK, .asked = true};
  WG_AUTO_PTR(wg_graph) g = graph_of(&p, &k);
  WG_AUTO(wg_plan) plan = {0};
  wg_error err = WG_ERROR_INIT;
  const wg_exec_options opt = options(&p);
  assert_ok(wg_exec_plan(g, p.store, &opt, &plan, &err), &err);
  assert_int_equal(k.n_fetch, 0);
  assert_int_equal(plan.steps[0].state, WG_PLAN_UNKNOWN);
  assert_string_equal(plan.steps[0].reasons[0],
                      "needs the secret 'password', which a build asks for");
  assert_int_equal(ran(&p, &k), 2);
}

// --- records

static const toy plain = {.constant = "made"};

static void plan_reasons(place *p, const char *const (*records)[2], size_t n, bool build,
                         wg_buf *out) {
  WG_AUTO_PTR(wg_graph) g = wg_graph_new();
  wg_error err = WG_ERROR_INIT;
  const wg_exec_options opt = options(p);
  wg_step *s = wg_graph_add(g, &toy_kind, "x", &plain);
  for (size_t i = 0; i < n; i++) {
    wg_step_record(s, records[i][0], records[i][1], "wingo.yaml:7:5");
  }
  WG_AUTO(wg_plan) plan = {0};
  assert_ok(wg_exec_plan(g, p->store, &opt, &plan, &err), &err);
  for (size_t i = 0; i < plan.steps[0].n_reasons; i++) {
    wg_buf_printf(out, "%s;", plan.steps[0].reasons[i]);
  }
  if (build) {
    WG_AUTO(wg_exec_result) res;
    assert_ok(wg_exec_run(g, p->store, &opt, &res, &err), &err);
  }
}

static void the_record_that_changed_is_named(void **state) {
  (void)state;
  static const char *const first[][2] = {{"registry[0] A", "1"}, {"registry[0] B", "2"}};
  static const char *const changed[][2] = {{"registry[0] A", "3"}, {"registry[0] C", "2"}};
  static const char *const swapped[][2] = {{"registry[0] B", "2"}, {"registry[0] A", "1"}};
  WG_AUTO(place) p;
  place_init(&p);
  WG_AUTO(wg_buf) why = {0};
  wg_buf_init(&why, wg_heap(), 0);
  plan_reasons(&p, first, 2, true, &why);
  assert_string_equal(wg_buf_z(&why), "first run here;");
  wg_buf_clear(&why);
  plan_reasons(&p, first, 2, false, &why);
  assert_string_equal(wg_buf_z(&why), "");
  plan_reasons(&p, changed, 2, false, &why);
  assert_string_equal(wg_buf_z(&why), "changed: registry[0] A (wingo.yaml:7:5);"
                                      "new: registry[0] C (wingo.yaml:7:5);registry[0] B is gone;");
  wg_buf_clear(&why);
  plan_reasons(&p, swapped, 2, false, &why);
  assert_string_equal(wg_buf_z(&why), "the order of its entries changed;");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_secret_takes_part_by_a_keyed_digest),
      cmocka_unit_test(a_plan_asks_nobody),
      cmocka_unit_test(the_record_that_changed_is_named),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
