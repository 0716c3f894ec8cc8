#include "image/apply/apply_run.h"

#include "image/apply/reparse.h"

#define APPLY_1970 11644473600 // seconds between 1601 and 1970

static wg_os_time apply_time(uint64_t filetime) {
  return (wg_os_time){.s = (int64_t)(filetime / 10000000) - APPLY_1970,
                      .ns = (uint32_t)(filetime % 10000000) * 100};
}

wg_code wg_apply_times(const wg_apply_run *r, const wg_apply_node *n, wg_error *err) {
  const wg_wim_entry *e = &r->tree->entries[n->entry];
  return wg_os_set_times(r->dirfd, n->path, apply_time(e->access_time), apply_time(e->write_time),
                         err);
}

wg_code wg_apply_fd_times(const wg_apply_run *r, const wg_apply_node *n, int fd, wg_error *err) {
  const wg_wim_entry *e = &r->tree->entries[n->entry];
  return wg_os_set_fd_times(fd, apply_time(e->access_time), apply_time(e->write_time), err) == WG_OK
             ? WG_OK
             : wg_wrap(err, "'%s'", n->path);
}

wg_code wg_apply_clear(const wg_apply_run *r, const char *path, wg_error *err) {
  wg_stat st;
  wg_error probe = WG_ERROR_INIT;
  if (!r->opt->overlay || wg_os_stat(r->dirfd, path, false, &st, &probe) != WG_OK) {
    return WG_OK;
  }
  if (st.type == WG_FT_DIR) {
    return wg_fail(err, WG_E_CONFLICT, "'%s' is a folder, where a file is to go", path);
  }
  return wg_os_unlink(r->dirfd, path, err);
}

static wg_code apply_dir(wg_apply_run *r, const wg_apply_node *n, wg_error *err) {
  r->res.n_dirs++;
  wg_stat st;
  if (n->path[0] == '.' && n->path[1] == '\0') {
    return WG_OK; // the target itself
  }
  if (wg_os_mkdir(r->dirfd, n->path, 0777, err) == WG_OK) {
    return WG_OK;
  }
  if (err->code != WG_E_CONFLICT || !r->opt->overlay ||
      wg_os_stat(r->dirfd, n->path, false, &st, err) != WG_OK) {
    return err->code;
  }
  if (st.type != WG_FT_DIR) {
    return wg_fail(err, WG_E_CONFLICT, "'%s' is there and no folder", n->path);
  }
  return WG_OK;
}

static wg_code apply_empty(const wg_apply_run *r, const wg_apply_node *n, wg_error *err) {
  WG_AUTO(wg_fd) fd = -1;
  if (wg_apply_clear(r, n->path, err) != WG_OK ||
      wg_os_create_new(r->dirfd, n->path, 0666, &fd, err) != WG_OK) {
    return err->code;
  }
  return wg_apply_fd_times(r, n, fd, err);
}

static wg_code apply_hard_link(wg_apply_run *r, const wg_apply_node *n, wg_error *err) {
  r->res.n_hard_links++;
  if (wg_apply_clear(r, n->path, err) != WG_OK) {
    return err->code;
  }
  return wg_os_link(r->dirfd, r->nodes[n->same].path, r->dirfd, n->path, err);
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

static wg_code apply_symlink(wg_apply_run *r, const wg_apply_node *n, wg_error *err) {
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
    return apply_skip_link(r, n, err);
  }
  r->res.n_symlinks++;
  if (wg_apply_clear(r, n->path, err) != WG_OK ||
      wg_os_symlink(text, r->dirfd, n->path, err) != WG_OK) {
    return err->code;
  }
  return wg_apply_times(r, n, err);
}

static wg_code apply_kind(wg_apply_run *r, const wg_apply_node *n, wg_error *err) {
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

static wg_code apply_dir_times(const wg_apply_run *r, wg_error *err) {
  for (size_t i = r->n_nodes; i > 0; i--) {
    if (r->nodes[i - 1].kind == WG_APPLY_DIR && wg_apply_times(r, &r->nodes[i - 1], err) != WG_OK) {
      return err->code;
    }
  }
  return WG_OK;
}

static void apply_run_done(wg_apply_run *r) {
  wg_arena_done(&r->arena);
}
#define wg_apply_run_done apply_run_done
WG_DEFINE_AUTO(wg_apply_run, wg_apply_run_done);

wg_code wg_image_apply(wg_image_file *f, wg_wim_tree *tree, const wg_image_apply_item *items,
                       size_t n_items, int dirfd, const wg_image_apply_options *opt,
                       wg_image_apply_result *out, wg_error *err) {
  WG_AUTO(wg_apply_run) r = {.f = f, .tree = tree, .dirfd = dirfd, .opt = opt};
  wg_arena_init(&r.arena, wg_heap(), (size_t)2 << 30);
  // Links last: nothing can then be written through one.
  if (wg_apply_plan(&r, items, n_items, err) != WG_OK ||
      apply_all(&r, WG_APPLY_DIR, err) != WG_OK || apply_all(&r, WG_APPLY_FILE, err) != WG_OK ||
      wg_apply_files(&r, err) != WG_OK || apply_all(&r, WG_APPLY_HARD_LINK, err) != WG_OK ||
      apply_all(&r, WG_APPLY_SYMLINK, err) != WG_OK || apply_dir_times(&r, err) != WG_OK) {
    return err->code;
  }
  for (size_t i = 0; i < r.n_files; i++) {
    r.res.n_bytes += f->wim.blobs[r.nodes[r.files[i]].blob].orig_bytes;
  }
  *out = r.res;
  return WG_OK;
}
