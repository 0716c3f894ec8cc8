// SPDX-License-Identifier: Apache-2.0
// What Windows makes of odd INF files is fact, found by running SetupAPI there (docs/formats/
// inf.md); the inputs here are small files with what must come of them.
#include "fmt/inf/inf.h"

#include "bad.h"

#define HEAD "[Version]\r\nSignature=\"$CHICAGO$\"\r\n"
#define A64 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define A256 A64 A64 A64 A64
#define A255 A64 A64 A64 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define A400 A256 A64 A64 "aaaaaaaaaaaaaaaa"
#define A1200 A400 A400 A400
#define LIT(s) s, sizeof(s) - 1

static wg_code parse(const void *p, size_t n, wg_arena *arena, wg_inf *out, wg_error *err) {
  wg_arena_init(arena, wg_heap(), 0);
  return wg_inf_parse(p, n, NULL, arena, out, err);
}

static const struct file_case {
  const char *data;
  size_t n;
  const char *error; // how the error begins; NULL: it is read
} file_cases[] = {
    {LIT("\r\n"), "line 1: no INF"},
    {LIT("abcd\r\n"), "line 1: no INF"},
    {LIT("[Version]\r\n"), "line 1: [Version] has no Sig"},
    {LIT("[Version]\nSignature="), "line 2: Signature is ''"},
    {LIT("[Version]\nSignature=foo"), "line 2: Signature is 'foo'"},
    {LIT("[version]\nsignature=$chicago$"), NULL},
    {LIT("[VERSION]\nSIGNATURE=$CHICAGO$"), NULL},
    {LIT("[Version]\nSignature=$windows 95$"), NULL},
    {LIT("[Version]\nSignature=$chicago$,abcd"), NULL},
    {LIT("[Version]\nabc=def\nSignature=$chicago$"), NULL},
    {LIT("[Version]\nabc=def\n[Version]\nSignature=$chicago$"), NULL},
    {LIT(HEAD), NULL},
    {LIT(HEAD "[]\r\n"), NULL},
    {LIT(HEAD "]\r\n"), NULL},
    {LIT(HEAD "[" A255 "]\r\n"), NULL},
    {LIT(HEAD "[ab\r\n"), "line 3: the ']'"},
    {LIT(HEAD "\n\n[ab\x1a]\n"), "line 5: the ']'"},
    {LIT(HEAD "[" A256 "]\r\n"), "line 3: a section's name"},
    {LIT("[abc]\n" HEAD), NULL},
    {LIT("abc\r\n" HEAD), "line 1: text before"},
    {LIT(";\n;\nabc\r\n" HEAD), "line 3: text before"},
    {LIT(";\n;\nab\nab\n" HEAD), "line 3: text before"},
    {LIT(";aa\n;bb\n" HEAD), NULL},
    {LIT(HEAD " [TestSection\x00]\n"), NULL},
    {LIT(HEAD " [Test\x00Section]\n"), NULL},
    {LIT("garbage1\ngarbage2\n[abc]\n" HEAD), "line 1: text before"},
    {LIT("garbage1\ngarbage2\n[Strings]\n" HEAD), NULL},
    {LIT(";comment\ngarbage1\ngarbage2\n[abc]\n" HEAD), "line 2: text before"},
    {LIT(";comment\ngarbage1\ngarbage2\n[Strings]\n" HEAD), NULL},
    {LIT(" \t\ngarbage1\ngarbage2\n[abc]\n" HEAD), "line 2: text before"},
    {LIT(" \t\ngarbage1\ngarbage2\n[Strings]\n" HEAD), NULL},
    {LIT("garbage1\ngarbage2\n" HEAD "[abc]\n"), "line 1: text before"},
    {LIT("garbage1\ngarbage2\n" HEAD "[Strings]\n"), NULL},
    {LIT(";comment\ngarbage1\ngarbage2\n" HEAD "[abc]\n"), "line 2: text before"},
    {LIT(" \t\ngarbage1\ngarbage2\n" HEAD "[Strings]\n"), NULL},
};

static void files_are_taken_and_refused_as_by_windows(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof(file_cases) / sizeof(file_cases[0]); i++) {
    const struct file_case *f = &file_cases[i];
    wg_error err = WG_ERROR_INIT;
    WG_AUTO(wg_arena) arena;
    wg_inf inf;
    wg_code code = parse(f->data, f->n, &arena, &inf, &err);
    if (f->error == NULL ? code != WG_OK
                         : code != WG_E_FORMAT || !wg_str_starts(wg_str_of(err.text), f->error)) {
      fail_msg("case %zu: %s: '%s'", i, wg_code_name(code), code == WG_OK ? "" : err.text);
    }
  }
}

static const struct section_case {
  const char *data;
  size_t n;
  const char *name;
  bool found;
} section_cases[] = {
    {LIT(HEAD "[TestSection]"), "TestSection", true},
    {LIT(HEAD "[TESTSECTION]\r\n"), "TestSection", true},
    {LIT(HEAD "[TestSection]\n[abc]"), "testsection", true},
    {LIT(HEAD ";[TestSection]\n"), "TestSection", false},
    {LIT(HEAD "[TestSection]\n"), "Bad name", false},
    {LIT(HEAD "[TestSection]   \r\n"), "TestSection", true},
    {LIT(HEAD "   [TestSection]\r\n"), "TestSection", true},
    {LIT(HEAD "   [TestSection]   dummy\r\n"), "TestSection", true},
    {LIT(HEAD "   [TestSection]   [foo]\r\n"), "TestSection", true},
    {LIT(HEAD "   [TestSection]   [foo]\r\n"), "foo", false},
    {LIT(HEAD " [  Test Section  ] dummy\r\n"), "  Test Section  ", true},
    {LIT(HEAD "[TestSection] \x1a\n[dummy]"), "TestSection", true},
    {LIT(HEAD "[TestSection] \x1a\n[dummy]"), "dummy", false},
    {LIT(HEAD "[Test[Section]\r\n"), "Test[Section", true},
    {LIT(HEAD "[Test[S]ection]\r\n"), "Test[S", true},
    {LIT(HEAD "[Test[[[Section]\r\n"), "Test[[[Section", true},
    {LIT(HEAD "[]\r\n"), "", true},
    {LIT(HEAD "[[[]\n"), "[[", true},
    {LIT(HEAD "[Test\"Section]\r\n"), "Test\"Section", true},
    {LIT(HEAD "[Test\\Section]\r\n"), "Test\\Section", true},
    {LIT(HEAD "[Test\\ Section]\r\n"), "Test\\ Section", true},
    {LIT(HEAD "[Test;Section]\r\n"), "Test;Section", true},
    {LIT(HEAD " [Test\r\b\tSection] \n"), "Test\r\b\tSection", true},
    {LIT(HEAD " [Test\x00Section] \n"), "Test Section", true},
    {LIT(HEAD "[\xC9t\xE9]\n"), "\xC3\xA9T\xC3\x89", true}, // case beyond ASCII
};

static void sections_are_found_by_name(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof(section_cases) / sizeof(section_cases[0]); i++) {
    const struct section_case *s = &section_cases[i];
    wg_error err = WG_ERROR_INIT;
    WG_AUTO(wg_arena) arena;
    wg_inf inf;
    assert_ok(parse(s->data, s->n, &arena, &inf, &err), &err);
    if ((wg_inf_section_of(&inf, wg_str_of(s->name)) != NULL) != s->found) {
      fail_msg("case %zu: section '%s'", i, s->name);
    }
  }
}

#define STRINGS                                                                                    \
  "[Strings]\nfoo=aaa\nbar=bbb\nloop=%loop2%\nloop2=%loop%\n"                                      \
  "per%%cent=abcd\nper=1\ncent=2\n22=foo\nbig=" A400 "\nmydrive=\"C:\\\"\nverybig=" A1200 "\n"

#define NO_KEY "\x01"

static const struct line_case {
  const char *data;
  size_t n;
  const char *key;    // expanded; the only field where it is the key too
  const char *fields; // expanded, '|' between them
} line_cases[] = {
    {LIT("ab=cd"), "ab", "cd"},
    {LIT("ab=cd,ef,gh,ij"), "ab", "cd|ef|gh|ij"},
    {LIT("ab"), "ab", "ab"},
    {LIT("ab,cd"), NO_KEY, "ab|cd"},
    {LIT("ab,cd=ef"), NO_KEY, "ab|cd=ef"},
    {LIT("=abcd,ef"), "", "abcd|ef"},
    {LIT("ba\\\ncd=ef"), "bacd", "ef"},
    {LIT("ab  \\  \ncd=ef"), "abcd", "ef"},
    {LIT("ab\\\ncd,ef"), NO_KEY, "abcd|ef"},
    {LIT("ab  \\ ;cc\ncd=ef"), "abcd", "ef"},
    {LIT("ab \\ \\ \ncd=ef"), "abcd", "ef"},
    {LIT("ba \\ dc=xx"), "ba \\ dc", "xx"},
    {LIT("ba \\\\ \nc=d"), "bac", "d"},
    {LIT("a=b\\\\c"), "a", "b\\\\c"},
    {LIT("ab=cd \\ "), "ab", "cd"},
    {LIT("ba=c \\ \n \\ \n a"), "ba", "ca"},
    {LIT("ba=c \\ \n \\ a"), "ba", "c\\ a"},
    {LIT("  \\ a= \\ b"), "\\ a", "\\ b"},
    {LIT("Ab\"Cd\"=Ef"), "AbCd", "Ef"},
    {LIT("Ab\"Cd=Ef\""), "AbCd=Ef", "AbCd=Ef"},
    {LIT("ab\"\"\"cd,ef=gh\""), "ab\"cd,ef=gh", "ab\"cd,ef=gh"},
    {LIT("ab\"\"cd=ef"), "abcd", "ef"},
    {LIT("ab\"\"cd=ef,gh"), "abcd", "ef|gh"},
    {LIT("ab=cd\"\"ef"), "ab", "cdef"},
    {LIT("ab=cd\",\"ef"), "ab", "cd,ef"},
    {LIT("ab=cd\",ef"), "ab", "cd,ef"},
    {LIT("ab=cd\",ef\\\nab"), "ab", "cd,ef\\"},
    {LIT("HKLM,A,B,'C',D"), NO_KEY, "HKLM|A|B|'C'|D"},
    {LIT(" a b = c , d \n"), "a b", "c|d"},
    {LIT(" a b = c ,\" d\" \n"), "a b", "c| d"},
    {LIT(" a b\r = c\r\n"), "a b", "c"},
    {LIT("a=b,,,c,,,d"), "a", "b|||c|||d"},
    {LIT("a=b,\"\",c,\" \",d"), "a", "b||c| |d"},
    {LIT("=,,b"), "", "||b"},
    {LIT(",=,,b"), NO_KEY, "|=||b"},
    {LIT("a=\n"), "a", ""},
    {LIT("="), "", ""},
    {LIT("ab=c\032d"), "ab", "c"},
    {LIT("ab\032=cd"), "ab", "ab"},
    {LIT("abcd=ef\0gh"), "abcd", "ef gh"},
    {LIT("foo=%bar%\n[Strings]\nbar=bbb\0\n"), "foo", "bbb"},
    {LIT("foo=%bar%\n[Strings]\nbar=bbb \0\n"), "foo", "bbb"},
    {LIT("foo=%bar%\n[Strings]\nbar=aaa\0bbb \0\n"), "foo", "aaa bbb"},
    {LIT("[Test2]\nab\n[Test]\nee=ff\n"), "ee", "ff"},
    {LIT("%foo%=%bar%\n" STRINGS), "aaa", "bbb"},
    {LIT("%foo%xx=%bar%yy\n" STRINGS), "aaaxx", "bbbyy"},
    {LIT("%% %foo%=%bar%\n" STRINGS), "% aaa", "bbb"},
    {LIT("%f\"o\"o%=ccc\n" STRINGS), "aaa", "ccc"},
    {LIT("abc=%bar;bla%\n" STRINGS), "abc", "%bar"},
    {LIT("loop=%loop%\n" STRINGS), "loop", "%loop2%"},
    {LIT("%per%%cent%=100\n" STRINGS), "12", "100"},
    {LIT("a=%big%\n" STRINGS), "a", A400},
    {LIT("a=%verybig%\n" STRINGS), "a", A1200},
    {LIT("a=%big%%big%%big%%big%\n" STRINGS), "a", A400 A400 A400 A400},
    {LIT("ab=\"%24%\"\n" STRINGS), "ab", "%24%"}, // a folder
    {LIT("ab=\"%22%\"\n" STRINGS), "ab", "foo"},
    {LIT("ab=\"%mydrive%\"\n" STRINGS), "ab", "C:\\"},
    {LIT("ab=\"%mydrive%\\fred\"\n" STRINGS), "ab", "C:\\\\fred"},
    {LIT("ab=C:\\\\FRED"), "ab", "C:\\\\FRED"},
    {LIT("ab=%foo"), "ab", "%foo"},
    {LIT("ab=%f"), "ab", "%f"},
    {LIT("ab=%"), "ab", "%"},
    {LIT("ab=%none%%foo%\n" STRINGS), "ab", "%none%aaa"},
    {LIT("ab=c\\\n\nd=e"), "ab", "c"}, // an empty line ends what is continued
    {LIT("ab=\"c\" \"d\" e ; f"), "ab", "c d e"},
    {LIT("ab=\"c;d\";e"), "ab", "c;d"},
    {LIT("\xA0"
         "ab\xA0=\xA0"
         "c\xA0"
         "d\xA0,\xA0\n"),
     "ab",
     "c\xC2\xA0"
     "d|"},
};

static void lines_are_split_as_by_windows(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof(line_cases) / sizeof(line_cases[0]); i++) {
    const struct line_case *l = &line_cases[i];
    wg_error err = WG_ERROR_INIT;
    WG_AUTO(wg_arena) arena;
    WG_AUTO(wg_buf) file = {0};
    WG_AUTO(wg_buf) got = {0};
    wg_buf_init(&file, wg_heap(), 0);
    wg_buf_init(&got, wg_heap(), 0);
    wg_buf_add_z(&file, HEAD "[Test]\n");
    wg_buf_add(&file, l->data, l->n);
    wg_inf inf;
    assert_ok(parse(file.p, file.n, &arena, &inf, &err), &err);
    const wg_inf_section *s = wg_inf_section_of(&inf, WG_STR("TEST"));
    assert_non_null(s);
    const wg_inf_line *line = &s->lines[0];
    for (uint32_t f = 0; f < line->n_fields; f++) {
      wg_buf_add_str(&got, wg_inf_field_text(&inf, line, f));
      wg_buf_add_z(&got, f + 1 < line->n_fields ? "|" : "");
    }
    assert_string_equal(wg_buf_z(&got), l->fields);
    if (strcmp(l->key, NO_KEY) == 0) {
      assert_null(line->key);
    } else {
      assert_ptr_equal(wg_inf_line_of(&inf, s, l->key), line);
      assert_int_equal(line->key == NULL, strcmp(l->key, l->fields) == 0 && l->key[0] != '\0');
    }
    assert_null(wg_inf_line_of(&inf, s, "%foo%"));
    assert_false(wg_inf_starved(&inf));
  }
}

static void sections_of_one_name_are_one(void **state) {
  (void)state;
  static const char text[] = HEAD "[A]\nx=1\n[B]\n" // comment
                                  "y=2\n[a] odd\nX=3,\\\n 4\nz\n[STRINGS]\n";
  wg_error err = WG_ERROR_INIT;
  WG_AUTO(wg_arena) arena;
  wg_inf inf;
  assert_ok(parse(LIT(text), &arena, &inf, &err), &err);
  assert_int_equal(inf.n_sections, 4);
  assert_int_equal(inf.n_lines, 5);
  const wg_inf_section *a = &inf.sections[1];
  assert_true(wg_str_eqz(a->name, "A"));
  assert_int_equal(a->n_parts, 2);
  assert_int_equal(a->line, 3);
  assert_int_equal(a->n_lines, 3);
  assert_ptr_equal(wg_inf_line_of(&inf, a, "x"), &a->lines[0]);
  assert_int_equal(a->lines[1].line, 8);
  assert_int_equal(a->lines[1].fields[0].column, 3);
  assert_int_equal(a->lines[1].fields[1].line, 9);
  assert_int_equal(a->lines[1].fields[1].column, 2);
  assert_null(a->lines[2].key);
  assert_int_equal(inf.n_oddities, 1);
  assert_int_equal(inf.oddities[0].kind, WG_INF_ODD_AFTER_HEADER);
  assert_int_equal(inf.oddities[0].line, 7);
  assert_int_equal(inf.oddities[0].column, 5);
}

static void check_text(const void *p, size_t n, const wg_inf_options *opt, wg_inf_encoding encoding,
                       const char *want, uint32_t n_odd) {
  wg_error err = WG_ERROR_INIT;
  WG_AUTO(wg_arena) arena;
  wg_inf inf;
  wg_arena_init(&arena, wg_heap(), 0);
  assert_ok(wg_inf_parse(p, n, opt, &arena, &inf, &err), &err);
  assert_int_equal(inf.encoding, encoding);
  wg_str s = {0};
  assert_true(wg_inf_string(&inf, WG_STR("x"), &s));
  static const char *const names[] = {"ANSI", "UTF-16 LE", "UTF-16 BE", "UTF-8"};
  assert_string_equal(wg_inf_encoding_name(inf.encoding), names[encoding]);
  assert_true(wg_str_eqz(s, want));
  assert_int_equal(inf.n_oddities, n_odd);
}

static void check_wide(bool be, bool mark, wg_inf_encoding encoding) {
  WG_AUTO(wg_buf) b = {0};
  wg_buf_init(&b, wg_heap(), 0);
  if (mark) {
    wg_buf_add(&b, "\xFF\xFE", 2);
  }
  assert_true(wg_utf8_to_utf16le(
      WG_STR(HEAD "[Strings]\nx = \"\xC3\xA9 \xE6\x97\xA5\" \"\xF0\x9F\x98\x80\"\n"), &b));
  for (size_t i = 0; be && i + 1 < b.n; i += 2) {
    uint8_t t = b.p[i];
    b.p[i] = b.p[i + 1];
    b.p[i + 1] = t;
  }
  check_text(b.p, b.n, NULL, encoding, "\xC3\xA9 \xE6\x97\xA5 \xF0\x9F\x98\x80", 0);
  wg_buf_add_byte(&b, 0x0A); // half a character
  if (mark) {
    check_text(b.p, b.n, NULL, encoding, "\xC3\xA9 \xE6\x97\xA5 \xF0\x9F\x98\x80", 1);
  }
}

static void every_encoding_is_read(void **state) {
  (void)state;
  static const char ansi[] = HEAD "[Strings]\nx=\"\xE9.\x80\x81\"\n";
  wg_inf_options opt = {0};
  check_text(LIT(ansi), NULL, WG_INF_ANSI, "\xC3\xA9.\xE2\x82\xAC\xC2\x81", 1);
  opt.code_page = 1251;
  check_text(LIT(ansi), &opt, WG_INF_ANSI, "\xD0\xB9.\xD0\x82\xD0\x83", 0);
  opt.code_page = 437;
  check_text(LIT(ansi), &opt, WG_INF_ANSI, "\xCE\x98.\xC3\x87\xC3\xBC", 0);
  static const char japanese[] = HEAD "[Strings]\nx=\"\x83\x5C\x95\x5C\"\n"; // trail bytes are '\'
  opt.code_page = 932;
  check_text(LIT(japanese), &opt, WG_INF_ANSI, "\xE3\x82\xBD\xE8\xA1\xA8", 0);
  static const struct {
    unsigned page;
    const char *data, *want;
  } asian[] = {{936, HEAD "[Strings]\nx=\xD2\xBB\n", "\xE4\xB8\x80"},
               {949, HEAD "[Strings]\nx=\xB0\xA1\n", "\xEA\xB0\x80"},
               {950, HEAD "[Strings]\nx=\xA4\x40\n", "\xE4\xB8\x80"}};
  for (size_t i = 0; i < sizeof(asian) / sizeof(asian[0]); i++) {
    opt.code_page = asian[i].page;
    check_text(asian[i].data, strlen(asian[i].data), &opt, WG_INF_ANSI, asian[i].want, 0);
  }
  for (unsigned page = 1250; page <= 1258; page++) {
    opt.code_page = page;
    check_text(LIT(HEAD "[Strings]\nx=a\xE0\n"), &opt, WG_INF_ANSI,
               page == 1251   ? "a\xD0\xB0"
               : page == 1250 ? "a\xC5\x95"
               : page == 1253 ? "a\xCE\xB0"
               : page == 1255 ? "a\xD7\x90"
               : page == 1257 ? "a\xC4\x85"
                              : "a\xC3\xA0",
               0);
  }
  check_text(LIT("\xEF\xBB\xBF" HEAD "[Strings]\nx=\xC3\xA9\n"), NULL, WG_INF_UTF8, "\xC3\xA9", 0);
  check_text(LIT("\xEF\xBB\xBF" HEAD "[Strings]\nx=\xE9\n"), NULL, WG_INF_UTF8, "\xEF\xBF\xBD", 1);
  check_text(LIT(HEAD "[Strings]\nx=\xC3\xA9\n"), NULL, WG_INF_UTF8, "\xC3\xA9", 0);
  opt.code_page = 1252; // asked for by name
  check_text(LIT(HEAD "[Strings]\nx=\xC3\xA9\n"), &opt, WG_INF_ANSI, "\xC3\x83\xC2\xA9", 0);
  check_text(LIT(HEAD "[Strings]\nx=y\0\n"), NULL, WG_INF_ANSI, "y", 1);
  check_wide(false, true, WG_INF_UTF16LE);
  check_wide(true, true, WG_INF_UTF16BE);
  check_wide(false, false, WG_INF_UTF16LE);
  wg_error err = WG_ERROR_INIT;
  WG_AUTO(wg_arena) arena;
  wg_inf inf;
  wg_arena_init(&arena, wg_heap(), 0);
  opt.code_page = 99999;
  assert_int_equal(wg_inf_parse(LIT(ansi), &opt, &arena, &inf, &err), WG_E_UNSUPPORTED);
  opt.code_page = 936; // a lead byte and no character
  assert_ok(wg_inf_parse(LIT(HEAD "[Strings]\nx=\xFF\xFF\n"), &opt, &arena, &inf, &err), &err);
  assert_int_equal(inf.n_oddities, 2);
  assert_int_equal(inf.oddities[0].kind, WG_INF_ODD_BYTES);
  assert_int_equal(inf.oddities[0].line, 4);
  assert_int_equal(inf.oddities[1].column, 4);
}

static void strings_are_those_of_the_language(void **state) {
  (void)state;
  static const char text[] = HEAD "[Strings]\nx=plain\ny=only\n[Strings.0407]\nx=german\n"
                                  "[Strings.0007]\nx=neutral\n[Strings.0809]\nx=british\n";
  static const struct {
    uint32_t language;
    const char *x;
  } cases[] = {{0x0407, "german"}, {0x0807, "neutral"}, {0, "british"}, {0x0411, "plain"}};
  for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
    wg_inf_options opt = {.language = cases[i].language};
    check_text(LIT(text), &opt, WG_INF_ANSI, cases[i].x, 0);
  }
  wg_error err = WG_ERROR_INIT;
  WG_AUTO(wg_arena) arena;
  wg_inf inf;
  assert_ok(parse(LIT(text), &arena, &inf, &err), &err);
  assert_true(wg_str_eqz(wg_inf_expand(&inf, WG_STR("%y%-%Z%")), "only-%Z%"));
}

static void keys_of_long_sections_are_found(void **state) {
  (void)state;
  WG_AUTO(wg_buf) b = {0};
  wg_buf_init(&b, wg_heap(), 0);
  wg_buf_add_z(&b, HEAD "[Files]\n%a%.sys=0\n");
  for (unsigned i = 0; i < 5000; i++) {
    wg_buf_printf(&b, "f%u.sys = %u\nF%u.SYS = again\n", i, i, i);
  }
  for (unsigned i = 0; i < 3000; i++) {
    wg_buf_printf(&b, "[s%u]\nx=%u\n", i, i);
  }
  wg_buf_add_z(&b, "[Strings]\na=Token\n");
  wg_error err = WG_ERROR_INIT;
  WG_AUTO(wg_arena) arena;
  wg_inf inf;
  assert_ok(parse(b.p, b.n, &arena, &inf, &err), &err);
  const wg_inf_section *s = wg_inf_section_of(&inf, WG_STR("files"));
  for (unsigned i = 0; i < 5000; i++) {
    WG_AUTO(wg_cstr) name = wg_xprintf("%c%u.sys", i % 2 == 0 ? 'f' : 'F', i);
    uint32_t v = 0;
    const wg_inf_line *line = wg_inf_line_of(&inf, s, name);
    assert_non_null(line);
    assert_true(wg_inf_number(wg_inf_field_text(&inf, line, 0), &v));
    assert_int_equal(v, i);
  }
  assert_ptr_equal(wg_inf_line_of(&inf, s, "TOKEN.sys"), &s->lines[0]);
  assert_null(wg_inf_line_of(&inf, s, "f5000.sys"));
  assert_null(wg_inf_line_of(&inf, NULL, "x"));
  assert_int_equal(wg_inf_section_of(&inf, WG_STR("S2999")) - inf.sections, 3001);
}

static void numbers_are_read(void **state) {
  (void)state;
  static const struct {
    const char *text;
    bool ok;
    uint32_t v;
  } cases[] = {{"48", true, 48},
               {"0x4", true, 4},
               {"0X00010001", true, 0x10001},
               {"010", true, 10},
               {"", true, 0},
               {"-1", true, 0xFFFFFFFF},
               {"-0", true, 0},
               {"4294967295", true, 0xFFFFFFFF},
               {"4294967296", false, 0},
               {"-2147483648", true, 0x80000000},
               {"-2147483649", false, 0},
               {"0x", false, 0},
               {"-", false, 0},
               {"Field1", false, 0},
               {"1 2", false, 0}};
  for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
    uint32_t v = 0;
    assert_int_equal(wg_inf_number(wg_str_of(cases[i].text), &v), cases[i].ok);
    assert_int_equal(v, cases[i].v);
  }
}

static void limits_hold(void **state) {
  (void)state;
  static const char text[] = HEAD "[a]\nb=1,2,3\nc\nd\n";
  wg_error err = WG_ERROR_INIT;
  WG_AUTO(wg_arena) arena;
  wg_inf inf;
  wg_arena_init(&arena, wg_heap(), 0);
  wg_inf_options opt = {.max_fields = 3, .max_lines = 4, .max_bytes = sizeof(text) - 1};
  assert_ok(wg_inf_parse(LIT(text), &opt, &arena, &inf, &err), &err);
  opt.max_fields = 2;
  assert_int_equal(wg_inf_parse(LIT(text), &opt, &arena, &inf, &err), WG_E_LIMIT);
  assert_string_equal(err.text, "line 4: more than 2 fields");
  opt = (wg_inf_options){.max_lines = 3};
  assert_int_equal(wg_inf_parse(LIT(text), &opt, &arena, &inf, &err), WG_E_LIMIT);
  opt = (wg_inf_options){.max_bytes = 10};
  assert_int_equal(wg_inf_parse(LIT(text), &opt, &arena, &inf, &err), WG_E_LIMIT);
  // A line of more fields than a pool has, and a field that is cut.
  WG_AUTO(wg_buf) b = {0};
  wg_buf_init(&b, wg_heap(), 0);
  wg_buf_add_z(&b, HEAD "[Strings]\nbig=" A1200 "\n[a]\nx=%big%%big%%big%%big%\nk=");
  for (unsigned i = 0; i < 2000; i++) {
    wg_buf_printf(&b, "%u,", i);
  }
  for (unsigned i = 0; i < 4097; i++) {
    wg_buf_add_z(&b, "\xC3\xA9");
  }
  assert_ok(wg_inf_parse(b.p, b.n, NULL, &arena, &inf, &err), &err);
  const wg_inf_line *line = wg_inf_line_of(&inf, wg_inf_section_of(&inf, WG_STR("a")), "k");
  const wg_inf_line *x = wg_inf_line_of(&inf, wg_inf_section_of(&inf, WG_STR("a")), "x");
  assert_int_equal(wg_inf_field_text(&inf, x, 0).n, 4096);
  assert_int_equal(line->n_fields, 2001);
  assert_true(wg_str_eqz(wg_inf_field_text(&inf, line, 1999), "1999"));
  assert_int_equal(line->fields[2000].text.n, 8192);
  assert_int_equal(inf.oddities[0].kind, WG_INF_ODD_LONG);
  assert_true(wg_str_eqz(wg_inf_field_text(&inf, line, 2001), ""));
}

// Reads a file and asks for what is made when it is asked for.
static wg_code use(const wg_alloc *alloc, const void *p, size_t n, unsigned page, wg_error *err) {
  WG_AUTO(wg_arena) arena;
  wg_arena_init(&arena, alloc, 0);
  wg_inf inf;
  wg_inf_options opt = {.code_page = page};
  wg_code code = wg_inf_parse(p, n, &opt, &arena, &inf, err);
  if (code != WG_OK) {
    return code;
  }
  const wg_inf_section *s = wg_inf_section_of(&inf, WG_STR("long"));
  const wg_inf_line *line = wg_inf_line_of(&inf, s, "k9");
  wg_str text = wg_inf_field_text(&inf, line, 0);
  if (wg_inf_starved(&inf)) {
    return wg_fail(err, WG_E_NOMEM, "starved");
  }
  assert_true(wg_str_eqz(text, "tok"));
  return WG_OK;
}

static void running_out_of_memory_is_an_error(void **state) {
  (void)state;
  WG_AUTO(wg_buf) b = {0};
  wg_buf_init(&b, wg_heap(), 0);
  wg_buf_add_z(&b, HEAD "[Long]\n");
  for (unsigned i = 0; i < 700; i++) {
    wg_buf_printf(&b, "k%u=%%t%%,b\n", i);
  }
  for (unsigned i = 0; i < 100; i++) {
    wg_buf_printf(&b, "[s%u]\n", i);
  }
  wg_buf_add_z(&b, "[Strings]\nt=tok\nu=\xE9\n");
  for (unsigned page = 0; page <= 932; page += 932) {
    wg_code code = WG_E_NOMEM;
    for (unsigned long at = 1; code != WG_OK; at++) {
      failing_heap heap = {.fail_at = at};
      wg_alloc alloc = failing_heap_alloc(&heap);
      wg_error err = WG_ERROR_INIT;
      code = use(&alloc, b.p, b.n, page, &err);
      assert_true(code == WG_OK || code == WG_E_NOMEM);
      assert_int_equal(heap.n_live, 0);
      assert_true(at < 1000);
    }
  }
}

static wg_code check_bad(const void *p, size_t n, const char *rest, wg_error *err) {
  WG_AUTO(wg_arena) arena;
  wg_inf inf;
  wg_code code = parse(p, n, &arena, &inf, err);
  if (code == WG_E_FORMAT) {
    WG_AUTO(wg_cstr) want = wg_xprintf("line %s: ", rest);
    if (!wg_str_starts(wg_str_of(err->text), want)) {
      fail_msg("'%s' does not begin with '%s'", err->text, want);
    }
  }
  return code;
}

static void bad_files_are_refused_at_their_line(void **state) {
  (void)state;
  bad_all("inf", 9, check_bad);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(files_are_taken_and_refused_as_by_windows),
      cmocka_unit_test(sections_are_found_by_name),
      cmocka_unit_test(lines_are_split_as_by_windows),
      cmocka_unit_test(sections_of_one_name_are_one),
      cmocka_unit_test(every_encoding_is_read),
      cmocka_unit_test(strings_are_those_of_the_language),
      cmocka_unit_test(keys_of_long_sections_are_found),
      cmocka_unit_test(numbers_are_read),
      cmocka_unit_test(limits_hold),
      cmocka_unit_test(running_out_of_memory_is_an_error),
      cmocka_unit_test(bad_files_are_refused_at_their_line),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
