// SPDX-License-Identifier: Apache-2.0
// A small deterministic JSON writer (RFC 8259): same calls, same bytes. Appends to a wg_buf, whose
// failure is sticky; wg_jsonw_finish reports it. Calls in an order that would not be JSON are our
// own bug and end the program (wg_assert).
#ifndef WG_FMT_JSONW_H
#define WG_FMT_JSONW_H

#include "base/bytes.h"

#define WG_JSONW_MAX_DEPTH 64

typedef struct wg_jsonw {
  wg_buf *buf;     // borrowed
  unsigned indent; // spaces a level; 0: all in one line, no spaces
  bool html_safe;  // may be set after init: < > & and U+2028, U+2029 are written as \uXXXX
  // private
  unsigned depth;
  uint64_t is_object; // bit d: the container at depth d + 1 is an object
  bool has_items;     // the open container has an item already
  bool has_key;       // a key waits for its value
  bool is_done;       // a value stands at the top level
} wg_jsonw;

// buf is initialised by the caller and outlives w; what is in it stays in front.
void wg_jsonw_init(wg_jsonw *w, wg_buf *buf, unsigned indent);

void wg_jsonw_begin_object(wg_jsonw *w);
void wg_jsonw_end_object(wg_jsonw *w);
void wg_jsonw_begin_array(wg_jsonw *w);
void wg_jsonw_end_array(wg_jsonw *w);
// Inside an object, before each value. The caller sees to it that keys differ.
void wg_jsonw_key(wg_jsonw *w, wg_str key);
void wg_jsonw_key_z(wg_jsonw *w, const char *key);

// Values. Text: each byte that is not part of valid UTF-8 becomes U+FFFD; control characters and
// DEL are escaped, everything else is written as UTF-8.
void wg_jsonw_str(wg_jsonw *w, wg_str s);
void wg_jsonw_str_z(wg_jsonw *w, const char *z); // NULL is written as ""
void wg_jsonw_u64(wg_jsonw *w, uint64_t v);
void wg_jsonw_i64(wg_jsonw *w, int64_t v);
void wg_jsonw_bool(wg_jsonw *w, bool v);
void wg_jsonw_null(wg_jsonw *w);
// A string value from printf's arguments; the text is escaped after formatting. At most 1,023
// bytes; longer text is cut.
void wg_jsonw_printf(wg_jsonw *w, const char *fmt, ...) WG_PRINTF(2, 3);

// Key and value at once.
void wg_jsonw_kv_str(wg_jsonw *w, const char *key, wg_str v);
void wg_jsonw_kv_z(wg_jsonw *w, const char *key, const char *v);
void wg_jsonw_kv_u64(wg_jsonw *w, const char *key, uint64_t v);
void wg_jsonw_kv_i64(wg_jsonw *w, const char *key, int64_t v);
void wg_jsonw_kv_bool(wg_jsonw *w, const char *key, bool v);
void wg_jsonw_kv_hex(wg_jsonw *w, const char *key, const void *p, size_t n_bytes);

// Ends the document (all containers must be closed), with a newline when indented. NOMEM or LIMIT
// when the buffer failed at any time.
WG_MUST_CHECK wg_code wg_jsonw_finish(wg_jsonw *w, wg_error *err);

// Appends s as a JSON string with its quotes, for callers that write one line by hand.
void wg_json_quote(wg_buf *b, wg_str s);

#endif
