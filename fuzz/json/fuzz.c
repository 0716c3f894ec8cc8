// SPDX-License-Identifier: Apache-2.0
// Any bytes through the JSON reader; what it accepts is written by wg_jsonw and must read back
// equal.
#include <stdlib.h>

#include "fmt/json/json.h"
#include "fmt/json/jsonw.h"
#include "os/mem.h"

static void copy_value(wg_jsonw *w, const json_t *v) {
  if (json_is_object(v)) {
    wg_jsonw_begin_object(w);
    const char *key;
    json_t *sub;
    size_t key_n;
    json_object_keylen_foreach((json_t *)(uintptr_t)v, key, key_n, sub) {
      wg_jsonw_key(w, (wg_str){key, key_n});
      copy_value(w, sub);
    }
    wg_jsonw_end_object(w);
  } else if (json_is_array(v)) {
    wg_jsonw_begin_array(w);
    for (size_t i = 0; i < json_array_size(v); i++) {
      copy_value(w, json_array_get(v, i));
    }
    wg_jsonw_end_array(w);
  } else if (json_is_string(v)) {
    wg_jsonw_str(w, (wg_str){json_string_value(v), json_string_length(v)});
  } else if (json_is_integer(v)) {
    wg_jsonw_i64(w, json_integer_value(v));
  } else if (json_is_boolean(v)) {
    wg_jsonw_bool(w, json_is_true(v));
  } else {
    wg_jsonw_null(w); // null, and reals, which the writer does not have
  }
}

static bool has_real(const json_t *v) {
  if (json_is_real(v)) {
    return true;
  }
  if (json_is_array(v)) {
    for (size_t i = 0; i < json_array_size(v); i++) {
      if (has_real(json_array_get(v, i))) {
        return true;
      }
    }
  }
  const char *key;
  json_t *sub;
  json_object_foreach((json_t *)(uintptr_t)v, key, sub) {
    if (has_real(sub)) {
      return true;
    }
  }
  return false;
}

static void check_round_trip(const json_t *root, unsigned indent) {
  wg_error err = WG_ERROR_INIT;
  WG_AUTO(wg_buf) b = {0};
  wg_buf_init(&b, wg_heap(), 0);
  wg_jsonw w;
  wg_jsonw_init(&w, &b, indent);
  w.html_safe = indent != 0;
  copy_value(&w, root);
  WG_AUTO_PTR(json_t) again = NULL;
  if (wg_jsonw_finish(&w, &err) != WG_OK ||
      wg_json_parse(wg_buf_str(&b), NULL, &again, &err) != WG_OK) {
    abort();
  }
  if (!has_real(root) && !json_equal(root, again)) {
    abort();
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  wg_error err = WG_ERROR_INIT;
  static const wg_json_limits lim = {.max_bytes = 1 << 20, .max_nodes = 10000, .max_depth = 60};
  WG_AUTO_PTR(json_t) root = NULL;
  if (wg_json_parse((wg_str){(const char *)data, size}, &lim, &root, &err) == WG_OK) {
    check_round_trip(root, 0);
    check_round_trip(root, 2);
  }
  wg_reader r = wg_reader_of(data, size);
  for (;;) {
    WG_AUTO_PTR(json_t) doc = NULL;
    uint64_t before = r.pos;
    if (wg_json_parse_next(&r, &lim, &doc, &err) != WG_OK || doc == NULL) {
      break;
    }
    if (r.pos <= before) {
      abort();
    }
  }
  return 0;
}
