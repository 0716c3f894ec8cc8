// `wingo reg` on the hives of an image: install.wim:2 and a full key path.
#include <string.h>

#include "cli/reg/reg.h"
#include "image/file/file.h"
#include "image/tree/change.h"
#include "image/write/write.h"

bool wg_reg_in_image(const char *arg) {
  WG_AUTO(wg_spec) s = {0};
  wg_error err = WG_ERROR_INIT;
  return wg_spec_parse(arg, &s, &err) == WG_OK &&
         (s.kind == WG_SPEC_WIM || s.kind == WG_SPEC_FOLDER);
}

void wg_reg_target_done(wg_reg_target *t) {
  wg_spec_done(&t->spec);
  wg_hivefile_done(&t->file);
  wg_image_hive_done(&t->image);
  wg_xfree(wg_take(&t->key));
}

static wg_code target_open_image(wg_reg_target *t, const char *key, bool force_dirty,
                                 wg_error *err) {
  WG_AUTO_PTR(wg_image_reader) reader = NULL;
  wg_image_base base = {.kind = t->spec.kind == WG_SPEC_WIM ? WG_IMAGE_BASE_WIM : WG_IMAGE_BASE_DIR,
                        .path = t->spec.path,
                        .image = t->spec.image};
  if (key == NULL) {
    return wg_fail(err, WG_E_USAGE,
                   "'%s' has many hives: name a key by its full path, such as HKLM\\SOFTWARE",
                   t->spec.path);
  }
  if (wg_image_reader_open(&base, &reader, err) != WG_OK) {
    return err->code;
  }
  if (wg_image_hive_open(reader, key, force_dirty, &t->image, err) != WG_OK) {
    return wg_wrap(err, "'%s'", t->spec.path);
  }
  t->hive = t->image.hive;
  t->label = t->image.file;
  t->key = wg_xstrdup(t->image.path);
  t->prefix = t->image.prefix;
  t->n_file_bytes = t->image.bytes.n;
  t->n_replayed = t->image.n_replayed;
  return WG_OK;
}

wg_code wg_reg_target_open(const char *arg, const char *key, bool force_dirty, wg_reg_target *out,
                           wg_error *err) {
  WG_AUTO(wg_reg_target) t = {.in_image = wg_reg_in_image(arg), .label = arg};
  if (t.in_image) {
    if (wg_spec_parse(arg, &t.spec, err) != WG_OK ||
        target_open_image(&t, key, force_dirty, err) != WG_OK) {
      return err->code;
    }
  } else {
    if (wg_hivefile_open(arg, force_dirty, &t.file, err) != WG_OK) {
      return err->code;
    }
    wg_str below = wg_reg_key_arg(arg, key);
    t.hive = t.file.hive;
    t.key = wg_xstrndup(below.p, below.n);
    t.prefix = wg_hive_prefix_of(arg);
    t.n_file_bytes = t.file.bytes.n;
    t.n_replayed = t.file.n_replayed;
  }
  *out = t;
  t = (wg_reg_target){0};
  return WG_OK;
}

int wg_reg_target_of(const wg_cli *c, const char *arg, const char *key, wg_reg_target *t) {
  wg_error err = WG_ERROR_INIT;
  if (wg_reg_target_open(arg, key, wg_cli_has(c, "force-dirty"), t, &err) != WG_OK) {
    return wg_cli_fail(c, &err);
  }
  if (t->n_replayed > 0) {
    wg_note(c, "'%s' was dirty: %u log entries replayed", t->label, t->n_replayed);
  }
  return 0;
}

// Removes a folder of ours at scope end.
typedef struct temp_folder {
  char *path;
} temp_folder;
static void temp_folder_done(temp_folder *t) {
  wg_error err = WG_ERROR_INIT;
  if (t->path != NULL) {
    (void)!wg_os_rmtree(WG_CWD, t->path, &err);
  }
  wg_xfree(t->path);
}
WG_DEFINE_AUTO(temp_folder, temp_folder_done);

// What the output is like; also refuses to write a WIM over what is none, or is in parts.
static wg_code image_format(const wg_spec *s, bool in_place, wg_image_format *out, wg_error *err) {
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

static wg_code image_write_hives(const wg_cli *c, const wg_image_base *base, const wg_spec *s,
                                 const wg_reg_result *done, wg_image_format format, const char *tmp,
                                 const char *target, wg_error *err) {
  WG_AUTO(wg_image_changes) changes = {0};
  WG_AUTO(wg_image_result) result = {0};
  WG_AUTO(wg_cstr) whole = wg_xprintf("%s/image", tmp);
  WG_AUTO(wg_fd) fd = -1;
  WG_AUTO(wg_cstr) dir = wg_path_dirname(target);
  for (size_t i = 0; i < done->n_files; i++) {
    wg_image_changes_push(&changes, &(wg_image_change){.op = WG_IMAGE_PUT_FILE,
                                                       .to = done->files[i].to,
                                                       .from = done->files[i].staged,
                                                       .flags = WG_IMAGE_PROTECTED_TOO});
  }
  wg_image_options opt = {.out_path = whole,
                          .tmp_dir = tmp,
                          .threads = wg_os_cpu_count(),
                          .time_s = wg_reg_now_s(),
                          .cancel = c->cancel};
  wg_stat st;
  opt.format = format;
  if (wg_image_write(base, changes.v, changes.n, &opt, &result, err) != WG_OK ||
      wg_os_stat(WG_CWD, s->path, true, &st, err) != WG_OK ||
      wg_os_chmod(WG_CWD, whole, st.mode, err) != WG_OK ||
      wg_os_open_read(WG_CWD, whole, &fd, err) != WG_OK || wg_os_fsync(fd, err) != WG_OK ||
      wg_os_rename(WG_CWD, whole, WG_CWD, target, err) != WG_OK) {
    return err->code;
  }
  return wg_os_fsync_dir(WG_CWD, dir, err);
}

wg_code wg_reg_edit_image(const wg_cli *c, const char *arg, const wg_reg_edits *edits,
                          const char *out_path, wg_reg_result *out, wg_error *err) {
  WG_AUTO(wg_spec) s = {0};
  WG_AUTO(temp_folder) tmp = {0};
  WG_AUTO_PTR(wg_image_reader) reader = NULL;
  if (wg_spec_parse(arg, &s, err) != WG_OK) {
    return err->code;
  }
  if (s.kind != WG_SPEC_WIM) {
    return wg_fail(err, WG_E_UNSUPPORTED,
                   "'%s' is a folder: change the hive in it (%s/Windows/System32/config/SOFTWARE)",
                   s.path, s.path);
  }
  if (out_path != NULL && wg_os_exists(WG_CWD, out_path)) {
    return wg_fail(err, WG_E_CONFLICT, "'%s' is there already", out_path);
  }
  // A link stays a link: what it leads to is replaced.
  WG_AUTO(wg_cstr) real = NULL;
  if (out_path == NULL && wg_os_realpath(s.path, &real, err) != WG_OK) {
    return err->code;
  }
  wg_image_format format = WG_IMAGE_FORMAT_WIM;
  if (image_format(&s, out_path == NULL, &format, err) != WG_OK) {
    return err->code;
  }
  const char *target = out_path != NULL ? out_path : real;
  WG_AUTO(wg_cstr) dir = wg_path_dirname(target);
  wg_image_base base = {.kind = WG_IMAGE_BASE_WIM, .path = s.path, .image = s.image};
  if (wg_os_mkdtemp(dir, ".wingo-reg-", &tmp.path, err) != WG_OK) {
    return err->code;
  }
  wg_reg_options opt = {.tmp_dir = tmp.path, .time_s = wg_reg_now_s()};
  if (wg_image_reader_open(&base, &reader, err) != WG_OK ||
      wg_image_registry(reader, edits->v, edits->n, &opt, out, err) != WG_OK) {
    return err->code;
  }
  for (size_t i = 0; i < out->n_warnings; i++) {
    wg_note(c, "%s", out->warnings[i]);
  }
  if (out->n_files == 0 && out_path == NULL) {
    return WG_OK;
  }
  return image_write_hives(c, &base, &s, out, format, tmp.path, target, err);
}
