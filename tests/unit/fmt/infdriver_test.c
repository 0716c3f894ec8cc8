// SPDX-License-Identifier: Apache-2.0
// What an INF says of a driver package for one Windows. Facts: docs/formats/inf.md,
// docs/formats/driverdb.md.
#include "fmt/inf/driver.h"

#include "bad.h"
#include "fmt/regf/regf.h"

#define VERSION                                                                                    \
  "[Version]\r\nSignature=\"$Windows NT$\"\r\nClass=Net\r\n"                                       \
  "ClassGuid={4D36E972-E325-11CE-BFC1-08002BE10318}\r\nProvider=%P%\r\n"                           \
  "DriverVer=07/10/2023,1.2.3.4\r\nCatalogFile.NTarm64=arm.cat\r\nCatalogFile=x.cat\r\n"           \
  "[Strings]\r\nP=\"Maker\"\r\nD=\"Device\"\r\nDW=0x00010001\r\n"

static const wg_inf_target win11 = {
    .arch = WG_INF_AMD64, .major = 10, .minor = 0, .build = 26100, .product_type = 1};

typedef struct set { // an INF with all that came of it
  wg_arena arena;
  wg_inf inf;
  wg_inf_package p;
  wg_error err;
} set;

static wg_code set_up(set *s, const char *text, const wg_inf_target *t,
                      const wg_inf_library *library) {
  s->err = (wg_error)WG_ERROR_INIT;
  wg_arena_init(&s->arena, wg_heap(), 0);
  wg_code code = wg_inf_parse(text, strlen(text), NULL, &s->arena, &s->inf, &s->err);
  return code == WG_OK ? wg_inf_compile(&s->inf, t, library, &s->arena, &s->p, &s->err) : code;
}

static void set_down(set *s) {
  wg_arena_done(&s->arena);
}

static bool is(wg_str a, const char *z) {
  return wg_str_eqz(a, z);
}

static void test_decorations(void **state) {
  (void)state;
  static const struct {
    const char *text;
    bool fits;
  } cases[] = {{"", false},
               {"NT", false},
               {"NTx86", false},
               {"NTamd64", true},
               {"ntAMD64", true},
               {"NTarm64", false},
               {"NTamd64.6.1", true},
               {"NTamd64.10.0", true},
               {"NTamd64.10.0...16299", true},
               {"NTamd64.10.0...26100", true},
               {"NTamd64.10.0...26101", false},
               {"NTamd64.10.1", false},
               {"NTamd64.11", false},
               {"NTamd64.6.1...99999", true}, // a build counts where the versions are equal
               {"NTamd64...1", true},
               {"NTamd64.10.0.1", true},
               {"NTamd64.10.0.3", false},
               {"NTamd64.10.0..0x10", false}};
  for (size_t i = 0; i < WG_ARRAY_LEN(cases); i++) {
    wg_inf_decoration d;
    assert_true(wg_inf_decoration_parse(wg_str_of(cases[i].text), &d));
    if (wg_inf_decoration_fits(&d, &win11) != cases[i].fits) {
      fail_msg("%s", cases[i].text);
    }
  }
  static const char *const none[] = {"amd64", "NTz80", "NTamd64.x", "NTamd64.1.2.3.4.5.6", "N"};
  for (size_t i = 0; i < WG_ARRAY_LEN(none); i++) {
    wg_inf_decoration d;
    assert_false(wg_inf_decoration_parse(wg_str_of(none[i]), &d));
  }
  const wg_inf_target x86 = {.arch = WG_INF_X86, .major = 6, .minor = 1, .build = 7601};
  wg_inf_decoration bare;
  assert_true(wg_inf_decoration_parse(wg_str_of(""), &bare));
  assert_true(wg_inf_decoration_fits(&bare, &x86));
}

static void test_the_most_special_models_win(void **state) {
  (void)state;
  static const char text[] =
      VERSION "[Manufacturer]\r\n%P%=M,NTamd64,NTamd64.6.1,NTamd64.10.0...16299,NTamd64.10.0..."
              "99999,NTx86\r\n"
              "[M.NTamd64]\r\n%D%=A,X\\1\r\n[M.NTamd64.6.1]\r\n%D%=B,X\\1\r\n"
              "[M.NTamd64.10.0...16299]\r\n%D%=C,X\\1,X\\2,X\\3\r\n[M.NTamd64.10.0...99999]\r\n%D%="
              "E,X\\1\r\n"
              "[M.NTx86]\r\n%D%=F,X\\1\r\n[C.NTamd64]\r\nFeatureScore=F9\r\n[C.NT]\r\n[C]\r\n[C."
              "NTamd64.HW]\r\n"
              "[C.NTamd64.Services]\r\n";
  set s;
  assert_int_equal(set_up(&s, text, &win11, NULL), WG_OK);
  assert_int_equal(s.p.n_models, 1);
  assert_true(is(s.p.models[0].description, "Device") && is(s.p.models[0].manufacturer, "Maker"));
  assert_true(is(s.p.models[0].description_token, "%d%"));
  assert_int_equal(s.p.models[0].n_ids, 3);
  const wg_inf_config *c = &s.p.configs[s.p.models[0].config];
  assert_true(is(c->name, "C") && is(c->section, "C.NTamd64"));
  assert_int_equal(c->sections, WG_INF_HAS_BASE | WG_INF_HAS_HW | WG_INF_HAS_SERVICES);
  assert_int_equal(c->feature_score, 0xF9);
  assert_true(is(s.p.catalog, "x.cat") && is(s.p.provider, "Maker"));
  assert_string_equal(s.p.class_guid_text, "{4d36e972-e325-11ce-bfc1-08002be10318}");
  assert_int_equal(s.p.version[0], 1);
  assert_int_equal(s.p.version[3], 4);
  assert_true(s.p.year == 2023 && s.p.month == 7 && s.p.day == 10);
  set_down(&s);
  const wg_inf_target arm = {.arch = WG_INF_ARM64, .major = 10, .build = 26100};
  assert_int_equal(set_up(&s, text, &arm, NULL), WG_OK);
  assert_int_equal(s.p.n_models, 0);
  assert_true(s.p.has_models_elsewhere && is(s.p.catalog, "arm.cat"));
  set_down(&s);
}

static void test_registry_lines(void **state) {
  (void)state;
  static const struct {
    const char *line;
    uint32_t type, n;
    const char *data;
  } cases[] = {
      {"HKR,,V,,text", WG_REG_SZ, 10, "t\0e\0x\0t\0\0\0"},
      {"HKR,,V,0,\"a\"\"b\"", WG_REG_SZ, 8, "a\0\"\0b\0\0\0"},
      {"HKR,,V,0x00020000,x", WG_REG_EXPAND_SZ, 4, "x\0\0\0"},
      {"HKR,,V,0x00010000,a,b", WG_REG_MULTI_SZ, 10, "a\0\0\0b\0\0\0\0\0"},
      {"HKR,,V,0x00010000", WG_REG_MULTI_SZ, 2, "\0\0"},
      {"HKR,,V,0x00010001,0x100", WG_REG_DWORD, 4, "\0\1\0\0"},
      {"HKR,,V,%DW%,-1", WG_REG_DWORD, 4, "\xff\xff\xff\xff"},
      {"HKR,,V,0x00010001,1,2,3,4", WG_REG_DWORD, 4, "\1\2\3\4"},
      {"HKR,,V,1,0a,ff", WG_REG_BINARY, 2, "\x0a\xff"},
      {"HKR,,V,0x00020001,1", WG_REG_NONE, 1, "\1"},
      {"HKR,,V,0x000B0001,1,2,3,4,5,6,7,8", WG_REG_QWORD, 8, "\1\2\3\4\5\6\7\10"},
      {"HKR,,V,0x00010003,2", WG_REG_DWORD, 4, "\2\0\0\0"},
      {"HKR,,V", WG_REG_SZ, 2, "\0\0"},
  };
  for (size_t i = 0; i < WG_ARRAY_LEN(cases); i++) {
    set s;
    char text[1024];
    (void)wg_format(text, sizeof(text),
                    "%s[Manufacturer]\r\n%%P%%=M,NTamd64\r\n[M.NTamd64]\r\n%%D%%=I,X\\1\r\n[I]\r\n"
                    "AddReg=R\r\n[R]\r\n%s\r\n",
                    VERSION, cases[i].line);
    assert_int_equal(set_up(&s, text, &win11, NULL), WG_OK);
    assert_int_equal(s.p.configs[0].driver_regs.n, 1);
    const wg_inf_reg *r = &s.p.configs[0].driver_regs.v[0];
    if (r->type != cases[i].type || r->n_bytes != cases[i].n ||
        memcmp(r->data, cases[i].data, cases[i].n) != 0 || !is(r->name, "V")) {
      fail_msg("%s: type %u, %u bytes", cases[i].line, r->type, r->n_bytes);
    }
    set_down(&s);
  }
}

static void test_faults_name_their_line(void **state) {
  (void)state;
  static const struct {
    const char *more, *error;
  } cases[] = {
      {"[Manufacturer]\r\n%P%=M,NTamd64\r\n[M.NTamd64]\r\nD=I,X\\1\r\n[I]\r\nAddReg=R\r\n[R]\r\n"
       "HKR,,V,1,xyz\r\n",
       "line 20: 'xyz'"},
      {"[Manufacturer]\r\n%P%=M,NTamd64\r\n[M.NTamd64]\r\nD=I,X\\1\r\n[I]\r\n[I.Services]\r\n"
       "AddService=a,2,S\r\n[S]\r\nStartType=x\r\n",
       "line 21: StartType 'x'"}};
  for (size_t i = 0; i < WG_ARRAY_LEN(cases); i++) {
    set s;
    char text[2048];
    (void)wg_format(text, sizeof(text), "%s%s", VERSION, cases[i].more);
    assert_int_equal(set_up(&s, text, &win11, NULL), WG_E_FORMAT);
    if (!wg_str_starts(wg_str_of(s.err.text), cases[i].error)) {
      fail_msg("%s: %s", cases[i].error, s.err.text);
    }
    set_down(&s);
  }
}

// --- what others have

typedef struct shelf {
  wg_arena arena;
  wg_inf inf;
} shelf;

static wg_code shelf_open(void *ctx, wg_str name, const wg_inf **out, wg_error *err) {
  shelf *s = ctx;
  if (!wg_str_eq_nocase(name, "pci.inf")) {
    return wg_fail(err, WG_E_NOT_FOUND, "not there");
  }
  *out = &s->inf;
  return WG_OK;
}

static const char needs_text[] = VERSION
    "[Manufacturer]\r\n%P%=M,NTamd64\r\n[M.NTamd64]\r\n%D%=I,X\\1\r\n"
    "[DestinationDirs]\r\nF=12\r\nDefaultDestDir=13\r\n"
    "[SourceDisksNames.amd64]\r\n1=Disk,,,\\x64\r\n[SourceDisksFiles]\r\na.sys=1,sub\r\nb.dll=1\r\n"
    "[F]\r\na.sys,,,2\r\nc.sys,a.sys\r\n"
    "[I.NT]\r\nCopyFiles=F,@b.dll\r\nInclude=pci.inf,none.inf\r\nNeeds=Opt,Missing\r\nExcludeID="
    "X\\9\r\n"
    "[I.NT.HW]\r\nAddReg=H\r\n[H]\r\nHKR,Sub,A,%DW%,1\r\n"
    "[I.NT.Services]\r\nAddService=svc,2,S,E\r\nAddService=,2\r\n"
    "[S]\r\nDisplayName=%D%\r\nServiceType=1\r\nStartType=0\r\nErrorControl=1\r\n"
    "ServiceBinary=%12%\\a.sys\r\nLoadOrderGroup=Grp\r\nDependencies=x,+y\r\nBootFlags=1\r\nAddReg="
    "H\r\n"
    "[E]\r\nAddReg=H\r\n[I.NT.Wdf]\r\nKmdfService=svc,W\r\n[W]\r\nKmdfLibraryVersion=1.15\r\n"
    "[I.NT.Filters]\r\nAddFilter=f,,FS\r\n[FS]\r\nFilterPosition=Upper\r\n";
static const char needed_text[] =
    "[Version]\r\nSignature=\"$Windows NT$\"\r\n[Opt]\r\nNeeds=Opt.HW\r\n"
    "[Opt.HW]\r\nAddReg=O\r\nNeeds=Opt\r\n[O]\r\nHKR,Key,Opt,0x10001,1\r\n";

static void needs_are_right(const wg_inf_package *p) {
  assert_int_equal(p->n_configs, 1);
  const wg_inf_config *c = &p->configs[0];
  assert_int_equal(c->n_copies, 3);
  assert_true(is(c->copies[0].name, "a.sys") && c->copies[0].dirid == 12 &&
              is(c->copies[0].folder, "x64\\sub"));
  assert_true(is(c->copies[1].name, "c.sys") && is(c->copies[1].source, "a.sys"));
  assert_true(is(c->copies[2].name, "b.dll") && c->copies[2].dirid == 13 &&
              is(c->copies[2].folder, "x64"));
  assert_int_equal(p->n_files, 2);
  assert_true(is(p->files[0].path, "x64\\b.dll") && is(p->files[1].path, "x64\\sub\\a.sys"));
  assert_int_equal(c->n_includes, 2);
  assert_int_equal(c->device_regs.n, 2); // of the needed section that ends in .HW, and its own
  assert_true(is(c->device_regs.v[0].name, "Opt") && is(c->device_regs.v[1].name, "A"));
  assert_int_equal(c->n_services, 2);
  const wg_inf_service *v = &c->services[0];
  assert_true(is(v->name, "svc") && v->flags == 2 && v->start == 0 && v->type == 1);
  assert_true(is(v->binary, "Windows\\System32\\drivers\\a.sys") && v->binary_dirid == 12);
  assert_true(is(v->display_name, "Device") && is(v->display_token, "%D%") && is(v->group, "Grp"));
  assert_true(v->n_dependencies == 2 && v->has_boot_flags && v->boot_flags == 1);
  assert_true(v->regs.n == 1 && v->event_regs.n == 1 && is(v->event_type, "System") &&
              is(v->event_name, "svc"));
  assert_true(c->services[1].name.n == 0);
  assert_true(c->n_named == 1 && is(c->named[0].name, "svc") && is(c->named[0].section, "W"));
  assert_true(c->n_filters == 1 && is(c->filters[0].position, "Upper"));
  assert_true(c->n_exclude_ids == 1 && is(c->exclude_ids[0], "X\\9"));
  bool missing = false;
  for (uint32_t i = 0; i < p->n_unhandled; i++) {
    missing = missing || is(p->unhandled[i].directive, "Needs = Missing");
  }
  assert_true(missing);
}

static void shelf_up(shelf *s) {
  wg_error err = WG_ERROR_INIT;
  wg_arena_init(&s->arena, wg_heap(), 0);
  assert_int_equal(
      wg_inf_parse(needed_text, sizeof(needed_text) - 1, NULL, &s->arena, &s->inf, &err), WG_OK);
}

static void test_includes_services_and_files(void **state) {
  (void)state;
  shelf other;
  shelf_up(&other);
  const wg_inf_library library = {shelf_open, &other};
  set s;
  assert_int_equal(set_up(&s, needs_text, &win11, &library), WG_OK);
  needs_are_right(&s.p);
  set_down(&s);
  assert_int_equal(set_up(&s, needs_text, &win11, NULL), WG_OK); // what is not there is told
  assert_int_equal(s.p.configs[0].device_regs.n, 1);
  set_down(&s);
  wg_arena_done(&other.arena);
}

static void test_each_allocation_failing(void **state) {
  (void)state;
  shelf other;
  shelf_up(&other);
  const wg_inf_library library = {shelf_open, &other};
  bool whole = false;
  for (unsigned at = 1; !whole && at < 4000; at++) {
    failing_heap heap = {.fail_at = at};
    wg_alloc alloc = failing_heap_alloc(&heap);
    set s = {.err = WG_ERROR_INIT};
    wg_arena_init(&s.arena, &alloc, 0);
    wg_code code = wg_inf_parse(needs_text, sizeof(needs_text) - 1, NULL, &s.arena, &s.inf, &s.err);
    code = code == WG_OK ? wg_inf_compile(&s.inf, &win11, &library, &s.arena, &s.p, &s.err) : code;
    assert_true(code == WG_OK || code == WG_E_NOMEM);
    whole = code == WG_OK;
    if (whole) {
      needs_are_right(&s.p);
    }
    set_down(&s);
  }
  assert_true(whole);
  wg_arena_done(&other.arena);
}

// Sections that need each other a hundred thousand times over end.
static void test_needs_without_end(void **state) {
  (void)state;
  WG_AUTO(wg_buf) text = {0};
  wg_buf_init(&text, wg_heap(), 0);
  wg_buf_add_z(&text, VERSION "[Manufacturer]\r\nP=M,NTamd64\r\n[M.NTamd64]\r\n");
  for (unsigned i = 0; i < 3000; i++) {
    wg_buf_printf(&text, "D=I%u,X\\%u\r\n", i, i);
  }
  for (unsigned i = 0; i < 3000; i++) {
    wg_buf_printf(&text, "[I%u]\r\nNeeds=", i);
    for (unsigned k = 0; k < 20; k++) {
      wg_buf_printf(&text, "I%u,", (i * 7 + k * 13) % 3000);
    }
    wg_buf_add_z(&text, "\r\n");
  }
  set s;
  assert_int_equal(set_up(&s, wg_buf_z(&text), &win11, NULL), WG_E_LIMIT);
  set_down(&s);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_decorations),
      cmocka_unit_test(test_the_most_special_models_win),
      cmocka_unit_test(test_registry_lines),
      cmocka_unit_test(test_faults_name_their_line),
      cmocka_unit_test(test_includes_services_and_files),
      cmocka_unit_test(test_each_allocation_failing),
      cmocka_unit_test(test_needs_without_end),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
