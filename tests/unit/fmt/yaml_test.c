// SPDX-License-Identifier: Apache-2.0
#include "fmt/yaml/yaml.h"

#include <string.h>

#include "os/mem.h"
#include "support.h"

typedef struct parsed {
  wg_arena arena;
  wg_yaml_doc doc;
  wg_error err;
  wg_code code;
} parsed;

static void parse_n(parsed *p, const void *text, size_t n, wg_yaml_limits limits) {
  *p = (parsed){.err = WG_ERROR_INIT};
  wg_arena_init(&p->arena, wg_heap(), 0);
  char *exact = n == 0 ? NULL : wg_xstrndup(text, n);
  p->code = wg_yaml_parse((wg_str){exact, n}, &limits, 3, &p->arena, &p->doc, &p->err);
  wg_xfree(exact); // the tree must not borrow from it
}

static void parse(parsed *p, const char *text) {
  wg_yaml_limits limits = WG_YAML_DEFAULT_LIMITS;
  parse_n(p, text, strlen(text), limits);
}

static void assert_node(const wg_yaml_node *n, const char *text, wg_yaml_style style, unsigned line,
                        unsigned col) {
  assert_non_null(n);
  assert_int_equal(n->kind, WG_YAML_SCALAR);
  assert_string_equal(n->text, text);
  assert_int_equal(n->n, strlen(text));
  assert_int_equal(n->style, style);
  assert_int_equal(n->line, line);
  assert_int_equal(n->col, col);
  assert_int_equal(n->source, 3);
}

static void every_style_has_its_place(void **state) {
  (void)state;
  parsed p;
  parse(&p, "plain: word\n"
            "'si': 'it''s'\n"
            "\"do\": \"a\\tb\"\n"
            "lit: |  # comment\n"
            "  one\n"
            "  two\n"
            "fold: >-\n"
            "\n"
            "  one\n"
            "  two\n"
            "empty:\n"
            "quoted: ''\n"
            "many: a\n"
            "  b\n");
  assert_ok(p.code, &p.err);
  const wg_yaml_node *r = p.doc.root;
  assert_int_equal(r->kind, WG_YAML_MAP);
  assert_int_equal(r->n, 8);
  assert_node(r->pairs[0].key, "plain", WG_YAML_PLAIN, 1, 1);
  assert_node(r->pairs[0].value, "word", WG_YAML_PLAIN, 1, 8);
  assert_node(r->pairs[1].key, "si", WG_YAML_SINGLE, 2, 1);
  assert_node(r->pairs[1].value, "it's", WG_YAML_SINGLE, 2, 7);
  assert_node(r->pairs[2].value, "a\tb", WG_YAML_DOUBLE, 3, 7);
  assert_node(r->pairs[3].value, "one\ntwo\n", WG_YAML_BLOCK, 4, 6);
  assert_node(r->pairs[4].value, "\none two", WG_YAML_BLOCK, 7, 7);
  assert_true(wg_yaml_is_null(r->pairs[5].value));
  assert_node(r->pairs[6].value, "", WG_YAML_SINGLE, 12, 9);
  assert_node(r->pairs[7].value, "a b", WG_YAML_PLAIN, 13, 7);
  assert_ptr_equal(wg_yaml_get(r, "lit"), r->pairs[3].value);
  assert_null(wg_yaml_get(r, "no"));
  wg_arena_done(&p.arena);
}

static void lists_and_flow_have_places(void **state) {
  (void)state;
  parsed p;
  parse(&p, "- a\n-   - b\n    - {c: [d, \"e\"]}\n");
  assert_ok(p.code, &p.err);
  const wg_yaml_node *r = p.doc.root;
  assert_int_equal(r->kind, WG_YAML_LIST);
  assert_node(r->items[0], "a", WG_YAML_PLAIN, 1, 3);
  const wg_yaml_node *inner = r->items[1]->items[1];
  assert_int_equal(inner->kind, WG_YAML_MAP);
  assert_int_equal(inner->line, 3);
  assert_int_equal(inner->col, 7);
  assert_node(inner->pairs[0].value->items[1], "e", WG_YAML_DOUBLE, 3, 15);
  assert_int_equal(r->weight, 9);
  wg_arena_done(&p.arena);
}

static void core_schema_types(void **state) {
  (void)state;
  static const char *const numbers[] = {"0",      "-1",   "+12",  "1.5",  ".5",    "1.",  "1e3",
                                        "1.5E-3", "0x1F", "0o17", ".inf", "-.INF", ".NaN"};
  static const char *const texts[] = {"no", "yes", "1_000", "0x",    "0b1", "1.2.3", "1e",
                                      "-",  "+",   ".",     "12:30", "nan", "0o8",   "1x"};
  for (size_t i = 0; i < WG_ARRAY_LEN(numbers); i++) {
    const wg_yaml_node n = {.text = numbers[i], .n = strlen(numbers[i])};
    assert_true(wg_yaml_is_number(&n));
    const wg_yaml_node q = {.text = numbers[i], .n = n.n, .style = WG_YAML_SINGLE};
    assert_false(wg_yaml_is_number(&q));
  }
  for (size_t i = 0; i < WG_ARRAY_LEN(texts); i++) {
    const wg_yaml_node n = {.text = texts[i], .n = strlen(texts[i])};
    bool b = false;
    assert_false(wg_yaml_is_number(&n));
    assert_false(wg_yaml_is_bool(&n, &b));
    assert_false(wg_yaml_is_null(&n));
  }
  const wg_yaml_node t = {.text = "True", .n = 4};
  bool b = false;
  assert_true(wg_yaml_is_bool(&t, &b) && b);
}

static void tags_of_the_core_are_known(void **state) {
  (void)state;
  parsed p;
  parse(&p, "a: !!str 5\nb: !!int \"5\"\nc: ! x\nd: !!map {}\n");
  assert_ok(p.code, &p.err);
  assert_int_equal(p.doc.n_faults, 0);
  assert_false(wg_yaml_is_number(wg_yaml_get(p.doc.root, "a")));
  assert_true(wg_yaml_is_number(wg_yaml_get(p.doc.root, "b")));
  assert_int_equal(wg_yaml_get(p.doc.root, "c")->style, WG_YAML_SINGLE);
  wg_arena_done(&p.arena);
}

static void merges_give_way_to_the_maps_own_keys(void **state) {
  (void)state;
  parsed p;
  parse(&p, "x: &x {a: 1, b: 2}\n"
            "y: {<<: *x, b: 3}\n"
            "z: {b: 4, <<: [{c: 5, a: 6}, *x]}\n");
  assert_ok(p.code, &p.err);
  assert_int_equal(p.doc.n_faults, 0);
  const wg_yaml_node *y = wg_yaml_get(p.doc.root, "y");
  assert_int_equal(y->n, 2);
  assert_string_equal(wg_yaml_get(y, "a")->text, "1");
  assert_string_equal(wg_yaml_get(y, "b")->text, "3");
  const wg_yaml_node *z = wg_yaml_get(p.doc.root, "z");
  assert_int_equal(z->n, 3);
  assert_string_equal(wg_yaml_get(z, "a")->text, "6");
  assert_string_equal(wg_yaml_get(z, "b")->text, "4");
  wg_arena_done(&p.arena);
}

static void an_alias_stands_where_it_is_used(void **state) {
  (void)state;
  parsed p;
  parse(&p, "a: &a [x]\nb: *a\nc: &a y\nd: *a\n");
  assert_ok(p.code, &p.err);
  const wg_yaml_node *b = wg_yaml_get(p.doc.root, "b");
  assert_int_equal(b->line, 2);
  assert_int_equal(b->col, 4);
  assert_int_equal(b->items[0]->line, 1);
  assert_node(wg_yaml_get(p.doc.root, "d"), "y", WG_YAML_PLAIN, 4, 4); // the newer anchor
  wg_arena_done(&p.arena);
}

static void duplicate_keys_are_faults_and_the_first_stays(void **state) {
  (void)state;
  parsed p;
  parse(&p, "a: 1\nb: 2\na: 3\n'b': 4\na: 5\n");
  assert_ok(p.code, &p.err);
  assert_int_equal(p.doc.root->n, 2);
  assert_string_equal(wg_yaml_get(p.doc.root, "a")->text, "1");
  assert_int_equal(p.doc.n_faults, 3);
  unsigned lines = 0;
  for (size_t i = 0; i < 3; i++) {
    lines |= 1U << p.doc.faults[i].line;
  }
  assert_int_equal(lines, 1U << 3 | 1U << 4 | 1U << 5);
  wg_arena_done(&p.arena);
}

typedef struct syntax_case {
  const char *text;
  wg_code code;
  unsigned line, col;
} syntax_case;

static void unreadable_text_is_one_fault_at_its_place(void **state) {
  (void)state;
  static const syntax_case cases[] = {
      {"a: [b\n", WG_E_FORMAT, 1, 4},
      {"a: {b: c\nd: e\n", WG_E_FORMAT, 1, 4},
      {"a: 'b\nc: d\n", WG_E_FORMAT, 1, 4},
      {"a:\n\tb: c\n", WG_E_FORMAT, 2, 1},
      {"a: b: c\n", WG_E_FORMAT, 1, 5},
      {"a: @b\n", WG_E_FORMAT, 1, 4},
      {"a: *\n", WG_E_FORMAT, 1, 4},
      {"a: &x [*x]\n", WG_E_FORMAT, 1, 8},
      {"a: b\n---\nc: d\n", WG_E_FORMAT, 2, 1},
      {"a: \"\\0\"\n", WG_E_FORMAT, 1, 4},
      {"a: \x01\n", WG_E_FORMAT, 1, 4},
      {"\xC3\xA4: \xFF\n", WG_E_FORMAT, 1, 4},
      {"a: \xED\xA0\x80\n", WG_E_FORMAT, 1, 4},
  };
  for (size_t i = 0; i < WG_ARRAY_LEN(cases); i++) {
    parsed p;
    parse(&p, cases[i].text);
    if (p.code != cases[i].code || p.doc.n_faults != 1 || p.doc.faults[0].line != cases[i].line ||
        p.doc.faults[0].col != cases[i].col) {
      fail_msg("case %zu: %s (%s), %zu faults", i, wg_code_name(p.code), p.err.text,
               p.doc.n_faults);
    }
    WG_AUTO(wg_cstr) where = wg_xprintf("line %u, column %u: ", cases[i].line, cases[i].col);
    assert_true(wg_str_starts(wg_str_of(p.err.text), where));
    wg_arena_done(&p.arena);
  }
}

// Each mistake at its place in one go, and what was meant as a tree.
static void known_mistakes_are_all_told(void **state) {
  (void)state;
  static const struct {
    const char *text, *faults, *has;
  } cases[] = {
      {"aa:b\nc\n  d: 1\ne:\n - f\n -g\n", "1:3 2:1 6:2", "e"},
      {"a: [b\nc: {d: e\nf: 1\n", "2:4 1:4", "f"},
      {"a:\n\tb: 1\n\tc: 2\nd: 1\n", "2:1 3:1", "d"},
      {"a: \"C:\\Program\\X\"\nb: \"C:\\X\\\"\nc: 1\n", "1:15 2:7", "c"},
      {"a: @x\nb: `y\nc: %z\nd: &\ne: *\nf: !\"x\ng: 1\n", "1:4 2:4 3:4 4:4 5:4 6:4", "g"},
      {"a: 'b\nc: \"d\ne: 1\n", "1:4 2:4", "e"},
      {"a: b: c\nd: [e f]\n g: 1\n", "1:5 3:2", "d"},
      {"a: {b: c d: e}\nf: 1]\ng: [1]]\nh: 1\n", "1:11 3:7", "h"},
      {"<<<<<<< a\nb: 1\n=======\nc: 1\n>>>>>>> d\n", "1:1 3:1 5:1", "c"},
      {"a: &b\nc: *d\n", "1:1 2:4", "c"},
  };
  for (size_t i = 0; i < WG_ARRAY_LEN(cases); i++) {
    parsed p;
    parse(&p, cases[i].text);
    WG_AUTO(wg_buf) got = {0};
    wg_buf_init(&got, wg_heap(), 0);
    for (size_t k = 0; k < p.doc.n_faults; k++) {
      wg_buf_printf(&got, "%s%u:%u", k > 0 ? " " : "", (unsigned)p.doc.faults[k].line,
                    (unsigned)p.doc.faults[k].col);
    }
    if (strcmp(wg_buf_z(&got), cases[i].faults) != 0 ||
        wg_yaml_get(p.doc.root, cases[i].has) == NULL) {
      fail_msg("case %zu: %s, root %d: %s", i, wg_buf_z(&got), p.doc.root != NULL, p.err.text);
    }
    wg_arena_done(&p.arena);
  }
}

// A change that mends nothing is not made again and again.
static void a_mistake_without_end_ends(void **state) {
  (void)state;
  WG_AUTO(wg_buf) text = {0};
  wg_buf_init(&text, wg_heap(), 0);
  for (size_t i = 0; i < 100; i++) {
    wg_buf_printf(&text, "k%zu: @[{'\"\\\n - `\n", i);
  }
  parsed p;
  parse(&p, wg_buf_z(&text));
  assert_int_equal(p.code, WG_E_FORMAT);
  assert_true(p.doc.n_faults > 0 && p.doc.n_faults < 30);
  wg_arena_done(&p.arena);
}

static void limits_hold(void **state) {
  (void)state;
  parsed p;
  const char text[] = "a: [b, c]\nd: e\n";
  wg_yaml_limits limits = WG_YAML_DEFAULT_LIMITS;
  limits.max_nodes = 8; // the map, 3 for a with its list, b, c, d, e
  parse_n(&p, text, strlen(text), limits);
  assert_int_equal(p.code, WG_OK);
  wg_arena_done(&p.arena);
  limits.max_nodes = 6;
  parse_n(&p, text, strlen(text), limits);
  assert_int_equal(p.code, WG_E_LIMIT);
  assert_int_equal(p.doc.n_faults, 1);
  wg_arena_done(&p.arena);
  limits = (wg_yaml_limits)WG_YAML_DEFAULT_LIMITS;
  limits.max_depth = 1;
  parse_n(&p, text, strlen(text), limits);
  assert_int_equal(p.code, WG_E_LIMIT);
  wg_arena_done(&p.arena);
  limits = (wg_yaml_limits)WG_YAML_DEFAULT_LIMITS;
  limits.max_bytes = (uint32_t)strlen(text) - 1;
  parse_n(&p, text, strlen(text), limits);
  assert_int_equal(p.code, WG_E_LIMIT);
  wg_arena_done(&p.arena);
}

static void aliases_count_as_what_they_stand_for(void **state) {
  (void)state;
  parsed p;
  wg_yaml_limits limits = WG_YAML_DEFAULT_LIMITS;
  const char text[] = "a: &a [x, x, x]\nb: &b [*a, *a]\nc: [*b, *b, {<<: {k: *b}}]\n";
  parse_n(&p, text, strlen(text), limits);
  assert_int_equal(p.code, WG_OK);
  assert_int_equal(wg_yaml_get(p.doc.root, "b")->weight, 9);
  wg_arena_done(&p.arena);
  limits.max_nodes = 30;
  parse_n(&p, text, strlen(text), limits);
  assert_int_equal(p.code, WG_E_LIMIT);
  wg_arena_done(&p.arena);
}

static void nothing_is_no_document(void **state) {
  (void)state;
  static const char *const texts[] = {"", "\n", "# x\n", "\xEF\xBB\xBF", "---\n...\n"};
  for (size_t i = 0; i < WG_ARRAY_LEN(texts); i++) {
    parsed p;
    parse(&p, texts[i]);
    assert_ok(p.code, &p.err);
    assert_true(p.doc.root == NULL || wg_yaml_is_null(p.doc.root));
    wg_arena_done(&p.arena);
  }
}

// One long line, and many keys: nothing may be quadratic. Without that this takes minutes.
static void big_files_are_read_in_one_pass(void **state) {
  (void)state;
  WG_AUTO(wg_buf) b = {0};
  wg_buf_init(&b, wg_heap(), 0);
  wg_buf_add_byte(&b, '{');
  for (unsigned i = 0; i < 20000; i++) {
    wg_buf_printf(&b, "k%u: 'v%u', ", i, i);
  }
  wg_buf_add_byte(&b, '}');
  parsed p;
  parse_n(&p, b.p, b.n, (wg_yaml_limits)WG_YAML_DEFAULT_LIMITS);
  assert_ok(p.code, &p.err);
  assert_int_equal(p.doc.root->n, 20000);
  assert_string_equal(p.doc.root->pairs[19999].value->text, "v19999");
  wg_arena_done(&p.arena);
}

static void no_memory_is_an_error(void **state) {
  (void)state;
  const char text[] = "a: &a [x, 'y', !t z]\nb: {<<: {c: d}, c: e, c: f}\ng: *a\nh: |\n  i\n";
  wg_yaml_limits limits = WG_YAML_DEFAULT_LIMITS;
  unsigned long at = 1;
  for (;; at++) {
    failing_heap h = {.fail_at = at};
    wg_alloc a = failing_heap_alloc(&h);
    wg_arena arena;
    wg_arena_init(&arena, &a, 0);
    wg_yaml_doc doc;
    wg_error err = WG_ERROR_INIT;
    wg_code code = wg_yaml_parse(wg_str_of(text), &limits, 0, &arena, &doc, &err);
    assert_true(code == WG_OK || (code == WG_E_NOMEM && doc.root == NULL && doc.n_faults == 0));
    wg_arena_done(&arena);
    assert_int_equal(h.n_live, 0);
    if (code == WG_OK) {
      break;
    }
  }
  assert_true(at > 1);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_style_has_its_place),
      cmocka_unit_test(lists_and_flow_have_places),
      cmocka_unit_test(core_schema_types),
      cmocka_unit_test(tags_of_the_core_are_known),
      cmocka_unit_test(merges_give_way_to_the_maps_own_keys),
      cmocka_unit_test(an_alias_stands_where_it_is_used),
      cmocka_unit_test(duplicate_keys_are_faults_and_the_first_stays),
      cmocka_unit_test(unreadable_text_is_one_fault_at_its_place),
      cmocka_unit_test(known_mistakes_are_all_told),
      cmocka_unit_test(a_mistake_without_end_ends),
      cmocka_unit_test(limits_hold),
      cmocka_unit_test(aliases_count_as_what_they_stand_for),
      cmocka_unit_test(nothing_is_no_document),
      cmocka_unit_test(big_files_are_read_in_one_pass),
      cmocka_unit_test(no_memory_is_an_error),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
