// SPDX-License-Identifier: Apache-2.0
#include "engine/made.h"

#include <string.h>

#include "engine/int.h"
#include "fmt/json/json.h"
#include "fmt/json/jsonw.h"
#include "os/beneath.h"

#define MADE_FOLDER ".wingo/made"
#define MADE_MAX_BYTES ((uint64_t)1 << 20)

static char *made_note_name(const char *rel) {
  wg_digest d = wg_sha256(rel, strlen(rel));
  return wg_xprintf("%.32s", wg_digest_hex(&d).s);
}

// The path below the project's folder; NULL when it is elsewhere.
static const char *made_rel(const build_env *e, const char *path) {
  const char *rel = wg_path_below(path, e->project_dir);
  return rel != NULL && rel[0] != '\0' ? rel : NULL;
}

static void made_text(const step_run *r, const char *rel, const rec_output *o, wg_buf *b) {
  wg_jsonw j;
  wg_jsonw_init(&j, b, 0);
  wg_jsonw_begin_object(&j);
  wg_jsonw_kv_z(&j, "path", rel);
  wg_jsonw_kv_hex(&j, "sha256", o->digest.b, sizeof(o->digest.b));
  wg_jsonw_kv_u64(&j, "bytes", o->size_bytes);
  wg_jsonw_kv_z(&j, "step", r->s->identity);
  wg_jsonw_kv_z(&j, "file", r->env->project_file);
  wg_jsonw_kv_z(&j, "environment", r->env->env_name);
  wg_jsonw_end_object(&j);
  wg_buf_add_byte(b, '\n');
}

void wg_build_note_made(const step_run *r, const char *path, const rec_output *o) {
  const char *rel = made_rel(r->env, path);
  if (rel == NULL) {
    return;
  }
  WG_AUTO(wg_buf) text = {0};
  WG_AUTO(wg_buf) old = {0};
  wg_buf_init(&text, wg_heap(), 0);
  wg_buf_init(&old, wg_heap(), 0);
  WG_AUTO(wg_cstr) name = made_note_name(rel);
  WG_AUTO(wg_cstr) dir = wg_path_join(r->env->project_dir, MADE_FOLDER);
  WG_AUTO(wg_cstr) note = wg_path_join(dir, name);
  wg_error ignored = WG_ERROR_INIT; // a note not kept costs a line of `clean`, no more
  if (o == NULL) {
    (void)!wg_os_unlink(WG_CWD, note, &ignored);
    return;
  }
  made_text(r, rel, o, &text);
  if (wg_os_read_file(WG_CWD, note, MADE_MAX_BYTES, &old, &ignored) == WG_OK &&
      wg_str_eq(wg_buf_str(&old), wg_buf_str(&text))) {
    return;
  }
  if (!text.failed && wg_os_mkdirs(WG_CWD, dir, 0755, &ignored) == WG_OK) {
    (void)!wg_os_write_file(WG_CWD, note, text.p, text.n, wg_build_file_mode(r->env), false,
                            &ignored);
  }
}

// --- reading

static const char *made_get(const json_t *obj, const char *key, wg_arena *arena, wg_error *err) {
  wg_str s = {"", 0};
  if (wg_json_get_str(obj, key, &s, err) != WG_OK) {
    return NULL;
  }
  return wg_build_strndup(arena, s.p, s.n);
}

// Outputs are below this folder of the project, and nothing else is: a note may come from anywhere.
#define MADE_OUT "out/"

static bool made_path_ok(const char *path) {
  WG_AUTO(wg_cstr) clean = wg_path_clean(path);
  return strncmp(path, MADE_OUT, strlen(MADE_OUT)) == 0 && strcmp(clean, path) == 0;
}

static bool made_read(int dir, const char *name, wg_arena *arena, wg_made *out) {
  WG_AUTO(wg_buf) text = {0};
  wg_buf_init(&text, wg_heap(), 0);
  WG_AUTO_PTR(json_t) root = NULL;
  wg_error err = WG_ERROR_INIT;
  wg_str hex = {"", 0};
  if (wg_os_read_file(dir, name, MADE_MAX_BYTES, &text, &err) != WG_OK ||
      wg_json_parse(wg_buf_str(&text), NULL, &root, &err) != WG_OK || !json_is_object(root) ||
      wg_json_get_str(root, "sha256", &hex, &err) != WG_OK ||
      wg_json_get_u64(root, "bytes", &out->size_bytes, &err) != WG_OK ||
      !wg_parse_hex(hex, out->digest.b, sizeof(out->digest.b))) {
    return false;
  }
  out->path = made_get(root, "path", arena, &err);
  out->step = made_get(root, "step", arena, &err);
  out->file = made_get(root, "file", arena, &err);
  out->env_name = made_get(root, "environment", arena, &err);
  out->note = wg_build_strdup(arena, name);
  if (out->path == NULL || out->step == NULL || out->file == NULL || out->env_name == NULL ||
      !made_path_ok(out->path) || out->file[0] == '\0' || strchr(out->file, '/') != NULL) {
    return false;
  }
  WG_AUTO(wg_cstr) want = made_note_name(out->path);
  return strcmp(want, name) == 0;
}

wg_code wg_made_list(const char *project_dir, wg_arena *arena, wg_made **out, size_t *out_n,
                     wg_error *err) {
  WG_AUTO(wg_cstr) folder = wg_path_join(project_dir, MADE_FOLDER);
  WG_AUTO(wg_fd) dir = -1;
  wg_dirent *list = NULL;
  size_t n = 0, n_made = 0;
  wg_code code = wg_os_open_dir(WG_CWD, folder, &dir, err);
  if (code == WG_OK) {
    code = wg_os_list_dir(WG_CWD, folder, arena, &list, &n, err);
  }
  if (code != WG_OK && code != WG_E_NOT_FOUND) {
    return code;
  }
  wg_made *v = wg_build_get(arena, n + 1, sizeof(*v));
  for (size_t i = 0; i < n; i++) {
    size_t at = n_made;
    if (list[i].type != WG_FT_FILE || !made_read(dir, list[i].name, arena, &v[n_made])) {
      continue;
    }
    wg_made m = v[n_made++];
    for (; at > 0 && strcmp(v[at - 1].path, m.path) > 0; at--) {
      v[at] = v[at - 1];
    }
    v[at] = m;
  }
  *out = v;
  *out_n = n_made;
  return WG_OK;
}

static wg_code made_look(wg_beneath *b, const wg_made *m, const wg_cancel *cancel, bool *out_same,
                         wg_error *err) {
  wg_stat st;
  WG_AUTO(wg_fd) fd = -1;
  wg_digest d;
  wg_code code = wg_beneath_stat(b, m->path, &st, err);
  if (code == WG_E_CONFLICT) { // a link in the way: nothing of ours lies behind it
    *out_same = false;
    return WG_OK;
  }
  if (code != WG_OK) {
    return code;
  }
  *out_same = false;
  if (st.type != WG_FT_FILE || st.size_bytes != m->size_bytes) {
    return WG_OK;
  }
  if (wg_beneath_open_read(b, m->path, &fd, err) != WG_OK ||
      wg_sha256_fd(fd, cancel, &d, NULL, err) != WG_OK) {
    return wg_wrap(err, "'%s'", m->path);
  }
  *out_same = wg_digest_eq(&d, &m->digest);
  return WG_OK;
}

wg_code wg_made_look(const char *project_dir, const wg_made *m, const wg_cancel *cancel,
                     bool *out_same, wg_error *err) {
  WG_AUTO(wg_fd) root = -1;
  if (wg_os_open_dir(WG_CWD, project_dir, &root, err) != WG_OK) {
    return err->code;
  }
  WG_AUTO(wg_beneath) b = wg_beneath_of(root, project_dir);
  return made_look(&b, m, cancel, out_same, err);
}

// The folders of path that are empty now, from the innermost out; the first one stays.
static void made_remove_folders(wg_beneath *b, const char *path) {
  WG_AUTO(wg_cstr) dir = wg_path_dirname(path);
  while (strchr(dir, '/') != NULL) {
    WG_AUTO(wg_fd) above = -1;
    WG_AUTO(wg_cstr) up = wg_path_dirname(dir);
    wg_error ignored = WG_ERROR_INIT; // something is in it
    if (wg_beneath_open_dir(b, up, &above, &ignored) != WG_OK ||
        wg_os_rmdir(above, wg_path_basename(dir), &ignored) != WG_OK) {
      return;
    }
    wg_beneath_done(b); // it may hold the folder that is gone
    wg_xfree(dir);
    dir = wg_take(&up);
  }
}

wg_code wg_made_remove(const char *project_dir, const wg_made *m, const wg_cancel *cancel,
                       wg_error *err) {
  WG_AUTO(wg_fd) root = -1;
  bool same = false;
  if (wg_os_open_dir(WG_CWD, project_dir, &root, err) != WG_OK) {
    return err->code;
  }
  WG_AUTO(wg_beneath) b = wg_beneath_of(root, project_dir);
  wg_code code = made_look(&b, m, cancel, &same, err);
  if (code == WG_OK && !same) {
    return wg_fail(err, WG_E_CONFLICT, "'%s' is not what wingo made", m->path);
  }
  if (code == WG_OK) {
    code = wg_beneath_unlink(&b, m->path, err);
  }
  if (code != WG_OK && code != WG_E_NOT_FOUND) {
    return code;
  }
  made_remove_folders(&b, m->path);
  WG_AUTO(wg_cstr) note = wg_xprintf("%s/" MADE_FOLDER "/%s", project_dir, m->note);
  return wg_os_unlink(WG_CWD, note, err);
}

bool wg_graph_makes(const wg_graph *g, const char *path) {
  for (size_t i = 0; i < g->n_steps; i++) {
    for (size_t k = 0; k < g->steps[i]->n_publish; k++) {
      if (strcmp(g->steps[i]->publish[k].path, path) == 0) {
        return true;
      }
    }
  }
  return false;
}
