// SPDX-License-Identifier: Apache-2.0
// Reading a folder of releases.
#include "actions/folder.h"

#include <stdlib.h>
#include <string.h>

#include "fmt/json/json.h"

#define FOLDER_MAX_MARK ((uint64_t)64 << 10)
#define FOLDER_MAX_MANIFEST ((uint64_t)64 << 20)

typedef struct folder_release {
  const char *name, *published; // a time that sorts as text
} folder_release;

static char *folder_strdup(wg_arena *a, const char *s) {
  char *out = wg_arena_strdup(a, s);
  wg_assert(out != NULL);
  return out;
}

static void *folder_get(wg_arena *a, size_t count, size_t size) {
  void *p = wg_arena_array(a, count == 0 ? 1 : count, size);
  wg_assert(p != NULL);
  return p;
}

static int folder_file_cmp(const void *a, const void *b) {
  const wg_folder_file *x = a, *y = b;
  return strcmp(x->rel, y->rel);
}

// The text of SHA256SUMS, and the release's name.
static wg_code folder_sums(wg_folder_spec *spec, wg_arena *arena, wg_folder_found *out,
                           wg_error *err) {
  WG_AUTO(wg_buf) b = {0};
  wg_buf_init(&b, wg_heap(), 0);
  if (spec->n_files > 1) {
    qsort(spec->files, spec->n_files, sizeof(*spec->files), folder_file_cmp);
  }
  for (size_t i = 0; i < spec->n_files; i++) {
    const wg_folder_file *f = &spec->files[i];
    if (strpbrk(f->rel, "\\\n\r") != NULL) { // sha256sum would want them escaped
      return wg_fail(err, WG_E_UNSUPPORTED, "'%s' has a character that SHA256SUMS can't name",
                     f->rel);
    }
    if (i > 0 && strcmp(f->rel, spec->files[i - 1].rel) == 0) {
      return wg_fail(err, WG_E_CONFLICT, "%s and %s would both be '%s'", spec->files[i - 1].step,
                     f->step, f->rel);
    }
    wg_buf_printf(&b, "%s  %s\n", wg_digest_hex(&f->digest).s, f->rel);
  }
  if (wg_buf_check(&b, err) != WG_OK) {
    return err->code;
  }
  char *text = wg_arena_strndup(arena, (const char *)b.p, b.n);
  wg_assert(text != NULL);
  out->sums = (wg_str){text, b.n};
  wg_digest d = wg_sha256(b.p, b.n);
  out->name = spec->release[0] != '\0'
                  ? spec->release
                  : wg_arena_printf(arena, "sha256-%.12s", wg_digest_hex(&d).s);
  wg_assert(out->name != NULL);
  return WG_OK;
}

// --- whose it is

// The JSON file `name` below dir; *out NULL when it is not there.
static wg_code folder_json(const char *dir, const char *name, uint64_t max_bytes, json_t **out,
                           wg_error *err) {
  WG_AUTO(wg_cstr) path = wg_path_join(dir, name);
  WG_AUTO(wg_buf) b = {0};
  wg_buf_init(&b, wg_heap(), 0);
  *out = NULL;
  wg_code code = wg_os_read_file(WG_CWD, path, max_bytes, &b, err);
  if (code == WG_E_NOT_FOUND) {
    return WG_OK;
  }
  if (code != WG_OK || wg_json_parse(wg_buf_str(&b), NULL, out, err) != WG_OK) {
    return wg_wrap(err, "'%s'", path);
  }
  return WG_OK;
}

static wg_code folder_mark(const wg_folder_spec *spec, wg_folder_found *out, wg_error *err) {
  WG_AUTO_PTR(json_t) root = NULL;
  wg_str project = {"", 0};
  if (folder_json(spec->target, WG_FOLDER_MARK, FOLDER_MAX_MARK, &root, err) != WG_OK) {
    return err->code;
  }
  if (root == NULL) {
    return WG_OK;
  }
  if (wg_json_get_str(root, "project", &project, err) != WG_OK) {
    return wg_wrap(err, "'%s/" WG_FOLDER_MARK "'", spec->target);
  }
  if (!wg_str_eqz(project, spec->project)) {
    return wg_fail(err, WG_E_CONFLICT,
                   "'%s' holds the releases of the project '%.*s': name another folder, such as "
                   "'%s/%s'",
                   spec->target, WG_STR_ARG(project), spec->target, spec->project);
  }
  out->has_mark = true;
  return WG_OK;
}

static bool folder_is_own_file(const char *name) {
  return wg_str_starts(wg_str_of(name), WG_FOLDER_TMP) || strcmp(name, WG_FOLDER_LOCK) == 0 ||
         strstr(name, WG_FOLDER_TMP) != NULL || strcmp(name, "lost+found") == 0;
}

// --- releases

static wg_code folder_file_same(const wg_folder_spec *spec, const char *dir,
                                const wg_folder_file *f, bool *out, wg_error *err) {
  WG_AUTO(wg_cstr) path = wg_path_join(dir, f->rel);
  wg_stat st;
  wg_digest d;
  *out = false;
  wg_code code = wg_os_stat(WG_CWD, path, false, &st, err);
  if (code == WG_E_NOT_FOUND ||
      (code == WG_OK && (st.type != WG_FT_FILE || st.size_bytes != f->size_bytes))) {
    return WG_OK;
  }
  if (code != WG_OK ||
      wg_store_file_digest(spec->store, path, spec->cancel, &d, NULL, err) != WG_OK) {
    return err->code;
  }
  *out = wg_digest_eq(&d, &f->digest);
  return WG_OK;
}

// The first file that another SHA256SUMS does not have as it should be.
static const char *folder_first_other(const wg_folder_spec *spec, wg_str sums) {
  for (size_t i = 0; i < spec->n_files; i++) {
    WG_AUTO(wg_cstr)
    line = wg_xprintf("%s  %s\n", wg_digest_hex(&spec->files[i].digest).s, spec->files[i].rel);
    if (sums.n == 0 || memmem(sums.p, sums.n, line, strlen(line)) == NULL) {
      return spec->files[i].rel;
    }
  }
  return WG_FOLDER_SUMS;
}

// Compares the release's folder with what should be in it.
static wg_code folder_release_look(const wg_folder_spec *spec, wg_arena *arena,
                                   wg_folder_found *out, wg_error *err) {
  WG_AUTO(wg_cstr) dir = wg_path_join(spec->target, out->name);
  WG_AUTO(wg_cstr) path = wg_path_join(dir, WG_FOLDER_SUMS);
  WG_AUTO(wg_buf) sums = {0};
  wg_buf_init(&sums, wg_heap(), 0);
  wg_stat st;
  wg_code code = wg_os_stat(WG_CWD, dir, false, &st, err);
  if (code != WG_OK) {
    return code == WG_E_NOT_FOUND ? WG_OK : code;
  }
  if (st.type != WG_FT_DIR) {
    return wg_fail(err, WG_E_CONFLICT, "'%s' is no folder: remove it", dir);
  }
  out->has_release = true;
  code = wg_os_read_file(WG_CWD, path, FOLDER_MAX_MANIFEST, &sums, err);
  if (code != WG_OK && code != WG_E_NOT_FOUND) {
    return code;
  }
  wg_digest d = wg_sha256(sums.p, sums.n);
  out->before =
      code != WG_OK ? "no SHA256SUMS" : wg_arena_printf(arena, "sha256 %.12s", wg_digest_hex(&d).s);
  out->is_same = code == WG_OK && wg_str_eq(wg_buf_str(&sums), out->sums);
  const char *what = out->is_same ? NULL : folder_first_other(spec, wg_buf_str(&sums));
  for (size_t i = 0; i < spec->n_files && out->is_same; i++) {
    if (folder_file_same(spec, dir, &spec->files[i], &out->is_same, err) != WG_OK) {
      return err->code;
    }
    what = out->is_same ? NULL : spec->files[i].rel;
  }
  if (!out->is_same && !spec->replace) {
    return wg_fail(err, WG_E_CONFLICT,
                   "release %s is in '%s' already, with other content (%s differs): raise "
                   "'release:', or write 'replace: true'",
                   out->name, spec->target, what);
  }
  return WG_OK;
}

// Ours, and since when: NULL published when it is no release of this project.
static wg_code folder_published(const wg_folder_spec *spec, wg_arena *arena, const char *name,
                                const char **out, wg_error *err) {
  WG_AUTO(wg_cstr) dir = wg_path_join(spec->target, name);
  WG_AUTO_PTR(json_t) root = NULL;
  wg_str project = {"", 0}, published = {"", 0};
  *out = NULL;
  wg_code code = folder_json(dir, WG_FOLDER_MANIFEST, FOLDER_MAX_MANIFEST, &root, err);
  if (code == WG_E_FORMAT || code == WG_E_LIMIT || (code == WG_OK && root == NULL)) {
    return WG_OK; // not of our making: it stays
  }
  if (code != WG_OK) {
    return code;
  }
  if (wg_json_get_str(root, "project", &project, err) == WG_OK &&
      wg_json_get_str(root, "published", &published, err) == WG_OK && published.n > 0 &&
      wg_str_eqz(project, spec->project)) {
    *out = wg_arena_strndup(arena, published.p, published.n);
  }
  return WG_OK;
}

static int folder_release_cmp(const void *a, const void *b) {
  const folder_release *x = a, *y = b;
  int c = strcmp(x->published, y->published);
  return c != 0 ? c : strcmp(x->name, y->name);
}

// Releases that are too many: the one to be published counts, and stays whatever its age.
static wg_code folder_old(const wg_folder_spec *spec, wg_arena *arena, const wg_dirent *list,
                          size_t n, wg_folder_found *out, wg_error *err) {
  folder_release *v = folder_get(arena, n, sizeof(*v));
  size_t n_v = 0;
  for (size_t i = 0; i < n; i++) {
    const char *published = NULL;
    if (list[i].type != WG_FT_DIR || strcmp(list[i].name, out->name) == 0 ||
        folder_is_own_file(list[i].name)) {
      continue;
    }
    if (folder_published(spec, arena, list[i].name, &published, err) != WG_OK) {
      return err->code;
    }
    if (published != NULL) {
      v[n_v++] = (folder_release){list[i].name, published};
    }
  }
  qsort(v, n_v, sizeof(*v), folder_release_cmp);
  size_t stay = spec->keep - 1;
  out->old = folder_get(arena, n_v, sizeof(*out->old));
  for (size_t i = 0; i + stay < n_v; i++) {
    out->old[out->n_old++] = folder_strdup(arena, v[i].name);
  }
  return WG_OK;
}

static wg_code folder_pointer_look(const wg_folder_spec *spec, wg_arena *arena,
                                   wg_folder_found *out, wg_error *err) {
  WG_AUTO(wg_cstr) path = wg_path_join(spec->target, WG_FOLDER_CURRENT);
  wg_stat st;
  out->pointer_is_same = spec->pointer == WG_FOLDER_NONE;
  wg_code code = wg_os_stat(WG_CWD, path, false, &st, err);
  if (code == WG_E_NOT_FOUND || out->pointer_is_same) {
    return WG_OK;
  }
  if (code != WG_OK) {
    return code;
  }
  WG_AUTO(wg_cstr) text = NULL;
  WG_AUTO(wg_buf) b = {0};
  wg_buf_init(&b, wg_heap(), 0);
  if (st.type == WG_FT_SYMLINK) {
    code = wg_os_readlink(WG_CWD, path, &text, err);
  } else if (st.type == WG_FT_FILE) {
    code = wg_os_read_file(WG_CWD, path, FOLDER_MAX_MARK, &b, err);
    wg_str line = wg_buf_str(&b);
    text = wg_xstrndup(line.p, code == WG_OK ? wg_str_find(line, '\n') : 0);
  } else {
    return wg_fail(err, WG_E_CONFLICT, "'%s' is neither a link nor a file: remove it", path);
  }
  if (code != WG_OK) {
    return code;
  }
  out->current = folder_strdup(arena, text);
  out->pointer_is_same = strcmp(text, out->name) == 0 &&
                         (st.type == WG_FT_SYMLINK) == (spec->pointer == WG_FOLDER_LINK);
  return WG_OK;
}

// What a killed writer left. While another is at work nothing counts as left.
static void folder_stale(const wg_folder_spec *spec, wg_arena *arena, const wg_dirent *list,
                         size_t n, wg_folder_found *out) {
  WG_AUTO(wg_cstr) path = wg_path_join(spec->target, WG_FOLDER_LOCK);
  WG_AUTO(wg_fd) lock = -1;
  wg_error ignored = WG_ERROR_INIT;
  size_t n_stale = 0;
  for (size_t i = 0; i < n; i++) {
    n_stale += strstr(list[i].name, WG_FOLDER_TMP) != NULL ? 1 : 0;
  }
  if (n_stale == 0 || (!spec->is_locked && wg_os_exists(WG_CWD, path) &&
                       wg_os_lock(WG_CWD, path, true, true, NULL, &lock, &ignored) != WG_OK)) {
    return;
  }
  out->stale = folder_get(arena, n_stale, sizeof(*out->stale));
  for (size_t i = 0; i < n; i++) {
    if (strstr(list[i].name, WG_FOLDER_TMP) != NULL) {
      out->stale[out->n_stale++] = folder_strdup(arena, list[i].name);
    }
  }
}

static wg_code folder_target_look(const wg_folder_spec *spec, wg_folder_found *out, wg_error *err) {
  wg_stat st;
  wg_code code = wg_os_stat(WG_CWD, spec->target, true, &st, err);
  if (code == WG_OK && st.type != WG_FT_DIR) {
    return wg_fail(err, WG_E_CONFLICT, "'%s' is no folder", spec->target);
  }
  out->has_target = code == WG_OK;
  if (code != WG_E_NOT_FOUND) {
    return code;
  }
  WG_AUTO(wg_cstr) parent = wg_path_dirname(spec->target);
  if (wg_os_stat(WG_CWD, parent, true, &st, err) != WG_OK || st.type != WG_FT_DIR) {
    return wg_fail(err, WG_E_NOT_FOUND,
                   "'%s' can't be made: the folder that it would be in is not there: mount or make "
                   "it",
                   spec->target);
  }
  return WG_OK;
}

// Whether the target can be written to at all; its entries.
static wg_code folder_open(const wg_folder_spec *spec, wg_arena *arena, wg_folder_found *out,
                           wg_dirent **out_list, size_t *out_n, wg_error *err) {
  *out_n = 0;
  if (folder_target_look(spec, out, err) != WG_OK) {
    return err->code;
  }
  if (!out->has_target) {
    return WG_OK;
  }
  size_t n_theirs = 0;
  if (wg_os_list_dir(WG_CWD, spec->target, arena, out_list, out_n, err) != WG_OK ||
      folder_mark(spec, out, err) != WG_OK) {
    return err->code;
  }
  for (size_t i = 0; i < *out_n; i++) {
    n_theirs += folder_is_own_file((*out_list)[i].name) ? 0 : 1;
  }
  if (!out->has_mark && n_theirs > 0) {
    return wg_fail(err, WG_E_CONFLICT,
                   "'%s' has other things in it, and wingo removes old releases there: name a new "
                   "or empty folder, such as '%s/%s'",
                   spec->target, spec->target, spec->project);
  }
  return WG_OK;
}

wg_code wg_folder_ready(const wg_folder_spec *spec, wg_arena *arena, wg_error *err) {
  wg_folder_found found = {0};
  wg_dirent *list = NULL;
  size_t n = 0;
  return folder_open(spec, arena, &found, &list, &n, err);
}

wg_code wg_folder_look(wg_folder_spec *spec, wg_arena *arena, wg_folder_found *out, wg_error *err) {
  *out = (wg_folder_found){.pointer_is_same = spec->pointer == WG_FOLDER_NONE};
  wg_dirent *list = NULL;
  size_t n = 0;
  if (folder_sums(spec, arena, out, err) != WG_OK ||
      folder_open(spec, arena, out, &list, &n, err) != WG_OK) {
    return err->code;
  }
  if (!out->has_target) {
    return WG_OK;
  }
  if (folder_release_look(spec, arena, out, err) != WG_OK ||
      folder_pointer_look(spec, arena, out, err) != WG_OK ||
      (spec->keep > 0 && folder_old(spec, arena, list, n, out, err) != WG_OK)) {
    return err->code;
  }
  folder_stale(spec, arena, list, n, out);
  return WG_OK;
}
