// SPDX-License-Identifier: Apache-2.0
// Writing a release, and taking it back.
#include <string.h>

#include "actions/folder.h"
#include "base/human.h"
#include "fmt/json/jsonw.h"
#include "os/proc.h"

#define FOLDER_CHUNK ((uint64_t)16 << 20)

static const char *write_path(const wg_folder_write *w, const char *name) {
  const char *p = wg_arena_printf(w->arena, "%s/%s", w->spec->target, name);
  wg_assert(p != NULL);
  return p;
}

static const char *write_tmp_path(const wg_folder_write *w) {
  uint8_t r[4];
  wg_os_random(r, sizeof(r));
  const char *p = wg_arena_printf(w->arena, "%s/" WG_FOLDER_TMP "%02x%02x%02x%02x", w->spec->target,
                                  r[0], r[1], r[2], r[3]);
  wg_assert(p != NULL);
  return p;
}

static void write_tell(wg_folder_write *w, uint64_t n_bytes) {
  w->done += n_bytes;
  w->progress(w->ctx, w->done, w->total);
}

// --- one file

static wg_code write_copy(wg_folder_write *w, const wg_folder_file *f, int in, int out,
                          wg_error *err) {
  wg_error no_reflink = WG_ERROR_INIT;
  if (wg_os_reflink_fd(in, out, &no_reflink) == WG_OK) {
    write_tell(w, f->size_bytes);
    return WG_OK;
  }
  for (uint64_t off = 0; off < f->size_bytes;) {
    uint64_t n = f->size_bytes - off < FOLDER_CHUNK ? f->size_bytes - off : FOLDER_CHUNK;
    if (wg_cancel_check(w->spec->cancel, err) != WG_OK ||
        wg_os_copy_range(in, off, out, off, n, err) != WG_OK) {
      return err->code;
    }
    off += n;
    write_tell(w, n);
  }
  return WG_OK;
}

// What was written is read again: the source may have changed, the disk may lie.
static wg_code write_verify(wg_folder_write *w, const wg_folder_file *f, const char *path,
                            wg_error *err) {
  WG_AUTO(wg_fd) back = -1;
  wg_digest got;
  uint64_t n = 0;
  if (wg_os_open_read(WG_CWD, path, &back, err) != WG_OK ||
      wg_sha256_fd(back, w->spec->cancel, &got, &n, err) != WG_OK) {
    return err->code;
  }
  if (n != f->size_bytes || !wg_digest_eq(&got, &f->digest)) {
    return wg_fail(err, WG_E_CONFLICT, "'%s' changed while it was copied: run again", f->from);
  }
  write_tell(w, n);
  return WG_OK;
}

// The same file of the release that is to be replaced is taken over by its link.
static bool write_link(wg_folder_write *w, const wg_folder_file *f, const char *path) {
  WG_AUTO(wg_cstr) old = wg_xprintf("%s/%s/%s", w->spec->target, w->found.name, f->rel);
  wg_stat st;
  wg_digest d;
  wg_error ignored = WG_ERROR_INIT; // then it is copied
  return w->found.has_release && wg_os_stat(WG_CWD, old, false, &st, &ignored) == WG_OK &&
         st.type == WG_FT_FILE && st.size_bytes == f->size_bytes &&
         wg_store_file_digest(w->spec->store, old, w->spec->cancel, &d, NULL, &ignored) == WG_OK &&
         wg_digest_eq(&d, &f->digest) && wg_os_link(WG_CWD, old, WG_CWD, path, &ignored) == WG_OK;
}

static wg_code write_file(wg_folder_write *w, const wg_folder_file *f, wg_error *err) {
  WG_AUTO(wg_cstr) path = wg_path_join(w->tmp, f->rel);
  WG_AUTO(wg_cstr) dir = wg_path_dirname(path);
  if (wg_os_mkdirs(WG_CWD, dir, 0777, err) != WG_OK) {
    return err->code;
  }
  if (write_link(w, f, path)) {
    write_tell(w, f->size_bytes * 2);
    return WG_OK;
  }
  WG_AUTO(wg_fd) in = -1;
  WG_AUTO(wg_fd) out = -1;
  if (wg_os_open_read(WG_CWD, f->from, &in, err) != WG_OK ||
      wg_os_create_new(WG_CWD, path, f->mode, &out, err) != WG_OK ||
      write_copy(w, f, in, out, err) != WG_OK || wg_os_fsync(out, err) != WG_OK ||
      write_verify(w, f, path, err) != WG_OK || wg_os_fsync_dir(WG_CWD, dir, err) != WG_OK) {
    return wg_wrap(err, "'%s/%s/%s'", w->spec->target, w->found.name, f->rel);
  }
  return WG_OK;
}

// --- the release

// Where names can't be swapped at one instant the place is empty for a moment.
static wg_code write_swap(const wg_folder_write *w, const char *a, const char *b, wg_error *err) {
  wg_code code = wg_os_exchange(WG_CWD, a, WG_CWD, b, err);
  if (code != WG_E_UNSUPPORTED) {
    return code;
  }
  const char *third = write_tmp_path(w);
  if (wg_os_rename(WG_CWD, b, WG_CWD, third, err) != WG_OK) {
    return err->code;
  }
  if (wg_os_rename(WG_CWD, a, WG_CWD, b, err) != WG_OK) {
    wg_error ignored = WG_ERROR_INIT;
    (void)!wg_os_rename(WG_CWD, third, WG_CWD, b, &ignored);
    return err->code;
  }
  return wg_os_rename(WG_CWD, third, WG_CWD, a, err);
}

static wg_code write_text(const char *dir, const char *name, wg_str text, wg_error *err) {
  WG_AUTO(wg_cstr) path = wg_path_join(dir, name);
  return wg_os_write_file(WG_CWD, path, text.p, text.n, 0666, true, err);
}

static wg_code write_manifest(const wg_folder_write *w, wg_error *err) {
  WG_AUTO(wg_buf) out = {0};
  WG_AUTO(wg_buf) time = {0};
  wg_buf_init(&out, wg_heap(), 0);
  wg_buf_init(&time, wg_heap(), 0);
  wg_text_add_utc(&time, wg_os_wall_ns());
  wg_jsonw j;
  wg_jsonw_init(&j, &out, 2);
  wg_jsonw_begin_object(&j);
  wg_jsonw_kv_u64(&j, "version", 1);
  wg_jsonw_kv_z(&j, "project", w->spec->project);
  wg_jsonw_kv_z(&j, "release", w->found.name);
  wg_jsonw_kv_str(&j, "published", wg_buf_str(&time));
  wg_jsonw_key_z(&j, "files");
  wg_jsonw_begin_array(&j);
  for (size_t i = 0; i < w->spec->n_files; i++) {
    const wg_folder_file *f = &w->spec->files[i];
    wg_jsonw_begin_object(&j);
    wg_jsonw_kv_z(&j, "path", f->rel);
    wg_jsonw_kv_hex(&j, "sha256", f->digest.b, sizeof(f->digest.b));
    wg_jsonw_kv_u64(&j, "bytes", f->size_bytes);
    wg_jsonw_kv_z(&j, "step", f->step);
    wg_jsonw_end_object(&j);
  }
  wg_jsonw_end_array(&j);
  wg_jsonw_end_object(&j);
  return wg_jsonw_finish(&j, err) != WG_OK
             ? err->code
             : write_text(w->tmp, WG_FOLDER_MANIFEST, wg_buf_str(&out), err);
}

static wg_code write_release(wg_folder_write *w, wg_error *err) {
  const char *place = write_path(w, w->found.name);
  w->tmp = write_tmp_path(w);
  if (wg_os_mkdir(WG_CWD, w->tmp, 0777, err) != WG_OK) {
    return err->code;
  }
  for (size_t i = 0; i < w->spec->n_files; i++) {
    w->total += w->spec->files[i].size_bytes * 2;
  }
  for (size_t i = 0; i < w->spec->n_files; i++) {
    if (write_file(w, &w->spec->files[i], err) != WG_OK) {
      return err->code;
    }
  }
  if (write_text(w->tmp, WG_FOLDER_SUMS, w->found.sums, err) != WG_OK ||
      write_manifest(w, err) != WG_OK || wg_cancel_check(w->spec->cancel, err) != WG_OK) {
    return err->code;
  }
  if (w->found.has_release) { // readers see the one or the other
    if (write_swap(w, w->tmp, place, err) != WG_OK) {
      return err->code;
    }
    w->swapped = true;
  } else {
    if (wg_os_rename(WG_CWD, w->tmp, WG_CWD, place, err) != WG_OK) {
      return err->code;
    }
    w->tmp = NULL;
    w->made_release = true;
  }
  return wg_os_fsync_dir(WG_CWD, w->spec->target, err);
}

// Points to name; NULL: to nothing.
static wg_code write_pointer(const wg_folder_write *w, const char *name, bool as_link,
                             wg_error *err) {
  const char *place = write_path(w, WG_FOLDER_CURRENT);
  if (name == NULL) {
    return wg_os_unlink(WG_CWD, place, err);
  }
  if (!as_link) {
    WG_AUTO(wg_cstr) line = wg_xprintf("%s\n", name);
    return write_text(w->spec->target, WG_FOLDER_CURRENT, wg_str_of(line), err);
  }
  const char *tmp = write_tmp_path(w);
  if (wg_os_symlink(name, WG_CWD, tmp, err) != WG_OK) {
    return wg_wrap(err, "write 'pointer: file' where links can't be had");
  }
  if (wg_os_rename(WG_CWD, tmp, WG_CWD, place, err) != WG_OK) {
    wg_error ignored = WG_ERROR_INIT;
    (void)!wg_os_unlink(WG_CWD, tmp, &ignored);
    return err->code;
  }
  return wg_os_fsync_dir(WG_CWD, w->spec->target, err);
}

// --- what is left over or too old

// First out of sight, then away: who is killed in between leaves no half release under its name.
static wg_code write_remove(const wg_folder_write *w, const char *name, wg_error *err) {
  const char *tmp = write_tmp_path(w);
  if (wg_os_rename(WG_CWD, write_path(w, name), WG_CWD, tmp, err) != WG_OK) {
    return err->code;
  }
  return wg_os_rmtree(WG_CWD, tmp, err);
}

static void write_tidy(wg_folder_write *w) {
  wg_error err = WG_ERROR_INIT;
  for (size_t i = 0; i < w->found.n_stale; i++) {
    if (wg_os_rmtree(WG_CWD, write_path(w, w->found.stale[i]), &err) != WG_OK) {
      w->warn(w->ctx, err.text);
    }
  }
  for (size_t i = 0; i < w->found.n_old; i++) {
    if (write_remove(w, w->found.old[i], &err) != WG_OK) {
      (void)wg_wrap(&err, "the old release %s stays", w->found.old[i]);
      w->warn(w->ctx, err.text);
    }
  }
  if (w->swapped && w->tmp != NULL && wg_os_rmtree(WG_CWD, w->tmp, &err) != WG_OK) {
    w->warn(w->ctx, err.text);
  }
}

// --- the whole

static wg_code write_begin(wg_folder_write *w, wg_error *err) {
  const char *target = w->spec->target;
  wg_code code = wg_os_mkdir(WG_CWD, target, 0777, err);
  w->made_target = code == WG_OK;
  if (code != WG_OK && code != WG_E_CONFLICT) {
    return code;
  }
  if (wg_os_lock(WG_CWD, write_path(w, WG_FOLDER_LOCK), true, false, w->spec->cancel, &w->lock,
                 err) != WG_OK) {
    return wg_wrap(err, "cannot write to '%s'", target);
  }
  wg_folder_spec again = *w->spec; // it is sorted already
  again.is_locked = true;
  if (wg_folder_look(&again, w->arena, &w->found, err) != WG_OK) {
    return err->code;
  }
  if (!w->found.has_mark) {
    WG_AUTO(wg_cstr)
    text = wg_xprintf("{\"wingo_publish\": 1, \"project\": \"%s\"}\n", w->spec->project);
    if (write_text(target, WG_FOLDER_MARK, wg_str_of(text), err) != WG_OK) {
      return err->code;
    }
    w->made_mark = true;
  }
  return WG_OK;
}

wg_code wg_folder_run(wg_folder_write *w, wg_error *err) {
  w->lock = -1;
  if (write_begin(w, err) != WG_OK || (!w->found.is_same && write_release(w, err) != WG_OK)) {
    return err->code;
  }
  if (!w->found.pointer_is_same) {
    if (write_pointer(w, w->found.name, w->spec->pointer == WG_FOLDER_LINK, err) != WG_OK) {
      return err->code;
    }
    w->moved_pointer = true;
  }
  write_tidy(w);
  return WG_OK;
}

void wg_folder_write_done(wg_folder_write *w) {
  wg_fd_done(&w->lock);
}

// Keeps the first failure, and goes on: what can be taken back is.
static void back_note(wg_error *err, wg_code code, const wg_error *why) {
  if (code != WG_OK && err->code == WG_OK) {
    *err = *why;
  }
}

static void back_release(wg_folder_write *w, void (*undone)(void *ctx, const char *text),
                         wg_error *err) {
  wg_error why = WG_ERROR_INIT;
  wg_code code = WG_OK;
  if (w->swapped) {
    code = write_swap(w, w->tmp, write_path(w, w->found.name), &why);
  } else if (w->made_release) {
    code = write_remove(w, w->found.name, &why);
  }
  back_note(err, code, &why);
  if (code == WG_OK && (w->swapped || w->made_release)) {
    WG_AUTO(wg_cstr)
    text = wg_xprintf(w->swapped ? "release %s as it was" : "release %s removed", w->found.name);
    undone(w->ctx, text);
  }
  if (code == WG_OK && w->tmp != NULL) {
    code = wg_os_rmtree(WG_CWD, w->tmp, &why);
    back_note(err, code, &why);
    if (code == WG_OK && !w->swapped) {
      undone(w->ctx, "what was copied removed");
    }
  }
}

wg_code wg_folder_take_back(wg_folder_write *w, void (*undone)(void *ctx, const char *text),
                            wg_error *err) {
  wg_error first = WG_ERROR_INIT, why = WG_ERROR_INIT;
  if (w->moved_pointer) {
    back_note(&first, write_pointer(w, w->found.current, w->spec->pointer == WG_FOLDER_LINK, &why),
              &why);
  }
  if (w->lock >= 0) { // without it nothing was done
    back_release(w, undone, &first);
  }
  if (w->made_mark) {
    back_note(&first, wg_os_unlink(WG_CWD, write_path(w, WG_FOLDER_MARK), &why), &why);
  }
  if (w->made_target) {
    (void)!wg_os_unlink(WG_CWD, write_path(w, WG_FOLDER_LOCK), &why);
    (void)!wg_os_rmdir(WG_CWD, w->spec->target, &why); // another may have come meanwhile
  }
  wg_folder_write_done(w);
  if (first.code != WG_OK) {
    *err = first;
  }
  return first.code;
}
