// SPDX-License-Identifier: Apache-2.0
// The engine on toy steps.
#include "toy.h"

static wg_exec_options options(const place *p) {
  return (wg_exec_options){.cpus = 4, .memory_bytes = 1 << 30, .project_dir = p->project};
}

static wg_exec_result run(place *p, wg_graph *g, wg_exec_options opt, wg_code want) {
  wg_exec_result res;
  wg_error err = WG_ERROR_INIT;
  wg_code code = wg_exec_run(g, p->store, &opt, &res, &err);
  if (code != want) {
    print_message("# %s: %s\n", wg_code_name(code), err.text);
    for (size_t i = 0; i < res.n_failures; i++) {
      print_message("# %s: %s\n", res.failures[i].identity, res.failures[i].text);
    }
  }
  assert_int_equal(code, want);
  return res;
}

// For runs of which only the code counts.
static void run_drop(wg_exec_result r) {
  wg_exec_result_done(&r);
}

// A chain a (reads in.txt) -> b, both published.
static wg_graph *chain(const place *p, const toy *a, const toy *b) {
  WG_AUTO(wg_cstr) in = at(p, "in.txt");
  WG_AUTO(wg_cstr) out_a = at(p, "out/a.txt");
  WG_AUTO(wg_cstr) out_b = at(p, "out/b.txt");
  wg_graph *g = wg_graph_new();
  wg_step *sa = wg_graph_add(g, &toy_kind, "app/a", a);
  wg_step_input_file(sa, "in", in);
  wg_step_param(sa, "flags", "-s");
  wg_step_publish(sa, "out", out_a, 0644, false);
  wg_step *sb = wg_graph_add(g, &toy_kind, "image/b", b);
  wg_step_input_step(sb, "dep", sa, "out");
  wg_step_publish(sb, "out", out_b, 0600, false);
  return g;
}

static void test_cache_hit(void **state) {
  (void)state;
  WG_AUTO(place) p;
  place_init(&p);
  put(&p, "in.txt", "one");
  toy a = {0}, b = {0};
  for (unsigned i = 0; i < 3; i++) {
    WG_AUTO_PTR(wg_graph) g = chain(&p, &a, &b);
    WG_AUTO(wg_exec_result) r = run(&p, g, options(&p), WG_OK);
    assert_int_equal(r.n_ran, i == 0 ? 2 : 0);
    assert_int_equal(r.n_cached, i == 0 ? 0 : 2);
    assert_int_equal(toy_n_run, 2);
    place_reopen(&p);
  }
  put(&p, "in.txt", "two");
  WG_AUTO_PTR(wg_graph) g = chain(&p, &a, &b);
  WG_AUTO(wg_exec_result) r = run(&p, g, options(&p), WG_OK);
  assert_int_equal(r.n_ran, 2);
}

static wg_step *published(const place *p, wg_graph *g, const wg_step_kind *kind,
                          const char *identity, const toy *t) {
  WG_AUTO(wg_cstr) name = wg_xprintf("out/%s", identity);
  WG_AUTO(wg_cstr) path = at(p, name);
  wg_step *s = wg_graph_add(g, kind, identity, t);
  wg_step_publish(s, "out", path, 0644, t->big);
  return s;
}

// One step "x" of this kind, run once.
static wg_exec_result run_one(place *p, const wg_step_kind *kind, const toy *t, wg_code want) {
  WG_AUTO_PTR(wg_graph) g = wg_graph_new();
  (void)published(p, g, kind, "x", t);
  return run(p, g, options(p), want);
}

static void test_restore(void **state) {
  (void)state;
  WG_AUTO(place) p;
  place_init(&p);
  put(&p, "in.txt", "one");
  toy a = {0}, b = {0};
  WG_AUTO_PTR(wg_graph) g = chain(&p, &a, &b);
  run_drop(run(&p, g, options(&p), WG_OK));
  WG_AUTO(wg_cstr) good = get(&p, "out/a.txt");
  wg_error err = WG_ERROR_INIT;
  WG_AUTO(wg_cstr) path = at(&p, "out/a.txt");
  assert_int_equal(wg_os_unlink(WG_CWD, path, &err), WG_OK);
  put(&p, "out/b.txt", "somebody wrote here");
  WG_AUTO(wg_exec_result) second = run(&p, g, options(&p), WG_OK);
  assert_int_equal(second.n_cached, 2);
  WG_AUTO(wg_cstr) again = get(&p, "out/a.txt");
  WG_AUTO(wg_cstr) b_text = get(&p, "out/b.txt");
  assert_string_equal(again, good);
  assert_true(wg_str_starts(wg_str_of(b_text), "dep "));
  wg_stat st;
  WG_AUTO(wg_cstr) path_b = at(&p, "out/b.txt");
  assert_int_equal(wg_os_stat(WG_CWD, path_b, false, &st, &err), WG_OK);
  assert_int_equal(st.mode, 0600);
}

// A changed input that leads to the same output stops there.
static void test_early_cutoff(void **state) {
  (void)state;
  WG_AUTO(place) p;
  place_init(&p);
  put(&p, "in.txt", "one");
  toy a = {.constant = "always"}, b = {0};
  WG_AUTO_PTR(wg_graph) g = chain(&p, &a, &b);
  WG_AUTO(wg_exec_result) first = run(&p, g, options(&p), WG_OK);
  assert_int_equal(first.n_ran, 2);
  put(&p, "in.txt", "two");
  WG_AUTO(wg_exec_result) second = run(&p, g, options(&p), WG_OK);
  assert_int_equal(second.n_ran, 1);
  assert_int_equal(second.n_cached, 1);
}

static void test_discovery(void **state) {
  (void)state;
  WG_AUTO(place) p;
  place_init(&p);
  put(&p, "src/main.go", "package main");
  WG_AUTO(wg_cstr) src = at(&p, "src/main.go");
  WG_AUTO(wg_cstr) dir = at(&p, "src");
  WG_AUTO(wg_cstr) absent = at(&p, "go.work");
  toy t = {.src = src, .dir = dir, .absent = absent, .env = "WG_TOY_ENV"};
  (void)unsetenv("WG_TOY_ENV");
  struct {
    const char *what;
    unsigned n_run, n_discover;
  } const steps[] = {{"first", 1, 1},       {"nothing", 1, 1}, {"content", 2, 2},
                     {"file added", 2, 3},  {"nothing", 2, 3}, {"absent appears", 3, 4},
                     {"variable", 4, 5},    {"nothing", 4, 5}, {"content back", 5, 6},
                     {"touched only", 5, 6}};
  for (size_t i = 0; i < WG_ARRAY_LEN(steps); i++) {
    const char *w = steps[i].what;
    if (strcmp(w, "content") == 0) {
      put(&p, "src/main.go", "package main // changed");
    } else if (strcmp(w, "file added") == 0) {
      put(&p, "src/b.go", "package main");
    } else if (strcmp(w, "absent appears") == 0) {
      put(&p, "go.work", "go 1.22");
    } else if (strcmp(w, "variable") == 0) {
      (void)setenv("WG_TOY_ENV", "value", 1);
    } else if (strcmp(w, "content back") == 0) {
      put(&p, "src/main.go", "package main");
    } else if (strcmp(w, "touched only") == 0) {
      wg_error err = WG_ERROR_INIT;
      assert_int_equal(wg_os_set_mtime(WG_CWD, src, 1500000000000000000, &err), WG_OK);
    }
    place_reopen(&p);
    run_drop(run_one(&p, &toy_found, &t, WG_OK));
    print_message("# %s\n", w);
    assert_int_equal(toy_n_run, steps[i].n_run);
    assert_int_equal(toy_n_discover, steps[i].n_discover);
  }
  (void)unsetenv("WG_TOY_ENV");
}

// The same again in another project: the key is the same, the discovery is not shared.
static void test_two_projects(void **state) {
  (void)state;
  WG_AUTO(place) p;
  place_init(&p);
  put(&p, "src/main.go", "package main");
  put(&p, "other/src/main.go", "package main");
  WG_AUTO(wg_cstr) src = at(&p, "src/main.go");
  WG_AUTO(wg_cstr) src2 = at(&p, "other/src/main.go");
  WG_AUTO(wg_cstr) other = at(&p, "other");
  toy t = {.src = src}, t2 = {.src = src2};
  run_drop(run_one(&p, &toy_found, &t, WG_OK));
  WG_AUTO_PTR(wg_graph) g = wg_graph_new();
  (void)wg_graph_add(g, &toy_found, "x", &t2);
  wg_exec_options opt = options(&p);
  opt.project_dir = other;
  WG_AUTO(wg_exec_result) r2 = run(&p, g, opt, WG_OK);
  assert_int_equal(r2.n_cached, 1);
  assert_int_equal(toy_n_discover, 2);
}

static void test_tree(void **state) {
  (void)state;
  WG_AUTO(place) p;
  place_init(&p);
  put(&p, "tree/a.txt", "a");
  put(&p, "tree/sub/b.txt", "b");
  WG_AUTO(wg_cstr) tree = at(&p, "tree");
  WG_AUTO(wg_cstr) empty = at(&p, "tree/empty");
  WG_AUTO(wg_cstr) link = at(&p, "tree/link");
  toy t = {0};
  wg_error err = WG_ERROR_INIT;
  for (unsigned i = 0; i < 6; i++) {
    if (i == 2) {
      put(&p, "tree/sub/b.txt", "changed");
    } else if (i == 3) {
      assert_int_equal(wg_os_mkdir(WG_CWD, empty, 0755, &err), WG_OK);
    } else if (i == 4) {
      assert_int_equal(wg_os_symlink("a.txt", WG_CWD, link, &err), WG_OK);
    } else if (i == 5) {
      assert_int_equal(wg_os_unlink(WG_CWD, link, &err), WG_OK);
      assert_int_equal(wg_os_symlink("sub", WG_CWD, link, &err), WG_OK);
    }
    WG_AUTO_PTR(wg_graph) g = wg_graph_new();
    wg_step *s = published(&p, g, &toy_kind, "x", &t);
    wg_step_input_tree(s, "tree", tree);
    WG_AUTO(wg_exec_result) r = run(&p, g, options(&p), WG_OK);
    assert_int_equal(r.n_ran, i == 1 ? 0 : 1);
    if (i == 2) {
      put(&p, "tree/c.txt", "new");
      WG_AUTO(wg_plan) plan = {0};
      wg_exec_options opt = options(&p);
      assert_int_equal(wg_exec_plan(g, p.store, &opt, &plan, &err), WG_OK);
      assert_int_equal(plan.steps[0].n_reasons, 1);
      assert_string_equal(plan.steps[0].reasons[0], "new input: tree/c.txt");
      run_drop(run(&p, g, options(&p), WG_OK));
    }
  }
}

// --- failures

static void test_two_failures(void **state) {
  (void)state;
  WG_AUTO(place) p;
  place_init(&p);
  toy bad = {
      .fail = "exit status 1", .details = "main.go:3: broken\n", .hook = hook_when_three_run};
  toy bad2 = {.fail = "exit status 2", .hook = hook_after_a_failure};
  toy good = {0}, slow = {.hook = hook_after_a_failure};
  toy_n_failed_seen = 0;
  WG_AUTO_PTR(wg_graph) g = wg_graph_new();
  wg_step *a = published(&p, g, &toy_kind, "a", &bad);
  wg_step_param(published(&p, g, &toy_kind, "b", &bad2), "n", "b");
  wg_step *after = published(&p, g, &toy_kind, "after", &good);
  wg_step_input_step(after, "dep", a, "out");
  wg_step_after(published(&p, g, &toy_kind, "later", &good), after);
  wg_step_param(published(&p, g, &toy_kind, "slow", &slow), "n", "slow");
  seen s = {0};
  wg_buf_init(&s.text, wg_heap(), 0);
  WG_AUTO_PTR(wg_bus) bus = wg_bus_new();
  wg_bus_listen(bus, seen_event, &s);
  wg_exec_options opt = options(&p);
  opt.bus = bus;
  WG_AUTO(wg_exec_result) r = run(&p, g, opt, WG_E_FAILED);
  assert_int_equal(r.n_failures, 2); // both that ran at once
  assert_string_equal(r.failures[0].identity, "a");
  assert_string_equal(r.failures[0].text, "exit status 1");
  assert_string_equal(r.failures[0].details, "main.go:3: broken\n");
  assert_string_equal(r.failures[1].identity, "b");
  assert_int_equal(r.n_ran, 1); // slow was running: its work is kept
  assert_int_equal(r.n_skipped, 2);
  assert_true(seen_has(&s, WG_EV_STEP_FAILED, "a exit status 1|main.go:3: broken\n"));
  assert_true(seen_has(&s, WG_EV_STEP_SKIPPED, "after needs 'a'|"));
  assert_true(seen_has(&s, WG_EV_STEP_SKIPPED, "later needs 'after'|"));
  assert_true(seen_has(&s, WG_EV_RUN_ENDED, "- 2 of 5 steps failed: a and others|"));
  // Failures are not remembered. b waits for that of a again, else a might not begin.
  toy_n_run = 1; // slow will not run again
  toy_n_failed_seen = 0;
  WG_AUTO(wg_exec_result) again = run(&p, g, opt, WG_E_FAILED);
  assert_int_equal(again.n_cached, 1);
  assert_int_equal(toy_n_run, 3);
  wg_buf_done(&s.text);
}

static void test_keep_going(void **state) {
  (void)state;
  toy bad = {.fail = "no"}, good = {0};
  for (unsigned keep = 0; keep < 2; keep++) {
    WG_AUTO(place) p;
    place_init(&p);
    WG_AUTO_PTR(wg_graph) g = wg_graph_new();
    wg_step *a = published(&p, g, &toy_kind, "a", &bad);
    wg_step_input_step(published(&p, g, &toy_kind, "b", &good), "dep", a, "out");
    for (unsigned i = 0; i < 8; i++) {
      WG_AUTO(wg_cstr) name = wg_xprintf("c%u", i);
      wg_step_param(published(&p, g, &toy_kind, name, &good), "n", name);
    }
    wg_exec_options opt = options(&p);
    opt.keep_going = keep == 1;
    opt.cpus = 1;
    WG_AUTO(wg_exec_result) r = run(&p, g, opt, WG_E_FAILED);
    assert_int_equal(r.n_ran, keep == 1 ? 8 : 0);
    assert_int_equal(r.n_skipped, keep == 1 ? 1 : 9);
  }
}

static wg_cancel *hook_cancel;
static void hook_stop(wg_step_ctx *c, const toy *t) {
  (void)c;
  (void)t;
  wg_cancel_set(hook_cancel, 2);
}

static void test_cancel(void **state) {
  (void)state;
  WG_AUTO(place) p;
  place_init(&p);
  wg_cancel cancel;
  wg_error err = WG_ERROR_INIT;
  assert_int_equal(wg_cancel_init(&cancel, &err), WG_OK);
  hook_cancel = &cancel;
  toy first = {0}, stops = {.hook = hook_stop, .sleep_ms = 600000, .big = true}, never = {0};
  WG_AUTO_PTR(wg_graph) g = wg_graph_new();
  wg_step *a = published(&p, g, &toy_kind, "a", &first);
  wg_step *b = published(&p, g, &toy_kind, "b", &stops);
  wg_step_input_step(b, "dep", a, "out");
  wg_step_input_step(published(&p, g, &toy_kind, "c", &never), "dep", b, "out");
  wg_exec_options opt = options(&p);
  opt.cancel = &cancel;
  WG_AUTO(wg_exec_result) r = run(&p, g, opt, WG_E_CANCELED); // b has ten minutes to go
  assert_int_equal(r.n_ran, 1);
  assert_int_equal(r.n_skipped, 2);
  assert_int_equal(r.n_failures, 0);
  wg_cancel_done(&cancel);
  // What was finished is kept; nothing temporary is left.
  WG_AUTO(wg_arena) arena;
  wg_arena_init(&arena, wg_heap(), 0);
  wg_dirent *list;
  size_t n;
  WG_AUTO(wg_cstr) out = at(&p, "out");
  assert_int_equal(wg_os_list_dir(WG_CWD, out, &arena, &list, &n, &err), WG_OK);
  assert_int_equal(n, 1);
  WG_AUTO(wg_cstr) tmp = wg_path_join(p.store_dir, "v1/tmp");
  assert_int_equal(wg_os_list_dir(WG_CWD, tmp, &arena, &list, &n, &err), WG_OK);
  assert_int_equal(n, 0);
  stops.hook = NULL;
  stops.sleep_ms = 0;
  WG_AUTO(wg_exec_result) r2 = run(&p, g, options(&p), WG_OK);
  assert_int_equal(r2.n_cached, 1);
  assert_int_equal(r2.n_ran, 2);
}

// --- the budget

static void hook_two_at_once(wg_step_ctx *c, const toy *t) {
  (void)t;
  // One that takes all has nobody beside it; the others run two at a time, at first at the latest.
  while (wg_ctx_cpus(c) < 3 && atomic_load(&toy_n_max) < 2) {
    wg_os_sleep_ms(1);
  }
}

static void test_budget(void **state) {
  (void)state;
  WG_AUTO(place) p;
  place_init(&p);
  toy t = {.sleep_ms = 5, .hook = hook_two_at_once};
  WG_AUTO_PTR(wg_graph) g = wg_graph_new();
  for (unsigned i = 0; i < 12; i++) {
    WG_AUTO(wg_cstr) name = wg_xprintf("s%u", i);
    wg_step *s = published(&p, g, &toy_kind, name, &t);
    wg_step_param(s, "n", name);
    wg_step_need(s, i % 4 == 3 ? 9 : 1 + i % 2, (uint64_t)300 << 20);
  }
  wg_exec_options opt = options(&p);
  opt.cpus = 3;
  opt.memory_bytes = (uint64_t)2 << 30;
  WG_AUTO(wg_exec_result) r = run(&p, g, opt, WG_OK);
  assert_int_equal(r.n_ran, 12); // also those that ask for more than there is
  assert_true(toy_max <= 3);
  assert_true(toy_n_max >= 2);
  // By memory: two at a time.
  toy_max = 0;
  t.hook = NULL;
  WG_AUTO_PTR(wg_graph) h = wg_graph_new();
  for (unsigned i = 0; i < 8; i++) {
    WG_AUTO(wg_cstr) name = wg_xprintf("m%u", i);
    wg_step *s = published(&p, h, &toy_kind, name, &t);
    wg_step_param(s, "n", name);
    wg_step_need(s, 1, (uint64_t)(i == 0 ? 900 : 400) << 20);
  }
  opt.cpus = 8;
  opt.memory_bytes = (uint64_t)850 << 20;
  toy_n_now = toy_n_max = 0;
  WG_AUTO(wg_exec_result) r2 = run(&p, h, opt, WG_OK);
  assert_int_equal(r2.n_ran, 8);
  assert_true(toy_n_max <= 2);
}

// A step alone gets what is free.
static void test_grant(void **state) {
  (void)state;
  WG_AUTO(place) p;
  place_init(&p);
  toy t = {0};
  run_drop(run_one(&p, &toy_kind, &t, WG_OK));
  assert_int_equal(toy_max, 4);
}

// --- plan

static void plan_is(place *p, wg_graph *g, const char *want) {
  WG_AUTO(wg_plan) plan = {0};
  WG_AUTO(wg_buf) b = {0};
  wg_buf_init(&b, wg_heap(), 0);
  wg_error err = WG_ERROR_INIT;
  wg_exec_options opt = options(p);
  assert_int_equal(wg_exec_plan(g, p->store, &opt, &plan, &err), WG_OK);
  static const char *const words[] = {"cached", "run", "unknown"};
  for (size_t i = 0; i < plan.n_steps; i++) {
    wg_buf_printf(&b, "%s %s:", words[plan.steps[i].state], plan.steps[i].identity);
    for (size_t k = 0; k < plan.steps[i].n_reasons; k++) {
      wg_buf_printf(&b, " %s;", plan.steps[i].reasons[k]);
    }
    wg_buf_add_z(&b, "\n");
  }
  assert_string_equal(wg_buf_z(&b), want);
}

static void test_plan(void **state) {
  (void)state;
  WG_AUTO(place) p;
  place_init(&p);
  put(&p, "in.txt", "one");
  toy a = {0}, b = {0};
  WG_AUTO_PTR(wg_graph) g = chain(&p, &a, &b);
  plan_is(&p, g,
          "run app/a: first run here;\n"
          "unknown image/b: depends on 'out' of app/a, which will run;\n");
  run_drop(run(&p, g, options(&p), WG_OK));
  plan_is(&p, g, "cached app/a:\ncached image/b:\n");
  put(&p, "in.txt", "two");
  plan_is(&p, g,
          "run app/a: changed: in;\n"
          "unknown image/b: depends on 'out' of app/a, which will run;\n");
  plan_is(&p, g,
          "run app/a: changed: in;\n" // asking changes nothing
          "unknown image/b: depends on 'out' of app/a, which will run;\n");
  put(&p, "in.txt", "one");
  plan_is(&p, g, "cached app/a:\ncached image/b:\n");
  WG_AUTO_PTR(wg_graph) h = wg_graph_new();
  WG_AUTO(wg_cstr) in = at(&p, "in.txt");
  WG_AUTO(wg_cstr) out = at(&p, "out/a.txt");
  wg_step *s = wg_graph_add(h, &toy_kind2, "app/a", &a);
  wg_step_param(s, "flags", "-s -w");
  wg_step_param(s, "tags", "netgo");
  wg_step_input_file(s, "in2", in);
  wg_step_publish(s, "out", out, 0644, false);
  plan_is(&p, h,
          "run app/a: this wingo makes it another way (toy 2, was toy 1); "
          "parameter flags: was '-s', is '-s -w'; new parameter tags: 'netgo'; "
          "removed: in; new input: in2;\n");
  assert_int_equal(toy_n_run, 2);
}

static void test_targets(void **state) {
  (void)state;
  WG_AUTO(place) p;
  place_init(&p);
  put(&p, "in.txt", "one");
  toy a = {0}, b = {0};
  WG_AUTO_PTR(wg_graph) g = chain(&p, &a, &b);
  wg_step_alias(g == NULL ? NULL : published(&p, g, &toy_found, "app/agent/linux", &a), "agent");
  struct {
    const char *target;
    unsigned n_steps;
  } const good[] = {{"app/a", 1}, {"image", 2}, {"image/b/", 2}, {"agent", 1}, {"app", 2}};
  for (size_t i = 0; i < WG_ARRAY_LEN(good); i++) {
    wg_exec_options opt = options(&p);
    opt.targets = &good[i].target;
    opt.n_targets = 1;
    WG_AUTO(wg_exec_result) r = run(&p, g, opt, WG_OK);
    assert_int_equal(r.n_steps, good[i].n_steps);
  }
  const char *bad[] = {"agnet", "nothing-like-it", ""};
  const char *text[] = {
      "unknown target 'agnet': did you mean 'agent'? There are: app, app/a, image, image/b, "
      "app/agent, app/agent/linux, agent",
      "unknown target 'nothing-like-it'; there are: app, app/a, image, image/b, app/agent, "
      "app/agent/linux, agent",
      "unknown target ''; there are: app, app/a, image, image/b, app/agent, app/agent/linux, "
      "agent"};
  for (size_t i = 0; i < WG_ARRAY_LEN(bad); i++) {
    wg_exec_options opt = options(&p);
    opt.targets = &bad[i];
    opt.n_targets = 1;
    wg_exec_result r;
    wg_error err = WG_ERROR_INIT;
    assert_int_equal(wg_exec_run(g, p.store, &opt, &r, &err), WG_E_NOT_FOUND);
    assert_string_equal(err.text, text[i]);
    wg_exec_result_done(&r);
  }
}

// --- honesty

static void test_recheck(void **state) {
  (void)state;
  WG_AUTO(place) p;
  place_init(&p);
  toy fine = {0}, varies = {.random = true}, varies_big = {.random = true, .big = true};
  WG_AUTO_PTR(wg_graph) g = wg_graph_new();
  (void)published(&p, g, &toy_kind, "fine", &fine);
  wg_step_param(published(&p, g, &toy_kind, "varies", &varies), "n", "1");
  wg_step_param(published(&p, g, &toy_kind, "varies-big", &varies_big), "n", "2");
  run_drop(run(&p, g, options(&p), WG_OK));
  WG_AUTO(wg_cstr) before = get(&p, "out/varies");
  WG_AUTO(wg_cstr) before_big = get(&p, "out/varies-big");
  wg_exec_options opt = options(&p);
  opt.recheck = opt.keep_going = true;
  WG_AUTO(wg_exec_result) r2 = run(&p, g, opt, WG_E_VERIFY);
  assert_int_equal(r2.n_ran, 1);
  assert_int_equal(r2.n_failures, 2);
  for (size_t i = 0; i < 2; i++) {
    assert_int_equal(r2.failures[i].code, WG_E_VERIFY);
    assert_true(wg_str_starts(wg_str_of(r2.failures[i].identity), "varies"));
    assert_non_null(strstr(r2.failures[i].text, "output 'out'"));
  }
  WG_AUTO(wg_cstr) after = get(&p, "out/varies");
  WG_AUTO(wg_cstr) after_big = get(&p, "out/varies-big");
  assert_string_equal(before, after);
  assert_string_equal(before_big, after_big);
  assert_int_equal(toy_n_run, 6);
}

// An input that changes while it is being read never gets a result under the old key.
static const char *hook_path;
static unsigned hook_times;
static void hook_change(wg_step_ctx *c, const toy *t) {
  (void)c;
  (void)t;
  if (hook_times > 0) {
    wg_error err = WG_ERROR_INIT;
    char text[32];
    size_t n = wg_format(text, sizeof(text), "changed %u", hook_times--);
    assert_int_equal(wg_os_write_file(WG_CWD, hook_path, text, n, 0644, false, &err), WG_OK);
  }
}

static void test_moving_input(void **state) {
  (void)state;
  for (unsigned times = 1; times <= 5; times += 4) {
    for (unsigned found = 0; found < 2; found++) {
      WG_AUTO(place) p;
      place_init(&p);
      put(&p, "in.txt", "one");
      WG_AUTO(wg_cstr) in = at(&p, "in.txt");
      hook_path = in;
      hook_times = times;
      toy t = {.hook = hook_change, .src = found == 1 ? in : NULL};
      WG_AUTO_PTR(wg_graph) g = wg_graph_new();
      wg_step *s = published(&p, g, found == 1 ? &toy_found : &toy_kind, "x", &t);
      if (found == 0) {
        wg_step_input_file(s, "in", in);
      }
      run_drop(run(&p, g, options(&p), times == 1 ? WG_OK : WG_E_CONFLICT));
      assert_int_equal(toy_n_run, times == 1 ? 2 : 3);
      hook_times = 0;
      WG_AUTO(wg_exec_result) r2 = run(&p, g, options(&p), WG_OK);
      assert_int_equal(r2.n_cached, times == 1 ? 1 : 0);
      WG_AUTO(wg_cstr) made = get(&p, "out/x");
      WG_AUTO(wg_cstr) content = get(&p, "in.txt");
      wg_digest d = wg_sha256(content, strlen(content));
      assert_non_null(strstr(made, wg_digest_hex(&d).s));
    }
  }
}

// A file saved while discover() runs: what it found may be of the text before.
static void test_overtaken_discovery(void **state) {
  (void)state;
  WG_AUTO(place) p;
  place_init(&p);
  put(&p, "in.txt", "one");
  WG_AUTO(wg_cstr) in = at(&p, "in.txt");
  wg_os_sleep_ms(50);
  hook_path = in;
  hook_times = 1;
  toy t = {.src = in, .discover_hook = hook_change};
  run_drop(run_one(&p, &toy_found, &t, WG_OK));
  assert_int_equal(toy_n_discover, 2);
  assert_int_equal(toy_n_run, 1);
}

static void test_warning_replayed(void **state) {
  (void)state;
  WG_AUTO(place) p;
  place_init(&p);
  toy t = {.warn = "mind the gap"};
  for (unsigned i = 0; i < 2; i++) {
    seen s = {0};
    wg_buf_init(&s.text, wg_heap(), 0);
    WG_AUTO_PTR(wg_bus) bus = wg_bus_new();
    wg_bus_listen(bus, seen_event, &s);
    WG_AUTO_PTR(wg_graph) g = wg_graph_new();
    (void)published(&p, g, &toy_kind, "x", &t);
    wg_exec_options opt = options(&p);
    opt.bus = bus;
    WG_AUTO(wg_exec_result) r = run(&p, g, opt, WG_OK);
    assert_int_equal(r.n_cached, i);
    assert_true(seen_has(&s, WG_EV_STEP_WARNING, "x mind the gap|"));
    wg_buf_done(&s.text);
  }
}

// --- big outputs

static void test_big(void **state) {
  (void)state;
  WG_AUTO(place) p;
  place_init(&p);
  put(&p, "in.txt", "one");
  WG_AUTO(wg_cstr) in = at(&p, "in.txt");
  toy t = {.big = true}, u = {0};
  WG_AUTO_PTR(wg_graph) g = wg_graph_new();
  wg_step *s = published(&p, g, &toy_kind, "x", &t);
  wg_step_input_file(s, "in", in);
  wg_step_input_step(published(&p, g, &toy_kind, "y", &u), "dep", s, "out");
  run_drop(run(&p, g, options(&p), WG_OK));
  WG_AUTO(wg_cstr) good = get(&p, "out/x");
  wg_digest d = wg_sha256(good, strlen(good));
  assert_false(wg_store_has_blob(p.store, &d)); // it lives once
  WG_AUTO(wg_exec_result) r2 = run(&p, g, options(&p), WG_OK);
  assert_int_equal(r2.n_cached, 2);
  put(&p, "out/x", "somebody wrote here");
  plan_is(&p, g,
          "run x: output 'out' is no longer there;\n"
          "unknown y: depends on 'out' of x, which will run;\n");
  WG_AUTO(wg_exec_result) r3 = run(&p, g, options(&p), WG_OK);
  assert_int_equal(r3.n_ran, 1); // y has what it needs
  WG_AUTO(wg_cstr) again = get(&p, "out/x");
  assert_string_equal(again, good);
  // Another place asks for the same: copied, not made again.
  WG_AUTO_PTR(wg_graph) h = wg_graph_new();
  WG_AUTO(wg_cstr) path = at(&p, "elsewhere/x");
  wg_step *s2 = wg_graph_add(h, &toy_kind, "x", &t);
  wg_step_input_file(s2, "in", in);
  wg_step_publish(s2, "out", path, 0644, true);
  WG_AUTO(wg_exec_result) r4 = run(&p, h, options(&p), WG_OK);
  assert_int_equal(r4.n_cached, 1);
  WG_AUTO(wg_cstr) copy = get(&p, "elsewhere/x");
  assert_string_equal(copy, good);
}

static void test_stale_temporary(void **state) {
  (void)state;
  WG_AUTO(place) p;
  place_init(&p);
  toy t = {.big = true};
  put(&p, "out/x.wgtmp-deadbeef", "half");
  put(&p, "out/x2", "not ours");
  run_drop(run_one(&p, &toy_kind, &t, WG_OK));
  WG_AUTO(wg_cstr) stale = get(&p, "out/x.wgtmp-deadbeef");
  WG_AUTO(wg_cstr) other = get(&p, "out/x2");
  assert_string_equal(stale, "<none>");
  assert_string_equal(other, "not ours");
}

// --- what is wrong with a graph

static void graph_is_bad(place *p, wg_graph *g, const char *text) {
  wg_exec_result r;
  wg_error err = WG_ERROR_INIT;
  wg_exec_options opt = options(p);
  assert_int_equal(wg_exec_run(g, p->store, &opt, &r, &err), WG_E_BUG);
  assert_string_equal(err.text, text);
  wg_exec_result_done(&r);
}

static void test_bad_graphs(void **state) {
  (void)state;
  WG_AUTO(place) p;
  place_init(&p);
  toy t = {0};
  {
    WG_AUTO_PTR(wg_graph) g = wg_graph_new();
    wg_step *a = wg_graph_add(g, &toy_kind, "a", &t), *b = wg_graph_add(g, &toy_kind, "b", &t);
    wg_step *c = wg_graph_add(g, &toy_kind, "c", &t);
    wg_step_input_step(a, "dep", b, "out");
    wg_step_after(b, c);
    wg_step_after(c, b);
    graph_is_bad(&p, g, "the steps go in a circle: 'b' needs 'c' needs 'b'");
  }
  {
    WG_AUTO_PTR(wg_graph) g = wg_graph_new();
    (void)wg_graph_add(g, &toy_kind, "a", &t);
    (void)wg_graph_add(g, &toy_kind, "a", &t);
    graph_is_bad(&p, g, "two steps are named 'a'");
  }
  {
    WG_AUTO_PTR(wg_graph) g = wg_graph_new();
    wg_step_publish(wg_graph_add(g, &toy_kind, "a", &t), "out", "/tmp/same", 0644, false);
    wg_step_publish(wg_graph_add(g, &toy_kind, "b", &t), "out", "/tmp/same", 0644, false);
    graph_is_bad(&p, g, "'b' and 'a' both write '/tmp/same'");
  }
  WG_AUTO_PTR(wg_graph) g = wg_graph_new();
  WG_AUTO(wg_cstr) out = at(&p, "out/never");
  wg_step_publish(wg_graph_add(g, &toy_kind, "a", &t), "other", out, 0644, false);
  WG_AUTO(wg_exec_result) r = run(&p, g, options(&p), WG_E_BUG);
  assert_string_equal(r.failures[0].text, "step kind 'toy' did not make all its outputs");
}

static void test_missing_input(void **state) {
  (void)state;
  WG_AUTO(place) p;
  place_init(&p);
  toy a = {0}, b = {0};
  WG_AUTO_PTR(wg_graph) g = chain(&p, &a, &b);
  WG_AUTO(wg_exec_result) r = run(&p, g, options(&p), WG_E_NOT_FOUND);
  WG_AUTO(wg_cstr) in = at(&p, "in.txt");
  WG_AUTO(wg_cstr) text = wg_xprintf("input 'in': there is no file '%s'", in);
  assert_string_equal(r.failures[0].text, text);
  assert_int_equal(toy_n_run, 0);
}

// Damage: records and state files that are cut or changed cost work, never a wrong result.
static void damage_below(const char *dir, unsigned how) {
  WG_AUTO(wg_arena) arena;
  wg_arena_init(&arena, wg_heap(), 0);
  wg_dirent *list;
  size_t n;
  wg_error err = WG_ERROR_INIT;
  assert_int_equal(wg_os_list_dir(WG_CWD, dir, &arena, &list, &n, &err), WG_OK);
  for (size_t i = 0; i < n; i++) {
    WG_AUTO(wg_cstr) path = wg_path_join(dir, list[i].name);
    if (list[i].type == WG_FT_DIR) {
      damage_below(path, how);
      continue;
    }
    WG_AUTO(wg_buf) b = {0};
    wg_buf_init(&b, wg_heap(), 0);
    assert_int_equal(wg_os_read_file(WG_CWD, path, 1 << 20, &b, &err), WG_OK);
    if (how == 0) {
      b.n /= 2;
    } else if (how == 1 && b.n > 0) {
      b.p[b.n - 1] ^= 1;
    } else {
      b.n = 0;
    }
    assert_int_equal(wg_os_unlink(WG_CWD, path, &err), WG_OK);
    assert_int_equal(wg_os_write_file(WG_CWD, path, b.p, b.n, 0644, false, &err), WG_OK);
  }
}

static void test_damage(void **state) {
  (void)state;
  for (unsigned how = 0; how < 3; how++) {
    WG_AUTO(place) p;
    place_init(&p);
    put(&p, "in.txt", "one");
    toy a = {0}, b = {0};
    WG_AUTO_PTR(wg_graph) g = chain(&p, &a, &b);
    run_drop(run(&p, g, options(&p), WG_OK));
    WG_AUTO(wg_cstr) good = get(&p, "out/b.txt");
    WG_AUTO(wg_cstr) st = at(&p, ".wingo/state");
    damage_below(st, how);
    plan_is(&p, g, "cached app/a:\ncached image/b:\n");
    WG_AUTO(wg_cstr) v1 = wg_path_join(p.store_dir, "v1/records");
    WG_AUTO(wg_cstr) blobs = wg_path_join(p.store_dir, "v1/blobs");
    damage_below(v1, how);
    damage_below(blobs, how);
    place_reopen(&p);
    put(&p, "out/b.txt", "?");
    WG_AUTO(wg_exec_result) r2 = run(&p, g, options(&p), WG_OK);
    assert_int_equal(r2.n_ran, 2);
    WG_AUTO(wg_cstr) again = get(&p, "out/b.txt");
    assert_string_equal(again, good);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_cache_hit),
      cmocka_unit_test(test_restore),
      cmocka_unit_test(test_early_cutoff),
      cmocka_unit_test(test_discovery),
      cmocka_unit_test(test_two_projects),
      cmocka_unit_test(test_tree),
      cmocka_unit_test(test_two_failures),
      cmocka_unit_test(test_keep_going),
      cmocka_unit_test(test_cancel),
      cmocka_unit_test(test_budget),
      cmocka_unit_test(test_grant),
      cmocka_unit_test(test_plan),
      cmocka_unit_test(test_targets),
      cmocka_unit_test(test_recheck),
      cmocka_unit_test(test_moving_input),
      cmocka_unit_test(test_warning_replayed),
      cmocka_unit_test(test_overtaken_discovery),
      cmocka_unit_test(test_big),
      cmocka_unit_test(test_stale_temporary),
      cmocka_unit_test(test_bad_graphs),
      cmocka_unit_test(test_missing_input),
      cmocka_unit_test(test_damage),
  };
  return cmocka_run_group_tests_name("exec", tests, NULL, NULL);
}
