#include <string.h>

#include "image/winpath.h"
#include "image/worker.h"

static wg_code stage_parents(int root_fd, const wg_winpath *p, size_t n, wg_arena *arena,
                             wg_error *err) {
  WG_AUTO(wg_buf) b = {0};
  wg_buf_init(&b, arena->alloc, 0);
  for (size_t i = 0; i < n; i++) {
    wg_buf_printf(&b, "%s%.*s", i > 0 ? "/" : "", (int)p->names[i].n, p->names[i].p);
  }
  return n == 0 ? WG_OK : wg_os_mkdirs(root_fd, wg_buf_z(&b), 0755, err);
}

static wg_code stage_file(int root_fd, const wg_image_change *c, const wg_winpath *p,
                          const wg_image_options *opt, wg_arena *arena, wg_image_result *res,
                          wg_error *err) {
  if (stage_parents(root_fd, p, p->n_names - 1, arena, err) != WG_OK) {
    return err->code;
  }
  char *rel = wg_winpath_text(p, arena);
  for (char *q = rel; *q != '\0'; q++) {
    *q = *q == '\\' ? '/' : *q;
  }
  WG_AUTO(wg_fd) in = -1;
  WG_AUTO(wg_fd) to = -1;
  uint64_t n = 0;
  if (wg_os_open_read(WG_CWD, c->from, &in, err) != WG_OK ||
      wg_os_create_new(root_fd, rel + 1, 0644, &to, err) != WG_OK ||
      wg_os_copy_fd(in, to, opt->cancel, &n, err) != WG_OK ||
      wg_os_set_mtime(root_fd, rel + 1, opt->time_s * 1000000000, err) != WG_OK) {
    return err->code;
  }
  res->n_files++;
  res->added_bytes += n;
  return WG_OK;
}

static wg_code stage_all(const wg_image_job *job, const char *dir, wg_image_result *res,
                         wg_error *err) {
  WG_AUTO(wg_arena) arena = {0};
  wg_arena_init(&arena, wg_heap(), 0);
  WG_AUTO(wg_fd) root = -1;
  if (wg_os_open_dir(WG_CWD, dir, &root, err) != WG_OK) {
    return err->code;
  }
  for (size_t i = 0; i < job->n_changes; i++) {
    const wg_image_change *c = &job->changes[i];
    wg_winpath p;
    if (wg_winpath_parse(c->to, &arena, &p, err) != WG_OK) {
      return wg_wrap(err, "'%s'", c->to);
    }
    if (c->op == WG_IMAGE_PUT_FILE && p.n_names == 0) {
      return wg_fail(err, WG_E_CONFLICT, "'%s' is a folder; name the file", c->to);
    }
    wg_code code = c->op == WG_IMAGE_PUT_DIR ? stage_parents(root, &p, p.n_names, &arena, err)
                                             : stage_file(root, c, &p, &job->opt, &arena, res, err);
    if (code != WG_OK) {
      return wg_wrap(err, "'%s'", c->to);
    }
  }
  return WG_OK;
}

wg_code wg_image_do(const wg_image_job *job, wg_image_result *out, wg_error *err) {
  wg_image_result res = {.image_index = 1, .n_images = 1};
  if (job->base.kind == WG_IMAGE_BASE_WIM &&
      wg_libwim_find_image(&job->base, &res.image_index, &res.n_images, err) != WG_OK) {
    return err->code;
  }
  WG_AUTO(wg_cstr) stage = NULL;
  if (wg_os_mkdtemp(job->opt.tmp_dir, "stage-", &stage, err) != WG_OK) {
    return err->code;
  }
  wg_code code = stage_all(job, stage, &res, err);
  if (code == WG_OK) {
    code = wg_libwim_build(job, res.image_index, stage, err);
  }
  wg_error ignored = WG_ERROR_INIT;
  (void)wg_os_rmtree(WG_CWD, stage, &ignored);
  if (code == WG_OK) {
    *out = res;
  }
  return code;
}

wg_code wg_image_write(const wg_image_base *base, const wg_image_change *changes, size_t n_changes,
                       const wg_image_options *opt, wg_image_result *out, wg_error *err) {
  wg_image_job job = {.base = *base, .changes = changes, .n_changes = n_changes, .opt = *opt};
  wg_stat st;
  if (wg_os_exists(WG_CWD, opt->out_path)) {
    return wg_fail(err, WG_E_CONFLICT, "'%s' exists already", opt->out_path);
  }
  wg_image_result res = {0};
  wg_code code =
      opt->in_process ? wg_image_do(&job, &res, err) : wg_image_worker_call(&job, &res, err);
  if (code == WG_OK) {
    code = wg_os_stat(WG_CWD, opt->out_path, true, &st, err);
  }
  if (code != WG_OK) {
    wg_error ignored = WG_ERROR_INIT;
    (void)wg_os_unlink(WG_CWD, opt->out_path, &ignored);
    return code;
  }
  res.out_bytes = st.size_bytes;
  *out = res;
  return WG_OK;
}
