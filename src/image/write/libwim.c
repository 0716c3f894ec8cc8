// SPDX-License-Identifier: Apache-2.0
// What libwim does for us. It keeps process-wide state, so this runs in a worker of its own.
#include <errno.h>
#include <string.h>

#include <wimlib.h>

#include "fmt/meta/meta.h"
#include "image/file/file.h"
#include "image/write/job.h"

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
    p->opt->on_progress(p->opt->ctx, "capture", info->write_streams.completed_bytes,
                        info->write_streams.total_bytes, "bytes");
  }
  if (msg == WIMLIB_PROGRESS_MSG_EXTRACT_STREAMS && p->opt->on_progress != NULL) {
    p->opt->on_progress(p->opt->ctx, "apply", info->extract.completed_bytes,
                        info->extract.total_bytes, "bytes");
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

// What libwim's code means for who ran us, beside its own words.
static const char *libwim_why(int rc) {
  switch (rc) {
  case WIMLIB_ERR_NTFS_3G:
    return "; the NTFS volume is damaged, too small, or in use elsewhere";
  case WIMLIB_ERR_INVALID_UTF8_STRING:
  case WIMLIB_ERR_INVALID_UTF16_STRING:
    return "; a name is no text that the other side can hold";
  case WIMLIB_ERR_UNSUPPORTED_FILE:
    return "; a device, pipe or socket is among the files";
  case WIMLIB_ERR_INVALID_REPARSE_DATA:
  case WIMLIB_ERR_REPARSE_POINT_FIXUP_FAILED:
    return "; a link or junction holds data that is none";
  case WIMLIB_ERR_SET_SECURITY:
    return "; a security descriptor is not one that the volume takes";
  case WIMLIB_ERR_CONCURRENT_MODIFICATION_DETECTED:
    return "; a file changed while it was read: run this again when nothing writes there";
  case WIMLIB_ERR_UNEXPECTED_END_OF_FILE:
    return "; a file became shorter while it was read";
  default:
    return "";
  }
}

// writes: what is written to, named when that is what failed; e: errno as libwim left it.
static wg_code libwim_fail(int rc, int e, wg_error *err, const char *reads, const char *writes) {
  const char *words = wimlib_get_error_string((enum wimlib_error_code)rc);
  bool full = e == ENOSPC || e == EDQUOT || e == EFBIG || e == EROFS;
  if (writes != NULL && e != 0 && (rc == WIMLIB_ERR_WRITE || full)) {
    return wg_fail_errno(err, e, "'%s' can't be written", writes);
  }
  if (writes != NULL && rc == WIMLIB_ERR_WRITE) {
    return wg_fail(err, WG_E_IO, "'%s' can't be written", writes);
  }
  wg_error_set(err, libwim_code(rc), 0, WG_NO_OFFSET, "'%s': libwim: %s%s", reads, words,
               libwim_why(rc));
  return err->code;
}

static wg_code libwim_start(wg_error *err) {
  int rc =
      wimlib_global_init(WIMLIB_INIT_FLAG_ASSUME_UTF8 | WIMLIB_INIT_FLAG_DEFAULT_CASE_INSENSITIVE);
  return rc == 0 ? WG_OK : libwim_fail(rc, 0, err, "start", NULL);
}

static wg_code ntfs_check_volume(const char *path, wg_error *err) {
  WG_AUTO(wg_fd) fd = -1;
  wg_error ignored = WG_ERROR_INIT;
  char head[11] = {0};
  if (wg_os_open_read(WG_CWD, path, &fd, err) != WG_OK) {
    return err->code;
  }
  if (wg_os_pread_exact(fd, head, sizeof(head), 0, &ignored) != WG_OK ||
      memcmp(head + 3, "NTFS    ", 8) != 0) {
    return wg_fail(err, WG_E_CONFLICT,
                   "'%s' holds no NTFS volume; make one: truncate -s 20G FILE; mkntfs -F FILE",
                   path);
  }
  return WG_OK;
}

// The names a person sees, where the tree is a Windows: the registry's ProductName says Windows 10
// on Windows 11 too, and the architecture is not known when ntdll.dll is no program.
static int libwim_names(WIMStruct *wim, const char *arch) {
  static const char ten[] = "Windows 10";
  static const char *const shown[] = {"DISPLAYNAME", "DISPLAYDESCRIPTION"};
  static const struct {
    const char *name, *number;
  } archs[] = {{"386", "0"}, {"arm", "5"}, {"amd64", "9"}, {"arm64", "12"}};
  const char *build = wimlib_get_image_property(wim, 1, "WINDOWS/VERSION/BUILD");
  uint64_t n = 0;
  int rc = 0;
  bool eleven = build != NULL && wg_parse_u64(wg_str_of(build), &n) && n >= 22000;
  for (size_t i = 0; eleven && rc == 0 && i < WG_ARRAY_LEN(shown); i++) {
    const char *was = wimlib_get_image_property(wim, 1, shown[i]);
    if (was != NULL && strncmp(was, ten, sizeof(ten) - 1) == 0) {
      WG_AUTO(wg_cstr) now = wg_xprintf("Windows 11%s", was + sizeof(ten) - 1);
      rc = wimlib_set_image_property(wim, 1, shown[i], now);
    }
  }
  bool is_windows = wimlib_get_image_property(wim, 1, "WINDOWS/VERSION/MAJOR") != NULL;
  for (size_t i = 0; arch != NULL && is_windows && rc == 0 && i < WG_ARRAY_LEN(archs); i++) {
    if (strcmp(archs[i].name, arch) == 0 &&
        wimlib_get_image_property(wim, 1, "WINDOWS/ARCH") == NULL) {
      rc = wimlib_set_image_property(wim, 1, "WINDOWS/ARCH", archs[i].number);
    }
  }
  // The registry says which languages there are; where it says only which one is used, that is one.
  const char *language = wimlib_get_image_property(wim, 1, "WINDOWS/LANGUAGES/DEFAULT");
  if (rc == 0 && language != NULL &&
      wimlib_get_image_property(wim, 1, "WINDOWS/LANGUAGES/LANGUAGE[1]") == NULL) {
    WG_AUTO(wg_cstr) copy = wg_xstrdup(language); // the property is another's memory
    rc = wimlib_set_image_property(wim, 1, "WINDOWS/LANGUAGES/LANGUAGE[1]", copy);
  }
  return rc;
}

wg_code wg_libwim_capture(const wg_image_job *job, const char *out_path, wg_error *err) {
  libwim_progress p = {.opt = &job->opt};
  WG_AUTO(libwim) wim = NULL;
  if (libwim_start(err) != WG_OK) {
    return err->code;
  }
  bool ntfs = job->base.kind == WG_IMAGE_BASE_NTFS;
  if (ntfs && ntfs_check_volume(job->base.path, err) != WG_OK) {
    return err->code;
  }
  WG_AUTO(wg_cstr) config = NULL; // the sidecar is no part of the image
  if (!ntfs) {
    static const char exclude[] = "[ExclusionList]\n/" WG_META_FILE "\n";
    WG_AUTO(wg_cstr) dir = wg_path_dirname(out_path);
    config = wg_path_join(dir, "capture.ini");
    if (wg_os_write_file(WG_CWD, config, exclude, sizeof(exclude) - 1, 0600, false, err) != WG_OK) {
      return err->code;
    }
  }
  // Packed as the output will have it, or not at all.
  int rc =
      wimlib_create_new_wim(job->opt.format == WG_IMAGE_FORMAT_WIM ? WIMLIB_COMPRESSION_TYPE_LZX
                                                                   : WIMLIB_COMPRESSION_TYPE_NONE,
                            &wim);
  if (rc == 0) {
    wimlib_register_progress_function(wim, libwim_on_progress, &p);
    rc = wimlib_add_image(wim, job->base.path, job->opt.name, config,
                          (ntfs ? WIMLIB_ADD_FLAG_NTFS : 0u) | WIMLIB_ADD_FLAG_NORPFIX |
                              WIMLIB_ADD_FLAG_NO_UNSUPPORTED_EXCLUDE);
  }
  if (rc == 0) {
    rc = libwim_names(wim, job->opt.arch);
  }
  errno = 0;
  if (rc == 0) {
    rc = wimlib_write(wim, out_path, WIMLIB_ALL_IMAGES, 0,
                      job->opt.threads == 0 ? 1 : job->opt.threads);
  }
  if (p.canceled) {
    return wg_cancel_check(job->opt.cancel, err);
  }
  return rc == 0 ? WG_OK : libwim_fail(rc, errno, err, job->base.path, out_path);
}

// Which image, that it is sound, and that libwim can open the file by itself; then the other parts
// of a split one.
static wg_code ntfs_look(const wg_image_job *job, wg_arena *arena, uint32_t *out_image,
                         const char *const **out_parts, size_t *out_n, wg_error *err) {
  WG_AUTO(wg_image_file) f = WG_IMAGE_FILE_INIT;
  if (wg_image_file_open_base(&f, &job->base, err) != WG_OK) {
    return err->code;
  }
  if (f.inside != NULL) {
    return wg_fail(err, WG_E_UNSUPPORTED,
                   "'%s' is an ISO; take '%s' out of it first: wingo wim export ISO all FILE.wim",
                   job->base.path, f.inside);
  }
  if (wg_image_file_find(&f, job->base.image, out_image, err) != WG_OK) {
    return wg_wrap(err, "'%s'", job->base.path);
  }
  // libwim drops names that lead elsewhere or stand twice, and says nothing: our reader refuses
  // them.
  WG_AUTO(wg_buf) bytes = {0};
  wg_wim_tree tree;
  wg_buf_init(&bytes, wg_heap(), (size_t)1 << 31);
  if (wg_image_file_tree(&f, *out_image, arena, 0, &bytes, &tree, err) != WG_OK) {
    return err->code;
  }
  return wg_image_base_files(&job->base, arena, out_parts, out_n, err);
}

wg_code wg_libwim_apply_ntfs(const wg_image_job *job, wg_error *err) {
  WG_AUTO(wg_arena) arena = {0};
  libwim_progress p = {.opt = &job->opt};
  const char *const *parts = NULL;
  size_t n_parts = 0;
  uint32_t image = 0;
  wg_arena_init(&arena, wg_heap(), 0);
  if (ntfs_look(job, &arena, &image, &parts, &n_parts, err) != WG_OK ||
      ntfs_check_volume(job->opt.out_path, err) != WG_OK || libwim_start(err) != WG_OK) {
    return err->code;
  }
  wg_assert(parts != NULL && n_parts > 0);
  WG_AUTO(libwim) wim = NULL;
  int rc = wimlib_open_wim_with_progress(parts[0], 0, &wim, libwim_on_progress, &p);
  if (rc == 0 && n_parts > 1) {
    rc = wimlib_reference_resource_files(wim, parts + 1, (unsigned)(n_parts - 1), 0, 0);
  }
  if (rc == 0) {
    rc = wimlib_extract_image(wim, (int)image + 1, job->opt.out_path,
                              WIMLIB_EXTRACT_FLAG_NTFS | WIMLIB_EXTRACT_FLAG_STRICT_ACLS);
  }
  if (p.canceled) {
    return wg_cancel_check(job->opt.cancel, err);
  }
  if (rc == WIMLIB_ERR_UNSUPPORTED) {
    return wg_fail(err, WG_E_UNSUPPORTED, "this libwim was built without NTFS support");
  }
  return rc == 0 ? WG_OK : libwim_fail(rc, errno, err, job->base.path, job->opt.out_path);
}
