// SPDX-License-Identifier: Apache-2.0
#include "fmt/rsrc/rsrc.h"

#include <string.h>

#include "bad.h"
#include "fmt/coff/coff.h"
#include "fmt/pe/pe.h"
#include "pe_image.h"

typedef struct built { // a syso, and the image made of it
  wg_arena arena;
  wg_buf syso, image;
  const wg_pe *pe;
} built;

static void built_done(built *b) {
  wg_arena_done(&b->arena);
  wg_buf_done(&b->syso);
  wg_buf_done(&b->image);
}
WG_DEFINE_AUTO(built, built_done);

static void build(built *b, const wg_rsrc_spec *spec) {
  wg_error err = WG_ERROR_INIT;
  wg_arena_init(&b->arena, wg_heap(), 0);
  wg_buf_init(&b->syso, wg_heap(), 0);
  wg_buf_init(&b->image, wg_heap(), 0);
  assert_ok(wg_rsrc_build_syso(spec, &b->arena, &b->syso, &err), &err);
  assert_true(pe_image_from_syso(&b->syso, &b->image));
  assert_ok(wg_pe_parse(b->image.p, b->image.n, &b->arena, &b->pe, &err), &err);
}

static void read_icon(wg_buf *out) {
  wg_error err = WG_ERROR_INIT;
  WG_AUTO(wg_cstr) path = wg_xprintf("%s/fuzz/ico/corpus/bits", wg_os_getenv("WG_SOURCE_ROOT"));
  wg_buf_init(out, wg_heap(), 0);
  assert_ok(wg_os_read_file(WG_CWD, path, 1 << 20, out, &err), &err);
}

static const wg_rsrc_version_info full_info = {
    .company = "Ex\xc3\xa4mple \xf0\x9f\x98\x80 GmbH",
    .description = "Kiosk agent",
    .product = "Kiosk",
    .copyright = "\xc2\xa9 2026",
    .trademarks = "none",
    .comments = "a & b",
    .internal_name = "agent",
    .original_filename = "agent.exe",
    .file_version = "v1.4.0-rc1",
    .product_version = "2",
};

static void what_is_built_reads_back(void **state) {
  (void)state;
  WG_AUTO(wg_buf) icon = {0};
  read_icon(&icon);
  wg_rsrc_manifest m = {.level = WG_RSRC_LEVEL_ADMIN, .long_paths = true, .utf8 = true};
  static const char *const archs[] = {"amd64", "arm64", "386"};
  for (size_t i = 0; i < WG_ARRAY_LEN(archs); i++) {
    WG_AUTO(built) b = {0};
    wg_rsrc_spec spec = {
        .goarch = archs[i], .icon = wg_buf_str(&icon), .version = &full_info, .manifest = &m};
    build(&b, &spec);
    assert_string_equal(wg_pe_machine_goarch(b.pe->machine), archs[i]);
    wg_error err = WG_ERROR_INIT;
    const wg_pe_version *v = NULL;
    assert_ok(wg_pe_version_info(b.pe, &b.arena, &v, &err), &err);
    assert_int_equal(v->file_version[0], 1);
    assert_int_equal(v->file_version[1], 4);
    assert_int_equal(v->product_version[0], 2);
    assert_int_equal(v->file_flags, 2); // a prerelease
    assert_int_equal(v->n_strings, 10);
    assert_true(wg_str_eqz(wg_pe_version_get(v, "CompanyName"), full_info.company));
    assert_true(wg_str_eqz(wg_pe_version_get(v, "FileVersion"), "v1.4.0-rc1"));
    assert_true(wg_str_eqz(wg_pe_version_get(v, "ProductVersion"), "2"));
    assert_true(wg_str_eqz(wg_pe_version_get(v, "LegalCopyright"), "\xc2\xa9 2026"));
    const wg_pe_icon_group *g = NULL;
    uint32_t n = 0;
    assert_ok(wg_pe_icon_groups(b.pe, &b.arena, &g, &n, &err), &err);
    assert_int_equal(n, 1);
    WG_AUTO(wg_buf) ico = {0};
    wg_buf_init(&ico, wg_heap(), 0);
    assert_ok(wg_pe_icon_write_ico(b.pe, &g[0], &ico, &err), &err);
    assert_int_equal(ico.n, icon.n);
    assert_memory_equal(ico.p, icon.p, ico.n);
    assert_ok(wg_rsrc_manifest_check(wg_pe_manifest(b.pe), &err), &err);
  }
}

static void the_same_spec_gives_the_same_bytes(void **state) {
  (void)state;
  WG_AUTO(built) a = {0};
  WG_AUTO(built) b = {0};
  wg_rsrc_spec spec = {.goarch = "amd64", .version = &full_info};
  build(&a, &spec);
  build(&b, &spec);
  assert_int_equal(a.syso.n, b.syso.n);
  assert_memory_equal(a.syso.p, b.syso.p, a.syso.n);
  assert_int_equal(wg_le32(a.syso.p + 4), 0); // the header's time stamp
}

static void versions(void **state) {
  (void)state;
  static const struct {
    const char *in;
    uint16_t want[4];
    bool pre;
  } good[] = {
      {"1.2.3.4", {1, 2, 3, 4}, false},
      {"1.4.0", {1, 4, 0, 0}, false},
      {"v1.4.0-rc1", {1, 4, 0, 0}, true},
      {"V2", {2, 0, 0, 0}, false},
      {"1.4.0+build.7", {1, 4, 0, 0}, false},
      {"1.4.0rc1", {1, 4, 0, 0}, true},
      {"65535.0.65535.1", {65535, 0, 65535, 1}, false},
      {"main", {0}, false},
      {"7f3a2b1", {0}, false},
      {"99999999f", {0}, false},
      {"", {0}, false},
      {"v", {0}, false},
      {"1.", {1, 0, 0, 0}, false},
      {"1..2", {1, 0, 0, 0}, false},
      {"2026.11.24", {2026, 11, 24, 0}, false},
      {"1.2.3 (test)", {1, 2, 3, 0}, false},
  };
  wg_error err = WG_ERROR_INIT;
  for (size_t i = 0; i < WG_ARRAY_LEN(good); i++) {
    uint16_t quad[4] = {9, 9, 9, 9};
    bool pre = false;
    assert_ok(wg_rsrc_version_parse(wg_str_of(good[i].in), quad, &pre, &err), &err);
    assert_memory_equal(quad, good[i].want, sizeof(quad));
    assert_int_equal(pre, good[i].pre);
  }
  static const char *const bad[] = {"1.2.3.4.5", "65536", "1.2.99999999999999999999", "20261124"};
  for (size_t i = 0; i < WG_ARRAY_LEN(bad); i++) {
    uint16_t quad[4];
    bool pre = false;
    assert_int_equal(wg_rsrc_version_parse(wg_str_of(bad[i]), quad, &pre, &err), WG_E_FORMAT);
    assert_non_null(strstr(err.text, bad[i]));
  }
}

static void texts_that_do_not_fit_are_refused(void **state) {
  (void)state;
  wg_error err = WG_ERROR_INIT;
  WG_AUTO(wg_buf) out = {0};
  wg_buf_init(&out, wg_heap(), 0);
  wg_rsrc_version_info info = {.company = "\xff\xfe"};
  assert_int_equal(wg_rsrc_version_write(&info, &out, &err), WG_E_FORMAT);
  assert_non_null(strstr(err.text, "CompanyName"));
  WG_AUTO(wg_cstr) longest = wg_xalloc(40001);
  memset(longest, 'x', 40000);
  info.company = longest;
  assert_int_equal(wg_rsrc_version_write(&info, &out, &err), WG_E_LIMIT);
  longest[20000] = 0; // two of these fit alone, not together
  info = (wg_rsrc_version_info){.company = longest, .product = longest};
  assert_int_equal(wg_rsrc_version_write(&info, &out, &err), WG_E_LIMIT);
  assert_int_equal(out.n, 0);
}

static void manifest_settings(void **state) {
  (void)state;
  wg_error err = WG_ERROR_INIT;
  WG_AUTO(wg_buf) out = {0};
  wg_buf_init(&out, wg_heap(), 0);
  wg_rsrc_manifest m = {.ui_access = true};
  assert_int_equal(wg_rsrc_manifest_write(&m, &out, &err), WG_E_CONFLICT);
  m = (wg_rsrc_manifest){.name = "a b"};
  assert_int_equal(wg_rsrc_manifest_write(&m, &out, &err), WG_E_FORMAT);
  m = (wg_rsrc_manifest){.description = "bell \a"};
  assert_int_equal(wg_rsrc_manifest_write(&m, &out, &err), WG_E_FORMAT);
  wg_buf_clear(&out);
  m = (wg_rsrc_manifest){.level = WG_RSRC_LEVEL_HIGHEST,
                         .ui_access = true,
                         .dpi = WG_RSRC_DPI_PER_MONITOR_V2,
                         .supported_os = WG_RSRC_OS_10,
                         .common_controls_v6 = true,
                         .name = "Example.Agent",
                         .description = "a < b & c",
                         .version = {1, 2, 3, 4}};
  assert_ok(wg_rsrc_manifest_write(&m, &out, &err), &err);
  const char *xml = wg_buf_z(&out);
  assert_non_null(strstr(xml, "level=\"highestAvailable\" uiAccess=\"true\""));
  assert_non_null(strstr(xml, "PerMonitorV2, PerMonitor"));
  assert_non_null(strstr(xml, "8e0f7a12-bfb3-4fe8-b9a5-48fd50a15a9a"));
  assert_null(strstr(xml, "35138b9a"));
  assert_non_null(strstr(xml, "version=\"1.2.3.4\""));
  assert_non_null(strstr(xml, "a &lt; b &amp; c"));
  assert_null(strstr(xml, "longPathAware"));
  assert_ok(wg_rsrc_manifest_check(wg_buf_str(&out), &err), &err);
}

static void manifest_files_are_checked(void **state) {
  (void)state;
  static const char *const good[] = {
      "<assembly/>",
      "\xEF\xBB\xBF<?xml version='1.0'?>\n<!-- c --><a:assembly xmlns:a=\"x\" b='1'><c>t &amp; "
      "&#x41;</c><![CDATA[<]]></a:assembly >\n",
  };
  static const struct {
    const char *in;
    wg_code code;
    uint64_t off;
  } bad[] = {
      {"", WG_E_FORMAT, 0},
      {"hello", WG_E_FORMAT, 0},
      {"<other/>", WG_E_FORMAT, 0},
      {"<assembly>", WG_E_FORMAT, 10},
      {"<assembly></asembly>", WG_E_FORMAT, 10},
      {"<assembly/><assembly/>", WG_E_FORMAT, 11},
      {"<assembly a=1/>", WG_E_FORMAT, 12},
      {"<assembly a='1/>", WG_E_FORMAT, 12},
      {"<assembly a='1' a='2'/>", WG_E_FORMAT, 16},
      {"<assembly a='1'b='2'/>", WG_E_FORMAT, 15},
      {"<assembly>a & b</assembly>", WG_E_FORMAT, 12},
      {"<assembly>&", WG_E_FORMAT, 10},
      {"<assembly>&#0;</assembly>", WG_E_FORMAT, 10},
      {"<assembly><</assembly>", WG_E_FORMAT, 10},
      {"<assembly><!-- </assembly>", WG_E_FORMAT, 14},
      {"<!DOCTYPE x><assembly/>", WG_E_UNSUPPORTED, 0},
      {"\xFF\xFE<", WG_E_UNSUPPORTED, 0},
      {"<assembly>\xC0</assembly>", WG_E_FORMAT, 10},
  };
  wg_error err = WG_ERROR_INIT;
  for (size_t i = 0; i < WG_ARRAY_LEN(good); i++) {
    assert_ok(wg_rsrc_manifest_check(wg_str_of(good[i]), &err), &err);
  }
  for (size_t i = 0; i < WG_ARRAY_LEN(bad); i++) {
    WG_AUTO(wg_cstr) exact = wg_xstrdup(bad[i].in);
    assert_int_equal(wg_rsrc_manifest_check(wg_str_of(exact), &err), bad[i].code);
    if (err.off_bytes != bad[i].off) {
      fail_msg("%s: offset %llu: %s", bad[i].in, (unsigned long long)err.off_bytes, err.text);
    }
  }
}

static void trees_are_sorted_and_names_kept(void **state) {
  (void)state;
  const wg_rsrc_item items[] = {
      {.type = {.id = 24}, .name = {.id = 2}, .lang = 7, .data = WG_STR("c")},
      {.type = {.id = 24}, .name = {.id = 1}, .lang = 9, .data = WG_STR("bb")},
      {.type = {.name = WG_STR("zeta")}, .name = {.name = WG_STR("\xc3\xa4")}, .data = WG_STR("a")},
      {.type = {.id = 24}, .name = {.id = 1}, .lang = 7, .data = WG_STR("")},
      {.type = {.name = WG_STR("Alpha")}, .name = {.id = 5}, .data = WG_STR("first")},
  };
  static const char *const want[] = {"first", "a", "", "bb", "c"};
  WG_AUTO(built) b = {0};
  wg_error err = WG_ERROR_INIT;
  wg_arena_init(&b.arena, wg_heap(), 0);
  wg_buf_init(&b.syso, wg_heap(), 0);
  wg_buf_init(&b.image, wg_heap(), 0);
  WG_AUTO(wg_buf) tree = {0};
  wg_buf_init(&tree, wg_heap(), 0);
  wg_coff_section s = {.name = ".rsrc"};
  assert_ok(
      wg_rsrc_tree_write(items, WG_ARRAY_LEN(items), &b.arena, &tree, &s.relocs, &s.n_relocs, &err),
      &err);
  s.data = wg_buf_str(&tree);
  assert_ok(wg_coff_write(wg_coff_machine_of("amd64"), &s, 1, &b.syso, &err), &err);
  assert_true(pe_image_from_syso(&b.syso, &b.image));
  assert_ok(wg_pe_parse(b.image.p, b.image.n, &b.arena, &b.pe, &err), &err);
  assert_int_equal(b.pe->n_resources, WG_ARRAY_LEN(want));
  for (size_t i = 0; i < WG_ARRAY_LEN(want); i++) {
    assert_true(wg_str_eqz(b.pe->resources[i].data, want[i]));
  }
  assert_true(wg_str_eqz(b.pe->resources[0].type.name, "ALPHA"));
  assert_true(wg_str_eqz(b.pe->resources[1].name.name, "\xc3\x84"));
  const wg_rsrc_item twice[] = {items[2], items[2]};
  wg_buf_clear(&tree);
  assert_int_equal(wg_rsrc_tree_write(twice, 2, &b.arena, &tree, &s.relocs, &s.n_relocs, &err),
                   WG_E_CONFLICT);
}

static void what_cannot_be_is_named(void **state) {
  (void)state;
  WG_AUTO(wg_arena) arena = {0};
  WG_AUTO(wg_buf) out = {0};
  wg_arena_init(&arena, wg_heap(), 0);
  wg_buf_init(&out, wg_heap(), 0);
  wg_error err = WG_ERROR_INIT;
  wg_rsrc_manifest m = {0};
  wg_rsrc_spec spec = {.goarch = "arm", .version = &full_info};
  assert_int_equal(wg_rsrc_build_syso(&spec, &arena, &out, &err), WG_E_UNSUPPORTED);
  assert_non_null(strstr(err.text, "windows/arm"));
  spec = (wg_rsrc_spec){.goarch = "386", .manifest = &m, .manifest_xml = WG_STR("<assembly/>")};
  assert_int_equal(wg_rsrc_build_syso(&spec, &arena, &out, &err), WG_E_CONFLICT);
  spec = (wg_rsrc_spec){.goarch = "386", .icon = WG_STR("GIF89a")};
  assert_int_equal(wg_rsrc_build_syso(&spec, &arena, &out, &err), WG_E_FORMAT);
  assert_non_null(strstr(err.text, "icon"));
  spec = (wg_rsrc_spec){.goarch = "386"};
  assert_ok(wg_rsrc_build_syso(&spec, &arena, &out, &err), &err);
  assert_int_equal(out.n, 0);
  wg_coff_section s = {.name = ".rsrc", .n_relocs = 65535};
  assert_int_equal(wg_coff_write(0x8664, &s, 1, &out, &err), WG_E_LIMIT);
  assert_int_equal(wg_coff_write(0x1C4, &s, 1, &out, &err), WG_E_UNSUPPORTED);
}

static void out_of_memory_is_survived_everywhere(void **state) {
  (void)state;
  WG_AUTO(wg_buf) icon = {0};
  read_icon(&icon);
  wg_rsrc_manifest m = {.level = WG_RSRC_LEVEL_ADMIN, .long_paths = true};
  wg_rsrc_spec spec = {
      .goarch = "amd64", .icon = wg_buf_str(&icon), .version = &full_info, .manifest = &m};
  for (unsigned long n = 1;; n++) {
    assert_true(n < 1000);
    failing_heap h = {.fail_at = n};
    wg_alloc alloc = failing_heap_alloc(&h);
    wg_arena arena = {0};
    wg_buf out = {0};
    wg_arena_init(&arena, &alloc, 0);
    wg_buf_init(&out, &alloc, 0);
    wg_error err = WG_ERROR_INIT;
    wg_code code = wg_rsrc_build_syso(&spec, &arena, &out, &err);
    wg_arena_done(&arena);
    wg_buf_done(&out);
    assert_int_equal(h.n_live, 0);
    if (code == WG_OK) {
      break;
    }
    assert_int_equal(code, WG_E_NOMEM);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(what_is_built_reads_back),
      cmocka_unit_test(the_same_spec_gives_the_same_bytes),
      cmocka_unit_test(versions),
      cmocka_unit_test(texts_that_do_not_fit_are_refused),
      cmocka_unit_test(manifest_settings),
      cmocka_unit_test(manifest_files_are_checked),
      cmocka_unit_test(trees_are_sorted_and_names_kept),
      cmocka_unit_test(what_cannot_be_is_named),
      cmocka_unit_test(out_of_memory_is_survived_everywhere),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
