// SPDX-License-Identifier: Apache-2.0
// A hive file and a hive of an image, read and edited by the same words.
#include <string.h>

#include "base/human.h"
#include "cli/reg/reg.h"
#include "image/tree/registry.h"
#include "image/write/hives.h"

bool wg_reg_in_image(const char *arg) {
  WG_AUTO(wg_spec) s = {0};
  wg_error err = WG_ERROR_INIT;
  return wg_spec_parse(arg, &s, &err) == WG_OK &&
         (s.kind == WG_SPEC_WIM || s.kind == WG_SPEC_FOLDER);
}

void wg_reg_subject_done(wg_reg_subject *s) {
  wg_spec_done(&s->spec);
  wg_hivefile_done(&s->file);
  wg_image_hive_done(&s->image);
  wg_xfree(wg_take(&s->key));
}

static wg_code subject_open_image(wg_reg_subject *s, const char *key, bool force_dirty,
                                  const wg_reg_maps *maps, wg_error *err) {
  WG_AUTO_PTR(wg_image_reader) reader = NULL;
  wg_image_base base = {.kind = s->spec.kind == WG_SPEC_WIM ? WG_IMAGE_BASE_WIM : WG_IMAGE_BASE_DIR,
                        .path = s->spec.path,
                        .image = s->spec.image};
  if (key == NULL) {
    return wg_fail(err, WG_E_USAGE,
                   "'%s' has many hives: name a key by its full path, such as HKLM\\SOFTWARE",
                   s->spec.path);
  }
  if (wg_image_reader_open(&base, &reader, err) != WG_OK) {
    return err->code;
  }
  if (wg_image_hive_open(reader, key, force_dirty, maps->v, maps->n, &s->image, err) != WG_OK) {
    return wg_wrap(err, "'%s'", s->spec.path);
  }
  s->hive = s->image.hive;
  s->label = s->image.file;
  s->key = wg_xstrdup(s->image.path);
  s->prefix = s->image.prefix;
  s->n_file_bytes = s->image.bytes.n;
  s->replay = s->image.replay;
  return WG_OK;
}

static const char *subject_prefix(const wg_cli *c, const char *arg) {
  const char *given = wg_cli_value(c, "prefix");
  return given != NULL ? given : wg_hive_prefix_of(arg);
}

static wg_code subject_open_file(const wg_cli *c, wg_reg_subject *s, const char *arg,
                                 const char *key, bool force_dirty, const wg_reg_maps *maps,
                                 wg_error *err) {
  WG_AUTO(wg_reg_target) t = {.maps = maps->v, .n_maps = maps->n};
  wg_reg_hive *h = NULL;
  if (wg_hivefile_open(arg, force_dirty, false, &s->file, err) != WG_OK) {
    return err->code;
  }
  s->hive = s->file.hive;
  s->n_file_bytes = s->file.bytes.n;
  s->replay = s->file.replay;
  wg_reg_target_hive(&t, s->hive, arg, subject_prefix(c, arg));
  s->prefix = t.prefix;
  return wg_reg_resolve(&t, key == NULL ? "" : key, false, false, "", &h, &s->key, err);
}

wg_code wg_reg_subject_open(const wg_cli *c, const char *arg, const char *key,
                            const wg_reg_maps *maps, wg_reg_subject *out, wg_error *err) {
  WG_AUTO(wg_reg_subject) s = {.arg = arg, .in_image = wg_reg_in_image(arg), .label = arg};
  bool force_dirty = wg_cli_has(c, "force-dirty");
  if (s.in_image) {
    if (wg_spec_parse(arg, &s.spec, err) != WG_OK ||
        subject_open_image(&s, key, force_dirty, maps, err) != WG_OK) {
      return err->code;
    }
  } else if (subject_open_file(c, &s, arg, key, force_dirty, maps, err) != WG_OK) {
    return err->code;
  }
  *out = s;
  s = (wg_reg_subject){0};
  return WG_OK;
}

wg_code wg_reg_subject_absent(const wg_reg_subject *s, const wg_regkey *k, const char *name,
                              wg_error *err) {
  wg_code code = k == NULL ? wg_reg_no_key(s->hive, s->label, s->key, err)
                           : wg_reg_no_value(k, s->label, name, err);
  return s->in_image ? wg_wrap(err, "'%s'", s->arg) : code;
}

static void subject_note_replay(const wg_cli *c, const char *label, const wg_hive_replay *r) {
  if (r->n > 0) {
    wg_note(c, "'%s' was dirty: %u log entries replayed", label, r->n);
  }
  if (r->fault[0] != '\0') {
    wg_note(c, "'%s' is opened as it stands, without its logs: %s", label, r->fault);
  }
}

int wg_reg_subject_of(const wg_cli *c, const char *arg, const char *key, wg_reg_subject *s) {
  wg_error err = WG_ERROR_INIT;
  WG_AUTO(wg_reg_maps) maps = {0};
  int rc = wg_reg_maps_of(c, &maps);
  if (rc != 0) {
    return rc;
  }
  if (wg_reg_subject_open(c, arg, key, &maps, s, &err) != WG_OK) {
    return wg_cli_fail(c, &err);
  }
  subject_note_replay(c, s->label, &s->replay);
  return 0;
}

// --- edits

static wg_code subject_edit_image(const wg_cli *c, const wg_reg_edits *edits,
                                  const wg_reg_maps *maps, bool must_exist, wg_reg_result *out,
                                  wg_error *err) {
  WG_AUTO(wg_spec) spec = {0};
  int64_t now_s = 0;
  if (wg_spec_parse(c->args[0], &spec, err) != WG_OK || wg_reg_now_s(&now_s, err) != WG_OK) {
    return err->code;
  }
  const wg_image_reg_job job = {.spec = &spec,
                                .edits = edits->v,
                                .n_edits = edits->n,
                                .maps = maps->v,
                                .n_maps = maps->n,
                                .out_path = wg_cli_value(c, "out"),
                                .must_exist = must_exist,
                                .time_s = now_s,
                                .threads = wg_os_cpu_count(),
                                .place = wg_cli_place(c),
                                .cancel = c->cancel};
  return wg_image_edit_registry(&job, out, err);
}

static wg_code subject_save(wg_dest *dest, const wg_reg_target *t, wg_buf *own, wg_error *err) {
  WG_AUTO(wg_buf) bytes = {0};
  wg_str written = {0};
  wg_buf_init(&bytes, wg_heap(), 2 * WG_REG_MAX_HIVE_BYTES);
  return wg_reg_write(t, &t->hives[0], own, &bytes, &written, err) == WG_OK
             ? wg_hivefile_save(dest, written.p, written.n, err)
             : err->code;
}

static wg_code subject_edit_file(const wg_cli *c, const wg_reg_edits *edits,
                                 const wg_reg_maps *maps, bool must_exist, wg_reg_result *out,
                                 wg_error *err) {
  WG_AUTO(wg_hivefile) f = {0};
  WG_AUTO(wg_dest) dest = WG_DEST_INIT;
  const char *arg = c->args[0], *to = wg_cli_value(c, "out");
  const wg_inplace_options place = wg_cli_place(c);
  uint64_t now = 0;
  if (wg_reg_now(&now, err) != WG_OK) {
    return err->code;
  }
  // Locked before it is read.
  if (wg_dest_begin(&dest, to != NULL ? to : arg, to != NULL ? WG_DEST_NEW : WG_DEST_EDIT, &place,
                    err) != WG_OK ||
      wg_hivefile_open(arg, wg_cli_has(c, "force-dirty"), true, &f, err) != WG_OK) {
    return err->code;
  }
  subject_note_replay(c, arg, &f.replay);
  dest.mode = f.mode; // secrets of a hive stay what they are
  WG_AUTO(wg_reg_target)
  t = {.filetime = now, .maps = maps->v, .n_maps = maps->n, .must_exist = must_exist};
  wg_reg_target_hive(&t, f.hive, arg, subject_prefix(c, arg));
  wg_reg_target_inherits(&t);
  if (wg_reg_apply(&t, edits->v, edits->n, err) != WG_OK) {
    return err->code;
  }
  if (subject_save(&dest, &t, &f.bytes, err) != WG_OK) {
    return err->code;
  }
  wg_reg_take_result(&t, out);
  return WG_OK;
}

static int subject_json(const wg_cli *c, const wg_reg_result *done) {
  WG_AUTO(wg_buf) out = {0};
  const char *to = wg_cli_value(c, "out");
  wg_jsonw j;
  wg_buf_init(&out, wg_heap(), 0);
  wg_jsonw_init(&j, &out, 2);
  wg_jsonw_begin_object(&j);
  wg_jsonw_kv_z(&j, "file", to != NULL ? to : c->args[0]);
  wg_jsonw_kv_u64(&j, "values_set", done->n_set);
  wg_jsonw_kv_u64(&j, "keys_made", done->n_keys_made);
  wg_jsonw_kv_u64(&j, "values_deleted", done->n_values_deleted);
  wg_jsonw_kv_u64(&j, "keys_deleted", done->n_keys_deleted);
  wg_jsonw_key_z(&j, "warnings");
  wg_jsonw_begin_array(&j);
  for (size_t i = 0; i < done->n_warnings; i++) {
    wg_jsonw_str_z(&j, done->warnings[i]);
  }
  wg_jsonw_end_array(&j);
  wg_jsonw_end_object(&j);
  return wg_cli_end_json(c, &j, &out);
}

int wg_reg_edit_subject(const wg_cli *c, const wg_reg_edits *edits, bool must_exist) {
  wg_error err = WG_ERROR_INIT;
  WG_AUTO(wg_reg_result) done = {0};
  WG_AUTO(wg_reg_maps) maps = {0};
  int rc = wg_reg_maps_of(c, &maps);
  if (rc != 0) {
    return rc;
  }
  wg_code code = wg_reg_in_image(c->args[0])
                     ? subject_edit_image(c, edits, &maps, must_exist, &done, &err)
                     : subject_edit_file(c, edits, &maps, must_exist, &done, &err);
  if (code != WG_OK) {
    return wg_cli_fail(c, &err);
  }
  for (size_t i = 0; i < done.n_warnings; i++) {
    wg_note(c, "%s", done.warnings[i]);
  }
  WG_AUTO(wg_buf) told = {0};
  wg_buf_init(&told, wg_heap(), 0);
  wg_text_add_count(&told, done.n_set, "value", "values");
  wg_buf_add_z(&told, " set, ");
  wg_text_add_count(&told, done.n_keys_made, "key", "keys");
  wg_buf_add_z(&told, " made, ");
  wg_text_add_count(&told, done.n_values_deleted, "value", "values");
  wg_buf_add_z(&told, " and ");
  wg_text_add_count(&told, done.n_keys_deleted, "key", "keys");
  wg_note(c, "%s deleted", wg_buf_z(&told));
  return c->json ? subject_json(c, &done) : 0;
}
