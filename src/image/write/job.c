#include "image/write/job.h"

#include <jansson.h>
#include <string.h>

typedef json_t *job_json;
static void job_json_done(job_json *j) {
  json_decref(*j);
}
WG_DEFINE_AUTO(job_json, job_json_done);

// A host path as hex text, null for NULL.
static json_t *job_hex(const char *s) {
  if (s == NULL) {
    return json_null();
  }
  WG_AUTO(wg_buf) b = {0};
  wg_buf_init(&b, wg_heap(), 0);
  wg_buf_add_hex(&b, s, strlen(s));
  return json_string(wg_buf_z(&b));
}

static json_t *job_text(const char *s) {
  return s == NULL ? json_null() : json_string(s);
}

static json_t *job_u64(uint64_t v) {
  return json_integer((json_int_t)(v > INT64_MAX ? INT64_MAX : v));
}

static json_t *job_changes(const wg_image_job *job) {
  json_t *list = json_array();
  for (size_t i = 0; i < job->n_changes; i++) {
    const wg_image_change *c = &job->changes[i];
    json_t *row = json_array();
    (void)json_array_append_new(row, json_integer((json_int_t)c->op));
    (void)json_array_append_new(row, job_hex(c->to));
    (void)json_array_append_new(row, job_hex(c->from));
    (void)json_array_append_new(row, json_integer((json_int_t)c->flags));
    (void)json_array_append_new(row, json_integer((json_int_t)c->attributes));
    (void)json_array_append_new(row, job_hex(c->owner));
    (void)json_array_append_new(row, job_hex(c->sddl));
    (void)json_array_append_new(list, row);
  }
  return list;
}

static int job_add(const char *p, size_t n, void *ctx) {
  wg_buf_add(ctx, p, n);
  return 0;
}

// One line of JSON, heap. Running out of memory ends the program, as everywhere above fmt.
static char *job_dump(const json_t *j) {
  WG_AUTO(wg_buf) b = {0};
  wg_buf_init(&b, wg_heap(), 0);
  (void)json_dump_callback(j, job_add, &b, JSON_COMPACT | JSON_SORT_KEYS);
  return wg_xstrdup(wg_buf_z(&b));
}

wg_code wg_image_job_write(const wg_image_job *job, char **out, wg_error *err) {
  WG_AUTO(job_json) j = json_object();
  (void)json_object_set_new(j, "kind", json_integer((json_int_t)job->base.kind));
  (void)json_object_set_new(j, "base", job_hex(job->base.path));
  (void)json_object_set_new(j, "image", job_hex(job->base.image));
  (void)json_object_set_new(j, "changes", job_changes(job));
  (void)json_object_set_new(j, "out", job_hex(job->opt.out_path));
  (void)json_object_set_new(j, "tmp", job_hex(job->opt.tmp_dir));
  (void)json_object_set_new(j, "name", job_hex(job->opt.name));
  (void)json_object_set_new(j, "arch", job_text(job->opt.arch));
  (void)json_object_set_new(j, "threads", json_integer((json_int_t)job->opt.threads));
  (void)json_object_set_new(j, "memory", job_u64(job->opt.memory_bytes));
  (void)json_object_set_new(j, "time", json_integer((json_int_t)job->opt.time_s));
  (void)json_object_set_new(j, "format", json_integer((json_int_t)job->opt.format));
  (void)json_object_set_new(j, "compact", json_boolean(job->opt.compact));
  (void)json_object_set_new(j, "keep_times", json_boolean(job->opt.keep_times));
  (void)json_object_set_new(j, "ntfs", json_boolean(job->ntfs));
  (void)json_object_set_new(j, "retime", json_boolean(job->opt.retime));
  *out = job_dump(j);
  if ((*out)[0] == '\0') {
    return wg_fail(err, WG_E_LIMIT, "the worker's job is too big");
  }
  return WG_OK;
}

typedef struct job_reader {
  wg_arena *arena;
  bool bad;
} job_reader;

static const char *job_read_hex(job_reader *r, const json_t *v) {
  if (json_is_null(v)) {
    return NULL;
  }
  if (!json_is_string(v) || json_string_length(v) % 2 != 0) {
    r->bad = true;
    return NULL;
  }
  size_t n = json_string_length(v) / 2;
  char *out = wg_arena_get(r->arena, n + 1);
  wg_str hex = {json_string_value(v), json_string_length(v)};
  if (out == NULL || !wg_parse_hex(hex, (uint8_t *)out, n)) {
    r->bad = true;
    return NULL;
  }
  return out;
}

static uint64_t job_read_u64(job_reader *r, const json_t *v) {
  if (!json_is_integer(v) || json_integer_value(v) < 0) {
    r->bad = true;
    return 0;
  }
  return (uint64_t)json_integer_value(v);
}

static void job_read_changes(job_reader *r, const json_t *list, wg_image_job *out) {
  size_t n = json_array_size(list);
  wg_image_change *v = wg_arena_new_array(r->arena, wg_image_change, n);
  if (v == NULL || !json_is_array(list)) {
    r->bad = true;
    return;
  }
  for (size_t i = 0; i < n; i++) {
    const json_t *row = json_array_get(list, i);
    uint64_t op = job_read_u64(r, json_array_get(row, 0));
    uint64_t flags = job_read_u64(r, json_array_get(row, 3));
    uint64_t attributes = job_read_u64(r, json_array_get(row, 4));
    v[i] = (wg_image_change){.op = (wg_image_op)(op & UINT8_MAX),
                             .to = job_read_hex(r, json_array_get(row, 1)),
                             .from = job_read_hex(r, json_array_get(row, 2)),
                             .flags = (unsigned)(flags & UINT16_MAX),
                             .attributes = (uint32_t)(attributes & WG_IMAGE_ATTRIBUTE_MASK),
                             .owner = job_read_hex(r, json_array_get(row, 5)),
                             .sddl = job_read_hex(r, json_array_get(row, 6))};
    bool has_from = v[i].op == WG_IMAGE_PUT_FILE || v[i].op == WG_IMAGE_RENAME;
    r->bad = r->bad || op > WG_IMAGE_SET || v[i].to == NULL || (has_from && v[i].from == NULL);
  }
  out->changes = v;
  out->n_changes = n;
}

wg_code wg_image_job_read(wg_str text, wg_arena *arena, wg_image_job *out, wg_error *err) {
  json_error_t je;
  WG_AUTO(job_json) j = json_loadb(text.p, text.n, JSON_REJECT_DUPLICATES, &je);
  if (j == NULL) {
    return wg_fail(err, WG_E_FORMAT, "the job is not JSON: %s", je.text);
  }
  job_reader r = {.arena = arena};
  wg_image_job job = {0};
  job.base.kind =
      job_read_u64(&r, json_object_get(j, "kind")) == 0 ? WG_IMAGE_BASE_WIM : WG_IMAGE_BASE_DIR;
  job.base.path = job_read_hex(&r, json_object_get(j, "base"));
  job.base.image = job_read_hex(&r, json_object_get(j, "image"));
  job_read_changes(&r, json_object_get(j, "changes"), &job);
  job.opt.out_path = job_read_hex(&r, json_object_get(j, "out"));
  job.opt.tmp_dir = job_read_hex(&r, json_object_get(j, "tmp"));
  job.opt.name = job_read_hex(&r, json_object_get(j, "name"));
  const char *arch = json_string_value(json_object_get(j, "arch"));
  job.opt.arch = arch == NULL ? NULL : wg_arena_strdup(arena, arch);
  job.opt.threads = (unsigned)job_read_u64(&r, json_object_get(j, "threads"));
  job.opt.memory_bytes = job_read_u64(&r, json_object_get(j, "memory"));
  job.opt.time_s = json_integer_value(json_object_get(j, "time"));
  job.opt.format = job_read_u64(&r, json_object_get(j, "format")) == 0 ? WG_IMAGE_FORMAT_WIM
                                                                       : WG_IMAGE_FORMAT_ESD;
  job.opt.compact = json_is_true(json_object_get(j, "compact"));
  job.opt.keep_times = json_is_true(json_object_get(j, "keep_times"));
  job.ntfs = json_is_true(json_object_get(j, "ntfs"));
  job.opt.retime = json_is_true(json_object_get(j, "retime"));
  if (r.bad || job.base.path == NULL || job.opt.out_path == NULL) {
    return wg_fail(err, WG_E_FORMAT, "the job is not one of ours");
  }
  *out = job;
  return WG_OK;
}

static char *job_line(json_t *j) {
  char *line = job_dump(j);
  json_decref(j);
  return line;
}

char *wg_image_record_progress(const char *stage, uint64_t done, uint64_t total, const char *unit) {
  return job_line(json_pack("{ss ss sI sI ss}", "type", "progress", "stage", stage, "done",
                            (json_int_t)done, "total", (json_int_t)total, "unit", unit));
}

// The numbers of a result by name, for both directions.
static size_t result_fields(wg_image_result *r, const char **names, uint64_t **values) {
  const struct {
    const char *name;
    uint64_t *value;
  } fields[] = {{"base_bytes", &r->base_bytes},
                {"out_bytes", &r->out_bytes},
                {"n_files", &r->n_files},
                {"n_dirs", &r->n_dirs},
                {"n_replaced", &r->n_replaced},
                {"added_bytes", &r->added_bytes},
                {"stored_bytes", &r->stored_bytes},
                {"n_dedup", &r->n_dedup},
                {"dedup_bytes", &r->dedup_bytes},
                {"n_deleted", &r->n_deleted},
                {"n_renamed", &r->n_renamed},
                {"kept_bytes", &r->kept_bytes},
                {"repacked_bytes", &r->repacked_bytes},
                {"dead_bytes", &r->dead_bytes}};
  for (size_t i = 0; i < WG_ARRAY_LEN(fields); i++) {
    names[i] = fields[i].name;
    values[i] = fields[i].value;
  }
  return WG_ARRAY_LEN(fields);
}
#define RESULT_MAX_FIELDS 16

char *wg_image_record_result(const wg_image_result *result) {
  wg_image_result r = *result;
  json_t *j = json_pack("{ss sI sI}", "type", "result", "image_index", (json_int_t)r.image_index,
                        "n_images", (json_int_t)r.n_images);
  const char *names[RESULT_MAX_FIELDS];
  uint64_t *values[RESULT_MAX_FIELDS];
  size_t n = result_fields(&r, names, values);
  for (size_t i = 0; i < n; i++) {
    (void)json_object_set_new(j, names[i], job_u64(*values[i]));
  }
  return job_line(j);
}

char *wg_image_record_folder(wg_str line) {
  WG_AUTO(wg_cstr) text = wg_xstrndup(line.p, line.n);
  return job_line(json_pack("{ss so}", "type", "folder", "text", job_hex(text)));
}

char *wg_image_record_warning(const char *text) {
  return job_line(json_pack("{ss so}", "type", "warning", "text", job_hex(text)));
}

char *wg_image_record_error(const wg_error *e) {
  json_t *j = json_object();
  (void)json_object_set_new(j, "type", json_string("error"));
  (void)json_object_set_new(j, "code", json_integer((json_int_t)e->code));
  (void)json_object_set_new(j, "errno", json_integer(e->saved_errno));
  if (e->off_bytes != WG_NO_OFFSET) {
    (void)json_object_set_new(j, "offset", job_u64(e->off_bytes));
  }
  (void)json_object_set_new(j, "text", job_hex(e->text));
  return job_line(j);
}

static void record_copy(char *out, size_t cap, const json_t *v) {
  const char *s = json_string_value(v);
  (void)wg_format(out, cap, "%s", s == NULL ? "" : s);
}

static wg_code record_read_error(const json_t *j, wg_image_record *out, wg_error *err) {
  WG_AUTO(wg_arena) arena = {0};
  wg_arena_init(&arena, wg_heap(), 1 << 20);
  job_reader r = {.arena = &arena};
  const char *text = job_read_hex(&r, json_object_get(j, "text"));
  json_int_t code = json_integer_value(json_object_get(j, "code"));
  if (text == NULL || code <= WG_OK || code > WG_E_BUG) {
    return wg_fail(err, WG_E_FORMAT, "the worker's error record is not one of ours");
  }
  const json_t *off = json_object_get(j, "offset");
  wg_error_set(&out->error, (wg_code)code, (int)json_integer_value(json_object_get(j, "errno")),
               off == NULL ? WG_NO_OFFSET : (uint64_t)json_integer_value(off), "%s", text);
  out->type = WG_IMAGE_RECORD_ERROR;
  return WG_OK;
}

static wg_code record_read_warning(const json_t *j, wg_image_record *out, wg_error *err) {
  WG_AUTO(wg_arena) arena = {0};
  wg_arena_init(&arena, wg_heap(), 1 << 20);
  job_reader r = {.arena = &arena};
  const char *text = job_read_hex(&r, json_object_get(j, "text"));
  if (text == NULL) {
    return wg_fail(err, WG_E_FORMAT, "the worker's warning is not one of ours");
  }
  (void)wg_format(out->warning, sizeof(out->warning), "%s", text);
  out->type = strcmp(json_string_value(json_object_get(j, "type")), "folder") == 0
                  ? WG_IMAGE_RECORD_FOLDER
                  : WG_IMAGE_RECORD_WARNING;
  return WG_OK;
}

wg_code wg_image_record_read(wg_str line, wg_image_record *out, wg_error *err) {
  json_error_t je;
  WG_AUTO(job_json) j = json_loadb(line.p, line.n, 0, &je);
  const char *type = json_string_value(json_object_get(j, "type"));
  if (type == NULL) {
    return wg_fail(err, WG_E_FORMAT, "the worker wrote a line that is no record");
  }
  *out = (wg_image_record){.error = WG_ERROR_INIT};
  if (strcmp(type, "error") == 0) {
    return record_read_error(j, out, err);
  }
  if (strcmp(type, "warning") == 0 || strcmp(type, "folder") == 0) {
    return record_read_warning(j, out, err);
  }
  if (strcmp(type, "progress") == 0) {
    out->type = WG_IMAGE_RECORD_PROGRESS;
    record_copy(out->stage, sizeof(out->stage), json_object_get(j, "stage"));
    record_copy(out->unit, sizeof(out->unit), json_object_get(j, "unit"));
    out->done = (uint64_t)json_integer_value(json_object_get(j, "done"));
    out->total = (uint64_t)json_integer_value(json_object_get(j, "total"));
    return WG_OK;
  }
  out->type = WG_IMAGE_RECORD_RESULT;
  out->result.image_index = (uint32_t)json_integer_value(json_object_get(j, "image_index"));
  out->result.n_images = (uint32_t)json_integer_value(json_object_get(j, "n_images"));
  const char *names[RESULT_MAX_FIELDS];
  uint64_t *values[RESULT_MAX_FIELDS];
  size_t n = result_fields(&out->result, names, values);
  for (size_t i = 0; i < n; i++) {
    *values[i] = (uint64_t)json_integer_value(json_object_get(j, names[i]));
  }
  return WG_OK;
}
