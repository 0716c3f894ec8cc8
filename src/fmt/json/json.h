// SPDX-License-Identifier: Apache-2.0
// Reading JSON through jansson, with limits. The tree is jansson's own json_t.
#ifndef WG_FMT_JSON_H
#define WG_FMT_JSON_H

#include <jansson.h>

#include "base/bytes.h"

// WG_AUTO_PTR(json_t) root = NULL;
WG_DEFINE_AUTO_PTR(json_t, json_decref);

typedef struct wg_json_limits {
  uint64_t max_bytes; // of the text (of one document in a stream)
  uint64_t max_nodes; // values and keys, counted before anything is built
  unsigned max_depth; // nesting, at most 2048
} wg_json_limits;

#define WG_JSON_LIMITS_DEFAULT                                                                     \
  { .max_bytes = (uint64_t)64 << 20, .max_nodes = (uint64_t)4 << 20, .max_depth = 100 }

// Parses one whole document; any value may stand at the top. limits NULL: the defaults.
// *out is owned by the caller (json_decref). FORMAT with "line L, column C" and the offset: not
// JSON (RFC 8259), a key twice in one object, invalid UTF-8, an escaped NUL, an integer outside
// int64. LIMIT: a limit is exceeded.
wg_code wg_json_parse(wg_str text, const wg_json_limits *limits, json_t **out, wg_error *err);
// The next document of a stream of them, white space between (what `go list -json` writes). Moves
// r behind it; *out NULL and WG_OK at the end of the stream. Lines in errors count from r's start
// of this document.
wg_code wg_json_parse_next(wg_reader *r, const wg_json_limits *limits, json_t **out, wg_error *err);

// Members of an object. Absent or null leaves *out as it was and is OK; another type is FORMAT
// naming the key. Strings are borrowed from the tree, numbers must be 0..INT64_MAX.
wg_code wg_json_get_str(const json_t *obj, const char *key, wg_str *out, wg_error *err);
wg_code wg_json_get_u64(const json_t *obj, const char *key, uint64_t *out, wg_error *err);
wg_code wg_json_get_bool(const json_t *obj, const char *key, bool *out, wg_error *err);
// Borrowed.
wg_code wg_json_get_object(const json_t *obj, const char *key, const json_t **out, wg_error *err);
wg_code wg_json_get_array(const json_t *obj, const char *key, const json_t **out, wg_error *err);

#endif
