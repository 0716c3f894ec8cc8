// What libwim does for us. It keeps process-wide state, so this runs in a worker of its own.
#include <string.h>

#include <wimlib.h>

#include "image/job.h"

typedef WIMStruct *libwim;
static void libwim_done(libwim *w) {
  wimlib_free(*w); // NULL-safe
}
WG_DEFINE_AUTO(libwim, libwim_done);

typedef struct libwim_progress {
  const wg_image_options *opt;
  bool canceled;
} libwim_progress;

static enum wimlib_progress_status libwim_on_progress(enum wimlib_progress_msg msg,
                                                      union wimlib_progress_info *info, void *ctx) {
  libwim_progress *p = ctx;
  if (wg_canceled(p->opt->cancel)) {
    p->canceled = true;
    return WIMLIB_PROGRESS_STATUS_ABORT;
  }
  if (msg == WIMLIB_PROGRESS_MSG_WRITE_STREAMS && p->opt->on_progress != NULL) {
    p->opt->on_progress(p->opt->ctx, "write", info->write_streams.completed_bytes,
                        info->write_streams.total_bytes, "bytes");
  }
  return WIMLIB_PROGRESS_STATUS_CONTINUE;
}

static wg_code libwim_code(int rc) {
  switch (rc) {
  case WIMLIB_ERR_NOMEM:
    return WG_E_NOMEM;
  case WIMLIB_ERR_OPEN:
  case WIMLIB_ERR_READ:
  case WIMLIB_ERR_WRITE:
  case WIMLIB_ERR_STAT:
  case WIMLIB_ERR_OPENDIR:
  case WIMLIB_ERR_READLINK:
    return WG_E_IO;
  case WIMLIB_ERR_IS_DIRECTORY:
  case WIMLIB_ERR_NOTDIR:
    return WG_E_CONFLICT;
  case WIMLIB_ERR_WIM_IS_ENCRYPTED:
  case WIMLIB_ERR_IS_SPLIT_WIM:
  case WIMLIB_ERR_UNSUPPORTED:
  case WIMLIB_ERR_UNSUPPORTED_FILE:
  case WIMLIB_ERR_UNKNOWN_VERSION:
    return WG_E_UNSUPPORTED;
  default:
    return WG_E_FORMAT;
  }
}

static wg_code libwim_fail(int rc, wg_error *err, const char *what) {
  wg_error_set(err, libwim_code(rc), 0, WG_NO_OFFSET, "%s: libwim: %s", what,
               wimlib_get_error_string((enum wimlib_error_code)rc));
  return err->code;
}

static wg_code libwim_start(wg_error *err) {
  int rc =
      wimlib_global_init(WIMLIB_INIT_FLAG_ASSUME_UTF8 | WIMLIB_INIT_FLAG_DEFAULT_CASE_INSENSITIVE);
  return rc == 0 ? WG_OK : libwim_fail(rc, err, "start");
}

static wg_code libwim_open(const wg_image_base *base, libwim_progress *p, WIMStruct **out,
                           wg_error *err) {
  if (libwim_start(err) != WG_OK) {
    return err->code;
  }
  int rc = wimlib_open_wim_with_progress(base->path, WIMLIB_OPEN_FLAG_ERROR_IF_SPLIT, out,
                                         p == NULL ? NULL : libwim_on_progress, p);
  return rc == 0 ? WG_OK : libwim_fail(rc, err, base->path);
}

static wg_code libwim_list(WIMStruct *wim, uint32_t n, const char *wanted, wg_error *err) {
  WG_AUTO(wg_buf) b = {0};
  wg_buf_init(&b, wg_heap(), 0);
  for (uint32_t i = 1; i <= n; i++) {
    wg_buf_printf(&b, "%s%u '%s'", i > 1 ? ", " : "", i, wimlib_get_image_name(wim, (int)i));
  }
  return wg_fail(err, WG_E_NOT_FOUND, "there is no image '%s'; there is %s", wanted, wg_buf_z(&b));
}

wg_code wg_libwim_find_image(const wg_image_base *base, uint32_t *out_image, uint32_t *out_n,
                             wg_error *err) {
  WG_AUTO(libwim) wim = NULL;
  if (libwim_open(base, NULL, &wim, err) != WG_OK) {
    return err->code;
  }
  struct wimlib_wim_info info;
  memset(&info, 0, sizeof(info));
  (void)wimlib_get_wim_info(wim, &info);
  if (base->image == NULL && info.image_count != 1) {
    return libwim_list(wim, info.image_count, "", err);
  }
  int image = base->image == NULL ? 1 : wimlib_resolve_image(wim, base->image);
  if (image <= 0) {
    return libwim_list(wim, info.image_count, base->image, err);
  }
  *out_image = (uint32_t)image;
  *out_n = info.image_count;
  return WG_OK;
}

static wg_code libwim_open_base(const wg_image_job *job, libwim_progress *p, WIMStruct **out,
                                wg_error *err) {
  if (job->base.kind == WG_IMAGE_BASE_WIM) {
    return libwim_open(&job->base, p, out, err);
  }
  if (libwim_start(err) != WG_OK) {
    return err->code;
  }
  int rc = wimlib_create_new_wim(WIMLIB_COMPRESSION_TYPE_LZX, out);
  if (rc == 0) {
    wimlib_register_progress_function(*out, libwim_on_progress, p);
    rc = wimlib_add_image(*out, job->base.path, job->opt.name, NULL,
                          WIMLIB_ADD_FLAG_NORPFIX | WIMLIB_ADD_FLAG_NO_UNSUPPORTED_EXCLUDE);
  }
  if (p->canceled) {
    return wg_cancel_check(job->opt.cancel, err);
  }
  return rc == 0 ? WG_OK : libwim_fail(rc, err, job->base.path);
}

wg_code wg_libwim_build(const wg_image_job *job, uint32_t image, const char *stage_dir,
                        wg_error *err) {
  libwim_progress p = {.opt = &job->opt};
  WG_AUTO(libwim) wim = NULL;
  if (libwim_open_base(job, &p, &wim, err) != WG_OK) {
    return err->code;
  }
  int rc = wimlib_add_tree(wim, (int)image, stage_dir, WIMLIB_WIM_ROOT_PATH,
                           WIMLIB_ADD_FLAG_NORPFIX | WIMLIB_ADD_FLAG_NO_UNSUPPORTED_EXCLUDE);
  if (rc == 0) {
    rc = wimlib_set_output_compression_type(wim, WIMLIB_COMPRESSION_TYPE_LZX);
  }
  if (rc == 0) {
    rc = wimlib_set_output_chunk_size(wim, 32768);
  }
  if (rc == 0) {
    rc = wimlib_write(wim, job->opt.out_path, WIMLIB_ALL_IMAGES,
                      WIMLIB_WRITE_FLAG_RETAIN_GUID | WIMLIB_WRITE_FLAG_REBUILD,
                      job->opt.threads == 0 ? 1 : job->opt.threads);
  }
  if (p.canceled) {
    return wg_cancel_check(job->opt.cancel, err);
  }
  return rc == 0 ? WG_OK : libwim_fail(rc, err, job->opt.out_path);
}
