// SPDX-License-Identifier: Apache-2.0
// Outputs in their places in the project.
#include <string.h>

#include "engine/int.h"

#define PUBLISH_TMP ".wgtmp-" // as wg_outfile names its temporary files

// True when a killed process left something in dir. Looked up once a run for each folder: what
// comes later is ours or belongs to a process that is alive.
static bool publish_has_stale(build_env *e, const char *dir) {
  wg_mutex_lock(&e->lock);
  for (size_t i = 0; i < e->n_clean; i++) {
    if (strcmp(e->clean_dirs[i], dir) == 0) {
      wg_mutex_unlock(&e->lock);
      return false;
    }
  }
  wg_mutex_unlock(&e->lock);
  WG_AUTO(wg_arena) arena;
  wg_arena_init(&arena, wg_heap(), 0);
  wg_dirent *list = NULL;
  size_t n = 0;
  wg_error ignored = WG_ERROR_INIT; // an absent folder holds nothing
  bool stale = false;
  (void)!wg_os_list_dir(WG_CWD, dir, &arena, &list, &n, &ignored);
  for (size_t i = 0; i < n; i++) {
    stale = stale || strstr(list[i].name, PUBLISH_TMP) != NULL;
  }
  if (!stale) {
    wg_mutex_lock(&e->lock);
    wg_vec_push(&e->clean_dirs, &e->n_clean, &e->cap_clean) = wg_xstrdup(dir);
    wg_mutex_unlock(&e->lock);
  }
  return stale;
}

void wg_build_sweep_beside(build_env *e, const char *path) {
  WG_AUTO(wg_cstr) dir = wg_path_dirname(path);
  if (!publish_has_stale(e, dir)) {
    return;
  }
  WG_AUTO(wg_arena) arena;
  wg_arena_init(&arena, wg_heap(), 0);
  WG_AUTO(wg_cstr) prefix = wg_xprintf("%s" PUBLISH_TMP, wg_path_basename(path));
  wg_dirent *list = NULL;
  size_t n = 0;
  wg_error ignored = WG_ERROR_INIT; // what can't be removed is in nobody's way
  (void)!wg_os_list_dir(WG_CWD, dir, &arena, &list, &n, &ignored);
  for (size_t i = 0; i < n; i++) {
    if (list[i].type == WG_FT_FILE && wg_str_starts(wg_str_of(list[i].name), prefix)) {
      WG_AUTO(wg_cstr) stale = wg_path_join(dir, list[i].name);
      (void)!wg_os_unlink(WG_CWD, stale, &ignored);
    }
  }
}

// A big output that lies elsewhere (another project, an old name): copied by reflink where that can
// be had.
static wg_code publish_copy_big(step_run *r, const rec_output *o, const char *from,
                                const graph_publish *p, wg_error *err) {
  WG_AUTO(wg_fd) in = -1;
  WG_AUTO(wg_outfile) out = WG_OUTFILE_INIT;
  if (wg_os_open_read(WG_CWD, from, &in, err) != WG_OK ||
      wg_outfile_begin(&out, WG_CWD, p->path, wg_build_publish_mode(r, p, false), true, err) !=
          WG_OK ||
      wg_os_copy_fd(in, out.fd, r->env->cancel, NULL, err) != WG_OK) {
    return err->code;
  }
  wg_digest got;
  WG_AUTO(wg_fd) back = -1;
  if (wg_os_open_read(WG_CWD, out.tmp_path, &back, err) != WG_OK ||
      wg_sha256_fd(back, r->env->cancel, &got, NULL, err) != WG_OK) {
    return err->code;
  }
  if (!wg_digest_eq(&got, &o->digest)) {
    return wg_fail(err, WG_E_CONFLICT, "'%s' changed while it was copied", from);
  }
  if (wg_outfile_commit(&out, err) != WG_OK) {
    return err->code;
  }
  return wg_store_put_big(r->env->store, &o->digest, p->path, err);
}

uint32_t wg_build_publish_mode(const step_run *r, const graph_publish *p, bool is_exec) {
  uint32_t mode = p->mode != 0 ? p->mode : is_exec ? 0755 : 0644;
  return mode & ~r->env->umask & (r->secret ? 0700U : 0777U);
}

// A big output in its place whose step came to hold a secret only now.
static wg_code publish_close(step_run *r, const rec_output *o, const graph_publish *p,
                             wg_error *err) {
  wg_stat st;
  if (!r->secret) {
    return WG_OK; // its mode is the user's
  }
  if (wg_os_stat(WG_CWD, p->path, false, &st, err) != WG_OK) {
    return err->code;
  }
  if ((st.mode & 077U) == 0) {
    return WG_OK;
  }
  return wg_os_chmod(WG_CWD, p->path, st.mode & 0700U, err) != WG_OK
             ? err->code
             : wg_store_put_big(r->env->store, &o->digest, p->path, err);
}

// The output of that index of the result in its place.
static wg_code publish_put(step_run *r, size_t i, const graph_publish *p, wg_error *err) {
  const rec_output *o = &r->result.outputs[i];
  if (o->is_big && strcmp(r->out_paths[i], p->path) == 0) {
    return publish_close(r, o, p, err);
  }
  WG_AUTO(wg_cstr) dir = wg_path_dirname(p->path);
  if (wg_os_mkdirs(WG_CWD, dir, 0755, err) != WG_OK) {
    return err->code;
  }
  if (o->is_big) {
    if (publish_copy_big(r, o, r->out_paths[i], p, err) != WG_OK) {
      return err->code;
    }
    r->out_paths[i] = p->path;
    return WG_OK;
  }
  return wg_store_export(r->env->store, &o->digest, p->path,
                         wg_build_publish_mode(r, p, o->is_exec), r->env->cancel, err);
}

static wg_code publish_one(step_run *r, const graph_publish *p, wg_error *err) {
  size_t i = 0;
  while (i < r->result.n_outputs && strcmp(r->result.outputs[i].name, p->output) != 0) {
    i++;
  }
  if (i == r->result.n_outputs) { // lookup and run have seen to it that it may be so
    wg_assert(p->optional);
    wg_build_note_made(r, p->path, NULL);
    return wg_os_exists(WG_CWD, p->path) ? wg_os_unlink(WG_CWD, p->path, err) : WG_OK;
  }
  const rec_output *o = &r->result.outputs[i];
  wg_build_sweep_beside(r->env, p->path);
  wg_code code = publish_put(r, i, p, err);
  if (code == WG_OK) {
    wg_build_note_made(r, p->path, o);
  }
  return code;
}

wg_code wg_build_publish(step_run *r, wg_error *err) {
  if (r->s->n_publish > 0) {
    WG_AUTO(wg_fd) lock = -1;
    if (wg_build_publish_lock(r, &lock, err) != WG_OK) {
      return err->code;
    }
    for (size_t i = 0; i < r->s->n_publish; i++) {
      if (publish_one(r, &r->s->publish[i], err) != WG_OK) {
        return wg_wrap(err, "cannot put output '%s' in its place", r->s->publish[i].output);
      }
    }
  }
  for (size_t i = 0; i < r->result.n_outputs; i++) {
    const rec_output *o = &r->result.outputs[i];
    const graph_publish *p = wg_build_find_publish(r->s, o->name);
    wg_build_emit(r, (wg_event){.type = WG_EV_STEP_OUTPUT,
                                .name = o->name,
                                .digest = &o->digest,
                                .size_bytes = o->size_bytes,
                                .path = p == NULL ? NULL : p->path});
  }
  return WG_OK;
}
