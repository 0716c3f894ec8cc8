// SPDX-License-Identifier: Apache-2.0
// `wingo init`: a project that builds at once, from the files in src/cli/template.
#include <string.h>

#include "cli/core/internal.h"
#include "cli/project/init_template.h"
#include "os/temp.h"

#define INIT_NAME_MAX 63

// An ASCII letter or digit, in lower case; 0 for anything else.
static char init_plain(char ch) {
  if (ch >= 'A' && ch <= 'Z') {
    return (char)(ch - 'A' + 'a');
  }
  if ((ch >= 'a' && ch <= 'z') || (ch >= '0' && ch <= '9')) {
    return ch;
  }
  return 0;
}

// A folder's name as a project name: lower case, digits, '-'.
static char *init_name_from(const char *folder) {
  char *name = wg_xalloc(INIT_NAME_MAX + 1);
  size_t n = 0;
  for (const char *p = folder; *p != '\0' && n < INIT_NAME_MAX; p++) {
    char plain = init_plain(*p);
    if (plain != 0) {
      name[n++] = plain;
    } else if (n > 0 && name[n - 1] != '-') {
      name[n++] = '-';
    }
  }
  while (n > 0 && name[n - 1] == '-') {
    name[--n] = '\0';
  }
  if (n == 0) {
    wg_xfree(name);
    return wg_xstrdup("kiosk");
  }
  return name;
}

static bool init_name_good(const char *name) {
  size_t n = strlen(name);
  if (n == 0 || n > INIT_NAME_MAX || name[0] == '-' || name[n - 1] == '-') {
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

static void init_text(size_t i, const char *name, wg_buf *out) {
  wg_buf_init(out, wg_heap(), 0);
  init_fill_in(out, templates[i].data, templates[i].n_bytes, name);
}

// What is there is what we would write.
static bool init_is_same(const char *path, size_t i, const char *name) {
  WG_AUTO(wg_buf) want = {0};
  WG_AUTO(wg_buf) have = {0};
  wg_error ignored = WG_ERROR_INIT;
  init_text(i, name, &want);
  wg_buf_init(&have, wg_heap(), 0);
  return wg_os_read_file(WG_CWD, path, want.n, &have, &ignored) == WG_OK &&
         wg_str_eq(wg_buf_str(&have), wg_buf_str(&want));
}

// Nothing else of the template may be there: a user's file is never overwritten.
static wg_code init_check_free(const char *dir, const char *name, wg_error *err) {
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
    if (init_may_exist(templates[i].path) || !wg_os_exists(WG_CWD, path)) {
      continue;
    }
    if (strcmp(templates[i].path, "wingo.yaml") == 0) {
      return wg_fail(err, WG_E_CONFLICT, "'%s' holds a project already (%s)", dir, path);
    }
    if (init_is_same(path, i, name)) {
      continue;
    }
    return wg_fail(err, WG_E_CONFLICT,
                   "'%s' is there already and would be overwritten; move it away, or name a new "
                   "folder",
                   path);
  }
  return WG_OK;
}

static wg_code init_write_one(const wg_cli *c, const char *dir, size_t i, const char *name,
                              wg_error *err) {
  WG_AUTO(wg_cstr) path = wg_path_join(dir, templates[i].path);
  if (wg_os_exists(WG_CWD, path)) {
    if (init_may_exist(templates[i].path) && !init_is_same(path, i, name)) {
      wg_note(c, "%s is kept as it is", path);
    }
    return WG_OK;
  }
  WG_AUTO(wg_cstr) parent = wg_path_dirname(path);
  WG_AUTO(wg_buf) text = {0};
  WG_AUTO(wg_outfile) o = WG_OUTFILE_INIT;
  init_text(i, name, &text);
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
static wg_code init_write_all(const wg_cli *c, const char *dir, const char *name, wg_error *err) {
  size_t last = 0;
  for (size_t i = 0; i < WG_ARRAY_LEN(templates); i++) {
    if (strcmp(templates[i].path, "wingo.yaml") == 0) {
      last = i;
    } else if (init_write_one(c, dir, i, name, err) != WG_OK) {
      return err->code;
    }
  }
  return init_write_one(c, dir, last, name, err);
}

static void init_print(const wg_cli *c, const char *dir, const char *name) {
  if (c->json) {
    // Names need no escapes; a path may, and is left to the caller who gave it.
    wg_out("{\"name\": \"%s\", \"files\": [", name);
    for (size_t i = 0; i < WG_ARRAY_LEN(templates); i++) {
      wg_out("%s\"%s\"", i > 0 ? ", " : "", templates[i].path);
    }
    wg_out("]}\n");
    return;
  }
  if (c->quiet) {
    return;
  }
  bool here = strcmp(dir, ".") == 0;
  wg_out("Made the project '%s' in %s:\n"
         "  wingo.yaml   what is built\n"
         "  agent/       a Go program with a test\n"
         "  base/        stands in for a Windows image\n"
         "  branding/    files that go into the image\n"
         "  config/      what differs from wingo.yaml in an environment\n"
         "  keys/        keys for signing; git ignores private parts\n"
         "  scripts/ tests/\n"
         "\nNext:\n",
         name, here ? "this folder" : dir);
  if (!here) {
    bool plain = strpbrk(dir, " \t\"'$`\\&;()<>|*?[]#~!") == NULL;
    wg_out(plain ? "  cd %s\n" : "  cd \"%s\"\n", dir);
  }
  wg_out("  wingo build        builds the agent for each platform and out/kiosk.wim with it\n"
         "  wingo plan         says what a build would do, and why\n");
}

static int init_run(wg_cli *c) {
  WG_AUTO(wg_cstr) dir = wg_path_clean(c->n_args > 0 ? c->args[0] : ".");
  const char *given = wg_cli_value(c, "name");
  WG_AUTO(wg_cstr) absolute = wg_path_absolute(dir);
  WG_AUTO(wg_cstr)
  name = given != NULL ? wg_xstrdup(given) : init_name_from(wg_path_basename(absolute));
  if (!init_name_good(name)) {
    return wg_cli_usage(c, "--name takes lower-case letters, digits and '-', not '%s'", name);
  }
  wg_error err = WG_ERROR_INIT;
  if (init_check_free(dir, name, &err) != WG_OK || wg_os_mkdirs(WG_CWD, dir, 0755, &err) != WG_OK) {
    return wg_cli_fail(c, &err);
  }
  if (init_write_all(c, dir, name, &err) != WG_OK) {
    return wg_cli_fail(c, &err);
  }
  init_print(c, dir, name);
  return 0;
}

static const wg_cli_opt init_opts[] = {
    {.name = "name", .arg = "NAME", .help = "the project's name (default: the folder's)"},
};

const wg_cli_cmd wg_cmd_init = {
    .name = "init",
    .args = "[DIR]",
    .summary = "make a project that builds at once",
    .text = "Makes wingo.yaml, a small Go program with a test, a folder that stands in for a\n"
            "Windows image, and the folders config, scripts, tests and keys. A file that is there\n"
            "already is never overwritten.\n\n"
            "Examples:\n"
            "  wingo init shopfloor\n"
            "  wingo init --name=kiosk .\n",
    .opts = init_opts,
    .n_opts = WG_ARRAY_LEN(init_opts),
    .max_args = 1,
    .complete = "dir",
    .run = init_run,
};
