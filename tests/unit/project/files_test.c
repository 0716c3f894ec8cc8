// SPDX-License-Identifier: Apache-2.0
// Checks against a real folder.
#include <wimlib.h>

#include "crypto/digest.h"
#include "os/file.h"
#include "os/proc.h"
#include "world.h"

typedef struct folder {
  char *path;
} folder;

static void put(const folder *f, const char *name, const void *p, size_t n) {
  WG_AUTO(wg_cstr) path = wg_path_join(f->path, name);
  WG_AUTO(wg_cstr) dir = wg_path_dirname(path);
  wg_error err = WG_ERROR_INIT;
  assert_ok(wg_os_mkdirs(WG_CWD, dir, 0755, &err), &err);
  assert_ok(wg_os_write_file(WG_CWD, path, p, n, 0644, false, &err), &err);
}

static void put_z(const folder *f, const char *name, const char *z) {
  put(f, name, z, strlen(z));
}

static int setup(void **state) {
  folder *f = wg_xalloc(sizeof(*f));
  wg_error err = WG_ERROR_INIT;
  const char *tmp = wg_os_getenv("TMPDIR");
  assert_ok(wg_os_mkdtemp(tmp == NULL ? "/tmp" : tmp, "wgcfg-", &f->path, &err), &err);
  *state = f;
  return 0;
}

static int teardown(void **state) {
  folder *f = *state;
  wg_error err = WG_ERROR_INIT;
  assert_ok(wg_os_rmtree(WG_CWD, f->path, &err), &err);
  wg_xfree(f->path);
  wg_xfree(f);
  return 0;
}

// Loads the project of the folder; faults as from world_faults, with the folder's path cut off.
static wg_code check(const folder *f, const char *env_name, wg_buf *out) {
  WG_AUTO(wg_cstr) file = wg_path_join(f->path, "wingo.yaml");
  const wg_cfg_options opt = {.file = file, .env_name = env_name};
  WG_AUTO_PTR(wg_cfg) c = NULL;
  wg_error err = WG_ERROR_INIT;
  wg_code code = wg_project_load(&opt, &c, &err);
  assert_non_null(c);
  size_t n = 0;
  (void)wg_cfg_faults(c, &n);
  if (code != WG_OK && n == 0) {
    wg_buf_add_z(out, err.text);
    return code;
  }
  wg_code files_code = wg_project_check_files(c, NULL, &err);
  const wg_cfg_fault *faults = wg_cfg_faults(c, &n);
  for (size_t i = 0; i < n; i++) {
    assert_true(strncmp(faults[i].pos.file, f->path, strlen(f->path)) == 0);
    wg_buf_printf(out, "%u:%u %s%s%s\n", (unsigned)faults[i].pos.line, (unsigned)faults[i].pos.col,
                  faults[i].text, faults[i].hint == NULL ? "" : " | ",
                  faults[i].hint == NULL ? "" : faults[i].hint);
  }
  return code == WG_OK ? files_code : code;
}

static void assert_check(const folder *f, wg_code code, const char *want) {
  WG_AUTO(wg_buf) b = {0};
  wg_buf_init(&b, wg_heap(), 0);
  wg_code got = check(f, NULL, &b);
  assert_string_equal(wg_buf_z(&b), want);
  assert_int_equal(got, code);
}

static const char project[] = "version: 1\n"
                              "name: kiosk\n"
                              "apps:\n"
                              "  agent:\n"
                              "    dir: agent\n"
                              "    main: ./cmd\n"
                              "    targets: [windows/amd64]\n"
                              "    windows: {icon: agent.ico, manifest: {file: a.manifest}}\n"
                              "images:\n"
                              "  kiosk:\n"
                              "    base: {file: base.wim, image: One}\n"
                              "    files: [{from: branding, to: 'C:\\x'}]\n"
                              "    outputs: [wim]\n"
                              "  tree:\n"
                              "    base: {dir: tree}\n"
                              "    arch: amd64\n"
                              "    outputs: [wim]\n";

// A WIM with two images: "One" of amd64 and "Two", which states no architecture.
static void put_wim(const folder *f, const char *name) {
  WG_AUTO(wg_cstr) path = wg_path_join(f->path, name);
  WIMStruct *w = NULL;
  assert_int_equal(wimlib_create_new_wim(WIMLIB_COMPRESSION_TYPE_NONE, &w), 0);
  assert_int_equal(wimlib_add_empty_image(w, "One", NULL), 0);
  assert_int_equal(wimlib_add_empty_image(w, "Two", NULL), 0);
  assert_int_equal(wimlib_set_image_property(w, 1, "WINDOWS/ARCH", "9"), 0);
  assert_int_equal(wimlib_write(w, path, WIMLIB_ALL_IMAGES, 0, 1), 0);
  wimlib_free(w);
}

static void put_all(const folder *f) {
  put_z(f, "wingo.yaml", project);
  put_z(f, "agent/go.mod", "module x\n");
  put_z(f, "agent/cmd/main.go", "package main\n");
  // One image of 1x1 with 32 bits: directory, entry, BITMAPINFOHEADER, a pixel, its mask.
  static const uint8_t ico[70] = {
      [2] = 1,   [4] = 1,   [6] = 1,  [7] = 1,  [10] = 1, [12] = 32, [14] = 48,
      [18] = 22, [22] = 40, [26] = 1, [30] = 2, [34] = 1, [36] = 32, [62] = 1};
  put(f, "agent.ico", ico, sizeof(ico));
  put_z(f, "a.manifest", "<assembly/>");
  put_wim(f, "base.wim");
  put_z(f, "branding/logo.txt", "logo");
  put_z(f, "tree/x", "x");
}

static void whatever_is_not_there_is_named(void **state) {
  const folder *f = *state;
  put_all(f);
  wg_error err = WG_ERROR_INIT;
  static const char *const gone[] = {"agent",    "agent.ico", "a.manifest",
                                     "base.wim", "branding",  "tree"};
  for (size_t i = 0; i < WG_ARRAY_LEN(gone); i++) {
    WG_AUTO(wg_cstr) path = wg_path_join(f->path, gone[i]);
    assert_ok(wg_os_rmtree(WG_CWD, path, &err), &err);
  }
  put_z(f, "agnt.ico", "x");
  WG_AUTO(wg_buf) b = {0};
  wg_buf_init(&b, wg_heap(), 0);
  assert_int_equal(check(f, NULL, &b), WG_E_CONFIG);
  const char *s = wg_buf_z(&b);
  assert_non_null(strstr(s, "5:10 apps.agent.dir: there is no 'agent'"));
  assert_non_null(strstr(s, "8:21 apps.agent.windows.icon: there is no 'agent.ico' | did you mean "
                            "'agnt.ico'?"));
  assert_non_null(strstr(s, "apps.agent.windows.manifest.file: there is no 'a.manifest'"));
  assert_non_null(strstr(s, "11:18 images.kiosk.base.file: there is no 'base.wim'"));
  assert_non_null(strstr(s, "12:20 images.kiosk.files: there is no 'branding'"));
  assert_non_null(strstr(s, "15:17 images.tree.base.dir: there is no 'tree'"));
}

static wg_digest digest_of_base(const folder *f) {
  WG_AUTO(wg_cstr) path = wg_path_join(f->path, "base.wim");
  WG_AUTO(wg_buf) b = {0};
  wg_buf_init(&b, wg_heap(), 0);
  wg_error err = WG_ERROR_INIT;
  assert_ok(wg_os_read_file(WG_CWD, path, 1 << 20, &b, &err), &err);
  return wg_sha256(b.p, b.n);
}

static void a_missing_pin_is_a_warning_with_the_line_to_paste(void **state) {
  const folder *f = *state;
  put_all(f);
  wg_digest d = digest_of_base(f);
  WG_AUTO(wg_cstr)
  want = wg_xprintf("11:18 images.kiosk.base: no 'sha256' pins 'base.wim' | add 'sha256: %s'\n",
                    wg_digest_hex(&d).s);
  assert_check(f, WG_OK, want);
}

static void a_wrong_pin_is_an_error_with_the_right_one(void **state) {
  const folder *f = *state;
  put_wim(f, "base.wim");
  wg_digest d = digest_of_base(f);
  WG_AUTO(wg_cstr)
  want =
      wg_xprintf("3:55 images.i.base.sha256: 'base.wim' is not the file that is pinned | if this "
                 "file is meant, write 'sha256: %s'\n",
                 wg_digest_hex(&d).s);
  put_z(f, "wingo.yaml",
        "version: 1\nname: x\nimages: {i: {base: {file: base.wim, image: 1, sha256: "
        "0000000000000000000000000000000000000000000000000000000000000000}, outputs: [wim]}}\n");
  assert_check(f, WG_E_CONFIG, want);
}

// Loads a project with one image whose base is base.wim; pinned, so that only the base speaks.
static void assert_base(const folder *f, const char *base, const char *more, const char *want) {
  wg_digest d = digest_of_base(f);
  WG_AUTO(wg_cstr)
  yaml =
      wg_xprintf("version: 1\nname: x\nimages:\n  i:\n    base: {file: base.wim%s, sha256: '%s'}\n"
                 "    outputs: [wim]\n%s",
                 base, wg_digest_hex(&d).s, more);
  put_z(f, "wingo.yaml", yaml);
  assert_check(f, want[0] == '\0' ? WG_OK : WG_E_CONFIG, want);
}

static void the_base_is_looked_into(void **state) {
  const folder *f = *state;
  put_wim(f, "base.wim");
  assert_base(f, ", image: One", "", "");
  assert_base(f, ", image: 1", "    arch: amd64\n", "");
  assert_base(f, ", image: 2", "    arch: arm64\n", "");
  assert_base(f, ", image: One", "    arch: arm64\n",
              "7:11 images.i.arch: arm64, but the base is amd64 | remove 'arch:' or choose another "
              "base\n");
  assert_base(
      f, ", image: Two", "",
      "4:3 images.i: its base does not state an architecture | add 'arch: amd64' (or arm64, "
      "386)\n");
  assert_base(
      f, ", image: 0", "",
      "5:35 images.i.base.image: '0' is not the number of an image | images count from 1; or "
      "give its name\n");
}

static void a_base_that_cannot_be_one_is_named(void **state) {
  const folder *f = *state;
  put_z(f, "base.wim", "no image");
  put_z(f, "wingo.yaml",
        "version: 1\nname: x\nimages: {i: {base: {file: base.wim, image: 1, sha256: "
        "0000000000000000000000000000000000000000000000000000000000000000}, outputs: [wim]}}\n");
  WG_AUTO(wg_buf) b = {0};
  wg_buf_init(&b, wg_heap(), 0);
  assert_int_equal(check(f, NULL, &b), WG_E_CONFIG);
  assert_true(wg_str_starts(wg_buf_str(&b), "3:27 images.i.base: "));
  assert_non_null(strstr(wg_buf_z(&b), "not a WIM"));
  put_wim(f, "base.wim");
  put_z(f, "wingo.yaml",
        "version: 1\nname: x\nimages: {i: {base: {file: base.wim, image: Three, sha256: "
        "0000000000000000000000000000000000000000000000000000000000000000}, outputs: [wim]}}\n");
  wg_buf_clear(&b);
  assert_int_equal(check(f, NULL, &b), WG_E_CONFIG);
  assert_true(wg_str_starts(wg_buf_str(&b), "3:44 images.i.base: "));
  assert_non_null(strstr(wg_buf_z(&b), "Three"));
}

static void wrong_kinds_are_named(void **state) {
  const folder *f = *state;
  put_all(f);
  wg_error err = WG_ERROR_INIT;
  WG_AUTO(wg_cstr) agent = wg_path_join(f->path, "agent/go.mod");
  assert_ok(wg_os_unlink(WG_CWD, agent, &err), &err);
  WG_AUTO(wg_cstr) base = wg_path_join(f->path, "base.wim");
  assert_ok(wg_os_unlink(WG_CWD, base, &err), &err);
  assert_ok(wg_os_mkdir(WG_CWD, base, 0755, &err), &err);
  WG_AUTO(wg_cstr) tree = wg_path_join(f->path, "tree");
  assert_ok(wg_os_rmtree(WG_CWD, tree, &err), &err);
  put_z(f, "tree", "a file");
  put_z(f, "agent.ico", "\x89PNG");
  assert_check(
      f, WG_E_CONFIG,
      "5:10 apps.agent.dir: 'agent' is not in a Go module: there is no go.mod | run 'go mod "
      "init' there\n"
      "8:21 apps.agent.windows.icon: 'agent.ico' is not an icon file | give an .ico file; a "
      ".png must be put into one first\n"
      "11:18 images.kiosk.base.file: 'base.wim' is not a file\n"
      "15:17 images.tree.base.dir: 'tree' is not a folder\n");
}

static void a_main_without_source_is_named(void **state) {
  const folder *f = *state;
  put_all(f);
  wg_error err = WG_ERROR_INIT;
  WG_AUTO(wg_cstr) src = wg_path_join(f->path, "agent/cmd/main.go");
  assert_ok(wg_os_unlink(WG_CWD, src, &err), &err);
  WG_AUTO(wg_buf) b = {0};
  wg_buf_init(&b, wg_heap(), 0);
  assert_int_equal(check(f, NULL, &b), WG_E_CONFIG);
  assert_non_null(strstr(wg_buf_z(&b), "6:11 apps.agent.main: 'agent/cmd' has no Go source"));
}

static void a_faulty_file_is_checked_as_far_as_it_goes(void **state) {
  const folder *f = *state;
  put_z(f, "wingo.yaml",
        "version: 1\nname: kiosk\napps:\n  a: {dir: nowhere, targets: [linux/amd46], main: [x]}\n"
        "images:\n  i: {base: {file: gone.wim, sha256: x}, outputs: [wim]}\n");
  assert_check(
      f, WG_E_CONFIG,
      "4:12 apps.a.dir: there is no 'nowhere' | paths are relative to the folder of "
      "the project file\n"
      "4:31 apps.a.targets: 'linux/amd46' is not a platform that Go builds for | did you "
      "mean 'linux/amd64'?\n"
      "4:51 apps.a.main: text is needed, and this is a list | write it like 'main: "
      "./cmd/agent'\n"
      "6:20 images.i.base.file: there is no 'gone.wim' | paths are relative to the folder of "
      "the project file\n"
      "6:38 images.i.base.sha256: 'x' is not a SHA-256 digest (1 characters) | it has 64 hex "
      "digits; 'sha256sum FILE' prints it\n");
}

static void overlays_are_found_by_name(void **state) {
  const folder *f = *state;
  put_z(f, "wingo.yaml", "version: 1\nname: kiosk\napps: {a: {targets: [linux/amd64]}}\n");
  put_z(f, "config/production.yaml", "nme: x\n");
  put_z(f, "go.mod", "module x\n");
  put_z(f, "x.go", "package main\n");
  WG_AUTO(wg_buf) b = {0};
  wg_buf_init(&b, wg_heap(), 0);
  assert_int_equal(check(f, "production", &b), WG_E_CONFIG);
  assert_string_equal(wg_buf_z(&b), "1:1 unknown key 'nme' | did you mean 'name'?\n");
  wg_buf_clear(&b);
  assert_int_equal(check(f, "prodution", &b), WG_E_CONFIG);
  assert_non_null(strstr(wg_buf_z(&b), "did you mean 'production'?"));
  wg_buf_clear(&b);
  assert_int_equal(check(f, "../x", &b), WG_E_USAGE);
}

static void a_file_that_is_none(void **state) {
  const folder *f = *state;
  WG_AUTO(wg_buf) b = {0};
  wg_buf_init(&b, wg_heap(), 0);
  assert_int_equal(check(f, NULL, &b), WG_E_CONFIG);
  assert_non_null(strstr(wg_buf_z(&b), "wingo init"));
  WG_AUTO(wg_cstr) path = wg_path_join(f->path, "wingo.yaml");
  wg_error err = WG_ERROR_INIT;
  assert_ok(wg_os_mkdir(WG_CWD, path, 0755, &err), &err);
  wg_buf_clear(&b);
  assert_int_equal(check(f, NULL, &b), WG_E_CONFIG);
}

#define FOLDER_TEST(t) cmocka_unit_test_setup_teardown(t, setup, teardown)

int main(void) {
  const struct CMUnitTest tests[] = {
      FOLDER_TEST(whatever_is_not_there_is_named),
      FOLDER_TEST(a_missing_pin_is_a_warning_with_the_line_to_paste),
      FOLDER_TEST(a_wrong_pin_is_an_error_with_the_right_one),
      FOLDER_TEST(the_base_is_looked_into),
      FOLDER_TEST(a_base_that_cannot_be_one_is_named),
      FOLDER_TEST(wrong_kinds_are_named),
      FOLDER_TEST(a_main_without_source_is_named),
      FOLDER_TEST(a_faulty_file_is_checked_as_far_as_it_goes),
      FOLDER_TEST(overlays_are_found_by_name),
      FOLDER_TEST(a_file_that_is_none),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
