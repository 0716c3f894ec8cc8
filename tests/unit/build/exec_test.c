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

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_cache_hit),
  };
  return cmocka_run_group_tests_name("exec", tests, NULL, NULL);
}
