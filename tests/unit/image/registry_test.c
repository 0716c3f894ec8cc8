// SPDX-License-Identifier: Apache-2.0
// Edits of an image's registry: which hive, which path, what is kept.
#include "image/tree/registry.h"

#include <string.h>
#include <uchar.h>

#include "image/reg/absent.h"
#include "image/reg/apply.h"
#include "image/reg/hivefile.h"
#include "image/reg/wow64.h"
#include "os/proc.h"
#include "support.h"

typedef struct fixture {
  char *dir, *base, *tmp, *config;
} fixture;

static void put_hive(const char *path, wg_hive *h) {
  wg_error err = WG_ERROR_INIT;
  WG_AUTO(wg_buf) out = {0};
  wg_buf_init(&out, wg_heap(), 0);
  assert_ok(wg_hive_write(h, &(wg_hive_write_options){0}, &out, &err), &err);
  assert_ok(wg_os_write_file(WG_CWD, path, out.p, out.n, 0644, false, &err), &err);
}

static void set(wg_hive *h, const char *key, const char *name, uint32_t type, const void *p,
                uint32_t n) {
  wg_error err = WG_ERROR_INIT;
  wg_regkey *k = NULL;
  assert_ok(wg_regkey_create(h, wg_hive_root(h), wg_str_of(key), 1, &k, NULL, &err), &err);
  if (name != NULL) {
    assert_ok(wg_regkey_set(h, k, wg_str_of(name), type, p, n, 1, &err), &err);
  }
}

#define U16(s) (const void *)u##s, (uint32_t)sizeof(u##s)

static int setup(void **state) {
  wg_error err = WG_ERROR_INIT;
  fixture *f = wg_xalloc(sizeof(*f));
  const char *base = wg_os_getenv("TMPDIR");
  static const uint8_t sd[20] = {1, 0, 4, 0x80};
  assert_ok(wg_os_mkdtemp(base != NULL ? base : "/tmp", "wingo-reg-", &f->dir, &err), &err);
  f->base = wg_path_join(f->dir, "base");
  f->tmp = wg_path_join(f->dir, "tmp");
  f->config = wg_path_join(f->base, "WINDOWS/system32/Config"); // not as Windows spells it
  assert_ok(wg_os_mkdirs(WG_CWD, f->config, 0755, &err), &err);
  assert_ok(wg_os_mkdirs(WG_CWD, f->tmp, 0755, &err), &err);
  WG_AUTO_PTR(wg_hive) software = NULL;
  WG_AUTO_PTR(wg_hive) system = NULL;
  WG_AUTO(wg_cstr) software_path = wg_path_join(f->config, "SOFTWARE");
  WG_AUTO(wg_cstr) log_path = wg_path_join(f->config, "SOFTWARE.LOG1");
  WG_AUTO(wg_cstr) system_path = wg_path_join(f->config, "system");
  assert_ok(wg_hive_new(5, "ROOT", sd, sizeof(sd), 1, wg_heap(), &software, &err), &err);
  set(software, "Microsoft\\Windows", "Path", WG_REG_EXPAND_SZ, U16("%SystemRoot%;C:\\A"));
  set(software, "Classes", NULL, 0, NULL, 0);
  put_hive(software_path, software);
  assert_ok(wg_os_write_file(WG_CWD, log_path, "stale", 5, 0644, false, &err), &err);
  assert_ok(wg_hive_new(5, "ROOT", sd, sizeof(sd), 1, wg_heap(), &system, &err), &err);
  set(system, "Select", "Default", WG_REG_DWORD, "\2\0\0\0", 4);
  set(system, "Select", "Current", WG_REG_DWORD, "\1\0\0\0", 4);
  set(system, "ControlSet001", NULL, 0, NULL, 0);
  set(system, "ControlSet002\\Services\\Old", "Start", WG_REG_DWORD, "\3\0\0\0", 4);
  put_hive(system_path, system);
  *state = f;
  return 0;
}

static int teardown(void **state) {
  fixture *f = *state;
  wg_error err = WG_ERROR_INIT;
  assert_ok(wg_os_rmtree(WG_CWD, f->dir, &err), &err);
  wg_xfree(f->dir);
  wg_xfree(f->base);
  wg_xfree(f->tmp);
  wg_xfree(f->config);
  wg_xfree(f);
  return 0;
}

static wg_code apply(const fixture *f, const wg_reg_edit *edits, size_t n, wg_reg_result *out,
                     wg_error *err) {
  WG_AUTO_PTR(wg_image_reader) r = NULL;
  wg_image_base base = {.kind = WG_IMAGE_BASE_DIR, .path = f->base};
  wg_reg_options opt = {.tmp_dir = f->tmp, .time_s = 1577836800};
  assert_ok(wg_image_reader_open(&base, &r, err), err);
  return wg_image_registry(r, edits, n, &opt, out, err);
}

static const char *staged(const wg_reg_result *r, const char *to) {
  for (size_t i = 0; i < r->n_files; i++) {
    if (strcmp(r->files[i].to, to) == 0) {
      return r->files[i].staged;
    }
  }
  fail_msg("'%s' was not changed", to);
  return NULL;
}

#define SOFTWARE "\\Windows\\System32\\config\\SOFTWARE"
#define SYSTEM "\\Windows\\System32\\config\\SYSTEM"

static const char *const add[] = {"C:\\B", "c:\\a", "%SystemRoot%"};
static const char *const drop[] = {"C:\\A"};
static const wg_reg_edit edits[] = {
    {.op = WG_REG_SET,
     .key = "HKLM\\SOFTWARE\\Acme\\Kiosk",
     .name = "Mode",
     .type = WG_REG_SZ,
     .data = (const uint8_t *)u"x",
     .n_bytes = 4,
     .origin = "t:1"},
    {.op = WG_REG_SET,
     .key = "HKEY_LOCAL_MACHINE\\software\\Acme",
     .name = "V",
     .view32 = true,
     .type = WG_REG_DWORD,
     .data = (const uint8_t *)"\7\0\0\0",
     .n_bytes = 4,
     .origin = "t:2"},
    {.op = WG_REG_SET,
     .key = "HKCR\\.kiosk",
     .name = "",
     .type = WG_REG_SZ,
     .data = (const uint8_t *)u"k",
     .n_bytes = 4,
     .origin = "t:3"},
    {.op = WG_REG_SET,
     .key = "HKLM\\SYSTEM\\CurrentControlSet\\Services\\New",
     .name = "Start",
     .type = WG_REG_DWORD,
     .data = (const uint8_t *)"\2\0\0\0",
     .n_bytes = 4,
     .origin = "t:4"},
    {.op = WG_REG_APPEND,
     .key = "HKLM\\SOFTWARE\\Microsoft\\Windows",
     .name = "path",
     .type = WG_REG_SZ,
     .items = add,
     .n_items = 3,
     .origin = "t:5"},
    {.op = WG_REG_REMOVE,
     .key = "HKLM\\SOFTWARE\\Microsoft\\Windows",
     .name = "Path",
     .type = WG_REG_SZ,
     .items = drop,
     .n_items = 1,
     .origin = "t:6"},
    {.op = WG_REG_DELETE_KEY,
     .key = "HKLM\\SYSTEM\\CurrentControlSet\\Services\\Old",
     .origin = "t:7"},
    {.op = WG_REG_DELETE_VALUE, .key = "HKLM\\SOFTWARE\\Acme", .name = "Nope", .origin = "t:8"},
};

static void edits_go_where_windows_looks(void **state) {
  const fixture *f = *state;
  wg_error err = WG_ERROR_INIT;
  WG_AUTO(wg_reg_result) r = {0};
  assert_ok(apply(f, edits, WG_ARRAY_LEN(edits), &r, &err), &err);
  assert_int_equal(r.n_files, 3); // both hives, and the log emptied
  assert_int_equal(r.n_absent, 1);
  assert_int_equal(r.n_warnings, 1);
  assert_non_null(strstr(r.warnings[0], "ControlSet002"));
  wg_stat st;
  assert_ok(wg_os_stat(WG_CWD, staged(&r, SOFTWARE ".LOG1"), true, &st, &err), &err);
  assert_int_equal(st.size_bytes, 0);
  WG_AUTO(wg_hivefile) soft = {0};
  WG_AUTO(wg_hivefile) sys = {0};
  assert_ok(wg_hivefile_open(staged(&r, SOFTWARE), false, false, &soft, &err), &err);
  assert_ok(wg_hivefile_open(staged(&r, SYSTEM), false, false, &sys, &err), &err);
  assert_non_null(wg_hive_find(soft.hive, WG_STR("Acme\\Kiosk")));
  assert_non_null(
      wg_regkey_value(wg_hive_find(soft.hive, WG_STR("WOW6432Node\\Acme")), WG_STR("V")));
  assert_non_null(wg_hive_find(soft.hive, WG_STR("Classes\\.kiosk")));
  assert_non_null(wg_hive_find(sys.hive, WG_STR("ControlSet002\\Services\\New")));
  assert_null(wg_hive_find(sys.hive, WG_STR("ControlSet002\\Services\\Old")));
  assert_null(wg_hive_find(sys.hive, WG_STR("ControlSet001\\Services")));
  const wg_regvalue *v =
      wg_regkey_value(wg_hive_find(soft.hive, WG_STR("Microsoft\\Windows")), WG_STR("Path"));
  static const char16_t want[] = u"%SystemRoot%;C:\\B";
  assert_int_equal(v->type, WG_REG_EXPAND_SZ);
  assert_int_equal(v->n_bytes, sizeof(want));
  assert_memory_equal(v->data, want, sizeof(want));
}

static const struct refusal {
  wg_reg_edit e;
  wg_code code;
  const char *says;
} refusals[] = {
    {{.op = WG_REG_MAKE_KEY, .key = "HKLM\\SAM\\X", .origin = "t"}, WG_E_USAGE, "setup"},
    {{.op = WG_REG_MAKE_KEY, .key = "HKLM\\COMPONENTS", .origin = "t"}, WG_E_USAGE, "servicing"},
    {{.op = WG_REG_MAKE_KEY, .key = "HKLM\\HARDWARE\\X", .origin = "t"}, WG_E_USAGE, "no disk"},
    {{.op = WG_REG_MAKE_KEY, .key = "SOFTWARE\\X", .origin = "t"}, WG_E_USAGE, "HKLM"},
    {{.op = WG_REG_MAKE_KEY, .key = "HKU\\.DEFAULT\\X", .origin = "t"}, WG_E_NOT_FOUND, "DEFAULT"},
    {{.op = WG_REG_SET,
      .key = "HKLM\\SYSTEM\\Select",
      .name = "Default",
      .keep_type = true,
      .type = WG_REG_SZ,
      .data = (const uint8_t *)"\0",
      .n_bytes = 2,
      .origin = "t"},
     WG_E_CONFLICT,
     "type"},
    {{.op = WG_REG_SET,
      .key = "HKLM\\SYSTEM\\Select",
      .name = "Default",
      .type = WG_REG_DWORD,
      .data = (const uint8_t *)"\1\0\0\0",
      .n_bytes = 4,
      .has_expect = true,
      .expect_type = WG_REG_DWORD,
      .expect = (const uint8_t *)"\1\0\0\0",
      .n_expect = 4,
      .origin = "t"},
     WG_E_VERIFY,
     "expect"},
    {{.op = WG_REG_SET,
      .key = "HKLM\\SYSTEM\\Select",
      .name = "Default",
      .type = WG_REG_DWORD,
      .data = (const uint8_t *)"\1\0\0\0",
      .n_bytes = 4,
      .has_expect = true,
      .expect_absent = true,
      .origin = "t"},
     WG_E_VERIFY,
     "there"},
};

static void what_cannot_be_is_refused(void **state) {
  const fixture *f = *state;
  for (size_t i = 0; i < WG_ARRAY_LEN(refusals); i++) {
    wg_error err = WG_ERROR_INIT;
    WG_AUTO(wg_reg_result) r = {0};
    wg_code code = apply(f, &refusals[i].e, 1, &r, &err);
    if (code != refusals[i].code || strstr(err.text, refusals[i].says) == NULL) {
      fail_msg("case %zu: %s: %s", i, wg_code_name(code), err.text);
    }
    assert_int_equal(r.n_files, 0);
  }
}

static void what_is_missing_is_named_with_what_is_near(void **state) {
  static const struct {
    const char *path, *says;
  } cases[] = {
      {"Nope", "'H' has no key 'Nope'"},
      {"Nope\\X", "'H' has no key 'Nope\\X': its root has no 'Nope'"},
      {"\\ControlSet01", "'H' has no key '\\ControlSet01'; did you mean 'ControlSet001'?"},
      {"ControlSet001\\\\Servics\\X",
       "'H' has no key 'ControlSet001\\\\Servics\\X': 'ControlSet001' is "
       "there, 'Servics' below it is not; did you mean 'Services'?"},
      {"HKLM\\ControlSet001\\Services",
       "'H' has no key 'HKLM\\ControlSet001\\Services': its root has no "
       "'HKLM'; did you mean 'ControlSet001\\Services'?"},
      {"Nope\\", "'H' has no key 'Nope\\': its root has no 'Nope'"},
  };
  wg_error err = WG_ERROR_INIT;
  WG_AUTO_PTR(wg_hive) h = NULL;
  (void)state;
  assert_ok(wg_hive_new(5, "ROOT", "", 0, 1, wg_heap(), &h, &err), &err);
  set(h, "ControlSet001\\Services", "Start", WG_REG_DWORD, "\1\0\0\0", 4);
  for (size_t i = 0; i < WG_ARRAY_LEN(cases); i++) {
    err = (wg_error)WG_ERROR_INIT;
    assert_int_equal(wg_reg_no_key(h, "H", cases[i].path, &err), WG_E_NOT_FOUND);
    assert_string_equal(err.text, cases[i].says);
  }
  err = (wg_error)WG_ERROR_INIT;
  const wg_regkey *k = wg_hive_find(h, WG_STR("ControlSet001\\Services"));
  assert_int_equal(wg_reg_no_value(k, "H", "Strat", &err), WG_E_NOT_FOUND);
  assert_string_equal(
      err.text, "'H': key 'ControlSet001\\Services' has no value 'Strat'; did you mean 'Start'?");
}

// Microsoft's table "Registry Keys Affected by WOW64".
static void the_32_bit_view_is_where_windows_has_it(void **state) {
  static const struct {
    wg_hive_id hive;
    const char *path, *want;
  } cases[] = {
      {WG_HIVE_SOFTWARE, "Acme\\X", "WOW6432Node\\Acme\\X"},
      {WG_HIVE_SOFTWARE, "", "WOW6432Node"},
      {WG_HIVE_SOFTWARE, "Policies\\Acme", "Policies\\Acme"},
      {WG_HIVE_SOFTWARE, "policiesX", "WOW6432Node\\policiesX"},
      {WG_HIVE_SOFTWARE, "Classes\\.txt", "Classes\\.txt"},
      {WG_HIVE_SOFTWARE, "classes\\clsid\\{1}", "Classes\\WOW6432Node\\CLSID\\{1}"},
      {WG_HIVE_SOFTWARE, "Classes\\AppID\\{1}", "Classes\\AppID\\{1}"},
      {WG_HIVE_SOFTWARE, "WOW6432Node\\Acme", "WOW6432Node\\Acme"},
      {WG_HIVE_SOFTWARE, "Microsoft\\Windows\\CurrentVersion\\Run",
       "WOW6432Node\\Microsoft\\Windows\\CurrentVersion\\Run"},
      {WG_HIVE_SOFTWARE, "Microsoft\\Windows\\CurrentVersion\\App Paths\\a.exe",
       "Microsoft\\Windows\\CurrentVersion\\App Paths\\a.exe"},
      {WG_HIVE_SOFTWARE, "Microsoft\\Windows NT\\CurrentVersion\\Image File Execution Options\\a",
       "Microsoft\\Windows NT\\CurrentVersion\\Image File Execution Options\\a"},
      {WG_HIVE_USRCLASS, "CLSID\\{1}", "WOW6432Node\\CLSID\\{1}"},
      {WG_HIVE_USRCLASS, ".txt", ".txt"},
      {WG_HIVE_NTUSER, "Software\\Acme", "Software\\Acme"},
      {WG_HIVE_SYSTEM, "ControlSet001", "ControlSet001"},
  };
  (void)state;
  for (size_t i = 0; i < WG_ARRAY_LEN(cases); i++) {
    WG_AUTO(wg_buf) out = {0};
    wg_buf_init(&out, wg_heap(), 0);
    wg_reg_wow64(cases[i].hive, wg_str_of(cases[i].path), &out);
    assert_string_equal(wg_buf_z(&out), cases[i].want);
  }
}

// A folder is on PATH once however it is written, and what else is there stays.
static void a_folder_is_on_path_once(void **state) {
  static const char *const same[] = {
      "C:\\Tools", "c:\\tools\\", "\"C:\\Tools\"", "%SystemDrive%\\Tools",
      "C:/Tools/", "%TOOLS%",     "C:\\\\Tools"};
  static const char *const item[] = {"C:\\Tools"};
  wg_error err = WG_ERROR_INIT;
  (void)state;
  for (size_t i = 0; i < WG_ARRAY_LEN(same); i++) {
    WG_AUTO_PTR(wg_hive) h = NULL;
    WG_AUTO(wg_buf) path = {0};
    WG_AUTO(wg_buf) out = {0};
    uint32_t type = 0;
    wg_buf_init(&path, wg_heap(), 0);
    wg_buf_init(&out, wg_heap(), 0);
    assert_ok(wg_hive_new(5, "ROOT", NULL, 0, 1, wg_heap(), &h, &err), &err);
    set(h, "E", "TOOLS", WG_REG_EXPAND_SZ, U16("%SystemDrive%\\tools"));
    WG_AUTO(wg_cstr) text = wg_xprintf("%%SystemRoot%%;%s;", same[i]);
    assert_true(wg_utf8_to_utf16le(wg_str_of(text), &path));
    wg_buf_add_le16(&path, 0);
    const wg_regvalue old = {.type = WG_REG_EXPAND_SZ, .data = path.p, .n_bytes = (uint32_t)path.n};
    const wg_reg_edit e = {.op = WG_REG_APPEND,
                           .key = "k",
                           .name = "Path",
                           .origin = "t",
                           .items = item,
                           .n_items = 1};
    assert_ok(wg_reg_list(&e, &old, wg_hive_find(h, WG_STR("E")), &type, &out, &err), &err);
    assert_int_equal(out.n, path.n);
    assert_memory_equal(out.p, path.p, path.n);
  }
}

static void same_edits_same_bytes(void **state) {
  const fixture *f = *state;
  wg_error err = WG_ERROR_INIT;
  const wg_reg_edit e = {.op = WG_REG_SET,
                         .key = "HKLM\\SOFTWARE\\X",
                         .name = "a",
                         .type = WG_REG_SZ,
                         .data = (const uint8_t *)"\0",
                         .n_bytes = 2,
                         .origin = "t"};
  WG_AUTO(wg_reg_result) a = {0};
  WG_AUTO(wg_reg_result) b = {0};
  WG_AUTO(wg_buf) one = {0};
  WG_AUTO(wg_buf) two = {0};
  wg_buf_init(&one, wg_heap(), 0);
  wg_buf_init(&two, wg_heap(), 0);
  assert_ok(apply(f, &e, 1, &a, &err), &err);
  assert_ok(wg_os_read_file(WG_CWD, staged(&a, SOFTWARE), 1 << 20, &one, &err), &err);
  assert_ok(apply(f, &e, 1, &b, &err), &err);
  assert_ok(wg_os_read_file(WG_CWD, staged(&b, SOFTWARE), 1 << 20, &two, &err), &err);
  assert_int_equal(one.n, two.n);
  assert_memory_equal(one.p, two.p, one.n);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void) {
  const struct CMUnitTest tests[] = {T(edits_go_where_windows_looks),
                                     T(what_cannot_be_is_refused),
                                     T(same_edits_same_bytes),
                                     cmocka_unit_test(what_is_missing_is_named_with_what_is_near),
                                     cmocka_unit_test(the_32_bit_view_is_where_windows_has_it),
                                     cmocka_unit_test(a_folder_is_on_path_once)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
