// The committed schema and reference page are what the table of keys gives.
#include "os/file.h"
#include "os/proc.h"
#include "world.h"

static void compare(const char *name, void (*make)(wg_buf *out)) {
  WG_AUTO(wg_cstr) path = wg_xprintf("%s/docs/%s", wg_os_getenv("WG_SOURCE_ROOT"), name);
  WG_AUTO(wg_buf) committed = {0};
  WG_AUTO(wg_buf) made = {0};
  wg_buf_init(&committed, wg_heap(), 0);
  wg_buf_init(&made, wg_heap(), 0);
  wg_error err = WG_ERROR_INIT;
  assert_ok(wg_os_read_file(WG_CWD, path, 1 << 22, &committed, &err), &err);
  make(&made);
  if (!wg_str_eq(wg_buf_str(&committed), wg_buf_str(&made))) {
    fail_msg("docs/%s is out of date: make it again with `wingo %s > docs/%s`", name,
             wg_str_ends(wg_str_of(name), ".json") ? "__schema" : "__reference", name);
  }
}

static void schema_is_current(void **state) {
  (void)state;
  compare("wingo.schema.json", wg_project_write_schema);
}

static void reference_is_current(void **state) {
  (void)state;
  compare("wingo.yaml.md", wg_project_write_reference);
}

// A key whose row lacks what the reader needs.
static void check_rows(const wg_key *rows) {
  for (const wg_key *r = rows; r != NULL && r->name != NULL; r++) {
    assert_non_null(r->doc);
    if ((r->flags & WG_KF_PLANNED) != 0) {
      continue;
    }
    assert_non_null(r->example);
    assert_true(r->type != WG_KEY_ENUM || r->choices != NULL);
    assert_true(r->check_name == NULL || r->name_pattern != NULL);
    if (r->type == WG_KEY_MAP) {
      check_rows(r->sub);
    } else if ((r->type == WG_KEY_NAMED || r->type == WG_KEY_LIST) &&
               r->sub[0].type == WG_KEY_MAP) {
      check_rows(r->sub[0].sub);
    }
  }
}

static void every_row_is_documented(void **state) {
  (void)state;
  check_rows(wg_project_root_key.sub);
}

// Each example of the table, put into its place, is what the program takes.
static void examples_are_valid(void **state) {
  (void)state;
  const wg_key *app = NULL;
  const wg_key *image = NULL;
  for (const wg_key *r = wg_project_root_key.sub; r->name != NULL; r++) {
    app = strcmp(r->name, "apps") == 0 ? r->sub[0].sub : app;
    image = strcmp(r->name, "images") == 0 ? r->sub[0].sub : image;
  }
  assert_true(app != NULL && image != NULL);
  for (const wg_key *r = app; r != NULL && r->name != NULL; r++) {
    bool is_targets = strcmp(r->name, "targets") == 0;
    WG_AUTO(wg_cstr) line = wg_xprintf("%s: %s", r->name, r->example);
    WG_AUTO(wg_cstr)
    yaml = wg_xprintf("version: 1\nname: x\napps:\n  agent:\n    %s%s\n",
                      is_targets ? "" : "targets: [windows/amd64]\n    ", line);
    WG_AUTO_PTR(wg_cfg) c = world_good((world_given){.yaml = yaml});
    assert_non_null(c);
  }
  for (const wg_key *r = image; r != NULL && r->name != NULL; r++) {
    if ((r->flags & WG_KF_PLANNED) != 0) {
      continue;
    }
    const char *base = strcmp(r->name, "base") == 0 ? "" : "    base: {file: b.wim}\n";
    const char *outputs = strcmp(r->name, "outputs") == 0 ? "" : "    outputs: [wim]\n";
    WG_AUTO(wg_cstr)
    yaml = wg_xprintf("version: 1\nname: x\napps: {agent: {targets: "
                      "[windows/amd64]}}\nimages:\n  i:\n%s%s    %s: %s\n",
                      base, outputs, r->name, r->example);
    WG_AUTO_PTR(wg_cfg) c = world_good((world_given){.yaml = yaml});
    assert_non_null(c);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(schema_is_current),
      cmocka_unit_test(reference_is_current),
      cmocka_unit_test(every_row_is_documented),
      cmocka_unit_test(examples_are_valid),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
