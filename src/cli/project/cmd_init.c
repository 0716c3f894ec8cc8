// SPDX-License-Identifier: Apache-2.0
// `wingo init`: a project that builds at once, from the files in src/cli/template.
#include <string.h>

#include "cli/core/internal.h"
#include "cli/project/init_module.h"
#include "cli/project/init_template.h"
#include "cli/project/schema_file.h"
#include "os/temp.h"

// What is made.
typedef struct init {
  const wg_cli *c;
  const char *dir, *name;
  wg_init_module module; // with programs: they are used, and none is made
} init;

static bool init_name_good(const char *name) {
  size_t n = strlen(name);
  if (n == 0 || n > WG_INIT_NAME_MAX || name[0] == '-' || name[n - 1] == '-') {
    return false;
  }
  return strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-") == n;
}

// Files that a folder may have already; they are kept as they are.
static bool init_may_exist(const char *path) {
  return strcmp(path, ".gitignore") == 0 || strcmp(path, "README.md") == 0;
}

// The template's text with @NAME@ replaced.
static void init_fill_in(wg_buf *out, const void *data, size_t n_bytes, const char *name) {
  static const char mark[] = "@NAME@";
  const char *p = data;
  for (size_t i = 0; i < n_bytes;) {
    if (n_bytes - i >= sizeof(mark) - 1 && memcmp(p + i, mark, sizeof(mark) - 1) == 0) {
      wg_buf_add_z(out, name);
      i += sizeof(mark) - 1;
    } else {
      wg_buf_add_byte(out, (uint8_t)p[i++]);
    }
  }
}

static bool init_is(size_t i, const char *path) {
  return strcmp(templates[i].path, path) == 0;
}

// Beside programs that are there only what says what is built.
static bool init_has(const init *in, size_t i) {
  return in->module.n == 0 || init_is(i, "wingo.yaml") || init_is(i, ".gitignore");
}

static void init_text(const init *in, size_t i, wg_buf *out) {
  wg_buf_init(out, wg_heap(), 0);
  if (in->module.n > 0 && init_is(i, "wingo.yaml")) {
    wg_init_module_yaml(&in->module, in->name, out);
  } else {
    init_fill_in(out, templates[i].data, templates[i].n_bytes, in->name);
  }
}

// What is there is what we would write.
static bool init_is_same(const init *in, const char *path, size_t i) {
  WG_AUTO(wg_buf) want = {0};
  WG_AUTO(wg_buf) have = {0};
  wg_error ignored = WG_ERROR_INIT;
  init_text(in, i, &want);
  wg_buf_init(&have, wg_heap(), 0);
  return wg_os_read_file(WG_CWD, path, want.n, &have, &ignored) == WG_OK &&
         wg_str_eq(wg_buf_str(&have), wg_buf_str(&want));
}

// Nothing else of the template may be there: a user's file is never overwritten.
static wg_code init_check_free(const init *in, wg_error *err) {
  const char *dir = in->dir;
  if (!wg_os_exists(WG_CWD, dir)) {
    return WG_OK;
  }
  wg_stat st;
  if (wg_os_stat(WG_CWD, dir, true, &st, err) != WG_OK) {
    return err->code;
  }
  if (st.type != WG_FT_DIR) {
    return wg_fail(err, WG_E_CONFLICT, "'%s' is not a folder; name one that is, or a new one", dir);
  }
  for (size_t i = 0; i < WG_ARRAY_LEN(templates); i++) {
    WG_AUTO(wg_cstr) path = wg_path_join(dir, templates[i].path);
    if (!init_has(in, i) || init_may_exist(templates[i].path) || !wg_os_exists(WG_CWD, path)) {
      continue;
    }
    if (init_is(i, "wingo.yaml")) {
      return wg_fail(err, WG_E_CONFLICT, "'%s' holds a project already (%s)", dir, path);
    }
    if (init_is_same(in, path, i)) {
      continue;
    }
    return wg_fail(err, WG_E_CONFLICT,
                   "'%s' is there already and would be overwritten; move it away, or name a new "
                   "folder",
                   path);
  }
  return WG_OK;
}

static void init_tell_kept(const init *in, const char *path, size_t i) {
  WG_AUTO(wg_buf) text = {0};
  wg_error ignored = WG_ERROR_INIT;
  wg_buf_init(&text, wg_heap(), 0);
  bool read = wg_os_read_file(WG_CWD, path, (uint64_t)1 << 20, &text, &ignored) == WG_OK;
  bool lacks = init_is(i, ".gitignore") && read && strstr(wg_buf_z(&text), ".wingo") == NULL;
  wg_note(in->c, "%s is kept as it is%s", path,
          lacks ? "; what wingo makes is /out/ and /.wingo/: add them" : "");
}

static wg_code init_write_one(const init *in, size_t i, wg_error *err) {
  WG_AUTO(wg_cstr) path = wg_path_join(in->dir, templates[i].path);
  if (wg_os_exists(WG_CWD, path)) {
    if (init_may_exist(templates[i].path) && !init_is_same(in, path, i)) {
      init_tell_kept(in, path, i);
    }
    return WG_OK;
  }
  WG_AUTO(wg_cstr) parent = wg_path_dirname(path);
  WG_AUTO(wg_buf) text = {0};
  WG_AUTO(wg_outfile) o = WG_OUTFILE_INIT;
  init_text(in, i, &text);
  if (wg_buf_check(&text, err) != WG_OK || wg_os_mkdirs(WG_CWD, parent, 0755, err) != WG_OK ||
      wg_outfile_begin(&o, WG_CWD, path, templates[i].mode, false, err) != WG_OK) {
    return err->code;
  }
  o.new = true;
  if (wg_os_write_all(o.fd, text.p, text.n, err) != WG_OK) {
    return wg_wrap(err, "'%s'", path);
  }
  (void)wg_os_sweep_beside(path); // of an init that was killed
  return wg_outfile_commit(&o, err);
}

// wingo.yaml last: what an init that did not come to its end has made is no project yet, and the
// next one takes it up.
static wg_code init_write_all(const init *in, wg_error *err) {
  size_t last = 0;
  for (size_t i = 0; i < WG_ARRAY_LEN(templates); i++) {
    if (init_is(i, "wingo.yaml")) {
      last = i;
    } else if (init_has(in, i) && init_write_one(in, i, err) != WG_OK) {
      return err->code;
    }
  }
  if (wg_schema_file_write(in->dir, err) != WG_OK) {
    return err->code;
  }
  return init_write_one(in, last, err);
}

static int init_print_json(const init *in) {
  WG_AUTO(wg_buf) out = {0};
  wg_jsonw j;
  wg_buf_init(&out, wg_heap(), 0);
  wg_jsonw_init(&j, &out, 2);
  wg_jsonw_begin_object(&j);
  wg_jsonw_kv_z(&j, "name", in->name);
  wg_jsonw_kv_z(&j, "folder", in->dir);
  wg_jsonw_key_z(&j, "files");
  wg_jsonw_begin_array(&j);
  for (size_t i = 0; i < WG_ARRAY_LEN(templates); i++) {
    if (init_has(in, i)) {
      wg_jsonw_str_z(&j, templates[i].path);
    }
  }
  wg_jsonw_end_array(&j);
  wg_jsonw_kv_z(&j, "module", in->module.path);
  wg_jsonw_key_z(&j, "programs");
  wg_jsonw_begin_array(&j);
  for (size_t i = 0; i < in->module.n; i++) {
    wg_jsonw_begin_object(&j);
    wg_jsonw_kv_z(&j, "app", in->module.v[i].name);
    wg_jsonw_kv_z(&j, "main", in->module.v[i].main);
    wg_jsonw_end_object(&j);
  }
  wg_jsonw_end_array(&j);
  wg_jsonw_end_object(&j);
  return wg_cli_end_json(in->c, &j, &out);
}

static void init_print_module(const init *in) {
  const wg_init_module *m = &in->module;
  wg_out("  wingo.yaml   what is built: %s of the Go module %s\n",
         m->n == 1 ? "the program" : "the programs", m->path);
  for (size_t i = 0; i < m->n; i++) {
    wg_out("    %-20s %s\n", m->v[i].name, m->v[i].main);
  }
  if (m->n > 1) {
    wg_out("  Remove from wingo.yaml what is not to be shipped.\n");
  }
}

static int init_print(const init *in) {
  if (in->c->json) {
    return init_print_json(in);
  }
  if (in->c->quiet) {
    return 0;
  }
  bool here = strcmp(in->dir, ".") == 0;
  wg_out("Made the project '%s' in %s:\n", in->name, here ? "this folder" : in->dir);
  if (in->module.n > 0) {
    init_print_module(in);
  } else {
    wg_out("  wingo.yaml   what is built\n"
           "  agent/       a Go program with a test\n"
           "  branding/    files that go into the image\n"
           "  config/      what differs from wingo.yaml in an environment\n"
           "  keys/        keys for signing; git ignores private parts\n"
           "  scripts/ tests/\n");
  }
  wg_out("\nNext:\n");
  if (!here) {
    bool plain = strpbrk(in->dir, " \t\"'$`\\&;()<>|*?[]#~!") == NULL;
    wg_out(plain ? "  cd %s\n" : "  cd \"%s\"\n", in->dir);
  }
  wg_out("  wingo build        builds %s for each platform and out/%s.wim with %s\n"
         "  wingo plan         says what a build would do, and why\n",
         in->module.n == 0   ? "the agent"
         : in->module.n == 1 ? "the program"
                             : "the programs",
         in->module.n == 0 ? "kiosk" : "windows", in->module.n > 1 ? "them" : "it");
  return 0;
}

static int init_run(wg_cli *c) {
  WG_AUTO(wg_cstr) dir = wg_path_clean(c->n_args > 0 ? c->args[0] : ".");
  const char *given = wg_cli_value(c, "name");
  WG_AUTO(wg_cstr) absolute = wg_path_absolute(dir);
  WG_AUTO(wg_cstr)
  name = given != NULL ? wg_xstrdup(given) : wg_init_name(wg_path_basename(absolute));
  name = name == NULL ? wg_xstrdup("kiosk") : name; // a folder whose name gives no letters
  if (!init_name_good(name)) {
    return wg_cli_usage(c, "--name takes lower-case letters, digits and '-', not '%s'", name);
  }
  WG_AUTO(wg_init_module) module = {0};
  wg_error err = WG_ERROR_INIT;
  if (!wg_cli_has(c, "sample")) {
    wg_init_module_find(dir, &module);
  }
  const init in = {.c = c, .dir = dir, .name = name, .module = module};
  if (module.path != NULL && module.n == 0) {
    wg_note(c, "the Go module %s has no package main: a sample program is made", module.path);
  }
  if (init_check_free(&in, &err) != WG_OK || wg_os_mkdirs(WG_CWD, dir, 0755, &err) != WG_OK) {
    return wg_cli_fail(c, &err);
  }
  if (init_write_all(&in, &err) != WG_OK) {
    return wg_cli_fail(c, &err);
  }
  return init_print(&in);
}

static const wg_cli_opt init_opts[] = {
    {.name = "name", .arg = "NAME", .help = "the project's name (default: the folder's)"},
    {.name = "sample", .help = "make the sample program in a Go module, too"},
};

const wg_cli_cmd wg_cmd_init = {
    .name = "init",
    .args = "[DIR]",
    .summary = "make a project that builds at once",
    .text = "Makes wingo.yaml, a small Go program with a test, and the folders branding, config, "
            "scripts, tests and keys. In a Go module, or in a folder below one, it makes only "
            "wingo.yaml and .gitignore, with every package main of the module as an app, and a "
            "Windows image that has them. A file that is there already is never overwritten.\n\n"
            "wingo.yaml begins with a line that tells editors where its JSON Schema is: "
            ".wingo/wingo.schema.json, which check, plan and build keep up to date.\n\n"
            "Examples:\n"
            "  wingo init shopfloor\n"
            "  wingo init --name=kiosk .\n"
            "  cd ~/src/agent && wingo init\n",
    .opts = init_opts,
    .n_opts = WG_ARRAY_LEN(init_opts),
    .max_args = 1,
    .complete = "dir",
    .run = init_run,
};
