// SPDX-License-Identifier: Apache-2.0
#include "image/write/hives.h"

#include "image/file/file.h"
#include "image/reg/apply.h"
#include "image/tree/change.h"
#include "image/write/write.h"
#include "os/temp.h"

// Removes a folder of ours at scope end.
typedef struct temp_folder {
  char *path;
  wg_fd fd; // in use as long as it is open
} temp_folder;
static void temp_folder_done(temp_folder *t) {
  wg_error err = WG_ERROR_INIT;
  if (t->path != NULL) {
    (void)!wg_os_rmtree(WG_CWD, t->path, &err);
  }
  wg_fd_done(&t->fd);
  wg_xfree(t->path);
}
WG_DEFINE_AUTO(temp_folder, temp_folder_done);

// What the output is like; also refuses to write a WIM over what is none, or is in parts.
static wg_code hives_format(const wg_spec *s, bool in_place, wg_image_format *out, wg_error *err) {
  WG_AUTO(wg_image_file) f = WG_IMAGE_FILE_INIT;
  if (wg_image_file_open(&f, s->path, err) != WG_OK) {
    return err->code;
  }
  if (in_place && (s->disc || f.wim.hdr.n_parts > 1)) {
    return wg_fail(err, WG_E_UNSUPPORTED,
                   "'%s' is %s, which is not changed in place: give --out NEW.wim", s->path,
                   s->disc ? "a disc image" : "a part of a split image");
  }
  *out = f.wim.n_solids > 0 ? WG_IMAGE_FORMAT_ESD : WG_IMAGE_FORMAT_WIM;
  return WG_OK;
}

static wg_code hives_write(const wg_image_reg_job *job, const wg_image_base *base,
                           const wg_reg_result *done, wg_image_format format, const char *tmp,
                           wg_dest *dest, wg_error *err) {
  WG_AUTO(wg_image_changes) changes = {0};
  WG_AUTO(wg_image_result) result = {0};
  WG_AUTO(wg_cstr) whole = wg_xprintf("%s/image", tmp);
  for (size_t i = 0; i < done->n_files; i++) {
    wg_image_changes_push(&changes, &(wg_image_change){.op = WG_IMAGE_PUT_FILE,
                                                       .to = done->files[i].to,
                                                       .from = done->files[i].staged,
                                                       .flags = WG_IMAGE_PROTECTED_TOO});
  }
  wg_image_options opt = {.out_path = whole,
                          .shown = dest->path,
                          .format = format,
                          .tmp_dir = tmp,
                          .threads = job->threads,
                          .time_s = job->time_s,
                          .cancel = job->cancel};
  return wg_image_write(base, changes.v, changes.n, &opt, &result, err) == WG_OK
             ? wg_dest_commit(dest, whole, err)
             : err->code;
}

static wg_code hives_check(const wg_image_reg_job *job, wg_error *err) {
  if (job->spec->kind != WG_SPEC_WIM) {
    return wg_fail(err, WG_E_UNSUPPORTED,
                   "'%s' is a folder: change the hive in it (%s/Windows/System32/config/SOFTWARE)",
                   job->spec->path, job->spec->path);
  }
  return WG_OK;
}

wg_code wg_image_edit_registry(const wg_image_reg_job *job, wg_reg_result *out, wg_error *err) {
  const wg_spec *s = job->spec;
  WG_AUTO(temp_folder) tmp = {.fd = -1};
  WG_AUTO_PTR(wg_image_reader) reader = NULL;
  WG_AUTO(wg_dest) dest = WG_DEST_INIT;
  const char *out_path = job->out_path != NULL ? job->out_path : s->path;
  wg_image_format format = WG_IMAGE_FORMAT_WIM;
  if (hives_check(job, err) != WG_OK ||
      wg_dest_begin(&dest, out_path, job->out_path != NULL ? WG_DEST_NEW : WG_DEST_EDIT,
                    &job->place, err) != WG_OK ||
      hives_format(s, job->out_path == NULL, &format, err) != WG_OK) {
    return err->code;
  }
  WG_AUTO(wg_cstr) dir = wg_path_dirname(dest.path);
  wg_image_base base = {.kind = WG_IMAGE_BASE_WIM, .path = s->path, .image = s->image};
  if (wg_os_temp_dir(dir, &tmp.path, &tmp.fd, err) != WG_OK) {
    return err->code;
  }
  wg_reg_options opt = {.tmp_dir = tmp.path,
                        .time_s = job->time_s,
                        .maps = job->maps,
                        .n_maps = job->n_maps,
                        .must_exist = job->must_exist};
  if (wg_image_reader_open(&base, &reader, err) != WG_OK ||
      wg_image_registry(reader, job->edits, job->n_edits, &opt, out, err) != WG_OK) {
    return err->code == WG_E_NOT_FOUND && reader != NULL
               ? wg_wrap(err, "'%s%s%s'", s->path, s->image != NULL ? ":" : "",
                         s->image != NULL ? s->image : "")
               : wg_os_name_output(err, dest.path);
  }
  if (out->n_files == 0 && job->out_path == NULL) {
    return WG_OK;
  }
  return hives_write(job, &base, out, format, tmp.path, &dest, err);
}
