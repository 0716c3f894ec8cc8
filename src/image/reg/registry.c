// SPDX-License-Identifier: Apache-2.0
#include "image/reg/registry.h"

#include <string.h>

#include "image/reg/apply.h"
#include "image/reg/hivefile.h"

void wg_reg_result_done(wg_reg_result *r) {
  for (size_t i = 0; i < r->n_files; i++) {
    wg_xfree(r->files[i].to);
    wg_xfree(r->files[i].staged);
  }
  for (size_t i = 0; i < r->n_warnings; i++) {
    wg_xfree(r->warnings[i]);
  }
  wg_xfree(r->files);
  wg_xfree(r->warnings);
  *r = (wg_reg_result){0};
}

static wg_code registry_stage(const wg_reg_options *opt, const char *to, const void *p, size_t n,
                              bool is_log, wg_reg_result *out, wg_error *err) {
  WG_AUTO(wg_cstr) staged = wg_xprintf("%s/hive-%zu", opt->tmp_dir, out->n_files);
  if (wg_os_write_file(WG_CWD, staged, p, n, 0600, false, err) != WG_OK) {
    return err->code;
  }
  wg_vec_push(&out->files, &out->n_files, &out->cap_files) =
      (wg_reg_hive_result){.to = wg_xstrdup(to), .staged = wg_take(&staged), .is_log = is_log};
  return WG_OK;
}

// Logs beside a hive that was rewritten are emptied in the same change.
static wg_code registry_empty_logs(const wg_reg_target *t, const wg_reg_options *opt,
                                   const wg_reg_hive *h, wg_reg_result *out, wg_error *err) {
  for (size_t i = 0; i < WG_HIVE_N_LOG_ENDS; i++) {
    WG_AUTO(wg_cstr) path = wg_xprintf("%s%s", h->file, wg_hive_log_ends[i]);
    WG_AUTO(wg_buf) log = {0};
    wg_buf_init(&log, wg_heap(), WG_REG_MAX_HIVE_BYTES);
    wg_error none = WG_ERROR_INIT; // most hives have no such log
    wg_code code = t->source.read(t->source.ctx, path, WG_REG_MAX_HIVE_BYTES, &log, &none);
    if (code == WG_E_NOT_FOUND || (code == WG_OK && log.n == 0)) {
      continue;
    }
    if (code != WG_OK) {
      *err = none;
      return code;
    }
    if (registry_stage(opt, path, "", 0, true, out, err) != WG_OK) {
      return err->code;
    }
  }
  return WG_OK;
}

static wg_code registry_finish_hive(const wg_reg_target *t, const wg_reg_options *opt,
                                    wg_reg_hive *h, wg_reg_result *out, wg_error *err) {
  WG_AUTO(wg_buf) bytes = {0};
  wg_str written = {0};
  wg_buf_init(&bytes, wg_heap(), 2 * WG_REG_MAX_HIVE_BYTES);
  if (wg_reg_write(t, h, &h->bytes, &bytes, &written, err) != WG_OK ||
      registry_stage(opt, h->file, written.p, written.n, false, out, err) != WG_OK) {
    return err->code;
  }
  return registry_empty_logs(t, opt, h, out, err);
}

void wg_reg_take_result(wg_reg_target *t, wg_reg_result *out) {
  out->n_set = t->n_set;
  out->n_keys_made = t->n_keys_made;
  out->n_absent = t->n_absent;
  out->n_values_deleted = t->n_values_deleted;
  out->n_keys_deleted = t->n_keys_deleted;
  out->n_deleted = t->n_values_deleted + t->n_keys_deleted;
  out->warnings = t->warnings;
  out->n_warnings = t->n_warnings;
  out->cap_warnings = t->cap_warnings;
  t->warnings = NULL;
  t->n_warnings = t->cap_warnings = 0;
}

wg_code wg_reg_run(wg_reg_source source, const wg_reg_edit *edits, size_t n_edits,
                   const wg_reg_options *opt, wg_reg_result *out, wg_error *err) {
  WG_AUTO(wg_reg_target)
  t = {.source = source,
       .filetime = wg_filetime_of(opt->time_s),
       .maps = opt->maps,
       .n_maps = opt->n_maps,
       .must_exist = opt->must_exist};
  *out = (wg_reg_result){0};
  if (wg_reg_apply(&t, edits, n_edits, err) != WG_OK) {
    return err->code;
  }
  for (size_t i = 0; i < t.n_hives; i++) {
    if (t.hives[i].changed && registry_finish_hive(&t, opt, &t.hives[i], out, err) != WG_OK) {
      return err->code;
    }
  }
  wg_reg_take_result(&t, out);
  return WG_OK;
}

wg_code wg_reg_try(wg_reg_source source, const wg_reg_edit *edits, size_t n_edits,
                   void (*refused)(void *ctx, const wg_reg_edit *e, const char *text), void *ctx,
                   wg_error *err) {
  WG_AUTO(wg_reg_target) t = {.source = source, .refused = refused, .refused_ctx = ctx};
  return wg_reg_apply(&t, edits, n_edits, err);
}

void wg_image_hive_done(wg_image_hive *h) {
  wg_hive_free(h->hive);
  wg_buf_done(&h->bytes);
  wg_xfree(h->path);
  *h = (wg_image_hive){0};
}

wg_code wg_reg_open(wg_reg_source source, const char *key, bool force_dirty, const wg_reg_map *maps,
                    size_t n_maps, wg_image_hive *out, wg_error *err) {
  WG_AUTO(wg_reg_target)
  t = {.source = source,
       .force_dirty = force_dirty,
       .reads_only = true,
       .maps = maps,
       .n_maps = n_maps};
  wg_reg_hive *h = NULL;
  char *path = NULL;
  if (wg_reg_resolve(&t, key, false, false, "", &h, &path, err) != WG_OK) {
    return err->code;
  }
  wg_assert(h != NULL);
  *out = (wg_image_hive){.file = h->file,
                         .prefix = wg_hive_facts_of(h->id)->prefix,
                         .bytes = h->bytes,
                         .hive = h->hive,
                         .path = path,
                         .replay = h->replay};
  h->bytes = (wg_buf){0};
  h->hive = NULL;
  return WG_OK;
}
