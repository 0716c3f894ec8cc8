// SPDX-License-Identifier: Apache-2.0
#include "image/apply/apply_run.h"

#include <string.h>

#include "fmt/wim/reparse.h"

#define APPLY_1970 11644473600 // seconds between 1601 and 1970

static wg_os_time apply_time(uint64_t filetime) {
  return (wg_os_time){.s = (int64_t)(filetime / 10000000) - APPLY_1970,
                      .ns = (uint32_t)(filetime % 10000000) * 100};
}

static wg_code apply_times(wg_apply_run *r, const wg_apply_node *n, const char *path,
                           wg_error *err) {
  const wg_wim_entry *e = &r->tree->entries[n->entry];
  return wg_beneath_times(&r->at, path, apply_time(e->access_time), apply_time(e->write_time), err);
}

wg_code wg_apply_fd_times(const wg_apply_run *r, const wg_apply_node *n, int fd, wg_error *err) {
  const wg_wim_entry *e = &r->tree->entries[n->entry];
  return wg_os_set_fd_times(fd, apply_time(e->access_time), apply_time(e->write_time), err) == WG_OK
             ? WG_OK
             : wg_beneath_wrap(&r->at, n->path, err);
}

wg_apply_new wg_apply_new_at(const wg_apply_run *r, wg_beneath *at, const char *path) {
  wg_apply_new n = {.at = at, .path = path};
  if (r->opt->overlay) {
    const char *slash = strrchr(path, '/');
    size_t above = slash == NULL ? 0 : (size_t)(slash + 1 - path);
    WG_AUTO(wg_cstr) name = wg_os_temp_name("");
    n.made = wg_xprintf("%.*s%s", (int)above, path, name);
  }
  return n;
}

static const char *apply_new_path(const wg_apply_new *n) {
  return n->made != NULL ? n->made : n->path;
}

void wg_apply_new_done(wg_apply_new *n) {
  wg_error ignored = WG_ERROR_INIT;
  if (n->made != NULL) {
    (void)!wg_beneath_unlink(n->at, n->made, &ignored);
  }
  wg_xfree(wg_take(&n->made));
}

wg_code wg_apply_new_create(const wg_apply_new *n, wg_fd *out, wg_error *err) {
  WG_AUTO(wg_fd) fd = -1;
  if (wg_beneath_create(n->at, apply_new_path(n), 0666, &fd, err) != WG_OK) {
    return err->code;
  }
  if (n->made != NULL && !wg_os_temp_claim(fd)) {
    (void)wg_fail(err, WG_E_CONFLICT, "another process removes what is made here");
    return wg_beneath_wrap(n->at, n->path, err);
  }
  *out = wg_fd_take(&fd);
  return WG_OK;
}

wg_code wg_apply_new_commit(wg_apply_new *n, wg_error *err) {
  if (n->made == NULL) {
    return WG_OK;
  }
  // A rename of one file over another name of it does nothing: what is then left, done removes.
  return wg_beneath_rename(n->at, n->made, n->at, n->path, WG_BENEATH_REPLACE, err);
}

static bool apply_is_root(const wg_apply_node *n) {
  return n->path[0] == '.' && n->path[1] == '\0'; // the target itself
}

// Whether what is at the node's path leaves room for it.
static wg_code apply_look_at(wg_apply_run *r, const wg_apply_node *n, wg_error *err) {
  wg_stat st;
  if (apply_is_root(n)) {
    return WG_OK;
  }
  wg_error probe = WG_ERROR_INIT;
  if (wg_beneath_stat(&r->at, n->path, &st, &probe) != WG_OK) {
    *err = probe.code == WG_E_NOT_FOUND ? (wg_error)WG_ERROR_INIT : probe;
    return err->code;
  }
  bool is_dir = st.type == WG_FT_DIR;
  if (is_dir == (n->kind == WG_APPLY_DIR) && st.type != WG_FT_OTHER) {
    return WG_OK;
  }
  (void)wg_fail(err, WG_E_CONFLICT, "%s is there, where the image has a %s; nothing was written",
                is_dir                     ? "a folder"
                : st.type == WG_FT_SYMLINK ? "a symbolic link"
                : st.type == WG_FT_FILE    ? "a file"
                                           : "a device, pipe or socket",
                n->kind == WG_APPLY_DIR       ? "folder"
                : n->kind == WG_APPLY_SYMLINK ? "link"
                                              : "file");
  return wg_beneath_wrap(&r->at, n->path, err);
}

// Before anything is written: nothing is in the way, and no link is on the way.
static wg_code apply_look(wg_apply_run *r, wg_error *err) {
  for (size_t i = 0; r->opt->overlay && i < r->n_nodes; i++) {
    if (wg_cancel_check(r->opt->cancel, err) != WG_OK ||
        apply_look_at(r, &r->nodes[i], err) != WG_OK) {
      return err->code;
    }
  }
  return WG_OK;
}

// Folders that were there before hold what a killed run left.
static wg_code apply_sweep(wg_apply_run *r, const wg_apply_node *n, wg_error *err) {
  WG_AUTO(wg_fd) fd = -1;
  if (apply_is_root(n)) {
    (void)wg_os_sweep(r->dirfd, true);
    return WG_OK;
  }
  if (wg_beneath_open_dir(&r->at, n->path, &fd, err) != WG_OK) {
    return err->code;
  }
  (void)wg_os_sweep(fd, true);
  return WG_OK;
}

static wg_code apply_dir(wg_apply_run *r, const wg_apply_node *n, wg_error *err) {
  r->res.n_dirs++;
  if (!apply_is_root(n)) {
    if (wg_beneath_mkdir(&r->at, n->path, err) == WG_OK) {
      return WG_OK;
    }
    if (err->code != WG_E_CONFLICT || !r->opt->overlay || apply_look_at(r, n, err) != WG_OK) {
      return err->code;
    }
    *err = (wg_error)WG_ERROR_INIT;
  }
  return r->opt->overlay ? apply_sweep(r, n, err) : WG_OK;
}

static wg_code apply_empty(wg_apply_run *r, const wg_apply_node *n, wg_error *err) {
  WG_AUTO(wg_fd) fd = -1;
  WG_AUTO(wg_apply_new) new = wg_apply_new_at(r, &r->at, n->path);
  if (wg_apply_new_create(&new, &fd, err) != WG_OK || wg_apply_fd_times(r, n, fd, err) != WG_OK) {
    return err->code;
  }
  return wg_apply_new_commit(&new, err);
}

static wg_code apply_hard_link(wg_apply_run *r, const wg_apply_node *n, wg_error *err) {
  WG_AUTO(wg_beneath) from = wg_beneath_of(r->dirfd, r->opt->shown);
  WG_AUTO(wg_apply_new) new = wg_apply_new_at(r, &r->at, n->path);
  r->res.n_hard_links++;
  if (wg_beneath_link(&from, r->nodes[n->same].path, &r->at, apply_new_path(&new), err) != WG_OK) {
    return err->code;
  }
  return wg_apply_new_commit(&new, err);
}

static wg_code apply_skip_link(wg_apply_run *r, const wg_apply_node *n, wg_error *err) {
  wg_image_apply_note *note = &r->res.reparse;
  if (note->n++ > 0) {
    return WG_OK;
  }
  WG_AUTO(wg_buf) b = {0};
  wg_buf_init(&b, wg_heap(), 0);
  wg_wim_tree_path(r->tree, n->entry, &b);
  note->first = wg_arena_strdup(r->tree->arena, wg_buf_z(&b));
  return note->first == NULL ? wg_arena_fail(r->tree->arena, err) : WG_OK;
}

// With a sidecar an empty file or folder stands for a link that the host has no form for.
static wg_code apply_stand_in(wg_apply_run *r, const wg_apply_node *n, wg_error *err) {
  if ((r->tree->entries[n->entry].attributes & WG_WIM_ATTR_DIRECTORY) == 0) {
    return apply_empty(r, n, err);
  }
  return wg_beneath_mkdir(&r->at, n->path, err) == WG_OK ? apply_times(r, n, n->path, err)
                                                         : err->code;
}

static wg_code apply_symlink(wg_apply_run *r, wg_apply_node *n, wg_error *err) {
  WG_AUTO(wg_buf) data = {0};
  wg_buf_init(&data, wg_heap(), 0);
  bool fixes = (r->f->wim.hdr.flags & WG_WIM_HDR_RP_FIX) != 0;
  bool is_link = false;
  wg_reparse_link link;
  char *text = NULL;
  if ((n->blob != WG_WIM_NO_ENTRY && wg_wim_load_blob(&r->f->wim, r->f->decoder, n->blob,
                                                      WG_REPARSE_MAX_BYTES, &data, err) != WG_OK) ||
      wg_reparse_read(&r->tree->entries[n->entry], fixes, data.p, data.n, &r->arena, &is_link,
                      &link, err) != WG_OK ||
      (is_link && wg_reparse_host_text(&link, n->depth, &r->arena, &text, err) != WG_OK)) {
    return wg_wrap(err, "'%s'", n->path);
  }
  if (text == NULL) {
    return r->opt->meta ? apply_stand_in(r, n, err) : apply_skip_link(r, n, err);
  }
  n->target = text;
  r->res.n_symlinks++;
  WG_AUTO(wg_apply_new) new = wg_apply_new_at(r, &r->at, n->path);
  const char *path = apply_new_path(&new);
  if (wg_beneath_symlink(&r->at, text, path, err) != WG_OK ||
      apply_times(r, n, path, err) != WG_OK) {
    return err->code;
  }
  return wg_apply_new_commit(&new, err);
}

static wg_code apply_kind(wg_apply_run *r, wg_apply_node *n, wg_error *err) {
  switch (n->kind) {
  case WG_APPLY_DIR:
    return apply_dir(r, n, err);
  case WG_APPLY_FILE:
    r->res.n_files++;
    return n->blob == WG_WIM_NO_ENTRY ? apply_empty(r, n, err) : WG_OK;
  case WG_APPLY_HARD_LINK:
    return apply_hard_link(r, n, err);
  case WG_APPLY_SYMLINK:
    return apply_symlink(r, n, err);
  }
  return WG_OK;
}

static wg_code apply_all(wg_apply_run *r, wg_apply_kind kind, wg_error *err) {
  for (size_t i = 0; i < r->n_nodes; i++) {
    if (r->nodes[i].kind == kind && (wg_cancel_check(r->opt->cancel, err) != WG_OK ||
                                     apply_kind(r, &r->nodes[i], err) != WG_OK)) {
      return err->code;
    }
  }
  return WG_OK;
}

static wg_code apply_dir_times(wg_apply_run *r, wg_error *err) {
  for (size_t i = r->n_nodes; i > 0; i--) {
    const wg_apply_node *n = &r->nodes[i - 1];
    const wg_wim_entry *e = &r->tree->entries[n->entry];
    if (n->kind != WG_APPLY_DIR) {
      continue;
    }
    wg_code code = apply_is_root(n) ? wg_os_set_fd_times(r->dirfd, apply_time(e->access_time),
                                                         apply_time(e->write_time), err)
                                    : apply_times(r, n, n->path, err);
    if (code != WG_OK) {
      return code;
    }
  }
  return WG_OK;
}

static void apply_run_done(wg_apply_run *r) {
  wg_beneath_done(&r->at);
  wg_arena_done(&r->arena);
}
#define wg_apply_run_done apply_run_done
WG_DEFINE_AUTO(wg_apply_run, wg_apply_run_done);

wg_code wg_image_apply(wg_image_file *f, wg_wim_tree *tree, const wg_image_apply_item *items,
                       size_t n_items, int dirfd, const wg_image_apply_options *opt,
                       wg_image_apply_result *out, wg_error *err) {
  WG_AUTO(wg_apply_run)
  r = {.f = f, .tree = tree, .dirfd = dirfd, .at = wg_beneath_of(dirfd, opt->shown), .opt = opt};
  wg_arena_init(&r.arena, wg_heap(), (size_t)2 << 30);
  if (wg_apply_plan(&r, items, n_items, err) != WG_OK || apply_look(&r, err) != WG_OK ||
      apply_all(&r, WG_APPLY_DIR, err) != WG_OK || apply_all(&r, WG_APPLY_FILE, err) != WG_OK ||
      wg_apply_files(&r, err) != WG_OK || apply_all(&r, WG_APPLY_HARD_LINK, err) != WG_OK ||
      apply_all(&r, WG_APPLY_SYMLINK, err) != WG_OK ||
      (opt->meta && wg_apply_meta(&r, err) != WG_OK) || apply_dir_times(&r, err) != WG_OK) {
    return err->code;
  }
  for (size_t i = 0; i < r.n_files; i++) {
    r.res.n_bytes += f->wim.blobs[r.nodes[r.files[i]].blob].orig_bytes;
  }
  *out = r.res;
  return WG_OK;
}
