// SPDX-License-Identifier: Apache-2.0
// The output layer of `wingo inspect`.
#include "cli/core/ins.h"

#include <stdarg.h>
#include <string.h>

#include "base/utf.h"

#define INS_LABEL_COLUMNS 18

// Characters that move the cursor, change colours or turn the reading direction.
static bool ins_is_hostile(uint32_t cp) {
  return cp < 0x20 || (cp >= 0x7F && cp <= 0x9F) || (cp >= 0x200E && cp <= 0x200F) ||
         (cp >= 0x2028 && cp <= 0x202E) || (cp >= 0x2066 && cp <= 0x2069) || cp == 0xFEFF;
}

void wg_ins_add_plain(wg_buf *out, wg_str s) {
  for (size_t i = 0; i < s.n;) {
    size_t at = i;
    uint32_t cp = 0;
    if (!wg_utf8_next(s, &i, &cp)) {
      wg_buf_printf(out, "\\x%02x", (unsigned)(uint8_t)s.p[at]);
      i = at + 1;
    } else if (ins_is_hostile(cp)) {
      wg_buf_printf(out, cp < 0x80 ? "\\x%02x" : "\\u%04x", cp);
    } else {
      wg_buf_add(out, s.p + at, i - at);
    }
  }
}

static void ins_spaces(wg_buf *out, size_t n) {
  for (size_t k = 0; k < n; k++) {
    wg_buf_add_byte(out, ' ');
  }
}

static size_t ins_columns(wg_str s) {
  size_t n = 0;
  for (size_t i = 0; i < s.n; i++) {
    n += ((uint8_t)s.p[i] & 0xC0) != 0x80 ? 1 : 0;
  }
  return n;
}

// "  Label             " of a text field.
static void ins_label(wg_ins *i, const char *label) {
  ins_spaces(i->out, (size_t)2 * i->depth);
  wg_buf_add_z(i->out, label);
  size_t n = strlen(label);
  ins_spaces(i->out, n < INS_LABEL_COLUMNS ? INS_LABEL_COLUMNS - n : 1);
}

void wg_ins_str(wg_ins *i, const char *key, const char *label, wg_str v) {
  if (i->json != NULL) {
    wg_jsonw_kv_str(i->json, key, v);
    return;
  }
  ins_label(i, label);
  wg_ins_add_plain(i->out, v);
  wg_buf_add_byte(i->out, '\n');
}

void wg_ins_z(wg_ins *i, const char *key, const char *label, const char *v) {
  wg_ins_str(i, key, label, wg_str_of(v));
}

void wg_ins_printf(wg_ins *i, const char *key, const char *label, const char *fmt, ...) {
  WG_AUTO(wg_buf) b = {0};
  wg_buf_init(&b, wg_heap(), 0);
  va_list ap;
  va_start(ap, fmt);
  wg_buf_vprintf(&b, fmt, ap);
  va_end(ap);
  wg_ins_str(i, key, label, wg_buf_str(&b));
}

void wg_ins_u64(wg_ins *i, const char *key, const char *label, uint64_t v) {
  if (i->json != NULL) {
    wg_jsonw_kv_u64(i->json, key, v);
    return;
  }
  wg_ins_printf(i, key, label, "%llu", (unsigned long long)v);
}

// 1234567 as "1,234,567 bytes".
void wg_ins_bytes(wg_ins *i, const char *key, const char *label, uint64_t n_bytes) {
  if (i->json != NULL) {
    wg_jsonw_kv_u64(i->json, key, n_bytes);
    return;
  }
  char digits[24], grouped[32];
  size_t n = wg_format(digits, sizeof(digits), "%llu", (unsigned long long)n_bytes), k = 0;
  for (size_t d = 0; d < n; d++) {
    if (d != 0 && (n - d) % 3 == 0) {
      grouped[k++] = ',';
    }
    grouped[k++] = digits[d];
  }
  wg_ins_printf(i, key, label, "%.*s byte%s", (int)k, grouped, n_bytes == 1 ? "" : "s");
}

void wg_ins_addr(wg_ins *i, const char *key, const char *label, uint64_t v) {
  wg_ins_printf(i, key, label, "0x%llx", (unsigned long long)v);
}

void wg_ins_bool(wg_ins *i, const char *key, const char *label, bool v) {
  if (i->json != NULL) {
    wg_jsonw_kv_bool(i->json, key, v);
    return;
  }
  wg_ins_z(i, key, label, v ? "yes" : "no");
}

void wg_ins_digits(wg_ins *i, const char *key, const char *label, const void *p, size_t n_bytes) {
  WG_AUTO(wg_buf) b = {0};
  wg_buf_init(&b, wg_heap(), 0);
  wg_buf_add_hex(&b, p, n_bytes);
  wg_ins_str(i, key, label, wg_buf_str(&b));
}

void wg_ins_named(wg_ins *i, const char *key, const char *label, const char *name,
                  uint64_t number) {
  if (name != NULL) {
    wg_ins_z(i, key, label, name);
  } else {
    wg_ins_addr(i, key, label, number);
  }
}

void wg_ins_strs(wg_ins *i, const char *key, const char *label, const wg_str *v, size_t n) {
  if (i->json != NULL) {
    wg_jsonw_key_z(i->json, key);
    wg_jsonw_begin_array(i->json);
    for (size_t k = 0; k < n; k++) {
      wg_jsonw_str(i->json, v[k]);
    }
    wg_jsonw_end_array(i->json);
    return;
  }
  for (size_t k = 0; k < n; k++) {
    wg_ins_str(i, key, k == 0 ? label : "", v[k]);
  }
}

void wg_ins_begin(wg_ins *i, const char *key, const char *title) {
  if (i->json != NULL) {
    if (key != NULL) {
      wg_jsonw_key_z(i->json, key);
    }
    wg_jsonw_begin_object(i->json);
    return;
  }
  ins_spaces(i->out, (size_t)2 * i->depth);
  wg_ins_add_plain(i->out, wg_str_of(title));
  wg_buf_add_byte(i->out, '\n');
  i->depth++;
}

void wg_ins_end(wg_ins *i) {
  if (i->json != NULL) {
    wg_jsonw_end_object(i->json);
    return;
  }
  i->depth--;
}

void wg_ins_begin_list(wg_ins *i, const char *key) {
  if (i->json != NULL) {
    wg_jsonw_key_z(i->json, key);
    wg_jsonw_begin_array(i->json);
  }
}

void wg_ins_end_list(wg_ins *i) {
  if (i->json != NULL) {
    wg_jsonw_end_array(i->json);
  }
}

static void ins_json_cell(wg_jsonw *w, const wg_ins_col *col, const wg_ins_cell *cell) {
  wg_jsonw_key_z(w, col->key);
  switch (col->kind) {
  case WG_COL_STR:
    wg_jsonw_str(w, cell->s);
    break;
  case WG_COL_U64:
    wg_jsonw_u64(w, cell->v);
    break;
  case WG_COL_ADDR:
    wg_jsonw_printf(w, "0x%llx", (unsigned long long)cell->v);
    break;
  case WG_COL_BOOL:
    wg_jsonw_bool(w, cell->v != 0);
    break;
  }
}

static void ins_json_table(wg_jsonw *w, const wg_ins_col *cols, size_t n_cols,
                           const wg_ins_cell *rows, size_t n_rows) {
  wg_jsonw_begin_array(w);
  for (size_t r = 0; r < n_rows; r++) {
    wg_jsonw_begin_object(w);
    for (size_t c = 0; c < n_cols; c++) {
      ins_json_cell(w, &cols[c], &rows[r * n_cols + c]);
    }
    wg_jsonw_end_object(w);
  }
  wg_jsonw_end_array(w);
}

static void ins_cell_text(wg_buf *out, const wg_ins_col *col, const wg_ins_cell *cell) {
  wg_buf_clear(out);
  switch (col->kind) {
  case WG_COL_STR:
    wg_ins_add_plain(out, cell->s);
    break;
  case WG_COL_U64:
    wg_buf_printf(out, "%llu", (unsigned long long)cell->v);
    break;
  case WG_COL_ADDR:
    wg_buf_printf(out, "0x%llx", (unsigned long long)cell->v);
    break;
  case WG_COL_BOOL:
    wg_buf_add_z(out, cell->v != 0 ? "yes" : "");
    break;
  }
}

static void ins_pad_cell(wg_ins *i, const wg_ins_col *col, wg_str text, size_t width, bool last) {
  size_t pad = width - ins_columns(text);
  bool right = col->kind == WG_COL_U64 || col->kind == WG_COL_ADDR;
  if (right) {
    ins_spaces(i->out, pad);
  }
  wg_buf_add_str(i->out, text);
  if (!last) {
    ins_spaces(i->out, (right ? 0 : pad) + 2);
  }
}

static void ins_text_table(wg_ins *i, const wg_ins_col *cols, size_t n_cols,
                           const wg_ins_cell *rows, size_t n_rows) {
  WG_AUTO(wg_buf) cell = {0};
  wg_buf_init(&cell, wg_heap(), 0);
  size_t *width = wg_xarray(n_cols, sizeof(*width));
  for (size_t c = 0; c < n_cols; c++) {
    width[c] = strlen(cols[c].title);
    for (size_t r = 0; r < n_rows; r++) {
      ins_cell_text(&cell, &cols[c], &rows[r * n_cols + c]);
      size_t n = ins_columns(wg_buf_str(&cell));
      width[c] = n > width[c] ? n : width[c];
    }
  }
  ins_spaces(i->out, (size_t)2 * i->depth);
  for (size_t c = 0; c < n_cols; c++) {
    ins_pad_cell(i, &cols[c], wg_str_of(cols[c].title), width[c], c + 1 == n_cols);
  }
  wg_buf_add_byte(i->out, '\n');
  for (size_t r = 0; r < n_rows; r++) {
    ins_spaces(i->out, (size_t)2 * i->depth);
    for (size_t c = 0; c < n_cols; c++) {
      ins_cell_text(&cell, &cols[c], &rows[r * n_cols + c]);
      ins_pad_cell(i, &cols[c], wg_buf_str(&cell), width[c], c + 1 == n_cols);
    }
    while (i->out->n > 0 && i->out->p[i->out->n - 1] == ' ') {
      i->out->n--;
    }
    wg_buf_add_byte(i->out, '\n');
  }
  wg_xfree(width);
}

void wg_ins_table(wg_ins *i, const char *key, const char *title, const wg_ins_col *cols,
                  size_t n_cols, const wg_ins_cell *rows, size_t n_rows) {
  if (i->json != NULL) {
    wg_jsonw_key_z(i->json, key);
    ins_json_table(i->json, cols, n_cols, rows, n_rows);
    return;
  }
  if (n_rows == 0) {
    return;
  }
  wg_ins_begin(i, key, title);
  ins_text_table(i, cols, n_cols, rows, n_rows);
  wg_ins_end(i);
}
