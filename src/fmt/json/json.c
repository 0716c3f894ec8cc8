// SPDX-License-Identifier: Apache-2.0
#include "fmt/json/json.h"

// Jansson takes neither a node nor a depth limit below 2048, so one pass over the brackets, commas
// and colons comes first. It also finds where a document ends in a stream.
typedef struct json_scan {
  uint64_t n_nodes;
  unsigned depth;
  uint64_t end; // behind the document
  bool closed;
} json_scan;

static bool json_is_space(uint8_t c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

// Position behind the string that starts at p[i] == '"', or n.
static uint64_t json_skip_string(const uint8_t *p, uint64_t n, uint64_t i) {
  for (i++; i < n; i++) {
    if (p[i] == '\\') {
      i++;
    } else if (p[i] == '"') {
      return i + 1;
    }
  }
  return n;
}

static wg_code json_scan_step(json_scan *s, uint8_t c, const wg_json_limits *lim, uint64_t at,
                              wg_error *err) {
  if (c == '{' || c == '[') {
    s->depth++;
    if (s->depth > lim->max_depth) {
      return wg_fail_at(err, WG_E_LIMIT, at, "JSON nested deeper than %u", lim->max_depth);
    }
  }
  if (c == '{' || c == '[' || c == ',' || c == ':') {
    s->n_nodes++;
    if (s->n_nodes > lim->max_nodes) {
      return wg_fail_at(err, WG_E_LIMIT, at, "JSON with more than %llu values",
                        (unsigned long long)lim->max_nodes);
    }
  }
  if ((c == '}' || c == ']') && s->depth > 0) {
    s->depth--;
    s->closed = s->depth == 0;
  }
  return WG_OK;
}

// Counts from the start of r. With one_only it stops behind the first bracketed value that closes.
static wg_code json_count(const wg_reader *r, const wg_json_limits *lim, bool one_only,
                          json_scan *out, wg_error *err) {
  json_scan s = {0};
  uint64_t i = 0;
  while (i < r->n_bytes && !(one_only && s.closed)) {
    if (i >= lim->max_bytes) {
      return wg_fail_at(err, WG_E_LIMIT, r->base_off + i, "JSON longer than %llu bytes",
                        (unsigned long long)lim->max_bytes);
    }
    uint8_t c = r->p[i];
    if (c == '"') {
      i = json_skip_string(r->p, r->n_bytes, i);
      continue;
    }
    if (json_scan_step(&s, c, lim, r->base_off + i, err) != WG_OK) {
      return err->code;
    }
    i++;
  }
  s.end = i;
  if (i > lim->max_bytes) {
    return wg_fail_at(err, WG_E_LIMIT, r->base_off + lim->max_bytes, "JSON longer than %llu bytes",
                      (unsigned long long)lim->max_bytes);
  }
  *out = s;
  return WG_OK;
}

static wg_code json_load(const wg_reader *r, uint64_t n_bytes, json_t **out, wg_error *err) {
  json_error_t e;
  const char *p = n_bytes == 0 ? "" : (const char *)r->p;
  json_t *root = json_loadb(p, (size_t)n_bytes, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &e);
  if (root != NULL) {
    *out = root;
    return WG_OK;
  }
  if (json_error_code(&e) == json_error_out_of_memory) {
    return wg_fail(err, WG_E_NOMEM, "out of memory");
  }
  // Line and column say where; the offset goes into the record alone, not into the text.
  (void)wg_fail(err, WG_E_FORMAT, "line %d, column %d: %s", e.line, e.column, e.text);
  err->off_bytes = r->base_off + (e.position > 0 ? (uint64_t)e.position : 0);
  return WG_E_FORMAT;
}

static const wg_json_limits json_default_limits = WG_JSON_LIMITS_DEFAULT;

wg_code wg_json_parse(wg_str text, const wg_json_limits *limits, json_t **out, wg_error *err) {
  const wg_json_limits *lim = limits != NULL ? limits : &json_default_limits;
  wg_reader r = wg_reader_of(text.p, text.n);
  json_scan s = {0};
  if (json_count(&r, lim, false, &s, err) != WG_OK) {
    return err->code;
  }
  return json_load(&r, text.n, out, err);
}

wg_code wg_json_parse_next(wg_reader *r, const wg_json_limits *limits, json_t **out,
                           wg_error *err) {
  const wg_json_limits *lim = limits != NULL ? limits : &json_default_limits;
  while (r->pos < r->n_bytes && json_is_space(r->p[r->pos])) {
    r->pos++;
  }
  if (r->pos == r->n_bytes) {
    *out = NULL;
    return WG_OK;
  }
  if (r->p[r->pos] != '{' && r->p[r->pos] != '[') {
    return wg_fail_at(err, WG_E_FORMAT, wg_reader_at(r),
                      "a JSON object or array should start here");
  }
  wg_reader rest = {0};
  wg_assert(wg_reader_slice(r, r->pos, r->n_bytes - r->pos, &rest));
  json_scan s = {0};
  if (json_count(&rest, lim, true, &s, err) != WG_OK ||
      json_load(&rest, s.end, out, err) != WG_OK) {
    return err->code;
  }
  r->pos += s.end;
  return WG_OK;
}

static const char *json_type_text(const json_t *v) {
  switch (json_typeof(v)) {
  case JSON_OBJECT:
    return "an object";
  case JSON_ARRAY:
    return "a list";
  case JSON_STRING:
    return "a string";
  case JSON_INTEGER:
  case JSON_REAL:
    return "a number";
  case JSON_TRUE:
  case JSON_FALSE:
    return "true or false";
  case JSON_NULL:
    return "null";
  }
  return "nothing";
}

// *out NULL when absent or null.
static wg_code json_member(const json_t *obj, const char *key, const json_t **out, wg_error *err) {
  if (!json_is_object(obj)) {
    return wg_fail(err, WG_E_FORMAT, "'%s' wanted from %s, not an object", key,
                   obj == NULL ? "nothing" : json_type_text(obj));
  }
  const json_t *v = json_object_get(obj, key);
  *out = json_is_null(v) ? NULL : v;
  return WG_OK;
}

static wg_code json_wrong_type(const char *key, const char *want, const json_t *v, wg_error *err) {
  return wg_fail(err, WG_E_FORMAT, "'%s' must be %s, it is %s", key, want, json_type_text(v));
}

wg_code wg_json_get_str(const json_t *obj, const char *key, wg_str *out, wg_error *err) {
  const json_t *v;
  if (json_member(obj, key, &v, err) != WG_OK) {
    return err->code;
  }
  if (v == NULL) {
    return WG_OK;
  }
  if (!json_is_string(v)) {
    return json_wrong_type(key, "a string", v, err);
  }
  *out = (wg_str){json_string_value(v), json_string_length(v)};
  return WG_OK;
}

wg_code wg_json_get_u64(const json_t *obj, const char *key, uint64_t *out, wg_error *err) {
  const json_t *v;
  if (json_member(obj, key, &v, err) != WG_OK) {
    return err->code;
  }
  if (v == NULL) {
    return WG_OK;
  }
  if (!json_is_integer(v) || json_integer_value(v) < 0) {
    return json_wrong_type(key, "a whole number from 0", v, err);
  }
  *out = (uint64_t)json_integer_value(v);
  return WG_OK;
}

wg_code wg_json_get_bool(const json_t *obj, const char *key, bool *out, wg_error *err) {
  const json_t *v;
  if (json_member(obj, key, &v, err) != WG_OK) {
    return err->code;
  }
  if (v == NULL) {
    return WG_OK;
  }
  if (!json_is_boolean(v)) {
    return json_wrong_type(key, "true or false", v, err);
  }
  *out = json_is_true(v);
  return WG_OK;
}

wg_code wg_json_get_object(const json_t *obj, const char *key, const json_t **out, wg_error *err) {
  const json_t *v;
  if (json_member(obj, key, &v, err) != WG_OK) {
    return err->code;
  }
  if (v == NULL) {
    return WG_OK;
  }
  if (!json_is_object(v)) {
    return json_wrong_type(key, "an object", v, err);
  }
  *out = v;
  return WG_OK;
}

wg_code wg_json_get_array(const json_t *obj, const char *key, const json_t **out, wg_error *err) {
  const json_t *v;
  if (json_member(obj, key, &v, err) != WG_OK) {
    return err->code;
  }
  if (v == NULL) {
    return WG_OK;
  }
  if (!json_is_array(v)) {
    return json_wrong_type(key, "a list", v, err);
  }
  *out = v;
  return WG_OK;
}
