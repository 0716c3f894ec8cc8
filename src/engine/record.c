// SPDX-License-Identifier: Apache-2.0
// What is written down about steps: results and discoveries (in the store), last runs (in the
// project).
//
// Little-endian; a string is u32 length, its bytes (no NUL inside), one NUL, so that it can be used
// in place. Each record starts with a name that carries its version: what another version wrote
// counts as absent.
#include <string.h>

#include "engine/int.h"

#define RESULT_MAGIC "wgresult2"
#define DISCOVERY_MAGIC "wgdiscover1"
#define STATE_MAGIC "wgstate1"

#define FLAG_EXEC 1U
#define FLAG_BIG 2U
#define FLAG_ABSENT 1U
#define FACT_TEXT 0U
#define FACT_NUMBER 1U

static void put_str(wg_buf *b, const char *s) {
  size_t n = strlen(s);
  wg_buf_add_le32(b, (uint32_t)n);
  wg_buf_add(b, s, n + 1);
}

static void put_digest(wg_buf *b, const wg_digest *d) {
  wg_buf_add(b, d->b, sizeof(d->b));
}

static void put_pairs(wg_buf *b, const rec_pair *v, size_t n) {
  wg_buf_add_le32(b, (uint32_t)n);
  for (size_t i = 0; i < n; i++) {
    put_str(b, v[i].name);
    put_str(b, v[i].value);
  }
}

static void put_facts(wg_buf *b, const rec_fact *v, size_t n) {
  wg_buf_add_le32(b, (uint32_t)n);
  for (size_t i = 0; i < n; i++) {
    put_str(b, v[i].name);
    wg_buf_add_byte(b, (uint8_t)(v[i].text != NULL ? FACT_TEXT : FACT_NUMBER));
    if (v[i].text != NULL) {
      put_str(b, v[i].text);
    } else {
      wg_buf_add_le64(b, v[i].number);
    }
  }
}

static void put_strs(wg_buf *b, const char *const *v, size_t n) {
  wg_buf_add_le32(b, (uint32_t)n);
  for (size_t i = 0; i < n; i++) {
    put_str(b, v[i]);
  }
}

static void put_inputs(wg_buf *b, const rec_input *v, size_t n) {
  wg_buf_add_le32(b, (uint32_t)n);
  for (size_t i = 0; i < n; i++) {
    put_str(b, v[i].label);
    put_digest(b, &v[i].digest);
  }
}

static void put_tables(wg_buf *b, const wg_table *v, size_t n) {
  wg_buf_add_le32(b, (uint32_t)n);
  for (size_t i = 0; i < n; i++) {
    put_str(b, v[i].name);
    wg_buf_add_le32(b, (uint32_t)v[i].n_texts);
    put_strs(b, v[i].columns, v[i].n_texts + v[i].n_numbers);
    put_strs(b, v[i].texts, v[i].n_rows * v[i].n_texts);
    wg_buf_add_le32(b, (uint32_t)(v[i].n_rows * v[i].n_numbers));
    for (size_t k = 0; k < v[i].n_rows * v[i].n_numbers; k++) {
      wg_buf_add_le64(b, v[i].numbers[k]);
    }
  }
}

void wg_build_put_result(wg_buf *b, const rec_result *r) {
  put_str(b, RESULT_MAGIC);
  wg_buf_add_le64(b, r->duration_ns);
  wg_buf_add_le32(b, (uint32_t)r->n_outputs);
  for (size_t i = 0; i < r->n_outputs; i++) {
    const rec_output *o = &r->outputs[i];
    put_str(b, o->name);
    put_digest(b, &o->digest);
    wg_buf_add_le64(b, o->size_bytes);
    wg_buf_add_byte(b, (uint8_t)((o->is_exec ? FLAG_EXEC : 0) | (o->is_big ? FLAG_BIG : 0)));
  }
  put_facts(b, r->facts, r->n_facts);
  put_strs(b, r->warnings, r->n_warnings);
  if (r->n_tables > 0) { // without them it is as it was before there were any
    put_tables(b, r->tables, r->n_tables);
  }
}

void wg_build_put_discovery(wg_buf *b, const rec_discovery *r) {
  put_str(b, DISCOVERY_MAGIC);
  wg_buf_add_le32(b, (uint32_t)r->note.n);
  wg_buf_add_str(b, r->note);
  wg_buf_add_le32(b, (uint32_t)r->n_obs);
  for (size_t i = 0; i < r->n_obs; i++) {
    const rec_obs *o = &r->obs[i];
    wg_buf_add_byte(b, (uint8_t)o->kind);
    wg_buf_add_byte(b, (uint8_t)(o->seen.absent ? FLAG_ABSENT : 0));
    put_str(b, o->path);
    put_str(b, o->extra);
    put_digest(b, &o->seen.digest);
  }
  put_inputs(b, r->late, r->n_late);
  put_strs(b, r->warnings, r->n_warnings);
}

void wg_build_put_state(wg_buf *b, const rec_state *r) {
  WG_AUTO(wg_buf) body = {0};
  wg_buf_init(&body, wg_heap(), 0);
  put_str(&body, r->kind);
  wg_buf_add_le32(&body, r->kind_version);
  put_pairs(&body, r->params, r->n_params);
  put_inputs(&body, r->inputs, r->n_inputs);
  size_t at = b->n;
  wg_buf_add_z(b, STATE_MAGIC);
  put_digest(b, &r->key);
  wg_buf_add_le64(b, r->duration_ns);
  wg_buf_add_str(b, wg_buf_str(&body));
  wg_digest sum = wg_sha256(b->p + at, b->n - at);
  put_digest(b, &sum);
}

// --- reading

typedef struct rec_reader {
  wg_reader r;
  wg_arena *arena;
} rec_reader;

static bool get_str(rec_reader *r, const char **out) {
  uint32_t n = 0;
  const uint8_t *p = NULL;
  if (!wg_read_le32(&r->r, &n) || !wg_read_bytes(&r->r, (uint64_t)n + 1, &p) || p[n] != 0 ||
      memchr(p, 0, n) != NULL) {
    return false;
  }
  *out = (const char *)p;
  return true;
}

static bool get_digest(rec_reader *r, wg_digest *out) {
  const uint8_t *p = NULL;
  if (!wg_read_bytes(&r->r, sizeof(out->b), &p)) {
    return false;
  }
  memcpy(out->b, p, sizeof(out->b));
  return true;
}

// A count of things that take at least min_bytes each.
static bool get_count(rec_reader *r, uint64_t min_bytes, size_t *out) {
  uint32_t n = 0;
  if (!wg_read_le32(&r->r, &n) || n > wg_reader_left(&r->r) / min_bytes) {
    return false;
  }
  *out = n;
  return true;
}

static bool get_pairs(rec_reader *r, rec_pair **out, size_t *out_n) {
  if (!get_count(r, 10, out_n)) {
    return false;
  }
  *out = wg_build_get(r->arena, *out_n, sizeof(**out));
  for (size_t i = 0; i < *out_n; i++) {
    if (!get_str(r, &(*out)[i].name) || !get_str(r, &(*out)[i].value)) {
      return false;
    }
  }
  return true;
}

static bool get_facts(rec_reader *r, rec_fact **out, size_t *out_n) {
  if (!get_count(r, 11, out_n)) {
    return false;
  }
  *out = wg_build_get(r->arena, *out_n, sizeof(**out));
  for (size_t i = 0; i < *out_n; i++) {
    rec_fact *f = &(*out)[i];
    uint8_t type = 0;
    if (!get_str(r, &f->name) || !wg_read_u8(&r->r, &type) || type > FACT_NUMBER ||
        !(type == FACT_TEXT ? get_str(r, &f->text) : wg_read_le64(&r->r, &f->number))) {
      return false;
    }
  }
  return true;
}

static bool get_strs(rec_reader *r, const char ***out, size_t *out_n) {
  if (!get_count(r, 5, out_n)) {
    return false;
  }
  *out = wg_build_get(r->arena, *out_n, sizeof(**out));
  for (size_t i = 0; i < *out_n; i++) {
    if (!get_str(r, &(*out)[i])) {
      return false;
    }
  }
  return true;
}

static bool get_inputs(rec_reader *r, rec_input **out, size_t *out_n) {
  if (!get_count(r, 37, out_n)) {
    return false;
  }
  *out = wg_build_get(r->arena, *out_n, sizeof(**out));
  for (size_t i = 0; i < *out_n; i++) {
    if (!get_str(r, &(*out)[i].label) || !get_digest(r, &(*out)[i].digest)) {
      return false;
    }
  }
  return true;
}

static bool get_magic(rec_reader *r, const char *magic) {
  const char *got = NULL;
  return get_str(r, &got) && strcmp(got, magic) == 0;
}

static wg_code rec_end(const rec_reader *r, bool good, const char *what, wg_error *err) {
  if (!good || wg_reader_left(&r->r) != 0) {
    return wg_fail_at(err, WG_E_FORMAT, wg_reader_at(&r->r), "%s: not one of this version", what);
  }
  return WG_OK;
}

static bool get_outputs(rec_reader *r, rec_result *out) {
  if (!get_count(r, 46, &out->n_outputs)) {
    return false;
  }
  out->outputs = wg_build_get(r->arena, out->n_outputs, sizeof(*out->outputs));
  for (size_t i = 0; i < out->n_outputs; i++) {
    rec_output *o = &out->outputs[i];
    uint8_t flags = 0;
    if (!get_str(r, &o->name) || !get_digest(r, &o->digest) ||
        !wg_read_le64(&r->r, &o->size_bytes) || !wg_read_u8(&r->r, &flags) ||
        flags > (FLAG_EXEC | FLAG_BIG)) {
      return false;
    }
    o->is_exec = (flags & FLAG_EXEC) != 0;
    o->is_big = (flags & FLAG_BIG) != 0;
  }
  return true;
}

// Columns are texts first; both kinds of cells fill the same number of rows.
static bool get_table(rec_reader *r, wg_table *out) {
  uint32_t n_texts = 0;
  const char **columns = NULL, **texts = NULL;
  size_t n_columns = 0, n_cells = 0, n_numbers = 0;
  if (!get_str(r, &out->name) || !wg_read_le32(&r->r, &n_texts) ||
      !get_strs(r, &columns, &n_columns) || n_texts == 0 || n_texts > n_columns ||
      !get_strs(r, &texts, &n_cells) || n_cells % n_texts != 0 || !get_count(r, 8, &n_numbers)) {
    return false;
  }
  uint64_t *numbers = wg_build_get(r->arena, n_numbers, sizeof(*numbers));
  for (size_t i = 0; i < n_numbers; i++) {
    if (!wg_read_le64(&r->r, &numbers[i])) {
      return false;
    }
  }
  out->columns = columns;
  out->texts = texts;
  out->numbers = numbers;
  out->n_texts = n_texts;
  out->n_numbers = n_columns - n_texts;
  out->n_rows = n_cells / n_texts;
  return n_numbers == out->n_rows * out->n_numbers;
}

static bool get_tables(rec_reader *r, rec_result *out) {
  if (wg_reader_left(&r->r) == 0) {
    return true;
  }
  if (!get_count(r, 21, &out->n_tables)) {
    return false;
  }
  out->tables = wg_build_get(r->arena, out->n_tables, sizeof(*out->tables));
  for (size_t i = 0; i < out->n_tables; i++) {
    if (!get_table(r, &out->tables[i])) {
      return false;
    }
  }
  return out->n_tables > 0;
}

wg_code wg_build_parse_result(const void *p, size_t n, wg_arena *arena, rec_result *out,
                              wg_error *err) {
  rec_reader r = {.r = wg_reader_of(p, n), .arena = arena};
  *out = (rec_result){0};
  bool good = get_magic(&r, RESULT_MAGIC) && wg_read_le64(&r.r, &out->duration_ns) &&
              get_outputs(&r, out) && get_facts(&r, &out->facts, &out->n_facts) &&
              get_strs(&r, &out->warnings, &out->n_warnings) && get_tables(&r, out);
  return rec_end(&r, good, "result record", err);
}

static bool get_observations(rec_reader *r, rec_discovery *out) {
  if (!get_count(r, 44, &out->n_obs)) {
    return false;
  }
  out->obs = wg_build_get(r->arena, out->n_obs, sizeof(*out->obs));
  for (size_t i = 0; i < out->n_obs; i++) {
    rec_obs *o = &out->obs[i];
    uint8_t kind = 0, flags = 0;
    if (!wg_read_u8(&r->r, &kind) || kind == 0 || strchr("fdnxe", kind) == NULL ||
        !wg_read_u8(&r->r, &flags) || flags > FLAG_ABSENT || !get_str(r, &o->path) ||
        !get_str(r, &o->extra) || !get_digest(r, &o->seen.digest)) {
      return false;
    }
    o->kind = (memo_kind)kind;
    o->seen.absent = (flags & FLAG_ABSENT) != 0;
  }
  return true;
}

wg_code wg_build_parse_discovery(const void *p, size_t n, wg_arena *arena, rec_discovery *out,
                                 wg_error *err) {
  rec_reader r = {.r = wg_reader_of(p, n), .arena = arena};
  *out = (rec_discovery){0};
  uint32_t n_note = 0;
  const uint8_t *note = NULL;
  bool good = get_magic(&r, DISCOVERY_MAGIC) && wg_read_le32(&r.r, &n_note) &&
              wg_read_bytes(&r.r, n_note, &note) && get_observations(&r, out) &&
              get_inputs(&r, &out->late, &out->n_late) &&
              get_strs(&r, &out->warnings, &out->n_warnings);
  out->note = (wg_str){(const char *)note, n_note};
  return rec_end(&r, good, "discovery record", err);
}

bool wg_build_parse_state_head(const void *p, size_t n, wg_digest *out_key,
                               uint64_t *out_duration_ns) {
  rec_reader r = {.r = wg_reader_of(p, n), .arena = NULL};
  const uint8_t *magic = NULL;
  return wg_read_bytes(&r.r, strlen(STATE_MAGIC), &magic) &&
         memcmp(magic, STATE_MAGIC, strlen(STATE_MAGIC)) == 0 && get_digest(&r, out_key) &&
         wg_read_le64(&r.r, out_duration_ns);
}

wg_code wg_build_parse_state(const void *p, size_t n, wg_arena *arena, rec_state *out,
                             wg_error *err) {
  rec_reader r = {.r = wg_reader_of(p, n), .arena = arena};
  wg_digest want;
  *out = (rec_state){0};
  if (n < REC_STATE_HEAD_BYTES + sizeof(want.b) ||
      !wg_build_parse_state_head(p, n, &out->key, &out->duration_ns)) {
    return wg_fail(err, WG_E_FORMAT, "state: not one of this version");
  }
  size_t n_summed = n - sizeof(want.b);
  memcpy(want.b, (const uint8_t *)p + n_summed, sizeof(want.b));
  wg_digest sum = wg_sha256(p, n_summed);
  if (!wg_digest_eq(&sum, &want) || !wg_reader_slice(&r.r, 0, n_summed, &r.r) ||
      !wg_read_skip(&r.r, REC_STATE_HEAD_BYTES)) {
    return wg_fail(err, WG_E_FORMAT, "state: damaged");
  }
  bool good = get_str(&r, &out->kind) && wg_read_le32(&r.r, &out->kind_version) &&
              get_pairs(&r, &out->params, &out->n_params) &&
              get_inputs(&r, &out->inputs, &out->n_inputs);
  return rec_end(&r, good, "state", err);
}
