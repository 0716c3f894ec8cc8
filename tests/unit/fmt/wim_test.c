// SPDX-License-Identifier: Apache-2.0
#include "fmt/wim/wim.h"

#include <string.h>

#include "bad.h"
#include "os/mem.h"
#include "support.h"

typedef struct bytes {
  const uint8_t *p;
  size_t n;
} bytes;

static wg_code read_bytes(void *ctx, uint64_t off, void *p, size_t n, wg_error *err) {
  const bytes *b = ctx;
  if (off > b->n || n > b->n - off) {
    return wg_fail(err, WG_E_BUG, "the reader asked for bytes that are not there");
  }
  memcpy(p, b->p + off, n);
  return WG_OK;
}

static wg_code no_sink(void *ctx, const uint8_t *p, size_t n, wg_error *err) {
  (void)ctx;
  (void)p;
  (void)n;
  (void)err;
  return WG_OK;
}

static wg_code read_image(const wg_wim *w, wg_wim_decoder *d, uint32_t i, wg_arena *arena,
                          wg_error *err) {
  WG_AUTO(wg_buf) in = {0};
  WG_AUTO(wg_buf) out = {0};
  wg_buf_init(&in, arena->alloc, 0);
  wg_buf_init(&out, arena->alloc, 0);
  wg_wim_tree t;
  if (wg_wim_load_blob(w, d, w->metadata[i], 1 << 20, &in, err) != WG_OK ||
      wg_wim_tree_parse(in.p, in.n, arena, &w->limits, 0, &t, err) != WG_OK ||
      wg_wim_tree_write(&t, &out, err) != WG_OK) {
    return err->code;
  }
  assert_int_equal(in.n, out.n);
  assert_memory_equal(in.p, out.p, in.n);
  for (uint32_t k = 1; k < t.n; k++) {
    uint32_t at = 0;
    if (wg_wim_tree_find(&t, t.entries[k].parent, t.entries[k].name16, &at, err) != WG_OK) {
      return err->code;
    }
    assert_int_equal(at, k);
  }
  return WG_OK;
}

// Opens, reads every content, parses every image and writes it again.
static wg_code read_all(const void *p, size_t n, const wg_alloc *alloc, wg_error *err) {
  WG_AUTO(wg_arena) arena = {0};
  WG_AUTO_PTR(wg_wim_decoder) d = NULL;
  wg_arena_init(&arena, alloc, 0);
  bytes b = {p, n};
  wg_wim_source src = {.read = read_bytes, .ctx = &b, .size_bytes = n};
  wg_wim w;
  if (wg_wim_open(&src, &arena, NULL, &w, err) != WG_OK ||
      wg_wim_decoder_new(alloc, &d, err) != WG_OK) {
    return err->code;
  }
  for (uint32_t i = 0; i < w.n_images; i++) {
    if (read_image(&w, d, i, &arena, err) != WG_OK) {
      return err->code;
    }
  }
  for (uint32_t i = 0; i < w.n_blobs; i++) {
    if (wg_wim_read_blob(&w, d, i, no_sink, NULL, err) != WG_OK) {
      return err->code;
    }
  }
  return WG_OK;
}

static wg_code check_bad(const void *p, size_t n, const char *rest, wg_error *err) {
  wg_code code = read_all(p, n, wg_heap(), err);
  uint64_t want = 0;
  assert_true(wg_parse_u64(wg_str_of(rest), &want));
  if (code != WG_OK && err->off_bytes != want) {
    fail_msg("offset %lld, want %llu: %s", (long long)err->off_bytes, (unsigned long long)want,
             err->text);
  }
  return code;
}

static void hostile_files(void **state) {
  (void)state;
  bad_all("wim", 50, check_bad);
}

static void every_codec_and_failing_memory(void **state) {
  (void)state;
  static const char *const names[] = {"stored", "lzx",    "xpress",   "lzms",
                                      "solid",  "solidx", "solidlzms"};
  for (size_t i = 0; i < WG_ARRAY_LEN(names); i++) {
    WG_AUTO(wg_cstr)
    path = wg_xprintf("%s/fuzz/wim/corpus/%s.wim", wg_os_getenv("WG_SOURCE_ROOT"), names[i]);
    WG_AUTO(wg_buf) b = {0};
    wg_buf_init(&b, wg_heap(), 0);
    wg_error err = WG_ERROR_INIT;
    assert_ok(wg_os_read_file(WG_CWD, path, 1 << 20, &b, &err), &err);
    assert_ok(read_all(b.p, b.n, wg_heap(), &err), &err);
    for (unsigned long fail_at = 1;; fail_at++) {
      failing_heap h = {.fail_at = fail_at};
      wg_alloc alloc = failing_heap_alloc(&h);
      wg_code code = read_all(b.p, b.n, &alloc, &err);
      assert_int_equal(h.n_live, 0);
      if (code == WG_OK) {
        assert_true(fail_at > 5);
        break;
      }
      assert_int_equal(code, WG_E_NOMEM);
    }
  }
}

static void expect_put(const char *in, uint32_t image, const char *path, const char *value,
                       const char *want) {
  WG_AUTO(wg_buf) out = {0};
  wg_buf_init(&out, wg_heap(), 0);
  wg_error err = WG_ERROR_INIT;
  assert_ok(wg_wim_xml_put(wg_str_of(in), image, path, value, &out, &err), &err);
  assert_string_equal(wg_buf_z(&out), want);
}

static void xml_changes_one_element(void **state) {
  (void)state;
  expect_put("<WIM><IMAGE INDEX=\"1\"><A>1</A></IMAGE></WIM>", 1, "A", "2",
             "<WIM><IMAGE INDEX=\"1\"><A>2</A></IMAGE></WIM>");
  expect_put(
      "<WIM><IMAGE INDEX='1'><A>1</A></IMAGE><IMAGE INDEX='2'> <A/></IMAGE></WIM>", 2, "A", "<&",
      "<WIM><IMAGE INDEX='1'><A>1</A></IMAGE><IMAGE INDEX='2'> <A>&lt;&amp;</A></IMAGE></WIM>");
  expect_put(
      "<WIM><TOTALBYTES>1</TOTALBYTES><IMAGE INDEX='1'></IMAGE></WIM>", 1, "TOTALBYTES", "2",
      "<WIM><TOTALBYTES>1</TOTALBYTES><IMAGE INDEX='1'><TOTALBYTES>2</TOTALBYTES></IMAGE></WIM>");
  expect_put(
      "<WIM><IMAGE INDEX='1'><TOTALBYTES>1</TOTALBYTES></IMAGE></WIM>", 0, "TOTALBYTES", "2",
      "<WIM><IMAGE INDEX='1'><TOTALBYTES>1</TOTALBYTES></IMAGE><TOTALBYTES>2</TOTALBYTES></WIM>");
  expect_put("<WIM><IMAGE INDEX='1'><T><H>1</H></T></IMAGE></WIM>", 1, "T/L", "9",
             "<WIM><IMAGE INDEX='1'><T><H>1</H><L>9</L></T></IMAGE></WIM>");
  expect_put("<WIM><IMAGE INDEX='1'><!-- <T> --></IMAGE></WIM>", 1, "T/L", "9",
             "<WIM><IMAGE INDEX='1'><!-- <T> --><T><L>9</L></T></IMAGE></WIM>");
  expect_put("<WIM><IMAGE INDEX='1'><B><A>x</A></B><A>y<C>z</C></A></IMAGE></WIM>", 1, "A", "9",
             "<WIM><IMAGE INDEX='1'><B><A>x</A></B><A>9</A></IMAGE></WIM>");
}

static void xml_facts(void **state) {
  (void)state;
  wg_arena arena;
  wg_arena_init(&arena, wg_heap(), 0);
  wg_wim_facts f[2];
  bool encrypted = true;
  wg_error err = WG_ERROR_INIT;
  wg_str xml = WG_STR(
      "<?xml version='1.0'?><WIM a='>'><IMAGE X='INDEX' INDEX = \"2\"><NAME>a &amp; b &#x41;&#66; "
      "&bad; "
      "<![CDATA[<c>]]></NAME><NAME>second</NAME><WINDOWS><ARCH>9</ARCH><VERSION><BUILD>1</BUILD>"
      "</VERSION></WINDOWS><X><NAME>no</NAME></X></IMAGE><IMAGE INDEX='1'/>"
      "<IMAGE INDEX='7'><NAME>none</NAME></IMAGE></WIM>");
  assert_ok(wg_wim_xml_facts(xml, &arena, f, 2, &encrypted, &err), &err);
  assert_false(encrypted);
  assert_string_equal(f[0].name, "");
  assert_string_equal(f[1].name, "a & b AB &bad; <c>");
  assert_string_equal(f[1].arch, "9");
  assert_string_equal(f[1].build, "1");
  assert_ok(wg_wim_xml_facts(WG_STR("<WIM><ESD><ENCRYPTED/></ESD></WIM>"), &arena, f, 0, &encrypted,
                             &err),
            &err);
  assert_true(encrypted);
  wg_arena_done(&arena);
}

static void expect_image(const char *in, uint32_t image, const char *element, const char *index) {
  wg_wim_xml_image at;
  wg_error err = WG_ERROR_INIT;
  assert_ok(wg_wim_xml_find_image(wg_str_of(in), image, &at, &err), &err);
  assert_true(wg_str_eqz((wg_str){in + at.from, at.to - at.from}, element));
  assert_true(wg_str_eqz((wg_str){in + at.index_from, at.index_to - at.index_from}, index));
}

static void xml_finds_images(void **state) {
  (void)state;
  const char *xml = "<WIM><IMAGE X='1' INDEX = \"2\"><IMAGE INDEX='1'></IMAGE></IMAGE> "
                    "<IMAGE INDEX='1'/><!-- <IMAGE INDEX='3'/> --><IMAGE/></WIM>";
  expect_image(xml, 2, "<IMAGE X='1' INDEX = \"2\"><IMAGE INDEX='1'></IMAGE></IMAGE>", "2");
  expect_image(xml, 1, "<IMAGE INDEX='1'/>", "1");
  expect_image(xml, 3, "", "");
  expect_image(xml, 0, "", "");
  expect_image("", 1, "", "");
  wg_wim_xml_image at;
  wg_error err = WG_ERROR_INIT;
  assert_int_equal(wg_wim_xml_find_image(WG_STR("<WIM><IMAGE INDEX='1'><A>"), 1, &at, &err),
                   WG_E_FORMAT);
}

static void times(void **state) {
  (void)state;
  assert_true(wg_wim_time(0) == 116444736000000000u);
  assert_true(wg_wim_time(-11644473600) == 0);
  assert_true(wg_wim_time(INT64_MIN) == 0);
}

// fuzz/wim/corpus/parts: what wimlib made of one split into two, one behind the other; then 8 bytes
// for the fuzzer.
static void parts_of_a_split_one(void **state) {
  (void)state;
  WG_AUTO(wg_cstr)
  path = wg_xprintf("%s/fuzz/wim/corpus/parts", wg_os_getenv("WG_SOURCE_ROOT"));
  WG_AUTO(wg_buf) b = {0};
  WG_AUTO(wg_arena) arena = {0};
  WG_AUTO_PTR(wg_wim_decoder) d = NULL;
  wg_error err = WG_ERROR_INIT;
  wg_wim w;
  wg_buf_init(&b, wg_heap(), 0);
  wg_arena_init(&arena, wg_heap(), 0);
  assert_ok(wg_os_read_file(WG_CWD, path, 1 << 20, &b, &err), &err);
  assert_ok(wg_wim_decoder_new(wg_heap(), &d, &err), &err);
  assert_true(b.n > 16);
  uint64_t n = b.n - 8;
  const char *second = memmem(b.p + 8, (size_t)n - 8, "MSWIM\0\0", 8);
  assert_non_null(second);
  uint64_t cut = (uint64_t)(second - (const char *)b.p);
  bytes in = {b.p, (size_t)n};
  wg_wim_source src = {.read = read_bytes, .ctx = &in, .size_bytes = n};
  const wg_wim_part right[2] = {{.n_bytes = cut}, {.off_bytes = cut, .n_bytes = n - cut}};
  const wg_wim_part swapped[2] = {right[1], right[0]}, twice[2] = {right[0], right[0]};
  assert_ok(wg_wim_open_parts(&src, right, 2, &arena, NULL, &w, &err), &err);
  assert_true(wg_wim_is_whole(&w));
  assert_int_equal(w.n_images, 1);
  assert_int_equal(w.n_by_hash, 3);
  assert_ok(read_image(&w, d, 0, &arena, &err), &err);
  bool in_second = false;
  for (uint32_t i = 0; i < w.n_blobs; i++) {
    WG_AUTO(wg_buf) out = {0};
    wg_buf_init(&out, wg_heap(), 0);
    assert_ok(wg_wim_load_blob(&w, d, i, 1 << 20, &out, &err), &err);
    assert_ptr_equal(wg_wim_part_at(&w, w.blobs[i].off_bytes), &w.parts[w.blobs[i].part - 1]);
    in_second = in_second || w.blobs[i].part == 2;
  }
  assert_true(in_second);
  assert_int_equal(wg_wim_open_parts(&src, swapped, 2, &arena, NULL, &w, &err), WG_E_FORMAT);
  assert_int_equal(wg_wim_open_parts(&src, twice, 2, &arena, NULL, &w, &err), WG_E_FORMAT);
  assert_int_equal(err.off_bytes, 0x28);
  b.p[7 + cut + 0x18] ^= 1; // another GUID
  assert_int_equal(wg_wim_open_parts(&src, right, 2, &arena, NULL, &w, &err), WG_E_FORMAT);
  assert_int_equal(err.off_bytes, 0x18);
  in.n = (size_t)cut;
  src.size_bytes = cut;
  assert_ok(wg_wim_open(&src, &arena, NULL, &w, &err), &err); // part 1 by itself
  assert_false(wg_wim_is_whole(&w));
}

static void elements_of_an_image_are_read_and_set(void **state) {
  static const char xml[] = "<WIM><TOTALBYTES>5</TOTALBYTES><IMAGE INDEX='1'><NAME>x</NAME></IMAGE>"
                            "<IMAGE INDEX=\"2\"> <DIRCOUNT>3</DIRCOUNT><!-- c --><NAME>a</NAME>"
                            "<WINDOWS><NAME>no</NAME></WINDOWS><FLAGS/></IMAGE></WIM>";
  const wg_str set[] = {WG_STR("<NAME>b</NAME>"), WG_STR("<X Y=\"1\"/>")};
  wg_error err = WG_ERROR_INIT;
  WG_AUTO(wg_arena) arena = {0};
  WG_AUTO(wg_buf) out = {0};
  wg_wim_xml_element *v = NULL;
  size_t n = 0;
  (void)state;
  wg_arena_init(&arena, wg_heap(), 0);
  wg_buf_init(&out, wg_heap(), 0);
  assert_ok(wg_wim_xml_elements(WG_STR(xml), 2, &arena, &v, &n, &err), &err);
  assert_int_equal(n, 4);
  assert_true(wg_str_eqz(v[2].name, "WINDOWS") &&
              wg_str_eqz(v[2].text, "<WINDOWS><NAME>no</NAME></WINDOWS>"));
  assert_true(wg_str_eqz(v[3].text, "<FLAGS/>") && wg_wim_xml_is_counted(v[0].name));
  assert_ok(wg_wim_xml_set_elements(WG_STR(xml), 2, set, 2, &out, &err), &err);
  assert_string_equal(wg_buf_z(&out),
                      "<WIM><TOTALBYTES>5</TOTALBYTES><IMAGE INDEX='1'><NAME>x</NAME></IMAGE>"
                      "<IMAGE INDEX=\"2\"> <DIRCOUNT>3</DIRCOUNT><NAME>b</NAME><X Y=\"1\"/>"
                      "</IMAGE></WIM>");
  assert_ok(wg_wim_xml_elements(WG_STR(xml), 3, &arena, &v, &n, &err), &err);
  assert_int_equal(n, 0);
  assert_int_equal(wg_wim_xml_set_elements(WG_STR(xml), 3, set, 2, &out, &err), WG_E_FORMAT);
}

static void one_element_is_one_element(void **state) {
  static const char *const good[] = {
      "<A/>", "<A b=\"c d\" e='f'>x &#228; &#xE4; &lt;<B><A/></B></A>",
      "<\xC3\xA4-1>y</\xC3\xA4-1>", "<A><![CDATA[ <&>]]></A>", "<A ><!-- c --> <B/>\n</A>"};
  static const char *const bad[] = {"",
                                    " <A/>",
                                    "<A/> ",
                                    "<A/><B/>",
                                    "<A>",
                                    "</A>",
                                    "<A></B>",
                                    "x",
                                    "<!-- c -->",
                                    "<?xml?><A/>",
                                    "<1/>",
                                    "<A>&</A>",
                                    "<A>&x;</A>",
                                    "<A b/>",
                                    "<A b=c/>",
                                    "<A b='c/>",
                                    "<A b=''c=''/>",
                                    "<A b='<'/>",
                                    "<A b='&'/>",
                                    "<A b='' b=''/>",
                                    "<A>\x01</A>",
                                    "<A>&#xD800;</A>",
                                    "<A>&#0;</A>",
                                    "<A =''/>"};
  wg_wim_xml_element e;
  (void)state;
  for (size_t i = 0; i < WG_ARRAY_LEN(good); i++) {
    wg_error err = WG_ERROR_INIT;
    assert_ok(wg_wim_xml_element_of(wg_str_of(good[i]), &e, &err), &err);
    assert_true(e.name.n == 1 || e.name.n == 4);
  }
  for (size_t i = 0; i < WG_ARRAY_LEN(bad); i++) {
    wg_error err = WG_ERROR_INIT;
    if (wg_wim_xml_element_of(wg_str_of(bad[i]), &e, &err) != WG_E_FORMAT) {
      fail_msg("'%s' was taken", bad[i]);
    }
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(elements_of_an_image_are_read_and_set),
      cmocka_unit_test(one_element_is_one_element),
      cmocka_unit_test(hostile_files),
      cmocka_unit_test(parts_of_a_split_one),
      cmocka_unit_test(every_codec_and_failing_memory),
      cmocka_unit_test(xml_changes_one_element),
      cmocka_unit_test(xml_facts),
      cmocka_unit_test(xml_finds_images),
      cmocka_unit_test(times),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
