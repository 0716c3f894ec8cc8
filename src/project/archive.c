// SPDX-License-Identifier: Apache-2.0
#include "project/archive.h"

#include <string.h>

#include "base/select.h"
#include "project/filesource.h"
#include "project/hostfile.h"
#include "project/values.h"

#define ARCHIVE(field) WG_AT(wg_cfg_archive, field)

// The word in braces at s, its length in *out_n; NULL when none begins here.
static const char *archive_word(const char *s, size_t *out_n) {
  static const char *const words[] = {"{app}", "{release}", "{os}", "{arch}"};
  for (size_t i = 0; i < WG_ARRAY_LEN(words); i++) {
    if (strncmp(s, words[i], strlen(words[i])) == 0) {
      *out_n = strlen(words[i]);
      return words[i];
    }
  }
  return NULL;
}

static void archive_add(wg_buf *out, const char *word, const wg_archive_names *n) {
  if (strcmp(word, "{app}") == 0) {
    wg_buf_add_z(out, n->app);
  } else if (strcmp(word, "{release}") == 0) {
    wg_buf_add_z(out, n->release);
  } else if (strcmp(word, "{os}") == 0) {
    wg_buf_add_z(out, n->os);
  } else {
    bool digit = n->variant[0] >= '0' && n->variant[0] <= '9';
    wg_buf_printf(out, "%s%s%s", n->arch, digit ? "v" : "", n->variant);
  }
}

// name_template: "{app}_{release}_{os}_{arch}", NULL for the usual one.
static char *archive_name(const char *name_template, const wg_archive_names *n) {
  WG_AUTO(wg_buf) out = {0};
  wg_buf_init(&out, wg_heap(), 0);
  if (name_template == NULL) {
    name_template = n->release[0] != '\0' ? "{app}_{release}_{os}_{arch}" : "{app}_{os}_{arch}";
  }
  for (const char *s = name_template; *s != '\0';) {
    size_t n_word = 0;
    const char *word = archive_word(s, &n_word);
    if (word != NULL) {
      archive_add(&out, word, n);
      s += n_word;
    } else {
      wg_buf_add_byte(&out, (uint8_t)*s++);
    }
  }
  for (size_t i = 0; i < out.n; i++) { // a variant may have a comma
    out.p[i] = out.p[i] == ',' ? '-' : out.p[i];
  }
  return wg_xstrdup(wg_buf_z(&out));
}

bool wg_archive_is_zip(const wg_cfg_archive *a, const char *os) {
  return a->format == WG_ARCHIVE_ZIP ||
         (a->format == WG_ARCHIVE_AUTO && strcmp(os, "windows") == 0);
}

char *wg_archive_file(const wg_cfg_archive *a, const wg_archive_names *n) {
  WG_AUTO(wg_cstr) name = archive_name(a->name, n);
  return wg_xprintf("%s%s", name, wg_archive_is_zip(a, n->os) ? ".zip" : ".tar.gz");
}

static bool archive_check_name(wg_cfg_text *t) {
  for (const char *s = t->text; *s != '\0';) {
    size_t n = 1;
    if (*s == '{' && archive_word(s, &n) == NULL) {
      t->why = "has a part in braces that there is not";
      t->hint = "write {app}, {release}, {os}, {arch}";
      return false;
    }
    s += n;
  }
  return wg_cfg_check_windows_name(t); // a name that every system takes
}

static const wg_choice formats[] = {{"auto", WG_ARCHIVE_AUTO, false},
                                    {"zip", WG_ARCHIVE_ZIP, false},
                                    {"tar.gz", WG_ARCHIVE_TAR_GZ, false},
                                    {NULL, 0, false}};
static const wg_key file_item[] = {{.name = "",
                                    .type = WG_KEY_PATH,
                                    .check = wg_cfg_check_source,
                                    .at = WG_AT(wg_cfg_str, s),
                                    .pos_at = WG_AT(wg_cfg_str, pos)}};

static const wg_key archive_keys[] = {
    {.name = "format",
     .type = WG_KEY_ENUM,
     .choices = formats,
     .def = "auto",
     .at = ARCHIVE(format),
     .doc = "`zip`, `tar.gz`, or `auto`: zip for Windows, tar.gz for the others.",
     .since = "0.2",
     .example = "zip"},
    {.name = "name",
     .type = WG_KEY_STRING,
     .at = ARCHIVE(name),
     .pos_at = ARCHIVE(name_pos),
     .check = archive_check_name,
     .doc = "The archive's name without its ending; `{app}`, `{release}`, `{os}` and `{arch}` are "
            "filled "
            "in (`{arch}` with the variant behind it: amd64v3). Left out: "
            "{app}_{release}_{os}_{arch}.",
     .since = "0.2",
     .example = "'{app}-{release}-{os}-{arch}'"},
    {.name = "files",
     .type = WG_KEY_LIST,
     .flags = WG_KF_UNIQUE,
     .sub = file_item,
     .at = ARCHIVE(files),
     .count_at = ARCHIVE(n_files),
     .size = sizeof(wg_cfg_str),
     .doc =
         "Files that go in beside the program, each under its own name, without the folder it lies "
         "in. They may have the wildcards of an image's `files.from`.",
     .since = "0.2",
     .example = "[LICENSE, 'docs/*.md']"},
    {.name = NULL}};
static const wg_key archive_map = {
    .name = "", .type = WG_KEY_MAP, .sub = archive_keys, .at = WG_WHOLE};

static const wg_key rows[] = {
    {.name = "archive",
     .type = WG_KEY_ENUM,
     .choices = formats,
     .at = ARCHIVE(format),
     .pos_at = ARCHIVE(pos),
     .flags = WG_KF_POSITION_OF_KEY,
     .map_form = &archive_map,
     .doc =
         "Packs each target's program for download, as `out/APP/NAME.zip` or `.tar.gz`, and writes "
         "`out/APP/checksums.txt` with their SHA-256, as `sha256sum -c` reads it. Same program, "
         "same "
         "bytes: entries have the project's `time`.",
     .since = "0.2",
     .example = "auto"},
    {.name = NULL}};

static const char *archive_base(const char *path) {
  const char *slash = strrchr(path, '/');
  return slash == NULL ? path : slash + 1;
}

// Two files of one name.
static void archive_names(wg_cfg *c, const char *label, const wg_cfg_str *files, size_t n) {
  for (size_t i = 0; i < n; i++) {
    for (size_t k = 0; k < i && files[i].s != NULL; k++) {
      if (files[k].s != NULL && strcmp(archive_base(files[i].s), archive_base(files[k].s)) == 0) {
        wg_cfg_error(c, files[i].pos,
                     wg_cfg_printf(c, "%s: '%s' and '%s' have one name in the archive", label,
                                   files[k].s, files[i].s),
                     "rename one of the two");
      }
    }
  }
}

static void archive_rules(wg_cfg *c, const wg_place *at) {
  const wg_cfg_archive *a = at->self;
  wg_cfg_str *literal = wg_cfg_alloc(c, a->n_files, sizeof(*literal));
  size_t n = 0;
  for (size_t i = 0; i < a->n_files; i++) {
    if (a->files[i].s != NULL && !wg_glob_is(a->files[i].s)) {
      literal[n++] = a->files[i];
    }
  }
  archive_names(c, wg_cfg_printf(c, "%s.archive.files", at->path), literal, n);
}

static void archive_expand(wg_cfg *c, const char *label, const wg_cfg_str *file, wg_cfg_str **names,
                           size_t *n, size_t *cap) {
  const wg_cfg_image_file as_put = {.from = file->s, .path_pos = file->pos};
  WG_AUTO(wg_filesource_list) found = {0};
  wg_error ignored = WG_ERROR_INIT;
  if (wg_filesource_expand(c->dir, file->s, c->watch, &found, &ignored) != WG_OK) {
    wg_filesource_check(c, label, &as_put);
    return;
  }
  for (size_t i = 0; i < found.n; i++) {
    wg_vec_push(names, n, cap) = (wg_cfg_str){wg_cfg_printf(c, "%s", found.v[i]), file->pos};
  }
}

static void archive_files(wg_cfg *c, const wg_place *at) {
  const wg_cfg_archive *a = at->self;
  const char *label = wg_cfg_printf(c, "%s.archive.files", at->path);
  wg_cfg_str *names = NULL;
  size_t n = 0, cap = 0;
  bool any = false;
  for (size_t i = 0; i < a->n_files; i++) {
    wg_stat st;
    if (a->files[i].s == NULL) {
      continue;
    }
    if (wg_glob_is(a->files[i].s)) {
      archive_expand(c, label, &a->files[i], &names, &n, &cap);
      any = true;
    } else {
      (void)wg_hostfile_stat(c, label, a->files[i].s, a->files[i].pos, WG_FT_FILE, &st);
      wg_vec_push(&names, &n, &cap) = a->files[i];
    }
  }
  if (any) { // without wildcards the rules have looked already
    archive_names(c, label, names, n);
  }
  wg_xfree(names);
}

const wg_section wg_section_archive = {
    .rows = rows, .rules = archive_rules, .files = archive_files};
