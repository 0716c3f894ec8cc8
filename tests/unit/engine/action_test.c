// SPDX-License-Identifier: Apache-2.0
// Actions, on a far side that is a variable.
#include "toy.h"

#include "engine/action.h"

#define FAR_MAX 8U

// The far side, and what the kinds did there.
typedef struct far_side {
  char has[80]; // digest of what was put there; "" nothing
  const char *look_fails, *apply_fails;
  bool stop_in_apply; // as Ctrl-C would
  wg_cancel *cancel;
  unsigned wants_cpus;
  bool secret_seen, undo_fails;
} far_side;

static char order[256];
static atomic_uint far_looks, far_applies, far_undos, far_now, far_most;
static wg_mutex order_lock;

static void order_add(const char *what, const char *identity) {
  wg_mutex_lock(&order_lock);
  size_t n = strlen(order);
  (void)snprintf(order + n, sizeof(order) - n, "%s %s\n", what, identity);
  wg_mutex_unlock(&order_lock);
}

static far_side *far_of(const wg_step_ctx *c) {
  union {
    const void *c;
    far_side *f;
  } u = {wg_ctx_user(c)};
  return u.f;
}

static void far_want(const wg_step_ctx *c, char *out) {
  size_t n = 0;
  const wg_action_input *in = wg_ctx_action_inputs(c, &n);
  (void)snprintf(out, 80, "%s", n == 0 ? "nothing" : wg_digest_hex(&in[0].digest).s);
  far_of(c)->secret_seen = n > 0 && in[0].secret;
}

static wg_code far_look(wg_step_ctx *c, wg_error *err) {
  far_side *f = far_of(c);
  char want[80];
  atomic_fetch_add(&far_looks, 1);
  order_add("look", wg_ctx_identity(c));
  if (f->look_fails != NULL) {
    return wg_fail(err, WG_E_CONFLICT, "%s", f->look_fails);
  }
  far_want(c, want);
  if (strcmp(f->has, want) != 0) {
    wg_ctx_differs(c, "it", f->has[0] == '\0' ? NULL : f->has, want);
  }
  wg_ctx_keep(c, wg_arena_strdup(wg_ctx_arena(c), want));
  wg_digest d = wg_sha256(want, strlen(want));
  wg_ctx_result(c, "it", "far:it", &d, strlen(want));
  return WG_OK;
}

static wg_code far_apply(wg_step_ctx *c, wg_error *err) {
  far_side *f = far_of(c);
  atomic_fetch_add(&far_applies, 1);
  order_add("apply", wg_ctx_identity(c));
  unsigned now = atomic_fetch_add(&far_now, wg_ctx_cpus(c)) + wg_ctx_cpus(c);
  unsigned most = atomic_load(&far_most);
  while (now > most && !atomic_compare_exchange_weak(&far_most, &most, now)) {
  }
  wg_os_sleep_ms(20);
  atomic_fetch_sub(&far_now, wg_ctx_cpus(c));
  (void)snprintf(f->has, sizeof(f->has), "%s", (const char *)wg_ctx_kept(c));
  if (f->stop_in_apply) {
    wg_cancel_set(f->cancel, 2);
    return wg_cancel_check(wg_ctx_cancel(c), err);
  }
  return f->apply_fails == NULL ? WG_OK : wg_fail(err, WG_E_REMOTE, "%s", f->apply_fails);
}

static wg_code far_undo(wg_step_ctx *c, wg_error *err) {
  far_side *f = far_of(c);
  atomic_fetch_add(&far_undos, 1);
  assert_null(wg_ctx_cancel(c)); // what is taken back is taken back to the end
  if (f->undo_fails) {
    return wg_fail(err, WG_E_REMOTE, "the line is dead");
  }
  f->has[0] = '\0';
  wg_ctx_undone(c, "it removed");
  return WG_OK;
}

static wg_code far_ready(wg_step_ctx *c, wg_error *err) {
  order_add("ready", wg_ctx_identity(c));
  const far_side *f = far_of(c);
  return f->look_fails == NULL ? WG_OK : wg_fail(err, WG_E_REMOTE, "%s", f->look_fails);
}

static const wg_action_kind far_careful = {.name = "far.careful",
                                           .verb = "put",
                                           .look_is_local = true,
                                           .ready = far_ready,
                                           .look = far_look,
                                           .apply = far_apply};
static const wg_action_kind far_kind = {.name = "far.put",
                                        .verb = "put",
                                        .look_is_local = true,
                                        .look = far_look,
                                        .apply = far_apply,
                                        .undo = far_undo};
static const wg_action_kind far_remote = {
    .name = "far.remote", .verb = "put", .look = far_look, .apply = far_apply};
static const wg_action_kind far_disk = {.name = "far.disk",
                                        .verb = "write",
                                        .destructive = true,
                                        .look_is_local = true,
                                        .look = far_look,
                                        .apply = far_apply};

static const wg_run_info info = {.run_name = "20260101T000000Z-1", .project = "toys"};

static wg_exec_options options(const place *p, const char *command) {
  return (wg_exec_options){.cpus = 4,
                           .memory_bytes = 1 << 30,
                           .project_dir = p->project,
                           .scope = command == NULL ? WG_SCOPE_STEPS : WG_SCOPE_ACTIONS,
                           .command = command,
                           .info = &info};
}

static void world(place *p) {
  place_init(p);
  wg_mutex_init(&order_lock);
  order[0] = '\0';
  far_looks = far_applies = far_undos = far_now = far_most = 0;
}

// Step app/a from in.txt; action publish/NAME takes its outputs.
static wg_graph *small(const place *p, const toy *t, const wg_action_kind *kind, const char *name,
                       far_side *f) {
  WG_AUTO(wg_cstr) in = at(p, "in.txt");
  WG_AUTO(wg_cstr) out = at(p, "out/a");
  wg_graph *g = wg_graph_new();
  wg_step *s = wg_graph_add(g, &toy_kind, "app/a", t);
  wg_step_input_file(s, "in", in);
  wg_step_publish(s, "out", out, 0644, false);
  WG_AUTO(wg_cstr) identity = wg_xprintf("publish/%s", name);
  wg_step *a = wg_graph_add_action(g, kind, identity, f);
  wg_step_alias(a, name);
  wg_step_input_outputs(a, s);
  wg_step_need(a, f->wants_cpus, 0);
  return g;
}

static wg_code go(place *p, wg_graph *g, wg_exec_options opt, wg_exec_result *r) {
  wg_error err = WG_ERROR_INIT;
  *r = (wg_exec_result){0};
  wg_code code = wg_exec_run(g, p->store, &opt, r, &err);
  if (code != WG_OK) {
    print_message("# %s: %s\n", wg_code_name(code), err.text);
  }
  return code;
}

static void test_build_touches_nothing(void **state) {
  (void)state;
  WG_AUTO(place) p = {0};
  world(&p);
  put(&p, "in.txt", "one");
  toy t = {0};
  far_side f = {.has = ""};
  WG_AUTO_PTR(wg_graph) g = small(&p, &t, &far_kind, "share", &f);
  WG_AUTO(wg_exec_result) r = {0};
  assert_int_equal(go(&p, g, options(&p, NULL), &r), WG_OK);
  assert_int_equal(r.n_steps, 1);
  assert_int_equal(far_looks, 0);
  static const char *const target[] = {"share"};
  wg_exec_options opt = options(&p, NULL);
  opt.targets = target;
  opt.n_targets = 1;
  wg_error err = WG_ERROR_INIT;
  WG_AUTO(wg_exec_result) none = {0};
  assert_int_equal(wg_exec_run(g, p.store, &opt, &none, &err), WG_E_NOT_FOUND);
  assert_non_null(strstr(err.text, "'wingo publish share' does it"));
}

static void test_changes_once(void **state) {
  (void)state;
  WG_AUTO(place) p = {0};
  world(&p);
  put(&p, "in.txt", "one");
  toy t = {0};
  far_side f = {.has = ""};
  WG_AUTO_PTR(wg_graph) g = small(&p, &t, &far_kind, "share", &f);
  for (unsigned i = 0; i < 3; i++) {
    WG_AUTO(wg_exec_result) r = {0};
    assert_int_equal(go(&p, g, options(&p, "publish"), &r), WG_OK);
    assert_int_equal(r.n_steps, 2);
    assert_int_equal(far_looks, i + 1); // never from memory
    assert_int_equal(far_applies, 1);
  }
  f.has[0] = 'x'; // somebody was there
  WG_AUTO(wg_exec_result) r = {0};
  assert_int_equal(go(&p, g, options(&p, "publish"), &r), WG_OK);
  assert_int_equal(far_applies, 2);
  assert_int_equal(r.n_cached, 1); // the step
  WG_AUTO(wg_cstr) record = get(&p, ".wingo/releases/20260101T000000Z-1.json");
  assert_non_null(strstr(record, "\"state\": \"done\""));
  assert_non_null(strstr(record, "\"action\": \"publish/share\""));
  assert_non_null(strstr(record, "\"before\": \"x"));
}

static void test_failure_is_undone(void **state) {
  (void)state;
  static const struct {
    bool undo_fails;
    const char *says;
  } ways[] = {{false, "no room; taken back: it removed"},
              {true, "no room; could not be taken back: the line is dead"}};
  for (size_t i = 0; i < WG_ARRAY_LEN(ways); i++) {
    WG_AUTO(place) p = {0};
    world(&p);
    put(&p, "in.txt", "one");
    toy t = {0};
    far_side f = {.has = "", .apply_fails = "no room", .undo_fails = ways[i].undo_fails};
    WG_AUTO_PTR(wg_graph) g = small(&p, &t, &far_kind, "share", &f);
    WG_AUTO(wg_exec_result) r = {0};
    assert_int_equal(go(&p, g, options(&p, "publish"), &r), WG_E_REMOTE);
    assert_int_equal(r.n_failures, 1);
    assert_string_equal(r.failures[0].text, ways[i].says);
    assert_int_equal(far_undos, 1);
    WG_AUTO(wg_cstr) record = get(&p, ".wingo/releases/20260101T000000Z-1.json");
    assert_non_null(strstr(record, "\"state\": \"failed\""));
    assert_int_equal(strstr(record, "it removed") != NULL, !ways[i].undo_fails);
  }
}

static void test_stopped_is_undone(void **state) {
  (void)state;
  WG_AUTO(place) p = {0};
  world(&p);
  put(&p, "in.txt", "one");
  toy t = {0};
  wg_error err = WG_ERROR_INIT;
  wg_cancel cancel;
  assert_int_equal(wg_cancel_init(&cancel, &err), WG_OK);
  far_side f = {.has = "", .stop_in_apply = true, .cancel = &cancel};
  WG_AUTO_PTR(wg_graph) g = small(&p, &t, &far_kind, "share", &f);
  wg_exec_options opt = options(&p, "publish");
  opt.cancel = &cancel;
  WG_AUTO(wg_exec_result) r = {0};
  assert_int_equal(go(&p, g, opt, &r), WG_E_CANCELED);
  assert_int_equal(far_undos, 1);
  assert_string_equal(f.has, "");
  WG_AUTO(wg_cstr) record = get(&p, ".wingo/releases/20260101T000000Z-1.json");
  assert_non_null(strstr(record, "\"state\": \"stopped\""));
  wg_cancel_done(&cancel);
}

// A record that can't be written: nothing is touched.
static void test_no_record_no_action(void **state) {
  (void)state;
  WG_AUTO(place) p = {0};
  world(&p);
  put(&p, "in.txt", "one");
  put(&p, ".wingo/releases", "a file where the folder should be");
  toy t = {0};
  far_side f = {.has = ""};
  WG_AUTO_PTR(wg_graph) g = small(&p, &t, &far_kind, "share", &f);
  WG_AUTO(wg_exec_result) r = {0};
  assert_int_not_equal(go(&p, g, options(&p, "publish"), &r), WG_OK);
  assert_int_equal(far_applies, 0);
  assert_non_null(strstr(r.failures[0].text, "nothing was done"));
}

// A step that fails anywhere in the run keeps the world as it is; with keep_going only what needs
// it.
static void test_all_is_made_first(void **state) {
  (void)state;
  for (unsigned keep_going = 0; keep_going < 2; keep_going++) {
    WG_AUTO(place) p = {0};
    world(&p);
    put(&p, "in.txt", "one");
    toy good = {0}, bad = {.sleep_ms = 30, .fail = "no"};
    far_side f = {.has = ""}, f2 = {.has = ""};
    WG_AUTO_PTR(wg_graph) g = small(&p, &good, &far_kind, "share", &f);
    wg_step *s = wg_graph_add(g, &toy_kind, "app/b", &bad);
    wg_step_input_outputs(wg_graph_add_action(g, &far_kind, "publish/b", &f2), s);
    wg_exec_options opt = options(&p, "publish");
    opt.keep_going = keep_going != 0;
    WG_AUTO(wg_exec_result) r = {0};
    assert_int_equal(go(&p, g, opt, &r), WG_E_FAILED);
    assert_int_equal(far_applies, keep_going);
    assert_string_equal(f2.has, "");
  }
}

// All looks come before the first apply, but for actions that come after others.
static void test_looks_first(void **state) {
  (void)state;
  WG_AUTO(place) p = {0};
  world(&p);
  far_side f[4] = {{.has = ""}, {.has = ""}, {.has = ""}, {.has = ""}};
  WG_AUTO_PTR(wg_graph) g = wg_graph_new();
  wg_step *a = wg_graph_add_action(g, &far_kind, "publish/a", &f[0]);
  (void)wg_graph_add_action(g, &far_kind, "publish/b", &f[1]);
  wg_step *last = wg_graph_add_action(g, &far_kind, "publish/tell", &f[2]);
  (void)wg_graph_add_action(g, &far_kind, "deploy/x", &f[3]);
  wg_step_after(last, a);
  wg_exec_options opt = options(&p, "publish");
  opt.cpus = 1;
  WG_AUTO(wg_exec_result) r = {0};
  assert_int_equal(go(&p, g, opt, &r), WG_OK);
  assert_string_equal(order, "look publish/a\nlook publish/b\napply publish/a\nlook publish/tell\n"
                             "apply publish/b\napply publish/tell\n");
  order[0] = '\0';
  memset(f[0].has, 0, sizeof(f[0].has));
  f[1].look_fails = "not ours";
  WG_AUTO(wg_exec_result) r2 = {0};
  assert_int_equal(go(&p, g, opt, &r2), WG_E_CONFLICT);
  assert_null(strstr(order, "apply"));
}

static void test_destructive_wants_its_name(void **state) {
  (void)state;
  WG_AUTO(place) p = {0};
  world(&p);
  put(&p, "in.txt", "one");
  toy t = {0};
  far_side f = {.has = ""};
  WG_AUTO_PTR(wg_graph) g = small(&p, &t, &far_disk, "stick", &f);
  static const char *const ways[] = {NULL, "publish", "stick", "publish/stick"};
  for (size_t i = 0; i < WG_ARRAY_LEN(ways); i++) {
    f.has[0] = '\0';
    wg_exec_options opt = options(&p, "publish");
    opt.targets = &ways[i];
    opt.n_targets = ways[i] == NULL ? 0 : 1;
    WG_AUTO(wg_exec_result) r = {0};
    assert_int_equal(go(&p, g, opt, &r), WG_OK);
    assert_int_equal(f.has[0] != '\0', i >= 2);
    assert_int_equal(r.n_skipped, i < 2 ? 1 : 0);
  }
}

static void test_budget(void **state) {
  (void)state;
  WG_AUTO(place) p = {0};
  world(&p);
  far_side f[FAR_MAX];
  WG_AUTO_PTR(wg_graph) g = wg_graph_new();
  for (size_t i = 0; i < FAR_MAX; i++) {
    f[i] = (far_side){.has = ""};
    WG_AUTO(wg_cstr) name = wg_xprintf("publish/%zu", i);
    wg_step_need(wg_graph_add_action(g, &far_kind, name, &f[i]), 2, 0);
  }
  WG_AUTO(wg_exec_result) r = {0};
  assert_int_equal(go(&p, g, options(&p, "publish"), &r), WG_OK);
  assert_int_equal(far_applies, FAR_MAX);
  assert_in_range(far_most, 2, 4);
}

// What can be refused at once is refused before a step runs.
static void test_ready_comes_first(void **state) {
  (void)state;
  WG_AUTO(place) p = {0};
  world(&p);
  put(&p, "in.txt", "one");
  toy t = {0};
  far_side f = {.has = "", .look_fails = "nobody there"};
  WG_AUTO_PTR(wg_graph) g = small(&p, &t, &far_careful, "share", &f);
  WG_AUTO(wg_exec_result) r = {0};
  assert_int_equal(go(&p, g, options(&p, "publish"), &r), WG_E_REMOTE);
  assert_string_equal(order, "ready publish/share\n");
  assert_int_equal(toy_n_run, 0);
  f.look_fails = NULL;
  order[0] = '\0';
  WG_AUTO(wg_exec_result) r2 = {0};
  assert_int_equal(go(&p, g, options(&p, "publish"), &r2), WG_OK);
  assert_string_equal(order, "ready publish/share\nlook publish/share\napply publish/share\n");
}

// What plan may say of an action.
static void test_plan(void **state) {
  (void)state;
  WG_AUTO(place) p = {0};
  world(&p);
  put(&p, "in.txt", "one");
  toy t = {0};
  far_side f = {.has = ""};
  const wg_action_kind *const kinds[] = {&far_kind, &far_remote};
  for (size_t k = 0; k < WG_ARRAY_LEN(kinds); k++) {
    WG_AUTO(wg_cstr) text = wg_xprintf("text %zu", k);
    put(&p, "in.txt", text);
    f.has[0] = '\0';
    WG_AUTO_PTR(wg_graph) g = small(&p, &t, kinds[k], "share", &f);
    const wg_plan_state here = k == 0 ? WG_PLAN_CHANGE : WG_PLAN_UNASKED;
    const struct {
      bool run, everywhere;
      wg_plan_state want;
    } ways[] = {{false, false, WG_PLAN_UNKNOWN},
                {true, false, k == 0 ? WG_PLAN_SAME : WG_PLAN_UNASKED},
                {false, false, here},
                {false, true, WG_PLAN_CHANGE}};
    for (size_t i = 0; i < WG_ARRAY_LEN(ways); i++) {
      if (ways[i].run) {
        WG_AUTO(wg_exec_result) r = {0};
        assert_int_equal(go(&p, g, options(&p, "publish"), &r), WG_OK);
      } else if (i > 0) {
        (void)snprintf(f.has, sizeof(f.has), "old");
      }
      unsigned before = far_applies;
      wg_exec_options opt = options(&p, NULL);
      opt.scope = WG_SCOPE_ALL;
      opt.look_everywhere = ways[i].everywhere;
      WG_AUTO(wg_plan) plan = {0};
      wg_error err = WG_ERROR_INIT;
      assert_int_equal(wg_exec_plan(g, p.store, &opt, &plan, &err), WG_OK);
      assert_int_equal(plan.n_steps, 2);
      const wg_plan_step *a = &plan.steps[1];
      assert_true(a->is_action);
      assert_int_equal(a->state, ways[i].want);
      assert_int_equal(a->n_changes, ways[i].want == WG_PLAN_CHANGE ? 1 : 0);
      if (a->n_changes == 1) {
        assert_string_equal(a->changes[0].before, "old");
      }
      assert_int_equal(far_applies, before);
    }
  }
}

// A secret goes with the data: to the file's mode, to steps that take it, to the action.
static void test_secrets(void **state) {
  (void)state;
  WG_AUTO(place) p = {0};
  world(&p);
  toy t = {.constant = "password"}, u = {0};
  far_side f = {.has = ""};
  WG_AUTO(wg_cstr) path = at(&p, "out/b");
  WG_AUTO_PTR(wg_graph) g = wg_graph_new();
  wg_step *s = wg_graph_add(g, &toy_kind, "answer", &t);
  wg_step_secret(s);
  wg_step *b = wg_graph_add(g, &toy_kind, "image", &u);
  wg_step_input_step(b, "dep", s, "out");
  wg_step_publish(b, "out", path, 0644, false);
  wg_step_input_outputs(wg_graph_add_action(g, &far_kind, "publish/share", &f), b);
  WG_AUTO(wg_exec_result) r = {0};
  assert_int_equal(go(&p, g, options(&p, "publish"), &r), WG_OK);
  assert_true(f.secret_seen);
  wg_stat st;
  wg_error err = WG_ERROR_INIT;
  assert_int_equal(wg_os_stat(WG_CWD, path, false, &st, &err), WG_OK);
  assert_int_equal(st.mode, 0600);
}

// What the makers of a graph get wrong.
static void test_bad_graphs(void **state) {
  (void)state;
  WG_AUTO(place) p = {0};
  world(&p);
  toy t = {0};
  far_side f = {.has = ""};
  for (unsigned i = 0; i < 3; i++) {
    WG_AUTO_PTR(wg_graph) g = wg_graph_new();
    wg_step *a = wg_graph_add_action(g, &far_kind, i == 2 ? "nocommand" : "publish/a", &f);
    if (i == 0) {
      wg_step_after(wg_graph_add(g, &toy_kind, "x", &t), a);
    } else if (i == 1) {
      wg_step_param(a, "x", "y");
    }
    WG_AUTO(wg_exec_result) r = {0};
    assert_int_equal(go(&p, g, options(&p, "publish"), &r), WG_E_BUG);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_build_touches_nothing),
      cmocka_unit_test(test_changes_once),
      cmocka_unit_test(test_failure_is_undone),
      cmocka_unit_test(test_stopped_is_undone),
      cmocka_unit_test(test_no_record_no_action),
      cmocka_unit_test(test_all_is_made_first),
      cmocka_unit_test(test_looks_first),
      cmocka_unit_test(test_destructive_wants_its_name),
      cmocka_unit_test(test_budget),
      cmocka_unit_test(test_ready_comes_first),
      cmocka_unit_test(test_plan),
      cmocka_unit_test(test_secrets),
      cmocka_unit_test(test_bad_graphs),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
