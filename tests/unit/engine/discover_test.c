// SPDX-License-Identifier: Apache-2.0
// Discoveries: what is looked at again.
#include "toy.h"

static void put_back(wg_step_ctx *c, const toy *t) {
  (void)c;
  wg_error err = WG_ERROR_INIT;
  assert_int_equal(wg_os_write_file(WG_CWD, t->src, "fetched", 7, 0644, false, &err), WG_OK);
}

// A purged cache of modules: the record's files are gone, and discover() fetches them.
static void test_absent_then_fetched(void **state) {
  (void)state;
  WG_AUTO(place) p;
  place_init(&p);
  put(&p, "../mod.go", "fetched"); // not of the project
  WG_AUTO(wg_cstr) src = wg_path_join(p.dir, "mod.go");
  const toy t = {.src = src, .discover_hook = put_back};
  for (unsigned i = 0; i < 2; i++) {
    wg_error err = WG_ERROR_INIT;
    WG_AUTO_PTR(wg_graph) g = wg_graph_new();
    (void)wg_graph_add(g, &toy_found, "x", &t);
    const wg_exec_options opt = {.cpus = 2, .project_dir = p.project};
    WG_AUTO(wg_exec_result) r = {0};
    assert_int_equal(wg_exec_run(g, p.store, &opt, &r, &err), WG_OK);
    assert_int_equal(r.n_cached, i);
    assert_int_equal(toy_n_discover, i + 1);
    assert_int_equal(wg_os_unlink(WG_CWD, src, &err), WG_OK);
    place_reopen(&p);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_absent_then_fetched)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
