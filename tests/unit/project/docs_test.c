// SPDX-License-Identifier: Apache-2.0
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
             wg_str_ends(wg_str_of(name), ".json") ? "schema" : "__reference", name);
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

// Where a row stands, for the tests that go through all of them.
typedef struct row_at row_at;
struct row_at {
  const row_at *up;
  const wg_key *map, *row; // the row, and the MAP that has it
};

typedef void (*row_fn)(const row_at *at);

static const wg_key *map_below(const wg_key *r) {
  const wg_key *inner = r->type == WG_KEY_NAMED || r->type == WG_KEY_LIST ? &r->sub[0] : r;
  inner = inner->map_form != NULL ? inner->map_form : inner;
  return inner->type == WG_KEY_MAP ? inner : NULL;
}

static size_t each_row(const wg_key *map, const row_at *up, row_fn fn) {
  size_t n = 0;
  for (wg_key_iter it = wg_key_iter_of(&wg_project_lang, map); wg_key_next(&it);) {
    const row_at at = {.up = up, .map = map, .row = it.key};
    fn(&at);
    n++;
    if ((it.key->flags & WG_KF_PLANNED) == 0 && map_below(it.key) != NULL) {
      n += each_row(map_below(it.key), &at, fn);
    }
  }
  return n;
}

// "images.*.apps[].to"
static char *row_path(const row_at *at) {
  if (at->up == NULL) {
    return wg_xstrdup(at->row->name);
  }
  WG_AUTO(wg_cstr) up = row_path(at->up);
  const char *step = at->up->row->type == WG_KEY_NAMED  ? ".*"
                     : at->up->row->type == WG_KEY_LIST ? "[]"
                                                        : "";
  return wg_xprintf("%s%s.%s", up, step, at->row->name);
}

static void check_row(const row_at *at) {
  const wg_key *r = at->row;
  WG_AUTO(wg_cstr) path = row_path(at);
  bool planned = (r->flags & WG_KF_PLANNED) != 0;
  if (r->refused != NULL && r->doc == NULL) {
    return; // a name that people take for another key
  }
  const char *lacks = r->doc == NULL || !wg_str_ends(wg_str_of(r->doc), ".") ? "a sentence of doc"
                      : planned                                              ? NULL
                      : r->example == NULL                                   ? "an example"
                      : r->type == WG_KEY_ENUM && r->choices == NULL         ? "choices"
                      : r->type == WG_KEY_OWN && r->kind == NULL             ? "its kind"
                      : r->check_name != NULL && r->name_pattern == NULL     ? "a name_pattern"
                      : r->type == WG_KEY_NAMED && r->name_at == 0           ? "name_at"
                      : (r->type == WG_KEY_LIST || r->type == WG_KEY_NAMED) &&
                              (r->count_at == 0 || r->size == 0 || r->sub == NULL)
                          ? "count_at, size or sub"
                          : NULL;
  if (lacks != NULL) {
    fail_msg("the row of '%s' lacks %s", path, lacks);
  }
}

static void every_row_has_what_its_readers_need(void **state) {
  (void)state;
  assert_true(each_row(wg_project_lang.root, NULL, check_row) > 100);
}

static const char *place; // that is looked for among the rows
static bool place_found;

static void look_for_place(const row_at *at) {
  const wg_key *map = map_below(at->row);
  place_found =
      place_found || (map != NULL && map->under != NULL && strcmp(map->under, place) == 0);
}

// A section that stands nowhere, or one struct in the room of another, is a slip in the table.
static void every_section_stands_in_a_map(void **state) {
  (void)state;
  for (const wg_section_at *s = wg_project_lang.sections; s->section != NULL; s++) {
    const wg_section_at *below = s + 1;
    while (below->section != NULL && strcmp(below->under, s->under) != 0) {
      below++;
    }
    assert_true(s->at > 0); // one without keys is there for rules over several sections
    assert_true(s->section->rows[0].name != NULL || s->section->rules != NULL ||
                s->section->files != NULL);
    for (const wg_key *a = s->section->rows; a->name != NULL; a++) {
      const wg_key *b = below->section == NULL ? NULL : below->section->rows;
      for (; b != NULL && b->name != NULL; b++) {
        assert_string_not_equal(a->name, b->name);
      }
    }
    place = s->under;
    place_found = place[0] == '\0'; // the file itself
    (void)each_row(wg_project_lang.root, NULL, look_for_place);
    assert_true(place_found);
  }
}

// Keys that don't stand alone: what the example is given with.
static const struct {
  const char *path, *with;
} companions[] = {
    {"images.*.base", "arch: amd64, outputs: [wim]"},
    {"images.*.indexes", "base: {file: boot.wim}, outputs: [wim]"},
    {"images.*.base.image", "file: base/base.wim"},
    {"images.*.base.state", "synthetic: windows-11"},
    {"images.*.files[].from", "to: 'C:\\Kiosk'"},
    {"images.*.files[].rename", "to: 'C:\\Kiosk'"},
    {"images.*.files[].set", "attributes: [hidden]"},
    {"images.*.files[].to", "from: branding"},
    {"images.*.files[].attributes", "set: 'C:\\Kiosk'"},
    {"images.*.files[].owner", "set: 'C:\\Kiosk'"},
    {"images.*.files[].sddl", "set: 'C:\\Kiosk'"},
    {"images.*.files[].exclude", "from: branding, to: 'C:\\Kiosk'"},
    {"images.*.files[].all_below", "set: 'C:\\Kiosk', attributes: [hidden]"},
    {"images.*.files[].replace", "rename: 'C:\\Old', to: 'C:\\New'"},
    {"images.*.files[].if_present", "delete: 'C:\\Kiosk'"},
    {"images.*.drivers.hardware", "from: [drivers]"},
    {"images.*.drivers.pin", "from: [drivers], hardware: [hardware/latitude.yaml]"},
    {"images.*.drivers.prefer", "from: [drivers], hardware: [hardware/latitude.yaml]"},
    {"images.*.drivers.only", "from: [drivers]"},
    {"images.*.drivers.exclude", "from: [drivers]"},
    {"images.*.drivers.boot", "from: [drivers]"},
    {"images.*.drivers.allow", "from: [drivers]"},
    {"images.*.drivers.setup_network", "from: [drivers]"},
    {"images.*.drivers.replace", "from: [drivers]"},
    {"images.*.drivers.stage", "from: [drivers]"},
    {"images.*.registry[].values", "key: 'HKLM\\SOFTWARE\\Kiosk'"},
    {"images.*.registry[].expect", "key: 'HKLM\\SOFTWARE\\Kiosk'"},
    {"images.*.registry[].view", "key: 'HKLM\\SOFTWARE\\Kiosk'"},
};

// Sections that stand in several places need the same beside them.
static void path_of_first(char *path) {
  static const char *const places[] = {".indexes.*.", ".winre."};
  for (size_t i = 0; i < WG_ARRAY_LEN(places); i++) {
    char *at = strstr(path, places[i]);
    if (at != NULL) {
      char *rest = at + strlen(places[i]) - 1;
      memmove(at, rest, strlen(rest) + 1);
    }
  }
}

// The map around a row as one line of YAML, with what that map cannot do without.
static char *map_around(const row_at *at, const char *value) {
  WG_AUTO(wg_buf) b = {0};
  wg_buf_init(&b, wg_heap(), 0);
  const char *quote = value[0] == '$' ? "'" : ""; // between braces ${} is YAML's own
  wg_buf_printf(&b, "{%s: %s%s%s", at->row->name, quote, value, quote);
  WG_AUTO(wg_cstr) path = row_path(at);
  path_of_first(path);
  const char *with = NULL;
  for (size_t i = 0; i < WG_ARRAY_LEN(companions); i++) {
    with = strcmp(companions[i].path, path) == 0 ? companions[i].with : with;
  }
  if (with != NULL) {
    wg_buf_printf(&b, ", %s", with);
  }
  bool has_group = with != NULL;
  for (wg_key_iter it = wg_key_iter_of(&wg_project_lang, at->map); wg_key_next(&it);) {
    const wg_key *r = it.key;
    bool is_one = r->group > 0 && at->row->group != r->group && !has_group;
    bool needed = (r->flags & WG_KF_REQUIRED) != 0 || is_one || r->group < 0;
    has_group = has_group || is_one;
    WG_AUTO(wg_cstr) given = wg_xprintf("%s: ", r->name);
    if (needed && r != at->row && (with == NULL || strstr(with, given) != with)) {
      wg_buf_printf(&b, ", %s: %s", r->name, r->example);
    }
  }
  return wg_xprintf("%s}", wg_buf_z(&b));
}

static void check_example(const row_at *at) {
  if ((at->row->flags & WG_KF_PLANNED) != 0) {
    return;
  }
  WG_AUTO(wg_cstr) yaml = map_around(at, at->row->example);
  for (const row_at *up = at->up; up != NULL; up = up->up) {
    const wg_key *r = up->row;
    WG_AUTO(wg_cstr)
    value = r->type == WG_KEY_NAMED  ? wg_xprintf("{agent: %s}", yaml)
            : r->type == WG_KEY_LIST ? wg_xprintf("[%s]", yaml)
                                     : wg_xstrdup(yaml);
    wg_xfree(yaml);
    yaml = map_around(up, value);
  }
  wg_error err = WG_ERROR_INIT;
  WG_AUTO_PTR(wg_cfg) c = NULL;
  static const char *env[] = {NULL};
  if (world_load((world_given){.yaml = yaml, .env = env}, &c, &err) != WG_OK) {
    fail_msg("%s\n%s", yaml, err.text);
  }
}

// Each example of the table, put into its place, is what the program takes.
static void every_example_is_taken(void **state) {
  (void)state;
  (void)each_row(wg_project_lang.root, NULL, check_example);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(schema_is_current),
      cmocka_unit_test(reference_is_current),
      cmocka_unit_test(every_row_has_what_its_readers_need),
      cmocka_unit_test(every_section_stands_in_a_map),
      cmocka_unit_test(every_example_is_taken),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
