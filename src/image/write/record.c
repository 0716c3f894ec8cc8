// SPDX-License-Identifier: Apache-2.0
// What the worker tells its parent: progress, and at the end a result or an error.
#include <string.h>

#include "fmt/plan/record.h"
#include "image/write/job.h"

void wg_image_record_progress(const char *stage, uint64_t done, uint64_t total, const char *unit,
                              wg_buf *out) {
  wg_record_begin(out, "progress", wg_str_of(stage));
  wg_record_u64(out, "done", done);
  wg_record_u64(out, "total", total);
  wg_record_z(out, "unit", unit);
  wg_record_end(out);
}

void wg_image_record_error(const wg_error *e, wg_buf *out) {
  wg_record_begin(out, "error", wg_str_of(e->text));
  wg_record_u64(out, "code", e->code);
  wg_record_u64(out, "errno", (uint64_t)(e->saved_errno < 0 ? 0 : e->saved_errno));
  wg_record_flag(out, "has-offset", e->off_bytes != WG_NO_OFFSET);
  wg_record_u64(out, "offset", e->off_bytes != WG_NO_OFFSET ? e->off_bytes : 0);
  wg_record_end(out);
}

// The numbers of a result by name, for both directions.
#define RESULT_MAX_NUMBERS 32
typedef struct result_number {
  const char *name;
  uint64_t *v;
} result_number;

static size_t result_numbers(wg_image_result *r, result_number *out) {
  const result_number all[] = {{"base-bytes", &r->base_bytes},
                               {"out-bytes", &r->out_bytes},
                               {"n-files", &r->n_files},
                               {"n-dirs", &r->n_dirs},
                               {"n-replaced", &r->n_replaced},
                               {"added-bytes", &r->added_bytes},
                               {"stored-bytes", &r->stored_bytes},
                               {"n-dedup", &r->n_dedup},
                               {"dedup-bytes", &r->dedup_bytes},
                               {"kept-bytes", &r->kept_bytes},
                               {"repacked-bytes", &r->repacked_bytes},
                               {"dead-bytes", &r->dead_bytes},
                               {"n-deleted", &r->n_deleted},
                               {"n-renamed", &r->n_renamed}};
  _Static_assert(WG_ARRAY_LEN(all) <= RESULT_MAX_NUMBERS, "room for all numbers");
  memcpy(out, all, sizeof(all));
  return WG_ARRAY_LEN(all);
}

void wg_image_record_result(const wg_image_result *result, wg_buf *out) {
  wg_image_result r = *result;
  result_number numbers[RESULT_MAX_NUMBERS];
  size_t n = result_numbers(&r, numbers);
  for (size_t i = 0; i < r.n_warnings; i++) {
    wg_record_begin(out, "warning", wg_str_of(r.warnings[i]));
    wg_record_end(out);
  }
  for (size_t i = 0; i < r.n_refused; i++) {
    wg_record_begin(out, "refused", wg_str_of(r.refused[i].text));
    wg_record_u64(out, "change", r.refused[i].change);
    wg_record_z(out, "origin", r.refused[i].origin);
    wg_record_end(out);
  }
  for (size_t i = 0; i < r.n_facts; i++) {
    wg_record_begin(out, "fact", wg_str_of(r.facts[i].name));
    wg_record_u64(out, "value", r.facts[i].v);
    wg_record_end(out);
  }
  for (size_t i = 0; i < r.n_folders; i++) {
    wg_record_begin(out, "folder", wg_str_of(r.folders[i].top));
    wg_record_z(out, "below", r.folders[i].below);
    wg_record_u64(out, "bytes", r.folders[i].n_bytes);
    wg_record_u64(out, "added", r.folders[i].n_added);
    wg_record_end(out);
  }
  for (size_t i = 0; i < r.n_rows; i++) {
    wg_record_begin(out, "row", wg_str_of(r.rows[i].table));
    wg_record_list(out, "cell", (const char *const *)r.rows[i].cells, r.rows[i].n_cells);
    wg_record_end(out);
  }
  wg_record_begin(out, "result", WG_STR(""));
  wg_record_u64(out, "image-index", r.image_index);
  wg_record_u64(out, "n-images", r.n_images);
  for (size_t i = 0; i < n; i++) {
    wg_record_u64(out, numbers[i].name, *numbers[i].v);
  }
  wg_record_end(out);
}

// --- reading

static wg_code record_progress(wg_record *r, wg_image_told *told, wg_error *err) {
  uint64_t done = 0, total = 0;
  const char *unit = "";
  const char *stage = wg_arena_strndup(r->arena, r->title.p, r->title.n);
  wg_record_get_u64(r, "done", UINT64_MAX, &done);
  wg_record_get_u64(r, "total", UINT64_MAX, &total);
  wg_record_get_z(r, "unit", &unit);
  if (wg_record_done(r, err) != WG_OK) {
    return err->code;
  }
  if (told->on_progress != NULL && stage != NULL) {
    told->on_progress(told->ctx, stage, done, total, unit);
  }
  return WG_OK;
}

static wg_code record_error(wg_record *r, wg_image_told *told, wg_error *err) {
  uint64_t code = 0, saved_errno = 0, offset = 0;
  bool has_offset = false;
  wg_record_get_u64(r, "code", WG_E_BUG, &code);
  wg_record_get_u64(r, "errno", INT32_MAX, &saved_errno);
  wg_record_get_flag(r, "has-offset", &has_offset);
  wg_record_get_u64(r, "offset", UINT64_MAX, &offset);
  wg_record_need(r, "code", code != WG_OK);
  if (wg_record_done(r, err) != WG_OK) {
    return err->code;
  }
  wg_error_set(&told->error, (wg_code)code, (int)saved_errno, has_offset ? offset : WG_NO_OFFSET,
               "%.*s", WG_STR_ARG(r->title));
  told->has_error = true;
  return WG_OK;
}

static wg_code record_result(wg_record *r, wg_image_told *told, wg_error *err) {
  result_number numbers[RESULT_MAX_NUMBERS];
  size_t n = result_numbers(&told->result, numbers);
  wg_record_get_u32(r, "image-index", &told->result.image_index);
  wg_record_get_u32(r, "n-images", &told->result.n_images);
  for (size_t i = 0; i < n; i++) {
    wg_record_get_u64(r, numbers[i].name, UINT64_MAX, numbers[i].v);
  }
  told->has_result = true;
  return wg_record_done(r, err);
}

static wg_code record_folder(wg_record *r, wg_image_told *told, wg_error *err) {
  uint64_t n_bytes = 0, n_added = 0;
  const char *below = "";
  wg_record_get_z(r, "below", &below);
  wg_record_get_u64(r, "bytes", UINT64_MAX, &n_bytes);
  wg_record_get_u64(r, "added", UINT64_MAX, &n_added);
  if (wg_record_done(r, err) != WG_OK) {
    return err->code;
  }
  wg_image_result_folder(&told->result, r->title, wg_str_of(below), n_bytes, n_added);
  return WG_OK;
}

static wg_code record_fact(wg_record *r, wg_image_told *told, wg_error *err) {
  uint64_t v = 0;
  WG_AUTO(wg_cstr) name = wg_xstrndup(r->title.p, r->title.n);
  wg_record_get_u64(r, "value", UINT64_MAX, &v);
  if (wg_record_done(r, err) != WG_OK) {
    return err->code;
  }
  wg_image_result_fact(&told->result, name, v);
  return WG_OK;
}

static wg_code record_row(wg_record *r, wg_image_told *told, wg_error *err) {
  const char *const *cells = NULL;
  size_t n = 0;
  WG_AUTO(wg_cstr) table = wg_xstrndup(r->title.p, r->title.n);
  wg_record_get_list(r, "cell", &cells, &n);
  if (wg_record_done(r, err) != WG_OK) {
    return err->code;
  }
  wg_image_result_row(&told->result, table, cells, n);
  return WG_OK;
}

static wg_code record_refused(wg_record *r, wg_image_told *told, wg_error *err) {
  uint64_t change = 0;
  const char *origin = NULL;
  WG_AUTO(wg_cstr) text = wg_xstrndup(r->title.p, r->title.n);
  wg_record_get_u64(r, "change", UINT64_MAX, &change);
  wg_record_get_z(r, "origin", &origin);
  if (wg_record_done(r, err) != WG_OK) {
    return err->code;
  }
  wg_image_result_refused(&told->result, change, origin, text);
  return WG_OK;
}

static wg_code record_warning(wg_record *r, wg_image_told *told, wg_error *err) {
  WG_AUTO(wg_cstr) warning = wg_xstrndup(r->title.p, r->title.n);
  wg_image_result_warn(&told->result, warning);
  return wg_record_done(r, err);
}

static wg_code record_read(wg_record *rec, wg_image_told *told, wg_error *err) {
  static const struct {
    const char *kind;
    wg_code (*read)(wg_record *r, wg_image_told *told, wg_error *err);
  } kinds[] = {{"progress", record_progress}, {"error", record_error}, {"result", record_result},
               {"folder", record_folder},     {"fact", record_fact},   {"warning", record_warning},
               {"refused", record_refused},   {"row", record_row}};
  for (size_t i = 0; i < WG_ARRAY_LEN(kinds); i++) {
    if (wg_str_eqz(rec->kind, kinds[i].kind)) {
      return kinds[i].read(rec, told, err);
    }
  }
  return wg_fail(err, WG_E_FORMAT, "the worker wrote a record that is none of ours");
}

wg_code wg_image_record_read(wg_str text, wg_image_told *told, wg_error *err) {
  WG_AUTO(wg_arena) arena = {0};
  wg_arena_init(&arena, wg_heap(), 0);
  wg_reader r = wg_reader_of(text.p, text.n);
  wg_record rec;
  bool any = true;
  while (wg_record_next(&r, &arena, &rec, &any, err) == WG_OK && any) {
    if (record_read(&rec, told, err) != WG_OK) {
      return err->code;
    }
  }
  return any ? err->code : WG_OK;
}
