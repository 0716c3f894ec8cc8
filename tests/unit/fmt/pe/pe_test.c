// SPDX-License-Identifier: Apache-2.0
#include "fmt/pe/pe.h"

#include <string.h>

#include "bad.h"

// The seed images of the fuzzer are whole images (scripts/gen-bad-pe.py).
static void read_seed(const char *name, wg_buf *out) {
  wg_error err = WG_ERROR_INIT;
  WG_AUTO(wg_cstr)
  path = wg_xprintf("%s/fuzz/pe/corpus/%s", wg_os_getenv("WG_SOURCE_ROOT"), name);
  wg_buf_init(out, wg_heap(), 0);
  assert_ok(wg_os_read_file(WG_CWD, path, 1 << 20, out, &err), &err);
}

static wg_code parse_all(const void *p, size_t n, wg_arena *arena, wg_error *err) {
  const wg_pe *pe = NULL;
  if (wg_pe_parse(p, n, arena, &pe, err) != WG_OK) {
    return err->code;
  }
  const wg_pe_version *v = NULL;
  wg_code code = wg_pe_version_info(pe, arena, &v, err);
  if (code != WG_OK && code != WG_E_NOT_FOUND) {
    return code;
  }
  const wg_pe_icon_group *groups = NULL;
  uint32_t n_groups = 0;
  if (wg_pe_icon_groups(pe, arena, &groups, &n_groups, err) != WG_OK) {
    return err->code;
  }
  for (uint32_t i = 0; i < n_groups; i++) {
    WG_AUTO(wg_buf) ico = {0};
    wg_buf_init(&ico, arena->alloc, 0);
    if (wg_pe_icon_write_ico(pe, &groups[i], &ico, err) != WG_OK) {
      return err->code;
    }
  }
  return WG_OK;
}

static wg_code check_bad(const void *p, size_t n, const char *rest, wg_error *err) {
  WG_AUTO(wg_arena) arena = {0};
  wg_arena_init(&arena, wg_heap(), 0);
  wg_code code = parse_all(p, n, &arena, err);
  uint64_t want = 0;
  if (code == WG_E_FORMAT || rest[0] != 0) {
    assert_true(wg_str_starts(wg_str_of(rest), "0x"));
    assert_true(wg_parse_hex64(wg_str_of(rest + 2), &want));
    if (err->off_bytes != want) {
      fail_msg("offset 0x%llx, want %s: %s", (unsigned long long)err->off_bytes, rest, err->text);
    }
  }
  return code;
}

static void bad_files_are_refused_at_their_offset(void **state) {
  (void)state;
  bad_all("pe", 45, check_bad);
}

static void every_truncation_of_a_good_image_is_survived(void **state) {
  (void)state;
  WG_AUTO(wg_buf) b = {0};
  read_seed("pe64-signed", &b);
  for (size_t n = 0; n < b.n; n++) {
    WG_AUTO(wg_arena) arena = {0};
    wg_arena_init(&arena, wg_heap(), 0);
    wg_error err = WG_ERROR_INIT;
    WG_AUTO(wg_cstr) exact = wg_xstrndup((const char *)b.p, n);
    assert_int_equal(parse_all(exact, n, &arena, &err), WG_E_FORMAT);
    assert_true(err.off_bytes <= b.n);
  }
}

static void a_whole_image_is_read(void **state) {
  (void)state;
  WG_AUTO(wg_buf) b = {0};
  WG_AUTO(wg_arena) arena = {0};
  wg_error err = WG_ERROR_INIT;
  const wg_pe *pe = NULL;
  read_seed("pe64-signed", &b);
  wg_arena_init(&arena, wg_heap(), 0);
  assert_ok(wg_pe_parse(b.p, b.n, &arena, &pe, &err), &err);
  assert_int_equal(pe->machine, WG_PE_MACHINE_AMD64);
  assert_string_equal(wg_pe_machine_goarch(pe->machine), "amd64");
  assert_string_equal(wg_pe_subsystem_name(pe->subsystem), "Windows console");
  assert_true(pe->plus);
  assert_int_equal(pe->entry_rva, 0x1000);
  assert_true(pe->image_base == 0x140000000);
  assert_int_equal(pe->n_sections, 3);
  assert_true(wg_str_eqz(pe->sections[2].name, ".rsrc"));
  assert_int_equal(pe->n_imports, 3);
  assert_true(wg_str_eqz(pe->imports[0].dll, "KERNEL32.dll"));
  assert_true(wg_str_eqz(pe->imports[0].fns[1].name, "GetTickCount"));
  assert_true(pe->imports[1].fns[0].by_ordinal);
  assert_int_equal(pe->imports[1].fns[0].ordinal, 17);
  assert_true(pe->imports[2].delayed);
  assert_true(wg_str_eqz(pe->imports[2].fns[0].name, "MessageBoxW"));
  assert_int_equal(pe->n_exports, 2);
  assert_true(wg_str_eqz(pe->export_dll, "small.dll"));
  assert_int_equal(pe->exports[0].rva, 0x1000);
  assert_true(wg_str_eqz(pe->exports[1].forwarder, "NTDLL.RtlBeta"));
  assert_int_equal(pe->exports[1].ordinal, 7);
  assert_int_equal(pe->n_export_functions, 3);
  assert_true(wg_str_eqz(pe->pdb.path, "small.pdb"));
  assert_int_equal(pe->n_certs, 1);
  assert_int_equal(pe->certs[0].n_bytes, 20);
  assert_int_equal(pe->n_resources, 5);
  assert_true(pe->resources[0].type.is_name && wg_str_eqz(pe->resources[0].type.name, "DATA"));
  assert_true(wg_str_eqz(pe->resources[0].data, "own data"));
  assert_true(wg_str_eqz(wg_pe_manifest(pe), "<assembly/>"));
}

static void version_and_icons_are_read(void **state) {
  (void)state;
  WG_AUTO(wg_buf) b = {0};
  WG_AUTO(wg_arena) arena = {0};
  wg_error err = WG_ERROR_INIT;
  const wg_pe *pe = NULL;
  const wg_pe_version *v = NULL;
  read_seed("pe32", &b);
  wg_arena_init(&arena, wg_heap(), 0);
  assert_ok(wg_pe_parse(b.p, b.n, &arena, &pe, &err), &err);
  assert_false(pe->plus);
  assert_int_equal(pe->machine, WG_PE_MACHINE_I386);
  assert_int_equal(pe->image_base, 0x400000);
  assert_int_equal(pe->n_certs, 0);
  assert_ok(wg_pe_version_info(pe, &arena, &v, &err), &err);
  assert_int_equal(v->file_version[3], 4);
  assert_int_equal(v->lang_code_page, 0x040904B0);
  assert_int_equal(v->n_translations, 1);
  assert_int_equal(v->translations[0], 0x040904B0);
  assert_true(wg_str_eqz(wg_pe_version_get(v, "CompanyName"), "Example"));
  assert_int_equal(wg_pe_version_get(v, "Nothing").n, 0);
  const wg_pe_icon_group *g = NULL;
  uint32_t n = 0;
  assert_ok(wg_pe_icon_groups(pe, &arena, &g, &n, &err), &err);
  assert_int_equal(n, 1);
  assert_int_equal(g[0].n_images, 1);
  assert_int_equal(g[0].images[0].width_px, 8);
  assert_int_equal(g[0].images[0].bits_per_pixel, 4);
}

static void addresses_lead_to_bytes(void **state) {
  (void)state;
  WG_AUTO(wg_buf) b = {0};
  WG_AUTO(wg_arena) arena = {0};
  wg_error err = WG_ERROR_INIT;
  const wg_pe *pe = NULL;
  wg_reader r;
  read_seed("pe64", &b);
  wg_arena_init(&arena, wg_heap(), 0);
  assert_ok(wg_pe_parse_with(b.p, b.n, NULL, WG_PE_HEADERS_ONLY, &arena, &pe, &err), &err);
  assert_int_equal(pe->n_imports, 0);
  assert_true(wg_pe_read_rva(pe, 0x1000, &r)); // .text holds 16 bytes of its 512 in the file
  assert_int_equal(r.n_bytes, 16);
  assert_int_equal(r.base_off, 0x400);
  assert_true(wg_pe_read_va(pe, 0x14000100F, &r));
  assert_int_equal(r.n_bytes, 1);
  assert_false(wg_pe_read_rva(pe, 0x1010, &r));
  assert_false(wg_pe_read_va(pe, 0x1000, &r));
  assert_true(wg_pe_read_rva(pe, 0, &r)); // the headers are loaded, too
  assert_int_equal(r.n_bytes, 0x400);
  assert_false(wg_pe_slice_rva(pe, 0x3FF, 2, &r));
  assert_false(wg_pe_read_rva(pe, 0xFFFFFFFF, &r));
  assert_ptr_equal(wg_pe_section_named(pe, ".rdata"), &pe->sections[1]);
  assert_null(wg_pe_section_named(pe, ".nothing"));
  assert_ptr_equal(wg_pe_section_at(pe, 0x2001), &pe->sections[1]);
}

static void limits_are_kept(void **state) {
  (void)state;
  WG_AUTO(wg_buf) b = {0};
  read_seed("pe64-signed", &b);
  for (int i = 0; i < 8; i++) {
    wg_pe_limits lim = wg_pe_default_limits;
    uint32_t *const each[] = {&lim.sections,     &lim.import_dlls,    &lim.import_functions,
                              &lim.export_names, &lim.resource_nodes, &lim.certificates,
                              &lim.name_bytes,   &lim.debug_entries};
    *each[i] = i == 6 ? 5 : i == 5 || i == 7 ? 0 : 1;
    WG_AUTO(wg_arena) arena = {0};
    wg_arena_init(&arena, wg_heap(), 0);
    wg_error err = WG_ERROR_INIT;
    const wg_pe *pe = NULL;
    assert_int_equal(wg_pe_parse_with(b.p, b.n, &lim, WG_PE_ALL, &arena, &pe, &err), WG_E_LIMIT);
  }
  wg_pe_limits lim = wg_pe_default_limits;
  lim.all_names_bytes = 40;
  WG_AUTO(wg_arena) arena = {0};
  wg_arena_init(&arena, wg_heap(), 0);
  wg_error err = WG_ERROR_INIT;
  const wg_pe *pe = NULL;
  assert_int_equal(wg_pe_parse_with(b.p, b.n, &lim, WG_PE_ALL, &arena, &pe, &err), WG_E_LIMIT);
}

static void the_digest_leaves_out_what_signing_changes(void **state) {
  (void)state;
  WG_AUTO(wg_buf) b = {0};
  WG_AUTO(wg_arena) arena = {0};
  wg_error err = WG_ERROR_INIT;
  const wg_pe *pe = NULL;
  wg_pe_hash_plan plan;
  read_seed("pe64-signed", &b);
  wg_arena_init(&arena, wg_heap(), 0);
  assert_ok(wg_pe_parse(b.p, b.n, &arena, &pe, &err), &err);
  assert_ok(wg_pe_hash_ranges(pe, &plan, &err), &err);
  assert_int_equal(plan.n_ranges, 3);
  assert_int_equal(plan.ranges[0].n_bytes, 0x80 + 88);           // to CheckSum
  assert_int_equal(plan.ranges[1].off, 0x80 + 92);               // behind it
  assert_int_equal(plan.ranges[1].n_bytes, 60 + 16);             // to the certificate entry
  assert_int_equal(plan.ranges[2].off, 0x80 + 92 + 60 + 16 + 8); // behind that
  assert_int_equal(plan.ranges[2].off + plan.ranges[2].n_bytes, b.n - 24);
  assert_int_equal(plan.n_pad_zero_bytes, 0);
  assert_false(plan.has_gaps);
  // Bytes behind the certificates: no digest is defined.
  wg_buf_add(&b, "extra", 5);
  assert_ok(wg_pe_parse(b.p, b.n - 1, &arena, &pe, &err), &err);
  assert_int_equal(wg_pe_hash_ranges(pe, &plan, &err), WG_E_FORMAT);
  assert_int_equal(err.off_bytes, 0xC00 + 24);
}

static void an_unsigned_file_is_padded_and_gaps_are_told(void **state) {
  (void)state;
  WG_AUTO(wg_buf) b = {0};
  WG_AUTO(wg_arena) arena = {0};
  wg_error err = WG_ERROR_INIT;
  const wg_pe *pe = NULL;
  wg_pe_hash_plan plan;
  read_seed("pe64", &b);
  wg_arena_init(&arena, wg_heap(), 0);
  wg_buf_add(&b, "t", 1);
  assert_ok(wg_pe_parse(b.p, b.n, &arena, &pe, &err), &err);
  assert_ok(wg_pe_hash_ranges(pe, &plan, &err), &err);
  assert_int_equal(plan.n_pad_zero_bytes, 7);
  assert_int_equal(plan.ranges[2].off + plan.ranges[2].n_bytes, b.n);
  wg_put_le32(b.p + 0x98 + 240 + 40 + 16, 0); // .rdata without bytes leaves a hole
  assert_ok(wg_pe_parse_with(b.p, b.n, NULL, WG_PE_HEADERS_ONLY, &arena, &pe, &err), &err);
  assert_ok(wg_pe_hash_ranges(pe, &plan, &err), &err);
  assert_true(plan.has_gaps);
}

static void checksum_words_wrap(void **state) {
  (void)state;
  // Worked by hand: words 0xFFFF + 0x0002 = 0x10001 -> 0x0002, last odd byte 0x03; plus length 5.
  const uint8_t in[] = {0xFF, 0xFF, 0x02, 0x00, 0x03};
  assert_int_equal(wg_pe_compute_checksum(in, sizeof(in), 100), 0x0002 + 0x03 + 5);
  assert_int_equal(wg_pe_compute_checksum(in, sizeof(in), 0), 0x03 + 5);
}

static void out_of_memory_is_survived_everywhere(void **state) {
  (void)state;
  WG_AUTO(wg_buf) b = {0};
  read_seed("pe64-signed", &b);
  for (unsigned long n = 1;; n++) {
    assert_true(n < 1000);
    failing_heap h = {.fail_at = n};
    wg_alloc alloc = failing_heap_alloc(&h);
    wg_arena arena = {0};
    wg_arena_init(&arena, &alloc, 0);
    wg_error err = WG_ERROR_INIT;
    wg_code code = parse_all(b.p, b.n, &arena, &err);
    wg_arena_done(&arena);
    assert_int_equal(h.n_live, 0);
    if (code == WG_OK) {
      break;
    }
    assert_int_equal(code, WG_E_NOMEM);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_whole_image_is_read),
      cmocka_unit_test(version_and_icons_are_read),
      cmocka_unit_test(addresses_lead_to_bytes),
      cmocka_unit_test(limits_are_kept),
      cmocka_unit_test(the_digest_leaves_out_what_signing_changes),
      cmocka_unit_test(an_unsigned_file_is_padded_and_gaps_are_told),
      cmocka_unit_test(checksum_words_wrap),
      cmocka_unit_test(bad_files_are_refused_at_their_offset),
      cmocka_unit_test(every_truncation_of_a_good_image_is_survived),
      cmocka_unit_test(out_of_memory_is_survived_everywhere),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
