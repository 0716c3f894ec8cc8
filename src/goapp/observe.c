// SPDX-License-Identifier: Apache-2.0
#include "goapp/observe.h"

#include <stdlib.h>
#include <string.h>

#include "goapp/embed.h"
#include "goapp/gomod.h"

// What the go command looks at in a package's folder.
#define OBSERVE_SUFFIXES                                                                           \
  ".go .c .cc .cpp .cxx .m .h .hh .hpp .hxx .f .F .for .f90 .s .S .sx .swig .swigcxx .syso .pgo "  \
  "go.mod"

static bool name_in(const char *const *list, wg_str s) {
  for (; *list != NULL; list++) {
    if (wg_str_eqz(s, *list)) {
      return true;
    }
  }
  return false;
}

static const char *const known_os[] = {
    "aix",  "android", "darwin",  "dragonfly", "freebsd", "hurd",   "illumos", "ios", "js", "linux",
    "nacl", "netbsd",  "openbsd", "plan9",     "solaris", "wasip1", "windows", "zos", NULL};
static const char *const known_arch[] = {"386",    "amd64",    "amd64p32",  "arm",         "armbe",
                                         "arm64",  "arm64be",  "loong64",   "mips",        "mipsle",
                                         "mips64", "mips64le", "mips64p32", "mips64p32le", "ppc",
                                         "ppc64",  "ppc64le",  "riscv",     "riscv64",     "s390",
                                         "s390x",  "sparc",    "sparc64",   "wasm",        NULL};

// go/build's matchTag for a file name's system: android counts as linux too, and so on.
static bool name_fits_os(wg_str tag, const char *os) {
  return wg_str_eqz(tag, os) || (strcmp(os, "android") == 0 && wg_str_eqz(tag, "linux")) ||
         (strcmp(os, "illumos") == 0 && wg_str_eqz(tag, "solaris")) ||
         (strcmp(os, "ios") == 0 && wg_str_eqz(tag, "darwin"));
}

// Cuts the last "_part" off s.
static wg_str name_last_part(wg_str *s) {
  size_t i = s->n;
  while (i > 0 && s->p[i - 1] != '_') {
    i--;
  }
  if (i == 0) {
    return (wg_str){"", 0}; // the first part never counts
  }
  wg_str part = {s->p + i, s->n - i};
  s->n = i - 1;
  return part;
}

bool wg_go_name_excluded(const char *file, const char *os, const char *arch) {
  if (file[0] == '_' || file[0] == '.') {
    return true;
  }
  wg_str s = wg_str_of(file);
  s.n = wg_str_find(s, '.');
  wg_str last = name_last_part(&s);
  if (wg_str_eqz(last, "test")) {
    if (wg_str_ends(wg_str_of(file), "_test.go")) {
      return true;
    }
    last = name_last_part(&s);
  }
  if (name_in(known_arch, last)) {
    if (!wg_str_eqz(last, arch)) {
      return true;
    }
    wg_str before = name_last_part(&s);
    return name_in(known_os, before) && !name_fits_os(before, os);
  }
  return name_in(known_os, last) && !name_fits_os(last, os);
}

static void observe_add(wg_go_observe_job *j, const char *label, const wg_digest *d) {
  wg_vec_push(&j->inputs, &j->n_inputs, &j->cap_inputs) = (wg_go_input){wg_xstrdup(label), *d};
}

static wg_code observe_input(wg_go_observe_job *j, const char *label, const char *path,
                             wg_error *err) {
  wg_digest d;
  if (j->obs->file(j->obs->ctx, path, &d, err) != WG_OK) {
    return err->code;
  }
  observe_add(j, label, &d);
  return WG_OK;
}

// As observe_input; an absent file is an observation, no failure.
static wg_code observe_maybe(wg_go_observe_job *j, const char *label, const char *path,
                             bool *out_there, wg_error *err) {
  wg_error absent = WG_ERROR_INIT;
  wg_code c = observe_input(j, label, path, &absent);
  *out_there = c == WG_OK;
  if (c != WG_OK && c != WG_E_NOT_FOUND) {
    *err = absent;
    return c;
  }
  return WG_OK;
}

static void observe_text(wg_go_observe_job *j, const char *label, const char *text) {
  wg_digest d = wg_sha256(text, strlen(text));
  observe_add(j, label, &d);
}

// The toolchain stands for the standard library: its version file and the programs that make code.
static wg_code observe_tool(wg_go_observe_job *j, wg_error *err) {
  static const char *const tools[] = {"compile", "link", "asm", "cgo"};
  const wg_go_tool *t = &j->found->tool;
  bool there;
  if (observe_input(j, "toolchain/go", t->path, err) != WG_OK) {
    return err->code;
  }
  for (size_t i = 0; i < WG_ARRAY_LEN(tools); i++) {
    WG_AUTO(wg_cstr) label = wg_xprintf("toolchain/%s", tools[i]);
    WG_AUTO(wg_cstr) path = wg_path_join(t->tooldir, tools[i]);
    if (observe_maybe(j, label, path, &there, err) != WG_OK) {
      return err->code;
    }
  }
  WG_AUTO(wg_cstr) version = wg_path_join(t->goroot, "VERSION");
  if (observe_maybe(j, "toolchain/VERSION", version, &there, err) != WG_OK) {
    return err->code;
  }
  observe_text(j, "toolchain/name", t->version);
  // Settings files: what they set counts by its effect (below), not by its bytes.
  WG_AUTO(wg_cstr) root_env = wg_path_join(t->goroot, "go.env");
  const char *files[] = {root_env, t->envfile};
  for (size_t i = 0; i < WG_ARRAY_LEN(files); i++) {
    wg_digest ignored;
    wg_error absent = WG_ERROR_INIT;
    if (files[i][0] == '/' && j->obs->file(j->obs->ctx, files[i], &ignored, &absent) != WG_OK &&
        absent.code != WG_E_NOT_FOUND) {
      *err = absent;
      return err->code;
    }
  }
  return WG_OK;
}

static void observe_setting_list(wg_go_observe_job *j, const char *const *names) {
  for (; *names != NULL; names++) {
    WG_AUTO(wg_cstr) label = wg_xprintf("goenv/%s", *names);
    observe_text(j, label, wg_go_tool_var(&j->found->tool, *names));
  }
}

// Settings by their effect, wherever they were made (project, environment, `go env -w`).
static void observe_settings(wg_go_observe_job *j) {
  static const char *const always[] = {"GOFLAGS",     "GOEXPERIMENT", "GOFIPS140",
                                       "GO111MODULE", "CGO_ENABLED",  NULL};
  static const char *const cgo[] = {
      "CC",           "CXX",        "AR",          "CGO_CFLAGS", "CGO_CPPFLAGS",
      "CGO_CXXFLAGS", "CGO_FFLAGS", "CGO_LDFLAGS", "PKG_CONFIG", NULL};
  const char *const variant[] = {wg_go_variant_name(j->spec->arch), NULL};
  observe_setting_list(j, always);
  observe_setting_list(j, variant);
  if (wg_go_spec_cgo(j->spec)) {
    observe_setting_list(j, cgo);
  }
  for (const char *const *n = wg_go_env_observed(); *n != NULL; n++) {
    j->obs->env(j->obs->ctx, *n);
  }
  const char *debug = wg_go_env_get(j->env, j->spec, "GODEBUG");
  if (debug != NULL) {
    observe_text(j, "goenv/GODEBUG", debug);
  }
}

// The C compiler of a cgo build: the driver's bytes. System headers and libraries are not followed.
static wg_code observe_cc(wg_go_observe_job *j, wg_error *err) {
  static const char *const names[] = {"CC", "CXX"};
  if (!wg_go_spec_cgo(j->spec)) {
    return WG_OK;
  }
  const char *path_list = wg_go_env_get(j->env, j->spec, "PATH");
  for (size_t i = 0; i < WG_ARRAY_LEN(names); i++) {
    wg_str cc = wg_str_of(wg_go_tool_var(&j->found->tool, names[i]));
    cc.n = wg_str_find(cc, ' ');
    WG_AUTO(wg_cstr) name = wg_xstrndup(cc.p, cc.n);
    WG_AUTO(wg_cstr) found = name[0] == '/' ? wg_xstrdup(name) : wg_os_which(name, path_list);
    WG_AUTO(wg_cstr) label = wg_xprintf("toolchain/%s", names[i]);
    bool there;
    if (found != NULL && observe_maybe(j, label, found, &there, err) != WG_OK) {
      return err->code;
    }
  }
  j->obs->warn(j->obs->ctx,
               "cgo: the C compiler is part of the key, system headers and libraries are not; the "
               "result may differ on another machine");
  return WG_OK;
}

// Absences of name in dir and above, up to the folder of found ("" when it is nowhere).
static wg_code observe_above(wg_go_observe_job *j, const char *name, const char *found,
                             wg_error *err) {
  WG_AUTO(wg_cstr) dir = wg_xstrdup(j->spec->dir);
  for (;;) {
    WG_AUTO(wg_cstr) path = wg_path_join(dir, name);
    if (strcmp(path, found) == 0) {
      return WG_OK;
    }
    wg_error there = WG_ERROR_INIT;
    wg_code c = j->obs->absent(j->obs->ctx, path, &there);
    if (c != WG_OK && wg_os_exists(WG_CWD, path)) {
      return WG_OK; // a symbolic link's other name for what was found
    }
    if (c != WG_OK) {
      *err = there;
      return c;
    }
    if (strcmp(dir, "/") == 0 || strcmp(dir, ".") == 0) {
      return WG_OK;
    }
    char *up = wg_path_dirname(dir);
    wg_xfree(dir);
    dir = up;
  }
}

// go.mod files of local modules that file (go.mod or go.work) points to.
static wg_code observe_local(wg_go_observe_job *j, const char *file, const char *of,
                             wg_error *err) {
  WG_AUTO(wg_buf) text = {0};
  wg_buf_init(&text, wg_heap(), 0);
  wg_go_strs paths;
  if (wg_os_read_file(WG_CWD, file, WG_GO_MAX_GOMOD, &text, err) != WG_OK ||
      wg_go_mod_local_paths(wg_buf_str(&text), j->arena, &paths, err) != WG_OK) {
    return err->code;
  }
  WG_AUTO(wg_cstr) dir = wg_path_dirname(file);
  for (size_t i = 0; i < paths.n; i++) {
    WG_AUTO(wg_cstr) sub = wg_path_join(dir, paths.v[i]);
    WG_AUTO(wg_cstr) gomod = wg_path_join(sub, "go.mod");
    WG_AUTO(wg_cstr) clean = wg_path_clean(gomod);
    WG_AUTO(wg_cstr) label = wg_xprintf("%s/local/%s/go.mod", of, paths.v[i]);
    bool there;
    if (observe_maybe(j, label, clean, &there, err) != WG_OK) {
      return err->code;
    }
  }
  return WG_OK;
}

static wg_code observe_vendor(wg_go_observe_job *j, const char *root, const char *of,
                              wg_error *err) {
  WG_AUTO(wg_cstr) vendor = wg_path_join(root, "vendor");
  WG_AUTO(wg_cstr) modules = wg_path_join(vendor, "modules.txt");
  bool there;
  if (j->obs->names(j->obs->ctx, vendor, "modules.txt", err) != WG_OK) {
    return err->code;
  }
  WG_AUTO(wg_cstr) label = wg_xprintf("%s/vendor/modules.txt", of);
  return observe_maybe(j, label, modules, &there, err);
}

// A go.mod or go.work with its sums beside it.
static wg_code observe_root(wg_go_observe_job *j, const char *file, const char *label,
                            const char *sum, wg_error *err) {
  WG_AUTO(wg_cstr) root = wg_path_dirname(file);
  WG_AUTO(wg_cstr) sum_path = wg_path_join(root, sum);
  WG_AUTO(wg_cstr) sum_label = wg_xprintf("mod/%s", sum);
  bool there;
  if (observe_input(j, label, file, err) != WG_OK ||
      observe_maybe(j, sum_label, sum_path, &there, err) != WG_OK ||
      observe_vendor(j, root, label, err) != WG_OK) {
    return err->code;
  }
  return observe_local(j, file, label, err);
}

static wg_code observe_modules(wg_go_observe_job *j, wg_error *err) {
  const wg_go_tool *t = &j->found->tool;
  bool has_mod = t->gomod[0] == '/' && strcmp(t->gomod, "/dev/null") != 0;
  bool has_work = t->gowork[0] == '/';
  const char *work = wg_go_env_get(j->env, j->spec, "GOWORK");
  if ((work == NULL || work[0] == '\0') && observe_above(j, "go.work", t->gowork, err) != WG_OK) {
    return err->code;
  }
  if (observe_above(j, "go.mod", t->gomod, err) != WG_OK) {
    return err->code;
  }
  if (has_work && observe_root(j, t->gowork, "mod/go.work", "go.work.sum", err) != WG_OK) {
    return err->code;
  }
  return has_mod ? observe_root(j, t->gomod, "mod/go.mod", "go.sum", err) : WG_OK;
}

// Folders of the module cache never change: their listings need no watching.
static bool observe_is_cached(wg_go_observe_job *j, const char *dir) {
  return j->found->tool.modcache[0] == '/' && wg_path_is_below(dir, j->found->tool.modcache);
}

static wg_code observe_files(wg_go_observe_job *j, const wg_go_package *p, wg_str import_path,
                             const wg_go_strs *files, wg_error *err) {
  for (size_t i = 0; i < files->n; i++) {
    WG_AUTO(wg_cstr) path = wg_path_join(p->dir, files->v[i]);
    WG_AUTO(wg_cstr) label = wg_xprintf("src/%.*s/%s", WG_STR_ARG(import_path), files->v[i]);
    if (observe_input(j, label, path, err) != WG_OK) {
      return err->code;
    }
  }
  return WG_OK;
}

// A file left out by a line inside it comes back when that line goes: looked at, but no input.
static wg_code observe_ignored(wg_go_observe_job *j, const wg_go_package *p, wg_error *err) {
  for (size_t i = 0; i < p->ignored.n; i++) {
    if (wg_go_name_excluded(p->ignored.v[i], j->spec->os, j->spec->arch)) {
      continue;
    }
    WG_AUTO(wg_cstr) path = wg_path_join(p->dir, p->ignored.v[i]);
    wg_digest ignored;
    if (j->obs->file(j->obs->ctx, path, &ignored, err) != WG_OK) {
      return err->code;
    }
  }
  return WG_OK;
}

static wg_code observe_package(wg_go_observe_job *j, const wg_go_package *p, wg_error *err) {
  wg_str import_path = wg_str_of(p->import_path); // "path [variant]" when a profile makes variants
  import_path.n = wg_str_find(import_path, ' ');
  if (observe_files(j, p, import_path, &p->src, err) != WG_OK ||
      observe_files(j, p, import_path, &p->embed, err) != WG_OK) {
    return err->code;
  }
  if (!p->dep_only) {
    WG_AUTO(wg_cstr) pgo = wg_path_join(p->dir, "default.pgo");
    WG_AUTO(wg_cstr) label = wg_xprintf("src/%.*s/default.pgo", WG_STR_ARG(import_path));
    bool there;
    if (observe_maybe(j, label, pgo, &there, err) != WG_OK) {
      return err->code;
    }
  }
  if (observe_is_cached(j, p->dir)) {
    return WG_OK;
  }
  if (j->obs->names(j->obs->ctx, p->dir, OBSERVE_SUFFIXES, err) != WG_OK ||
      observe_ignored(j, p, err) != WG_OK) {
    return err->code;
  }
  for (size_t i = 0; i < p->embed_patterns.n; i++) {
    if (wg_go_embed_observe(p->dir, p->embed_patterns.v[i], j->obs, err) != WG_OK) {
      return err->code;
    }
  }
  return WG_OK;
}

// The modules that packages come from: their versions and replacements are written into the binary.
static wg_code observe_module_list(wg_go_observe_job *j, wg_error *err) {
  WG_AUTO(wg_buf) text = {0};
  wg_buf_init(&text, wg_heap(), 0);
  const wg_go_list_module *last = NULL;
  for (size_t i = 0; i < j->n_packages; i++) {
    const wg_go_list_module *m = j->packages[i]->module;
    if (m == NULL || m == last) {
      continue;
    }
    last = m;
    wg_buf_printf(&text, "%s %s", m->path, m->version);
    if (m->replaced) {
      wg_buf_printf(&text, " => %s %s", m->new_path, m->new_version);
    }
    wg_buf_add_byte(&text, '\n');
  }
  if (wg_buf_check(&text, err) != WG_OK) {
    return err->code;
  }
  observe_text(j, "mod/list", wg_buf_z(&text));
  return WG_OK;
}

static int observe_cmp(const void *a, const void *b) {
  const wg_go_input *x = a, *y = b;
  return strcmp(x->label, y->label);
}

// A source may be embedded too, and two files may name one module: each label goes out once.
static wg_code observe_report(wg_go_observe_job *j, wg_error *err) {
  if (j->n_inputs > 0) {
    qsort(j->inputs, j->n_inputs, sizeof(*j->inputs), observe_cmp);
  }
  for (size_t i = 0; i < j->n_inputs; i++) {
    const wg_go_input *in = &j->inputs[i];
    if (i == 0 || strcmp(in->label, in[-1].label) != 0) {
      j->obs->input(j->obs->ctx, in->label, &in->digest);
    } else if (!wg_digest_eq(&in->digest, &in[-1].digest)) {
      return wg_fail(err, WG_E_BUG, "two inputs are called '%s'", in->label);
    }
  }
  return WG_OK;
}

static wg_code observe_all(wg_go_observe_job *j, wg_error *err) {
  observe_settings(j);
  observe_text(j, "main", j->found->import_path);
  if (observe_tool(j, err) != WG_OK || observe_cc(j, err) != WG_OK ||
      observe_modules(j, err) != WG_OK || observe_module_list(j, err) != WG_OK) {
    return err->code;
  }
  for (size_t i = 0; i < j->n_packages; i++) {
    const wg_go_package *p = j->packages[i];
    if (!p->standard && observe_package(j, p, err) != WG_OK) {
      return wg_wrap(err, "package %s", p->import_path);
    }
  }
  return observe_report(j, err);
}

wg_code wg_go_observe(wg_go_observe_job *job, wg_error *err) {
  wg_code c = observe_all(job, err);
  for (size_t i = 0; i < job->n_inputs; i++) {
    wg_xfree(job->inputs[i].label);
  }
  wg_xfree(job->inputs);
  job->inputs = NULL;
  job->n_inputs = job->cap_inputs = 0;
  return c;
}
