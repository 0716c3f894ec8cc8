// SPDX-License-Identifier: Apache-2.0
// Discovery and build with the installed toolchain: real go commands on small modules.
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "goapp/compile.h"
#include "goapp/discover.h"
#include "goapp/readback.h"

typedef struct watch {
  wg_buf inputs;  // "label digest\n"
  wg_buf watched; // "file PATH\n", "dir PATH\n", "absent PATH\n"
} watch;

static void watch_init(watch *w) {
  wg_buf_init(&w->inputs, wg_heap(), 0);
  wg_buf_init(&w->watched, wg_heap(), 0);
}
static void watch_done(watch *w) {
  wg_buf_done(&w->inputs);
  wg_buf_done(&w->watched);
}
WG_DEFINE_AUTO(watch, watch_done);

static wg_code on_file(void *ctx, const char *path, wg_digest *out, wg_error *err) {
  watch *w = ctx;
  WG_AUTO(wg_fd) fd = -1;
  wg_code c = wg_os_open_read(WG_CWD, path, &fd, err);
  wg_buf_printf(&w->watched, "%s %s\n", c == WG_OK ? "file" : "absent", path);
  return c != WG_OK ? c : wg_sha256_fd(fd, NULL, out, NULL, err);
}
static wg_code on_names(void *ctx, const char *path, const char *suffixes, wg_error *err) {
  (void)err;
  watch *w = ctx;
  wg_buf_printf(&w->watched, "names %s %s\n", path, suffixes);
  return WG_OK;
}
static wg_code on_dir(void *ctx, const char *path, wg_error *err) {
  (void)err;
  watch *w = ctx;
  wg_buf_printf(&w->watched, "dir %s\n", path);
  return WG_OK;
}
static wg_code on_absent(void *ctx, const char *path, wg_error *err) {
  watch *w = ctx;
  if (wg_os_exists(WG_CWD, path)) {
    return wg_fail(err, WG_E_CONFLICT, "%s is there", path);
  }
  wg_buf_printf(&w->watched, "absent %s\n", path);
  return WG_OK;
}
static void on_env(void *ctx, const char *name) {
  watch *w = ctx;
  wg_buf_printf(&w->watched, "env %s\n", name);
}
static void on_input(void *ctx, const char *label, const wg_digest *d) {
  watch *w = ctx;
  wg_hex h = wg_digest_hex(d);
  wg_buf_printf(&w->inputs, "%s %s\n", label, h.s);
}
static void on_text(void *ctx, const char *text) {
  (void)ctx;
  (void)text;
}

static void put(const char *dir, const char *name, const char *text) {
  WG_AUTO(wg_cstr) path = wg_path_join(dir, name);
  WG_AUTO(wg_cstr) parent = wg_path_dirname(path);
  wg_error err = WG_ERROR_INIT;
  assert_int_equal(wg_os_mkdirs(WG_CWD, parent, 0755, &err), WG_OK);
  assert_int_equal(wg_os_write_file(WG_CWD, path, text, strlen(text), 0644, false, &err), WG_OK);
}

static void put_module(const char *dir) {
  put(dir, "go.mod",
      "module example.com/tiny\n\ngo 1.19\n\nrequire example.com/lib v0.0.0\n\nreplace "
      "example.com/lib => ./lib\n");
  put(dir, "lib/go.mod", "module example.com/lib\n\ngo 1.19\n");
  put(dir, "lib/lib.go", "package lib\n\nfunc Name() string { return \"lib\" }\n");
  put(dir, "cmd/tiny/main.go",
      "package main\n\nimport (\n\t_ \"embed\"\n\n\t\"example.com/lib\"\n)\n\n//go:embed "
      "text/*.txt\nvar fs "
      "string\n\nvar version string\n\nfunc main() { println(lib.Name(), version, fs) }\n");
  put(dir, "cmd/tiny/only_windows.go", "package main\n\nfunc init() { println(\"windows\") }\n");
  put(dir, "cmd/tiny/tagged.go", "//go:build special\n\npackage main\n");
  put(dir, "cmd/tiny/text/a.txt", "embedded");
}

typedef struct bench {
  wg_go_env env;
  wg_arena arena;
  char *dir, *tmp;
  wg_go_spec spec;
  wg_go_found found;
  wg_buf details;
} bench;

static void bench_init(bench *b) {
  wg_error err = WG_ERROR_INIT;
  wg_go_env_init(&b->env, wg_os_environ());
  wg_arena_init(&b->arena, wg_heap(), 0);
  wg_buf_init(&b->details, wg_heap(), 0);
  assert_int_equal(wg_os_mkdtemp("/tmp", "wingo-go-", &b->dir, &err), WG_OK);
  // Not the module's folder: Go overlooks a go.mod in TMPDIR itself.
  assert_int_equal(wg_os_mkdtemp("/tmp", "wingo-go-", &b->tmp, &err), WG_OK);
  b->spec = (wg_go_spec){.project_dir = b->dir,
                         .dir = b->dir,
                         .main = "./cmd/tiny",
                         .os = "linux",
                         .arch = "amd64",
                         .variant = "",
                         .mod = "",
                         .go = ""};
}
static void bench_done(bench *b) {
  wg_error err = WG_ERROR_INIT;
  wg_go_env_done(&b->env);
  wg_arena_done(&b->arena);
  wg_buf_done(&b->details);
  (void)!wg_os_rmtree(WG_CWD, b->dir, &err);
  (void)!wg_os_rmtree(WG_CWD, b->tmp, &err);
  wg_xfree(b->dir);
  wg_xfree(b->tmp);
}
WG_DEFINE_AUTO(bench, bench_done);

static wg_code discover(bench *b, watch *w, wg_error *err) {
  const wg_go_observer obs = {w,      on_file,  on_names, on_dir, on_absent,
                              on_env, on_input, on_text,  on_text};
  return wg_go_discover(&b->env, &b->spec, &obs, b->tmp, NULL, &b->arena, &b->found, &b->details,
                        err);
}

static wg_code compile(bench *b, wg_digest *out, wg_error *err) {
  WG_AUTO(wg_cstr) path = wg_path_join(b->tmp, "program");
  wg_go_compile_job job = {.env = &b->env,
                           .spec = &b->spec,
                           .go = b->found.tool.path,
                           .mod_flag = b->found.mod_flag,
                           .cpus = 1,
                           .tmp = b->tmp,
                           .out = path};
  if (wg_go_compile(&job, &b->details, err) != WG_OK) {
    return err->code;
  }
  WG_AUTO(wg_fd) fd = -1;
  assert_int_equal(wg_os_open_read(WG_CWD, path, &fd, err), WG_OK);
  return wg_sha256_fd(fd, NULL, out, NULL, err);
}

static bool has(wg_buf *b, const char *what) {
  return strstr(wg_buf_z(b), what) != NULL;
}

static void what_is_read_is_reported(void **state) {
  (void)state;
  WG_AUTO(bench) b = {0};
  WG_AUTO(watch) w = {0};
  wg_error err = WG_ERROR_INIT;
  bench_init(&b);
  watch_init(&w);
  put_module(b.dir);
  if (discover(&b, &w, &err) != WG_OK) {
    fail_msg("%s", err.text);
  }
  assert_true(has(&w.inputs, "src/example.com/tiny/cmd/tiny/main.go "));
  assert_true(has(&w.inputs, "src/example.com/tiny/cmd/tiny/text/a.txt "));
  assert_true(has(&w.inputs, "src/example.com/lib/lib.go "));
  assert_true(has(&w.inputs, "mod/go.mod/local/./lib/go.mod "));
  assert_true(has(&w.inputs, "mod/go.mod "));
  assert_true(has(&w.inputs, "toolchain/compile "));
  assert_false(has(&w.inputs, "only_windows.go"));
  assert_false(has(&w.watched, "only_windows.go")); // its name alone keeps it out
  assert_false(has(&w.inputs, "tagged.go"));
  assert_true(has(&w.watched, "cmd/tiny/tagged.go")); // its tag may change
  assert_true(has(&w.watched, "cmd/tiny/text .txt"));
  assert_true(has(&w.watched, "vendor modules.txt"));
  assert_true(has(&w.watched, "absent /go.work\n"));
  assert_true(has(&w.watched, "env GOFLAGS\n"));
  assert_false(has(&w.inputs, b.dir)); // no folder of this machine in a key
}

static void two_folders_give_the_same_program_and_inputs(void **state) {
  (void)state;
  wg_digest d[2];
  WG_AUTO(watch) w0 = {0};
  WG_AUTO(watch) w1 = {0};
  watch *w[2] = {&w0, &w1};
  const char *ldflags[] = {"-s"};
  const wg_go_pair vars[] = {{"main.version", "it's 1.0"}};
  for (int i = 0; i < 2; i++) {
    WG_AUTO(bench) b = {0};
    wg_error err = WG_ERROR_INIT;
    bench_init(&b);
    watch_init(w[i]);
    b.spec.ldflags = ldflags;
    b.spec.n_ldflags = 1;
    b.spec.vars = vars;
    b.spec.n_vars = 1;
    put_module(b.dir);
    if (discover(&b, w[i], &err) != WG_OK || compile(&b, &d[i], &err) != WG_OK) {
      fail_msg("%s", err.text);
    }
  }
  assert_true(wg_digest_eq(&d[0], &d[1]));
  assert_string_equal(wg_buf_z(&w0.inputs), wg_buf_z(&w1.inputs));
}

static void compiler_errors_are_relative_to_the_project(void **state) {
  (void)state;
  WG_AUTO(bench) b = {0};
  WG_AUTO(watch) w = {0};
  wg_error err = WG_ERROR_INIT;
  bench_init(&b);
  watch_init(&w);
  WG_AUTO(wg_cstr) sub = wg_path_join(b.dir, "sub");
  put_module(sub);
  put(sub, "cmd/tiny/bad.go", "package main\n\nvar a = undefined1\nvar b = undefined2\n");
  b.spec.dir = sub;
  wg_digest d;
  assert_int_equal(discover(&b, &w, &err), WG_OK);
  assert_int_equal(compile(&b, &d, &err), WG_E_FAILED);
  assert_string_equal(err.text,
                      "go build: sub/cmd/tiny/bad.go:3:9: undefined: undefined1 (and 1 more)");
  assert_true(has(&b.details, "\nsub/cmd/tiny/bad.go:4:9: undefined: undefined2\n"));
}

// A COFF object with one section: what a resource compiler makes has the same frame.
static void put_object(const char *path, const char *payload) {
  WG_AUTO(wg_buf) o = {0};
  wg_buf_init(&o, wg_heap(), 0);
  size_t n = strlen(payload);
  const uint32_t head[] = {1U << 16 | 0x8664, 0, (uint32_t)(60 + n), 1, 0};
  for (size_t i = 0; i < WG_ARRAY_LEN(head); i++) {
    wg_buf_add_le32(&o, head[i]);
  }
  wg_buf_add(&o, ".rsrc\0\0\0", 8);
  const uint32_t section[] = {0, 0, (uint32_t)n, 60, 0, 0, 0, 0x40000040};
  for (size_t i = 0; i < WG_ARRAY_LEN(section); i++) {
    wg_buf_add_le32(&o, section[i]);
  }
  wg_buf_add(&o, payload, n);
  wg_buf_add(&o, ".rsrc\0\0\0\0\0\0\0\1\0\0\0\3\0", 18);
  wg_buf_add_le32(&o, 4);
  wg_error err = WG_ERROR_INIT;
  assert_int_equal(wg_os_write_file(WG_CWD, path, o.p, o.n, 0644, false, &err), WG_OK);
}

static wg_code compile_with(bench *b, const char *syso, wg_buf *out, wg_error *err) {
  WG_AUTO(wg_cstr) path = wg_path_join(b->tmp, "program");
  wg_go_compile_job job = {.env = &b->env,
                           .spec = &b->spec,
                           .go = b->found.tool.path,
                           .mod_flag = b->found.mod_flag,
                           .cpus = 1,
                           .tmp = b->tmp,
                           .out = path,
                           .syso = syso};
  wg_buf_init(out, wg_heap(), 0);
  if (wg_go_compile(&job, &b->details, err) != WG_OK) {
    return err->code;
  }
  return wg_os_read_file(WG_CWD, path, (uint64_t)64 << 20, out, err);
}

static void resources_are_linked_without_touching_the_sources(void **state) {
  (void)state;
  WG_AUTO(bench) b = {0};
  WG_AUTO(watch) w = {0};
  wg_error err = WG_ERROR_INIT;
  bench_init(&b);
  watch_init(&w);
  put_module(b.dir);
  b.spec.os = "windows";
  b.spec.resources = true;
  WG_AUTO(wg_cstr) syso = wg_path_join(b.tmp, "it's.syso");
  const char *payloads[] = {"resource-payload-one", "resource-payload-two!",
                            "resource-payload-one"};
  WG_AUTO(wg_buf) p0 = {0}, p1 = {0}, p2 = {0}, none = {0};
  wg_buf *programs[] = {&p0, &p1, &p2};
  assert_int_equal(discover(&b, &w, &err), WG_OK);
  for (int i = 0; i < 3; i++) {
    put_object(syso, payloads[i]);
    if (compile_with(&b, syso, programs[i], &err) != WG_OK) {
      fail_msg("%s", err.text);
    }
    assert_non_null(memmem(programs[i]->p, programs[i]->n, payloads[i], strlen(payloads[i])));
  }
  assert_true(wg_str_eq(wg_buf_str(&p0), wg_buf_str(&p2)));
  assert_int_equal(compile_with(&b, NULL, &none, &err), WG_OK);
  assert_null(memmem(none.p, none.n, "resource-payload", 16)); // no stale cache
  wg_dirent *entries;
  size_t n;
  WG_AUTO(wg_cstr) src = wg_path_join(b.dir, "cmd/tiny");
  assert_int_equal(wg_os_list_dir(WG_CWD, src, &b.arena, &entries, &n, &err), WG_OK);
  assert_int_equal(n, 4);
  put(b.dir, "cmd/tiny/own_windows.syso", "x");
  assert_int_equal(discover(&b, &w, &err), WG_E_CONFLICT);
  assert_non_null(strstr(err.text, "own_windows.syso"));
}

static void embedded_folders_and_nearby_modules_are_watched(void **state) {
  (void)state;
  WG_AUTO(bench) b = {0};
  WG_AUTO(watch) w = {0};
  wg_error err = WG_ERROR_INIT;
  bench_init(&b);
  watch_init(&w);
  put(b.dir, "go.work", "go 1.19\n\nuse (\n\t./app\n\t./lib\n)\n");
  put(b.dir, "app/go.mod", "module example.com/app\n\ngo 1.19\n");
  put(b.dir, "app/main.go",
      "package main\n\nimport (\n\t\"embed\"\n\n\t\"example.com/lib\"\n)\n\n//go:embed static "
      "main.go "
      "t/*/x.txt\nvar fs embed.FS\n\nfunc main() { println(lib.Name) }\n");
  put(b.dir, "app/static/deep/er/a", "a");
  put(b.dir, "app/t/one/x.txt", "x");
  put(b.dir, "lib/go.mod", "module example.com/lib\n\ngo 1.19\n");
  put(b.dir, "lib/lib.go", "package lib\n\nconst Name = \"n\"\n");
  b.spec.main = ".";
  WG_AUTO(wg_cstr) app = wg_path_join(b.dir, "app");
  b.spec.dir = app;
  if (discover(&b, &w, &err) != WG_OK) {
    fail_msg("%s", err.text);
  }
  const char *inputs[] = {"mod/go.work ", "mod/go.work/local/./lib/go.mod ",
                          "mod/go.work/local/./app/go.mod ",
                          "src/example.com/app/static/deep/er/a ", "src/example.com/lib/lib.go "};
  for (size_t i = 0; i < WG_ARRAY_LEN(inputs); i++) {
    assert_true(has(&w.inputs, inputs[i]));
  }
  const char *watched[] = {"/app/static\n", "/app/static/deep\n", "/app/static/deep/er\n",
                           "dir ",          "/app/t\n",           "absent ",
                           "/app/go.work\n"};
  for (size_t i = 0; i < WG_ARRAY_LEN(watched); i++) {
    assert_true(has(&w.watched, watched[i]));
  }
  wg_digest d;
  assert_int_equal(compile(&b, &d, &err), WG_OK);
}

static wg_code read_back(bench *b, const wg_buf *program, const wg_go_expect *e, wg_error *err) {
  wg_reader file = wg_reader_of(program->p, program->n);
  wg_go_readback back;
  return wg_go_read_back(&file, e, &b->arena, &back, err);
}

static void expect_verify(bench *b, const wg_buf *program, const wg_go_expect *e,
                          const char *message) {
  wg_error err = WG_ERROR_INIT;
  wg_code c = read_back(b, program, e, &err);
  if (c != WG_E_VERIFY || strstr(err.text, message) == NULL) {
    fail_msg("%s: %s: %s", message, wg_code_name(c), err.text);
  }
}

static void build_for(bench *b, const char *os, const char *arch, wg_buf *program,
                      wg_go_expect *e) {
  WG_AUTO(watch) w = {0};
  wg_error err = WG_ERROR_INIT;
  watch_init(&w);
  b->spec.os = os;
  b->spec.arch = arch;
  if (discover(b, &w, &err) != WG_OK || compile_with(b, NULL, program, &err) != WG_OK) {
    fail_msg("%s/%s: %s", os, arch, err.text);
  }
  *e = (wg_go_expect){.os = os,
                      .arch = arch,
                      .gui = b->spec.gui,
                      .cgo = wg_go_spec_cgo(&b->spec),
                      .go_version = b->found.tool.version,
                      .import_path = b->found.import_path,
                      .module = b->found.module};
  if (read_back(b, program, e, &err) != WG_OK) {
    fail_msg("%s/%s: %s", os, arch, err.text);
  }
}

static void programs_are_read_back(void **state) {
  (void)state;
  WG_AUTO(bench) b = {0};
  wg_go_expect e;
  bench_init(&b);
  put_module(b.dir);
  static const char *const targets[][2] = {{"windows", "amd64"}, {"windows", "arm64"},
                                           {"windows", "386"},   {"linux", "amd64"},
                                           {"linux", "arm64"},   {"darwin", "arm64"}};
  for (size_t i = 0; i < WG_ARRAY_LEN(targets); i++) {
    WG_AUTO(wg_buf) p = {0};
    build_for(&b, targets[i][0], targets[i][1], &p, &e);
    wg_go_expect x = e;
    x.arch = strcmp(e.arch, "amd64") == 0 ? "arm64" : "amd64";
    expect_verify(&b, &p, &x, "the program is for ");
    x = e;
    x.os = strcmp(e.os, "linux") == 0 ? "windows" : "linux";
    expect_verify(&b, &p, &x, " file, not a");
    x = e;
    x.go_version = "go1.1";
    expect_verify(&b, &p, &x, "was built by go1.");
    x = e;
    x.import_path = "example.com/else";
    expect_verify(&b, &p, &x, "path \"example.com/tiny/cmd/tiny\"");
    x = e;
    x.module = "example.com/else";
    expect_verify(&b, &p, &x, "module \"example.com/tiny\"");
  }
  WG_AUTO(wg_buf) console = {0}, gui = {0}, cut = {0}, freebsd = {0};
  build_for(&b, "windows", "amd64", &console, &e);
  e.gui = true;
  expect_verify(&b, &console, &e, "subsystem is ");
  e.gui = false;
  e.resources = true;
  expect_verify(&b, &console, &e, "has no resources");
  b.spec.gui = true;
  build_for(&b, "windows", "amd64", &gui, &e);
  b.spec.gui = false;
  build_for(&b, "freebsd", "amd64", &freebsd, &e);
  e.os = "linux"; // both ELF: the build info tells
  expect_verify(&b, &freebsd, &e, "GOOS \"freebsd\"");
  wg_error err = WG_ERROR_INIT;
  build_for(&b, "linux", "amd64", &cut, &e);
  cut.n /= 2;
  assert_int_equal(read_back(&b, &cut, &e, &err), WG_E_FORMAT);
}

static void cgo_that_nobody_asked_for_is_found(void **state) {
  (void)state;
  WG_AUTO(wg_cstr) gcc = wg_os_which("gcc", NULL);
  if (gcc == NULL) {
    skip();
  }
  WG_AUTO(bench) b = {0};
  wg_go_expect e;
  bench_init(&b);
  put_module(b.dir);
  put(b.dir, "cmd/tiny/c.go",
      "package main\n\n// int one(void) { return 1; }\nimport \"C\"\n\nfunc init() { "
      "println(C.one()) }\n");
  WG_AUTO(wg_buf) without = {0}, with = {0};
  build_for(&b, "linux", "amd64", &without, &e); // the file is left out
  const wg_go_pair cgo[] = {{"CGO_ENABLED", "1"}};
  b.spec.env = cgo;
  b.spec.n_env = 1;
  build_for(&b, "linux", "amd64", &with, &e);
  e.cgo = false;
  expect_verify(&b, &with, &e, "CGO_ENABLED=\"1\" (libraries: libc.so.6");
}

static void what_is_no_go_program_is_refused(void **state) {
  (void)state;
  WG_AUTO(bench) b = {0};
  bench_init(&b);
  WG_AUTO(wg_buf) p = {0};
  wg_buf_init(&p, wg_heap(), 0);
  wg_error err = WG_ERROR_INIT;
  const wg_go_expect e = {
      .os = "linux", .arch = "amd64", .go_version = "go1.19", .import_path = "x", .module = "x"};
  assert_int_equal(wg_os_read_file(WG_CWD, "/proc/self/exe", (uint64_t)1 << 30, &p, &err), WG_OK);
  expect_verify(&b, &p, &e, "no Go build info");
}

static void expect_discovery(const char *file, const char *text, const char *main, wg_code code,
                             const char *message) {
  WG_AUTO(bench) b = {0};
  WG_AUTO(watch) w = {0};
  wg_error err = WG_ERROR_INIT;
  bench_init(&b);
  watch_init(&w);
  put_module(b.dir);
  put(b.dir, file, text);
  b.spec.main = main;
  const wg_go_pair no_proxy[] = {{"GOPROXY", "off"}};
  b.spec.env = no_proxy;
  b.spec.n_env = 1;
  wg_code c = discover(&b, &w, &err);
  if (c != code || strstr(err.text, message) == NULL) {
    fail_msg("%s: %s: %s", file, wg_code_name(c), err.text);
  }
}

static void complaints_of_go_list_are_explained(void **state) {
  (void)state;
  expect_discovery("cmd/tiny/x.go", "package main\n\nimport _ \"example.org/not/there\"\n",
                   "./cmd/tiny", WG_E_NOT_FOUND,
                   "cmd/tiny/x.go:3:8: no required module provides package example.org/not/there");
  expect_discovery("cmd/tiny/x.go", "package main\n\nimport _ \"nosuchstd\"\n", "./cmd/tiny",
                   WG_E_FAILED, "cmd/tiny/x.go:3:8: package nosuchstd is not in ");
  expect_discovery("cmd/tiny/x.go", "package main\n\nimport {\n", "./cmd/tiny", WG_E_FAILED,
                   "cmd/tiny/x.go:3:8: ");
  expect_discovery("x.go", "package lib\n", ".", WG_E_CONFIG, "is package lib, not a program");
  expect_discovery("x.go", "package main\n", "./x.go", WG_E_CONFIG, "is a file; name the folder");
  expect_discovery("x.go", "package main\n", "./...", WG_E_CONFIG, "names several packages");
  expect_discovery("x.go", "package lib\n", "./cmd/none", WG_E_NOT_FOUND,
                   "directory not found; main: names");
  expect_discovery("go.mod", "module example.com/tiny\n\ngo 1.99\n", "./cmd/tiny", WG_E_UNSUPPORTED,
                   "go.mod asks for Go 1.99, installed is go");
  expect_discovery("go.mod", "module example.com/tiny\n\nbogus\n", "./cmd/tiny", WG_E_FAILED,
                   "go.mod:3: unknown directive: bogus");
  expect_discovery("go.mod",
                   "module example.com/tiny\n\ngo 1.19\n\nrequire example.com/lib v1.2.3\n",
                   "./cmd/tiny", WG_E_NOT_FOUND, "go.sum");
}

int main(void) {
  WG_AUTO(wg_cstr) go = wg_os_which("go", NULL);
  if (go == NULL) {
    printf("1..0 # SKIP no go command in PATH\n");
    return 0;
  }
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(what_is_read_is_reported),
      cmocka_unit_test(two_folders_give_the_same_program_and_inputs),
      cmocka_unit_test(compiler_errors_are_relative_to_the_project),
      cmocka_unit_test(resources_are_linked_without_touching_the_sources),
      cmocka_unit_test(embedded_folders_and_nearby_modules_are_watched),
      cmocka_unit_test(programs_are_read_back),
      cmocka_unit_test(cgo_that_nobody_asked_for_is_found),
      cmocka_unit_test(what_is_no_go_program_is_refused),
      cmocka_unit_test(complaints_of_go_list_are_explained),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
